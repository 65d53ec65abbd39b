"""Bodies of all kinds of entry, as typed data. A field's default is part of the format: it is left out when written, so it never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import ClassVar

from protocord.conduct.wishes import Decider, Scope, VisitStatus
from protocord.forms import ItemAnswer
from protocord.ledger import Json, Kinds, Redaction, Seal


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


# --- in a subject's chain ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubjectRegistered:
    """The first entry of a subject's chain."""

    kind: ClassVar[str] = "subject_registered"
    site: str


@dataclass(frozen=True, slots=True)
class Change:
    """One item's answer before and after; None is no answer. `reason` is empty only for an initial value."""

    item: str
    old: ItemAnswer | None
    new: ItemAnswer | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """A soft problem that stood at the time of saving; its explanation is the item's note."""

    item: str
    problem: str


@dataclass(frozen=True, slots=True)
class FormSaved:
    """A form was saved: what changed, and nothing else. `base` is the position of the form's entry that the page was opened on."""

    kind: ClassVar[str] = "form_saved"
    visit: str
    form: str
    form_version: int
    changes: tuple[Change, ...]
    base: int = 0
    repeat: int = 1
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class AssessmentRecorded:
    """Eligibility was assessed; `screening` is the whole result as data, `content_hash` what a signature binds to."""

    kind: ClassVar[str] = "assessment_recorded"
    on: date
    outcome: str
    content_hash: str
    screening: Json
    planned_infusion: date | None = None


@dataclass(frozen=True, slots=True)
class EligibilitySigned:
    """The investigator signed the assessment at `assessment`."""

    kind: ClassVar[str] = "eligibility_signed"
    assessment: int
    content_hash: str
    meaning: str
    name: str
    judgements: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class SignatureBroken:
    """What was signed at `signature` no longer holds: these criteria now come out differently, or rest on other data."""

    kind: ClassVar[str] = "signature_broken"
    signature: int
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectEnrolled:
    kind: ClassVar[str] = "subject_enrolled"
    on: date
    assessment: int
    signature: int


@dataclass(frozen=True, slots=True)
class ScreenFailed:
    kind: ClassVar[str] = "screen_failed"
    on: date
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScreeningReopened:
    kind: ClassVar[str] = "screening_reopened"
    on: date


@dataclass(frozen=True, slots=True)
class CalendarPlanned:
    kind: ClassVar[str] = "calendar_planned"
    day_1: date


@dataclass(frozen=True, slots=True)
class VisitRecorded:
    kind: ClassVar[str] = "visit_recorded"
    visit: str
    on: date
    status: VisitStatus


@dataclass(frozen=True, slots=True)
class DeviationOpened:
    """The protocol was departed from: `what` is a kind of reason, `days` what its sentence counts."""

    kind: ClassVar[str] = "deviation_opened"
    what: str
    visit: str = ""
    days: int = 0


@dataclass(frozen=True, slots=True)
class SubjectWithdrawn:
    kind: ClassVar[str] = "subject_withdrawn"
    scope: Scope
    decided_by: Decider
    on: date


# --- in a subject's chain, appended by the store -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IdentityStored:
    """The site's vault got or changed an identity; `fields` are names of fields, never what is in them."""

    kind: ClassVar[str] = "identity_stored"
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """Somebody looked at a child's identity; why stands in the entry's reason."""

    kind: ClassVar[str] = "identity_seen"
    fields: tuple[str, ...] = ()


# --- in the study's chain, appended by the store --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProtocolInstalled:
    kind: ClassVar[str] = "protocol_installed"
    version: str
    hash: str


@dataclass(frozen=True, slots=True)
class AccountCreated:
    kind: ClassVar[str] = "account_created"
    user: str
    name: str


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Something about an account changed: `what` names it (password, e-mail, one-time password, active), never its value."""

    kind: ClassVar[str] = "account_changed"
    user: str
    what: str


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """A role was granted (`granted`) or ended, both days inclusive; an empty site is all sites, no end is open."""

    kind: ClassVar[str] = "access_changed"
    user: str
    role: str
    site: str
    granted: bool
    starts: date
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    kind: ClassVar[str] = "signed_in"
    user: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignedOut:
    kind: ClassVar[str] = "signed_out"
    user: str


@dataclass(frozen=True, slots=True)
class SignInFailed:
    kind: ClassVar[str] = "sign_in_failed"
    user: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class AccountLocked:
    kind: ClassVar[str] = "account_locked"
    user: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """Data left the program: `what` was exported or printed, how many rows."""

    kind: ClassVar[str] = "exported"
    what: str
    rows: int = 0


KINDS = Kinds(
    (
        SubjectRegistered,
        FormSaved,
        AssessmentRecorded,
        EligibilitySigned,
        SignatureBroken,
        SubjectEnrolled,
        ScreenFailed,
        ScreeningReopened,
        CalendarPlanned,
        VisitRecorded,
        DeviationOpened,
        SubjectWithdrawn,
        IdentityStored,
        IdentitySeen,
        ProtocolInstalled,
        AccountCreated,
        AccountChanged,
        AccessChanged,
        SignedIn,
        SignedOut,
        SignInFailed,
        AccountLocked,
        Exported,
        Seal,
        Redaction,
    )
)
