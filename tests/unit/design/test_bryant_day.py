"""Response and toxicity together against every course of a small trial, in exact fractions."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product

import pytest

from protocord.design.response_and_toxicity import BryantDay, JointQuestion, bryant_day, cells, joint_characteristics

EASY = JointQuestion(0.1, 0.6, 0.6, 0.1, 0.2, 0.2, 0.7)


def exact(design: BryantDay, probabilities: tuple[float, ...]) -> tuple[Fraction, Fraction]:
    """P(conclude) and P(stop early) by every multinomial outcome of both stages."""
    given = [Fraction(part) for part in probabilities]
    chances = [*given, 1 - sum(given, Fraction(0))]  # both, response only, toxicity only, neither

    def outcomes(size: int) -> Counter[tuple[int, int]]:
        found: Counter[tuple[int, int]] = Counter({(0, 0): Fraction(1)})  # type: ignore[dict-item]
        for _ in range(size):
            after: Counter[tuple[int, int]] = Counter()
            for (responses, toxicities), chance in found.items():
                for (response, toxicity), share in zip(((1, 1), (1, 0), (0, 1), (0, 0)), chances, strict=True):
                    after[responses + response, toxicities + toxicity] += chance * share  # type: ignore[assignment]
            found = after
        return found

    conclude = stop = Fraction(0)
    first, second = outcomes(design.n1), outcomes(design.n - design.n1)
    for (x1, y1), chance in first.items():
        if x1 <= design.c1 or y1 >= design.t1:
            stop += chance
            continue
        for (x2, y2), more in second.items():
            if x1 + x2 > design.c and y1 + y2 < design.t:
                conclude += chance * more
    return conclude, stop


@pytest.mark.parametrize("odds_ratio", [0.2, 1.0, 5.0])
def test_characteristics_equal_the_sum_over_every_outcome(odds_ratio: float) -> None:
    design = BryantDay(1, 3, 5, 3, 5, 9)
    for response, toxicity in ((0.3, 0.4), (0.7, 0.15)):
        conclude, stop = exact(design, cells(response, toxicity, odds_ratio))
        found = joint_characteristics(design, response, toxicity, odds_ratio)
        assert found.conclude == pytest.approx(float(conclude), abs=1e-12)
        assert found.stop_early == pytest.approx(float(stop), abs=1e-12)
        assert found.expected_n == pytest.approx(5 + 4 * float(1 - stop), abs=1e-11)


@pytest.mark.parametrize("odds_ratio", [0.05, 0.5, 1.0, 3.0, 40.0])
def test_the_cells_have_the_margins_and_the_odds_ratio_asked_for(odds_ratio: float) -> None:
    both, response, toxicity = cells(0.35, 0.2, odds_ratio)
    neither = 1 - both - response - toxicity
    assert both + response == pytest.approx(0.35)
    assert both + toxicity == pytest.approx(0.2)
    assert both * neither / (response * toxicity) == pytest.approx(odds_ratio)


@pytest.mark.parametrize("odds_ratio", [1.0, 3.0])
@pytest.mark.parametrize("criterion", ["optimal", "minimax"])
def test_the_search_finds_the_best_of_all_designs(odds_ratio: float, criterion: str) -> None:
    question = JointQuestion(0.1, 0.6, 0.6, 0.1, 0.2, 0.2, 0.7, odds_ratio)
    found = bryant_day(question, criterion)  # type: ignore[arg-type]
    best: tuple[float, ...] | None = None
    for n in range(2, found.design.n + 1):
        for n1 in range(1, n):
            for c1, t1, c, t in product(range(n1), range(1, n1 + 1), range(n), range(1, n + 1)):
                if c <= c1 or n - t <= n1 - t1:
                    continue
                design = BryantDay(c1, t1, n1, c, t, n)
                active = joint_characteristics(design, 0.6, 0.1, odds_ratio)
                if active.conclude < 0.7:
                    continue
                inactive = joint_characteristics(design, 0.1, 0.1, odds_ratio)
                toxic = joint_characteristics(design, 0.6, 0.6, odds_ratio)
                if inactive.conclude <= 0.2 and toxic.conclude <= 0.2:
                    largest = max(inactive.expected_n, toxic.expected_n)
                    key = (largest,) if criterion == "optimal" else (float(n), largest)
                    best = key if best is None else min(best, key)
    largest = max(found.inactive.expected_n, found.toxic.expected_n)
    assert best == pytest.approx((largest,) if criterion == "optimal" else (float(found.design.n), largest), abs=1e-10)


def test_a_design_keeps_what_was_asked_and_says_bounds_as_a_person_counts() -> None:
    question = JointQuestion(0.1, 0.3, 0.4, 0.2, 0.1, 0.1, 0.85)
    found = bryant_day(question)
    assert found.inactive.conclude <= 0.1
    assert found.toxic.conclude <= 0.1
    assert found.active.conclude >= 0.85
    (first_n, few, many), _ = found.design.bounds
    assert first_n == found.design.n1
    assert (few.sign, many.sign) == ("<= 2", ">= 7")
    assert found.design.counted_without_toxicity == (2, 12, 19, 6, 27, 40)


def test_a_joint_question_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="tolerable < toxic"):
        JointQuestion(0.1, 0.3, 0.2, 0.4, 0.1, 0.1, 0.85)
    with pytest.raises(ValueError, match="odds ratio"):
        JointQuestion(0.1, 0.3, 0.4, 0.2, 0.1, 0.1, 0.85, 0.0)
