"""The schedule of activities as a table."""

from __future__ import annotations

from dataclasses import dataclass

from protocord.protocol.document import Visit
from protocord.protocol.model import Protocol
from protocord.values.reasons import Reason
from protocord.values.text import Language
from protocord.words import say


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit: when it is, and what is done."""

    id: str
    name: str
    epoch: str
    target: str
    window: str
    infusion: int | None
    activities: tuple[str, ...]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScheduleTable:
    """Visits, and the activities each has; `marks[i][j]` says whether activity i is done at visit j."""

    visits: tuple[VisitRow, ...]
    activities: tuple[str, ...]
    marks: tuple[tuple[bool, ...], ...]
    running_forms: tuple[str, ...]


def schedule_table(protocol: Protocol, language: Language) -> ScheduleTable:
    """This will return the schedule of activities said in `language`."""
    activities = {activity.id: activity.name.say(language) for activity in protocol.schedule.activities}
    forms = {form.id: form.title.say(language) for form in protocol.forms}
    epochs = {epoch.id: epoch.name.say(language) for epoch in protocol.study.epochs}
    visits = tuple(
        VisitRow(
            id=visit.id,
            name=visit.name.say(language),
            epoch=epochs[visit.epoch],
            target=_target(visit, language),
            window=_window(visit),
            infusion=visit.infusion,
            activities=tuple(activities[one] for one in visit.activities),
            forms=tuple(forms[one] for one in visit.forms),
        )
        for visit in protocol.schedule.visits
    )
    marks = tuple(tuple(activity in visit.activities for visit in protocol.schedule.visits) for activity in activities)
    running = tuple(forms[one.form] for one in protocol.schedule.running_forms)
    return ScheduleTable(visits, tuple(activities.values()), marks, running)


def _target(visit: Visit, language: Language) -> str:
    if visit.day is not None:
        return say(Reason.of("protocol_study_day", day=visit.day), language)
    return say(Reason.of("protocol_days_after", visit=visit.anchor, days=visit.offset), language)


def _window(visit: Visit) -> str:
    before, after = visit.window.before, visit.window.after
    if before == after:
        return f"±{before}" if before else "0"
    return f"−{before}/+{after}"
