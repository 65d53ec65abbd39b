"""Every question that a page, a command or the interface may ask. Each takes the viewer; each filters in the database.

A subject, site or study that the viewer may not know of raises `access.NotThere`, exactly as one that does not exist.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from protocord.store.access import Viewer
from protocord.store.answers import (
    AuditFilter,
    AuditPage,
    Board,
    CalendarPage,
    ChainStatus,
    FormPage,
    Home,
    ItemChange,
    OtherSite,
    StudyCard,
    SubjectMatrix,
    SubjectPage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocord.protocol import Protocol


def home(viewer: Viewer, on: date) -> Home:
    """This will return the viewer's studies and work list on day `on`."""
    raise NotImplementedError


def studies(viewer: Viewer) -> tuple[StudyCard, ...]:
    """This will return the installed studies in which the viewer holds a role."""
    raise NotImplementedError


def protocol(viewer: Viewer, study: str) -> Protocol:
    """This will return the study's current protocol."""
    raise NotImplementedError


def subject_matrix(
    viewer: Viewer, study: str, on: date, *, site: str = "", status: str = "", find: str = "", page: int = 1, per_page: int = 50
) -> SubjectMatrix:
    """This will return a page of the subjects that the viewer may see, with the state of each visit on day `on`."""
    raise NotImplementedError


def other_sites(viewer: Viewer, study: str) -> tuple[OtherSite, ...]:
    """This will return how many subjects the sites beyond the viewer's own have; small numbers and the unseen are None."""
    raise NotImplementedError


def subject(viewer: Viewer, study: str, subject: str, on: date) -> SubjectPage:
    """This will return the subject's page on day `on`."""
    raise NotImplementedError


def form_page(viewer: Viewer, study: str, subject: str, visit: str, form: str, on: date, *, repeat: int = 1) -> FormPage:
    """This will return a form at a visit with its saved answers and the viewer's draft."""
    raise NotImplementedError


def item_history(
    viewer: Viewer, study: str, subject: str, visit: str, form: str, item: str, *, repeat: int = 1
) -> tuple[ItemChange, ...]:
    """This will return every value the item ever had, newest first."""
    raise NotImplementedError


def eligibility_board(
    viewer: Viewer, study: str, subject: str, on: date, planned_infusion: date | None = None, as_of: datetime | None = None
) -> Board:
    """This will screen the child on day `on` from what is known (or was known at `as_of`, UTC) and tell what people did with it."""
    raise NotImplementedError


def calendar(viewer: Viewer, study: str, subject: str, on: date) -> CalendarPage:
    """This will return the visits with their windows and what became of them."""
    raise NotImplementedError


def audit(viewer: Viewer, study: str, wanted: AuditFilter, *, page: int = 1, per_page: int = 50) -> AuditPage:
    """This will return the entries that the viewer may see and `wanted` asks for, newest first."""
    raise NotImplementedError


def audit_lines(viewer: Viewer, study: str, wanted: AuditFilter, *, form: str = "csv") -> Iterator[str]:
    """This will yield the filtered trail as lines of CSV or JSON Lines; the caller records the export (`actions.record_export`)."""
    raise NotImplementedError


def chain_status(viewer: Viewer, study: str) -> ChainStatus:
    """This will verify the chains that the viewer may see, and tell when the study was last sealed."""
    raise NotImplementedError
