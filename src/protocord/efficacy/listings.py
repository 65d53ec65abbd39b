"""What a study's responses look like as tables: one row an assessment, a child, a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from protocord.efficacy.endpoints.courses import Course
from protocord.efficacy.endpoints.gaps import days_from
from protocord.efficacy.recist.irecist import Immune, immune_best, immune_progression
from protocord.efficacy.recist.overall import Assessed
from protocord.efficacy.respond import Responses
from protocord.values import Language, Reason
from protocord.words import say


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
    **dict.fromkeys(
        ("sum_mm", "assessed_mm", "baseline_mm", "nadir_mm", "change_from_baseline", "change_from_nadir"), pl.Float64
    ),
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
        "sum_mm": _float(one.sums.total) if one.sums is not None and one.sums.complete else None,
        "assessed_mm": _float(one.sums.total) if one.sums is not None else None,
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
        "best_change": _float(course.best_change),
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
