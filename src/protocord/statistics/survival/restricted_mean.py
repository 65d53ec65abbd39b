"""The restricted mean survival time: the area under the curve to a horizon, with the standard error of that estimate.

The variance is Σ A(t)² d / (n (n - d)) over event times t up to the horizon, A(t) being the area from t on (Klein & Moeschberger
2003, 4.5.2; R's `print(survfit, rmean = τ)`). It is the variance of the *estimate*, not that of the time min(T, τ).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from protocord.statistics.survival.sample import TOLERANCE, Floats, Integers


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """The mean time up to `tau`, its standard error and the normal interval at `level`; nan with `why` = `beyond_follow_up`.

    Beyond the last observation of a curve above zero the area is not known, and is not guessed.
    """

    tau: float
    estimate: float
    std_error: float
    lower: float
    upper: float
    level: float
    why: str


def restricted_mean(
    times: Floats, survival: Floats, risk: Integers, events: Integers, tau: float | None, level: float
) -> RestrictedMean:
    """This will return the area under the step curve up to `tau` (None: the last time) with its standard error and interval.

    Raises ValueError where `tau` is not positive.
    """
    horizon = float(times[-1]) if tau is None else float(tau)
    if not 0 < horizon < np.inf:
        message = f"the horizon of a restricted mean is a positive time, not {horizon:g}"
        raise ValueError(message)
    nan = float("nan")
    if horizon > times[-1] + TOLERANCE * max(1.0, horizon) and survival[-1] > 0:
        return RestrictedMean(horizon, nan, nan, nan, nan, level, "beyond_follow_up")
    within = times < horizon
    edges = np.concatenate([[0.0], times[within], [horizon]])
    heights = np.concatenate([[1.0], survival[within]])
    areas = np.diff(edges) * heights
    after = areas[::-1].cumsum()[::-1][1:]  # the area from each time on
    d, n = events[within].astype(np.float64), risk[within].astype(np.float64)
    some = after > 0  # where nothing is left below the curve the term is 0, though its divisor may be 0 too
    variance = float(np.sum(after[some] ** 2 * d[some] / (n[some] * (n[some] - d[some]))))
    estimate, error = float(areas.sum()), variance**0.5
    reach = float(special.ndtri((1 + level) / 2)) * error
    return RestrictedMean(horizon, estimate, error, estimate - reach, estimate + reach, level, "")
