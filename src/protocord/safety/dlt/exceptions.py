"""What excuses a toxicity although a condition holds: the exceptions of the protocol, computed or judged by a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from protocord.concepts import ConceptKind, Concepts
from protocord.protocol.document.elements import Span
from protocord.protocol.document.safety import DltException
from protocord.safety.dlt.answers import NO, YES, Answer, all_of, any_of, missing
from protocord.safety.dlt.course import lasting
from protocord.safety.dlt.records import State, Toxicity
from protocord.safety.lengths import span_of
from protocord.safety.moments import Moment
from protocord.values import Reason

__all__ = ["excused_run", "excused_toxicity"]


def excused_toxicity(
    exceptions: Sequence[DltException],
    toxicity: Toxicity,
    states: Sequence[State],
    concepts: Concepts,
    opens: date,
    as_of: Moment,
) -> Answer:
    """This will tell whether one of the exceptions excuses the toxicity.

    What a person judged counts. Otherwise an exception is computed where the document gives it a length or a state; one in
    words alone excuses nothing, and is remarked for a person to judge (convention `dlt_unjudged_exception`).
    """
    end = toxicity.end or as_of
    answers = []
    for exception in exceptions:
        if toxicity.excepted is not None and exception.id in toxicity.excepted:
            answers.append(Answer(True, reasons=(Reason.of("dlt_excepted", exception=exception.text),)))
        elif _is_state(exception, concepts):
            answers.append(_state(exception, states, concepts, Moment.of(opens), end))
        else:
            answers.append(_of_event(exception, toxicity, concepts, as_of))
    return any_of(answers) if answers else NO


def excused_run(
    exceptions: Sequence[DltException], states: Sequence[State], concepts: Concepts, opens: date, until: date
) -> Answer:
    """This will tell whether a state or treatment between `opens` and `until` excuses a run of laboratory values."""
    answers = [
        _state(exception, states, concepts, Moment.of(opens), Moment.of(until))
        if _is_state(exception, concepts)
        else _unjudged(exception)
        for exception in exceptions
    ]
    return any_of(answers) if answers else NO


def _is_state(exception: DltException, concepts: Concepts) -> bool:
    return exception.concept is not None and concepts[exception.concept].kind is not ConceptKind.TOXICITY


def _unjudged(exception: DltException) -> Answer:
    return Answer(False, remarks=(Reason.of("dlt_exception_to_judge", exception=exception.text),))


def _of_event(exception: DltException, toxicity: Toxicity, concepts: Concepts, as_of: Moment) -> Answer:
    parts = []
    if exception.concept is not None:
        parts.append(_is_one(toxicity.concept, exception.concept, concepts))
    if exception.shorter_than is not None:
        parts.append(_shorter(toxicity, exception.shorter_than, as_of))
    found = all_of(parts)
    if found.truth is False:
        return NO
    if exception.shorter_than is None:
        return NO if toxicity.excepted is not None else _unjudged(exception)
    return found


def _is_one(concept: str | None, wanted: str, concepts: Concepts) -> Answer:
    if concept is None:
        return missing(Reason.of("dlt_concept_missing", wanted=wanted))
    return YES if concept == wanted or concept in concepts.descendants(wanted) else NO


def _shorter(toxicity: Toxicity, limit: Span, as_of: Moment) -> Answer:
    longer = lasting(toxicity, None, span_of(limit), as_of)
    # A toxicity that has lasted just as long as the limit is not shorter; the difference of a minute never decides a grade 3.
    return Answer(None if longer.truth is None else not longer.truth, longer.waits, longer.reasons)


def _state(exception: DltException, states: Sequence[State], concepts: Concepts, opens: Moment, until: Moment) -> Answer:
    """Whether the state was there, or the treatment given, at some time from the first infusion to the end of the toxicity."""
    assert exception.concept is not None
    wanted = exception.concept
    below = concepts.descendants(wanted)
    found = any_of(
        _overlaps(state, opens, until, exception) for state in states if state.present and state.concept in {wanted, *below}
    )
    # A record of one medicine in another month does not say that no other was given: that must be said of the whole class.
    if found.truth is not False or any(state.concept == wanted for state in states):
        return found
    return missing(Reason.of("dlt_state_missing", concept=concepts[wanted].name))


def _overlaps(state: State, opens: Moment, until: Moment, exception: DltException) -> Answer:
    begun = True if state.start is None else state.start.at_or_before(until)
    still = True if state.end is None else state.end.at_or_after(opens)
    if begun is False or still is False:
        return NO
    if begun is None or still is None:
        same_day = (begun is not None or _shares_day(state.start, until)) and (still is not None or _shares_day(state.end, opens))
        if not same_day:
            return missing(Reason.of("dlt_state_dates", concept=state.concept))
    return Answer(True, reasons=(Reason.of("dlt_excepted", exception=exception.text),))


def _shares_day(one: Moment | None, other: Moment) -> bool:
    """Whether both are known to the same day: a treatment on the first or last day counts as given then."""
    return one is not None and one.day is not None and one.day == other.day
