"""Capture: a form is saved. First entries, corrections and conflicts all come this one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from protocord.conduct.bodies import Change, FormSaved, SignatureBroken, Warned
from protocord.conduct.case import Case, no, refused
from protocord.conduct.consent import consent_problems
from protocord.conduct.decisions import Decision, ItemConflict, Refusal, RefusalKind
from protocord.conduct.derived import record
from protocord.conduct.state import FormKey, FormState, SubjectState
from protocord.conduct.wishes import RUNNING, RecordForm, Scope
from protocord.eligibility import screen
from protocord.forms import Answers, ItemAnswer, check, diff, normalise
from protocord.ledger import Draft
from protocord.protocol.document import Form
from protocord.values import Reason

_NONE: Answers = MappingProxyType({})


def decide_form(case: Case, wish: RecordForm) -> Decision:
    """This will decide to save a form: all of it is checked, only what changed is written, nothing changed writes nothing."""
    key = FormKey(wish.visit, wish.form, wish.repeat)
    barred = _barred(case, key)
    if barred:
        return refused(*barred)
    form = case.protocol.form(wish.form)
    current = case.state.forms.get(key)
    typed, unreadable = normalise(form, wish.answers, today=case.today)
    conflicts, merged = _merged(current, wish.base_position, typed)
    if conflicts:
        return Decision(refusals=tuple(_conflict(conflict) for conflict in conflicts), conflicts=conflicts)
    if merged is None:
        return refused(no("conduct_form_base_unknown", form=form.title, base=wish.base_position))
    before = current.answers if current else _NONE
    answers, _ = normalise(form, merged, today=case.today)
    orphans = tuple(ItemConflict(item, None, before.get(item), merged[item]) for item in merged if item not in answers)
    if orphans:
        # The other person's change has ended the condition under which these were asked; they are shown, not dropped.
        return Decision(refusals=tuple(_conflict(orphan) for orphan in orphans), conflicts=orphans)
    changes = _changes(before, answers, wish.reasons, case.reason)
    refusals = [Refusal(problem.reason, problem.item, RefusalKind.HARD) for problem in unreadable]
    warnings, objections = _problems(case, form, before, answers)
    # What could not be read has said so already; checking it as it was typed would only say less.
    unread = {problem.item for problem in unreadable}
    refusals += [objection for objection in objections if objection.item not in unread]
    refusals += [_reason_missing(form, change) for change in changes if change.old is not None and not change.reason]
    if refusals:
        return refused(*refusals)
    if not changes:
        return Decision()
    saved = FormSaved(
        visit=wish.visit,
        form=wish.form,
        form_version=form.version,
        changes=changes,
        base=wish.base_position,
        repeat=wish.repeat,
        warnings=warnings,
    )
    return Decision((case.draft(saved), *_broken_signature(case, key, form, answers)))


def _barred(case: Case, key: FormKey) -> tuple[Refusal, ...]:
    """Why this form cannot be filled in at all."""
    protocol, state = case.protocol, case.state
    form = next((form for form in protocol.forms if form.id == key.form), None)
    if form is None:
        return (no("conduct_form_unknown", form=key.form),)
    refusals: list[Refusal] = []
    if key.form not in forms_at(case, key.visit):
        refusals.append(no("conduct_form_not_at_visit", form=form.title, visit=key.visit))
    if key.repeat < 1 or (key.repeat > 1 and key._replace(repeat=key.repeat - 1) not in state.forms):
        refusals.append(no("conduct_form_repeat_gap", form=form.title, repeat=key.repeat))
    if state.scope is Scope.DATA_USE:
        refusals.append(no("conduct_withdrawn_data_use", subject=state.id))
    elif state.scope is Scope.FOLLOW_UP and key not in state.forms:
        refusals.append(no("conduct_withdrawn_follow_up", subject=state.id))
    # What is on record may always be corrected: a mistyped birth date asks for another consent, and would bar its own correction.
    if form.requires_consent and key not in state.forms:
        refusals += [Refusal(reason) for reason in consent_problems(protocol, record(protocol, state), case.today)]
    return tuple(refusals)


def forms_at(case: Case, visit: str) -> tuple[str, ...]:
    """This will return the forms of a visit; those that run between visits stand at the visit `running`."""
    if visit == RUNNING:
        return tuple(running.form for running in case.protocol.schedule.running_forms)
    return next((found.forms for found in case.protocol.schedule.visits if found.id == visit), ())


def _merged(current: FormState | None, base_position: int, mine: Answers) -> tuple[tuple[ItemConflict, ...], Answers | None]:
    """This will return the conflicts, and else the answers to save; None when the base is not a state that the form was ever in."""
    now = current.position if current else 0
    if base_position == now:
        return (), mine
    if current is None or not 0 <= base_position < now:
        return (), None
    merge = diff(current.answers_at(base_position), current.answers, mine)
    return tuple(ItemConflict(c.item, c.base, c.theirs, c.mine) for c in merge.conflicts), merge.merged


def _conflict(conflict: ItemConflict) -> Refusal:
    return Refusal(Reason.of("conduct_form_conflict", item=conflict.item), conflict.item, RefusalKind.CONFLICT)


def _changes(before: Answers, after: Answers, reasons: Mapping[str, str], reason: str) -> tuple[Change, ...]:
    changes = []
    for item in dict.fromkeys([*after, *before]):
        old, new = before.get(item), after.get(item)
        if old != new:
            why = " ".join((reasons.get(item) or reason).split())
            changes.append(Change(item, old, new, "" if old is None else why))
    return tuple(changes)


def _problems(case: Case, form: Form, before: Answers, answers: Answers) -> tuple[tuple[Warned, ...], tuple[Refusal, ...]]:
    """Hard problems refuse; soft ones want a note, unless the value stood before, and are kept as warnings."""
    found = check(form, answers, on=case.today, concepts=case.protocol.concepts, value_sets=case.protocol.value_sets)
    warnings: list[Warned] = []
    refusals: list[Refusal] = []
    for problem in found:
        answer = answers.get(problem.item, ItemAnswer())
        if problem.level == "hard":
            refusals.append(Refusal(problem.reason, problem.item, RefusalKind.HARD))
        elif answer.note or before.get(problem.item) == answer:
            warnings.append(Warned(problem.item, problem.reason.kind))
        else:
            refusals.append(Refusal(problem.reason, problem.item, RefusalKind.SOFT))
    return tuple(warnings), tuple(refusals)


def _reason_missing(form: Form, change: Change) -> Refusal:
    return Refusal(Reason.of("conduct_change_needs_reason", form=form.title), change.item, RefusalKind.HARD)


def _broken_signature(case: Case, key: FormKey, form: Form, answers: Answers) -> tuple[Draft, ...]:
    """A change that makes any finding of the signed assessment come out or rest on anything else breaks the signature, for good.

    Both sides are screened under the protocol as it is now, so that an amendment in between is not taken for a change of facts.
    """
    signature, assessment = case.state.signature, case.state.assessment
    if signature is None or assessment is None or not signature.valid:
        return ()
    before, after = record(case.protocol, case.state), record(case.protocol, _with(case.state, key, form, answers, case))
    if before == after:
        return ()
    was, now = (
        {
            finding.criterion_id: finding
            for finding in screen(case.protocol, known, on=assessment.on, planned_infusion=assessment.planned_infusion).findings
        }
        for known in (before, after)
    )
    changed = tuple(criterion for criterion in now if now[criterion] != was.get(criterion))
    return (case.draft(SignatureBroken(signature.position, changed)),) if changed else ()


def _with(state: SubjectState, key: FormKey, form: Form, answers: Answers, case: Case) -> SubjectState:
    saved = FormState(key, form.version, answers, state.position + 1, case.actor, case.at)
    return replace(state, forms=MappingProxyType({**state.forms, key: saved}))
