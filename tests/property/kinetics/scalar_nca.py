"""A second implementation of the analysis, written apart from the first: plain Python, one profile, the default rules.

It shares no code with the engine: lists, the standard library's regression, textbook formulas. Slow and short.
"""

from __future__ import annotations

import itertools
from math import exp, log
from statistics import correlation, linear_regression

Value = float | None


def segment(t1: float, c1: float, t2: float, c2: float, rule: str, tmax: float) -> float:
    falling = c2 < c1 if rule == "linear_up_log_down" else rule == "linear_log" and t1 >= tmax
    if falling and c1 > 0 and c2 > 0 and c1 != c2:
        return (t2 - t1) * (c1 - c2) / log(c1 / c2)
    return (t2 - t1) * (c1 + c2) / 2


def area(points: list[tuple[float, float]], rule: str, tmax: float) -> float:
    return sum(segment(*one, *two, rule, tmax) for one, two in itertools.pairwise(points))


def slope(times: list[float], values: list[Value], tmax: float, duration: float) -> dict[str, float] | None:
    seen = [(t, log(v)) for t, v in zip(times, values, strict=True) if v is not None and t > tmax and t >= duration]
    fits = []
    for points in range(3, len(seen) + 1):
        x, y = zip(*seen[-points:], strict=True)
        if len(set(y)) == 1:
            continue
        line = linear_regression(x, y)
        r2 = correlation(x, y) ** 2
        if line.slope < 0:
            fits.append((1 - (1 - r2) * (points - 1) / (points - 2), points, line))
    if not fits:
        return None
    best = max(fit[0] for fit in fits)
    adjusted, points, line = max((fit for fit in fits if fit[0] > best - 1e-4), key=lambda fit: fit[1])
    return {"lambda_z": -line.slope, "lambda_z_points": points, "r2_adjusted": adjusted, "lambda_z_intercept": line.intercept}


def nca(times: list[float], values: list[Value], *, duration: float, end: float, rule: str) -> dict[str, Value]:
    """Times rise, None lies below the limit. Before the first quantifiable result 0, between left out, one 0 after the last."""
    names = ("cmax", "tmax", "clast", "tlast", "auc_last", "auc_all", "auc_interval", "auc_inf_obs", "lambda_z", "lambda_z_points", "half_life", "r2_adjusted")  # fmt: skip
    found: dict[str, Value] = dict.fromkeys(names)
    seen = [i for i, value in enumerate(values) if value is not None]
    if not seen:
        return found
    cmax = max(value for value in values if value is not None)
    tmax = times[values.index(cmax)]
    last = seen[-1]
    found |= {"cmax": cmax, "tmax": tmax, "clast": values[last], "tlast": times[last]}
    points = [
        (t, 0.0 if v is None else v) for i, (t, v) in enumerate(zip(times, values, strict=True)) if i < seen[0] or (v is not None)
    ]
    if points[0][0] > 0:
        points.insert(0, (0.0, 0.0))
    found["auc_last"] = area(points, rule, tmax)
    closed = [*points, (times[last + 1], 0.0)] if last + 1 < len(times) else points
    found["auc_all"] = area(closed, rule, tmax)
    fit = slope(times, values, tmax, duration)
    clast = values[last]
    assert clast is not None
    if fit is not None:
        rate = fit["lambda_z"]
        found |= {name: fit[name] for name in ("lambda_z", "lambda_z_points", "r2_adjusted")}
        found |= {"half_life": log(2) / rate, "auc_inf_obs": found["auc_last"] + clast / rate}
    found["auc_interval"] = interval(closed, end, rule, tmax, None if fit is None else fit["lambda_z"])
    return found


def interval(points: list[tuple[float, float]], end: float, rule: str, tmax: float, rate: float | None) -> Value:
    inside = [point for point in points if point[0] <= end]
    later = [point for point in points if point[0] > end]
    total = area(inside, rule, tmax)
    t1, c1 = inside[-1]
    if later:
        t2, c2 = later[0]
        falling = c2 < c1 if rule == "linear_up_log_down" else rule == "linear_log" and t1 >= tmax
        share = (end - t1) / (t2 - t1)
        if falling and c1 > 0 and c2 > 0 and c1 != c2:
            return total + segment(t1, c1, end, c1 * (c2 / c1) ** share, rule, tmax)
        return total + (end - t1) * (c1 + c1 + share * (c2 - c1)) / 2
    if c1 == 0:
        return total
    if rate is not None:
        return total + c1 / rate * (1 - exp(-rate * (end - t1)))
    return total + c1 * (end - t1) if end - t1 <= 0.05 * end else None
