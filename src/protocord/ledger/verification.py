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
    given = entries if isinstance(entries, list | tuple) else list(entries)
    followed = _follow(given)
    if len({study for link in followed.values() for study in (link.study, link.last.study)}) > 1:
        message = "verify one study at a time: chains of two studies may share a subject's number"
        raise ValueError(message)
    remarkable = {subject for subject, link in followed.items() if link.broken or link.apart}
    chains = _chains(given, remarkable)
    faults = [fault for subject in sorted(remarkable, key=_order) for fault in _chain_faults(chains[subject], followed[subject])]
    seals = [entry for entry in given if entry.subject is None and entry.kind == Seal.kind and entry.body is not None]
    by_place = {(entry.subject, entry.position): entry.hash for entry in given} if seals or heads else {}
    sealed_roots: set[str] = set()
    for entry in seals:
        faults += _seal_faults(entry, by_place, sealed_roots)
    now = heads_of(link.last for link in followed.values())
    own = followed.get(None)
    faults += _anchor_faults(heads, roots, by_place, sealed_roots | {merkle_root(now)}, own.last.position if own else 0)
    return Verification(
        entries=len(given),
        chains=len(followed),
        seals=len(seals),
        redacted=sum(entry.body is None for chain in chains.values() for entry in chain),
        faults=tuple(dict.fromkeys(faults)),
        heads=now,
    )


def _order(subject: str | None) -> str:
    return subject or ""


class _Link:
    """How far one chain was followed: to `last`, `count` entries in; broken there; with emptied or redacting entries among them."""

    __slots__ = ("apart", "broken", "count", "last", "previous", "study")

    def __init__(self, first: Entry) -> None:
        self.count, self.previous, self.last, self.study = 0, GENESIS, first, first.study
        self.broken = self.apart = False


def _follow(entries: Sequence[Entry]) -> dict[str | None, _Link]:
    """This will follow each chain through the entries, up to its first entry that does not follow the one before it.

    The one hot loop of verification: it repeats what `chain.digest_of` and `chain.header` define, without their calls, and
    in the order in which the entries lie in memory. A stranger's 200,000 entries must take a second, not four.
    """
    links: dict[str | None, _Link] = {}
    redaction = Redaction.kind
    for entry in entries:
        link = links.get(entry.subject)
        if link is None:
            link = links[entry.subject] = _Link(entry)
        link.last = entry
        link.count = position = link.count + 1
        body, kind, digest, previous = entry.body, entry.kind, entry.digest, link.previous
        if body is None or kind == redaction:
            link.apart = True
        if body is not None and sha256(f"protocord-body-1\n{entry.salt}\n{body}".encode()).hexdigest() != digest:
            link.broken = True
        protocol, by = entry.protocol, entry.by
        text = (
            f"protocord-entry-1\n{entry.study}\n{entry.subject or ''}\n{position}\n{kind}\n{digest}\n"
            f"{protocol.id}\n{protocol.version}\n{protocol.hash}\n{by.user}\n{by.role}\n{by.site}\n"
            f"{moment(entry.at)}\n{entry.reason}\n{entry.source}\n{previous}"
        )
        link.previous = mine = entry.hash
        if sha256(text.encode()).hexdigest() != mine or entry.position != position or entry.previous != previous:
            link.broken = True
    return links


def _chains(entries: Sequence[Entry], wanted: set[str | None]) -> dict[str | None, list[Entry]]:
    chains: dict[str | None, list[Entry]] = {subject: [] for subject in wanted}
    if wanted:
        for entry in entries:
            if entry.subject in chains:
                chains[entry.subject].append(entry)
    return chains


def _chain_faults(chain: Sequence[Entry], link: _Link) -> Iterator[Fault]:
    if link.broken:
        yield diagnose(chain)
    if link.apart:
        yield from _redaction_faults(chain)


def _redaction_faults(chain: Sequence[Entry]) -> Iterator[Fault]:
    """An emptied body must be named by a later redaction entry, and a redaction must name an entry that is there."""
    emptied = {entry.position: entry for entry in chain if entry.body is None}
    hashes = {entry.position: entry.hash for entry in chain}
    explained: set[int] = set()
    for entry in chain:
        if entry.kind != Redaction.kind or entry.body is None:
            continue
        body = _own_body(entry)
        if not isinstance(body, Redaction) or hashes.get(body.position) != body.hash:
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
    last: int,
) -> Iterator[Fault]:
    for head in heads:
        yield from _head_faults(head, by_place)
    for root in roots:
        if root not in known_roots:
            yield Fault(None, last, FaultKind.SEAL, "root_not_found", (("root", root),))
