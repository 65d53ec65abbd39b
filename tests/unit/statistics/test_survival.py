"""Survival estimators by small samples worked by hand, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from protocord.statistics.survival import (
    aalen_johansen,
    cox,
    gray_test,
    kaplan_meier,
    landmark,
    log_rank,
    milestone_test,
    one_sample_log_rank,
    proportional_hazards,
    reverse_kaplan_meier,
    stretches,
)
from protocord.statistics.survival.transforms import TRANSFORMS


class TestCurve:
    def test_an_event_comes_before_a_censoring_on_the_same_day(self) -> None:
        curve = kaplan_meier([3, 3, 5], [1, 0, 1])
        assert curve.survival == pytest.approx([2 / 3, 0])
        assert list(curve.n_risk) == [3, 1]
        assert (list(curve.n_event), list(curve.n_censored), curve.events, curve.follow_up) == ([1, 1], [1, 0], 2, 5)

    def test_yes_and_no_are_events_too(self) -> None:
        assert np.array_equal(kaplan_meier([1, 2], [True, False]).survival, kaplan_meier([1, 2], [1, 0]).survival)

    def test_it_is_read_off_at_the_day_itself_and_not_beyond_the_last_observation(self) -> None:
        curve = kaplan_meier([10, 20, 30, 40], [1, 0, 1, 0])
        before, on, last, beyond = curve.at([9.999, 10, 40, 40.1])
        assert (before.survival, before.n_risk, before.why) == (1, 4, "no_event_yet")
        assert (on.survival, on.n_risk, on.why) == (0.75, 4, "")
        assert (last.survival, last.n_risk) == (0.375, 1)
        assert (beyond.why, beyond.n_risk) == ("beyond_follow_up", 0)
        assert np.isnan([beyond.survival, beyond.lower, beyond.upper, beyond.std_error]).all()

    def test_a_time_asked_in_months_meets_its_day(self) -> None:
        curve = kaplan_meier(np.array([3, 6, 9]) * (1 / 30.4375), [1, 1, 0])
        found = curve.at([0.1 + 6 / 30.4375 - 0.1])[0]
        assert found.survival == pytest.approx(1 / 3)
        assert found.n_risk == 2

    def test_a_curve_at_zero_stays_there_without_limits(self) -> None:
        found = kaplan_meier([1, 2], [1, 1]).at([99])[0]
        assert (found.survival, found.why, found.n_risk) == (0, "nobody_left", 0)
        assert np.isnan([found.lower, found.upper]).all()

    @pytest.mark.parametrize("transform", TRANSFORMS)
    def test_before_the_first_event_plain_log_and_arcsine_know_one_and_the_others_nothing(self, transform: str) -> None:
        found = kaplan_meier([5, 6], [1, 0], transform=transform).at([2])[0]
        known = transform in {"plain", "log"}
        assert (found.lower == found.upper == 1) if known else (np.isnan(found.lower) and found.why == "no_event_yet")

    def test_late_entries_count_from_just_after_they_enter(self) -> None:
        curve = kaplan_meier([3, 5, 6, 7, 8], [1, 1, 0, 1, 1], entry=[0, 0, 2, 3, 3])
        assert list(curve.n_risk) == [3, 4, 3, 2, 1]
        assert list(curve.n_risk_at([0, 2, 2.5, 3, 3.5, 9])) == [2, 2, 3, 3, 4, 0]

    def test_numbers_beyond_the_days_that_are_counted_are_sorted(self) -> None:
        far = kaplan_meier([1e6, 2e6, 3e6], [1, 1, 0])
        assert far.survival == pytest.approx([2 / 3, 1 / 3, 1 / 3])
        assert list(far.time) == [1e6, 2e6, 3e6]

    @pytest.mark.parametrize(
        ("time", "event", "more", "message"),
        [
            ([], [], {}, "nobody in the sample"),
            ([1, 2], [1], {}, "the same length"),
            ([[1]], [[1]], {}, "one dimension"),
            ([1, -1], [1, 1], {}, "finite number from 0"),
            ([1, float("nan")], [1, 1], {}, "finite number from 0"),
            ([1, float("inf")], [1, 1], {}, "finite number from 0"),
            ([1, 2], [1, 2], {}, r"whole number from 0 \(censored\) to 1"),
            ([1, 2], [1, 0.5], {}, "whole number"),
            ([1, 2], [1, -1], {}, "whole number"),
            ([1, 2], [1, 1], {"entry": [0, 2]}, "row 2 enters at 2, not before its time 2"),
            ([1, 2], [1, 1], {"entry": [0, float("nan")]}, "finite number"),
            ([1, 2], [1, 1], {"transform": "loglog"}, "'loglog' is no transform; there are plain, log, log_log, logit, arcsine"),
            ([1, 2], [1, 1], {"level": 1}, "a level lies between 0 and 1"),
        ],
    )
    def test_what_is_no_sample_is_refused(self, time: list, event: list, more: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            kaplan_meier(time, event, **more)


class TestQuantiles:
    def test_not_reached_and_not_estimable_are_told_apart(self) -> None:
        high = kaplan_meier(np.arange(1, 31), np.arange(30) < 2).quantile(0.5)
        assert (high.why_time, high.why_lower, high.why_upper) == ("not_reached", "not_reached", "not_reached")
        nothing = kaplan_meier([1, 2], [0, 0]).quantile(0.5)
        assert (nothing.why_time, nothing.why_lower, nothing.why_upper) == ("not_reached", "not_estimable", "not_estimable")
        ended = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 1]).quantile(0.75)
        assert (ended.why_time, ended.why_upper) == ("", "not_estimable")

    def test_a_flat_stretch_to_the_end_gives_its_midpoint_with_the_last_observation(self) -> None:
        assert kaplan_meier([1, 2, 5, 7], [1, 1, 0, 0]).quantile(0.5).time == 4.5

    def test_a_curve_that_jumps_past_the_height_gives_the_jump(self) -> None:
        assert kaplan_meier([2, 2, 4], [1, 1, 1]).quantile(0.5).time == 2

    @pytest.mark.parametrize("p", [0, 1, -0.1, 1.5])
    def test_a_share_lies_between_none_and_all(self, p: float) -> None:
        with pytest.raises(ValueError, match="a quantile lies between 0 and 1"):
            kaplan_meier([1], [1]).quantile(p)


class TestRestrictedMean:
    def test_it_is_the_area_under_the_curve(self) -> None:
        curve = kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0])
        # 1 to day 1, 3/4 to day 3, 3/8 to day 3.5
        found = curve.rmst(3.5)
        assert found.estimate == pytest.approx(1 + 2 * 0.75 + 0.5 * 0.375)
        # (area after day 1)² / (4·3) + (area after day 3)² / (2·1)
        assert found.std_error == pytest.approx(((1.5 + 0.1875) ** 2 / 12 + 0.1875**2 / 2) ** 0.5)
        reach = 1.959963984540054 * found.std_error
        assert (found.lower, found.upper) == (pytest.approx(found.estimate - reach), pytest.approx(found.estimate + reach))

    def test_without_a_horizon_it_goes_to_the_last_observation(self) -> None:
        assert kaplan_meier([1, 2, 3], [1, 1, 1]).rmst().tau == 3

    def test_beyond_a_curve_above_zero_it_is_not_known_and_beyond_zero_it_adds_nothing(self) -> None:
        open_end = kaplan_meier([1, 2, 3], [1, 1, 0]).rmst(4)
        assert open_end.why == "beyond_follow_up"
        assert np.isnan([open_end.estimate, open_end.std_error]).all()
        assert kaplan_meier([1, 2, 3], [1, 1, 1]).rmst(9).estimate == pytest.approx(2)

    @pytest.mark.parametrize("tau", [0, -1, float("inf")])
    def test_a_horizon_is_a_positive_time(self, tau: float) -> None:
        with pytest.raises(ValueError, match="the horizon of a restricted mean"):
            kaplan_meier([1], [1]).rmst(tau)


class TestTests:
    def test_log_rank_by_hand(self) -> None:
        # Day 1: one of four, two in a; day 2: one of three, one in a. Expected in a: 1/2 + 1/3; variance 1/4 + 2/9.
        found = log_rank([1, 2, 3, 4], [1, 1, 0, 0], ["a", "b", "a", "b"])
        assert (found.groups, found.n) == (("a", "b"), (2, 2))
        assert found.observed == pytest.approx([1, 1])
        assert found.expected == pytest.approx([5 / 6, 7 / 6])
        assert found.chi_square == pytest.approx((1 / 6) ** 2 / (1 / 4 + 2 / 9))
        assert found.df == 1

    def test_without_events_or_with_one_group_there_is_no_test(self) -> None:
        for found in (log_rank([1, 2], [0, 0], [0, 1]), log_rank([1, 2], [1, 1], [0, 0])):
            assert found.why == "no_comparison"
            assert np.isnan(found.p_value)

    def test_a_label_is_needed_for_each(self) -> None:
        with pytest.raises(ValueError, match="one label for each subject"):
            log_rank([1, 2], [1, 1], [0])

    def test_one_sample_by_hand_with_both_variances_and_directions(self) -> None:
        days, events = [10, 20, 30], [1, 0, 0]
        found = one_sample_log_rank(days, events, lambda t: 0.05 * t)
        assert (found.observed, found.expected) == (1, pytest.approx(3))
        assert found.z == pytest.approx(2 / 3**0.5)
        assert found.ratio == pytest.approx(1 / 3)
        assert one_sample_log_rank(days, events, lambda t: 0.05 * t, variance="mean").z == pytest.approx(2 / 2**0.5)
        shorter = one_sample_log_rank(days, events, lambda t: 0.05 * t, alternative="shorter")
        both = one_sample_log_rank(days, events, lambda t: 0.05 * t, alternative="two_sided")
        assert found.p_value + shorter.p_value == pytest.approx(1)
        assert both.p_value == pytest.approx(2 * found.p_value)
        late = one_sample_log_rank(days, events, lambda t: 0.05 * t, entry=[5, 0, 0])
        assert late.expected == pytest.approx(2.75)

    def test_a_reference_that_expects_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="expect some event"):
            one_sample_log_rank([1], [1], lambda t: 0 * t)

    def test_a_milestone_is_tested_on_its_scale_and_longer_survival_is_above(self) -> None:
        curve = kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0])
        plain = milestone_test(curve, 2.5, 0.5, transform="plain")
        assert plain.z == pytest.approx((4 / 6 - 0.5) / curve.std_error[1])
        for transform in TRANSFORMS:
            assert (
                milestone_test(curve, 2.5, 0.5, transform=transform).z
                > 0
                > milestone_test(curve, 2.5, 0.8, transform=transform).z
            )
        # The same answer as the interval: z at its lower limit is the normal quantile.
        for transform in ("plain", "log", "log_log", "logit", "arcsine"):
            lower = kaplan_meier([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0], transform=transform).lower[1]
            assert milestone_test(curve, 2.5, lower, transform=transform).z == pytest.approx(1.959963984540054)

    def test_a_milestone_beyond_follow_up_or_before_any_event_has_no_test(self) -> None:
        curve = kaplan_meier([2, 4], [1, 0])
        assert [milestone_test(curve, at, 0.5).why for at in (1, 5)] == ["no_event_yet", "beyond_follow_up"]
        assert milestone_test(kaplan_meier([2], [1]), 3, 0.5).why == "nobody_left"
        with pytest.raises(ValueError, match="a null survival probability"):
            milestone_test(curve, 3, 1)


class TestCox:
    def test_two_subjects_by_hand(self) -> None:
        """The one who dies first has x = 1: the likelihood e^b / (e^b + 1) rises for ever."""
        assert cox([1, 2], [1, 1], [1, 0]).why == "monotone_likelihood"

    def test_covariates_that_do_not_vary_or_vary_together_have_no_information(self) -> None:
        assert cox([1, 2, 3], [1, 1, 1], [1, 1, 1]).why == "no_information"
        assert cox([1, 2, 3, 4], [1, 1, 1, 1], [[0, 0], [1, 2], [0, 0], [1, 2]]).why == "no_information"
        with pytest.raises(ValueError, match="no hazard ratios to check: no_information"):
            proportional_hazards(cox([1, 2, 3], [1, 1, 1], [1, 1, 1]))

    def test_three_subjects_by_hand(self) -> None:
        # Order of events 0, 1, 0 in x: likelihood 1/(2 + h) · h/(1 + h), greatest at h = √2.
        fit = cox([1, 2, 3], [1, 1, 1], [0, 1, 0], names=("x",))
        assert fit.hazard_ratio == pytest.approx([2**0.5], rel=1e-9)
        assert fit.names == ("x",)
        assert fit.log_likelihood[0] == pytest.approx(-np.log(6))

    def test_the_unit_of_a_covariate_scales_its_coefficient_alone(self) -> None:
        days, events, x = [3, 1, 4, 1, 5, 9, 2, 6], [1, 1, 0, 1, 1, 0, 1, 1], np.array([2.0, 7, 1, 8, 2, 8, 1, 8])
        one, other = cox(days, events, x), cox(days, events, 1e6 * x + 3e8)
        assert other.coefficients * 1e6 == pytest.approx(one.coefficients, rel=1e-5)
        assert other.log_likelihood == pytest.approx(one.log_likelihood)

    @pytest.mark.parametrize(
        ("event", "x", "message"),
        [
            ([0, 0], [0, 1], "needs an event"),
            ([1, 1], [0, float("nan")], "finite numbers"),
            ([1, 1], [0, 1, 2], "one row for each"),
        ],
    )
    def test_what_cannot_be_fitted_is_refused(self, event: list, x: list, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            cox([1, 2], event, x)


class TestCompetingRisks:
    def test_incidence_is_known_up_to_the_last_observation(self) -> None:
        found = aalen_johansen([1, 2, 3], [1, 2, 0])[0]
        before, on, beyond = found.at([0.5, 2, 4])
        assert (before.incidence, before.why, before.n_risk) == (0, "no_event_yet", 3)
        assert (on.incidence, on.n_risk) == (pytest.approx(1 / 3), 2)
        assert beyond.why == "beyond_follow_up"
        assert found.events == 1

    def test_where_nobody_is_left_event_free_the_incidence_stays(self) -> None:
        assert aalen_johansen([1, 2], [1, 2])[0].at([9])[0].incidence == pytest.approx(0.5)

    def test_variances_and_causes_are_checked(self) -> None:
        with pytest.raises(ValueError, match="no variance of a cumulative incidence"):
            aalen_johansen([1], [1], variance="delta")
        with pytest.raises(ValueError, match="to 2"):
            aalen_johansen([1], [3])

    def test_gray_without_the_cause_or_with_one_group_has_no_test(self) -> None:
        for found in (gray_test([1, 2], [2, 2], [0, 1]), gray_test([1, 2], [1, 2], [0, 0])):
            assert found.why == "no_comparison"
            assert np.isnan(found.p_value)


class TestResponse:
    def test_a_landmark_counts_response_on_its_day_and_drops_who_ended_on_it(self) -> None:
        found = landmark([30, 31, 90, 90], [1, 1, 0, 1], [10, np.nan, 30, 31], 30)
        assert list(found.kept) == [False, True, True, True]
        assert list(found.responded) == [0, 1, 0]
        assert list(found.time) == [1, 60, 60]
        assert found.ended_before == 1

    def test_a_subject_is_cut_where_it_responds(self) -> None:
        cut = stretches([50, 60, 70], [1, 1, 0], [20, np.nan, 70])
        assert [tuple(row) for row in zip(cut.subject, cut.entry, cut.time, cut.event, cut.responded, strict=True)] == [
            (0, 0, 20, 0, 0),
            (1, 0, 60, 1, 0),
            (2, 0, 70, 0, 0),
            (0, 20, 50, 1, 1),
        ]

    def test_the_curve_of_responders_starts_with_nobody(self) -> None:
        cut = stretches([50, 60, 70, 80], [1, 1, 0, 1], [20, np.nan, 10, np.nan])
        curve = cut.curve(True)
        assert list(curve.n_risk_at([0, 15, 30, 60])) == [0, 1, 2, 1]
        later = cut.curve(True, start=15)
        assert list(later.n_risk_at([0, 10])) == [1, 2]

    def test_response_times_are_one_each(self) -> None:
        with pytest.raises(ValueError, match="response times need one number"):
            landmark([1, 2], [1, 1], [1], 0)
        with pytest.raises(ValueError, match="nobody is under observation after the landmark at 9"):
            landmark([1, 2], [1, 1], [1, 1], 9)


def test_follow_up_by_the_turned_curve_is_longer_than_the_median_of_times() -> None:
    days, events = [10, 20, 30, 400, 500, 600], [1, 1, 1, 0, 0, 0]
    assert reverse_kaplan_meier(days, events).quantile().time == 500
    assert np.median(days) == 215


@pytest.mark.parametrize("swapped", [False, True])
def test_grays_test_stands_where_the_incidence_of_all_has_come_to_one(swapped: bool) -> None:
    """cmprsk 2.2.11 gives 2.33333333333333 for the groups in this order, and fails for the other."""
    group = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = gray_test([1, 1, 1, 1, 2, 2, 2, 3], [0, 0, 1, 1, 1, 1, 1, 1], 1 - group if swapped else group)
    assert found.chi_square == pytest.approx(7 / 3)
