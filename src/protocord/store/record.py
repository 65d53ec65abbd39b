"""The ledger in the database: reading chains, appending to them under their lock.

Only `actions` and its neighbours in this package call `append`; an append happens in a transaction or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from protocord import ledger
from protocord.ledger import By, Draft, Entry, ProtocolStamp
from protocord.store.models import ChainHead, LedgerEntry

_SALT_BYTES = 32
_AT_ONCE = 500  # below every database's limit of parameters in one statement
_FIELDS = (
    "study", "subject", "position", "kind", "body", "salt", "digest", "protocol_id", "protocol_version", "protocol_hash",
    "user", "role", "site", "at", "reason", "source", "previous", "hash",
)  # fmt: skip


def lock(study: str, subject: str | None) -> ChainHead:
    """This will return the chain's head, locked until the transaction ends; a chain that has none yet gets one at position 0."""
    transaction.get_connection().validate_no_broken_transaction()
    if not transaction.get_connection().in_atomic_block:
        message = "a chain is locked inside a transaction or not at all"
        raise RuntimeError(message)
    heads = ChainHead.objects.select_for_update()
    head = heads.filter(study=study, subject=subject or "").first()
    if head is None:
        # Two writers may both find no head: the unique constraint lets one row in, and both then queue for it.
        ChainHead.objects.bulk_create(
            [ChainHead(study=study, subject=subject or "", position=0, hash=ledger.GENESIS)], ignore_conflicts=True
        )
        head = heads.get(study=study, subject=subject or "")
    return head


def append(head: ChainHead, last: Entry | None, drafts: Iterable[Draft]) -> tuple[Entry, ...]:
    """This will append the drafts to the chain of the locked `head`, whose last entry is `last`, and move the head."""
    entries: list[Entry] = []
    for draft in drafts:
        last = ledger.append(last, draft, secrets.token_hex(_SALT_BYTES))
        entries.append(last)
    if not entries or last is None:
        return ()
    LedgerEntry.objects.bulk_create([_row(entry) for entry in entries])
    ChainHead.objects.filter(pk=head.pk).update(position=last.position, hash=last.hash)
    head.position, head.hash = last.position, last.hash
    return tuple(entries)


def append_to(study: str, subject: str | None, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
    """This will lock the chain and append the drafts, in one transaction (or in the one already open)."""
    with transaction.atomic():
        head = lock(study, subject)
        return append(head, last_entry(study, subject), drafts)


def remove_empty_head(study: str) -> None:
    """This will remove the study's own head again while no entry stands before it."""
    ChainHead.objects.filter(study=study, subject="", position=0).delete()


def insert_verbatim(entries: Sequence[Entry]) -> None:
    """This will store entries exactly as they are, for an import into an empty study; the caller has verified them."""
    LedgerEntry.objects.bulk_create([_row(entry) for entry in entries], batch_size=500)
    ChainHead.objects.bulk_create(
        [
            ChainHead(study=entries[0].study, subject=head.subject or "", position=head.position, hash=head.hash)
            for head in ledger.heads_of(entries)
        ]
    )


def head_of(study: str, subject: str | None) -> tuple[int, str] | None:
    """This will return position and hash of the chain's end, or None where there is no such chain."""
    return ChainHead.objects.filter(study=study, subject=subject or "", position__gt=0).values_list("position", "hash").first()


def heads(study: str) -> tuple[ledger.Head, ...]:
    """This will return the ends of all chains of the study."""
    rows = ChainHead.objects.filter(study=study, position__gt=0).order_by("subject").values_list("subject", "position", "hash")
    return tuple(ledger.Head(subject or None, position, hash_) for subject, position, hash_ in rows)


def last_entry(study: str, subject: str | None) -> Entry | None:
    """This will return the last entry of a chain, or None for an empty one."""
    rows = LedgerEntry.objects.filter(study=study, subject=subject or "").order_by("-position").values_list(*_FIELDS)[:1]
    return next((_entry(row) for row in rows), None)


def chain(study: str, subject: str | None, *, after: int = 0, until: datetime | None = None) -> tuple[Entry, ...]:
    """This will return the entries of one chain beyond position `after`, up to the time `until` (UTC, inclusive)."""
    rows = LedgerEntry.objects.filter(study=study, subject=subject or "", position__gt=after)
    if until is not None:
        rows = rows.filter(at__lte=until)
    return tuple(_entry(row) for row in rows.order_by("position").values_list(*_FIELDS))


def chains(study: str, subjects: Sequence[str]) -> dict[str, tuple[Entry, ...]]:
    """This will return the chains of many subjects with one query for each few hundred of them."""
    found: dict[str, list[Entry]] = {}
    for begin in range(0, len(subjects), _AT_ONCE):
        rows = LedgerEntry.objects.filter(study=study, subject__in=subjects[begin : begin + _AT_ONCE])
        for row in rows.order_by("subject", "position").values_list(*_FIELDS):
            entry = _entry(row)
            found.setdefault(entry.subject or "", []).append(entry)
    return {subject: tuple(entries) for subject, entries in found.items()}


def all_entries(study: str) -> Iterator[Entry]:
    """This will yield every entry of the study: the study's own chain first, then subject by subject, in order of position."""
    rows = LedgerEntry.objects.filter(study=study).order_by("subject", "position").values_list(*_FIELDS)
    return map(_entry, rows.iterator(chunk_size=2000))


def sources(study: str, subject: str, positions: Sequence[int]) -> dict[int, str]:
    """This will return by which door each of these entries came in."""
    rows = LedgerEntry.objects.filter(study=study, subject=subject, position__in=positions)
    return dict(rows.values_list("position", "source"))


def moment(study: str, subject: str, position: int) -> datetime | None:
    """This will return when an entry was made (UTC), or None where there is none."""
    return LedgerEntry.objects.filter(study=study, subject=subject, position=position).values_list("at", flat=True).first()


def entry_of(row: LedgerEntry) -> Entry:
    """This will return the entry that a row holds."""
    return _entry(tuple(getattr(row, field) for field in _FIELDS))


def _entry(row: tuple[Any, ...]) -> Entry:
    (
        study, subject, position, kind, body, salt, digest, protocol_id, protocol_version, protocol_hash,
        user, role, site, at, reason, source, previous, hash_,
    ) = row  # fmt: skip
    return Entry(
        study=study,
        subject=subject or None,
        position=position,
        kind=kind,
        body=body,
        salt=salt,
        digest=digest,
        protocol=ProtocolStamp(protocol_id, protocol_version, protocol_hash),
        by=By(user, role, site),
        at=at.astimezone(UTC),
        reason=reason,
        source=source,
        previous=previous,
        hash=hash_,
    )


def _row(entry: Entry) -> LedgerEntry:
    return LedgerEntry(
        study=entry.study,
        subject=entry.subject or "",
        position=entry.position,
        kind=entry.kind,
        body=entry.body,
        salt=entry.salt,
        digest=entry.digest,
        protocol_id=entry.protocol.id,
        protocol_version=entry.protocol.version,
        protocol_hash=entry.protocol.hash,
        user=entry.by.user,
        role=entry.by.role,
        site=entry.by.site,
        at=entry.at,
        reason=entry.reason,
        source=entry.source,
        previous=entry.previous,
        hash=entry.hash,
    )
