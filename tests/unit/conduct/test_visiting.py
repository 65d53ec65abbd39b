"""The calendar, visits, deviations, withdrawal, and what is due."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from protocord.conduct import (
    AssessEligibility,
    Decider,
    DueKind,
    Enrol,
    FormKey,
    PlanCalendar,
    RecordForm,
    RecordVisit,
    Scope,
    Status,
    VisitStatus,
    Withdraw,
    calendar,
    due,
    record,
)
from protocord.values import Reason

from .conftest import DAY, INFUSION, Play, answers, kinds

TUMOUR = answers(
    assessment__first_scan_on="2026-06-02",
    assessment__last_scan_on="2026-06-02",
    assessment__non_target="none",
    assessment__new_lesion="no",
)


def test_a_calendar_is_planned_for_the_enrolled_only_and_not_before_enrolment(play: Play) -> None:
    play.assessed()
    assert kinds(play.do(PlanCalendar(INFUSION))) == ["conduct_not_enrolled"]
    play.sign()
    play.must(Enrol(DAY))

    assert kinds(play.do(PlanCalendar(DAY - timedelta(days=1)))) == ["conduct_day_1_before_enrolment"]
    play.must(PlanCalendar(INFUSION))
    planned = calendar(play.protocol, play.state)
    assert planned is not None
    assert planned.day_1 == INFUSION


def test_moving_day_1_needs_a_reason_and_ends_when_treatment_has_begun(play: Play) -> None:
    play.planned()
    later = INFUSION + timedelta(days=2)

    assert play.do(PlanCalendar(INFUSION)).drafts == ()
    assert kinds(play.do(PlanCalendar(later))) == ["conduct_reason_missing"]
    play.must(PlanCalendar(later), reason="fever")
    play.later(later).must(RecordVisit("C1D1", later))
    assert kinds(play.do(PlanCalendar(later + timedelta(days=1)), reason="x")) == ["conduct_treatment_begun"]
    play.check()


@pytest.mark.parametrize(
    ("days", "deviations"),
    [
        (7, ()),
        (5, ()),
        (9, ()),
        (4, (("deviation_too_early", 1), ("deviation_infusions_too_close", 4))),
        (10, (("deviation_too_late", 1),)),
        (21, (("deviation_too_late", 12),)),
        (22, (("deviation_too_late", 13), ("deviation_infusion_not_skipped", 1))),
    ],
)
def test_a_visit_out_of_its_window_is_recorded_and_opens_a_deviation(
    play: Play, days: int, deviations: tuple[tuple[str, int], ...]
) -> None:
    play.planned().later(INFUSION + timedelta(days=30))
    play.must(RecordVisit("C1D1", INFUSION))

    play.must(RecordVisit("C1D8", INFUSION + timedelta(days=days)))

    assert play.state.visits["C1D8"].deviations == tuple(Reason.of(what, days=count) for what, count in deviations)
    planned = calendar(play.protocol, play.state)
    assert planned is not None
    second = planned.get("C1D8")
    assert second is not None
    assert second.original_target == INFUSION + timedelta(days=7)
    play.check()


def test_the_first_infusion_makes_day_1_and_cannot_miss_it(play: Play) -> None:
    actual = INFUSION + timedelta(days=3)
    play.planned().later(actual)

    play.must(RecordVisit("C1D1", actual))

    assert play.state.visits["C1D1"].deviations == ()
    planned = calendar(play.protocol, play.state)
    assert planned is not None
    assert planned.day_1 == actual


def test_a_missed_or_skipped_visit_and_a_correction_need_a_reason(play: Play) -> None:
    play.planned().later(INFUSION + timedelta(days=30))
    play.must(RecordVisit("C1D1", INFUSION))
    on = INFUSION + timedelta(days=8)

    assert kinds(play.do(RecordVisit("C1D8", on, VisitStatus.MISSED))) == ["conduct_reason_missing"]
    play.must(RecordVisit("C1D8", on, VisitStatus.MISSED), reason="typhoon")
    assert play.state.visits["C1D8"].deviations == (Reason.of("deviation_visit_missed", days=0),)
    assert play.do(RecordVisit("C1D8", on, VisitStatus.MISSED)).drafts == ()
    assert kinds(play.do(RecordVisit("C1D8", on))) == ["conduct_reason_missing"]
    play.must(RecordVisit("C1D8", on), reason="was done after all")
    assert (play.state.visits["C1D8"].status, play.state.visits["C1D8"].deviations) == (VisitStatus.DONE, ())
    play.check()


def test_visits_of_treatment_belong_to_the_enrolled_with_a_calendar(play: Play) -> None:
    play.screened()

    assert play.do(RecordVisit("SCR", DAY)).accepted
    assert kinds(play.do(RecordVisit("C1D1", DAY))) == ["conduct_not_enrolled"]
    assert kinds(play.do(RecordVisit("C9D1", DAY))) == ["conduct_visit_unknown"]
    play.must(AssessEligibility(DAY, INFUSION))
    play.sign()
    play.must(Enrol(DAY))
    assert kinds(play.do(RecordVisit("C1D1", DAY))) == ["conduct_no_calendar"]
    play.must(PlanCalendar(DAY))
    assert kinds(play.do(RecordVisit("C1D1", DAY - timedelta(days=1)))) == ["conduct_visit_before_enrolment"]
    assert kinds(play.do(RecordVisit("C1D1", DAY + timedelta(days=1)))) == ["conduct_date_future"]


def test_withdrawal_only_widens_and_each_scope_bars_what_it_names(play: Play) -> None:
    play.planned().later(INFUSION + timedelta(days=10))
    play.must(RecordVisit("C1D1", INFUSION))
    on = INFUSION + timedelta(days=7)

    play.must(Withdraw(Scope.TREATMENT, Decider.GUARDIAN, on))
    assert play.state.status is Status.ENROLLED
    assert kinds(play.do(RecordVisit("C1D8", on))) == ["conduct_withdrawn_treatment"]
    assert kinds(play.do(PlanCalendar(on), reason="x")) == ["conduct_withdrawn_treatment"]
    assert kinds(play.do(Withdraw(Scope.TREATMENT, Decider.GUARDIAN, on))) == ["conduct_already_withdrawn"]

    play.must(Withdraw(Scope.FOLLOW_UP, Decider.PARTICIPANT, on), reason="moved away")
    assert play.state.status is Status.WITHDRAWN
    assert kinds(play.do(RecordVisit("D29", on))) == ["conduct_withdrawn_follow_up"]
    assert [(w.scope, w.decided_by, w.reason) for w in play.state.withdrawals] == [
        (Scope.TREATMENT, Decider.GUARDIAN, ""),
        (Scope.FOLLOW_UP, Decider.PARTICIPANT, "moved away"),
    ]
    play.check()


# --- what is due ---------------------------------------------------------------------------------------------------------


def waiting(play: Play, on: date = DAY) -> list[DueKind]:
    return list(dict.fromkeys(one.kind for one in due(play.protocol, play.state, on)))


def test_work_moves_on_from_consent_to_enrolment(play: Play) -> None:
    play.register()
    assert waiting(play) == [DueKind.CONSENT, DueKind.FORMS_MISSING, DueKind.ASSESS]
    play = Play(play.protocol).screened()
    play.must(RecordForm("SCR", "tumour_assessment", TUMOUR))
    assert waiting(play) == [DueKind.ASSESS]
    play.must(AssessEligibility(DAY, INFUSION))
    assert waiting(play) == [DueKind.SIGN]
    play.sign()
    assert waiting(play) == [DueKind.ENROL]
    assert waiting(play, DAY + timedelta(days=1)) == [DueKind.ASSESS]
    play.save("laboratory", "BL-LAB", haematology__anc=("0.4", "10*9/L"), reason="read again")
    assert waiting(play) == [DueKind.ASSESS, DueKind.SIGNATURE_BROKEN]
    play.must(AssessEligibility(DAY, INFUSION))
    assert waiting(play) == [DueKind.SCREEN_FAIL]


def test_the_enrolled_wait_for_a_plan_then_for_visits_then_for_their_forms(play: Play) -> None:
    play.enrolled()
    assert waiting(play) == [DueKind.PLAN]
    play.must(PlanCalendar(INFUSION))
    assert waiting(play) == []
    assert waiting(play, INFUSION) == [DueKind.VISIT_DUE]
    assert waiting(play, INFUSION + timedelta(days=1)) == [DueKind.VISIT_OVERDUE]
    play.later(INFUSION).must(RecordVisit("C1D1", INFUSION))
    missing = due(play.protocol, play.state, INFUSION)
    assert {one.form for one in missing} == set(play.protocol.visit("C1D1").forms)
    play.must(Withdraw(Scope.FOLLOW_UP, Decider.GUARDIAN, INFUSION))
    assert waiting(play, INFUSION) == []


def test_who_comes_of_age_on_study_is_asked_to_sign_alone(play: Play) -> None:
    play.screened()
    play.save("demographics", person__birth_date="2008-07-01", reason="chart")
    play.save("consent", reason="chart", assent__able="yes", assent__answer="signed")
    eve, birthday = date(2026, 6, 30), date(2026, 7, 1)
    renewed = {"renewal__1__signed_on": "2026-07-01", "renewal__1__version": "2.0"}
    renewed |= {"renewal__1__approved_version": "yes", "renewal__1__signer": "participant"}

    asked = [[one for one in due(play.protocol, play.state, on) if one.kind is DueKind.CONSENT] for on in (eve, birthday)]
    play.later(birthday)
    assert play.save("consent", **renewed).accepted

    assert [[one.reason.kind for one in day] for day in asked] == [[], ["due_own_consent"]]
    assert DueKind.CONSENT not in waiting(play, birthday)


def test_the_record_names_its_facts_for_good(play: Play) -> None:
    play.screened()
    before = {fact.id for fact in record(play.protocol, play.state).facts}
    play.save("laboratory", "BL-LAB", haematology__anc=("0.4", "10*9/L"), reason="read again")

    known = record(play.protocol, play.state)

    assert {fact.id for fact in known.facts} == before
    assert "BL-LAB/laboratory:haematology.anc" in before
    assert {history.concept for history in known.histories} >= {"Chemotherapy", "Radiotherapy", "Toxicity"}
    assert FormKey("BL-LAB", "laboratory") in play.state.forms
