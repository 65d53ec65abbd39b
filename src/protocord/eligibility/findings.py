"""What a screening says, as frozen values and as data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from protocord.criteria import UsedFact
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason, particular_as_data
from protocord.values.text import Text


class Answer(StrEnum):
    """What was found for one criterion, as it bears on entry (an exclusion criterion that holds is not met)."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    REVIEW = "review"


class Outcome(StrEnum):
    """What was found for the child: any not met, else any unknown, else any review, else eligible."""

    ELIGIBLE = "eligible"
    REVIEW = "review"
    INCOMPLETE = "incomplete"
    INELIGIBLE = "ineligible"


@dataclass(frozen=True, slots=True)
class Calculation:
    """A number shown beside a criterion and never deciding it. `value` is None while `missing` names what it lacks."""

    id: str
    value: Quantity | None
    label: Reason
    inputs: tuple[UsedFact, ...] = ()
    missing: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion decided on one reference date."""

    criterion_id: str
    answer: Answer
    reference: date
    reading_id: str | None
    rule_text: str
    reasons: tuple[Reason, ...] = ()
    used: tuple[UsedFact, ...] = ()
    thresholds: tuple[Reason, ...] = ()
    missing: tuple[Reason, ...] = ()
    advisories: tuple[str, ...] = ()
    advisory_texts: tuple[Text, ...] = ()
    calculations: tuple[Calculation, ...] = ()


@dataclass(frozen=True, slots=True)
class Screening:
    """A child screened on one day against one version of a protocol."""

    study: str
    protocol_version: str
    protocol_hash: str
    subject: str
    on: date
    planned_infusion: date | None
    outcome: Outcome
    findings: tuple[Finding, ...]
    notices: tuple[Reason, ...] = ()

    def finding(self, criterion_id: str) -> Finding:
        """This will return the finding of one criterion. Raises KeyError."""
        for found in self.findings:
            if found.criterion_id == criterion_id:
                return found
        raise KeyError(criterion_id)

    def as_data(self) -> dict[str, Any]:
        """This will return the screening as plain JSON data; the same screening gives the same data."""
        return {
            "study": self.study,
            "protocol_version": self.protocol_version,
            "protocol_hash": self.protocol_hash,
            "subject": self.subject,
            "on": self.on.isoformat(),
            "planned_infusion": self.planned_infusion.isoformat() if self.planned_infusion else None,
            "outcome": self.outcome.value,
            "findings": [_finding(finding) for finding in self.findings],
            "notices": _reasons(self.notices),
        }

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON of `as_data()`: what an investigator signs."""
        said = json.dumps(self.as_data(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    return [reason.as_data() for reason in reasons]


def _used(facts: Iterable[UsedFact]) -> list[dict[str, Any]]:
    return [
        {
            "id": fact.id,
            "concept": fact.concept,
            "name": particular_as_data(fact.name),
            "value": particular_as_data(fact.value),
            "standard": particular_as_data(fact.standard),
            "start": particular_as_data(fact.start),
            "end": particular_as_data(fact.end),
            "ongoing": fact.ongoing,
            "status": fact.status.value,
            "source": fact.source.as_data(),
        }
        for fact in facts
    ]


def _calculation(calculation: Calculation) -> dict[str, Any]:
    return {
        "id": calculation.id,
        "value": particular_as_data(calculation.value),
        "label": calculation.label.as_data(),
        "inputs": _used(calculation.inputs),
        "missing": _reasons(calculation.missing),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "criterion": finding.criterion_id,
        "answer": finding.answer.value,
        "reference": finding.reference.isoformat(),
        "reading": finding.reading_id,
        "rule": finding.rule_text,
        "reasons": _reasons(finding.reasons),
        "used": _used(finding.used),
        "thresholds": _reasons(finding.thresholds),
        "missing": _reasons(finding.missing),
        "advisories": [
            {"id": name, "text": particular_as_data(text)}
            for name, text in zip(finding.advisories, finding.advisory_texts, strict=True)
        ],
        "calculations": [_calculation(calculation) for calculation in finding.calculations],
    }
