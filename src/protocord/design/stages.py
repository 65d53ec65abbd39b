"""Designs with more than Simon's one early stop: for efficacy too, three stages, Gehan's two, and stopping as soon as it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, nextafter
from typing import Literal

from scipy.stats import beta as beta_distribution
from scipy.stats import binom

from protocord.design.efficacy_search import best_with_efficacy, efficacy_size_bound
from protocord.design.one_stage import Question, single_stage
from protocord.design.simon_search import NOT_FOUND
from protocord.design.staged import Stage, StagedDesign
from protocord.design.three_stage_search import three_stages
from protocord.design.two_stage import simon

EfficacyCriterion = Literal["null_optimal", "alternative_optimal", "minimax"]
ThreeStageCriterion = Literal["optimal", "minimax"]
ThreeStageKind = Literal["chen", "ensign"]


@dataclass(frozen=True, slots=True)
class FoundDesign:
    """A design that a search found, with what it was searched for and how far."""

    design: StagedDesign
    expected_null: float
    expected_alternative: float
    type_one: float
    power: float
    searched_to: int
    proven: bool
    """Whether no larger trial can be better."""


def with_efficacy_stop(question: Question, criterion: EfficacyCriterion = "null_optimal") -> FoundDesign:
    """This will find the two-stage design that may stop early for futility or efficacy (Mander & Thompson, CCT 2010;31:572).

    `null_optimal`: least E(N | p0); `alternative_optimal`: least E(N | p1); `minimax`: smallest n, then least E(N | p0).
    """
    under_p1 = criterion == "alternative_optimal"
    p0, p1, alpha, power = question.p0, question.p1, question.alpha, question.power
    last = max(10, int(1.4 * single_stage(question).smallest.n))
    while True:
        rows, values = best_with_efficacy(2, last, p0, p1, alpha, power, question.strict, under_p1)
        works = [index for index in range(len(rows)) if rows[index, 4] != NOT_FOUND]
        if criterion == "minimax" and works:
            best, proven = works[0], True
            break
        if works:
            best = min(works, key=lambda index: values[index, 1 if under_p1 else 0])
            needed = efficacy_size_bound(values[best, 1 if under_p1 else 0], p0, p1, alpha, power, last, under_p1)
            if needed <= last:
                proven = needed > 0
                break
            last = needed
        else:
            last *= 2
    n, r1, e1, n1, r = (int(number) for number in rows[best])
    first = Stage(n1, r1 if r1 >= 0 else None, e1 if e1 <= n1 else None)
    null, alternative, error, reached = (float(number) for number in values[best])
    return FoundDesign(StagedDesign((first, Stage(n, r, r + 1))), null, alternative, error, reached, last, proven)


def three_stage(question: Question, kind: ThreeStageKind = "chen", criterion: ThreeStageCriterion = "optimal") -> FoundDesign:
    """This will find a three-stage design with stops for futility.

    `chen`: any bounds (Chen TT, Stat Med 1997;16:2701). `ensign`: the first stage has at least 5 subjects and stops at no
    response (Ensign LG et al., Stat Med 1994;13:1727). `optimal`: least E(N | p0); `minimax`: smallest n, then least E(N | p0).
    """
    first_n1, last_r1 = (5, 0) if kind == "ensign" else (1, 10**6)
    rest = (question.p0, question.p1, question.alpha, question.power, question.strict)
    if criterion == "minimax":
        n = smallest_size_of_any_test(question)
        while True:
            found, values, _ = three_stages(n, n, *rest, inf, first_n1, last_r1)
            if found[0] != NOT_FOUND:
                return _three(question, found.tolist(), values.tolist(), n, proven=True)
            n += 1
    limit = nextafter(simon(question).optimal.expected_n, inf)
    last = max(12, int(1.4 * single_stage(question).smallest.n))
    while True:
        found, values, cut = three_stages(3, last, *rest, limit, first_n1, last_r1)
        if found[0] != NOT_FOUND:
            limit = nextafter(float(values[0]), inf)
            found, values, cut = three_stages(3, last, *rest, limit, first_n1, last_r1)
            if not cut:
                return _three(question, found.tolist(), values.tolist(), last, proven=True)
        elif not cut:
            limit = inf  # no three-stage design is cheaper than Simon's: take the best there is
        last = int(1.3 * last)


def _three(question: Question, numbers: list[int], values: list[float], last: int, *, proven: bool) -> FoundDesign:
    from protocord.design.staged import operating_characteristics

    r1, n1, r2, n2, r, n = numbers
    design = StagedDesign((Stage(n1, r1), Stage(n2, r2), Stage(n, r, r + 1)))
    at = operating_characteristics(design, [question.p0, question.p1])
    return FoundDesign(design, values[0], float(at.expected_n[1]), values[1], values[2], last, proven)


def smallest_size_of_any_test(question: Question) -> int:
    """This will return the smallest n at which any test, randomised ones too, keeps both errors (Neyman and Pearson's lemma).

    No design in stages can have fewer subjects at its last stage.
    """
    n = 1
    while True:
        reject_at = next(count for count in range(n, -1, -1) if binom.sf(count - 1, n, question.p1) >= question.power)
        more = float(binom.sf(reject_at, n, question.p1))
        share = (question.power - more) / float(binom.pmf(reject_at, n, question.p1))
        error = float(binom.sf(reject_at, n, question.p0)) + share * float(binom.pmf(reject_at, n, question.p0))
        if error <= question.alpha * (1 + 1e-12):  # the last digits of the lemma's own sums must not exclude an n
            return n
        n += 1


@dataclass(frozen=True, slots=True)
class GehanDesign:
    """Gehan's design: n1 subjects; with no response stop; else as many more as the standard error asks."""

    n1: int
    miss: float
    """P(no response among n1 | p1), at most the error asked for."""
    second: tuple[int, ...]
    """Subjects of the second stage after 1, 2, ..., n1 responses."""
    assumed: tuple[float, ...]
    """The rate assumed for each of them: the one-sided upper limit of the first stage, or 0.5 where that passes 0.5."""


def gehan(p1: float, error: float, standard_error: float, *, confidence: float = 0.75) -> GehanDesign:
    """This will return Gehan's two-stage design (J Chronic Dis 1961;13:346).

    n1 is the smallest with (1 - p1)^n1 <= `error`. The second stage brings the standard error of the rate to `standard_error`
    under the exact upper limit of the first stage at one-sided `confidence`, the worst case 0.5 where the limit passes it.
    """
    if not (0 < p1 < 1 and 0 < error < 1 and standard_error > 0 and 0 < confidence < 1):
        message = "p1, error and confidence must lie between 0 and 1, the standard error above 0"
        raise ValueError(message)
    n1 = 1
    while (1 - p1) ** n1 > error:
        n1 += 1
    second, assumed = [], []
    for responses in range(1, n1 + 1):
        upper = 1.0 if responses == n1 else float(beta_distribution.ppf(confidence, responses + 1, n1 - responses))
        rate = min(upper, 0.5)
        assumed.append(rate)
        second.append(max(0, ceil(rate * (1 - rate) / standard_error**2 - n1 - 1e-9)))
    return GehanDesign(n1, (1 - p1) ** n1, tuple(second), tuple(assumed))


def curtailed(design: StagedDesign, p1: float, *, below: float = 0.0, efficacy: bool = False) -> StagedDesign:
    """This will return the design that looks after every subject and stops as soon as its end is decided, or nearly.

    Futility: stop where the conditional probability, at p1, of concluding for efficacy is <= `below` (0: only where it is
    impossible, which changes no error). Efficacy: with `efficacy`, stop where the conclusion can no longer be lost.
    """
    if not 0 <= below < 1:
        message = f"the conditional probability must lie in 0 <= below < 1; got {below:g}"
        raise ValueError(message)
    chances = _conditional(design, p1)
    sure = _certain(design)
    stages = []
    planned = {stage.n: stage for stage in design.stages}
    for n in range(1, design.n + 1):
        futile = [count for count in range(n + 1) if chances[n][count] <= below]
        done = [count for count in range(n + 1) if sure[n][count]]
        low = max(futile, default=None)
        high = min(done, default=None) if efficacy or n == design.n else None
        at = planned.get(n)
        if at is not None and at.efficacy is not None:
            high = at.efficacy
        if at is not None and at.futility is not None:
            low = max(at.futility, -1 if low is None else low)
        if n == design.n:
            low = design.last.futility
        if low is not None or high is not None:
            stages.append(Stage(n, low, high))
    return StagedDesign(tuple(stages))


def _conditional(design: StagedDesign, p: float) -> list[list[float]]:
    """For each n and count, before a look at n: P(the design concludes for efficacy)."""
    planned = {stage.n: index for index, stage in enumerate(design.stages)}
    table: list[list[float]] = [[0.0] * (n + 1) for n in range(design.n + 1)]
    for n in range(design.n, -1, -1):
        for count in range(n + 1):
            ends = design.outcome(planned[n], count) if n in planned else "continue"
            if ends != "continue":
                table[n][count] = float(ends == "efficacy")
            else:
                table[n][count] = p * table[n + 1][count + 1] + (1 - p) * table[n + 1][count]
    return table


def _certain(design: StagedDesign) -> list[list[bool]]:
    """For each n and count: whether every further course ends in a conclusion for efficacy."""
    planned = {stage.n: index for index, stage in enumerate(design.stages)}
    table: list[list[bool]] = [[False] * (n + 1) for n in range(design.n + 1)]
    for n in range(design.n, -1, -1):
        for count in range(n + 1):
            ends = design.outcome(planned[n], count) if n in planned else "continue"
            table[n][count] = ends == "efficacy" if ends != "continue" else table[n + 1][count + 1] and table[n + 1][count]
    return table
