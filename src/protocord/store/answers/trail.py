"""The audit trail, the people, identities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocord.errors import Problem


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
    """Whether the chains that the viewer may see verify. `problems` name the entry at fault."""

    entries: int
    chains: int
    problems: tuple[Problem, ...]
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
class GrantCard:
    """A role of a person: at one site or (None) across sites, between two days inclusive; `valid` on the viewer's day."""

    role: str
    site: str | None
    starts: date
    ends: date | None
    valid: bool


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person of the study, for the access review; `last_sign_in` in UTC."""

    username: str
    name: str
    active: bool
    last_sign_in: datetime | None
    grants: tuple[GrantCard, ...]


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
