"""What a person asks to have moved: `I12a: 1.0 -> 0.75`, read against the limits that the criterion writes.

| written | means |
| --- | --- |
| `I12a: 1.0 -> 0.75` | one other limit; several after commas are tried one by one |
| `I12a: 1.0 -> 0.5..1.5 by 0.1` | a curve over this range |
| `I12a: 1.0` | a curve over the usual range of such a limit |
| `I12d: "ALT" 3 -> 5` | only the limit of ALT, where the criterion has the same for another |
| `lab_window: 7 days -> 14 days` | the study's parameter, in every criterion that uses it |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING

from protocord.cohort.plan.limits import Limit, Value, limits
from protocord.cohort.plan.loosened import Move, curve_moves, moved, plain, size
from protocord.concepts.documents import did_you_mean
from protocord.criteria import RuleProblem, parse, tree
from protocord.criteria.lengths import Length
from protocord.criteria.write import to_text
from protocord.errors import DocumentProblems, Place, Problem, ProblemsFound
from protocord.values import Quantity

if TYPE_CHECKING:
    from protocord.protocol import Protocol

_ARROW = re.compile(r"\s*(?:->|→|=>)\s*")
_RANGE = re.compile(r"(?P<low>.+?)\s*\.\.\s*(?P<high>.+?)(?:\s+by\s+(?P<step>.+))?")
_WHERE = re.compile(r"(?P<where>[^:\s\"']+)\s*:\s*(?:\"(?P<asked>[^\"]+)\"\s*)?(?P<limit>.*)")
_BARE_UNIT = re.compile(r"(?P<count>-?[\d.]+)\s+(?P<unit>[^'\s]+)")
_CALENDAR = re.compile(r"(day|week|month|year)s?")
_MOST = 200  # values of one curve
_STEPS = 20  # of a range that names no step
_FORM = "Write 'I12a: 1.0 -> 0.75', 'I12a: 1.0 -> 0.5..1.5 by 0.1', or 'I12a: 1.0' for the usual range."


@dataclass(frozen=True, slots=True)
class Wish:
    """The moves asked for by one text; as a `curve`, in ascending order with the limit as it is among them."""

    moves: tuple[Move, ...]
    curve: bool


def wished(protocol: Protocol, text: str, *, days: bool = False) -> Wish:
    """This will read one wish; with `days`, numbers without a unit are days.

    Raises ProblemsFound where it cannot be read, where the criterion writes no such limit (with the list of those that it writes), or where
    the rule cannot hold the new one.
    """
    before, *after = _ARROW.split(text.strip(), maxsplit=1)
    found = _WHERE.fullmatch(before)
    if found is None:
        raise _refused(text, "does not say which limit to move.", _FORM)
    base = _base(protocol, text, found["where"], found["asked"] or "", found["limit"].strip(), days=days)
    wish = _to(protocol, base, text, after[0], days=days) if after else Wish(curve_moves(base), curve=True)
    for move in wish.moves:
        try:
            moved(protocol, move)
        except DocumentProblems as wrong:
            raise _refused(text, wrong.problems[0].what, wrong.problems[0].remedy) from None
    return wish


def _refused(text: str, what: str, remedy: str) -> ProblemsFound:
    return ProblemsFound([Problem(Place(item=repr(text)), what, remedy)])


def _base(protocol: Protocol, text: str, where: str, asked: str, limit: str, *, days: bool) -> Move:
    """The limit, or the limits of one value, that a wish names, as a move to where it is."""
    every, parameters = limits(protocol), {one.id for one in protocol.eligibility.parameters}
    if where in parameters:
        used = tuple(one for one in every if one.parameter == where)
        if not used:
            raise _refused(text, f"no criterion uses the parameter {where}.", _listed(protocol, every, "parameters"))
        if limit and not _is(used[0], _value(text, limit, days=days)):
            raise _refused(text, f"{where} is {to_text(used[0].value)}.", f"Write '{where}: {to_text(used[0].value)} -> …'.")
        return Move(used, used[0].value, where)
    if where not in protocol.rules:
        remedy = did_you_mean(where, [*protocol.rules, *parameters]) or f"The criteria are: {', '.join(protocol.rules)}."
        raise _refused(text, f"there is no criterion and no parameter {where!r}.", remedy)
    here = [one for one in every if one.criterion == where]
    value = _value(text, limit, days=days)
    fits = [one for one in here if _is(one, value) and _names(protocol, one, asked)]
    if not fits:
        said = f'"{asked}" {limit}' if asked else limit
        raise _refused(text, f"{where} writes no limit {said}.", _listed(protocol, here, where))
    if len({size(one.value) for one in fits}) > 1 or len({one.kind for one in fits}) > 1:
        raise _refused(text, f"{limit} is more than one kind of limit in {where}.", _listed(protocol, here, where))
    return Move(tuple(fits), fits[0].value)


def _listed(protocol: Protocol, these: Iterable[Limit], where: str) -> str:
    said = list(dict.fromkeys(str(one) for one in these))
    if where == "parameters":
        used = dict.fromkeys(one.parameter for one in these if one.parameter)
        return f"The parameters that criteria use are: {', '.join(used)}."
    assert protocol.rules
    return f"The limits of {where} are: {'; '.join(said)}." if said else f"{where} writes no limits."


def _names(protocol: Protocol, limit: Limit, asked: str) -> bool:
    concept = protocol.concepts.get(limit.asked)
    known = {limit.asked.casefold(), *((concept.name.en.casefold(), concept.name.zh) if concept else ())}
    return not asked or asked.casefold() in known


def _is(limit: Limit, value: tree.Expression) -> bool:
    """Whether a written value is a limit's: by the parameter's name, by the length, or by the number with its unit or without."""
    match value:
        case tree.Parameter(name):
            return limit.parameter == name
        case tree.Duration():
            return isinstance(limit.value, tree.Duration) and Length.of(limit.value) == Length.of(value)
        case tree.Measure(number, unit):
            return isinstance(limit.value, tree.Measure) and (limit.value.value, limit.value.unit) == (number, unit)
        case tree.Number(number):
            return not isinstance(limit.value, tree.Duration) and limit.value.value == number
        case _:
            return False


def _value(text: str, said: str, *, days: bool) -> tree.Expression:
    """A value as a person writes it: as in a rule, or with its unit bare."""
    bare = _BARE_UNIT.fullmatch(said)
    if bare and not _CALENDAR.fullmatch(bare["unit"]):
        said = f"{bare['count']} '{bare['unit']}'"
    try:
        read = parse(said)
    except RuleProblem:
        raise _refused(text, f"{said!r} is no limit.", _FORM) from None
    if not isinstance(read, tree.Number | tree.Measure | tree.Duration | tree.Parameter):
        raise _refused(text, f"{said!r} is no limit.", _FORM)
    if days and isinstance(read, tree.Number):
        if read.value != int(read.value):
            raise _refused(text, f"{said} is no whole number of days.", "Count whole days.")
        return tree.Duration(int(read.value), "day")
    return read


def _to(protocol: Protocol, base: Move, text: str, said: str, *, days: bool) -> Wish:
    """The moves to the values that stand after the arrow."""

    def new(one: str) -> Value:
        read = _value(text, one.strip(), days=days)
        if isinstance(read, tree.Number) and isinstance(base.value, tree.Measure):
            return replace(base.value, value=read.value)
        if isinstance(read, tree.Number) and isinstance(base.value, tree.Duration) and read.value == int(read.value):
            return replace(base.value, count=int(read.value))
        if isinstance(read, tree.Measure) and isinstance(base.value, tree.Measure):
            return _in_unit(protocol, base, text, read)
        if isinstance(read, tree.Number | tree.Duration) and isinstance(base.value, type(read)):
            return read
        raise _refused(text, f"{one.strip()} cannot stand in place of {to_text(base.value)}.", _FORM)

    ranged = _RANGE.fullmatch(said.strip())
    if ranged:
        step = new(ranged["step"]) if ranged["step"] else None
        return Wish(curve_moves(base, _range(text, new(ranged["low"]), new(ranged["high"]), step)), curve=True)
    moves = tuple(replace(base, to=new(one)) for one in said.split(","))
    if any(size(one.to) == size(base.value) for one in moves):
        raise _refused(text, f"the limit is {to_text(base.value)} already.", "Name another.")
    return Wish(moves, curve=False)


def _in_unit(protocol: Protocol, base: Move, text: str, new: tree.Measure) -> Value:
    """A quantity in the unit that the limit is written in."""
    if isinstance(base.value, tree.Measure) and new.unit != base.value.unit:
        concept = protocol.concepts.get(base.limits[0].asked)
        standard = concept and protocol.concepts.standard(concept, Quantity(new.value, new.unit))
        if not isinstance(standard, Quantity) or standard.unit != base.value.unit:
            raise _refused(text, f"the limit is written in {base.value.unit}.", "Write the new one in the same unit.")
        return replace(base.value, value=standard.value)
    return new


def _range(text: str, low: Value, high: Value, step: Value | None) -> Sequence[Value]:
    first, last = _number(low), _number(high)
    each = _number(step) if step else (last - first) / _STEPS
    if isinstance(low, tree.Duration) and not step:
        each = Decimal(max(1, ceil(each)))
    units = {getattr(one, "unit", "") for one in (low, high, step or low)}
    if len(units) > 1 or last <= first or each <= 0 or (last - first) / each > _MOST:
        raise _refused(text, f"a range goes upward in one unit, in at most {_MOST} steps.", _FORM)
    values = [first + each * place for place in range(int((last - first) / each) + 1)]
    if isinstance(low, tree.Duration):
        return [replace(low, count=int(one)) for one in values]
    return [plain(low, one) for one in values]


def _number(value: Value) -> Decimal:
    return Decimal(value.count) if isinstance(value, tree.Duration) else value.value
