"""Answers of actions: done, declined, or in conflict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocord.conduct import ItemConflict, Refusal, SubjectState
    from protocord.forms import ItemAnswer
    from protocord.ledger import Entry


@dataclass(frozen=True, slots=True)
class Done:
    """The wish was carried out: the entries it appended (none when nothing changed) and the subject's state after them."""

    entries: tuple[Entry, ...]
    state: SubjectState


@dataclass(frozen=True, slots=True)
class Declined:
    """The study's rules refused the wish; nothing was written. Each refusal has a reason for `words.say`, an item where it is about one,
    and a level: `soft` is taken when the item's note explains it."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody saved the form in between; nothing was written and nothing is lost.

    `items` are the items that both sides changed (base, theirs, mine). `merged` is the whole form with theirs and mine joined, mine where
    both changed. `position` is the entry to name as the base of the next save; `by` and `at` (UTC) say who saved it and when.
    """

    items: tuple[ItemConflict, ...]
    merged: Mapping[str, ItemAnswer]
    position: int
    by: str
    at: datetime


Answer = Done | Declined | Conflict
