"""Statements made by people, codes, and what is on record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from protocord.concepts import ConceptKind
from protocord.criteria.answers import Evaluation, Truth, UsedFact
from protocord.criteria.functions.exposures import coverage_days, coverage_reason
from protocord.criteria.functions.registry import Ask, Gives, Limits, concept, function, length, value_set
from protocord.criteria.functions.selection import as_date, doubts, latest, latest_days, window_reason
from protocord.criteria.index import Event, FactIndex
from protocord.criteria.lengths import LONG_AGO, Length
from protocord.criteria.numbers import unique
from protocord.values.facts import FactStatus
from protocord.values.reasons import Reason
from protocord.values.text import Text


def _latest_days(index: FactIndex, _known: int, _limits: Limits, asked: str, lookback: Length | None = None) -> Iterable[int]:
    return latest_days(index.events(asked), lookback)


@function(
    "Attested",
    concept(ConceptKind.ATTESTATION),
    length("lookback", optional=True),
    gives=Gives.TRUTH,
    days=_latest_days,
    phrase=Text("stated: {concept}", "已声明：{concept}"),
)
def attested(ask: Ask, asked: str, lookback: Length | None = None) -> Evaluation:
    """The latest statement of the concept on or before D (within the look-back, where one is given) is yes.

    No statement, or one whose answer is not filled in, is unknown. The latest is the last by date, then by record id.
    """
    index = ask.index
    events, sure = latest(index.events(asked), ask.day, lookback)
    used = tuple(index.used(event.fact) for event in events)
    said = {event.fact.value for event in events}
    if sure and len(said) == 1 and said <= {True, False}:
        yes = said.pop()
        kind = "attested_yes" if yes else "attested_no"
        why = tuple(Reason.of(kind, concept=index.name(event.fact.concept), date=event.fact.start) for event in events)
        return Evaluation(Truth.TRUE if yes else Truth.FALSE, why, used)
    empty = [event for event in events if not isinstance(event.fact.value, bool)]
    missing = _blank(index, empty) + doubts(ask, events, asked) if events else window_reason(ask, asked, lookback)
    return Evaluation(Truth.UNKNOWN, missing, used, missing)


def _blank(index: FactIndex, events: Iterable[Event]) -> tuple[Reason, ...]:
    """The events whose answer is not filled in, or not with an answer of its kind."""
    return tuple(Reason.of("value_missing", concept=index.name(event.fact.concept), date=event.fact.start) for event in events)


@function(
    "Recorded",
    concept(),
    length("lookback", optional=True),
    gives=Gives.TRUTH,
    days=_latest_days,
    phrase=Text("{concept} is on record", "已记录{concept}"),
)
def recorded(ask: Ask, asked: str, lookback: Length | None = None) -> Evaluation:
    """A usable record of the concept, or of one below it, is dated on or before D (within the look-back, where one is given).

    This asks about the record, not about the child: no record is false, not unknown, so a new record can change a decided
    answer. Use it in `review_when` and in advisories. Only a record with a partial date, or of a concept above, leaves it unknown.
    """
    index = ask.index
    events, sure = latest(index.events(asked), ask.day, lookback)
    used = tuple(index.used(event.fact) for event in events)
    name = index.name(asked)
    if sure:
        said = Reason.of("on_record", concept=name, date=events[-1].fact.start)
        return Evaluation(Truth.TRUE, (said,), used)
    if not events:
        return Evaluation(Truth.FALSE, (Reason.of("not_on_record", concept=name),))
    why = doubts(ask, events, asked)
    return Evaluation(Truth.UNKNOWN, why, used, why)


@function(
    "CodeIn",
    concept(ConceptKind.CODED),
    value_set(),
    gives=Gives.TRUTH,
    days=lambda index, _known, _limits, asked, *_codes: latest_days(index.events(asked), None),
    phrase=Text("{concept} is one of: {value_set}", "{concept}属于：{value_set}"),
)
def code_in(ask: Ask, asked: str, codes: Collection[str], set_name: Text | str) -> Evaluation:
    """The latest code of the concept on or before D is in the value set.

    No code, one not filled in, or one that has not the form of the concept's codes (`8910` without its behaviour) is unknown.
    """
    index = ask.index
    events, sure = latest(index.events(asked), ask.day, None)
    used = tuple(index.used(event.fact) for event in events)
    inside = {isinstance(event.fact.value, str) and event.fact.value in codes for event in events}
    unreadable = _unreadable(index, events, codes)
    empty = [event for event in events if not isinstance(event.fact.value, str)]
    if sure and not empty and not unreadable and len(inside) == 1:
        kind = "code_in" if True in inside else "code_not_in"
        why = tuple(_code_reason(index, event, kind, set_name) for event in events)
        return Evaluation(Truth.TRUE if True in inside else Truth.FALSE, why, used)
    why = (*unreadable, *_blank(index, empty), *doubts(ask, events, asked))
    missing = why if events else window_reason(ask, asked, None)
    return Evaluation(Truth.UNKNOWN, missing, used, missing)


def _unreadable(index: FactIndex, events: list[Event], codes: Collection[str]) -> tuple[Reason, ...]:
    """The codes among the events that have not the form of their concept's codes: nobody can say what they mean."""
    said: list[Reason] = []
    for event in events:
        known, code = index.concepts.get(event.fact.concept), event.fact.value
        pattern = known.code_pattern if known else None
        if pattern and isinstance(code, str) and code not in codes and not pattern.fullmatch(code):
            said.append(Reason.of("code_not_readable", concept=index.name(event.fact.concept), code=code, date=event.fact.start))
    return tuple(said)


def _code_reason(index: FactIndex, event: Event, kind: str, set_name: Text | str) -> Reason:
    written = event.fact.value if isinstance(event.fact.value, str) else None
    known = index.concepts.get(event.fact.concept)
    code = known.values.get(written, written) if known and written else written
    return Reason.of(kind, concept=index.name(event.fact.concept), code=code, value_set=set_name, date=event.fact.start)


def _order_days(index: FactIndex, _known: int, _limits: Limits, first: str, second: str) -> Iterator[int]:
    for event in _happened(index, first):
        yield event.first
        yield event.last
    yield from coverage_days(index, second, None)


def _happened(index: FactIndex, asked: str) -> list[Event]:
    """The events of a concept that took place, or may have: a signature that was refused (`no`) is none."""
    return [event for event in index.events(asked) if event.fact.value is not False]


def _answered(index: FactIndex, event: Event) -> bool:
    known = index.concepts.get(event.fact.concept)
    return known is None or known.kind not in (ConceptKind.ATTESTATION, ConceptKind.CONDITION) or event.fact.value is True


@function(
    "OnOrBefore",
    concept(name="first"),
    concept(name="second"),
    gives=Gives.TRUTH,
    days=_order_days,
    phrase=Text("“{first}” not later than “{second}”", "“{first}”不晚于“{second}”"),
)
def on_or_before(ask: Ask, first: str, second: str) -> Evaluation:
    """The date of the earliest fact of the first concept, on or before D, is on or before the earliest fact of the second.

    The earliest counts, so that a consent taken again does not undo the first one. A statement whose answer is no (a consent
    refused) is not a fact of the first; one whose answer is not filled in may be. While nothing is recorded of the second: true
    if its history says that there was none from birth to D (or to the last day known), or if it is recorded as not done; else
    unknown. Without a fact of the first it is unknown.
    """
    index = ask.index
    events = [event for event in _happened(index, first) if event.first <= ask.day]
    sure = [event for event in events if event.last <= ask.day and event.certain and _answered(index, event)]
    others = index.events(second)
    used = tuple(index.used(event.fact) for event in (*events, *others))
    if not events:
        missing = _refused(index, ask.day, first) or window_reason(ask, first, None)
        return Evaluation(Truth.UNKNOWN, missing, used, missing)
    empty = [event for event in events if not _answered(index, event)]
    doubtful = _blank(index, empty) + doubts(ask, events, first) if not sure or len(events) > 1 else ()
    if not others:
        return _second_absent(ask, second, used, () if sure else doubtful)
    said = {
        "first": index.name(first),
        "second": index.name(second),
        "date": (sure or events)[0].fact.start,
        "other": others[0].fact.start,
    }
    if sure and min(event.last for event in sure) <= min(event.first for event in others):
        return Evaluation(Truth.TRUE, (Reason.of("in_order", **said),), used)
    surely = [event.last for event in others if event.certain]
    if sure and surely and min(event.first for event in events) > min(surely):
        return Evaluation(Truth.FALSE, (Reason.of("not_in_order", **said),), used)
    why = unique(doubtful + doubts(ask, [*events, *others], second)) or (Reason.of("order_unknown", **said),)
    return Evaluation(Truth.UNKNOWN, why, used, why)


def _refused(index: FactIndex, day: int, asked: str) -> tuple[Reason, ...]:
    said = [event for event in index.events(asked) if event.fact.value is False and event.first <= day]
    return tuple(Reason.of("attested_no", concept=index.name(event.fact.concept), date=event.fact.start) for event in said)


def _second_absent(ask: Ask, second: str, used: tuple[UsedFact, ...], doubtful: tuple[Reason, ...]) -> Evaluation:
    index, last = ask.index, min(ask.day, ask.known)
    name = index.name(second)
    not_done = [fact for fact in index.set_aside(second) if fact.status is FactStatus.NOT_DONE]
    if doubtful:
        return Evaluation(Truth.UNKNOWN, doubtful, used, doubtful)
    if not_done:  # not done by the day of that statement, and so not before either
        return Evaluation(Truth.TRUE, (Reason.of("second_not_done", concept=name, date=not_done[0].start),), used)
    if index.covers(second, LONG_AGO, last):
        return Evaluation(Truth.TRUE, (Reason.of("second_not_on_record", concept=name, last=as_date(last)),), used)
    missing = (coverage_reason(index, second, LONG_AGO, last),)
    return Evaluation(Truth.UNKNOWN, missing, used, missing)
