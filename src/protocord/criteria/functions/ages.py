"""Ages in completed years; someone born on 29 February completes a year on 28 February of a common year (convention)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from protocord.criteria.functions.registry import Ask, Gives, Limits, concept, function, length
from protocord.criteria.functions.selection import as_date, doubts, latest, latest_days
from protocord.criteria.index import BIRTH_DATE, FactIndex
from protocord.criteria.lengths import LONG_AGO, Length, is_day
from protocord.criteria.numbers import Case, Numbers
from protocord.values.dates import anniversary, completed_years
from protocord.values.reasons import Particular, Reason
from protocord.values.text import Text

_OLDEST = 120
NO_TIME = Length()


def age_between(index: FactIndex, first: int, last: int) -> tuple[int, int] | None:
    """This will return the least and greatest age in completed years on the days from `first` to `last`; None when not known."""
    if index.birth is None or not (is_day(first) and is_day(last)):
        return None
    born_first, born_last = map(date.fromordinal, index.birth)
    return completed_years(born_last, date.fromordinal(first)), completed_years(born_first, date.fromordinal(last))


def _birthdays(index: FactIndex, limits: Limits) -> Iterable[int]:
    """The days on which the age may pass one of `limits` (every birthday when they are not known), and the day of birth."""
    if index.birth is None:
        return
    years = set(range(_OLDEST)) if limits is None else {int(limit) + more for limit in limits for more in (0, 1)} | {0}
    for born in {date.fromordinal(day) for day in index.birth}:
        for count in years:
            if 0 <= count <= _OLDEST:
                yield anniversary(born, count).toordinal()


def _case(index: FactIndex, first: int, last: int, family: str, **said: Particular) -> Case | Reason:
    """The ages possible between two days, from birth on, or why there is none."""
    if index.birth is None:
        return Reason.of("birth_date_missing", concept=index.name(BIRTH_DATE))
    if last < index.birth[1]:
        return Reason.of("not_born", date=as_date(last))
    ages = age_between(index, max(first, index.birth[0]), last)
    low, high = (0, _OLDEST) if ages is None else (max(ages[0], 0), ages[1])
    shown = str(low) if low == high else f"{low}–{high}"
    return Case(Decimal(low), Decimal(high), family=family, particulars={**said, "age": shown, "date": as_date(last)})


def _age_days(index: FactIndex, _known: int, limits: Limits) -> Iterable[int]:
    return _birthdays(index, limits)


@function(
    "AgeInYears", gives=Gives.NUMBER, days=_age_days, phrase=Text("the age in completed years", "周岁年龄")
)  # fmt: skip
def age_in_years(ask: Ask) -> Numbers:
    """The age in completed years at D.

    A partial birth date leaves every age that it allows; no birth date leaves the age unknown. Born on 29 February: the
    birthday of a common year is 28 February (convention).
    """
    index = ask.index
    used = tuple(index.used(event.fact) for event in index.events(BIRTH_DATE))
    found = _case(index, ask.day, ask.day, "age")
    return Numbers((), (found,), used=used) if isinstance(found, Reason) else Numbers((found,), used=used)


def _age_at_days(index: FactIndex, _known: int, limits: Limits, asked: str, before: Length = NO_TIME) -> Iterable[int]:
    yield from latest_days(index.events(asked), None)
    for day in _birthdays(index, limits):
        yield before.first_beyond(day - 1)


@function(
    "AgeInYearsAt",
    concept(),
    length("before", optional=True),
    gives=Gives.NUMBER,
    days=_age_at_days,
    phrase=Text("the age in completed years on the day of “{concept}”", "“{concept}”当日的周岁年龄"),
)
def age_in_years_at(ask: Ask, asked: str, before: Length = NO_TIME) -> Numbers:
    """The age in completed years on the date of the latest fact of the concept on or before D.

    While there is no such fact, it may still turn out to have been on any day from birth to D: an age limit that already holds
    at D is then met, any other answer unknown. With a second argument, the age that long before that date.
    """
    index = ask.index
    events, sure = latest(index.events(asked), ask.day, None)
    name = index.name(asked)
    cases: list[Case] = []
    absent: list[Reason] = []
    ranges = [(event.first, min(event.last, ask.day)) for event in events]
    why = doubts(ask, events, asked)
    if not sure:
        ranges.append((LONG_AGO, ask.day))
        why = (Reason.of("no_record", concept=name), *why)
    for first, last in ranges:
        found = _case(index, before.before(first), before.before(last), "age_at", concept=name)
        if isinstance(found, Reason):
            absent.append(found)
        else:
            cases.append(found)
    used = tuple(index.used(event.fact) for event in (*index.events(BIRTH_DATE), *events))
    return Numbers(tuple(cases), tuple(absent), why, used=used)
