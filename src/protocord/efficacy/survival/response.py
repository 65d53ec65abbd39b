"""Response and survival: at a landmark, or with response as what comes in time; never from time zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from protocord.efficacy.columns import TIMES
from protocord.efficacy.endpoints import MAIN
from protocord.efficacy.survival.comparing import hazard_ratios
from protocord.efficacy.survival.samples import Group, Times, days_in, endpoint_named, refused_as_immortal, samples
from protocord.efficacy.survival.telling import Told, curve_rows, quantile_rows
from protocord.errors import Place, Problem, Refused
from protocord.protocol import Protocol
from protocord.protocol.document.elements import Span
from protocord.statistics import Results, Statistic
from protocord.statistics.survival import kaplan_meier, landmark, log_rank, stretches
from protocord.statistics.survival.sample import Floats, Integers
from protocord.tables import TableProblems, problem
from protocord.values import Reason

STATES = ("not_responding", "responding")


def response_and_survival(
    protocol: Protocol,
    times: Times,
    endpoint: str,
    response: str,
    *,
    at: Span | None = None,
    time_dependent: bool = False,
) -> Results:
    """This will compare survival with and without response, at the landmark `at`, or with response as time-dependent.

    `response` is the id of an endpoint of the same table whose events are responses, or a context column with the day of the
    first response (empty: none). Raises Refused where neither a landmark nor time dependence is asked for, which would be
    immortal-time bias; where both are; or where the two times have different origins. Raises TableProblems for a response
    that the table does not hold, or that is no day.
    """
    if at is None and not time_dependent:
        raise refused_as_immortal(response)
    if at is not None and time_dependent:
        raise Refused([Problem(Place(), "A landmark and time dependence are two analyses.", "Ask for one at a time.")])
    chosen = endpoint_named(protocol, endpoint)
    whole = next((one for one, _ in samples(times, chosen, "") if one.variant == MAIN), None)
    if whole is None:
        what = f"The table has no row of {endpoint}."
        raise TableProblems([Problem(Place(times.file, 0, "column endpoint"), what, "Name an endpoint that it holds.")])
    if (whole.status == 2).any():
        what = f"{endpoint} has competing events, for which response in time is not offered."
        raise Refused([Problem(Place(), what, "Ask for an endpoint without competing events.")])
    days = _response_days(protocol, times, whole, response)
    found = _landmark(whole, days, at) if at is not None else _time_dependent(whole, days)
    about = {"study": protocol.study.id, "protocol": protocol.version, "protocol_hash": protocol.hash, "response": response}
    return Results(tuple(found), times.inputs, about)


def _response_days(protocol: Protocol, times: Times, whole: Group, response: str) -> Floats:
    """The day of each subject's response, in the order of `whole`; nan for none."""
    own = times.frame.filter((pl.col("endpoint") == whole.endpoint.id) & (pl.col("variant") == MAIN))
    if any(one.id == response for one in protocol.efficacy.time_to_event):
        other = endpoint_named(protocol, response)
        if other.origin != whole.endpoint.origin:
            what = f"{response} starts at {other.origin}, {whole.endpoint.id} at {whole.endpoint.origin}."
            raise Refused([Problem(Place(), what, "Response and survival need one origin.")])
        part = times.frame.filter((pl.col("endpoint") == response) & (pl.col("variant") == MAIN) & (pl.col("status") == "event"))
        day = dict(zip(part["subject"], part["days"], strict=True))
        return np.array([float(day.get(subject, float("nan"))) for subject in whole.subject])
    if response not in own.columns or response in {"row", *TIMES.names}:
        remedy = "Name an endpoint whose events are responses, or a context column with the day of response."
        raise TableProblems([problem(times.file, None, response, "is not in the table.", remedy)])
    numbers = own[response].cast(pl.Float64, strict=False)
    wrong = own.filter(pl.col(response).is_not_null() & numbers.is_null())["row"].to_list()
    if wrong:
        raise TableProblems([problem(times.file, row, response, "is not a day.", "Give days from the origin.") for row in wrong])
    return numbers.fill_null(float("nan")).to_numpy()


def _landmark(whole: Group, days: Floats, at: Span) -> Iterator[Statistic]:
    when = days_in(at, whole.endpoint)
    level = float(whole.endpoint.level)
    if not (whole.time > when).any():
        what = f"Nobody is under observation after the landmark at {at} (day {when:g})."
        raise Refused([Problem(Place(), what, "Choose an earlier landmark.")])
    kept = landmark(whole.time, whole.status, days, when)
    conventions = ("survival_landmark",)
    told = Told(
        whole.endpoint.id, {"variant": whole.variant, "analysis_of": "landmark", "landmark": str(at), "landmark_day": when}
    )
    yield told.number("ended_before", kept.ended_before, conventions=conventions)
    for state, name in enumerate(STATES):
        chosen = kept.responded == state
        part = Told(told.analysis, {**told.context, "group": name})
        yield part.number("n", int(chosen.sum()), conventions=conventions)
        yield part.number("n_event", int(kept.event[chosen].sum()), conventions=conventions)
        if chosen.any():
            curve = kaplan_meier(kept.time[chosen], kept.event[chosen], transform=whole.endpoint.interval, level=level)
            yield from quantile_rows(part, curve)
            yield from curve_rows(part, curve)
    yield from _tests(told, kept.time, kept.event, kept.responded, level, None, conventions)


def _time_dependent(whole: Group, days: Floats) -> Iterator[Statistic]:
    cut = stretches(whole.time, whole.status, days)
    level = float(whole.endpoint.level)
    told = Told(whole.endpoint.id, {"variant": whole.variant, "analysis_of": "time_dependent"})
    moved = cut.entry[cut.responded == 1]
    for state, name in enumerate(STATES):
        chosen = cut.responded == state
        part = Told(told.analysis, {**told.context, "group": name})
        yield part.number("n", int(chosen.sum()), conventions=("survival_simon_makuch",))
        yield part.number("n_event", int(cut.event[chosen].sum()), conventions=("survival_simon_makuch",))
        yield part.number("n_moved", 0 if state else len(moved), conventions=("survival_simon_makuch",))
        if chosen.any():
            curve = cut.curve(bool(state), transform=whole.endpoint.interval, level=level)
            yield from quantile_rows(part, curve)
            yield from curve_rows(part, curve, () if state else moved.tolist())
    yield from _tests(told, cut.time, cut.event, cut.responded, level, cut.entry, ("survival_mantel_byar",))


def _tests(
    told: Told,
    time: Floats,
    event: Integers,
    responded: Integers,
    level: float,
    entry: Floats | None,
    conventions: tuple[str, ...],
) -> Iterator[Statistic]:
    found = log_rank(time, event, responded, entry=entry)
    why = Reason.of("survival_no_comparison") if found.why else None
    method = "log_rank" if entry is None else "mantel_byar"
    yield told.number("chi_square", found.chi_square, why=why, method=method, conventions=conventions)
    yield told.number("p_value", found.p_value, why=why, method=method, conventions=conventions)
    covariate = responded.astype(np.float64)[:, None]
    yield from hazard_ratios(told, time, event, covariate, (STATES[1],), STATES[0], level, entry)
