"""Cox's proportional hazards: Efron's or Breslow's handling of ties, strata, late entries, and the check of proportionality.

Sources: Cox 1972; Breslow 1974; Efron 1977; Grambsch & Therneau 1994, as the exact score test that R's `survival` uses from its
version 3 on. Newton's method on centred covariates; equal to R's `coxph` and `cox.zph`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from protocord.statistics.survival.curve import kaplan_meier
from protocord.statistics.survival.sample import Floats, Sample, sample

Ties = Literal["efron", "breslow"]
TimeScale = Literal["km", "identity", "log", "rank"]
_ROUNDS = 50
_SMALL_STEP = 1e-9  # of a standard deviation; Newton's next step would be its square
_SINGULAR = 1e13
_FAR = 20.0  # a log hazard ratio for one standard deviation that no data of finite likelihood gives


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """A test statistic with its degrees of freedom and p-value."""

    chi_square: float
    df: int
    p_value: float


@dataclass(frozen=True, eq=False)
class Cox:
    """A fitted model: one log hazard ratio a covariate, their covariance, and the log likelihood at none and at these.

    `why` is empty; `monotone_likelihood` where a coefficient runs off to infinity (a covariate parts events from the rest
    without overlap: use a test, or a penalised model); `no_information` where covariates do not vary, or vary together. Then
    coefficients are nan.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    log_likelihood: tuple[float, float]
    score_test: ChiSquare
    n: int
    events: int
    ties: Ties
    strata: int
    level: float
    why: str
    risk_sets: RiskSets

    @property
    def std_error(self) -> Floats:
        """The standard error of each log hazard ratio."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def hazard_ratio(self) -> Floats:
        """The hazard ratio for one unit of each covariate."""
        return np.asarray(np.exp(self.coefficients))

    @cached_property
    def limits(self) -> tuple[Floats, Floats]:
        """Wald's lower and upper limit of each hazard ratio."""
        reach = float(special.ndtri((1 + self.level) / 2)) * self.std_error
        return np.exp(self.coefficients - reach), np.exp(self.coefficients + reach)

    @property
    def p_value(self) -> Floats:
        """Wald's two-sided p-value of each log hazard ratio."""
        return np.asarray(2 * special.ndtr(-np.abs(self.coefficients / self.std_error)))

    @property
    def likelihood_ratio_test(self) -> ChiSquare:
        """The test that no covariate matters, by the ratio of the likelihoods."""
        return _test(2 * (self.log_likelihood[1] - self.log_likelihood[0]), len(self.names))

    @property
    def wald_test(self) -> ChiSquare:
        """The test that no covariate matters, by the estimates and their covariance."""
        return _test(float(self.coefficients @ np.linalg.solve(self.covariance, self.coefficients)), len(self.names))


@dataclass(frozen=True, eq=False)
class Terms:
    """What the partial likelihood is made of at some coefficients, over all event times (k, stratum by stratum).

    `residuals` (k × p) are the covariates of those with an event minus their means in the risk set, `spreads` (k × p × p) the
    covariances there; both are summed over the events of the time.
    """

    log_likelihood: float
    times: Floats
    residuals: Floats
    spreads: Floats

    @property
    def gradient(self) -> Floats:
        """The first derivative of the log likelihood."""
        return np.asarray(self.residuals.sum(axis=0))

    @property
    def information(self) -> Floats:
        """Minus its second derivative."""
        return np.asarray(self.spreads.sum(axis=0))


@dataclass(frozen=True, eq=False)
class RiskSets:
    """The data of one fit, stratum by stratum, with covariates centred."""

    strata: tuple[tuple[Sample, Floats], ...]
    ties: Ties

    def terms(self, coefficients: Floats) -> Terms:
        """This will return the terms of the partial likelihood at `coefficients` (p numbers)."""
        parts = [_stratum_terms(given, covariates, coefficients, self.ties) for given, covariates in self.strata]
        return Terms(
            sum(part.log_likelihood for part in parts),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.residuals for part in parts]),
            np.concatenate([part.spreads for part in parts]),
        )


def cox(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    names: tuple[str, ...] = (),
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
) -> Cox:
    """This will fit the proportional hazards model to n subjects (or stretches of subjects) and `covariates` (n numbers, or n × p).

    A covariate that changes with time is two rows of one subject, the second with its `entry`. Raises ValueError as
    `kaplan_meier` does, for covariates that do not fit or are not finite, or where there is no event.
    """
    given = sample(time, event, entry)
    values = np.asarray(covariates, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.shape[0] != given.n or not values.shape[1] or not np.isfinite(values).all():
        message = "covariates must be finite numbers, with one row for each subject"
        raise ValueError(message)
    if not (given.event == 1).any():
        message = "a hazard ratio needs an event, and there is none"
        raise ValueError(message)
    called = names or tuple(f"x{place + 1}" for place in range(values.shape[1]))
    within = np.zeros(given.n, np.int64) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    centred = values - values.mean(axis=0)
    sets = RiskSets(tuple((given.take(within == s), centred[within == s]) for s in np.unique(within)), ties)
    coefficients, covariance, likelihoods, score, why = _fit(sets, np.where(centred.std(axis=0) > 0, centred.std(axis=0), 1.0))
    events = int((given.event == 1).sum())
    return Cox(called, coefficients, covariance, likelihoods, score, given.n, events, ties, len(sets.strata), level, why, sets)


def proportional_hazards(fit: Cox, transform: TimeScale = "km") -> tuple[tuple[ChiSquare, ...], ChiSquare]:
    """This will test whether the log hazard ratios are constant in time: each covariate's test, and that of all together.

    It is the score test for adding covariate times g(t); `km` takes one minus the pooled survival curve just before t as g,
    the others the time, its logarithm or its rank. NaN where all events fall at one time. Raises ValueError for a fit without estimates.
    """
    if fit.why:
        message = f"there are no hazard ratios to check: {fit.why}"
        raise ValueError(message)
    terms = fit.risk_sets.terms(fit.coefficients)
    g = _time_scale(fit.risk_sets, terms.times, transform)
    constant = np.ptp(g) == 0  # as where all events fall at one time: there is nothing to test
    g = g - g.mean()
    gradient = g @ terms.residuals
    crossed = np.einsum("k,kij->ij", g, terms.spreads)
    # The score's variance, given that the coefficients themselves are estimated.
    inner = np.einsum("k,kij->ij", g**2, terms.spreads) - crossed @ fit.covariance @ crossed
    each = []
    for j in range(len(gradient)):
        spread = float(np.einsum("k,k->", g**2, terms.spreads[:, j, j]) - crossed[j] @ fit.covariance @ crossed[j])
        each.append(_test(float("nan") if constant or spread <= 0 else float(gradient[j] ** 2 / spread), 1))
    if constant or np.linalg.matrix_rank(inner) < len(gradient):
        return tuple(each), _test(float("nan"), len(gradient))
    return tuple(each), _test(float(gradient @ np.linalg.solve(inner, gradient)), len(gradient))


def _time_scale(sets: RiskSets, times: Floats, transform: TimeScale) -> Floats:
    if transform == "identity":
        return times
    if transform == "log":
        return np.log(times)
    everyone = [given for given, _ in sets.strata]
    entries = [given.entry for given in everyone if given.entry is not None]
    pooled = kaplan_meier(
        np.concatenate([given.time for given in everyone]),
        np.concatenate([given.event for given in everyone]),
        entry=np.concatenate(entries) if entries else None,
    )
    place = np.searchsorted(pooled.time, times)
    if transform == "km":
        return np.asarray(1 - np.concatenate([[1.0], pooled.survival])[place])
    every = np.sort(np.concatenate([given.time for given in everyone]))  # among all times; tied ones share the middle
    return np.asarray((np.searchsorted(every, times, side="left") + 1 + np.searchsorted(every, times, side="right")) / 2)


def _test(chi_square: float, df: int) -> ChiSquare:
    return ChiSquare(chi_square, df, float(special.chdtrc(df, max(chi_square, 0.0))) if np.isfinite(chi_square) else float("nan"))


def _fit(sets: RiskSets, spread: Floats) -> tuple[Floats, Floats, tuple[float, float], ChiSquare, str]:
    """Newton's method with halved steps: coefficients, covariance, both log likelihoods, the score test at 0, and why not."""
    p = len(spread)
    nothing = np.full(p, np.nan), np.full((p, p), np.nan)
    beta = np.zeros(p)
    now = sets.terms(beta)
    start = now.log_likelihood
    if np.linalg.matrix_rank(now.information / np.outer(spread, spread), tol=1e-9 * len(now.times)) < p:
        return *nothing, (start, start), _test(float("nan"), p), "no_information"
    score = _test(float(now.gradient @ np.linalg.solve(now.information, now.gradient)), p)
    for _ in range(_ROUNDS):
        step = np.linalg.solve(now.information, now.gradient)
        tried = sets.terms(beta + step)
        while not (
            np.isfinite(tried.log_likelihood) and tried.log_likelihood >= now.log_likelihood - 1e-10 * abs(now.log_likelihood)
        ):
            step = step / 2
            tried = sets.terms(beta + step)
        beta, now = beta + step, tried
        if np.abs(beta * spread).max() > _FAR or np.linalg.cond(now.information / np.outer(spread, spread)) > _SINGULAR:
            break
        if np.abs(step * spread).max() < _SMALL_STEP:
            covariance: Floats = np.linalg.inv(now.information).astype(np.float64)
            return beta, covariance, (start, now.log_likelihood), score, ""
    return *nothing, (start, now.log_likelihood), score, "monotone_likelihood"


def _stratum_terms(given: Sample, covariates: Floats, coefficients: Floats, ties: Ties) -> Terms:
    happened = given.event == 1
    times, place, deaths = np.unique(given.time[happened], return_inverse=True, return_counts=True)
    p = covariates.shape[1]
    if not len(times):
        return Terms(0.0, times, np.empty((0, p)), np.empty((0, p, p)))
    linear = covariates @ coefficients
    top = float(linear.max())
    risk = np.exp(linear - top)
    # One row a subject: its weight, weighted covariates and weighted squares; then their sums over each risk set.
    squares = (covariates[:, :, None] * covariates[:, None, :]).reshape(given.n, p * p)
    rows = risk[:, None] * np.hstack([np.ones((given.n, 1)), covariates, squares])
    sums = _risk_set_sums(rows, given, times)
    tied = np.zeros((len(times), rows.shape[1]))
    np.add.at(tied, place, rows[happened])
    # Efron: the l-th of d tied events sees the risk set without l/d of those who have the event at that time.
    of = np.repeat(np.arange(len(times)), deaths)
    rank = np.arange(len(of)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    left = sums[of] - ((rank / deaths[of])[:, None] * tied[of] if ties == "efron" else 0.0)
    total = left[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):  # a step too far empties a risk set; the likelihood then refuses it
        mean = left[:, 1 : p + 1] / total[:, None]
        spread = left[:, p + 1 :].reshape(-1, p, p) / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
        logarithm = float(np.log(np.maximum(total, 0.0)).sum())
    residuals = np.zeros((len(times), p))
    np.add.at(residuals, place, covariates[happened])
    np.subtract.at(residuals, of, mean)
    spreads = np.zeros((len(times), p, p))
    np.add.at(spreads, of, spread)
    likelihood = float(linear[happened].sum() - logarithm - top * len(of))
    return Terms(likelihood, times, residuals, spreads)


def _risk_set_sums(rows: Floats, given: Sample, times: Floats) -> Floats:
    """The sums of the rows over those under observation just before each of `times`."""
    found = _sums_from(rows, given.time, times)
    return found if given.entry is None else found - _sums_from(rows, given.entry, times)


def _sums_from(rows: Floats, values: Floats, times: Floats) -> Floats:
    """The sums of the rows whose value is at least each of `times`."""
    order = np.argsort(values, kind="stable")
    tails = np.vstack([rows[order][::-1].cumsum(axis=0)[::-1], np.zeros((1, rows.shape[1]))])
    return np.asarray(tails[np.searchsorted(values[order], times, side="left")])
