"""Evolving: the state after an entry, and what can be read from entries alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from protocord.conduct.bodies import (
    KINDS,
    AssessmentRecorded,
    CalendarPlanned,
    DeviationOpened,
    EligibilitySigned,
    FormSaved,
    IdentitySeen,
    IdentityStored,
    ScreenFailed,
    ScreeningReopened,
    SignatureBroken,
    SubjectEnrolled,
    SubjectRegistered,
    SubjectWithdrawn,
    VisitRecorded,
)
from protocord.conduct.state import (
    Assessment,
    FormKey,
    FormState,
    ItemChange,
    Signature,
    Status,
    StudyState,
    SubjectLine,
    SubjectState,
    VisitState,
    Withdrawal,
)
from protocord.conduct.wishes import Scope
from protocord.errors import LedgerProblems, Place, Problem
from protocord.forms import ItemAnswer
from protocord.ledger import Entry, Redaction
from protocord.values import Reason


def evolve(state: SubjectState | None, entry: Entry) -> SubjectState:
    """This will return the state after `entry`; None is the state before a subject's first entry.

    Raises LedgerProblems for an entry that cannot follow: another subject's, out of place, of an unknown kind, or changing what is not
    so. A redacted entry changes nothing but the position, unless it is the first.
    """
    if entry.body is None and state is not None:
        return replace(state, position=_follows(state, entry), redacted=(*state.redacted, entry.position))
    body = KINDS.read(entry.kind, entry.body or "{}", place=_place(entry))
    if state is None:
        return _first(entry, body)
    position = _follows(state, entry)
    step = _STEPS.get(type(body))
    if step is None:
        raise _cannot(entry, f"A `{entry.kind}` entry does not belong in a subject's chain.")
    return replace(step(state, entry, body), position=position, protocol=entry.protocol)


def fold(entries: Iterable[Entry], state: SubjectState | None = None) -> SubjectState | None:
    """This will return the state of one subject after its entries, in order, beginning at `state`."""
    for entry in entries:
        state = evolve(state, entry)
    return state


def _place(entry: Entry) -> Place:
    return Place(item=f"{entry.subject or 'study'} #{entry.position}")


def _cannot(entry: Entry, what: str) -> LedgerProblems:
    return LedgerProblems([Problem(_place(entry), what)])


def _object(state: SubjectState, entry: Entry, what: str) -> None:
    """Where an earlier body was emptied by law, what follows from it can no longer be checked, and is taken as it stands."""
    if not state.redacted:
        raise _cannot(entry, what)


def _follows(state: SubjectState, entry: Entry) -> int:
    if (entry.study, entry.subject, entry.position) != (state.study, state.id, state.position + 1):
        raise _cannot(entry, f"It does not follow entry {state.position} of {state.id}.")
    return entry.position


def _first(entry: Entry, body: Any) -> SubjectState:
    if not isinstance(body, SubjectRegistered) or entry.subject is None or entry.position != 1:
        raise _cannot(entry, "A subject's chain begins with its registration.")
    return SubjectState(
        study=entry.study,
        id=entry.subject,
        site=body.site,
        status=Status.SCREENING,
        position=1,
        registered_at=entry.at,
        protocol=entry.protocol,
    )


# --- one step a kind ---------------------------------------------------------------------------------------------------


def _form_saved(state: SubjectState, entry: Entry, body: FormSaved) -> SubjectState:
    key = FormKey(body.visit, body.form, body.repeat)
    before = state.forms.get(key)
    answers: dict[str, ItemAnswer] = dict(before.answers) if before else {}
    history = dict(before.history) if before else {}
    for change in body.changes:
        if answers.get(change.item) != change.old:
            _object(state, entry, f"It changes `{change.item}` of {key.form} from a value that it did not have.")
        if change.new is None:
            answers.pop(change.item, None)
        else:
            answers[change.item] = change.new
        made = ItemChange(change.item, change.old, change.new, change.reason, entry.position, entry.by, entry.at, entry.source)
        history[change.item] = (*history.get(change.item, ()), made)
    saved = FormState(
        key=key,
        form_version=body.form_version,
        answers=MappingProxyType(answers),
        position=entry.position,
        by=entry.by,
        at=entry.at,
        warnings=body.warnings,
        history=MappingProxyType(history),
    )
    return replace(state, forms=MappingProxyType({**state.forms, key: saved}))


def _assessment_recorded(state: SubjectState, entry: Entry, body: AssessmentRecorded) -> SubjectState:
    assessment = Assessment(
        position=entry.position,
        on=body.on,
        planned_infusion=body.planned_infusion,
        outcome=body.outcome,
        content_hash=body.content_hash,
        screening=body.screening,
        protocol=entry.protocol,
        by=entry.by,
        at=entry.at,
    )
    return replace(state, assessments=(*state.assessments, assessment))


def _eligibility_signed(state: SubjectState, entry: Entry, body: EligibilitySigned) -> SubjectState:
    signed = state.assessment
    if signed is None or (signed.position, signed.content_hash) != (body.assessment, body.content_hash):
        _object(state, entry, "It signs an assessment that is not the latest one.")
    signature = Signature(
        position=entry.position,
        assessment=body.assessment,
        content_hash=body.content_hash,
        meaning=body.meaning,
        name=body.name,
        judgements=body.judgements,
        by=entry.by,
        at=entry.at,
    )
    return replace(state, signatures=(*state.signatures, signature))


def _signature_broken(state: SubjectState, entry: Entry, body: SignatureBroken) -> SubjectState:
    if all(signature.position != body.signature for signature in state.signatures):
        _object(state, entry, "It breaks a signature that is not there.")
    signatures = tuple(
        replace(signature, broken_at=entry.position, broken_criteria=body.criteria)
        if signature.position == body.signature
        else signature
        for signature in state.signatures
    )
    return replace(state, signatures=signatures)


def _subject_enrolled(state: SubjectState, entry: Entry, body: SubjectEnrolled) -> SubjectState:
    if state.status is not Status.SCREENING:
        _object(state, entry, f"It enrols a subject that is {state.status}.")
    return replace(state, status=Status.ENROLLED, enrolled_on=body.on)


def _screen_failed(state: SubjectState, entry: Entry, body: ScreenFailed) -> SubjectState:
    if state.status is not Status.SCREENING:
        _object(state, entry, f"It fails the screening of a subject that is {state.status}.")
    return replace(state, status=Status.SCREEN_FAILED, failed_on=body.on, failed_criteria=body.criteria)


def _screening_reopened(state: SubjectState, entry: Entry, body: ScreeningReopened) -> SubjectState:
    if state.status is not Status.SCREEN_FAILED:
        _object(state, entry, f"It screens again a subject that is {state.status}.")
    return replace(state, status=Status.SCREENING, screening_since=body.on, failed_on=None, failed_criteria=())


def _calendar_planned(state: SubjectState, _entry: Entry, body: CalendarPlanned) -> SubjectState:
    return replace(state, day_1=body.day_1)


def _visit_recorded(state: SubjectState, entry: Entry, body: VisitRecorded) -> SubjectState:
    visit = VisitState(body.visit, body.status, body.on, entry.position)
    return replace(state, visits=MappingProxyType({**state.visits, body.visit: visit}))


def _deviation_opened(state: SubjectState, _entry: Entry, body: DeviationOpened) -> SubjectState:
    visit = state.visits.get(body.visit)
    if visit is None:
        return state
    departed = replace(visit, deviations=(*visit.deviations, Reason.of(body.what, days=body.days)))
    return replace(state, visits=MappingProxyType({**state.visits, body.visit: departed}))


def _subject_withdrawn(state: SubjectState, entry: Entry, body: SubjectWithdrawn) -> SubjectState:
    left = Withdrawal(body.scope, body.decided_by, body.on, entry.position, entry.reason)
    status = state.status if body.scope is Scope.TREATMENT else Status.WITHDRAWN
    return replace(state, status=status, withdrawals=(*state.withdrawals, left))


def _unchanged(state: SubjectState, _entry: Entry, _body: object) -> SubjectState:
    return state


_STEPS: Mapping[type, Callable[[SubjectState, Entry, Any], SubjectState]] = MappingProxyType(
    {
        FormSaved: _form_saved,
        AssessmentRecorded: _assessment_recorded,
        EligibilitySigned: _eligibility_signed,
        SignatureBroken: _signature_broken,
        SubjectEnrolled: _subject_enrolled,
        ScreenFailed: _screen_failed,
        ScreeningReopened: _screening_reopened,
        CalendarPlanned: _calendar_planned,
        VisitRecorded: _visit_recorded,
        DeviationOpened: _deviation_opened,
        SubjectWithdrawn: _subject_withdrawn,
        IdentityStored: _unchanged,
        IdentitySeen: _unchanged,
        Redaction: _unchanged,
    }
)


# --- the study -----------------------------------------------------------------------------------------------------------


def evolve_study(state: StudyState, entry: Entry) -> StudyState:
    """This will return the state of the study after an entry of any of its chains; entries that do not count a subject change nothing."""
    if entry.subject is None or entry.body is None:
        return state
    body: Any = KINDS.read(entry.kind, entry.body, place=_place(entry)) if entry.kind in _COUNTED else None
    line = state.subjects.get(entry.subject)
    match body:
        case SubjectRegistered():
            line = SubjectLine(body.site, Status.SCREENING)
        case SubjectEnrolled() if line is not None:
            line = replace(line, status=Status.ENROLLED, enrolled=True)
        case ScreenFailed() if line is not None:
            line = replace(line, status=Status.SCREEN_FAILED)
        case ScreeningReopened() if line is not None:
            line = replace(line, status=Status.SCREENING)
        case SubjectWithdrawn() if line is not None and body.scope is not Scope.TREATMENT:
            line = replace(line, status=Status.WITHDRAWN)
        case _:
            return state
    return replace(state, subjects=MappingProxyType({**state.subjects, entry.subject: line}))


_COUNTED = frozenset(
    body.kind for body in (SubjectRegistered, SubjectEnrolled, ScreenFailed, ScreeningReopened, SubjectWithdrawn)
)


def history(entries: Iterable[Entry], visit: str, form: str, item: str, repeat: int = 1) -> tuple[ItemChange, ...]:
    """This will return every change of one item: who, when, old and new, why. From the entries alone, without any state."""
    found: list[ItemChange] = []
    for entry in entries:
        if entry.kind != FormSaved.kind or entry.body is None:
            continue
        body: FormSaved = KINDS.read(entry.kind, entry.body, place=_place(entry))
        if (body.visit, body.form, body.repeat) == (visit, form, repeat):
            found += [
                ItemChange(change.item, change.old, change.new, change.reason, entry.position, entry.by, entry.at, entry.source)
                for change in body.changes
                if change.item == item
            ]
    return tuple(found)
