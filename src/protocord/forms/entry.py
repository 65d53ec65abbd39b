"""Entry: what people type, read into what is stored; ambiguity is refused, never guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from protocord.forms.answers import Answers, FormProblem, ItemAnswer
from protocord.forms.dates import UnreadableDate, parse_date, parse_datetime
from protocord.forms.layout import asked, key_of, rows_of
from protocord.protocol.document import Form, Item
from protocord.values import PartialDate, Quantity, Reason, UnreadableQuantity

__all__ = ["UnreadableDate", "normalise", "parse_date"]

_YES = frozenset({"y", "yes", "true", "是"})
_NO = frozenset({"n", "no", "false", "否"})


def normalise(form: Form, answers: Answers, *, today: date) -> tuple[Answers, tuple[FormProblem, ...]]:
    """This will return the answers as they are stored, and a hard problem for each that cannot be read (it stays as typed).

    Dates become ISO 8601, numbers lose blanks and full-width digits but keep every digit typed, yes/no becomes `yes` or `no`. Empty
    answers and answers to items that are not asked are left out; an answer to an item that the form does not have is a problem.
    """
    stored: dict[str, ItemAnswer] = {}
    problems: list[FormProblem] = []
    items = _items(form, answers)
    for key, answer in answers.items():
        if answer.is_empty:
            continue
        item = items.get(key)
        if item is None:
            problems.append(FormProblem(key, "hard", Reason.of("form_no_such_item", item=key)))
            continue
        try:
            stored[key] = normalise_answer(item, answer, today=today)
        except UnreadableDate as unreadable:
            problems.append(FormProblem(key, "hard", unreadable.reason))
            stored[key] = answer
        except UnreadableQuantity as wrong:
            problems.append(FormProblem(key, "hard", Reason.of(f"form_{wrong.kind}", text=wrong.text)))
            stored[key] = answer
    shown = _only_shown(form, stored)
    return MappingProxyType(shown), tuple(problem for problem in problems if problem.item in shown or problem.item not in stored)


def _items(form: Form, answers: Answers) -> Mapping[str, Item]:
    items: dict[str, Item] = {}
    for section in form.sections:
        rows: tuple[int | None, ...] = rows_of(section, answers) if section.repeating else (None,)
        items |= {key_of(section.id, item.id, row): item for row in rows for item in section.items}
    return items


def _only_shown(form: Form, stored: dict[str, ItemAnswer]) -> dict[str, ItemAnswer]:
    """An item that is hidden because of an answer that is itself hidden goes too, so this repeats until nothing more goes."""
    while True:
        kept = {place.key: stored[place.key] for place in asked(form, stored) if place.shown and place.key in stored}
        if len(kept) == len(stored):
            return kept
        stored = kept


def normalise_answer(item: Item, answer: ItemAnswer, *, today: date) -> ItemAnswer:
    """This will return one answer as it is stored. Raises UnreadableDate and UnreadableQuantity."""
    note = answer.note.strip()
    if answer.null is not None or answer.value is None:
        return replace(answer, value=answer.value or None, unit=None if answer.value is None else answer.unit, note=note)
    unit = answer.unit or (item.units[0] if len(item.units) == 1 else None)
    return replace(answer, value=_value(item, answer.value, today), unit=unit, note=note)


def _value(item: Item, typed: str, today: date) -> str:
    match item.type:
        case "number" | "integer":
            Quantity.parse(typed)
            return _number(typed)
        case "date" | "partial_date":
            return parse_date(typed, today).isoformat()
        case "datetime":
            return parse_datetime(typed, today)
        case "yes_no":
            return _yes_no(typed)
        case "choice":
            return _choice(item, typed)
        case _:
            return typed.strip()


def _number(typed: str) -> str:
    """The digits stay as typed (`1.10` is not `1.1`); only the width of characters, blanks and the signs ≤ ≥ are made one."""
    said = "".join(unicodedata.normalize("NFKC", typed).split())
    return said.replace("≤", "<=").replace("≥", ">=")


def _yes_no(typed: str) -> str:
    said = unicodedata.normalize("NFKC", typed).strip().casefold()
    return "yes" if said in _YES else "no" if said in _NO else typed.strip()


def _choice(item: Item, typed: str) -> str:
    said = typed.strip()
    for choice in item.choices:
        if said.casefold() in (choice.code.casefold(), choice.label.en.casefold(), choice.label.zh.casefold()):
            return choice.code
    return said


def read_date(answer: ItemAnswer | None) -> PartialDate | None:
    """This will return the day of a stored date answer (of a moment, its day), or None where there is none that can be read."""
    if answer is None or answer.null is not None or not answer.value:
        return None
    try:
        return PartialDate.parse(answer.value.partition("T")[0])
    except ValueError:
        return None
