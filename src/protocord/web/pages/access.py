"""Who holds which role where; roles are given and ended with a reason, by administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from protocord.conduct import Role
from protocord.errors import ProblemsFound
from protocord.store import actions, reads
from protocord.store.access import SITE_ROLES, Permission, Viewer
from protocord.web.doors import allow
from protocord.web.frame import day_of, show


@allow(Permission.MANAGE_ACCOUNTS)
def people(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will list everybody with a role in the study, and offer to give or end one."""
    card = next(card for card in reads.studies(viewer) if card.id == study)
    values = {
        "people": reads.people(viewer, study),
        "roles_to_give": [role.value for role in Role],
        "site_roles": [role.value for role in SITE_ROLES],
        "sites": reads.protocol(viewer, study).study.sites,
        "today": viewer.on,
    }
    return show(request, viewer, "access/people.html", values, study=study, title=card.title, here="access")


@allow(Permission.MANAGE_ACCOUNTS, methods=("POST",))
def grant(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will give a person a role from a day on; why is kept."""
    sent = request.POST
    starts = day_of(sent.get("starts"), viewer.on) or viewer.on
    if sent.get("role") not in set(Role) or not sent.get("username", "").strip() or not sent.get("reason", "").strip():
        messages.error(request, gettext("A user name, a role and a reason are needed."))
        return redirect("access", study=study)
    try:
        actions.grant(
            sent["username"].strip(),
            study,
            Role(sent["role"]),
            sent.get("site") or None,
            starts=starts,
            ends=day_of(sent.get("ends"), None),
            by=viewer.username,
            reason=sent["reason"].strip(),
            source="web",
        )
        messages.success(request, gettext("The role is given."))
    except ProblemsFound as refused:
        _tell(request, refused)
    return redirect("access", study=study)


@allow(Permission.MANAGE_ACCOUNTS, methods=("POST",))
def revoke(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will end a person's role after a day; why is kept."""
    sent = request.POST
    if sent.get("role") not in set(Role):
        messages.error(request, gettext("There is no such role."))
        return redirect("access", study=study)
    try:
        actions.revoke(
            sent.get("username", ""),
            study,
            Role(sent["role"]),
            sent.get("site") or None,
            last_day=day_of(sent.get("last_day"), viewer.on) or viewer.on,
            by=viewer.username,
            reason=sent.get("reason", "").strip(),
            source="web",
        )
        messages.success(request, gettext("The role ends."))
    except ProblemsFound as refused:
        _tell(request, refused)
    return redirect("access", study=study)


def _tell(request: HttpRequest, refused: ProblemsFound) -> None:
    for problem in refused.problems:
        messages.error(request, str(problem))
