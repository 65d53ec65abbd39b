"""Analyse times to events as the document declares them, sample by sample and group against group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np

from protocord.efficacy.survival.comparing import compare
from protocord.efficacy.survival.samples import Group, Times, check_grouping, days_in, endpoint_named, samples
from protocord.efficacy.survival.telling import CURVE, Told, curve_rows, milestone_reason, quantile_rows
from protocord.errors import Place, Problem
from protocord.protocol import Protocol
from protocord.protocol.document.elements import Span
from protocord.statistics import Results, Statistic
from protocord.statistics.results import Scalar
from protocord.statistics.survival import (
    Curve,
    Incidence,
    aalen_johansen,
    kaplan_meier,
    milestone_test,
    one_sample_log_rank,
    reverse_kaplan_meier,
)
from protocord.statistics.survival.sample import Floats
from protocord.tables import TableProblems
from protocord.values import Reason

LANDMARK = (*CURVE, "survival_beyond_follow_up", "survival_days_per_month")
INCIDENCE = ("survival_competing", "survival_incidence_variance", "survival_ties")


@dataclass(frozen=True, slots=True)
class Null:
    """What a single arm is held against: survival of `probability` at `at`, and an exponential curve through that point."""

    at: Span
    probability: float


def survive(
    protocol: Protocol,
    times: Times,
    *,
    endpoints: tuple[str, ...] = (),
    by: str = "",
    null: Null | None = None,
) -> Results:
    """This will analyse the named endpoints (left out: all that the table holds), each variant, as a whole and by the column `by`.

    All times are days. `null` adds the milestone test and the one-sample log-rank test. Raises TableProblems where the table
    does not hold the endpoint or the column, and Refused for an unknown endpoint or for survival by response from time zero.
    """
    held = set(times.frame["endpoint"].unique())
    asked = [endpoint_named(protocol, name) for name in endpoints]
    chosen = asked or [endpoint for endpoint in protocol.efficacy.time_to_event if endpoint.id in held]
    if absent := [endpoint.id for endpoint in chosen if endpoint.id not in held]:
        what = f"The table has no row of {', '.join(absent)}."
        raise TableProblems([Problem(Place(times.file, 0, "column endpoint"), what, "Name an endpoint that it holds.")])
    if by:
        check_grouping(times, by, tuple(endpoint.id for endpoint in chosen))
    statistics: list[Statistic] = []
    for endpoint in chosen:
        for whole, groups in samples(times, endpoint, by):
            tau = _horizon((whole, *groups))
            for group in (whole, *groups):
                statistics.extend(_sample(group, tau))
            if null is not None:
                statistics.extend(_against(whole, null))
            if groups:
                statistics.extend(compare(whole, groups))
    about = {"study": protocol.study.id, "protocol": protocol.version, "protocol_hash": protocol.hash}
    return Results(tuple(statistics), times.inputs, about)


def _horizon(groups: tuple[Group, ...]) -> float:
    """The last of the document's landmarks that every group's follow-up reaches; where none, the shortest follow-up."""
    shortest = min(float(group.time.max()) for group in groups)
    landmarks = [days_in(span, groups[0].endpoint) for span in groups[0].endpoint.landmarks]
    return max((days for days in landmarks if days <= shortest), default=shortest)


def _sample(group: Group, tau: float) -> Iterator[Statistic]:
    told = Told(group.endpoint.id, group.context)
    yield told.number("n", len(group.time))
    for code, name in enumerate(("n_censored", "n_event", "n_competing")):
        yield told.number(name, int((group.status == code).sum()))
    for cause in sorted({(int(code), cause) for code, cause in zip(group.status, group.cause, strict=True) if cause}):
        count = sum(pair == cause for pair in zip(group.status.tolist(), group.cause, strict=True))
        yield told.number("n_cause", count, {"cause": cause[1]})
    level = float(group.endpoint.level)
    yield from _follow_up(told, group, level)
    if (group.status == 2).any():
        yield from _incidences(told, group, level)
        return
    curve = kaplan_meier(group.time, group.status, transform=group.endpoint.interval, level=level)
    yield from quantile_rows(told, curve)
    yield from _landmarks(told, group, curve)
    yield from _mean(told, curve, tau)
    yield from curve_rows(told, curve)


def _follow_up(told: Told, group: Group, level: float) -> Iterator[Statistic]:
    curve = reverse_kaplan_meier(group.time, group.status > 0, transform=group.endpoint.interval, level=level)
    found, method = curve.quantile(0.5), f"reverse_kaplan_meier/{curve.transform}"
    names = (("follow_up", found.time, found.why_time), ("follow_up_lower", found.lower, found.why_lower))
    for name, value, why in (*names, ("follow_up_upper", found.upper, found.why_upper)):
        reason = Reason.of(f"survival_follow_up_{why}") if why else None
        yield told.number(name, value, why=reason, unit="d", method=method, conventions=("survival_reverse",), level=level)


def _landmarks(told: Told, group: Group, curve: Curve) -> Iterator[Statistic]:
    method = f"kaplan_meier/{curve.transform}"
    for span in group.endpoint.landmarks:
        found = curve.at([days_in(span, group.endpoint)])[0]
        why = milestone_reason(found.why, curve.follow_up)
        where: dict[str, Scalar] = {"time": found.time, "at": "landmark", "landmark": str(span)}
        yield told.number("n_risk", found.n_risk, where)
        yield told.number("survival", found.survival, where, why=why, method=method, conventions=LANDMARK)
        yield told.number("std_error", found.std_error, where, why=why, method="greenwood", conventions=LANDMARK)
        yield from told.limits(
            found.lower, found.upper, where, why=(why, why), method=method, conventions=LANDMARK, level=curve.level
        )


def _mean(told: Told, curve: Curve, tau: float) -> Iterator[Statistic]:
    found = curve.rmst(tau)
    conventions = ("survival_rmst_variance", "survival_rmst_horizon")
    where, method = {"tau": tau}, "restricted_mean"
    yield told.number("rmst", found.estimate, where, unit="d", method=method, conventions=conventions)
    yield told.number("std_error", found.std_error, where, unit="d", method=method, conventions=conventions)
    yield from told.limits(found.lower, found.upper, where, unit="d", method=method, conventions=conventions, level=found.level)


def _incidences(told: Told, group: Group, level: float) -> Iterator[Statistic]:
    """With competing events one minus Kaplan-Meier would count the impossible; cumulative incidences stand in its place."""
    for found in aalen_johansen(group.time, group.status, transform=group.endpoint.interval, level=level):
        kind = "event" if found.cause == 1 else "competing"
        method = f"aalen_johansen/{found.variance}/{found.transform}"
        for span in group.endpoint.landmarks:
            at = found.at([days_in(span, group.endpoint)])[0]
            why = milestone_reason(at.why, float(found.time[-1]))
            where: dict[str, Scalar] = {"of": kind, "time": at.time, "at": "landmark", "landmark": str(span)}
            yield told.number("n_risk", at.n_risk, where)
            yield told.number("incidence", at.incidence, where, why=why, method=method, conventions=INCIDENCE)
            yield told.number("std_error", at.std_error, where, why=why, method=method, conventions=INCIDENCE)
            yield from told.limits(at.lower, at.upper, where, why=(why, why), method=method, conventions=INCIDENCE, level=level)
        yield from _incidence_curve(told, found, kind, method)


def _incidence_curve(told: Told, found: Incidence, kind: str, method: str) -> Iterator[Statistic]:
    why = milestone_reason("no_event_yet", float(found.time[-1]))
    for place, time in enumerate(found.time.tolist()):
        where = {"of": kind, "time": time, "at": "curve"}
        yield told.number("n_risk", int(found.n_risk[place]), where)
        yield told.number("n_event", int(found.n_event[place]), where)
        yield told.number("n_censored", int(found.n_censored[place]), where)
        yield told.number("incidence", float(found.incidence[place]), where, method=method, conventions=INCIDENCE)
        lower, upper = float(found.limits[0][place]), float(found.limits[1][place])
        yield from told.limits(lower, upper, where, why=(why, why), method=method, conventions=INCIDENCE, level=found.level)


def _against(group: Group, null: Null) -> Iterator[Statistic]:
    """The milestone test at the null's time, and the one-sample log-rank test against the exponential curve through it."""
    told = Told(group.endpoint.id, {**group.context, "null": null.probability, "time": days_in(null.at, group.endpoint)})
    days = days_in(null.at, group.endpoint)
    curve = kaplan_meier(group.time, group.status > 0, transform=group.endpoint.interval, level=float(group.endpoint.level))
    found = milestone_test(curve, days, null.probability, transform=group.endpoint.interval)
    why = milestone_reason(found.why, curve.follow_up)
    method, scale = f"milestone/{found.transform}/one_sided", ("survival_milestone_scale", "survival_interval")
    yield told.number("milestone_z", found.z, why=why, method=method, conventions=scale)
    yield told.number("milestone_p", found.p_value, why=why, method=method, conventions=scale)
    rate = -log(null.probability) / days

    def hazard(time: Floats) -> Floats:
        return np.asarray(rate * time)

    sample = one_sample_log_rank(group.time, group.status > 0, hazard, level=float(group.endpoint.level))
    method, variance = "one_sample_log_rank/expected/one_sided", ("survival_one_sample_variance",)
    yield told.number("expected_events", sample.expected, method=method, conventions=variance)
    yield told.number("observed_to_expected", sample.ratio, method="garwood", level=sample.level)
    yield from told.limits(sample.lower, sample.upper, {"of": "observed_to_expected"}, method="garwood", level=sample.level)
    yield told.number("one_sample_z", sample.z, method=method, conventions=variance)
    yield told.number("one_sample_p", sample.p_value, method=method, conventions=variance)
