"""The plan of blood draws against the guard, for the smallest child that the study may include."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from protocord.errors import Problem
from protocord.protocol.check.registry import check, place
from protocord.protocol.document.kinetics import BloodGuard
from protocord.protocol.faults.schedule import nominal_days
from protocord.protocol.model import Protocol


def total_blood_ml(guard: BloodGuard, age_months: int, weight_kg: Decimal) -> Decimal:
    """This will return the total blood volume, in millilitres, by the guard's table."""
    for row in guard.blood_volume:
        if row.below_years is None or age_months < 12 * row.below_years:
            return row.ml_per_kg * weight_kg
    return guard.blood_volume[-1].ml_per_kg * weight_kg


def planned_blood_ml(protocol: Protocol, without: frozenset[str] = frozenset()) -> Mapping[int, Decimal]:
    """This will return the millilitres of blood planned on each day (day 1 = 0, day -1 = -1), some panels left out."""
    days = nominal_days(protocol.schedule)
    volumes = {panel.id: panel.volume_ml for panel in protocol.kinetics.panels}
    taken: defaultdict[int, Decimal] = defaultdict(Decimal)
    for sample in protocol.kinetics.samples:
        day = (
            days.get(sample.visit)
            if sample.visit
            else (sample.day - 1 if (sample.day or 0) > 0 else sample.day)
            if sample.day
            else None
        )
        if day is not None:
            taken[day] += sum((volumes[panel] for panel in sample.panels if panel not in without), Decimal())
    guard = protocol.kinetics.blood_volume_guard
    for draw in guard.routine if guard is not None else ():
        for visit in draw.visits:
            if visit in days:
                taken[days[visit]] += draw.volume_ml
    return dict(sorted(taken.items()))


@check
def blood_over_the_guard(protocol: Protocol) -> Iterator[Problem]:
    """A day or a period in which the smallest child would give more blood than allowed, after all trimming that is allowed."""
    guard = protocol.kinetics.blood_volume_guard
    if guard is None:
        if protocol.kinetics.samples:
            where = place(protocol, "kinetics", "samples")
            yield Problem(where, "blood is drawn and nothing limits it.", "Add `blood_volume_guard`.")
        return
    trimmed = frozenset(guard.trim_order) if guard.on_breach == "trim" else frozenset()
    taken = planned_blood_ml(protocol, without=trimmed)
    child = guard.smallest_child
    total = total_blood_ml(guard, child.age_months, child.weight_kg)
    where = place(protocol, "kinetics", "blood_volume_guard")
    how = ", with every panel of `trim_order` left out" if trimmed else ""
    remedy = "Take less, at fewer times, or let more panels be trimmed."
    day_limit = total * guard.per_occasion_percent / 100
    for day, volume in taken.items():
        if volume > day_limit:
            what = f"on day {_study_day(day)} a child of {child.weight_kg} kg would give {volume} mL{how}; {_plain(day_limit)} mL are allowed."
            yield Problem(where, what, remedy)
    period_limit = total * guard.per_period_percent / 100
    for first in taken:
        volume = sum((amount for day, amount in taken.items() if first <= day < first + guard.period_days), Decimal())
        if volume > period_limit:
            what = (
                f"in the {guard.period_days} days from day {_study_day(first)} a child of {child.weight_kg} kg would give {volume} mL{how}; "
                f"{_plain(period_limit)} mL are allowed."
            )
            yield Problem(where, what, remedy)


def _study_day(day: int) -> int:
    return day + 1 if day >= 0 else day


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
