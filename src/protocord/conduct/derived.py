"""What follows from a subject's state under its protocol: facts, calendar, consent, what is due. Computed, never kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from protocord.conduct.consent import consent_problems, own_consent_due
from protocord.conduct.state import Assessment, FormKey, Status, SubjectState
from protocord.conduct.wishes import VisitStatus
from protocord.eligibility import Answer, Outcome, screen
from protocord.forms import facts
from protocord.protocol import Protocol
from protocord.protocol.document import Visit
from protocord.schedule import ActualVisit, Calendar, plan
from protocord.schedule import VisitStatus as PlannedStatus
from protocord.values import Fact, History, Reason, SubjectRecord


class DueKind(StrEnum):
    """What waits."""

    CONSENT = "consent"
    FORMS_MISSING = "forms_missing"
    COMPLETE_SCREENING = "complete_screening"  # assessed, and something is unknown
    ASSESS = "assess"  # never assessed, or what was assessed has changed
    SIGN = "sign"
    SIGNATURE_BROKEN = "signature_broken"
    SCREEN_FAIL = "screen_fail"
    ENROL = "enrol"
    PLAN = "plan"
    VISIT_DUE = "visit_due"
    VISIT_OVERDUE = "visit_overdue"


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that waits for somebody; `by` is its last day, where it has one."""

    kind: DueKind
    reason: Reason
    visit: str = ""
    form: str = ""
    by: date | None = None


def record(protocol: Protocol, state: SubjectState) -> SubjectRecord:
    """This will return all that is known of the subject, as rules see it: the facts of every form saved.

    A record's name is `visit/form`, with `/n` behind it for a form filled again; it stays the same for good.
    """
    found: list[Fact] = []
    histories: list[History] = []
    forms = {form.id: form for form in protocol.forms}
    for key, saved in sorted(state.forms.items()):
        if key.form not in forms:
            continue
        name = f"{key.visit}/{key.form}" + (f"/{key.repeat}" if key.repeat > 1 else "")
        stated, complete = facts(
            forms[key.form],
            saved.answers,
            visit=key.visit,
            record_id=name,
            concepts=protocol.concepts,
            value_sets=protocol.value_sets,
        )
        found += stated
        histories += complete
    return SubjectRecord(state.id, tuple(found), tuple(histories))


def calendar(protocol: Protocol, state: SubjectState) -> Calendar | None:
    """This will return the subject's calendar from the planned day 1 and the visits so far; None before a day 1 is planned."""
    if state.day_1 is None:
        return None
    return plan(protocol, state.day_1, {name: ActualVisit(visit.status.value, visit.on) for name, visit in state.visits.items()})


def is_current(protocol: Protocol, state: SubjectState, assessment: Assessment) -> bool:
    """This will tell whether screening again, on the same days, from what is on record now, gives the same result to the letter."""
    again = screen(protocol, record(protocol, state), on=assessment.on, planned_infusion=assessment.planned_infusion)
    return again.content_hash == assessment.content_hash


def criteria_with(assessment: Assessment, answer: Answer) -> tuple[str, ...]:
    """This will return the criteria that an assessment answered so, in the protocol's order."""
    findings = assessment.screening["findings"]
    return tuple(finding["criterion"] for finding in findings if finding["answer"] == answer.value)


def due(protocol: Protocol, state: SubjectState, on: date) -> tuple[Due, ...]:
    """This will return what waits for this subject on a day, the most pressing first: dated things by date, then in order of work."""
    if state.status is Status.SCREENING:
        waiting = list(_screening_due(protocol, state, on))
    elif state.status is Status.ENROLLED:
        waiting = list(_enrolled_due(protocol, state, on))
    else:
        return ()
    if own_consent_due(protocol, record(protocol, state), on):
        waiting.append(Due(DueKind.CONSENT, Reason.of("due_own_consent", majority=protocol.study.regulation.majority_age)))
    return tuple(sorted(waiting, key=lambda one: (one.by or date.max, list(DueKind).index(one.kind))))


def _screening_due(protocol: Protocol, state: SubjectState, on: date) -> Iterator[Due]:
    missing = consent_problems(protocol, record(protocol, state), on)
    if missing:
        yield Due(DueKind.CONSENT, missing[0])
    for visit in protocol.schedule.visits:
        if visit.anchor == "day_1" and visit.day is not None and visit.day < 1:
            yield from _forms_due(protocol, state, visit)
    yield from _entry_due(protocol, state, on)


def _forms_due(protocol: Protocol, state: SubjectState, visit: Visit) -> Iterator[Due]:
    for name in visit.forms:
        if FormKey(visit.id, name) not in state.forms:
            title = protocol.form(name).title
            yield Due(DueKind.FORMS_MISSING, Reason.of("due_form_missing", form=title, visit=visit.name), visit.id, name)


def _entry_due(protocol: Protocol, state: SubjectState, on: date) -> Iterator[Due]:
    """What stands between a subject in screening and the decision: one step at a time."""
    assessment, signature = state.assessment, state.signature
    if signature is not None and not signature.valid:
        yield Due(DueKind.SIGNATURE_BROKEN, Reason.of("due_signature_broken", criteria=", ".join(signature.broken_criteria)))
    if assessment is None:
        yield Due(DueKind.ASSESS, Reason.of("due_assess"))
    elif assessment.on < on or assessment.protocol.hash != protocol.hash or not is_current(protocol, state, assessment):
        yield Due(DueKind.ASSESS, Reason.of("due_assess_again", on=assessment.on))
    elif assessment.outcome == Outcome.INCOMPLETE:
        unknown = ", ".join(criteria_with(assessment, Answer.UNKNOWN))
        yield Due(DueKind.COMPLETE_SCREENING, Reason.of("due_complete_screening", criteria=unknown))
    elif assessment.outcome == Outcome.INELIGIBLE:
        failed = ", ".join(criteria_with(assessment, Answer.NOT_MET))
        yield Due(DueKind.SCREEN_FAIL, Reason.of("due_screen_fail", criteria=failed))
    elif signature is None:
        yield Due(DueKind.SIGN, Reason.of("due_sign"), by=assessment.on)
    elif signature.valid:
        yield Due(DueKind.ENROL, Reason.of("due_enrol"), by=assessment.on)


def _enrolled_due(protocol: Protocol, state: SubjectState, on: date) -> Iterator[Due]:
    if state.signature is not None and not state.signature.valid:
        criteria = ", ".join(state.signature.broken_criteria)
        yield Due(DueKind.SIGNATURE_BROKEN, Reason.of("due_signature_broken", criteria=criteria))
    planned = calendar(protocol, state)
    if planned is None:
        yield Due(DueKind.PLAN, Reason.of("due_plan"))
        return
    visits = {visit.id: visit for visit in protocol.schedule.visits}
    for waiting in planned.due(on):
        visit = visits[waiting.visit_id]
        if (visit.infusion is not None and state.scope is not None) or (visit.day or 1) < 1:
            continue
        late = waiting.status(on) is PlannedStatus.OVERDUE
        kind, said = (DueKind.VISIT_OVERDUE, "due_visit_overdue") if late else (DueKind.VISIT_DUE, "due_visit")
        yield Due(kind, Reason.of(said, visit=visit.name, until=waiting.latest), visit.id, by=waiting.latest)
    for name, seen in state.visits.items():
        if seen.status is VisitStatus.DONE and name in visits:
            yield from _forms_due(protocol, state, visits[name])
