"""Answers to a form's items, and the problems found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from protocord.values import Reason


class NullFlavour(StrEnum):
    """Why an item has no value. Not answering at all is none of these."""

    NOT_DONE = "not_done"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """The answer to one item. `value` is text: as typed before `normalise`, canonical after (ISO date, number with a point, code, yes/no).

    A number keeps the digits that were typed (`1.10`) and its comparator (`<0.1`). `unit` is the UCUM unit chosen. `null` says why there
    is no value. `note` explains a null flavour or an unusual value.
    """

    value: str | None = None
    unit: str | None = None
    null: NullFlavour | None = None
    note: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was answered: no value and no reason for its absence."""
        return self.null is None and not self.value


Answers = Mapping[str, ItemAnswer]


@dataclass(frozen=True, slots=True)
class FormProblem:
    """What is wrong (`hard`: cannot be saved) or unusual (`soft`: saved with an explanation in the item's note) at one item's key."""

    item: str
    level: Literal["hard", "soft"]
    reason: Reason
