"""Response of a whole study: every assessment, each child's best response, the rates, and the times to events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from protocord.efficacy.endpoints.courses import Course, make_course
from protocord.efficacy.endpoints.engine import Time, times
from protocord.efficacy.endpoints.gaps import Plan, assessment_plan
from protocord.efficacy.inputs import Inputs
from protocord.efficacy.rates import Counted, counted, rate_statistics
from protocord.efficacy.recist.best_response import ORDER
from protocord.efficacy.recist.irecist import Immune, immune_responses
from protocord.efficacy.records import PartialDates, Subject, make_records
from protocord.efficacy.sets import analysis_set, members
from protocord.errors import Place, Problem
from protocord.protocol import Protocol
from protocord.statistics import Results, Statistic
from protocord.tables import TableProblems, fingerprint
from protocord.values import Reason

RESPONSE_CONVENTIONS = (
    "response_baseline",
    "response_date",
    "response_node_regrowth",
    "response_pet",
    "best_response_order",
    "best_disease_after_complete",
)
TIME_CONVENTIONS = ("time_adequate_assessment", "time_gap", "time_new_therapy", "time_data_cut", "time_precedence")


Progress = Callable[[Sequence[Subject]], Iterable[Subject]]


@dataclass(frozen=True)
class Responses:
    """The response of a study as known on a cut. `notes` say what was left out, or stands beside the rules."""

    protocol: Protocol
    courses: tuple[Course, ...]
    plan: Plan
    immune: Mapping[str, tuple[Immune, ...]]
    times: tuple[Time, ...]
    results: Results
    notes: tuple[Reason, ...]
    selection: tuple[Problem, ...]
    cut: date | None


def respond(
    protocol: Protocol,
    inputs: Inputs,
    *,
    cut: date | None = None,
    partial_dates: PartialDates = "refuse",
    allow_selection: bool = False,
    by: str | None = None,
    progress: Progress = iter,
) -> Responses:
    """This will assess a study's tumours by its efficacy.yaml, as known on the day `cut`: RECIST 1.1, iRECIST where the document
    names it, best responses, rates (also by the column `by` of subjects), times to events with their variants. `progress` wraps
    the children as they are assessed.

    Raises TableProblems as `make_records` does, and where nobody has the column `by`.
    """
    rules = protocol.efficacy.response
    known = make_records(inputs, rules, cut=cut, partial_dates=partial_dates, allow_selection=allow_selection)
    if by is not None and not any(by in subject.context for subject in known.subjects):
        what = f"There is no column {by!r} to group by."
        raise TableProblems([Problem(Place(inputs.files["subjects"], 0, f"column {by}"), what, "Name a column of subjects.")])
    courses = tuple(make_course(one, rules, cut=cut, known_later=one.id in known.alive_after) for one in progress(known.subjects))
    plan = assessment_plan(protocol)
    immune = {one.id: immune_responses(one.subject.tumour, one.assessed) for one in courses} if rules.secondary else {}
    found = tuple(
        time
        for endpoint in protocol.efficacy.time_to_event
        for time in times(endpoint, members(analysis_set(protocol, endpoint.analysis_set), courses), plan)
    )
    about: dict[str, Any] = {"study": protocol.study.id, "protocol": protocol.version, "protocol_hash": protocol.hash}
    if cut is not None:
        about["data_cut"] = cut
    statistics = (*_rates(protocol, courses, plan, by), *_best_counts(protocol, courses), *_time_counts(found))
    results = Results(statistics, fingerprint(*(inputs.frames[name] for name in sorted(inputs.frames))), about)
    notes = (*_notes(known.left_out, cut, partial_dates), *_design_notes(protocol, plan), *_baseline_notes(protocol, courses))
    return Responses(protocol, courses, plan, immune, found, results, notes, known.selection, cut)


def _notes(left_out: Mapping[str, int], cut: date | None, partial_dates: PartialDates) -> Iterator[Reason]:
    if cut is None:
        yield Reason.of("respond_no_cut")
    elif any(left_out.values()):
        yield Reason.of("respond_after_cut", cut=cut, assessments=left_out["assessments"], events=left_out["events"])
    if partial_dates != "refuse":
        yield Reason.of("respond_bounded", end=f"respond_end_{partial_dates}")


def _design_notes(protocol: Protocol, plan: Plan) -> Iterator[Reason]:
    """A first assessment that may fall before stable disease can be established could never establish it."""
    least = protocol.efficacy.response.stable_min_days
    first = protocol.visit(plan.visits[0])
    if plan.days[0] - first.window.before < least:
        yield Reason.of("respond_stable_too_late", visit=first.id, day=plan.days[0] - first.window.before, least=least)


def _baseline_notes(protocol: Protocol, courses: Sequence[Course]) -> Iterator[Reason]:
    """Baselines older than the document allows stay baselines, and are named."""
    allowed = protocol.efficacy.assessments.baseline_days
    for course in courses:
        baseline = course.subject.tumour.baseline
        if course.day_1 is not None and baseline is not None:
            days = (course.day_1 - baseline.days[0]).days
            if days > allowed:
                yield Reason.of("respond_baseline_old", subject=course.id, days=days, allowed=allowed)


def _rates(protocol: Protocol, courses: Sequence[Course], plan: Plan, by: str | None) -> Iterator[Statistic]:
    for rate in protocol.efficacy.rates:
        inside = members(analysis_set(protocol, rate.analysis_set), courses)
        children = counted(rate, inside, plan)
        yield from rate_statistics(rate, children)
        if by is not None:
            groups: dict[str, list[Counted]] = {}
            for course, child in zip(inside, children, strict=True):
                groups.setdefault(course.subject.context.get(by, "-"), []).append(child)
            for group in sorted(groups):
                yield from rate_statistics(rate, groups[group], {"by": by, "group": group})


def _best_counts(protocol: Protocol, courses: Sequence[Course]) -> Iterator[Statistic]:
    """How many children of each rate's analysis set have which best response, at any time; with and without confirmation."""
    names = dict.fromkeys(rate.analysis_set for rate in protocol.efficacy.rates)
    for name in names:
        inside = [course for course in members(analysis_set(protocol, name), courses) if course.day_1 is not None]
        for confirmed in (True, False):
            found = [course.best(confirmed=confirmed).response for course in inside]
            for response in ORDER:
                where = {"analysis_set": name, "response": response, "confirmed": "yes" if confirmed else "no"}
                yield Statistic("best_response", "n", found.count(response), context=where, conventions=RESPONSE_CONVENTIONS)


def _time_counts(found: Sequence[Time]) -> Iterator[Statistic]:
    groups: dict[tuple[str, str], list[Time]] = {}
    for time in found:
        groups.setdefault((time.endpoint, time.variant), []).append(time)
    for (endpoint, variant), group in groups.items():
        where = {"variant": variant}
        for status in ("event", "censored", "competing"):
            count = sum(time.status == status for time in group)
            yield Statistic(endpoint, f"n_{status}", count, context=where, conventions=TIME_CONVENTIONS)
        for cause in sorted({time.cause for time in group if time.cause}):
            count = sum(time.cause == cause for time in group)
            yield Statistic(endpoint, "n_cause", count, context={**where, "cause": cause}, conventions=TIME_CONVENTIONS)
