"""Efficacy stops, three stages, Gehan and curtailment against searches that try everything."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from scipy.stats import binom

from protocord.design import Stage, StagedDesign, operating_characteristics
from protocord.design.efficacy_search import best_with_efficacy, reject_probability
from protocord.design.one_stage import Question
from protocord.design.simon_search import binomial_tables
from protocord.design.stages import curtailed, gehan, smallest_size_of_any_test, three_stage, with_efficacy_stop
from protocord.design.three_stage_search import three_stages
from protocord.design.two_stage import simon

SMALL = Question(0.1, 0.5, 0.1, 0.8)


@cache
def all_with_efficacy(question: Question, n: int) -> list[tuple[float, float, StagedDesign]]:
    """Every design of total n with an optional stop each way that keeps both errors: E(N | p0), E(N | p1), design."""
    found = []
    for n1 in range(1, n):
        for r1, e1, r in product(range(-1, n1), range(1, n1 + 2), range(n)):
            if e1 < r1 + 2 or r <= r1:
                continue
            design = StagedDesign((Stage(n1, r1 if r1 >= 0 else None, e1 if e1 <= n1 else None), Stage(n, r, r + 1)))
            at = operating_characteristics(design, [question.p0, question.p1])
            if question.keeps(float(at.reject[0])) and at.reject[1] >= question.power:
                found.append((float(at.expected_n[0]), float(at.expected_n[1]), design))
    return found


@pytest.mark.parametrize("under_p1", [False, True])
def test_designs_with_an_efficacy_stop_are_the_best_of_all(under_p1: bool) -> None:
    rows, values = best_with_efficacy(2, 8, SMALL.p0, SMALL.p1, SMALL.alpha, SMALL.power, False, under_p1)
    for n in range(2, 9):
        every = all_with_efficacy(SMALL, n)
        if not every:
            assert rows[n - 2, 4] == -1
            continue
        least = min(row[1 if under_p1 else 0] for row in every)
        assert values[n - 2, 1 if under_p1 else 0] == pytest.approx(least, abs=1e-10)


def test_the_three_criteria_find_what_they_say() -> None:
    null = with_efficacy_stop(SMALL)
    alternative = with_efficacy_stop(SMALL, "alternative_optimal")
    minimax = with_efficacy_stop(SMALL, "minimax")
    assert null.expected_null <= min(alternative.expected_null, minimax.expected_null)
    assert alternative.expected_alternative <= min(null.expected_alternative, minimax.expected_alternative)
    assert minimax.design.n <= min(null.design.n, alternative.design.n)
    for found in (null, alternative, minimax):
        at = operating_characteristics(found.design, [SMALL.p0, SMALL.p1])
        assert at.reject == pytest.approx([found.type_one, found.power], abs=1e-12)
        assert at.expected_n == pytest.approx([found.expected_null, found.expected_alternative], abs=1e-12)
        assert found.type_one <= SMALL.alpha
        assert found.power >= SMALL.power
        assert found.proven


def test_a_stop_for_efficacy_never_costs_more_than_simon_under_p0() -> None:
    for numbers in ((0.1, 0.3, 0.05, 0.8), (0.2, 0.4, 0.1, 0.9)):
        question = Question(*numbers)
        assert with_efficacy_stop(question).expected_null <= simon(question).optimal.expected_n + 1e-12


def test_the_reject_probability_is_that_of_the_design() -> None:
    mass, tail = binomial_tables(30, 0.35)
    for r1, e1, n1, r, n in ((1, 5, 9, 6, 20), (-1, 4, 6, 3, 8), (2, 8, 7, 9, 19), (0, 7, 9, 2, 12)):
        first = Stage(n1, r1 if r1 >= 0 else None, e1 if e1 <= n1 else None)
        at = operating_characteristics(StagedDesign((first, Stage(n, r, r + 1))), [0.35])
        assert reject_probability(mass, tail, r1, e1, n1, r, n) == pytest.approx(at.reject[0], abs=1e-13)


def best_three(question: Question, last: int, *, first_n1: int, last_r1: int) -> float:
    """The least E(N | p0) of all three-stage designs of at most `last` subjects."""
    best = float("inf")
    for n in range(3, last + 1):
        for n1 in range(first_n1, n - 1):
            for n2 in range(n1 + 1, n):
                for r1, r2 in product(range(min(n1, last_r1 + 1)), range(n2)):
                    if r2 < r1 or n1 + float(binom.sf(r1, n1, question.p0)) >= best:
                        continue
                    for r in range(r2 + 1, n):
                        design = StagedDesign((Stage(n1, r1), Stage(n2, r2), Stage(n, r, r + 1)))
                        at = operating_characteristics(design, [question.p0, question.p1])
                        if at.reject[1] < question.power:
                            break
                        if question.keeps(float(at.reject[0])) and at.expected_n[0] < best:
                            best = float(at.expected_n[0])
    return best


@pytest.mark.parametrize(("first_n1", "last_r1"), [(1, 99), (3, 0)])
def test_three_stage_designs_are_the_best_of_all(first_n1: int, last_r1: int) -> None:
    question = Question(0.1, 0.6, 0.1, 0.8)
    found, values, _ = three_stages(3, 7, 0.1, 0.6, 0.1, 0.8, False, 1e9, first_n1, last_r1)
    assert values[0] == pytest.approx(best_three(question, 7, first_n1=first_n1, last_r1=last_r1), abs=1e-10)
    r1, n1, r2, n2, r, n = found.tolist()
    at = operating_characteristics(StagedDesign((Stage(n1, r1), Stage(n2, r2), Stage(n, r, r + 1))), [0.1, 0.6])
    assert at.reject == pytest.approx(values[1:], abs=1e-12)


@pytest.mark.parametrize("kind", ["chen", "ensign"])
def test_three_stages_keep_both_errors_and_say_so(kind: str) -> None:
    question = Question(0.05, 0.25, 0.1, 0.9)
    optimal = three_stage(question, kind)  # type: ignore[arg-type]
    minimax = three_stage(question, kind, "minimax")  # type: ignore[arg-type]
    assert optimal.expected_null < simon(question).optimal.expected_n
    assert minimax.design.n <= optimal.design.n
    for found in (optimal, minimax):
        at = operating_characteristics(found.design, [0.05, 0.25])
        assert at.reject[0] <= 0.1
        assert at.reject[1] >= 0.9
        assert at.expected_n == pytest.approx([found.expected_null, found.expected_alternative], abs=1e-10)
        if kind == "ensign":
            assert found.design.stages[0].n >= 5
            assert found.design.stages[0].futility == 0
    assert optimal.proven


def test_no_test_has_fewer_subjects_than_the_lemma_allows() -> None:
    """At the size of Neyman and Pearson's lemma a randomised test keeps both errors; one fewer, none does."""
    for numbers in ((0.1, 0.3, 0.05, 0.8), (0.2, 0.4, 0.1, 0.9)):
        question = Question(*numbers)
        n = smallest_size_of_any_test(question)
        for size, possible in ((n, True), (n - 1, False)):
            best = 1.0
            for count in range(size + 1):
                more = float(binom.sf(count, size, question.p1))
                share = (question.power - more) / float(binom.pmf(count, size, question.p1))
                if 0 <= share <= 1:
                    best = float(binom.sf(count, size, question.p0)) + share * float(binom.pmf(count, size, question.p0))
            assert (best <= question.alpha) == possible
        assert n <= simon(question).minimax.n


def test_curtailment_at_zero_changes_no_error_and_saves_subjects() -> None:
    plan = StagedDesign.two_stage(3, 17, 10, 37)
    rates = [0.1, 0.2, 0.4, 0.7]
    before = operating_characteristics(plan, rates)
    for efficacy in (False, True):
        after = operating_characteristics(curtailed(plan, 0.4, efficacy=efficacy), rates)
        assert after.reject == pytest.approx(before.reject, abs=1e-12)
        assert (after.expected_n < before.expected_n).all()


def test_curtailment_stops_at_the_conditional_probability_told() -> None:
    """At each look the bound is the largest count whose chance to conclude under p1 is at most the one given."""
    plan = StagedDesign.single(10, 6)
    design = curtailed(plan, 0.5, below=0.2)
    for stage in design.stages[:-1]:
        assert stage.futility is not None
        left = 10 - stage.n
        assert binom.sf(5 - stage.futility, left, 0.5) <= 0.2 < binom.sf(5 - stage.futility - 1, left, 0.5)
    assert operating_characteristics(design, [0.5]).reject[0] < operating_characteristics(plan, [0.5]).reject[0]
    with pytest.raises(ValueError, match="below < 1"):
        curtailed(plan, 0.5, below=1.0)


def test_gehan_is_refused_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        gehan(0.0, 0.05, 0.1)
    design = gehan(0.2, 0.05, 0.1)
    assert 0.8**design.n1 <= 0.05 < 0.8 ** (design.n1 - 1)
    assert len(design.second) == design.n1
    assert gehan(0.2, 0.05, 10.0).second == (0,) * design.n1
