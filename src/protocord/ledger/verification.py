"""Verification: does a ledger still say what was written, and if not, which entry is the first that does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from protocord.errors import LedgerProblems, Problem
from protocord.ledger.bodies import Kinds
from protocord.ledger.chain import moment
from protocord.ledger.diagnosis import Fault, FaultKind, diagnose
from protocord.ledger.entries import GENESIS, Entry, Redaction, Seal
from protocord.ledger.seals import Head, heads_of, merkle_root

_OWN = Kinds((Seal, Redaction))

__all__ = ["Fault", "FaultKind", "Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What verification found. `heads` and `root` are what to print or send away as an anchor for the next time."""

    entries: int
    chains: int
    seals: int
    redacted: int
    faults: tuple[Fault, ...]
    heads: tuple[Head, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    @property
    def root(self) -> str:
        """The Merkle root over the heads as they stand now."""
        return merkle_root(self.heads)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The faults as problems for a person."""
        return tuple(fault.problem for fault in self.faults)


def verify(entries: Iterable[Entry], *, heads: Iterable[Head] = (), roots: Iterable[str] = ()) -> Verification:
    """This will verify the entries of one study, given chain by chain or mixed, each chain in the order it is kept.

    `heads` and `roots` are anchors kept outside: a head must still stand in its chain, a root must be the root of a seal
    or of the heads as they are now. Each chain's first fault is named; faults of seals, redactions and anchors come on top.
    Raises ValueError when the entries are of more than one study.
    """
    chains: dict[str | None, list[Entry]] = {}
    for entry in entries:
        chain = chains.get(entry.subject)
        if chain is None:
            chains[entry.subject] = [entry]
        else:
            chain.append(entry)
    if len({entry.study for chain in chains.values() for entry in (chain[0], chain[-1])}) > 1:
        message = "verify one study at a time: chains of two studies may share a subject's number"
        raise ValueError(message)
    ordered = [chains[subject] for subject in sorted(chains, key=lambda subject: subject or "")]
    faults = [fault for chain in ordered for fault in _chain_faults(chain)]
    seals = [entry for entry in chains.get(None, []) if entry.kind == Seal.kind and entry.body is not None]
    by_place = {(entry.subject, entry.position): entry.hash for chain in ordered for entry in chain} if seals or heads else {}
    sealed_roots: set[str] = set()
    for entry in seals:
        faults += _seal_faults(entry, by_place, sealed_roots)
    now = heads_of(chain[-1] for chain in ordered)
    faults += _anchor_faults(heads, roots, by_place, sealed_roots | {merkle_root(now)}, chains)
    return Verification(
        entries=sum(map(len, ordered)),
        chains=len(chains),
        seals=len(seals),
        redacted=sum(entry.body is None for chain in ordered for entry in chain),
        faults=tuple(dict.fromkeys(faults)),
        heads=now,
    )


def _chain_faults(chain: Sequence[Entry]) -> Iterator[Fault]:
    broken = _first_break(chain)
    if broken is not None:
        yield diagnose(chain, broken)
    yield from _redaction_faults(chain)


def _first_break(chain: Sequence[Entry]) -> int | None:
    """This will return the index of the first entry that does not follow, or None.

    The one hot loop of verification: it repeats what `chain.digest_of` and `chain.header` define, without their calls,
    and a test holds the two equal. A stranger's 200,000 entries must take a second, not four.
    """
    previous = GENESIS
    for position, entry in enumerate(chain, start=1):
        body = entry.body
        if body is not None and sha256(f"protocord-body-1\n{entry.salt}\n{body}".encode()).hexdigest() != entry.digest:
            return position - 1
        protocol, by = entry.protocol, entry.by
        text = (
            f"protocord-entry-1\n{entry.study}\n{entry.subject or ''}\n{position}\n{entry.kind}\n{entry.digest}\n"
            f"{protocol.id}\n{protocol.version}\n{protocol.hash}\n{by.user}\n{by.role}\n{by.site}\n"
            f"{moment(entry.at)}\n{entry.reason}\n{entry.source}\n{previous}"
        )
        mine = entry.hash
        if sha256(text.encode()).hexdigest() != mine or entry.position != position or entry.previous != previous:
            return position - 1
        previous = mine
    return None


def _redaction_faults(chain: Sequence[Entry]) -> Iterator[Fault]:
    """An emptied body must be named by a later redaction entry, and a redaction must name an entry that is there."""
    emptied = {entry.position: entry for entry in chain if entry.body is None}
    explained: set[int] = set()
    hashes: Mapping[int, str] | None = None
    for entry in chain:
        if entry.kind != Redaction.kind or entry.body is None:
            continue
        body = _own_body(entry)
        if hashes is None:
            hashes = {earlier.position: earlier.hash for earlier in chain}
        if not isinstance(body, Redaction) or body.position >= entry.position or hashes.get(body.position) != body.hash:
            yield Fault(entry.subject, entry.position, FaultKind.REDACTION, "redaction_names_no_entry")
        else:
            explained.add(body.position)
    for position in sorted(set(emptied) - explained):
        yield Fault(emptied[position].subject, position, FaultKind.REDACTION, "emptied_without_redaction")


def _own_body(entry: Entry) -> Seal | Redaction | None:
    """This will return the body of a seal or redaction, or None when it does not read as one."""
    try:
        body: Seal | Redaction = _OWN.read(entry.kind, entry.body or "")
    except LedgerProblems:
        return None
    return body


def _seal_faults(entry: Entry, by_place: Mapping[tuple[str | None, int], str], roots: set[str]) -> Iterator[Fault]:
    body = _own_body(entry)
    if not isinstance(body, Seal) or merkle_root(body.heads) != body.root:
        yield Fault(None, entry.position, FaultKind.SEAL, "seal_root_wrong")
        return
    roots.add(body.root)
    for head in body.heads:
        yield from _head_faults(head, by_place)


def _head_faults(head: Head, by_place: Mapping[tuple[str | None, int], str]) -> Iterator[Fault]:
    found = by_place.get((head.subject, head.position))
    if found is None and (head.subject, 1) not in by_place:
        yield Fault(head.subject, head.position, FaultKind.REMOVED, "chain_removed")
    elif found is None:
        yield Fault(head.subject, head.position, FaultKind.TRUNCATED, "tail_truncated")
    elif found != head.hash:
        yield Fault(head.subject, head.position, FaultKind.ALTERED, "head_differs_from_seal")


def _anchor_faults(
    heads: Iterable[Head],
    roots: Iterable[str],
    by_place: Mapping[tuple[str | None, int], str],
    known_roots: set[str],
    chains: Mapping[str | None, list[Entry]],
) -> Iterator[Fault]:
    for head in heads:
        yield from _head_faults(head, by_place)
    for root in roots:
        if root not in known_roots:
            last = chains[None][-1].position if None in chains else 0
            yield Fault(None, last, FaultKind.SEAL, "root_not_found", (("root", root),))
