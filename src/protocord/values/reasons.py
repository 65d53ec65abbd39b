"""Reasons as data: a kind and its particulars, said later in a reader's language by `protocord.words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from protocord.values.dates import PartialDate
from protocord.values.quantities import Quantity
from protocord.values.text import Text

Particular = str | int | bool | Decimal | date | PartialDate | Quantity | Text | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is what it is. `kind` is a key of the word tables; `particulars` fill its sentence."""

    kind: str
    particulars: Mapping[str, Particular] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, kind: str, /, **particulars: Particular) -> Reason:
        """This will return a reason with read-only particulars."""
        return cls(kind, MappingProxyType(particulars))

    def __hash__(self) -> int:
        return hash((self.kind, frozenset(self.particulars.items())))

    def as_data(self) -> dict[str, Any]:
        """This will return the reason as JSON data; a particular that JSON has no type for is tagged with its type."""
        return {"kind": self.kind, "particulars": {name: particular_as_data(value) for name, value in self.particulars.items()}}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Reason:
        """This will return the reason that `as_data` wrote."""
        return cls.of(data["kind"], **{name: particular_from_data(value) for name, value in data["particulars"].items()})


def particular_as_data(value: Particular) -> Any:
    """This will return one particular as JSON data: text, integers, yes/no and None as they are, others as `{type: …}`."""
    match value:
        case None | bool() | int() | str():
            return str(value) if isinstance(value, str) else value
        case Decimal():
            return {"decimal": str(value)}
        case PartialDate():
            return {"partial_date": value.isoformat()}
        case Quantity():
            return {"quantity": value.as_data()}
        case Text():
            return {"text": {"en": value.en, "zh": value.zh}}
        case date() if not isinstance(value, datetime):
            return {"date": value.isoformat()}
        case _:
            message = f"a reason cannot hold a {type(value).__name__}"
            raise TypeError(message)


def particular_from_data(data: Any) -> Particular:
    """This will return the particular that `particular_as_data` wrote. Raises ValueError for a tag that it does not know."""
    if data is None or isinstance(data, (bool, int, str)):
        return data
    match dict(data) if isinstance(data, Mapping) and len(data) == 1 else None:
        case {"decimal": str(number)}:
            return Decimal(number)
        case {"partial_date": str(text)}:
            return PartialDate.parse(text)
        case {"quantity": dict(quantity)}:
            return Quantity.from_data(quantity)
        case {"text": {"en": str(en), "zh": str(zh)}}:
            return Text(en, zh)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case _:
            message = f"{data!r} is not a particular"
            raise ValueError(message)
