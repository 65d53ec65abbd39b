"""What a screening says, as frozen values and as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from protocord.criteria import UsedFact
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason
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
        raise NotImplementedError

    def as_data(self) -> dict[str, Any]:
        """This will return the screening as plain JSON data; the same screening gives the same data."""
        raise NotImplementedError

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON of `as_data()`: what an investigator signs."""
        raise NotImplementedError
