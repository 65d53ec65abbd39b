"""Entering: from assessment and signature to enrolment or screen failure."""

from __future__ import annotations

from protocord.conduct.bodies import (
    AssessmentRecorded,
    EligibilitySigned,
    ScreenFailed,
    ScreeningReopened,
    SubjectEnrolled,
    SubjectRegistered,
)
from protocord.conduct.case import Case, no, refused
from protocord.conduct.consent import consent_problems
from protocord.conduct.decisions import Decision, Refusal
from protocord.conduct.derived import criteria_with, is_current, record
from protocord.conduct.state import Assessment, Status, StudyState
from protocord.conduct.wishes import AssessEligibility, Enrol, RegisterSubject, Rescreen, ScreenFail, SignEligibility
from protocord.eligibility import Answer, Outcome, screen
from protocord.ledger import Draft
from protocord.protocol import Protocol


def next_number(protocol: Protocol, study: StudyState, site: str) -> str:
    """This will return the number of the next subject at a site (its id): the site's code and a running number, such as `01-003`.

    Raises KeyError for a site that the protocol does not name.
    """
    code = protocol.site(site).code
    parts = [number.rpartition("-") for number in study.subjects]
    taken = [int(running) for site_code, _, running in parts if site_code == code and running.isdecimal()]
    return f"{code}-{max(taken, default=0) + 1:03d}"


def decide_registration(case: Case, wish: RegisterSubject) -> Decision:
    """This will decide to register the subject that `case.state` stands for."""
    expected = next_number(case.protocol, case.study, wish.site)
    if wish.subject not in ("", expected):
        return refused(no("conduct_number_not_next", subject=wish.subject, next=expected))
    draft = case.draft(SubjectRegistered(wish.site))
    return Decision((Draft(draft.study, expected, draft.body, draft.protocol, draft.by, draft.at, draft.reason, draft.source),))


def decide_assessment(case: Case, wish: AssessEligibility) -> Decision:
    """This will decide to screen the subject and keep the result; the same result again is not written twice."""
    refusals = [*_must_be(case, Status.SCREENING), *case.not_future(wish.on)]
    if wish.planned_infusion is not None and wish.planned_infusion < wish.on:
        refusals.append(no("conduct_infusion_before_assessment", infusion=wish.planned_infusion, on=wish.on))
    if refusals:
        return refused(*refusals)
    screening = screen(case.protocol, record(case.protocol, case.state), on=wish.on, planned_infusion=wish.planned_infusion)
    latest = case.state.assessment
    if latest is not None and latest.content_hash == screening.content_hash:
        return Decision()
    body = AssessmentRecorded(
        on=wish.on,
        outcome=screening.outcome.value,
        content_hash=screening.content_hash,
        screening=screening.as_data(),
        planned_infusion=wish.planned_infusion,
    )
    return Decision((case.draft(body),))


def _must_be(case: Case, *allowed: Status) -> tuple[Refusal, ...]:
    if case.state.status in allowed:
        return ()
    return (no(f"conduct_status_{case.state.status.value}", subject=case.state.id),)


def _assessment_holds(case: Case, assessment: Assessment) -> tuple[Refusal, ...]:
    """An assessment holds while the protocol and the facts that it rests on are the same."""
    if assessment.protocol.hash != case.protocol.hash:
        return (no("conduct_assessment_other_protocol", was=assessment.protocol.version, now=case.protocol.version),)
    return () if is_current(case.protocol, case.state, assessment) else (no("conduct_assessment_outdated", on=assessment.on),)


def decide_signature(case: Case, wish: SignEligibility) -> Decision:
    """This will decide to sign the latest assessment: what is signed is what was seen, and nothing undecided is signed."""
    assessment = case.state.assessment
    refusals = [*_must_be(case, Status.SCREENING)]
    if assessment is None:
        return refused(*refusals, no("conduct_not_assessed", subject=case.state.id))
    if wish.content_hash != assessment.content_hash:
        refusals.append(no("conduct_signs_other_content"))
    if case.state.signature is not None and case.state.signature.valid:
        refusals.append(no("conduct_already_signed", name=case.state.signature.name))
    refusals += _assessment_holds(case, assessment)
    if assessment.outcome == Outcome.INCOMPLETE:
        refusals.append(no("conduct_sign_undecided", criteria=", ".join(criteria_with(assessment, Answer.UNKNOWN))))
    missing = [
        criterion for criterion in criteria_with(assessment, Answer.REVIEW) if not wish.judgements.get(criterion, "").strip()
    ]
    if missing:
        refusals.append(no("conduct_judgement_missing", criteria=", ".join(missing)))
    if not wish.meaning.strip() or not wish.name.strip():
        refusals.append(no("conduct_signature_unsaid"))
    if refusals:
        return refused(*refusals)
    body = EligibilitySigned(
        assessment.position, assessment.content_hash, wish.meaning.strip(), wish.name.strip(), wish.judgements
    )
    return Decision((case.draft(body),))


def decide_enrolment(case: Case, wish: Enrol) -> Decision:
    """This will decide to enrol: decided, eligible or judged so, on that day, under this protocol, signed, consented, and with room."""
    state, protocol = case.state, case.protocol
    refusals = [*_must_be(case, Status.SCREENING), *case.not_future(wish.on)]
    refusals += [Refusal(reason) for reason in consent_problems(protocol, record(protocol, state), wish.on)]
    planned = protocol.study.population.enrolment
    if case.study.enrolled() >= planned:
        refusals.append(no("conduct_study_full", planned=planned))
    assessment, signature = state.assessment, state.signature
    if assessment is None:
        return refused(*refusals, no("conduct_not_assessed", subject=state.id))
    if assessment.on != wish.on:
        refusals.append(no("conduct_assessed_other_day", assessed=assessment.on, on=wish.on))
    refusals += _assessment_holds(case, assessment)
    if assessment.outcome == Outcome.INELIGIBLE:
        refusals.append(no("conduct_enrol_ineligible", criteria=", ".join(criteria_with(assessment, Answer.NOT_MET))))
    if assessment.outcome == Outcome.INCOMPLETE:
        refusals.append(no("conduct_enrol_undecided", criteria=", ".join(criteria_with(assessment, Answer.UNKNOWN))))
    if signature is None:
        refusals.append(no("conduct_not_signed"))
    elif not signature.valid:
        refusals.append(no("conduct_signature_broken", criteria=", ".join(signature.broken_criteria)))
    if refusals or signature is None:
        return refused(*refusals)
    return Decision((case.draft(SubjectEnrolled(wish.on, assessment.position, signature.position)),))


def decide_failure(case: Case, wish: ScreenFail) -> Decision:
    """This will decide that a subject does not enter; the criteria that failed are named, or a reason is given."""
    refusals = [*_must_be(case, Status.SCREENING), *case.not_future(wish.on)]
    known = {criterion.id for criterion in case.protocol.eligibility.criteria}
    refusals += [no("conduct_criterion_unknown", criterion=criterion) for criterion in wish.criteria if criterion not in known]
    assessment = case.state.assessment
    criteria = wish.criteria or (criteria_with(assessment, Answer.NOT_MET) if assessment else ())
    if not criteria and not case.reason:
        refusals.append(no("conduct_failure_unexplained"))
    return refused(*refusals) if refusals else Decision((case.draft(ScreenFailed(wish.on, tuple(criteria))),))


def decide_rescreening(case: Case, wish: Rescreen) -> Decision:
    """This will decide to screen again a subject who failed; a reason is needed, and earlier assessments stay."""
    refusals = [*case.not_future(wish.on)]
    if case.state.status is not Status.SCREEN_FAILED:
        refusals.append(no("conduct_rescreen_not_failed", subject=case.state.id))
    if not case.reason:
        refusals.append(no("conduct_reason_missing"))
    return refused(*refusals) if refusals else Decision((case.draft(ScreeningReopened(wish.on)),))
