"""What a fit says, as results: typical values on the scale that people read, spreads, children, starts, and a visual predictive check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from protocord.kinetics.models.data import BELOW, MEASURED
from protocord.kinetics.models.laplace import predicted
from protocord.kinetics.models.m3 import PARAMETERS, Fit, since_dose
from protocord.statistics import Results, Statistic
from protocord.statistics.streams import Streams
from protocord.values import Reason

Floats = NDArray[np.float64]

READ: Mapping[str, str] = {
    "ln_c0": "c0",
    "logit_fast": "fast_fraction",
    "ln_gap": "fast_half_life",
    "ln_slow": "slow_half_life",
}
"""The name under which a reader meets each internal parameter."""
SPREADS: Mapping[str, str] = {
    "ln_c0": "omega_c0",
    "logit_fast": "omega_fast_fraction",
    "ln_gap": "omega_fast_rate",
    "ln_slow": "omega_slow_half_life",
}
_CONVENTIONS = ("kinetics_model_rate_order", "kinetics_model_laplace")


def natural(parameters: Floats) -> Floats:
    """This will return C0, fast fraction, fast and slow half-life (days) for internal parameters (... x 4)."""
    slow = np.exp(parameters[..., 3])
    fast = slow + np.exp(parameters[..., 2])
    return np.stack([np.exp(parameters[..., 0]), expit(parameters[..., 1]), log(2) / fast, log(2) / slow], axis=-1)


def summary(fit: Fit, *, level: float = 0.95) -> Results:
    """This will return a fit as results (analysis `kinetics_fit`).

    Context `parameter`: `estimate`, `std_error` and the interval's ends, made on the logarithm (logit of the fraction) and carried back.
    Context `subject` and `parameter`: `individual`. `shrinkage`, `objective`, `n_*` and each start's objective follow. What has no
    standard error says why.
    """
    rows = [*_typical(fit, level), *_spreads(fit, level), *_children(fit), *_run(fit)]
    about = {"method": fit.data.method, "unit": fit.data.unit}
    return Results(tuple(rows), fit.data.inputs, about)


def _typical(fit: Fit, level: float) -> Iterator[Statistic]:
    values = natural(fit.means)
    for i, name in enumerate(PARAMETERS):
        if name in fit.model.fixed:
            yield _one(fit, "estimate", READ[name], float(values[i]))
            yield _missing(fit, "std_error", READ[name], "kinetics_fixed_by_caller")
            continue
        slope = np.zeros(4)
        slope[i] = -1.0 if name == "ln_slow" else 1.0
        if name == "ln_gap":  # ln of the fast half-life depends on both rates
            gap, slow = exp(fit.means[2]), exp(fit.means[3])
            slope[2], slope[3] = -gap / (gap + slow), -slow / (gap + slow)
        error = _error(fit, slope)
        inner = float(np.log(values[i] / (1 - values[i])) if name == "logit_fast" else np.log(values[i]))
        by_inner = float(values[i] * (1 - values[i])) if name == "logit_fast" else float(values[i])
        back = expit if name == "logit_fast" else np.exp
        yield from _interval(fit, READ[name], float(values[i]), inner, error, by_inner, back, level)


def _spreads(fit: Fit, level: float) -> Iterator[Statistic]:
    used = 4 - len(fit.model.fixed)
    names = [SPREADS[name] for name in PARAMETERS if name in fit.model.random]
    for i, name in enumerate([*names, "sigma"]):
        inner = float(fit.theta[used + i])
        error = None if fit.covariance is None else sqrt(float(fit.covariance[used + i, used + i]))
        yield from _interval(fit, name, exp(inner), inner, error, exp(inner), np.exp, level)


def _interval(
    fit: Fit, name: str, value: float, inner: float, error: float | None, by_inner: float, back: object, level: float
) -> Iterator[Statistic]:
    yield _one(fit, "estimate", name, value)
    if error is None or np.isnan(error):
        why = "kinetics_information_not_positive" if error is None else "kinetics_at_bound"
        for what in ("std_error", "lower", "upper"):
            yield _missing(fit, what, name, why)
        return
    reach = float(norm.ppf(0.5 + level / 2)) * error
    yield _one(fit, "std_error", name, error * by_inner)
    yield _one(fit, "lower", name, float(back(inner - reach)), level)  # type: ignore[operator]  # a NumPy function
    yield _one(fit, "upper", name, float(back(inner + reach)), level)  # type: ignore[operator]  # a NumPy function


def _error(fit: Fit, slope: Floats) -> float | None:
    if fit.covariance is None:
        return None
    kept = [i for i, name in enumerate(PARAMETERS) if name not in fit.model.fixed]
    part = fit.covariance[: len(kept), : len(kept)]
    return sqrt(float(slope[kept] @ part @ slope[kept]))


def _children(fit: Fit) -> Iterator[Statistic]:
    values = natural(fit.individual)
    for i, subject in enumerate(fit.data.subjects):
        for j, name in enumerate(PARAMETERS):
            context = {"subject": subject, "parameter": READ[name]}
            yield Statistic("kinetics_fit", "individual", float(values[i, j]), _unit(fit, READ[name]), context, fit.data.method)
    for i, name in enumerate(name for name in PARAMETERS if name in fit.model.random):
        shrunk = 1 - float(np.std(fit.etas[:, i], ddof=1)) / float(fit.omega[i]) if len(fit.data.subjects) > 1 else 1.0
        yield Statistic("kinetics_fit", "shrinkage", shrunk, "1", {"parameter": SPREADS[name]}, "1 - SD(modes) / omega")


def _run(fit: Fit) -> Iterator[Statistic]:
    data = fit.data
    yield Statistic("kinetics_fit", "objective", fit.objective, "", {}, "laplace/-2 log likelihood of logarithms")
    for name, value in {"n_subjects": len(data.subjects), "n_samples": data.times.size, "n_censored": data.censored}.items():
        yield Statistic("kinetics_fit", name, int(value))
    for reason, count in data.dropped.items():
        yield Statistic("kinetics_fit", "n_dropped", count, "", {"why": reason})
    for start in fit.starts:
        context = {"start": start.number}
        yield Statistic("kinetics_fit", "start_objective", start.objective, "", context)
        yield Statistic("kinetics_fit", "start_converged", start.converged, "", context)
    spread = max(item.objective for item in fit.starts) - min(item.objective for item in fit.starts)
    yield Statistic("kinetics_fit", "objective_spread", spread, "", {}, "largest minus smallest over starts")
    for flag in fit.flags:
        yield Statistic("kinetics_fit", "flag", flag, "", {"flag": flag})


def _unit(fit: Fit, parameter: str) -> str:
    return {"c0": fit.data.unit, "fast_half_life": "d", "slow_half_life": "d"}.get(parameter, "1")


def _one(fit: Fit, name: str, parameter: str, value: float, level: float | None = None) -> Statistic:
    unit, context = _unit(fit, parameter), {"parameter": parameter}
    used = (f"kinetics_blq_{fit.data.method}", *_CONVENTIONS)
    return Statistic("kinetics_fit", name, value, unit, context, f"{fit.data.method}/laplace", used, level)


def _missing(fit: Fit, name: str, parameter: str, why: str) -> Statistic:
    context = {"parameter": parameter}
    return Statistic(
        "kinetics_fit", name, None, _unit(fit, parameter), context, f"{fit.data.method}/laplace", reason=Reason.of(why)
    )


def curves(fit: Fit, times: Floats) -> tuple[Floats, Floats]:
    """This will return the typical and each child's concentrations at `times`: (children x times) twice, by the child's own doses."""
    children = len(fit.data.subjects)
    tiled, offsets = np.tile(times, children), np.arange(0, (children + 1) * times.size, times.size, dtype=np.int64)
    made = []
    for parameters in (np.tile(fit.means, (children, 1)), fit.individual):
        out = np.empty(tiled.size)
        data = fit.data
        predicted(parameters, tiled, offsets, data.starts, data.durations, data.amounts, data.dose_of, out)
        made.append(np.exp(out).reshape(children, times.size))
    return made[0], made[1]


def visual_check(fit: Fit, *, replicates: int = 500, seed: int = 1, bins: int = 8, level: float = 0.90) -> Results:
    """This will return a visual predictive check in two parts (analysis `kinetics_vpc`), by time since the last infusion.

    Context `bin` (and `time`, its median in days) and `quantile` 0.05, 0.5, 0.95: `observed` and the simulated band (`lower`, `median`, `upper`
    at `level`) of that quantile, samples below their limit counted as lowest; a quantile that falls below the limit is missing and says so.
    Without quantile: `observed_below`, and the band of the fraction below the limit (`below_lower` …). Samples without a limit of
    their own are never below one. Raises ValueError for a fit that dropped or filled in its censored samples.
    """
    data = fit.data
    if data.method != "m3":
        message = "a visual check needs the censored samples: fit with m3"
        raise ValueError(message)
    since = since_dose(data)
    edges = np.unique(np.quantile(since, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, since, side="right") - 1, 0, edges.size - 2)
    observed = np.where(data.kinds == BELOW, -np.inf, data.y)
    drawn = _replicated(fit, replicates, seed)
    rows: list[Statistic] = []
    for number in range(edges.size - 1):
        inside = place == number
        if not np.any(inside):
            continue
        context = {"bin": number, "time": float(np.median(since[inside])), "n": int(np.count_nonzero(inside))}
        rows += _bin(context, observed[inside], drawn[:, inside], level, data.unit)
    about = {"replicates": replicates, **{f"random_{key}": value for key, value in Streams(seed).about().items()}}
    return Results(tuple(rows), data.inputs, about)


def _replicated(fit: Fit, replicates: int, seed: int) -> Floats:
    data, streams = fit.data, Streams(seed).child("vpc")
    active = [i for i, name in enumerate(PARAMETERS) if name in fit.model.random]
    drawn, out = np.empty((replicates, data.times.size)), np.empty(data.times.size)
    for number in range(replicates):
        generator = streams.generator(number)
        parameters = np.tile(fit.means, (len(data.subjects), 1))
        parameters[:, active] += fit.omega * generator.standard_normal((len(data.subjects), len(active)))
        predicted(parameters, data.times, data.sample_of, data.starts, data.durations, data.amounts, data.dose_of, out)
        values = out + fit.sigma * generator.standard_normal(out.size)
        drawn[number] = np.where(values < data.limits, -np.inf, values)  # a NaN limit compares as never below
    return drawn


def _bin(context: Mapping[str, float], observed: Floats, drawn: Floats, level: float, unit: str) -> Iterator[Statistic]:
    tail = (1 - level) / 2
    for quantile in (0.05, 0.5, 0.95):
        here = {**context, "quantile": quantile}
        seen = float(np.quantile(observed, quantile, method="inverted_cdf"))
        simulated = np.quantile(drawn, quantile, axis=1, method="inverted_cdf")
        shown = {"observed": seen}
        for name, share in (("lower", tail), ("median", 0.5), ("upper", 1 - tail)):
            shown[name] = float(np.quantile(simulated, share, method="inverted_cdf"))
        for name, value in shown.items():
            at = level if name in {"lower", "upper"} else None
            if np.isfinite(value):
                yield Statistic("kinetics_vpc", name, exp(value), unit, here, "vpc", level=at)
            else:
                why = Reason.of("kinetics_quantile_below_limit")
                yield Statistic("kinetics_vpc", name, None, unit, here, "vpc", level=at, reason=why)
    below = np.mean(np.isneginf(drawn), axis=1)
    yield Statistic("kinetics_vpc", "observed_below", float(np.mean(np.isneginf(observed))), "1", context, "vpc")
    for name, share in (("below_lower", tail), ("below_median", 0.5), ("below_upper", 1 - tail)):
        yield Statistic("kinetics_vpc", name, float(np.quantile(below, share)), "1", context, "vpc", level=level)


def individual_fits(fit: Fit, points: int = 200) -> tuple[Results, Mapping[str, tuple[Floats, Floats, Floats]]]:
    """This will return samples with what was predicted (analysis `kinetics_gof`), and each child's smooth (times, typical, own) curves.

    Context `subject`, `time`, `kind` (measured, below, above): `observed` (the limit where censored), `predicted` (own), and the residual of measured samples in
    units of sigma; a censored one has no residual and says so.
    """
    data, out = fit.data, np.empty(fit.data.times.size)
    predicted(fit.individual, data.times, data.sample_of, data.starts, data.durations, data.amounts, data.dose_of, out)
    rows, lines = [], {}
    for i, subject in enumerate(data.subjects):
        for j in range(data.sample_of[i], data.sample_of[i + 1]):
            measured = data.kinds[j] == MEASURED
            kind = {MEASURED: "measured", BELOW: "below"}.get(int(data.kinds[j]), "above")
            context: dict[str, str | int | float] = {
                "subject": subject,
                "sample": int(j),
                "time": float(data.times[j]),
                "kind": kind,
            }
            rows.append(Statistic("kinetics_gof", "observed", exp(float(data.y[j])), data.unit, context))
            rows.append(Statistic("kinetics_gof", "predicted", exp(float(out[j])), data.unit, context))
            residual = (float(data.y[j]) - float(out[j])) / fit.sigma
            why = None if measured else Reason.of("kinetics_residual_of_censored")
            rows.append(Statistic("kinetics_gof", "residual", residual if measured else None, "1", context, reason=why))
        last = float(data.times[data.sample_of[i + 1] - 1])
        grid = np.linspace(0.0, last, points)
        starts = data.starts[data.dose_of[i] : data.dose_of[i + 1]]
        grid = np.unique(np.concatenate([grid, starts + 0.05, starts[starts < last], starts + 0.5, starts + 1.0]))
        grid = grid[(grid > starts[0]) & (grid <= last)]
        typical, own = curves(fit, grid)
        lines[subject] = (grid, typical[i], own[i])
    return Results(tuple(rows), data.inputs), lines
