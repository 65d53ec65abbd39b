"""Response and disease control rates, each by its analysis set, with the interval that the document declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocord.efficacy.endpoints.courses import Course
from protocord.efficacy.endpoints.gaps import Plan, days_from
from protocord.efficacy.recist.best_response import Best
from protocord.efficacy.recist.overall import Assessed
from protocord.protocol.document.efficacy import ResponseRate
from protocord.statistics import Statistic
from protocord.statistics.intervals import binomial
from protocord.values import Reason

CONVENTIONS = ("rate_non_responder", "rate_by_visit", "best_response_order")


@dataclass(frozen=True, slots=True)
class Counted:
    """How one child counts in a rate: the best response up to its visit, whether it counts, and whether it is in the denominator."""

    subject: str
    best: Best
    responds: bool
    counts: bool


def up_to_visit(course: Course, plan: Plan, visit: str | None) -> tuple[Assessed, ...]:
    """This will return the counted assessments up to a planned visit: the visits planned until then, and unscheduled ones by its last day."""
    if visit is None or course.day_1 is None:
        return course.counted
    last = plan.ends[visit]
    own = next((days_from(course.day_1, one.on) for one in course.counted if one.visit == visit), None)
    until = last if own is None else max(own, last)
    # A planned assessment counts by its plan, however late it was made.
    planned = {name for name, day, late in zip(plan.visits, plan.days, plan.late, strict=True) if day + late <= last}
    return tuple(
        one
        for one in course.counted
        if (one.visit in planned if one.visit in plan.place else days_from(course.day_1, one.on) <= until)
    )


def counted(rate: ResponseRate, courses: Iterable[Course], plan: Plan) -> tuple[Counted, ...]:
    """This will return how each child of the analysis set counts in a rate.

    Without an evaluable assessment a child counts as the document says: as a non-responder, or not at all.
    """
    found = []
    for course in courses:
        best = _best(rate, course, plan)
        responds = best.response in rate.counts
        found.append(Counted(course.id, best, responds, best.response != "NE" or rate.not_evaluable == "non_responder"))
    return tuple(found)


def _best(rate: ResponseRate, course: Course, plan: Plan) -> Best:
    if course.day_1 is None:
        return Best("NE", Reason.of("best_not_treated"))
    return course.best(confirmed=rate.confirmed, until=up_to_visit(course, plan, rate.by_visit))


def rate_statistics(
    rate: ResponseRate, children: Iterable[Counted], context: Mapping[str, str] | None = None
) -> tuple[Statistic, ...]:
    """This will return responders, denominator, estimate and limits of a rate, as shares of one; `context` names a subgroup.

    With nobody in the denominator the estimate and its limits are missing, for that reason.
    """
    everyone = tuple(children)
    n = sum(one.counts for one in everyone)
    x = sum(one.responds and one.counts for one in everyone)
    where = {"analysis_set": rate.analysis_set, **(context or {})}
    statistics = [
        Statistic(rate.id, "n", n, context=where, conventions=CONVENTIONS),
        Statistic(rate.id, "responders", x, context=where, conventions=CONVENTIONS),
        Statistic(rate.id, "not_evaluable", sum(one.best.response == "NE" for one in everyone), context=where),
    ]
    if n == 0:
        reason = Reason.of("rate_nobody", analysis_set=rate.analysis_set)
        names = ("estimate", "lower", "upper")
        return (
            *statistics,
            *(Statistic(rate.id, name, None, context=where, method=rate.interval, reason=reason) for name in names),
        )
    level = float(rate.level)
    found = binomial(x, n, level=level, method=rate.interval)
    return (
        *statistics,
        Statistic(rate.id, "estimate", found.estimate, context=where, method=rate.interval, conventions=CONVENTIONS),
        Statistic(rate.id, "lower", found.lower, context=where, method=rate.interval, level=level),
        Statistic(rate.id, "upper", found.upper, context=where, method=rate.interval, level=level),
    )
