"""Response and survival without immortal time: a landmark, or response as what it is, something that comes in time.

Whoever responds has lived to respond. Comparing "responders" with "non-responders" from time 0 gives responders the time until
their response for nothing (Anderson, Cain & Gelber 1983, JCO 1:710). A landmark looks at response up to a fixed time, among
those still under observation then. Simon & Makuch 1984 (curves) and Mantel & Byar 1974 (test) let a subject change group when
it responds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from protocord.statistics.survival.curve import Curve, kaplan_meier
from protocord.statistics.survival.log_rank import LogRank, log_rank
from protocord.statistics.survival.sample import TOLERANCE, Floats, Integers, checked_sample
from protocord.statistics.survival.transforms import Transform


@dataclass(frozen=True, eq=False)
class Landmark:
    """Those still under observation at the landmark: time counted from it, what happened, and whether they had responded by then.

    `kept` marks their rows among all; `ended_before` had left (by event or censoring) at the landmark or before.
    """

    at: float
    time: Floats
    event: Integers
    responded: Integers
    kept: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ended_before: int


@dataclass(frozen=True, eq=False)
class Stretches:
    """Subjects cut in two where they respond: each row from `entry` to `time`, not responding (0) or responding (1)."""

    subject: Integers
    entry: Floats
    time: Floats
    event: Integers
    responded: Integers

    def curve(self, responded: bool, *, start: float = 0.0, transform: Transform = "log_log", level: float = 0.95) -> Curve:
        """This will return Simon and Makuch's curve of one state, given survival to `start`. Raises ValueError where nobody is in it."""
        chosen = (self.responded == int(responded)) & (self.time > start)
        entry = np.maximum(self.entry[chosen], start) - start
        return kaplan_meier(self.time[chosen] - start, self.event[chosen], entry=entry, transform=transform, level=level)

    def mantel_byar(self) -> LogRank:
        """This will test whether the hazard differs between the two states (Mantel and Byar)."""
        return log_rank(self.time, self.event, self.responded, entry=self.entry)


def landmark(time: ArrayLike, event: ArrayLike, response_time: ArrayLike, at: float) -> Landmark:
    """This will keep the subjects still under observation after `at`, with response (nan: never) at `at` or before.

    Raises ValueError as `kaplan_meier` does, or where `at` is negative or nobody is left after it.
    """
    given = checked_sample(time, event, None, causes=1)
    response = _responses(response_time, given.n)
    slack = TOLERANCE * max(1.0, at)
    kept = given.time > at + slack
    if at < 0 or not kept.any():
        message = f"nobody is under observation after the landmark at {at:g}"
        raise ValueError(message)
    responded = (response[kept] <= at + slack).astype(np.int64)
    return Landmark(at, given.time[kept] - at, given.event[kept], responded, kept, int((~kept).sum()))


def stretches(time: ArrayLike, event: ArrayLike, response_time: ArrayLike) -> Stretches:
    """This will cut each subject where it responds (nan: never): before, it counts as not responding; after, as responding.

    A response on the day on which time ends has no time under it: the subject stays in the first state. Time 0 itself holds
    no time either, so subjects that end there are left out. Raises ValueError as `kaplan_meier` does.
    """
    given = checked_sample(time, event, None, causes=1)
    response = _responses(response_time, given.n)
    changes = response < given.time  # nan compares as no
    rows = np.arange(given.n)
    first = (~changes | (response > 0)) & (given.time > 0)
    subject = np.concatenate([rows[first], rows[changes]])
    entry = np.concatenate([np.zeros(first.sum()), np.maximum(response[changes], 0.0)])
    end = np.concatenate([np.where(changes, response, given.time)[first], given.time[changes]])
    what = np.concatenate([np.where(changes, 0, given.event)[first], given.event[changes]])
    state = np.concatenate([np.zeros(first.sum(), np.int64), np.ones(changes.sum(), np.int64)])
    return Stretches(subject, entry, end, what, state)


def _responses(response_time: ArrayLike, n: int) -> Floats:
    found = np.asarray(response_time, dtype=np.float64)
    if found.shape != (n,) or np.isinf(found).any():
        message = "response times need one number (or nan: never) for each subject"
        raise ValueError(message)
    return found
