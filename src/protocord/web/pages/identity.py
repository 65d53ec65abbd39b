"""Who a child is: shown on demand, to site staff only, and each look is recorded."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from protocord.errors import ProblemsFound
from protocord.store import actions
from protocord.store.access import Permission, Viewer
from protocord.store.answers import Contact, PersonalIdentity
from protocord.web.doors import allow


@allow(Permission.SEE_IDENTITY, methods=("POST",))
def look(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will show who the child is, for the reason given; POST because looking is an act that is recorded."""
    reason = request.POST.get("reason", "").strip()
    identity = actions.look_at_identity(viewer, study, subject, reason=reason)
    values = {"identity": identity, "study": study, "subject": subject, "reason": reason}
    return render(request, "subjects/identity.html", values)


@allow(Permission.SEE_IDENTITY, methods=("POST",))
def change(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will store who the child is; a change needs a reason."""
    sent = {name: value.strip() for name, value in request.POST.items() if isinstance(value, str)}
    contact = Contact(sent.get("contact_name", ""), sent.get("relation", ""), sent.get("telephone", ""), sent.get("address", ""))
    identity = PersonalIdentity(
        sent.get("name", ""),
        sent.get("identity_number", ""),
        sent.get("hospital_number", ""),
        (contact,) if contact.name or contact.telephone else (),
    )
    try:
        actions.set_identity(viewer, study, subject, identity, reason=sent.get("reason", ""))
        messages.success(request, gettext("The identity is stored, encrypted."))
    except ProblemsFound as refused:
        for problem in refused.problems:
            messages.error(request, str(problem))
    return redirect("subject", study=study, subject=subject)
