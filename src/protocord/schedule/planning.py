"""Planning: from a protocol's schedule, day 1 and what has taken place, to a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from protocord.protocol import Protocol
from protocord.protocol.document import Visit
from protocord.schedule.calendar import ActualVisit, Calendar, PlannedVisit
from protocord.values import date_of_study_day, study_day

_NOTHING: Mapping[str, ActualVisit] = MappingProxyType({})


def plan(protocol: Protocol, day_1: date, actual: Mapping[str, ActualVisit] | None = None) -> Calendar:
    """This will lay the protocol's visits on a calendar that begins treatment on `day_1`, and lay them again from `actual` visits.

    The rules are the protocol's (clinical.md 1.6.1 gives those of the shipped study):

    - Day 1 is the day of the visit on study day 1 as soon as that has taken place, whatever was planned.
    - A visit anchored to another follows that one's actual date, once known.
    - An infusion keeps `dosing.infusions.min_gap_days` from the one before; a late infusion moves the later ones by no more than that.
    - An infusion that would come more than `skip_if_delayed_days` after its day in the schedule is skipped, not moved.
    - Nothing else moves. A visit outside its window is shown as such, never re-dated.
    """
    return _Layout(protocol, day_1, actual or _NOTHING).calendar()


class _Layout:
    """One laying out: remembers what it has placed, since visits hang on visits."""

    def __init__(self, protocol: Protocol, day_1: date, actual: Mapping[str, ActualVisit]) -> None:
        self.visits = {visit.id: visit for visit in protocol.schedule.visits}
        self.actual = actual
        self.infusions = {visit.infusion: visit for visit in protocol.schedule.visits if visit.infusion is not None}
        rules = protocol.dosing.infusions
        self.gap = timedelta(days=rules.min_gap_days)
        self.skip_after = None if rules.skip_if_delayed_days is None else timedelta(days=rules.skip_if_delayed_days)
        first = next((visit for visit in protocol.schedule.visits if visit.anchor == "day_1" and visit.day == 1), None)
        begun = self._done(first.id) if first is not None else None
        self.planned_day_1 = day_1
        self.day_1 = begun or day_1
        self.has_begun = begun is not None
        self.placed: dict[str, PlannedVisit] = {}

    def calendar(self) -> Calendar:
        return Calendar(self.day_1, tuple(self._place(visit) for visit in self.visits.values()))

    def _done(self, visit_id: str) -> date | None:
        found = self.actual.get(visit_id)
        return found.on if found is not None and found.status == "done" else None

    def _place(self, visit: Visit) -> PlannedVisit:
        if visit.id not in self.placed:
            self.placed[visit.id] = self._laid(visit)
        return self.placed[visit.id]

    def _nominal(self, visit: Visit) -> tuple[date, bool]:
        """The day that the schedule gives, and whether it still hangs on something that has not taken place."""
        if visit.anchor == "day_1":
            return date_of_study_day(self.day_1, visit.day or 1), not self.has_begun
        anchor = self._place(self.visits[visit.anchor])
        begun = self._done(visit.anchor)
        return (begun or anchor.target) + timedelta(days=visit.offset or 0), begun is None

    def _laid(self, visit: Visit) -> PlannedVisit:
        nominal, provisional = self._nominal(visit)
        earliest, latest = nominal - timedelta(days=visit.window.before), nominal + timedelta(days=visit.window.after)
        target, actual, skip_after = nominal, self.actual.get(visit.id), None
        if visit.infusion is not None:
            skip_after = None if self.skip_after is None else nominal + self.skip_after
            possible = self._soonest(visit.infusion)
            if possible is not None and possible > earliest:
                earliest = possible
                target = max(nominal, possible)
                latest = max(latest, target)
        return PlannedVisit(
            visit_id=visit.id,
            name=visit.name,
            epoch=visit.epoch,
            target=target,
            earliest=earliest,
            latest=latest,
            study_day=study_day(self.day_1, target),
            infusion=visit.infusion,
            original_target=self.planned_day_1 if nominal == self.day_1 and visit.day == 1 else nominal,
            provisional=provisional and actual is None,
            skip_after=skip_after,
            skipped_by_rule=actual is None and skip_after is not None and target > skip_after,
            actual=actual,
        )

    def _soonest(self, infusion: int) -> date | None:
        """The first day on which an infusion may be given after the ones before it; None when it is the first, or nothing stands before it.

        An infusion before it counts on its actual day or, still to come, on its planned day; one skipped or missed does not count.
        """
        for number in sorted((n for n in self.infusions if n < infusion), reverse=True):
            before = self._place(self.infusions[number])
            if before.actual is not None and before.actual.status == "done":
                return before.actual.on + self.gap
            if before.actual is None and not before.skipped_by_rule:
                return before.target + self.gap
        return None
