"""Conditions: present, absent, ended, denied."""

from __future__ import annotations

from typing import Any

import polars as pl

from protocord.cohort.kinds import Kind
from protocord.cohort.plan.classes import opens
from protocord.cohort.plan.framed import NOT, Framed, hit, key
from protocord.cohort.plan.program import Leaf


def conditions(framed: Framed) -> pl.DataFrame | None:
    """Has: a statement of presence holds unless it ended, or a later statement denies it or a condition above it."""
    classes = framed.classes
    numbers, concepts = classes.numbering.numbers, classes.concepts

    def details(leaf: Leaf) -> dict[str, Any]:
        return {"opens": opens(leaf), "day": leaf.day, "asked": numbers[leaf.arguments[0]]}

    rows = classes.of(("Has",), details)
    if rows.is_empty():
        return None
    first, last, day, kind = (pl.col(name) for name in ("first", "last", "day", "kind"))
    stated = framed.beside(rows).filter((first <= day) & (last >= pl.col("opens")))
    stated = stated.with_columns(sure=(first >= pl.col("opens")) & (last <= day))
    above = classes.pairs(("Has",), lambda asked, one, certain: _above(concepts, asked, one, certain=certain))
    ended = pl.col("ended") & (pl.col("over_last") <= day)
    present = stated.filter((kind != Kind.NO) & ~ended).join(
        _denials(stated, above), on=["person", "leaf", "concept"], how="left"
    )
    denied = pl.col("surely_denied").fill_null(-1) > key(last)
    doubted = pl.col("maybe_denied").fill_null(-1) > key(first)
    may_have_ended = pl.col("ended") & (pl.col("over_first") <= day)
    active = pl.col("sure") & pl.col("certain") & (kind == Kind.YES) & ~may_have_ended & ~doubted
    bits = present.filter(~denied).select(hit(active, ~active))
    absent = stated.join(_above_asked(framed), on=["leaf", "concept"], how="semi").filter(pl.col("sure") & (kind == Kind.NO))
    over = stated.filter(pl.col("sure") & ended & (kind == Kind.YES) & (pl.col("concept") == pl.col("asked")))
    return pl.concat([bits, *(part.select(hit(NOT, NOT, pl.lit(value=True))) for part in (absent, over))])


def _above_asked(framed: Framed) -> pl.DataFrame:
    numbers, concepts = framed.classes.numbering.numbers, framed.classes.concepts
    rows = [
        {"leaf": place, "concept": numbers[name]}
        for place, leaf in framed.classes.leaves("Has")
        for name in sorted(concepts.ancestors(leaf.arguments[0]) | {leaf.arguments[0]})
    ]
    return pl.DataFrame(rows, schema={"leaf": pl.Int32, "concept": pl.Int32})


def _above(concepts: Any, asked: str, one: str, *, certain: bool) -> set[str]:
    """The concepts a denial of which denies `one`."""
    own = set(concepts.ancestors(one)) | {one}
    return own if certain else own | set(concepts.ancestors(asked)) | {asked}


def _denials(stated: pl.DataFrame, above: pl.DataFrame) -> pl.DataFrame:
    """For each person, leaf and concept: the latest moment at which it is surely, or may be, denied."""
    said = stated.filter(pl.col("kind") != Kind.YES).rename({"concept": "other"})
    met = said.join(above, on=["leaf", "other"])
    surely = (pl.col("kind") == Kind.NO) & pl.col("sure")
    return met.group_by("person", "leaf", "concept").agg(
        surely_denied=key(pl.col("first")).filter(surely).max(), maybe_denied=key(pl.col("last")).max()
    )
