"""Accounts, roles, sign-ins, exports: entries of the study's own chain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import NoReturn

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from protocord.conduct import (
    AccessChanged,
    AccountChanged,
    AccountCreated,
    AccountLocked,
    Exported,
    Role,
    SignedIn,
    SignedOut,
    SignInFailed,
)
from protocord.errors import Place, Problem, Refused
from protocord.ledger import Body, By
from protocord.store import clock, people, protocols
from protocord.store.access import SITE_ROLES, Permission, Viewer
from protocord.store.actions.studies import SYSTEM, note
from protocord.store.models import Membership, User

LANGUAGES = ("en", "zh-hans")


def create_user(
    username: str,
    name: str,
    password: str,
    *,
    by: str = SYSTEM,
    language: str = "en",
    email: str = "",
    source: str = "cli",
    at: datetime | None = None,
) -> None:
    """This will make an account without any role; raises Refused when the name is taken or the password too weak."""
    moment = at or clock.now()
    user = User(username=username, name=name, email=email, language=language, created_at=moment)
    problems = [] if username.isprintable() and username.strip() == username and username else ["needs a plain user name."]
    problems += [] if name.strip() else ["needs the person's name, as it is printed with signatures."]
    problems += ["is taken; each person has one account."] if User.objects.filter(username=username).exists() else []
    try:
        validate_password(password, user)
    except ValidationError as weak:
        problems += weak.messages
    if problems:
        raise Refused(Problem(Place(item=username or "account"), problem) for problem in problems)
    with transaction.atomic():
        user.set_password(password)
        user.save()
        for study in protocols.installed():
            note(study, AccountCreated(username, name), _by(by), source=source, at=moment)


def grant(
    username: str,
    study: str,
    role: Role,
    site: str | None,
    *,
    starts: date,
    ends: date | None = None,
    by: str = SYSTEM,
    reason: str = "",
    source: str = "cli",
    at: datetime | None = None,
) -> None:
    """This will give a person a role from `starts` to `ends` (both inclusive; None: open) and append an entry to the study's chain.

    A site role needs a site of the study, every other role holds across sites. A person with a clinical role cannot be
    administrator of the same study, nor the other way round.
    """
    protocol = protocols.current(study)
    user = _user(username)
    if role in SITE_ROLES and site not in {one.id for one in protocol.study.sites}:
        known = ", ".join(one.id for one in protocol.study.sites)
        _refuse(
            username,
            f"the role {role} is held at a site, and {site or 'none'} is no site of {study}.",
            f"Its sites are: {known}.",
        )
    if role not in SITE_ROLES and site:
        _refuse(username, f"the role {role} holds across sites.", "Leave the site out.")
    if ends is not None and ends < starts:
        _refuse(username, "the role would end before it starts.", "Put the dates right.")
    held = {Role(one) for one in _open_memberships(username, study, starts).values_list("role", flat=True)}
    if held and (role == Role.ADMINISTRATOR) != (Role.ADMINISTRATOR in held):
        _refuse(username, "an administrator holds no clinical role in the same study.", "Use a second person.")
    with transaction.atomic():
        Membership.objects.update_or_create(
            user=user, study=study, role=role.value, site=site or "", starts=starts, defaults={"ends": ends}
        )
        body = AccessChanged(username, role.value, site or "", granted=True, starts=starts, ends=ends)
        note(study, body, _by(by), reason=reason, source=source, at=at)


def revoke(
    username: str,
    study: str,
    role: Role,
    site: str | None,
    *,
    last_day: date,
    by: str = SYSTEM,
    reason: str,
    source: str = "cli",
    at: datetime | None = None,
) -> None:
    """This will end a role after `last_day` and append an entry; a reason is needed."""
    if not reason.strip():
        _refuse(username, "a role is taken away for a reason.", "Give it.")
    rows = _open_memberships(username, study, last_day).filter(role=role.value, site=site or "")
    with transaction.atomic():
        found = list(rows.select_for_update())
        if not found:
            _refuse(username, f"holds no role {role} that could end on {last_day}.", "Look at the list of roles.")
        for row in found:
            Membership.objects.filter(pk=row.pk).update(ends=max(last_day, row.starts))
            body = AccessChanged(
                username, role.value, site or "", granted=False, starts=row.starts, ends=max(last_day, row.starts)
            )
            note(study, body, _by(by), reason=reason, source=source, at=at)


def close_account(username: str, *, by: str = SYSTEM, reason: str, source: str = "cli") -> None:
    """This will shut an account for good: it signs nobody in and grants nothing; its entries stay."""
    if not reason.strip():
        _refuse(username, "an account is closed for a reason.", "Give it.")
    user = _user(username)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        record_account_change(username, "active", by=by, reason=reason, source=source)


def set_password(username: str, password: str, *, by: str = SYSTEM, source: str = "cli") -> None:
    """This will give an account another password; raises Refused when it is too weak."""
    user = _user(username)
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Refused(Problem(Place(item=username), message) for message in weak.messages) from weak
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        record_account_change(username, "password", by=by, source=source)


def set_language(viewer: Viewer, language: str) -> None:
    """This will remember the viewer's language (`en` or `zh-hans`); a matter of taste, so no entry."""
    if language not in LANGUAGES:
        _refuse(viewer.username, f"there is no language {language}.", f"Choose one of {', '.join(LANGUAGES)}.")
    User.objects.filter(username=viewer.username).update(language=language)


def check_password(viewer: Viewer, password: str, *, request: object = None) -> bool:
    """This will tell whether `password` is the viewer's own, for a signature; failures count towards the lockout and are recorded."""
    if not isinstance(request, HttpRequest):
        # The lockout counts by address, and a command has none.
        right = _user(viewer.username).check_password(password)
        if not right:
            record_sign_in(viewer.username, "failed")
        return right
    user = authenticate(request=request, username=viewer.username, password=password)
    return isinstance(user, User) and user.username == viewer.username


def record_export(viewer: Viewer, study: str, what: str, *, rows: int, source: str = "web") -> None:
    """This will append an entry that the viewer exported or printed `what`; whoever may see a thing may print it."""
    role = next(iter(viewer.roles(study)), None)
    if role is None:
        viewer.demand(Permission.SEE_SUBJECTS, study)
    note(study, Exported(what, rows), By(viewer.username, role.value if role else ""), source=source)


def record_account_change(username: str, what: str, *, by: str = "", reason: str = "", source: str = "web") -> None:
    """This will append that something about an account changed (`what` names it, never its value) to the account's studies."""
    for study in people.studies_of(username) or protocols.installed():
        note(study, AccountChanged(username, what), _by(by or username), reason=reason, source=source)


def record_sign_in(username: str, what: str, *, address: str = "", source: str = "web") -> None:
    """This will append a sign-in, a sign-out, a failure or a lockout to the chains of the account's studies.

    A name without any role might be meant for any study, so every study hears of it.
    """
    bodies: dict[str, Callable[[], Body]] = {
        "in": lambda: SignedIn(username, address),
        "out": lambda: SignedOut(username),
        "failed": lambda: SignInFailed(username, address),
        "locked": lambda: AccountLocked(username, address),
    }
    body = bodies[what]()
    actor = _by(username) if what in {"in", "out"} else By(SYSTEM, "system")
    for study in people.studies_of(username) or protocols.installed():
        note(study, body, actor, source=source)


def _open_memberships(username: str, study: str, day: date) -> QuerySet[Membership]:
    return Membership.objects.filter(Q(ends__isnull=True) | Q(ends__gte=day), user__username=username, study=study)


def _by(username: str) -> By:
    return By(SYSTEM, "system") if username == SYSTEM else By(username, "")


def _user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        _refuse(username, "has no account.", "Make the account first.")
    return user


def _refuse(item: str, what: str, remedy: str) -> NoReturn:
    raise Refused([Problem(Place(item=item), what, remedy)])
