"""Grade many results at once, by columns, with the very answers of the exact engine.

Numbers are whole multiples of a small power of ten, so every comparison is one of integers and none can round: a reported number
with at most six decimals times its unit's factor, which has a few. Whatever does not fit (more decimals, a number beyond what 64 bits
hold, a result such as `<0.1`) is left to the exact engine, row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from protocord.safety.grading.grades import AbnormalBaseline
from protocord.safety.grading.standard import STATED, End, Rule, Term

Integers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint32]

MISSING = np.iinfo(np.int64).min
DECIMALS = 6  # of a reported number
_TIMES = 100  # the standard's multiples have at most two decimals
LARGEST = 4e15  # so that a number times the largest multiple stays within 64 bits

# Kinds of reason as bits; a result's reasons are their sum. The order is that in which they are told.
CAUSES = (
    "test_unknown",
    "no_term",
    "no_such_term",
    "no_numeric_rule",
    "value_missing",
    "not_a_number",
    "unit_missing",
    "unit_unknown",
    "implausible",
    "albumin_missing",
    "range_no_laboratory",
    "range_no_test",
    "range_no_sex",
    "range_no_age",
    "range_no_date",
    "outside_standard",
    "anticoagulated",
    "baseline_limit_missing",
    "baseline_missing",
    "comparator",
    "consequences",
    "fasting",
    "high_missing",
    "low_missing",
    "symptoms",
)
BIT: Mapping[str, int] = {name: 1 << place for place, name in enumerate(CAUSES)}
ASKED = sum(BIT[name] for name in STATED)


@dataclass(frozen=True, slots=True)
class Columns:
    """What results are held against, a column each, as integers in units of 10^-`digits` of the concept's unit; MISSING for none.

    `stated` holds a column for each clinical fact that anybody stated: 1 yes, 0 no, -1 unknown.
    """

    value: Integers
    low: Integers
    high: Integers
    baseline: Integers
    baseline_low: Integers
    baseline_high: Integers
    stated: Mapping[str, Small]

    def take(self, rows: Integers) -> Columns:
        """This will return the columns of some rows."""
        stated = {name: column[rows] for name, column in self.stated.items()}
        value, low, high = self.value[rows], self.low[rows], self.high[rows]
        return Columns(value, low, high, self.baseline[rows], self.baseline_low[rows], self.baseline_high[rows], stated)


@dataclass(frozen=True, slots=True)
class Judged:
    """Grades of many results on one term: least and greatest, the kinds of reason that keep them apart, the place of the row among
    the term's that gave the least (-1 for none)."""

    least: Small
    most: Small
    causes: Bits
    rule: Small


def scaled(numbers: npt.NDArray[np.float64], factors: Integers) -> tuple[Integers, Flags]:
    """This will return numbers times their whole factors as integers, in units of 10^-DECIMALS, and which are exactly that.

    NaN gives MISSING, and counts as exact.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(numbers * 10.0**DECIMALS)
        exact = (whole / 10.0**DECIMALS == numbers) & (np.abs(whole) * factors < LARGEST)
    missing = np.isnan(numbers)
    made = np.where(exact, whole, 0).astype(np.int64) * factors
    made[missing] = MISSING
    return made, exact | missing


def as_integer(number: Decimal, digits: int) -> int:
    """This will return a decimal in units of 10^-`digits`. Raises ValueError where that is not whole."""
    made = number.scaleb(digits)
    if made != made.to_integral_value():
        message = f"{number} has more than {digits} decimals"
        raise ValueError(message)
    return int(made)


def judge_columns(term: Term, columns: Columns, digits: int, abnormal: AbnormalBaseline) -> Judged:
    """This will return the grades of results on a term that the version grades; `digits` as in Columns."""
    judge = _Judge(term, columns, digits, abnormal)
    held = [judge.holds(rule) for rule in term.rules]
    if not term.decided_by:
        made = judge.branch(held, None)
    else:
        no, yes = judge.branch(held, False), judge.branch(held, True)
        made = judge.joined(no, yes)
    for rule, (no_, unknown) in zip(term.rules, held, strict=True):
        if rule.grade is None:
            gap = ~no_ & (unknown == 0)
            made.causes[gap] = BIT["outside_standard"]
            made.rule[gap] = term.rules.index(rule)
    return made


class _Judge:
    """One term against the columns of the results that it grades."""

    def __init__(self, term: Term, columns: Columns, digits: int, abnormal: AbnormalBaseline) -> None:
        self.term, self.columns, self.digits, self.abnormal = term, columns, digits, abnormal
        self.count = len(columns.value)
        self.value_times = columns.value * _TIMES

    def holds(self, rule: Rule) -> tuple[Flags, Bits]:
        """Where the row certainly does not hold, and what is missing where that cannot be told."""
        no = np.zeros(self.count, np.bool_)
        missing = np.zeros(self.count, np.uint32)
        if rule.needs:
            no |= self.columns.stated.get(rule.needs, np.full(self.count, -1, np.int8)) != 1
        for end, is_low in ((rule.low, True), (rule.high, False)):
            if end is None:
                continue
            if end.of == "value":
                no |= ~_beyond(self.columns.value, as_integer(end.number, self.digits), is_low, end.inclusive)
                continue
            for limit, cause in self._limits(end):
                self._hold_against(limit, BIT[cause], end, is_low, rule, no, missing)
        missing[no] = 0
        return no, missing

    def _limits(self, end: End) -> list[tuple[Integers, str]]:
        uln, baseline = (self.columns.high, "high_missing"), (self.columns.baseline, "baseline_missing")
        lln = (self.columns.low, "low_missing")
        return {"LLN": [lln], "ULN": [uln], "above ULN": [uln], "baseline": [baseline], "ULN and baseline": [uln, baseline]}[
            end.of
        ]

    def _hold_against(self, limit: Integers, cause: int, end: End, is_low: bool, rule: Rule, no: Flags, missing: Bits) -> None:
        lacking = limit == MISSING
        if end.of == "above ULN":
            passed = _beyond(self.columns.value, limit + as_integer(end.number, self.digits), is_low, end.inclusive)
        else:
            passed = _beyond(self.value_times, limit * as_integer(end.number * _TIMES, 0), is_low, end.inclusive)
        no |= ~passed & ~lacking
        if not lacking.any():
            return
        missing[lacking] |= np.uint32(cause)
        best = self._best_case(end, is_low, rule)
        if best is not None:
            reached = _beyond(self.value_times, best * as_integer(end.number * _TIMES, 0), is_low, inclusive=False)
            no |= lacking & (best != MISSING) & ~reached

    def _best_case(self, end: End, is_low: bool, rule: Rule) -> Integers | None:
        """The limit beyond which a missing baseline is known to lie in this row's branch, as in the exact engine."""
        if end.of != "baseline" or not rule.branch or (self.term.direction == "high") != is_low:
            return None
        if self.term.decided_by == "baseline_abnormal" and self.abnormal == "above_upper_limit":
            return self.columns.high
        if self.term.decided_by == "baseline_below_lln" and self.term.direction == "low":
            return self.columns.low
        return None

    def branch(self, held: list[tuple[Flags, Bits]], deciding: bool | None) -> Judged:
        """The grades where the deciding fact is `deciding`."""
        least, rule_at = np.zeros(self.count, np.int8), np.full(self.count, -1, np.int8)
        counts = [
            (place, rule.grade, *held[place])
            for place, rule in enumerate(self.term.rules)
            if rule.grade is not None and (rule.when is None or rule.when == deciding)
        ]
        for place, grade, no, missing in counts:
            up = ~no & (missing == 0) & (least < grade)
            least[up], rule_at[up] = grade, place
        most, causes = least.copy(), np.zeros(self.count, np.uint32)
        for _, grade, no, missing in counts:
            may = ~no & (missing != 0) & (least < grade)
            if may.any():
                np.maximum(most, np.int8(grade), out=most, where=may)
                causes[may] |= missing[may]
        return Judged(least, most, causes, rule_at)

    def joined(self, no: Judged, yes: Judged) -> Judged:
        """Each result in its branch; both together where the deciding fact is unknown."""
        deciding = self._deciding()
        unknown, is_yes = deciding < 0, deciding == 1
        least = np.where(unknown, np.minimum(no.least, yes.least), np.where(is_yes, yes.least, no.least))
        most = np.where(unknown, np.maximum(no.most, yes.most), np.where(is_yes, yes.most, no.most))
        causes = np.where(unknown, no.causes | yes.causes, np.where(is_yes, yes.causes, no.causes))
        rule_at = np.where(is_yes | (unknown & (no.rule < 0)), yes.rule, no.rule)
        differ = unknown & ((no.least != yes.least) | (no.most != yes.most))
        causes = np.where(differ, causes | self._unknown(), causes).astype(np.uint32)
        return Judged(least, most, causes, rule_at)

    def _deciding(self) -> Small:
        """The deciding fact of each result: 1 yes, 0 no, -1 unknown."""
        columns = self.columns
        if self.term.decided_by in STATED:
            return columns.stated.get(self.term.decided_by, np.full(self.count, -1, np.int8))
        lacks = columns.baseline == MISSING
        no_low, no_high = lacks | (columns.baseline_low == MISSING), lacks | (columns.baseline_high == MISSING)
        below = np.where(no_low, -1, columns.baseline < columns.baseline_low).astype(np.int8)
        above = np.where(no_high, -1, columns.baseline > columns.baseline_high).astype(np.int8)
        if self.term.decided_by == "baseline_below_lln":
            return below
        if self.abnormal == "above_upper_limit":
            return above
        either = np.where((below < 0) | (above < 0), -1, 0)
        return np.where((below == 1) | (above == 1), 1, either).astype(np.int8)

    def _unknown(self) -> Any:
        if self.term.decided_by in STATED:
            return np.uint32(BIT[self.term.decided_by])
        lacks = self.columns.baseline == MISSING
        return np.where(lacks, BIT["baseline_missing"], BIT["baseline_limit_missing"]).astype(np.uint32)


def _beyond(value: Integers, bound: Integers | int, is_low: bool, inclusive: bool) -> Flags:
    if is_low:
        return value >= bound if inclusive else value > bound
    return value <= bound if inclusive else value < bound
