"""Whether a subject had a dose-limiting toxicity in the protocol's window: each criterion with its answer, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from protocord.concepts import Concepts
from protocord.protocol.document.safety import Dlt, DltCondition, DltEvent
from protocord.safety.dlt.answers import NO, YES, Answer, all_of, any_of, missing, no, yes
from protocord.safety.dlt.course import lasting, reached, recovered_late, unresponsive
from protocord.safety.dlt.exceptions import excused_run, excused_toxicity
from protocord.safety.dlt.laboratory import Run, lasting_runs, runs
from protocord.safety.dlt.records import Subject, Toxicity
from protocord.safety.lengths import span_of
from protocord.safety.moments import Moment
from protocord.values import Reason, date_of_study_day

__all__ = ["CriterionAnswer", "DltFinding", "Verdict", "evaluate"]

Verdict = Literal["dlt", "no_dlt", "not_yet_evaluable", "not_evaluable", "undecided"]

_LOOKS_AT = {
    "infusion_reaction": frozenset({"infusion_reaction"}),
    "crs": frozenset({"crs"}),
    "icans": frozenset({"icans"}),
    "agvhd": frozenset({"agvhd"}),
    "non_haematological": frozenset({"non_haematological", "other", "second_malignancy"}),
    "haematological": frozenset({"haematological"}),
    "autoimmunity": frozenset({"autoimmunity"}),
    "other": frozenset({"other"}),
}


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """A criterion of the protocol, the toxicity (or laboratory concept) it looked at, and the answer. `on` is when it began."""

    criterion: str
    looked_at: str
    answer: Answer
    on: date | None = None

    def as_data(self) -> dict[str, Any]:
        """This will return the answer as JSON data."""
        return {
            "criterion": self.criterion,
            "looked_at": self.looked_at,
            "truth": self.answer.truth,
            "waits": self.answer.waits,
            "on": self.on.isoformat() if self.on else None,
            "reasons": [reason.as_data() for reason in self.answer.reasons],
            "remarks": [remark.as_data() for remark in self.answer.remarks],
        }


@dataclass(frozen=True, slots=True)
class DltFinding:
    """The verdict on a subject: its window (first and last day), the day on which the first toxicity that counts began, the criteria.

    `undecided` means that data are missing which could make it a dose-limiting toxicity; `not_yet_evaluable` that the window or a
    duration is still open. Neither is ever counted as no toxicity.
    """

    subject: str
    verdict: Verdict
    window: tuple[date, date] | None = None
    on: date | None = None
    criteria: tuple[CriterionAnswer, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """This will return the finding as JSON data."""
        return {
            "subject": self.subject,
            "verdict": self.verdict,
            "window": [day.isoformat() for day in self.window] if self.window else None,
            "on": self.on.isoformat() if self.on else None,
            "criteria": [criterion.as_data() for criterion in self.criteria],
            "reasons": [reason.as_data() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class _Look:
    """One evaluation: the rules, the subject, its window, and the day up to which things are known."""

    dlt: Dlt
    concepts: Concepts
    subject: Subject
    opens: Moment
    window: tuple[date, date]
    known: date

    @property
    def as_of(self) -> Moment:
        return Moment.of(self.known)


def evaluate(dlt: Dlt, subject: Subject, concepts: Concepts, *, cut_off: date) -> DltFinding:
    """This will return the verdict on a subject as the data stood on `cut_off`.

    The window runs from the day of the first infusion, study day 1. A toxicity counts by when it came to the grade that is
    asked for; what lasts beyond the window still counts (convention `dlt_onset_in_window`).
    """
    infusions = tuple(infusion for infusion in subject.infusions if infusion.earliest.date() <= cut_off)
    if not infusions:
        verdict: Verdict = "not_evaluable" if subject.left else "not_yet_evaluable"
        return DltFinding(subject.id, verdict, reasons=(Reason.of("dlt_not_treated"),))
    day_1 = infusions[0].earliest.date()
    window = (date_of_study_day(day_1, dlt.window.first_day), date_of_study_day(day_1, dlt.window.last_day))
    known = min(subject.observed_until or cut_off, cut_off)
    opens = infusions[0] if dlt.window.first_day == 1 else Moment.of(window[0])
    look = _Look(dlt, concepts, subject, opens, window, known)
    criteria = tuple(answer for event in dlt.events for answer in _criterion(look, event))
    met = [criterion for criterion in criteria if criterion.answer.truth]
    if met:
        first = min((criterion.on for criterion in met if criterion.on), default=None)
        reasons = tuple(dict.fromkeys(reason for criterion in met for reason in criterion.answer.reasons))
        return DltFinding(subject.id, "dlt", window, first, criteria, reasons)
    given = sum(infusion.earliest.date() <= window[1] for infusion in infusions)
    decided, reasons = _without_toxicity(look, criteria, given, cut_off)
    return DltFinding(subject.id, decided, window, None, criteria, reasons)


def _without_toxicity(
    look: _Look, criteria: tuple[CriterionAnswer, ...], given: int, cut_off: date
) -> tuple[Verdict, tuple[Reason, ...]]:
    """The verdict on a subject in whom no criterion is met so far."""
    opened = [criterion.answer for criterion in criteria if criterion.answer.truth is None]
    lacking = tuple(dict.fromkeys(reason for answer in opened if not answer.waits for reason in answer.reasons))
    waiting = tuple(dict.fromkeys(reason for answer in opened if answer.waits for reason in answer.reasons))
    left, closes = look.subject.left, look.window[1]
    if look.known < closes:
        if left:
            # What was open when the child left stays open: it may have been a toxicity.
            return ("undecided", lacking + waiting) if opened else ("not_evaluable", (Reason.of("dlt_left", on=look.known),))
        if cut_off >= closes and left is None:
            return "undecided", (Reason.of("dlt_observation_incomplete", until=look.known, closes=closes), *lacking)
        return "not_yet_evaluable", (Reason.of("dlt_window_open", closes=closes), *lacking)
    if lacking:
        return "undecided", lacking
    if waiting:
        return ("undecided" if left else "not_yet_evaluable"), waiting
    if given < look.dlt.evaluable.infusions:
        return "not_evaluable", (Reason.of("dlt_too_few_infusions", given=given, needed=look.dlt.evaluable.infusions),)
    return "no_dlt", ()


def _criterion(look: _Look, event: DltEvent) -> list[CriterionAnswer]:
    """The answers of one criterion: one for each toxicity and each laboratory run that it looks at, or one that nothing was found."""
    answers: list[CriterionAnswer] = []
    graded = tuple(condition for condition in event.any_of if condition.concept is None)
    if graded:
        for toxicity in look.subject.toxicities:
            if event.category == "death" or toxicity.category in _LOOKS_AT[event.category]:
                answers.append(_of_toxicity(look, event, graded, toxicity))
    for condition in event.any_of:
        if condition.concept is not None:
            answers += _of_laboratory(look, event, condition)
    return answers or [CriterionAnswer(event.id, "", NO)]


def _of_toxicity(look: _Look, event: DltEvent, conditions: tuple[DltCondition, ...], toxicity: Toxicity) -> CriterionAnswer:
    met = any_of(_condition(look, condition, toxicity) for condition in conditions)
    answer = met
    if met.truth is not False:
        parts = [met]
        if event.attribution_needed:
            parts.append(_attributed(look, toxicity))
        parts.append(_unless(excused_toxicity(
            event.unless, toxicity, look.subject.states, look.concepts, look.window[0], look.as_of
        )))  # fmt: skip
        answer = all_of(parts)
    grade = min((condition.grade_at_least or 1) for condition in conditions)
    began = reached(toxicity, grade)
    return CriterionAnswer(event.id, toxicity.id, answer, began.day if began else None)


def _condition(look: _Look, condition: DltCondition, toxicity: Toxicity) -> Answer:
    """Whether all that the condition states holds of the toxicity, and it began in the window."""
    grade = condition.grade_at_least
    parts = [_of_grade(grade, toxicity), _in_window(look, toxicity, grade or 1)]
    if any(part.truth is False for part in parts):
        return all_of(parts)
    if condition.lasting_more_than is not None:
        parts.append(lasting(toxicity, grade, span_of(condition.lasting_more_than), look.as_of))
    if condition.not_recovered_to is not None and condition.within is not None:
        parts.append(recovered_late(toxicity, grade or 1, condition.not_recovered_to, span_of(condition.within), look.as_of))
    if condition.not_responding_after is not None:
        parts.append(unresponsive(toxicity, span_of(condition.not_responding_after), look.as_of))
    return all_of(parts)


def _of_grade(grade: int | None, toxicity: Toxicity) -> Answer:
    if grade is None:
        return YES
    worst = toxicity.worst
    seen = max((found for _, found in toxicity.course), default=0) if worst is None else worst
    if seen >= grade:
        return yes(Reason.of("dlt_grade", event=toxicity.id, grade=seen))
    if worst is None:
        return missing(Reason.of("dlt_grade_missing", event=toxicity.id))
    return no()


def _in_window(look: _Look, toxicity: Toxicity, grade: int) -> Answer:
    """Whether the toxicity came to the grade in the window; of one that was there before, whether it became worse in it."""
    began = reached(toxicity, grade)
    if began is None:
        return missing(Reason.of("dlt_onset_missing", event=toxicity.id))
    if began.earliest > look.as_of.latest:
        return no()
    first, last = look.window
    if began.latest < look.opens.earliest:
        if any(found >= grade for _, found in toxicity.course):
            return no()
        if toxicity.grade_before is None:
            return missing(Reason.of("dlt_before_treatment", event=toxicity.id))
        worse = toxicity.worst is not None and toxicity.grade_before < grade <= toxicity.worst
        return missing(Reason.of("dlt_worsening_date", event=toxicity.id)) if worse else no()
    if began.earliest.date() > last:
        return no()
    if began.earliest.date() < first or began.latest.date() > last:
        return missing(Reason.of("dlt_onset_open", event=toxicity.id))
    return YES


def _attributed(look: _Look, toxicity: Toxicity) -> Answer:
    if toxicity.attribution is None:
        return missing(Reason.of("dlt_attribution_missing", event=toxicity.id))
    return YES if toxicity.attribution in look.dlt.attribution else no()


def _unless(excused: Answer) -> Answer:
    truth = None if excused.truth is None else not excused.truth
    return replace(excused, truth=truth)


def _of_laboratory(look: _Look, event: DltEvent, condition: DltCondition) -> list[CriterionAnswer]:
    assert condition.concept is not None
    values = [value for value in look.subject.values if value.concept == condition.concept and value.on <= look.known]
    opens, closes = look.window
    if not any(opens <= value.on <= closes and value.value is not None for value in values) and look.known >= closes:
        unseen = missing(Reason.of("dlt_no_values", concept=look.concepts[condition.concept].name))
        return [CriterionAnswer(event.id, condition.concept, unseen)]
    limit = span_of(condition.lasting_more_than) if condition.lasting_more_than is not None else timedelta(days=-1)
    found = []
    for run, lasted in lasting_runs(
        runs(values, condition.below, condition.above), limit, look.window, look.known, look.subject.left
    ):
        answer = lasted
        if lasted.truth is not False:
            until = run.after or look.known
            parts = [lasted, _unless(excused_run(event.unless, look.subject.states, look.concepts, look.window[0], until))]
            if event.attribution_needed:
                parts.append(_attributed_run(look, run))
            answer = all_of(parts)
        found.append(CriterionAnswer(event.id, condition.concept, answer, run.first))
    return found


def _attributed_run(look: _Look, run: Run) -> Answer:
    """The attribution of a run of values: that of the haematological events recorded over the same days."""
    over = []
    for toxicity in look.subject.toxicities:
        if toxicity.category == "haematological":
            begins = toxicity.onset is None or toxicity.onset.earliest.date() <= (run.after or look.known)
            ends = toxicity.end is None or toxicity.end.latest.date() >= run.first
            if begins and ends:
                over.append(_attributed(look, toxicity))
    return any_of(over) if over else missing(Reason.of("dlt_run_attribution", first=run.first))
