"""What the evaluation of a rule answers: one of three truths, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from protocord.values.dates import PartialDate
from protocord.values.facts import FactStatus, Source
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason
from protocord.values.text import Text


class Truth(StrEnum):
    """Kleene's three truths: unknown means that what is missing could decide either way."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __invert__(self) -> Truth:
        return _INVERTED[self]


_INVERTED = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Anchors:
    """The days a rule is decided on: `reference` (D in the manual) and `known_on`, the day up to which events can be on record."""

    reference: date
    known_on: date


@dataclass(frozen=True, slots=True)
class UsedFact:
    """A fact that had a part in an answer: as recorded, and (for a number) in the concept's standard unit."""

    id: str
    concept: str
    name: Text
    value: Quantity | bool | str | None
    standard: Quantity | None
    start: PartialDate | None
    end: PartialDate | None
    ongoing: bool
    status: FactStatus
    source: Source


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer of a rule on one day.

    `reasons` are those that decide (when unknown: those that keep it undecided); `thresholds` what was asked of the facts;
    `missing` the work list: everything that, if known, would settle a part that is still open, also where another part
    already decides.
    """

    truth: Truth
    reasons: tuple[Reason, ...] = ()
    used: tuple[UsedFact, ...] = ()
    missing: tuple[Reason, ...] = ()
    thresholds: tuple[Reason, ...] = ()
