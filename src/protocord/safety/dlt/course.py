"""How long a toxicity lasted at a grade, whether it recovered, whether it responded: from its dated grades, or from what there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from protocord.safety.dlt.answers import Answer, any_of, missing, no, pending, yes
from protocord.safety.dlt.records import Toxicity
from protocord.safety.moments import Elapsed, Moment, elapsed
from protocord.values import Reason

__all__ = ["lasting", "reached", "recovered_late", "unresponsive"]

_DEATH = 5


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch at or above a grade; `end` None where it goes on, or where nobody says when it ended."""

    start: Moment
    end: Moment | None


def reached(toxicity: Toxicity, grade: int) -> Moment | None:
    """This will return when the toxicity first came to `grade`: from its course, or else its onset (of a death, its end); None where unknown."""
    for at, found in toxicity.course:
        if found >= grade:
            return at
    return toxicity.end or toxicity.onset if grade == _DEATH else toxicity.onset


def lasting(toxicity: Toxicity, grade: int | None, limit: timedelta, as_of: Moment) -> Answer:
    """This will tell whether the toxicity stayed at `grade` or above (None: at any) for longer than `limit` without a break.

    Without a course of grades only the whole event is known: one no longer than the limit cannot have been at the grade for
    longer; one that is longer may, which stays open (convention `dlt_course`).
    """
    reason = Reason.of("dlt_duration", event=toxicity.id, limit=_hours(limit))
    if grade is not None and _course_reaches(toxicity, grade):
        stretches = _stretches(toxicity, grade)
        return any_of(_longer(toxicity, stretch, limit, as_of, reason) for stretch in stretches)
    if toxicity.onset is None:
        return missing(Reason.of("dlt_onset_missing", event=toxicity.id))
    whole = _longer(toxicity, _Stretch(toxicity.onset, toxicity.end), limit, as_of, reason)
    exact = grade is None or grade <= 1
    if exact or whole.truth is not True:
        return whole
    return missing(Reason.of("dlt_course_missing", event=toxicity.id, grade=grade))


def recovered_late(toxicity: Toxicity, grade: int, recovered_to: int, within: timedelta, as_of: Moment) -> Answer:
    """This will tell whether the toxicity, of `grade` or more, took longer than `within` from its onset to come back to `recovered_to`."""
    if toxicity.onset is None:
        return missing(Reason.of("dlt_onset_missing", event=toxicity.id))
    reason = Reason.of("dlt_recovery", event=toxicity.id, grade=recovered_to, limit=_hours(within))
    came_back = None
    if _course_reaches(toxicity, grade):
        severe = reached(toxicity, grade)
        later = [
            at for at, found in toxicity.course if severe is not None and at.earliest > severe.earliest and found <= recovered_to
        ]
        came_back = later[0] if later else toxicity.end
        return _longer(toxicity, _Stretch(toxicity.onset, came_back), within, as_of, reason)
    whole = _longer(toxicity, _Stretch(toxicity.onset, toxicity.end), within, as_of, reason)
    if whole.truth is not True or recovered_to == 0:
        return whole
    return missing(Reason.of("dlt_course_missing", event=toxicity.id, grade=recovered_to))


def unresponsive(toxicity: Toxicity, after: timedelta, as_of: Moment) -> Answer:
    """This will tell whether no response came within `after` of the start of treatment: the grade did not fall below that at its start.

    A toxicity without a recorded treatment stays open (convention `dlt_response`).
    """
    if toxicity.treated is None:
        return missing(Reason.of("dlt_treatment_missing", event=toxicity.id))
    reason = Reason.of("dlt_no_response", event=toxicity.id, limit=_hours(after))
    earlier = [found for at, found in toxicity.course if at.at_or_before(toxicity.treated)]
    if earlier:
        later = [at for at, found in toxicity.course if at.earliest > toxicity.treated.earliest and found < earlier[-1]]
        response = later[0] if later else toxicity.end
        return _longer(toxicity, _Stretch(toxicity.treated, response), after, as_of, reason)
    whole = _longer(toxicity, _Stretch(toxicity.treated, toxicity.end), after, as_of, reason)
    if whole.truth is not True:
        return whole
    return missing(Reason.of("dlt_course_missing", event=toxicity.id, grade=toxicity.grade))


def _course_reaches(toxicity: Toxicity, grade: int) -> bool:
    return any(found >= grade for _, found in toxicity.course)


def _stretches(toxicity: Toxicity, grade: int) -> list[_Stretch]:
    """The unbroken stretches at the grade or above; each grade holds until the next one is recorded."""
    found: list[_Stretch] = []
    begun: Moment | None = None
    for at, level in toxicity.course:
        if level >= grade and begun is None:
            begun = at
        elif level < grade and begun is not None:
            found.append(_Stretch(begun, at))
            begun = None
    if begun is not None:
        found.append(_Stretch(begun, toxicity.end))
    return found


def _longer(toxicity: Toxicity, stretch: _Stretch, limit: timedelta, as_of: Moment, reason: Reason) -> Answer:
    """Whether a stretch is longer than the limit; one without an end is as long as it has been seen to be."""
    end = stretch.end
    if end is not None and end.earliest <= as_of.latest:
        longer = elapsed(stretch.start, end).exceeds(limit)
        if longer is None:
            return missing(Reason.of("dlt_time_too_coarse", event=toxicity.id, limit=_hours(limit)))
        return yes(reason) if longer else no()
    so_far = Elapsed(max(as_of.earliest - stretch.start.latest, timedelta()), None)
    if end is not None or toxicity.ongoing:
        return yes(reason) if so_far.exceeds(limit) else pending(Reason.of("dlt_still_open", event=toxicity.id))
    return missing(Reason.of("dlt_end_missing", event=toxicity.id))


def _hours(span: timedelta) -> int:
    return round(span.total_seconds() / 3600)
