"""Inference after a trial that may have stopped early: estimates, p value and interval that know the design.

The plain rate and its Clopper-Pearson interval ignore that the trial could stop; they stand beside for comparison only. The p
value, the interval and the order of outcomes here are one thing, so decision, p value and interval cannot contradict one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, log, log1p

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta as beta_distribution
from scipy.stats import binom

from protocord.design.staged import StagedDesign

_TOLERANCE = 1e-13  # of a root; limits are given to 1e-10 and better


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval with the one-sided error of each end; its level is 1 - 2 x that."""

    lower: float
    upper: float
    one_sided: float

    @property
    def level(self) -> float:
        """Confidence level of both ends together."""
        return 1 - 2 * self.one_sided


@dataclass(frozen=True, slots=True)
class AfterStopping:
    """Estimates of the rate, the one-sided p value against p0, and the interval at level 1 - 2 alpha."""

    stage: int
    """The stage at which the trial ended, 1 the first."""
    responses: int
    subjects: int
    decision: str
    """What the design's bound says: `efficacy` or `futility`."""
    naive: float
    naive_interval: Interval
    umvue: float
    umvcue: float | None
    """Unbiased given that the trial went on past its first look; None where it did not."""
    median_unbiased: float
    bias_adjusted: float
    p_value: float
    interval: Interval
    method: str
    """How outcomes are ordered: `stage_wise` with the sizes in force, `koyama_chen` where the last stage is not as planned."""

    @property
    def rejects(self) -> bool:
        """Whether the p value is at most alpha; the interval then excludes p0 from below."""
        return self.p_value <= self.interval.one_sided


class _Ways:
    """A sum over (stage, count) of ways x rate^count x (1 - rate)^rest, each term with a weight; ways are exact integers."""

    def __init__(self, design: StagedDesign, places: Sequence[tuple[int, int]], weights: Sequence[float] | None = None) -> None:
        self.counts = np.array([count for _, count in places], dtype=np.float64)
        self.rest = np.array([design.stages[stage].n - count for stage, count in places], dtype=np.float64)
        self.log_ways = np.array([log(design.paths[stage][count]) for stage, count in places], dtype=np.float64)
        self.weights = np.ones(len(places)) if weights is None else np.array(weights, dtype=np.float64)

    def __call__(self, rate: float) -> float:
        """This will return the sum at a true rate."""
        if rate in {0.0, 1.0}:
            only = self.counts == 0 if rate == 0.0 else self.rest == 0
            return float(self.weights[only] @ np.exp(self.log_ways[only]))
        terms = np.exp(self.log_ways + self.counts * log(rate) + self.rest * log1p(-rate))
        return min(float(self.weights @ terms), 1.0)


def _at_least_as_good(design: StagedDesign, stage: int, responses: int) -> _Ways:
    """Stops for efficacy at earlier stages, and counts from `responses` on at this one, whether or not they go on."""
    places = [
        (before, count)
        for before in range(stage)
        for count, ways in enumerate(design.paths[before])
        if ways and design.outcome(before, count) == "efficacy"
    ]
    here = design.paths[stage]
    places += [(stage, count) for count in range(max(responses, 0), len(here)) if here[count]]
    return _Ways(design, places)


def upper_tail(design: StagedDesign, stage: int, responses: int, rate: float) -> float:
    """This will return P(an outcome at least as good | rate) in stage-wise order.

    An earlier stop for efficacy is better, an earlier stop for futility worse, and within a stage more responses are better.
    `stage` counts from 0.
    """
    return _at_least_as_good(design, stage, responses)(rate)


def lower_tail(design: StagedDesign, stage: int, responses: int, rate: float) -> float:
    """This will return P(an outcome at most as good | rate) in stage-wise order; `stage` counts from 0."""
    return 1.0 - upper_tail(design, stage, responses + 1, rate)


def umvue(design: StagedDesign, stage: int, responses: int) -> Fraction:
    """This will return the unbiased estimate of least variance (Jung & Kim, Stat Med 2004;23:881), as an exact fraction.

    It is the share, among all orders of outcomes that end so, of those whose first subject responded. `stage` counts from 0.
    Raises ValueError where the trial cannot end so.
    """
    return _share_of_first(design, stage, responses, of_stage=0)


def umvcue(design: StagedDesign, stage: int, responses: int) -> Fraction | None:
    """This will return the estimate that is unbiased given that the trial passed its first look (Pepe et al., Stat Med 2009;28:762).

    None where it ended at the first look. The share of orders in which the first subject of the second stage responded.
    """
    return None if stage == 0 else _share_of_first(design, stage, responses, of_stage=1)


def _share_of_first(design: StagedDesign, stage: int, responses: int, *, of_stage: int) -> Fraction:
    all_ways = design.paths[stage][responses]
    if not all_ways or design.outcome(stage, responses) == "continue":
        message = f"the trial cannot end at stage {stage + 1} with {responses} responses"
        raise ValueError(message)
    going = [1]
    before = 0
    for index, look in enumerate(design.stages[: stage + 1]):
        size = look.n - before
        fixed = 1 if index == of_stage else 0
        ways = [0] * (look.n + 1)
        for count, way in enumerate(going):
            for more in range(size - fixed + 1):
                ways[count + more + fixed] += way * comb(size - fixed, more)
        going = ways
        if index < stage:
            going = [way if design.outcome(index, count) == "continue" else 0 for count, way in enumerate(ways)]
        before = look.n
    return Fraction(going[responses], all_ways)


def koyama_chen_tail(planned: tuple[int, int, int, int], first: int, second: int, second_n: int, rate: float) -> float:
    """This will return P(an outcome at least as good | rate) when the second stage has `second_n` subjects, not the planned number.

    Koyama & Chen (Stat Med 2008;27:3145): the observed second stage, P(X2 >= second | rate), is set equal to the planned
    conditional power at some rate*; every first-stage count that goes on then contributes its conditional power at rate*.
    `planned` is (r1, n1, r, n); `first`, `second` the responses of each stage, `first` > r1.
    """
    r1, n1, r, n = planned
    n2 = n - n1
    if rate in {0.0, 1.0}:
        return rate  # nobody goes on past the first look, or everybody responds
    counts = np.arange(r1 + 1, n1 + 1)
    need = r + 1 - first
    chance = float(binom.sf(second - 1, second_n, rate))
    if need <= 0:  # the first stage alone had passed the last bound: the second can add nothing to the order
        star = 0.0
    elif need > n2:
        star = 1.0
    else:
        star = float(beta_distribution.ppf(chance, need, n2 - need + 1))  # P(X2 >= need | star) = chance
    power = binom.sf(r - counts, n2, star)
    return float(np.dot(binom.pmf(counts, n1, rate), power))


def after(design: StagedDesign, stage: int, responses: int, *, p0: float, alpha: float) -> AfterStopping:
    """This will return the inference when the trial ended at `stage` (1 the first) with `responses`, sizes as the design has them.

    `p0` the null rate, `alpha` one-sided; the interval's level is 1 - 2 alpha. Raises ValueError where it cannot end so.
    """
    index = stage - 1
    if not 0 <= index < len(design.stages) or not 0 <= responses <= design.stages[index].n:
        message = f"the design has no stage {stage} with {responses} responses"
        raise ValueError(message)
    unbiased = umvue(design, index, responses)
    conditional = umvcue(design, index, responses)
    n = design.stages[index].n
    at_least = _at_least_as_good(design, index, responses)
    more = _at_least_as_good(design, index, responses + 1)
    return AfterStopping(
        stage=stage,
        responses=responses,
        subjects=n,
        decision=design.outcome(index, responses),
        naive=responses / n,
        naive_interval=_clopper_pearson(responses, n, alpha),
        umvue=float(unbiased),
        umvcue=None if conditional is None else float(conditional),
        median_unbiased=_root(at_least, 0.5),
        bias_adjusted=_bias_adjusted(design, responses / n),
        p_value=at_least(p0),
        interval=Interval(_root(at_least, alpha), _root(more, 1 - alpha), alpha),
        method="stage_wise",
    )


def after_two_stages(
    planned: tuple[int, int, int, int], first: int, second: int, second_n: int, *, p0: float, alpha: float
) -> AfterStopping:
    """This will return the inference after both stages of a two-stage design whose second stage had `second_n` subjects.

    `planned` is (r1, n1, r, n) with the first stage as it was carried out; `first`, `second` the responses of each stage. Where
    `second_n` is as planned the order is stage-wise; where not, p value and interval are Koyama and Chen's, and the point
    estimates those of the sizes attained. The decision compares the conditional p value with the planned conditional error.
    Raises ValueError where the first stage had ended the trial.
    """
    r1, n1, r, n = planned
    if not r1 < first <= n1 or not 0 <= second <= second_n:
        message = f"a trial with {first} responses of {n1} (go on above {r1}) and {second} of {second_n} cannot be"
        raise ValueError(message)
    if second_n == n - n1:
        return after(StagedDesign.two_stage(*planned), 2, first + second, p0=p0, alpha=alpha)
    total, size = first + second, n1 + second_n
    # The estimates depend on which counts go on and on the sizes, not on the last bound.
    inner = StagedDesign.two_stage(r1, n1, r, size)

    def at_least(rate: float) -> float:
        return koyama_chen_tail(planned, first, second, second_n, rate)

    def more(rate: float) -> float:
        # One response more in the second stage is a better outcome; there is none where all had responded.
        return koyama_chen_tail(planned, first, second + 1, second_n, rate) if second < second_n else 0.0

    planned_error = float(binom.sf(r - first, n - n1, p0))
    observed_error = float(binom.sf(second - 1, second_n, p0))
    return AfterStopping(
        stage=2,
        responses=total,
        subjects=size,
        decision="efficacy" if observed_error <= planned_error else "futility",
        naive=total / size,
        naive_interval=_clopper_pearson(total, size, alpha),
        umvue=float(umvue(inner, 1, total)),
        umvcue=float(_share_of_first(inner, 1, total, of_stage=1)),
        median_unbiased=_root(at_least, 0.5),
        bias_adjusted=_bias_adjusted(inner, total / size),
        p_value=at_least(p0),
        interval=Interval(_root(at_least, alpha), _root(more, 1 - alpha), alpha),
        method="koyama_chen",
    )


def _root(tail: Callable[[float], float], level: float) -> float:
    """The rate at which a rising tail equals `level`; 0 or 1 where it never crosses."""
    if tail(0.0) >= level:
        return 0.0
    if tail(1.0) <= level:
        return 1.0
    return float(brentq(lambda rate: tail(rate) - level, 0.0, 1.0, xtol=_TOLERANCE, rtol=8.9e-16, maxiter=500))


def _clopper_pearson(responses: int, n: int, alpha: float) -> Interval:
    lower = 0.0 if responses == 0 else float(beta_distribution.ppf(alpha, responses, n - responses + 1))
    upper = 1.0 if responses == n else float(beta_distribution.isf(alpha, responses + 1, n - responses))
    return Interval(lower, upper, alpha)


def expected_rate(design: StagedDesign, rate: float) -> float:
    """This will return E(responses / subjects at the end | rate), the mean of the plain estimate."""
    return _mean(design)(rate)


def _mean(design: StagedDesign) -> _Ways:
    ends = design.ends()
    return _Ways(design, ends, [count / design.stages[stage].n for stage, count in ends])


def _bias_adjusted(design: StagedDesign, observed: float) -> float:
    """Whitehead's estimate (Biometrika 1986;73:573): the rate whose plain estimate has the observed one as its mean."""
    return _root(_mean(design), observed)
