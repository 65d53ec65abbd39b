"""The tables of the scales as data: one row a cell of the published table, with its source; read here, used by the modules above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from protocord.statistics.rounding import half_up

__all__ = ["Domain", "Gap", "GradeTable", "Row", "grade_table", "raw_table"]

Gap = Literal["round", "upper", "lower"]
"""How a value in a stretch that a column leaves out is read: rounded as the column is written, or by the row above or below it."""

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # numbers stay text, so that 3.1 is never a binary fraction


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of a scale's table: a word, or an interval of numbers, and the grade or stage that it gives by itself."""

    id: str
    domain: str
    grade: int
    source: str
    word: str | None = None
    low: Decimal | None = None
    low_in: bool = False
    high: Decimal | None = None
    high_in: bool = False

    def holds(self, value: Decimal) -> bool:
        """This will tell whether the number lies in the row's interval."""
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        below = self.high is None or value < self.high or (self.high_in and value == self.high)
        return self.word is None and above and below


@dataclass(frozen=True, slots=True)
class Domain:
    """One line of a scale's table. `gaps` are open intervals that its rows leave out, `digits` the precision it is written in."""

    name: str
    unit: str = ""
    rises: bool = True
    digits: int = 0
    low: Decimal | None = None
    high: Decimal | None = None
    whole: bool = False
    gaps: tuple[tuple[Decimal, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class GradeTable:
    """A scale: its version, domains and rows."""

    scale: str
    version: str
    domains: Mapping[str, Domain]
    rows: tuple[Row, ...]

    def of(self, domain: str) -> tuple[Row, ...]:
        """This will return the rows of one domain, in the order of the table."""
        return tuple(row for row in self.rows if row.domain == domain)

    def row(self, row_id: str) -> Row:
        """This will return one row. Raises KeyError."""
        for row in self.rows:
            if row.id == row_id:
                return row
        raise KeyError(row_id)

    def word(self, domain: str, word: str) -> Row:
        """This will return the row of a word. Raises ValueError, naming the words there are."""
        rows = self.of(domain)
        for row in rows:
            if row.word == word:
                return row
        message = f"{word!r} is no answer for {domain}; write one of: {', '.join(row.word for row in rows if row.word)}"
        raise ValueError(message)

    def number(self, domain: str, value: Decimal, gap: Gap = "round") -> Row:
        """This will return the row in which a number lies; in a declared gap, as `gap` says. Raises ValueError outside the domain."""
        about = self.domains.get(domain, Domain(domain))
        outside = (about.low is not None and value < about.low) or (about.high is not None and value > about.high)
        if outside or (about.whole and value != int(value)):
            message = f"{value} is no {domain}"
            raise ValueError(message)
        found = self._holding(domain, value)
        inside = next((ends for ends in about.gaps if ends[0] < value < ends[1]), None)
        if found is None and inside is not None:
            read = {"upper": inside[1], "lower": inside[0], "round": half_up(value, about.digits)}
            found = self._holding(domain, read[gap])
        if found is None:
            message = f"{self.scale}: no row of {domain} holds {value}"
            raise LookupError(message)
        return found

    def _holding(self, domain: str, value: Decimal) -> Row | None:
        return next((row for row in self.of(domain) if row.holds(value)), None)


@cache
def raw_table(name: str) -> Mapping[str, Any]:
    """This will return a table's file as plain data, every scalar as text."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=_Loader)
    return MappingProxyType(found)


@cache
def grade_table(name: str) -> GradeTable:
    """This will return the table `crs`, `icans` or `agvhd`."""
    data = raw_table(name)
    domains = {key: _domain(key, about) for key, about in data["domains"].items()}
    return GradeTable(data["scale"], data["version"], MappingProxyType(domains), tuple(map(_row, data["rows"])))


def _domain(name: str, about: Mapping[str, Any]) -> Domain:
    return Domain(
        name,
        unit=about.get("unit", ""),
        rises=about.get("rises", "true") == "true",
        digits=int(about.get("digits", 0)),
        low=_decimal(about.get("low")),
        high=_decimal(about.get("high")),
        whole=about.get("whole", "false") == "true",
        gaps=tuple((Decimal(low), Decimal(high)) for low, high in about.get("gaps", ())),
    )


def _row(data: Mapping[str, Any]) -> Row:
    return Row(
        id=data["id"],
        domain=data["domain"],
        grade=int(data["grade"]),
        source=data["source"],
        word=data.get("is"),
        low=_decimal(data.get("at_least", data.get("above"))),
        low_in="at_least" in data,
        high=_decimal(data.get("at_most", data.get("below"))),
        high_in="at_most" in data,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
