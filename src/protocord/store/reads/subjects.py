"""One subject: its page, a form at a visit, the history of an item, the calendar."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from protocord import conduct, eligibility
from protocord.conduct import FormKey, Status, SubjectState
from protocord.conduct.wishes import RUNNING
from protocord.store import people, protocols, record
from protocord.store.access import Permission, Viewer, not_there
from protocord.store.actions.drafts import drafts_of, opened
from protocord.store.answers import (
    CalendarPage,
    FormCard,
    FormPage,
    ItemChange,
    SubjectPage,
    VisitCard,
    VisitCell,
    VisitState,
)
from protocord.store.models import Identity, VisitRow
from protocord.store.reads import scope
from protocord.store.reads.audit import recent_acts
from protocord.values.text import Text

if TYPE_CHECKING:
    from protocord.protocol import Protocol


def subject(viewer: Viewer, study: str, subject: str, on: date) -> SubjectPage:
    """This will return the subject's page on day `on`."""
    card = scope.card(viewer, study, subject)
    protocol, state = protocols.current(study), scope.state(card)
    drafts = set(drafts_of(viewer, study, subject).values_list("visit", "form", "repeat"))
    cells = scope.cells(VisitRow.objects.filter(study=study, subject=subject), on).get(subject, {})
    screening = state.status in {Status.SCREENING, Status.SCREEN_FAILED}
    may = scope.may(viewer, card)
    return SubjectPage(
        card=card,
        site=scope.site_card(protocol.site(card.site)),
        protocol=protocol,
        state=state,
        visits=tuple(_visit_card(state, protocol, visit, cells.get(visit.id), drafts) for visit in _visits(protocol)),
        timeline=eligibility.timeline(protocol, conduct.record(protocol, state), on=on) if screening else None,
        recent=recent_acts(viewer, study, subject),
        may=may,
        has_identity=Permission.SEE_IDENTITY.value in may and Identity.objects.filter(study=study, subject=subject).exists(),
    )


def form_page(viewer: Viewer, study: str, subject: str, visit: str, form: str, on: date, *, repeat: int = 1) -> FormPage:
    """This will return a form at a visit with its saved answers and the viewer's draft; raises NotThere for a form not asked there."""
    card = scope.card(viewer, study, subject)
    protocol, state = protocols.current(study), scope.state(card)
    planned = next((one for one in _visits(protocol) if one.id == visit), None)
    key = FormKey(visit, form, repeat)
    if planned is None or repeat < 1 or (form not in planned.forms and key not in state.forms):
        raise not_there(form)
    saved = state.forms.get(key)
    row = drafts_of(viewer, study, subject).filter(visit=visit, form=form, repeat=repeat).first()
    draft = opened(row) if row else None
    cells = scope.cells(VisitRow.objects.filter(study=study, subject=subject, visit=visit), on).get(subject, {})
    drafts = {(visit, form, repeat)} if draft else set()
    return FormPage(
        card=card,
        protocol=protocol,
        form=protocol.form(form),
        repeat=repeat,
        visit=_visit_card(state, protocol, planned, cells.get(visit), drafts),
        answers=saved.answers if saved else MappingProxyType({}),
        base_position=saved.position if saved else 0,
        saved_at=saved.at if saved else None,
        saved_by=saved.by.user if saved else "",
        draft=draft,
        stale_draft=draft is not None and draft.base_position != (saved.position if saved else 0),
        changed=frozenset(item for item, changes in saved.history.items() if len(changes) > 1) if saved else frozenset(),
        may_record=viewer.may(Permission.RECORD_FORMS, study, card.site),
    )


def item_history(
    viewer: Viewer, study: str, subject: str, visit: str, form: str, item: str, *, repeat: int = 1
) -> tuple[ItemChange, ...]:
    """This will return every value the item ever had, newest first; () for one never answered."""
    card = scope.card(viewer, study, subject)
    saved = scope.state(card).forms.get(FormKey(visit, form, repeat))
    changes = saved.history.get(item, ()) if saved else ()
    names = people.names({change.by.user for change in changes})
    sources = record.sources(study, subject, [change.position for change in changes])
    return tuple(
        ItemChange(
            at=change.at,
            user=change.by.user,
            name=names[change.by.user],
            role=change.by.role,
            site=change.by.site,
            old=change.old,
            new=change.new,
            reason=change.reason,
            source=sources[change.position],
            position=change.position,
        )
        for change in reversed(changes)
    )


def calendar(viewer: Viewer, study: str, subject: str, on: date) -> CalendarPage:
    """This will return the visits with their windows and what became of them."""
    card = scope.card(viewer, study, subject)
    protocol, state = protocols.current(study), scope.state(card)
    cells = scope.cells(VisitRow.objects.filter(study=study, subject=subject), on).get(subject, {})
    return CalendarPage(
        card=card,
        protocol=protocol,
        calendar=conduct.calendar(protocol, state),
        cells=tuple(cells.get(visit.id) or _empty(visit) for visit in _visits(protocol) if visit.id != RUNNING),
        on=on,
        may_record=viewer.may(Permission.RECORD_FORMS, study, card.site),
    )


class _Stop(NamedTuple):
    """Where forms are filled in: a visit, or the time between visits."""

    id: str
    name: Text
    epoch: str
    forms: tuple[str, ...]


def _visits(protocol: Protocol) -> tuple[_Stop, ...]:
    """This will return the visits of the schedule, and last, where there are such forms, the time between visits."""
    running = tuple(one.form for one in protocol.schedule.running_forms)
    between = (_Stop(RUNNING, Text("Between visits", "访视之间"), "", running),) if running else ()
    return (*(_Stop(visit.id, visit.name, visit.epoch, visit.forms) for visit in protocol.schedule.visits), *between)


def _visit_card(
    state: SubjectState, protocol: Protocol, visit: _Stop, cell: VisitCell | None, drafts: set[tuple[str, str, int]]
) -> VisitCard:
    saved = sorted(key for key in state.forms if key.visit == visit.id)
    wanted = [FormKey(visit.id, form) for form in visit.forms]
    keys = [*wanted, *(key for key in saved if key not in wanted)]
    keys.sort(key=lambda key: (list(visit.forms).index(key.form) if key.form in visit.forms else len(visit.forms), key))
    return VisitCard(
        cell=cell or _empty(visit),
        name=visit.name,
        epoch=visit.epoch,
        forms=tuple(_form_card(protocol, state, key, drafts) for key in keys),
    )


def _form_card(protocol: Protocol, state: SubjectState, key: FormKey, drafts: set[tuple[str, str, int]]) -> FormCard:
    saved = state.forms.get(key)
    return FormCard(
        form=key.form,
        repeat=key.repeat,
        title=protocol.form(key.form).title,
        saved_at=saved.at if saved else None,
        saved_by=saved.by.user if saved else "",
        answered=sum(not answer.is_empty for answer in saved.answers.values()) if saved else 0,
        has_draft=tuple(key) in drafts,
    )


def _empty(visit: _Stop) -> VisitCell:
    return VisitCell(visit.id, VisitState.NOT_PLANNED, forms_expected=len(visit.forms))
