"""Words that are missing in one of the languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from pydantic import BaseModel

from protocord.errors import Place, Problem
from protocord.protocol.check.registry import check, place
from protocord.protocol.model import DOCUMENTS, Protocol
from protocord.protocol.reading import Loc
from protocord.values.text import LANGUAGES, Text


def parts(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """This will return every model and every pair of words inside a document, with its loc."""
    if isinstance(value, BaseModel):
        yield loc, value
        for name, field in type(value).model_fields.items():
            yield from parts(getattr(value, name), (*loc, field.alias or name))
    elif isinstance(value, tuple):
        for index, child in enumerate(value):
            yield from parts(child, (*loc, index))
    elif isinstance(value, Text):
        yield loc, value
    elif hasattr(value, "items") and not is_dataclass(value):
        for key, child in value.items():
            yield from parts(child, (*loc, key))


def documents(protocol: Protocol) -> Iterator[tuple[str, BaseModel]]:
    """This will return every document of the protocol with its name, forms included."""
    for name in DOCUMENTS:
        yield name, getattr(protocol, name)
    for form in protocol.forms:
        yield f"forms/{form.id}", form


@check
def missing_translation(protocol: Protocol) -> Iterator[Problem]:
    """Words that are empty in a language: a label, a text, a name of a code."""
    for name, document in documents(protocol):
        for loc, part in parts(document):
            if isinstance(part, Text):
                for language in LANGUAGES:
                    if not part.say(language).strip():
                        where = place(protocol, name, *loc, language)
                        yield Problem(where, f"the words are missing in {language}.", "Write them in both languages.")
    for value_set in protocol.value_sets.values():
        folder = protocol.sources.folder if protocol.sources is not None else ""
        for member in value_set.members:
            for language in LANGUAGES:
                if not member.name.say(language).strip():
                    where = Place(f"{folder}/value_sets/{value_set.id}.csv", 0, member.code)
                    yield Problem(where, f"the name is missing in {language}.", "Write it in both languages.")
