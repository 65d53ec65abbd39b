"""What a concept is, and a checked collection of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from protocord.concepts.documents import nearest
from protocord.errors import Place
from protocord.values import Coding, Quantity, Reason, Text

# Wide enough that the product of any reported value and any factor is exact.
_EXACT = Context(prec=60)


class ConceptKind(StrEnum):
    """What kind of thing a concept names, and so what a fact of it holds."""

    MEASUREMENT = "measurement"  # value: quantity; start: day of the sample or reading
    SCORE = "score"  # value: quantity in {score}; start: day of the assessment
    TOXICITY = "toxicity"  # value: quantity in {grade}; start: onset; end: resolved
    CONDITION = "condition"  # value: present or absent; start: onset or day stated; end: abatement
    CODED = "coded"  # value: a code; start: day stated
    ATTESTATION = "attestation"  # value: yes or no; start: day signed
    EXPOSURE = "exposure"  # no value; start and end: first and last dose
    PROCEDURE = "procedure"  # no value; start and end: first and last day
    DATE = "date"  # no value; start: the date itself

    @property
    def is_numeric(self) -> bool:
        """Whether a fact of this kind holds a quantity."""
        return self in (ConceptKind.MEASUREMENT, ConceptKind.SCORE, ConceptKind.TOXICITY)

    @property
    def is_event(self) -> bool:
        """Whether a fact of this kind is an exposure or procedure, with a first and a last day."""
        return self in (ConceptKind.EXPOSURE, ConceptKind.PROCEDURE)


@dataclass(frozen=True, slots=True)
class Plausible:
    """Limits in the concept's unit, wide enough for the sickest child; None is unlimited.

    A value outside them is questioned when it is entered, never refused; a rule takes it for unknown until somebody mends it.
    """

    low: Decimal | None = None
    high: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        """This will tell whether `value`, in the concept's unit, lies within the limits, both inclusive."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def meets(self, value: Quantity) -> bool:
        """This will tell whether `value`, in the concept's unit, may lie within the limits: of `<5`, some number below 5 does."""
        bounds = value.bounds
        below = self.low is not None and bounds.high is not None and bounds.high < self.low
        above = self.high is not None and bounds.low is not None and bounds.low > self.high
        return not (below or above)


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that rules, forms, facts and exports speak of. `id` is a readable English term and its only identity.

    `units` maps every accepted UCUM unit, the standard `unit` among them, to the exact factor that turns a number in it into `unit`.
    `values` names the codes of a coded concept that has a short fixed list. `codes` are the standard codes that mean it.
    `code_pattern` is the form that every code of a coded concept has: one of another form says nothing.
    Its `\\d` is 0 to 9 in every engine, and no other script's digit.
    """

    id: str
    kind: ConceptKind
    name: Text
    is_a: tuple[str, ...] = ()
    unit: str | None = None
    units: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    codes: tuple[Coding, ...] = ()
    cdisc: Mapping[str, str] = field(default_factory=_nothing)
    plausible: Plausible = Plausible()
    values: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    value_set: str | None = None
    code_pattern: re.Pattern[str] | None = None
    grading: str | None = None
    source: str = "standard"
    citation: str = ""
    place: Place = field(default_factory=Place)

    @property
    def is_pure_number(self) -> bool:
        """Whether the unit is `1` or a mere annotation such as `{score}`, so that a number without a unit is already complete."""
        return self.unit is not None and (self.unit == "1" or (self.unit.startswith("{") and self.unit.endswith("}")))


class Concepts(Mapping[str, Concept]):
    """Concepts by id, checked: no cycle, no dangling parent. Use `protocord.concepts.load` to make one."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._by_id = {concept.id: concept for concept in concepts}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._possible: dict[str, frozenset[str]] = {}
        below: dict[str, set[str]] = {name: set() for name in self._by_id}
        for name in self._by_id:
            for above in self._climb(name):
                below[above].add(name)
        self._descendants = {name: frozenset(names) for name, names in below.items()}

    def _climb(self, name: str) -> frozenset[str]:
        if name not in self._ancestors:
            parents = self._by_id[name].is_a
            self._ancestors[name] = frozenset(parents).union(*(self._climb(parent) for parent in parents))
        return self._ancestors[name]

    def __getitem__(self, name: str) -> Concept:
        return self._by_id[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def descendants(self, name: str) -> frozenset[str]:
        """This will return the ids of all that is_a `name`, at any depth, without `name` itself. Raises KeyError for an unknown id."""
        return self._descendants[name]

    def ancestors(self, name: str) -> frozenset[str]:
        """This will return the ids of all that `name` is_a, at any height, without `name` itself. Raises KeyError for an unknown id."""
        return self._ancestors[name]

    def possible(self, name: str) -> frozenset[str]:
        """This will return the ids on which a fact may turn out to be one of `name`: more was not stated, or it was stated on another axis.

        These are the ancestors of `name`, and whatever shares something below it without being below it: "Autologous stem cell
        transplantation" may have been one "without TBI". Raises KeyError for an unknown id.
        """
        found = self._possible.get(name)
        if found is None:
            own = self._descendants[name] | {name}
            found = frozenset().union(*(self._ancestors[one] for one in own)) - own
            self._possible[name] = found
        return found

    def suggest(self, written: str) -> str:
        """This will return `Did you mean '…'?` with the id nearest to what was written (ids and names are searched), or an empty string."""
        words = {said: concept.id for concept in self._by_id.values() for said in (concept.name.en, concept.name.zh)}
        words |= {name: name for name in self._by_id}
        near = words.get(nearest(written, words) or "")
        return f"Did you mean {near!r}?" if near else ""

    @cached_property
    def _by_code(self) -> dict[tuple[str, str], Concept]:
        return {(coding.system, coding.code): concept for concept in self._by_id.values() for coding in concept.codes}

    def by_code(self, system: str, code: str) -> Concept | None:
        """This will return the concept that a code of a system (its FHIR URI, see `CodeSystem`) means; None when no concept lists it."""
        return self._by_code.get((system, code))

    def standard(self, concept: str | Concept, quantity: Quantity) -> Quantity | Reason:
        """This will return the quantity in the concept's unit, converted exactly and never rounded, the comparator kept.

        A number without a unit is complete only where the unit is a pure number (a score, a grade, a ratio). A missing or
        unaccepted unit, or a concept that has no unit, gives the Reason, which lists the units that are accepted.
        """
        found = self[concept] if isinstance(concept, str) else concept
        if found.unit is None:
            return Reason.of("unit_not_measured", concept=found.name, value=quantity)
        accepted = ", ".join(found.units)
        if quantity.unit is None:
            if found.is_pure_number:
                return Quantity(quantity.value, found.unit, quantity.comparator)
            return Reason.of("unit_missing", concept=found.name, value=quantity, accepted=accepted)
        factor = found.units.get(quantity.unit)
        if factor is None:
            if found.is_pure_number and quantity.unit == "1":
                return Quantity(quantity.value, found.unit, quantity.comparator)
            return Reason.of("unit_unknown", concept=found.name, value=quantity, unit=quantity.unit, accepted=accepted)
        if factor == 1:
            return Quantity(quantity.value, found.unit, quantity.comparator)
        return Quantity(_EXACT.multiply(quantity.value, factor), found.unit, quantity.comparator)
