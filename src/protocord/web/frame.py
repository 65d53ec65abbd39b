"""The frame around every page: who is signed in, which study, where one can go, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from protocord import words
from protocord.forms import parse_date
from protocord.protocol import Protocol
from protocord.store.access import Permission, Viewer
from protocord.store.answers import Answer, Declined
from protocord.values.text import Language, Text

DEFAULT_ZONE = "UTC"


def language() -> Language:
    """This will return the language of this request."""
    return "zh" if (get_language() or "en").startswith("zh") else "en"


def show(
    request: HttpRequest,
    viewer: Viewer,
    template: str,
    values: Mapping[str, Any],
    *,
    study: str = "",
    title: Text | None = None,
    here: str = "",
    status: int = 200,
) -> HttpResponse:
    """This will render a page inside the frame. `title` is the study's short title, `here` the entry of the navigation to mark."""
    frame = {
        "viewer": viewer,
        "study": study,
        "study_title": title,
        "here": here,
        "roles": viewer.roles(study) if study else (),
        "nav": navigation(viewer, study),
        "more_studies": len(viewer.studies) > 1,
    }
    return render(request, template, {**frame, **values}, status=status)


def navigation(viewer: Viewer, study: str) -> dict[str, bool]:
    """This will tell which parts of `study` the viewer may open."""
    if not study:
        return {}
    return {
        "subjects": viewer.may(Permission.SEE_SUBJECTS, study),
        "audit": viewer.may(Permission.SEE_AUDIT, study),
        "access": viewer.may(Permission.MANAGE_ACCOUNTS, study),
        "ledger": viewer.may(Permission.VERIFY_LEDGER, study),
    }


def refused(request: HttpRequest, viewer: Viewer, study: str = "") -> HttpResponse:
    """This will say that none of the person's roles in `study` allows this (403)."""
    return show(request, viewer, "errors/403.html", {}, study=study if study in viewer.studies else "", status=403)


def zone_of(protocol: Protocol, site: str) -> str:
    """This will return the time zone of a site, for times that its people read; UTC where the study names none."""
    return next((here.time_zone for here in protocol.study.sites if here.id == site and here.time_zone), DEFAULT_ZONE)


def today_at(zone: str) -> date:
    """This will return today's date where the site is: at eight in the morning in Guangdong it is not yesterday."""
    return datetime.now(ZoneInfo(zone)).date()


def day_of(text: str | None, otherwise: date | None) -> date | None:
    """This will read a full date as people type it (`2026-03-15`, `15mar26`, `t-1`), or return `otherwise` for anything else."""
    try:
        found = parse_date(text or "", datetime.now(UTC).date())
    except ValueError:
        return otherwise
    return found.earliest if found.is_full else otherwise


def tell(request: HttpRequest, answer: Answer) -> None:
    """This will say, on the next page, why the study's rules refused a wish."""
    if isinstance(answer, Declined):
        for refusal in answer.refusals:
            messages.error(request, words.say(refusal.reason, language()))
