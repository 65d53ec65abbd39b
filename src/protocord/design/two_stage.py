"""Simon's two-stage designs: optimal, minimax, and the admissible ones between them with the weights that choose each.

Simon R. Controlled Clinical Trials 1989;10:1-10. Jung SH, Lee T, Kim K, George SL. Stat Med 2004;23:561-569 (admissible).
The search goes on until no larger trial can be better, by proof, not until a ceiling that somebody chose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np

from protocord.design.one_stage import Question, fleming
from protocord.design.simon_search import NOT_FOUND, best_by_size, size_beyond_which_none_is_better
from protocord.design.staged import StagedDesign


@dataclass(frozen=True, slots=True)
class TwoStage:
    """Simon's (r1/n1, r/n): stop when responses <= r1 of n1; at the end conclude for efficacy when responses >= r + 1 of n."""

    r1: int
    n1: int
    r: int
    n: int
    expected_n: float
    """E(N) at p0."""
    type_one: float
    power: float
    q_low: float | None = None
    """From this weight of n against E(N | p0) on the design is the best; None where it is not admissible."""
    q_high: float | None = None

    @property
    def design(self) -> StagedDesign:
        """The design as stages."""
        return StagedDesign.two_stage(self.r1, self.n1, self.r, self.n)

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """(r1, n1, r, n), as the literature prints them."""
        return self.r1, self.n1, self.r, self.n

    def __str__(self) -> str:
        return f"{self.r1}/{self.n1} {self.r}/{self.n}"


@dataclass(frozen=True)
class SimonSearch:
    """The best design of each size, and those that matter."""

    question: Question
    by_size: tuple[TwoStage, ...]
    """For each n with a design: the one with the least E(N | p0)."""
    searched_to: int
    needed_to: int
    """No design with n beyond this has a smaller E(N | p0) than the optimal one found."""

    @property
    def proven(self) -> bool:
        """Whether the optimum is the optimum over all sizes; false only where the caller set a ceiling too low."""
        return self.searched_to >= self.needed_to

    @property
    def minimax(self) -> TwoStage:
        """The design of the smallest n; among those the least E(N | p0)."""
        return self.admissible[-1]

    @property
    def optimal(self) -> TwoStage:
        """The design with the least E(N | p0); among equals the smallest n."""
        return self.admissible[0]

    @cached_property
    def admissible(self) -> tuple[TwoStage, ...]:
        """The designs that minimise q n + (1 - q) E(N | p0) for some q in 0..1, optimal first, each with its interval of q."""
        return _admissible(self.by_size)


def simon(question: Question, *, at_most: int | None = None) -> SimonSearch:
    """This will find Simon's designs. `at_most` sets a ceiling on n; without it the search ends where a proof ends it.

    Raises LookupError where no design of at most `at_most` subjects keeps both errors.
    """
    last = at_most or _first_guess(question)
    while True:
        designs = _designs(question, last)
        if not designs and at_most is not None:
            message = f"no two-stage design of at most {at_most} subjects keeps both errors"
            raise LookupError(message)
        needed = last + 1
        if designs:
            best = min(design.expected_n for design in designs)
            needed = size_beyond_which_none_is_better(best, last, question.p0, question.p1, question.power)
        if at_most is not None or needed <= last:
            return SimonSearch(question, designs, last, needed)
        last = max(needed, last + 1) if designs else 2 * last


def _first_guess(question: Question) -> int:
    # A two-stage design is rarely larger than 1.6 times one stage of the normal approximation; what the guess misses, the loop adds.
    return max(10, int(1.6 * fleming(question).n))


def _designs(question: Question, last: int) -> tuple[TwoStage, ...]:
    rows, values = best_by_size(2, last, question.p0, question.p1, question.alpha, question.power, question.strict, inf)
    found = []
    for (n, r1, n1, r), (expected, error, power) in zip(rows.tolist(), values.tolist(), strict=True):
        if r1 != NOT_FOUND:
            found.append(TwoStage(r1, n1, r, n, expected, error, power))
    return tuple(found)


def _admissible(designs: tuple[TwoStage, ...]) -> tuple[TwoStage, ...]:
    """The lower convex hull of (n, E) from the least E to the least n: corners are the designs that some weight prefers."""
    best = min(design.expected_n for design in designs)
    until = next(index for index, design in enumerate(designs) if design.expected_n == best)
    hull: list[TwoStage] = []
    for design in designs[: until + 1]:
        if hull and design.expected_n >= hull[-1].expected_n:
            continue  # larger and no cheaper
        while len(hull) > 1 and _weight(hull[-2], hull[-1]) <= _weight(hull[-1], design):
            hull.pop()
        hull.append(design)
    corners = hull[::-1]
    found = []
    for index, design in enumerate(corners):
        low = 0.0 if index == 0 else _weight(design, corners[index - 1])
        high = 1.0 if index == len(corners) - 1 else _weight(corners[index + 1], design)
        found.append(TwoStage(*design.numbers, design.expected_n, design.type_one, design.power, low, high))
    return tuple(found)


def _weight(smaller: TwoStage, larger: TwoStage) -> float:
    """The weight q at which two designs are equally good: q dn = (1 - q) dE."""
    gain = smaller.expected_n - larger.expected_n
    return float(np.divide(gain, gain + larger.n - smaller.n))
