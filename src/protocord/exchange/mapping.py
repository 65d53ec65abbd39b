"""A site mapping: what a hospital's own codes and unit spellings mean, as a YAML file that the hospital keeps.

```yaml
codes:                                          # "system|code", "|code" where no system is sent -> a concept
  "http://lab.example.cn|NEUT#": ANC
units: {"x10^9/L": 10*9/L, "umol/l": umol/L}    # spelling in the reports -> UCUM
values:                                         # answer codes -> yes, no, or a code of the concept
  "http://lab.example.cn|POS": positive
coverage:                                       # an Observation or an empty List with this code declares a list complete
  "http://his.example.cn|CHEMO-COMPLETE": Chemotherapy
ranges_are_age_specific: true                   # the laboratory prints the child's own reference range
laboratory: Laboratory of the hospital
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from protocord.concepts import Concepts
from protocord.concepts.documents import Node, Reading, read_text
from protocord.errors import DocumentProblems, Problem

_KEYS = ("codes", "units", "values", "coverage", "ranges_are_age_specific", "laboratory")


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SiteMapping:
    """A hospital's own codes. Keys of `codes`, `values` and `coverage` are `system|code`."""

    codes: Mapping[str, str] = field(default_factory=_nothing)
    units: Mapping[str, str] = field(default_factory=_nothing)
    values: Mapping[str, str] = field(default_factory=_nothing)
    coverage: Mapping[str, str] = field(default_factory=_nothing)
    ranges_are_age_specific: bool = False
    laboratory: str = ""


def read_mapping(path: Path, concepts: Concepts) -> SiteMapping:
    """This will return the site mapping that the file holds.

    Raises DocumentProblems with all that is wrong: unknown keys, concepts that do not exist, units that no concept accepts.
    """
    problems: list[Problem] = []
    text = read_text(path, problems)
    reading = Reading(str(path), problems)
    root = reading.compose(text) if text is not None else None
    fields = reading.fields(root, _KEYS) if root is not None else {}
    known_units = {unit for concept in concepts.values() for unit in concept.units}
    mapping = SiteMapping(
        codes=_concepts_of(reading, fields.get("codes"), "codes", concepts),
        units=_units_of(reading, fields.get("units"), known_units),
        values=_texts_of(reading, fields.get("values"), "values"),
        coverage=_concepts_of(reading, fields.get("coverage"), "coverage", concepts),
        ranges_are_age_specific=_yes(reading, fields.get("ranges_are_age_specific")),
        laboratory=reading.text(fields.get("laboratory")) or "",
    )
    if problems:
        raise DocumentProblems(sorted(problems))
    return mapping


def _concepts_of(reading: Reading, node: Node | None, item: str, concepts: Concepts) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for key, value in reading.pairs(node, item):
        name = reading.text(value, item) or ""
        if "|" not in key:
            reading.problem(
                value, f"{key!r} does not name its system.", f"Write 'system|{key}', or '|{key}' where none is sent.", item
            )
        elif name not in concepts:
            reading.problem(value, f"there is no concept {name!r}.", concepts.suggest(name), item)
        else:
            found[key] = name
    return MappingProxyType(found)


def _units_of(reading: Reading, node: Node | None, known: set[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for key, value in reading.pairs(node, "units"):
        unit = reading.text(value, "units") or ""
        if unit not in known:
            reading.problem(value, f"no concept accepts the unit {unit!r}.", "Write the UCUM unit of the concept.", "units")
        found[key] = unit
    return MappingProxyType(found)


def _texts_of(reading: Reading, node: Node | None, item: str) -> Mapping[str, str]:
    return MappingProxyType({key: reading.text(value, item) or "" for key, value in reading.pairs(node, item)})


def _yes(reading: Reading, node: Node | None) -> bool:
    written = reading.text(node, "ranges_are_age_specific")
    if written not in (None, "true", "false", "yes", "no"):
        reading.problem(node, f"{written!r} is neither yes nor no.", "Write true or false.", "ranges_are_age_specific")
    return written in ("true", "yes")
