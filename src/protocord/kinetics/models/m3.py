"""Fit the biexponential model with random effects by maximum likelihood, censored samples included (Beal's M3 by default).

Typical values and spreads are found by L-BFGS on the exact gradient of the Laplace approximation, from several starts whose objective
values are all kept: objective values of censored likelihoods are known to wander between retries (Wijk et al. 2025,
doi:10.1002/psp4.70015), so a reader must see theirs. Standard errors come from the observed information.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from protocord.kinetics.models.data import Observations
from protocord.kinetics.models.laplace import objective
from protocord.statistics.streams import Streams

Floats = NDArray[np.float64]

PARAMETERS = ("ln_c0", "logit_fast", "ln_gap", "ln_slow")
"""Internal parameters of a child: ln C0, logit of the fast fraction, ln(alpha - beta), ln(beta); rates in 1/d."""

Curvature = Literal["expected", "exact"]
_BOUNDS = ((-40.0, 40.0), (-12.0, 12.0), (-9.0, 7.0), (-9.0, 7.0))
_SPREAD = (log(0.01), log(5.0))  # of ln omega and ln sigma
_EDGE = 1e-6
_WALL = 1e12  # the objective where a child's mode has no positive Hessian


@dataclass(frozen=True, slots=True)
class Model:
    """What is estimated: `random` names the parameters that vary between children, `fixed` holds some at a value (internal scale).

    `curvature` of Laplace's approximation: `expected`, the part of the Hessian that is never negative, or `exact`, all of it.
    """

    random: tuple[str, ...] = PARAMETERS
    fixed: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    curvature: Curvature = "expected"

    def __post_init__(self) -> None:
        if not set(self.random) | set(self.fixed) <= set(PARAMETERS) or set(self.random) & set(self.fixed):
            message = f"`random` and `fixed` name different ones of {', '.join(PARAMETERS)}"
            raise ValueError(message)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of what is estimated, in the order of theta."""
        means = tuple(name for name in PARAMETERS if name not in self.fixed)
        return (*means, *(f"ln_omega_{name}" for name in PARAMETERS if name in self.random), "ln_sigma")


@dataclass(frozen=True, slots=True)
class Start:
    """One start: where it ended (`objective` is minus twice the approximate log-likelihood), and whether it converged."""

    number: int
    objective: float
    converged: bool
    evaluations: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model. `theta` and `covariance` on the internal scale, in the order of `model.names`; `etas` (children x effects) the modes of
    the random effects. `objective` is minus twice the approximate log-likelihood of the logarithms. `flags` says what to distrust.
    """

    model: Model
    data: Observations
    theta: Floats
    covariance: Floats | None
    etas: Floats
    objective: float
    starts: tuple[Start, ...]
    flags: tuple[str, ...]

    @property
    def means(self) -> Floats:
        """Typical internal parameters (4)."""
        return _unpacked(self.model, self.theta)[0]

    @property
    def omega(self) -> Floats:
        """Standard deviations of the random effects, in the order of PARAMETERS."""
        return _unpacked(self.model, self.theta)[1]

    @property
    def sigma(self) -> float:
        """Residual standard deviation of the logarithm."""
        return exp(float(self.theta[-1]))

    @property
    def individual(self) -> Floats:
        """Internal parameters of each child (children x 4): typical value plus the mode of its effects."""
        found = np.tile(self.means, (len(self.data.subjects), 1))
        found[:, _active(self.model)] += self.etas
        return found


class Likelihood:
    """The approximate marginal likelihood of a model and data as a function of theta; keeps each child's last mode as its next start."""

    def __init__(self, model: Model, data: Observations) -> None:
        self.model, self.data = model, data
        self.active = _active(model)
        self.etas = np.zeros((len(data.subjects), self.active.size))
        self.lost = 0
        self.evaluations = 0

    def each(self, theta: Floats) -> tuple[Floats, Floats]:
        """This will return minus the log marginal likelihood of each child, and the gradient of their sum by theta."""
        mu, omega, sigma = _unpacked(self.model, theta)
        data, q = self.data, self.active.size
        gradient, each = np.empty(4 + q + 1), np.empty(len(data.subjects))
        self.lost = objective(
            mu, self.active, omega, sigma, data.times, data.y, data.kinds, data.sample_of, data.starts, data.durations,
            data.amounts, data.dose_of, self.model.curvature == "exact", self.etas, gradient, each,
        )  # fmt: skip
        self.evaluations += 1
        kept = [i for i, name in enumerate(PARAMETERS) if name not in self.model.fixed]
        return each, np.concatenate([gradient[kept], gradient[4:]])

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """This will return the sum over children and its gradient; a wall where a child has no mode."""
        each, gradient = self.each(theta)
        total = float(each.sum())
        if not np.isfinite(total):
            self.etas[:] = 0.0
            return _WALL, np.zeros_like(gradient)
        return total, gradient


def fit(data: Observations, *, model: Model | None = None, starts: int = 3, seed: int = 1, start: Floats | None = None) -> Fit:
    """This will return the maximum-likelihood fit of `model` (default: all four parameters vary between children) to `data`.

    The first start is found from the data (or is `start`, in the order of `model.names`); the others are scattered around it by `seed`.
    The best that converged wins. `flags` may hold: `not_converged`, `starts_disagree` (objective values differ by more than 0.1),
    `mode_not_found` (of some child), `spread_at_bound`, `information_not_positive` (then there are no standard errors), `few_samples`.
    """
    chosen = model or Model()
    first = _first_guess(chosen, data) if start is None else np.asarray(start, dtype=np.float64)
    found: list[tuple[Start, Floats, Floats]] = []
    for number in range(max(1, starts)):
        likelihood = Likelihood(chosen, data)
        begun = first if number == 0 else _scattered(chosen, first, seed, number)
        result = _minimised(likelihood, begun)
        ended = float(likelihood(result.x)[0])
        converged = bool(result.success) and likelihood.lost == 0 and ended < _WALL
        found.append((Start(number, 2 * ended, converged, likelihood.evaluations), result.x, likelihood.etas.copy()))
    best = min(found, key=lambda item: (not item[0].converged, item[0].objective))
    likelihood = Likelihood(chosen, data)
    likelihood.etas[:] = best[2]
    covariance = _covariance(likelihood, best[1])
    flags = _flags(chosen, data, best, tuple(item[0] for item in found), covariance, likelihood)
    likelihood.etas[:] = best[2]
    return Fit(chosen, data, best[1], covariance, best[2], best[0].objective, tuple(item[0] for item in found), flags)


def _minimised(likelihood: Likelihood, begun: Floats) -> Any:
    options = {"maxiter": 500, "ftol": 1e-12, "gtol": 1e-5, "maxcor": 20}
    return minimize(likelihood, begun, jac=True, method="L-BFGS-B", bounds=_limits(likelihood.model), options=options)


def _limits(model: Model) -> list[tuple[float, float]]:
    means = [limits for name, limits in zip(PARAMETERS, _BOUNDS, strict=True) if name not in model.fixed]
    return means + [_SPREAD] * (len(model.random) + 1)


def _active(model: Model) -> NDArray[np.int64]:
    return np.array([i for i, name in enumerate(PARAMETERS) if name in model.random], dtype=np.int64)


def _unpacked(model: Model, theta: Floats) -> tuple[Floats, Floats, float]:
    mu, used = np.empty(4), 0
    for i, name in enumerate(PARAMETERS):
        if name in model.fixed:
            mu[i] = model.fixed[name]
        else:
            mu[i] = theta[used]
            used += 1
    return mu, np.exp(theta[used:-1]), exp(float(theta[-1]))


def _first_guess(model: Model, data: Observations) -> Floats:
    """This will start from children pooled: the best of a grid of half-lives and fractions that the sampling times can tell apart."""
    pooled = Model(random=(), fixed=model.fixed)
    likelihood = Likelihood(pooled, data)
    since = since_dose(data)
    quick, late = np.quantile(since, [0.1, 0.4]), np.quantile(since, [0.5, 0.9])
    tries = []
    for fast in quick:
        for slow in late:
            for fraction in (0.3, 0.8):
                beta = log(2) / slow
                gap = max(log(2) / fast - beta, 0.1 * beta)
                values = {"ln_c0": float(np.max(data.y)) - 1.0, "logit_fast": log(fraction / (1 - fraction))}
                values |= {"ln_gap": log(gap), "ln_slow": log(beta)}
                begun = np.array([*(values[name] for name in pooled.names[:-1]), 0.0])
                tries.append(_minimised(likelihood, np.clip(begun, *np.transpose(_limits(pooled)))))
    best = min(tries, key=lambda result: float(result.fun))
    spreads = [log(0.4)] * len(model.random)
    return np.array([*best.x[:-1], *spreads, min(max(best.x[-1] - log(2), _SPREAD[0] + 1), _SPREAD[1] - 1)])


def since_dose(data: Observations) -> Floats:
    """This will return each sample's days since the last infusion began."""
    found = np.empty(data.times.size)
    for i in range(len(data.subjects)):
        rows = slice(data.sample_of[i], data.sample_of[i + 1])
        starts = data.starts[data.dose_of[i] : data.dose_of[i + 1]]
        found[rows] = data.times[rows] - starts[np.searchsorted(starts, data.times[rows], side="left") - 1]
    return np.maximum(found, 1e-3)


def _scattered(model: Model, first: Floats, seed: int, number: int) -> Floats:
    moved = first + 0.5 * Streams(seed).child("starts").generator(number).standard_normal(first.size)
    low, high = np.transpose(_limits(model))
    return np.asarray(np.clip(moved, low, high))


def _covariance(likelihood: Likelihood, theta: Floats) -> Floats | None:
    """This will invert the observed information: central differences of the exact gradient. None where it is not positive.

    A number at the edge of what is searched is held there: its rows are NaN, and the others' errors are those given its value.
    """
    size = theta.size
    free = np.array(
        [low + _EDGE < value < high - _EDGE for value, (low, high) in zip(theta, _limits(likelihood.model), strict=True)]
    )
    information = np.zeros((size, size))
    kept = likelihood.etas.copy()
    for i in np.flatnonzero(free):
        step = 1e-4 * max(1.0, abs(theta[i]))
        sides = []
        for sign in (1, -1):
            likelihood.etas[:] = kept
            moved = theta.copy()
            moved[i] += sign * step
            sides.append(likelihood(moved)[1])
        information[i] = (sides[0] - sides[1]) / (2 * step)
    inner = information[np.ix_(free, free)]
    inner = (inner + inner.T) / 2
    if not free.any() or not np.all(np.isfinite(inner)) or np.min(np.linalg.eigvalsh(inner)) <= 0:
        return None
    covariance = np.full((size, size), np.nan)
    covariance[np.ix_(free, free)] = np.linalg.inv(inner)
    return covariance


def _flags(
    model: Model, data: Observations, best: tuple[Start, Floats, Floats], starts: tuple[Start, ...], covariance: Floats | None,
    likelihood: Likelihood,
) -> tuple[str, ...]:  # fmt: skip
    likelihood.etas[:] = best[2]
    likelihood(best[1])
    spreads = best[1][len(PARAMETERS) - len(model.fixed) :]
    good = [item.objective for item in starts if item.converged]
    found = {
        "not_converged": not best[0].converged,
        "starts_disagree": len(starts) > 1 and (len(good) < len(starts) or max(good) - min(good) > 0.1),
        "mode_not_found": likelihood.lost > 0,
        "spread_at_bound": bool(np.any(spreads <= _SPREAD[0] + _EDGE) or np.any(spreads >= _SPREAD[1] - _EDGE)),
        "information_not_positive": covariance is None,
        "few_samples": data.times.size < 3 * best[1].size,
    }
    return tuple(name for name, holds in found.items() if holds)
