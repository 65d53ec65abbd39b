"""Samples and infusions on one scale, cut into profiles by donor, infusion and course."""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl
import pytest

from protocord.kinetics.intake import Taken, take
from protocord.kinetics.nca.accumulation import accumulation, superposition
from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.course import course
from protocord.kinetics.nca.intervals import Window, cut, every_infusion
from protocord.kinetics.nca.rules import Rules
from protocord.protocol.document.kinetics import Analyte
from protocord.tables import TableProblems
from protocord.values import Reason
from protocord.words import say, slots, term

CELLS = Analyte.model_validate({
    "id": "cells", "name": {"en": "Cells", "zh": "细胞"}, "role": "kinetics", "matrix": "blood", "assay": "flow", "unit": "{cells}/uL",
    "lloq": "0.1", "by_donor": True, "source": "convention",
})  # fmt: skip
ANALYTES = {"cells": CELLS}
HOUR = 1 / 24


def dose_rows(*starts: float, donors: str = "", dose: float | list[float] = 3.0) -> pl.DataFrame:
    amounts = dose if isinstance(dose, list) else [dose] * len(starts)
    return pl.DataFrame({
        "subject": ["s"] * len(starts), "infusion": list(range(1, len(starts) + 1)), "start": list(starts), "duration": [1.0] * len(starts),
        "dose": amounts, "donor": list(donors or "A" * len(starts)),
    })  # fmt: skip


def sample_rows(found: list[tuple[float, str, float | None]], **more: object) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subject": ["s"] * len(found),
            "analyte": ["cells"] * len(found),
            "time": [time for time, _, _ in found],
            "donor": [donor for _, donor, _ in found],
            "value": [value for _, _, value in found],
            "censoring": ["none" if value is not None else "left" for _, _, value in found],
            **more,
        },
        schema_overrides={"value": pl.Float64, "time": pl.Float64},
    )


def taken(found: list[tuple[float, str, float | None]], doses: pl.DataFrame) -> Taken:
    return take(sample_rows(found), doses, ANALYTES)


def answered(given: Taken, windows: tuple[Window, ...], rules: Rules | None = None) -> Answer:
    profiles, _ = cut(given.usable(), given.doses, windows)
    return analyse(profiles, rules or Rules())


def decline(
    starts: list[float], times: list[float], donor: str = "A", rate: float = 0.5, height: float = 10.0
) -> list[tuple[float, str, float | None]]:
    """A single exponential after each infusion, superposed; at its full height at the end of the hour's infusion."""
    found: list[tuple[float, str, float | None]] = []
    for time in times:
        value = sum(height * math.exp(-rate * (time - start - HOUR)) for start in starts if time >= start + HOUR - 1e-9)
        found.append((time, donor, value if value >= 0.1 else None))
    return found


STARTS = [0.0, 7.0, 14.5, 20.0]
TIMES = sorted(
    {start + after for start in STARTS for after in (HOUR, 1.0, 3.0)} | {start - 0.02 for start in STARTS} | {27.0, 34.0}
)


def test_the_predose_ends_one_interval_and_starts_the_next_without_being_copied() -> None:
    given = taken(decline(STARTS, TIMES), dose_rows(*STARTS))
    profiles, unmade = cut(given.usable(), given.doses, every_infusion(4))
    assert not unmade
    assert len(profiles.time) == len(TIMES)
    for k in range(3):
        assert profiles.stop[k] - 1 == profiles.predose[k + 1]
        assert profiles.closing[k]
    assert profiles.end.tolist()[:3] == [7.0, 7.5, 5.5]
    assert math.isnan(profiles.end[3])
    assert profiles.earlier.tolist() == [False, True, True, True]
    assert profiles.keys["window"].to_list() == ["dose_1", "dose_2", "dose_3", "dose_4"]


def test_unequal_intervals_have_each_their_own_area() -> None:
    given = taken(decline(STARTS, TIMES), dose_rows(*STARTS))
    answer = answered(given, every_infusion(4))
    for k, tau in enumerate((7.0, 7.5, 5.5)):
        residue = sum(10 * math.exp(-0.5 * (STARTS[k] - start - HOUR)) for start in STARTS[:k])
        predose = residue * math.exp(0.01)
        after = (10 + residue * math.exp(-0.5 * HOUR)) / 0.5 * (1 - math.exp(-0.5 * (tau - 0.02 - HOUR)))
        trough = (10 + residue * math.exp(-0.5 * HOUR)) * math.exp(-0.5 * (tau - 0.02 - HOUR))
        during = HOUR * (predose + 10 + residue * math.exp(-0.5 * HOUR)) / 2
        assert answer.value("auc_interval", k) == pytest.approx(during + after + 0.02 * trough, rel=1e-9)
        assert answer.value("c_trough", k) == pytest.approx(trough, rel=1e-9)
    assert answer.flagged(1) == ("start_predose", "end_predose")
    # The very first sample of all is the first infusion's predose; it lies below the limit and stands at time zero.
    assert answer.profiles.predose[0] == 0
    assert answer.reason("c_start", 0) == Reason.of("kinetics_start_below_limit")
    assert answer.value("n_below_limit", 0) == 1
    assert answer.flagged(0) == ("start_predose", "end_predose")


def test_a_predose_taken_late_keeps_its_time_and_the_start_is_imputed() -> None:
    found = [
        (-0.01, "A", None),
        (HOUR, "A", 10.0),
        (1.0, "A", 6.0),
        (3.0, "A", 2.0),
        (7.01, "A", 0.8),
        (7 + HOUR, "A", 10.0),
        (8.0, "A", 6.0),
        (10.0, "A", 2.0),
    ]
    given = taken(found, dose_rows(0.0, 7.0))
    answer = answered(given, every_infusion(2))
    assert not answer.profiles.closing[0]
    assert answer.profiles.samples(1)[0][0] == pytest.approx(0.01)
    assert "start_minimum" in answer.flagged(1)
    assert answer.value("auc_last", 1) == pytest.approx(
        0.01 * 0.8 + (HOUR - 0.01) * 10.8 / 2 + 4 * (1 - HOUR) / math.log(10 / 6) + 8 / math.log(3)
    )


def test_cells_of_another_donor_neither_end_an_interval_nor_enter_it() -> None:
    found = [
        (HOUR, "A", 10.0),
        (1.0, "A", 6.0),
        (3.0, "A", 2.0),
        (6.9, "A", 0.5),
        (9.0, "A", None),
        (7 + HOUR, "B", 20.0),
        (8.0, "B", 9.0),
        (9.0, "B", 4.0),
        (11.0, "B", 1.0),
    ]
    given = taken(found, dose_rows(0.0, 7.0, donors="AB"))
    answer = answered(given, (*every_infusion(2), Window("fortnight", (1,), 14.0)))
    keys = list(answer.profiles.keys.select("donor", "window").iter_rows())
    assert keys == [("A", "dose_1"), ("A", "fortnight"), ("B", "dose_2")]
    assert answer.value("cmax", 0) == 10
    assert answer.value("cmax", 2) == 20
    assert not answer.profiles.earlier[2]
    # To day 7 the curve of donor A runs on towards its first result below the limit, on day 9.
    tail = 0.1 * (0.5 + 0.5 * (1 - 0.1 / 2.1)) / 2
    assert answer.value("auc_interval", 0) == pytest.approx((answer.value("auc_last", 0) or 0) + tail, rel=1e-9)


def test_an_infusion_that_was_not_given_is_named() -> None:
    given = taken(decline([0.0], [HOUR, 1.0, 3.0]), dose_rows(0.0))
    _, unmade = cut(given.usable(), given.doses, every_infusion(2))
    assert [(one.window, one.kind) for one in unmade] == [("dose_2", "kinetics_infusion_not_given")]


def test_an_interval_that_the_next_infusion_cuts_short_by_hours_is_closed_with_its_predose() -> None:
    given = taken(decline([0.0, 6.9], [HOUR, 1.0, 3.0, 6.88, 6.9 + HOUR]), dose_rows(0.0, 6.9))
    answer = answered(given, (Window("week", (1,), 7.0),))
    assert answer.value("cmax") == pytest.approx(10)
    assert answer.flagged() == ("start_zero", "end_predose")


# Courses.
def test_over_a_course_a_result_below_the_limit_is_not_skipped_to_the_next_peak() -> None:
    found = [
        (HOUR, "A", 10.0),
        (1.0, "A", 1.0),
        (3.0, "A", None),
        (6.9, "A", None),
        (7 + HOUR, "A", 10.0),
        (8.0, "A", 1.0),
        (10.0, "A", None),
    ]
    given = taken(found, dose_rows(0.0, 7.0))
    answer = answered(given, (Window("course", (1, 2), 14.0, "span"),))
    one = HOUR * 10 / 2 + 9 * (1 - HOUR) / math.log(10) + 1.0
    areas = course(given, Rules(), answer, 0)
    assert areas["auc_interval"] == pytest.approx(2 * one)
    assert areas["c_average"] == pytest.approx(2 * one / 14)
    assert answer.profiles.infusions[0] == 2
    assert (answer.value("auc_interval") or 0) > 4 * one  # what one curve through all would say


def test_a_course_with_an_infusion_that_nobody_sampled_has_no_area() -> None:
    found = [
        (HOUR, "A", 10.0),
        (1.0, "A", 1.0),
        (3.0, "A", 0.5),
        (6.9, "A", 0.2),
        (13.9, "A", 0.2),
        (14 + HOUR, "A", 9.0),
        (15, "A", 1.0),
        (17, "A", None),
    ]
    given = taken(found, dose_rows(0.0, 7.0, 14.0))
    answer = answered(given, (Window("course", (1, 2, 3), 28.0, "span"),))
    reason = course(given, Rules(), answer, 0)["auc_interval"]
    assert isinstance(reason, Reason)
    assert reason == Reason.of("kinetics_part_missing", infusion=2, why="kinetics_only_trough")
    assert say(reason, "en").startswith("The area after infusion 2 is missing (Nothing was sampled between")


def test_a_course_without_any_quantifiable_result_is_below_the_limit() -> None:
    given = taken([(HOUR, "A", None), (1.0, "A", None)], dose_rows(0.0))
    answer = answered(given, (Window("course", (1,), 28.0, "span"),))
    assert course(given, Rules(), answer, 0)["auc_interval"] == Reason.of("kinetics_all_below_limit")


def test_cells_from_before_a_course_count_from_its_first_infusion_on() -> None:
    times = [HOUR, 1.0, 3.0, 6.98, 10.0, 13.98, 14 + HOUR, 15.0, 17.0, 21.0]
    found = [*decline([0.0, 14.0], times, rate=0.2), (7 + HOUR, "B", 5.0), (8.0, "B", 2.0), (10.0, "B", 1.0), (12.0, "B", None)]
    given = taken(found, dose_rows(0.0, 7.0, 14.0, donors="ABA"))
    answer = answered(given, (Window("second", (2, 3), 14.0, "span"),))
    of_a = next(k for k, donor in enumerate(answer.profiles.keys["donor"]) if donor == "A")
    assert answer.profiles.zero[of_a] == 7.0
    before = 10 / 0.2 * (math.exp(-0.2 * (7 - HOUR)) - math.exp(-0.2 * (14 - HOUR)))
    peak = 10 + 10 * math.exp(-0.2 * 14)
    after = HOUR * (peak + 10 * math.exp(-0.2 * (13.98 - HOUR))) / 2 + peak / 0.2 * (1 - math.exp(-0.2 * (7 - HOUR)))
    area = course(given, Rules(), answer, of_a)["auc_interval"]
    assert area == pytest.approx(before + after, rel=1e-3)


# Against the first infusion.
def test_superposition_foretells_a_linear_system_exactly() -> None:
    times = sorted({*TIMES, *(start + 1e-9 for start in STARTS)})
    given = taken(decline(STARTS, times), dose_rows(*STARTS))
    answer = answered(given, every_infusion(4))
    found = list(superposition(given, Rules(), answer))
    assert found[0]["observed_to_superposition"] == Reason.of("kinetics_first_infusion")
    for k in (1, 2):
        assert found[k]["observed_to_superposition"] == pytest.approx(1, abs=2e-4)
    assert found[3]["observed_to_superposition"] == Reason.of("kinetics_no_interval_end")


def test_accumulation_is_normalised_by_the_cells_given() -> None:
    rows = decline([0.0], [HOUR, 1.0, 3.0, 6.98]) + [
        (time + 7, donor, None if value is None else 2 * value) for time, donor, value in decline([0.0], [HOUR, 1.0, 3.0, 6.98])
    ]
    given = taken([*rows, (14 + HOUR, "A", 1.0)], dose_rows(0.0, 7.0, 14.0, dose=[3.0, 6.0, 3.0]))
    answer = answered(given, every_infusion(3))
    found = list(accumulation(given, Rules(), answer))
    assert found[1]["accumulation_cmax"] == pytest.approx(1)
    assert found[1]["accumulation_trough"] == pytest.approx(1)
    assert found[1]["accumulation_auc"] == pytest.approx(1, rel=0.01)


def test_a_rejected_infusion_lies_below_its_superposition() -> None:
    rows = decline([0.0], [HOUR, 1.0, 3.0, 6.98]) + decline([7.0], [7 + HOUR, 8.0, 10.0, 13.98], height=2.0)
    given = taken([*rows, (14 + HOUR, "A", 1.0)], dose_rows(0.0, 7.0, 14.0))
    found = list(superposition(given, Rules(), answered(given, every_infusion(3))))
    ratio = found[1]["observed_to_superposition"]
    assert isinstance(ratio, float)
    assert ratio < 0.25


def test_another_donor_s_first_infusion_is_its_own_reference() -> None:
    rows = decline([0.0], [HOUR, 1.0, 3.0, 6.98]) + decline([7.0], [7 + HOUR, 8.0, 10.0, 13.98], donor="B")
    given = taken(rows, dose_rows(0.0, 7.0, donors="AB"))
    for one in accumulation(given, Rules(), answered(given, every_infusion(2))):
        assert one["accumulation_auc"] == Reason.of("kinetics_first_infusion")


# Taking in.
def problems(run: Callable[[], object]) -> str:
    with pytest.raises(TableProblems) as found:
        run()
    return "\n".join(str(one) for one in found.value.problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": [0.0]}, "row 1, column value: is 0."),
        ({"value": [0.05]}, "lies below the sample's LLOQ 0.1"),
        ({"value": [None]}, "has no result and no reason"),
        ({"value": [1.0], "censoring": ["left"]}, "Leave the value empty"),
        ({"value": [None], "censoring": ["right"]}, "without its ULOQ"),
        ({"donor": [""]}, "row 1, column donor: is empty; cells is kept by donor"),
        ({"donor": ["Z"]}, "was given no cells of the donor Z. Donors of the doses: A."),
        ({"subject": ["t"]}, "t has no infusion in the doses"),
        ({"analyte": ["cels"]}, "Did you mean 'cells'?"),
        ({"infusion": [3]}, "s has no infusion 3"),
        ({"time": [None]}, "says not when it was taken"),
        ({"time": [None], "taken": ["2025-01-01T10:00"]}, "is in clock times, the doses are not"),
    ],
)
def test_what_is_wrong_with_a_sample_is_named_by_row_and_column(change: dict[str, list[object]], said: str) -> None:
    row: dict[str, list[object]] = {
        "subject": ["s"],
        "analyte": ["cells"],
        "time": [1.0],
        "donor": ["A"],
        "value": [1.0],
        "censoring": ["none"],
    }
    assert said in problems(lambda: take(pl.DataFrame(row | change, strict=False), dose_rows(0.0), ANALYTES))


def test_two_results_at_one_time_are_refused_unless_one_is_excluded() -> None:
    rows = sample_rows([(1.0, "A", 2.0), (1.0, "A", 3.0)])
    assert "two results of cells at the same time" in problems(lambda: take(rows, dose_rows(0.0), ANALYTES))
    given = take(rows.with_columns(pl.Series("excluded", [None, "repeat"])), dose_rows(0.0), ANALYTES)
    assert given.samples["use"].to_list() == ["yes", "excluded"]
    assert given.usable().height == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"start": [0.0, None]}, "row 2, column started: says not when it started"),
        ({"duration": [1.0, None]}, "row 2, column duration: says not when it ended"),
        ({"start": [7.0, 0.0]}, "not in the order of their numbers"),
    ],
)
def test_what_is_wrong_with_an_infusion_is_named_by_row_and_column(change: dict[str, list[object]], said: str) -> None:
    doses = dose_rows(0.0, 7.0).with_columns(*(pl.Series(name, values, dtype=pl.Float64) for name, values in change.items()))
    assert said in problems(lambda: take(sample_rows([(1.0, "A", 2.0)]), doses, ANALYTES))


def test_clock_times_and_days_say_the_same() -> None:
    doses = pl.DataFrame(
        {"subject": ["s"], "infusion": [1], "started": ["2025-03-03T09:00"], "ended": ["2025-03-03T10:00"], "donor": ["A"]}
    )
    rows = sample_rows([(1.0, "A", 2.0)]).drop("time").with_columns(taken=pl.lit("2025-03-04T09:00"))
    given = take(rows, doses, ANALYTES)
    assert given.samples["time"].to_list() == [1.0]
    assert given.doses["duration"].to_list() == pytest.approx([HOUR])
    assert given.samples["lloq"].to_list() == [0.1]


def test_day_zero_is_the_first_infusion_that_was_given() -> None:
    given = take(sample_rows([(11.0, "A", 2.0)]), dose_rows(10.0, 17.0), ANALYTES)
    assert given.doses["start"].to_list() == [0.0, 7.0]
    assert given.samples["time"].to_list() == [1.0]


def test_percent_becomes_cells_sample_by_sample_with_its_limit() -> None:
    rows = sample_rows([(1.0, "A", 2.0), (2.0, "A", None)], unit=["%", "%"], lloq=[0.1, 0.1], population_count=[200.0, 50.0])
    given = take(rows, dose_rows(0.0), ANALYTES, cells=True)
    assert given.samples["value"].to_list() == [4.0, None]
    assert given.samples["lloq"].to_list() == pytest.approx([0.2, 0.05])
    assert given.samples["unit"].to_list() == ["{cells}/uL"] * 2
    bare = rows.drop("population_count")
    assert "population_count: is needed to turn %" in problems(lambda: take(bare, dose_rows(0.0), ANALYTES, cells=True))


@pytest.mark.parametrize("kind", ["no_samples", "above_upper_limit", "start_unknown", "interval_beyond_samples", "only_trough"])
def test_why_a_part_is_missing_can_be_said_inside_another_sentence(kind: str) -> None:
    assert not slots(term(f"kinetics_{kind}", "en"))
