"""The subject matrix and the subject's own page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils.translation import gettext

from protocord import conduct
from protocord.conduct import Decider, Scope, SubjectState, Withdraw
from protocord.protocol import Protocol
from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer
from protocord.store.answers import Declined, FormCard, SubjectCard, SubjectPage, VisitCard, VisitCell, VisitColumn, VisitState
from protocord.values.dates import PartialDate, age_range
from protocord.values.text import Text
from protocord.web.doors import allow
from protocord.web.frame import day_of, language, show, tell, today_at, zone_of
from protocord.web.labels import label_of

PER_PAGE = (25, 50, 100)


@allow(Permission.SEE_SUBJECTS)
def matrix(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will show the subjects against the visits; the filter stands in the address."""
    asked = request.GET
    per_page = int(asked["rows"]) if asked.get("rows", "") in {str(n) for n in PER_PAGE} else PER_PAGE[1]
    page = int(asked["page"]) if asked.get("page", "").isdecimal() else 1
    found = reads.subject_matrix(
        viewer,
        study,
        viewer.on,
        site=asked.get("site", ""),
        status=asked.get("status", ""),
        find=asked.get("find", "").strip(),
        page=max(page, 1),
        per_page=per_page,
    )
    starts = tuple(first_of_epoch(found.visits))
    site_names = {site.id: site.name.say(language()) for site in found.sites}
    values = {
        "matrix": found,
        "columns": [(visit, first) for visit, first in zip(found.visits, starts, strict=True)],
        "rows": [
            Row(row.card, site_names.get(row.card.site, row.card.site), tuple(map(cell_of, row.cells, starts)))
            for row in found.rows
        ],
        "asked": asked,
        "per_page": per_page,
        "choices": PER_PAGE,
        "sprite": static("protocord/icons.svg"),
        "legend": [state.value for state in VisitState],
    }
    return show(request, viewer, "subjects/matrix.html", values, study=study, here="subjects")


@dataclass(frozen=True, slots=True)
class Cell:
    """A visit in the matrix, ready to draw: thousands of these are drawn at once, so everything is worked out beforehand."""

    visit: str
    state: str
    icon: str
    hint: str
    starts_epoch: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A subject in the matrix."""

    card: SubjectCard
    site: str
    cells: tuple[Cell, ...]


def cell_of(cell: VisitCell, starts_epoch: bool) -> Cell:
    """This will say a visit's state in a sentence: which visit, how it stands, when, how many forms."""
    label = label_of("visit", cell.state)
    said = [f"{cell.visit}: {label.words}"]
    if cell.actual:
        said.append(cell.actual.isoformat())
    elif cell.target:
        said.append(f"{cell.target} ({cell.earliest} – {cell.latest})")
    if cell.forms_expected:
        said.append(gettext("forms %(done)s of %(all)s") % {"done": cell.forms_done, "all": cell.forms_expected})
    return Cell(cell.visit, cell.state, label.icon, ", ".join(said), starts_epoch)


def first_of_epoch(visits: Iterable[VisitColumn]) -> Iterable[bool]:
    """This will tell of each visit whether an epoch begins with it, so that a line can be drawn."""
    before = ""
    for visit in visits:
        yield visit.epoch != before
        before = visit.epoch


@dataclass(frozen=True, slots=True)
class Step:
    """A step of screening on the subject's page: done, next, bad, or still to come."""

    name: str
    state: str
    day: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form of a visit in the casebook; `again` is the number of the next filling where one may be begun, else 0."""

    card: FormCard
    again: int


@dataclass(frozen=True, slots=True)
class VisitBlock:
    """A visit of the casebook with its forms."""

    cell: VisitCell
    name: Text
    lines: tuple[FormLine, ...]


@dataclass(frozen=True, slots=True)
class EpochBlock:
    """The visits of one epoch."""

    name: Text
    visits: tuple[VisitBlock, ...]


@allow(Permission.SEE_SUBJECTS)
def subject(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will show one child: who in the study's terms, how far, what is entered and what is missing."""
    page = reads.subject(viewer, study, subject, viewer.on)
    zone = zone_of(page.protocol, page.card.site)
    values = {
        "page": page,
        "card": page.card,
        "zone": zone,
        "today": today_at(zone),
        "person": person_of(page.protocol, page.state, today_at(zone)),
        "steps": steps_of(page),
        "epochs": epochs_of(page),
        "scopes": [scope.value for scope in Scope],
        "deciders": [decider.value for decider in Decider],
        "part": "subject",
    }
    title = page.protocol.study.title.brief
    return show(request, viewer, "subjects/subject.html", values, study=study, title=title, here="subjects")


@dataclass(frozen=True, slots=True)
class Person:
    """What the strip shows of a child: pseudonymous, and only what was recorded."""

    birth: PartialDate | None = None
    ages: tuple[int, int] | None = None
    sex: str = ""


def person_of(protocol: Protocol, state: SubjectState, on: date) -> Person:
    """This will read birth date, age in completed years on `on` (a range where the birth date is partial) and sex off the record."""
    facts = conduct.record(protocol, state).facts
    birth = next((fact.start for fact in facts if fact.concept == "Birth date" and fact.start), None)
    sex = next((str(fact.value) for fact in facts if fact.concept == "Sex" and fact.value), "")
    return Person(birth, age_range(birth, PartialDate.of(on)) if birth else None, sex)


def steps_of(page: SubjectPage) -> tuple[Step, ...]:
    """This will lay out screening as steps: registered, forms, assessed, signed, enrolled, calendar."""
    state = page.state
    screening_forms = [form for visit in page.visits if visit.epoch == first_epoch(page) for form in visit.forms]
    saved = sum(form.saved_at is not None for form in screening_forms)
    forms_done = bool(screening_forms) and saved == len(screening_forms)
    assessment, signature = state.assessment, state.signature
    done = [
        Step(gettext("Registered"), "done", page.card.registered_on),
        Step(gettext("Screening forms"), "done" if forms_done else "open", note=f"{saved}/{len(screening_forms)}"),
        Step(gettext("Assessed"), "done" if assessment else "open", assessment.on if assessment else None),
        Step(
            gettext("Signed"),
            ("done" if signature.valid else "bad") if signature else "open",
            signature.at.date() if signature else None,
        ),
    ]
    if state.failed_on:
        done.append(Step(gettext("Screen failure"), "bad", state.failed_on))
        return tuple(done)
    done.append(Step(gettext("Enrolled"), "done" if state.enrolled_on else "open", state.enrolled_on))
    done.append(Step(gettext("Calendar"), "done" if state.day_1 else "open", state.day_1))
    return tuple(mark_next(done))


def mark_next(steps: list[Step]) -> Iterable[Step]:
    """This will mark the first open step after the last one done as the next."""
    done = max((number for number, step in enumerate(steps) if step.state == "done"), default=-1)
    for number, step in enumerate(steps):
        yield replace(step, state="next") if number == done + 1 and step.state == "open" else step


def first_epoch(page: SubjectPage) -> str:
    """This will return the epoch with which the study begins."""
    return page.protocol.study.epochs[0].id


def epochs_of(page: SubjectPage) -> tuple[EpochBlock, ...]:
    """This will group the visits by epoch; what runs between visits stands last, under its own name."""
    blocks = []
    for epoch in page.protocol.study.epochs:
        visits = tuple(_block(page, visit) for visit in page.visits if visit.epoch == epoch.id)
        if visits:
            blocks.append(EpochBlock(epoch.name, visits))
    blocks += [EpochBlock(visit.name, (_block(page, visit),)) for visit in page.visits if not visit.epoch]
    return tuple(blocks)


def _block(page: SubjectPage, visit: VisitCard) -> VisitBlock:
    last = {form.form: form for form in visit.forms}
    may = Permission.RECORD_FORMS in page.may
    lines = tuple(
        FormLine(form, form.repeat + 1 if may and form is last[form.form] and form.saved_at else 0) for form in visit.forms
    )
    return VisitBlock(visit.cell, visit.name, lines)


@allow(Permission.RECORD_FORMS, methods=("POST",))
def withdraw(request: HttpRequest, viewer: Viewer, study: str, subject: str) -> HttpResponse:
    """This will record that the child leaves treatment, follow-up or all use of data, and who decided so."""
    sent = request.POST
    on = day_of(sent.get("on"), None)
    if on is None or sent.get("scope") not in set(Scope) or sent.get("decided_by") not in set(Decider):
        messages.error(request, gettext("Say from what, who decided, and on which day."))
        return redirect("subject", study=study, subject=subject)
    wish = Withdraw(Scope(sent["scope"]), Decider(sent["decided_by"]), on)
    answer = actions.perform(viewer, study, wish, subject=subject, reason=sent.get("reason", "").strip())
    if isinstance(answer, Declined):
        tell(request, answer)
    else:
        messages.success(request, gettext("The withdrawal is recorded."))
    return redirect("subject", study=study, subject=subject)
