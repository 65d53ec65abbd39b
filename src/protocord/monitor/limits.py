"""A protocol's limits as boundaries: the bounds it prints, the bounds that follow from its rule, and where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from protocord.design.monitoring import (
    Boundary,
    Direction,
    Predictive,
    listed,
    obrien_fleming,
    pocock,
    posterior,
    predictive_boundary,
    sprt,
    wang_tsiatis,
)
from protocord.errors import DocumentProblems, Place, Problem
from protocord.protocol.document.limits import (
    EachEventRule,
    Limit,
    PosteriorRule,
    PredictiveRule,
    RatioRule,
    SequentialRule,
)
from protocord.protocol.model import Protocol
from protocord.values import Reason

_DIRECTIONS: dict[str, Direction] = {"at_least": ">=", "more_than": ">=", "at_most": "<=", "fewer_than": "<="}
_SHIFTS = {"at_least": 0, "more_than": 1, "at_most": 0, "fewer_than": -1}


@dataclass(frozen=True, slots=True)
class Difference:
    """A look at which the printed bound is not the one that follows from the rule; None is no bound."""

    look: int
    printed: int | None
    follows: int | None

    def said(self) -> Reason:
        """This will return the difference in words."""
        kind = {(True, False): "limit_printed_none", (False, True): "limit_follows_none"}.get(
            (self.printed is None, self.follows is None), "limit_differs"
        )
        return Reason.of(kind, look=self.look, printed=self.printed, follows=self.follows)


@dataclass(frozen=True, slots=True)
class WatchedLimit:
    """A limit of the protocol as it is watched.

    `boundary` holds the bounds in force: the printed ones where the protocol prints any, else those that follow from the rule.
    `follows` are the recomputed bounds, None where nothing can be recomputed (bounds that are only listed). `differences` are
    the looks at which the two are not the same.
    """

    limit: Limit
    boundary: Boundary
    follows: Boundary | None
    differences: tuple[Difference, ...]

    @property
    def id(self) -> str:
        """The limit's id."""
        return self.limit.id

    @property
    def every_event(self) -> bool:
        """Whether each single event crosses."""
        return isinstance(self.limit.rule, EachEventRule)


def study_limits(protocol: Protocol) -> tuple[WatchedLimit, ...]:
    """This will return every limit of the protocol, in its order. Raises DocumentProblems for one without looks or rule."""
    return tuple(watched(limit, protocol.study.design.planned_subjects) for limit in protocol.safety.limits)


def watched(limit: Limit, planned_subjects: int) -> WatchedLimit:
    """This will return one limit with its bounds; `planned_subjects` is how far a limit on every event is laid out."""
    direction = _DIRECTIONS[limit.direction]
    if isinstance(limit.rule, EachEventRule):
        looks: Sequence[int] = range(1, planned_subjects + 1)
        every = listed(looks, [1] * len(looks), direction=">=", counts="events", kind="each_event")
        return WatchedLimit(limit, every, every, ())
    looks = _looks(limit)
    follows = _follows(limit, looks, direction)
    if not limit.bounds:
        if follows is None:
            raise DocumentProblems([_problem(limit, "lists no bounds, and none follow from its rule.", "List them.")])
        return WatchedLimit(limit, follows, follows, ())
    printed = listed(
        looks,
        [_printed(limit, look) for look in looks],
        direction=direction,
        counts=_counts(limit),
        kind=limit.rule.kind,
        parameters=dict(follows.parameters) if follows else None,
    )
    if follows is None:
        return WatchedLimit(limit, printed, None, ())
    differences = tuple(
        Difference(look, ours, theirs)
        for look, ours, theirs in zip(looks, printed.bounds, follows.bounds, strict=True)
        if ours != theirs
    )
    in_force = Boundary(
        printed.kind, printed.looks, printed.bounds, direction, printed.counts, follows.strict,
        MappingProxyType(dict(follows.parameters)), None if differences else follows.criterion,
    )  # fmt: skip
    return WatchedLimit(limit, in_force, follows, differences)


def _looks(limit: Limit) -> tuple[int, ...]:
    if limit.looks is None:
        raise DocumentProblems([_problem(limit, "has no looks.", "Say at which numbers of evaluable subjects it is looked at.")])
    return tuple(limit.looks.at or range(limit.looks.first, limit.looks.last + 1, limit.looks.every))


def _printed(limit: Limit, look: int) -> int | None:
    """The bound listed for a look, as the count that crosses: the latest one that has begun, with the limit's direction."""
    begun = [bound for bound in limit.bounds if bound.subjects <= look]
    if not begun:
        return None
    count = max(begun, key=lambda bound: bound.subjects).events + _SHIFTS[limit.direction]
    return count if 0 <= count <= look else None


def _follows(limit: Limit, looks: tuple[int, ...], direction: Direction) -> Boundary | None:
    counts = _counts(limit)
    match limit.rule:
        case PosteriorRule(prior=prior, rate=rate, certainty=certainty):
            shapes = (float(prior.a), float(prior.b))
            return posterior(float(rate), float(certainty), looks, shapes, direction=direction, counts=counts)
        case PredictiveRule(prior=prior, rate=rate, certainty=certainty, threshold=threshold):
            final = Predictive(float(rate), float(certainty), float(prior.a), float(prior.b), looks[-1])
            return predictive_boundary(final, float(threshold), looks, direction=direction, counts=counts)
        case SequentialRule(kind="pocock", rate=rate, alpha=alpha):
            return pocock(float(rate), float(alpha), looks, direction=direction, counts=counts)
        case SequentialRule(kind="obrien_fleming", rate=rate, alpha=alpha):
            return obrien_fleming(float(rate), float(alpha), looks, direction=direction, counts=counts)
        case SequentialRule(rate=rate, alpha=alpha, delta=delta):
            if delta is None:
                raise DocumentProblems([_problem(limit, "has no delta.", "Give the shape of its Wang-Tsiatis boundary.")])
            return wang_tsiatis(float(rate), float(alpha), looks, float(delta), direction=direction, counts=counts)
        case RatioRule(null_rate=null, alternative_rate=alternative, alpha=alpha, beta=beta):
            above, below = sprt(float(null), float(alternative), float(alpha), float(beta), looks, counts=counts)
            return above if direction == ">=" else below
        case _:
            return None


def _counts(limit: Limit) -> str:
    return "events" if limit.purpose == "safety" else "responses"


def _problem(limit: Limit, what: str, remedy: str) -> Problem:
    return Problem(Place("safety.yaml", 0, f"limits: {limit.id}"), what, remedy)
