"""Which record is the latest, when dates may be partial and a record may be of something else: all that could be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from protocord.criteria.functions.registry import Ask
from protocord.criteria.index import Event, FactIndex
from protocord.criteria.lengths import LONG_AGO, Length, is_day
from protocord.values.dates import PartialDate
from protocord.values.facts import Fact, FactStatus
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason


def latest(events: Sequence[Event], day: int, lookback: Length | None) -> tuple[list[Event], bool]:
    """This will return every event that could be the last one in [day - lookback, day], and whether there surely is one.

    Last is by date, then by record id. An event is surely in the window when its earliest and latest day are, and it is certain.
    """
    opens = lookback.before(day) if lookback else LONG_AGO
    possible = [event for event in events if event.first <= day and event.last >= opens]
    sure = [event for event in possible if event.certain and event.first >= opens and event.last <= day]
    if not sure:
        return possible, False
    floor = max((event.first, event.id) for event in sure)
    return [event for event in possible if (min(event.last, day), event.id) >= floor], True


def latest_days(events: Sequence[Event], lookback: Length | None) -> Iterator[int]:
    """This will yield the days on which `latest` may change."""
    partial = any(event.first != event.last for event in events)
    for event in events:
        yield event.first
        yield event.last
        if partial:
            yield event.first + 1
        if lookback:
            yield lookback.first_beyond(event.first)
            yield lookback.first_beyond(event.last)


def window_reason(ask: Ask, concept: str, lookback: Length | None) -> tuple[Reason, ...]:
    """This will say that nothing usable is on record, and name what was not done or set aside in the window."""
    name = ask.index.name(concept)
    if lookback is None:
        missing = Reason.of("no_record", concept=name)
    else:
        missing = Reason.of("no_record_in_lookback", concept=name, first=as_date(lookback.before(ask.day)), last=as_date(ask.day))
    return (missing, *(_aside(ask.index, fact) for fact in ask.index.set_aside(concept) if _in_window(fact, ask.day, lookback)))


def _in_window(fact: Fact, day: int, lookback: Length | None) -> bool:
    opens = lookback.before(day) if lookback else LONG_AGO
    event = Event.of(fact, certain=True)
    return event.first <= day and event.last >= opens


def _aside(index: FactIndex, fact: Fact) -> Reason:
    kind = "record_not_done" if fact.status is FactStatus.NOT_DONE else "record_excluded"
    return Reason.of(kind, concept=index.name(fact.concept), date=fact.start)


def as_date(day: int) -> PartialDate | None:
    """This will return an ordinal as a date; None for the infinitely early or late."""
    return PartialDate.of(date.fromordinal(day)) if is_day(day) else None


def in_days(count: int) -> Quantity:
    """This will return a number of days as a quantity, so that the word tables can say one day and two days."""
    return Quantity(Decimal(count), "d")


def doubts(ask: Ask, events: Iterable[Event], asked: str) -> tuple[Reason, ...]:
    """This will say why each event may or may not count: its date is partial or missing, or what it is of is not stated."""
    said: list[Reason] = []
    for event in events:
        name = ask.index.name(event.fact.concept)
        if not event.certain:
            said.append(Reason.of("concept_not_stated", concept=ask.index.name(asked), recorded=name, date=event.fact.start))
        if event.fact.start is None:
            said.append(Reason.of("date_missing", concept=name))
        elif event.first != event.last:
            said.append(Reason.of("date_partial", concept=name, date=event.fact.start))
    return tuple(said)
