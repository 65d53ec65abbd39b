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
def _log_filled(x: float, out: Floats) -> None:
    """This will fill `out` with the first three derivatives of ln E(x), E(x) = (1 - exp(-x)) / x, x >= 0."""
    if x < _SERIES:
        square = x * x
        out[0] = -0.5 + x * (1 / 12 - square * (1 / 720 - square * (1 / 30240 - square / 1209600)))
        out[1] = 1 / 12 - square * (1 / 240 - square * (1 / 6048 - square / 172800))
        out[2] = x * (-1 / 120 + square * (1 / 1512 - square / 28800))
        return
    below = math.exp(-x)
    one = -math.expm1(-x)
    ratio = below / one  # 1 / (e^x - 1)
    out[0] = ratio - 1 / x
    out[1] = -ratio / one + 1 / (x * x)
    out[2] = ratio * (1 + below) / (one * one) - 2 / (x * x * x)


@compiled
def _pool(rate: float, since: float, duration: float, lifted: float, work: Floats, out: Floats) -> None:
    """This will add to `out` a pool's value and first three derivatives by its rate, all times exp(lifted)."""
    if duration > 0.0:
        reached = min(since, duration)
        x = rate * reached
        value = reached / duration * filled(x) * math.exp(lifted - rate * (since - reached))
        _log_filled(x, work)
        first = reached * work[0] - (since - reached)
        second = reached * reached * work[1]
        third = reached * reached * reached * work[2]
    else:
        value = math.exp(lifted - rate * since)
        first, second, third = -since, 0.0, 0.0
    out[0] += value
    out[1] += value * first
    out[2] += value * (second + first * first)
    out[3] += value * (third + 3 * first * second + first * first * first)


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
    fast, slow, work = np.zeros(4), np.zeros(4), np.empty(3)
    for k in range(starts.size):
        since = time - starts[k]
        if since > 0.0:
            one = np.zeros(4)
            _pool(alpha, since, durations[k], lifted, work, one)
            fast += amounts[k] * one
            one[:] = 0.0
            _pool(beta, since, durations[k], lifted, work, one)
            slow += amounts[k] * one
    total = f * fast[0] + (1 - f) * slow[0]
    if total <= 0.0:
        return -math.inf
    _chained(f, gap, beta, fast, slow, total, order, u1, u2, u3)
    return float(p[0]) + math.log(total) - lifted


@compiled
def _chained(
    f: float, gap: float, beta: float, fast: Floats, slow: Floats, total: float, order: int, u1: Floats, u2: Floats, u3: Floats
) -> None:
    """This will fill the derivatives of ln C from those of the pools: first of the sum, then of its logarithm."""
    g = f * (1 - f)  # d f / d logit f, and its derivatives
    g2 = g * (1 - 2 * f)
    g3 = g * (1 - 6 * g)
    a1, a2, a3 = gap * fast[1], gap * gap * fast[2], gap * gap * gap * fast[3]
    # Derivatives of the pools by a = ln(gap) and b = ln(beta); the fast pool depends on both through alpha = gap + beta.
    pa, paa, paaa = a1, a2 + a1, a3 + 3 * a2 + a1
    pb = beta * fast[1]
    pbb = beta * beta * fast[2] + pb
    pbbb = beta**3 * fast[3] + 3 * beta * beta * fast[2] + pb
    pab = gap * beta * fast[2]
    paab = gap * gap * beta * fast[3] + pab
    pabb = gap * beta * beta * fast[3] + pab
    qb = beta * slow[1]
    qbb = beta * beta * slow[2] + qb
    qbbb = beta**3 * slow[3] + 3 * beta * beta * slow[2] + qb
    h = 1 - f
    s1, s2, s3 = np.zeros(4), np.zeros((4, 4)), np.zeros((4, 4, 4))
    s1[1], s1[2], s1[3] = g * (fast[0] - slow[0]), f * pa, f * pb + h * qb
    s2[1, 1], s2[1, 2], s2[1, 3] = g2 * (fast[0] - slow[0]), g * pa, g * (pb - qb)
    s2[2, 2], s2[2, 3], s2[3, 3] = f * paa, f * pab, f * pbb + h * qbb
    for i in range(1, 4):
        s1[i] /= total
        for j in range(i, 4):
            s2[i, j] /= total
            s2[j, i] = s2[i, j]
    u1[0] = 1.0
    u2[:] = 0.0
    for i in range(1, 4):
        u1[i] = s1[i]
        for j in range(1, 4):
            u2[i, j] = s2[i, j] - s1[i] * s1[j]
    if order < 3:
        return
    s3[1, 1, 1], s3[1, 1, 2], s3[1, 1, 3] = g3 * (fast[0] - slow[0]), g2 * pa, g2 * (pb - qb)
    s3[1, 2, 2], s3[1, 2, 3], s3[1, 3, 3] = g * paa, g * pab, g * (pbb - qbb)
    s3[2, 2, 2], s3[2, 2, 3], s3[2, 3, 3], s3[3, 3, 3] = f * paaa, f * paab, f * pabb, f * pbbb + h * qbbb
    u3[:] = 0.0
    for i in range(1, 4):
        for j in range(i, 4):
            for k in range(j, 4):
                value = s3[i, j, k] / total - u1[i] * u2[j, k] - u1[j] * u2[i, k] - u1[k] * u2[i, j] - u1[i] * u1[j] * u1[k]
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
