"""From when a gap between tumour assessments is too long: which planned assessments would have been missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from protocord.protocol import Protocol


@dataclass(frozen=True)
class Plan:
    """The planned tumour assessments: days after day 1, and the days by which each may be late, in order of time.

    `ends` holds the last day allowed for every visit of the schedule, those without an assessment too.
    """

    visits: tuple[str, ...]
    days: tuple[int, ...]
    late: tuple[int, ...]
    ends: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """The place of each visit in the plan."""
        return {visit: place for place, visit in enumerate(self.visits)}

    def limit(self, visit: str | None, days: int, count: int) -> int | None:
        """This will return the longest gap in days after an assessment before which fewer than `count` planned ones were missed.

        `visit` is that of the last adequate assessment, None for day 1, and `days` its day after day 1. The gap reaches to the
        last day allowed for the `count`-th planned assessment after it: with a constant interval, `count` intervals and the
        window. None where fewer than `count` are planned after it.
        """
        if visit is not None and (place := self.place.get(visit)) is not None:
            after, planned = place + 1, self.days[place]
        else:
            after, planned = sum(day <= days for day in self.days), days
        last = after + count - 1
        return self.days[last] + self.late[last] - planned if last < len(self.days) else None


def assessment_plan(protocol: Protocol) -> Plan:
    """This will return the plan of tumour assessments of a protocol, visits hung on others placed on their planned days."""
    placed: dict[str, int] = {}
    visits = {visit.id: visit for visit in protocol.schedule.visits}

    def day_of(name: str) -> int:
        if name not in placed:
            visit = visits[name]
            if visit.anchor == "day_1":
                assert visit.day is not None  # the document's check: a visit anchored to day 1 has a day, and none is 0
                placed[name] = visit.day - (visit.day > 0)
            else:
                placed[name] = day_of(visit.anchor) + (visit.offset or 0)
        return placed[name]

    named = sorted(protocol.efficacy.assessments.visits, key=day_of)
    return Plan(
        tuple(named),
        tuple(day_of(name) for name in named),
        tuple(visits[name].window.after for name in named),
        {name: day_of(name) + visit.window.after for name, visit in visits.items()},
    )


def days_from(start: date, on: date) -> int:
    """This will return the days from `start` to `on`: 0 on the day itself."""
    return (on - start).days
