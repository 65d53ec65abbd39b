"""The answers about a study's limits as results: one row a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocord.design.monitoring import characteristics, overrun
from protocord.design.monitoring.results import bound_statistics, characteristic_statistics, conventions_of
from protocord.monitor.limits import WatchedLimit
from protocord.monitor.positions import Position
from protocord.statistics import Results, Statistic
from protocord.statistics.results import Scalar
from protocord.values import Reason

POSITION = "monitoring_position"


def bounds_results(limits: Sequence[WatchedLimit], *, about: dict[str, Scalar] | None = None) -> Results:
    """This will return the bounds in force of each limit, and beside each the one that follows from its rule."""
    return Results(tuple(_bounds(limits)), about=about or {})


def _bounds(limits: Sequence[WatchedLimit]) -> Iterator[Statistic]:
    for one in limits:
        if one.every_event:
            yield Statistic("monitoring_bounds", "bound", 1, context={"limit": one.id, "direction": ">="}, method="each_event")
            continue
        yield from bound_statistics(one.boundary, limit=one.id)
        if one.follows is not None:
            for look, bound in zip(one.follows.looks, one.follows.bounds, strict=True):
                yield Statistic(
                    "monitoring_bounds",
                    "bound_recomputed",
                    bound,
                    context={"limit": one.id, "direction": one.follows.direction, "look": look},
                    method=one.follows.kind,
                    conventions=conventions_of(one.follows.kind),
                    reason=Reason.of("boundary_cannot_stop", look=look) if bound is None else None,
                )
        for difference in one.differences:
            yield Statistic(
                "monitoring_bounds",
                "difference",
                None,
                context={"limit": one.id, "look": difference.look},
                method=one.limit.rule.kind,
                reason=difference.said(),
            )


def limit_characteristics(
    limits: Sequence[WatchedLimit],
    rates: Sequence[float],
    *,
    pending: int = 0,
    by_look: bool = True,
    about: dict[str, Scalar] | None = None,
) -> Results:
    """This will return what the bounds in force of each limit do at each true rate, exactly; a limit on every event is left out.

    With `pending`, also what so many subjects, enrolled but not evaluable when the limit stops, add; left out where the bounds in
    force are not those of a rule, since none is known then for the number of subjects with them.
    """
    found: list[Statistic] = []
    for one in limits:
        if not one.every_event:
            found += characteristic_statistics(characteristics(one.boundary, rates), by_look=by_look, limit=one.id)
            found += _overrun(one, rates, pending)
    return Results(tuple(found), about=about or {})


def _overrun(one: WatchedLimit, rates: Sequence[float], pending: int) -> Iterator[Statistic]:
    if not pending or one.boundary.criterion is None:
        return
    added = overrun(one.boundary, pending, rates)
    for place, rate in enumerate(added.rates):
        at: dict[str, Scalar] = {"limit": one.id, "rate": float(rate), "pending": pending}
        for name, values in (("subjects", added.subjects), ("events", added.events), ("undone", added.reversed_)):
            value = float(values[place])
            yield Statistic("monitoring_overrun", name, value, context=at, method="exact", conventions=("exact_characteristics",))


def position_results(found: Sequence[Position], *, inputs: str = "", about: dict[str, Scalar] | None = None) -> Results:
    """This will return each limit's position; what does not exist (a bound where none can be crossed) has its reason."""
    return Results(tuple(_positions(found)), inputs=inputs, about=about or {})


def _positions(found: Sequence[Position]) -> Iterator[Statistic]:
    for one in found:
        at = {"limit": one.limit.id}
        behind = ("pending_not_counted", *conventions_of(one.limit.boundary.kind))
        if one.status == "unknown":
            yield Statistic(POSITION, "status", one.status, context=at, method=one.limit.boundary.kind, conventions=behind)
            yield Statistic(POSITION, "events", None, context=at, conventions=behind, reason=Reason.of("position_unknown"))
            continue
        numbers: dict[str, Scalar] = {
            "status": one.status,
            "direction": one.limit.boundary.direction,
            "events": one.count.events,
            "evaluable": one.count.evaluable,
            "pending": one.count.pending,
            "not_evaluable": one.count.not_evaluable,
            "fewest_events": one.fewest,
            "most_events": one.most,
        }
        for name, value in numbers.items():
            yield Statistic(POSITION, name, value, context=at, method=one.limit.boundary.kind, conventions=behind)
        none = Reason.of(
            "boundary_cannot_stop" if one.look else "position_no_look", look=one.count.evaluable, evaluable=one.count.evaluable
        )
        never = Reason.of("position_never")
        for name, number, reason in (("bound", one.bound, none), ("needed", one.needed, never)):
            yield Statistic(POSITION, name, number, context=at, conventions=behind, reason=None if number is not None else reason)
        if one.weighted is not None:
            yield Statistic(
                POSITION,
                "weighted_posterior",
                one.weighted,
                context=at,
                method="weighted_pending",
                conventions=("pending_weighted",),
            )
