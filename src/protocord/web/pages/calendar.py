"""The calendar: visits and infusions with their windows, as a picture and as a table; what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from protocord.conduct import PlanCalendar, RecordVisit, VisitStatus
from protocord.schedule import Calendar, PlannedVisit
from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer
from protocord.store.answers import CalendarPage, Done, VisitCell
from protocord.values.text import Text
from protocord.web.charts import VisitMark, visit_calendar
from protocord.web.doors import allow
from protocord.web.frame import day_of, language, show, tell, today_at, zone_of
from protocord.web.labels import label_of


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One line of the calendar's table."""

    visit: PlannedVisit
    state: str
    moved: int
    outside: int
    forms: str
    can_record: bool


@allow(Permission.SEE_SUBJECTS)
def calendar(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will show the child's calendar, or ask for the day of the first infusion."""
    page = reads.calendar(viewer, study, subject, viewer.on)
    zone = zone_of(page.protocol, page.card.site)
    today = today_at(zone)
    values = {
        "page": page,
        "card": page.card,
        "zone": zone,
        "today": today,
        "lines": tuple(_lines(page, today)),
        "picture": _picture(page, page.calendar, today) if page.calendar else "",
        "statuses": [status.value for status in VisitStatus],
        "next": _next(page.calendar, today) if page.calendar else None,
        "legend": ("due", "overdue", "done", "missed", "skipped"),
        "started": page.calendar is not None and any(visit.actual for visit in page.calendar.infusions),
        "part": "calendar",
    }
    title = page.protocol.study.title.brief
    return show(request, viewer, "calendar/calendar.html", values, study=study, title=title, here="subjects")


def _lines(page: CalendarPage, today: date) -> Iterable[VisitLine]:
    cells: dict[str, VisitCell] = {cell.visit: cell for cell in page.cells}
    for visit in page.calendar.visits if page.calendar else ():
        cell = cells.get(visit.visit_id)
        yield VisitLine(
            visit=visit,
            state=_state(visit, cell, today),
            moved=(visit.target - visit.original_target).days,
            outside=visit.days_outside,
            forms=f"{cell.forms_done}/{cell.forms_expected}" if cell and cell.forms_expected else "",
            can_record=page.may_record and visit.actual is None and visit.earliest <= today,
        )


def _state(visit: PlannedVisit, cell: VisitCell | None, today: date) -> str:
    """This will return how a visit stands: by what was recorded of it; before that by its forms, then by its window."""
    if visit.actual is None and cell is not None and cell.state in {"started", "complete"}:
        return cell.state.value
    return visit.status(today).value


def _next(calendar: Calendar, today: date) -> PlannedVisit | None:
    waiting = [visit for visit in calendar.visits if visit.actual is None and not visit.skipped_by_rule and visit.latest >= today]
    return min(waiting, key=lambda visit: visit.target, default=None)


def _picture(page: CalendarPage, calendar: Calendar, today: date) -> SafeString:
    marks = [_mark(page, visit, today) for visit in calendar.visits]
    names: dict[str, Text] = {epoch.id: epoch.name for epoch in page.protocol.study.epochs}
    infusions = calendar.infusions
    drawn = visit_calendar(
        marks,
        title=gettext("Calendar of visits and infusions"),
        description=gettext("%(visits)s visits, %(infusions)s of them with an infusion; the table below says the same.")
        % {"visits": len(calendar.visits), "infusions": len(infusions)},
        day_words=gettext("day {day}"),
        today=today,
        today_word=gettext("today"),
        epochs={epoch: name.say(language()) for epoch, name in names.items()},
    )
    return mark_safe(drawn)  # charts escape every word


def _mark(page: CalendarPage, visit: PlannedVisit, today: date) -> VisitMark:
    cells = {cell.visit: cell for cell in page.cells}
    state = _state(visit, cells.get(visit.visit_id), today)
    day = visit.actual.on if visit.actual is not None and visit.actual.status == "done" else visit.target
    hint = f"{visit.visit_id} {visit.name.say(language())}: {label_of('visit', state).words}, {day} ({visit.earliest} – {visit.latest})"
    return VisitMark(
        id=visit.visit_id,
        hint=hint,
        day=day,
        earliest=visit.earliest,
        latest=visit.latest,
        state=state,
        infusion=visit.infusion,
        study_day=visit.study_day,
        epoch=visit.epoch,
        href=reverse("subject", args=[page.card.study, page.card.subject]) + f"#visit-{visit.visit_id}",
    )


@allow(Permission.RECORD_FORMS, methods=("POST",))
def plan(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will set the day of the first infusion, from which every visit is laid out."""
    day_1 = day_of(request.POST.get("day_1"), None)
    if day_1 is None:
        messages.error(request, gettext("Give the day of the first infusion."))
        return redirect("calendar", study=study, subject=subject)
    answer = actions.perform(viewer, study, PlanCalendar(day_1), subject=subject, reason=request.POST.get("reason", "").strip())
    if isinstance(answer, Done):
        messages.success(request, gettext("The calendar is laid out from %(day)s.") % {"day": day_1})
    else:
        tell(request, answer)
    return redirect("calendar", study=study, subject=subject)


@allow(Permission.RECORD_FORMS, methods=("POST",))
def record_visit(request: HttpRequest, viewer: Viewer, study: str, subject: str, visit: str) -> HttpResponse:
    """This will record what became of a visit: done on a day, missed, or skipped; the later ones follow."""
    sent = request.POST
    on = day_of(sent.get("on"), None)
    if on is None or sent.get("status") not in set(VisitStatus):
        messages.error(request, gettext("Say what became of the visit, and on which day."))
        return redirect("calendar", study=study, subject=subject)
    wish = RecordVisit(visit, on, VisitStatus(sent["status"]))
    answer = actions.perform(viewer, study, wish, subject=subject, reason=sent.get("reason", "").strip())
    if isinstance(answer, Done):
        messages.success(request, gettext("Recorded: %(visit)s.") % {"visit": visit})
        if any(entry.kind == "deviation_opened" for entry in answer.entries):
            messages.warning(request, gettext("That is outside the protocol; a deviation is recorded."))
    else:
        tell(request, answer)
    return redirect("calendar", study=study, subject=subject)
