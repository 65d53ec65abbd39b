"""The value sets of a study's library: the codes of each concept, with all below it, and the lists that rules name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from protocord.concepts import Concepts
from protocord.exchange.cql.canonical import canonical, spaced, translated_element
from protocord.exchange.cql.literals import quoted
from protocord.values import CodeSystem, Coding, Text

if TYPE_CHECKING:
    from protocord.protocol.document import ValueSet

_ID = 64  # letters of an id in FHIR
_LICENCES = {
    CodeSystem.LOINC.value: "LOINC is copyright Regenstrief Institute, Inc.; its licence is at https://loinc.org/license.",
    CodeSystem.SNOMED.value: "SNOMED CT is copyright SNOMED International; using it may need a licence.",
}


@dataclass(frozen=True, slots=True)
class CodeSet:
    """One value set: `name` in CQL, `url` and `id` in FHIR; `concept` is what its codes mean, or None for a list that rules name."""

    name: str
    url: str
    id: str
    title: Text
    concept: str | None
    codings: tuple[Coding, ...]

    def resource(self, version: str) -> dict[str, Any]:
        """This will return the FHIR ValueSet, every code written out."""
        systems = groupby(sorted(self.codings), key=lambda coding: coding.system)
        include = [{"system": system, "concept": [_concept(coding) for coding in codings]} for system, codings in systems]
        about = f"The codes that mean {self.concept!r}, or something below it." if self.concept else "A list that rules name."
        licences = [_LICENCES[one["system"]] for one in include if one["system"] in _LICENCES]
        return {
            "resourceType": "ValueSet",
            "id": self.id,
            "url": self.url,
            "version": version,
            "name": self.id.replace("-", "_"),
            "title": self.title.en,
            **translated_element("title", self.title),
            "status": "active",
            "description": about,
            **({"copyright": " ".join(licences)} if licences else {}),
            "compose": {"include": include},
        }


def _concept(coding: Coding) -> dict[str, str]:
    return {"code": coding.code} | ({"display": coding.display} if coding.display else {})


@dataclass(frozen=True, slots=True)
class CodeSets:
    """Every value set of a library, by concept and by the study's own name."""

    of_concepts: Mapping[str, CodeSet]
    of_study: Mapping[str, CodeSet]

    def __iter__(self) -> Iterator[CodeSet]:
        yield from self.of_concepts.values()
        yield from self.of_study.values()

    def holding(self, codes: frozenset[str]) -> CodeSet | None:
        """This will return the study's value set of exactly these codes, whatever their systems."""
        found = (one for one in self.of_study.values() if frozenset(coding.code for coding in one.codings) == codes)
        return next(found, None)

    def declarations(self) -> str:
        """This will return the CQL declarations of all."""
        return "".join(f'valueset "{one.name}": {quoted(one.url)}\n' for one in self)

    def resources(self, version: str) -> list[dict[str, Any]]:
        """This will return all as FHIR ValueSets."""
        return [one.resource(version) for one in self]


def code_sets(library: str, concepts: Concepts, value_sets: Mapping[str, ValueSet], base: str) -> CodeSets:
    """This will return the value sets of a library: one a concept that a code reaches, one a list of the study that holds a code."""
    own = {name: concepts[name].codes for name in concepts}
    reached = {
        name: tuple(sorted({code for one in (name, *concepts.descendants(name)) for code in own[one]}))
        for name in sorted(concepts)
    }
    reached = {name: codings for name, codings in reached.items() if codings}
    lists = {name: one for name, one in sorted(value_sets.items()) if one.members}
    ids = _ids(library, (*reached, *(f"list {name}" for name in lists)))

    def made(key: str, name: str, title: Text, concept: str | None, codings: tuple[Coding, ...]) -> CodeSet:
        return CodeSet(name, canonical(base, "ValueSet", ids[key]), ids[key], title, concept, codings)

    return CodeSets(
        {name: made(name, f"codes of {name}", concepts[name].name, name, codings) for name, codings in reached.items()},
        {name: made(f"list {name}", f"list {name}", _title(name, concepts), None, _codings(one)) for name, one in lists.items()},
    )


def _title(name: str, concepts: Concepts) -> Text:
    named = concepts.get(name)  # a study may name its value sets among its concepts, for both languages
    return named.name if named else Text(spaced(name), spaced(name))


def _codings(value_set: ValueSet) -> tuple[Coding, ...]:
    return tuple(Coding(CodeSystem[one.system.upper()].value, one.code, one.name.en) for one in value_set.members)


def _ids(library: str, keys: Iterable[str]) -> dict[str, str]:
    """An id for each: letters, digits and hyphens, no two the same, the same whenever the name is."""
    found: dict[str, str] = {}
    for key in keys:
        words = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
        made = f"{library.replace('_', '-')}-{words}"
        if not words or len(made) > _ID or made in found.values():
            made = f"{made[: _ID - 9].rstrip('-')}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        found[key] = made
    return found
