"""What a child was given or underwent: washouts, and whether ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from protocord.concepts import ConceptKind
from protocord.criteria.answers import Evaluation, Truth, UsedFact
from protocord.criteria.functions.registry import Ask, Gives, Limits, concept, function, length
from protocord.criteria.functions.selection import as_date, in_days
from protocord.criteria.index import Event, FactIndex
from protocord.criteria.lengths import LONG_AGO, NEVER, Length, is_day
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason
from protocord.values.text import Text

_EVENTS = (ConceptKind.EXPOSURE, ConceptKind.PROCEDURE)


def given(index: FactIndex, asked: str) -> list[Event]:
    """This will return the events of an exposure or procedure; one recorded as not given (a value of no) is none."""
    return [event for event in index.events(asked) if event.fact.value is not False]


def coverage_reason(index: FactIndex, asked: str, first: int, last: int) -> Reason:
    """This will say that the absence of records means nothing yet, because no complete history covers the days asked."""
    name = index.name(asked)
    if not index.coverage(asked):
        return Reason.of("history_missing", concept=name)
    if first == LONG_AGO:
        return Reason.of("history_not_since_birth", concept=name, last=as_date(last))
    return Reason.of("history_not_covering", concept=name, first=as_date(first), last=as_date(last))


def coverage_days(index: FactIndex, asked: str, gap: Length | None) -> Iterator[int]:
    """This will yield the days on which a history may begin or cease to cover the look-back of `gap` (None: since birth)."""
    for start, end in index.coverage(asked):
        yield start
        yield end + 1
        if gap is not None and is_day(start):
            yield gap.first_beyond(start - 1)


def _washout_days(index: FactIndex, known: int, _limits: Limits, asked: str, gap: Length) -> Iterator[int]:
    for event in given(index, asked):
        yield event.first
        yield _began_last(event, known)
        yield gap.after(event.over_first)
        if event.over_last != NEVER:
            yield gap.after(event.over_last)
    yield from coverage_days(index, asked, gap)


@function(
    "Washout",
    concept(*_EVENTS),
    length("gap"),
    gives=Gives.TRUTH,
    days=_washout_days,
    phrase=Text("at least {gap} since the last: {concept}", "距末次{concept}至少{gap}"),
)
def washout(ask: Ask, asked: str, gap: Length) -> Evaluation:
    """Every exposure of the concept that began on or before D has ended, and its last day lies at least `gap` before D.

    The last dose is day 0: with a gap of 21 days, D may be its 21st day after. False as soon as one exposure surely violates it.
    True only when a complete history of the concept (or of one above it) covers the days from D - gap to D, or to the last day
    known, whichever is earlier. An exposure whose end is not recorded, or that is of a concept above the asked one, can leave the
    answer unknown. Exposures planned after D do not count; those that go on are taken to go on.
    """
    index = ask.index
    asked_for = (
        Reason.of("threshold_gap", concept=index.name(asked), needed=_days(gap, ask.day), earliest=as_date(gap.before(ask.day))),
    )
    over: list[tuple[Event, Reason]] = []
    violated: list[Reason] = []
    open_: list[Reason] = []
    used: list[UsedFact] = []
    for event in given(index, asked):
        if event.first > ask.day:
            continue
        used.append(index.used(event.fact))
        truth, reason = _cleared(ask, event, asked, gap)
        if truth is Truth.TRUE:
            over.append((event, reason))
        else:
            (violated if truth is Truth.FALSE else open_).append(reason)
    last = min(ask.day, ask.known)
    first = min(gap.before(ask.day), last)
    if not index.covers(asked, first, last):
        open_.append(coverage_reason(index, asked, first, last))
    missing = tuple(open_)
    if violated:
        return Evaluation(Truth.FALSE, tuple(violated), tuple(used), missing, asked_for)
    if missing:
        return Evaluation(Truth.UNKNOWN, missing, tuple(used), missing, asked_for)
    if over:
        nearest = max(over, key=lambda pair: (pair[0].over_last, pair[0].id))[1]
        return Evaluation(Truth.TRUE, (nearest,), tuple(used), (), asked_for)
    none = Reason.of("none_in_gap", concept=index.name(asked), first=as_date(first), last=as_date(last))
    return Evaluation(Truth.TRUE, (none,), (), (), asked_for)


def _days(gap: Length, day: int) -> Quantity:
    return in_days(day - gap.before(day))


def _began_last(event: Event, known: int) -> int:
    """The last day it may have begun on: whoever recorded that it goes on knew of it by then, even without its first day."""
    return known if event.fact.start is None and event.fact.ongoing else event.last


def _cleared(ask: Ask, event: Event, asked: str, gap: Length) -> tuple[Truth, Reason]:
    """Whether one exposure, begun or possibly begun, is over by the gap."""
    fact, day = event.fact, ask.day
    agent = ask.index.name(fact.concept)
    may_clear = _began_last(event, ask.known) > day or gap.after(event.over_first) <= day
    may_violate = event.over_last == NEVER or gap.after(event.over_last) > day
    if not may_violate:
        said = Reason.of(
            "washout_over", agent=agent, last=fact.end or fact.start, days=in_days(day - event.over_last), needed=_days(gap, day)
        )
        return Truth.TRUE, said
    if may_clear or not event.certain:
        return Truth.UNKNOWN, _why_open(ask, event, asked)
    if event.over_first == NEVER:
        return Truth.FALSE, Reason.of("still_given", agent=agent, first=fact.start)
    if event.over_last == NEVER:
        return Truth.FALSE, Reason.of("too_recent_no_end", agent=agent, first=fact.start, needed=_days(gap, day))
    last, opens = fact.end or fact.start, as_date(gap.after(event.over_last))
    said = Reason.of(
        "too_recent", agent=agent, last=last, days=in_days(day - event.over_first), needed=_days(gap, day), opens=opens
    )
    return Truth.FALSE, said


def _why_open(ask: Ask, event: Event, asked: str) -> Reason:
    fact = event.fact
    agent = ask.index.name(fact.concept)
    if not event.certain:
        return Reason.of("agent_not_stated", concept=ask.index.name(asked), recorded=agent, date=fact.end or fact.start)
    if fact.start is None and fact.end is None:
        return Reason.of("exposure_dates_missing", agent=agent)
    if fact.end is None and not fact.ongoing:
        return Reason.of("end_missing", agent=agent, first=fact.start)
    return Reason.of("exposure_date_partial", agent=agent, first=fact.start, last=fact.end)


def _ever_days(index: FactIndex, _known: int, _limits: Limits, asked: str) -> Iterable[int]:
    for event in given(index, asked):
        yield event.first
        yield event.last
    yield from coverage_days(index, asked, None)


@function("Ever", concept(*_EVENTS), gives=Gives.TRUTH, days=_ever_days, phrase=Text("ever: {concept}", "曾经：{concept}"))
def ever(ask: Ask, asked: str) -> Evaluation:
    """Any exposure of the concept, or of one below it, began on or before D.

    False only when a complete history of the concept (or of one above it) reaches from birth to D, or to the last day known.
    A record of a concept above the asked one, or with a date that may lie after D, leaves it unknown.
    """
    index = ask.index
    name = index.name(asked)
    begun = [event for event in given(index, asked) if event.first <= ask.day]
    used = tuple(index.used(event.fact) for event in begun)
    for event in begun:
        if event.certain and event.last <= ask.day:
            said = Reason.of("ever_given", concept=name, agent=index.name(event.fact.concept), date=event.fact.start)
            return Evaluation(Truth.TRUE, (said,), used)
    open_ = [_why_begun(ask, event, asked) for event in begun]
    last = min(ask.day, ask.known)
    if not index.covers(asked, LONG_AGO, last):
        open_.append(coverage_reason(index, asked, LONG_AGO, last))
    if open_:
        return Evaluation(Truth.UNKNOWN, tuple(open_), used, tuple(open_))
    return Evaluation(Truth.FALSE, (Reason.of("never_given", concept=name, last=as_date(last)),))


def _why_begun(ask: Ask, event: Event, asked: str) -> Reason:
    agent = ask.index.name(event.fact.concept)
    if not event.certain:
        return Reason.of("agent_not_stated", concept=ask.index.name(asked), recorded=agent, date=event.fact.start)
    if event.fact.start is None:
        return Reason.of("exposure_dates_missing", agent=agent)
    return Reason.of("exposure_date_partial", agent=agent, first=event.fact.start, last=event.fact.end)
