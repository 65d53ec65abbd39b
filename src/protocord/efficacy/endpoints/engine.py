"""Times to events: one engine, driven by the document's sections, for progression-free, event-free and overall survival, duration of
response, time to response, and any other. Each time says why it ended, and on which day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from protocord.efficacy.endpoints.courses import Course
from protocord.efficacy.endpoints.gaps import Plan, days_from
from protocord.protocol.document.efficacy import Censoring, Sensitivity, TimeToEvent
from protocord.values import Reason

Status = Literal["event", "censored", "competing"]

MAIN = "main"
# After these a gap matters: a progression may have come earlier, unseen.
_AFTER_GAP = frozenset({"progression", "relapse", "death"})
_RESIDUE = "alive_without_event"


@dataclass(frozen=True, slots=True)
class Time:
    """One child's time to an event. `days` counts from `origin`, which has the document's `day_one`.

    `status` None: the child has no such time, for the reason given. `partial` is the partly known date that the day is an end of.
    """

    subject: str
    endpoint: str
    variant: str
    status: Status | None
    reason: Reason
    cause: str = ""
    origin: date | None = None
    on: date | None = None
    days: int | None = None
    partial: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """An event, and whether it competes."""

    kind: str
    on: date
    competing: bool = False
    partial: str | None = None
    visit: str | None = None


def times(endpoint: TimeToEvent, courses: Iterable[Course], plan: Plan, *, variants: bool = True) -> Iterator[Time]:
    """This will yield each child's time to an event, and with `variants` the times of each of the document's sensitivity variants."""
    everyone = tuple(courses)
    for course in everyone:
        yield time_to_event(endpoint, course, plan)
    for variant in endpoint.sensitivity if variants else ():
        for course in everyone:
            yield time_to_event(endpoint, course, plan, variant)


def time_to_event(endpoint: TimeToEvent, course: Course, plan: Plan, variant: Sensitivity | None = None) -> Time:
    """This will return one child's time to the first of the endpoint's events, with the reason and day of its end.

    New therapy and too long a gap censor ahead of a later event; the other situations of the document say where the time of a
    child without an event ends. The first that holds, in the document's order, decides; alive without event is what is left.
    (FDA 2007, Clinical trial endpoints for cancer drugs, appendix C, tables; the choice is the document's.)
    """
    name = variant.id if variant else MAIN
    origin, missing = _origin(endpoint, course)
    if origin is None:
        return Time(course.id, endpoint.id, name, None, missing)
    kinds = (*endpoint.events, *(variant.add_events if variant else ()))
    rules = [rule for rule in endpoint.censoring if not variant or rule.when not in variant.drop_censoring]
    ending = _ending(kinds, endpoint.competing, course, origin)
    count = endpoint.missed.count if endpoint.missed else None
    for rule in [*(one for one in rules if one.when != _RESIDUE), *(one for one in rules if one.when == _RESIDUE)]:
        reason = _SITUATIONS[rule.when](_Moment(course, origin, ending, plan, count))
        if reason is not None:
            on = max(origin, _day(rule, course, origin, ending))
            return _made(endpoint, name, course, "censored", rule.when, reason, origin, on)
    if ending is None:
        return Time(course.id, endpoint.id, name, None, Reason.of("time_no_rule"), origin=origin)
    status: Status = "competing" if ending.competing else "event"
    reason = Reason.of(f"time_event_{ending.kind}", date=ending.on)
    return _made(endpoint, name, course, status, ending.kind, reason, origin, ending.on, ending.partial)


def _made(
    endpoint: TimeToEvent,
    variant: str,
    course: Course,
    status: Status,
    cause: str,
    reason: Reason,
    origin: date,
    on: date,
    partial: str | None = None,
) -> Time:
    days = days_from(origin, on) + endpoint.day_one
    return Time(course.id, endpoint.id, variant, status, reason, cause, origin, on, days, partial)


def _origin(endpoint: TimeToEvent, course: Course) -> tuple[date | None, Reason]:
    subject = course.subject
    if endpoint.responders_only and course.response is None:
        return None, Reason.of("time_no_response")
    if endpoint.origin == "first_response":
        return (course.response.on if course.response else None), Reason.of("time_no_response")
    if endpoint.origin == "enrolment":
        return subject.enrolled, Reason.of("time_not_enrolled")
    if endpoint.origin == "last_infusion":
        last = subject.last("infusion")
        return (last.on if last else None), Reason.of("time_last_infusion_unknown")
    return subject.first_infusion, Reason.of("time_not_treated")


def _ending(kinds: Iterable[str], competing: Iterable[str], course: Course, origin: date) -> Ending | None:
    """The first event; of several on one day the one that the document names first, and an event before one that competes."""
    found = [one for kind in kinds if (one := _event(kind, course, origin)) is not None]
    found += [
        Ending(one.kind, one.on, competing=True, partial=one.partial)
        for kind in competing
        if (one := _event(kind, course, origin)) is not None
    ]
    return min(found, key=lambda one: one.on, default=None)


def _event(kind: str, course: Course, origin: date) -> Ending | None:
    if kind == "progression":
        one = course.progression
        return Ending(kind, one.progression_on or one.on, visit=one.visit) if one is not None and one.on >= origin else None
    if kind == "response":
        return Ending(kind, course.response.on, visit=course.response.visit) if course.response is not None else None
    # A treatment that stopped for clinical progression is one, whether or not it has a row of its own.
    happened = [
        one
        for one in course.subject.happenings
        if one.on >= origin and (one.kind == kind or (kind == "clinical_progression" and one.reason == kind))
    ]
    first = min(happened, key=lambda one: one.on, default=None)
    return None if first is None else Ending(kind, first.on, partial=first.bounded)


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a situation is judged from."""

    course: Course
    origin: date
    ending: Ending | None
    plan: Plan
    count: int | None


def _last_adequate(course: Course, origin: date, *, until: date | None = None) -> tuple[str | None, date]:
    """The last adequate assessment not before the origin, up to a day; the origin where there is none."""
    fitting = [one for one in course.adequate if one.on >= origin and (until is None or one.on <= until)]
    return (fitting[-1].visit, fitting[-1].on) if fitting else (None, origin)


def _no_baseline(moment: _Moment) -> Reason | None:
    if moment.ending is not None or moment.course.subject.tumour.baseline is not None:
        return None
    return Reason.of("time_censored_no_baseline")


def _no_assessment(moment: _Moment) -> Reason | None:
    if moment.ending is not None or any(one.on >= moment.origin for one in moment.course.adequate):
        return None
    return Reason.of("time_censored_no_assessment")


def _new_therapy(moment: _Moment) -> Reason | None:
    """New therapy ahead of the event; on the day of the event it came because of it."""
    therapy = _therapy(moment.course, moment.origin)
    if therapy is None or (moment.ending is not None and therapy >= moment.ending.on):
        return None
    return Reason.of("time_censored_new_therapy", date=therapy)


def _therapy(course: Course, origin: date) -> date | None:
    return min((one.on for one in course.subject.happenings if one.kind == "new_therapy" and one.on >= origin), default=None)


def _missed(moment: _Moment) -> Reason | None:
    ending, day_1 = moment.ending, moment.course.day_1
    if ending is None or ending.kind not in _AFTER_GAP or moment.count is None or day_1 is None:
        return None
    visit, last = _last_adequate(moment.course, moment.origin, until=ending.on)
    # Day 1, not a later origin, is where the plan begins for a child without any adequate assessment.
    since = last if visit is not None else min(last, day_1)
    limit = moment.plan.limit(visit, days_from(day_1, since), moment.count)
    gap = days_from(since, ending.on)
    if limit is None or gap <= limit:
        return None
    return Reason.of("time_censored_missed_assessments", event=f"time_kind_{ending.kind}", date=ending.on, gap=gap, limit=limit)


def _stopped_for_toxicity(moment: _Moment) -> Reason | None:
    return _happened(moment, "treatment_stopped", "time_censored_stopped_for_toxicity", "toxicity")


def _clinical_progression(moment: _Moment) -> Reason | None:
    found = _event("clinical_progression", moment.course, moment.origin) if moment.ending is None else None
    return Reason.of("time_censored_clinical_progression", date=found.on) if found is not None else None


def _lost_or_withdrawn(moment: _Moment) -> Reason | None:
    lost = _happened(moment, "lost_to_follow_up", "time_censored_lost")
    return _happened(moment, "withdrawal", "time_censored_withdrawn") or lost


def _happened(moment: _Moment, kind: str, reason: str, because: str | None = None) -> Reason | None:
    if moment.ending is not None:
        return None
    days = [one.on for one in moment.course.subject.happenings if one.kind == kind and because in {None, one.reason}]
    return Reason.of(reason, date=min(days)) if days else None


def _data_cut(moment: _Moment) -> Reason | None:
    """Known to be alive on the day of the cut, by something dated on or after it."""
    course = moment.course
    if moment.ending is not None or course.cut is None:
        return None
    known = course.known_later or course.last_known_alive == course.cut
    return Reason.of("time_censored_data_cut", date=course.cut) if known else None


def _alive_without_event(moment: _Moment) -> Reason | None:
    return None if moment.ending is not None else Reason.of("time_censored_alive_without_event")


_SITUATIONS: Mapping[str, Callable[[_Moment], Reason | None]] = {
    "no_baseline": _no_baseline,
    "no_assessment": _no_assessment,
    "alive_without_event": _alive_without_event,
    "missed_assessments": _missed,
    "new_therapy": _new_therapy,
    "stopped_for_toxicity": _stopped_for_toxicity,
    "clinical_progression": _clinical_progression,
    "lost_or_withdrawn": _lost_or_withdrawn,
    "data_cut": _data_cut,
}


def _day(rule: Censoring, course: Course, origin: date, ending: Ending | None) -> date:
    """The day at which a time without an event ends."""
    match rule.at:
        case "time_zero":
            return origin
        case "last_adequate_assessment":
            return _last_adequate(course, origin)[1]
        case "last_adequate_before_gap":
            return _last_adequate(course, origin, until=ending.on if ending is not None else None)[1]
        case "last_adequate_before_therapy":
            return _last_adequate(course, origin, until=_therapy(course, origin))[1]
        case "last_known_alive":
            return course.last_known_alive or origin
        case "data_cut":
            return course.cut or course.last_known_alive or origin
