"""Count events and censorings at each distinct time: one pass over whole days, or one merge of two sorted arrays.

A sort of the times alone (not of row numbers) is the costly step; whole days need none.
"""

from __future__ import annotations

import numpy as np

from protocord.statistics.compiled import compiled
from protocord.statistics.survival.sample import Floats, Integers, Sample, gap, whole

_DAYS_PER_ROW = 4  # whole days are counted in one pass where they are not many more than rows


def counted(sample: Sample) -> tuple[Floats, Integers, Integers]:
    """This will return the distinct times, and the events and the censorings at each; `sample` has no late entries."""
    last = float(sample.time.max())
    if last <= _DAYS_PER_ROW * sample.n + 1000 and whole(sample.time):
        return _counted_days(sample.time, sample.event, int(last))
    happened = sample.event > 0
    events, censorings = np.sort(sample.time[happened]), np.sort(sample.time[~happened])
    number, total = _distinct(events, censorings)
    return _merged(events, censorings, gap(np.array([total / number])))


@compiled
def _counted_days(time: Floats, event: Integers, last: int) -> tuple[Floats, Integers, Integers]:
    events = np.zeros(last + 1, np.int64)
    censorings = np.zeros(last + 1, np.int64)
    for row in range(len(time)):
        day = int(time[row])
        if event[row] > 0:
            events[day] += 1
        else:
            censorings[day] += 1
    days = np.flatnonzero(events + censorings)
    return days.astype(np.float64), events[days], censorings[days]


@compiled
def _distinct(events: Floats, censorings: Floats) -> tuple[int, float]:
    """The number and the sum of the distinct times in two sorted arrays."""
    number, total = 0, 0.0
    before = -1.0
    i, j = 0, 0
    while i < len(events) or j < len(censorings):
        if j == len(censorings) or (i < len(events) and events[i] <= censorings[j]):
            now = events[i]
            i += 1
        else:
            now = censorings[j]
            j += 1
        if now != before:
            number += 1
            total += now
            before = now
    return number, total


@compiled
def _merged(events: Floats, censorings: Floats, gap: float) -> tuple[Floats, Integers, Integers]:
    most = len(events) + len(censorings)
    times = np.empty(most, np.float64)
    happened = np.zeros(most, np.int64)
    censored = np.zeros(most, np.int64)
    last = -1
    before = -np.inf
    i, j = 0, 0
    while i < len(events) or j < len(censorings):
        is_event = j == len(censorings) or (i < len(events) and events[i] <= censorings[j])
        if is_event:
            now = events[i]
            i += 1
        else:
            now = censorings[j]
            j += 1
        if now - before > gap:
            last += 1
            times[last] = now
        before = now
        if is_event:
            happened[last] += 1
        else:
            censored[last] += 1
    return times[: last + 1], happened[: last + 1], censored[: last + 1]
