"""Judge prepared results: each concept's on its terms by columns, the rest exactly, and say the answer as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.safety.columns import RESULTS
from protocord.safety.grading.columnar import ASKED, BIT, CAUSES, DECIMALS, MISSING, Bits, Columns, Integers, Small, judge_columns
from protocord.safety.grading.exact import Facts, decimal, judge
from protocord.safety.grading.grades import AbnormalBaseline, Direction, Grade, Undecided
from protocord.safety.grading.preparing import Prepared, Side, graded_as
from protocord.safety.grading.standard import Rule, Standard, Term
from protocord.values import Quantity

DIRECTIONS: tuple[Direction, ...] = ("low", "high")
STATUSES = ("graded", "assumed", "ask", "cannot")
_MISSED = sum(bit for name, bit in BIT.items() if name.startswith("range_"))
_LIMITS = BIT["low_missing"] | BIT["high_missing"]
_CARRIED = ("row", "subject", "date", "test", "value", "unit")


@dataclass(frozen=True, slots=True)
class _Sided:
    """The answers of one direction, a column each; -1 stands for none."""

    term: Integers
    grade: Small
    least: Small
    most: Small
    status: Small
    rule: Integers
    causes: Bits


def graded_columns(given: Prepared, standard: Standard, undecided: Undecided, abnormal: AbnormalBaseline) -> pl.DataFrame:
    """This will return the table of `GradedTable.frame`."""
    order = np.argsort(given.codes, kind="stable")
    starts = np.searchsorted(given.codes[order], np.arange(len(given.concepts) + 1))
    terms = list(standard.terms)
    rules = list(dict.fromkeys(rule for term in terms for rule in term.rules))
    places = {rule: place for place, rule in enumerate(rules)}
    sides = {}
    for direction in DIRECTIONS:
        made = _empty(len(given.codes), given.causes)
        for code, concept in enumerate(given.concepts):
            rows = order[starts[code] : starts[code + 1]]
            term = standard.side(graded_as(concept), direction)
            if term is None:
                nowhere = standard.side(graded_as(concept), _other(direction)) is None
                made.causes[rows] = BIT["no_term"] if nowhere else 0
                continue
            made.term[rows] = terms.index(term)
            if term.state != "graded":
                made.causes[rows] = BIT[term.state]
                continue
            _judge_rows(given, term, rows, code, made, abnormal, places)
            for row in rows[given.left[rows]]:
                _judge_exactly(given, term, int(row), made, abnormal, places)
        _settle(made, given, undecided)
        sides[direction] = made
    return _said(given, standard, sides, [rule.id for rule in rules])


def _other(direction: Direction) -> Direction:
    return "high" if direction == "low" else "low"


def _empty(count: int, causes: Bits) -> _Sided:
    none = np.full(count, -1, np.int8)
    return _Sided(
        np.full(count, -1, np.int64),
        none.copy(),
        none.copy(),
        none.copy(),
        none.copy(),
        np.full(count, -1, np.int64),
        causes.copy(),
    )


def _judge_rows(
    given: Prepared, term: Term, rows: Integers, code: int, made: _Sided, abnormal: AbnormalBaseline, places: dict[Rule, int]
) -> None:
    usable = rows[(given.causes[rows] == 0) & ~given.left[rows]]
    stated = {name: column[usable] for name, column in given.stated.items()}
    numbers = (given.value.whole, given.low.whole, given.high.whole, given.baseline, given.baseline_low, given.baseline_high)
    value, low, high, base, base_low, base_high = (column[usable] for column in numbers)
    judged = judge_columns(term, Columns(value, low, high, base, base_low, base_high, stated), given.digits[code], abnormal)
    made.least[usable], made.most[usable], made.causes[usable] = judged.least, judged.most, judged.causes
    own = np.array([places[rule] for rule in term.rules] + [-1])
    made.rule[usable] = own[judged.rule]


def _judge_exactly(
    given: Prepared, term: Term, row: int, made: _Sided, abnormal: AbnormalBaseline, places: dict[Rule, int]
) -> None:
    graded = judge(term, _facts(given, row), unit=None, abnormal_baseline=abnormal)
    causes = sum(BIT[reason.kind.removeprefix("grading_")] for reason in graded.reasons)
    made.causes[row] = causes
    if graded.grade_min is None or graded.grade_max is None:
        made.rule[row] = places[_rule(term, graded)]
        return
    made.least[row], made.most[row] = graded.grade_min, graded.grade_max
    if graded.status == "graded" and graded.rules:
        made.rule[row] = places[_rule(term, graded)]


def _rule(term: Term, graded: Grade) -> Rule:
    return next(rule for rule in term.rules if rule.id == graded.rules[0])


def _facts(given: Prepared, row: int) -> Facts:
    """One result's facts as decimals, from the numbers as they were reported."""
    value = given.quantities.get(row)
    number = _exact(given, given.value, row) if value is None else _converted(given, decimal(value.value), given.value, row)
    assert number is not None
    number += Decimal(int(given.correction[row])).scaleb(-given.digits[given.codes[row]])
    stated = tuple((name, bool(column[row])) for name, column in given.stated.items() if column[row] >= 0)
    limits = {name: _exact(given, getattr(given, name), row) for name in ("low", "high")}
    place = int(given.baseline_places[row])
    if place >= 0:
        limits |= {"baseline": _exact(given, given.value, place), "baseline_low": _exact(given, given.low, place)}
        limits["baseline_high"] = _exact(given, given.high, place)
    return Facts.of(Quantity(number, None, "" if value is None else value.comparator), **limits, stated=stated)


def _exact(given: Prepared, side: Side, row: int) -> Decimal | None:
    reported = float(side.reported[row])
    if np.isnan(reported) or side.factor[row] == 0:
        return None
    return _converted(given, decimal(reported), side, row)


def _converted(given: Prepared, number: Decimal, side: Side, row: int) -> Decimal:
    return number * Decimal(int(side.factor[row])).scaleb(DECIMALS - given.digits[given.codes[row]])


def _settle(made: _Sided, given: Prepared, undecided: Undecided) -> None:
    """This will turn least, greatest and causes into a grade and a status, in place."""
    judged = made.least >= 0
    outside = judged & (made.causes & BIT["outside_standard"] != 0)
    same = judged & (made.least == made.most) & ~outside
    differ = judged & (made.least != made.most) & ~outside
    made.grade[same], made.status[same], made.causes[same] = made.least[same], STATUSES.index("graded"), 0
    asked = differ & (made.causes & ~np.uint32(ASKED) == 0)
    made.status[differ & ~asked] = STATUSES.index("cannot")
    if undecided == "ask":
        made.status[asked] = STATUSES.index("ask")
    else:
        made.status[asked] = STATUSES.index("assumed")
        made.grade[asked] = (made.most if undecided == "worst" else made.least)[asked]
    unlimited = differ & (made.causes & _LIMITS != 0)
    made.causes[unlimited] |= given.misses[unlimited]
    made.least[outside], made.most[outside] = -1, -1
    made.rule[~(same & (made.grade > 0)) & ~outside] = -1
    made.status[(made.status < 0) & (made.causes != 0)] = STATUSES.index("cannot")


def _said(given: Prepared, standard: Standard, sides: dict[Direction, _Sided], rules: list[str]) -> pl.DataFrame:
    frame, value = given.frame, given.value
    powers = np.array([10.0**digits for digits in given.digits] + [1.0])[given.codes]
    units = [given.known[name].unit for name in given.concepts]
    found = given.baseline_places >= 0
    at_baseline = pl.Series(np.where(found, given.baseline_places, 0)) if frame.height else pl.Series([], dtype=pl.Int64)
    values = _shown("standard_value", value, powers, given.left, given.correction).set(_bounded(given), None)
    own = ~(np.isnan(given.low.reported) & np.isnan(given.high.reported))
    made = frame.select(*_CARRIED, "concept").with_columns(
        values,
        _gathered("standard_unit", units, given.codes),
        _shown("range_low", given.low, powers, given.left),
        _shown("range_high", given.high, powers, given.left),
        _from(given, own),
        pl.Series("within_range", _within(given)),
        values.gather(at_baseline).set(pl.Series(~found), None).alias("baseline"),
        frame["date"].gather(at_baseline).set(pl.Series(~found), None).alias("baseline_date"),
        pl.Series("is_baseline", given.baseline_places == np.arange(len(given.codes))),
        _period(frame),
        pl.lit(standard.version).alias("version"),
    )
    terms = [term.name.en for term in standard.terms]
    for direction, side in sides.items():
        made = made.with_columns(_gathered(f"term_{direction}", terms, side.term))
        for name, column in (("grade", side.grade), ("grade_min", side.least), ("grade_max", side.most)):
            made = made.with_columns(_number(f"{name}_{direction}", column))
        made = made.with_columns(
            _gathered(f"status_{direction}", STATUSES, side.status),
            _gathered(f"rule_{direction}", rules, side.rule),
            _reasons(f"reasons_{direction}", side.causes),
        )
    extra = [name for name in frame.columns if name not in RESULTS.names and name not in {"row", "concept"}]
    return made.with_columns(_signed(sides["low"], sides["high"])).hstack(frame.select(extra))


def _shown(
    name: str, side: Side, powers: npt.NDArray[np.float64], left: npt.NDArray[np.bool_], more: Integers | None = None
) -> pl.Series:
    """The number in the concept's unit, as the binary number nearest to the exact one."""
    shown = np.where(side.whole == MISSING, np.nan, side.whole / powers)
    rough = left & ~np.isnan(side.reported)
    shown[rough] = side.reported[rough] * side.factor[rough] / (powers[rough] / 10.0**DECIMALS)
    if more is not None:
        shown[rough] += more[rough] / powers[rough]
    return pl.Series(name, shown).fill_nan(None)


def _period(frame: pl.DataFrame) -> pl.Series:
    """Whether a sample was taken before or after first treatment began, as for the baseline; null where that day is not known."""
    day, first = pl.col("date"), pl.col("first_treatment")
    after = (day > first) | ((day == first) & ~pl.col("before_treatment").fill_null(value=True))
    return frame.select(pl.when(after).then(pl.lit("after")).when(first.is_not_null()).then(pl.lit("before")).alias("period"))[
        "period"
    ]


def _bounded(given: Prepared) -> pl.Series:
    """The results of which only a bound is known, such as <0.1."""
    bounded = np.zeros(len(given.codes), np.bool_)
    bounded[[place for place, quantity in given.quantities.items() if quantity.comparator]] = True
    return pl.Series(bounded)


def _from(given: Prepared, own: npt.NDArray[np.bool_]) -> pl.Series:
    named = ("row " + given.range_row.cast(pl.String)).alias("range_from")
    reported = pl.Series(own) & given.range_row.is_null()
    return named.set(reported, "result")


def _within(given: Prepared) -> pl.Series:
    value, low, high = given.value.whole, given.low.whole, given.high.whole
    no_low, no_high = low == MISSING, high == MISSING
    outside = (~no_low & (value < low)) | (~no_high & (value > high))
    within = np.where(outside, 0, np.where(no_low & no_high, -1, 1)).astype(np.int8)
    within[value == MISSING] = -1
    for row in np.flatnonzero(given.left):
        answer = _facts(given, int(row)).within_range
        within[row] = -1 if answer is None else int(answer)
    return _number("within_range", within).cast(pl.Boolean)


def _number(name: str, column: Small) -> pl.Series:
    series = pl.Series(name, column)
    return series.set(series < 0, None)


def _gathered(name: str, words: Sequence[str | None], places: Integers | Small) -> pl.Series:
    """The words at places; -1 is none. The same word may stand at several places."""
    distinct = list(dict.fromkeys(word for word in words if word is not None))
    positions = {word: place for place, word in enumerate(distinct)}
    at = np.array([len(distinct) if word is None else positions[word] for word in [*words, None]], np.uint32)
    made = pl.Series(name, at[places])
    return made.set(made == len(distinct), None).cat.to(pl.Enum(distinct))


def _reasons(name: str, causes: Bits) -> pl.Series:
    some = np.flatnonzero(causes)
    distinct, found = np.unique(causes[some], return_inverse=True)
    places = np.full(len(causes), -1)
    places[some] = found
    return _gathered(name, [" ".join(cause for cause in CAUSES if bits & BIT[cause]) for bits in distinct.tolist()], places)


def _signed(low: _Sided, high: _Sided) -> pl.Series:
    """Both directions as one number, as in `Graded.signed`; a term that the version does not have counts as 0 beside one that it has."""
    at_low, at_high = (np.where((side.term < 0) & (side.status < 0), 0, side.grade) for side in (low, high))
    both = (low.term < 0) & (high.term < 0)
    known = ~both & (
        ((at_low == 0) & (at_high >= 0))
        | ((at_high == 0) & (at_low >= 0))
        | ((at_low > 0) & (at_high <= 0))
        | ((at_high > 0) & (at_low <= 0))
    )
    signed = np.where(at_high > 0, at_high, -at_low).astype(np.int8)
    return pl.Series("atoxgr", signed).set(pl.Series(~known), None)
