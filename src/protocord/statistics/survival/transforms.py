"""The five scales on which an interval of a survival probability is made, with R's names beside ours.

| transform | scale | R | interval |
| --- | --- | --- | --- |
| `plain` | S | plain | S ± z·se(S) |
| `log` | log S | log | S·exp(± z·se(log S)) |
| `log_log` | log(-log S) | log-log | Kalbfleisch & Prentice 1980 |
| `logit` | log(S / (1 - S)) | logit | |
| `arcsine` | arcsin √S | arcsin | Thomas & Grunkemeier 1975 |

`relative` below is the standard error of log S, the root of Greenwood's sum. Limits are cut to 0 … 1. Where S is 0 (on every
scale) or 1 (on log_log, logit and arcsine), a scale or its error is not finite and there is no interval: not a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from scipy import special

from protocord.statistics.survival.sample import Floats

Transform = Literal["plain", "log", "log_log", "logit", "arcsine"]
TRANSFORMS: tuple[Transform, ...] = get_args(Transform)

_Scale = tuple[Callable[[Floats], Floats], Callable[[Floats], Floats], Callable[[Floats], Floats]]

# Each scale: forth, back, and the derivative of the forth function times S (so that times `relative` it is the error on the scale).
_SCALES: dict[Transform, _Scale] = {
    "plain": (lambda s: s, lambda y: y, lambda s: s),
    "log": (np.log, np.exp, np.ones_like),
    "log_log": (lambda s: np.log(-np.log(s)), lambda y: np.exp(-np.exp(y)), lambda s: 1 / np.log(s)),
    "logit": (special.logit, special.expit, lambda s: 1 / (1 - s)),
    "arcsine": (
        lambda s: np.arcsin(np.sqrt(s)),
        lambda y: np.sin(np.clip(y, 0, np.pi / 2)) ** 2,
        lambda s: np.sqrt(s / (1 - s)) / 2,
    ),
}


def check_transform(transform: str) -> None:
    """This will raise ValueError for a transform that nobody knows."""
    if transform not in _SCALES:
        message = f"{transform!r} is no transform; there are {', '.join(TRANSFORMS)}"
        raise ValueError(message)


def limits(survival: Floats, relative: Floats, transform: Transform, level: float) -> tuple[Floats, Floats]:
    """This will return the lower and the upper limit for each survival probability and its relative standard error."""
    return reaching(survival, float(special.ndtri((1 + level) / 2)) * relative, transform)


def reaching(survival: Floats, reach: Floats, transform: Transform) -> tuple[Floats, Floats]:
    """This will return the limits at a distance of `reach` times S |g'(S)| from g(S) on the transform's scale g."""
    forth, back, slope = _SCALES[transform]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        middle, error = forth(survival), np.abs(slope(survival)) * reach
        one, other = np.clip(back(middle - error), 0, 1), np.clip(back(middle + error), 0, 1)
    one[survival == 0], other[survival == 0] = np.nan, np.nan
    return np.fmin(one, other), np.fmax(one, other)


def distance(survival: float, null: float, relative: float, transform: Transform) -> float:
    """This will return (g(S) - g(null)) / se(g(S)) with its sign such that above 0 means longer survival; nan where there is none."""
    forth, _, slope = _SCALES[transform]
    with np.errstate(divide="ignore", invalid="ignore"):
        s, s0 = np.array([survival]), np.array([null])
        found = (forth(s) - forth(s0)) / np.abs(slope(s) * relative)
    value = float(found[0]) if np.isfinite(found[0]) else float("nan")
    return -value if transform == "log_log" else value
