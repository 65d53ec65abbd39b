"""Errors meant for a person: where, what, and what to do.

A problem in something a person wrote or asked for is a value (`Problem`); many are collected and raised together
(`ProblemsFound`), shown without a traceback, and end a command with the exit code of their kind. Anything else that is
raised is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a problem stands: a file and line, a form and item, or a row and column."""

    file: str = ""
    line: int = 0
    item: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return ": ".join(part for part in (where, self.item) if part)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, said for the person who can mend it."""

    place: Place
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{self.place}: {self.what}" if str(self.place) else self.what
        return f"{said} {self.remedy}" if self.remedy else said


class ProblemsFound(Exception):
    """All the problems found in one go; shown to a person as lines, without a traceback."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DocumentProblems(ProblemsFound):
    """A study's documents do not make a protocol."""

    exit_code = 3


class SubjectProblems(ProblemsFound):
    """A subject's facts cannot be read."""

    exit_code = 4


class LedgerProblems(ProblemsFound):
    """A ledger does not verify, or cannot be read."""

    exit_code = 5


class Refused(ProblemsFound):
    """A wish was refused by the rules of the study or by access control."""

    exit_code = 6
