"""BOP2: stopping by posterior probabilities against a cut-off that rises with the information, tuned on exact characteristics.

Zhou, Lee & Yuan 2017 (Stat Med 36:3302): at n of N subjects go on only while P(promising | data) >= lambda (n / N)^gamma; the
pair that gives the greatest power within the type I error is taken from a grid. The version with an efficacy stop (Xu et al.
2025, J Biopharm Stat, BOP2-FE, power function) stops as soon as P(promising | data) > 1 - (1 - lambda)(n / N)^eta too; at the last
look both cut-offs meet at lambda. Many points of the grid give the same integers, so each distinct rule is computed once, exactly;
nothing is simulated.

Priors are the Dirichlet with the cells of the null hypothesis (one subject's worth of information) unless others are given; the
marginals that the rules look at are then beta distributions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from protocord.design.monitoring.boundaries import TIE, Boundary, Direction, Floats, Integers, check_looks, check_rate
from protocord.design.monitoring.criteria import Posterior
from protocord.design.monitoring.exact import NEVER_HIGH, NEVER_LOW, crossing_probabilities
from protocord.design.monitoring.joint import Codes, JointRule, joint_rule, lattice

Cells = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """The values of lambda, gamma and (with an efficacy stop) eta that are tried, in order."""

    lambdas: tuple[float, ...]
    gammas: tuple[float, ...]
    etas: tuple[float, ...] = ()

    @classmethod
    def even(cls, lambdas: int = 101, gammas: int = 101, etas: int = 0, *, eta_high: float = 3.0) -> Grid:
        """This will return a grid with so many evenly spaced values: lambda and gamma in 0 … 1, eta in 0 … `eta_high`."""

        def spaced(high: float, count: int) -> tuple[float, ...]:
            return tuple(round(float(value), 12) for value in np.linspace(0.0, high, count))

        return cls(spaced(1.0, lambdas), spaced(1.0, gammas), spaced(eta_high, etas) if etas else ())


@dataclass(frozen=True, slots=True)
class Bop2:
    """A tuned rule, with its exact characteristics under the null and the alternative.

    `boundaries` are the bounds on each count; `rule` the table of stops of a rule on two counts, None on one. `type_i_error` and
    `power` are the probabilities of the claim "promising". `distinct` says how many different rules the grid held, `alike` how
    many of its points give this one; lambda, gamma, eta are the first of those points.
    """

    kind: str
    lambda_: float
    gamma: float
    eta: float | None
    boundaries: tuple[Boundary, ...]
    rule: JointRule | None
    type_i_error: float
    power: float
    subjects_null: float
    subjects_alternative: float
    distinct: int
    alike: int


class NoRule(LookupError):
    """No rule of the grid holds the type I error."""


def bop2(
    null: float,
    alternative: float,
    alpha: float,
    looks: Sequence[int],
    *,
    grid: Grid | None = None,
    prior: tuple[float, float] | None = None,
) -> Bop2:
    """This will return the BOP2 rule of a binary endpoint with the greatest exact power whose type I error is <= `alpha`.

    A grid with etas adds the efficacy stop. Ties: fewest expected subjects under the null, then the first point of the grid.
    Raises NoRule where no point holds `alpha`; ValueError for rates or looks that make no sense.
    """
    check_looks(looks)
    check_rate(null, "null")
    check_rate(alternative, "alternative")
    if alternative <= null:
        message = f"the alternative {alternative} must lie above the null {null}"
        raise ValueError(message)
    tried = grid or Grid.even()
    a, b = prior or (null, 1 - null)
    found = _distinct_binary(null, (a, b), tuple(looks), tried)
    keys = list(found)
    size = len(looks)
    low = np.array([key[:size] for key in keys], dtype=np.int64)
    high = np.array([key[size:] for key in keys], dtype=np.int64)
    at, rates = np.asarray(looks, dtype=np.int64), np.array([null, alternative])
    stops_low, stops_high, final = crossing_probabilities(at, low, high, rates)
    go = stops_high.sum(axis=2) + final.sum(axis=2)
    subjects = (stops_low + stops_high) @ at.astype(np.float64) + final.sum(axis=2) * looks[-1]
    best = _best(go, subjects, alpha)
    (lambda_, gamma, eta), _ = found[keys[best]]
    parameters = {"lambda": lambda_, "gamma": gamma, "prior_a": a, "prior_b": b, "rate": null}
    boundaries = [_bounds("bop2", looks, low[best], "<=", "responses", parameters, NEVER_LOW)]
    if tried.etas:
        stop = {**parameters, "eta": float(eta or 0.0)}
        boundaries.append(_bounds("bop2", looks, high[best], ">=", "responses", stop, NEVER_HIGH))
    return Bop2(
        kind="bop2_efficacy_stop" if tried.etas else "bop2",
        lambda_=lambda_,
        gamma=gamma,
        eta=eta,
        boundaries=tuple(boundaries),
        rule=None,
        type_i_error=float(go[best, 0]),
        power=float(go[best, 1]),
        subjects_null=float(subjects[best, 0]),
        subjects_alternative=float(subjects[best, 1]),
        distinct=len(keys),
        alike=found[keys[best]][1],
    )


def _distinct_binary(
    null: float, prior: tuple[float, float], looks: tuple[int, ...], grid: Grid
) -> dict[tuple[int, ...], tuple[tuple[float, float, float | None], int]]:
    """Every different rule of the grid (lower bounds, then upper ones), with its first point in the grid, and how many it has."""
    values = [Posterior(null, *prior).values(look) for look in looks]
    share = np.asarray(looks, dtype=np.float64) / looks[-1]
    found: dict[tuple[int, ...], tuple[tuple[float, float, float | None], int]] = {}
    for lambda_ in grid.lambdas:
        bounds = [_greatest_below(values, lambda_ * share**gamma) for gamma in grid.gammas]
        lows, firsts = Counter(bounds), _first(bounds)
        stops = [_least_above(values, 1 - (1 - lambda_) * share**eta) for eta in grid.etas] or [(NEVER_HIGH,) * len(looks)]
        highs, tops = Counter(stops), _first(stops)
        for low, gammas in lows.items():
            for high, etas in highs.items():
                point = (lambda_, grid.gammas[firsts[low]], grid.etas[tops[high]] if grid.etas else None)
                first, many = found.get((*low, *high), (point, 0))
                found[*low, *high] = (first, many + gammas * etas)
    return found


def _first(keys: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    """The place at which each key comes first."""
    places: dict[tuple[int, ...], int] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, place)
    return places


def _greatest_below(values: Sequence[Floats], cutoffs: Floats) -> tuple[int, ...]:
    """The greatest count with a value below the cut-off, at each look; -1 where none is."""
    return tuple(int((value < cutoff - TIE).sum()) - 1 for value, cutoff in zip(values, cutoffs, strict=True))


def _least_above(values: Sequence[Floats], cutoffs: Floats) -> tuple[int, ...]:
    """The least count with a value above the cut-off, at each look but the last, where passing is not crossing the lower bound."""
    found = []
    for value, cutoff in zip(values, cutoffs, strict=True):
        below = int((value <= cutoff + TIE).sum())
        found.append(below if below < value.size else NEVER_HIGH)
    return (*found[:-1], NEVER_HIGH)


def _best(go: Floats, subjects: Floats, alpha: float) -> int:
    """The rule with the greatest power among those within alpha; then the fewest expected subjects under the null."""
    power = np.where(go[:, 0] <= alpha + TIE, go[:, 1], -1.0)
    if power.max() <= 0:  # a rule that can never claim success is none
        message = f"no rule of the grid has a type I error within {alpha}; give more looks, a finer grid or a larger alpha"
        raise NoRule(message)
    best = np.flatnonzero(power >= power.max() - 1e-12)
    return int(best[np.argmin(subjects[best, 0])])


def _bounds(
    kind: str,
    looks: Sequence[int],
    counts: Integers,
    direction: Direction,
    counted: str,
    parameters: dict[str, float],
    never: int,
) -> Boundary:
    bounds = tuple(None if count == never else int(count) for count in counts)
    return Boundary(kind, tuple(looks), bounds, direction, counted, True, MappingProxyType(dict(parameters)))


def bop2_two(
    null: Cells,
    alternative: Cells,
    alpha: float,
    looks: Sequence[int],
    *,
    endpoints: str = "efficacy_toxicity",
    grid: Grid | None = None,
    prior: Cells | None = None,
) -> Bop2:
    """This will return the BOP2 rule of two binary endpoints with the greatest exact power within `alpha`.

    Cells are (both, first only, second only, neither). With `endpoints` "efficacy_toxicity" the first is response and the second
    toxicity, and the trial stops when either P(response rate > null's | data) or P(toxicity rate <= null's | data) falls below
    the cut-off; with "co_primary" both are efficacy, and it stops when both fall below. Raises as `bop2` does.
    """
    check_looks(looks)
    tried = grid or Grid.even(51, 51)
    weights = prior or null
    limits = (null[0] + null[1], null[0] + null[2])
    for limit in limits:
        check_rate(limit, "null")
    make = _MAKERS.get(endpoints)
    if make is None:
        message = f"endpoints are {', '.join(_MAKERS)}, not {endpoints!r}"
        raise ValueError(message)
    found: dict[tuple[int, ...], list[tuple[float, float]]] = {}
    values = _marginal_values(limits, weights, looks, endpoints)
    share = np.asarray(looks, dtype=np.float64) / looks[-1]
    for lambda_ in tried.lambdas:
        for gamma in tried.gammas:
            cutoffs = lambda_ * share**gamma
            key = (*_greatest_below(values[0], cutoffs), *_greatest_below(values[1], cutoffs))
            found.setdefault(key, []).append((lambda_, gamma))
    keys = list(found)
    at, scenarios = np.asarray(looks, dtype=np.int64), np.array([null, alternative], dtype=np.float64)
    go, subjects = np.zeros((len(keys), 2)), np.zeros((len(keys), 2))
    for place, key in enumerate(keys):
        table = make(looks, key)[0]
        stops, passes = lattice(at, table.stops, len(table.reasons), scenarios)
        go[place] = passes
        subjects[place] = stops.sum(axis=2) @ at.astype(np.float64) + passes * looks[-1]
    best = _best(go, subjects, alpha)
    rule, boundaries = make(looks, keys[best])
    lambda_, gamma = found[keys[best]][0]
    return Bop2(
        kind=f"bop2_{endpoints}",
        lambda_=lambda_,
        gamma=gamma,
        eta=None,
        boundaries=boundaries,
        rule=rule,
        type_i_error=float(go[best, 0]),
        power=float(go[best, 1]),
        subjects_null=float(subjects[best, 0]),
        subjects_alternative=float(subjects[best, 1]),
        distinct=len(keys),
        alike=len(found[keys[best]]),
    )


def _marginal_values(
    limits: tuple[float, float], weights: Cells, looks: Sequence[int], endpoints: str
) -> tuple[list[Floats], list[Floats]]:
    """P(promising | count) of each endpoint at each look, by the count for efficacy, by the count of the spared for toxicity."""
    first = Posterior(limits[0], weights[0] + weights[1], weights[2] + weights[3])
    second = Posterior(limits[1], weights[0] + weights[2], weights[1] + weights[3])
    if endpoints == "efficacy_toxicity":  # the toxicity rate lies below its limit: the same rule on those spared
        second = Posterior(round(1 - limits[1], 15), weights[1] + weights[3], weights[0] + weights[2])
    return [first.values(look) for look in looks], [second.values(look) for look in looks]


def _efficacy_toxicity(looks: Sequence[int], key: tuple[int, ...]) -> tuple[JointRule, tuple[Boundary, ...]]:
    size = len(looks)
    few = _bounds("bop2", looks, np.asarray(key[:size]), "<=", "responses", {}, NEVER_LOW)
    toxic = tuple(None if spared == NEVER_LOW else look - spared for look, spared in zip(looks, key[size:], strict=True))
    many = Boundary("bop2", tuple(looks), toxic, ">=", "toxicities", True)
    return joint_rule([few], [many]), (few, many)


def _co_primary(looks: Sequence[int], key: tuple[int, ...]) -> tuple[JointRule, tuple[Boundary, ...]]:
    size, n = len(looks), looks[-1] + 1
    stops: Codes = np.zeros((size, n, n), dtype=np.int8)
    for place in range(size):
        stops[place, : key[place] + 1, : key[size + place] + 1] = 1
    first = _bounds("bop2", looks, np.asarray(key[:size]), "<=", "first_endpoint", {}, NEVER_LOW)
    second = _bounds("bop2", looks, np.asarray(key[size:]), "<=", "second_endpoint", {}, NEVER_LOW)
    return JointRule(tuple(looks), stops, ("futility",)), (first, second)


_MAKERS: dict[str, Callable[[Sequence[int], tuple[int, ...]], tuple[JointRule, tuple[Boundary, ...]]]] = {
    "efficacy_toxicity": _efficacy_toxicity,
    "co_primary": _co_primary,
}
