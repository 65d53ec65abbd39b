"""What waits for a person, by deadline; and the choice of language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language

from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer, not_there, viewer_of
from protocord.store.answers import WorkItem
from protocord.web.doors import allow
from protocord.web.frame import show
from protocord.web.labels import Label, label_of

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits, and where to do it."""

    subject: str
    visit: str
    count: int
    due: date | None
    days: int | None
    address: str

    @property
    def late(self) -> int:
        """By how many days the deadline has passed."""
        return -(self.days or 0)


@dataclass(frozen=True, slots=True)
class Card:
    """Everything of one kind that waits; the earliest deadline decides its place."""

    kind: str
    label: Label
    count: int
    due: date | None
    lines: tuple[Line, ...]
    more: int


@allow(None)
def home(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """This will go to the one study that the person works in, or let the person choose."""
    if len(viewer.studies) == 1:
        return redirect("work", study=viewer.studies[0])
    return show(request, viewer, "home/studies.html", {"cards": reads.studies(viewer)})


@allow(None)
def work(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will show what waits for the person in a study, the nearest deadline first."""
    page = reads.home(viewer, viewer.on)
    card = next((card for card in page.studies if card.id == study), None)
    if card is None:
        raise not_there(study)
    mine = [item for item in page.work if item.study == study]
    values = {
        "card": card,
        "cards": cards_of(mine, page.on),
        "recent": [row for row in page.recent if row.study == study],
        "may_register": viewer.may(Permission.REGISTER_SUBJECTS, study),
    }
    return show(request, viewer, "home/work.html", values, study=study, title=card.title, here="home")


def cards_of(work: Iterable[WorkItem], on: date) -> tuple[Card, ...]:
    """This will gather the work by kind, the kind with the nearest deadline first; a kind of which nothing waits has no card."""
    by_kind: dict[str, list[WorkItem]] = {}
    for item in work:
        by_kind.setdefault(item.kind, []).append(item)
    cards = []
    for kind, items in by_kind.items():
        items.sort(key=lambda item: (item.due or date.max, item.subject, item.visit))
        by_place: dict[tuple[str, str], list[WorkItem]] = {}
        for item in items:
            by_place.setdefault((item.subject, item.visit), []).append(item)
        lines = tuple(_line(together, on) for together in by_place.values())
        cards.append(Card(kind, label_of("work", kind), len(items), items[0].due, lines[:SHOWN], len(lines[SHOWN:])))
    return tuple(sorted(cards, key=lambda card: (card.due or date.max, -card.count, card.kind)))


def _line(together: list[WorkItem], on: date) -> Line:
    """This will join what waits at one visit of one child."""
    first = together[0]
    days = (first.due - on).days if first.due else None
    return Line(first.subject, first.visit, len(together), first.due, days, address_of(first))


def address_of(item: WorkItem) -> str:
    """This will return the page on which the work is done."""
    match item.kind:
        case "assess" | "complete_screening" | "screen_fail" | "sign" | "signature_broken" | "enrol":
            return reverse("board", args=[item.study, item.subject])
        case "plan" | "visit_due" | "visit_overdue":
            return reverse("calendar", args=[item.study, item.subject])
        case _:
            return reverse("subject", args=[item.study, item.subject])


def language(request: HttpRequest) -> HttpResponse:
    """This will change the language, for this browser and (signed in) for the account, and go back to where the person was."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted, back = request.POST.get("language", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if wanted in dict(settings.LANGUAGES) and check_for_language(wanted):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            wanted,
            max_age=365 * 24 * 3600,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            samesite="Lax",
        )
        if request.user.is_authenticated:
            actions.set_language(viewer_of(request.user), wanted)
    return response
