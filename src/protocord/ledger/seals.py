"""Seals: the heads of all chains bound under one Merkle root.

A leaf is SHA-256 of 0x00 and `chain LF position LF hash` (chain empty for the study's own); a node is SHA-256 of 0x01 and its
two children, so a leaf can never pass for a node. Leaves are sorted by chain; the tree splits at the largest
power of two below the number of leaves (as RFC 6962 does), and the root of no leaves is SHA-256 of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from protocord.ledger.entries import By, Draft, Entry, ProtocolStamp, Seal, SealedHead

Head = SealedHead


def heads_of(entries: Iterable[Entry]) -> tuple[Head, ...]:
    """This will return the last entry's position and hash for each chain, the study's first, then by subject."""
    last: dict[str | None, Entry] = {}
    for entry in entries:
        known = last.get(entry.subject)
        if known is None or entry.position > known.position:
            last[entry.subject] = entry
    return tuple(Head(subject, last[subject].position, last[subject].hash) for subject in sorted(last, key=lambda s: s or ""))


def merkle_root(heads: Iterable[Head]) -> str:
    """This will return the Merkle root over the heads, whatever their order, as 64 hexadecimal digits."""
    ordered = sorted(heads, key=lambda head: head.subject or "")
    leaves = [sha256(b"\x00" + f"{head.subject or ''}\n{head.position}\n{head.hash}".encode()).digest() for head in ordered]
    return _root(leaves).hex()


def _root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def seal(
    heads: Iterable[Head] | Mapping[str | None, Head],
    *,
    study: str,
    protocol: ProtocolStamp,
    by: By,
    at: datetime,
    source: str = "cli",
) -> Draft:
    """This will return the draft of a seal over `heads`, for the study's own chain."""
    given = heads.values() if isinstance(heads, Mapping) else heads
    ordered = tuple(sorted(given, key=lambda head: head.subject or ""))
    return Draft(study, None, Seal(merkle_root(ordered), ordered), protocol, by, at, source=source)
