"""Results below the limit: what they become, and what they never become."""

from __future__ import annotations

import math

import polars as pl
import pytest

from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.rules import HALF_LLOQ, MISSING, BelowLimitRule, Instead, LambdaZRule, Rules
from protocord.kinetics.profiles import from_long

# One infusion of 0.04 d; c = 10 exp(-t/2) after it; day 10 and later below the limit of 0.1.
TIMES = [0.0, 0.04, 0.5, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0]
VALUES = [None, *(10 * math.exp(-time / 2) for time in TIMES[1:7]), None, None]


def answered(
    rules: Rules,
    times: list[float] | None = None,
    values: list[float | None] | None = None,
    end: float = math.nan,
    **more: object,
) -> Answer:
    times, values = times or TIMES, values or VALUES
    frame = pl.DataFrame({"id": "a", "time": times, "value": values, "lloq": [0.1] * len(times), **more})
    return analyse(from_long(frame, ["id"], duration=0.04, dose=5.0, end=end), rules)


def test_the_area_to_the_last_quantifiable_result_is_that_of_the_curve() -> None:
    answer = answered(Rules())
    during = 0.04 * 10 * math.exp(-0.02) / 2
    after = 20 * (math.exp(-0.02) - math.exp(-3.5))
    assert answer.value("auc_last") == pytest.approx(during + after, rel=1e-12)
    assert answer.value("auc_all") == pytest.approx(during + after + 3 * 10 * math.exp(-3.5) / 2, rel=1e-12)
    assert answer.value("auc_inf_obs") == pytest.approx(during + 20 * math.exp(-0.02), rel=1e-12)
    assert answer.value("lambda_z") == pytest.approx(0.5, rel=1e-12)


# Five faults of another program, each the opposite of what stands here (kinetics.md 2.1).
def test_equal_neighbours_after_the_peak_are_no_gap_under_linear_log() -> None:
    answer = answered(Rules(trapezoid="linear_log"), [0, 1, 2, 3, 4], [None, 8.0, 4.0, 4.0, 1.0])
    expected = 4 + 4 / math.log(2) + 4 + 3 / math.log(4)
    assert answer.value("auc_last") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("after", [HALF_LLOQ, Instead("number", 0.05), MISSING])
def test_a_substitute_after_the_last_quantifiable_result_is_not_counted_twice(after: Instead) -> None:
    plain = answered(Rules())
    answer = answered(Rules(below_limit=BelowLimitRule(after_last=after)))
    for name in ("auc_last", "auc_inf_obs", "lambda_z", "tlast", "clast"):
        assert answer.value(name) == plain.value(name)
    if after.kind != "missing":
        tail = 3 * (10 * math.exp(-3.5) - 0.05) / math.log(10 * math.exp(-3.5) / 0.05) + 4 * 0.05
        assert answer.value("auc_all") == pytest.approx((plain.value("auc_last") or 0) + tail, rel=1e-12)
        assert "below_limit_substituted" in answer.flagged()


def test_an_interval_without_any_quantifiable_result_does_not_stop_under_substitution() -> None:
    rule = BelowLimitRule(HALF_LLOQ, HALF_LLOQ, HALF_LLOQ)
    answer = answered(Rules(below_limit=rule), values=[None] * len(TIMES))
    reason = answer.reason("auc_last")
    assert reason is not None
    assert reason.kind == "kinetics_all_below_limit"
    assert answer.value("n_below_limit") == len(TIMES)


def test_leaving_out_all_results_below_the_limit_leaves_the_areas_with_a_start() -> None:
    answer = answered(Rules(below_limit=BelowLimitRule(MISSING, MISSING, MISSING)))
    assert answer.value("auc_last") == answered(Rules()).value("auc_last")
    assert answer.flagged() == ("start_zero",)


def test_an_interval_without_any_quantifiable_result_has_no_last_one_and_no_area_to_infinity() -> None:
    answer = answered(Rules(), values=[None] * len(TIMES))
    for name in ("cmax", "tmax", "clast", "tlast", "auc_last", "auc_inf_obs", "lambda_z", "clearance"):
        assert answer.value(name) is None
        reason = answer.reason(name)
        assert reason is not None
        assert reason.kind == "kinetics_all_below_limit"


# Where a result below the limit stands.
BETWEEN = [None, 8.0, None, 4.0, 2.0, None]


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (MISSING, 4 + 2 * 4 / math.log(2) + 2 / math.log(2)),
        (Instead("zero"), 4 + 4 + 2 + 2 / math.log(2)),
        (HALF_LLOQ, 4 + 7.95 / math.log(160) + 4.05 / 2 + 2 / math.log(2)),
        (Instead("number", 6.0), 4 + 2 / math.log(8 / 6) + 2 / math.log(6 / 4) + 2 / math.log(2)),
    ],
)
def test_between_quantifiable_results_the_rule_decides(between: Instead, expected: float) -> None:
    rules = Rules(below_limit=BelowLimitRule(between=between))
    answer = answered(rules, [0, 1, 2, 3, 4, 5], BETWEEN)
    assert answer.value("auc_last") == pytest.approx(expected, rel=1e-12)


def test_a_first_sample_that_is_quantifiable_starts_what_lies_between() -> None:
    values = [8.0, None, 4.0, None, 2.0]
    assert answered(Rules(), [0, 1, 2, 3, 4], values).value("auc_last") == pytest.approx(
        2 * 6 / math.log(4) * math.log(4) / math.log(2)
    )
    zero = Rules(below_limit=BelowLimitRule(between=Instead("zero")))
    assert answered(zero, [0, 1, 2, 3, 4], values).value("auc_last") == pytest.approx(4 + 2 + 2 + 1)


def test_before_the_first_quantifiable_result_it_is_zero_or_left_out() -> None:
    times, values = [0, 1, 2, 3], [None, None, 8.0, 4.0]
    zero = answered(Rules(), times, values)
    left_out = answered(Rules(below_limit=BelowLimitRule(before_first=MISSING)), times, values)
    assert zero.value("auc_last") == pytest.approx(4 + 4 / math.log(2))
    assert left_out.value("auc_last") == pytest.approx(8 + 4 / math.log(2))


def test_by_the_time_of_the_peak_there_are_two_rules() -> None:
    rule = BelowLimitRule(before_first=Instead("zero"), after_last=Instead("number", 2.0), by="peak")
    answer = answered(Rules(below_limit=rule, trapezoid="linear"), [0, 1, 2, 3, 4, 5], [None, 1.0, None, 8.0, None, 4.0])
    assert answer.value("auc_last") == pytest.approx(0.5 + 0.5 + 4 + 5 + 3)


def test_a_result_detected_below_the_limit_is_below_it() -> None:
    censoring = ["left", *["none"] * 6, "detected_below", "left"]
    answer = answered(Rules(), values=VALUES, censoring=censoring)
    assert answer.values.tobytes() == answered(Rules()).values.tobytes()


def test_above_the_upper_limit_nothing_is_guessed() -> None:
    values: list[float | None] = [None, None, *VALUES[2:]]
    censoring = ["left", "right", *["none"] * 5, "left", "left"]
    answer = answered(Rules(), values=values, censoring=censoring)
    for name in ("cmax", "tmax", "auc_last", "auc_all", "auc_inf_obs"):
        reason = answer.reason(name)
        assert reason is not None
        assert reason.kind == "kinetics_above_upper_limit"
    assert answer.value("tlast") == 7
    assert answer.value("lambda_z") == pytest.approx(0.5, rel=1e-12)
    assert answer.points_used()[0] == 1.0  # the highest result quantified, at 0.5, is the peak


def test_a_quantified_zero_is_refused() -> None:
    frame = pl.DataFrame({"id": "a", "time": [0.0, 1.0], "value": [0.0, 1.0], "censoring": ["none", "none"]})
    with pytest.raises(ValueError, match="never 0"):
        from_long(frame, ["id"])


def test_a_sample_without_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time"):
        from_long(pl.DataFrame({"id": "a", "time": [None, 1.0], "value": [1.0, 1.0]}), ["id"])


def test_two_points_are_no_terminal_slope() -> None:
    with pytest.raises(ValueError, match="two always fit"):
        LambdaZRule(min_points=2)


@pytest.mark.parametrize("name", ["trapezoid", "route", "start", "beyond"])
def test_a_rule_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there are"):
        Rules(**{name: "sideways"})
