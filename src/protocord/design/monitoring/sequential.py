"""Boundaries on one count: with a given chance of ever crossing, by a posterior probability, by Wald's ratio, or as listed.

Where a critical value has to be found, there is no root to bracket: only finitely many values occur, so the least of them whose
exact crossing probability is within the error is found by halving a sorted list. The value printed is the roundest number that
gives the same bounds, and the error stated is that of the printed number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import inf, isfinite, log
from types import MappingProxyType
from typing import Literal

import numpy as np

from protocord.design.monitoring.boundaries import TIE, Boundary, Direction, Floats, check_looks, check_rate
from protocord.design.monitoring.criteria import (
    LikelihoodRatio,
    MaximisedRatio,
    Measure,
    Posterior,
    Threshold,
    WangTsiatis,
)
from protocord.design.monitoring.exact import NEVER_HIGH, NEVER_LOW, crossing_probabilities

Scale = Literal["tail", "score"]


def pocock(rate: float, alpha: float, looks: Sequence[int], *, direction: Direction = ">=", counts: str = "events") -> Boundary:
    """This will return the boundary with the same nominal level at every look, crossed with probability <= `alpha` at `rate`.

    With a look at every subject it is the continuous toxicity boundary of Ivanova, Qaqish & Schell 2005 (Biometrics 61:540).
    """
    return wang_tsiatis(rate, alpha, looks, 0.5, direction=direction, counts=counts)


def obrien_fleming(
    rate: float, alpha: float, looks: Sequence[int], *, direction: Direction = ">=", counts: str = "events", scale: Scale = "tail"
) -> Boundary:
    """This will return the boundary that hardly stops early and is nearly a fixed test at the last look."""
    return wang_tsiatis(rate, alpha, looks, 0.0, direction=direction, counts=counts, scale=scale)


def wang_tsiatis(
    rate: float,
    alpha: float,
    looks: Sequence[int],
    delta: float,
    *,
    direction: Direction = ">=",
    counts: str = "events",
    scale: Scale = "tail",
) -> Boundary:
    """This will return the Wang-Tsiatis boundary of shape `delta` (1/2: Pocock, 0: O'Brien-Fleming), error <= `alpha` at `rate`.

    `direction` "<=" watches for too few events. Raises ValueError for rates outside 0 … 1 or looks that do not increase.
    """
    check_looks(looks)
    check_rate(rate)
    watched = rate if direction == ">=" else _other(rate)
    return calibrate(WangTsiatis(watched, looks[-1], delta, scale), watched, alpha, looks, direction=direction, counts=counts)


def beta_binomial(
    rate: float,
    alpha: float,
    looks: Sequence[int],
    prior: tuple[float, float],
    *,
    direction: Direction = ">=",
    counts: str = "events",
) -> Boundary:
    """This will return the posterior boundary (Beta(a, b) prior) whose threshold gives error <= `alpha` at `rate` (Geller 2003)."""
    a, b = prior
    watched = rate if direction == ">=" else _other(rate)
    measure = Posterior(watched, *((a, b) if direction == ">=" else (b, a)), named="beta_binomial")
    return calibrate(measure, watched, alpha, looks, direction=direction, counts=counts)


def max_sprt(rate: float, alpha: float, looks: Sequence[int], *, counts: str = "events") -> Boundary:
    """This will return the boundary on the maximised likelihood ratio with error <= `alpha` at `rate`."""
    return calibrate(MaximisedRatio(rate), rate, alpha, looks, counts=counts)


def calibrated_sprt(rate: float, alternative: float, alpha: float, looks: Sequence[int], *, counts: str = "events") -> Boundary:
    """This will return the upper boundary of a truncated ratio test whose threshold gives error <= `alpha` at `rate`, exactly."""
    return calibrate(LikelihoodRatio(rate, alternative), rate, alpha, looks, counts=counts)


def sprt(
    rate: float, alternative: float, alpha: float, beta: float, looks: Sequence[int], *, counts: str = "events"
) -> tuple[Boundary, Boundary]:
    """This will return the upper and the lower boundary of Wald's sequential probability ratio test, truncated at the last look.

    Thresholds are Wald's: log((1 - beta) / alpha) and log(beta / (1 - alpha)). They hold their errors approximately only; the
    exact ones are in `exact.characteristics`.
    """
    check_rate(alpha, "alpha")
    check_rate(beta, "beta")
    if alpha + beta >= 1:
        message = "alpha and beta must add up to less than 1"
        raise ValueError(message)
    upper, lower = log((1 - beta) / alpha), log(beta / (1 - alpha))
    printed = {"rate": rate, "alternative_rate": alternative, "alpha": alpha, "beta": beta}
    above = Threshold(LikelihoodRatio(rate, alternative), upper, strict=False)
    below = Threshold(LikelihoodRatio(_other(alternative), _other(rate)), -lower, strict=False, direction="<=")
    return (
        of_threshold(above, looks, {**printed, "threshold": upper}, counts=counts),
        of_threshold(below, looks, {**printed, "threshold": lower}, counts=counts),
    )


def posterior(
    rate: float,
    certainty: float,
    looks: Sequence[int],
    prior: tuple[float, float],
    *,
    direction: Direction = ">=",
    counts: str = "events",
    strict: bool = True,
) -> Boundary:
    """This will return the boundary that is crossed when the rate lies beyond `rate` with a probability above `certainty`.

    Beyond is above with `direction` ">=", below with "<=". With `strict` False a probability equal to `certainty` crosses too.
    """
    check_rate(rate)
    check_rate(certainty, "certainty")
    a, b = prior
    measure = Posterior(rate, a, b) if direction == ">=" else Posterior(_other(rate), b, a)
    threshold = Threshold(measure, certainty, strict=strict, direction=direction)
    return of_threshold(threshold, looks, {"rate": rate, "prior_a": a, "prior_b": b, "certainty": certainty}, counts=counts)


def of_threshold(
    threshold: Threshold, looks: Sequence[int], parameters: Mapping[str, float | int | str], *, counts: str = "events"
) -> Boundary:
    """This will return the boundary of a measure with a given critical value, at `looks`."""
    check_looks(looks)
    bounds = tuple(threshold.bound(look) for look in looks)
    return Boundary(
        threshold.kind,
        tuple(looks),
        bounds,
        threshold.direction,
        counts,
        threshold.strict,
        MappingProxyType(dict(parameters)),
        threshold,
    )


def listed(
    looks: Sequence[int],
    bounds: Sequence[int | None],
    *,
    direction: Direction,
    counts: str = "events",
    kind: str = "listed",
    parameters: Mapping[str, float | int | str] | None = None,
) -> Boundary:
    """This will return a boundary from its bounds, one a look, None where the look cannot stop."""
    return Boundary(kind, tuple(looks), tuple(bounds), direction, counts, None, MappingProxyType(dict(parameters or {})))


def calibrate(
    measure: Measure,
    rate: float,
    alpha: float,
    looks: Sequence[int],
    *,
    direction: Direction = ">=",
    counts: str = "events",
) -> Boundary:
    """This will return the earliest-stopping boundary of a measure that is crossed at `rate` with probability <= `alpha`.

    With `direction` "<=", `measure` and `rate` are those of the non-events. The parameter in `parameters` is the roundest number
    with the same bounds, `type_i_error` the exact crossing probability with it. Where even the most extreme count would exceed
    `alpha`, no look can stop, and there is no parameter.
    """
    check_looks(looks)
    check_rate(alpha, "alpha")
    values = [measure.values(look) for look in looks]
    occurring = _distinct(values)
    low, high = 0, len(occurring)  # the least place in `occurring` whose error is within alpha lies in low … high
    while low < high:
        middle = (low + high) // 2
        if _error(values, float(occurring[middle]), looks, rate) <= alpha + TIE:
            high = middle
        else:
            low = middle + 1
    below = float(occurring[low - 1]) if low > 0 else -inf
    above = float(occurring[low]) if low < len(occurring) else inf
    critical, parameter = _roundest(measure, below, above)
    printed = {**measure.printed(), "alpha": alpha, **({} if parameter is None else {"parameter": parameter})}
    if direction == "<=":
        printed["rate"] = _other(float(printed["rate"]))
    threshold = Threshold(measure, critical, strict=False, direction=direction)
    found = of_threshold(threshold, looks, printed, counts=counts)
    return replace(found, parameters=MappingProxyType({**printed, "type_i_error": _error(values, critical, looks, rate)}))


def _distinct(values: Sequence[Floats]) -> Floats:
    """The finite values that occur, in order; of those that differ by rounding only, the least."""
    every = np.unique(np.concatenate(values))
    every = every[np.isfinite(every)]
    apart = np.diff(every, prepend=-inf) > 2 * TIE * np.maximum(1.0, np.abs(every))
    return np.asarray(every[apart], dtype=np.float64)


def _error(values: Sequence[Floats], critical: float, looks: Sequence[int], rate: float) -> float:
    margin = TIE * max(1.0, abs(critical)) if isfinite(critical) else 0.0
    high = np.full((1, len(looks)), NEVER_HIGH, dtype=np.int64)
    for place, value in enumerate(values):
        crossed = value >= critical - margin
        if crossed.any():
            high[0, place] = int(np.argmax(crossed))
    low = np.full((1, len(looks)), NEVER_LOW, dtype=np.int64)
    _, stops, _ = crossing_probabilities(np.asarray(looks, dtype=np.int64), low, high, np.asarray([rate]))
    return float(stops.sum())


def _roundest(measure: Measure, below: float, above: float) -> tuple[float, float | None]:
    """The critical value between two that occur whose parameter has the fewest decimals, and that parameter."""
    if above == inf:
        return inf, None
    ends = (measure.parameter(below if isfinite(below) else above - 1.0), measure.parameter(above))
    low, high = Decimal(min(ends)), Decimal(max(ends))
    middle = (low + high) / 2
    for digits in range(2, 17):
        step = Decimal(1).scaleb(-digits)
        first, last = low.quantize(step, ROUND_CEILING), high.quantize(step, ROUND_FLOOR)
        parameter = min(max(middle.quantize(step), first), last)
        if first > last:
            continue
        critical = measure.critical(float(parameter))
        margin = 4 * TIE * max(1.0, abs(critical))
        if below + margin < critical < above - margin:
            return critical, float(parameter)
    return above, measure.parameter(above)


def _other(rate: float) -> float:
    """The rate of the non-events, without the binary tail of 1 - 0.9."""
    return round(1 - rate, 15)
