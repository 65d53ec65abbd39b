"""Lists: home, the matrix of subjects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocord.store.answers.trail import AuditRow
    from protocord.values.reasons import Reason
    from protocord.values.text import Text


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
    """One thing that waits for somebody: `kind` is a value of `conduct.DueKind`, `due` its last day, `reason` says it in words."""

    kind: str
    study: str
    subject: str
    site: str
    visit: str = ""
    form: str = ""
    due: date | None = None
    reason: Reason | None = None


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
