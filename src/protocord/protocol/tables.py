"""Read value sets: one CSV file each, every row checked, every problem with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pydantic import ValidationError

from protocord.concepts import Concepts
from protocord.concepts.documents import did_you_mean, read_text
from protocord.errors import Place, Problem
from protocord.protocol.document.value_sets import Member, ValueSet, ValueSetRow
from protocord.values.text import Text

COLUMNS = ("code", "system", "name_en", "name_zh", "source", "citation", "concept")
_NEEDED = ("code", "system", "name_en", "name_zh", "source")
SYSTEMS = ("loinc", "ncit", "snomed", "icd_o_3", "icd_10", "atc", "rxnorm", "local")


def read_value_set(path: Path, concepts: Concepts | None, problems: list[Problem]) -> ValueSet | None:
    """This will return the value set of a CSV file; None, with every problem, where its header cannot be used."""
    text = read_text(path, problems)
    if text is None:
        return None
    lines = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
    before = len(problems)
    try:
        header = [name.strip() for name in lines.fieldnames or ()]
    except csv.Error as wrong:
        problems.append(Problem(Place(str(path), 1), f"this is not well-formed CSV: {wrong}.", "Look for a missing quote."))
        return None
    lines.fieldnames = header
    for name in header:
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f"The columns are: {', '.join(COLUMNS)}."
            problems.append(Problem(Place(str(path), 1), f"the column {name!r} is not known here.", hint))
    for name in _NEEDED:
        if name not in header:
            problems.append(
                Problem(Place(str(path), 1), f"the column {name!r} is missing.", f"The columns are: {', '.join(COLUMNS)}.")
            )
    if len(problems) > before:
        return None
    members: list[Member] = []
    first: dict[str, int] = {}
    try:
        for row in lines:
            member = _member(row, Place(str(path), lines.line_num), concepts, problems)
            if member is None:
                continue
            if member.code in first:
                what = f"the code {member.code!r} stands already in line {first[member.code]}."
                problems.append(Problem(Place(str(path), lines.line_num, member.code), what, "Keep one of the two."))
            first.setdefault(member.code, lines.line_num)
            members.append(member)
    except csv.Error as wrong:
        problems.append(
            Problem(
                Place(str(path), lines.reader.line_num), f"this is not well-formed CSV: {wrong}.", "Look for a missing quote."
            )
        )
    return ValueSet(path.stem, tuple(members))


def _member(row: dict[str, str | None], place: Place, concepts: Concepts | None, problems: list[Problem]) -> Member | None:
    place = Place(place.file, place.line, (row.get("code") or "").strip())
    if "" in row or None in row.values():
        problems.append(
            Problem(place, "the row has not as many cells as the header.", "Put a cell with a comma in it in quotes.")
        )
        return None
    try:
        read = ValueSetRow.model_validate({key: value for key, value in row.items() if (value or "").strip()})
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False):
            column = str(error["loc"][0])
            what = (
                f"{column} is empty."
                if error["type"] == "missing"
                else f"{column}: {error['input']!r} is not one of the values here."
            )
            remedy = (
                "Write it." if error["type"] == "missing" else "Write registry, sibling, standard, convention or not_retrieved."
            )
            problems.append(Problem(place, what, remedy))
        return None
    if read.system not in SYSTEMS:
        hint = did_you_mean(read.system, SYSTEMS) or f"The systems are: {', '.join(SYSTEMS)}."
        problems.append(Problem(place, f"system: there is no code system {read.system!r}.", hint))
    if read.concept and concepts is not None and read.concept not in concepts:
        hint = concepts.suggest(read.concept) or "Add it to the study's concepts.yaml."
        problems.append(Problem(place, f"concept: there is no concept {read.concept!r}.", hint))
    return Member(read.code, read.system, Text(read.name_en, read.name_zh), read.source, read.citation, read.concept)
