"""Profiles: many short curves in packed arrays, so that thousands are analysed at once and a sample may belong to two of them.

The samples of all subjects lie one after another. A profile is a range of them with its time zero, the infusion's duration and
dose, and what is known around it: the predose that starts it and whether the next infusion's predose ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Profiles:
    """Samples (m of them) and profiles (n of them) over them; times and durations in days.

    Samples: `time` (m), `value` (m; NaN where censored), `state` (m; 0 quantified, 1 below the LLOQ, 2 detected below it, 3 above
    the ULOQ), `lloq` and `lod` (m; NaN where unknown). Missing samples are not there.
    Profiles: `keys` (a frame of n rows that says whose they are), `first` and `stop` (n; their samples are first … stop - 1, none
    before `zero`), `zero` (n; their time zero), `end` (n; end of the interval after it, NaN for none), `predose` (n; index of the
    sample before time zero, -1 for none), `after` (n; index of the first sample after the end, before any other infusion of the
    same donor, -1 for none), `closing` (n; the last sample is the predose of the next infusion), `earlier` (n; cells of the same
    donor were infused before), `duration` (n), `dose` (n; NaN where unknown) and `infusions` (n; how many of them the profile spans).
    """

    keys: pl.DataFrame
    time: Numbers
    value: Numbers
    state: Integers
    lloq: Numbers
    lod: Numbers
    first: Integers
    stop: Integers
    zero: Numbers
    end: Numbers
    predose: Integers
    after: Integers
    closing: NDArray[np.bool_]
    earlier: NDArray[np.bool_]
    duration: Numbers
    dose: Numbers
    infusions: Integers

    def __len__(self) -> int:
        return len(self.first)

    def one(self, k: int) -> Profiles:
        """This will return profile k alone, over the same samples."""
        names = ("first", "stop", "zero", "end", "predose", "after", "closing", "earlier", "duration", "dose", "infusions")
        return replace(self, keys=self.keys[k : k + 1], **{name: getattr(self, name)[k : k + 1] for name in names})

    def samples(self, k: int) -> tuple[Numbers, Numbers, Integers, Numbers]:
        """This will return times since time zero, values, states and LLOQs of profile k, without its predose."""
        part = slice(int(self.first[k]), int(self.stop[k]))
        return self.time[part] - self.zero[k], self.value[part], self.state[part], self.lloq[part]


def from_long(
    frame: pl.DataFrame, by: Sequence[str], *, duration: float = 0.0, dose: float = np.nan, end: float = np.nan
) -> Profiles:
    """This will return one profile for each group of the columns `by`, each after a single dose at time 0.

    `frame` has `time` (days), `value` (null where censored), and may have `censoring` (none, left, detected_below, right; left out:
    none, and a value of 0 or null counts as below the limit), `lloq` and `lod`. `duration` (days), `dose` and `end` (days) hold for all.
    Rows may come in any order. Raises ValueError where a time is missing, or a quantified value is not above 0.
    """
    keys = list(by)
    order = frame.with_row_index("_row").select(*keys, "time", "_row")
    if not _sorted(frame, keys):
        frame = frame[order.sort(*keys, "time", maintain_order=True)["_row"]]
    runs = frame.select(pl.struct(keys).rle_id().alias("run"))["run"].to_numpy()
    first = np.flatnonzero(np.concatenate(([True], runs[1:] != runs[:-1]))) if len(runs) else np.empty(0, np.int64)
    stop = np.append(first[1:], len(runs)).astype(np.int64) if len(runs) else np.empty(0, np.int64)
    n = len(first)
    time, value, state, lloq, lod = sample_arrays(frame)
    return Profiles(
        keys=frame.select(keys)[first],
        time=time,
        value=value,
        state=state,
        lloq=lloq,
        lod=lod,
        first=first.astype(np.int64),
        stop=stop,
        zero=np.zeros(n),
        end=np.full(n, end),
        predose=np.full(n, -1),
        after=np.full(n, -1),
        closing=np.zeros(n, np.bool_),
        earlier=np.zeros(n, np.bool_),
        duration=np.full(n, duration),
        dose=np.full(n, dose),
        infusions=np.ones(n, np.int64),
    )


def sample_arrays(frame: pl.DataFrame) -> tuple[Numbers, Numbers, Integers, Numbers, Numbers]:
    """This will return times, values, states, LLOQs and LODs of a frame's rows. Raises ValueError as `from_long` does."""
    time = frame["time"].cast(pl.Float64)
    value = frame["value"].cast(pl.Float64)
    if "censoring" in frame.columns:
        censoring = frame["censoring"].fill_null("none").cast(pl.Enum(["none", "left", "detected_below", "right"]))
        state = censoring.to_physical().cast(pl.Int64)
    else:
        state = (value.fill_null(0.0) == 0.0).cast(pl.Int64)
    numbers = value.set(state != 0, None).fill_null(np.nan).to_numpy()
    states = state.to_numpy()
    times = time.fill_null(np.nan).to_numpy()
    if not np.isfinite(times).all():
        message = "a sample without a time has no place on a curve: give it a time, or leave it out with its reason"
        raise ValueError(message)
    if not (numbers[states == 0] > 0).all():
        message = "a quantified value must be above 0; a result below the limit is censored, never 0"
        raise ValueError(message)
    return times, numbers, states, _optional(frame, "lloq"), _optional(frame, "lod")


def _optional(frame: pl.DataFrame, name: str) -> Numbers:
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    found: Numbers = frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found


def _sorted(frame: pl.DataFrame, keys: list[str]) -> bool:
    """This will return whether each group's rows stand together, in the order of their times."""
    runs = frame.select(pl.struct(keys).rle_id().alias("run"), "time")
    if runs.height < 2:
        return True
    together = runs["run"][-1] + 1 == frame.select(pl.struct(keys).n_unique()).item()
    rising = runs.select(((pl.col("run").diff() != 0) | (pl.col("time").diff() >= 0)).all()).item()
    return bool(together and rising)
