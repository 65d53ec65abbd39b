"""Merging: two people on one form, and nobody's work lost."""

from __future__ import annotations

from dataclasses import dataclass

from protocord.forms.answers import Answers, ItemAnswer


@dataclass(frozen=True, slots=True)
class ConflictingItem:
    """An item that both changed, each to something else. None: no answer."""

    item: str
    base: ItemAnswer | None
    theirs: ItemAnswer | None
    mine: ItemAnswer | None


@dataclass(frozen=True, slots=True)
class Merge:
    """The whole form with both sides' changes (mine where they conflict), and the items at which they conflict."""

    merged: Answers
    conflicts: tuple[ConflictingItem, ...]


def diff(base: Answers, theirs: Answers, mine: Answers) -> Merge:
    """This will merge two sets of answers that both began at `base`; an item in conflict is one that both changed, differently."""
    merged: dict[str, ItemAnswer] = {}
    conflicts: list[ConflictingItem] = []
    for item in dict.fromkeys([*theirs, *mine, *base]):
        before, other, own = base.get(item), theirs.get(item), mine.get(item)
        kept = other if own == before else own
        if kept is not None:
            merged[item] = kept
        if other not in (before, own) and own != before:
            conflicts.append(ConflictingItem(item, before, other, own))
    return Merge(merged, tuple(conflicts))
