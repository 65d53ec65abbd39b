"""The marginal likelihood of a mixed-effects fit by Laplace's approximation, with its exact gradient.

For each child the joint density of samples and random effects is maximised (Newton, with a Gauss-Newton step where the Hessian is not
positive definite), and the integral over the effects is approximated at that mode: by default with the part of the Hessian that is never
negative (as first-order conditional estimation does), on request with all of it. With all of it the objective has no floor: where a
child's density is flat at its mode the determinant goes to zero, and searches end there. The gradient follows the mode (implicit function
theorem) and the determinant (third derivatives); nothing is differenced.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from protocord.kinetics.models.derivatives import log_concentration, surprise
from protocord.statistics.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_STEPS = 200  # Newton steps for a child's mode, at most
# A mode further out, in standard deviations, is left by a wild step of the search: the next search begins anew at 0.
_ASTRAY = 5.0
_FLAT = 1e-10  # the mode is found when the Newton decrement falls below this


@compiled
def _samples(
    p: Floats, sigma: float, times: Floats, y: Floats, kinds: Integers, starts: Floats, durations: Floats, amounts: Floats,
    order: int, g: Floats, d: Floats, gauss: Floats, gt: Floats, dt: Floats, d3: Floats,
) -> tuple[float, float]:  # fmt: skip
    """This will sum over a child's samples minus the log-likelihood, and its derivative by ln sigma, filling the rest.

    `g` (4) gradient by p, `d` (4 x 4) Hessian, `gauss` the part of it that is never negative; with `order` 3 also `gt` (gradient by ln
    sigma), `dt` and `d3`: how that part moves with ln sigma and with p, with `order` 4 how the whole Hessian does.
    """
    u1, u2, u3, s = np.empty(4), np.empty((4, 4)), np.empty((4, 4, 4)), np.empty(6)
    g[:], d[:], gauss[:], gt[:], dt[:], d3[:] = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    total, by_sigma = 0.0, 0.0
    for j in range(times.size):
        u = log_concentration(p, times[j], starts, durations, amounts, order - 1, u1, u2, u3)
        total += surprise(u, y[j], kinds[j], sigma, s)
        by_sigma += s[3]
        for a in range(4):
            g[a] += s[0] * u1[a]
            for b in range(4):
                gauss[a, b] += s[1] * u1[a] * u1[b]
                d[a, b] += s[1] * u1[a] * u1[b] + s[0] * u2[a, b]
        if order >= 3:
            for a in range(4):
                gt[a] += s[4] * u1[a]
                for b in range(4):
                    dt[a, b] += s[5] * u1[a] * u1[b]
                    for c in range(4):
                        d3[a, b, c] += s[2] * u1[a] * u1[b] * u1[c] + s[1] * (u2[a, c] * u1[b] + u2[b, c] * u1[a])
                        if order == 4:
                            d3[a, b, c] += s[1] * u2[a, b] * u1[c] + s[0] * u3[a, b, c]
                    if order == 4:
                        dt[a, b] += s[4] * u2[a, b]
    return total, by_sigma


@compiled
def _lower(matrix: Floats, out: Floats) -> bool:
    """This will fill `out` with the Cholesky factor; False where the matrix is not positive definite."""
    n = matrix.shape[0]
    out[:] = 0.0
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= out[i, k] * out[j, k]
            if i == j:
                if not total > 0.0:
                    return False
                out[i, i] = math.sqrt(total)
            else:
                out[i, j] = total / out[j, j]
    return True


@compiled
def _solved(lower: Floats, right: Floats) -> Floats:
    n = right.size
    found = right.copy()
    for i in range(n):
        for k in range(i):
            found[i] -= lower[i, k] * found[k]
        found[i] /= lower[i, i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            found[i] -= lower[k, i] * found[k]
        found[i] /= lower[i, i]
    return found


@compiled
def _penalty(eta: Floats, omega: Floats) -> float:
    total = 0.0
    for m in range(eta.size):
        total += 0.5 * (eta[m] / omega[m]) ** 2 + math.log(omega[m])
    return total


@compiled
def child_mode(
    mu: Floats, active: Integers, omega: Floats, sigma: float, times: Floats, y: Floats, kinds: Integers, starts: Floats,
    durations: Floats, amounts: Floats, eta: Floats,
) -> bool:  # fmt: skip
    """This will move `eta` (one entry a random effect) to the mode of a child's joint density; False where it does not get there.

    `mu` (4) typical parameters, `active` which of them vary between children, `omega` their standard deviations.
    """
    q = active.size
    if q == 0:
        return True
    order = int(np.int64(2))  # not a literal, of which each would be compiled anew
    p = mu.copy()
    for m in range(q):
        p[active[m]] = mu[active[m]] + eta[m]
    g, d, gauss, gt, dt, d3 = np.empty(4), np.empty((4, 4)), np.empty((4, 4)), np.empty(4), np.empty((4, 4)), np.empty((4, 4, 4))
    grad, hess, lower = np.empty(q), np.empty((q, q)), np.empty((q, q))
    value, _ = _samples(p, sigma, times, y, kinds, starts, durations, amounts, order, g, d, gauss, gt, dt, d3)
    value += _penalty(eta, omega)
    for _ in range(_STEPS):
        for a in range(q):
            grad[a] = g[active[a]] + eta[a] / omega[a] ** 2
            for b in range(q):
                hess[a, b] = d[active[a], active[b]] + (1 / omega[a] ** 2 if a == b else 0.0)
        if not _lower(hess, lower):
            for a in range(q):
                for b in range(q):
                    hess[a, b] = gauss[active[a], active[b]] + (1 / omega[a] ** 2 if a == b else 0.0)
            if not _lower(hess, lower):
                return False
        step = _solved(lower, grad)
        decrement = 0.0
        for a in range(q):
            decrement += step[a] * grad[a]
        scale, moved = 1.0, False
        tried = np.empty(q)
        for _half in range(40):
            for a in range(q):
                tried[a] = eta[a] - scale * step[a]
                p[active[a]] = mu[active[a]] + tried[a]
            new, _ = _samples(p, sigma, times, y, kinds, starts, durations, amounts, order, g, d, gauss, gt, dt, d3)
            new += _penalty(tried, omega)
            if new <= value - 1e-4 * scale * decrement + 1e-12 * abs(value):
                moved = True
                break
            scale *= 0.5
        if not moved:
            return decrement < 1e-6
        for a in range(q):  # not a slice: the check of its shape would be compiled, words included
            eta[a] = tried[a]
        value = new
        if decrement < _FLAT:
            return True
    return False


@compiled
def _mode_found(
    mu: Floats, active: Integers, omega: Floats, sigma: float, times: Floats, y: Floats, kinds: Integers,
    starts: Floats, durations: Floats, amounts: Floats, eta: Floats,
) -> bool:  # fmt: skip
    # From where the last search ended, unless that was far out; if that fails, from the middle.
    far = 0.0
    for a in range(active.size):
        far = max(far, abs(eta[a]) / omega[a])
    if far > _ASTRAY:
        eta.fill(0.0)
    if child_mode(mu, active, omega, sigma, times, y, kinds, starts, durations, amounts, eta):
        return True
    eta.fill(0.0)
    return child_mode(mu, active, omega, sigma, times, y, kinds, starts, durations, amounts, eta)


@compiled
def _with_prior(curvature: Floats, active: Integers, omega: Floats, out: Floats) -> None:
    # The Hessian over the active effects: the samples' part and that of the effects' own distribution.
    for a in range(active.size):
        for b in range(active.size):
            out[a, b] = curvature[active[a], active[b]]
        out[a, a] += 1 / omega[a] ** 2


@compiled
def _inverted(lower: Floats, inverse: Floats) -> float:
    # Fills the inverse of the matrix whose lower factor it is, and returns half the logarithm of its determinant.
    half = 0.0
    unit = np.zeros(lower.shape[0])
    for a in range(lower.shape[0]):
        half += math.log(lower[a, a])
        unit[:] = 0.0
        unit[a] = 1.0
        column = _solved(lower, unit)
        for b in range(lower.shape[0]):
            inverse[b, a] = column[b]
    return half


@compiled
def objective(
    mu: Floats, active: Integers, omega: Floats, sigma: float, times: Floats, y: Floats, kinds: Integers, sample_of: Integers,
    starts: Floats, durations: Floats, amounts: Floats, dose_of: Integers, exact: bool, etas: Floats, gradient: Floats, each: Floats,
) -> int:  # fmt: skip
    """This will fill `each` (children) with minus the approximate log marginal likelihood, and its `gradient` summed over children.

    The gradient's entries are mu (4), ln omega (one an active effect), ln sigma. `etas` (children x effects) hold where to look for the
    modes, and afterwards the modes. `exact` takes the determinant of the exact Hessian, else of its part that is never negative.
    `sample_of` and `dose_of` (children + 1) say where each child's rows begin. Returns how many children's modes were not found.
    """
    q = active.size
    gradient[:] = 0.0
    lost = 0
    order = 2 if q == 0 else 4 if exact else 3
    g, d, gauss, gt, dt, d3 = np.empty(4), np.empty((4, 4)), np.empty((4, 4)), np.empty(4), np.empty((4, 4)), np.empty((4, 4, 4))
    hess, lower, inverse = np.empty((q, q)), np.empty((q, q)), np.empty((q, q))
    v, va, true, steep = np.empty(4), np.empty(q), np.empty((q, q)), np.empty((q, q))
    for i in range(etas.shape[0]):
        t0, t1, k0, k1 = sample_of[i], sample_of[i + 1], dose_of[i], dose_of[i + 1]
        eta = etas[i]
        ti, yi, ki = times[t0:t1], y[t0:t1], kinds[t0:t1]
        si, di, ai = starts[k0:k1], durations[k0:k1], amounts[k0:k1]
        if not _mode_found(mu, active, omega, sigma, ti, yi, ki, si, di, ai, eta):
            lost += 1
        p = mu.copy()
        for a in range(q):
            p[active[a]] = mu[active[a]] + eta[a]
        total, by_sigma = _samples(p, sigma, ti, yi, ki, si, di, ai, order, g, d, gauss, gt, dt, d3)
        total += _penalty(eta, omega)
        _with_prior(d, active, omega, true)
        _with_prior(d if exact else gauss, active, omega, hess)
        if not _lower(hess, lower):
            each[i] = math.inf
            return lost + 1
        if not _lower(true, steep):
            for a in range(q):
                for b in range(q):
                    steep[a, b] = lower[a, b]  # a flat mode: the determinant moves with it as its positive part says
        each[i] = total + _inverted(lower, inverse)
        trace = 0.0
        for c in range(4):
            v[c] = 0.0
            for a in range(q):
                for b in range(q):
                    v[c] += 0.5 * inverse[a, b] * d3[active[a], active[b], c]
        for a in range(q):
            va[a] = v[active[a]]
            for b in range(q):
                trace += 0.5 * inverse[a, b] * dt[active[a], active[b]]
        w = _solved(steep, va) if q > 0 else va  # va' H^-1: how the determinant moves with the mode
        for c in range(4):
            gradient[c] += g[c] + v[c]
        by_mode = 0.0
        for a in range(q):
            by_mode += w[a] * gt[active[a]]
            for c in range(4):
                gradient[c] -= w[a] * d[active[a], c]
            gradient[4 + a] += 1 - (eta[a] / omega[a]) ** 2 - inverse[a, a] / omega[a] ** 2 + 2 * w[a] * eta[a] / omega[a] ** 2
        gradient[4 + q] += by_sigma + trace - by_mode
    return lost


@compiled
def predicted(
    parameters: Floats, times: Floats, sample_of: Integers, starts: Floats, durations: Floats, amounts: Floats, dose_of: Integers,
    out: Floats,
) -> None:  # fmt: skip
    """This will fill `out` with ln C of every sample; `parameters` (children x 4)."""
    u1, u2, u3 = np.empty(4), np.empty((4, 4)), np.empty((4, 4, 4))
    for i in range(parameters.shape[0]):
        k0, k1 = dose_of[i], dose_of[i + 1]
        for j in range(sample_of[i], sample_of[i + 1]):
            out[j] = log_concentration(parameters[i], times[j], starts[k0:k1], durations[k0:k1], amounts[k0:k1], 2, u1, u2, u3)
