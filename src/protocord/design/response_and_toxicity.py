"""Two stages that ask for response and for tolerance at once (Bryant & Day, Biometrics 1995;51:1372).

Bounds are said as a person counts: stop when responses <= c1 or toxicities >= t1. The association of response and toxicity is an
odds ratio; 1 is independence.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from protocord.design.bounds import Bound
from protocord.design.bryant_day_search import best_bryant_day, joint_pass, joint_tables
from protocord.design.simon_search import NOT_FOUND

Array = npt.NDArray[np.float64]
BryantDayCriterion = Literal["optimal", "minimax"]


@dataclass(frozen=True, slots=True)
class JointQuestion:
    """Two null rates and two errors: responses `p0` against `p1`, toxicities `toxic` (too many) against `tolerable`.

    `alpha_response`: P(conclude | p0, tolerable) at most; `alpha_toxicity`: P(conclude | p1, toxic) at most; `power` at
    (p1, tolerable) at least. `odds_ratio` of response and toxicity in one subject.
    """

    p0: float
    p1: float
    toxic: float
    tolerable: float
    alpha_response: float
    alpha_toxicity: float
    power: float
    odds_ratio: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.p0 < self.p1 < 1 or not 0 < self.tolerable < self.toxic < 1:
            message = "rates must lie in 0 < p0 < p1 < 1 and 0 < tolerable < toxic < 1"
            raise ValueError(message)
        if not (0 < self.alpha_response < 1 and 0 < self.alpha_toxicity < 1 and 0 < self.power < 1 and self.odds_ratio > 0):
            message = "errors and power must lie between 0 and 1, the odds ratio above 0"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class BryantDay:
    """Stop after n1 when responses <= c1 or toxicities >= t1; conclude after n when responses >= c + 1 and toxicities <= t - 1."""

    c1: int
    t1: int
    n1: int
    c: int
    t: int
    n: int

    @property
    def bounds(self) -> tuple[tuple[int, Bound, Bound], ...]:
        """For each stage: subjects, the bound on responses that stops, the bound on toxicities that stops."""
        return (
            (self.n1, Bound(self.c1, "at_most"), Bound(self.t1, "at_least")),
            (self.n, Bound(self.c, "at_most"), Bound(self.t, "at_least")),
        )

    @property
    def counted_without_toxicity(self) -> tuple[int, int, int, int, int, int]:
        """(c1, d1, n1, c, d, n) as Bryant and Day print it, d counting subjects without toxicity: go on above it."""
        return self.c1, self.n1 - self.t1, self.n1, self.c, self.n - self.t, self.n


@dataclass(frozen=True, slots=True)
class JointCharacteristics:
    """Exact characteristics at one pair of true rates."""

    response: float
    toxicity: float
    odds_ratio: float
    conclude: float
    stop_early: float
    stop_response: float
    """P(too few responses at the first look), whether or not too many toxicities."""
    stop_toxicity: float
    expected_n: float


@dataclass(frozen=True, slots=True)
class BryantDayFound:
    """The design found, its characteristics in the three scenarios, and how far the search went."""

    question: JointQuestion
    design: BryantDay
    inactive: JointCharacteristics
    toxic: JointCharacteristics
    active: JointCharacteristics
    searched_to: int


def cells(response: float, toxicity: float, odds_ratio: float) -> tuple[float, float, float]:
    """This will return P(response and toxicity), P(response alone), P(toxicity alone) of one subject.

    The joint probability of response and toxicity is Plackett's (JASA 1965;60:516).
    """
    if odds_ratio == 1.0:
        both = response * toxicity
    else:
        total = 1 + (response + toxicity) * (odds_ratio - 1)
        root = sqrt(total**2 - 4 * odds_ratio * (odds_ratio - 1) * response * toxicity)
        both = 2 * odds_ratio * response * toxicity / (total + root)
    return both, response - both, toxicity - both


def _counted(response: float, toxicity: float, odds_ratio: float) -> tuple[float, float, float]:
    """The cells as the search counts: response without toxicity, response with toxicity, neither."""
    both, response_only, toxicity_only = cells(response, toxicity, odds_ratio)
    return response_only, both, 1 - both - response_only - toxicity_only


def bryant_day(question: JointQuestion, criterion: BryantDayCriterion = "optimal") -> BryantDayFound:
    """This will find the design with the least larger E(N) of the two null scenarios, or the smallest n (`minimax`).

    The search goes on until no larger n can be better, by the same bound as for Simon's designs.
    """
    q = question
    scenarios = ((q.p0, q.tolerable), (q.p1, q.toxic), (q.p1, q.tolerable))
    table = np.array([_counted(response, toxicity, q.odds_ratio) for response, toxicity in scenarios])
    errors = (q.alpha_response, q.alpha_toxicity, q.power, q.odds_ratio == 1.0)
    if criterion == "minimax":
        n = 2
        while True:
            found, _ = best_bryant_day(n, n, table, *errors)
            if found[0] != NOT_FOUND:
                return _found(question, found.tolist(), n)
            n += 1
    last = 25
    while True:
        found, values = best_bryant_day(2, last, table, *errors)
        needed = 2 * last
        if found[0] != NOT_FOUND:
            needed = _needed(question, max(values[0], values[1]))
            if needed <= last:
                return _found(question, found.tolist(), last)
        last = needed


def _needed(question: JointQuestion, expected: float) -> int:
    """An n beyond which no design's larger E(N) is below `expected`: for each n1 the chance of going on has a least value."""
    q = question
    largest = int(np.ceil(expected))
    tails = [
        joint_tables(largest, *_counted(response, toxicity, q.odds_ratio))[1]
        for response, toxicity in ((q.p0, q.tolerable), (q.p1, q.toxic))
    ]
    most = 0
    for n1 in range(1, largest):
        c1 = _most_stopped(n1, q.p1, q.power)
        d1 = _most_stopped(n1, 1 - q.tolerable, q.power)
        on = max(float(tail[n1, c1 + 1, d1 + 1]) for tail in tails)
        most = max(most, int(n1 + (expected - n1) / on) + 1)
    return most


def _most_stopped(n: int, rate: float, power: float) -> int:
    bound = -1
    while bound + 1 < n and binom.sf(bound + 1, n, rate) >= power:
        bound += 1
    return bound


def _found(question: JointQuestion, numbers: list[int], searched_to: int) -> BryantDayFound:
    c1, d1, n1, c, d, n = numbers
    design = BryantDay(c1, n1 - d1, n1, c, n - d, n)
    q = question
    scenarios = ((q.p0, q.tolerable), (q.p1, q.toxic), (q.p1, q.tolerable))
    at = [joint_characteristics(design, response, toxicity, q.odds_ratio) for response, toxicity in scenarios]
    return BryantDayFound(question, design, at[0], at[1], at[2], searched_to)


def joint_characteristics(design: BryantDay, response: float, toxicity: float, odds_ratio: float = 1.0) -> JointCharacteristics:
    """This will return exact characteristics at true rates of response and toxicity and their odds ratio."""
    both, toxic_response, tolerated = _counted(response, toxicity, odds_ratio)
    n2 = design.n - design.n1
    mass, tail = joint_tables(max(design.n1, n2), both, toxic_response, tolerated)
    d1, d = design.n1 - design.t1, design.n - design.t
    on = float(tail[design.n1, design.c1 + 1, d1 + 1])
    conclude = joint_pass(mass, tail, design.c1, d1, design.n1, design.c, d, design.n)
    return JointCharacteristics(
        response,
        toxicity,
        odds_ratio,
        float(conclude),
        1 - on,
        float(binom.cdf(design.c1, design.n1, response)),
        float(binom.sf(design.t1 - 1, design.n1, toxicity)),
        design.n1 + n2 * on,
    )
