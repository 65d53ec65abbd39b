"""What every kind of leaf starts from: the facts that it looks at, beside it, and what they surely or possibly are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, overload

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.kinds import FALSE, TRUE, UNKNOWN, Status
from protocord.cohort.plan import pieces
from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.pieces import completed_years, key
from protocord.criteria.lengths import LONG_AGO

Small = Callable[[str, pl.DataFrame], ir.Table]


class Lazily(Sequence[ir.Table]):
    """Relations that are written when one is asked for: writing an expression takes longer than an engine takes for a small table."""

    def __init__(self, makers: Sequence[Callable[[], ir.Table]]) -> None:
        self._makers = tuple(map(cache, makers))

    def __len__(self) -> int:
        return len(self._makers)

    @overload
    def __getitem__(self, at: int) -> ir.Table: ...

    @overload
    def __getitem__(self, at: slice) -> list[ir.Table]: ...

    def __getitem__(self, at: int | slice) -> ir.Table | list[ir.Table]:
        return self._makers[at]() if isinstance(at, int) else [make() for make in self._makers[at]]


class Reader(Protocol):
    """How a source reads one of its relations beside a small table: only rows of that table's concepts, none surely before `opens`."""

    def __call__(self, at: int, name: str, rows: pl.DataFrame, opens: int, columns: Iterable[str]) -> ir.Table:
        """This will return these columns of the facts of relation `at`, and those of the rows of each fact's concept."""


@dataclass(frozen=True)
class Relations:
    """A source's normal form on an engine: `facts` may be several relations; `small` brings a small table to the engine.

    What a source knows of itself spares work. `present` says of each relation of facts which concepts (by number) it can hold at all,
    so that no rule that asks for others reads it; left out, any. Of a concept in `exact` every fact has one known day, and a reference
    range, if any, is for no stated age or sex; one in `undated` never has a day. `periods` (person, since, until), where given,
    are all the histories, each of everything; one that begins by the first possible day of birth has no beginning. `reader` reads facts
    beside a small table in fewer steps than a join with `facts` takes.
    """

    persons: ir.Table
    facts: Sequence[ir.Table]
    histories: ir.Table
    small: Small
    present: Sequence[frozenset[int]] | None = None
    exact: frozenset[int] = frozenset()
    undated: frozenset[int] = frozenset()
    periods: ir.Table | None = None
    reader: Reader | None = None

    def held(self, at: int, concepts: Iterable[int]) -> frozenset[int]:
        """This will return those of some concepts that a relation can hold."""
        return frozenset(concepts) if self.present is None else frozenset(concepts) & self.present[at]

    def holding(self, concepts: Iterable[int]) -> list[int]:
        """This will return the places of the relations that can hold any of these concepts."""
        asked = frozenset(concepts)
        return [at for at in range(len(self.facts)) if self.held(at, asked)]

    def asked(self, at: int, name: str, rows: pl.DataFrame, opens: int, columns: Iterable[str]) -> ir.Table:
        """This will return columns of the facts of a relation, each beside every row of the small table (by `concept`) that asks for it.

        A fact that surely began before `opens` may be left out, as far as that is cheap.
        """
        if self.reader is not None:
            return self.reader(at, name, rows, opens, columns)
        facts, small = self.facts[at], self.small(name, rows)
        joined = facts.join(small, "concept")
        return joined if opens <= LONG_AGO else joined.filter(joined["last"] >= opens)


@dataclass(frozen=True)
class Asking:
    """The leaves of one program, asking one source.

    `kept` are the facts that they look at, kept by the engine so that each source table is read once for all.
    """

    classes: Classes
    relations: Relations
    kept: ir.Table | None

    def facts(self, name: str, rows: pl.DataFrame, *, recorded: bool = True) -> ir.Table | None:
        """This will return the facts that the small table's leaves look at, each beside its leaf; None where no leaf asks."""
        if rows.is_empty() or self.kept is None:
            return None
        found = self.kept.join(self.relations.small(name, rows), "concept")
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
