"""How long donor cells are found: from the first to the last result at or above the limit, and the time to a run of results below it.

The time of becoming negative is only known to lie between the last result at or above the limit and the first of the run that ends
persistence; without such a run it lies after the last sample (right-censored).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protocord.statistics import Results, Statistic
from protocord.statistics.results import Scalar

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Persistence:
    """Days since the first infusion of the cells: first and last result at or above the limit (None: never found), and the limits
    between which they fell below it for good; `upper` None: not within follow-up. `followed` is the last sample's time."""

    first: float | None
    last: float | None
    lower: float
    upper: float | None
    followed: float


def persistence(times: Numbers, states: NDArray[np.int64], negatives: int = 2, *, since: float = 0.0) -> Persistence | None:
    """This will return how long cells were found in one subject's samples, taken at `times` (days, rising).

    `states`: 0 or 3 at or above the LLOQ, 1 or 2 below it. Samples before `since` (the last infusion) do not end persistence, whatever
    they show: cells were given again. The first run of `negatives` consecutive results below the limit after it does, also
    where a later one is above again. None where no sample was taken after time 0.
    """
    after = times >= 0
    t, below = times[after], np.isin(states[after], (1, 2))
    if not len(t):
        return None
    found = np.flatnonzero(~below)
    first = float(t[found[0]]) if len(found) else None
    last = float(t[found[-1]]) if len(found) else None
    run = 0
    for i in range(len(t)):
        run = run + 1 if below[i] and t[i] > since else 0
        if run == negatives:
            start = i - negatives + 1
            before = found[found < start]
            lower = float(t[before[-1]]) if len(before) else 0.0
            return Persistence(first, last, lower, float(t[start]), float(t[-1]))
    return Persistence(first, last, float(t[-1]) if last is None else last, None, float(t[-1]))


def still_found(results: Results) -> Results:
    """This will return the Kaplan-Meier curves of the share in whom cells are still found, from the persistence of an analysis.

    The time of loss is known to lie between two visits, so there are two curves, and the truth of a curve lies between them: `latest` puts each
    loss at the first result below the limit of the run, `earliest` right after the last one at or above it. Who kept cells, or was not
    followed to a run, is censored at the last sample at or above the limit (kept) or at the last one (never found). Rows: analysis `persistence`,
    statistics `still_found` and `n_risk` by `time` (days since the donor's first cells) and `end`; `n`, `n_event`, `n_censored`.
    """
    rows: list[Statistic] = []
    after = results.select("nca", "negative_after")
    by = {_whose(item): item for item in results.select("nca", "negative_by")}
    for analyte in dict.fromkeys(str(item.context["analyte"]) for item in after):
        ends: list[tuple[float, float, bool]] = []
        for item in after.select(analyte=analyte):
            lower = float(item.value)  # type: ignore[arg-type]  # always a number
            until = by[_whose(item)].value
            ends.append((lower, lower if until is None else float(until), until is not None))  # type: ignore[arg-type]
        lost = sum(event for _, _, event in ends)
        counts = {"n": len(ends), "n_event": lost, "n_censored": len(ends) - lost}
        rows += [Statistic("persistence", name, count, context={"analyte": analyte}) for name, count in counts.items()]
        for end, which in (("latest", 1), ("earliest", 0)):
            rows += _kaplan_meier([(one[which], one[2]) for one in ends], {"analyte": analyte, "end": end})
    return Results(tuple(rows), results.inputs, results.about, results.version)


def _whose(item: Statistic) -> tuple[Scalar, ...]:
    return tuple(item.context[name] for name in ("subject", "analyte", "donor"))


def _kaplan_meier(ends: list[tuple[float, bool]], context: dict[str, Scalar]) -> list[Statistic]:
    rows = []
    share = 1.0
    for time in [0.0, *sorted({time for time, _ in ends if time > 0})]:
        risk = sum(one >= time for one, _ in ends)
        events = sum(one == time and event for one, event in ends)
        if risk and time > 0:
            share *= 1 - events / risk
        where = {**context, "time": time}
        rows.append(Statistic("persistence", "still_found", share, context=where, method="kaplan_meier"))
        rows.append(Statistic("persistence", "n_risk", risk, context=where))
    return rows
