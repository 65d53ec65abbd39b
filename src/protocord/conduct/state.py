"""The state of a subject and of a study: what is true after the entries so far. Frozen; `evolve` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from protocord.conduct.bodies import Warned
from protocord.conduct.wishes import Decider, Scope, VisitStatus
from protocord.forms import ItemAnswer
from protocord.ledger import By, Json, ProtocolStamp
from protocord.values import Reason


def _nothing() -> Mapping[Any, Any]:
    return MappingProxyType({})


class Status(StrEnum):
    """How far a subject is."""

    SCREENING = "screening"
    SCREEN_FAILED = "screen_failed"
    ENROLLED = "enrolled"
    WITHDRAWN = "withdrawn"  # from follow-up or from all use of data


class FormKey(NamedTuple):
    """Which form: visit id, form id, and how many times it is filled at that visit, from 1."""

    visit: str
    form: str
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One change of one item: what, by whom, when (UTC), why, in the entry at `position`. `old` None: the initial value."""

    item: str
    old: ItemAnswer | None
    new: ItemAnswer | None
    reason: str
    position: int
    by: By
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class FormState:
    """A form as last saved at `position`, and every change of every item since the first save."""

    key: FormKey
    form_version: int
    answers: Mapping[str, ItemAnswer]
    position: int
    by: By
    at: datetime
    warnings: tuple[Warned, ...] = ()
    history: Mapping[str, tuple[ItemChange, ...]] = field(default_factory=_nothing)

    def answers_at(self, position: int) -> Mapping[str, ItemAnswer]:
        """This will return the answers as they stood after the entry at `position`; 0 is before the first save."""
        then: dict[str, ItemAnswer] = {}
        for item, changes in self.history.items():
            before = [change for change in changes if change.position <= position]
            if before and before[-1].new is not None:
                then[item] = before[-1].new
        return MappingProxyType(then)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A recorded assessment of eligibility; `screening` is `Screening.as_data()` as it was then."""

    position: int
    on: date
    planned_infusion: date | None
    outcome: str
    content_hash: str
    screening: Json
    protocol: ProtocolStamp
    by: By
    at: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """An investigator's signature under an assessment. `broken_at` is the position of the entry that says it no longer holds."""

    position: int
    assessment: int
    content_hash: str
    meaning: str
    name: str
    judgements: Mapping[str, str]
    by: By
    at: datetime
    broken_at: int | None = None
    broken_criteria: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether what was signed still holds; if not, it is shown as signed, changed since."""
        return self.broken_at is None


@dataclass(frozen=True, slots=True)
class VisitState:
    """What became of a visit, and how it departed from the protocol."""

    visit: str
    status: VisitStatus
    on: date
    position: int
    deviations: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    scope: Scope
    decided_by: Decider
    on: date
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class SubjectState:
    """All that is true of one subject after the entry at `position`; `evolve(None, first entry)` makes the first one.

    `assessments` and `signatures` are in the order made. The calendar is computed (`conduct.calendar`), not kept.
    """

    study: str
    id: str
    site: str
    status: Status
    position: int
    registered_at: datetime
    protocol: ProtocolStamp
    forms: Mapping[FormKey, FormState] = field(default_factory=_nothing)
    assessments: tuple[Assessment, ...] = ()
    signatures: tuple[Signature, ...] = ()
    screening_since: date | None = None  # re-screened on; None: the first screening
    enrolled_on: date | None = None
    failed_on: date | None = None
    failed_criteria: tuple[str, ...] = ()
    day_1: date | None = None
    visits: Mapping[str, VisitState] = field(default_factory=_nothing)
    withdrawals: tuple[Withdrawal, ...] = ()
    redacted: tuple[int, ...] = ()  # positions of entries whose body was emptied

    @property
    def assessment(self) -> Assessment | None:
        """The latest assessment, or None."""
        return self.assessments[-1] if self.assessments else None

    @property
    def signature(self) -> Signature | None:
        """The latest signature if it is under the latest assessment, or None."""
        if self.signatures and self.assessments and self.signatures[-1].assessment == self.assessments[-1].position:
            return self.signatures[-1]
        return None

    @property
    def scope(self) -> Scope | None:
        """The widest withdrawal so far, or None."""
        order = list(Scope)
        return max((w.scope for w in self.withdrawals), key=order.index, default=None)


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """A subject as the study counts it."""

    site: str
    status: Status
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class StudyState:
    """The subjects of a study, by number: what numbering and caps need. Built by `evolve_study`, or by the store from its subject table."""

    study: str
    subjects: Mapping[str, SubjectLine] = field(default_factory=_nothing)

    def enrolled(self, site: str | None = None) -> int:
        """This will count the subjects ever enrolled, at one site (its id) or at all."""
        return sum(line.enrolled and site in (None, line.site) for line in self.subjects.values())
