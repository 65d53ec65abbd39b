"""What holds of every design, every outcome and every forecast."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from protocord.design import Stage, StagedDesign, operating_characteristics
from protocord.design.accrual import GammaRate, SiteAccrual, forecast
from protocord.design.dose_finding.boin import pooled
from protocord.design.inference import after, koyama_chen_tail, lower_tail, umvue, upper_tail
from protocord.design.one_stage import Question, single_stage
from protocord.design.response_and_toxicity import BryantDay, joint_characteristics
from protocord.design.stages import curtailed
from protocord.design.two_stage import simon


@st.composite
def designs(draw: st.DrawFn) -> StagedDesign:
    """One to four looks with bounds that do not contradict one another; never one that cannot reach its end by chance alone."""
    sizes = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    n, stages = 0, []
    for index, size in enumerate(sizes):
        n += size
        if index == len(sizes) - 1:
            low = draw(st.integers(0, n - 1))
            stages.append(Stage(n, low, low + 1))
            break
        futility = draw(st.none() | st.integers(0, max(0, n // 3)))
        efficacy = draw(st.none() | st.integers(max(1, (2 * n + 2) // 3), n))
        if futility is not None and efficacy is not None and futility >= efficacy:
            futility = None
        stages.append(Stage(n, futility, efficacy))
    return StagedDesign(tuple(stages))


rates = st.floats(0.01, 0.99)


@settings(max_examples=40, deadline=None)
@given(designs(), rates)
def test_every_trial_ends_once(design: StagedDesign, rate: float) -> None:
    at = operating_characteristics(design, [rate])
    assert (at.stop_futility + at.stop_efficacy).sum() == pytest.approx(1)
    assert at.reject[0] == pytest.approx(at.stop_efficacy.sum())
    assert design.stages[0].n <= at.expected_n[0] <= design.n + 1e-9


@settings(max_examples=40, deadline=None)
@given(designs())
def test_a_higher_rate_never_lowers_the_chance_to_conclude(design: StagedDesign) -> None:
    chances = operating_characteristics(design, np.linspace(0, 1, 41)).reject
    assert (np.diff(chances) >= -1e-12).all()


@settings(max_examples=40, deadline=None)
@given(designs(), st.fractions(0, 1, max_denominator=20))
def test_the_unbiased_estimate_is_unbiased_for_every_design(design: StagedDesign, rate: Fraction) -> None:
    total = Fraction(0)
    for stage, count in design.ends():
        n = design.stages[stage].n
        total += umvue(design, stage, count) * design.paths[stage][count] * rate**count * (1 - rate) ** (n - count)
    assert total == rate


@settings(max_examples=40, deadline=None)
@given(designs(), rates, st.floats(0.005, 0.2))
def test_the_p_value_keeps_its_level_under_the_null(design: StagedDesign, p0: float, alpha: float) -> None:
    """P(p value <= alpha | p0) <= alpha, for every design that can end early in either way."""
    reached = 0.0
    for stage, count in design.ends():
        if upper_tail(design, stage, count, p0) <= alpha:
            n = design.stages[stage].n
            reached += design.paths[stage][count] / comb(n, count) * float(binom.pmf(count, n, p0))
    assert reached <= alpha + 1e-12


@settings(max_examples=40, deadline=None)
@given(designs(), st.data())
def test_tails_rise_with_the_rate_and_meet(design: StagedDesign, data: st.DataObject) -> None:
    stage, count = data.draw(st.sampled_from(design.ends()))
    grid = np.linspace(0, 1, 21)
    upper = [upper_tail(design, stage, count, float(rate)) for rate in grid]
    assert (np.diff(upper) >= -1e-12).all()
    n = design.stages[stage].n
    rate = data.draw(rates)
    mass = design.paths[stage][count] / comb(n, count) * float(binom.pmf(count, n, rate))
    assert upper_tail(design, stage, count, rate) + lower_tail(design, stage, count, rate) == pytest.approx(1 + mass)


@settings(max_examples=40)
@given(designs(), st.data())
def test_the_interval_holds_its_estimates(design: StagedDesign, data: st.DataObject) -> None:
    stage, count = data.draw(st.sampled_from(design.ends()))
    found = after(design, stage + 1, count, p0=0.3, alpha=0.05)
    assert 0 <= found.interval.lower <= found.median_unbiased <= found.interval.upper <= 1
    assert 0 <= found.umvue <= 1
    assert found.rejects == (found.interval.lower >= 0.3)


@settings(max_examples=30)
@given(designs(), rates)
def test_stopping_when_it_is_decided_changes_no_error(design: StagedDesign, rate: float) -> None:
    sooner = operating_characteristics(curtailed(design, 0.5, efficacy=True), [rate])
    plan = operating_characteristics(design, [rate])
    assert sooner.reject[0] == pytest.approx(plan.reject[0], abs=1e-12)
    assert sooner.expected_n[0] <= plan.expected_n[0] + 1e-9


@settings(max_examples=10, deadline=None)
@given(st.floats(0.03, 0.6), st.floats(0.15, 0.3), st.floats(0.02, 0.15), st.floats(0.75, 0.92), st.booleans())
def test_designs_found_keep_both_errors(p0: float, gain: float, alpha: float, power: float, strict: bool) -> None:
    question = Question(p0, p0 + gain, alpha, power, strict)
    search = simon(question)
    for design in (search.optimal, search.minimax, *search.admissible):
        at = operating_characteristics(design.design, [question.p0, question.p1])
        assert at.reject[0] <= alpha + 1e-12
        assert at.reject[1] >= power - 1e-12
        assert at.expected_n[0] == pytest.approx(design.expected_n)
    assert search.proven
    assert search.optimal.expected_n <= single_stage(question).smallest.n


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 25), st.integers(0, 25), rates)
def test_another_second_stage_orders_outcomes_by_responses(size: int, second: int, rate: float) -> None:
    planned = (3, 13, 12, 43)
    if second >= size:
        return
    assert koyama_chen_tail(planned, 6, second + 1, size, rate) <= koyama_chen_tail(planned, 6, second, size, rate) + 1e-12


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(2, 8), rates, rates, st.floats(0.1, 10), st.data())
def test_toxicity_that_never_stops_leaves_the_design_for_response(
    n1: int, n2: int, response: float, toxicity: float, odds_ratio: float, data: st.DataObject
) -> None:
    c1 = data.draw(st.integers(0, n1 - 1))
    c = data.draw(st.integers(c1, n1 + n2 - 1))
    found = joint_characteristics(BryantDay(c1, n1 + 1, n1, c, n1 + n2 + 1, n1 + n2), response, toxicity, odds_ratio)
    alone = operating_characteristics(StagedDesign.two_stage(c1, n1, c, n1 + n2), [response])
    assert found.conclude == pytest.approx(alone.reject[0], abs=1e-10)
    assert found.expected_n == pytest.approx(alone.expected_n[0], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 10)), min_size=1, max_size=8))
def test_pooling_rises_and_keeps_the_weighted_mean(pairs: list[tuple[float, float]]) -> None:
    values, weights = (np.array(part) for part in zip(*pairs, strict=True))
    found = pooled(values, weights)
    assert (np.diff(found) >= 0).all()
    assert (found * weights).sum() == pytest.approx((values * weights).sum())
    assert pooled(found, weights) == pytest.approx(found)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6)), min_size=1, max_size=4),
    st.integers(5, 40),
    st.floats(0.5, 8),
    st.floats(0.5, 8),
)
def test_the_chance_to_be_complete_never_falls(opened: list[tuple[int, int]], target: int, shape: float, rate: float) -> None:
    start = date(2025, 1, 1)
    sites = [SiteAccrual(str(index), start + timedelta(days=days), count) for index, (days, count) in enumerate(opened)]
    answer = forecast(sites, GammaRate(shape, rate), target=target, cut=start + timedelta(days=300))
    chances = [answer.chance_by(answer.cut + timedelta(days=step)) for step in range(0, 1000, 100)]
    assert all(later >= sooner - 1e-12 for sooner, later in pairwise(chances))
    assert all(0 <= chance <= 1 for chance in chances)
