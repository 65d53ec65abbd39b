"""Which facts each leaf looks at, as small tables that the plan joins: concept to leaf, with the leaf's days and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from protocord.cohort.kinds import Operator
from protocord.cohort.normal import Numbering
from protocord.cohort.plan.program import Leaf, Program
from protocord.concepts import ConceptKind, Concepts
from protocord.criteria.lengths import LONG_AGO, Length

BITS = 62  # bits used of a word: engines have no unsigned integers, and one bit is left so that no sum can overflow

Row = dict[str, Any]


OPERATORS = {
    "=": Operator.EQUAL, "!=": Operator.DIFFERENT, "<": Operator.BELOW, "<=": Operator.AT_MOST, ">": Operator.ABOVE,
    ">=": Operator.AT_LEAST,
}  # fmt: skip


@dataclass(frozen=True)
class Classes:
    """The small tables of a program, for one study's concepts; only of the leaves `of_leaves`, where that is given."""

    program: Program
    concepts: Concepts
    of_leaves: frozenset[int] | None = None

    @cached_property
    def numbering(self) -> Numbering:
        """The numbers of the concepts."""
        return Numbering(self.concepts)

    def leaves(self, *functions: str) -> list[tuple[int, Leaf]]:
        """This will return the leaves of these functions, each with its place."""
        wanted = self.of_leaves
        return [
            (place, leaf)
            for place, leaf in enumerate(self.program.leaves)
            if leaf.function in functions and (wanted is None or place in wanted)
        ]

    def of(self, functions: tuple[str, ...], details: Callable[[Leaf], Row], asked: int = 0) -> pl.DataFrame:
        """This will return a row for each leaf of `functions` and each concept whose facts may count: `certain` or not.

        `asked` is the place of the concept among the leaf's arguments.
        """
        rows = [
            {"concept": concept, "leaf": place, "certain": certain, **details(leaf)}
            for place, leaf in self.leaves(*functions)
            for concept, certain in self.counted(leaf.arguments[asked])
        ]
        return pl.DataFrame(rows, infer_schema_length=None) if rows else pl.DataFrame()

    def counted(self, asked: str) -> Iterator[tuple[int, bool]]:
        """This will yield the number of every concept whose facts count for `asked`, and whether they surely do."""
        numbers = self.numbering.numbers
        yield numbers[asked], True
        for name in sorted(self.concepts.descendants(asked)):
            yield numbers[name], True
        for name in sorted(self.concepts.possible(asked)):
            yield numbers[name], False

    def pairs(self, functions: tuple[str, ...], related: Callable[[str, str, bool], set[str]]) -> pl.DataFrame:
        """This will return, for each leaf and concept that counts, the counted concepts that `related` names (asked, concept, certain)."""
        numbers, ids = self.numbering.numbers, self.numbering.ids
        rows = []
        for place, leaf in self.leaves(*functions):
            counted = dict(self.counted(leaf.arguments[0]))
            for concept, certain in counted.items():
                for other in related(leaf.arguments[0], ids[concept], certain):
                    if numbers[other] in counted:
                        rows.append({"leaf": place, "concept": concept, "other": numbers[other]})
        schema = {"leaf": pl.Int32, "concept": pl.Int32, "other": pl.Int32}
        return pl.DataFrame(rows, schema=schema)

    def needs(self) -> list[tuple[int, list[int], int, int]]:
        """This will return what histories must cover: leaf, the concepts whose history counts, first and last day."""
        found = []
        for place, leaf in enumerate(self.program.leaves):
            asked = covered(leaf)
            if asked is not None:
                name, first, last = asked
                names = self.concepts.ancestors(name) | {name}
                found.append((place, sorted(self.numbering.numbers[one] for one in names), first, last))
        return found

    def is_answered_by_yes(self, concept: int) -> bool:
        """This will tell whether a fact of the concept happened only where its answer is yes."""
        return self.concepts[self.numbering.ids[concept]].kind in (ConceptKind.ATTESTATION, ConceptKind.CONDITION)


def covered(leaf: Leaf) -> tuple[str, int, int] | None:
    """This will return the concept whose history a leaf needs and the days it must cover; None where no absence counts."""
    last = min(leaf.day, leaf.known)
    match leaf.function:
        case "Washout":
            asked, gap = leaf.arguments
            return asked, min(gap.before(leaf.day), last), last
        case "Ever":
            return leaf.arguments[0], LONG_AGO, last
        case "Has" if len(leaf.arguments) == 1 or leaf.arguments[1] is None:
            return leaf.arguments[0], LONG_AGO, last
        case "RecoveredTo":
            return leaf.arguments[0], last, last
        case "OnOrBefore":
            return leaf.arguments[1], LONG_AGO, last
        case _:
            return None


def opens(leaf: Leaf, place: int = 1) -> int:
    """This will return the first day of a leaf's look-back; LONG_AGO without one."""
    lookback = leaf.arguments[place] if len(leaf.arguments) > place else None
    return lookback.before(leaf.day) if isinstance(lookback, Length) else LONG_AGO


def cleared_until(gap: Length, day: int) -> int:
    """This will return the last day x for which `gap` after x is not later than `day`: what ended by then is over by the gap."""
    last = gap.before(day)
    while gap.after(last + 1) <= day:  # at the end of a month several days lead to the same one
        last += 1
    while gap.after(last) > day:
        last -= 1
    return last


def words(leaves: int) -> int:
    """This will return how many words hold one bit of each leaf."""
    return -(-leaves // BITS)


def mask(leaf: int) -> tuple[int, int]:
    """This will return the word of a leaf and its bit there."""
    return leaf // BITS, 1 << (leaf % BITS)
