"""A normal form that is in memory, brought to an engine: how records made by a program are screened as columns."""

from __future__ import annotations

import polars as pl

from protocord.cohort.engines import Engine, small, unbound
from protocord.cohort.normal import FACTS, HISTORIES, PERSONS, Normal
from protocord.cohort.plan.facts import Relations
from protocord.criteria.lengths import LONG_AGO, NEVER


def brought(engine: Engine, normal: Normal) -> Relations:
    """This will bring a normal form that is in memory to an engine."""
    for name, frame in (("persons", normal.persons), ("facts", normal.facts), ("histories", normal.histories)):
        engine.bring(name, frame)
    concepts = normal.facts.group_by("concept").agg(
        exact=(
            (pl.col("first") == pl.col("last"))
            & pl.col("band_low").is_null()
            & pl.col("band_high").is_null()
            & (pl.col("range_sex") == 0)
        ).all(),
        undated=((pl.col("first") <= LONG_AGO) & (pl.col("last") >= NEVER)).all(),
    )
    return Relations(
        unbound("persons", PERSONS),
        (unbound("facts", FACTS),),
        unbound("histories", HISTORIES),
        lambda name, frame: small(engine, name, frame),
        present=(frozenset(concepts["concept"]),),
        exact=frozenset(concepts.filter("exact")["concept"]),
        undated=frozenset(concepts.filter("undated")["concept"]),
    )
