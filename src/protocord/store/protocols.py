"""The installed protocols: read once from their folder, kept for the life of the process, and never another content than installed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from protocord import protocol as documents
from protocord.errors import Place, Problem, Refused
from protocord.ledger import ProtocolStamp
from protocord.store.models import ProtocolVersion
from protocord.store.permissions import not_there

if TYPE_CHECKING:
    from protocord.protocol import Protocol


def current(study: str) -> Protocol:
    """This will return the study's current protocol; raises NotThere when no such study is installed."""
    found = ProtocolVersion.objects.filter(study=study, current=True).values_list("path", "hash").first()
    if found is None:
        raise not_there(study)
    return _load(*found)


def installed() -> tuple[str, ...]:
    """This will return the ids of the installed studies."""
    return tuple(ProtocolVersion.objects.filter(current=True).order_by("study").values_list("study", flat=True))


def stamp(protocol: Protocol) -> ProtocolStamp:
    """This will return what entries made under `protocol` carry."""
    return ProtocolStamp(protocol.study.id, protocol.version, protocol.hash)


def forget_all() -> None:
    """This will read the documents again when they are next asked for, as a new process would."""
    _load.cache_clear()


# A loaded protocol is some megabytes of frozen values; a house runs a handful of studies.
@lru_cache(maxsize=16)
def _load(path: str, expected: str) -> Protocol:
    protocol = documents.load(Path(path))
    if protocol.hash != expected:
        raise Refused(
            [
                Problem(
                    Place(file=path),
                    "the documents are no longer those that were installed.",
                    "Put the installed version back, or install the changed one as a new version.",
                )
            ]
        )
    return protocol
