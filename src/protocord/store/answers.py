"""What reads and actions answer: frozen values, never rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocord.conduct import ItemConflict, Refusal, SubjectState
    from protocord.eligibility import Screening, Timeline
    from protocord.forms import ItemAnswer
    from protocord.ledger import Entry
    from protocord.protocol import Protocol
    from protocord.protocol.document import Form
    from protocord.schedule import Calendar
    from protocord.values.text import Text

# --- answers of actions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """The wish was carried out: the entries it appended (none when nothing changed) and the subject's state after them."""

    entries: tuple[Entry, ...]
    state: SubjectState


@dataclass(frozen=True, slots=True)
class Declined:
    """The study's rules refused the wish; nothing was written. Each refusal has a reason for `words.say`, an item where it is about one,
    and a level: `soft` is taken when the item's note explains it."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved the form in between; nothing was written and nothing is lost.

    `items` are the items that both sides changed (base, theirs, mine). `merged` is the whole form with theirs and mine joined, mine where
    both changed. `position` is the entry to name as the base of the next save; `by` and `at` (UTC) say who saved it and when.
    """

    items: tuple[ItemConflict, ...]
    merged: Mapping[str, ItemAnswer]
    position: int
    by: str
    at: datetime


Answer = Done | Declined | Conflict


# --- lists ------------------------------------------------------------------------------------------------------------


class VisitState(StrEnum):
    """How a visit stands on a day. Shape and colour of its cell in the matrix."""

    NOT_PLANNED = "not_planned"  # no calendar yet
    SCHEDULED = "scheduled"  # window not yet open
    DUE = "due"  # inside its window
    OVERDUE = "overdue"  # window closed, nothing recorded
    STARTED = "started"  # took place or has forms; forms missing
    COMPLETE = "complete"
    MISSED = "missed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class StudyCard:
    """A study in which the viewer holds a role."""

    id: str
    title: Text
    version: str
    hash: str
    roles: tuple[str, ...]
    sites: tuple[SiteCard, ...]  # those the viewer may see
    subjects: int  # those the viewer may see


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A site of a study."""

    id: str
    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing that waits for somebody.

    `kind`: assess (facts are there, nobody assessed), complete_screening (something is missing), sign (an eligible child waits for
    the investigator), signature_broken, enrol, plan (enrolled, no calendar), visit_due, visit_overdue, forms_missing.
    """

    kind: str
    study: str
    subject: str
    site: str
    visit: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """The landing page: the viewer's studies and what is due, by deadline (nothing dated last)."""

    on: date
    studies: tuple[StudyCard, ...]
    work: tuple[WorkItem, ...]
    recent: tuple[AuditRow, ...]  # the viewer's own latest acts


@dataclass(frozen=True, slots=True)
class VisitCell:
    """A visit of one subject in the matrix or on the subject's page. Dates are None before the calendar is planned."""

    visit: str
    state: VisitState
    target: date | None = None
    earliest: date | None = None
    latest: date | None = None
    actual: date | None = None
    days_outside: int = 0  # days outside its window: negative early, positive late
    forms_done: int = 0
    forms_expected: int = 0


@dataclass(frozen=True, slots=True)
class SubjectCard:
    """A subject as lists show it. `outcome` is that of the latest recorded assessment ("" before one); `signature` "", valid or broken."""

    study: str
    subject: str
    site: str
    status: str
    outcome: str
    signature: str
    registered_on: date
    protocol_version: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One subject and its visits, in the order of `SubjectMatrix.visits`."""

    card: SubjectCard
    cells: tuple[VisitCell, ...]


@dataclass(frozen=True, slots=True)
class VisitColumn:
    """A visit of the schedule, as a column."""

    id: str
    name: Text
    epoch: str


@dataclass(frozen=True, slots=True)
class OtherSite:
    """How many subjects another site has: None where the viewer may not know, or the number is too small to tell."""

    site: SiteCard
    subjects: int | None


@dataclass(frozen=True, slots=True)
class SubjectMatrix:
    """The subjects that the viewer may see, filtered and cut to a page, with the same queries however many there are."""

    study: str
    on: date
    visits: tuple[VisitColumn, ...]
    rows: tuple[MatrixRow, ...]
    total: int  # after the filter, before the cut
    page: int
    pages: int
    sites: tuple[SiteCard, ...]  # those the viewer may see: choices of the filter
    statuses: tuple[str, ...]  # choices of the filter
    may_register: tuple[SiteCard, ...]  # the sites at which the viewer may register a child


# --- one subject ------------------------------------------------------------------------------------------------------


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


# --- audit, identity --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to show; empty means all. Days are UTC, both inclusive; `text` is looked for in reason, body and user."""

    subject: str = ""
    user: str = ""
    kind: str = ""
    role: str = ""
    source: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry. `body` is None where it was redacted, or masked because the viewer may not see what it says (`masked`)."""

    study: str
    subject: str | None
    position: int
    kind: str
    at: datetime
    user: str
    name: str
    role: str
    site: str
    reason: str
    source: str
    protocol_version: str
    hash: str
    body: object | None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """Whether the chains that the viewer may see verify. `problems` are sentences that name the entry at fault."""

    entries: int
    chains: int
    problems: tuple[str, ...]
    last_seal: datetime | None

    @property
    def holds(self) -> bool:
        """Whether every chain verifies."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first; the choices for the filters; how many there are in all."""

    study: str
    rows: tuple[AuditRow, ...]
    total: int
    page: int
    pages: int
    kinds: tuple[str, ...]
    users: tuple[str, ...]
    subjects: tuple[str, ...]
    may_export: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a guardian."""

    name: str
    relation: str = ""
    telephone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class PersonalIdentity:
    """Who a child is. Lives encrypted in the site's vault, never in the ledger, never in an export."""

    name: str
    identity_number: str = ""
    hospital_number: str = ""
    contacts: tuple[Contact, ...] = field(default=())
