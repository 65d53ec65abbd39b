"""Evolving: the state after an entry, and what can be read from entries alone."""

from __future__ import annotations

from collections.abc import Iterable

from protocord.conduct.state import ItemChange, StudyState, SubjectState
from protocord.ledger import Entry


def evolve(state: SubjectState | None, entry: Entry) -> SubjectState:
    """This will return the state after `entry`; None is the state before a subject's first entry.

    Raises LedgerProblems for an entry that cannot follow: another subject's, out of place, of an unknown kind, or changing what is not so.
    """
    raise NotImplementedError


def fold(entries: Iterable[Entry], state: SubjectState | None = None) -> SubjectState | None:
    """This will return the state of one subject after its entries, in order, beginning at `state`."""
    raise NotImplementedError


def evolve_study(state: StudyState, entry: Entry) -> StudyState:
    """This will return the state of the study after an entry of any of its chains."""
    raise NotImplementedError


def history(entries: Iterable[Entry], visit: str, form: str, item: str, repeat: int = 1) -> tuple[ItemChange, ...]:
    """This will return every change of one item: who, when, old and new, why. From the entries alone."""
    raise NotImplementedError
