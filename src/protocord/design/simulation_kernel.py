"""One compiled loop over simulated trials: arrivals, toxicity looks, response looks, survival at the milestone.

Time is in days from the opening of the trial. See `trials` for what the numbers mean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from protocord.statistics.compiled import compiled

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FIELDS = ("stopped", "enrolled", "toxicities", "responses", "days", "estimable", "survival", "lower", "upper")

COMPLETE, AS_KNOWN, WAIT, WEIGHTED = 0, 1, 2, 3


@compiled
def crosses_now(
    now: float,
    enrolled: int,
    arrived: Floats,
    toxic_at: Floats,
    bounds: Integers,
    information: Floats,
    first: int,
    window: float,
    policy: int,
) -> bool:
    """This will tell whether the toxicities known at `now` among the subjects `enrolled` cross; toxic_at is infinite for none."""
    events, known, weight = 0, 0, 0.0
    for subject in range(enrolled):
        over = arrived[subject] + window <= now
        happened = toxic_at[subject] <= now
        if over or (happened and policy != COMPLETE):
            known += 1
            if happened:
                events += 1
        elif policy == WEIGHTED:
            weight += max(0.0, now - arrived[subject]) / window
    if policy == WEIGHTED:
        return known + weight >= first and events > 0 and known + weight <= information[events]
    return known > 0 and events >= bounds[known]


@compiled
def milestone(times: Floats, died: npt.NDArray[np.bool_], count: int, day: float, z: float) -> tuple[float, float, float, float]:
    """This will return whether Kaplan-Meier reaches `day`, its value there, and its log-log limits.

    Continuous times, so no ties. Undefined (reached 0) where the last subject is censored before the day.
    """
    survival, greenwood, longest = 1.0, 0.0, 0.0
    for subject in range(count):
        longest = max(longest, times[subject])
        if not died[subject] or times[subject] > day:
            continue
        own, at_risk = times[subject], 0
        for other in range(count):
            at_risk += times[other] >= own
        survival *= 1.0 - 1.0 / at_risk
        if at_risk > 1:
            greenwood += 1.0 / (at_risk * (at_risk - 1.0))
        else:
            survival = 0.0
    if survival <= 0.0:
        return 1.0, 0.0, 0.0, 0.0
    if longest < day:
        return 0.0, survival, 0.0, 1.0
    if survival == 1.0:
        return 1.0, 1.0, 1.0, 1.0
    log_survival = np.log(survival)
    spread = z * np.sqrt(greenwood) / -log_survival
    return 1.0, survival, np.exp(log_survival * np.exp(spread)), np.exp(log_survival * np.exp(-spread))


@compiled
def response_stop(
    arrived: Floats, responds: npt.NDArray[np.bool_], enrolled: int, looks: Integers, low: Integers, high: Integers, wait: float
) -> tuple[int, float]:
    """This will return why responses stop the trial (0 not, 2 futility, 3 efficacy) and when, by the looks in their order."""
    count, seen = 0, 0
    for place in range(looks.shape[0]):
        if looks[place] > enrolled:
            break
        while seen < looks[place]:
            count += responds[seen]
            seen += 1
        if count <= low[place]:
            return 2, arrived[seen - 1] + wait
        if count >= high[place]:
            return 3, arrived[seen - 1] + wait
    return 0, np.inf


@compiled
def toxicity_stop(
    arrived: Floats,
    gaps: Floats,
    toxic_after: Floats,
    toxic_at: Floats,
    bounds: Integers,
    information: Floats,
    first: int,
    window: float,
    policy: int,
) -> tuple[int, float, float]:
    """This will fill `arrived` and `toxic_at` and return how many enrol, when enrolment ends, and when toxicity stops (or never)."""
    n, now = gaps.shape[0], 0.0
    for subject in range(n):
        now += gaps[subject]
        if subject > 0:
            if policy == WAIT:
                now = max(now, arrived[subject - 1] + window)
            if crosses_now(now, subject, arrived, toxic_at, bounds, information, first, window, policy):
                return subject, now, now
        arrived[subject] = now
        toxic_at[subject] = now + toxic_after[subject]
    after = now + window
    if crosses_now(after, n, arrived, toxic_at, bounds, information, first, window, policy):
        return n, now, after
    return n, now, np.inf


@compiled
def run_trials(
    gaps: Floats,
    cell: Floats,
    when: Floats,
    death: Floats,
    dropout: Floats,
    bounds: Integers,
    information: Floats,
    first: int,
    looks: Integers,
    low: Integers,
    high: Integers,
    numbers: Floats,
    policy: int,
) -> Floats:
    """This will return the outcome of each trial (trials x FIELDS) from its random numbers (trials x subjects)."""
    trials, n = gaps.shape
    mean_gap, both, response, toxicity, late, scale, power, responder, lost, window, wait, follow, day, z = numbers
    found = np.empty((trials, 9))
    arrived, toxic_at, toxic_after, times = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    responds, died, own = np.empty(n, np.bool_), np.empty(n, np.bool_), np.empty(n)
    for trial in range(trials):
        for subject in range(n):
            u = cell[trial, subject]  # cells in order: both, response only, toxicity only, neither
            responds[subject] = u < response
            toxic = u < both or (response <= u < response + toxicity - both)
            share = when[trial, subject] if late == 1.0 else when[trial, subject] ** late
            toxic_after[subject] = window * share if toxic else np.inf
            own[subject] = gaps[trial, subject] * mean_gap
        enrolled, end, decided = toxicity_stop(arrived, own, toxic_after, toxic_at, bounds, information, first, window, policy)
        code = 1 if decided < np.inf else 0
        why, at = response_stop(arrived, responds, enrolled, looks, low, high, wait)
        if why > 0 and at <= decided:
            code = why
            if at < end:
                end = at
                while enrolled > 1 and arrived[enrolled - 1] > at:
                    enrolled -= 1
        toxicities, responses = 0, 0
        analysis = arrived[enrolled - 1] + follow
        for subject in range(enrolled):
            toxicities += toxic_after[subject] < np.inf
            responses += responds[subject]
            lives = death[trial, subject] if power == 1.0 else death[trial, subject] ** power
            lives *= scale * responder if responds[subject] else scale
            seen = min(analysis - arrived[subject], dropout[trial, subject] * lost)
            died[subject] = lives <= seen
            times[subject] = min(lives, seen)
        estimable, survival, lower, upper = milestone(times, died, enrolled, day, z)
        found[trial, 0], found[trial, 1], found[trial, 2], found[trial, 3] = code, enrolled, toxicities, responses
        found[trial, 4], found[trial, 5], found[trial, 6] = end, estimable, survival
        found[trial, 7], found[trial, 8] = lower, upper
    return found
