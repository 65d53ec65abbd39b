"""Who belongs to an analysis set, by the rule of the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from protocord.efficacy.endpoints.courses import Course
from protocord.errors import Place, Problem
from protocord.protocol import Protocol
from protocord.protocol.document.study import AnalysisSet
from protocord.tables import TableProblems

# What a set may require and tumour tables do not say: a column of subjects does, yes or no.
FROM_COLUMNS = ("dlt_evaluable", "sampled")

_HAS: Mapping[str, Callable[[Course], bool]] = {
    # Nobody is enrolled without consent: enrolment shows it where the day of consent was not handed in.
    "consented": lambda course: course.subject.enrolled is not None or course.subject.first("consent") is not None,
    "enrolled": lambda course: course.subject.enrolled is not None,
    "treated": lambda course: course.day_1 is not None,
    "measurable_baseline": lambda course: course.subject.tumour.baseline is not None and bool(course.subject.tumour.targets),
    "post_baseline_assessment": lambda course: bool(course.assessed),
}


def analysis_set(protocol: Protocol, name: str) -> AnalysisSet:
    """This will return an analysis set of study.yaml. Raises KeyError."""
    for one in protocol.study.design.analysis_sets:
        if one.id == name:
            return one
    raise KeyError(name)


def members(found: AnalysisSet, courses: Iterable[Course]) -> tuple[Course, ...]:
    """This will return the courses of the children who belong to an analysis set.

    Raises TableProblems where it requires what neither the tumour tables nor a column of subjects says.
    """
    everyone = tuple(courses)
    for need in found.requires:
        if need not in _HAS and any(course.subject.context.get(need) not in {"yes", "no"} for course in everyone):
            what = f"The analysis set {found.id!r} requires {need!r}, which not every child has as yes or no."
            raise TableProblems([Problem(Place("subjects", 0, f"column {need}"), what, "Add the column.")])
    return tuple(course for course in everyone if all(_has(need, course) for need in found.requires))


def _has(need: str, course: Course) -> bool:
    return _HAS[need](course) if need in _HAS else course.subject.context.get(need) == "yes"
