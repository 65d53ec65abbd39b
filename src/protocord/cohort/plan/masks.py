"""Leaves as bits of words, and constants of the program as steps: what a day says of all leaves at once, without a row for each leaf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.plan.classes import BITS

Words = tuple[int, ...]  # the bits of some leaves, a number for each word


@dataclass(frozen=True)
class Layout:
    """The words of a program: the bit of leaf i is bit i mod BITS of word i div BITS."""

    count: int

    def words(self, leaves: Iterable[int]) -> Words:
        """This will return the bits of some leaves."""
        found = [0] * self.count
        for leaf in leaves:
            found[leaf // BITS] |= 1 << (leaf % BITS)
        return tuple(found)

    def table(self, rows: Mapping[int, Mapping[str, Iterable[int]]], names: Sequence[str]) -> pl.DataFrame:
        """This will return a row for each concept, with the words NAME_0, NAME_1, … of the leaves that each name holds for it."""
        made: dict[str, list[int]] = {"concept": sorted(rows)}
        for name in names:
            words = [self.words(rows[concept].get(name, ())) for concept in made["concept"]]
            made |= {f"{name}_{place}": [one[place] for one in words] for place in range(self.count)}
        return pl.DataFrame(made, schema={"concept": pl.Int32} | {name: pl.Int64 for name in made if name != "concept"})


def word(bits: int) -> ir.IntegerScalar:
    """This will return bits as a literal."""
    return ibis.literal(bits, "int64")


def after(value: ir.IntegerValue, limits: Mapping[int, int]) -> ir.IntegerValue:
    """This will return the bits whose limit a value has passed: `limits` holds bits by limit, and a limit is passed by what is greater."""
    steps, so_far = [], 0
    for limit in sorted(limits):
        steps.append((value <= limit, word(so_far)))
        so_far |= limits[limit]
    return ibis.cases(*steps, else_=word(so_far)) if steps else word(0)


def until(value: ir.IntegerValue, limits: Mapping[int, int]) -> ir.IntegerValue:
    """This will return the bits whose limit a value has not passed: it is not greater."""
    steps, left = [], 0
    for bits in limits.values():
        left |= bits
    for limit in sorted(limits):
        steps.append((value <= limit, word(left)))
        left &= ~limits[limit]
    return ibis.cases(*steps, else_=word(0)) if steps else word(0)


def by_limit(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """This will gather (limit, bits) by limit."""
    found: dict[int, int] = {}
    for limit, bits in pairs:
        found[limit] = found.get(limit, 0) | bits
    return found
