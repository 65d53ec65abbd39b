"""Designs in stages: what is refused, what a bound says, and characteristics against every sequence of outcomes."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from protocord.design import Bound, Stage, StagedDesign, operating_characteristics
from protocord.design.results.rows import bound_said, design_rows
from protocord.words import say

DESIGNS = [
    StagedDesign.single(7, 3),
    StagedDesign.two_stage(1, 4, 3, 9),
    StagedDesign.two_stage(0, 3, 2, 8, efficacy1=3),
    StagedDesign((Stage(2, None, 2), Stage(5, 1, 4), Stage(8, 3, 4))),
    StagedDesign((Stage(3, 0), Stage(4, None, 4), Stage(7, 1), Stage(10, 4, 5))),
]


def walked(design: StagedDesign, rate: Fraction) -> tuple[Fraction, Fraction, list[Fraction], list[Fraction]]:
    """Every sequence of outcomes of the whole trial, one by one, in exact arithmetic: P(reject), E(N), stops by stage."""
    reject = expected = Fraction(0)
    low = [Fraction(0)] * len(design.stages)
    high = [Fraction(0)] * len(design.stages)
    for sequence in product((0, 1), repeat=design.n):
        chance = Fraction(1)
        for outcome in sequence:
            chance *= rate if outcome else 1 - rate
        for index, stage in enumerate(design.stages):
            count = sum(sequence[: stage.n])
            if stage.efficacy is not None and count >= stage.efficacy:
                high[index] += chance
                reject += chance
                expected += chance * stage.n
                break
            if stage.futility is not None and count <= stage.futility:
                low[index] += chance
                expected += chance * stage.n
                break
    return reject, expected, low, high


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("rate", [Fraction(1, 10), Fraction(2, 5), Fraction(4, 5)])
def test_characteristics_equal_the_sum_over_every_sequence(design: StagedDesign, rate: Fraction) -> None:
    reject, expected, low, high = walked(design, rate)
    at = operating_characteristics(design, [float(rate)])
    assert at.reject[0] == pytest.approx(float(reject), abs=1e-14)
    assert at.expected_n[0] == pytest.approx(float(expected), abs=1e-12)
    assert at.stop_futility[:, 0] == pytest.approx([float(part) for part in low], abs=1e-14)
    assert at.stop_efficacy[:, 0] == pytest.approx([float(part) for part in high], abs=1e-14)
    early = sum(low[:-1], Fraction(0)) + sum(high[:-1], Fraction(0))
    assert at.stop_early[0] == pytest.approx(float(early), abs=1e-14)


@pytest.mark.parametrize("design", DESIGNS)
def test_paths_count_the_sequences_that_reach_each_look(design: StagedDesign) -> None:
    for index, stage in enumerate(design.stages):
        counted = [0] * (stage.n + 1)
        for sequence in product((0, 1), repeat=stage.n):
            earlier = [design.outcome(at, sum(sequence[: look.n])) for at, look in enumerate(design.stages[:index])]
            if set(earlier) <= {"continue"}:
                counted[sum(sequence)] += 1
        assert design.paths[index] == tuple(counted)


def test_ends_are_the_reachable_outcomes_that_stop() -> None:
    assert StagedDesign.two_stage(0, 2, 1, 3).ends() == ((0, 0), (1, 1), (1, 2), (1, 3))


def test_several_rates_are_answered_one_by_one() -> None:
    design = DESIGNS[3]
    together = operating_characteristics(design, [0.0, 0.3, 1.0])
    for index, rate in enumerate([0.0, 0.3, 1.0]):
        alone = operating_characteristics(design, [rate])
        assert together.reject[index] == alone.reject[0]
        assert together.expected_n[index] == alone.expected_n[0]
    assert together.reject[0] == 0
    assert together.reject[2] == 1


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ((), "at least one stage"),
        ((Stage(5, 0), Stage(5, 2, 3)), "must rise"),
        ((Stage(5, 2, 2), Stage(9, 3, 4)), "for futility and for efficacy"),
        ((Stage(5, 2, 4),), "must decide every count"),
        ((Stage(5, 2),), "must decide every count"),
        ((Stage(5, None, 2),), "must decide every count"),
    ],
)
def test_a_design_that_contradicts_itself_is_refused(stages: tuple[Stage, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        StagedDesign(stages)


@pytest.mark.parametrize("rates", [[-0.1], [1.1], [[0.1]]])
def test_rates_that_are_no_probabilities_are_refused(rates: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        operating_characteristics(DESIGNS[0], rates)


def test_a_count_equal_to_the_bound_crosses() -> None:
    low, high = Bound(3, "at_most"), Bound(3, "at_least")
    assert [low.crosses(count) for count in (2, 3, 4)] == [True, True, False]
    assert [high.crosses(count) for count in (2, 3, 4)] == [False, True, True]
    assert (low.sign, high.sign) == ("<= 3", ">= 3")


def test_every_bound_is_said_with_its_direction_in_both_languages() -> None:
    said = [bound_said(row) for row in design_rows(StagedDesign.two_stage(3, 17, 10, 37, efficacy1=8), {"design": "given"})]
    assert [say(one, "en") for one in said] == [
        "After 17 subjects: stop for futility when responses <= 3.",
        "After 17 subjects: stop for efficacy when responses >= 8.",
        "After 37 subjects: not promising when responses <= 10.",
        "After 37 subjects: conclude for efficacy when responses >= 11.",
    ]
    assert say(said[0], "zh") == "17例后：缓解例数≤3时因无效终止。"


def test_large_designs_lose_no_digits() -> None:
    """The stops of a design of 900 subjects add up to one at every rate."""
    at = operating_characteristics(StagedDesign.two_stage(80, 300, 270, 900), np.linspace(0, 1, 21))
    assert (at.stop_futility.sum(axis=0) + at.stop_efficacy.sum(axis=0)) == pytest.approx(np.ones(21), abs=1e-12)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_design_is_as_large_as_its_last_stage(design: StagedDesign) -> None:
    *_, last = design.stages
    assert design.last is last
    assert design.n == last.n
