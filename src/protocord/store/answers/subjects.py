"""One subject: its page, forms, calendar, eligibility board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocord.conduct import SubjectState
    from protocord.eligibility import Screening, Timeline
    from protocord.forms import ItemAnswer
    from protocord.protocol import Protocol
    from protocord.protocol.document import Form
    from protocord.schedule import Calendar
    from protocord.store.answers.lists import SiteCard, SubjectCard, VisitCell
    from protocord.store.answers.trail import AuditRow
    from protocord.values.text import Text


@dataclass(frozen=True, slots=True)
class FormCard:
    """A form at a visit: whether it was saved, by whom and when, and whether the viewer has an unsaved draft of it."""

    form: str
    repeat: int
    title: Text
    saved_at: datetime | None
    saved_by: str
    answered: int
    has_draft: bool


@dataclass(frozen=True, slots=True)
class VisitCard:
    """A visit with its forms."""

    cell: VisitCell
    name: Text
    epoch: str
    forms: tuple[FormCard, ...]


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """All that the subject's page shows. `may` holds the viewer's permissions for this child (values of `Permission`)."""

    card: SubjectCard
    site: SiteCard
    protocol: Protocol
    state: SubjectState
    visits: tuple[VisitCard, ...]
    timeline: Timeline | None  # eligibility over time; None once the child is enrolled or screened out
    recent: tuple[AuditRow, ...]
    may: frozenset[str]
    has_identity: bool


@dataclass(frozen=True, slots=True)
class DraftAnswers:
    """What the viewer typed and has not saved."""

    answers: Mapping[str, ItemAnswer]
    base_position: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form at a visit. `base_position` is to be named by the next save; `stale_draft` says that the form was saved after the draft began."""

    card: SubjectCard
    protocol: Protocol
    form: Form
    repeat: int
    visit: VisitCard
    answers: Mapping[str, ItemAnswer]
    base_position: int
    saved_at: datetime | None
    saved_by: str
    draft: DraftAnswers | None
    stale_draft: bool
    changed: frozenset[str]  # items with more than one value in their history
    may_record: bool


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One value of an item: who, when, what it was, what it became, why, from where. `position` is the entry in the subject's chain."""

    at: datetime
    user: str
    name: str
    role: str
    site: str
    old: ItemAnswer | None
    new: ItemAnswer | None
    reason: str
    source: str
    position: int


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """The planned visits with what became of them; `calendar` None before a day 1 is planned."""

    card: SubjectCard
    protocol: Protocol
    calendar: Calendar | None
    cells: tuple[VisitCell, ...]
    on: date
    may_record: bool


@dataclass(frozen=True, slots=True)
class AssessmentCard:
    """A recorded assessment: what was decided, on which facts (hash), under which protocol."""

    at: datetime
    user: str
    name: str
    role: str
    on: date
    planned_infusion: date | None
    outcome: str
    content_hash: str
    protocol_version: str
    position: int


@dataclass(frozen=True, slots=True)
class SignatureCard:
    """An investigator's signature under an assessment. `state`: valid, or broken by the later change at `broken_at`."""

    at: datetime
    user: str
    name: str
    role: str
    meaning: str
    content_hash: str
    state: str
    position: int
    broken_at: datetime | None = None
    broken_criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """The eligibility board. `screening` is computed now (or as of `as_of`) from what was known; the rest is what people did with it."""

    card: SubjectCard
    site: SiteCard
    protocol: Protocol
    screening: Screening
    timeline: Timeline
    assessments: tuple[AssessmentCard, ...]  # newest first
    signatures: tuple[SignatureCard, ...]  # newest first
    current: AssessmentCard | None  # the assessment that a signature would be bound to
    is_recorded: bool  # the screening shown equals the recorded one
    as_of: datetime | None
    may: frozenset[str]
