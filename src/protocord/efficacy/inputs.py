"""Read the tables of tumours and events, hold them against each other, cut them at a day, and make each child's record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import polars as pl

from protocord.efficacy.columns import INPUTS, STOPS
from protocord.efficacy.recist.lesions import (
    Lesion,
    Measurement,
    Sighting,
    TimePoint,
    Tumour,
    in_order,
    selection_problems,
    split_at,
)
from protocord.errors import Problem
from protocord.protocol.document.efficacy import TumourResponse
from protocord.tables import TableProblems, problem, read
from protocord.values import PartialDate

PartialDates = Literal["refuse", "earliest", "latest"]
Row = dict[str, Any]

ENDINGS = (".csv", ".tsv", ".parquet")
OPTIONAL = frozenset({"new_lesions"})


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a child. `bounded` says that the day is one end of a partly known date, not a known day."""

    kind: str
    on: date
    reason: str | None = None
    bounded: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """One child: when treatment began, the tumour, and what happened. `context` holds what the table carried along."""

    id: str
    enrolled: date | None
    first_infusion: date | None
    tumour: Tumour
    happenings: tuple[Happening, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)

    def first(self, kind: str) -> Happening | None:
        """The earliest happening of a kind."""
        return min((one for one in self.happenings if one.kind == kind), key=lambda one: one.on, default=None)

    def last(self, kind: str) -> Happening | None:
        """The latest happening of a kind."""
        return max((one for one in self.happenings if one.kind == kind), key=lambda one: one.on, default=None)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The tables as read, by name. `files` names each in problems."""

    frames: Mapping[str, pl.DataFrame]
    files: Mapping[str, str]

    def rows(self, table: str) -> list[Row]:
        """This will return a table's rows."""
        return self.frames[table].to_dicts()


def read_inputs(source: Path | Mapping[str, Path | pl.DataFrame]) -> Inputs:
    """This will read the tables of `columns.INPUTS` from a folder (subjects.csv, …) or from paths or frames by table name.

    Raises TableProblems with all problems of all tables: within each as `tables.read` finds them, and between them a child,
    lesion or set of scans that another table lacks, and cells that contradict one another. `new_lesions` may be left out.
    """
    given = _in_folder(source) if isinstance(source, Path) else dict(source)
    names = [table.name for table in INPUTS]
    problems = [
        problem(name, None, "", "is no table of tumour response.", f"The tables: {', '.join(names)}.")
        for name in given
        if name not in names
    ]
    frames: dict[str, pl.DataFrame] = {}
    files: dict[str, str] = {}
    for table in INPUTS:
        found = given.get(table.name)
        files[table.name] = found.name if isinstance(found, Path) else table.name
        if found is None and table.name in OPTIONAL:
            found = pl.DataFrame(schema=dict.fromkeys(table.names, pl.String))
        if found is None:
            problems.append(problem(table.name, None, "", "There is no such table.", f"Give {table.name}.csv. {table.about}"))
            continue
        try:
            frames[table.name] = read(table, found, file=files[table.name])
        except TableProblems as wrong:
            problems.extend(wrong.problems)
    if problems:
        raise TableProblems(problems)
    inputs = Inputs(frames, files)
    problems = [*_links_wrong(inputs), *_cells_wrong(inputs)]
    if problems:
        raise TableProblems(sorted(problems, key=lambda found: (found.place.file, _row_of(found))))
    return inputs


def _row_of(found: Problem) -> int:
    words = found.place.item.split(",")[0].split()
    return int(words[1]) if len(words) == 2 and words[1].isdigit() else 0


def _in_folder(folder: Path) -> dict[str, Path | pl.DataFrame]:
    found: dict[str, Path | pl.DataFrame] = {}
    for table in INPUTS:
        path = next(
            (folder / f"{table.name}{ending}" for ending in ENDINGS if (folder / f"{table.name}{ending}").is_file()), None
        )
        if path is not None:
            found[table.name] = path
    return found


def _links_wrong(inputs: Inputs) -> Iterator[Problem]:
    subjects = set(inputs.frames["subjects"]["subject"])
    lesions = set(inputs.frames["lesions"].select("subject", "lesion").iter_rows())
    sets = set(inputs.frames["assessments"].select("subject", "visit").iter_rows())
    for table in ("events", "lesions", "measurements", "assessments", "new_lesions"):
        for row in inputs.rows(table):
            if row["subject"] not in subjects:
                yield problem(
                    inputs.files[table], row["row"], "subject", f"{row['subject']!r} is not in subjects.", "Add the child there."
                )
            elif table in {"measurements", "new_lesions"} and (row["subject"], row["visit"]) not in sets:
                what = f"{row['subject']} has no assessment {row['visit']!r}."
                yield problem(inputs.files[table], row["row"], "visit", what, "Add its row to assessments.")
    for row in inputs.rows("measurements"):
        if row["subject"] in subjects and (row["subject"], row["lesion"]) not in lesions:
            what = f"{row['subject']} has no lesion {row['lesion']!r}."
            yield problem(
                inputs.files["measurements"], row["row"], "lesion", what, "Add it to lesions; a new lesion goes to new_lesions."
            )


def _cells_wrong(inputs: Inputs) -> Iterator[Problem]:
    lesions = {(row["subject"], row["lesion"]): row for row in inputs.rows("lesions")}
    file = inputs.files["measurements"]
    by_set: dict[tuple[str, str, str], list[Row]] = {}
    for row in inputs.rows("measurements"):
        lesion = lesions.get((row["subject"], row["lesion"]))
        by_set.setdefault((row["subject"], row["visit"], row["lesion"]), []).append(row)
        if lesion is not None:
            yield from _measurement_wrong(row, lesion, file)
    for rows in by_set.values():
        yield from _fragments_wrong(rows, file)
    yield from _merged_wrong(by_set, lesions, file)
    for row in inputs.rows("events"):
        yield from _event_wrong(row, inputs.files["events"])
    for row in inputs.rows("new_lesions"):
        pet = row["method"] == "fdg_pet"
        if pet != (row["pet_baseline"] is not None):
            what = "FDG-PET needs what that site showed at baseline." if pet else "belongs to FDG-PET alone."
            yield problem(
                inputs.files["new_lesions"],
                row["row"],
                "pet_baseline",
                what,
                "Write negative, positive or not_done." if pet else "Leave it empty.",
            )
    with_non_targets = {row["subject"] for row in inputs.rows("lesions") if row["class"] == "non_target"}
    for row in inputs.rows("assessments"):
        if row["non_target_progression"] and row["subject"] not in with_non_targets:
            what = f"{row['subject']} has no non-target lesion that could progress."
            yield problem(inputs.files["assessments"], row["row"], "non_target_progression", what, "Write no, or add the lesion.")


def _measurement_wrong(row: Row, lesion: Row, file: str) -> Iterator[Problem]:
    state, at = row["state"], row["row"]
    if state == "measured" and row["mm"] is None:
        yield problem(file, at, "mm", "is empty, but the lesion is measured.", "Enter its size, or another state.")
    if state in {"absent", "present", "merged", "not_evaluable"} and row["mm"] is not None:
        yield problem(file, at, "mm", f"has a size, but the lesion is {state}.", "Leave it empty, or write measured.")
    if state == "present" and lesion["class"] == "target":
        yield problem(
            file, at, "state", "a target is measured, not only present.", "Write measured, too_small, absent or not_evaluable."
        )
    if (state == "merged") != (row["into"] is not None):
        what = "is empty, but the lesion is merged." if state == "merged" else f"names a lesion, but the state is {state}."
        yield problem(file, at, "into", what, "Name the lesion whose row holds the mass, and write merged.")
    if state == "not_evaluable" and not row["reason"]:
        yield problem(file, at, "reason", "is empty, but the lesion is not evaluable.", "Say why.")


def _fragments_wrong(rows: list[Row], file: str) -> Iterator[Problem]:
    if len(rows) > 1:
        for row in rows:
            if row["fragment"] is None:
                yield problem(
                    file, row["row"], "fragment", "is empty, but the lesion has several rows at this visit.", "Number them."
                )


def _merged_wrong(
    by_set: Mapping[tuple[str, str, str], list[Row]], lesions: Mapping[tuple[str, str], Row], file: str
) -> Iterator[Problem]:
    for (subject, visit, lesion), rows in by_set.items():
        host, seen, at = rows[0], [lesion], rows[0]["row"]
        while host["state"] == "merged" and host["into"] is not None:
            into = host["into"]
            whole = by_set.get((subject, visit, into))
            if into in seen or whole is None or lesions[(subject, into)]["class"] != lesions[(subject, lesion)]["class"]:
                what = f"{into!r} has no row of its own at {visit}, is of the other class, or merges back."
                yield problem(file, at, "into", what, "Name a lesion that is measured at this visit.")
                break
            seen.append(into)
            host = whole[0]


def _event_wrong(row: Row, file: str) -> Iterator[Problem]:
    try:
        PartialDate.parse(row["date"])
    except ValueError as wrong:
        yield problem(file, row["row"], "date", f"{wrong}.")
    if (row["event"] == "treatment_stopped") != (row["reason"] is not None):
        what = (
            "is empty, but treatment stopped." if row["event"] == "treatment_stopped" else "belongs to treatment_stopped alone."
        )
        yield problem(file, row["row"], "reason", what, f"One of: {', '.join(STOPS)}.")


@dataclass(frozen=True, slots=True)
class Cut:
    """The records as known on the day of the data cut, and how many rows of each table lie after it."""

    subjects: tuple[Subject, ...]
    day: date | None
    left_out: Mapping[str, int]
    alive_after: frozenset[str]
    """Children of whom something is dated after the cut, who were therefore alive on it."""
    selection: tuple[Problem, ...] = ()


def make_records(
    inputs: Inputs,
    rules: TumourResponse,
    *,
    cut: date | None = None,
    partial_dates: PartialDates = "refuse",
    allow_selection: bool = False,
) -> Cut:
    """This will make each child's record from the tables, as known on the day `cut`.

    A set of scans counts when its last scan, and an event when its day, is not after the cut. A partly known date is refused
    unless `partial_dates` says which end of it to take; what rests on it then says so. Raises TableProblems: partly known dates,
    targets without a measurement at baseline, lesions chosen against the rules (listed only, where `allow_selection`), nothing
    measured after death.
    """
    problems: list[Problem] = []
    happenings = _happenings(inputs, partial_dates, problems)
    points = _points(inputs)
    lesions = _lesions(inputs)
    left_out = {"assessments": 0, "events": 0}
    subjects, alive, selection = [], set(), []
    for row in inputs.rows("subjects"):
        name = row["subject"]
        known = [point for point in points.get(name, []) if cut is None or point.days[-1] <= cut]
        happened = [one for one in happenings.get(name, []) if cut is None or one.on <= cut]
        left_out["assessments"] += len(points.get(name, [])) - len(known)
        left_out["events"] += len(happenings.get(name, [])) - len(happened)
        if len(known) < len(points.get(name, [])) or len(happened) < len(happenings.get(name, [])):
            alive.add(name)
        start = row["first_infusion"] if cut is None or (row["first_infusion"] or date.min) <= cut else None
        enrolled = row["enrolled"] if cut is None or (row["enrolled"] or date.min) <= cut else None
        baseline, later = split_at(known, start) if start else ((in_order(known) or (None,))[-1], ())
        tumour = Tumour(name, tuple(lesions.get(name, ())), baseline, later)
        problems.extend(_baseline_wrong(tumour, inputs))
        selection.extend(selection_problems(tumour, rules, file=inputs.files["lesions"]) if baseline is not None else ())
        problems.extend(_order_wrong(name, row, known, happened, inputs))
        context = {
            key: str(value)
            for key, value in row.items()
            if key not in {"row", "subject", "enrolled", "first_infusion"} and value is not None
        }
        subjects.append(Subject(name, enrolled, start, tumour, tuple(happened), context))
    if problems or (selection and not allow_selection):
        raise TableProblems([*problems, *(() if allow_selection else selection)])
    return Cut(tuple(subjects), cut, left_out, frozenset(alive), tuple(selection))


def _baseline_wrong(tumour: Tumour, inputs: Inputs) -> Iterator[Problem]:
    """A target without a whole measurement at baseline cannot be followed: the sum that all else is held against is unknown."""
    if tumour.baseline is None:
        return
    for lesion in tumour.targets:
        rows = [found for found in tumour.baseline.measurements if found.lesion == lesion.id]
        if not rows or any(found.state not in {"measured", "too_small"} or found.mm is None for found in rows):
            what = f"{tumour.subject}, lesion {lesion.id} is a target without a size at the baseline, {tumour.baseline.visit}."
            yield problem(
                inputs.files["lesions"], lesion.row, "lesion", what, "Enter it in measurements, or follow it as non-target."
            )


def _order_wrong(
    name: str, row: Row, points: Iterable[TimePoint], happened: Iterable[Happening], inputs: Inputs
) -> Iterator[Problem]:
    death = min((one.on for one in happened if one.kind == "death" and one.bounded is None), default=None)
    for point in points:
        if death is not None and point.days[-1] > death:
            what = f"{name} was scanned on {point.days[-1]}, after the death on {death}."
            yield problem(inputs.files["assessments"], point.row, "date", what, "One of the two days is wrong.")
    if row["first_infusion"] is not None and row["enrolled"] is not None and row["first_infusion"] < row["enrolled"]:
        yield problem(
            inputs.files["subjects"],
            row["row"],
            "first_infusion",
            f"lies before the enrolment on {row['enrolled']}.",
            "One of the two days is wrong.",
        )


def _happenings(inputs: Inputs, partial_dates: PartialDates, problems: list[Problem]) -> dict[str, list[Happening]]:
    found: dict[str, list[Happening]] = {}
    rows = inputs.rows("events")
    alive: dict[str, date] = {}
    for row in rows:
        day = PartialDate.parse(row["date"])
        if day.is_full and row["event"] != "death":
            alive[row["subject"]] = max(alive.get(row["subject"], day.earliest), day.earliest)
    for row in rows:
        day = PartialDate.parse(row["date"])
        if not day.is_full and partial_dates == "refuse":
            what = f"only {day} is known of the day of {row['event']}."
            remedy = "Enter the day; or see how far it matters with --partial-dates earliest and latest."
            problems.append(problem(inputs.files["events"], row["row"], "date", what, remedy))
            continue
        on = day.latest if partial_dates == "latest" else day.earliest
        if row["event"] == "death" and not day.is_full:  # nobody dies before the last day seen alive
            on = max(on, min(alive.get(row["subject"], on), day.latest))
        found.setdefault(row["subject"], []).append(Happening(row["event"], on, row["reason"], None if day.is_full else str(day)))
    return found


def _decimal(value: float | None) -> Decimal | None:
    """The decimal that the person wrote: 12.3 is 12.3, not the binary number next to it."""
    return None if value is None else Decimal(repr(value)).normalize() + 0


def _lesions(inputs: Inputs) -> dict[str, list[Lesion]]:
    found: dict[str, list[Lesion]] = {}
    for row in inputs.rows("lesions"):
        lesion = Lesion(
            id=row["lesion"],
            organ=row["organ"],
            target=row["class"] == "target",
            nodal=row["nodal"],
            method=row["method"],
            slice_mm=_decimal(row["slice_mm"]),
            nature=row["nature"] or "solid",
            irradiated=bool(row["irradiated"]),
            progressed_since=bool(row["progressed_since"]),
            row=row["row"],
        )
        found.setdefault(row["subject"], []).append(lesion)
    return found


def _points(inputs: Inputs) -> dict[str, list[TimePoint]]:
    measured: dict[tuple[str, str], list[Measurement]] = {}
    for row in inputs.rows("measurements"):
        one = Measurement(row["lesion"], row["date"], row["state"], _decimal(row["mm"]), row["into"], row["reason"], row["row"])
        measured.setdefault((row["subject"], row["visit"]), []).append(one)
    seen: dict[tuple[str, str], list[Sighting]] = {}
    for row in inputs.rows("new_lesions"):
        sighting = Sighting(
            row["lesion"],
            row["date"],
            row["certainty"],
            row["method"],
            row["pet_baseline"],
            row["on_ct"],
            _decimal(row["mm"]),
            row["grown"],
            row["row"],
        )
        seen.setdefault((row["subject"], row["visit"]), []).append(sighting)
    found: dict[str, list[TimePoint]] = {}
    for row in inputs.rows("assessments"):
        key = (row["subject"], row["visit"])
        point = TimePoint(
            visit=row["visit"],
            on=row["date"],
            measurements=tuple(measured.get(key, ())),
            sightings=tuple(seen.get(key, ())),
            evaluable=row["evaluable"] is not False,
            non_target_progression=row["non_target_progression"],
            non_target_growth=bool(row["non_target_growth"]),
            markers=row["markers"],
            row=row["row"],
        )
        found.setdefault(row["subject"], []).append(point)
    return found
