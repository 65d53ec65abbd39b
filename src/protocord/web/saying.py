"""Values as people write them, in the language of this request: quantities, codes with their names, answers of forms."""

from __future__ import annotations

from django.utils.translation import gettext

from protocord.forms import ItemAnswer
from protocord.protocol import Protocol
from protocord.protocol.document import Item
from protocord.values.quantities import Quantity
from protocord.web.frame import language
from protocord.web.labels import label_of
from protocord.words.showing import shown, shown_unit


def value_of(protocol: Protocol, value: Quantity | bool | str | None) -> str:
    """This will say a fact's value: a number with its unit, yes or no, or a code with its name."""
    match value:
        case None:
            return ""
        case str():
            return code_name(protocol, value)
        case _:
            return shown(value, language())


def code_name(protocol: Protocol, code: str) -> str:
    """This will return a code with its name where the study knows it."""
    if code in {"male", "female", "intersex"}:
        return str(label_of("sex", code).words)
    for value_set in protocol.value_sets.values():
        for member in value_set.members:
            if member.code == code:
                return f"{code} {member.name.say(language())}"
    return code


def unit_of(unit: str) -> str:
    """This will write a UCUM unit as it is printed on reports; units without a printed form (grades, scores) stay as they are."""
    return shown_unit(unit, language()) or unit


def answer_of(protocol: Protocol, item: Item | None, answer: ItemAnswer | None) -> str:
    """This will say an item's answer, for histories and conflicts: the value with its unit or label, or why there is none."""
    if answer is None or answer.is_empty:
        return gettext("no answer")
    note = f" ({answer.note})" if answer.note else ""
    if answer.null is not None:
        return f"{label_of('null', answer.null.value).words}{note}"
    return f"{_value(protocol, item, answer)}{note}"


def _value(protocol: Protocol, item: Item | None, answer: ItemAnswer) -> str:
    value = answer.value or ""
    if item is None:
        return f"{value} {answer.unit or ''}".strip()
    if item.type == "yes_no":
        return str(label_of("yes_no", value).words)
    if item.type == "choice":
        return next((choice.label.say(language()) for choice in item.choices if choice.code == value), code_name(protocol, value))
    return f"{value} {unit_of(answer.unit)}" if answer.unit else value
