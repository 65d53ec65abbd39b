"""A whole study: tables in, listings and results out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from protocord.efficacy.inputs import read_inputs
from protocord.efficacy.listings import assessment_frame, best_frame, excluded_frame, times_frame
from protocord.efficacy.respond import Responses, respond
from protocord.protocol import STUDIES, Protocol, load
from protocord.statistics import conventions

DATA = Path(__file__).parents[3] / "docs" / "tutorials" / "data" / "response"
CUT = date(2026, 6, 30)


@pytest.fixture(scope="module")
def found() -> Responses:
    return respond(load(STUDIES / "nct06848582"), read_inputs(DATA), cut=CUT)


def row(frame: pl.DataFrame, **where: Any) -> dict[str, Any]:
    (only,) = frame.filter(*(pl.col(name) == value for name, value in where.items())).to_dicts()
    return only


def test_an_assessment_is_listed_with_its_measurements_and_its_rule(found: Responses) -> None:
    listed = assessment_frame(found)

    merged = row(listed, subject="C10", visit="RA1")
    assert merged["lesions"] == "T1=38 T2=merged"
    assert (merged["sum_mm"], merged["baseline_mm"], merged["overall"]) == (38.0, 54.0, "SD")
    assert merged["why"] == (
        "Sum of diameters 38 mm: -29.6 % from the baseline of 54 mm, -16 mm from the nadir of 54 mm. "
        "Overall SD: target lesions stable, nothing progressed."
    )
    unread = row(listed, subject="C07", visit="RA1")
    assert (unread["sum_mm"], unread["assessed_mm"], unread["not_assessed"], unread["lesions"]) == (
        None,
        0.0,
        "T1",
        "T1=not_evaluable",
    )
    small = row(listed, subject="C01", visit="FU6")
    assert small["lesions"] == "T1=11 T2=5(too_small) T3=10"
    fragments = row(listed, subject="C07", visit="FU3")
    assert fragments["lesions"] == "T1=15.5"
    dated_back = row(listed, subject="C12", visit="EOT")
    assert (dated_back["overall"], dated_back["new_lesions"], dated_back["progression_date"]) == ("PD", "X1", date(2025, 12, 15))
    no_target = row(listed, subject="C09", visit="RA1")
    assert (no_target["target"], no_target["sum_mm"], no_target["lesions"]) == (None, None, None)


def test_irecist_stands_beside_recist_only_where_the_document_names_it(found: Responses) -> None:
    listed = assessment_frame(found)

    assert listed.filter(subject="C05")["irecist"].to_list() == ["iUPD", "iPR", "iPR", "iPR"]
    assert listed.filter(subject="C12")["irecist"].to_list() == ["iSD", "iUPD", "iUPD", "iCPD"]
    efficacy = found.protocol.efficacy
    without = efficacy.model_copy(update={"response": efficacy.response.model_copy(update={"secondary": ()})})
    from dataclasses import replace

    plain = respond(replace(found.protocol, efficacy=without), read_inputs(DATA), cut=CUT)
    assert assessment_frame(plain)["irecist"].null_count() == 36
    assert best_frame(plain)["irecist_best"].null_count() == 11


def test_a_child_is_listed_with_both_best_responses_and_their_dates(found: Responses) -> None:
    best = best_frame(found)

    assert best.height == 11
    complete = row(best, subject="C02")
    assert (complete["best_confirmed"], complete["days_to_response"], complete["response_date"]) == ("CR", 39, date(2025, 4, 3))
    assert complete["why"] == "CR 91 days after day 1, confirmed 182 days after day 1."
    pseudo = row(best, subject="C05")
    assert (pseudo["best_confirmed"], pseudo["irecist_best"], pseudo["irecist_progression_date"]) == ("PD", "iPR", None)
    assert pseudo["best_change"] == 25.0
    never = row(best, subject="C08")
    assert (never["best_confirmed"], never["why"], never["best_change"]) == ("NE", "No assessment after baseline.", None)
    assert row(best, subject="C09")["measurable"] == "no"
    chinese = row(best_frame(found, "zh"), subject="C02")
    assert chinese["why"] == "第1天后91天为CR，第1天后182天得到确认。"


def test_who_has_no_time_is_listed_with_the_reason(found: Responses) -> None:
    listed = excluded_frame(found)

    assert set(listed["endpoint"]) == {"dor"}
    assert "C03" in set(listed["subject"])
    assert "C01" not in set(listed["subject"])
    times = times_frame(found)
    assert set(times.filter(endpoint="dor", variant="main")["subject"]) == {"C01", "C02", "C07"}


def test_the_results_say_study_protocol_cut_and_inputs(found: Responses) -> None:
    assert found.results.about["study"] == "nct06848582"
    assert found.results.about["data_cut"] == CUT
    assert found.results.about["protocol_hash"] == found.protocol.hash
    assert len(found.results.inputs) == 64
    assert found.results.value("pfs", "n_event", variant="main") == 5
    assert found.results.value("pfs", "n_cause", variant="main", cause="missed_assessments") == 1
    assert found.results.value("best_response", "n", response="PR", confirmed="yes") == 2


def test_every_convention_that_a_result_names_exists(found: Responses) -> None:
    assert {name for item in found.results for name in item.conventions} <= set(conventions())


def test_notes_say_what_was_left_out_and_what_stands_beside_the_rules(found: Responses, protocol: Protocol) -> None:
    from dataclasses import replace

    assert [note.kind for note in found.notes] == ["respond_after_cut"]
    strict = protocol.efficacy.model_copy(
        update={
            "response": protocol.efficacy.response.model_copy(update={"stable_min_days": 42}),
            "assessments": protocol.efficacy.assessments.model_copy(update={"baseline_days": 8}),
        }
    )
    noted = respond(replace(protocol, efficacy=strict), read_inputs(DATA))
    assert [note.kind for note in noted.notes] == ["respond_no_cut", "respond_stable_too_late", *["respond_baseline_old"] * 11]


def test_the_earlier_the_cut_the_less_is_known(protocol: Protocol) -> None:
    early = respond(protocol, read_inputs(DATA), cut=date(2025, 5, 31))

    assert {course.id: len(course.assessed) for course in early.courses if course.assessed} == {
        "C01": 2,
        "C02": 2,
        "C03": 1,
        "C04": 1,
        "C05": 1,
    }
    times = {time.subject: time for time in early.times if (time.endpoint, time.variant) == ("os", "main")}
    assert times["C04"].cause == "data_cut", "the death came later"
    assert "C08" not in times


def test_a_bounded_death_gives_each_end_of_its_time(protocol: Protocol, tmp_path: Path) -> None:
    for file in DATA.glob("*.csv"):
        (tmp_path / file.name).write_text(file.read_text("utf-8").replace("C04,death,2025-08-02", "C04,death,2025-08"), "utf-8")
    inputs = read_inputs(tmp_path)

    days = {}
    for end in ("earliest", "latest"):
        listed = times_frame(respond(protocol, inputs, partial_dates=end))  # type: ignore[arg-type]
        one = row(listed, subject="C04", endpoint="os")
        days[end] = one["days"]
        assert one["partial_date"] == "2025-08"
    assert days == {"earliest": 131, "latest": 161}
