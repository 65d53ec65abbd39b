"""Precision, rare events, assurance, attained numbers and losses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, betabinom, binom

from protocord.design import StagedDesign, operating_characteristics
from protocord.design.assured import BetaPrior, assurance, beta_binomial, prior_from
from protocord.design.deviation import attained, inflated
from protocord.design.one_stage import Question
from protocord.design.widths import chance_of_any, excluded_by_none, largest_events, precision, rate_seen, size_for_width


def test_expected_width_and_coverage_are_sums_over_the_binomial() -> None:
    answer = precision(17, [0.3], level=0.9)
    width = sum(float(binom.pmf(x, 17, 0.3)) * (answer.upper[x] - answer.lower[x]) for x in range(18))
    inside = sum(float(binom.pmf(x, 17, 0.3)) for x in range(18) if answer.lower[x] <= 0.3 <= answer.upper[x])
    assert answer.expected_width[0] == pytest.approx(width)
    assert answer.coverage[0] == pytest.approx(inside)


def test_clopper_pearson_never_covers_less_than_it_says() -> None:
    for n in (5, 23, 40):
        answer = precision(n, np.linspace(0.01, 0.99, 99), level=0.95)
        assert answer.coverage.min() >= 0.95


def test_the_size_for_a_width_is_the_smallest_that_has_it() -> None:
    n = size_for_width(0.2, 0.25)
    assert precision(n, [0.2]).expected_width[0] <= 0.25 < precision(n - 1, [0.2]).expected_width[0]
    with pytest.raises(LookupError, match="do not bring"):
        size_for_width(0.2, 0.01, most=100)


def test_what_is_seen_and_what_is_excluded_are_one_closed_form() -> None:
    assert chance_of_any(40, rate_seen(40, 0.95)) == pytest.approx(0.95)
    assert (1 - excluded_by_none(40, 0.95, sides=2)) ** 40 == pytest.approx(0.025)
    assert chance_of_any(3, 1.0) == 1.0
    with pytest.raises(ValueError, match="one or two sides"):
        excluded_by_none(40, 0.95, sides=3)


def test_the_most_events_that_still_exclude_a_rate() -> None:
    most = largest_events(40, 0.2, 0.95)
    assert binom.cdf(most, 40, 0.2) <= 0.05 < binom.cdf(most + 1, 40, 0.2)
    assert largest_events(5, 0.1, 0.95) == -1


@pytest.mark.parametrize(("n", "level"), [(0, 0.95), (5, 1.0), (5, 0.0)])
def test_precision_of_nothing_is_refused(n: int, level: float) -> None:
    with pytest.raises(ValueError, match="n must be at least 1"):
        precision(n, [0.1], level=level)


def test_assurance_equals_the_integral_of_power_over_the_prior() -> None:
    design, prior = StagedDesign.two_stage(3, 17, 10, 37, efficacy1=8), BetaPrior(2.5, 4)
    answer = assurance(design, prior, threshold=0.25)

    def over(low: float, high: float, power: bool) -> float:
        def term(rate: float) -> float:
            at = operating_characteristics(design, [rate])
            return float(beta.pdf(rate, 2.5, 4) * (at.reject[0] if power else at.expected_n[0]))

        return float(quad(term, low, high, limit=100)[0])

    assert answer.conclude == pytest.approx(over(0, 1, True), abs=1e-8)
    assert answer.expected_n == pytest.approx(over(0, 1, False), abs=1e-6)
    assert answer.false_positive == pytest.approx(over(0, 0.25, True), abs=1e-8)
    assert answer.true_positive == pytest.approx(1 - over(0, 0.25, True) / over(0, 1, True), abs=1e-8)
    assert answer.above_threshold == pytest.approx(float(beta.sf(0.25, 2.5, 4)))


def test_without_a_threshold_nothing_is_said_of_it() -> None:
    answer = assurance(StagedDesign.single(10, 3), BetaPrior(1, 1))
    assert (answer.true_positive, answer.false_positive, answer.above_threshold) == (None, None, None)
    assert answer.conclude == pytest.approx(8 / 11)  # every count is equally likely under a uniform prior


def test_the_beta_binomial_is_scipys() -> None:
    assert beta_binomial(9, BetaPrior(0.5, 3)) == pytest.approx(betabinom.pmf(np.arange(10), 9, 0.5, 3))
    assert prior_from(0.3, 10).mean == pytest.approx(0.3)
    with pytest.raises(ValueError, match="exceed 0"):
        BetaPrior(0, 1)


QUESTION = Question(0.2, 0.4, 0.1, 0.9)
PLAN = (3, 17, 10, 37)


def test_with_the_planned_sizes_the_plan_stands() -> None:
    answer = attained(QUESTION, PLAN, 17, 37)
    assert answer.design == StagedDesign.two_stage(*PLAN)


@pytest.mark.parametrize(("n1", "n"), [(17, 34), (17, 41), (14, 37), (20, 44)])
def test_attained_bounds_keep_alpha_and_could_not_be_lower(n1: int, n: int) -> None:
    answer = attained(QUESTION, PLAN, n1, n)
    first, last = answer.design.stages
    assert first.futility is not None
    assert last.futility is not None
    assert answer.characteristics.reject[0] <= 0.1
    if last.futility > first.futility:
        looser = StagedDesign.two_stage(first.futility, n1, last.futility - 1, n)
        assert operating_characteristics(looser, [0.2]).reject[0] > 0.1
    if n1 == 17:
        assert first.futility == 3
    else:
        limit = float(binom.cdf(3, 17, 0.4))
        assert binom.cdf(first.futility, n1, 0.4) <= limit < binom.cdf(first.futility + 1, n1, 0.4)


def test_green_and_dahlberg_test_at_their_levels() -> None:
    """Green & Dahlberg 1992, Stat Med 11:853: 0.02 against p1 at the first stage, 0.055 against p0 at the end."""
    first, last = attained(QUESTION, PLAN, 20, 40, "green_dahlberg").design.stages
    assert first.futility is not None
    assert last.efficacy is not None
    assert binom.cdf(first.futility, 20, 0.4) <= 0.02 < binom.cdf(first.futility + 1, 20, 0.4)
    assert binom.sf(last.efficacy - 1, 40, 0.2) <= 0.055 < binom.sf(last.efficacy - 2, 40, 0.2)


def test_a_second_stage_that_adds_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="must add subjects"):
        attained(QUESTION, PLAN, 20, 20)


def test_losses_are_made_up_for_on_average_and_with_assurance() -> None:
    lost = inflated(40, 0.1)
    assert lost.on_average == 45  # 40 / 0.9 = 44.4
    assert binom.sf(39, lost.assured, 0.9) >= 0.9 > binom.sf(39, lost.assured - 1, 0.9)
    assert inflated(40, 0.0).assured == 40
    assert inflated(45, 0.1).on_average == 50  # a whole number is not rounded up by its last digit
    with pytest.raises(ValueError, match="at least 1"):
        inflated(0, 0.1)
