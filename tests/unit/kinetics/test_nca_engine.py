"""The engine's single parts: terminal slope, starts, ends of intervals, marks and flags."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from protocord.kinetics.nca import trapezoids
from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.rules import BelowLimitRule, Instead, LambdaZRule, Rules
from protocord.kinetics.profiles import Profiles, from_long


def profile(times: list[float], values: list[float | None], **settings: float) -> Profiles:
    frame = pl.DataFrame({"id": "a", "time": times, "value": values}, schema_overrides={"time": pl.Float64, "value": pl.Float64})
    return from_long(frame, ["id"], **settings)


def answered(times: list[float], values: list[float | None], rules: Rules | None = None, **settings: float) -> Answer:
    return analyse(profile(times, values, **settings), rules or Rules())


def kind(answer: Answer, name: str) -> str | None:
    reason = answer.reason(name)
    return None if reason is None else reason.kind


def test_near_equal_neighbours_lose_no_digits() -> None:
    assert trapezoids.area(0.0, 1.0 + 1e-12, 1.0, 1.0, True) == pytest.approx(1.0 + 5e-13, rel=1e-15)


def test_the_logarithmic_moment_is_that_of_an_exponential() -> None:
    def primitive(t: float) -> float:
        return -math.exp(-0.3 * t) * (t / 0.3 + 1 / 0.09)

    found = trapezoids.moment(1.0, math.exp(-0.3), 4.0, math.exp(-1.2), True)
    assert found == pytest.approx(primitive(4) - primitive(1), rel=1e-12)


def test_a_zero_is_never_joined_by_a_logarithm() -> None:
    rule = BelowLimitRule(between=Instead("zero"))
    answer = answered([0, 1, 2, 3, 4], [None, 8.0, None, 2.0, 1.0], Rules(trapezoid="linear_log", below_limit=rule))
    assert answer.value("auc_last") == pytest.approx(4 + 4 + 1 + 1 / math.log(2))
    assert not trapezoids.is_log(0.0, 2.0, trapezoids.LINEAR_LOG, True)
    assert not trapezoids.is_log(2.0, 0.0, trapezoids.LINEAR_LOG, True)
    assert trapezoids.is_log(2.0, 3.0, trapezoids.LINEAR_LOG, True)
    assert not trapezoids.is_log(2.0, 1.0, trapezoids.LINEAR_LOG, False)


def test_interpolation_follows_the_rule() -> None:
    assert trapezoids.between(0.0, 8.0, 3.0, 1.0, 1.0, True) == pytest.approx(4.0)
    assert trapezoids.between(0.0, 8.0, 4.0, 0.0, 1.0, False) == pytest.approx(6.0)


# Terminal slope.
def test_most_points_win_among_nearly_equal_fits() -> None:
    times = [0.04, 1.0, 2.0, 3.0, 4.0, 5.0]
    exact = [10.0, *(8 * math.exp(-0.4 * t) for t in times[1:])]
    nearly = exact.copy()
    nearly[1] *= 1.002
    answer = answered(times, nearly, duration=0.04)
    assert answer.value("lambda_z_points") == 5
    strict = answered(times, nearly, Rules(lambda_z=LambdaZRule(margin=1e-9)), duration=0.04)
    assert strict.value("lambda_z_points") == 4
    assert strict.points_used() == (2.0, 3.0, 4.0, 5.0)


def test_the_peak_and_samples_during_the_infusion_are_no_points() -> None:
    times, values = [0.1, 0.2, 0.3, 1.0, 2.0, 3.0], [9.0, 8.0, 7.0, 4.0, 2.0, 1.0]
    assert answered(times, values, duration=0.25).points_used()[0] >= 0.3
    with_peak = answered(times[3:], values[3:], Rules(lambda_z=LambdaZRule(include_peak=True)))
    assert with_peak.value("lambda_z_points") == 3
    assert kind(answered(times[3:], values[3:]), "lambda_z") == "kinetics_too_few_points"


def test_a_tail_that_does_not_fall_has_no_slope_and_no_area_to_infinity() -> None:
    answer = answered([0, 1, 2, 3, 4], [9.0, 1.0, 1.5, 2.0, 3.0])
    assert kind(answer, "lambda_z") == "kinetics_not_falling"
    assert kind(answer, "auc_inf_obs") == "kinetics_no_lambda_z"
    assert kind(answer, "half_life") == "kinetics_not_falling"


@pytest.mark.parametrize("value", [0.1, 0.3, 1.0, 2.0, 3.7, 7.0, 1e-6, 4e5])
def test_equal_values_are_no_slope(value: float) -> None:
    times = [0, 0.3, 1.1, 2.7, 4.9, 7.2]
    assert kind(answered(times, [9e5, *[value] * 5]), "lambda_z") == "kinetics_not_falling"


def test_a_perfect_rise_at_the_end_does_not_outdo_the_windows_that_fall() -> None:
    answer = answered([0, 1, 2, 3, 4, 5], [99.0, 16.0, 8.0, 1.0, 1.2, 1.44])
    assert answer.value("lambda_z_points") == 5


def test_the_span_counts_half_lives() -> None:
    answer = answered([0, 1, 2, 3, 4, 6], [None, 16.0, 8.0, 4.0, 2.0, 0.5])
    assert answer.value("span") == pytest.approx(4)
    assert answer.flagged() == ()


def test_only_an_infusion_holds_back_points_by_its_duration() -> None:
    times, values = [0, 1, 2, 3, 4], [None, 8.0, 4.0, 2.0, 1.0]
    assert answered(times, values, Rules(route="extravascular"), duration=3.5).value("lambda_z_points") == 3
    assert kind(answered(times, values, duration=3.5), "lambda_z") == "kinetics_too_few_points"


def test_points_begin_after_the_last_result_above_the_upper_limit() -> None:
    frame = pl.DataFrame({
        "id": "a", "time": [0.0, 1, 2, 3, 4, 5, 6], "value": [50.0, 40.0, None, 8.0, 4.0, 2.0, 1.0],
        "censoring": ["none", "none", "right", "none", "none", "none", "none"],
    })  # fmt: skip
    answer = analyse(from_long(frame, ["id"]), Rules())
    assert answer.points_used() == (3.0, 4.0, 5.0, 6.0)


def test_a_sample_at_the_very_end_of_the_infusion_is_a_point_unless_it_is_the_peak() -> None:
    answer = answered([0.1, 0.25, 1.0, 2.0], [9.0, 8.0, 4.0, 1.8], duration=0.25)
    assert answer.points_used() == (0.25, 1.0, 2.0)


def test_poor_slopes_are_flagged_and_not_hidden() -> None:
    answer = answered([0.04, 1, 1.5, 2], [9.0, 5.0, 2.0, 4.5], duration=0.04)
    assert answer.value("lambda_z") is not None
    assert set(answer.flagged()) >= {"low_r2", "short_span", "much_extrapolated"}


# What stands at time zero.
@pytest.mark.parametrize(
    ("start", "earlier", "expected", "flag"),
    [
        ("declared", False, 0.0, "start_zero"),
        ("declared", True, 2.0, "start_minimum"),
        ("minimum", False, 2.0, "start_minimum"),
        ("zero", True, 0.0, "start_zero"),
    ],
)
def test_what_stands_at_time_zero_is_declared(start: str, earlier: bool, expected: float, flag: str) -> None:
    made = profile([1, 2, 3], [8.0, 4.0, 2.0], duration=0.5)
    made = replace(made, earlier=np.array([earlier]))
    answer = analyse(made, Rules(start=start, trapezoid="linear"))  # type: ignore[arg-type]
    assert answer.value("auc_last") == pytest.approx((expected + 8) / 2 + 6 + 3)
    assert flag in answer.flagged()


def test_without_a_start_there_is_no_area() -> None:
    answer = answered([1, 2, 3], [8.0, 4.0, 2.0], Rules(start="none"))
    assert kind(answer, "auc_last") == "kinetics_start_unknown"
    assert answer.flagged() == ()
    assert answer.value("cmax") == 8


def test_a_bolus_is_traced_back_along_its_first_two_results() -> None:
    answer = answered([1, 2, 3, 4], [8.0, 4.0, 2.0, 1.0], Rules(route="bolus"))
    assert answer.value("auc_inf_obs") == pytest.approx(16 / math.log(2), rel=1e-12)
    rising = answered([1, 2, 3], [4.0, 8.0, 2.0], Rules(route="bolus", trapezoid="linear"))
    assert rising.value("auc_last") == pytest.approx(4 + 6 + 5)
    alone = answered([1], [4.0], Rules(route="bolus"))
    assert alone.value("auc_last") == pytest.approx(4)
    below = answered([1, 2, 3], [4.0, None, 2.0], Rules(route="bolus", trapezoid="linear"))
    assert below.value("auc_last") == pytest.approx(4 + 6)
    unknown = answered(
        [1, 2, 3], [None, 8.0, 2.0], Rules(route="bolus", below_limit=BelowLimitRule(before_first=Instead("missing")))
    )
    assert kind(unknown, "auc_last") == "kinetics_start_unknown"


# Where an interval ends.
def test_an_interval_that_ends_between_two_samples_is_interpolated() -> None:
    answer = answered([0, 1, 2, 4], [None, 8.0, 4.0, 1.0], Rules(), end=3.0)
    assert answer.value("auc_interval") == pytest.approx(4 + 4 / math.log(2) + 2 / math.log(2), rel=1e-12)
    assert answer.value("c_average") == pytest.approx((answer.value("auc_interval") or 0) / 3)
    assert answer.value("interval_extrapolated_percent") == 0
    assert answer.flagged() == ()
    at_last = answered([0, 1, 2, 4], [None, 8.0, 4.0, 1.0], Rules(), end=4.0)
    assert at_last.value("auc_interval") == at_last.value("auc_last")


def test_under_linear_log_the_end_is_interpolated_by_the_logarithm_after_the_peak_only() -> None:
    times, values = [0, 1, 2, 3, 4], [None, 8.0, 2.0, 4.0, 1.0]
    falling = answered(times, values, Rules(trapezoid="linear_log"), end=3.5)
    assert falling.value("auc_interval") == pytest.approx(
        4 + 6 / math.log(4) + 2 / math.log(2) + 0.5 * 2 / math.log(2), rel=1e-12
    )
    rising = answered([0, 1, 2, 3], [1.0, 4.0, 2.0, 1.0], Rules(trapezoid="linear_log"), end=0.5)
    assert rising.value("auc_interval") == pytest.approx(0.5 * (1 + 2.5) / 2, rel=1e-12)


def test_an_interval_that_ends_after_the_last_sample_is_extrapolated_and_says_how_much() -> None:
    answer = answered([0, 1, 2, 3, 4], [None, 8.0, 4.0, 2.0, 1.0], end=6.0)
    tail = 1 / math.log(2) * (1 - 0.25)
    assert answer.value("auc_interval") == pytest.approx(4 + 7 / math.log(2) + tail, rel=1e-12)
    assert answer.value("interval_extrapolated_percent") == pytest.approx(100 * tail / (4 + 7 / math.log(2) + tail))
    assert "end_extrapolated" in answer.flagged()


def test_without_a_slope_the_last_value_stands_for_a_twentieth_of_the_interval_and_no_longer() -> None:
    held = answered([0, 1, 2], [None, 8.0, 4.0], end=2.1)
    assert held.value("auc_interval") == pytest.approx(4 + 4 / math.log(2) + 0.4)
    assert held.flagged() == ("end_held",)
    assert held.value("interval_extrapolated_percent") == pytest.approx(40 / (4.4 + 4 / math.log(2)))
    assert kind(answered([0, 1, 2], [None, 8.0, 4.0], end=2.2), "auc_interval") == "kinetics_interval_beyond_samples"


def test_after_the_first_result_below_the_limit_the_curve_is_zero() -> None:
    answer = answered([0, 1, 2, 3, 9], [None, 8.0, 4.0, None, None], end=7.0)
    assert answer.value("auc_interval") == answer.value("auc_all") == pytest.approx(4 + 4 / math.log(2) + 2)
    assert answer.value("interval_extrapolated_percent") == 0
    assert answer.flagged() == ()


@pytest.mark.parametrize(("beyond", "tail"), [("stop", 0.0), ("observed", 1.0), ("extrapolate", 2 / math.log(2) * 15 / 16)])
def test_three_rules_for_what_follows_the_last_quantifiable_result(beyond: str, tail: float) -> None:
    times, values = [0, 1, 2, 3, 4, 5], [None, 16.0, 8.0, 4.0, 2.0, None]
    answer = answered(times, values, Rules(beyond=beyond), end=8.0)  # type: ignore[arg-type]
    assert answer.value("auc_interval") == pytest.approx(8 + 14 / math.log(2) + tail)


def test_an_interval_without_an_end_has_a_reason() -> None:
    assert kind(answered([0, 1, 2], [None, 8.0, 4.0]), "auc_interval") == "kinetics_no_interval_end"


def test_the_next_infusion_s_predose_stands_until_that_infusion() -> None:
    made = replace(profile([0, 1, 6.9], [None, 8.0, 1.0], end=7.0, duration=1.0), closing=np.array([True]))
    answer = analyse(made, Rules())
    assert answer.value("auc_interval") == pytest.approx(4 + 5.9 * 7 / math.log(8) + 0.1)
    assert answer.value("c_trough") == 1.0
    assert answer.flagged() == ("end_predose",)


def test_a_trough_alone_tells_neither_peak_nor_area() -> None:
    made = replace(profile([0, 6.9], [1.0, 0.5], end=7.0, duration=0.04), closing=np.array([True]))
    answer = analyse(made, Rules())
    for name in ("cmax", "tmax", "auc_last", "auc_interval", "lambda_z"):
        assert kind(answer, name) == "kinetics_only_trough"
    assert answer.value("c_trough") == 0.5


# Marks.
def test_fold_expansion_is_the_peak_over_the_end_of_the_infusion() -> None:
    answer = answered([0, 0.05, 1, 7, 14], [None, 2.0, 1.0, 50.0, 8.0], duration=0.04)
    assert answer.value("fold_expansion") == pytest.approx(25)
    late = answered([0, 0.5, 1, 7, 14], [None, 2.0, 1.0, 50.0, 8.0], duration=0.04)
    assert kind(late, "fold_expansion") == "kinetics_no_end_of_infusion_sample"
    below = answered([0, 0.05, 1, 7, 14], [None, None, 1.0, 50.0, 8.0], duration=0.04)
    assert kind(below, "fold_expansion") == "kinetics_end_of_infusion_below_limit"


def test_the_first_of_equal_peaks_counts() -> None:
    assert answered([0, 1, 2], [None, 8.0, 8.0]).value("tmax") == 1


def test_without_a_dose_there_is_no_loss_constant() -> None:
    times, values = [0, 1, 2, 3, 4], [None, 8.0, 4.0, 2.0, 1.0]
    assert kind(answered(times, values), "clearance") == "kinetics_no_dose"
    answer = answered(times, values, dose=4 + 8 / math.log(2))
    assert answer.value("clearance") == pytest.approx(1)
    assert answer.value("volume") == pytest.approx(1 / math.log(2))


def test_the_frame_has_a_reason_for_each_empty_cell() -> None:
    frame = answered([0, 1, 2], [None, 8.0, 4.0]).frame()
    assert frame["lambda_z"].item() is None
    assert frame["reason_lambda_z"].item() == "kinetics_too_few_points"
    assert frame["reason_cmax"].item() is None
