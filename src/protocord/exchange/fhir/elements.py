"""The parts that FHIR resources are made of, read as plain data with the path of every fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from protocord.concepts import Concept, Concepts
from protocord.errors import Place, Problem
from protocord.exchange.mapping import SiteMapping
from protocord.values import CodeSystem, Coding, Comparator, FactStatus, PartialDate, Quantity, Reason, Source

Resource = Mapping[str, Any]

_SYSTEM_ALIASES = {
    "http://ncit.nci.nih.gov": CodeSystem.NCIT,
    "urn:oid:2.16.840.1.113883.3.26.1.1": CodeSystem.NCIT,
    "urn:oid:2.16.840.1.113883.6.1": CodeSystem.LOINC,
    "urn:oid:2.16.840.1.113883.6.96": CodeSystem.SNOMED,
    "urn:oid:2.16.840.1.113883.6.88": CodeSystem.RXNORM,
    "urn:oid:2.16.840.1.113883.6.73": CodeSystem.ATC,
    "http://hl7.org/fhir/sid/icd-o-3": CodeSystem.ICD_O_3,
    "urn:oid:2.16.840.1.113883.6.43.1": CodeSystem.ICD_O_3,
    "https://www.whocc.no/atc": CodeSystem.ATC,
}


@dataclass(frozen=True, slots=True)
class Unmapped:
    """One thing of the bundle that became no fact: where it stands, what it is, and why."""

    resource: str
    code: str
    reason: Reason

    def as_data(self) -> dict[str, Any]:
        """This will return it as JSON data."""
        return {"resource": self.resource, "code": self.code, "reason": self.reason.as_data()}


@dataclass(slots=True)
class Reader:
    """What reading one bundle needs and gathers: the vocabulary, and the problems and unmapped things found on the way."""

    concepts: Concepts
    mapping: SiteMapping
    file: str
    problems: list[Problem] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    resources: dict[str, Resource] = field(default_factory=dict)  # by each name that a reference may use
    birth: PartialDate | None = None
    sex: str | None = None

    def fault(self, path: str, what: str, remedy: str = "") -> None:
        """This will note that the bundle is malformed at `path`."""
        self.problems.append(Problem(Place(self.file, 0, path), what, remedy))

    def leave(self, entry: Entry, code: str, kind: str, **particulars: str) -> None:
        """This will list something that became no fact."""
        self.unmapped.append(Unmapped(entry.name, code, Reason.of(kind, **particulars)))

    def named(self, codings: Sequence[Coding]) -> tuple[Concept, ...]:
        """This will return the concepts that the codings mean, the narrowest only; the site's own mapping goes first."""
        found: dict[str, Concept] = {}
        for coding in codings:
            own = self.mapping.codes.get(f"{coding.system}|{coding.code}")
            concept = self.concepts[own] if own is not None else self.concepts.by_code(coding.system, coding.code)
            if concept is not None:
                found[concept.id] = concept
        wider = {above for name in found for above in self.concepts.ancestors(name)}
        return tuple(concept for name, concept in found.items() if name not in wider)

    def covers(self, codings: Sequence[Coding]) -> str | None:
        """This will return the concept whose list the site's mapping says is declared complete by one of the codings."""
        for coding in codings:
            concept = self.mapping.coverage.get(f"{coding.system}|{coding.code}")
            if concept is not None:
                return concept
        return None

    # ---- elements

    def children(self, parent: Resource, key: str, path: str) -> Iterator[tuple[str, Resource]]:
        """This will return path and content of each object in the list `key`."""
        value = parent.get(key, ())
        if not isinstance(value, (list, tuple)):
            self.fault(f"{path}.{key}", "a list is needed here.")
            return
        for number, child in enumerate(value):
            if isinstance(child, Mapping):
                yield f"{path}.{key}[{number}]", child
            else:
                self.fault(f"{path}.{key}[{number}]", "an object is needed here.")

    def child(self, parent: Resource, key: str, path: str) -> Resource:
        """This will return the object `key`, empty where there is none."""
        value = parent.get(key, {})
        if not isinstance(value, Mapping):
            self.fault(f"{path}.{key}", "an object is needed here.")
            return {}
        return value

    def text(self, parent: Resource, key: str, path: str) -> str:
        """This will return the text `key`, empty where there is none."""
        value = parent.get(key, "")
        if not isinstance(value, str):
            self.fault(f"{path}.{key}", "a text is needed here.")
            return ""
        return value

    def codings(self, concept: Resource, path: str) -> list[Coding]:
        """This will return the codings of a CodeableConcept, systems under the one URI that concepts use."""
        found = []
        for at, coding in self.children(concept, "coding", path):
            system = self.text(coding, "system", at).removesuffix("#")
            code = self.text(coding, "code", at)
            if code:
                found.append(Coding(_SYSTEM_ALIASES.get(system, system), code, self.text(coding, "display", at)))
        return found

    def date(self, parent: Resource, key: str, path: str) -> PartialDate | None:
        """This will return a date, dateTime or instant as a day at its precision; the clock time and zone are those of the place."""
        written = self.text(parent, key, path)
        if not written:
            return None
        try:
            return PartialDate.parse(written.split("T", 1)[0])
        except ValueError as wrong:
            self.fault(f"{path}.{key}", f"{wrong}.")
            return None

    def period(self, parent: Resource, key: str, path: str) -> tuple[PartialDate | None, PartialDate | None]:
        """This will return the first and the last day of a Period; None for one that is not known."""
        period, at = self.child(parent, key, path), f"{path}.{key}"
        start, end = self.date(period, "start", at), self.date(period, "end", at)
        if start and end and end.latest < start.earliest:
            self.fault(at, f"the end, {end}, lies before the start, {start}.")
        return start, end

    def number(self, parent: Resource, key: str, path: str) -> Decimal | None:
        """This will return a JSON number as the decimal that was written."""
        value = parent.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            self.fault(f"{path}.{key}", "a number is needed here.")
            return None
        return Decimal(value)

    def quantity(self, parent: Resource, path: str) -> Quantity | None:
        """This will return a Quantity with the UCUM unit it carries, or the one the site's mapping gives its unit; None without a number."""
        value = self.number(parent, "value", path)
        comparator = self.text(parent, "comparator", path)
        if comparator not in ("", "<", "<=", ">", ">="):
            self.fault(f"{path}.comparator", f"{comparator!r} is not a comparator of FHIR R4.", "It is one of <, <=, >= and >.")
            return None
        if value is None:
            return None
        return Quantity(value, self._unit(parent, path), cast(Comparator, comparator))

    def _unit(self, quantity: Resource, path: str) -> str | None:
        code, shown = self.text(quantity, "code", path), self.text(quantity, "unit", path)
        for written in (code, shown):
            if written in self.mapping.units:
                return self.mapping.units[written]
        return code or shown or None


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of the bundle with its path there, and its name as people cite it."""

    resource: Resource
    path: str
    name: str

    @property
    def source(self) -> Source:
        """Where its facts come from."""
        return Source("fhir", self.name, "")


def status_of(written: str, used: Sequence[str]) -> FactStatus:
    """This will return RECORDED for one of the statuses that may be used, NOT_DONE for `not-done` and its like, else EXCLUDED."""
    if written in used:
        return FactStatus.RECORDED
    return FactStatus.NOT_DONE if written in ("not-done", "not-taken") else FactStatus.EXCLUDED


def spelled(codings: Sequence[Coding], text: str = "") -> str:
    """This will return codings as a person reads them: `system|code display`, or the text where there is no code."""
    return "; ".join(f"{coding.system}|{coding.code} {coding.display}".strip() for coding in codings) or text or "no code"
