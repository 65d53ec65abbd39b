"""Rules with one of their limits moved: what a sponsor asks when too few children are eligible.

A move takes a limit from one value to another, wherever a criterion writes it; a parameter of the study moves in every criterion
that uses it. The moved rules become more columns of the same program, and share every leaf that the move did not touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from protocord.cohort.plan.limits import (
    PARTS,
    Kind,
    Limit,
    Value,
    WrittenAt,
    limits,
    parameter_place,
    with_parts,
    written_rules,
)
from protocord.criteria import RuleProblem, check, tree
from protocord.criteria.write import to_text
from protocord.errors import DocumentProblems, Place, Problem
from protocord.protocol.model import CriterionRules
from protocord.statistics.rounding import half_up, significant

if TYPE_CHECKING:
    from protocord.protocol import Protocol

_FIGURES = 3  # of a limit that was multiplied
_MONTH = Decimal("30.4375")  # days, to tell which of two lengths is longer; nothing else
_LENGTHS = (Kind.WASHOUT, Kind.LOOKBACK, Kind.BEFORE)


@dataclass(frozen=True, slots=True)
class Move:
    """Limits of one written value, taken to another: of one criterion, or (`parameter`) wherever the study's parameter is used."""

    limits: tuple[Limit, ...]
    to: Value
    parameter: str = ""

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria that change."""
        return tuple(dict.fromkeys(one.criterion for one in self.limits))

    @property
    def kind(self) -> Kind:
        """What the limit limits."""
        return self.limits[0].kind

    @property
    def value(self) -> Value:
        """The limit as it is now."""
        return self.limits[0].value

    @property
    def name(self) -> str:
        """What is moved, and where to, as nothing else is called."""
        if self.parameter:
            return f"{self.parameter}: {to_text(self.value)} -> {to_text(self.to)}"
        asked = " & ".join(f'{one.function}("{one.asked}")' if one.asked else f"{one.function}()" for one in self.limits)
        return f"{self.limits[0].criterion}: {asked} {self.limits[0].text} -> {to_text(self.to)}"

    @property
    def direction(self) -> int:
        """1 where the limit becomes larger, -1 where smaller, 0 where it stays."""
        before, after = size(self.value), size(self.to)
        return (after > before) - (after < before)

    @property
    def at(self) -> float:
        """The new limit as a number on an axis; a length of time in days, or in months where the limit is months or years."""
        in_months = isinstance(self.value, tree.Duration) and self.value.unit in ("month", "year")
        return float(size(self.to) / (_MONTH if in_months else 1))

    def places(self, protocol: Protocol) -> tuple[WrittenAt, ...]:
        """This will return where to write the new limit: the parameter's value, or each place in the rules."""
        if self.parameter:
            return (parameter_place(protocol, self.parameter),)
        return tuple(place for one in self.limits for place in one.places)


def size(value: Value) -> Decimal:
    """This will return a limit as a number; a length of time in days, a month counted as its mean."""
    if not isinstance(value, tree.Duration):
        return value.value
    each = {"day": Decimal(1), "week": Decimal(7), "month": _MONTH, "year": 12 * _MONTH}
    return value.count * each[value.unit]


def moved(protocol: Protocol, move: Move) -> Mapping[str, CriterionRules]:
    """This will return the rules of every criterion that a move changes, under the readings chosen.

    Raises DocumentProblems where the new limit is none that the rule can hold, such as one in a unit that the concept does not accept.
    """
    parameters = {one.id: str(one.value) for one in protocol.eligibility.parameters}
    if move.parameter:
        parameters[move.parameter] = to_text(move.to)
    codes = {name: one.codes for name, one in protocol.value_sets.items()}
    found = {}
    for criterion in move.criteria:
        checked = {}
        for part, rule in written_rules(protocol, criterion).items():
            put = {} if move.parameter else _put(move, criterion, part)
            try:
                checked[part] = check(
                    with_parts(rule, put), concepts=protocol.concepts, parameters=parameters, value_sets=codes, sense=False
                )
            except RuleProblem as wrong:
                raise DocumentProblems([Problem(Place(item=move.name), one.what, one.remedy) for one in wrong.slips]) from None
        rules = protocol.rules[criterion]
        found[criterion] = replace(rules, rule=checked[PARTS[0]], review_when=checked.get(PARTS[1]))
    return found


def _put(move: Move, criterion: str, part: str) -> dict[tuple[int, ...], tree.Expression]:
    here = (place for one in move.limits if one.criterion == criterion for place in one.places)
    return {place.path: move.to for place in here if place.part == part}


# --- what can be moved together ----------------------------------------------------------------------------------------------


def movable(protocol: Protocol) -> tuple[Move, ...]:
    """This will return every limit, or group of limits, that moves as one, each as a move to where it is.

    Limits that a rule writes itself, each alone, and those of one criterion that have the same value together; then the study's
    parameters, each in every criterion that uses it.
    """
    return _movable(limits(protocol))


def _movable(found: Sequence[Limit]) -> tuple[Move, ...]:
    groups: dict[tuple[object, ...], list[Limit]] = {}
    for one in found:
        if one.parameter:
            groups.setdefault((one.parameter,), []).append(one)
        else:
            groups.setdefault((one.criterion, one.kind, one.value), []).append(one)
    moves: list[Move] = []
    for group in groups.values():
        named = group[0].parameter
        if not named and len(group) > 1:
            moves += [Move((one,), one.value) for one in group]
        moves.append(Move(tuple(group), group[0].value, named))
    return tuple(sorted(moves, key=lambda one: bool(one.parameter)))


# --- where to ----------------------------------------------------------------------------------------------------------------


@cache
def _ladder() -> tuple[Mapping[str, Any], ...]:
    text = Path(__file__).with_name("ladder.yaml").read_text("utf-8")
    return tuple(yaml.load(text, Loader=yaml.BaseLoader))


def _row(move: Move) -> Mapping[str, Any]:
    fits = (one for one in _ladder() if move.kind in one["kinds"] and size(move.value) >= Decimal(one.get("from", "-Infinity")))
    return next(fits)


def ladder_moves(protocol: Protocol) -> tuple[Move, ...]:
    """This will return the moves that are tried where nobody asks for one: every limit, to each step of its ladder."""
    return tuple(to for one in movable(protocol) for to in _each(one, _steps(one)))


def curve_moves(move: Move, values: Sequence[Value] = ()) -> tuple[Move, ...]:
    """This will return the moves along a limit, in ascending order: to these values, or along its ladder's curve; where it is, too."""
    along = values or tuple(_curve(move))
    return tuple(sorted(_each(move, [*along, move.value], staying=True), key=lambda one: size(one.to)))


def _each(move: Move, values: Iterable[Value], *, staying: bool = False) -> Iterator[Move]:
    seen: set[Decimal] = set() if staying else {size(move.value)}
    for value in values:
        if size(value) not in seen:
            seen.add(size(value))
            yield replace(move, to=value)


def _steps(move: Move) -> Iterator[Value]:
    row, now = _row(move), move.value
    for factor in row.get("times", ()):
        yield _times(now, Decimal(factor), _FIGURES)
    yield from _added(now, row, row.get("add", ()))
    ladder = [Decimal(one) for one in row.get("next", ())]
    yield from (
        plain(now, one)
        for one in [*[one for one in ladder if one < size(now)][:-3:-1], *[one for one in ladder if one > size(now)][:2]]
    )


def _curve(move: Move) -> Iterator[Value]:
    row, now = _row(move), move.value
    curve = row["curve"]
    if "parts" in curve:
        parts = int(curve["parts"])
        yield from (_times(now, Decimal(part) / parts, _FIGURES + 1) for part in range(2 * parts + 1))
    yield from _added(now, row, curve.get("add", ()))
    yield from (plain(now, Decimal(one)) for one in curve.get("values", ()))


def _added(now: Value, row: Mapping[str, Any], steps: Iterable[str]) -> Iterator[Value]:
    low, high = Decimal(row.get("low", "-Infinity")), Decimal(row.get("high", "Infinity"))
    for step in steps:
        value = size(now) + Decimal(step)
        if low <= value <= high:
            yield plain(now, value)


def _times(now: Value, factor: Decimal, figures: int) -> Value:
    if not isinstance(now, tree.Duration):
        return plain(now, significant(now.value * factor, figures))
    unit, each = {"week": ("day", 7), "year": ("month", 12)}.get(now.unit, (now.unit, 1))
    count = int(half_up(now.count * each * factor, 0))
    larger = count and count % each == 0
    return tree.Duration(count // each, now.unit) if larger else tree.Duration(count, unit)  # type: ignore[arg-type]


def plain(now: Value, value: Decimal) -> Value:
    """This will return a limit with another number, without zeros at its end."""
    assert not isinstance(now, tree.Duration)
    short = value.normalize()
    return replace(now, value=short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1)))  # type: ignore[operator]
