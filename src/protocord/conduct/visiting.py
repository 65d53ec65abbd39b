"""Visiting: the calendar is planned, visits take place or do not, a subject withdraws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from protocord.conduct.bodies import CalendarPlanned, DeviationOpened, SubjectWithdrawn, VisitRecorded
from protocord.conduct.case import Case, no, refused
from protocord.conduct.decisions import Decision, Refusal
from protocord.conduct.derived import calendar
from protocord.conduct.state import Status
from protocord.conduct.wishes import PlanCalendar, RecordVisit, Scope, VisitStatus, Withdraw
from protocord.protocol.document import Visit


def decide_calendar(case: Case, wish: PlanCalendar) -> Decision:
    """This will decide on day 1: only of an enrolled subject, not before enrolment, not once treatment has begun; a move needs a reason."""
    state = case.state
    if state.status is not Status.ENROLLED or state.enrolled_on is None:
        return refused(no("conduct_not_enrolled", subject=state.id))
    if state.scope is not None:
        return refused(no("conduct_withdrawn_treatment", subject=state.id))
    if wish.day_1 == state.day_1:
        return Decision()
    refusals: list[Refusal] = []
    if wish.day_1 < state.enrolled_on:
        refusals.append(no("conduct_day_1_before_enrolment", day_1=wish.day_1, enrolled=state.enrolled_on))
    begun = next((v for v in case.protocol.schedule.visits if v.infusion is not None and _is_done(case, v.id)), None)
    if begun is not None:
        refusals.append(no("conduct_treatment_begun", visit=begun.name))
    if state.day_1 is not None and not case.reason:
        refusals.append(no("conduct_reason_missing"))
    return refused(*refusals) if refusals else Decision((case.draft(CalendarPlanned(wish.day_1)),))


def _is_done(case: Case, visit: str) -> bool:
    found = case.state.visits.get(visit)
    return found is not None and found.status is VisitStatus.DONE


def decide_visit(case: Case, wish: RecordVisit) -> Decision:
    """This will decide to record a visit. What really happened can always be recorded; where it departs from the protocol, a deviation opens."""
    visit = next((found for found in case.protocol.schedule.visits if found.id == wish.visit), None)
    if visit is None:
        return refused(no("conduct_visit_unknown", visit=wish.visit))
    refusals = [*case.not_future(wish.on), *_visit_barred(case, visit, wish)]
    before = case.state.visits.get(wish.visit)
    if before is not None and (before.status, before.on) == (wish.status, wish.on):
        return refused(*refusals) if refusals else Decision()
    if (before is not None or wish.status is not VisitStatus.DONE) and not case.reason:
        refusals.append(no("conduct_reason_missing"))
    if refusals:
        return refused(*refusals)
    recorded = case.draft(VisitRecorded(wish.visit, wish.on, wish.status))
    return Decision((recorded, *(case.draft(deviation) for deviation in _deviations(case, visit, wish))))


def is_screening_visit(visit: Visit) -> bool:
    """This will tell whether a visit lies before day 1."""
    return visit.anchor == "day_1" and visit.day is not None and visit.day < 1


def _visit_barred(case: Case, visit: Visit, wish: RecordVisit) -> Iterator[Refusal]:
    state = case.state
    if state.scope in (Scope.FOLLOW_UP, Scope.DATA_USE) and wish.status is VisitStatus.DONE:
        yield no("conduct_withdrawn_follow_up", subject=state.id)
    if is_screening_visit(visit):
        return
    if state.enrolled_on is None:
        yield no("conduct_not_enrolled", subject=state.id)
    elif state.day_1 is None:
        yield no("conduct_no_calendar", subject=state.id)
    elif wish.status is VisitStatus.DONE and wish.on < state.enrolled_on:
        yield no("conduct_visit_before_enrolment", on=wish.on, enrolled=state.enrolled_on)
    if state.scope is Scope.TREATMENT and visit.infusion is not None and wish.status is VisitStatus.DONE:
        yield no("conduct_withdrawn_treatment", subject=state.id)


def _deviations(case: Case, visit: Visit, wish: RecordVisit) -> Iterator[DeviationOpened]:
    """Judged against the calendar as it stood without this visit."""
    others = {name: found for name, found in case.state.visits.items() if name != visit.id}
    planned_calendar = calendar(case.protocol, replace(case.state, visits=MappingProxyType(others)))
    planned = planned_calendar.get(visit.id) if planned_calendar is not None else None
    if planned is None or planned_calendar is None:
        return
    if wish.status is VisitStatus.MISSED:
        yield DeviationOpened("deviation_visit_missed", visit.id)
    if wish.status is not VisitStatus.DONE:
        return
    starts = visit.anchor == "day_1" and visit.day == 1
    # Day 1 is the day of the first infusion by definition; it cannot miss itself.
    days = 0 if starts else planned.window.days_outside(wish.on)
    if days:
        yield DeviationOpened("deviation_too_late" if days > 0 else "deviation_too_early", visit.id, abs(days))
    if visit.infusion is None:
        return
    if planned.skip_after is not None and wish.on > planned.skip_after:
        yield DeviationOpened("deviation_infusion_not_skipped", visit.id, (wish.on - planned.skip_after).days)
    gap = case.protocol.dosing.infusions.min_gap_days
    done = [other.actual.on for other in planned_calendar.infusions if other.actual is not None and other.actual.status == "done"]
    apart = min((abs((wish.on - on).days) for on in done), default=gap)
    if apart < gap:
        yield DeviationOpened("deviation_infusions_too_close", visit.id, apart)


def decide_withdrawal(case: Case, wish: Withdraw) -> Decision:
    """This will decide that a subject leaves; nobody owes a reason for leaving, and a scope is only ever widened."""
    order = list(Scope)
    refusals = [*case.not_future(wish.on)]
    if case.state.scope is not None and order.index(wish.scope) <= order.index(case.state.scope):
        refusals.append(no("conduct_already_withdrawn", subject=case.state.id))
    return refused(*refusals) if refusals else Decision((case.draft(SubjectWithdrawn(wish.scope, wish.decided_by, wish.on)),))
