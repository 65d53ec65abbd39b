"""Checks: what is wrong or unusual in the answers to a form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from protocord.concepts import Concepts
from protocord.forms.answers import Answers, FormProblem, ItemAnswer
from protocord.forms.entry import read_date
from protocord.forms.layout import Asked, asked, refer, rows_of
from protocord.forms.numbers import number_problems
from protocord.protocol.document import Form, Item, Section, ValueSet
from protocord.values import PartialDate, Particular, Reason, Text

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Checked:
    """What the checks of one form share."""

    answers: Answers
    on: date
    concepts: Concepts
    value_sets: Mapping[str, ValueSet] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, Asked] = field(default_factory=lambda: MappingProxyType({}))


def check(
    form: Form, answers: Answers, *, on: date, concepts: Concepts, value_sets: Mapping[str, ValueSet] | None = None
) -> tuple[FormProblem, ...]:
    """This will return every problem of normalised answers, in reading order. `on` is the day of entry at the site.

    `value_sets` are the protocol's; without them the codes of a choice from a value set are not checked.
    """
    places = asked(form, answers)
    checked = _Checked(answers, on, concepts, value_sets or MappingProxyType({}), {place.key: place for place in places})
    problems = [problem for section in form.sections for problem in _row_problems(section, answers)]
    for place in places:
        if place.shown:
            problems += _item_problems(place, answers.get(place.key, ItemAnswer()), checked)
    return tuple(problems)


def _hard(key: str, kind: str, **particulars: Particular) -> FormProblem:
    return FormProblem(key, "hard", Reason.of(kind, **particulars))


def _row_problems(section: Section, answers: Answers) -> Iterator[FormProblem]:
    rows = len(rows_of(section, answers))
    if section.repeating and section.max_rows is not None and rows > section.max_rows:
        yield _hard(section.id, "form_too_many_rows", section=section.title, rows=rows, most=section.max_rows)


def _item_problems(place: Asked, answer: ItemAnswer, checked: _Checked) -> Iterator[FormProblem]:
    key, item = place.key, place.item
    if answer.null is not None:
        if answer.value:
            yield _hard(key, "form_value_and_null", label=item.label)
        elif not answer.note:
            yield _hard(key, "form_null_needs_note", label=item.label)
        return
    if not answer.value:
        if item.required:
            yield _hard(key, "form_required", label=item.label)
        return
    if item.identifying:
        yield _hard(key, "form_identifying", label=item.label)
    match item.type:
        case "number" | "integer":
            yield from number_problems(key, item, answer, checked.concepts)
        case "date" | "partial_date" | "datetime":
            yield from _date_problems(place, answer, checked)
        case "choice":
            yield from _choice_problems(key, item, answer, checked.value_sets)
        case "yes_no":
            if answer.value not in ("yes", "no"):
                yield _hard(key, "form_not_yes_no", label=item.label, value=answer.value)
        case "text":
            if item.max_length is not None and len(answer.value) > item.max_length:
                yield _hard(key, "form_too_long", label=item.label, length=len(answer.value), most=item.max_length)


def _choice_problems(key: str, item: Item, answer: ItemAnswer, value_sets: Mapping[str, ValueSet]) -> Iterator[FormProblem]:
    codes = {choice.code for choice in item.choices}
    if item.value_set is not None:
        if item.value_set not in value_sets:
            return
        codes |= value_sets[item.value_set].codes
    if answer.value not in codes:
        yield _hard(key, "form_not_a_choice", label=item.label, value=answer.value)


def _date_problems(place: Asked, answer: ItemAnswer, checked: _Checked) -> Iterator[FormProblem]:
    """Partial dates are intervals: a rule is broken only when every day that the date may be breaks it."""
    key, item = place.key, place.item
    if item.type == "datetime" and not _MOMENT.fullmatch(answer.value or ""):
        yield _hard(key, "form_time_unreadable", text=answer.value)
        return
    day = read_date(answer)
    if day is None:
        yield _hard(key, "form_date_unreadable", text=answer.value)
        return
    if item.type != "partial_date" and not day.is_full:
        yield _hard(key, "form_date_incomplete", text=answer.value)
    if item.not_future and day.earliest > checked.on:
        yield _hard(key, "form_date_future", label=item.label, date=day, today=checked.on)
    if (other := _other(place, item.not_before, checked)) is not None and day.latest < other[0].earliest:
        yield _hard(key, "form_date_before", label=item.label, date=day, other=other[1], other_date=other[0])
    if (other := _other(place, item.not_after, checked)) is not None and day.earliest > other[0].latest:
        yield _hard(key, "form_date_after", label=item.label, date=day, other=other[1], other_date=other[0])


def _other(place: Asked, reference: str | None, checked: _Checked) -> tuple[PartialDate, Text] | None:
    """This will return the date that an item is compared with, and what it is called; None when it is not answered."""
    if reference is None:
        return None
    key = refer(place.section, place.row, reference)
    other, day = checked.places.get(key), read_date(checked.answers.get(key))
    return None if other is None or not other.shown or day is None else (day, other.item.label)
