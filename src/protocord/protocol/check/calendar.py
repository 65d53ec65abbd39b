"""Visits, infusions and assessments that do not go together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from protocord.errors import Problem
from protocord.protocol.check.registry import check, place
from protocord.protocol.faults.schedule import nominal_days
from protocord.protocol.model import Protocol


@check
def unreachable_visit(protocol: Protocol) -> Iterator[Problem]:
    """A visit before the visit it is counted from: its day has passed when its date becomes known."""
    for visit in protocol.schedule.visits:
        if visit.offset is not None and visit.offset < 0:
            what = f"the visit lies {-visit.offset} days before {visit.anchor}, from which it is counted: its date is known too late."
            yield Problem(place(protocol, "schedule", "visits", visit.id), what, "Count it from an earlier visit, or from day 1.")


@check
def empty_visit(protocol: Protocol) -> Iterator[Problem]:
    """A visit at which nothing is done."""
    for visit in protocol.schedule.visits:
        if not visit.forms and not visit.activities and visit.infusion is None:
            what = "nothing is done at the visit."
            yield Problem(place(protocol, "schedule", "visits", visit.id), what, "Add activities and forms, or take it away.")


@check
def infusions_planned(protocol: Protocol) -> Iterator[Problem]:
    """A number of infusion visits that is not the number planned in dosing.yaml."""
    given = [visit for visit in protocol.schedule.visits if visit.infusion is not None]
    planned = protocol.dosing.infusions.planned
    if len(given) != planned:
        what = f"{planned} infusions are planned, and schedule.yaml has {len(given)} visits with one."
        yield Problem(place(protocol, "dosing", "infusions", "planned"), what, "Mend the number, or the visits.")


@check
def infusions_too_close(protocol: Protocol) -> Iterator[Problem]:
    """An infusion given on the last day of its window that leaves no day for the next within the least gap."""
    days = nominal_days(protocol.schedule)
    least = protocol.dosing.infusions.min_gap_days
    given = [visit for visit in protocol.schedule.visits if visit.infusion is not None and visit.id in days]
    for earlier, later in pairwise(given):
        target = days[later.id] - days[earlier.id]
        latest = target + later.window.after - earlier.window.after
        if target < least or latest < least:
            how = (
                f"{target} days lie between their targets"
                if target < least
                else f"at the end of both windows {latest} days lie between them"
            )
            what = f"infusion {later.infusion} comes too soon after infusion {earlier.infusion}: {how}, and {least} are needed."
            yield Problem(place(protocol, "schedule", "visits", later.id), what, "Move a visit, or narrow the earlier window.")


@check
def assessment_before_stable_disease_counts(protocol: Protocol) -> Iterator[Problem]:
    """A first response assessment that may fall before stable disease can be established (RECIST 1.1 minimum)."""
    days = nominal_days(protocol.schedule)
    planned = [visit for visit in protocol.efficacy.assessments.visits if days.get(visit, 0) > 0]
    if not planned:
        where = place(protocol, "efficacy", "assessments", "visits")
        yield Problem(where, "no tumour assessment is planned after day 1.", "Name the visits with an assessment.")
        return
    first = min(planned, key=lambda visit: days[visit])
    earliest = days[first] - protocol.visit(first).window.before
    least = protocol.efficacy.response.stable_min_days
    if earliest < least:
        what = f"{first} may fall {earliest} days after day 1, and stable disease counts from {least} days on: an assessment on time could not establish it."
        yield Problem(
            place(protocol, "efficacy", "response", "stable_min_days"), what, f"Write {earliest} or fewer, or move {first}."
        )


@check
def baseline_imaging_too_old(protocol: Protocol) -> Iterator[Problem]:
    """A baseline assessment whose visit may lie further before day 1 than baseline imaging may."""
    days = nominal_days(protocol.schedule)
    for name in protocol.efficacy.assessments.visits:
        day = days.get(name, 0)
        if day < 0:
            visit = protocol.visit(name)
            earliest, least = -(day - visit.window.before), protocol.efficacy.assessments.baseline_days
            if earliest > least:
                what = f"{name} may lie {earliest} days before day 1, and baseline imaging may be {least} days old."
                yield Problem(
                    place(protocol, "efficacy", "assessments", "baseline_days"), what, "Mend the number, or the visit's window."
                )


@check
def site_without_a_time_zone(protocol: Protocol) -> Iterator[Problem]:
    """A site whose time zone is missing or is none of the IANA names."""
    for site in protocol.study.sites:
        where = place(protocol, "study", "sites", site.id)
        if not site.time_zone:
            yield Problem(where, "the site has no time zone.", "Write `time_zone`, such as Asia/Shanghai.")
        elif not _is_zone(site.time_zone):
            yield Problem(where, f"{site.time_zone!r} is not an IANA time zone.", "Write one such as Asia/Shanghai.")


def _is_zone(name: str) -> bool:
    if re.fullmatch(r"[A-Za-z]+(/[A-Za-z0-9_+-]+)+|UTC", name) is None:
        return False
    try:
        ZoneInfo("UTC")
    except ZoneInfoNotFoundError:  # the machine has no time zone database: the form of the name is all that can be checked
        return True
    try:
        ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return False
    return True


@check
def looks_beyond_the_plan(protocol: Protocol) -> Iterator[Problem]:
    """A limit that is looked at after more subjects than are planned."""
    planned = protocol.study.design.planned_subjects
    for limits, where in (
        (protocol.safety.limits, ("safety", "limits")),
        (protocol.study.design.interim, ("study", "design", "interim")),
    ):
        for limit in limits:
            if limit.looks is not None and limit.unit == "subjects" and limit.looks.last > planned:
                what = f"the last look is after {limit.looks.last} subjects, and {planned} are planned."
                yield Problem(place(protocol, *where, limit.id, "looks"), what, "Mend the look, or the plan.")


@check
def draw_around_no_infusion(protocol: Protocol) -> Iterator[Problem]:
    """A sample timed by an infusion at a visit that has none."""
    infused = {visit.id for visit in protocol.schedule.visits if visit.infusion is not None}
    for sample in protocol.kinetics.samples:
        if sample.timing != "any" and sample.visit not in infused:
            what = f"the draw is timed by an infusion, and there is none at {sample.visit or f'day {sample.day}'}."
            yield Problem(
                place(protocol, "kinetics", "samples", sample.id, "timing"), what, "Write `timing: any`, or mend the visit."
            )
