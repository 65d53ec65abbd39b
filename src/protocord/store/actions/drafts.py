"""Drafts: what a person typed and has not saved. Not a record, not audited, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from protocord.forms import ItemAnswer, NullFlavour
from protocord.store import clock, vault
from protocord.store.access import Permission, Viewer, not_there
from protocord.store.answers import DraftAnswers
from protocord.store.models import Draft, SubjectRow, User

if TYPE_CHECKING:
    from django.db.models import QuerySet


def save_draft(
    viewer: Viewer,
    study: str,
    subject: str,
    visit: str,
    form: str,
    answers: Mapping[str, ItemAnswer],
    *,
    base_position: int,
    repeat: int = 1,
) -> datetime:
    """This will keep what the viewer typed, for this viewer only, and return when (UTC). A draft is no record and leaves no entry."""
    site = SubjectRow.objects.filter(study=study, subject=subject).values_list("site", flat=True).first()
    if site is None or not viewer.may(Permission.SEE_SUBJECTS, study, site):
        raise not_there(subject)
    viewer.demand(Permission.RECORD_FORMS, study, site)
    at = clock.now()
    text = json.dumps(
        {item: _data(answer) for item, answer in answers.items() if not answer.is_empty or answer.note}, ensure_ascii=False
    )
    Draft.objects.update_or_create(
        user=User.objects.get(username=viewer.username),
        study=study,
        subject=subject,
        visit=visit,
        form=form,
        repeat=repeat,
        defaults={
            "sealed": vault.seal_text(text) if vault.is_open() else text,
            "base_position": base_position,
            "saved_at": at,
        },
    )
    return at


def discard_draft(viewer: Viewer, study: str, subject: str, visit: str, form: str, *, repeat: int = 1) -> None:
    """This will forget the viewer's draft of this form, if there is one."""
    drafts_of(viewer, study, subject).filter(visit=visit, form=form, repeat=repeat).delete()


def drafts_of(viewer: Viewer, study: str, subject: str) -> QuerySet[Draft]:
    """This will return the viewer's own drafts for a subject."""
    return Draft.objects.filter(user__username=viewer.username, study=study, subject=subject)


def opened(draft: Draft) -> DraftAnswers:
    """This will return what a draft holds."""
    text = vault.open_text(draft.sealed) if vault.is_sealed_text(draft.sealed) else draft.sealed
    answers = {item: _answer(data) for item, data in json.loads(text).items()}
    return DraftAnswers(answers, draft.base_position, draft.saved_at)


def _data(answer: ItemAnswer) -> list[str | None]:
    return [answer.value, answer.unit, answer.null.value if answer.null else None, answer.note]


def _answer(data: list[str | None]) -> ItemAnswer:
    value, unit, null, note = data
    return ItemAnswer(value, unit, NullFlavour(null) if null else None, note or "")
