"""What a child's course gives to times to events: progression, response, adequate assessments, events, last day known alive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from protocord.efficacy.endpoints.gaps import days_from
from protocord.efficacy.recist.best_response import Best, Point, best_response, onset
from protocord.efficacy.recist.overall import Assessed, assess, first_progression
from protocord.efficacy.records import Subject
from protocord.protocol.document.efficacy import TumourResponse

ALIVE_SAYS_NOTHING = frozenset({"death", "lost_to_follow_up"})


@dataclass(frozen=True)
class Course:
    """One child's assessments and events as known on the cut. `known_later` says that something is dated after the cut."""

    subject: Subject
    assessed: tuple[Assessed, ...]
    rules: TumourResponse
    cut: date | None = None
    known_later: bool = False

    @property
    def id(self) -> str:
        """The child's number."""
        return self.subject.id

    @property
    def day_1(self) -> date | None:
        """The day of the first infusion; None for a child never treated."""
        return self.subject.first_infusion

    @cached_property
    def progression(self) -> Assessed | None:
        """The first set of scans that shows progression."""
        return first_progression(self.assessed)

    @cached_property
    def counted(self) -> tuple[Assessed, ...]:
        """The assessments that best response counts: those up to new therapy, where the document stops there."""
        therapy = self.subject.first("new_therapy")
        if therapy is None or not self.rules.stops_at_new_therapy:
            return self.assessed
        return tuple(one for one in self.assessed if one.on <= therapy.on)

    @cached_property
    def adequate(self) -> tuple[Assessed, ...]:
        """The assessments that show the absence of progression: evaluable, before the first progression."""
        found = []
        for one in self.assessed:
            if one.overall == "PD":
                break
            if one.overall != "NE":
                found.append(one)
        return tuple(found)

    def points(self, assessed: tuple[Assessed, ...]) -> tuple[Point, ...]:
        """This will return assessments as a sequence of days after day 1 and responses."""
        assert self.day_1 is not None
        return tuple(Point(days_from(self.day_1, one.on), one.overall) for one in assessed)

    def best(self, *, confirmed: bool, until: tuple[Assessed, ...] | None = None) -> Best:
        """This will return the best overall response over the counted assessments, or over `until`."""
        return best_response(self.points(self.counted if until is None else until), self.rules, confirmed=confirmed)

    @cached_property
    def response(self) -> Assessed | None:
        """The assessment at which a response began; confirmed where the document demands it. None for a non-responder."""
        place = onset(self.points(self.counted), self.rules, confirmed=self.rules.confirmation.required)
        return None if place is None else self.counted[place]

    @cached_property
    def best_change(self) -> Decimal | None:
        """The deepest change of the sum from baseline in percent, over the counted assessments up to the first progression."""
        changes = []
        for one in self.counted:
            if (change := one.change_from_baseline) is not None:
                changes.append(change)
            if one.overall == "PD":
                break
        return min(changes, default=None)

    @cached_property
    def last_known_alive(self) -> date | None:
        """The last day on which something shows the child alive: visits, scans, infusions, contacts, events other than death."""
        subject = self.subject
        days = [one.on for one in subject.happenings if one.kind not in ALIVE_SAYS_NOTHING and one.bounded is None]
        points = [point for point in (subject.tumour.baseline, *subject.tumour.later) if point is not None]
        days += [point.days[-1] for point in points]
        return max([*days, *(day for day in (subject.enrolled, subject.first_infusion) if day is not None)], default=None)


def make_course(subject: Subject, rules: TumourResponse, *, cut: date | None = None, known_later: bool = False) -> Course:
    """This will assess a child's scans and return the course."""
    return Course(subject, assess(subject.tumour, rules), rules, cut, known_later)
