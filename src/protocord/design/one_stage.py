"""One stage, exact: the smallest number of subjects, the saw-tooth, and the number beyond which every number works.

The power of an exact test falls when a subject is added without the critical count rising, so the set of sample sizes that
keep both errors has gaps. Fleming's 1982 formula is a normal approximation and is labelled as one; A'Hern (2001) is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, norm

from protocord.design.bounds import Bound
from protocord.design.staged import StagedDesign

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """What a trial asks: is the rate above p0, when p1 would be worth pursuing? alpha is one-sided; `strict`: type I < alpha."""

    p0: float
    p1: float
    alpha: float
    power: float
    strict: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.p0 < self.p1 < 1:
            message = f"rates must lie in 0 < p0 < p1 < 1; got p0 = {self.p0:g}, p1 = {self.p1:g}"
            raise ValueError(message)
        if not (0 < self.alpha < 1 and 0 < self.power < 1) or self.power <= self.alpha:
            message = f"alpha and power must lie in 0 < alpha < power < 1; got alpha = {self.alpha:g}, power = {self.power:g}"
            raise ValueError(message)

    @property
    def beta(self) -> float:
        """Type II error allowed."""
        return 1 - self.power

    def keeps(self, type_one: float) -> bool:
        """This will say whether a type I error is allowed; equality counts unless strict."""
        return type_one < self.alpha if self.strict else type_one <= self.alpha


@dataclass(frozen=True, slots=True)
class SingleStage:
    """One number of subjects with its exact test: reject the null rate when responses >= `reject_at`."""

    n: int
    reject_at: int
    type_one: float
    power: float

    @property
    def bound(self) -> Bound:
        """The bound with its direction."""
        return Bound(self.reject_at, "at_least")

    @property
    def design(self) -> StagedDesign:
        """The design as one stage. Raises ValueError where no count rejects (`reject_at` > n)."""
        return StagedDesign.single(self.n, self.reject_at)


@dataclass(frozen=True)
class SawTooth:
    """Critical count, exact type I error and power for each number of subjects in a row."""

    question: Question
    n: Integers
    reject_at: Integers
    type_one: Array
    power: Array

    @property
    def works(self) -> npt.NDArray[np.bool_]:
        """Which numbers of subjects reach the power (each keeps the type I error by its critical count)."""
        enough: npt.NDArray[np.bool_] = self.power >= self.question.power
        return enough

    def at(self, n: int) -> SingleStage:
        """This will return the exact test with `n` subjects. Raises KeyError outside the row."""
        found = np.flatnonzero(self.n == n)
        if not len(found):
            raise KeyError(n)
        index = int(found[0])
        return SingleStage(n, int(self.reject_at[index]), float(self.type_one[index]), float(self.power[index]))


@dataclass(frozen=True)
class SingleStageSearch:
    """The exact answer: the smallest n that works, the n from which every one works, and the saw-tooth between."""

    question: Question
    smallest: SingleStage
    settled: SingleStage
    """From here on every number of subjects works; proven, see `settled_by`."""
    settled_by: int
    """Beyond this number Hoeffding's inequality guarantees both errors; all numbers below were computed."""
    saw_tooth: SawTooth
    fleming: SingleStage
    """Fleming's normal approximation: n and critical count by his formula, errors computed exactly."""


def critical_count(n: int, p0: float, alpha: float, *, strict: bool = False) -> int:
    """This will return the smallest r with P(responses >= r | p0) <= alpha (< alpha when strict); n + 1 where none has.

    `n` subjects; `p0`, `alpha` probabilities.
    """
    counts = np.arange(n + 2)
    tail = binom.sf(counts - 1, n, p0)
    kept = tail < alpha if strict else tail <= alpha
    return int(counts[kept][0])


def saw_tooth(question: Question, first: int, last: int) -> SawTooth:
    """This will return the exact test for each n from `first` to `last` (both included, 1 or more)."""
    sizes = np.arange(first, last + 1)
    bounds = np.array([critical_count(int(n), question.p0, question.alpha, strict=question.strict) for n in sizes])
    type_one = binom.sf(bounds - 1, sizes, question.p0)
    power = binom.sf(bounds - 1, sizes, question.p1)
    return SawTooth(question, sizes, bounds, type_one, power)


def single_stage(question: Question) -> SingleStageSearch:
    """This will find the exact single-stage design (A'Hern 2001, Stat Med 20:859) with its saw-tooth.

    For n >= `settled_by` the critical count is at most n p0 + sqrt(n ln(1/alpha) / 2) + 1 and that count has the power, both by
    Hoeffding's inequality (1963); so the numbers below it, all computed, decide from where on every n works.
    """
    settled_by = _hoeffding_size(question)
    row = saw_tooth(question, 1, settled_by)
    works = row.works
    smallest = int(row.n[works][0])
    failing = row.n[~works]
    settled = int(failing[-1]) + 1 if len(failing) else 1
    return SingleStageSearch(question, row.at(smallest), row.at(settled), settled_by, row, fleming(question))


def _hoeffding_size(question: Question) -> int:
    # The smallest whole n with n (p1 - p0) >= sqrt(n / 2) (sqrt(ln 1/alpha) + sqrt(ln 1/beta)) + 1; the 1 pays for rounding the
    # critical count up, and one more subject for a strict limit that equality would miss.
    gap = question.p1 - question.p0
    spread = (sqrt(log(1 / question.alpha)) + sqrt(log(1 / question.beta))) / sqrt(2)
    root = (spread + sqrt(spread**2 + 4 * gap)) / (2 * gap)
    return ceil(root**2) + 1


def fleming(question: Question) -> SingleStage:
    """This will return Fleming's single-stage size and critical count (Biometrics 1982, 38:143), a normal approximation.

    n = ((z_beta sqrt(p1 q1) + z_alpha sqrt(p0 q0)) / (p1 - p0))^2 rounded up; reject when responses >= the whole part of
    n p0 + z_alpha sqrt(n p0 q0) plus 1. The two errors in the answer are exact, and may exceed what was asked.
    """
    p0, p1 = question.p0, question.p1
    z_alpha, z_beta = float(norm.isf(question.alpha)), float(norm.ppf(question.power))
    n = ceil(((z_beta * sqrt(p1 * (1 - p1)) + z_alpha * sqrt(p0 * (1 - p0))) / (p1 - p0)) ** 2)
    reject_at = floor(n * p0 + z_alpha * sqrt(n * p0 * (1 - p0))) + 1
    return SingleStage(n, reject_at, float(binom.sf(reject_at - 1, n, p0)), float(binom.sf(reject_at - 1, n, p1)))
