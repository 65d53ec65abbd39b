"""A ledger as a text file: JSON Lines, a header line first, then one entry a line.

Reading and writing again gives the same bytes. A body stands as text in its line, exactly as it was hashed, so that a
stranger needs no rules for the writing of JSON to verify it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from protocord.errors import LedgerProblems, Place, Problem
from protocord.ledger.chain import moment
from protocord.ledger.entries import By, Entry, ProtocolStamp

FORMAT = "protocord-ledger"
VERSION = 1

_TEXT = ("study", "kind", "digest", "reason", "source", "previous", "hash")
_FIELDS = (
    "study", "subject", "position", "kind", "at", "user", "role", "site", "reason", "source",
    "protocol", "version", "protocol_hash", "previous", "digest", "hash", "salt", "body",
)  # fmt: skip


def write_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """This will yield the header line and one line for each entry, each ending in a line feed."""
    yield _dump({"format": FORMAT, "version": VERSION})
    for entry in entries:
        protocol, by = entry.protocol, entry.by
        at = moment(entry.at)
        values = (
            entry.study, entry.subject, entry.position, entry.kind, at, by.user, by.role, by.site, entry.reason, entry.source,
            protocol.id, protocol.version, protocol.hash, entry.previous, entry.digest, entry.hash, entry.salt, entry.body,
        )  # fmt: skip
        yield _dump(dict(zip(_FIELDS, values, strict=True)))


def _dump(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_lines(lines: Iterable[str], *, file: str = "") -> tuple[Entry, ...]:
    """This will return the entries of a ledger file, unverified; raises LedgerProblems naming every malformed line by number."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    number = 0
    for number, line in enumerate(lines, start=1):
        try:
            if number == 1:
                _check_header(json.loads(line))
            else:
                entries.append(_entry(json.loads(line)))
        except ValueError as problem:
            what = "is not JSON" if isinstance(problem, json.JSONDecodeError) else str(problem)
            problems.append(Problem(Place(file, number), f"Line {number} {what}."))
    if number == 0:
        problems.append(Problem(Place(file, 1), "The file is empty.", "A ledger file begins with its header line."))
    if problems:
        raise LedgerProblems(problems)
    return tuple(entries)


def _check_header(data: Any) -> None:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        message = f'is not the header of a ledger file ({{"format":"{FORMAT}","version":{VERSION}}})'
        raise ValueError(message)
    if data.get("version") != VERSION:
        message = f"names version {data.get('version')} of the format; this program reads version {VERSION}"
        raise ValueError(message)


def _entry(data: Any) -> Entry:
    if not isinstance(data, dict) or list(data) != list(_FIELDS):
        wrong = sorted(set(_FIELDS) ^ set(data)) if isinstance(data, dict) else []
        message = f"does not hold the fields of an entry in their order{': ' + ', '.join(wrong) if wrong else ''}"
        raise ValueError(message)
    optional = ("subject", "salt", "body")
    for name, value in data.items():
        wanted = int if name == "position" else str
        if type(value) is not wanted and not (value is None and name in optional):
            message = f"has a `{name}` that is not {'a number' if wanted is int else 'text'}"
            raise ValueError(message)
    at = datetime.fromisoformat(data["at"])
    if at.tzinfo is None or moment(at) != data["at"]:
        message = "has a time that is not written as 2026-03-04T05:06:07.000000+00:00"
        raise ValueError(message)
    return Entry(
        subject=data["subject"],
        position=data["position"],
        body=data["body"],
        salt=data["salt"],
        protocol=ProtocolStamp(data["protocol"], data["version"], data["protocol_hash"]),
        by=By(data["user"], data["role"], data["site"]),
        at=at,
        **{name: data[name] for name in _TEXT},
    )
