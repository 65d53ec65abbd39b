"""The terminal slope by censored regression: results below the limit count as below it, instead of being dropped or replaced.

ln c is normal around a straight line in time. A quantified result gives its density, one below the LLOQ the probability of lying
below it, one detected below it the probability of lying between LOD and LLOQ (Beal 2001, J Pharmacokinet Pharmacodyn 28:481, method M3;
Tobin 1958, Econometrica 26:24). In the parameters slope/sigma, intercept/sigma and 1/sigma the log likelihood is concave
(Olsen 1978, Econometrica 46:1211), so Newton's steps find its one maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from protocord.values import Reason

Numbers = NDArray[np.float64]

MIN_QUANTIFIED = 3
_STEPS = 200
_TOLERANCE = 1e-10
_LOG_ROOT_2PI = 0.5 * log(2 * np.pi)


@dataclass(frozen=True, slots=True)
class TobitFit:
    """A censored terminal slope: `lambda_z` per day with its standard error, `half_life` in days, intercept and sigma on the log scale."""

    lambda_z: float
    std_error: float
    half_life: float
    intercept: float
    sigma: float
    log_likelihood: float
    quantified: int
    censored: int


def tobit(
    times: Numbers, values: Numbers, states: NDArray[np.int64], lloqs: Numbers, lods: Numbers | None = None
) -> TobitFit | Reason:
    """This will fit ln c = intercept - lambda_z t with normal errors to one profile's decline; or say why not.

    Arrays of n samples: times in days, values (NaN where censored), states (0 quantified, 1 below the LLOQ, 2 between LOD and LLOQ), limits in the
    unit of the values. Samples above the upper limit must have been left out. Three quantified results off a straight line are needed: else
    the likelihood has no maximum.
    """
    seen = states == 0
    if int(seen.sum()) < MIN_QUANTIFIED or len(np.unique(times[seen])) < MIN_QUANTIFIED:
        return Reason.of("kinetics_tobit_too_few_points", points=MIN_QUANTIFIED)
    if not (lloqs[~seen] > 0).all():
        return Reason.of("kinetics_tobit_no_limit")
    logs = np.log(np.where(seen, values, 1.0))
    upper = np.log(np.where(seen, 1.0, lloqs))
    has_lod = (states == 2) & (lods > 0) if lods is not None else np.zeros(len(times), bool)
    lower = np.where(has_lod, np.log(np.where(has_lod, lods, 1.0)) if lods is not None else 0.0, -np.inf)
    straight = np.polynomial.polynomial.polyfit(times[seen], logs[seen], 1)
    rest = logs[seen] - straight[0] - straight[1] * times[seen]
    if float(rest @ rest) <= 1e-20 * max(1.0, float(logs[seen] @ logs[seen])):
        return Reason.of("kinetics_tobit_no_scatter")
    sigma = sqrt(float(rest @ rest) / len(rest))
    theta = np.array([straight[1], straight[0], 1.0]) / sigma
    found = _maximise(theta, times, logs, seen, lower, upper)
    if found is None:
        return Reason.of("kinetics_tobit_no_convergence")
    theta, likelihood, information = found
    sigma = 1 / theta[2]
    slope = theta[0] * sigma
    if slope >= 0:
        return Reason.of("kinetics_not_falling")
    # Delta method for slope = theta0 / theta2.
    gradient = np.array([sigma, 0.0, -theta[0] * sigma**2])
    error = sqrt(float(gradient @ np.linalg.solve(information, gradient)))
    rate = -float(slope)
    counts = int(seen.sum()), int((~seen).sum())
    return TobitFit(rate, error, log(2) / rate, float(theta[1] * sigma), float(sigma), likelihood, *counts)


def _maximise(
    theta: Numbers, times: Numbers, logs: Numbers, seen: NDArray[np.bool_], lower: Numbers, upper: Numbers
) -> tuple[Numbers, float, Numbers] | None:
    value, gradient, information = _likelihood(theta, times, logs, seen, lower, upper)
    for _ in range(_STEPS):
        step = np.linalg.solve(information, gradient)
        size = 1.0
        while size > 1e-12:
            moved = theta + size * step
            if moved[2] > 0:
                next_value, next_gradient, next_information = _likelihood(moved, times, logs, seen, lower, upper)
                if next_value >= value - 1e-13 * abs(value):
                    break
            size /= 2
        else:
            return None
        converged = float(gradient @ step) < _TOLERANCE**2 * 1e4 and size == 1.0
        theta, value, gradient, information = moved, next_value, next_gradient, next_information
        if converged:
            return theta, value, information
    return None


def _likelihood(
    theta: Numbers, times: Numbers, logs: Numbers, seen: NDArray[np.bool_], lower: Numbers, upper: Numbers
) -> tuple[float, Numbers, Numbers]:
    """Log likelihood, its gradient and minus its Hessian in (slope/sigma, intercept/sigma, 1/sigma)."""
    gamma = theta[2]
    mean = theta[0] * times + theta[1]
    design = np.column_stack((-times, -np.ones_like(times), logs))[seen]
    z = gamma * logs[seen] - mean[seen]
    value = float(len(z) * (log(gamma) - _LOG_ROOT_2PI) - 0.5 * z @ z)
    gradient = -design.T @ z
    gradient[2] += len(z) / gamma
    information = design.T @ design
    information[2, 2] += len(z) / gamma**2
    for i in np.flatnonzero(~seen):
        top = np.array([-times[i], -1.0, upper[i]])
        b = float(gamma * upper[i] - mean[i])
        a = float(gamma * lower[i] - mean[i]) if np.isfinite(lower[i]) else -np.inf
        mass = _log_mass(a, b)
        density_b = np.exp(-0.5 * b * b - _LOG_ROOT_2PI - mass)
        slope = density_b * top
        curve = -density_b * b * np.outer(top, top)
        if np.isfinite(a):
            bottom = np.array([-times[i], -1.0, lower[i]])
            density_a = np.exp(-0.5 * a * a - _LOG_ROOT_2PI - mass)
            slope = slope - density_a * bottom
            curve = curve + density_a * a * np.outer(bottom, bottom)
        value += mass
        gradient = gradient + slope
        information = information + np.outer(slope, slope) - curve
    if not times.any():
        information[0, 0] += 1.0  # without times there is no slope: its step is then 0
    return value, gradient, information


def _log_mass(a: float, b: float) -> float:
    """ln of the normal probability between a and b, without cancellation in either tail."""
    if a == -np.inf:
        return float(special.log_ndtr(b))
    if a > 0:
        a, b = -b, -a
    high, low = float(special.log_ndtr(b)), float(special.log_ndtr(a))
    return high + float(np.log1p(-np.exp(low - high)))


def censored_mean(logs: Numbers, limits: Numbers) -> tuple[float, float] | Reason:
    """This will return mean and standard deviation, by maximum likelihood, of normal values of which some lie below their limits.

    `logs` are the values seen, `limits` the upper limits of the others, both on the log scale. The standard deviation of values all seen
    has the divisor n, as maximum likelihood has it. A reason instead where the values seen do not differ.
    """
    if len(logs) < 2 or float(np.ptp(logs)) == 0.0:
        return Reason.of("kinetics_tobit_no_scatter")
    n, m = len(logs), len(limits)
    y = np.concatenate((logs, np.zeros(m)))
    seen = np.concatenate((np.ones(n, bool), np.zeros(m, bool)))
    upper = np.concatenate((np.zeros(n), limits))
    times = np.zeros(n + m)
    sigma = float(logs.std())
    start = np.array([0.0, float(logs.mean()), 1.0]) / sigma
    found = _maximise(start, times, y, seen, np.full(n + m, -np.inf), upper)
    if found is None:
        return Reason.of("kinetics_tobit_no_convergence")
    theta = found[0]
    return float(theta[1] / theta[2]), float(1 / theta[2])
