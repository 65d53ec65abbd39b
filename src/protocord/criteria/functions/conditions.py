"""Conditions stated present or absent, and recovery from toxicities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from protocord.concepts import ConceptKind
from protocord.criteria.answers import Evaluation, Truth
from protocord.criteria.functions.exposures import coverage_days, coverage_reason
from protocord.criteria.functions.registry import Ask, Gives, Limits, concept, function, length, number
from protocord.criteria.functions.results import numeric
from protocord.criteria.functions.selection import as_date, doubts, latest, latest_days, window_reason
from protocord.criteria.index import Event, FactIndex
from protocord.criteria.lengths import LONG_AGO, NEVER, Length
from protocord.criteria.numbers import Case, holds, unique
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason
from protocord.values.text import Text


def _condition_days(index: FactIndex, _known: int, _limits: Limits, asked: str, lookback: Length | None = None) -> Iterator[int]:
    for event in index.events(asked):
        yield event.first
        yield event.last
        if event.fact.end is not None:
            yield event.over_first
            yield event.over_last
        if lookback:
            yield lookback.first_beyond(event.first)
            yield lookback.first_beyond(event.last)
    yield from coverage_days(index, asked, None)


@function(
    "Has",
    concept(ConceptKind.CONDITION),
    length("lookback", optional=True),
    gives=Gives.TRUTH,
    days=_condition_days,
    phrase=Text("{concept}", "有{concept}"),
)
def has(ask: Ask, asked: str, lookback: Length | None = None) -> Evaluation:
    """The condition, or one below it, is recorded as present on or before D and not as ended by D.

    A later statement that it (or one above it) is absent supersedes an earlier one that it is present. False when it is recorded
    as absent or as ended, or when a complete history reaches from birth to D without it; unknown when nothing is recorded. A
    condition above the asked one leaves it unknown. That one below it is absent denies only that one. With a look-back, only
    statements dated within it count.
    """
    index = ask.index
    opens = lookback.before(ask.day) if lookback else LONG_AGO
    # A statement whose day may lie outside the window is there or not: both are possible.
    stated = [event for event in index.events(asked) if event.first <= ask.day and event.last >= opens]
    used = tuple(index.used(event.fact) for event in stated)
    above = index.concepts.ancestors(asked) | {asked}
    sure = [event for event in stated if event.first >= opens and event.last <= ask.day]
    present = [event for event in stated if event.fact.value is not False]
    denials = [event for event in stated if event.fact.value is False and event.fact.concept in above]
    open_: list[Reason] = []
    for event in present:
        truth = _active(ask, asked, event, stated, sure)
        if truth is Truth.TRUE:
            said = Reason.of("condition_present", concept=index.name(event.fact.concept), date=event.fact.start)
            return Evaluation(Truth.TRUE, (said,), used)
        if truth is Truth.UNKNOWN:
            open_.extend(_why_present_open(ask, event, asked))
    absent = _absent(ask, asked, [event for event in (*present, *denials) if event in sure], lookback)
    if absent is None and not open_:
        open_.extend(doubts(ask, denials, asked) or _nothing_stated(ask, asked, lookback))
    if open_:
        why = unique(tuple(open_))
        return Evaluation(Truth.UNKNOWN, why, used, why)
    return Evaluation(Truth.FALSE, (absent,) if absent else (), used)


def _nothing_stated(ask: Ask, asked: str, lookback: Length | None) -> tuple[Reason, ...]:
    name = ask.index.name(asked)
    missing, *aside = window_reason(ask, asked, lookback)
    return (missing if lookback else Reason.of("condition_not_stated", concept=name), *aside)


def _active(ask: Ask, asked: str, event: Event, stated: list[Event], sure: list[Event]) -> Truth:
    """Whether a statement of presence holds at D: begun, not ended, not superseded by a later denial."""
    ended = event.fact.end is not None and event.over_last <= ask.day
    if ended:
        return Truth.FALSE
    truth = Truth.TRUE if event in sure and event.certain and event.fact.value is True else Truth.UNKNOWN
    if event.fact.end is not None and event.over_first <= ask.day:
        truth = Truth.UNKNOWN
    concepts = ask.index.concepts
    above = concepts.ancestors(event.fact.concept) | {event.fact.concept}
    if not event.certain:  # should it turn out to be the asked one, a denial of that supersedes it too
        above |= concepts.ancestors(asked) | {asked}
    for other in stated:
        if other is event or other.fact.value is True or other.fact.concept not in above:
            continue
        if other.fact.value is False and other in sure and (other.first, other.id) > (event.last, event.id):
            return Truth.FALSE
        if (other.last, other.id) > (event.first, event.id):  # it may deny, or its answer is still to be filled in
            truth = Truth.UNKNOWN
    return truth


def _why_present_open(ask: Ask, event: Event, asked: str) -> tuple[Reason, ...]:
    name = ask.index.name(event.fact.concept)
    said = list(doubts(ask, (event,), asked))
    if not isinstance(event.fact.value, bool):
        said.append(Reason.of("value_missing", concept=name, date=event.fact.start))
    if event.fact.end is not None and event.over_first != event.over_last:
        said.append(Reason.of("end_partial", concept=name, date=event.fact.end))
    return tuple(said) or (Reason.of("statements_disagree", concept=name),)


def _absent(ask: Ask, asked: str, sure: list[Event], lookback: Length | None) -> Reason | None:
    """Why the condition counts as absent, if anything says so."""
    name = ask.index.name(asked)
    for event in reversed(sure):
        if event.fact.value is False:
            return Reason.of("condition_absent", concept=ask.index.name(event.fact.concept), date=event.fact.start)
        if event.fact.value is True and event.fact.concept == asked and event.fact.end is not None and event.over_last <= ask.day:
            return Reason.of("condition_ended", concept=name, date=event.fact.end)
    last = min(ask.day, ask.known)
    if lookback is None and ask.index.covers(asked, LONG_AGO, last):
        return Reason.of("condition_not_on_record", concept=name, last=as_date(last))
    return None


def _recovered_days(index: FactIndex, _known: int, _limits: Limits, asked: str, _grade: object) -> Iterable[int]:
    events = numeric(index, asked)
    yield from latest_days(events, None)
    for event in events:
        if event.fact.end is not None:
            yield event.over_first
            yield event.over_last
    yield from coverage_days(index, asked, None)


@function(
    "RecoveredTo",
    concept(ConceptKind.TOXICITY),
    number("grade"),
    gives=Gives.TRUTH,
    days=_recovered_days,
    phrase=Text("recovered to grade {grade} or less: {concept}", "{concept}已恢复至≤{grade}级"),
)
def recovered_to(ask: Ask, asked: str, grade: Decimal) -> Evaluation:
    """Every toxicity of the class that is not resolved by D has its latest grade, on or before D, at most at `grade`.

    False as soon as one toxicity surely is above it. True only when a complete list of the class (a history of it or of one above
    it) holds on D, or on the last day known. The latest record of one toxicity supersedes its earlier ones; records on a class of
    toxicities each stand for themselves, since two of them need not be the same toxicity. A toxicity above the grade without an
    end that is not marked as ongoing leaves the answer unknown.
    """
    index = ask.index
    asked_for = (Reason.of("threshold_grade", concept=index.name(asked), limit=Quantity(grade, "{grade}")),)
    begun = [event for event in numeric(index, asked) if event.first <= ask.day]
    used = tuple(index.used(event.fact) for event in begun)
    violated: list[Reason] = []
    fine: list[Reason] = []
    open_: list[Reason] = []
    for group in _toxicities(index, begun):
        truth, why = _group(ask, asked, group, grade)
        if truth is Truth.FALSE and _may_be_superseded(index, group, begun):
            truth, why = Truth.UNKNOWN, (Reason.of("toxicity_may_be_superseded", toxicity=index.name(group[0].fact.concept)),)
        {Truth.TRUE: fine, Truth.FALSE: violated, Truth.UNKNOWN: open_}[truth].extend(why)
    last = min(ask.day, ask.known)
    if not index.covers(asked, last, last):
        open_.append(coverage_reason(index, asked, last, last))
    missing = unique(tuple(open_))
    if violated:
        return Evaluation(Truth.FALSE, tuple(violated), used, missing, asked_for)
    if missing:
        return Evaluation(Truth.UNKNOWN, missing, used, missing, asked_for)
    return Evaluation(Truth.TRUE, tuple(fine) or (Reason.of("no_toxicity", concept=index.name(asked)),), used, (), asked_for)


def _toxicities(index: FactIndex, begun: list[Event]) -> Iterable[list[Event]]:
    """The records of each toxicity together; one of a whole class stands for itself: two of them need not be the same toxicity."""
    groups: dict[str, list[Event]] = {}
    for event in begun:
        whole_class = index.concepts.descendants(event.fact.concept)
        groups.setdefault(f"{event.fact.concept} {event.id}" if whole_class else event.fact.concept, []).append(event)
    return groups.values()


def _may_be_superseded(index: FactIndex, group: list[Event], begun: list[Event]) -> bool:
    """Whether a later record, of a class that this toxicity may belong to or the other way round, may be of the same toxicity."""
    below = index.concepts.descendants
    name = group[0].fact.concept
    own = below(name) | {name}
    last = max((event.first, event.id) for event in group)
    return any(
        event not in group
        and (event.last, event.id) > last
        and not own.isdisjoint(below(event.fact.concept) | {event.fact.concept})
        for event in begun
    )


def _group(ask: Ask, asked: str, group: list[Event], grade: Decimal) -> tuple[Truth, tuple[Reason, ...]]:
    """Whether one toxicity is resolved or at most at the limit, whichever of its records is the latest."""
    candidates, sure = latest(group, ask.day, None)
    answers = [_toxicity(ask, event, asked, grade) for event in candidates]
    truths = {truth for truth, _ in answers} | (set() if sure else {Truth.TRUE})
    if len(truths) == 1 and Truth.UNKNOWN not in truths:
        return truths.pop(), tuple(reason for _, reason in answers)
    why = tuple(reason for truth, reason in answers if truth is Truth.UNKNOWN)
    return Truth.UNKNOWN, (*why, *doubts(ask, candidates, asked))


def _toxicity(ask: Ask, event: Event, asked: str, grade: Decimal) -> tuple[Truth, Reason]:
    fact = event.fact
    said = {"toxicity": ask.index.name(fact.concept), "date": fact.start}
    if event.over_last <= ask.day and fact.end is not None:
        return Truth.TRUE, Reason.of("toxicity_resolved", toxicity=said["toxicity"], date=fact.end)
    standard = ask.index.standard(fact, asked)
    if not isinstance(standard, Quantity):
        return Truth.UNKNOWN, standard or Reason.of("grade_missing", **said)
    bounds, limit = standard.bounds, Quantity(grade, "{grade}")
    within = holds(Case(bounds.low, bounds.high, bounds.low_strict, bounds.high_strict), "<=", Case(grade, grade))
    if within:
        return Truth.TRUE, Reason.of("toxicity_within", **said, grade=standard, limit=limit)
    goes_on = event.over_first == NEVER or (fact.end is not None and event.over_first > ask.day)
    if within is False and goes_on:
        return Truth.FALSE, Reason.of("toxicity_above", **said, grade=standard, limit=limit)
    return Truth.UNKNOWN, Reason.of(
        "toxicity_end_missing" if fact.end is None else "toxicity_end_partial", **said, grade=standard
    )
