"""Does more exposure go with response, or with survival? With the time at which exposure became known kept in sight.

A child who progresses after the third infusion cannot accumulate the exposure of eight. Comparing survival by exposure that took time to
accumulate therefore finds a benefit where there is none: immortal-time bias. That analysis is refused by name. Its remedies: exposure known
by a landmark and survival from the landmark on, or exposure as it accumulates, stretch by stretch of each child's follow-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2

from protocord.errors import Place, Problem, Refused
from protocord.statistics import Results, Statistic
from protocord.statistics.intervals import binomial
from protocord.statistics.survival import cox
from protocord.values import Reason

Floats = NDArray[np.float64]
Scale = Literal["log2", "linear"]


class ImmortalTime(Refused):
    """Survival was asked for by exposure that takes survival to accumulate."""

    exit_code: ClassVar[int] = 6


@dataclass(frozen=True, slots=True)
class Exposed:
    """One child: exposure by `metric`, the day by which it was complete (`until`, days from the first infusion), and what became of the child.

    `until` None says that it accumulates for as long as the child is treated. `time` in days from the first infusion.
    """

    subject: str
    exposure: float | None
    until: float | None = None
    response: bool | None = None
    time: float | None = None
    event: bool | None = None


@dataclass(frozen=True, slots=True)
class Firth:
    """A penalised logistic fit: `coefficients` (intercept, slope), the slope's profile limits, and its likelihood-ratio p value."""

    coefficients: Floats
    lower: float
    upper: float
    p_value: float
    log_likelihood: float


def firth(x: Sequence[float] | Floats, y: Sequence[bool] | NDArray[np.bool_], *, level: float = 0.95) -> Firth:
    """This will return the logistic regression of `y` on `x` by Firth's penalised likelihood, with profile limits of the slope.

    Finite also where `x` parts the outcomes. Raises ValueError where `x` does not vary or fewer than three are given.
    """
    given, outcome = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if given.size < 3 or np.ptp(given) == 0:
        message = "a slope needs three children at least, and exposures that differ"
        raise ValueError(message)
    centre, width = float(given.mean()), float(given.std())
    design = np.column_stack([np.ones(given.size), (given - centre) / width])
    best, top = _penalised(design, outcome, None)
    null = _penalised(design, outcome, 0.0)[1]
    reach = float(chi2.ppf(level, 1)) / 2

    def depth(slope: float) -> float:
        return top - reach - _penalised(design, outcome, slope)[1]

    ends = [_crossing(depth, float(best[1]), direction) / width for direction in (-1.0, 1.0)]
    slope = float(best[1]) / width
    p_value = float(chi2.sf(2 * (top - null), 1))
    return Firth(np.array([float(best[0]) - slope * centre, slope]), ends[0], ends[1], p_value, top + float(np.log(width)))


def _penalised(design: Floats, y: Floats, slope: float | None) -> tuple[Floats, float]:
    """This will maximise the penalised log likelihood (with `slope` held, by the intercept alone); returns the place and the maximum."""
    beta = np.array([0.0, slope or 0.0])
    free = [0, 1] if slope is None else [0]
    value, score, information = _terms(design, y, beta)
    for _ in range(200):
        step = np.zeros(2)
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
        step *= min(1.0, 5.0 / max(float(np.max(np.abs(step))), 1e-300))
        for _half in range(40):
            moved = _terms(design, y, beta + step)
            if moved[0] >= value - 1e-13:
                break
            step /= 2
        beta = beta + step
        value, score, information = moved
        if float(np.max(np.abs(score[free]))) < 1e-9 or float(np.max(np.abs(step))) < 1e-12:
            break
    return beta, value


def _terms(design: Floats, y: Floats, beta: Floats) -> tuple[float, Floats, Floats]:
    linear = design @ beta
    chance = expit(linear)
    weight = np.maximum(chance * (1 - chance), 1e-300)
    information = (design * weight[:, None]).T @ design
    leverage = weight * np.einsum("ij,jk,ik->i", design, np.linalg.pinv(information), design)
    score = design.T @ (y - chance + leverage * (0.5 - chance))
    fitted = float(np.sum(y * linear - np.logaddexp(0.0, linear)))
    return fitted + 0.5 * float(np.linalg.slogdet(information)[1]), score, information


def _crossing(depth: Callable[[float], float], at: float, direction: float) -> float:
    step = 0.5
    while depth(at + direction * step) < 0:
        step *= 2
        if step > 1e6:
            return float(direction * np.inf)
    return float(brentq(depth, at, at + direction * step, xtol=1e-10))


def response_by_exposure(
    children: Sequence[Exposed], *, metric: str, scale: Scale = "log2", level: float = 0.95, quantiles: int = 4
) -> Results:
    """This will return response by exposure (analysis `exposure_response`): odds ratio, interval, p value, and rates by exposure quantile.

    The odds ratio is for a doubling (`log2`, where every exposure is positive) or for one unit (`linear`). Children without exposure or
    response are left out and counted. Rates have Clopper-Pearson intervals. Context of a rate: `quantile`, with its `median` exposure.
    """
    used = [child for child in children if child.exposure is not None and child.response is not None]
    about: dict[str, str | int | float] = {"metric": metric, "scale": scale}
    rows = [
        Statistic("exposure_response", "n", len(used), context=about),
        Statistic("exposure_response", "n_responders", sum(bool(child.response) for child in used), context=about),
        Statistic("exposure_response", "n_left_out", len(children) - len(used), context=about),
    ]
    exposure = np.array([child.exposure for child in used], dtype=np.float64)
    response = np.array([bool(child.response) for child in used])
    why = _unfit(exposure, scale)
    if why is None:
        fitted = firth(np.log2(exposure) if scale == "log2" else exposure, response, level=level)
        values = {
            "odds_ratio": float(np.exp(fitted.coefficients[1])), "lower": float(np.exp(fitted.lower)),
            "upper": float(np.exp(fitted.upper)), "p_value": fitted.p_value, "intercept": float(fitted.coefficients[0]),
            "slope": float(fitted.coefficients[1]),
        }  # fmt: skip
    else:
        values = dict.fromkeys(("odds_ratio", "lower", "upper", "p_value", "intercept", "slope"), float("nan"))
    for name, value in values.items():
        at = level if name in {"lower", "upper"} else None
        reason = why or (None if np.isfinite(value) else Reason.of("kinetics_exposure_limit_infinite"))
        method = "firth/profile"
        conventions = ("kinetics_exposure_firth",)
        rows.append(Statistic("exposure_response", name, None if reason else value, "", about, method, conventions, at, reason))
    if len(used) >= quantiles:
        rows += _rates(exposure, response, about, quantiles, level)
    return Results(tuple(rows))


def _unfit(exposure: Floats, scale: Scale) -> Reason | None:
    if exposure.size < 3 or np.ptp(exposure) == 0:
        return Reason.of("kinetics_exposure_too_few", n=int(exposure.size))
    if scale == "log2" and exposure.min() <= 0:
        return Reason.of("kinetics_exposure_not_positive", n=int(np.count_nonzero(exposure <= 0)))
    return None


def _rates(
    exposure: Floats, response: NDArray[np.bool_], about: Mapping[str, str | int | float], quantiles: int, level: float
) -> list[Statistic]:
    """This will return response rates by quantile of exposure; children are parted by rank, ties kept together in the lower part."""
    edges = np.quantile(exposure, np.linspace(0, 1, quantiles + 1)[1:-1])
    place = np.searchsorted(edges, exposure, side="left")
    rows = []
    for number in range(quantiles):
        inside = place == number
        n, x = int(np.count_nonzero(inside)), int(np.count_nonzero(response & inside))
        context = {**about, "quantile": number + 1}
        rows.append(Statistic("exposure_response", "rate_n", n, context=context))
        if not n:
            continue
        found = binomial(x, n, level=level)
        rows.append(Statistic("exposure_response", "rate_x", x, context=context))
        rows.append(Statistic("exposure_response", "rate_median_exposure", float(np.median(exposure[inside])), context=context))
        for name, value in (("rate", found.estimate), ("rate_lower", found.lower), ("rate_upper", found.upper)):
            at = None if name == "rate" else level
            rows.append(Statistic("exposure_response", name, value, "", context, "clopper_pearson", (), at))
    return rows


def survival_by_exposure(
    children: Sequence[Exposed], *, metric: str, landmark: float | None, scale: Scale = "log2", level: float = 0.95
) -> Results:
    """This will return the hazard ratio of survival by exposure from a landmark on (analysis `exposure_survival`).

    `landmark` in days from the first infusion. Children who had the event or left before it are left out and counted. Raises ImmortalTime
    without a landmark, and where any child's exposure was still accumulating at it (or for as long as the child was treated).
    """
    _refuse_immortal_time(children, metric, landmark)
    assert landmark is not None
    complete = [child for child in children if None not in (child.exposure, child.time, child.event)]
    used = [child for child in complete if child.time is not None and child.time > landmark]
    about: dict[str, str | int | float] = {"metric": metric, "landmark": landmark, "scale": scale}
    counts = {
        "n": len(used),
        "n_event": sum(bool(child.event) for child in used),
        "n_before_landmark": len(complete) - len(used),
        "n_left_out": len(children) - len(complete),
    }
    rows = [Statistic("exposure_survival", name, value, context=about) for name, value in counts.items()]
    exposure = np.array([child.exposure for child in used], dtype=np.float64)
    time = np.array([child.time for child in used], dtype=np.float64) - landmark
    event = np.array([bool(child.event) for child in used])
    return Results((*rows, *_hazard(exposure, time, event, None, about, scale, level, "kinetics_exposure_landmark")))


def _refuse_immortal_time(children: Sequence[Exposed], metric: str, landmark: float | None) -> None:
    endless = [child.subject for child in children if child.exposure is not None and child.until is None]
    late = [child for child in children if child.until is not None and child.until > (landmark if landmark is not None else 0.0)]
    if not endless and not late and landmark is not None:
        return
    if endless:
        what = f"Survival by {metric}, which accumulates while a child is treated, is refused: immortal-time bias."
    elif landmark is None:
        what = f"Survival by {metric} without a landmark is refused: immortal-time bias."
    else:
        day = max(float(child.until or 0) for child in late)
        what = f"Survival from day {landmark:g} by {metric}, complete only on day {day:g}, is refused: immortal-time bias."
    last = max([float(child.until) for child in children if child.until is not None], default=28.0)
    remedy = (
        "A child must live, and not progress, to be exposed for longer; longer exposure would look like benefit. "
        f"Use exposure complete by a landmark, such as course 1, and count survival from it (landmark {last:g}), "
        "or exposure as it accumulates (time-varying)."
    )
    raise ImmortalTime([Problem(Place(), what, remedy)])


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a child's follow-up, from `start` to `stop` (days), with the exposure accumulated by its start."""

    subject: str
    start: float
    stop: float
    event: bool
    exposure: float


def stretches(subject: str, accumulated: Sequence[tuple[float, float]], time: float, event: bool) -> tuple[Stretch, ...]:
    """This will cut a child's follow-up where the accumulated exposure changes: counting-process rows, each with what was known at its start.

    `accumulated` holds (day, exposure up to that day), days ascending; before the first it is 0. What comes at or after `time` is not used.
    Raises ValueError where exposure falls: it accumulates.
    """
    values = [value for _, value in accumulated]
    if any(later < earlier for earlier, later in pairwise(values)) or list(accumulated) != sorted(accumulated):
        message = f"{subject}: accumulated exposure and its days must ascend"
        raise ValueError(message)
    cuts = [(0.0, 0.0), *((day, value) for day, value in accumulated if 0 < day < time)]
    start = [(0.0, value) for day, value in accumulated if day <= 0][-1:]
    cuts = [*start, *cuts[1:]] if start else cuts
    ends = [day for day, _ in cuts[1:]] + [time]
    return tuple(
        Stretch(subject, day, stop, event and stop == time, value)
        for (day, value), stop in zip(cuts, ends, strict=True)
        if stop > day
    )


def survival_by_accumulation(rows: Sequence[Stretch], *, metric: str, level: float = 0.95) -> Results:
    """This will return the hazard ratio of survival by exposure as it accumulates (analysis `exposure_survival`).

    Each event is compared with the children at risk on that day by what each had accumulated by then, per doubling of one plus exposure:
    the first days have none.
    """
    about: dict[str, str | int | float] = {"metric": metric, "scale": "log2(1 + x)", "landmark": "none"}
    subjects = {row.subject for row in rows}
    counts = {"n": len(subjects), "n_stretches": len(rows), "n_event": sum(row.event for row in rows)}
    made = [Statistic("exposure_survival", name, value, context=about) for name, value in counts.items()]
    exposure = np.array([row.exposure for row in rows])
    stop, start = np.array([row.stop for row in rows]), np.array([row.start for row in rows])
    event = np.array([row.event for row in rows])
    scaled = np.log2(1 + exposure)
    return Results((*made, *_hazard(scaled, stop, event, start, about, "linear", level, "kinetics_exposure_landmark")))


def _hazard(
    exposure: Floats, time: Floats, event: NDArray[np.bool_], entry: Floats | None, about: Mapping[str, str | int | float], scale: Scale,
    level: float, convention: str,
) -> list[Statistic]:  # fmt: skip
    names = ("hazard_ratio", "lower", "upper", "p_value")
    why = _unfit(exposure, scale)
    if why is None and not event.any():
        why = Reason.of("kinetics_exposure_no_event")
    values: dict[str, float] = {}
    if why is None:
        fitted = cox(time, event, np.log2(exposure) if scale == "log2" else exposure, entry=entry, level=level)
        if fitted.why:
            why = Reason.of("kinetics_exposure_no_estimate")
        else:
            low, high = fitted.limits
            found = (fitted.hazard_ratio[0], low[0], high[0], fitted.likelihood_ratio_test.p_value)
            values = dict(zip(names, map(float, found), strict=True))
    return [
        Statistic(
            "exposure_survival", name, values.get(name), "", about, "cox/efron", (convention,),
            level if name in {"lower", "upper"} else None, why,
        )
        for name in names
    ]  # fmt: skip
