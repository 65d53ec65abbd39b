"""A normal form that is in memory, brought to an engine: how records made by a program are screened as columns."""

from __future__ import annotations

from protocord.cohort.engines import Engine, small, unbound
from protocord.cohort.normal import FACTS, HISTORIES, PERSONS, Normal
from protocord.cohort.plan.facts import Relations


def brought(engine: Engine, normal: Normal) -> Relations:
    """This will bring a normal form that is in memory to an engine."""
    for name, frame in (("persons", normal.persons), ("facts", normal.facts), ("histories", normal.histories)):
        engine.bring(name, frame)
    return Relations(
        unbound("persons", PERSONS),
        (unbound("facts", FACTS),),
        unbound("histories", HISTORIES),
        lambda name, frame: small(engine, name, frame),
    )
