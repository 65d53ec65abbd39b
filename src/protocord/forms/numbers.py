"""Numbers on a form: units, limits, and values that are possible but unusual."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Literal

from protocord.concepts import Concept, Concepts, Plausible
from protocord.forms.answers import FormProblem, ItemAnswer
from protocord.protocol.document import Item
from protocord.values import Particular, Quantity, Reason, UnreadableQuantity

_SHOWN = Context(prec=4)


def _problem(key: str, level: Literal["hard", "soft"], kind: str, **particulars: Particular) -> FormProblem:
    return FormProblem(key, level, Reason.of(kind, **particulars))


def read_number(answer: ItemAnswer) -> Quantity | None:
    """This will return the number of a stored answer with its unit, or None where there is none that can be read."""
    if answer.null is not None or not answer.value:
        return None
    try:
        return Quantity.parse(answer.value, answer.unit)
    except UnreadableQuantity:
        return None


def number_problems(key: str, item: Item, answer: ItemAnswer, concepts: Concepts) -> Iterator[FormProblem]:
    """This will yield what is wrong or unusual in the answer to a number or integer item."""
    try:
        given = Quantity.parse(answer.value or "", answer.unit)
    except UnreadableQuantity as wrong:
        yield _problem(key, "hard", f"form_{wrong.kind}", text=wrong.text)
        return
    if item.type == "integer" and (
        given.comparator or given.value != given.value.to_integral_value() or "." in (answer.value or "")
    ):
        yield _problem(key, "hard", "form_not_an_integer", label=item.label, value=answer.value)
        return
    if item.allowed and (given.comparator or given.value not in item.allowed):
        allowed = ", ".join(map(str, item.allowed))
        yield _problem(key, "hard", "form_not_allowed", label=item.label, value=answer.value, allowed=allowed)
        return
    if item.decimals is not None and len((answer.value or "").partition(".")[2]) > item.decimals:
        yield _problem(key, "hard", "form_too_many_decimals", label=item.label, value=answer.value, most=item.decimals)
    if item.units and given.unit is None:
        yield _problem(key, "hard", "form_unit_missing", label=item.label, units=", ".join(item.units))
        return
    if given.unit is not None and given.unit not in item.units:
        yield _problem(key, "hard", "form_unit_not_accepted", label=item.label, unit=given.unit, units=", ".join(item.units))
        return
    concept = concepts.get(item.concept) if item.concept else None
    limits = tuple(_limit_problems(key, item, given, concept))
    yield from limits
    if concept is not None and not limits:
        yield from _plausibility(key, item, given, concept)


def _factor(concept: Concept | None, unit: str | None) -> Decimal:
    """How much one of `unit` is in the concept's standard unit; a pure number counts as itself."""
    return concept.units.get(unit, Decimal(1)) if concept is not None and unit is not None else Decimal(1)


def _limit_problems(key: str, item: Item, given: Quantity, concept: Concept | None) -> Iterator[FormProblem]:
    """The form's own limits are stated in its first unit; a bound such as `<5` breaks one only if every value it allows does."""
    first = item.units[0] if item.units else given.unit
    value, scale = given.value * _factor(concept, given.unit), _factor(concept, first)
    if item.low is not None and value < item.low * scale and given.comparator not in (">", ">="):
        yield _problem(key, "hard", "form_too_low", label=item.label, value=given, limit=Quantity(item.low, first))
    if item.high is not None and value > item.high * scale and given.comparator not in ("<", "<="):
        yield _problem(key, "hard", "form_too_high", label=item.label, value=given, limit=Quantity(item.high, first))


def _plausibility(key: str, item: Item, given: Quantity, concept: Concept) -> Iterator[FormProblem]:
    """A number that is unusual in its unit and usual in another was probably read off with that other unit."""
    plausible = concept.plausible
    # A bound such as `<5` is unusual only where every value that it allows is.
    limits = Plausible(
        None if given.comparator in (">", ">=") else plausible.low, None if given.comparator in ("<", "<=") else plausible.high
    )
    if limits.holds(given.value * _factor(concept, given.unit)):
        return
    for unit in dict.fromkeys((*item.units, *concept.units)):
        if unit != given.unit and unit in concept.units and limits.holds(given.value * concept.units[unit]):
            yield _problem(key, "soft", "form_plausible_in_other_unit", label=item.label, value=given, unit=unit)
            return
    low, high = (None if end is None else _in_unit(end, concept, given.unit) for end in (plausible.low, plausible.high))
    if low is not None and high is not None:
        yield _problem(key, "soft", "form_implausible", label=item.label, value=given, low=low, high=high)
    elif low is not None:
        yield _problem(key, "soft", "form_implausibly_low", label=item.label, value=given, low=low)
    elif high is not None:
        yield _problem(key, "soft", "form_implausibly_high", label=item.label, value=given, high=high)


def _in_unit(end: Decimal, concept: Concept, unit: str | None) -> Quantity:
    """The end of the plausible range in the unit entered, to four digits: it is shown to a person, nothing is computed from it."""
    shown = _SHOWN.divide(end, _factor(concept, unit))
    return Quantity(shown if shown == 0 else Decimal(f"{shown.normalize():f}"), unit)
