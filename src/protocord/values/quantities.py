"""Numbers with UCUM units; unlike units do not compare."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Comparator = Literal["", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A decimal number with a UCUM unit as it was reported.

    `unit` is None when none was reported (not the same as `1`, the unit of a pure number).
    `comparator` keeps a result such as `<0.1` honest: the number is then a bound, not a value.
    """

    value: Decimal
    unit: str | None
    comparator: Comparator = ""

    def __str__(self) -> str:
        return f"{self.comparator}{self.value}" + (f" {self.unit}" if self.unit and self.unit != "1" else "")
