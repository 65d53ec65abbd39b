"""A ledger as a text file: JSON Lines, a header line first, then one entry a line.

Reading and writing again gives the same bytes. A body stands as text in its line, exactly as it was hashed, so that a
stranger needs no rules for the writing of JSON to verify it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import product
from typing import Any

from protocord.errors import LedgerProblems, Place, Problem
from protocord.ledger.chain import moment
from protocord.ledger.entries import By, Entry, ProtocolStamp

FORMAT = "protocord-ledger"
VERSION = 1

_FIELDS = (
    "study", "subject", "position", "kind", "at", "user", "role", "site", "reason", "source",
    "protocol", "version", "protocol_hash", "previous", "digest", "hash", "salt", "body",
)  # fmt: skip

_OPTIONAL = ("subject", "salt", "body")

# What the types of a line's values may be: text but for the position, and nothing where a field is optional.
_TYPES = frozenset(
    product(*((str, type(None)) if name in _OPTIONAL else (int,) if name == "position" else (str,) for name in _FIELDS))
)


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
    people: dict[tuple[str, str, str], By] = {}
    stamps: dict[tuple[str, str, str], ProtocolStamp] = {}
    number = 0
    for number, line in enumerate(lines, start=1):
        try:
            if number == 1:
                _check_header(json.loads(line))
            else:
                entries.append(_entry(json.loads(line), people, stamps))
        except (ValueError, RecursionError) as problem:
            what = str(problem) if type(problem) is ValueError else "is not JSON"
            problems.append(Problem(Place(file, number), f"Line {number} {what}."))
            if number == 1:
                break  # without its header it is some other kind of file: one line says so, not one for each line
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


def _entry(data: Any, people: dict[tuple[str, str, str], By], stamps: dict[tuple[str, str, str], ProtocolStamp]) -> Entry:
    """This will return one line's entry; `people` and `stamps` remember those that came before, of which there are few."""
    if not isinstance(data, dict) or tuple(data) != _FIELDS:
        wrong = sorted(set(_FIELDS) ^ set(data)) if isinstance(data, dict) else []
        message = f"does not hold the fields of an entry in their order{': ' + ', '.join(wrong) if wrong else ''}"
        raise ValueError(message)
    if tuple(map(type, data.values())) not in _TYPES:
        raise ValueError(_wrong_type(data))
    (
        study, subject, position, kind, at_text, user, role, site, reason, source,
        protocol, version, protocol_hash, previous, digest, own, salt, body,
    ) = data.values()  # fmt: skip
    at = datetime.fromisoformat(at_text)
    if at.tzinfo is None or moment(at) != at_text:
        message = "has a time that is not written as 2026-03-04T05:06:07.000000+00:00"
        raise ValueError(message)
    who, what = (user, role, site), (protocol, version, protocol_hash)
    by = people.get(who) or people.setdefault(who, By(*who))
    stamp = stamps.get(what) or stamps.setdefault(what, ProtocolStamp(*what))
    return Entry(study, subject, position, kind, body, salt, digest, stamp, by, at, reason, source, previous, own)


def _wrong_type(data: dict[str, Any]) -> str:
    wanted = {name: "a number" if name == "position" else "text" for name in _FIELDS}
    wrong = next(
        name
        for name, value in data.items()
        if type(value) is not (int if name == "position" else str) and not (value is None and name in _OPTIONAL)
    )
    return f"has a `{wrong}` that is not {wanted[wrong]}"
