"""Inference after stopping: unbiased exactly, tails that fit together, limits that are roots, one decision."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from scipy.stats import binom

from protocord.design import Stage, StagedDesign, operating_characteristics
from protocord.design.inference import (
    after,
    after_two_stages,
    expected_rate,
    koyama_chen_tail,
    lower_tail,
    umvcue,
    umvue,
    upper_tail,
)

TWO = StagedDesign.two_stage(1, 5, 4, 11)
EITHER = StagedDesign.two_stage(1, 6, 5, 13, efficacy1=4)
THREE = StagedDesign((Stage(3, 0), Stage(7, 2, 6), Stage(12, 5, 6)))
DESIGNS = [StagedDesign.single(8, 3), TWO, EITHER, THREE]
KC = (3, 13, 12, 43)


def chance(design: StagedDesign, stage: int, count: int, rate: Fraction) -> Fraction:
    return design.paths[stage][count] * rate**count * (1 - rate) ** (design.stages[stage].n - count)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("rate", [Fraction(1, 7), Fraction(1, 2), Fraction(9, 10)])
def test_the_umvue_is_unbiased_exactly(design: StagedDesign, rate: Fraction) -> None:
    """The sum of estimate x probability over every way to end is the rate itself, in exact fractions."""
    assert sum((umvue(design, *end) * chance(design, *end, rate) for end in design.ends()), Fraction(0)) == rate
    assert sum((chance(design, *end, rate) for end in design.ends()), Fraction(0)) == 1


@pytest.mark.parametrize("design", [TWO, EITHER, THREE])
def test_the_umvcue_is_unbiased_given_the_second_stage(design: StagedDesign) -> None:
    rate = Fraction(2, 5)
    later = [end for end in design.ends() if end[0] > 0]
    going = sum((chance(design, *end, rate) for end in later), Fraction(0))
    total = sum(((umvcue(design, *end) or Fraction(0)) * chance(design, *end, rate) for end in later), Fraction(0))
    assert total == rate * going
    assert umvcue(design, *design.ends()[0]) is None


def test_the_umvue_of_a_first_stage_is_its_rate() -> None:
    assert umvue(TWO, 0, 1) == Fraction(1, 5)


def test_the_umvue_agrees_with_the_formula_of_jung_and_kim() -> None:
    """Sum over x1 > r1 of C(n1 - 1, x1 - 1) C(n2, s - x1) over the same with C(n1, x1)."""
    r1, n1, _, n = KC
    for s in range(4, 44):
        counts = range(max(r1 + 1, s - (n - n1)), min(n1, s) + 1)
        top = sum(comb(n1 - 1, x - 1) * comb(n - n1, s - x) for x in counts)
        assert umvue(StagedDesign.two_stage(*KC), 1, s) == Fraction(top, sum(comb(n1, x) * comb(n - n1, s - x) for x in counts))


@pytest.mark.parametrize("end", [(0, 2), (1, 1), (0, 4)])
def test_an_end_that_cannot_be_is_refused(end: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot end"):
        umvue(TWO, *end)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("rate", [0.0, 0.15, 0.5, 0.85, 1.0])
def test_the_order_puts_every_end_in_its_place(design: StagedDesign, rate: float) -> None:
    """Best first: efficacy by stage, then the last stage, then futility from the last to the first; tails are sums along it."""

    def rank(end: tuple[int, int]) -> tuple[int, int]:
        stage, count = end
        good = design.outcome(stage, count) == "efficacy"
        return (stage if good else 2 * len(design.stages) - stage, -count)

    ordered = sorted(design.ends(), key=rank)
    total = 0.0
    for stage, count in ordered:
        mass = design.paths[stage][count] * rate**count * (1 - rate) ** (design.stages[stage].n - count)
        total += mass
        assert upper_tail(design, stage, count, rate) == pytest.approx(total, abs=1e-12)
        assert lower_tail(design, stage, count, rate) == pytest.approx(1 - total + mass, abs=1e-12)


@pytest.mark.parametrize("design", DESIGNS)
def test_limits_and_median_are_roots_of_the_tails(design: StagedDesign) -> None:
    alpha = 0.05
    for stage, count in design.ends():
        found = after(design, stage + 1, count, p0=0.3, alpha=alpha)
        assert found.p_value == pytest.approx(upper_tail(design, stage, count, 0.3), abs=1e-14)
        lower, upper = found.interval.lower, found.interval.upper
        assert (lower > 0) == (upper_tail(design, stage, count, 0.0) == 0)
        assert (upper < 1) == (upper_tail(design, stage, count + 1, 1.0) > 0)
        if lower > 0:
            assert upper_tail(design, stage, count, lower) == pytest.approx(alpha, abs=1e-10)
        if upper < 1:
            assert lower_tail(design, stage, count, upper) == pytest.approx(alpha, abs=1e-10)
        if 0 < found.median_unbiased < 1:
            assert upper_tail(design, stage, count, found.median_unbiased) == pytest.approx(0.5, abs=1e-10)
        if 0 < found.bias_adjusted < 1:
            assert expected_rate(design, found.bias_adjusted) == pytest.approx(found.naive, abs=1e-10)
        assert found.interval.level == pytest.approx(0.9)
        assert lower <= found.median_unbiased <= upper


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("p0", [0.1, 0.3, 0.55])
def test_p_value_and_interval_are_one_decision(design: StagedDesign, p0: float) -> None:
    """p <= alpha exactly where the interval of level 1 - 2 alpha lies above p0."""
    for stage, count in design.ends():
        found = after(design, stage + 1, count, p0=p0, alpha=0.05)
        assert found.rejects == (found.p_value <= 0.05)
        assert found.rejects == (found.interval.lower >= p0)


@pytest.mark.parametrize("numbers", [KC, (3, 17, 10, 37), (0, 9, 2, 24)])
def test_the_interval_covers_at_least_as_often_as_it_says(numbers: tuple[int, int, int, int]) -> None:
    design = StagedDesign.two_stage(*numbers)
    held = {end: after(design, end[0] + 1, end[1], p0=0.2, alpha=0.05).interval for end in design.ends()}
    for rate in (0.05, 0.2, 0.33, 0.5, 0.8):
        covered = 0.0
        for (stage, count), interval in held.items():
            n = design.stages[stage].n
            if interval.lower <= rate <= interval.upper:
                covered += design.paths[stage][count] / comb(n, count) * float(binom.pmf(count, n, rate))
        assert covered >= 0.9 - 1e-9


def test_a_conclusion_of_the_design_has_a_p_value_of_at_most_its_type_one_error() -> None:
    design = StagedDesign.two_stage(*KC)
    error = operating_characteristics(design, [0.2]).reject[0]
    found = after(design, 2, 13, p0=0.2, alpha=0.05)
    assert found.decision == "efficacy"
    assert found.p_value == pytest.approx(error, abs=1e-13)
    failed = after(design, 2, 12, p0=0.2, alpha=0.05)
    assert failed.decision == "futility"
    assert failed.p_value > 0.05


def test_naive_limits_are_those_of_one_stage() -> None:
    found = after(StagedDesign.two_stage(*KC), 2, 14, p0=0.2, alpha=0.05)
    assert binom.sf(13, 43, found.naive_interval.lower) == pytest.approx(0.05, abs=1e-10)
    assert binom.cdf(14, 43, found.naive_interval.upper) == pytest.approx(0.05, abs=1e-10)
    none, all_of = after(TWO, 1, 0, p0=0.2, alpha=0.05), after(TWO, 2, 11, p0=0.2, alpha=0.05)
    assert none.naive_interval.lower == 0
    assert none.interval.lower == 0
    assert all_of.naive_interval.upper == 1
    assert all_of.interval.upper == 1


@pytest.mark.parametrize("size", [20, 30, 36])
def test_koyama_chen_with_another_second_stage_is_consistent(size: int) -> None:
    """The p value falls with more responses, limits are roots, and a conclusion has p at most the design's type I error."""
    error = operating_characteristics(StagedDesign.two_stage(*KC), [0.2]).reject[0]
    before = 1.1
    for second in range(size + 1):
        found = after_two_stages(KC, 5, second, size, p0=0.2, alpha=0.05)
        assert found.p_value <= before + 1e-12
        before = found.p_value
        if size != 30:
            assert found.method == "koyama_chen"
            if found.decision == "efficacy":
                assert found.p_value <= error + 1e-12
            else:
                assert found.p_value > error - 1e-12
            assert found.interval.lower > 0  # the first look had to be passed
            assert (found.interval.upper < 1) == (second < size)
            inner = StagedDesign.two_stage(3, 13, 12, 13 + size)
            assert found.umvue == pytest.approx(float(umvue(inner, 1, 5 + second)), rel=1e-14)
            assert found.umvcue == pytest.approx(float(umvcue(inner, 1, 5 + second) or 0), rel=1e-14)
            assert koyama_chen_tail(KC, 5, second, size, found.interval.lower) == pytest.approx(0.05, abs=1e-9)
            if second < size and found.interval.upper < 1:
                assert koyama_chen_tail(KC, 5, second + 1, size, found.interval.upper) == pytest.approx(0.95, abs=1e-9)
            assert found.rejects == (found.interval.lower >= 0.2)
        assert found.naive == (5 + second) / (13 + size)


def test_with_the_planned_size_the_order_is_stage_wise() -> None:
    found = after_two_stages(KC, 5, 9, 30, p0=0.2, alpha=0.05)
    assert found == after(StagedDesign.two_stage(*KC), 2, 14, p0=0.2, alpha=0.05)


def test_a_first_stage_that_had_passed_the_last_bound_decides_alone() -> None:
    """13 of 13 pass 12 before the second stage: whatever follows, the order is that of P(X1 >= 13)."""
    assert koyama_chen_tail(KC, 13, 0, 20, 0.2) == pytest.approx(0.2**13, rel=1e-9)


@pytest.mark.parametrize("seen", [(3, 9, 27), (14, 0, 27), (5, 28, 27), (5, -1, 27)])
def test_stages_that_cannot_have_been_are_refused(seen: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        after_two_stages(KC, *seen, p0=0.2, alpha=0.05)


@pytest.mark.parametrize(("stage", "count"), [(0, 1), (3, 1), (1, 6), (2, -1), (1, 3)])
def test_an_outcome_outside_the_design_is_refused(stage: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"has no stage|cannot end"):
        after(TWO, stage, count, p0=0.2, alpha=0.05)


def test_a_first_stage_in_which_all_responded_can_go_on() -> None:
    found = after_two_stages(KC, 13, 0, 20, p0=0.2, alpha=0.05)
    assert found.decision == "efficacy"
    assert found.responses == 13
