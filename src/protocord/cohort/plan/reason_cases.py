"""The numbers that an open term may have: of facts, of ages, and whether a limit lies among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.kinds import CLOSE
from protocord.cohort.plan.program import Leaf
from protocord.cohort.plan.reason_facts import Open
from protocord.cohort.plan.truths import Flags
from protocord.criteria.index import BIRTH_DATE
from protocord.criteria.lengths import Length

NO_CONCEPT = -1
KEY = ("row", "term")

Rows = npt.NDArray[np.intp]
Days = npt.NDArray[np.int64]
_EPOCH = 719163  # ordinal of 1970-01-01
_OLDEST = 120
_LAST_DAY = (1 << 22) - 1  # 22 bits hold every ordinal of the calendar


@dataclass(frozen=True)
class Ages:
    """What is known of the persons of the rows: whether the birth date is, its earliest and latest day, and the sex."""

    known: Flags
    birth_first: Days
    birth_last: Days
    sex: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Cases:
    """The numbers that a term may have: for a row, between low and high (NaN: unbounded), to be compared with a limit times `scale`."""

    rows: Rows
    concepts: npt.NDArray[np.int32]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    strict: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> Cases:
        """This will return no numbers."""
        nothing = np.empty(0)
        return cls(nothing.astype(np.intp), nothing.astype(np.int32), nothing, nothing, nothing.astype(np.int8), nothing)

    @classmethod
    def of(cls, frame: pl.DataFrame, scale: pl.Expr) -> Cases:
        """This will return the numbers of facts."""
        told = frame.select("row", "concept", "low", "high", "strict", scale.cast(pl.Float64).alias("scale"))
        low, high = (told[name].fill_null(np.nan).to_numpy() for name in ("low", "high"))
        rows, concepts = told["row"].to_numpy().astype(np.intp), told["concept"].to_numpy()
        return cls(rows, concepts, low, high, told["strict"].to_numpy(), told["scale"].to_numpy())


@dataclass
class Said:
    """What the facts say: reasons as (row, term, kind, concept), for which rows of a term there is anything at all, its numbers,
    and for which rows only the second of an order is missing."""

    parts: list[pl.DataFrame] = field(default_factory=list)
    present: dict[int, Rows] = field(default_factory=dict)
    cases: dict[int, Cases] = field(default_factory=dict)
    second_absent: dict[int, Rows] = field(default_factory=dict)

    def add(self, told: pl.DataFrame, *said: tuple[str, pl.Expr, pl.Expr]) -> None:
        """This will add the reasons of facts: kind, where it is given, and the number of the concept it is about."""
        for kind, where, concept in said:
            found = told.filter(where).select("row", "term", pl.lit(kind).alias("kind"), concept.cast(pl.Int32).alias("concept"))
            if found.height:
                self.parts.append(found)

    def there(self, told: pl.DataFrame) -> None:
        """This will note for which rows of each term there is something."""
        for (place,), rows in told.select(KEY).partition_by("term", as_dict=True, include_key=False).items():
            more = rows["row"].unique().to_numpy().astype(np.intp)
            self.present[place] = np.union1d(self.present[place], more) if place in self.present else more


def ages_between(said: Said, place: int, rows: Rows, first: Days, last: Days, concept: int, open_: Open, ages: Ages) -> None:
    """This will note the ages possible between two days, from birth on, or why there is none."""
    known, born = ages.known[rows], last >= ages.birth_last[rows]
    told = pl.DataFrame({"row": pl.Series(rows, dtype=pl.Int32), "known": known, "born": born}).with_columns(
        pl.lit(place, pl.Int32).alias("term")
    )
    birth = pl.lit(open_.terms.number(BIRTH_DATE), pl.Int32)
    said.add(
        told,
        ("birth_date_missing", ~pl.col("known"), birth),
        ("not_born", pl.col("known") & ~pl.col("born"), pl.lit(NO_CONCEPT, pl.Int32)),
    )
    some = known & born
    rows, first, last = rows[some], np.maximum(first[some], ages.birth_first[rows[some]]), last[some]
    days = is_day(first) & is_day(last)
    low = np.where(days, np.maximum(completed_years(ages.birth_last[rows], first), 0), 0)
    high = np.where(days, completed_years(ages.birth_first[rows], last), _OLDEST)
    said.cases[place] = Cases(
        rows, np.full(rows.size, concept, np.int32), low.astype(np.float64), high.astype(np.float64),
        np.zeros(rows.size, np.int8), np.ones(rows.size),
    )  # fmt: skip


def moment(day: pl.Expr) -> pl.Expr:
    """This will order records: by day, then by record; a day that is open on a side is the first or the last."""
    return day.cast(pl.Int64).clip(0, _LAST_DAY) * (1 << 40) + pl.col("record")


def moved_back(before: Length, days: Days) -> Days:
    """This will move days back by a length: each different day once, since months are of different lengths."""
    distinct, places = np.unique(days, return_inverse=True)
    moved = np.array([before.before(int(day)) for day in distinct], np.int64)
    return moved[places] if distinct.size else days


def is_day(days: Days) -> Flags:
    """This will say which ordinals are days of the calendar."""
    found: Flags = (days >= 1) & (days <= 3652059)
    return found


def completed_years(birth: Days, day: Days) -> Days:
    """This will return ages in completed years, negative before birth, of ordinals that are days of the calendar; of others, anything.

    Born on 29 February: the birthday of a common year is 28 February.
    """
    born, on = (np.clip(one, 1, 3652059) for one in (birth, day))
    (year, month, of_month), (year_on, month_on, of_month_on) = _written(born), _written(on)
    common = ~((year_on % 4 == 0) & ((year_on % 100 != 0) | (year_on % 400 == 0)))
    of_month = np.where((month == 2) & (of_month == 29) & common, 28, of_month)
    early = (month_on < month) | ((month_on == month) & (of_month_on < of_month))
    found: Days = year_on - year - early
    return found


def _written(days: Days) -> tuple[Days, Days, Days]:
    """Year, month and day of the month of ordinals."""
    dates = (days - _EPOCH).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    since = months.astype(np.int64)
    return since // 12 + 1970, since % 12 + 1, (dates - months).astype(np.int64) + 1


_FAMILY = {"Latest": "result", "TimesULN": "times_uln", "AgeInYears": "age", "AgeInYearsAt": "age_at"}


def cases_undecided(leaf: Leaf, cases: Cases) -> Iterator[tuple[str, int, Rows]]:
    """This will yield kind, concept and rows of the numbers that lie on both sides of a leaf's limit."""
    assert leaf.operator is not None
    assert leaf.limit is not None
    true, false = compared(leaf.operator, cases.low, cases.high, cases.strict, float(leaf.limit) * cases.scale)
    either = ~true & ~false
    for concept in np.unique(cases.concepts[either]):
        yield f"{_FAMILY[leaf.function]}_undecided", int(concept), np.unique(cases.rows[either & (cases.concepts == concept)])


def compared(
    operator: str,
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    strict: npt.NDArray[np.int8],
    limit: npt.NDArray[np.float64],
) -> tuple[Flags, Flags]:
    """This will say whether numbers between `low` and `high` (NaN: unbounded) compare so with a limit whatever they are, and whether they never do.

    The same as `pieces.outcome`, which engines run.
    """
    at_low, at_high = np.abs(low - limit) <= CLOSE * np.abs(limit), np.abs(high - limit) <= CLOSE * np.abs(limit)
    low_strict, high_strict = (strict & 1) != 0, (strict & 2) != 0
    above = ((low > limit) & ~at_low) | (at_low & low_strict)
    below = ((high < limit) & ~at_high) | (at_high & high_strict)
    at_least, at_most = above | at_low, below | at_high
    equal, different = at_low & at_high & ~low_strict & ~high_strict, above | below
    return {
        ">=": (at_least, below), ">": (above, at_most), "<=": (at_most, above), "<": (below, at_least),
        "=": (equal, different), "!=": (different, equal),
    }[operator]  # fmt: skip
