"""Entries: who did what, in which role, when, why, from where, and under which version of the protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from protocord.ledger.bodies import Body, Json

# What the first entry of a chain names as the hash before it.
GENESIS = "0" * 64

# By which door an entry came in.
SOURCES = ("web", "api", "cli", "import", "simulation")


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: the user's sign-in name, the role acted in, and the id of the site acted for ("" when for no one site)."""

    user: str
    role: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolStamp:
    """Under which protocol something was done: the study's id, the version, and the hash of its content."""

    id: str
    version: str
    hash: str


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it has a place in its chain. `subject` None is the study's own chain; `at` is UTC."""

    study: str
    subject: str | None
    body: Body
    protocol: ProtocolStamp
    by: By
    at: datetime
    reason: str = ""
    source: str = "web"

    @property
    def kind(self) -> str:
        return self.body.kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a chain; positions count from 1. `body` is canonical JSON text; body and salt are None once redacted.

    `digest` is of salt and body; `hash` covers everything but body and salt (`chain.header`). Hashes are 64 hexadecimal digits.
    """

    study: str
    subject: str | None
    position: int
    kind: str
    body: str | None
    salt: str | None
    digest: str
    protocol: ProtocolStamp
    by: By
    at: datetime
    reason: str
    source: str
    previous: str
    hash: str

    @property
    def data(self) -> Json:
        """The body as JSON data; None once redacted."""
        return None if self.body is None else json.loads(self.body)


@dataclass(frozen=True, slots=True)
class SealedHead:
    """Where one chain stood when it was sealed; `subject` None is the study's own chain."""

    subject: str | None
    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The heads of all chains, and the Merkle root over them. Only ever in the study's chain."""

    kind: ClassVar[str] = "seal"
    root: str
    heads: tuple[SealedHead, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Redaction:
    """The body of an earlier entry of this chain was emptied by law; the reason stands in the entry's own `reason`."""

    kind: ClassVar[str] = "redaction"
    position: int
    hash: str
