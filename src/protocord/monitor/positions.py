"""Where each limit stands today: crossed, near, or clear, and what the pending subjects can still change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from protocord.design.monitoring import Boundary, crosses, weighted_posterior
from protocord.monitor.counts import Count
from protocord.monitor.limits import WatchedLimit
from protocord.protocol.document.limits import PosteriorRule
from protocord.values import Reason

Status = Literal["crossed", "will_cross", "may_cross", "near", "clear", "unknown"]


@dataclass(frozen=True, slots=True)
class Position:
    """One limit today.

    `bound` is the bound at the number of evaluable subjects today, None where no count can cross there (`look` says whether it is
    a look at all). `off_plan` is the bound that the same rule has at a number of subjects that is no planned look, None where there is
    none or nothing follows. `needed` is how many further events in a row would cross (0: it is crossed), None where none within the looks.
    `fewest` and `most` are the counts when the pending turn out all without and all with an event. `status`: crossed; will_cross
    (however the pending turn out); may_cross (some outcome of the pending crosses); near (the next event would); clear; unknown (nothing was told of this limit).
    `weighted` is the posterior probability with the pending weighed by the window they have passed, an approximation.
    """

    limit: WatchedLimit
    count: Count
    look: bool
    bound: int | None
    needed: int | None
    fewest: int
    most: int
    status: Status
    weighted: float | None
    off_plan: int | None = None

    def said(self) -> tuple[Reason, ...]:
        """This will return the position in words, first the finding, then the counts, the bound, and the pending."""
        if self.status == "unknown":
            return (Reason.of("position_unknown"),)
        high = self.limit.boundary.direction == ">="
        found = [Reason.of(f"position_{self.status}" if high or self.status != "near" else "position_near_low")]
        found.append(Reason.of("position_counts", events=self.count.events, evaluable=self.count.evaluable))
        found += self._bound_said(high=high)
        if self.status != "crossed" and self.needed is not None:
            found.append(Reason.of("position_needed" if high else "position_needed_without", needed=self.needed))
        if self.count.pending:
            found.append(Reason.of("position_pending", pending=self.count.pending, fewest=self.fewest, most=self.most))
        if self.count.not_evaluable:
            found.append(Reason.of("position_not_evaluable", subjects=self.count.not_evaluable))
        return tuple(found)

    def _bound_said(self, *, high: bool) -> list[Reason]:
        if self.limit.every_event:
            return [Reason.of("position_every_event")]
        if self.bound is not None:
            return [Reason.of("position_bound_high" if high else "position_bound_low", bound=self.bound)]
        if self.look:
            return [Reason.of("boundary_cannot_stop", look=self.count.evaluable)]
        found = [Reason.of("position_no_look", evaluable=self.count.evaluable)]
        if self.off_plan is not None:
            found.append(Reason.of("position_off_plan_high" if high else "position_off_plan_low", bound=self.off_plan))
        return found


def positions(limits: tuple[WatchedLimit, ...], counts: Mapping[str, Count]) -> tuple[Position, ...]:
    """This will return the position of each limit that has counts, in the protocol's order."""
    return tuple(position(limit, counts[limit.id]) for limit in limits if limit.id in counts)


def position(limit: WatchedLimit, count: Count) -> Position:
    """This will return where a limit stands with these counts; a pending subject is never taken as one without an event."""
    boundary = limit.boundary
    bounds = dict(zip(boundary.looks, boundary.bounds, strict=True))
    events, n, pending = count.events, count.evaluable, count.pending
    every = limit.every_event
    # Where every event crosses, it does so at whatever number of subjects, planned or not.
    crossed = events > 0 if every else crosses(bounds.get(n), events, boundary.direction)
    can, must = (True, True) if crossed else _with_pending(bounds, boundary, events, n, pending, every=every)
    needed = 0 if crossed else _needed(bounds, boundary, events, n, every=every)
    status: Status = "clear" if n + pending + count.not_evaluable else "unknown"
    if crossed:
        status = "crossed"
    elif can:
        status = "will_cross" if must else "may_cross"
    elif needed == 1 and status == "clear":
        status = "near"
    weighted, off_plan = _weighted(limit, count), _off_plan(boundary, n)
    return Position(limit, count, n in bounds, bounds.get(n), needed, events, events + pending, status, weighted, off_plan)


def _with_pending(
    bounds: Mapping[int, int | None], boundary: Boundary, events: int, n: int, pending: int, *, every: bool
) -> tuple[bool, bool]:
    """Whether some order and outcome of the pending crosses, and whether every one does, at the looks on the way."""
    open_ = {events}  # counts that can be reached without having crossed
    can = False
    for more in range(1, pending + 1):
        bound = 1 if every else bounds.get(n + more)
        reached = {count + one for count in open_ for one in (0, 1)}
        open_ = {count for count in reached if not crosses(bound, count, boundary.direction)}
        can = can or len(open_) < len(reached)
    return can, can and not open_


def _needed(bounds: Mapping[int, int | None], boundary: Boundary, events: int, n: int, *, every: bool) -> int | None:
    """How many further subjects in a row, all with an event (for a bound on too few: all without), first cross."""
    if every:
        return 1
    last = boundary.looks[-1]
    for more in range(1, last - n + 1):
        count = events + more if boundary.direction == ">=" else events
        if crosses(bounds.get(n + more), count, boundary.direction):
            return more
    return None


def _off_plan(boundary: Boundary, n: int) -> int | None:
    """The bound of the same rule where `n` lies between planned looks; None at a look, outside them, or where none follows."""
    if boundary.criterion is None or n in boundary.looks or not boundary.looks[0] < n < boundary.looks[-1]:
        return None
    return boundary.attained([n]).bounds[0]


def _weighted(limit: WatchedLimit, count: Count) -> float | None:
    rule = limit.limit.rule
    if not isinstance(rule, PosteriorRule) or limit.boundary.direction != ">=" or not count.pending or count.passed is None:
        return None
    shapes = (float(rule.prior.a), float(rule.prior.b))
    return weighted_posterior(float(rule.rate), shapes, count.events, count.without, count.passed)
