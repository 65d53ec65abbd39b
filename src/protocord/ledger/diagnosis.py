"""Diagnosis: what was done to a chain at the place where it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from protocord.errors import Place, Problem
from protocord.ledger.chain import digest_of, hash_of
from protocord.ledger.entries import GENESIS, Entry
from protocord.values.reasons import Reason
from protocord.words import say

# How far a renumbered entry is looked for from where it stands.
_RENUMBERED = 1000


class FaultKind(StrEnum):
    """What was done to a ledger."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    SEAL = "seal"
    REDACTION = "redaction"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a ledger: in which chain (None: the study's own), at which position, what was done.

    `detail` is the kind of reason without its `ledger_` prefix; `particulars` are what its sentence needs beyond chain and position.
    """

    subject: str | None
    position: int
    kind: FaultKind
    detail: str
    particulars: tuple[tuple[str, str | int], ...] = ()

    @property
    def reason(self) -> Reason:
        """The fault as a reason, to be said in a reader's language."""
        return Reason(f"ledger_{self.detail}", {"position": self.position, **dict(self.particulars)})

    @property
    def problem(self) -> Problem:
        """The fault as a problem, at its chain and position."""
        return Problem(Place(item=f"{self.subject or 'study'} #{self.position}"), say(self.reason, "en"))


def diagnose(chain: Sequence[Entry]) -> Fault:
    """This will name what was done to a broken chain at its first entry that does not follow the one before it."""
    index = next(index for index in range(len(chain)) if not _follows(chain, index))
    entry, expected = chain[index], index + 1
    previous = chain[index - 1].hash if index else GENESIS
    if entry.body is not None and digest_of(entry.body, entry.salt or "") != entry.digest:
        return Fault(entry.subject, expected, FaultKind.ALTERED, "body_altered")
    if hash_of(entry) != entry.hash:
        return _not_itself(entry, expected)
    if entry.previous == previous:
        return Fault(entry.subject, expected, FaultKind.ALTERED, "numbering_altered", (("claims", entry.position),))
    return _misplaced(chain, index)


def _follows(chain: Sequence[Entry], index: int) -> bool:
    entry = chain[index]
    whole = entry.body is None or digest_of(entry.body, entry.salt or "") == entry.digest
    previous = chain[index - 1].hash if index else GENESIS
    return whole and hash_of(entry) == entry.hash and (entry.position, entry.previous) == (index + 1, previous)


def _not_itself(entry: Entry, expected: int) -> Fault:
    """The entry's hash does not cover its fields: either a field was changed, or its number, to hide a removal or an insertion."""
    near = range(max(1, expected - _RENUMBERED), expected + _RENUMBERED)
    written = next((position for position in near if hash_of(replace(entry, position=position)) == entry.hash), None)
    if written is None:
        return Fault(entry.subject, expected, FaultKind.ALTERED, "header_altered")
    if written > expected:
        return Fault(entry.subject, expected, FaultKind.REMOVED, "removed_and_renumbered", (("last", written - 1),))
    if written < expected:
        return Fault(entry.subject, written, FaultKind.INSERTED, "inserted_and_renumbered")
    return Fault(entry.subject, expected, FaultKind.ALTERED, "numbering_altered", (("claims", entry.position),))


def _misplaced(chain: Sequence[Entry], index: int) -> Fault:
    """The entry is what it was, but does not follow its neighbour: look for the one it did follow."""
    entry, expected = chain[index], index + 1
    earlier, later = chain[:index], chain[index + 1 :]
    if any(other.hash == entry.hash for other in earlier):
        return Fault(entry.subject, expected, FaultKind.INSERTED, "copied_entry", (("original", entry.position),))
    if any(other.hash == entry.previous for other in later):
        return Fault(entry.subject, expected, FaultKind.REORDERED, "out_of_order", (("belongs", entry.position),))
    if entry.previous == GENESIS or any(other.hash == entry.previous for other in earlier):
        return Fault(entry.subject, entry.position, FaultKind.INSERTED, "two_entries_one_place")
    if entry.position > expected:
        return Fault(entry.subject, expected, FaultKind.REMOVED, "removed", (("last", entry.position - 1),))
    return Fault(entry.subject, max(expected - 1, 1), FaultKind.ALTERED, "replaced")
