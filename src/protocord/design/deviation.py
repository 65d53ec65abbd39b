"""When the numbers attained are not the numbers planned: new bounds by a named rule, with their exact errors; and inflation."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

from scipy.stats import binom

from protocord.design.one_stage import Question, critical_count
from protocord.design.staged import Characteristics, StagedDesign, operating_characteristics

AttainedRule = Literal["keep_errors", "green_dahlberg"]


@dataclass(frozen=True, slots=True)
class Attained:
    """A two-stage design for the numbers attained, and its exact characteristics at p0 and p1."""

    rule: AttainedRule
    planned: StagedDesign
    design: StagedDesign
    characteristics: Characteristics


def attained(
    question: Question, planned: tuple[int, int, int, int], n1: int, n: int, rule: AttainedRule = "keep_errors"
) -> Attained:
    """This will return bounds for a two-stage trial that attained `n1` and `n` instead of the planned (r1, n1, r, n).

    `keep_errors`: r1 is the planned one where n1 is as planned, else the largest whose early stopping probability at p1 does not
    exceed the planned one; then r is the smallest that keeps alpha. `green_dahlberg` (Stat Med 1992;11:853): stop early where
    p1 is rejected at the 0.02 level, conclude for efficacy where p0 is rejected at 0.055 by a binomial test of all n.
    Raises ValueError where n does not exceed n1.
    """
    if not 0 < n1 < n:
        message = f"the second stage must add subjects: n1 = {n1}, n = {n}"
        raise ValueError(message)
    r1_planned, n1_planned, _, _ = planned
    if rule == "green_dahlberg":
        r1 = _largest_at_most(n1, question.p1, 0.02)
        r = critical_count(n, question.p0, 0.055) - 1
    else:
        r1 = r1_planned
        if n1 != n1_planned:
            r1 = _largest_at_most(n1, question.p1, float(binom.cdf(r1_planned, n1_planned, question.p1)))
        r = next(bound for bound in range(max(r1, 0), n + 1) if question.keeps(_error(question, r1, n1, bound, n)))
    design = StagedDesign.two_stage(r1, n1, max(r, r1), n)
    at = operating_characteristics(design, [question.p0, question.p1])
    return Attained(rule, StagedDesign.two_stage(*planned), design, at)


def _largest_at_most(n: int, p: float, limit: float) -> int:
    bound = -1
    while bound + 1 < n and binom.cdf(bound + 1, n, p) <= limit * (1 + 1e-12):
        bound += 1
    return bound


def _error(question: Question, r1: int, n1: int, r: int, n: int) -> float:
    design = StagedDesign.two_stage(r1, n1, r, n)
    return float(operating_characteristics(design, [question.p0]).reject[0])


@dataclass(frozen=True, slots=True)
class Inflation:
    """How many to enrol so that `evaluable` can be evaluated, when each is lost with probability `loss`."""

    evaluable: int
    loss: float
    on_average: int
    """Enough that the expected number suffices: evaluable / (1 - loss), rounded up."""
    assured: int
    """The smallest number with P(at least `evaluable` evaluable) >= `assurance`, exact binomial."""
    assurance: float


def inflated(evaluable: int, loss: float, *, assurance: float = 0.9) -> Inflation:
    """This will return the number to enrol for `evaluable` subjects when a share `loss` (0 <= loss < 1) cannot be evaluated."""
    if evaluable < 1 or not 0 <= loss < 1 or not 0 < assurance < 1:
        message = "evaluable must be at least 1, loss in 0 <= loss < 1, assurance between 0 and 1"
        raise ValueError(message)
    number = evaluable
    while binom.sf(evaluable - 1, number, 1 - loss) < assurance:
        number += 1
    return Inflation(evaluable, loss, ceil(evaluable / (1 - loss) - 1e-9), number, assurance)
