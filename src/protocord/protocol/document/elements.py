"""What every document of a study is made of: bilingual words, identifiers, time spans, and where an item comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from protocord.values.text import Text

__all__ = ["Text"]


class Document(BaseModel):
    """A part of a study's documents: frozen, and every key that nobody defined is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Origin(StrEnum):
    """Where an item of a study comes from."""

    REGISTRY = "registry"  # the registry's own text
    SIBLING = "sibling"  # documented for a sister trial, inferred for this one
    STANDARD = "standard"  # a published standard, guideline or regulation
    CONVENTION = "convention"  # our proposal; a sponsor must confirm it
    NOT_RETRIEVED = "not_retrieved"  # exists, and nobody could read it; the value beside it is a stand-in


class Sourced(Document):
    """An item that says where it comes from."""

    source: Origin = Field(
        description="Where this item comes from. Anything but `registry` and `standard` is listed for the sponsor to confirm."
    )
    citation: str = Field(default="", description="The document, section or article behind it.")


class FromRegistry(Document):
    """An item that stands in the registry's record unless it says otherwise."""

    source: Origin = Field(default=Origin.REGISTRY, description="Where this item comes from.")
    citation: str = Field(default="", description="The document, section or article behind it.")


Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
ItemName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
ConceptName = Annotated[str, StringConstraints(min_length=1)]
Rule = Annotated[str, StringConstraints(min_length=1)]

# What an editor reads from `code: 0` or `value: 1.0` is a number; the loader keeps what was written, so nothing passes through float.
Scalar = Annotated[str, WithJsonSchema({"type": ["string", "number", "boolean"]})]
Number = Annotated[Decimal, WithJsonSchema({"type": ["number", "string"]})]
YesNo = Annotated[bool, WithJsonSchema({"enum": [True, False, "yes", "no"]})]


def _day(given: Any) -> Any:
    if isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", given.strip()) is None:
        message = "is not a date"
        raise ValueError(message)
    return given


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]

K = TypeVar("K")
V = TypeVar("V")
FrozenMap = Annotated[Mapping[K, V], AfterValidator(lambda given: MappingProxyType(dict(given))), PlainSerializer(dict)]


SpanUnit = Literal["minute", "hour", "day", "week", "month", "year"]

_SPAN = re.compile(r"(\d+) +(minute|hour|day|week|month|year)s?")
_MINUTES: Mapping[str, int] = MappingProxyType({"minute": 1, "hour": 60, "day": 1440, "week": 10080})


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, said in one unit: `30 minutes`, `5 days`, `12 weeks`, `36 months`."""

    number: int
    unit: SpanUnit

    @property
    def minutes(self) -> int | None:
        """This will return the length in minutes; None for months and years, which have no fixed one."""
        return self.number * _MINUTES[self.unit] if self.unit in _MINUTES else None

    @property
    def days(self) -> Decimal | None:
        """This will return the length in days; None for months and years, which have no fixed one."""
        return None if self.minutes is None else Decimal(self.minutes) / 1440

    def __str__(self) -> str:
        return f"{self.number} {self.unit}" + ("" if self.number == 1 else "s")


def _span(given: Any) -> Any:
    if isinstance(given, Span):
        return given
    match = _SPAN.fullmatch(str(given).strip())
    if match is None:
        message = "is not a length of time"
        raise ValueError(message)
    return Span(int(match[1]), match[2])  # type: ignore[arg-type]  # the pattern admits the units of SpanUnit only


Length = Annotated[
    Span,
    BeforeValidator(_span),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+ +(minute|hour|day|week|month|year)s?$", "examples": ["5 days"]}),
]


def _age(given: Any) -> Any:
    return _span(f"{given} years" if str(given).strip().isdigit() else given)


Age = Annotated[
    Span,
    BeforeValidator(_age),
    PlainSerializer(str),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+( +(day|week|month|year)s?)?$"}]}),
]


class Named(Sourced):
    """An item with an identifier and a name."""

    id: Identifier = Field(description="Identifier, unique in its list; other documents refer to it.")
    name: Text = Field(description="What people call it.")


class Said(Sourced):
    """An item with an identifier and a sentence."""

    id: Identifier = Field(description="Identifier, unique in its list; other documents refer to it.")
    text: Text = Field(description="The sentence, in each language.")


class Band(Document):
    """A closed interval of numbers; an open side has no limit."""

    low: Number | None = Field(default=None, description="Lower limit, included.")
    high: Number | None = Field(default=None, description="Upper limit, included.")


class QuantityBand(Band):
    """A closed interval of quantities in one unit."""

    unit: str = Field(description="UCUM unit of both limits.")
