"""Projections: the tables that lists are read from, computed from the same states as everything else.

`project` is the one function from a state to its rows. `update` writes the rows that changed, in the transaction that appended;
`rebuild` empties the tables and makes them again from the ledger. A test demands that the two agree after any history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from protocord import conduct
from protocord.conduct import SubjectState
from protocord.store import folding, record
from protocord.store.models import FormRow, SubjectRow, VisitRow

if TYPE_CHECKING:
    from protocord.protocol import Protocol
    from protocord.schedule import PlannedVisit

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables hold of one subject: the subject's row, its visits by id, its forms by visit, form and repeat."""

    subject: Values
    visits: dict[str, Values]
    forms: dict[tuple[str, str, int], Values]


def project(protocol: Protocol, state: SubjectState) -> Rows:
    """This will compute a subject's rows from its state. Pure."""
    assessment, signature = state.assessment, state.signatures[-1] if state.signatures else None
    subject = {
        "site": state.site,
        "status": state.status.value,
        "outcome": assessment.outcome if assessment else "",
        "signature": "" if signature is None else "valid" if signature.valid else "broken",
        "registered_on": conduct.local_date(protocol, state.site, state.registered_at),
        "enrolled_on": state.enrolled_on,
        "protocol_version": state.protocol.version,
        "position": state.position,
    }
    forms = {
        (key.visit, key.form, key.repeat): {
            "site": state.site,
            "position": form.position,
            "saved_at": form.at,
            "saved_by": form.by.user,
            "answered": sum(not answer.is_empty for answer in form.answers.values()),
        }
        for key, form in state.forms.items()
    }
    return Rows(subject, _visits(protocol, state), forms)


def _visits(protocol: Protocol, state: SubjectState) -> dict[str, Values]:
    calendar = conduct.calendar(protocol, state)
    planned: dict[str, PlannedVisit] = {visit.visit_id: visit for visit in calendar.visits} if calendar else {}
    saved: dict[str, set[str]] = {}
    for key in state.forms:
        saved.setdefault(key.visit, set()).add(key.form)
    rows: dict[str, Values] = {}
    for visit in protocol.schedule.visits:
        plan, actual = planned.get(visit.id), state.visits.get(visit.id)
        done = saved.get(visit.id, set())
        if plan is None and actual is None and not done:
            continue
        by_rule = plan is not None and actual is None and plan.skipped_by_rule
        rows[visit.id] = {
            "site": state.site,
            "target": plan.target if plan else None,
            "earliest": plan.earliest if plan else None,
            "latest": plan.latest if plan else None,
            "status": actual.status.value if actual else "skipped" if by_rule else "",
            "actual": actual.on if actual and actual.status == conduct.VisitStatus.DONE else None,
            "days_outside": plan.days_outside if plan else 0,
            "forms_done": len(done & set(visit.forms)),
            "forms_expected": len(visit.forms),
        }
    return rows


def update(protocol: Protocol, before: SubjectState | None, after: SubjectState) -> None:
    """This will write what changed between two states; inside the transaction that appended the entries."""
    old = project(protocol, before) if before is not None else Rows({}, {}, {})
    new = project(protocol, after)
    place = {"study": after.study, "subject": after.id}
    if before is None:
        SubjectRow.objects.bulk_create([SubjectRow(**place, **new.subject)])
    elif old.subject != new.subject:
        SubjectRow.objects.filter(**place).update(**new.subject)
    _write(
        VisitRow,
        place,
        ("visit",),
        {(key,): row for key, row in old.visits.items()},
        {(key,): row for key, row in new.visits.items()},
    )
    _write(FormRow, place, ("visit", "form", "repeat"), old.forms, new.forms)


def _write(
    model: type[models.Model], place: Values, names: tuple[str, ...], old: dict[Any, Values], new: dict[Any, Values]
) -> None:
    gone = [key for key in old if key not in new]
    for key in gone:
        model._default_manager.filter(**place, **dict(zip(names, key, strict=True))).delete()
    changed = {key: row for key, row in new.items() if old.get(key) != row}
    if not changed:
        return
    model._default_manager.bulk_create(
        [model(**place, **dict(zip(names, key, strict=True)), **row) for key, row in changed.items()],
        update_conflicts=True,
        unique_fields=["study", "subject", *names],
        update_fields=list(next(iter(changed.values()))),
    )


def rebuild(protocol: Protocol) -> int:
    """This will make the study's projections again from the ledger alone and return the number of subjects."""
    study = protocol.study.id
    with transaction.atomic():
        for model in (SubjectRow, VisitRow, FormRow):
            model._default_manager.filter(study=study).delete()
        subjects = [head.subject for head in record.heads(study) if head.subject is not None]
        for entries in record.chains(study, subjects).values():
            state = conduct.fold(entries)
            if state is not None:
                update(protocol, None, state)
    folding.forget_all()
    return len(subjects)


def snapshot(study: str) -> dict[str, list[Values]]:
    """This will return what the projections hold now, without the database's own row numbers, for comparison."""
    return {
        model.__name__: [
            {key: value for key, value in row.items() if key != "id"}
            for row in sorted(
                model._default_manager.filter(study=study).values(), key=lambda row: [str(row[key]) for key in keys]
            )
        ]
        for model, keys in (
            (SubjectRow, ("subject",)),
            (VisitRow, ("subject", "visit")),
            (FormRow, ("subject", "visit", "form", "repeat")),
        )
    }
