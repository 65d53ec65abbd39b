"""The facts behind what is unknown: one query that brings, of the persons and questions that are open, the facts that have a say.

Only what reasons are made of comes back; the engine drops all else: facts of persons who lack nothing, of questions that are decided
for the person, and outside the days a question looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.engines import Engine, run
from protocord.cohort.kinds import Status
from protocord.cohort.plan.classes import Classes, cleared_until, opens
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.program import Leaf, Program
from protocord.cohort.plan.truths import Flags
from protocord.concepts import Concepts
from protocord.criteria.lengths import LONG_AGO, NEVER

EVERYTHING = -1  # the concept of a history that covers all
_BITS = 62  # of a word: engines have no unsigned integers
_ALWAYS = (
    "person",
    "record",
    "concept",
    "first",
    "last",
    "over_first",
    "over_last",
    "undated",
    "ended",
    "ongoing",
    "status",
    "kind",
)
_NUMBERS = ("why", "low", "high", "strict")
_RANGES = ("upper", "upper_why", "band_low", "band_high", "range_sex", "child")
_OWN = {"Latest": _NUMBERS, "RecoveredTo": _NUMBERS, "TimesULN": _NUMBERS + _RANGES, "CodeIn": ("code",)}
# Where nothing is on record, what was not done or set aside is named, too.
_NAMES_ASIDE = ("Latest", "TimesULN", "Attested", "CodeIn", "Has", "OnOrBefore")


@dataclass(frozen=True)
class Terms:
    """The functions that are asked, each once and without limits, for one study's concepts; a term's number is its place."""

    terms: tuple[Leaf, ...]
    concepts: Concepts

    @cached_property
    def classes(self) -> Classes:
        """Which concepts count for each."""
        return Classes(Program(self.terms, ()), self.concepts)

    @cached_property
    def numbers(self) -> dict[Leaf, int]:
        """The place of each term."""
        return {one: place for place, one in enumerate(self.terms)}

    def number(self, concept: str) -> int:
        """This will return the number of a concept."""
        return self.classes.numbering.numbers[concept]

    @cached_property
    def table(self) -> pl.DataFrame:
        """A row for each term and concept whose facts may count: whether they surely do, and the days that matter."""
        rows = [
            {"concept": concept, "term": place, "certain": certain, "aside": certain and aside, **days}
            for place, one in enumerate(self.terms)
            for argument, aside, days in _looks(one)
            for concept, certain in self.classes.counted(one.arguments[argument])
        ]
        whole = dict.fromkeys(("concept", "term", "opens", "day", "until"), pl.Int32)
        yes = dict.fromkeys(("certain", "aside", "second"), pl.Boolean)
        return pl.DataFrame(rows, schema={**whole, **yes})


def _looks(leaf: Leaf) -> Iterator[tuple[int, bool, dict[str, Any]]]:
    """What a term looks at: the place of the concept among its arguments, whether what was set aside matters, and the days."""
    ever = 2 * LONG_AGO
    days = {"opens": LONG_AGO, "day": leaf.day, "until": ever, "second": False}
    match leaf.function:
        case "AgeInYears":
            return
        case "Washout":  # what is over by the gap is no hindrance
            yield 0, False, days | {"until": cleared_until(leaf.arguments[1], leaf.day)}
        case "Latest" | "TimesULN" | "Attested" | "Recorded" | "Has":
            yield 0, leaf.function in _NAMES_ASIDE, days | {"opens": opens(leaf)}
        case _:
            yield 0, leaf.function in _NAMES_ASIDE, days
    if leaf.function == "OnOrBefore":
        yield 1, False, days | {"day": NEVER, "second": True}


@dataclass(frozen=True)
class Open:
    """For whom each term is open: `persons` in ascending order, and of each term (by number) a flag for every one of them."""

    terms: Terms
    persons: npt.NDArray[np.int64]
    flags: dict[int, Flags]

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """This will put the place among the persons in the column `row`, in place of `person`."""
        found = np.searchsorted(self.persons, frame["person"].to_numpy())
        return frame.drop("person").with_columns(pl.Series("row", found, dtype=pl.Int32))


def facts(engine: Engine, relations: Relations, open_: Open) -> pl.DataFrame:
    """This will return the facts that the open terms look at, each with its term, as columns of the normal form.

    `row` is the place of the person; `certain`, `second`, `opens`, `day` and `until` say how the term looks at it.
    """
    terms = open_.terms
    held = {at: sorted(relations.held(at, terms.table["concept"])) for at in relations.holding(terms.table["concept"])}
    table = terms.table.filter(pl.col("concept").is_in(sorted({number for numbers in held.values() for number in numbers})))
    words, bits = _words(open_, sorted(set(table["term"])))
    if words.is_empty():
        return _nothing(terms)
    where = table.filter(pl.col("term").is_in(sorted(bits))).with_columns(
        pl.col("term").replace_strict({term: word for term, (word, _) in bits.items()}, return_dtype=pl.Int32).alias("word"),
        pl.col("term").replace_strict({term: bit for term, (_, bit) in bits.items()}, return_dtype=pl.Int64).alias("bit"),
    )
    wanted, columns = relations.small("reasons_wanted", words), _columns(terms)
    parts = []
    for at, numbers in held.items():
        rows = where.filter(pl.col("concept").is_in(numbers))
        if rows.height:
            opens = min(rows["opens"])
            parts.append(_looked_at(relations.asked(at, f"reasons_{at}", rows, opens, columns), wanted, columns))
    found = run(engine, parts[0] if len(parts) == 1 else ibis.union(*parts))
    kinds: dict[Any, Any] = {name: kind for name, kind in _nothing(terms).schema.items() if name in found.columns}
    return open_.rows(found.cast(kinds))


def _columns(terms: Terms) -> list[str]:
    own = [name for one in terms.terms for name in _OWN.get(one.function, ())]
    return [*_ALWAYS, *dict.fromkeys(own)]


_TYPES: dict[str, Any] = {
    "record": pl.Int64, "concept": pl.Int32, "first": pl.Int32, "last": pl.Int32, "over_first": pl.Int32, "over_last": pl.Int32,
    "undated": pl.Boolean, "ended": pl.Boolean, "ongoing": pl.Boolean, "status": pl.Int8, "kind": pl.Int8, "why": pl.Int8,
    "low": pl.Float64, "high": pl.Float64, "strict": pl.Int8, "upper": pl.Float64, "upper_why": pl.Int8, "band_low": pl.Int16,
    "band_high": pl.Int16, "range_sex": pl.Int8, "child": pl.Boolean, "code": pl.String,
}  # fmt: skip
_ASKED: dict[str, Any] = {
    "term": pl.Int32, "certain": pl.Boolean, "aside": pl.Boolean, "second": pl.Boolean, "opens": pl.Int32, "day": pl.Int32,
    "until": pl.Int32,
}  # fmt: skip


def _nothing(terms: Terms) -> pl.DataFrame:
    columns = {name: _TYPES[name] for name in _columns(terms) if name != "person"}
    return pl.DataFrame(schema={**columns, **_ASKED, "row": pl.Int32})


def _looked_at(met: ir.Table, wanted: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Of the facts beside the terms that ask for them: those in the days asked about, of persons for whom the term is open."""
    within = (met["first"] <= met.day) & (met["last"] >= met.opens) & (met.over_last > met.until)
    met = met.filter(within & ((met.status == Status.RECORDED) | met.aside))
    names = [name for name in wanted.columns if name != "person"]
    wanted = wanted.rename(open_person="person")
    open_ = met.join(wanted, met.person == wanted.open_person)
    held: Any = ibis.literal(False)
    for place, name in enumerate(names):
        held = held | ((open_.word == place) & ((open_[name] & open_.bit) != 0))
    return open_.filter(held).select(*columns, *_ASKED)


def _words(open_: Open, terms: Sequence[int]) -> tuple[pl.DataFrame, dict[int, tuple[int, int]]]:
    """The persons for whom any of these terms is open, with a bit for each; and the word and the bit of each term."""
    asked = [term for term in terms if term in open_.flags]
    words = [np.zeros(open_.persons.size, np.int64) for _ in range(-(-len(asked) // _BITS))]
    bits = {}
    for place, term in enumerate(asked):
        word, bit = place // _BITS, 1 << (place % _BITS)
        words[word] |= np.where(open_.flags[term], np.int64(bit), np.int64(0))
        bits[term] = (word, bit)
    if not words:
        return pl.DataFrame(schema={"person": pl.Int64}), bits
    some = np.bitwise_or.reduce(words) != 0
    columns = {f"w_{place}": word[some] for place, word in enumerate(words)}
    return pl.DataFrame({"person": open_.persons[some], **columns}), bits


def histories(engine: Engine, relations: Relations, open_: Open, concepts: set[int]) -> pl.DataFrame:
    """This will return of which of these concepts each person has a complete history over any days at all (row, concept)."""
    told = relations.histories
    found = told.filter(told.concept.isin([*sorted(concepts), EVERYTHING])).select("person", "concept").distinct()
    return _of(open_, run(engine, found)).cast({"concept": pl.Int32})


def sexes(engine: Engine, relations: Relations, open_: Open) -> npt.NDArray[np.int8]:
    """This will return the sex of each person as the normal form numbers it."""
    found = _of(open_, run(engine, relations.persons.select("person", "sex")))
    sex = np.zeros(open_.persons.size, np.int8)
    sex[found["row"].to_numpy()] = found["sex"].cast(pl.Int8).to_numpy()
    return sex


def _of(open_: Open, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of the persons asked about."""
    places = np.searchsorted(open_.persons, frame["person"].to_numpy())
    there = (places < open_.persons.size) & (
        open_.persons[np.minimum(places, open_.persons.size - 1)] == frame["person"].to_numpy()
    )
    return frame.filter(pl.Series(there)).drop("person").with_columns(pl.Series("row", places[there], dtype=pl.Int32))
