"""Every limit that the chosen rules write: a number compared, a multiple of the upper limit, an age, a grade, a look-back, a washout.

A criterion may write one limit in several places (in its rule and in the rule that says when a person must judge): these are one
limit, and move together. A limit that stands as a parameter of the study is known by the parameter's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.criteria import parse, tree
from protocord.criteria.check import parameter
from protocord.criteria.functions import FUNCTIONS, Gives
from protocord.criteria.tree import Comparison, Expression, Spot, children
from protocord.criteria.write import to_text
from protocord.protocol import DEFAULT_READING

if TYPE_CHECKING:
    from protocord.protocol import Protocol

Value = tree.Number | tree.Measure | tree.Duration
Route = tuple[int, ...]  # from the root of a rule's tree, the place among the parts at each step
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_TIMES = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})  # UCUM
PARTS = ("rule", "review_when")


class Kind(StrEnum):
    """What a limit limits."""

    RESULT = "result"  # a result, in a unit
    SCORE = "score"  # a score of a scale
    SPAN = "span"  # a result that is a length of time
    MULTIPLE = "multiple"  # a multiple of the upper limit of normal
    AGE = "age"  # completed years
    GRADE = "grade"  # of a toxicity
    WASHOUT = "washout"  # how long ago something must have ended
    LOOKBACK = "lookback"  # how old a fact may be
    BEFORE = "before"  # how long before a day the age is asked


_LENGTHS = {"gap": Kind.WASHOUT, "lookback": Kind.LOOKBACK, "before": Kind.BEFORE}


@dataclass(frozen=True, slots=True)
class WrittenAt:
    """One place where a limit is written: which rule, where in its tree and text, and where in the file (column 0: not known)."""

    part: str
    path: Route
    at: Spot
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = f"{Path(self.file).name}:{self.line}" + (f":{self.column}" if self.column else "")
        return where if self.file else f"{self.part}:{self.at.line}:{self.at.column}"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a criterion's chosen rules: `function` of the concept `asked` (none: the age today) compared with, or up to, `value`.

    `operator` stands between what is asked and the value (None for a length of time or a grade), `parameter` is the study's name
    for the value (empty where the rule writes it itself).
    """

    criterion: str
    kind: Kind
    function: str
    asked: str
    operator: Comparison | None
    value: Value
    parameter: str
    places: tuple[WrittenAt, ...]

    @property
    def text(self) -> str:
        """The limit as the rule writes it."""
        return self.parameter or to_text(self.value)

    def __str__(self) -> str:
        asked = f'{self.function}("{self.asked}")' if self.asked else f"{self.function}()"
        written = f"{self.parameter} ({to_text(self.value)})" if self.parameter else to_text(self.value)
        return f"{asked} {self.operator} {written}" if self.operator else f"{written} in {asked}"


def limits(protocol: Protocol) -> tuple[Limit, ...]:
    """This will return every limit of the readings that the protocol chose, criterion by criterion, in the order of their texts."""
    constants = {one.id: parameter(one.value) for one in protocol.eligibility.parameters}
    found: list[Limit] = []
    for criterion in protocol.eligibility.criteria:
        gathered: dict[tuple[object, ...], Limit] = {}
        for part, rule in written_rules(protocol, criterion.id).items():
            for one in _limits(rule, constants, protocol.concepts):
                place = _placed(protocol, criterion.id, part, one)
                key = (one.kind, one.function, one.asked, one.value, one.parameter)
                known = gathered.get(key)
                if known is None:
                    gathered[key] = Limit(
                        criterion.id, one.kind, one.function, one.asked, one.operator, one.value, one.parameter, (place,)
                    )
                else:
                    gathered[key] = replace(known, places=(*known.places, place))
        found += gathered.values()
    return tuple(found)


def written_rules(protocol: Protocol, criterion: str) -> Mapping[str, Expression]:
    """This will return the trees of a criterion's chosen reading as they are written: `rule`, and `review_when` where it has one."""
    stated = protocol.criterion(criterion)
    chosen = protocol.rules[criterion].reading_id
    said = stated if chosen == DEFAULT_READING else next(one for one in stated.readings if one.id == chosen)
    return {part: _parsed(text) for part in PARTS if (text := getattr(said, part))}


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Expression:
    return parse(text)


def stands(protocol: Protocol, criterion: str, part: str) -> tuple[str, ...]:
    """This will return where a part of a criterion's chosen reading stands in eligibility.yaml."""
    chosen = protocol.rules[criterion].reading_id
    return ("criteria", criterion, part) if chosen == DEFAULT_READING else ("criteria", criterion, "readings", chosen, part)


@dataclass(frozen=True, slots=True)
class _Found:
    kind: Kind
    function: str
    asked: str
    operator: Comparison | None
    value: Value
    parameter: str
    path: Route
    at: Spot


def _placed(protocol: Protocol, criterion: str, part: str, one: _Found) -> WrittenAt:
    if protocol.sources is None:
        return WrittenAt(part, one.path, one.at)
    loc = stands(protocol, criterion, part)
    known = protocol.sources.position_within("eligibility", *loc, line=one.at.line, column=one.at.column)
    if known is None:
        return WrittenAt(part, one.path, one.at)
    return WrittenAt(part, one.path, one.at, known[0].file, known[0].line, known[1])


def parameter_place(protocol: Protocol, name: str) -> WrittenAt:
    """This will return where a parameter's value is written."""
    known = protocol.sources and protocol.sources.position_within("eligibility", "parameters", name, "value", line=1, column=1)
    return (
        WrittenAt("parameter", (), Spot(), known[0].file, known[0].line, known[1])
        if known
        else WrittenAt("parameter", (), Spot())
    )


def _limits(rule: Expression, constants: Mapping[str, tree.Constant], concepts: Concepts) -> Iterator[_Found]:
    """The limits of one rule, from left to right."""

    def value(part: Expression, path: Route, kind: Kind, call: tree.Call, operator: Comparison | None) -> Iterator[_Found]:
        name = part.name if isinstance(part, tree.Parameter) else ""
        known = constants.get(name) if name else part
        fits = tree.Duration if kind in _LENGTHS.values() else (tree.Number, tree.Measure)
        if isinstance(known, fits):
            yield _Found(kind, call.function, _asked(call), operator, known, name, path, part.at)

    def inside(part: Expression, path: Route) -> Iterator[_Found]:
        match part:
            case tree.Compare(operator, left, right):
                sides = (left, (*path, 0), right, _TURNED[operator]), (right, (*path, 1), left, operator)
                for side, at, other, turned in sides:
                    call = next((one for one, _ in _values(other, ()) if isinstance(one, tree.Call)), None)
                    for one, where in _values(side, at) if call else ():
                        assert call is not None
                        yield from value(one, where, _compared(call, concepts), call, turned)
            case tree.Call(function, arguments) if function in FUNCTIONS:
                for place, (argument, given) in enumerate(zip(FUNCTIONS[function].arguments, arguments, strict=False)):
                    kind = Kind.GRADE if argument.takes == "number" else _LENGTHS.get(argument.name)
                    if kind is not None:
                        yield from value(given, (*path, place), kind, part, None)
        for place, child in enumerate(children(part)):
            yield from inside(child, (*path, place))

    yield from inside(rule, ())


def _values(side: Expression, path: Route) -> Iterator[tuple[Expression, Route]]:
    """What a side of a comparison may be: itself, or what any branch of an `if` gives."""
    if isinstance(side, tree.If):
        yield from _values(side.then, (*path, 1))
        yield from _values(side.otherwise, (*path, 2))
    else:
        yield side, path


def _asked(call: tree.Call) -> str:
    first = call.arguments[0] if call.arguments else None
    return first.name if isinstance(first, tree.Named) else ""


def _compared(call: tree.Call, concepts: Concepts) -> Kind:
    match FUNCTIONS[call.function].gives:
        case Gives.NUMBER:
            return Kind.AGE
        case Gives.RATIO:
            return Kind.MULTIPLE
        case _:
            return _measured(concepts.get(_asked(call)))


def _measured(concept: Concept | None) -> Kind:
    if concept is None:
        return Kind.RESULT
    if concept.kind is ConceptKind.TOXICITY:
        return Kind.GRADE
    if concept.kind is ConceptKind.SCORE:
        return Kind.SCORE
    return Kind.SPAN if concept.unit in _TIMES else Kind.RESULT


def with_parts(expression: Expression, parts: Mapping[Route, Expression], path: Route = ()) -> Expression:
    """This will return the expression with the parts at these paths replaced."""
    if path in parts:
        return parts[path]
    inner = [with_parts(child, parts, (*path, place)) for place, child in enumerate(children(expression))]
    match expression:
        case tree.Call():
            return replace(expression, arguments=tuple(inner))
        case tree.Compare() | tree.And() | tree.Or() | tree.Implies():
            return replace(expression, left=inner[0], right=inner[1])
        case tree.Not():
            return replace(expression, operand=inner[0])
        case tree.If():
            return replace(expression, condition=inner[0], then=inner[1], otherwise=inner[2])
        case _:
            return expression
