"""A subject's calendar: each visit with its target day, its window, and how it stands on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from protocord.values import Text, Window


class VisitStatus(StrEnum):
    """How a visit stands on a day."""

    PLANNED = "planned"  # its window has not opened
    DUE = "due"  # today lies in its window
    OVERDUE = "overdue"  # its window has closed and nobody said what became of it
    DONE = "done"
    DONE_OUT_OF_WINDOW = "done_out_of_window"
    MISSED = "missed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ActualVisit:
    """What became of a visit: done, missed or skipped, and on which day (of a skip: when it was decided)."""

    status: Literal["done", "missed", "skipped"]
    on: date


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit on a calendar.

    `target`, `earliest`, `latest` (both inclusive) are what holds now: moved where an infusion before it was late. `original_target` is the
    day before any such move. `study_day` counts from day 1 (the actual first infusion once given); there is no day 0. `provisional`
    says that the anchor visit has not taken place, so the days follow it when it does. An infusion not given by `skip_after` is skipped,
    not moved; `skipped_by_rule` says that the infusions before it leave no other way.
    """

    visit_id: str
    name: Text
    epoch: str
    target: date
    earliest: date
    latest: date
    study_day: int
    infusion: int | None
    original_target: date
    provisional: bool = False
    skip_after: date | None = None
    skipped_by_rule: bool = False
    actual: ActualVisit | None = None

    @property
    def window(self) -> Window:
        """The days on which it may take place."""
        return Window(self.target, self.earliest, self.latest)

    @property
    def days_outside(self) -> int:
        """By how many days it took place outside its window: negative early, positive late, 0 inside or not done."""
        return self.window.days_outside(self.actual.on) if self.actual and self.actual.status == "done" else 0

    def status(self, on: date) -> VisitStatus:
        """This will return how the visit stands on a day."""
        if self.actual is not None:
            if self.actual.status == "done":
                return VisitStatus.DONE_OUT_OF_WINDOW if self.days_outside else VisitStatus.DONE
            return VisitStatus(self.actual.status)
        if self.skipped_by_rule or (self.skip_after is not None and on > self.skip_after):
            return VisitStatus.SKIPPED
        if on < self.earliest:
            return VisitStatus.PLANNED
        return VisitStatus.DUE if on <= self.latest else VisitStatus.OVERDUE


@dataclass(frozen=True, slots=True)
class Calendar:
    """A subject's visits in the order of the schedule. `day_1` is the planned, later the actual day of the first infusion."""

    day_1: date
    visits: tuple[PlannedVisit, ...]

    def get(self, visit_id: str) -> PlannedVisit | None:
        """This will return a visit of the calendar, or None."""
        return next((visit for visit in self.visits if visit.visit_id == visit_id), None)

    def due(self, on: date) -> tuple[PlannedVisit, ...]:
        """This will return the visits that are due or overdue on a day, the longest open first."""
        waiting = (VisitStatus.DUE, VisitStatus.OVERDUE)
        return tuple(sorted((v for v in self.visits if v.status(on) in waiting), key=lambda v: (v.latest, v.target)))

    @property
    def infusions(self) -> tuple[PlannedVisit, ...]:
        """The visits with an infusion."""
        return tuple(visit for visit in self.visits if visit.infusion is not None)
