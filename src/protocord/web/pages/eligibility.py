"""The eligibility board: every criterion with its reasons, the days on which the child could enter, and what people decided."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from protocord.conduct import AssessEligibility, Enrol, Rescreen, ScreenFail, SignEligibility, Wish
from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer
from protocord.store.answers import Board, Done
from protocord.web.board import board_view
from protocord.web.doors import allow
from protocord.web.frame import day_of, show, tell, today_at, zone_of

FRESH_DAYS = 7  # an assessment of the last days is what people work with; an older one is history


@allow(Permission.SEE_SUBJECTS)
def board(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will show the board for a day, for a planned infusion, or as it would have been known at an earlier moment."""
    return _show_board(request, viewer, study, subject, "eligibility/board.html")


def _chosen(board: Board, viewer: Viewer) -> str:
    """This will return the query of the day that matters where the person named none: that of the assessment decided on, or today at the site."""
    current = board.current
    if current is None or (board.card.status == "screening" and abs((viewer.on - current.on).days) > FRESH_DAYS):
        today = today_at(zone_of(board.protocol, board.card.site))
        return f"?on={today}" if today != viewer.on else ""
    infusion = f"&infusion={current.planned_infusion}" if current.planned_infusion else ""
    return f"?on={current.on}{infusion}"


@allow(Permission.SEE_SUBJECTS)
def worksheet(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will show the board for paper: everything open, room to sign."""
    return _show_board(request, viewer, study, subject, "eligibility/worksheet.html")


def _show_board(request: HttpRequest, viewer: Viewer, study: str, subject: str, template: str) -> HttpResponse:
    asked = request.GET
    known = day_of(asked.get("known"), None)
    on = day_of(asked.get("on"), known or viewer.on)
    found = reads.eligibility_board(
        viewer, study, subject, on or viewer.on, day_of(asked.get("infusion"), None), end_of_day(known) if known else None
    )
    if not asked and (query := _chosen(found, viewer)):
        return redirect(request.path + query)
    zone = zone_of(found.protocol, found.card.site)
    values = {
        "board": found,
        "card": found.card,
        "site": found.site,
        "zone": zone,
        "known": known,
        "today": today_at(zone),
        "part": "board",
        "meaning": meaning(),
        **board_view(found, today_at(zone)),
    }
    title = found.protocol.study.title.brief
    return show(request, viewer, template, values, study=study, title=title, here="subjects")


def end_of_day(day: date) -> datetime:
    """This will return the last moment of a day, so that "known on 3 March" holds what was entered on that day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)


def _carry_out(request: HttpRequest, viewer: Viewer, study: str, subject: str, wish: Wish, said: str) -> HttpResponse:
    """This will perform a wish, say what came of it, and go back to the board."""
    answer = actions.perform(viewer, study, wish, subject=subject, reason=request.POST.get("reason", "").strip())
    if isinstance(answer, Done):
        messages.success(request, said)
    else:
        tell(request, answer)
    return redirect("board", study=study, subject=subject)


@allow(Permission.ASSESS_ELIGIBILITY, methods=("POST",))
def assess(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will record the assessment of a day, whole, so that it can be signed."""
    on = day_of(request.POST.get("on"), viewer.on) or viewer.on
    wish = AssessEligibility(on, day_of(request.POST.get("infusion"), None))
    answer = actions.perform(viewer, study, wish, subject=subject)
    if isinstance(answer, Done):
        messages.success(request, gettext("The assessment is recorded."))
    else:
        tell(request, answer)
    query = f"?on={on}" + (f"&infusion={wish.planned_infusion}" if wish.planned_infusion else "")
    return redirect(reverse("board", args=[study, subject]) + query)


@allow(Permission.SIGN_ELIGIBILITY, methods=("POST",))
def sign(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will sign the recorded assessment: the password again, the meaning as shown, the hash of the content that was seen."""
    sent = request.POST
    if not actions.check_password(viewer, sent.get("password", ""), request=request):
        messages.error(request, gettext("The password is not right. Nothing was signed."))
        return redirect("board", study=study, subject=subject)
    judgements = {
        name.removeprefix("judgement-"): str(said).strip()
        for name, said in sent.items()
        if name.startswith("judgement-") and str(said).strip()
    }
    wish = SignEligibility(sent.get("content_hash", ""), meaning(), viewer.name, judgements)
    return _carry_out(request, viewer, study, subject, wish, gettext("The eligibility is signed."))


def meaning() -> str:
    """This will return what the signature means, in the signer's language; it is kept with the signature word for word."""
    return gettext(
        "I have reviewed each criterion and the data it rests on, and I confirm this assessment of eligibility as the responsible investigator."
    )


@allow(Permission.ENROL, methods=("POST",))
def enrol(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will enrol the child; the rules refuse it unless the child is eligible and the assessment validly signed."""
    wish = Enrol(day_of(request.POST.get("on"), viewer.on) or viewer.on)
    answer = actions.perform(viewer, study, wish, subject=subject)
    if isinstance(answer, Done):
        messages.success(request, gettext("The child is enrolled. Plan the first infusion next."))
        return redirect("calendar", study=study, subject=subject)
    tell(request, answer)
    return redirect("board", study=study, subject=subject)


@allow(Permission.ENROL, methods=("POST",))
def screen_fail(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will record that the child does not enter, and by which criteria."""
    wish = ScreenFail(day_of(request.POST.get("on"), viewer.on) or viewer.on, tuple(request.POST.getlist("criteria")))
    return _carry_out(request, viewer, study, subject, wish, gettext("The screen failure is recorded."))


@allow(Permission.ENROL, methods=("POST",))
def rescreen(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will open screening again after a screen failure."""
    wish = Rescreen(day_of(request.POST.get("on"), viewer.on) or viewer.on)
    return _carry_out(request, viewer, study, subject, wish, gettext("Screening is open again."))
