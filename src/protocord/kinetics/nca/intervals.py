"""Cut each subject's samples into profiles: per infusion, per course, or over any stretch, by donor.

The predose of an infusion ends the interval before it and starts the one after it; the sample is shared, never copied. A predose
taken after the infusion had started keeps its actual time, and the start is imputed by the declared rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from protocord.kinetics.profiles import Profiles, sample_arrays
from protocord.kinetics.starts import refuse_late_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from protocord.protocol import Protocol

PREDOSE_WINDOW = 1.0
"""How long before an infusion its predose may be taken, in days."""
EVERY = "dose_"
"""How the windows of every infusion are named, before its number."""
SLACK = 0.05
"""Share of an interval by which the next infusion may come early and still only end it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch over which parameters are computed.

    `infusions` are those it may begin with: one for a dose interval, all of a course for a course; the first of them that was given
    is time zero. `end` in days after that, None: the next infusion. A `dose` window stops at the next infusion of the same donor, a
    `span` runs over all infusions in it.
    """

    name: str
    infusions: tuple[int, ...]
    end: float | None = None
    kind: Literal["dose", "span"] = "dose"


@dataclass(frozen=True, slots=True)
class Unmade:
    """A profile that could not be cut, and the kind of its reason."""

    subject: str
    analyte: str
    donor: str
    window: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Cut:
    """One profile's numbers, in the order of the fields of Profiles."""

    first: int
    stop: int
    predose: int
    after: int
    zero: float
    end: float
    closing: bool
    earlier: bool
    duration: float
    dose: float
    infusion: int
    tau: float
    infusions: int


@dataclass(frozen=True, slots=True)
class _Doses:
    """The infusions of a subject that carry the cells looked for, with those of all donors beside them."""

    numbers: NDArray[np.int64]
    start: NDArray[np.float64]
    duration: NDArray[np.float64]
    dose: NDArray[np.float64]
    every_number: NDArray[np.int64]
    every_start: NDArray[np.float64]


def planned_windows(protocol: Protocol) -> tuple[Window, ...]:
    """This will return the intervals of a study's kinetics.yaml.

    An interval of an infusion is a dose window unless the schedule plans another infusion inside it. Raises DocumentProblems
    where a parameter is asked for over an interval that starts after its time zero.
    """
    refuse_late_starts(protocol, {name for item in protocol.kinetics.parameters for name in item.intervals})
    courses = {course.id: course.infusions for course in protocol.dosing.infusions.courses}
    days = _planned_days(protocol)
    found = []
    for interval in protocol.kinetics.intervals:
        if interval.start.minutes != 0:
            continue  # no parameter is asked for over it
        end = float(interval.end.days) if interval.end is not None and interval.end.days is not None else None
        if interval.course:
            found.append(Window(interval.id, tuple(courses[interval.course]), end, "span"))
            continue
        number = interval.infusion or 1
        inside = [day for day in days.values() if end is not None and 0 < day - days.get(number, np.inf) < end]
        found.append(Window(interval.id, (number,), end, "span" if inside else "dose"))
    return tuple(found)


def _planned_days(protocol: Protocol) -> dict[int, float]:
    visits = {visit.id: visit for visit in protocol.schedule.visits}

    def day(visit_id: str) -> float:
        visit = visits[visit_id]
        if visit.day is not None:
            return visit.day - (1 if visit.day > 0 else 0)
        return day(visit.anchor) + (visit.offset or 0)

    return {visit.infusion: float(day(visit.id)) for visit in visits.values() if visit.infusion is not None}


def every_infusion(count: int) -> tuple[Window, ...]:
    """This will return the dose windows of infusions 1 … count, each to the next infusion: unequal intervals as they came."""
    return tuple(Window(f"{EVERY}{number}", (number,)) for number in range(1, count + 1))


def cut(samples: pl.DataFrame, doses: pl.DataFrame, windows: Sequence[Window]) -> tuple[Profiles, tuple[Unmade, ...]]:
    """This will return the profiles of every subject, analyte, donor and window, and those that could not be cut.

    `samples` and `doses` as `intake.take` returns them (usable samples only), sorted. `keys` of the profiles: subject, analyte,
    donor, window, infusion (time zero's), tau (days to the next infusion of any donor, null for none).
    """
    time, value, state, lloq, lod = sample_arrays(samples)
    cuts: list[tuple[tuple[str, str, str, str], _Cut]] = []
    unmade: list[Unmade] = []
    by_subject = dict(_by_subject(doses))
    for (subject, analyte, donor), begin, end in _series(samples):
        given = _of_donor(by_subject[subject], donor)
        for window in windows:
            if not np.isin(window.infusions, given.every_number).any():
                unmade.append(Unmade(subject, analyte, "", window.name, "kinetics_infusion_not_given"))
            elif (one := _cut(time, begin, end, given, window)) is not None:
                cuts.append(((subject, analyte, donor, window.name), one))
    keys = pl.DataFrame(
        [(*key, one.infusion, one.tau if np.isfinite(one.tau) else None) for key, one in cuts],
        schema={"subject": pl.String, "analyte": pl.String, "donor": pl.String, "window": pl.String, "infusion": pl.Int64, "tau": pl.Float64},
        orient="row",
    )  # fmt: skip
    made = [one for _, one in cuts]
    profiles = Profiles(
        keys, time, value, state, lloq, lod,
        first=_whole(one.first for one in made),
        stop=_whole(one.stop for one in made),
        zero=_real(one.zero for one in made),
        end=_real(one.end for one in made),
        predose=_whole(one.predose for one in made),
        after=_whole(one.after for one in made),
        closing=_yes(one.closing for one in made),
        earlier=_yes(one.earlier for one in made),
        duration=_real(one.duration for one in made),
        dose=_real(one.dose for one in made),
        infusions=_whole(one.infusions for one in made),
    )  # fmt: skip
    return profiles, tuple(dict.fromkeys(unmade))


def _whole(numbers: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(numbers), np.int64)


def _real(numbers: Iterable[float]) -> NDArray[np.float64]:
    return np.array(list(numbers), np.float64)


def _yes(answers: Iterable[bool]) -> NDArray[np.bool_]:
    return np.array(list(answers), np.bool_)


def _series(samples: pl.DataFrame) -> Iterator[tuple[tuple[str, str, str], int, int]]:
    """The runs of rows of one subject, analyte and donor, with their bounds."""
    names = ["subject", "analyte", "donor"]
    runs = samples.select(pl.struct(names).rle_id().alias("run"), *names).with_row_index("at")
    bounds = runs.group_by("run", maintain_order=True).agg(*(pl.col(name).first() for name in names), pl.col("at").min().alias("begin"), pl.len().alias("n"))  # fmt: skip
    for row in bounds.iter_rows(named=True):
        yield (row["subject"], row["analyte"], row["donor"]), row["begin"], row["begin"] + row["n"]


def _by_subject(doses: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (subject,), rows in doses.group_by("subject", maintain_order=True):
        yield str(subject), rows


def _of_donor(rows: pl.DataFrame, donor: str) -> _Doses:
    mine = rows.filter(pl.col("donor") == donor) if donor else rows
    return _Doses(
        mine["infusion"].to_numpy(),
        mine["start"].to_numpy(),
        mine["duration"].to_numpy(),
        mine["dose"].fill_null(np.nan).to_numpy(),
        rows["infusion"].to_numpy(),
        rows["start"].to_numpy(),
    )


def _cut(time: NDArray[np.float64], begin: int, end: int, given: _Doses, window: Window) -> _Cut | None:
    """One profile; None where the window's infusions were all of another donor."""
    at = np.flatnonzero(np.isin(given.numbers, window.infusions))
    if not len(at):
        return None
    k = int(at[0])
    zero = own = float(given.start[k])
    opening = float(given.every_start[np.isin(given.every_number, window.infusions)].min())
    if window.kind == "span" and k > 0:
        zero = opening  # cells of this donor were there before: the whole stretch counts
    following = given.every_start[given.every_start > own]
    tau = float(following[0]) - own if len(following) else np.inf
    length = (window.end + opening - zero if window.kind == "span" else window.end) if window.end is not None else tau
    later = given.start[given.start > own]
    next_same = float(later[0]) - zero if len(later) else np.inf
    duration, several = float(given.duration[k]), 1
    stop_at = min(length, next_same)
    if window.kind == "span":
        inside = int((later < zero + length).sum())
        several = 1 + inside + (zero < own)  # cells from before count as one more
        next_same = float(later[inside]) - zero if inside < len(later) else np.inf
        duration = float(given.start[k + inside] + given.duration[k + inside]) - zero
        stop_at = length
    near = bool(np.isfinite(next_same) and abs(next_same - length) <= SLACK * length)
    if near:
        stop_at = next_same  # the next infusion's predose belongs to this interval, a little before its end or after
    first = begin + int(np.searchsorted(time[begin:end], zero, "left"))
    stop = max(first, begin + int(np.searchsorted(time[begin:end], zero + stop_at, "right")))
    before = first - 1
    # The sample before time zero is this infusion's predose if it was taken near enough, and after any infusion before.
    floor = max(zero - PREDOSE_WINDOW, float(given.start[k - 1]) if k else -np.inf)
    predose = before if before >= begin and time[before] >= floor else -1
    last_time = time[stop - 1] - zero if stop > first else -np.inf
    closing = near and last_time >= max(0.0, next_same - PREDOSE_WINDOW)
    after = stop if not closing and stop < end and time[stop] - zero <= next_same and np.isfinite(length) else -1
    return _Cut(
        first, stop, predose, after, zero, length if np.isfinite(length) else np.nan, closing, k > 0, duration, float(given.dose[k]),
        int(given.numbers[k]), tau, int(several),
    )  # fmt: skip
