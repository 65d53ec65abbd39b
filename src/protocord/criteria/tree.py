"""The rule as a tree: frozen, typed, comparable; two rules are equal when they say the same, wherever they stand.

A rule is an expression of CQL 1.5 (HL7 Clinical Quality Language): the node kinds are CQL's, fewer of them.
`at` is the place in the rule's text and never part of the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a rule's text; line and column count from 1."""

    line: int = 1
    column: int = 1


NOWHERE = Spot()

DurationUnit = Literal["day", "week", "month", "year"]
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    value: bool
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Null:
    """`null`: not known."""

    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a unit: `18`, `1.5`."""

    value: Decimal
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity with a UCUM unit: `0.5 '10*9/L'`."""

    value: Decimal
    unit: str
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of calendar time: `21 days`."""

    count: int
    unit: DurationUnit
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A concept or a value set by its name, in double quotes: `"ANC"`."""

    name: str
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the study, by its bare name: `lab_window`."""

    name: str
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language with its arguments: `Latest("ANC", 7 days)`."""

    function: str
    arguments: tuple[Expression, ...]
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right` on numbers or quantities."""

    operator: Comparison
    left: Expression
    right: Expression
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """`not operand`."""

    operand: Expression
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class And:
    """`left and right`: false when one is false, else unknown when one is unknown."""

    left: Expression
    right: Expression
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Or:
    """`left or right`: true when one is true, else unknown when one is unknown."""

    left: Expression
    right: Expression
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Implies:
    """`left implies right`: the same as `not left or right`."""

    left: Expression
    right: Expression
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class If:
    """`if condition then then else otherwise`; an unknown condition leaves both branches possible."""

    condition: Expression
    then: Expression
    otherwise: Expression
    at: Spot = field(default=NOWHERE, compare=False, repr=False)


Expression = Flag | Null | Number | Measure | Duration | Named | Parameter | Call | Compare | Not | And | Or | Implies | If
Constant = Flag | Null | Number | Measure | Duration


def children(expression: Expression) -> tuple[Expression, ...]:
    """This will return the direct parts of an expression, from left to right."""
    match expression:
        case Call(arguments=arguments):
            return arguments
        case (
            Compare(left=left, right=right)
            | And(left=left, right=right)
            | Or(left=left, right=right)
            | Implies(left=left, right=right)
        ):
            return (left, right)
        case Not(operand=operand):
            return (operand,)
        case If(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case _:
            return ()


def substituted(expression: Expression, values: Mapping[str, Constant]) -> Expression:
    """This will return the expression with each parameter that has a value replaced by it."""
    match expression:
        case Parameter(name):
            return values.get(name, expression)
        case Call():
            return replace(expression, arguments=tuple(substituted(part, values) for part in expression.arguments))
        case Compare() | And() | Or() | Implies():
            return replace(expression, left=substituted(expression.left, values), right=substituted(expression.right, values))
        case Not():
            return replace(expression, operand=substituted(expression.operand, values))
        case If(condition, then, otherwise):
            branches = substituted(then, values), substituted(otherwise, values)
            return If(substituted(condition, values), *branches, expression.at)
        case _:
            return expression


def walk(expression: Expression) -> tuple[Expression, ...]:
    """This will return the expression and all its parts, each before its own parts."""
    return (expression, *(part for child in children(expression) for part in walk(child)))
