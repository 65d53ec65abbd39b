"""Register a child for screening."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from protocord.conduct import RegisterSubject
from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer
from protocord.store.answers import Done
from protocord.web.doors import allow
from protocord.web.frame import show, tell


@allow(Permission.REGISTER_SUBJECTS, methods=("GET", "POST"))
def register(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will show which number the next child gets at each of the person's sites, and register it.

    The number that was shown is sent back: pressing the button twice registers one child, not two.
    """
    if request.method == "POST":
        return _register(request, viewer, study)
    card = next(card for card in reads.studies(viewer) if card.id == study)
    sites = [site for site in card.sites if viewer.may(Permission.REGISTER_SUBJECTS, study, site.id)]
    choices = [(site, actions.next_subject_number(viewer, study, site.id)) for site in sites]
    values = {"choices": choices, "version": card.version}
    return show(request, viewer, "subjects/register.html", values, study=study, title=card.title, here="subjects")


def _register(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    site, _, number = request.POST.get("site", "").partition("/")
    if not site or not number:
        messages.error(request, gettext("Choose a site."))
        return redirect("register", study=study)
    answer = actions.perform(viewer, study, RegisterSubject(site, number))
    if isinstance(answer, Done):
        messages.success(request, gettext("%(subject)s is registered for screening.") % {"subject": answer.state.id})
        return redirect("subject", study=study, subject=answer.state.id)
    tell(request, answer)
    return redirect("register", study=study)
