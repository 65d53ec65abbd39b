"""Times and events as arrays: checked once, and ties that only rounding took apart put together again.

Two times count as one where they differ by no more than the square root of the machine's precision (about 1.5e-8), absolutely
or relative to the mean of the distinct times. It is the rule of R's `survival` (`timefix`): 1/12 + 2/12 and 3/12 of a year are
the same day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, eq=False)
class Sample:
    """Subjects under observation: each from `entry` (not included; None: from the start) to `time`, where `event` says what happened.

    `event` is 0 for censored and 1 for an event, or 1, 2, … for competing causes. All arrays have the length n.
    """

    time: Floats
    event: Integers
    entry: Floats | None

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.time)

    def at_risk(self, times: Floats, chosen: NDArray[np.bool_] | None = None) -> Floats:
        """This will return, for each of `times`, how many (of those `chosen`) are under observation just before it."""
        ends = np.sort(self.time if chosen is None else self.time[chosen])
        number = len(ends) - np.searchsorted(ends, times, side="left")
        if self.entry is not None:
            starts = np.sort(self.entry if chosen is None else self.entry[chosen])
            number = number - (len(starts) - np.searchsorted(starts, times, side="left"))
        return number.astype(np.float64)

    def counts(self, times: Floats, chosen: NDArray[np.bool_]) -> Floats:
        """This will return how many of the rows `chosen` end at each of the sorted `times`, all of which must be among them."""
        return np.bincount(np.searchsorted(times, self.time[chosen]), minlength=len(times)).astype(np.float64)

    def take(self, chosen: NDArray[np.bool_]) -> Sample:
        """This will return the rows `chosen`."""
        return Sample(self.time[chosen], self.event[chosen], None if self.entry is None else self.entry[chosen])


def sample(time: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None, *, causes: int = 1) -> Sample:
    """This will check times (from 0), events (whole numbers 0 … `causes`, or yes/no) and entries, and mend ties by rounding.

    Raises ValueError where arrays differ in length, hold nobody, a time is no finite number from 0, an event is none of those
    numbers, or a subject enters at or after the time at which its observation ends.
    """
    checked = checked_sample(time, event, entry, causes=causes)
    values = checked.time if checked.entry is None else np.concatenate([checked.time, checked.entry])
    fixed = _mended(values)
    n = checked.n
    made = Sample(fixed[:n], checked.event, None if checked.entry is None else fixed[n:])
    if made.entry is not None and not (made.entry < made.time).all():
        row = int(np.argmax(made.entry >= made.time))
        message = f"row {row + 1} enters at {made.entry[row]:g}, not before its time {made.time[row]:g}"
        raise ValueError(message)
    return made


def checked_sample(time: ArrayLike, event: ArrayLike, entry: ArrayLike | None, *, causes: int) -> Sample:
    """This will check the arrays as `sample` does, and leave the times as they are. Raises ValueError as `sample` does."""
    times = np.ascontiguousarray(time, dtype=np.float64)
    given = np.asarray(event)
    entries = None if entry is None else np.ascontiguousarray(entry, dtype=np.float64)
    if times.ndim != 1 or given.shape != times.shape or (entries is not None and entries.shape != times.shape):
        message = "times, events and entries must be arrays of one dimension and the same length"
        raise ValueError(message)
    if not len(times):
        message = "there is nobody in the sample"
        raise ValueError(message)
    if not (np.isfinite(times).all() and times.min() >= 0) or (entries is not None and not np.isfinite(entries).all()):
        message = "every time must be a finite number from 0"
        raise ValueError(message)
    codes = given.astype(np.int64)
    if not np.array_equal(codes, given) or codes.min() < 0 or codes.max() > causes:
        message = f"every event must be a whole number from 0 (censored) to {causes}"
        raise ValueError(message)
    return Sample(times, codes, entries)


def whole(times: Floats) -> bool:
    """This will say whether all times are whole numbers, among which rounding takes no ties apart."""
    return bool(times.max() < 1 / TOLERANCE) and np.array_equal(times, np.floor(times))


def gap(distinct: Floats) -> float:
    """This will return the largest distance at which two neighbours among the sorted distinct times count as one."""
    return TOLERANCE * max(1.0, float(np.abs(distinct).mean()))


def _mended(values: Floats) -> Floats:
    if whole(values):
        return values
    distinct = np.unique(values)
    starts = np.concatenate([[True], np.diff(distinct) > gap(distinct)])
    if starts.all():
        return values
    firsts: Floats = distinct[starts]
    found: Floats = firsts[np.searchsorted(firsts, values, side="right") - 1]
    return found
