"""What every kind of leaf starts from: the facts that it looks at, beside it, and what they surely or possibly are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import Status
from protocord.cohort.plan import pieces
from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.pieces import FALSE, TRUE, UNKNOWN, completed_years, key
from protocord.criteria.lengths import LONG_AGO

Small = Callable[[str, pl.DataFrame], ir.Table]


@dataclass(frozen=True)
class Relations:
    """A source's normal form on an engine: `facts` may be several relations; `small` brings a small table to the engine.

    `present` says of each relation of facts which concepts (by number) it can hold at all, so that no rule that asks for others
    reads it; left out, any.
    """

    persons: ir.Table
    facts: Sequence[ir.Table]
    histories: ir.Table
    small: Small
    present: Sequence[frozenset[int]] | None = None


@dataclass(frozen=True)
class _Window:
    """The days that any leaf of a small table looks at: a constant, so that an engine drops older rows before it joins them."""

    rows: pl.DataFrame

    def of(self, facts: ir.Table) -> ir.Table:
        """The facts that may lie in it."""
        if "opens" not in self.rows.columns:
            return facts
        opens = min(self.rows["opens"])
        return facts if opens == LONG_AGO else facts.filter(facts["last"] >= opens)


@dataclass(frozen=True)
class Asking:
    """The leaves of one program, asking one source."""

    classes: Classes
    relations: Relations

    def facts(self, name: str, rows: pl.DataFrame, *, recorded: bool = True) -> ir.Table | None:
        """This will return the facts that the small table's leaves look at, each beside its leaf; None where no leaf asks."""
        if rows.is_empty():
            return None
        small = self.relations.small(name, rows)
        asked, present = set(rows["concept"]), self.relations.present
        holding = [at for at in range(len(self.relations.facts)) if present is None or not asked.isdisjoint(present[at])]
        read = [self.relations.facts[at] for at in holding or [0]]  # the plan keeps its shape where nothing can be found
        joined = [facts.join(small, facts.concept == small.concept) for facts in map(_Window(rows).of, read)]
        found = joined[0] if len(joined) == 1 else ibis.union(*joined)
        return found.filter(found.status == Status.RECORDED) if recorded else found

    def aged(self, facts: ir.Table, first: Any, last: Any) -> ir.Table:
        """This will return the facts with the person's birth and sex, and the youngest and oldest age from one day to another; null: not known."""
        calendar = self.relations.small("calendar", pieces.calendar())
        facts = facts.mutate(from_day=first.cast("int32"), to_day=last.cast("int32"))
        persons = self.relations.persons
        for name in ("birth_first", "birth_last"):
            written = calendar.rename({name: "calendar_day", f"{name}_ymd": "ymd"}).drop("common")
            persons = own(persons.left_join(written, name))
        facts = own(facts.left_join(persons, "person"))
        for name in ("from_day", "to_day"):
            written = calendar.rename({name: "calendar_day", f"{name}_ymd": "ymd", f"{name}_common": "common"})
            facts = own(facts.left_join(written, name))
        return facts.mutate(
            youngest=completed_years(facts.birth_last_ymd, facts.from_day_ymd, facts.from_day_common),
            oldest=completed_years(facts.birth_first_ymd, facts.to_day_ymd, facts.to_day_common),
        )


def own(joined: ir.Table) -> ir.Table:
    """This will return a left join without the right side's copies of the columns joined on."""
    return joined.drop(*(name for name in joined.columns if name.endswith("_right")))


def possible(facts: ir.Table) -> ir.BooleanValue:
    """This will tell whether a fact may lie in the leaf's window."""
    return (facts["first"] <= facts.day) & (facts["last"] >= facts.opens)


def dated(facts: ir.Table) -> ir.BooleanValue:
    """This will tell whether it surely does."""
    return (facts["first"] >= facts.opens) & (facts["last"] <= facts.day)


def sure(facts: ir.Table) -> ir.BooleanValue:
    """This will tell whether a fact surely counts: of the concept asked for, and in the window."""
    return facts.certain & dated(facts)


def low_strict(facts: ir.Table) -> ir.BooleanValue:
    """This will tell whether the lower bound itself is not possible."""
    return (facts.strict % 2) == 1


def high_strict(facts: ir.Table) -> ir.BooleanValue:
    """This will tell whether the upper bound itself is not possible."""
    return facts.strict >= 2


def judged(facts: ir.Table, said: ir.IntegerValue) -> ir.Table:
    """This will return the facts as candidates: first and last possible moment, whether each surely counts, and what it says."""
    return facts.select(
        "person",
        "leaf",
        sure=sure(facts),
        low_key=key(facts["first"], facts.record),
        high_key=key(ibis.least(facts["last"], facts.day), facts.record),
        said=said,
    )


def decisions(judged: ir.Table, *more: str) -> ir.Table:
    """This will return, for each person and leaf (and `more`), which outcomes the candidates have, and whether one is surely there."""
    found = judged.group_by("person", "leaf", *more).agg(
        floor=judged.low_key.max(where=judged.sure),
        top=judged.low_key.max(),
        true=judged.high_key.max(where=judged.said == TRUE),
        false=judged.high_key.max(where=judged.said == FALSE),
        unknown=judged.high_key.max(where=judged.said == UNKNOWN),
    )
    floor = ibis.coalesce(found.floor, 0)
    reached = {name: ibis.coalesce(found[name] >= floor, ibis.literal(False)) for name in ("true", "false", "unknown")}
    return found.select(
        "person",
        "leaf",
        *more,
        "top",
        sure=found.floor.notnull(),
        **{f"any_{name}": condition for name, condition in reached.items()},
    )
