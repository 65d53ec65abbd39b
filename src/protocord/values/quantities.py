"""Numbers with UCUM units; unlike units do not compare."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Comparator = Literal["", "<", "<=", ">", ">="]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COMPARATORS: dict[str, Comparator] = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}
_PARTS = re.compile(r"(<=|>=|[<>≤≥])?\s*(.*)", re.DOTALL)


class UnreadableQuantity(ValueError):
    """A text that is not one number; `kind` is a key of the word tables, `text` what was written."""

    def __init__(self, text: str, kind: Literal["number_missing", "decimal_comma", "not_a_number"]) -> None:
        self.kind, self.text = kind, text
        said = {
            "number_missing": "a number is missing",
            "decimal_comma": f"{text!r} holds a comma; write a point for decimals and nothing between thousands: 0.5, 1000",
            "not_a_number": f"{text!r} is not a number; write digits, with a point for decimals and <, <=, > or >= where reported so",
        }
        super().__init__(said[kind])


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a number lies. None is unbounded on that side; a strict end is not itself possible."""

    low: Decimal | None
    high: Decimal | None
    low_strict: bool = False
    high_strict: bool = False


@dataclass(frozen=True, slots=True)
class Quantity:
    """A decimal number with a UCUM unit as it was reported.

    `unit` is None when none was reported (not the same as `1`, the unit of a pure number).
    `comparator` keeps a result such as `<0.1` honest: the number is then a bound, not a value.
    """

    value: Decimal
    unit: str | None
    comparator: Comparator = ""

    @classmethod
    def parse(cls, text: str, unit: str | None = None) -> Quantity:
        """This will read `0.5`, `<0.1` or `≥ 3` as written, without passing through binary floating point.

        Raises UnreadableQuantity. A comma is refused with a hint, since 1,000 and 0,5 cannot be told apart safely.

        >>> str(Quantity.parse("< 0.10", "mg/dL"))
        '<0.10 mg/dL'
        """
        # Full-width digits and signs come from Chinese input methods and mean the same.
        said = unicodedata.normalize("NFKC", text).strip()
        if not said:
            raise UnreadableQuantity(text, "number_missing")
        parts = _PARTS.fullmatch(said)
        sign, number = (parts[1] or "", parts[2]) if parts else ("", said)
        if not _NUMBER.fullmatch(number):
            raise UnreadableQuantity(text, "decimal_comma" if "," in number or "、" in number else "not_a_number")
        return cls(Decimal(number), unit, _COMPARATORS[sign] if sign else "")

    @property
    def bounds(self) -> Bounds:
        """Where the number lies: a point, or the half-line that the comparator leaves."""
        match self.comparator:
            case "":
                return Bounds(self.value, self.value)
            case "<" | "<=":
                return Bounds(None, self.value, high_strict=self.comparator == "<")
            case _:
                return Bounds(self.value, None, low_strict=self.comparator == ">")

    def as_data(self) -> dict[str, Any]:
        """This will return the quantity as JSON data; the number as text, so that `1.10` stays `1.10`."""
        data: dict[str, Any] = {"value": str(self.value), "unit": self.unit}
        if self.comparator:
            data["comparator"] = self.comparator
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Quantity:
        """This will return the quantity that `as_data` wrote."""
        return cls(Decimal(data["value"]), data["unit"], data.get("comparator", ""))

    def __str__(self) -> str:
        return f"{self.comparator}{self.value}" + (f" {self.unit}" if self.unit and self.unit != "1" else "")
