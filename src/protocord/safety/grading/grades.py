"""What grading answers: a grade with the rule and the numbers that gave it, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from protocord.values import Quantity, Reason

Direction = Literal["low", "high"]
Status = Literal["graded", "assumed", "ask", "cannot"]
Undecided = Literal["ask", "worst", "best"]
AbnormalBaseline = Literal["above_upper_limit", "outside_limits"]


@dataclass(frozen=True, slots=True)
class Grade:
    """One result on one term of one version of CTCAE.

    `grade` is None where a clinical qualifier decides and nobody stated it (`ask`), or where data or a rule are missing (`cannot`).
    `grade_min` and `grade_max` hold in every case that the missing facts leave; both are None where nothing at all is known.
    `rules` are the rows of the table that gave the grade, or all that may apply; `facts` the exact numbers they were held against,
    in the concept's unit. `within_reference_range` is told beside the grade, since an absolute limit may lie inside the range.
    """

    term: str
    version: str
    direction: Direction
    concept: str
    status: Status
    grade: int | None
    grade_min: int | None
    grade_max: int | None
    rules: tuple[str, ...] = ()
    facts: Mapping[str, Quantity] = field(default_factory=lambda: MappingProxyType({}))
    within_reference_range: bool | None = None
    reasons: tuple[Reason, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """This will return the grade as JSON data; numbers that were measured stay text."""
        return {
            "term": self.term,
            "version": self.version,
            "direction": self.direction,
            "concept": self.concept,
            "status": self.status,
            "grade": self.grade,
            "grade_min": self.grade_min,
            "grade_max": self.grade_max,
            "rules": list(self.rules),
            "facts": {name: quantity.as_data() for name, quantity in self.facts.items()},
            "within_reference_range": self.within_reference_range,
            "reasons": [reason.as_data() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Graded:
    """One result in both directions (ADaM's ATOXGRL and ATOXGRH); None where the version has no term on that side."""

    low: Grade | None
    high: Grade | None

    @property
    def signed(self) -> int | None:
        """Both as one number (ATOXGR): below zero for a grade of the low term; None where either side is open and the other is 0."""
        low, high = (side.grade if side else 0 for side in (self.low, self.high))
        if self.low is None and self.high is None:
            return None
        if high and not low:
            return high
        if low and not high:
            return -low
        return 0 if low == 0 and high == 0 else None


Number = Decimal | int | float | str
