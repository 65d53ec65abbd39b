"""Who holds which role: the access review."""

from __future__ import annotations

from protocord.store.access import Permission, Viewer
from protocord.store.answers import GrantCard, PersonCard
from protocord.store.models import Membership


def people(viewer: Viewer, study: str) -> tuple[PersonCard, ...]:
    """This will return everybody who holds or held a role in the study, with each role and its dates; for administrators."""
    viewer.demand(Permission.MANAGE_ACCOUNTS, study)
    rows = Membership.objects.filter(study=study).select_related("user").order_by("user__username", "starts", "role", "site")
    found: dict[str, PersonCard] = {}
    for row in rows:
        grant = GrantCard(
            row.role,
            row.site or None,
            row.starts,
            row.ends,
            valid=row.user.is_active and row.starts <= viewer.on and (row.ends is None or viewer.on <= row.ends),
        )
        known = found.get(row.user.username)
        found[row.user.username] = PersonCard(
            row.user.username,
            row.user.name,
            row.user.is_active,
            row.user.last_login,
            (*known.grants, grant) if known else (grant,),
        )
    return tuple(found.values())
