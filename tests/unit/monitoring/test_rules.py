"""Predictive probability, Thall-Simon, BOP2, joint rules, pending subjects.

Documents under test: protocord.design.monitoring.predictive, historical, bop2, joint, pending.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from protocord.design import monitoring as rules
from protocord.design.monitoring import predictive_boundary
from protocord.design.monitoring.bop2 import Grid, NoRule, bop2, bop2_two


def test_the_last_look_of_a_predictive_rule_is_the_final_test() -> None:
    final = rules.Predictive(0.2, 0.9, 0.2, 0.8, 36)
    assert final.success() == 11
    assert final.values(36).tolist() == [0.0] * 11 + [1.0] * 26
    assert predictive_boundary(final, 0.001, (36,)).bounds == (10,)
    assert predictive_boundary(final, 0.95, (36,), direction=">=").bounds == (11,)


def test_a_final_test_that_nothing_can_pass_has_no_chance() -> None:
    final = rules.Predictive(0.9, 0.999, 1, 1, 3)
    assert final.success() is None
    assert final.values(2).tolist() == [0, 0, 0]
    assert predictive_boundary(final, 0.05, (2, 3)).bounds == (2, 3)
    assert predictive_boundary(final, 0.05, (2, 3), direction=">=").bounds == (None, None)


def test_a_predictive_look_beyond_the_last_subject_is_refused() -> None:
    with pytest.raises(ValueError, match="more than the 10"):
        predictive_boundary(rules.Predictive(0.2, 0.9, 1, 1, 10), 0.05, (5, 11))


def test_conditional_power_is_the_binomial_chance_of_the_rest() -> None:
    # 3 of 10, 20 in all, 6 needed: P(Bin(10, 0.3) >= 3), by its sum.
    assert rules.conditional_power(3, 10, 20, 6, 0.3) == pytest.approx(
        1 - sum(stats.binom.pmf(k, 10, 0.3) for k in range(3)), abs=1e-14
    )
    assert rules.conditional_power(6, 10, 20, 6, 0.3) == 1
    assert rules.conditional_power(5, 20, 20, 6, 0.3) == 0
    with pytest.raises(ValueError, match="no state"):
        rules.conditional_power(3, 21, 20, 6, 0.3)


@pytest.mark.parametrize("standard", [(0.5, 0.7), (1, 1), (10, 40), (200, 300)])
@pytest.mark.parametrize("margin", [0.0, 0.15])
def test_a_probability_against_history_is_the_integral(standard: tuple[float, float], margin: float) -> None:
    found = rules.AgainstHistory(standard, (0.4, 1.6), margin).probability(7, 20)

    def integrand(rate: float) -> float:
        return float(stats.beta.pdf(rate, *standard) * stats.beta.sf(rate + margin, 7.4, 14.6))

    peak = standard[0] / sum(standard)
    parts = [0.0, max(peak - 0.1, 1e-3), min(peak + 0.1, 1 - margin), 1 - margin]
    expected = sum(integrate.quad(integrand, low, high, epsabs=1e-12, limit=400)[0] for low, high in pairwise(parts))
    assert found == pytest.approx(expected, abs=1e-8)


def test_against_history_bounds_are_those_of_trying_every_count() -> None:
    upper, lower = rules.thall_simon((15, 35), (0.6, 1.4), (4, 12, 25), margin=0.1)
    assert (upper.direction, lower.direction) == (">=", "<=")
    for boundary, margin in ((upper, 0.0), (lower, 0.1)):
        measure = rules.AgainstHistory((15, 35), (0.6, 1.4), margin)
        for look, bound in zip(boundary.looks, boundary.bounds, strict=True):
            values = [measure.probability(count, look) for count in range(look + 1)]
            crossing = [count for count, value in enumerate(values) if (value >= 0.95 if boundary is upper else value <= 0.05)]
            expected = (min(crossing) if boundary is upper else max(crossing)) if crossing else None
            assert bound == expected
    assert upper.parameters["margin"] == 0
    assert rules.thall_simon((15, 35), (0.6, 1.4), (4,), promising=None)[0].direction == "<="
    assert len(rules.thall_simon((15, 35), (0.6, 1.4), (4,), unpromising=None)) == 1
    with pytest.raises(ValueError, match="shapes are positive"):
        rules.thall_simon((0, 35), (0.6, 1.4), (4,))


def test_bop2_names_no_bound_where_software_has_shown_zero() -> None:
    """BOP2FE 1.0.3 shows 0 at n = 5 for H0 0.05, lambda 0.5, gamma 1.5 (of 40), where no count can stop (statistics.md 1.1)."""
    found = bop2(0.05, 0.3, 1.0, (5, 40), grid=Grid((0.5,), (1.5,)))
    assert found.boundaries[0].bounds[0] is None


def test_a_grid_without_a_rule_within_alpha_says_so() -> None:
    with pytest.raises(NoRule, match="no rule of the grid"):
        bop2(0.2, 0.4, 0.01, (10, 20), grid=Grid((0.0, 0.1), (0.0, 1.0)))


def test_bop2_counts_the_points_that_give_the_same_rule() -> None:
    found = bop2(0.2, 0.5, 0.1, (5, 10, 15), grid=Grid.even(21, 11))
    assert found.distinct <= 21 * 11
    tried = Grid.even(21, 11)
    points = [Grid((lambda_,), (gamma,)) for lambda_ in tried.lambdas for gamma in tried.gammas]
    # A cut-off of 1 at the last look stops whatever is seen there: such a rule can never claim success.
    alike = [bop2(0.2, 0.5, 1.0, (5, 10, 15), grid=point).boundaries[0].bounds for point in points if point.lambdas[0] < 1]
    without = Grid(tried.lambdas[:-1], tried.gammas)
    assert bop2(0.2, 0.5, 0.1, (5, 10, 15), grid=without).distinct == len(set(alike))
    with pytest.raises(NoRule):
        bop2(0.2, 0.5, 1.0, (5, 10, 15), grid=Grid((1.0,), (0.5,)))
    assert alike.count(found.boundaries[0].bounds) == found.alike
    assert found.distinct > len(set(alike))


def test_bop2_claims_success_by_passing_or_by_crossing_the_upper_bound() -> None:
    found = bop2(0.2, 0.5, 0.1, (5, 10, 15), grid=Grid.even(21, 11, 7))
    does = rules.characteristics(found.boundaries, [0.2, 0.5])
    assert does.high + does.passes == pytest.approx([found.type_i_error, found.power], abs=1e-13)
    assert does.subjects == pytest.approx([found.subjects_null, found.subjects_alternative], abs=1e-11)
    assert found.boundaries[1].bounds[-1] is None
    assert found.kind == "bop2_efficacy_stop"


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (lambda: bop2(0.4, 0.2, 0.1, (5,)), "must lie above"),
        (lambda: bop2(0.0, 0.2, 0.1, (5,)), "null"),
        (lambda: bop2_two((0.1, 0.2, 0.2, 0.5), (0.2, 0.2, 0.2, 0.4), 0.1, (5,), endpoints="three"), "endpoints are"),
    ],
)
def test_a_question_that_makes_no_bop2_rule_is_refused(asked: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        asked()


def test_an_efficacy_toxicity_rule_watches_each_count_from_its_side() -> None:
    found = bop2_two((0.15, 0.3, 0.15, 0.4), (0.18, 0.42, 0.02, 0.38), 0.1, (10, 20), grid=Grid.even(11, 6))
    few, many = found.boundaries
    assert (few.direction, few.counts, many.direction, many.counts) == ("<=", "responses", ">=", "toxicities")
    assert found.rule is not None
    assert found.rule.reasons == ("toxicity", "futility", "efficacy")
    does = rules.joint_characteristics(found.rule, [(0.15, 0.3, 0.15, 0.4)])
    assert does.passes[0] == pytest.approx(found.type_i_error, abs=1e-14)


def test_toxicity_gives_the_reason_before_futility_and_futility_before_efficacy() -> None:
    few, enough = rules.listed((4,), (1,), direction="<="), rules.listed((4,), (3,), direction=">=")
    many = rules.listed((4,), (2,), direction=">=")
    rule = rules.joint_rule([few, enough], [many])
    assert rule.stops[0, :, 0].tolist() == [2, 2, 0, 3, 3]
    assert rule.stops[0, :, 2].tolist() == [1, 1, 1, 1, 1]
    with pytest.raises(ValueError, match="needs a boundary"):
        rules.joint_rule([], [])


def test_cells_have_their_margins_and_their_association() -> None:
    assert rules.cells(0.4, 0.3) == pytest.approx((0.12, 0.28, 0.18, 0.42), abs=1e-15)
    four = rules.cells_by_correlation(0.4, 0.3, 0.2)
    assert (four[0] + four[1], four[0] + four[2], sum(four)) == pytest.approx((0.4, 0.3, 1.0), abs=1e-15)
    assert (four[0] - 0.12) / np.sqrt(0.4 * 0.6 * 0.3 * 0.7) == pytest.approx(0.2, abs=1e-14)
    assert rules.cells(0.4, 0.3, odds_ratio=1 + 1e-9)[0] == pytest.approx(0.12, abs=1e-9)
    assert rules.cells(0.0, 0.3, odds_ratio=5) == pytest.approx((0, 0, 0.3, 0.7), abs=1e-15)


def test_a_correlation_that_the_rates_do_not_allow_names_those_that_they_do() -> None:
    with pytest.raises(ValueError, match=r"from -0\.\d+ to 0\.\d+, not 0\.95"):
        rules.cells_by_correlation(0.4, 0.1, 0.95)
    highest = (0.1 - 0.04) / np.sqrt(0.4 * 0.6 * 0.1 * 0.9)
    assert rules.cells_by_correlation(0.4, 0.1, highest)[2] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("row", [(0.5, 0.5, 0.5, 0.5), (1.2, -0.2, 0, 0), (0.5, 0.5)])
def test_a_scenario_that_is_no_distribution_is_refused(row: Any) -> None:
    rule = rules.joint_rule([rules.listed((4,), (1,), direction="<=")], [])
    with pytest.raises(ValueError, match="add up to 1"):
        rules.joint_characteristics(rule, [row])


def test_a_table_of_stops_must_fit_its_looks() -> None:
    with pytest.raises(ValueError, match="needs the shape"):
        rules.JointRule((3, 5), np.zeros((2, 5, 5), dtype=np.int8), ("stop",))
    for code in (2, -1):
        with pytest.raises(ValueError, match="holds 0 to 1"):
            rules.JointRule((3,), np.full((1, 4, 4), code, dtype=np.int8), ("stop",))
    with pytest.raises(ValueError, match="rates lie from 0 to 1"):
        rules.cells(1.2, 0.3)


def test_pending_subjects_add_nothing_where_the_rule_stops_at_the_last_look() -> None:
    boundary = rules.posterior(0.25, 0.9, (10,), (0.5, 1.5))
    found = rules.overrun(boundary, 5, [0.25])
    assert found.subjects[0] == 10
    assert found.reversed_[0] == 0
    with pytest.raises(ValueError, match="from 0"):
        rules.overrun(boundary, -1, [0.25])


def test_a_rule_for_too_few_can_be_overrun_too() -> None:
    boundary = rules.posterior(0.3, 0.8, (5, 10), (0.3, 0.7), direction="<=")
    none, some = rules.overrun(boundary, 0, [0.3]), rules.overrun(boundary, 3, [0.3])
    assert none.reversed_[0] == 0
    assert none.subjects[0] == rules.characteristics(boundary, [0.3]).subjects[0]
    stops_early = rules.characteristics(boundary, [0.3]).stops_low[0, 0]
    assert some.subjects[0] == pytest.approx(none.subjects[0] + 3 * stops_early)
    assert 0 < some.reversed_[0] < some.stops[0]
    assert some.events[0] == pytest.approx(0.3 * some.subjects[0])


def test_a_pending_subject_weighs_the_part_of_the_window_passed() -> None:
    whole = rules.weighted_posterior(0.25, (0.5, 1.5), 3, 5, [1.0, 1.0])
    assert whole == pytest.approx(stats.beta.sf(0.25, 3.5, 8.5), abs=1e-12)
    assert rules.weighted_posterior(0.25, (0.5, 1.5), 3, 5, [0.0]) == rules.weighted_posterior(0.25, (0.5, 1.5), 3, 5, [])
    with pytest.raises(ValueError, match="from 0 to 1"):
        rules.weighted_posterior(0.25, (0.5, 1.5), 3, 5, [1.5])


def test_attained_looks_have_their_own_error() -> None:
    planned = rules.pocock(0.2, 0.05, (10, 20, 30))
    found = rules.attained_characteristics(planned, (12, 19, 31), [0.2])
    assert found.looks == (12, 19, 31)
    assert found.high[0] != pytest.approx(float(planned.parameters["type_i_error"]), abs=1e-4)
