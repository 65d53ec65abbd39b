"""One subject's facts, arranged for rules to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from protocord.concepts import Concepts
from protocord.criteria.answers import UsedFact
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.values.dates import PartialDate
from protocord.values.facts import Fact, FactStatus, History, SubjectRecord
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason
from protocord.values.text import Text

BIRTH_DATE = "Birth date"
SEX = "Sex"


@dataclass(frozen=True, slots=True)
class Event:
    """A usable fact with the days it may lie on, as ordinals.

    `certain`: it is of the asked concept or below; otherwise of one above or beside it, and may turn out to be something else.
    `first`..`last`: earliest and latest day of its start. `over_first`..`over_last`: of its end (NEVER while it goes on).
    """

    fact: Fact
    certain: bool
    first: int
    last: int
    over_first: int
    over_last: int

    @property
    def id(self) -> str:
        """The id of the fact: what breaks a tie of dates."""
        return self.fact.id

    @classmethod
    def of(cls, fact: Fact, *, certain: bool) -> Event:
        """This will return the fact as an event: the days that its dates, as far as they are known, allow."""
        first, last = _range(fact.start)
        if fact.ongoing and fact.end is None:
            return cls(fact, certain, first, last, NEVER, NEVER)
        if fact.end is None:
            return cls(fact, certain, first, last, first, NEVER)
        over_first, over_last = _range(fact.end)
        if over_last < first:  # the record contradicts itself: it cannot have ended before it began, so take the later
            return cls(fact, certain, first, last, first, last)
        return cls(fact, certain, first, min(last, over_last), max(over_first, first), over_last)


def _range(day: PartialDate | None) -> tuple[int, int]:
    if day is None:
        return LONG_AGO, NEVER
    return day.earliest.toordinal(), day.latest.toordinal()


class FactIndex:
    """One subject's facts by concept; build once, ask for many rules and days. The order of the facts does not matter."""

    def __init__(self, record: SubjectRecord, concepts: Concepts) -> None:
        self.record = record
        self.concepts = concepts
        self._by_concept: dict[str, list[Fact]] = {}
        for fact in record.facts:
            self._by_concept.setdefault(fact.concept, []).append(fact)
        self._recorded = frozenset(self._by_concept)
        self._events: dict[str, tuple[Event, ...]] = {}
        self._coverage: dict[str, tuple[tuple[int, int], ...]] = {}
        self._used: dict[str, UsedFact] = {}
        self._standard: dict[tuple[str, str], Quantity | Reason] = {}
        self.asked: dict[tuple[int, int], dict[str, Any]] = {}  # what was asked already, by day and term
        self.stepped: dict[tuple[object, ...], frozenset[int]] = {}  # the days on which a term may change
        self.birth = self._birth()
        self.sex = self._sex()

    def _facts(self, names: frozenset[str]) -> list[Fact]:
        return [fact for name in names & self._recorded for fact in self._by_concept[name]]

    def _own(self, concept: str) -> list[Fact]:
        return self._facts(self.concepts.descendants(concept)) + self._by_concept.get(concept, [])

    def events(self, concept: str) -> tuple[Event, ...]:
        """This will return the usable facts of `concept` and below (certain), and those that may be of it (not certain); by date, then id."""
        found = self._events.get(concept)
        if found is None:
            own = self._own(concept)
            above = self._facts(self.concepts.possible(concept))
            made = [Event.of(fact, certain=True) for fact in own if fact.status is FactStatus.RECORDED]
            made += [Event.of(fact, certain=False) for fact in above if fact.status is FactStatus.RECORDED]
            found = tuple(sorted(made, key=lambda event: (event.first, event.id)))
            self._events[concept] = found
        return found

    def set_aside(self, concept: str) -> list[Fact]:
        """This will return the facts of `concept` and below that were not done or are excluded, by date, then id."""
        aside = [fact for fact in self._own(concept) if fact.status is not FactStatus.RECORDED]
        return sorted(aside, key=lambda fact: (_range(fact.start)[0], fact.id))

    def _birth(self) -> tuple[int, int] | None:
        """The earliest and the latest day of birth that the record allows; None when it says nothing."""
        days = [
            _range(fact.start)
            for fact in self._by_concept.get(BIRTH_DATE, ())
            if fact.status is FactStatus.RECORDED and fact.start
        ]
        return (min(first for first, _ in days), max(last for _, last in days)) if days else None

    def _sex(self) -> str | None:
        codes = {fact.value for fact in self._by_concept.get(SEX, ()) if fact.status is FactStatus.RECORDED}
        code = codes.pop() if len(codes) == 1 else None
        return code if isinstance(code, str) else None

    def coverage(self, concept: str) -> tuple[tuple[int, int], ...]:
        """This will return the stretches of days, joined and in order, for which every event of `concept` is on record."""
        found = self._coverage.get(concept)
        if found is None:
            names = self.concepts.ancestors(concept) | {concept}
            stretches = sorted(self.stretch(history) for history in self.record.histories if history.concept in names)
            joined: list[tuple[int, int]] = []
            for start, end in stretches:
                if joined and start <= joined[-1][1] + 1:
                    joined[-1] = (joined[-1][0], max(joined[-1][1], end))
                elif start <= end:
                    joined.append((start, end))
            found = tuple(joined)
            self._coverage[concept] = found
        return found

    def stretch(self, history: History) -> tuple[int, int]:
        """This will return the days surely covered: of a partial date the part that makes the stretch shorter."""
        since = LONG_AGO if history.since is None else history.since.latest.toordinal()
        if self.birth is not None and since <= self.birth[0]:
            since = LONG_AGO
        return since, NEVER if history.until is None else history.until.earliest.toordinal()

    def covers(self, concept: str, first: int, last: int) -> bool:
        """This will tell whether every event of `concept` from `first` to `last` is on record."""
        return any(start <= first and last <= end for start, end in self.coverage(concept))

    def standard(self, fact: Fact, concept: str) -> Quantity | Reason | None:
        """This will return the fact's number in the unit of `concept`, why it cannot be had, or None where there is no number."""
        if not isinstance(fact.value, Quantity):
            return None
        key = (fact.id, concept)
        found = self._standard.get(key)
        if found is None:
            found = self.implausible(fact, fact.value) or self.concepts.standard(concept, fact.value)
            self._standard[key] = found
        return found

    def implausible(self, fact: Fact, value: Quantity) -> Reason | None:
        """This will return why a number of the fact (its value, a limit) that cannot be true must not decide; None where it may be.

        A slip of the pen or a wrong unit must neither let a child in nor keep her out.
        """
        known = self.concepts.get(fact.concept)
        standard = self.concepts.standard(known, value) if known else None
        if known is None or not isinstance(standard, Quantity) or known.plausible.meets(standard):
            return None
        low, high = (None if end is None else Quantity(end, known.unit) for end in (known.plausible.low, known.plausible.high))
        return Reason.of("implausible", concept=known.name, value=value, date=fact.start, low=low, high=high)

    def used(self, fact: Fact) -> UsedFact:
        """This will return the fact as answers quote it."""
        found = self._used.get(fact.id)
        if found is None:
            recorded = fact.original or fact.value
            standard = self.standard(fact, fact.concept) if fact.concept in self.concepts else None
            found = UsedFact(
                id=fact.id,
                concept=fact.concept,
                name=self.name(fact.concept),
                value=recorded,
                standard=standard if isinstance(standard, Quantity) else None,
                start=fact.start,
                end=fact.end,
                ongoing=fact.ongoing,
                status=fact.status,
                source=fact.source,
            )
            self._used[fact.id] = found
        return found

    def name(self, concept: str) -> Text:
        """This will return the concept's name in both languages; its id where it is not known."""
        known = self.concepts.get(concept)
        return known.name if known else Text(concept, concept)
