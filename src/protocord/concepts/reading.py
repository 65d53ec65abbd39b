"""Load concepts: the shipped records and a study's own, checked as a whole, every problem with its file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from protocord.concepts.documents import Node, Reading, did_you_mean, read_text
from protocord.concepts.model import Concept, ConceptKind, Concepts, Plausible
from protocord.errors import DocumentProblems, Place, Problem
from protocord.values import CodeSystem, Coding, Quantity, Text, UnreadableQuantity

SHIPPED = Path(__file__).parent
SOURCES = ("registry", "sibling", "standard", "convention", "not_retrieved")
CODE_KEYS: Mapping[str, CodeSystem] = MappingProxyType(
    {system.name.lower(): system for system in CodeSystem if system.name != "UCUM"}
)

_KEYS = (
    "id", "kind", "name", "is_a", "unit", "units", "codes", "cdisc", "plausible", "values", "value_set", "code_pattern", "grading", "source", "citation",
)  # fmt: skip
_DEFAULTS = ("kind", "is_a", "unit", "source", "citation")
_NO_UNITS: Mapping[str, Decimal] = MappingProxyType({})
_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_NO_VALUES: Mapping[str, Text] = MappingProxyType({})


def load(extra: Path | None = None) -> Concepts:
    """This will return the shipped concepts, and with them those of a study's own `concepts.yaml`.

    Raises DocumentProblems with all that is wrong: unknown keys and kinds, missing names or sources, units that UCUM does not
    know, ids or codes given twice, parents that do not exist, cycles, kinds or units that do not go with the parent's.
    """
    if extra is None:
        return _shipped()
    shipped = _shipped()
    problems: list[Problem] = []
    own = read_concepts([extra], problems)
    _check_whole([*shipped.values(), *own], problems)
    known = {unit for concept in shipped.values() for unit in concept.units}
    _check_units(own, known, problems)
    if problems:
        raise DocumentProblems(sorted(problems))
    return Concepts([*shipped.values(), *own])


@cache
def _shipped() -> Concepts:
    problems: list[Problem] = []
    concepts = read_concepts(sorted(SHIPPED.glob("*.yaml")), problems)
    _check_whole(concepts, problems)
    if problems:
        raise DocumentProblems(sorted(problems))
    return Concepts(concepts)


def read_concepts(files: Iterable[Path], problems: list[Problem]) -> list[Concept]:
    """This will return the concepts that can be made from the records of `files`; what is wrong is added to `problems`.

    A file is a list of records, or a mapping of `defaults` (keys that its records leave out) and `concepts` (the list).
    """
    found: list[Concept] = []
    for file in files:
        text = read_text(file, problems)
        if text is None:
            continue
        reading = Reading(str(file), problems)
        root = reading.compose(text)
        if root is None:
            continue
        defaults: dict[str, Node] = {}
        records: Node | None = root
        if isinstance(root, yaml.MappingNode):
            parts = reading.fields(root, ("defaults", "concepts"), required=("concepts",))
            records = parts.get("concepts")
            if "defaults" in parts:
                defaults = reading.fields(parts["defaults"], _DEFAULTS, item="defaults")
        for record in reading.items(records):
            concept = _concept(reading, record, defaults)
            if concept is not None:
                found.append(concept)
    return found


def _concept(reading: Reading, record: Node, defaults: Mapping[str, Node]) -> Concept | None:
    before = len(reading.problems)
    written = reading.fields(record, _KEYS)
    name = reading.text(written.get("id")) or ""
    fields = {**defaults, **written}
    for key in ("id", "kind", "name", "source", "citation"):
        if key not in fields or (key != "name" and not reading.text(fields[key], name)):
            reading.problem(record, f"the concept has no {key!r}.", f"Add {key!r}.", name)
    if len(reading.problems) > before or not name:
        return None
    kind = _kind(reading, fields["kind"], name)
    source = reading.text(fields["source"], name) or ""
    if source not in SOURCES:
        hint = did_you_mean(source, SOURCES) or f"Sources are: {', '.join(SOURCES)}."
        reading.problem(fields["source"], f"{source!r} is not a source.", hint, name)
    unit = reading.text(fields.get("unit"), name)
    if kind is not None:
        _check_unit_goes_with_kind(reading, record, kind, unit, name, fields)
    concept = Concept(
        id=name,
        kind=kind or ConceptKind.CONDITION,
        name=_name(reading, fields["name"], name),
        is_a=reading.texts(fields.get("is_a"), name),
        unit=unit,
        units=_units(reading, fields.get("units"), unit, name),
        codes=_codes(reading, fields.get("codes"), name),
        cdisc=_cdisc(reading, fields.get("cdisc"), name),
        plausible=_plausible(reading, fields.get("plausible"), name),
        values=_values(reading, fields.get("values"), name),
        value_set=reading.text(fields.get("value_set"), name),
        code_pattern=_pattern(reading, fields.get("code_pattern"), name),
        grading=reading.text(fields.get("grading"), name),
        source=source,
        citation=reading.text(fields["citation"], name) or "",
        place=Place(reading.file, record.start_mark.line + 1, name),
    )
    return None if len(reading.problems) > before else concept


def _kind(reading: Reading, node: Node, item: str) -> ConceptKind | None:
    written = reading.text(node, item) or ""
    try:
        return ConceptKind(written)
    except ValueError:
        kinds = [kind.value for kind in ConceptKind]
        hint = did_you_mean(written, kinds) or f"Kinds are: {', '.join(kinds)}."
        reading.problem(node, f"{written!r} is not a kind of concept.", hint, item)
        return None


def _check_unit_goes_with_kind(
    reading: Reading, record: Node, kind: ConceptKind, unit: str | None, item: str, fields: Mapping[str, Node]
) -> None:
    if kind.is_numeric and unit is None:
        usual = {ConceptKind.SCORE: "{score}", ConceptKind.TOXICITY: "{grade}"}.get(kind, "10*9/L, or 1 for a pure number")
        reading.problem(record, f"a {kind} needs its unit.", f"Add `unit:` (UCUM), for example {usual}.", item)
    if not kind.is_numeric and (unit is not None or "units" in fields or "plausible" in fields):
        reading.problem(
            record, f"a concept of kind {kind} has no unit, units or plausible range.", "Take them out, or mend the kind.", item
        )
    if kind is not ConceptKind.CODED and not {"values", "value_set", "code_pattern"}.isdisjoint(fields):
        reading.problem(
            record,
            f"only a coded concept has values, a value set or a code pattern; this is a {kind}.",
            "Take them out, or mend the kind.",
            item,
        )


def _name(reading: Reading, node: Node, item: str) -> Text:
    parts = reading.fields(node, ("en", "zh"), required=("en", "zh"), item=item)
    said = {language: reading.text(part, item) or "" for language, part in parts.items()}
    for language, text in said.items():
        if not text:
            reading.problem(parts[language], f"the name in {language} is empty.", "Write the name.", item)
    return Text(said.get("en", ""), said.get("zh", ""))


def _number(reading: Reading, node: Node, item: str) -> Decimal | None:
    try:
        read = Quantity.parse(reading.text(node, item) or "")
    except UnreadableQuantity as wrong:
        reading.problem(node, f"{wrong}.", "Write an exact decimal number.", item)
        return None
    if read.comparator:
        reading.problem(node, f"{read} is not one number.", "Write an exact decimal number.", item)
        return None
    return read.value


def _units(reading: Reading, node: Node | None, unit: str | None, item: str) -> Mapping[str, Decimal]:
    if unit is None:
        return _NO_UNITS
    units = {unit: Decimal(1)}
    for other, factor_node in reading.pairs(node, item):
        factor = _number(reading, factor_node, item)
        if other == unit:
            reading.problem(factor_node, f"{other!r} is the standard unit; its factor is 1.", "Take it out.", item)
        elif factor is not None and factor <= 0:
            reading.problem(
                factor_node, f"the factor of {other!r} must be above 0.", "Write how many standard units one of it is.", item
            )
        elif factor is not None:
            units[other] = factor
    return MappingProxyType(units)


def _codes(reading: Reading, node: Node | None, item: str) -> tuple[Coding, ...]:
    if node is None:
        return ()
    systems = reading.fields(node, tuple(CODE_KEYS), item=item)
    return tuple(Coding(CODE_KEYS[key].value, code) for key, codes in systems.items() for code in reading.texts(codes, item))


def _cdisc(reading: Reading, node: Node | None, item: str) -> Mapping[str, str]:
    if node is None:
        return _NO_WORDS
    parts = reading.fields(node, ("domain", "test"), required=("domain",), item=item)
    return MappingProxyType({key: reading.text(part, item) or "" for key, part in parts.items()})


def _pattern(reading: Reading, node: Node | None, item: str) -> re.Pattern[str] | None:
    written = reading.text(node, item)
    if written is None:
        return None
    try:
        return re.compile(written, re.ASCII)
    except re.error as wrong:
        reading.problem(node, f"the code pattern cannot be read: {wrong}.", "Write a regular expression.", item)
        return None


def _plausible(reading: Reading, node: Node | None, item: str) -> Plausible:
    if node is None:
        return Plausible()
    parts = reading.fields(node, ("low", "high"), item=item)
    limits = {key: _number(reading, part, item) for key, part in parts.items()}
    low, high = limits.get("low"), limits.get("high")
    if low is not None and high is not None and low >= high:
        reading.problem(node, f"the plausible range is empty: {low} is not below {high}.", "Exchange or mend the limits.", item)
    return Plausible(low, high)


def _values(reading: Reading, node: Node | None, item: str) -> Mapping[str, Text]:
    if node is None:
        return _NO_VALUES
    return MappingProxyType({code: _name(reading, name, f"{item}: {code}") for code, name in reading.pairs(node, item)})


def _check_whole(concepts: list[Concept], problems: list[Problem]) -> None:
    by_id: dict[str, Concept] = {}
    by_code: dict[tuple[str, str], Concept] = {}
    for concept in concepts:
        first = by_id.setdefault(concept.id, concept)
        if first is not concept:
            problems.append(
                Problem(concept.place, f"the concept stands already at {first.place}.", "Give it another id, or take it out.")
            )
        for coding in concept.codes:
            other = by_code.setdefault((coding.system, coding.code), concept)
            if other.id != concept.id:
                what = f"the code {coding.code} ({coding.system}) already means {other.id!r}, at {other.place}."
                problems.append(Problem(concept.place, what, "A code must mean one concept: take it out of one of the two."))
    for concept in concepts:
        for parent_id in concept.is_a:
            parent = by_id.get(parent_id)
            if parent is None:
                hint = did_you_mean(parent_id, by_id) or "Add the concept, or take the parent out."
                problems.append(Problem(concept.place, f"its parent {parent_id!r} does not exist.", hint))
            else:
                _check_parent(concept, parent, problems)
    _check_cycles(by_id, problems)


def _check_parent(concept: Concept, parent: Concept, problems: list[Problem]) -> None:
    if concept.kind is not parent.kind and not (concept.kind.is_event and parent.kind.is_event):
        what = f"its kind is {concept.kind}, that of its parent {parent.id!r} {parent.kind}."
        problems.append(Problem(concept.place, what, "A fact on a concept counts for its parents: give both the same kind."))
    elif concept.unit != parent.unit:
        what = f"its unit is {concept.unit}, that of its parent {parent.id!r} {parent.unit}."
        problems.append(Problem(concept.place, what, "A fact on a concept counts for its parents: give both the same unit."))


def _check_cycles(by_id: Mapping[str, Concept], problems: list[Problem]) -> None:
    done: set[str] = set()
    for start in by_id:
        path: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            name, depth = stack.pop()
            del path[depth:]
            if name in path:
                circle = " > ".join([*path[path.index(name) :], name])
                problems.append(Problem(by_id[name].place, f"it is its own ancestor: {circle}.", "Take one of these `is_a` out."))
                done.update(path)
                break
            if name in done or name not in by_id:
                continue
            path.append(name)
            stack.extend((parent, depth + 1) for parent in by_id[name].is_a)
        done.add(start)


def _check_units(own: Iterable[Concept], known: set[str], problems: list[Problem]) -> None:
    asked = [(concept, unit) for concept in own for unit in concept.units if unit not in known]
    if not asked:
        return
    # Imported here since ucumvert takes half a second to load and most studies need no new unit.
    from protocord.concepts.units import ucum_fault

    for concept, unit in asked:
        fault = ucum_fault(unit)
        if fault:
            problems.append(
                Problem(concept.place, f"{unit!r} is not a UCUM unit: {fault}.", "See ucum.org; UCUM minds letter case.")
            )
