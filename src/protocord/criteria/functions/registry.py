"""The functions of the rule language: one declaration holds a function's name, arguments, meaning, evaluation and breakpoints.

A function is declared once, with `@function(...)`; checking, evaluation, wording, the manual and the generative tests read the
registry. Adding one is a function in one of these files, an entry in the word tables for each new reason, and a table in tests/spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from inspect import getdoc
from typing import Any

from protocord.concepts import ConceptKind
from protocord.criteria.index import FactIndex
from protocord.values.text import Text


class Gives(StrEnum):
    """What a function gives: a truth, a pure number, or a quantity in its concept's unit."""

    TRUTH = "Boolean"
    NUMBER = "Integer"
    RATIO = "Decimal"
    QUANTITY = "Quantity"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a function is asked about: a subject's facts, the reference date D, and the day up to which events can be on record."""

    index: FactIndex
    day: int
    known: int


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function. `kinds` restricts a concept; none is any kind."""

    name: str
    takes: str  # concept | length | number | value set
    kinds: frozenset[ConceptKind] = frozenset()
    optional: bool = False


def concept(*kinds: ConceptKind, name: str = "concept") -> Argument:
    """This will declare a concept, of one of `kinds` where any are given."""
    return Argument(name, "concept", frozenset(kinds))


def length(name: str, *, optional: bool = False) -> Argument:
    """This will declare a length of time."""
    return Argument(name, "length", optional=optional)


def number(name: str) -> Argument:
    """This will declare a plain number."""
    return Argument(name, "number")


def value_set() -> Argument:
    """This will declare a value set of the study."""
    return Argument("value set", "value set")


Limits = frozenset[Decimal] | None
Days = Callable[..., Iterable[int]]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the rule language. `days` yields the reference dates on which its answer may change (more do no harm)."""

    name: str
    arguments: tuple[Argument, ...]
    gives: Gives
    decide: Callable[..., Any]
    days: Days
    phrase: Text
    manual: str

    @property
    def signature(self) -> str:
        """The call as the manual shows it."""
        shown = [
            f"[{one.name}]" if one.optional else f'"{one.name}"' if one.takes in ("concept", "value set") else one.name
            for one in self.arguments
        ]
        return f"{self.name}({', '.join(shown)})"


_FUNCTIONS: dict[str, Function] = {}
FUNCTIONS: Mapping[str, Function] = _FUNCTIONS


def function(name: str, *arguments: Argument, gives: Gives, days: Days, phrase: Text) -> Callable[[Any], Any]:
    """This will register the decorated function; its docstring is its entry in the manual."""

    def register(decide: Any) -> Any:
        if name in _FUNCTIONS:
            message = f"the function {name} is declared twice"
            raise ValueError(message)
        _FUNCTIONS[name] = Function(name, arguments, gives, decide, days, phrase, getdoc(decide) or "")
        return decide

    return register
