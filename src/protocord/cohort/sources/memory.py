"""A normal form that stands on an engine as it is: brought there from memory, or as the files of a fact store."""

from __future__ import annotations

from protocord.cohort.engines import Engine, run, small, unbound
from protocord.cohort.kinds import Sex
from protocord.cohort.normal import FACTS, HISTORIES, PERSONS, Normal
from protocord.cohort.plan.facts import Relations
from protocord.criteria.lengths import LONG_AGO, NEVER


def brought(engine: Engine, normal: Normal) -> Relations:
    """This will bring a normal form that is in memory to an engine."""
    for name, frame in (("persons", normal.persons), ("facts", normal.facts), ("histories", normal.histories)):
        engine.bring(name, frame)
    return standing(engine)


def standing(engine: Engine) -> Relations:
    """This will return the relations that an engine holds as persons, facts and histories, after a look at which facts have known days."""
    facts = unbound("facts", FACTS)
    of_nobody = facts.band_low.isnull() & facts.band_high.isnull() & (facts.range_sex == Sex.NOT_SAID)
    said = facts.select(
        "concept",
        exact=((facts["first"] == facts["last"]) & of_nobody).cast("int32"),
        undated=((facts["first"] <= LONG_AGO) & (facts["last"] >= NEVER)).cast("int32"),
    )
    concepts = run(engine, said.group_by("concept").agg(exact=said.exact.min(), undated=said.undated.min()))
    return Relations(
        unbound("persons", PERSONS),
        (facts,),
        unbound("histories", HISTORIES),
        lambda name, frame: small(engine, name, frame),
        present=(frozenset(concepts["concept"]),),
        exact=frozenset(concepts.filter(concepts["exact"] == 1)["concept"]),
        undated=frozenset(concepts.filter(concepts["undated"] == 1)["concept"]),
    )
