"""The one door for writes. Each action is one transaction: checked, appended to the ledger, projected, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from protocord.conduct import Role
from protocord.store.access import Viewer
from protocord.store.answers import Answer, PersonalIdentity

if TYPE_CHECKING:
    from protocord.conduct.wishes import Wish
    from protocord.forms import ItemAnswer
    from protocord.ledger import Entry


def perform(
    viewer: Viewer,
    study: str,
    wish: Wish,
    *,
    subject: str = "",
    reason: str = "",
    source: str = "web",
    at: datetime | None = None,
) -> Answer:
    """This will carry out `wish` for one subject and return `Done`, `Declined` (with reasons) or `Conflict` (base, theirs, mine).

    A registration takes no `subject`: `Done.state.id` is the number given.

    `at` is the time of the act in UTC (default: now; only imports and the demonstration give one). Raises `NotThere` for a study or
    child that the viewer may not know of and `NotAllowed` where no role allows the wish. Whatever goes wrong, nothing is half-written.
    """
    raise NotImplementedError


def save_draft(
    viewer: Viewer,
    study: str,
    subject: str,
    visit: str,
    form: str,
    answers: Mapping[str, ItemAnswer],
    *,
    base_position: int,
    repeat: int = 1,
) -> datetime:
    """This will keep what the viewer typed, for this viewer only, and return when (UTC). A draft is no record and leaves no entry."""
    raise NotImplementedError


def discard_draft(viewer: Viewer, study: str, subject: str, visit: str, form: str, *, repeat: int = 1) -> None:
    """This will forget the viewer's draft of this form, if there is one."""
    raise NotImplementedError


def look_at_identity(viewer: Viewer, study: str, subject: str, *, reason: str, source: str = "web") -> PersonalIdentity | None:
    """This will return who the child is (None: nothing stored) and append an entry that the viewer looked. Site staff only."""
    raise NotImplementedError


def set_identity(
    viewer: Viewer, study: str, subject: str, identity: PersonalIdentity, *, reason: str = "", source: str = "web"
) -> None:
    """This will encrypt and store who the child is and append an entry that says so, without the identity. A change needs a reason."""
    raise NotImplementedError


def check_password(viewer: Viewer, password: str, *, request: object = None) -> bool:
    """This will tell whether `password` is the viewer's own, for a signature; failures count towards the lockout and are recorded."""
    raise NotImplementedError


def seal(viewer: Viewer, study: str, *, source: str = "cli", at: datetime | None = None) -> Entry:
    """This will append a seal over the heads of all chains of the study and return it; its Merkle root is to be kept elsewhere."""
    raise NotImplementedError


def install_study(path: Path, *, by: str = "system", source: str = "cli", at: datetime | None = None) -> str:
    """This will load the protocol at `path`, make it the study's current version and return the study's id.

    Installing the same content again changes nothing. Raises DocumentProblems when the documents do not make a protocol.
    """
    raise NotImplementedError


def create_user(
    username: str,
    name: str,
    password: str,
    *,
    by: str = "system",
    language: str = "en",
    email: str = "",
    at: datetime | None = None,
) -> None:
    """This will make an account without any role; raises Refused when the name is taken or the password too weak."""
    raise NotImplementedError


def grant(
    username: str,
    study: str,
    role: Role,
    site: str | None,
    *,
    starts: date,
    ends: date | None = None,
    by: str = "system",
    reason: str = "",
    source: str = "cli",
    at: datetime | None = None,
) -> None:
    """This will give a person a role from `starts` to `ends` (both inclusive; None: open) and append an entry to the study's chain."""
    raise NotImplementedError


def revoke(
    username: str,
    study: str,
    role: Role,
    site: str | None,
    *,
    last_day: date,
    by: str = "system",
    reason: str,
    source: str = "cli",
) -> None:
    """This will end a role after `last_day` and append an entry; a reason is needed."""
    raise NotImplementedError


def set_language(viewer: Viewer, language: str) -> None:
    """This will remember the viewer's language (`en` or `zh-hans`)."""
    raise NotImplementedError


def record_export(viewer: Viewer, study: str, what: str, *, rows: int, source: str = "web") -> None:
    """This will append an entry that the viewer exported or printed `what`."""
    raise NotImplementedError
