"""Results: measurements, scores and grades, and their multiples of the upper limit of normal."""

from __future__ import annotations

from collections.abc import Iterable

from protocord.concepts import ConceptKind
from protocord.criteria.functions.ages import age_between
from protocord.criteria.functions.registry import Ask, Gives, Limits, concept, function, length
from protocord.criteria.functions.selection import doubts, latest, latest_days, window_reason
from protocord.criteria.index import BIRTH_DATE, SEX, Event, FactIndex
from protocord.criteria.lengths import Length
from protocord.criteria.numbers import Case, Numbers
from protocord.values.facts import ReferenceRange
from protocord.values.quantities import Quantity
from protocord.values.reasons import Particular, Reason
from protocord.values.text import Text

ADULT = 18


def numeric(index: FactIndex, asked: str) -> list[Event]:
    """This will return the events that hold a number, or where one is still to be filled in; a worded result is skipped."""
    return [event for event in index.events(asked) if event.fact.value is None or isinstance(event.fact.value, Quantity)]


def result_days(index: FactIndex, _known: int, _limits: Limits, asked: str, lookback: Length) -> Iterable[int]:
    """This will yield the days on which the latest result may change."""
    return latest_days(numeric(index, asked), lookback)


def _results(ask: Ask, asked: str, lookback: Length) -> tuple[list[tuple[Event, Quantity]], Numbers]:
    """The candidates that have a number, and what is absent or in doubt about them (as Numbers without cases)."""
    index = ask.index
    events, sure = latest(numeric(index, asked), ask.day, lookback)
    absent: list[Reason] = []
    found: list[tuple[Event, Quantity]] = []
    for event in events:
        standard = index.standard(event.fact, asked)
        if isinstance(standard, Quantity):
            found.append((event, standard))
        elif standard is None:
            absent.append(Reason.of("value_missing", concept=index.name(event.fact.concept), date=event.fact.start))
        else:
            absent.append(standard)
    why = doubts(ask, events, asked) if len(events) > 1 or not sure else ()
    if not sure:
        absent.extend(why or window_reason(ask, asked, lookback))
    return found, Numbers((), tuple(absent), why, used=tuple(index.used(event.fact) for event in events))


@function(
    "Latest",
    concept(ConceptKind.MEASUREMENT, ConceptKind.SCORE, ConceptKind.TOXICITY),
    length("lookback"),
    gives=Gives.QUANTITY,
    days=result_days,
    phrase=Text("{concept} (latest of the last {lookback})", "{concept}（{lookback}内最后一次）"),
)
def latest_result(ask: Ask, asked: str, lookback: Length) -> Numbers:
    """The most recent result of the concept, or of one below it, dated from D - lookback to D, both days included.

    The last one is the last by date, then by record id. Results that were not done, are excluded, or are words instead of a
    number are skipped. A result without a unit, in a unit that the concept does not accept, or outside the concept's plausible
    range (a negative count, a creatinine of 0) is unknown. With partial dates
    every result that could be the last one counts as possible; `<5` is any number below 5.
    """
    found, rest = _results(ask, asked, lookback)
    cases = tuple(_case(ask, event, standard) for event, standard in found)
    return Numbers(cases, rest.absent, rest.doubts, used=rest.used)


def _case(ask: Ask, event: Event, standard: Quantity) -> Case:
    bounds = standard.bounds
    said: dict[str, Particular] = {"concept": ask.index.name(event.fact.concept), "value": standard, "date": event.fact.start}
    return Case(
        bounds.low,
        bounds.high,
        bounds.low_strict,
        bounds.high_strict,
        family="result",
        particulars=said,
        unit=standard.unit or "1",
    )


@function(
    "TimesULN",
    concept(ConceptKind.MEASUREMENT),
    length("lookback"),
    gives=Gives.RATIO,
    days=result_days,
    phrase=Text(
        "{concept} (latest of the last {lookback}), in multiples of its upper limit of normal,",
        "{concept}（{lookback}内最后一次）相对于其正常值上限的倍数",
    ),
)
def times_uln(ask: Ask, asked: str, lookback: Length) -> Numbers:
    """The latest result (as `Latest`) divided by the upper limit of that result's own reference range; compared exactly, undivided.

    The range must be the child's: its age band holds the child's age on the day of the sample, or the laboratory declared it the
    child's own. A range of unstated age, or one whose band begins in childhood and goes on beyond 18 years (0–150, 12–99), says
    nothing about a child and is used only for somebody of 18 years or more. A range for another age or sex, without an upper
    limit, or in a unit that the concept does not accept, leaves the answer unknown, with that reason: an adult's limit is never
    applied to a child.
    """
    found, rest = _results(ask, asked, lookback)
    cases: list[Case] = []
    absent = list(rest.absent)
    for event, standard in found:
        upper = _upper_limit(ask.index, event, asked)
        if isinstance(upper, Reason):
            absent.append(upper)
        else:
            cases.append(_ratio(ask, event, standard, upper))
    return Numbers(tuple(cases), tuple(absent), rest.doubts, used=rest.used)


def _ratio(ask: Ask, event: Event, standard: Quantity, upper: Quantity) -> Case:
    bounds = standard.bounds
    said: dict[str, Particular] = {"concept": ask.index.name(event.fact.concept), "value": standard, "date": event.fact.start}
    said["upper"] = upper
    return Case(
        bounds.low, bounds.high, bounds.low_strict, bounds.high_strict, upper.value, "times_uln", said, standard.unit or "1"
    )  # fmt: skip


def _upper_limit(index: FactIndex, event: Event, asked: str) -> Quantity | Reason:
    """The upper limit of the result's own range in the concept's unit, or why it must not be used for this child."""
    name = index.name(event.fact.concept)
    stated = event.fact.range
    if stated is None or stated.high is None or stated.high.comparator or stated.high.value <= 0:
        return Reason.of("no_upper_limit", concept=name, date=event.fact.start)
    wrong = _not_the_childs(index, event, stated, name)
    return wrong or index.implausible(event.fact, stated.high) or index.concepts.standard(asked, stated.high)


def _not_the_childs(index: FactIndex, event: Event, stated: ReferenceRange, name: Text) -> Reason | None:
    when = event.fact.start
    if stated.sex is not None and stated.sex != index.sex:
        if index.sex is None:
            return Reason.of("sex_missing", concept=name, date=when, wanted=index.name(SEX))
        return Reason.of("range_for_other_sex", concept=name, date=when, sex=stated.sex)
    banded = stated.age_low is not None or stated.age_high is not None
    if stated.age_specific and not banded:
        return None
    ages = age_between(index, event.first, event.last)
    if ages is None:
        return Reason.of("range_age_not_known", concept=name, date=when, wanted=index.name(BIRTH_DATE))
    low, high = stated.age_low, stated.age_high
    if banded:
        said = {"concept": name, "date": when, "band": _band(low, high)}
        if (high is not None and ages[0] > high) or (low is not None and ages[1] < low):
            return Reason.of("range_for_other_age", **said, age=ages[0])
        if ages[0] < ADULT and _reaches_adults(low, high):
            return Reason.of("range_age_not_stated", concept=name, date=when)
        if (low is None or ages[0] >= low) and (high is None or ages[1] <= high):
            return None
        return Reason.of("range_age_uncertain", **said)
    return None if ages[0] >= ADULT else Reason.of("range_age_not_stated", concept=name, date=when)


def _reaches_adults(low: int | None, high: int | None) -> bool:
    """Whether a band goes on beyond childhood: then its limit is an adult's, whatever age it begins at."""
    return (low is None or low < ADULT) and (high is None or high > ADULT)


def _band(low: int | None, high: int | None) -> str:
    if high is None:
        return f"≥ {low}"
    return f"≤ {high}" if low is None else f"{low}–{high}"
