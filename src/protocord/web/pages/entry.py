"""A form at a visit: enter, check while typing, keep a draft, save with reasons, meet a conflict without losing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from protocord import words
from protocord.conduct import RecordForm
from protocord.forms import FormProblem, ItemAnswer, NullFlavour, asked, normalise
from protocord.forms import check as check_answers
from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer
from protocord.store.answers import Conflict, Declined, Done, FormPage
from protocord.web.doors import allow
from protocord.web.frame import language, show, today_at, zone_of
from protocord.web.items import Filling, answers_sent, problem_view, sections_of
from protocord.web.saying import answer_of

BOTH = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person sent: answers as typed, as read, what is wrong with them, and why they were changed."""

    answers: dict[str, ItemAnswer]
    read: Mapping[str, ItemAnswer]
    problems: tuple[FormProblem, ...]
    base: int
    reason: str
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """An item that two people changed: as it was, as it is now, as this person has it."""

    key: str
    label: Any
    base: str
    theirs: str
    mine: str


@allow(Permission.SEE_SUBJECTS, methods=BOTH)
def form(request: HttpRequest, viewer: Viewer, study: str, subject: str, visit: str, form: str) -> HttpResponse:
    """This will show a form, or save it."""
    page = reads.form_page(viewer, study, subject, visit, form, viewer.on, repeat=_repeat(request))
    if request.method == "POST":
        viewer.demand(Permission.RECORD_FORMS, study, page.card.site)
        return _save(request, viewer, page)
    uses_draft = page.draft is not None and "draft" in request.GET
    answers = page.draft.answers if page.draft and uses_draft else page.answers
    base = page.draft.base_position if page.draft and uses_draft else page.base_position
    return _show(request, viewer, page, answers=answers, base=base, uses_draft=uses_draft)


def _repeat(request: HttpRequest) -> int:
    """This will read off the address how many times the form is filled at this visit; nonsense is the first time."""
    number = request.GET.get("repeat", "1")
    return max(int(number), 1) if number.isdecimal() else 1


def _query(repeat: int) -> str:
    return f"?repeat={repeat}" if repeat > 1 else ""


def _today(page: FormPage) -> date:
    return today_at(zone_of(page.protocol, page.card.site))


def _read(request: HttpRequest, page: FormPage) -> Sent:
    """This will read what was sent and run the checks of the protocol over it: the same that guard every other way in."""
    sent = {name: str(value) for name, value in request.POST.items()}
    answers = answers_sent(page.protocol, page.form, sent)
    for name, chosen in sent.items():
        if name.startswith("take:") and chosen == "theirs":
            key = name.removeprefix("take:")
            theirs = page.answers.get(key)
            if theirs is None:
                answers.pop(key, None)
            else:
                answers[key] = theirs
    today = _today(page)
    read, unreadable = normalise(page.form, answers, today=today)
    unread = {problem.item for problem in unreadable}
    found = check_answers(page.form, read, on=today, concepts=page.protocol.concepts, value_sets=page.protocol.value_sets)
    problems = (*unreadable, *(problem for problem in found if problem.item not in unread))
    chosen = sent.get("reason", "")
    reason = sent.get("reason_text", "").strip() if chosen in {"", "other"} else chosen
    reasons = {name[2:]: value.strip() for name, value in sent.items() if name.startswith("r:") and value.strip()}
    base = sent.get("base", "")
    return Sent(answers, read, problems, int(base) if base.isdecimal() else page.base_position, reason, reasons)


def _save(request: HttpRequest, viewer: Viewer, page: FormPage) -> HttpResponse:
    sent = _read(request, page)
    if any(problem.level == "hard" for problem in sent.problems):
        return _show(request, viewer, page, sent=sent, status=422)
    card, visit, form = page.card, page.visit.cell.visit, page.form
    wish = RecordForm(visit, form.id, sent.read, base_position=sent.base, reasons=sent.reasons, repeat=page.repeat)
    answer = actions.perform(viewer, card.study, wish, subject=card.subject, reason=sent.reason)
    if isinstance(answer, Conflict):
        return _show(request, viewer, page, sent=sent, conflict=answer, status=409)
    if isinstance(answer, Declined):
        return _show(request, viewer, page, sent=sent, declined=answer, status=422)
    messages.success(request, _told(answer))
    if "next" in request.POST:
        return redirect(_next(page))
    return redirect(reverse("form", args=[card.study, card.subject, visit, form.id]) + _query(page.repeat))


def _told(answer: Done) -> str:
    if not answer.entries:
        return gettext("Nothing had changed; nothing was written.")
    if any(entry.kind == "signature_broken" for entry in answer.entries):
        return gettext("Saved. The change breaks the signature under the eligibility: the investigator must sign again.")
    return gettext("Saved.")


def _next(page: FormPage) -> str:
    """This will return the next form of the visit that is not entered yet, or the subject's page."""
    card = page.card
    forms = page.visit.forms
    here = next((number for number, other in enumerate(forms) if other.form == page.form.id), -1)
    waiting = [other for other in (*forms[here + 1 :], *forms[:here]) if other.saved_at is None]
    if waiting:
        return reverse("form", args=[card.study, card.subject, page.visit.cell.visit, waiting[0].form])
    return reverse("subject", args=[card.study, card.subject])


def _show(
    request: HttpRequest,
    viewer: Viewer,
    page: FormPage,
    *,
    answers: Mapping[str, ItemAnswer] | None = None,
    base: int = 0,
    uses_draft: bool = False,
    sent: Sent | None = None,
    conflict: Conflict | None = None,
    declined: Declined | None = None,
    status: int = 200,
) -> HttpResponse:
    """This will draw the form: as saved, as drafted, or as sent with what was wrong."""
    if sent is not None and declined is not None:
        # What is about an item is shown at the item, and once.
        known = {(problem.item, problem.reason) for problem in sent.problems}
        more = [
            FormProblem(refusal.item, "soft" if refusal.level == "soft" else "hard", refusal.reason)
            for refusal in declined.refusals
            if refusal.item and (refusal.item, refusal.reason) not in known
        ]
        sent = replace(sent, problems=(*sent.problems, *more))
    if conflict is not None:
        answers, base = dict(conflict.merged), conflict.position
    elif sent is not None:
        answers, base = sent.answers, sent.base
    filling = _filling(page, answers or {}, sent, tried=sent is not None and conflict is None)
    sections = sections_of(filling)
    values = {
        "page": page,
        "card": page.card,
        "zone": zone_of(page.protocol, page.card.site),
        "visit": page.visit.cell.visit,
        "form": page.form,
        "sections": sections,
        "base": base,
        "uses_draft": uses_draft,
        "refused": tuple(words.say(refusal.reason, language()) for refusal in declined.refusals if not refusal.item)
        if declined
        else (),
        "query": _query(page.repeat),
        "was_sent": sent is not None,
        "conflict": conflict,
        "conflicts": _conflict_rows(page, conflict) if conflict else (),
        "reason": sent.reason if sent else "",
        "reasons_asked": bool(page.saved_at),
        "asks_reason": declined is not None
        and any(refusal.reason.kind == "conduct_change_needs_reason" for refusal in declined.refusals),
        "reason_choices": reason_choices(),
        "nulls": [null.value for null in NullFlavour],
        "part": "form",
        **_summary(filling),
    }
    title = page.protocol.study.title.brief
    return show(request, viewer, "entry/form.html", values, study=page.card.study, title=title, here="subjects", status=status)


def reason_choices() -> tuple[str, ...]:
    """This will return the usual reasons for a change, in the words in which they are kept."""
    return (
        gettext("Typing error"),
        gettext("The source document was corrected"),
        gettext("New information from the source"),
        gettext("The laboratory corrected the result"),
        gettext("Answer to a question of the monitor"),
    )


def _filling(page: FormPage, answers: Mapping[str, ItemAnswer], sent: Sent | None, *, tried: bool) -> Filling:
    problems: tuple[FormProblem, ...] = ()
    if sent is not None:
        problems = sent.problems
    elif page.may_record:
        read, unreadable = normalise(page.form, answers, today=_today(page))
        found = check_answers(
            page.form, read, on=_today(page), concepts=page.protocol.concepts, value_sets=page.protocol.value_sets
        )
        problems = (*unreadable, *found)
    return Filling(
        page.protocol,
        page.form,
        answers,
        page.answers,
        _today(page),
        problems,
        page.changed,
        sent.reasons if sent else {},
        tried=tried,
    )


def _summary(filling: Filling) -> dict[str, Any]:
    """This will count what must be mended, what is unusual and unexplained, and what is still to be answered; and list it with links."""
    labels = {place.key: place.item.label for place in asked(filling.form, filling.answers)}
    hard, soft, still = [], [], []
    for problem in filling.problems:
        view = problem_view(problem, tried=filling.tried)
        label = labels.get(problem.item)
        # Many reasons name the item themselves.
        line = {
            "key": problem.item,
            "label": None if label is None or label.say(language()) in view.text else label,
            "text": view.text,
        }
        answer = filling.answers.get(problem.item, ItemAnswer())
        if view.open:
            still.append(line)
        elif problem.level == "hard":
            hard.append(line)
        elif not answer.note and filling.saved.get(problem.item) != answer:
            soft.append(line)
    return {"hard": hard, "soft": soft, "still": still}


def _conflict_rows(page: FormPage, conflict: Conflict) -> tuple[ConflictRow, ...]:
    places = {place.key: place for place in asked(page.form, conflict.merged)}
    rows = []
    for item in conflict.items:
        place = places.get(item.item)
        known = place.item if place else None
        said = [answer_of(page.protocol, known, answer) for answer in (item.base, item.theirs, item.mine)]
        rows.append(ConflictRow(item.item, known.label if known else item.item, *said))
    return tuple(rows)


@allow(Permission.RECORD_FORMS, methods=("POST",))
def check(request: HttpRequest, viewer: Viewer, study: str, subject: str, visit: str, form: str) -> HttpResponse:
    """This will check what is typed so far and return what is wrong at each item, the dates as they were read, and the counts."""
    page = reads.form_page(viewer, study, subject, visit, form, viewer.on, repeat=_repeat(request))
    sent = _read(request, page)
    filling = _filling(page, sent.answers, sent, tried=request.POST.get("tried") == "1")
    sections = sections_of(filling)
    values = {
        "sections": sections,
        "items": [item for section in sections for row in section.rows for item in row.items],
        **_summary(filling),
    }
    return render(request, "entry/checked.html", values)


@allow(Permission.RECORD_FORMS, methods=("POST",))
def draft(request: HttpRequest, viewer: Viewer, study: str, subject: str, visit: str, form: str) -> HttpResponse:
    """This will keep what is typed, for this person only; a draft is no record."""
    protocol = reads.protocol(viewer, study)
    wanted = next((known for known in protocol.forms if known.id == form), None)
    sent = {name: str(value) for name, value in request.POST.items()}
    answers = answers_sent(protocol, wanted, sent) if wanted else {}
    base = sent.get("base", "")
    at = actions.save_draft(
        viewer, study, subject, visit, form, answers, base_position=int(base) if base.isdecimal() else 0, repeat=_repeat(request)
    )
    return render(request, "entry/draft.html", {"at": at, "zone": zone_of(protocol, "")})


@allow(Permission.RECORD_FORMS, methods=("POST",))
def discard(request: HttpRequest, viewer: Viewer, study: str, subject: str, visit: str, form: str) -> HttpResponse:
    """This will forget the draft; doing so twice is the same as once."""
    actions.discard_draft(viewer, study, subject, visit, form, repeat=_repeat(request))
    messages.success(request, gettext("The draft is discarded; the form shows what is on record."))
    return redirect(reverse("form", args=[study, subject, visit, form]) + _query(_repeat(request)))


@allow(Permission.SEE_SUBJECTS)
def history(request: HttpRequest, viewer: Viewer, study: str, subject: str, visit: str, form: str, item: str) -> HttpResponse:
    """This will show every value that an item ever had, newest first."""
    changes = reads.item_history(viewer, study, subject, visit, form, item, repeat=_repeat(request))
    protocol = reads.protocol(viewer, study)
    known = next(
        (
            found
            for section in protocol.form(form).sections
            for found in section.items
            if section.id == item.split(".")[0] and found.id == item.split(".")[-1]
        ),
        None,
    )
    lines = [
        {"change": change, "old": answer_of(protocol, known, change.old), "new": answer_of(protocol, known, change.new)}
        for change in changes
    ]
    zone = zone_of(protocol, changes[0].site if changes else "")
    return render(request, "entry/history.html", {"lines": lines, "item": known, "key": item, "zone": zone})
