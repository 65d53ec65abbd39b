"""The identity vault: each look and each change is an entry, and no entry holds an identity."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from django.db import transaction

from protocord.conduct import IdentitySeen, IdentityStored
from protocord.errors import Place, Problem, Refused
from protocord.ledger import By
from protocord.store import clock, vault
from protocord.store.access import Permission, Viewer, not_there
from protocord.store.actions.subjects import append_beside
from protocord.store.answers import PersonalIdentity
from protocord.store.models import Identity, SubjectRow


def look_at_identity(
    viewer: Viewer, study: str, subject: str, *, reason: str, source: str = "web", at: datetime | None = None
) -> PersonalIdentity | None:
    """This will return who the child is (None: nothing stored) and append an entry that the viewer looked, and why. Site staff only."""
    actor = _actor(viewer, study, subject)
    if not reason.strip():
        _refuse(subject, "somebody who looks at an identity says why.", "Give the reason.")
    with transaction.atomic():
        row = Identity.objects.filter(study=study, subject=subject).first()
        found = vault.open_identity(row.sealed, study=study, subject=subject) if row else None
        fields = _filled(found) if found else ()
        append_beside(study, subject, IdentitySeen(fields), actor, reason=reason, source=source, at=at)
    return found


def set_identity(
    viewer: Viewer,
    study: str,
    subject: str,
    identity: PersonalIdentity,
    *,
    reason: str = "",
    source: str = "web",
    at: datetime | None = None,
) -> None:
    """This will encrypt and store who the child is and append an entry that names the fields, not what is in them.

    Changing an identity that is already there needs a reason, as every change does; storing the same again does nothing.
    """
    actor = _actor(viewer, study, subject)
    if not identity.name.strip():
        _refuse(subject, "an identity needs a name.", "Give the child's name.")
    with transaction.atomic():
        row = Identity.objects.select_for_update().filter(study=study, subject=subject).first()
        before = vault.open_identity(row.sealed, study=study, subject=subject) if row else None
        if before == identity:
            return
        if before is not None and not reason.strip():
            _refuse(subject, "this child's identity is already stored.", "Give the reason for the change.")
        changed = tuple(
            name
            for name in PersonalIdentity.__slots__
            if getattr(identity, name)
            != (getattr(before, name) if before else PersonalIdentity.__dataclass_fields__[name].default)
            and (before is not None or getattr(identity, name))
        )
        Identity.objects.update_or_create(
            study=study,
            subject=subject,
            defaults={
                "site": actor.site,
                "sealed": vault.seal_identity(identity, study=study, subject=subject),
                "changed_at": at or clock.now(),
            },
        )
        append_beside(study, subject, IdentityStored(changed), actor, reason=reason, source=source, at=at)


def reseal_vault() -> int:
    """This will seal every identity again with the newest key and return how many; afterwards the older keys may be thrown away."""
    with transaction.atomic():
        rows = list(Identity.objects.select_for_update())
        for row in rows:
            row.sealed = vault.reseal_text(row.sealed)
        Identity.objects.bulk_update(rows, ["sealed"])
    return len(rows)


def _actor(viewer: Viewer, study: str, subject: str) -> By:
    site = SubjectRow.objects.filter(study=study, subject=subject).values_list("site", flat=True).first()
    if site is None or not viewer.may(Permission.SEE_SUBJECTS, study, site):
        raise not_there(subject)
    role = viewer.demand(Permission.SEE_IDENTITY, study, site)
    return By(viewer.username, role.value, site)


def _filled(identity: PersonalIdentity) -> tuple[str, ...]:
    return tuple(name for name in PersonalIdentity.__slots__ if getattr(identity, name))


def _refuse(subject: str, what: str, remedy: str) -> NoReturn:
    raise Refused([Problem(Place(item=subject), what, remedy)])
