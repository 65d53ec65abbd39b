"""Response of a whole study: every assessment, each child's best response, the rates, and the times to events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from protocord.efficacy.endpoints.courses import Course, make_course
from protocord.efficacy.endpoints.engine import Time, times
from protocord.efficacy.endpoints.gaps import Plan, assessment_plan, days_from
from protocord.efficacy.inputs import Inputs
from protocord.efficacy.rates import Counted, counted, rate_statistics
from protocord.efficacy.recist.best_response import ORDER
from protocord.efficacy.recist.irecist import Immune, immune_best, immune_progression, immune_responses
from protocord.efficacy.recist.overall import Assessed
from protocord.efficacy.records import PartialDates, make_records
from protocord.efficacy.sets import analysis_set, members
from protocord.errors import Place, Problem
from protocord.protocol import Protocol
from protocord.statistics import Results, Statistic
from protocord.tables import TableProblems, fingerprint
from protocord.values import Language, Reason
from protocord.words import say

RESPONSE_CONVENTIONS = (
    "response_baseline",
    "response_date",
    "response_node_regrowth",
    "response_pet",
    "best_response_order",
    "best_disease_after_complete",
)
TIME_CONVENTIONS = ("time_adequate_assessment", "time_gap", "time_new_therapy", "time_data_cut", "time_precedence")


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
) -> Responses:
    """This will assess a study's tumours by its efficacy.yaml, as known on the day `cut`: RECIST 1.1, iRECIST where the document
    names it, best responses, rates (also by the column `by` of subjects), times to events with their variants.

    Raises TableProblems as `make_records` does, and where nobody has the column `by`.
    """
    rules = protocol.efficacy.response
    known = make_records(inputs, rules, cut=cut, partial_dates=partial_dates, allow_selection=allow_selection)
    if by is not None and not any(by in subject.context for subject in known.subjects):
        what = f"There is no column {by!r} to group by."
        raise TableProblems([Problem(Place(inputs.files["subjects"], 0, f"column {by}"), what, "Name a column of subjects.")])
    courses = tuple(make_course(one, rules, cut=cut, known_later=one.id in known.alive_after) for one in known.subjects)
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
    notes = (*_notes(known.left_out, cut, partial_dates), *_design_notes(protocol, plan))
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


def assessment_frame(found: Responses, language: Language = "en") -> pl.DataFrame:
    """This will return one row a set of scans: parts, sums (mm), changes (percent), response, its rule and why in words."""
    rows = []
    for course in found.courses:
        immune = {one.visit: one for one in found.immune.get(course.id, ())}
        for one in course.assessed:
            rows.append(_assessment_row(course, one, immune.get(one.visit), language))
    return pl.DataFrame(rows, schema=_ASSESSMENTS)


_ASSESSMENTS: Mapping[str, Any] = {
    **dict.fromkeys(("subject", "visit"), pl.String),
    "date": pl.Date,
    "day": pl.Int64,
    **dict.fromkeys(("target", "non_target", "new_lesions", "overall", "rule"), pl.String),
    "progression_date": pl.Date,
    **dict.fromkeys(("sum_mm", "baseline_mm", "nadir_mm", "change_from_baseline", "change_from_nadir"), pl.Float64),
    **dict.fromkeys(("not_assessed", "lesions", "irecist", "irecist_rule", "why", "queries"), pl.String),
}


def _assessment_row(course: Course, one: Assessed, immune: Immune | None, language: Language) -> dict[str, Any]:
    assert course.day_1 is not None
    return {
        "subject": one.subject,
        "visit": one.visit,
        "date": one.on,
        "day": days_from(course.day_1, one.on),
        "target": one.target.response if one.target else None,
        "non_target": one.non_target.response if one.non_target else None,
        "new_lesions": " ".join(lesion.lesion for lesion in one.new) or None,
        "overall": one.overall,
        "rule": one.rule.kind,
        "progression_date": one.progression_on,
        "sum_mm": _float(one.sums.total) if one.sums is not None else None,
        "baseline_mm": _float(one.baseline),
        "nadir_mm": _float(one.nadir),
        "change_from_baseline": _float(one.change_from_baseline),
        "change_from_nadir": _float(one.change_from_nadir),
        "not_assessed": " ".join(one.sums.missing) or None if one.sums is not None else None,
        "lesions": " ".join(f"{share.lesion}={_share(share.mm, share.standing)}" for share in one.sums.shares)
        if one.sums
        else None,
        "irecist": immune.response if immune else None,
        "irecist_rule": say(immune.reason, language) if immune else None,
        "why": _said(one.reasons, language),
        "queries": _said(one.queries, language) or None,
    }


def _share(mm: Decimal | None, standing: str) -> str:
    if mm is None or standing in {"absent", "merged"}:
        return standing
    return f"{mm:f}" + ("(too_small)" if standing == "too_small" else "")


def _said(reasons: Sequence[Reason], language: Language) -> str:
    return ("" if language == "zh" else " ").join(say(reason, language) for reason in reasons)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def best_frame(found: Responses, language: Language = "en") -> pl.DataFrame:
    """This will return one row a treated child: best responses with and without confirmation, depth, times, iRECIST, and why."""
    rows = [_best_row(found, course, language) for course in found.courses if course.day_1 is not None]
    return pl.DataFrame(rows, schema=_BEST)


_BEST: Mapping[str, Any] = {
    **dict.fromkeys(("subject", "best_confirmed", "best_unconfirmed", "why", "measurable"), pl.String),
    "baseline_mm": pl.Float64,
    "best_change": pl.Float64,
    "response_date": pl.Date,
    "days_to_response": pl.Int64,
    "progression_date": pl.Date,
    "assessments": pl.Int64,
    "irecist_best": pl.String,
    "irecist_progression_date": pl.Date,
    "irecist_why": pl.String,
    "queries": pl.String,
}


def _best_row(found: Responses, course: Course, language: Language) -> dict[str, Any]:
    assert course.day_1 is not None
    confirmed, unconfirmed = course.best(confirmed=True), course.best(confirmed=False)
    changes = [change for one in course.counted if (change := one.change_from_baseline) is not None]
    immune = found.immune.get(course.id, ())
    progression = immune_progression(immune)
    first = course.progression
    return {
        "subject": course.id,
        "best_confirmed": confirmed.response,
        "best_unconfirmed": unconfirmed.response,
        "why": say(confirmed.reason, language),
        "measurable": "yes" if course.subject.tumour.baseline is not None and course.subject.tumour.targets else "no",
        "baseline_mm": _float(course.assessed[0].baseline) if course.assessed else None,
        "best_change": _float(min(changes)) if changes else None,
        "response_date": course.response.on if course.response else None,
        "days_to_response": days_from(course.day_1, course.response.on) + 1 if course.response else None,
        "progression_date": first.progression_on if first else None,
        "assessments": len(course.assessed),
        "irecist_best": immune_best(immune) if immune else None,
        "irecist_progression_date": progression.on if progression else None,
        "irecist_why": say(progression.reason, language) if progression else None,
        "queries": _said(confirmed.queries, language) or None,
    }


def times_frame(found: Responses, language: Language = "en") -> pl.DataFrame:
    """This will return the times as `columns.TIMES` describes them: what `protocord survive` reads.

    Beside its columns: `origin`, `why` in words, `partial_date` where a day is one end of a partly known date, and what subjects
    carries along. A child without such a time has no row; `excluded_frame` lists them.
    """
    context = {course.id: course.subject.context for course in found.courses}
    extra = list(dict.fromkeys(name for one in context.values() for name in one))
    rows = [
        {
            "subject": time.subject,
            "endpoint": time.endpoint,
            "variant": time.variant,
            "days": time.days,
            "status": time.status,
            "cause": time.cause,
            "reason": time.reason.kind,
            "date": time.on,
            "origin": time.origin,
            "why": say(time.reason, language),
            "partial_date": time.partial,
            **{name: context[time.subject].get(name) for name in extra if name not in _TIMES},
        }
        for time in found.times
        if time.status is not None
    ]
    return pl.DataFrame(rows, schema={**_TIMES, **{name: pl.String for name in extra if name not in _TIMES}})


_TIMES: Mapping[str, Any] = {
    **dict.fromkeys(("subject", "endpoint", "variant"), pl.String),
    "days": pl.Int64,
    **dict.fromkeys(("status", "cause", "reason"), pl.String),
    "date": pl.Date,
    "origin": pl.Date,
    "why": pl.String,
    "partial_date": pl.String,
}


def excluded_frame(found: Responses, language: Language = "en") -> pl.DataFrame:
    """This will return the children of an endpoint's analysis set who have no such time, and why."""
    rows = [
        {
            "subject": time.subject,
            "endpoint": time.endpoint,
            "variant": time.variant,
            "reason": time.reason.kind,
            "why": say(time.reason, language),
        }
        for time in found.times
        if time.status is None
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("subject", "endpoint", "variant", "reason", "why"), pl.String))
