"""Subjects enrolled but not yet evaluable when a look is taken.

A pending subject is neither an event nor a non-event. A position is therefore a range: the fewest events that the data allow (all
pending turn out without), and the most (all with). A rule that follows from a posterior may also weigh the pending by the part of
their window that they have passed without event; that is said to be an approximation wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from protocord.design.monitoring.boundaries import Boundary, Floats, crosses
from protocord.design.monitoring.exact import Characteristics, characteristics


@dataclass(frozen=True, slots=True)
class Overrun:
    """What happens to `pending` subjects who are already enrolled whenever the rule stops, at each true rate.

    `subjects` and `events` are expected numbers with them; `reversed_` the probability that the rule stops and the count, with
    theirs added, no longer crosses the bound at that number of subjects.
    """

    rates: Floats
    pending: int
    stops: Floats
    subjects: Floats
    events: Floats
    reversed_: Floats


def overrun(boundary: Boundary, pending: int, rates: Sequence[float]) -> Overrun:
    """This will return what `pending` enrolled but unevaluable subjects (fewer near the last look) add when a boundary stops.

    Exact, with outcomes of the pending independent of what was seen. The bound with them is the boundary's own at that number of subjects, so its criterion must be known. Raises ValueError where
    `pending` is negative or the boundary is a bare list.
    """
    if pending < 0:
        message = "pending subjects are counted from 0"
        raise ValueError(message)
    found = characteristics(boundary, rates)
    stopping = found.stops_high if boundary.direction == ">=" else found.stops_low
    last = boundary.looks[-1]
    subjects, back = found.subjects.copy(), np.zeros(len(found.rates))
    for place, look in enumerate(boundary.looks):
        more = min(pending, last - look)  # nobody is enrolled beyond the last look
        subjects += more * stopping[:, place]
        with_them = boundary.attained([look + more]).bounds[0]
        extra = np.arange(more + 1)
        chance = stats.binom.pmf(extra[None, :], more, found.rates[:, None])
        for count, mass in _crossing_counts(boundary, place, found.rates):
            back += mass * (chance @ np.array([not crosses(with_them, count + int(one), boundary.direction) for one in extra]))
    return Overrun(found.rates, pending, stopping.sum(axis=1), subjects, subjects * found.rates, back)


def _crossing_counts(boundary: Boundary, place: int, rates: Floats) -> list[tuple[int, Floats]]:
    """The counts that cross at one look, with their probabilities at each rate: those of the rule that stops there for no count."""
    open_ = tuple(None if later >= place else bound for later, bound in enumerate(boundary.bounds))
    until = Boundary(boundary.kind, boundary.looks[: place + 1], open_[: place + 1], boundary.direction, boundary.counts)
    final = characteristics(until, rates).final
    bound, look = boundary.bounds[place], boundary.looks[place]
    return [(count, final[:, count]) for count in range(look + 1) if crosses(bound, count, boundary.direction)]


def attained_characteristics(boundary: Boundary, looks: Sequence[int], rates: Sequence[float]) -> Characteristics:
    """This will return the characteristics at the looks really taken, the bounds recomputed there by the same rule."""
    return characteristics(boundary.attained(looks), rates)


def weighted_posterior(rate: float, prior: tuple[float, float], events: int, without: int, passed: Sequence[float]) -> float:
    """This will return P(p > rate | data) with each pending subject counted as a non-event in part.

    `events` and `without` are evaluable subjects with and without an event; `passed` the share of the window (0 … 1) that each
    pending subject has gone through without one. The share stands for the information, as if times to event were uniform over the
    window (Cheung & Chappell 2000, Biometrics 56:1177; Lin, Coleman & Yuan 2020, JNCI 112:38). An approximation. Raises ValueError
    for shares outside 0 … 1.
    """
    shares = np.asarray(passed, dtype=np.float64)
    if ((shares < 0) | (shares > 1)).any():
        message = "the share of a window that has passed lies from 0 to 1"
        raise ValueError(message)
    a, b = prior
    return float(special.betaincc(a + events, b + without + shares.sum(), rate))
