"""Layout: which items a form asks, given what has been answered so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocord.forms.answers import Answers, ItemAnswer
from protocord.protocol.document import Form, Item, Section
from protocord.protocol.document.forms import ShowWhen


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of a form at its place: `row` is None outside repeating sections; `shown` is false while its condition fails."""

    key: str
    section: Section
    row: int | None
    item: Item
    shown: bool


def key_of(section: str, item: str, row: int | None = None) -> str:
    """This will return the key of an item's answer: `section.item`, or `section.row.item`."""
    return f"{section}.{item}" if row is None else f"{section}.{row}.{item}"


def rows_of(section: Section, answers: Answers) -> tuple[int, ...]:
    """This will return the rows of a repeating section that hold an answer, and at least its `min_rows`; () if it does not repeat."""
    if not section.repeating:
        return ()
    found = set(range(1, section.min_rows + 1))
    for key, answer in answers.items():
        name, _, rest = key.partition(".")
        row, _, _ = rest.partition(".")
        if name == section.id and row.isdecimal() and not answer.is_empty:
            found.add(int(row))
    return tuple(sorted(found))


def refer(section: Section, row: int | None, reference: str) -> str:
    """This will return the key that `reference` means in a row of a section: `item` of the same row, or `section.item`."""
    return reference if "." in reference else key_of(section.id, reference, row)


def holds(condition: ShowWhen | None, section: Section, row: int | None, answers: Mapping[str, ItemAnswer]) -> bool:
    """This will tell whether a condition holds; an unanswered item fulfils none."""
    if condition is None:
        return True
    answer = answers.get(refer(section, row, condition.item))
    return answer is not None and answer.null is None and answer.value in condition.equals


def asked(form: Form, answers: Answers) -> tuple[Asked, ...]:
    """This will return every item of the form in reading order, in each row that exists, and whether it is shown."""
    found: list[Asked] = []
    for section in form.sections:
        rows: tuple[int | None, ...] = rows_of(section, answers) if section.repeating else (None,)
        for row in rows:
            shown = holds(section.show_when, section, row, answers)
            found += [
                Asked(
                    key_of(section.id, item.id, row),
                    section,
                    row,
                    item,
                    shown and holds(item.show_when, section, row, answers),
                )
                for item in section.items
            ]
    return tuple(found)
