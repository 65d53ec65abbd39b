"""CTCAE's laboratory terms as data: which term a test has in a version, and its rows, one a grade and branch, each with its source.

`tables/terms.csv` names every term of either version, also those that a version lacks or grades without numbers. `tables/rules.csv`
holds the rows: an interval whose ends are numbers in the concept's unit, or multiples of LLN, ULN or the baseline. The standard writes
">X - Y" for above X up to and with Y, and "<X - Y" for below X down to and with Y.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

from protocord.errors import Place, Problem, ProblemsFound
from protocord.safety.grading.grades import Direction
from protocord.values import Reason, Text

VERSIONS = ("5.0", "6.0")
TABLES = Path(__file__).parent / "tables"

Basis = Literal["value", "LLN", "ULN", "baseline", "above ULN", "ULN and baseline"]
State = Literal["graded", "no_numeric_rule", "no_such_term"]
# The one fact that tells a term's branches apart. The first two are read off the baseline, the others must be stated.
Deciding = Literal["", "baseline_abnormal", "baseline_below_lln", "symptoms", "consequences", "anticoagulated", "fasting"]
STATED: tuple[Deciding, ...] = ("symptoms", "consequences", "anticoagulated", "fasting")
# Facts that raise a grade when they are stated, and of which silence says nothing.
RAISING = ("symptoms", "intervention", "transfusion", "bleeding", "hospitalisation", "life_threatening")
QUALIFIERS = tuple(dict.fromkeys([*STATED, *RAISING]))

# Whether the deciding fact is yes or no in a branch.
BRANCHES: Mapping[str, tuple[Deciding, bool]] = MappingProxyType(
    {
        "baseline_normal": ("baseline_abnormal", False),
        "baseline_abnormal": ("baseline_abnormal", True),
        "low_baseline": ("baseline_below_lln", True),
        "asymptomatic": ("symptoms", False),
        "symptomatic": ("symptoms", True),
        "without_consequences": ("consequences", False),
        "with_consequences": ("consequences", True),
        "not_anticoagulated": ("anticoagulated", False),
        "anticoagulated": ("anticoagulated", True),
        "fasting": ("fasting", True),
    }
)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a row's interval: `number` itself, so many times a limit or the baseline, or so much above ULN."""

    number: Decimal
    of: Basis
    inclusive: bool

    def __str__(self) -> str:
        number = format(self.number, "f")
        return {"value": number, "above ULN": f"ULN + {number}"}.get(self.of, f"{number} × {self.of}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: values between its ends have this grade, in its branch and where what it `needs` was stated.

    `grade` None is a stretch for which the standard has no grade. `branch` says when a row counts; empty is always.
    """

    term: str
    version: str
    grade: int | None
    branch: str
    needs: str
    low: End | None
    high: End | None
    note: str
    source: str

    @property
    def when(self) -> bool | None:
        """What the term's deciding fact must be; None where the row holds either way."""
        return BRANCHES[self.branch][1] if self.branch else None

    @property
    def id(self) -> str:
        """The row in one line: version, term, grade, interval, branch."""
        shown = "no grade" if self.grade is None else f"grade {self.grade}"
        low = f"{'≥' if self.low.inclusive else '>'} {self.low}" if self.low else ""
        high = f"{'≤' if self.high.inclusive else '<'} {self.high}" if self.high else ""
        where = " and ".join(part for part in (low, high) if part)
        also = "".join(f", {part.replace('_', ' ')}" for part in (self.branch, self.needs) if part)
        return f"v{self.version} {self.term} {shown}: {where}{also}"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of one version for one thing measured, with its rows; their numbers are in the concept's unit."""

    name: Text
    version: str
    concept: str
    direction: Direction
    decided_by: Deciding
    state: State
    rules: tuple[Rule, ...]
    note: str
    source: str

    @property
    def refusal(self) -> Reason | None:
        """Why the version cannot grade it at all; None where it can."""
        if self.state == "graded":
            return None
        return Reason.of(f"grading_{self.state}", term=self.name, version=self.version)


class Standard:
    """One version's terms: `term(name)` by name, `side(concept, direction)` by what was measured."""

    def __init__(self, version: str, terms: tuple[Term, ...]) -> None:
        self.version, self.terms = version, terms
        self._sides: dict[tuple[str, Direction], Term] = {}
        for term in terms:
            known = self._sides.get((term.concept, term.direction))
            if known is None or known.state != "graded":
                self._sides[term.concept, term.direction] = term

    def side(self, concept: str, direction: Direction) -> Term | None:
        """This will return the term that grades `concept` in `direction`, be it one that the version lacks; None for no term."""
        return self._sides.get((concept, direction))

    def named(self, name: str) -> tuple[Term, ...]:
        """This will return the terms of that name: one for each thing that it can be measured by. Empty for an unknown name."""
        return tuple(term for term in self.terms if name in (term.name.en, term.name.zh))

    @property
    def concepts(self) -> tuple[str, ...]:
        """The concepts that have a term, in the order of the table."""
        return tuple(dict.fromkeys(term.concept for term in self.terms))


@cache
def standard(version: str) -> Standard:
    """This will return the terms of a version. Raises ProblemsFound for a version whose tables we do not hold."""
    if version not in VERSIONS:
        what = f"there are no tables of CTCAE version {version!r}."
        raise ProblemsFound([Problem(Place(), what, f"Versions with tables: {', '.join(VERSIONS)}.")])
    rules: dict[tuple[str, str], list[Rule]] = {}
    for row in _rows("rules.csv"):
        if row["version"] == version:
            rules.setdefault((row["term"], row["concept"]), []).append(_rule(row))
    return Standard(version, tuple(_term(row, rules) for row in _rows("terms.csv") if row["version"] == version))


def _rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _term(row: dict[str, str], rules: dict[tuple[str, str], list[Rule]]) -> Term:
    own = tuple(rules.get((row["term"], row["concept"]), ()))
    name, deciding = Text(row["term"], row["zh"]), cast("Deciding", row["decided_by"])
    direction, state = cast("Direction", row["direction"]), cast("State", row["state"])
    return Term(name, row["version"], row["concept"], direction, deciding, state, own, row["note"], row["source"])


def _rule(row: dict[str, str]) -> Rule:
    grade = int(row["grade"]) if row["grade"] else None
    ends = (_end(row, "low"), _end(row, "high"))
    return Rule(row["term"], row["version"], grade, row["branch"], row["needs"], *ends, row["note"], row["source"])


def _end(row: dict[str, str], side: str) -> End | None:
    if not row[side]:
        return None
    return End(Decimal(row[side]), cast("Basis", row[f"{side}_of"]), row[f"{side}_inclusive"] == "yes")
