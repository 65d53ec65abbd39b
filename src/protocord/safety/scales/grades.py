"""What a scale answers: the grades that what is known leaves possible, the rows that gave them, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from protocord.safety.scales.rows import Row
from protocord.values import Reason

Number = int | float | Decimal


def exact(value: Number) -> Decimal:
    """This will return the decimal that a person means by a number: 38.1 and not the binary fraction beside it."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


@dataclass(frozen=True, slots=True)
class RowGrade:
    """One row (or line) of the table with the least and the greatest grade that it may give to this child."""

    row: str
    low: int
    high: int

    @classmethod
    def of(cls, row: Row) -> RowGrade:
        """This will return a row that is known to hold."""
        return cls(row.id, row.grade, row.grade)


@dataclass(frozen=True, slots=True)
class ScaleGrade:
    """A grade, or the grades that remain possible.

    `rows` are the rows seen, the highest first; `reasons` say why the grade is not one number ("cannot grade because …");
    `remarks` what a reader must know beside a grade that stands.
    """

    scale: str
    version: str
    grade_min: int
    grade_max: int
    rows: tuple[RowGrade, ...] = ()
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()

    @property
    def grade(self) -> int | None:
        """The grade; None where more than one remains possible."""
        return self.grade_min if self.grade_min == self.grade_max else None

    @property
    def deciding(self) -> tuple[str, ...]:
        """The rows that give the least grade that is certain."""
        return tuple(row.row for row in self.rows if row.low == self.grade_min and row.low == row.high)

    def as_data(self) -> dict[str, Any]:
        """This will return the answer as JSON data."""
        return {
            "scale": self.scale,
            "version": self.version,
            "grade": self.grade,
            "grade_min": self.grade_min,
            "grade_max": self.grade_max,
            "rows": [{"row": row.row, "low": row.low, "high": row.high} for row in self.rows],
            "reasons": [reason.as_data() for reason in self.reasons],
            "remarks": [remark.as_data() for remark in self.remarks],
        }


def not_recorded(item: str) -> Reason:
    """This will return the reason for an open grade: an item of the scale is missing. `item` is a key of the word tables."""
    return Reason.of("scale_not_recorded", what=item)


def worst(
    scale: str, version: str, rows: Iterable[RowGrade], reasons: Iterable[Reason] = (), remarks: Iterable[Reason] = ()
) -> ScaleGrade:
    """This will return the worst of the rows: the greatest of their least grades, and of their greatest.

    A reason stays only while the grade is open.
    """
    seen = sorted(rows, key=lambda row: (-row.low, -row.high))
    low, high = max((row.low for row in seen), default=0), max((row.high for row in seen), default=0)
    still = tuple(dict.fromkeys(reasons)) if low != high else ()
    return ScaleGrade(scale, version, low, high, tuple(seen), still, tuple(dict.fromkeys(remarks)))
