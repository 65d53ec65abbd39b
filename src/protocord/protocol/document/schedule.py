"""schedule.yaml: visits, their windows, and what is done at each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from protocord.protocol.document.elements import Document, Identifier, Named, Sourced


class Activity(Named):
    """Something that is done at visits."""


class Window(Document):
    """How far a visit may move from its target day."""

    before: int = Field(default=0, ge=0, description="Days earlier.")
    after: int = Field(default=0, ge=0, description="Days later.")


class Visit(Named):
    """A planned encounter. Day 1 is the day of the first infusion; there is no day 0."""

    epoch: Identifier = Field(description="The epoch it belongs to.")
    anchor: Identifier = Field(
        default="day_1", description="What it is counted from: `day_1`, or the id of another visit (its actual date once known)."
    )
    day: int | None = Field(default=None, description="Study day, for a visit anchored to day 1; day -1 is the day before day 1.")
    offset: int | None = Field(default=None, description="Days after the anchor visit, for a visit anchored to another visit.")
    window: Window = Field(default_factory=Window, description="How far it may move.")
    infusion: int | None = Field(default=None, gt=0, description="Number of the infusion given at this visit.")
    activities: tuple[Identifier, ...] = Field(default=(), description="What is done.")
    forms: tuple[Identifier, ...] = Field(default=(), description="The forms that are filled in.")


class RunningForm(Sourced):
    """A form that is open between two visits rather than at one: adverse events, other medicines."""

    form: Identifier = Field(description="The form.")
    first: Identifier = Field(description="Visit from which it is open.")
    last: Identifier | None = Field(default=None, description="Visit up to which it is open; left out: the last visit.")
    opens: Literal["visit", "consent", "first_infusion"] = Field(default="visit", description="What opens it.")


class Schedule(Document):
    """schedule.yaml: activities, visits, and forms that run between visits."""

    activities: tuple[Activity, ...] = Field(default=(), description="What is done at visits.")
    visits: tuple[Visit, ...] = Field(min_length=1, description="The visits, in order of time.")
    running_forms: tuple[RunningForm, ...] = Field(default=(), description="Forms that are open between visits.")
