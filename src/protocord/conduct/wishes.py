"""Wishes: what a person can ask for about one subject. Frozen; nothing in them has happened yet.

The subject, who asks, when, and the reason (of a change, of a failure) are given to `decide` beside the wish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from protocord.forms import ItemAnswer

# Where forms stand that are open between visits rather than at one, such as adverse events.
RUNNING = "running"


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


class VisitStatus(StrEnum):
    """What became of a visit."""

    DONE = "done"
    MISSED = "missed"  # should have taken place and did not
    SKIPPED = "skipped"  # left out on purpose; an infusion that is skipped is not made up for


class Scope(StrEnum):
    """From what a subject withdraws. Each holds what stands above it: who leaves follow-up leaves treatment too."""

    TREATMENT = "treatment"
    FOLLOW_UP = "follow_up"
    DATA_USE = "data_use"  # nothing new may be recorded; what is on record stays, as the law demands


class Decider(StrEnum):
    """Who decided on a withdrawal."""

    PARTICIPANT = "participant"
    GUARDIAN = "guardian"
    INVESTIGATOR = "investigator"
    SPONSOR = "sponsor"


@dataclass(frozen=True, slots=True)
class RegisterSubject:
    """A child comes to screening at a site (its id). `subject` is the number expected, such as `01-003`; empty: the next one."""

    site: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class RecordForm:
    """Save a form as a whole. `base_position` is the position of the form's entry that the page was opened on (0: none yet).

    `reasons` give the reason for change by item; `decide`'s own reason stands for all others. `repeat` counts a form that is filled
    more than once at a visit (a second blood draw at screening), from 1.
    """

    visit: str
    form: str
    answers: Mapping[str, ItemAnswer]
    base_position: int = 0
    reasons: Mapping[str, str] = field(default_factory=_nothing)
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class AssessEligibility:
    """Screen the subject on a day from the facts on record, and keep the result whole."""

    on: date
    planned_infusion: date | None = None


@dataclass(frozen=True, slots=True)
class SignEligibility:
    """Sign the latest assessment. `content_hash` is the one that the investigator saw; `name` is printed with the signature.

    `judgements` holds, for each criterion whose answer is review, the investigator's decision in words.
    """

    content_hash: str
    meaning: str
    name: str
    judgements: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Enrol:
    """Take the subject into the study on a day."""

    on: date


@dataclass(frozen=True, slots=True)
class ScreenFail:
    """The subject does not enter. `criteria` name what failed; empty: the criteria that the latest assessment found not met."""

    on: date
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rescreen:
    """Screen a subject again who failed before; earlier assessments stay."""

    on: date


@dataclass(frozen=True, slots=True)
class PlanCalendar:
    """Set the day planned for the first infusion, from which all visits are laid out."""

    day_1: date


@dataclass(frozen=True, slots=True)
class RecordVisit:
    """A visit took place on a day, was missed, or is skipped (`on` then says when that was decided)."""

    visit: str
    on: date
    status: VisitStatus = VisitStatus.DONE


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The subject leaves treatment, follow-up, or all use of data."""

    scope: Scope
    decided_by: Decider
    on: date


Wish = (
    RegisterSubject
    | RecordForm
    | AssessEligibility
    | SignEligibility
    | Enrol
    | ScreenFail
    | Rescreen
    | PlanCalendar
    | RecordVisit
    | Withdraw
)
