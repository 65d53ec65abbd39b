"""What a sponsor must still confirm: everything that the registry does not say and no standard settles."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from pydantic import BaseModel

from protocord.errors import Place
from protocord.protocol.check.registry import place
from protocord.protocol.check.words import documents, parts
from protocord.protocol.document import Origin
from protocord.protocol.model import Protocol
from protocord.values.reasons import Reason
from protocord.values.text import Text
from protocord.words import say

OPEN = (Origin.NOT_RETRIEVED, Origin.CONVENTION, Origin.SIBLING)


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """One item for the sponsor: where it stands, where it comes from, and what it says."""

    place: Place
    source: Origin
    text: Text
    citation: str = ""


def to_confirm(protocol: Protocol) -> tuple[ToConfirm, ...]:
    """This will return every item whose source is a convention, a sister trial, or was not retrieved, in the order of the files.

    The codes of a value set are counted together.
    """
    found: list[ToConfirm] = []
    for name, document in documents(protocol):
        for loc, part in parts(document):
            source = getattr(part, "source", None)
            if isinstance(part, BaseModel) and source in OPEN:
                found.append(ToConfirm(place(protocol, name, *loc), Origin(source), _said(part), getattr(part, "citation", "")))
    for missing in protocol.study.not_retrieved:
        where = place(protocol, "study", "not_retrieved", missing.id)
        found.append(ToConfirm(where, Origin.NOT_RETRIEVED, missing.what))
    if protocol.eligibility.exclusion_status == "not_retrieved":
        where = place(protocol, "eligibility", "exclusion_status")
        found.append(ToConfirm(where, Origin.NOT_RETRIEVED, _labelled("protocol_item_exclusion")))
    folder = protocol.sources.folder if protocol.sources is not None else ""
    for value_set in protocol.value_sets.values():
        counted = Counter(member.source for member in value_set.members if member.source in OPEN)
        for source, count in sorted(counted.items()):
            where = Place(f"{folder}/value_sets/{value_set.id}.csv")
            found.append(ToConfirm(where, source, _labelled("protocol_item_value_set_codes", count=count)))
    return tuple(found)


def _said(part: BaseModel) -> Text:
    for name in ("text", "name", "title"):
        words = getattr(part, name, None)
        if isinstance(words, Text):
            return words
    return _labelled(f"protocol_item_{_snake(type(part).__name__)}")


def _labelled(key: str, **particulars: int) -> Text:
    reason = Reason.of(key, **particulars)
    return Text(say(reason, "en"), say(reason, "zh"))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
