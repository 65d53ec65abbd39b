"""Reasons as data: a kind and its particulars, said later in a reader's language by `protocord.words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from protocord.values.dates import PartialDate
from protocord.values.quantities import Quantity
from protocord.values.text import Text

Particular = str | int | bool | Decimal | date | PartialDate | Quantity | Text | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is what it is. `kind` is a key of the word tables; `particulars` fill its sentence."""

    kind: str
    particulars: Mapping[str, Particular] = field(default_factory=lambda: MappingProxyType({}))
