"""What is known of a subject: facts, and how completely a history was taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from, so that a person can go and look."""

    kind: str = "file"  # form | file | fhir | omop | simulation
    record: str = ""  # form and visit; resource type and id; file and line
    item: str = ""


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


@dataclass(frozen=True, slots=True)
class SubjectRecord:
    """All that is known of one subject, in the form that rules see."""

    id: str
    facts: tuple[Fact, ...] = ()
    histories: tuple[History, ...] = ()
