"""What follows from a subject's state under its protocol: facts, calendar, consent, what is due. Computed, never kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from protocord.conduct.state import SubjectState
from protocord.protocol import Protocol
from protocord.schedule import Calendar
from protocord.values import Reason, SubjectRecord


class DueKind(StrEnum):
    """What waits."""

    CONSENT = "consent"
    FORMS_MISSING = "forms_missing"
    COMPLETE_SCREENING = "complete_screening"  # assessed, and something is unknown
    ASSESS = "assess"  # never assessed, or what was assessed has changed
    SIGN = "sign"
    SIGNATURE_BROKEN = "signature_broken"
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
    """This will return all that is known of the subject, as rules see it: the facts of every form saved."""
    raise NotImplementedError


def calendar(protocol: Protocol, state: SubjectState) -> Calendar | None:
    """This will return the subject's calendar from the planned day 1 and the visits so far; None before a day 1 is planned."""
    raise NotImplementedError


def due(protocol: Protocol, state: SubjectState, on: date) -> tuple[Due, ...]:
    """This will return what waits for this subject on a day, the most pressing first."""
    raise NotImplementedError
