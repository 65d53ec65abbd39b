"""Read the child that a command is about: a facts file, or a FHIR R4 Bundle with a hospital's mapping."""

from __future__ import annotations

import json
from pathlib import Path

from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.fhir import Imported, looks_like_bundle, read_bundle
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol
from protocord.protocol.subjects import read_subject


def read(file: Path, protocol: Protocol, mapping: Path | None) -> Imported:
    """This will return the child's record, and of a Bundle what became no fact.

    Raises SubjectProblems with everything wrong in the file, DocumentProblems with everything wrong in the mapping.
    """
    if _is_fhir(file):
        own_codes = read_mapping(mapping, protocol.concepts) if mapping else None
        return read_bundle(file, concepts=protocol.concepts, mapping=own_codes)
    if mapping is not None:
        what = "is a facts file, which names concepts and needs no mapping of codes."
        raise SubjectProblems([Problem(Place(str(file)), what, "Leave --mapping out, or give a FHIR Bundle.")])
    return Imported(read_subject(file, protocol.concepts))


def _is_fhir(file: Path) -> bool:
    """Whether the file is FHIR by its content; a facts file may be JSON too, and what is neither is for the readers to refuse."""
    try:
        return looks_like_bundle(json.loads(file.read_bytes()))
    except ValueError:
        return file.suffix.lower() == ".json"
