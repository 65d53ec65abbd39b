"""From a table of results as reported to columns of integers in each concept's unit: tests, units, ranges, albumin, baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.concepts import Concepts
from protocord.safety.grading.baselines import baseline_places
from protocord.safety.grading.columnar import BIT, DECIMALS, MISSING, Bits, Flags, Integers, as_integer, scaled
from protocord.safety.grading.exact import decimal
from protocord.safety.grading.measured import (
    ALBUMIN,
    ALBUMIN_NORMAL,
    CALCIUM_PER_ALBUMIN,
    CORRECTED_CALCIUM,
    STATED_BY_TEST,
    TOTAL_CALCIUM,
    names_of,
    read_value,
    standardised,
)
from protocord.safety.grading.ranges import chosen, months_of_age
from protocord.safety.grading.standard import QUALIFIERS
from protocord.values import Quantity

_SAFE_LENGTH = 15  # characters of a number that a binary one holds without loss


@dataclass(frozen=True, slots=True)
class Side:
    """One number of each result: as reported, the whole factor to the concept's unit, the product, and whether that is exact."""

    reported: npt.NDArray[np.float64]
    factor: Integers
    whole: Integers
    exact: Flags

    @classmethod
    def of(cls, reported: npt.NDArray[np.float64], factor: Integers) -> Side:
        """This will return a number converted."""
        whole, exact = scaled(reported, factor)
        return cls(reported, factor, whole, exact)

    def at(self, places: Integers) -> Integers:
        """This will return the products of other results, a baseline's; MISSING where the place is -1."""
        whole = self.whole[places]
        whole[places < 0] = MISSING
        return whole


@dataclass(frozen=True, slots=True)
class Prepared:
    """Results ready to be judged, in the order of `frame`.

    `concepts` are the names that `codes` count (-1: unknown test) and `digits` the decimals of each concept's integers. `causes` holds
    what keeps a result from being graded at all, `misses` why it has no range. `left` are the results that the exact engine must judge:
    `quantities` has their numbers as read.
    """

    frame: pl.DataFrame
    known: Concepts
    concepts: tuple[str, ...]
    codes: Integers
    digits: tuple[int, ...]
    value: Side
    low: Side
    high: Side
    baseline: Integers
    baseline_low: Integers
    baseline_high: Integers
    baseline_places: Integers
    correction: Integers
    stated: Mapping[str, npt.NDArray[np.int8]]
    range_row: pl.Series
    causes: Bits
    misses: Bits
    left: Flags
    quantities: Mapping[int, Quantity]


def prepare(frame: pl.DataFrame, known: Concepts, bands: pl.DataFrame | None, baseline: str, file: str = "") -> Prepared:
    """This will return a table of RESULTS ready to be judged; `bands` is a checked table of ranges. Raises TableProblems."""
    names = names_of(known)
    ids = {test: names.get(test.strip().casefold()) for test in frame["test"].unique().to_list()}
    concepts = tuple(dict.fromkeys(name for name in ids.values() if name is not None))
    frame = frame.with_columns(pl.col("test").replace_strict(ids, default=None, return_dtype=pl.String).alias("concept"))
    units = _Units(known, concepts)
    codes = units.codes(frame["concept"])
    factor, causes = units.factors(frame["concept"], frame["unit"])
    causes[codes < 0] = BIT["test_unknown"]
    numbers, quantities, unread = _numbers(frame)
    causes |= unread
    ranged, range_row, misses = _with_ranges(frame, bands)
    limit_factor = factor if bands is None else units.factors(frame["concept"], ranged["unit"])[0]
    value = Side.of(numbers, factor)
    value.whole[causes != 0] = MISSING
    low, high = (Side.of(_floats(ranged[name]), limit_factor) for name in ("low", "high"))
    for side in (low, high):
        side.whole[limit_factor == 0] = MISSING
    odd = ~value.exact
    odd[list(quantities)] = True
    causes |= np.where(odd, 0, units.implausible(codes, value.whole)).astype(np.uint32)
    for place in np.flatnonzero(odd & (causes == 0)).tolist():
        said = quantities.get(place) or Quantity(decimal(float(numbers[place])), None)
        found = standardised(concepts[codes[place]], Quantity(said.value, frame["unit"][place], said.comparator), known)
        causes[place] = 0 if isinstance(found, Quantity) else BIT["implausible"]
    usable = (causes == 0) & ~np.isnan(numbers)
    usable[list(quantities)] = False  # a result such as <0.1 is nobody's baseline
    at = baseline_places(frame.with_columns(pl.Series("valid", usable)), baseline, file)
    correction, lacks = units.correction(frame, codes, value, causes)
    causes |= lacks
    value.whole[value.whole != MISSING] += correction[value.whole != MISSING]
    inexact = ~(value.exact & low.exact & high.exact)
    if inexact.any():
        inexact |= inexact[at] & (at >= 0)
    inexact[list(quantities)] = True
    return Prepared(
        frame=frame,
        known=known,
        concepts=concepts,
        codes=codes,
        digits=units.digits,
        value=value,
        low=low,
        high=high,
        baseline=value.at(at),
        baseline_low=low.at(at),
        baseline_high=high.at(at),
        baseline_places=at,
        correction=correction,
        stated=_stated(frame),
        range_row=range_row,
        causes=causes,
        misses=misses,
        left=inexact & (causes == 0),
        quantities=quantities,
    )


class _Units:
    """The concepts of a table, each with its integers' decimals, and the factor of every unit that its results are reported in."""

    def __init__(self, known: Concepts, concepts: tuple[str, ...]) -> None:
        self.known, self.concepts = known, concepts
        self.places = {name: place for place, name in enumerate(concepts)}
        self.extra = tuple(max(0, *(-_exponent(factor) for factor in known[name].units.values())) for name in concepts)
        self.digits = tuple(DECIMALS + extra for extra in self.extra)

    def codes(self, concept: pl.Series) -> Integers:
        return concept.replace_strict(self.places, default=-1, return_dtype=pl.Int64).to_numpy().astype(np.int64)

    def factors(self, concept: pl.Series, unit: pl.Series) -> tuple[Integers, Bits]:
        """The whole factor of each result (0: none), and why it has none."""
        pairs = pl.DataFrame({"concept": concept, "unit": unit})
        rows = []
        for name, said in pairs.unique().iter_rows():
            rows.append((name, said, *(self._factor(name, said) if name is not None else (0, 0))))
        schema = {"concept": pl.String, "unit": pl.String, "factor": pl.Int64, "cause": pl.UInt32}
        table = pl.DataFrame(rows, schema=schema, orient="row")
        joined = pairs.join(table, on=["concept", "unit"], how="left", nulls_equal=True, maintain_order="left")
        return joined["factor"].to_numpy().copy(), joined["cause"].to_numpy().copy()

    def _factor(self, name: str, unit: str | None) -> tuple[int, int]:
        found = self.known.standard(name, Quantity(Decimal(1), unit))
        if isinstance(found, Quantity):
            return as_integer(found.value, self.extra[self.places[name]]), 0
        return 0, BIT["unit_missing" if unit is None else "unit_unknown"]

    def implausible(self, codes: Integers, whole: Integers) -> Bits:
        """The results that cannot be right."""
        wrong = np.zeros(len(codes), np.bool_)
        lows, highs = np.full(len(self.concepts) + 1, MISSING + 1), np.full(len(self.concepts) + 1, np.iinfo(np.int64).max)
        for place, name in enumerate(self.concepts):
            plausible = self.known[name].plausible
            lows[place] = MISSING + 1 if plausible.low is None else as_integer(plausible.low, self.digits[place])
            highs[place] = np.iinfo(np.int64).max if plausible.high is None else as_integer(plausible.high, self.digits[place])
        known = whole != MISSING
        wrong = known & ((whole < lows[codes]) | (whole > highs[codes]))
        return np.where(wrong, BIT["implausible"], 0).astype(np.uint32)

    def correction(self, frame: pl.DataFrame, codes: Integers, value: Side, causes: Bits) -> tuple[Integers, Bits]:
        """What albumin adds to each total calcium, and where that is not known: the albumin of the subject's day must be one number."""
        correction, lacking = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.uint32)
        is_calcium = codes == self.places.get(TOTAL_CALCIUM, -2)
        if not is_calcium.any():
            return correction, lacking
        albumin_at = self.places.get(ALBUMIN, -2)
        usable = value.exact & (causes == 0) & (codes == albumin_at) & (value.whole != MISSING)
        days = frame.select("subject", "date", pl.Series("albumin", value.whole), pl.Series("usable", usable))
        one = days.filter("usable").group_by("subject", "date").agg(pl.col("albumin").unique())
        one = one.filter(pl.col("albumin").list.len() == 1).with_columns(pl.col("albumin").list.first())
        asked = days.select("subject", "date").filter(pl.Series(is_calcium))
        found = asked.join(one, on=["subject", "date"], how="left", maintain_order="left")["albumin"]
        lacking[is_calcium] = np.where(found.is_null().to_numpy(), BIT["albumin_missing"], 0)
        if albumin_at >= 0:
            normal = as_integer(ALBUMIN_NORMAL, self.digits[albumin_at])
            apart = self.digits[self.places[TOTAL_CALCIUM]] - self.digits[albumin_at]
            correction[is_calcium] = (normal - found.fill_null(normal).to_numpy()) * as_integer(CALCIUM_PER_ALBUMIN, apart)
        lacking[causes != 0] = 0
        return correction, lacking


def graded_as(concept: str) -> str:
    """This will return the concept on whose terms a result is graded."""
    return CORRECTED_CALCIUM if concept == TOTAL_CALCIUM else concept


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return min(exponent, 0)


def _floats(series: pl.Series) -> npt.NDArray[np.float64]:
    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _numbers(frame: pl.DataFrame) -> tuple[npt.NDArray[np.float64], dict[int, Quantity], Bits]:
    """The results as numbers, those that need the exact engine as quantities by place, and why others are none."""
    text = frame["value"]
    plain = text.cast(pl.Float64, strict=False)
    plain = plain.set(~plain.is_finite(), None)
    causes = np.where(text.is_null().to_numpy(), BIT["value_missing"], 0).astype(np.uint32)
    odd = (text.is_not_null() & (plain.is_null() | (text.str.len_chars() > _SAFE_LENGTH))).arg_true().to_list()
    numbers, quantities = _floats(plain), {}
    for place in odd:
        read = read_value(text[place], frame["unit"][place])
        if isinstance(read, Quantity):
            quantities[place], numbers[place] = read, float(read.value)
        else:
            causes[place] = BIT["not_a_number"]
    return numbers, quantities, causes


def _with_ranges(frame: pl.DataFrame, bands: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.Series, Bits]:
    """The limits of each result with their unit, the row of the table that they come from, and why there are none."""
    own = frame.select("low", "high", "unit")
    lacks = own["low"].is_null() & own["high"].is_null()
    nothing = pl.Series("range_row", [None], dtype=pl.Int64).new_from_index(0, frame.height)
    if bands is None or not lacks.any():
        return own, nothing, np.zeros(frame.height, np.uint32)
    asked = frame.select("laboratory", "concept", "sex", months_of_age().alias("months"), "date").filter(lacks)
    found = chosen(asked, bands).with_columns(pl.Series("at", lacks.arg_true()))
    spread = frame.select(pl.int_range(pl.len()).alias("at")).join(
        found.with_columns(pl.col("at").cast(pl.Int64)), on="at", how="left", maintain_order="left"
    )
    limits = pl.DataFrame({name: own[name].zip_with(~lacks, spread[name]) for name in ("low", "high", "unit")})
    bits = spread["miss"].replace_strict(
        {name: bit for name, bit in BIT.items() if name.startswith("range_")}, default=0, return_dtype=pl.UInt32
    )
    return limits, spread["range_row"], bits.fill_null(0).to_numpy().copy()


def _stated(frame: pl.DataFrame) -> dict[str, npt.NDArray[np.int8]]:
    """The clinical facts that anybody stated: 1 yes, 0 no, -1 unknown."""
    made = {
        name: frame[name].cast(pl.Int8).fill_null(-1).to_numpy().copy() for name in QUALIFIERS if frame[name].is_not_null().any()
    }
    for concept, (name, said) in STATED_BY_TEST.items():
        of = (frame["concept"] == concept).fill_null(value=False).to_numpy()
        if of.any():
            column = made.setdefault(name, np.full(frame.height, -1, np.int8))
            column[of & (column < 0)] = int(said)
    return made
