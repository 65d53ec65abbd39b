"""Rates by analysis set: who is in the denominator, who responds, and up to which visit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from protocord.efficacy.endpoints import Course, assessment_plan, make_course
from protocord.efficacy.rates import counted, rate_statistics, up_to_visit
from protocord.efficacy.recist import Lesion, Measurement, TimePoint, Tumour
from protocord.efficacy.records import Happening, Subject
from protocord.efficacy.sets import analysis_set, members
from protocord.protocol import Protocol
from protocord.protocol.document.efficacy import ResponseRate
from protocord.tables import TableProblems

DAY_1 = date(2025, 1, 1)


def scan(visit: str, day: int, size: Any) -> TimePoint:
    on = DAY_1 + timedelta(days=day)
    state = size if isinstance(size, str) else "measured"
    return TimePoint(visit, on, (Measurement("T1", on, state, None if isinstance(size, str) else Decimal(str(size))),))


def child(
    protocol: Protocol,
    *points: TimePoint,
    treated: bool = True,
    targets: bool = True,
    therapy: int | None = None,
    name: str = "01",
    **context: str,
) -> Course:
    lesions = (Lesion("T1"),) if targets else ()
    happened = () if therapy is None else (Happening("new_therapy", DAY_1 + timedelta(days=therapy)),)
    tumour = Tumour(name, lesions, scan("SCR", -5, 100), points)
    return make_course(Subject(name, DAY_1, DAY_1 if treated else None, tumour, happened, context), protocol.efficacy.response)


def rate(protocol: Protocol, **changes: Any) -> ResponseRate:
    return protocol.efficacy.rates[0].model_copy(update=changes)


def values(found: Any) -> Mapping[str, Any]:
    return {item.name: item.value for item in found}


def test_the_interval_is_the_one_that_the_document_declares(protocol: Protocol) -> None:
    """Source: clinical.md 1.6.6, exact 95 % Clopper-Pearson at n = 40: 12 responders, 16.56 to 46.53 %."""
    responders = [child(protocol, scan("RA1", 38, 60), scan("EOT", 91, 60))] * 12
    others = [child(protocol, scan("RA1", 38, 100))] * 28
    document = rate(protocol)

    found = values(rate_statistics(document, counted(document, [*responders, *others], assessment_plan(protocol))))

    assert (found["n"], found["responders"], found["estimate"]) == (40, 12, 0.3)
    assert round(found["lower"], 4) == 0.1656
    assert round(found["upper"], 4) == 0.4653
    items = rate_statistics(document, counted(document, responders, assessment_plan(protocol)))
    assert {item.method for item in items if item.name in {"lower", "upper"}} == {"clopper_pearson"}
    assert {item.level for item in items if item.name in {"lower", "upper"}} == {0.95}


@pytest.mark.parametrize(("policy", "n", "share"), [("non_responder", 3, 1 / 3), ("excluded", 1, 1.0)])
def test_who_cannot_be_evaluated_counts_as_the_document_says(policy: str, n: int, share: float, protocol: Protocol) -> None:
    responder = child(protocol, scan("RA1", 38, 60), scan("EOT", 91, 60))
    unread = child(protocol, scan("RA1", 38, "not_evaluable"))
    never = child(protocol)
    document = rate(protocol, not_evaluable=policy)

    found = values(rate_statistics(document, counted(document, [responder, unread, never], assessment_plan(protocol))))

    assert (found["n"], found["responders"], found["not_evaluable"]) == (n, 1, 2)
    assert found["estimate"] == pytest.approx(share)


def test_with_nobody_in_the_denominator_the_rate_is_missing_for_that_reason(protocol: Protocol) -> None:
    found = rate_statistics(rate(protocol), [])

    assert [item.reason.kind for item in found if item.reason is not None] == ["rate_nobody"] * 3


def test_a_response_must_be_confirmed_by_the_visit_and_before_new_therapy(protocol: Protocol) -> None:
    plan, document = assessment_plan(protocol), rate(protocol)
    late = child(protocol, scan("RA1", 38, 100), scan("EOT", 91, 60), scan("FU3", 182, 60))
    therapy = child(protocol, scan("RA1", 38, 60), scan("EOT", 91, 60), therapy=90)
    on_the_day = child(protocol, scan("RA1", 38, 60), scan("EOT", 91, 60), therapy=91)

    assert [one.responds for one in counted(document, [late, therapy, on_the_day], plan)] == [False, False, True]
    assert [one.responds for one in counted(rate(protocol, by_visit=None), [late], plan)] == [True]
    assert [one.responds for one in counted(rate(protocol, confirmed=False), [late, therapy], plan)] == [True, True]


def test_disease_control_counts_what_the_document_lists(protocol: Protocol) -> None:
    document = protocol.efficacy.rates[1]
    stable = child(protocol, scan("RA1", 38, 95))

    assert [one.responds for one in counted(document, [stable], assessment_plan(protocol))] == [True]
    assert [one.responds for one in counted(rate(protocol), [stable], assessment_plan(protocol))] == [False]


def test_up_to_a_visit_takes_the_visits_planned_and_the_unscheduled_ones_until_its_last_day(protocol: Protocol) -> None:
    plan = assessment_plan(protocol)

    def visits(*points: TimePoint) -> list[str]:
        return [one.visit for one in up_to_visit(child(protocol, *points), plan, "EOT")]

    # EOT is planned 91 days after day 1, 7 days late at most
    assert visits(scan("RA1", 38, 90), scan("U1", 98, 90), scan("FU3", 182, 90)) == ["RA1", "U1"]
    assert visits(scan("RA1", 38, 90), scan("U1", 99, 90)) == ["RA1"]
    assert visits(scan("EOT", 110, 90), scan("U1", 111, 90)) == ["EOT"]
    assert visits(scan("U1", 109, 90), scan("EOT", 110, 90)) == ["U1", "EOT"]
    assert visits(scan("EOT", 80, 90), scan("U1", 98, 90)) == ["EOT", "U1"]


def test_a_rate_may_end_at_a_visit_without_an_assessment(protocol: Protocol) -> None:
    """D71 is planned 70 days after day 1, 3 days late at most."""
    course = child(protocol, scan("RA1", 38, 90), scan("U1", 73, 90), scan("U2", 74, 90), scan("EOT", 75, 90))

    assert [one.visit for one in up_to_visit(course, assessment_plan(protocol), "D71")] == ["RA1", "U1"]


def test_an_analysis_set_takes_who_has_all_that_it_requires(protocol: Protocol) -> None:
    everyone = [
        child(protocol, scan("RA1", 38, 90), name="all"),
        child(protocol, name="never assessed"),
        child(protocol, targets=False, name="no target"),
        child(protocol, treated=False, name="untreated"),
    ]

    def ids(name: str) -> list[str]:
        return [course.id for course in members(analysis_set(protocol, name), everyone)]

    assert ids("enrolled") == ["all", "never assessed", "no target", "untreated"]
    assert ids("safety") == ["all", "never assessed", "no target"]
    assert ids("measurable") == ["all", "never assessed"]
    evaluable = analysis_set(protocol, "safety").model_copy(update={"requires": ("treated", "post_baseline_assessment")})
    assert [course.id for course in members(evaluable, everyone)] == ["all"]
    with pytest.raises(KeyError):
        analysis_set(protocol, "nobody")


def test_what_the_tumour_tables_do_not_say_comes_from_a_column_of_subjects_or_is_a_problem(protocol: Protocol) -> None:
    known = [child(protocol, dlt_evaluable="yes", name="a"), child(protocol, dlt_evaluable="no", name="b")]

    assert [course.id for course in members(analysis_set(protocol, "dlt_set"), known)] == ["a"]
    with pytest.raises(TableProblems, match="column dlt_evaluable"):
        members(analysis_set(protocol, "dlt_set"), [*known, child(protocol)])
