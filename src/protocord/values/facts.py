"""What is known of a subject: facts, and how completely a history was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from protocord.values.dates import PartialDate
from protocord.values.quantities import Quantity


class FactStatus(StrEnum):
    """Whether a fact may be used."""

    RECORDED = "recorded"
    NOT_DONE = "not_done"  # asked for and not done: listed, never used
    EXCLUDED = "excluded"  # haemolysed, clotted, entered in error: listed, never used


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """A laboratory's limits of normal, and for whom they hold.

    `age_low`/`age_high` bound completed years, both inclusive; `age_specific` says that the laboratory declared the
    range to be this child's own although no band was transmitted. With neither, nobody knows whether the range is an
    adult's, and it is not used for a child (clinical.md 2.0).
    """

    low: Quantity | None = None
    high: Quantity | None = None
    age_low: int | None = None
    age_high: int | None = None
    age_specific: bool = False
    sex: str | None = None
    laboratory: str = ""

    def as_data(self) -> dict[str, Any]:
        """This will return the range as JSON data, leaving out what is not known."""
        data: dict[str, Any] = {"low": _quantity_data(self.low), "high": _quantity_data(self.high)}
        data |= {"age_low": self.age_low, "age_high": self.age_high, "sex": self.sex}
        data |= {"age_specific": self.age_specific or None, "laboratory": self.laboratory or None}
        return _known(data)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ReferenceRange:
        """This will return the range that `as_data` wrote."""
        return cls(
            low=_quantity(data.get("low")),
            high=_quantity(data.get("high")),
            age_low=data.get("age_low"),
            age_high=data.get("age_high"),
            age_specific=data.get("age_specific", False),
            sex=data.get("sex"),
            laboratory=data.get("laboratory", ""),
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from, so that a person can go and look."""

    kind: str = "file"  # form | file | fhir | omop | simulation
    record: str = ""  # form and visit; resource type and id; file and line
    item: str = ""

    def as_data(self) -> dict[str, str]:
        """This will return the source as JSON data."""
        return {"kind": self.kind, "record": self.record, "item": self.item}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Source:
        """This will return the source that `as_data` wrote."""
        return cls(data["kind"], data["record"], data["item"])


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a subject.

    `start` is the day of a result, signature or onset, or the first day of an exposure; `end` the last day of an
    exposure (its last dose) or the day a condition ended. None is unknown, not absent; `ongoing` says there is no end yet.
    A one-day event (an infusion, an operation) has start = end. `value` is a quantity, a yes/no, or a code (str);
    `original` keeps the quantity as it was recorded when `value` was converted to the concept's unit.
    """

    id: str
    concept: str
    value: Quantity | bool | str | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    status: FactStatus = FactStatus.RECORDED
    range: ReferenceRange | None = None
    original: Quantity | None = None
    source: Source = field(default_factory=Source)

    def as_data(self) -> dict[str, Any]:
        """This will return the fact as JSON data, leaving out what is not known; dates ISO at their precision, numbers as text."""
        value = {"quantity": self.value.as_data()} if isinstance(self.value, Quantity) else self.value
        data: dict[str, Any] = {"id": self.id, "concept": self.concept, "value": value}
        data |= {"start": _date_data(self.start), "end": _date_data(self.end), "ongoing": self.ongoing or None}
        data |= {"status": None if self.status is FactStatus.RECORDED else self.status.value}
        data |= {"range": self.range.as_data() if self.range else None, "original": _quantity_data(self.original)}
        return _known(data) | {"source": self.source.as_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Fact:
        """This will return the fact that `as_data` wrote."""
        value = data.get("value")
        return cls(
            id=data["id"],
            concept=data["concept"],
            value=Quantity.from_data(value["quantity"]) if isinstance(value, Mapping) else value,
            start=_date(data.get("start")),
            end=_date(data.get("end")),
            ongoing=data.get("ongoing", False),
            status=FactStatus(data.get("status", FactStatus.RECORDED)),
            range=ReferenceRange.from_data(data["range"]) if "range" in data else None,
            original=_quantity(data.get("original")),
            source=Source.from_data(data["source"]),
        )


@dataclass(frozen=True, slots=True)
class History:
    """A statement that every event of `concept` (and of what is_a it) is on record from `since` until `until`.

    None is open on that side: since birth, and kept up from then on. Only where a history covers the look-back may the
    absence of a record count as "did not happen".
    """

    concept: str
    since: PartialDate | None = None
    until: PartialDate | None = None
    source: Source = field(default_factory=Source)

    def as_data(self) -> dict[str, Any]:
        """This will return the statement as JSON data, leaving out an open side."""
        data = {"concept": self.concept, "since": _date_data(self.since), "until": _date_data(self.until)}
        return _known(data) | {"source": self.source.as_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> History:
        """This will return the statement that `as_data` wrote."""
        return cls(data["concept"], _date(data.get("since")), _date(data.get("until")), Source.from_data(data["source"]))


@dataclass(frozen=True, slots=True)
class SubjectRecord:
    """All that is known of one subject, in the form that rules see."""

    id: str
    facts: tuple[Fact, ...] = ()
    histories: tuple[History, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """This will return the record as JSON data."""
        facts, histories = [fact.as_data() for fact in self.facts], [history.as_data() for history in self.histories]
        return {"id": self.id, "facts": facts, "histories": histories}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> SubjectRecord:
        """This will return the record that `as_data` wrote."""
        facts, histories = map(Fact.from_data, data["facts"]), map(History.from_data, data["histories"])
        return cls(data["id"], tuple(facts), tuple(histories))


def _known(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}


def _quantity_data(quantity: Quantity | None) -> dict[str, Any] | None:
    return quantity.as_data() if quantity else None


def _quantity(data: Mapping[str, Any] | None) -> Quantity | None:
    return Quantity.from_data(data) if data else None


def _date_data(day: PartialDate | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> PartialDate | None:
    return PartialDate.parse(text) if text else None
