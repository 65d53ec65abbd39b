"""The tables of tumours and events: what is refused, by table, row and column, and what a data cut leaves of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from protocord.efficacy.columns import INPUTS
from protocord.efficacy.inputs import Inputs, read_inputs
from protocord.efficacy.records import Cut, make_records
from protocord.protocol import Protocol
from protocord.tables import TableProblems

SUBJECTS = [{"subject": "01", "enrolled": "2025-01-01", "first_infusion": "2025-01-08", "sex": "F"}]
EVENTS: list[dict[str, Any]] = [{"subject": "01", "event": "contact", "date": "2025-06-01", "reason": None}]
LESIONS: list[dict[str, Any]] = [
    {"subject": "01", "lesion": "T1", "organ": "liver", "class": "target", "nodal": "no", "method": "ct"},
    {"subject": "01", "lesion": "N1", "organ": "bone", "class": "non_target", "nodal": "no", "method": "ct"},
]
MEASUREMENTS: list[dict[str, Any]] = [
    {"subject": "01", "visit": "SCR", "lesion": "T1", "date": "2025-01-05", "state": "measured", "mm": 30},
    {"subject": "01", "visit": "SCR", "lesion": "N1", "date": "2025-01-05", "state": "present", "mm": None},
    {"subject": "01", "visit": "RA1", "lesion": "T1", "date": "2025-02-14", "state": "measured", "mm": 12.3},
    {"subject": "01", "visit": "RA1", "lesion": "N1", "date": "2025-02-15", "state": "present", "mm": None},
]
ASSESSMENTS: list[dict[str, Any]] = [
    {"subject": "01", "visit": "SCR", "date": "2025-01-05", "non_target_progression": None},
    {"subject": "01", "visit": "RA1", "date": "2025-02-14", "non_target_progression": "no"},
]
BASE = {"subjects": SUBJECTS, "events": EVENTS, "lesions": LESIONS, "measurements": MEASUREMENTS, "assessments": ASSESSMENTS}


def frames(**changes: list[dict[str, Any]]) -> dict[str, Path | pl.DataFrame]:
    """The tables, some of them replaced; all as text, as a file would give them."""
    rows = {**BASE, **changes}
    return {
        name: pl.DataFrame([{key: None if value is None else str(value) for key, value in row.items()} for row in table])
        for name, table in rows.items()
    }


def changed(table: str, row: int, **cells: Any) -> list[dict[str, Any]]:
    """A table with cells of one row (from 1) replaced; every row gets the columns."""
    empty = dict.fromkeys(cells)
    return [{**empty, **one, **(cells if at == row else {})} for at, one in enumerate(BASE[table], start=1)]


def refused(**changes: list[dict[str, Any]]) -> list[str]:
    with pytest.raises(TableProblems) as found:
        read_inputs(frames(**changes))
    return [str(problem) for problem in found.value.problems]


def records(protocol: Protocol, inputs: Inputs | None = None, **options: Any) -> Cut:
    return make_records(inputs or read_inputs(frames()), protocol.efficacy.response, **options)


def test_tables_that_fit_are_read_and_new_lesions_may_be_left_out() -> None:
    inputs = read_inputs(frames())

    assert inputs.frames["measurements"].height == 4
    assert inputs.frames["new_lesions"].height == 0


def test_a_folder_of_files_is_read_and_each_problem_names_its_file(tmp_path: Path) -> None:
    for name, frame in frames(events=changed("events", 1, date="soon")).items():
        assert isinstance(frame, pl.DataFrame)
        frame.write_csv(tmp_path / f"{name}.csv")

    with pytest.raises(TableProblems) as found:
        read_inputs(tmp_path)

    (problem,) = found.value.problems
    assert str(problem).startswith("events.csv: row 1, column date: 'soon' is not a date")


def test_a_missing_table_and_one_that_nobody_knows_are_both_named() -> None:
    given = frames()
    del given["lesions"]
    given["tumors"] = given["events"]

    with pytest.raises(TableProblems) as found:
        read_inputs(given)

    said = [str(problem) for problem in found.value.problems]
    assert any(one.startswith("lesions: There is no such table.") for one in said)
    assert any(one.startswith("tumors: is no table of tumour response.") for one in said)


@pytest.mark.parametrize(
    ("table", "row", "cells", "expected"),
    [
        ("measurements", 1, {"mm": None}, "measurements: row 1, column mm: is empty, but the lesion is measured."),
        ("measurements", 1, {"state": "absent"}, "measurements: row 1, column mm: has a size, but the lesion is absent."),
        ("measurements", 3, {"state": "present", "mm": None}, "measurements: row 3, column state: a target is measured, not only present."),
        ("measurements", 3, {"state": "merged", "mm": None}, "measurements: row 3, column into: is empty, but the lesion is merged."),
        ("measurements", 3, {"into": "N1"}, "measurements: row 3, column into: names a lesion, but the state is measured."),
        ("measurements", 3, {"state": "not_evaluable", "mm": None}, "measurements: row 3, column reason: is empty, but the lesion is not evaluable."),
        ("measurements", 3, {"state": "merged", "mm": None, "into": "N1"}, "measurements: row 3, column into: 'N1' has no row of its own at RA1, is of the other class"),
        ("measurements", 3, {"state": "merged", "mm": None, "into": "T1"}, "measurements: row 3, column into: 'T1' has no row of its own at RA1"),
        ("measurements", 3, {"lesion": "T9"}, "measurements: row 3, column lesion: 01 has no lesion 'T9'."),
        ("measurements", 3, {"visit": "XX"}, "measurements: row 3, column visit: 01 has no assessment 'XX'."),
        ("measurements", 3, {"subject": "02"}, "measurements: row 3, column subject: '02' is not in subjects."),
        ("measurements", 3, {"mm": -1}, "measurements: row 3, column mm: -1 is below 0."),
        ("events", 1, {"event": "treatment_stopped"}, "events: row 1, column reason: is empty, but treatment stopped."),
        ("events", 1, {"reason": "toxicity"}, "events: row 1, column reason: belongs to treatment_stopped alone."),
        ("events", 1, {"event": "died"}, "events: row 1, column event: 'died' is not one of the choices."),
        ("lesions", 1, {"class": "new"}, "lesions: row 1, column class: 'new' is not one of the choices."),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_named_by_row_and_column(table: str, row: int, cells: dict[str, Any], expected: str) -> None:
    assert any(one.startswith(expected) for one in refused(**{table: changed(table, row, **cells)}))


def test_several_rows_of_a_lesion_must_be_numbered_fragments() -> None:
    doubled = [{**row, "fragment": None} for row in MEASUREMENTS]
    doubled.append({**doubled[2], "mm": 5, "fragment": 2})

    (found,) = refused(measurements=doubled)

    assert found.startswith("measurements: row 3, column fragment: is empty, but the lesion has several rows")


def test_non_target_disease_can_progress_only_where_there_is_some() -> None:
    said = refused(
        lesions=LESIONS[:1],
        measurements=[row for row in MEASUREMENTS if row["lesion"] == "T1"],
        assessments=changed("assessments", 2, non_target_progression="yes"),
    )

    assert said[0].startswith("assessments: row 2, column non_target_progression: 01 has no non-target lesion")


def sighting(**more: Any) -> list[dict[str, Any]]:
    row = {"subject": "01", "visit": "RA1", "lesion": "X1", "organ": "lung", "date": "2025-02-14", "certainty": "unequivocal"}
    return [{**row, "method": "ct", "pet_baseline": None, **more}]


def test_fdg_pet_must_say_what_the_site_showed_at_baseline_and_nothing_else_may() -> None:
    assert "FDG-PET needs" in refused(new_lesions=sighting(method="fdg_pet"))[0]
    assert "belongs to FDG-PET alone" in refused(new_lesions=sighting(pet_baseline="negative"))[0]
    assert read_inputs(frames(new_lesions=sighting(method="fdg_pet", pet_baseline="negative"))).frames["new_lesions"].height == 1


def test_a_record_holds_the_baseline_the_later_sets_and_the_decimals_that_were_written(protocol: Protocol) -> None:
    (subject,) = records(protocol).subjects

    assert subject.first_infusion == date(2025, 1, 8)
    assert subject.context == {"sex": "F"}
    assert subject.tumour.baseline is not None
    assert subject.tumour.baseline.visit == "SCR"
    (later,) = subject.tumour.later
    assert later.days == (date(2025, 2, 14), date(2025, 2, 15))
    assert [str(found.mm) for found in (*subject.tumour.baseline.measurements, *later.measurements)] == [
        "30",
        "None",
        "12.3",
        "None",
    ]


def test_a_target_without_a_size_at_baseline_is_refused(protocol: Protocol) -> None:
    inputs = read_inputs(frames(measurements=changed("measurements", 1, state="not_evaluable", mm=None, reason="motion")))

    with pytest.raises(
        TableProblems, match="lesions: row 1, column lesion: 01, lesion T1 is a target without a size at the baseline"
    ):
        records(protocol, inputs)


def test_lesions_chosen_against_the_rules_are_refused_or_listed(protocol: Protocol) -> None:
    inputs = read_inputs(frames(measurements=changed("measurements", 1, mm=8)))

    with pytest.raises(
        TableProblems, match="lesions: row 1, column lesion: 01, lesion T1: 8 mm at baseline; measurable from 10 mm"
    ):
        records(protocol, inputs)
    assert len(records(protocol, inputs, allow_selection=True).selection) == 1


def test_a_set_with_a_scan_after_the_cut_does_not_count_as_a_whole(protocol: Protocol) -> None:
    on_the_day = records(protocol, cut=date(2025, 2, 15))
    before = records(protocol, cut=date(2025, 2, 14))

    assert len(on_the_day.subjects[0].tumour.later) == 1
    assert before.subjects[0].tumour.later == ()
    assert before.left_out == {"assessments": 1, "events": 1}
    assert before.alive_after == {"01"}


def test_an_event_counts_on_the_day_of_the_cut_and_not_after_it(protocol: Protocol) -> None:
    assert records(protocol, cut=date(2025, 6, 1)).left_out == {"assessments": 0, "events": 0}
    assert records(protocol, cut=date(2025, 6, 1)).alive_after == set()
    after = records(protocol, cut=date(2025, 5, 31))
    assert after.left_out == {"assessments": 0, "events": 1}
    assert after.subjects[0].happenings == ()


def test_a_child_first_treated_after_the_cut_is_not_treated_yet(protocol: Protocol) -> None:
    (subject,) = records(protocol, cut=date(2025, 1, 7)).subjects

    assert (subject.enrolled, subject.first_infusion) == (date(2025, 1, 1), None)


def death(day: str) -> Inputs:
    return read_inputs(frames(events=[*EVENTS, {"subject": "01", "event": "death", "date": day, "reason": None}]))


def test_a_partly_known_date_is_refused_by_row(protocol: Protocol) -> None:
    with pytest.raises(TableProblems, match="events: row 2, column date: only 2025-06 is known of the day of death"):
        records(protocol, death("2025-06"))


@pytest.mark.parametrize(
    ("day", "end", "expected"),
    [
        ("2025-07", "earliest", date(2025, 7, 1)),
        ("2025-07", "latest", date(2025, 7, 31)),
        ("2025", "latest", date(2025, 12, 31)),
        ("2025-06", "earliest", date(2025, 6, 1)),
        ("2025", "earliest", date(2025, 6, 1)),  # not before the last contact
    ],
)
def test_either_end_of_a_partly_known_date_can_be_asked_for(day: str, end: str, expected: date, protocol: Protocol) -> None:
    (subject,) = records(protocol, death(day), partial_dates=end).subjects

    found = subject.first("death")
    assert found is not None
    assert (found.on, found.bounded) == (expected, day)


def test_a_child_was_alive_on_the_day_of_her_last_scan(protocol: Protocol) -> None:
    told = read_inputs(frames(events=[{"subject": "01", "event": "death", "date": "2025-02", "reason": None}]))

    (subject,) = records(protocol, told, partial_dates="earliest", cut=date(2025, 3, 1)).subjects

    found = subject.first("death")
    assert found is not None
    assert found.on == date(2025, 2, 15)


def test_a_second_death_of_one_child_is_named(protocol: Protocol) -> None:
    deaths = [{"subject": "01", "event": "death", "date": day, "reason": None} for day in ("2025-07-01", "2025-08-01")]

    with pytest.raises(TableProblems, match=r"events: row 2, column event: subject 01 dies a second time \(see row 1\)"):
        records(protocol, read_inputs(frames(events=deaths)))


def test_nobody_is_scanned_after_death_or_treated_before_enrolment(protocol: Protocol) -> None:
    with pytest.raises(
        TableProblems, match=r"assessments: row 2, column date: 01 was scanned on 2025-02-15, after the death on 2025-02-01"
    ):
        records(protocol, death("2025-02-01"))
    treated = read_inputs(frames(subjects=[{**SUBJECTS[0], "enrolled": "2025-01-09"}]))
    with pytest.raises(TableProblems, match="subjects: row 1, column first_infusion: lies before the enrolment on 2025-01-09"):
        records(protocol, treated)


def test_every_table_says_what_it_holds() -> None:
    for table in INPUTS:
        assert table.about.endswith(".")
        assert all(column.about.endswith(".") or ":" in column.about for column in table.columns)
