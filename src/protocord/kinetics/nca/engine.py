"""The compiled engine: each profile on its own, one after another, so that a batch gives bit for bit what single calls give."""

from __future__ import annotations

from math import exp, log

import numpy as np
from numpy.typing import NDArray

from protocord.kinetics.nca import blq, codes, lambda_z, start, trapezoids
from protocord.statistics.compiled import compiled

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

END_OF_INFUSION_WINDOW = 1.0 / 24.0
"""How long after the end of an infusion its sample may be taken, in days."""


@compiled
def gather(
    time: Numbers, value: Numbers, state: Integers, lloq: Numbers, first: int, stop: int, predose: int, zero: float,
    t: Numbers, v: Numbers, s: Integers, q: Numbers,
) -> tuple[int, bool]:  # fmt: skip
    """This will copy a profile's samples with times from its time zero; a predose, given by its index, moves to time zero.

    Returns their number and whether the predose was moved. It is left out where a sample was taken at time zero itself.
    """
    n = 0
    moved = predose >= 0 and not (first < stop and time[first] == zero)
    if moved:
        t[0] = 0.0
        v[0] = value[predose]
        s[0] = state[predose]
        q[0] = lloq[predose]
        n = 1
    for i in range(first, stop):
        t[n] = time[i] - zero
        v[n] = value[i]
        s[n] = state[i]
        q[n] = lloq[i]
        n += 1
    return n, moved and time[predose] != zero


@compiled
def integrals(t: Numbers, c: Numbers, n: int, method: int, tmax: float) -> tuple[float, float]:
    """This will return the areas under c and under t x c through the first n points."""
    under = 0.0
    under_moment = 0.0
    for i in range(1, n):
        rule = trapezoids.is_log(c[i - 1], c[i], method, t[i - 1] >= tmax)
        under += trapezoids.area(t[i - 1], c[i - 1], t[i], c[i], rule)
        under_moment += trapezoids.moment(t[i - 1], c[i - 1], t[i], c[i], rule)
    return under, under_moment


@compiled
def until(t: Numbers, c: Numbers, n: int, end: float, method: int, tmax: float) -> float:
    """This will return the area from the first point to `end`, which lies at or before the last point; the value there is interpolated."""
    under = 0.0
    for i in range(1, n):
        if t[i - 1] >= end:
            break
        rule = trapezoids.is_log(c[i - 1], c[i], method, t[i - 1] >= tmax)
        if t[i] <= end:
            under += trapezoids.area(t[i - 1], c[i - 1], t[i], c[i], rule)
        else:
            value = trapezoids.between(t[i - 1], c[i - 1], t[i], c[i], end, rule)
            under += trapezoids.area(t[i - 1], c[i - 1], end, value, rule and value != c[i - 1])
    return under


@compiled
def with_next(t: Numbers, c: Numbers, n: int, upto: int, after_t: float, after_c: float) -> int:
    """This will add the first sample after the interval as a point to interpolate towards, and return the number of points.

    `after_c` is NaN below the limit: the curve then goes to 0 there, unless it already has.
    """
    if np.isnan(after_t) or (n > upto and c[n - 1] == 0.0 and np.isnan(after_c)):
        return n
    t[n] = after_t
    c[n] = 0.0 if np.isnan(after_c) else after_c
    return n + 1


@compiled
def over_interval(
    t: Numbers, c: Numbers, n: int, upto: int, end: float, closing: bool, slope: float, rules: Numbers, tmax: float
) -> tuple[float, float, int, int]:
    """This will return the area from 0 to `end`, the part of it beyond the last point, the reason if there is none, and flags.

    Points after `upto` lie below the limit. With `closing`, the last point is the next infusion's predose and stands until `end`.
    """
    method = int(rules[0])
    beyond = int(rules[16])
    count = n if beyond == 0 else upto
    last_t = t[count - 1]
    last_c = c[count - 1]
    if end <= last_t:
        return until(t, c, count, end, method, tmax), 0.0, codes.PRESENT, 0
    seen, _ = integrals(t, c, count, method, tmax)
    if last_c == 0.0 or beyond == 1:
        return seen, 0.0, codes.PRESENT, 0
    gap = end - last_t
    if closing and beyond == 0:
        return seen + last_c * gap, 0.0, codes.PRESENT, codes.END_PREDOSE
    if slope > 0.0 and count == upto:
        more = last_c / slope * (1.0 - exp(-slope * gap))
        return seen + more, more, codes.PRESENT, codes.END_EXTRAPOLATED
    if gap <= rules[17] * end:
        return seen + last_c * gap, last_c * gap, codes.PRESENT, codes.END_HELD
    return 0.0, 0.0, codes.BEYOND_SAMPLES, 0


@compiled
def terminal(
    t: Numbers,
    v: Numbers,
    s: Integers,
    n: int,
    peak: int,
    duration: float,
    rules: Numbers,
    fit: Numbers,
    lt: Numbers,
    ly: Numbers,
) -> int:
    """This will fill `fit` with the terminal slope and return the reason if there is none."""
    after = peak if rules[10] != 0.0 else peak + 1
    for i in range(n):
        if s[i] == blq.RIGHT and i >= after:
            after = i + 1
    not_before = duration if int(rules[14]) == 0 else 0.0
    count = lambda_z.candidates(t, v, s, n, after, not_before, lt, ly)
    if count < int(rules[8]):
        return codes.TOO_FEW_POINTS
    return codes.PRESENT if lambda_z.best_fit(lt, ly, count, int(rules[8]), rules[9], fit) else codes.NOT_FALLING


@compiled
def write(out: Numbers, why: Integers, which: int, value: float, reason: int) -> None:
    """This will put a value in its place, or the reason why it is missing."""
    why[which] = reason
    out[which] = value if reason == codes.PRESENT else np.nan


@compiled
def slope_values(out: Numbers, why: Integers, fit: Numbers, reason: int, rules: Numbers) -> int:
    """This will write the terminal slope and what belongs to it, and return its flags."""
    rate = -fit[lambda_z.SLOPE] if reason == codes.PRESENT else np.nan
    half_life = log(2.0) / rate
    span = (fit[lambda_z.TO] - fit[lambda_z.FROM]) / half_life
    write(out, why, codes.LAMBDA_Z, rate, reason)
    write(out, why, codes.HALF_LIFE, half_life, reason)
    write(out, why, codes.POINTS, fit[lambda_z.POINTS], reason)
    write(out, why, codes.FROM, fit[lambda_z.FROM], reason)
    write(out, why, codes.TO, fit[lambda_z.TO], reason)
    write(out, why, codes.INTERCEPT, fit[lambda_z.INTERCEPT], reason)
    write(out, why, codes.R2, fit[lambda_z.R2], reason)
    write(out, why, codes.R2_ADJUSTED, fit[lambda_z.R2_ADJUSTED], reason)
    write(out, why, codes.SPAN, span, reason)
    flags = 0
    if reason == codes.PRESENT:
        flags |= codes.LOW_R2 if fit[lambda_z.R2_ADJUSTED] < rules[11] else 0
        flags |= codes.SHORT_SPAN if span < rules[12] else 0
    return flags


@compiled
def to_infinity(
    out: Numbers, why: Integers, under: float, under_moment: float, tlast: float, clast: float, duration: float, dose: float,
    reason: int, rules: Numbers,
) -> int:  # fmt: skip
    """This will write the areas to infinity and what they give, from the slope already written, and return their flags."""
    rate = out[codes.LAMBDA_Z]
    if reason == codes.PRESENT and np.isnan(rate):
        reason = codes.NO_LAMBDA_Z
    obs = under + clast / rate
    pred_last = exp(out[codes.INTERCEPT] - rate * tlast)
    pred = under + pred_last / rate
    share = 100.0 * (1.0 - under / obs)
    moment = under_moment + tlast * clast / rate + clast / (rate * rate)
    residence = moment / obs - (duration / 2.0 if int(rules[14]) == 0 else 0.0)
    write(out, why, codes.AUC_INF_OBS, obs, reason)
    write(out, why, codes.AUC_INF_PRED, pred, reason)
    write(out, why, codes.EXTRAPOLATED, share, reason)
    write(out, why, codes.EXTRAPOLATED_PRED, 100.0 * (1.0 - under / pred), reason)
    write(out, why, codes.AUMC_INF, moment, reason)
    write(out, why, codes.MRT_INF, residence, reason)
    dosed = codes.NO_DOSE if reason == codes.PRESENT and not dose > 0.0 else reason
    write(out, why, codes.CLEARANCE, dose / obs, dosed)
    write(out, why, codes.VOLUME, dose / obs / rate, dosed)
    return codes.MUCH_EXTRAPOLATED if reason == codes.PRESENT and share > rules[13] else 0


@compiled
def at_marks(out: Numbers, why: Integers, t: Numbers, v: Numbers, s: Integers, n: int, duration: float, closing: bool) -> None:
    """This will write the values before the infusion, at its end and before the next one, and the fold expansion."""
    has_start = n > 0 and t[0] == 0.0
    reason = codes.START_UNKNOWN if not has_start else codes.START_BELOW if s[0] != blq.QUANTIFIED else codes.PRESENT
    write(out, why, codes.C_START, v[0], reason)
    trough = codes.NO_TROUGH if not closing or n == 0 else codes.TROUGH_BELOW if s[n - 1] != blq.QUANTIFIED else codes.PRESENT
    write(out, why, codes.C_TROUGH, v[n - 1], trough)
    found = -1
    for i in range(n):
        if duration <= t[i] <= duration + END_OF_INFUSION_WINDOW:
            found = i
            break
    reason = codes.NO_END_OF_INFUSION
    if found >= 0:
        reason = codes.PRESENT if s[found] == blq.QUANTIFIED else codes.END_OF_INFUSION_BELOW
    write(out, why, codes.C_END_INFUSION, v[max(found, 0)], reason)
    fold = 0.0
    if reason == codes.PRESENT:
        fold = out[codes.CMAX] / v[found]
        reason = why[codes.CMAX]
    write(out, why, codes.FOLD_EXPANSION, fold, reason)


@compiled
def peaks(out: Numbers, why: Integers, t: Numbers, v: Numbers, s: Integers, n: int, closing: bool) -> tuple[int, int, int]:
    """This will write peak and last quantifiable result; returns the index of the peak, of the last result, and the reason of areas.

    An interval with samples before its infusion and before the next one, and none between, says nothing of the peak or the area.
    """
    _, last, peak = blq.bounds(v, s, n)
    above = 0
    below = 0
    for i in range(n):
        above += s[i] == blq.RIGHT
        below += blq.below(s[i])
    write(out, why, codes.N_BELOW, float(below), codes.PRESENT)
    write(out, why, codes.N_QUANTIFIABLE, float(n - below - above), codes.PRESENT)
    reason = codes.NO_SAMPLES if n == 0 else codes.ALL_BELOW if last < 0 else codes.ABOVE_UPPER if above else codes.PRESENT
    if closing and (n < 2 or t[n - 2] <= 0.0):
        reason = codes.ONLY_TROUGH
    write(out, why, codes.CMAX, v[max(peak, 0)], reason)
    write(out, why, codes.TMAX, t[max(peak, 0)], reason)
    of_last = reason if last < 0 else codes.ABOVE_UPPER if s[last] == blq.RIGHT else codes.PRESENT
    write(out, why, codes.CLAST, v[max(last, 0)], of_last)
    write(out, why, codes.TLAST, t[max(last, 0)], codes.PRESENT if last >= 0 else reason)
    return peak, last, reason


@compiled
def area_points(
    t: Numbers, v: Numbers, s: Integers, q: Numbers, n: int, earlier: bool, rules: Numbers, ct: Numbers, cc: Numbers
) -> tuple[int, int, int, int]:
    """This will write the points of the areas, from time zero on.

    Returns the index of the first, the index past the last, the index past the last quantifiable one, and flags. Where nothing
    can stand at time zero, the first point is NaN.
    """
    count, upto, substituted = blq.points(t, v, s, q, n, rules, ct[1:], cc[1:])
    flags = codes.SUBSTITUTED if substituted else 0
    if ct[1] == 0.0:
        return 1, count + 1, upto + 1, flags
    ct[0] = 0.0
    cc[0], declared = start.at_start(t, v, s, n, int(rules[14]), int(rules[15]), earlier)
    return 0, count + 1, upto + 1, flags | declared


@compiled
def no_areas(out: Numbers, why: Integers, reason: int, rules: Numbers, duration: float) -> None:
    """This will write one reason for every area, and for what is computed from areas."""
    write(out, why, codes.AUC_LAST, 0.0, reason)
    write(out, why, codes.AUMC_LAST, 0.0, reason)
    write(out, why, codes.AUC_ALL, 0.0, reason)
    write(out, why, codes.AUC_INTERVAL, 0.0, reason)
    write(out, why, codes.INTERVAL_EXTRAPOLATED, 0.0, reason)
    write(out, why, codes.C_AVERAGE, 0.0, reason)
    to_infinity(out, why, np.nan, np.nan, 0.0, 0.0, duration, 0.0, reason, rules)


@compiled
def areas(
    out: Numbers, why: Integers, t: Numbers, c: Numbers, count: int, upto: int, end: float, closing: bool, after_t: float,
    after_c: float, duration: float, dose: float, rules: Numbers,
) -> int:  # fmt: skip
    """This will write every area under the points, the first of which stands at time zero; returns flags."""
    method = int(rules[0])
    tmax = out[codes.TMAX]
    under, under_moment = integrals(t, c, upto, method, tmax)
    everything, _ = integrals(t, c, count, method, tmax)
    write(out, why, codes.AUC_LAST, under, codes.PRESENT)
    write(out, why, codes.AUMC_LAST, under_moment, codes.PRESENT)
    write(out, why, codes.AUC_ALL, everything, codes.PRESENT)
    flags = to_infinity(
        out, why, under, under_moment, out[codes.TLAST], out[codes.CLAST], duration, dose, codes.PRESENT, rules
    )  # fmt: skip
    over, more, reason, declared = 0.0, 0.0, codes.NO_INTERVAL_END, 0
    if end > 0.0:
        if int(rules[16]) == 0 and end > t[count - 1]:
            count = with_next(t, c, count, upto, after_t, after_c)
        over, more, reason, declared = over_interval(t, c, count, upto, end, closing, out[codes.LAMBDA_Z], rules, tmax)
    write(out, why, codes.AUC_INTERVAL, over, reason)
    write(out, why, codes.INTERVAL_EXTRAPOLATED, 100.0 * more / over if over > 0.0 else 0.0, reason)
    write(out, why, codes.C_AVERAGE, over / end if end > 0.0 else 0.0, reason)
    return flags | declared


@compiled
def one_profile(
    t: Numbers, v: Numbers, s: Integers, q: Numbers, n: int, moved: bool, earlier: bool, end: float, closing: bool,
    after_t: float, after_c: float, duration: float, dose: float, rules: Numbers, ct: Numbers, cc: Numbers, fit: Numbers, out: Numbers, why: Integers,
) -> int:  # fmt: skip
    """This will fill the parameters and reasons of one gathered profile, and return its flags."""
    peak, last, reason = peaks(out, why, t, v, s, n, closing)
    at_marks(out, why, t, v, s, n, duration, closing)
    fit[:] = np.nan
    of_slope = (
        reason if last < 0 or reason == codes.ONLY_TROUGH else terminal(t, v, s, n, max(peak, 0), duration, rules, fit, ct, cc)
    )
    flags = slope_values(out, why, fit, of_slope, rules)
    flags |= codes.START_PREDOSE if moved else 0
    if reason != codes.PRESENT:
        no_areas(out, why, reason, rules, duration)
        return flags
    begin, count, upto, declared = area_points(t, v, s, q, n, earlier, rules, ct, cc)
    flags |= declared
    if np.isnan(cc[begin]):
        no_areas(out, why, codes.START_UNKNOWN, rules, duration)
        return flags
    return flags | areas(
        out, why, ct[begin:], cc[begin:], count - begin, upto - begin, end, closing, after_t, after_c, duration, dose, rules
    )


@compiled
def run(
    time: Numbers, value: Numbers, state: Integers, lloq: Numbers, first: Integers, stop: Integers, predose: Integers, after: Integers,
    zero: Numbers, end: Numbers, closing: NDArray[np.bool_], earlier: NDArray[np.bool_], duration: Numbers, dose: Numbers, rules: Numbers,
    out: Numbers, why: Integers, flags: Integers,
) -> None:  # fmt: skip
    """This will fill `out` (profiles x parameters), `why` (the same shape) and `flags`, profile by profile."""
    longest = 3
    for k in range(len(first)):
        longest = max(longest, stop[k] - first[k] + 3)
    t = np.empty(longest)
    v = np.empty(longest)
    s = np.empty(longest, np.int64)
    q = np.empty(longest)
    ct = np.empty(longest + 2)
    cc = np.empty(longest + 2)
    fit = np.empty(7)
    for k in range(len(first)):
        n, moved = gather(time, value, state, lloq, first[k], stop[k], predose[k], zero[k], t, v, s, q)
        after_t = time[after[k]] - zero[k] if after[k] >= 0 else np.nan
        after_c = value[after[k]] if after[k] >= 0 else np.nan
        flags[k] = one_profile(
            t, v, s, q, n, moved, earlier[k], end[k], closing[k], after_t, after_c, duration[k], dose[k], rules, ct, cc, fit, out[k],
            why[k],
        )  # fmt: skip
