"""From registration to enrolment: who may, when, and every reason why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from protocord.conduct import (
    MAY,
    AssessEligibility,
    Change,
    Decider,
    EligibilitySigned,
    Enrol,
    FormKey,
    FormSaved,
    PlanCalendar,
    RecordForm,
    RecordVisit,
    RefusalKind,
    RegisterSubject,
    Rescreen,
    Role,
    Scope,
    ScreenFail,
    ScreeningReopened,
    SignatureBroken,
    SignedIn,
    SignEligibility,
    Status,
    SubjectEnrolled,
    SubjectLine,
    Wish,
    Withdraw,
    evolve,
    fold,
    local_date,
)
from protocord.errors import LedgerProblems
from protocord.forms import ItemAnswer
from protocord.ledger import Body, Draft, Entry, Redaction, append, redact, verify

from .conftest import DAY, HERE, INFUSION, THERE, Play, kinds

WISHES: list[Wish] = [
    RegisterSubject(HERE),
    RecordForm("SCR", "consent", {}),
    AssessEligibility(DAY),
    SignEligibility("", "", ""),
    Enrol(DAY),
    ScreenFail(DAY),
    Rescreen(DAY),
    PlanCalendar(INFUSION),
    RecordVisit("SCR", DAY),
    Withdraw(Scope.TREATMENT, Decider.GUARDIAN, DAY),
]


def test_every_wish_stands_in_the_table_of_roles() -> None:
    assert {type(wish) for wish in WISHES} == set(MAY)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: type(wish).__name__)
def test_a_role_makes_only_its_wishes_and_only_for_its_own_site(play: Play, wish: Wish, role: Role) -> None:
    play.register()
    may = role in MAY[type(wish)]

    here, elsewhere = play.ask(wish, role=role), play.ask(wish, role=role, site=THERE)

    assert (RefusalKind.ROLE in {r.level for r in here.refusals}) is not may
    assert RefusalKind.ROLE in {r.level for r in elsewhere.refusals}
    assert elsewhere.drafts == ()


def test_subjects_are_numbered_within_their_site(play: Play) -> None:
    assert [play.register(HERE), play.register(HERE), play.register(THERE), play.register(HERE)] == [
        "01-001",
        "01-002",
        "02-001",
        "01-003",
    ]
    assert kinds(play.do(RegisterSubject(HERE, "01-009"))) == ["conduct_number_not_next"]
    assert play.do(RegisterSubject(HERE, "01-004")).accepted
    assert kinds(play.do(RegisterSubject("nowhere"), site="nowhere")) == ["conduct_site_unknown"]
    play.check()


def test_an_eligible_child_is_assessed_signed_and_enrolled(play: Play) -> None:
    play.enrolled()

    assert (play.state.status, play.state.enrolled_on) == (Status.ENROLLED, DAY)
    assert play.study.enrolled() == play.study.enrolled(HERE) == 1
    assert play.study.enrolled(THERE) == 0
    assert [e.kind for e in play.entries[-3:]] == ["assessment_recorded", "eligibility_signed", "subject_enrolled"]
    play.check()


def test_the_same_assessment_is_not_written_twice(play: Play) -> None:
    play.assessed()

    decision = play.do(AssessEligibility(DAY, INFUSION))

    assert (decision.accepted, decision.drafts) == (True, ())


def test_a_child_that_is_not_eligible_cannot_be_enrolled(play: Play) -> None:
    play.screened()
    play.save("laboratory", "BL-LAB", haematology__anc=("0.4", "10*9/L"), reason="read again")
    play.must(AssessEligibility(DAY, INFUSION))
    play.sign()

    decision = play.do(Enrol(DAY))

    assert kinds(decision) == ["conduct_enrol_ineligible"]
    assert decision.refusals[0].reason.particulars["criteria"] == "I12a"


def test_an_undecided_child_can_neither_be_signed_nor_enrolled(play: Play) -> None:
    play.screened()
    play.save("performance", survival__weeks="", reason="not asked")
    play.must(AssessEligibility(DAY, INFUSION))

    assert kinds(play.sign()) == ["conduct_sign_undecided"]
    assert kinds(play.do(Enrol(DAY))) == ["conduct_enrol_undecided", "conduct_not_signed"]


def test_nobody_is_enrolled_unassessed_or_unsigned(play: Play) -> None:
    play.screened()
    assert kinds(play.do(Enrol(DAY))) == ["conduct_not_assessed"]

    play.must(AssessEligibility(DAY, INFUSION))
    assert kinds(play.do(Enrol(DAY))) == ["conduct_not_signed"]


def test_a_child_that_needs_review_is_enrolled_once_each_review_is_judged(play: Play) -> None:
    play.screened()
    play.save("disease", diagnosis__report_on="", reason="report cannot be found")
    play.must(AssessEligibility(DAY, INFUSION))
    assessment = play.state.assessment
    assert assessment is not None
    assert assessment.outcome == "review"

    bare = play.do(SignEligibility(assessment.content_hash, "eligible", "Ana Chen"), role="investigator")
    assert kinds(bare) == ["conduct_judgement_missing"]
    assert play.sign().accepted
    assert play.do(Enrol(DAY)).accepted


def test_what_is_signed_is_what_was_seen(play: Play) -> None:
    play.assessed()

    assert kinds(play.do(SignEligibility("0" * 64, "eligible", "Ana"), role="investigator")) == ["conduct_signs_other_content"]
    content = play.state.assessment.content_hash if play.state.assessment else ""
    assert kinds(play.do(SignEligibility(content, " ", "Ana"), role="investigator")) == ["conduct_signature_unsaid"]
    assert play.sign().accepted
    assert kinds(play.sign()) == ["conduct_already_signed"]


def test_facts_changed_since_the_assessment_bar_signing_and_enrolling(play: Play) -> None:
    play.assessed()
    play.save("laboratory", "BL-LAB", haematology__anc=("1.5", "10*9/L"), reason="read again")

    assert kinds(play.sign()) == ["conduct_assessment_outdated"]
    assert kinds(play.do(Enrol(DAY))) == ["conduct_assessment_outdated", "conduct_not_signed"]


def test_a_change_of_what_was_signed_breaks_the_signature_for_good_and_says_for_which_criteria(play: Play) -> None:
    play.assessed()
    play.sign()

    changed = play.save("laboratory", "BL-LAB", haematology__anc=("1.5", "10*9/L"), reason="read again")
    back = play.save("laboratory", "BL-LAB", haematology__anc=("1.80", "10*9/L"), reason="was right before")

    assert [draft.kind for draft in changed.drafts] == ["form_saved", "signature_broken"]
    assert [draft.kind for draft in back.drafts] == ["form_saved"]
    signature = play.state.signature
    assert signature is not None
    assert (signature.valid, signature.broken_criteria) == (False, ("I12a",))
    assert kinds(play.do(Enrol(DAY))) == ["conduct_signature_broken"]
    assert play.sign().accepted
    assert play.do(Enrol(DAY)).accepted
    play.check()


def test_a_change_of_what_nobody_signed_breaks_nothing(play: Play) -> None:
    play.assessed()
    play.sign()

    play.save("vital_signs", signs__temperature="36.9", reason="read again")
    play.save("demographics", person__sex="male", reason="x")

    assert play.state.signature is not None
    assert play.state.signature.valid


def test_a_new_result_that_the_signed_rule_would_have_used_breaks_the_signature(play: Play) -> None:
    play.assessed()
    play.sign()
    wish = play.form("laboratory", "BL-LAB", haematology__collected_on="2026-06-10", haematology__anc=("0.3", "10*9/L"))

    play.must(replace(wish, base_position=0, repeat=2))

    assert play.state.signature is not None
    assert "I12a" in play.state.signature.broken_criteria


def test_a_signature_is_broken_after_enrolment_too_and_the_child_stays_enrolled(play: Play) -> None:
    play.enrolled()

    play.save("demographics", person__birth_date="2006-01-01", reason="birth certificate")

    assert play.state.status is Status.ENROLLED
    assert play.state.signature is not None
    assert "I02" in play.state.signature.broken_criteria


def test_the_assessment_must_be_of_the_day_of_enrolment(play: Play) -> None:
    play.assessed()
    play.sign()
    play.later(DAY + timedelta(days=1))

    assert kinds(play.do(Enrol(DAY + timedelta(days=1)))) == ["conduct_assessed_other_day"]
    assert play.do(Enrol(DAY)).accepted  # entered a day later, of that day


def test_the_future_cannot_be_recorded(play: Play) -> None:
    play.screened()
    tomorrow = DAY + timedelta(days=1)

    assert kinds(play.do(AssessEligibility(tomorrow))) == ["conduct_date_future"]
    assert "conduct_date_future" in kinds(play.do(Enrol(tomorrow)))
    assert kinds(play.do(ScreenFail(tomorrow), reason="x")) == ["conduct_date_future"]
    assert kinds(play.do(Withdraw(Scope.TREATMENT, Decider.GUARDIAN, tomorrow))) == ["conduct_date_future"]
    assert kinds(play.do(AssessEligibility(DAY, DAY - timedelta(days=1)))) == ["conduct_infusion_before_assessment"]


def test_today_is_the_day_at_the_site(play: Play) -> None:
    late_in_london = play.at.replace(hour=17)

    assert local_date(play.protocol, HERE, late_in_london) == date(2026, 6, 11)


def test_an_assessment_under_another_version_of_the_protocol_no_longer_counts(play: Play) -> None:
    play.assessed()
    play.sign()
    changed = play.protocol.study.model_copy(update={"version": "1.0.1"})
    play.protocol = replace(play.protocol, study=changed)

    assert kinds(play.do(Enrol(DAY))) == ["conduct_assessment_other_protocol"]


def test_the_study_takes_as_many_as_it_planned(play: Play) -> None:
    play.assessed()
    play.sign()
    planned = play.protocol.study.population.enrolment
    others = {f"02-{n:03d}": SubjectLine(THERE, Status.ENROLLED, True) for n in range(planned - 1)}
    play.study = replace(play.study, subjects={**play.study.subjects, **others})
    assert play.ask(Enrol(DAY)).accepted

    full = {**play.study.subjects, "02-999": SubjectLine(THERE, Status.WITHDRAWN, True)}
    play.study = replace(play.study, subjects=full)
    assert kinds(play.ask(Enrol(DAY))) == ["conduct_study_full"]


def test_consent_signed_later_does_not_cover_an_earlier_day(play: Play) -> None:
    play.assessed()
    play.sign()

    assert "conduct_consent_missing" not in kinds(play.ask(Enrol(date(2026, 6, 1))))
    assert "conduct_consent_missing" in kinds(play.ask(Enrol(date(2026, 5, 31))))


def test_nobody_is_enrolled_without_consent(play: Play) -> None:
    play.assessed()
    play.sign()
    play.save("consent", reason="file", consent__approved_version="no")

    assert "conduct_consent_version" in kinds(play.do(Enrol(DAY)))


def test_a_screen_failure_names_the_criteria_or_a_reason_and_can_be_screened_again(play: Play) -> None:
    play.screened()
    assert kinds(play.do(ScreenFail(DAY))) == ["conduct_failure_unexplained"]
    assert kinds(play.do(ScreenFail(DAY, ("I99",)))) == ["conduct_criterion_unknown"]
    play.save("laboratory", "BL-LAB", haematology__anc=("0.4", "10*9/L"), reason="read again")
    play.must(AssessEligibility(DAY, INFUSION))

    play.must(ScreenFail(DAY))
    assert (play.state.status, play.state.failed_criteria) == (Status.SCREEN_FAILED, ("I12a",))
    assert kinds(play.do(AssessEligibility(DAY))) == ["conduct_status_screen_failed"]

    assert kinds(play.do(Rescreen(DAY))) == ["conduct_reason_missing"]
    play.must(Rescreen(DAY), reason="count recovered")
    assert kinds(play.do(Rescreen(DAY), reason="x")) == ["conduct_rescreen_not_failed"]
    play.save("laboratory", "BL-LAB", haematology__anc=("1.4", "10*9/L"), reason="new sample")
    play.must(AssessEligibility(DAY, INFUSION))
    assert play.state.status is Status.SCREENING
    assert len(play.state.assessments) == 2
    assert play.state.assessment is not None
    assert play.state.assessment.outcome == "eligible"
    play.check()


def test_an_enrolled_child_is_not_assessed_failed_or_enrolled_again(play: Play) -> None:
    play.enrolled()

    for wish in (AssessEligibility(DAY), ScreenFail(DAY, ("I01",)), Enrol(DAY)):
        assert kinds(play.do(wish)) == ["conduct_status_enrolled"]


def test_a_redacted_entry_changes_nothing_and_what_follows_it_is_taken_as_it_stands(play: Play) -> None:
    play.screened()
    play.save("demographics", person__birth_date="2020-03-15", reason="typing error")
    chain = list(play.entries)
    first = next(e for e in chain if e.kind == "form_saved" and e.data["form"] == "demographics")
    named = Draft(
        first.study, first.subject, Redaction(first.position, first.hash), first.protocol, first.by, play.at, "a name in it"
    )
    chain[first.position - 1] = redact(first)
    chain.append(append(chain[-1], named, "0" * 32))

    state = fold(chain)

    assert verify(chain).ok
    assert state is not None
    assert state.redacted == (first.position,)
    answers = state.forms[FormKey("SCR", "demographics")].answers
    assert [answer.value for answer in answers.values()] == ["2020-03-15"]


def test_an_entry_that_cannot_follow_is_refused(play: Play) -> None:
    play.screened()
    state, last = play.state, play.entries[-1]

    def following(body: Body) -> Entry:
        return append(last, Draft(last.study, last.subject, body, last.protocol, last.by, play.at), "0" * 32)

    changed = FormSaved("SCR", "demographics", 1, (Change("person.sex", ItemAnswer("female"), ItemAnswer("male")),))
    for body, said in (
        (changed, "from a value that it did not have"),
        (SubjectEnrolled(DAY, 99, 99), ""),
        (ScreeningReopened(DAY), "screens again a subject that is screening"),
        (EligibilitySigned(99, "0" * 64, "eligible", "Ana"), "not the latest"),
        (SignatureBroken(99), "not there"),
        (SignedIn("dan"), "does not belong in a subject's chain"),
    ):
        entry = following(body)
        if said:
            with pytest.raises(LedgerProblems, match=said):
                evolve(state, entry)
        else:
            with pytest.raises(LedgerProblems, match="does not follow"):
                evolve(evolve(state, entry), entry)
    with pytest.raises(LedgerProblems, match="begins with its registration"):
        evolve(None, last)
    with pytest.raises(LedgerProblems, match="No entry kind is called `other`"):
        evolve(state, replace(last, kind="other", position=last.position + 1))
