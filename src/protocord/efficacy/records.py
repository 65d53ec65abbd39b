"""Each child's record as known on the day of the data cut: tumour, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.efficacy.inputs import Inputs, Row
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
from protocord.tables import TableProblems, problem
from protocord.values import PartialDate

PartialDates = Literal["refuse", "earliest", "latest"]


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
    points = _points(inputs)
    scanned = {name: max(day for point in known for day in point.days) for name, known in points.items() if known}
    happenings = _happenings(inputs, partial_dates, problems, scanned)
    lesions = _lesions(inputs)
    left_out = {"assessments": 0, "events": 0}
    subjects: list[Subject] = []
    alive: set[str] = set()
    selection: list[Problem] = []
    for row in inputs.rows("subjects"):
        name = row["subject"]
        known = [point for point in points.get(name, []) if cut is None or point.days[-1] <= cut]
        happened = [one for one in happenings.get(name, []) if cut is None or one.on <= cut]
        later = {"assessments": len(points.get(name, [])) - len(known), "events": len(happenings.get(name, [])) - len(happened)}
        left_out = {table: count + later[table] for table, count in left_out.items()}
        if any(later.values()):
            alive.add(name)
        subject = _subject(row, known, happened, lesions.get(name, []), cut)
        problems.extend(_baseline_wrong(subject.tumour, inputs))
        if subject.tumour.baseline is not None:
            selection.extend(selection_problems(subject.tumour, rules, file=inputs.files["lesions"]))
        problems.extend(_order_wrong(row, known, happened, inputs))
        subjects.append(subject)
    if problems or (selection and not allow_selection):
        raise TableProblems([*problems, *(() if allow_selection else selection)])
    return Cut(tuple(subjects), cut, left_out, frozenset(alive), tuple(selection))


def _subject(row: Row, known: list[TimePoint], happened: list[Happening], lesions: list[Lesion], cut: date | None) -> Subject:
    start, enrolled = (
        day if day is None or cut is None or day <= cut else None for day in (row["first_infusion"], row["enrolled"])
    )
    # A child who was never treated has no response; the last set stands for what was measurable.
    baseline, later = split_at(known, start) if start else ((in_order(known) or (None,))[-1], ())
    own = {"row", "subject", "enrolled", "first_infusion"}
    context = {key: str(value) for key, value in row.items() if key not in own and value is not None}
    return Subject(
        row["subject"], enrolled, start, Tumour(row["subject"], tuple(lesions), baseline, later), tuple(happened), context
    )


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


def _order_wrong(row: Row, points: Iterable[TimePoint], happened: Iterable[Happening], inputs: Inputs) -> Iterator[Problem]:
    death = min((one.on for one in happened if one.kind == "death" and one.bounded is None), default=None)
    for point in points:
        if death is not None and point.days[-1] > death:
            what = f"{row['subject']} was scanned on {point.days[-1]}, after the death on {death}."
            yield problem(inputs.files["assessments"], point.row, "date", what, "One of the two days is wrong.")
    if row["first_infusion"] is not None and row["enrolled"] is not None and row["first_infusion"] < row["enrolled"]:
        yield problem(
            inputs.files["subjects"],
            row["row"],
            "first_infusion",
            f"lies before the enrolment on {row['enrolled']}.",
            "One of the two days is wrong.",
        )


def _happenings(
    inputs: Inputs, partial_dates: PartialDates, problems: list[Problem], scanned: dict[str, date]
) -> dict[str, list[Happening]]:
    """What happened to each child; `scanned` are the days of the last scans, on which a child was alive."""
    found: dict[str, list[Happening]] = {}
    rows = inputs.rows("events")
    alive = dict(scanned)
    died: dict[str, int] = {}
    for row in rows:
        day = PartialDate.parse(row["date"])
        if row["event"] == "death" and died.setdefault(row["subject"], row["row"]) != row["row"]:
            what = f"subject {row['subject']} dies a second time (see row {died[row['subject']]})."
            problems.append(problem(inputs.files["events"], row["row"], "event", what, "Keep the row with the right day."))
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
    if value is None:
        return None
    written = Decimal(repr(value))
    return written.quantize(Decimal(1)) if written == written.to_integral_value() else written


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
