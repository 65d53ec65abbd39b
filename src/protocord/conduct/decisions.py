"""Decisions: the entries that a wish becomes, or why it does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from protocord.forms import ItemAnswer
from protocord.ledger import Draft
from protocord.values import Reason


class RefusalKind(StrEnum):
    """What stands against a wish."""

    HARD = "hard"  # cannot be so
    SOFT = "soft"  # unusual: say why in the item's note, and it is taken
    CONFLICT = "conflict"  # somebody else changed it meanwhile
    ROLE = "role"  # not this person
    STATE = "state"  # not now


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish is refused; `item` names the form item that it is about, or is empty."""

    reason: Reason
    item: str = ""
    level: RefusalKind = RefusalKind.STATE


@dataclass(frozen=True, slots=True)
class ItemConflict:
    """An item that two people changed from the same base. None: no answer."""

    item: str
    base: ItemAnswer | None
    theirs: ItemAnswer | None
    mine: ItemAnswer | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Drafts to append to their chains in this order, or refusals. Neither: there was nothing to change."""

    drafts: tuple[Draft, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    conflicts: tuple[ItemConflict, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether nothing stands against the wish."""
        return not self.refusals
