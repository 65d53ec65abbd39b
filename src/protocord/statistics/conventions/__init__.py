"""The choices behind the numbers: each by name, with its default, what else there is, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from protocord.values.text import Text

FOLDER = Path(__file__).parent
_FIELDS = {"id", "text", "default", "alternatives", "source"}


@dataclass(frozen=True, slots=True)
class Convention:
    """One choice: its name, the question it answers, our default, the alternatives, and the source."""

    id: str
    area: str
    text: Text
    default: str
    alternatives: tuple[str, ...]
    source: str


@cache
def conventions() -> Mapping[str, Convention]:
    """This will return every convention by its id, area by area in the order of the files.

    Raises ValueError where a file's row lacks a field or repeats an id: a fault of the program.
    """
    found: dict[str, Convention] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for row in yaml.safe_load(file.read_text("utf-8")) or []:
            if set(row) != _FIELDS or row["id"] in found or set(row["text"]) != {"en", "zh"}:
                message = f"{file.name}: {row.get('id', row)}: a convention has {sorted(_FIELDS)}, once, in both languages"
                raise ValueError(message)
            alternatives = tuple(str(item) for item in row["alternatives"] or ())
            text = Text(**row["text"])
            found[row["id"]] = Convention(row["id"], file.stem, text, str(row["default"]), alternatives, str(row["source"]))
    return MappingProxyType(found)


def convention(name: str) -> Convention:
    """This will return the convention of that id. Raises KeyError where there is none: a fault of the program."""
    return conventions()[name]
