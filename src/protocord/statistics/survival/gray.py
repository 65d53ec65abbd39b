"""Gray's test that groups share one cumulative incidence of a cause (Gray 1988, Ann Stat 16:1141); equal to R's `cmprsk::cuminc`.

The score compares, at each event time, the events of a group with its share R_k / ΣR of all, where R = n G(t-) / S(t-) stands for
those at risk in the subdistribution's sense: G is one minus the incidence of the cause, S the event-free curve of the group.

Its variance follows from the martingales of the cause and of its competitors. A step of the cause in group r at u moves score k by
D/G(u-) + (1 - G(u)/S_r(u)) (c(∞) - c(u)), a step of a competitor by -G(u)/S_r(u) (c(∞) - c(u)), both divided by h_r = n_r/S_r(u-);
D = L R_k (δ_kr - R_r/ΣR), c = ∫ D dF/G². F and G are those of all groups together, as the null hypothesis has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from protocord.statistics.survival.log_rank import labelled
from protocord.statistics.survival.sample import Floats, Integers, Sample, sample


@dataclass(frozen=True, eq=False)
class Gray:
    """The scores by group (observed minus expected), their covariance, and the test for one cause.

    `why` is empty or `no_comparison`: no event of the cause fell where more than one group was at risk.
    """

    cause: int
    groups: tuple[str, ...]
    n: tuple[int, ...]
    score: Floats
    variance: Floats
    chi_square: float
    df: int
    p_value: float
    rho: float
    why: str


def gray_test(
    time: ArrayLike,
    cause: ArrayLike,
    group: ArrayLike,
    *,
    of: int = 1,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> Gray:
    """This will test whether the groups (n labels) share the cumulative incidence of the cause `of`, within strata (n labels).

    `cause` is 0 for censored, else 1, 2, …; `rho` weights each time by (1 - F(t-))^rho. Raises ValueError as `kaplan_meier` does.
    """
    causes = np.asarray(cause)
    given = sample(time, causes, causes=max(int(causes.max(initial=1)), 1))
    names, groups = labelled(group, given.n)
    within = labelled(strata, given.n)[1] if strata is not None else np.zeros(given.n, np.int64)
    k = len(names)
    score, variance = np.zeros(k), np.zeros((k, k))
    for stratum in np.unique(within):
        chosen = within == stratum
        if (given.event[chosen] == of).any():
            part = _one_stratum(given.take(chosen), groups[chosen], k, of, rho)
            score, variance = score + part[0], variance + part[1]
    counts = tuple(int(count) for count in np.bincount(groups, minlength=k))
    inner = variance[:-1, :-1]
    if k < 2 or np.linalg.matrix_rank(inner) < k - 1:
        nan = float("nan")
        return Gray(of, names, counts, score, variance, nan, k - 1, nan, rho, "no_comparison")
    chi_square = float(score[:-1] @ np.linalg.solve(inner, score[:-1]))
    return Gray(of, names, counts, score, variance, chi_square, k - 1, float(special.chdtrc(k - 1, chi_square)), rho, "")


def _one_stratum(given: Sample, groups: Integers, k: int, of: int, rho: float) -> tuple[Floats, Floats]:
    times = np.unique(given.time[given.event > 0])
    n = np.array([given.at_risk(times, groups == g) for g in range(k)])
    d = np.array([given.counts(times, (groups == g) & (given.event == of)) for g in range(k)])
    other = np.array([given.counts(times, (groups == g) & (given.event > 0) & (given.event != of)) for g in range(k)])
    at_risk = np.maximum(n, 1)
    free = np.cumprod(1 - (d + other) / at_risk, axis=1)
    free_before = _before(free, 1.0)
    incidence_before = _before(np.cumsum(free_before * d / at_risk, axis=1), 0.0)
    h = np.divide(n, free_before, out=np.zeros_like(n), where=n > 0)
    step = d.sum(axis=0) / h.sum(axis=0)  # of the incidence of all groups together
    g = 1 - np.cumsum(step)
    g_before = np.concatenate([[1.0], g[:-1]])
    weight = g_before**rho
    share = h * (1 - incidence_before)
    score = (weight * (d - share / share.sum(axis=0) * d.sum(axis=0))).sum(axis=1)
    # The influence of each martingale step on each score: score k (first axis), group r (second), time (third).
    pooled = weight * h * g_before
    kernel = pooled[:, None, :] * (np.eye(k)[:, :, None] - (h / h.sum(axis=0))[None, :, :])
    # Where the incidence of all has come to 1 only one group is left, and its kernel is 0.
    of_g = np.divide(1.0, g_before, out=np.zeros_like(g_before), where=g_before != 0)
    area = np.cumsum(kernel * step * of_g**2, axis=2)
    rest = area[:, :, -1:] - area
    ratio = np.divide(g, free, out=np.zeros_like(free), where=free > 0)[None, :, :]
    of_cause = kernel * of_g + (1 - ratio) * rest
    of_other = -ratio * rest
    of_h = np.divide(1.0, h, out=np.zeros_like(h), where=h > 0)
    spread_cause = of_h * step * _tied(np.broadcast_to(d.sum(axis=0), h.shape), h.sum(axis=0) * free_before)
    spread_other = of_h**2 * other * _tied(other, n)
    variance = np.einsum("art,brt,rt->ab", of_cause, of_cause, spread_cause)
    return score, variance + np.einsum("art,brt,rt->ab", of_other, of_other, spread_other)


def _tied(events: Floats, at_risk: Floats) -> Floats:
    """The share by which ties narrow a variance: 1 - (d - 1) / (n - 1) for more than one event."""
    return 1 - np.divide(events - 1, at_risk - 1, out=np.zeros_like(at_risk), where=(events > 1) & (at_risk > 1))


def _before(curves: Floats, start: float) -> Floats:
    return np.concatenate([np.full((len(curves), 1), start), curves[:, :-1]], axis=1)
