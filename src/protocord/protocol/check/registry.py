"""The registered checks, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocord.errors import Place, Problem
from protocord.protocol.model import Protocol

Check = Callable[[Protocol], Iterator[Problem]]
CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """This will register a check under its function's name; its docstring says what it finds."""
    CHECKS[function.__name__] = function
    return function


def check_design(protocol: Protocol) -> tuple[Problem, ...]:
    """This will return every design slip in the protocol, sorted by place. They are advice: the protocol loads all the same."""
    return tuple(sorted({problem for one in CHECKS.values() for problem in one(protocol)}))


def place(protocol: Protocol, document: str, *loc: str | int) -> Place:
    """This will return the place of a part of a document; a step may be the id of a list's item."""
    return Place(document) if protocol.sources is None else protocol.sources.place(document, *loc)
