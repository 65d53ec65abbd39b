"""The logarithm of a biexponential concentration over several infusions, and of a censored density, with derivatives to third order.

Parameters of a child: `p = (ln C0, logit f, ln(alpha - beta), ln beta)`. The fast rate is the slow one plus something positive, so alpha
exceeds beta for every value of `p`: the mirror solution, in which the two rates change places, does not exist.
`C = C0 [f A(alpha) + (1 - f) B(beta)]`, `A` and `B` sums over doses of the infusion-convolved exponential times the relative dose.
Third derivatives serve the exact gradient of the Laplace approximation.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from protocord.kinetics.models.kernels import filled
from protocord.statistics.compiled import compiled

Floats = NDArray[np.float64]

_SERIES = 0.3  # below it the closed forms of the derivatives of ln E lose digits, and their series has them all
_FAR = -4.0  # below it Mills' ratio by continued fraction: erfc would underflow, and the difference z + lambda would cancel
_LARGEST = 30.0  # parameters beyond e^30 are held there, so that a wild step of a search stays finite


@compiled
def _log_filled(x: float) -> tuple[float, float, float]:
    """This will return the first three derivatives of ln E(x), E(x) = (1 - exp(-x)) / x, x >= 0."""
    if x < _SERIES:
        square = x * x
        first = -0.5 + x * (1 / 12 - square * (1 / 720 - square * (1 / 30240 - square / 1209600)))
        second = 1 / 12 - square * (1 / 240 - square * (1 / 6048 - square / 172800))
        return first, second, x * (-1 / 120 + square * (1 / 1512 - square / 28800))
    below = math.exp(-x)
    one = -math.expm1(-x)
    ratio = below / one  # 1 / (e^x - 1)
    return ratio - 1 / x, -ratio / one + 1 / (x * x), ratio * (1 + below) / (one * one) - 2 / (x * x * x)


@compiled
def _pool(rate: float, since: float, duration: float, lifted: float) -> tuple[float, float, float, float]:
    """This will return a pool's value and first three derivatives by its rate, all times exp(lifted)."""
    if duration > 0.0:
        reached = min(since, duration)
        x = rate * reached
        value = reached / duration * filled(x) * math.exp(lifted - rate * (since - reached))
        one, two, three = _log_filled(x)
        first = reached * one - (since - reached)
        second = reached * reached * two
        third = reached * reached * reached * three
    else:
        value = math.exp(lifted - rate * since)
        first, second, third = -since, 0.0, 0.0
    square = first * first
    return value, value * first, value * (second + square), value * (third + 3 * first * second + first * square)


@compiled
def log_concentration(
    p: Floats, time: float, starts: Floats, durations: Floats, amounts: Floats, order: int, u1: Floats, u2: Floats, u3: Floats
) -> float:
    """This will return ln C at `time` and fill its derivatives: `u1` (4), `u2` (4 x 4), and with `order` 3 `u3` (4 x 4 x 4).

    `starts`, `durations` in days, `amounts` relative to the dose that C0 stands for. Minus infinity before the first dose.
    """
    x = min(max(p[1], -_LARGEST), _LARGEST)
    gap = math.exp(min(max(p[2], -_LARGEST), _LARGEST))
    beta = math.exp(min(max(p[3], -_LARGEST), _LARGEST))
    alpha = beta + gap
    f = 1 / (1 + math.exp(-x))
    lifted = -1.0  # all terms are multiplied by the same power of e, that of the slowest: late samples do not underflow
    for k in range(starts.size):
        if starts[k] < time:
            lifted = beta * max(0.0, time - starts[k] - durations[k])
    if lifted < 0.0:
        return -math.inf
    # Plain numbers, not arrays: arrays made for each dose cost more than the arithmetic, and much time to compile.
    f0, f1, f2, f3, s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(starts.size):
        since = time - starts[k]
        if since > 0.0:
            for slow in range(2):
                v0, v1, v2, v3 = _pool(beta if slow else alpha, since, durations[k], lifted)
                if slow:
                    s0, s1, s2, s3 = s0 + amounts[k] * v0, s1 + amounts[k] * v1, s2 + amounts[k] * v2, s3 + amounts[k] * v3
                else:
                    f0, f1, f2, f3 = f0 + amounts[k] * v0, f1 + amounts[k] * v1, f2 + amounts[k] * v2, f3 + amounts[k] * v3
    total = f * f0 + (1 - f) * s0
    if total <= 0.0:
        return -math.inf
    a1, b1, c1 = gap * f1 / total, beta * f1 / total, beta * s1 / total
    a2, ab, b2, c2 = gap * gap * f2 / total, gap * beta * f2 / total, beta * beta * f2 / total, beta * beta * s2 / total
    _second(f, (f0 - s0) / total, a1, b1, c1, a2, ab, b2, c2, u1, u2)
    if order >= 3:
        a3, aab = gap * gap * gap * f3 / total, gap * gap * beta * f3 / total
        abb, b3, c3 = gap * beta * beta * f3 / total, beta * beta * beta * f3 / total, beta * beta * beta * s3 / total
        _third(f, (f0 - s0) / total, a1, b1, c1, a2, ab, b2, c2, a3, aab, abb, b3, c3, u1, u2, u3)
    return float(p[0]) + math.log(total) - lifted


@compiled
def _second(
    f: float, apart: float, a1: float, b1: float, c1: float, a2: float, ab: float, b2: float, c2: float, u1: Floats, u2: Floats
) -> None:
    """This will fill the first two derivatives of ln C by p.

    All are relative to C / C0: `apart` the fast pool less the slow one; `a`, `b` the fast pool's derivatives by its rate times powers of
    the gap and of beta (it depends on both, as alpha = gap + beta), `c` the slow pool's times powers of beta.
    """
    g = f * (1 - f)  # d f / d logit f, and its derivative
    h = 1 - f
    u1[0], u1[1], u1[2], u1[3] = 1.0, g * apart, f * a1, f * b1 + h * c1
    u2[1, 1], u2[1, 2], u2[1, 3] = g * (1 - 2 * f) * apart, g * a1, g * (b1 - c1)
    u2[2, 2], u2[2, 3], u2[3, 3] = f * (a2 + a1), f * ab, f * (b2 + b1) + h * (c2 + c1)
    for i in range(4):
        u2[0, i] = 0.0
        u2[i, 0] = 0.0
    for i in range(1, 4):
        for j in range(i, 4):
            u2[i, j] -= u1[i] * u1[j]
            u2[j, i] = u2[i, j]


@compiled
def _third(
    f: float, apart: float, a1: float, b1: float, c1: float, a2: float, ab: float, b2: float, c2: float, a3: float, aab: float,
    abb: float, b3: float, c3: float, u1: Floats, u2: Floats, u3: Floats,
) -> None:  # fmt: skip
    """This will fill the third derivatives of ln C by p from those of the pools (as for the first two) and from the first two."""
    g = f * (1 - f)
    g2 = g * (1 - 2 * f)
    h = 1 - f
    for i in range(4):
        for j in range(4):
            u3[0, i, j] = u3[i, 0, j] = u3[i, j, 0] = 0.0
    u3[1, 1, 1], u3[1, 1, 2], u3[1, 1, 3] = g * (1 - 6 * g) * apart, g2 * a1, g2 * (b1 - c1)
    u3[1, 2, 2], u3[1, 2, 3], u3[1, 3, 3] = g * (a2 + a1), g * ab, g * (b2 + b1 - c2 - c1)
    u3[2, 2, 2], u3[2, 2, 3], u3[2, 3, 3] = f * (a3 + 3 * a2 + a1), f * (aab + ab), f * (abb + ab)
    u3[3, 3, 3] = f * (b3 + 3 * b2 + b1) + h * (c3 + 3 * c2 + c1)
    for i in range(1, 4):
        for j in range(i, 4):
            for k in range(j, 4):
                value = u3[i, j, k] - u1[i] * u2[j, k] - u1[j] * u2[i, k] - u1[k] * u2[i, j] - u1[i] * u1[j] * u1[k]
                u3[i, j, k] = u3[i, k, j] = u3[j, i, k] = value
                u3[j, k, i] = u3[k, i, j] = u3[k, j, i] = value


@compiled
def log_tail(z: float, out: Floats) -> float:
    """This will return ln Phi(z) and fill its first three derivatives; exact also far in the tail."""
    if z > _FAR:
        below = 0.5 * math.erfc(-z / math.sqrt(2.0))
        density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        ratio = density / below
        excess = z + ratio
        value = math.log(below) if below < 0.5 else math.log1p(-0.5 * math.erfc(z / math.sqrt(2.0)))
    else:
        x = -z
        excess = 0.0
        for n in range(60, 0, -1):
            excess = n / (x + excess)
        ratio = x + excess
        value = -0.5 * z * z - 0.5 * math.log(2 * math.pi) - math.log(ratio)
    out[0] = ratio
    out[1] = -ratio * excess
    out[2] = ratio * (excess * (excess + ratio) - 1)
    return value


@compiled
def surprise(u: float, y: float, kind: int, sigma: float, out: Floats) -> float:
    """This will return minus the log-likelihood of one sample and fill its derivatives.

    `u` is ln C; `y` the logarithm of the result (`kind` 0) or of the limit below (1) or above (2) which it lies; `sigma` the residual
    standard deviation of the logarithm. `out`: by u, twice, three times; by ln sigma; by both; by u twice and ln sigma.
    """
    z = (y - u) / sigma
    if kind == 0:
        out[0], out[1], out[2] = -z / sigma, 1 / (sigma * sigma), 0.0
        out[3], out[4], out[5] = 1 - z * z, 2 * z / sigma, -2 / (sigma * sigma)
        return 0.5 * z * z + math.log(sigma) + 0.5 * math.log(2 * math.pi)
    sign = 1.0 if kind == 1 else -1.0
    z *= sign
    derivatives = np.empty(3)
    value = log_tail(z, derivatives)
    d1, d2, d3 = derivatives[0], derivatives[1], derivatives[2]
    out[0] = sign * d1 / sigma
    out[1] = -d2 / (sigma * sigma)
    out[2] = sign * d3 / (sigma * sigma * sigma)
    out[3] = d1 * z
    out[4] = -sign * (d2 * z + d1) / sigma
    out[5] = (d3 * z + 2 * d2) / (sigma * sigma)
    return -value
