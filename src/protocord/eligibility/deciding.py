"""The four answers of one criterion: the rule, and before it whether a person must judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from protocord.criteria import Anchors, Evaluation, FactIndex, Truth
from protocord.criteria.numbers import each_once, unique
from protocord.eligibility.calculations import calculate
from protocord.eligibility.findings import Answer, Finding, Outcome

if TYPE_CHECKING:
    from protocord.protocol import Protocol
    from protocord.protocol.document import Criterion
    from protocord.protocol.model import CriterionRules


_NO_REVIEW = Evaluation(Truth.FALSE)


@dataclass(frozen=True, slots=True)
class Deciding:
    """A criterion with the rules of its chosen reading, and how many days after the assessment its reference date lies."""

    criterion: Criterion
    rules: CriterionRules
    lead: int

    def answer(self, index: FactIndex, day: date, known_on: date) -> Answer:
        """This will return the answer for an assessment on `day`, with no more known than on `known_on`."""
        anchors = Anchors(day + timedelta(days=self.lead), known_on)
        if self.rules.review_when is not None:
            asked = self.rules.review_when.truth(index, anchors)
            if asked is not Truth.FALSE:
                return Answer.REVIEW if asked is Truth.TRUE else Answer.UNKNOWN
        return self._as_answer(self.rules.rule.truth(index, anchors))

    @property
    def wanted(self) -> Truth:
        """What the rule must be for the child to enter."""
        return Truth.TRUE if self.criterion.type == "inclusion" else Truth.FALSE

    def _as_answer(self, truth: Truth) -> Answer:
        if truth is Truth.UNKNOWN:
            return Answer.UNKNOWN
        return Answer.MET if truth is self.wanted else Answer.NOT_MET

    def breakpoints(self, index: FactIndex, known_on: date) -> set[date]:
        """This will return every assessment day on which the answer may differ from the day before."""
        days = self.rules.rule.breakpoints(index, known_on, self.lead)
        if self.rules.review_when is not None:
            days |= self.rules.review_when.breakpoints(index, known_on, self.lead)
        return days

    def _review(self, index: FactIndex, anchors: Anchors) -> Evaluation:
        """Whether a person must judge; with reasons unless nobody need."""
        asked = self.rules.review_when
        if asked is None or asked.truth(index, anchors) is Truth.FALSE:
            return _NO_REVIEW
        return asked.evaluate(index, anchors, Truth.UNKNOWN)

    def finding(self, index: FactIndex, on: date) -> Finding:
        """This will decide the criterion for an assessment on `on`, with reasons, remarks and calculations."""
        reference = on + timedelta(days=self.lead)
        anchors = Anchors(reference, on)
        rule = self.rules.rule.evaluate(index, anchors, self.wanted)
        review = self._review(index, anchors)
        advisories = [advisory for advisory in self.rules.advisories if advisory.when.truth(index, anchors) is Truth.TRUE]
        answer = self._as_answer(rule.truth)
        reasons, missing = rule.reasons, rule.missing
        if review.truth is Truth.TRUE:
            answer, reasons, missing = Answer.REVIEW, review.reasons, ()
        elif review.truth is Truth.UNKNOWN:
            answer = Answer.UNKNOWN
            reasons = unique(review.reasons + rule.reasons) if rule.truth is Truth.UNKNOWN else review.reasons
            missing = unique(review.missing + rule.missing)
        return Finding(
            criterion_id=self.criterion.id,
            answer=answer,
            reference=reference,
            reading_id=self.rules.reading_id,
            rule_text=self.rules.rule.text,
            reasons=reasons,
            used=rule.used if review.truth is Truth.FALSE else each_once(rule.used + review.used),
            thresholds=rule.thresholds,
            missing=missing,
            advisories=tuple(advisory.id for advisory in advisories),
            advisory_texts=tuple(advisory.text for advisory in advisories),
            calculations=tuple(calculate(name, index, on) for name in self.criterion.calculations),
        )


def deciding(protocol: Protocol, lead: int) -> Iterator[Deciding]:
    """This will yield every criterion, in the order of the protocol's text, under the reading chosen for it."""
    for criterion in protocol.eligibility.criteria:
        rules = protocol.rules[criterion.id]
        read = {reading.id: reading.as_of for reading in criterion.readings}.get(rules.reading_id)
        yield Deciding(criterion, rules, lead if (read or criterion.as_of) == "planned_infusion" else 0)


def outcome(answers: set[Answer]) -> Outcome:
    """This will return the child's outcome: any not met, else any unknown, else any review, else eligible."""
    if Answer.NOT_MET in answers:
        return Outcome.INELIGIBLE
    if Answer.UNKNOWN in answers:
        return Outcome.INCOMPLETE
    return Outcome.REVIEW if Answer.REVIEW in answers else Outcome.ELIGIBLE
