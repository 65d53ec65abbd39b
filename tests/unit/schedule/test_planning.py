"""Visits on a calendar, and what moves when reality differs (clinical.md 1.6.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from protocord.protocol import STUDIES, Protocol, load
from protocord.protocol.document import Schedule
from protocord.schedule import ActualVisit, Calendar, VisitStatus, plan

DAY_1 = date(2026, 3, 2)

VISITS = """
- {id: SCR, day: -14, window: {before: 14, after: 13}}
- {id: D1, day: 1, infusion: 1}
- {id: D8, day: 8, window: {before: 2, after: 2}, infusion: 2}
- {id: D15, day: 15, window: {before: 2, after: 2}, infusion: 3}
- {id: SAFE, day: 29, window: {before: 3, after: 3}}
- {id: E1, anchor: D15, offset: 28, window: {before: 3, after: 3}, infusion: 4}
- {id: E8, anchor: E1, offset: 7, window: {before: 2, after: 2}, infusion: 5}
- {id: EOT, day: 92, window: {before: 7, after: 7}}
- {id: FU, anchor: EOT, offset: 91, window: {before: 14, after: 14}}
"""


@cache
def protocol() -> Protocol:
    """Two courses, the second anchored to the last infusion of the first, and a follow-up anchored to the end of treatment."""
    visits = yaml.safe_load(VISITS)
    for visit in visits:
        visit |= {"name": {"en": visit["id"], "zh": visit["id"]}, "epoch": "treatment", "source": "convention"}
    shipped = load(STUDIES / "nct06848582")
    infusions = shipped.dosing.infusions.model_copy(update={"min_gap_days": 5, "skip_if_delayed_days": 14})
    return replace(
        shipped,
        schedule=Schedule.model_validate({"visits": visits}),
        dosing=shipped.dosing.model_copy(update={"infusions": infusions}),
    )


def laid(**actual: date | tuple[str, date]) -> Calendar:
    """The calendar after these visits: a date is a visit done, a pair its status and date."""
    happened: dict[str, ActualVisit] = {}
    for name, what in actual.items():
        status, on = what if isinstance(what, tuple) else ("done", what)
        happened[name] = ActualVisit(status, on)  # type: ignore[arg-type]
    return plan(protocol(), DAY_1, happened)


def day(number: int, start: date = DAY_1) -> date:
    return start + timedelta(days=number - 1)


def days(calendar: Calendar, visit: str) -> tuple[int, int, int]:
    """Earliest, target, latest as days counted from day 1."""
    found = calendar.get(visit)
    assert found is not None
    return tuple((on - calendar.day_1).days + 1 for on in (found.earliest, found.target, found.latest))  # type: ignore[return-value]


def test_visits_stand_on_their_study_days_with_their_windows_and_there_is_no_day_0() -> None:
    calendar = laid()

    assert [(v.visit_id, v.study_day) for v in calendar.visits][:5] == [
        ("SCR", -14),
        ("D1", 1),
        ("D8", 8),
        ("D15", 15),
        ("SAFE", 29),
    ]
    assert days(calendar, "D8") == (6, 8, 10)
    scr = calendar.get("SCR")
    assert scr is not None
    assert (scr.earliest, scr.target, scr.latest) == (date(2026, 2, 2), date(2026, 2, 16), date(2026, 3, 1))


def test_a_visit_anchored_to_another_follows_its_plan_and_then_its_actual_day() -> None:
    assert days(laid(), "E1") == (40, 43, 46)
    assert days(laid(D1=DAY_1, D15=day(17)), "E1") == (42, 45, 48)
    assert days(laid(D1=DAY_1, D15=day(17)), "E8") == (50, 52, 54)
    assert days(laid(EOT=day(97)), "FU") == (174, 188, 202)


def test_a_provisional_day_becomes_firm_when_its_anchor_has_taken_place() -> None:
    def provisional(calendar: Calendar, visit: str) -> bool:
        found = calendar.get(visit)
        return found is not None and found.provisional

    assert provisional(laid(), "D8")
    assert not provisional(laid(D1=DAY_1), "D8")
    assert provisional(laid(D1=DAY_1), "FU")
    assert not provisional(laid(D1=DAY_1, EOT=day(92)), "FU")


def test_day_1_is_the_day_of_the_first_infusion_whatever_was_planned() -> None:
    calendar = laid(D1=DAY_1 + timedelta(days=3))

    assert calendar.day_1 == date(2026, 3, 5)
    assert days(calendar, "D8") == (6, 8, 10)
    first = calendar.get("D1")
    assert first is not None
    assert (first.status(date(2026, 4, 1)), first.days_outside, first.original_target) == (VisitStatus.DONE, 0, DAY_1)


@pytest.mark.parametrize(
    ("second_on", "third"),
    [
        (8, (13, 15, 17)),
        (9, (14, 15, 17)),  # five days keep the window's beginning, not its target
        (10, (15, 15, 17)),
        (12, (17, 17, 17)),  # moved to the end of its own window
        (13, (18, 18, 18)),  # and beyond it, by rule
        (22, (27, 27, 27)),
        (24, (29, 29, 29)),  # 14 days after its day: still moved
    ],
)
def test_a_late_infusion_moves_the_next_by_the_least_gap_and_no_more(second_on: int, third: tuple[int, int, int]) -> None:
    calendar = laid(D1=DAY_1, D8=day(second_on))

    moved = calendar.get("D15")
    assert moved is not None
    assert not moved.skipped_by_rule
    assert days(calendar, "D15") == third
    assert days(calendar, "SAFE") == (26, 29, 32)


def test_an_infusion_that_would_come_more_than_14_days_late_is_skipped_not_moved() -> None:
    calendar = laid(SCR=day(-5), D1=DAY_1, D8=day(25))
    third = calendar.get("D15")

    assert third is not None
    assert third.skipped_by_rule
    assert third.status(day(20)) is VisitStatus.SKIPPED
    assert [v.visit_id for v in calendar.due(day(30))] == ["SAFE"]


def test_a_skipped_or_missed_infusion_does_not_hold_back_the_next() -> None:
    assert days(laid(D1=DAY_1, D8=("skipped", day(10))), "D15") == (13, 15, 17)
    assert days(laid(D1=DAY_1, D8=("missed", day(14))), "D15") == (13, 15, 17)


def test_an_infusion_not_given_within_14_days_of_its_day_is_skipped_by_itself() -> None:
    second = laid(D1=DAY_1).get("D8")

    assert second is not None
    statuses = [second.status(day(n)) for n in (5, 6, 10, 11, 22, 23)]
    assert [str(status) for status in statuses] == ["planned", "due", "due", "overdue", "overdue", "skipped"]


def test_a_visit_outside_its_window_is_shown_so_and_not_re_dated() -> None:
    calendar = laid(D1=DAY_1, SAFE=day(35))
    safe = calendar.get("SAFE")

    assert safe is not None
    assert (safe.target, safe.days_outside, safe.status(day(40))) == (day(29), 3, VisitStatus.DONE_OUT_OF_WINDOW)
    early = laid(D1=DAY_1, SAFE=day(24)).get("SAFE")
    assert early is not None
    assert early.days_outside == -2


def test_missed_and_skipped_visits_stay_what_they_are() -> None:
    calendar = laid(D1=DAY_1, SAFE=("missed", day(40)), D8=("skipped", day(9)))

    assert [str(v.status(day(60))) for v in calendar.visits if v.visit_id in ("SAFE", "D8")] == ["skipped", "missed"]


def test_what_is_due_comes_with_the_longest_open_first() -> None:
    calendar = laid(SCR=day(-5), D1=DAY_1)

    assert [v.visit_id for v in calendar.due(day(5))] == []
    assert [v.visit_id for v in calendar.due(day(15))] == ["D8", "D15"]


def test_the_shipped_schedule_gives_eight_infusions_and_ends_36_months_after_treatment() -> None:
    calendar = plan(load(STUDIES / "nct06848582"), DAY_1)

    assert [v.study_day for v in calendar.infusions] == [1, 8, 15, 22, 43, 50, 57, 64]
    end, last = calendar.get("EOT"), calendar.get("FU36")
    assert end is not None
    assert last is not None
    assert (last.target - end.target).days == 1095


@given(st.lists(st.integers(-3, 20), min_size=5, max_size=5), st.integers(0, 5))
def test_laying_out_keeps_its_promises_whatever_happened(delays: list[int], given_so_far: int) -> None:
    names = ["D1", "D8", "D15", "E1", "E8"]
    actual: dict[str, Any] = {}
    latest = DAY_1 - timedelta(days=1)
    for name, delay in list(zip(names, delays, strict=True))[:given_so_far]:
        visit = laid(**actual).get(name)
        assert visit is not None
        latest = max(visit.target + timedelta(days=delay), latest + timedelta(days=1))
        actual[name] = latest

    calendar = laid(**actual)

    to_come = [v for v in calendar.infusions if v.actual is None and not v.skipped_by_rule]
    given_on = [v.actual.on for v in calendar.infusions if v.actual is not None]
    expected = sorted(given_on) + [v.target for v in to_come]
    assert all((later - before).days >= 5 for before, later in pairwise(expected[max(len(given_on) - 1, 0) :]))
    for visit in calendar.visits:
        assert visit.earliest <= visit.target <= visit.latest
        assert visit.target >= visit.original_target or visit.visit_id == "D1"
        assert visit.skip_after is None or visit.skipped_by_rule or visit.actual is not None or visit.target <= visit.skip_after
    assert laid(**actual) == calendar
