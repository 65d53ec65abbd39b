"""When a study infuses and samples, and how much: its dosing.yaml, schedule.yaml and kinetics.yaml on one time scale.

Day 0.0 of the scale is the planned start of the first infusion; study day 1 is therefore 0, day 8 is 7 (there is no study day 0).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from protocord.errors import DocumentProblems, Place, Problem
from protocord.kinetics.models.assumed import Setting
from protocord.protocol import Protocol
from protocord.protocol.document import Visit


@dataclass(frozen=True, slots=True)
class Regimen:
    """Infusions: `starts` (days, ascending), `durations` (days), the planned dose each, and a cap.

    `dose` is cells/kg where `per_kg`, else cells. `cap` is the most cells of one infusion, whatever the weight.
    """

    starts: tuple[float, ...]
    durations: tuple[float, ...]
    dose: float
    per_kg: bool = True
    cap: float | None = None

    @property
    def overlap(self) -> bool:
        """Whether an infusion starts before the one before it has ended."""
        ends = [start + length for start, length in zip(self.starts, self.durations, strict=True)]
        return any(start < end for start, end in zip(self.starts[1:], ends[:-1], strict=True))


@dataclass(frozen=True, slots=True)
class PlannedDraw:
    """One planned sample: its id and panels, days since the first infusion, and the study day on which it is taken."""

    id: str
    time: float
    study_day: int
    panels: tuple[str, ...]
    infusion: int | None = None
    timing: Literal["before_infusion", "after_start", "after_end", "any"] = "any"


def elapsed(study_day: int) -> int:
    """This will return the days from study day 1 to a study day: 0 for day 1, -1 for day -1 (there is no day 0)."""
    return study_day - 1 if study_day > 0 else study_day


def visit_days(protocol: Protocol) -> dict[str, int]:
    """This will return the planned day of each visit in days from study day 1, anchors followed."""
    visits = {visit.id: visit for visit in protocol.schedule.visits}

    def day(visit: Visit) -> int:
        if visit.day is not None:
            return elapsed(visit.day)
        return day(visits[visit.anchor]) + (visit.offset or 0)

    return {name: day(visit) for name, visit in visits.items()}


def planned_regimen(protocol: Protocol, assumed: Setting, *, cap: float | None = None) -> Regimen:
    """This will return the study's planned infusions; `cap` is the most cells an infusion, where the site has such a limit.

    The duration is the assumed one, kept between the shortest and longest that dosing.yaml allows. Raises DocumentProblems for a dose
    by body surface or in a unit other than 10*n cells.
    """
    days = visit_days(protocol)
    starts = sorted(float(days[visit.id]) for visit in protocol.schedule.visits if visit.infusion is not None)
    dosing = protocol.dosing
    match = re.fullmatch(r"10[*^](\d+)(/kg)?", dosing.dose.unit)
    if match is None or (match[2] is not None) != (dosing.dose.basis == "actual_body_weight") or not starts:
        what = f"doses of {dosing.dose.unit} by {dosing.dose.basis} cannot be simulated."
        remedy = "Give `unit: 10*7/kg` with `basis: actual_body_weight`, or `10*9` with `fixed`, and at least one infusion visit."
        raise DocumentProblems([Problem(Place("dosing.yaml"), what, remedy)])
    hours = assumed.typical("infusion_duration")
    shortest, longest = dosing.administration.shortest.days, dosing.administration.longest.days
    duration = min(max(hours / 24, float(shortest or 0)), float(longest or Decimal("Infinity")))
    dose = float(dosing.dose.target) * 10.0 ** int(match[1])
    return Regimen(tuple(starts), (duration,) * len(starts), dose, match[2] is not None, cap)


def planned_draws(protocol: Protocol, regimen: Regimen | None = None) -> tuple[PlannedDraw, ...]:
    """This will return the planned samples of kinetics.yaml in order of time.

    A sample before the infusion stands at its start; one after its end needs the duration, which comes from `regimen` (a day's
    fraction; without it, samples after the end count from the start).
    """
    days = visit_days(protocol)
    infusions = {visit.id: visit.infusion for visit in protocol.schedule.visits}
    found = []
    for sample in protocol.kinetics.samples:
        day = days[sample.visit] if sample.visit is not None else elapsed(sample.day or 1)
        infusion = infusions.get(sample.visit) if sample.visit is not None else None
        time = float(day)
        if sample.timing in {"after_start", "after_end"} and sample.after is not None:
            time += float(sample.after.days or 0)
        if sample.timing == "after_end" and regimen is not None and infusion is not None:
            time += regimen.durations[infusion - 1]
        study_day = int(time // 1) + 1 if time >= 0 else int(time // 1)
        found.append(PlannedDraw(sample.id, time, study_day, sample.panels, infusion, sample.timing))
    return tuple(sorted(found, key=lambda draw: (draw.time, draw.timing != "before_infusion", draw.id)))


def sampling_times(protocol: Protocol, analyte: str, regimen: Regimen | None = None) -> tuple[PlannedDraw, ...]:
    """This will return the planned samples in which an analyte is measured, from the first infusion on.

    Raises DocumentProblems for an analyte that kinetics.yaml does not have.
    """
    if analyte not in {item.id for item in protocol.kinetics.analytes}:
        names = ", ".join(item.id for item in protocol.kinetics.analytes if item.role == "kinetics")
        raise DocumentProblems([Problem(Place("kinetics.yaml"), f"there is no analyte {analyte!r}.", f"Kinetics: {names}.")])
    panels = {panel.id for panel in protocol.kinetics.panels if analyte in panel.analytes}
    return tuple(draw for draw in planned_draws(protocol, regimen) if panels & set(draw.panels) and draw.time >= 0)
