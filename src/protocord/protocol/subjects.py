"""Read one subject's facts from a file that a person wrote (YAML or JSON), or from such data inside another document.

Dates may be partial (`2025-06`) or `unknown`; numbers stay decimal as written (`1.10`), with `<` or `>` where reported so. A
missing unit is kept as missing: it is for the rules to say what they cannot decide. What cannot mean anything is a problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from protocord import concepts as shipped
from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.concepts.documents import Node, Reading, did_you_mean, is_null, read_text
from protocord.errors import Place, Problem, SubjectProblems
from protocord.values import (
    Fact,
    FactStatus,
    History,
    PartialDate,
    Quantity,
    ReferenceRange,
    Source,
    SubjectRecord,
    UnreadableQuantity,
)

_FACT_KEYS = ("id", "concept", "value", "unit", "code", "date", "start", "end", "ongoing", "status", "range")
_RANGE_KEYS = ("low", "high", "unit", "age", "for_child", "sex", "laboratory")
_HISTORY_KEYS = ("concept", "since", "until")
_YES = {"yes": True, "true": True, "present": True, "no": False, "false": False, "absent": False}
_EVENT_KEYS = ("id", "concept", "date", "start", "end", "ongoing", "status")
# Which keys say something about a fact of each kind; any other is a misunderstanding worth telling.
_KEYS_OF: Mapping[ConceptKind, tuple[str, ...]] = {
    ConceptKind.MEASUREMENT: ("id", "concept", "value", "unit", "date", "start", "status", "range"),
    ConceptKind.SCORE: ("id", "concept", "value", "unit", "date", "start", "status"),
    ConceptKind.TOXICITY: (*_EVENT_KEYS, "value", "unit"),
    ConceptKind.CONDITION: (*_EVENT_KEYS, "value"),
    ConceptKind.CODED: ("id", "concept", "value", "code", "date", "start", "status"),
    ConceptKind.ATTESTATION: ("id", "concept", "value", "date", "start", "status"),
    ConceptKind.EXPOSURE: _EVENT_KEYS,
    ConceptKind.PROCEDURE: _EVENT_KEYS,
    ConceptKind.DATE: ("id", "concept", "date", "start", "status"),
}
_WITH_HISTORY = (ConceptKind.EXPOSURE, ConceptKind.PROCEDURE, ConceptKind.TOXICITY, ConceptKind.CONDITION)


def read_subject(path: Path | str, concepts: Concepts | None = None) -> SubjectRecord:
    """This will return the subject whose facts stand in the file; names are those of `concepts`, by default the shipped ones.

    Raises SubjectProblems with everything that is wrong, each with its line: unknown keys and concepts (with the likely one),
    values that do not go with the concept, dates that do not exist, ends before starts.
    """
    problems: list[Problem] = []
    text = read_text(Path(path), problems)
    reading = Reading(str(path), problems)
    root = reading.compose(text) if text is not None else None
    if text is not None and root is None and not problems:
        reading.problem(None, "the file is empty.", "Begin with `subject:` and `facts:`.")
    record = None
    if root is not None:
        record = _Subject(reading, shipped.load() if concepts is None else concepts).record(root)
    if problems or record is None:
        raise SubjectProblems(sorted(problems))
    return record


def subject_from_data(
    data: Mapping[str, Any], *, concepts: Concepts | None = None, place: Place | None = None
) -> tuple[SubjectRecord, tuple[Problem, ...]]:
    """This will return the subject of data shaped like a facts file (numbers as text or int, never float), and what is wrong with it.

    Every problem stands at `place`, with the fact it is about. The record holds the facts that could be read.
    """
    where = place or Place()
    problems: list[Problem] = []
    reading = Reading(where.file, problems)
    record = _Subject(reading, shipped.load() if concepts is None else concepts).record(_node(data))
    return record, tuple(
        Problem(
            Place(where.file, where.line, ": ".join(filter(None, (where.item, problem.place.item)))), problem.what, problem.remedy
        )
        for problem in problems
    )


def _node(data: Any) -> Node:
    """This will return data as the nodes that a YAML text of it would have, without places worth naming."""
    mark = yaml.Mark("", 0, 0, 0, None, 0)
    if isinstance(data, Mapping):
        return yaml.MappingNode("", [(_node(str(key)), _node(value)) for key, value in data.items()], mark, mark)
    if isinstance(data, (list, tuple)):
        return yaml.SequenceNode("", [_node(value) for value in data], mark, mark)
    if isinstance(data, float):
        message = f"{data!r} is a binary fraction; give the number as text, as it was reported"
        raise TypeError(message)
    if data is None:
        return yaml.ScalarNode("", "", mark, mark, None)
    said = {True: "yes", False: "no"}[data] if isinstance(data, bool) else str(data)
    return yaml.ScalarNode("", said, mark, mark, '"')


class _Subject:
    """Makes a record of the nodes of one facts document; problems gather in its reading."""

    def __init__(self, reading: Reading, concepts: Concepts) -> None:
        self.reading = reading
        self.concepts = concepts
        self.ids: dict[str, int] = {}

    def record(self, root: Node) -> SubjectRecord:
        parts = self.reading.fields(root, ("subject", "facts", "histories"), required=("subject",))
        name = self.reading.text(parts.get("subject"), "subject") or ""
        if "subject" in parts and not name:
            self.reading.problem(parts["subject"], "the subject has no identifier.", "Write the screening number.", "subject")
        facts = [self._fact(node, number) for number, node in enumerate(self.reading.items(parts.get("facts"), "facts"), 1)]
        histories = [self._history(node) for node in self.reading.items(parts.get("histories"), "histories")]
        return SubjectRecord(name, tuple(fact for fact in facts if fact), tuple(one for one in histories if one))

    def _concept(self, node: Node | None, whole: Node) -> Concept | None:
        name = self.reading.text(node)
        if not name:
            if node is not None:
                self.reading.problem(node, "the concept is empty.", "Name it, for example ANC.")
            return None
        if name not in self.concepts:
            hint = (
                self.concepts.suggest(name)
                or "Those that exist are in protocord/concepts/*.yaml and the study's own concepts.yaml."
            )
            self.reading.problem(node or whole, f"there is no concept {name!r}.", hint, name)
            return None
        return self.concepts[name]

    def _fact(self, node: Node, number: int) -> Fact | None:
        fields = self.reading.fields(node, _FACT_KEYS, required=("concept",), item=f"fact {number}")
        concept = self._concept(fields.get("concept"), node)
        if concept is None:
            return None
        before = len(self.reading.problems)
        for key in fields:
            if key not in _KEYS_OF[concept.kind]:
                keys = ", ".join(key for key in _KEYS_OF[concept.kind] if key not in ("id", "concept"))
                self.reading.problem(
                    fields[key], f"a fact of kind {concept.kind} has no {key!r}.", f"It has: {keys}.", concept.id
                )
        status = self._status(fields.get("status"), concept)
        value = self._value(concept, fields, node) if status is FactStatus.RECORDED or "value" in fields else None
        start, end, ongoing = self._dates(concept, fields)
        limits = self._range(concept, fields.get("range"), fields.get("unit"))
        fact_id = self._id(fields.get("id"), number, node)
        if len(self.reading.problems) > before:
            return None
        line = node.start_mark.line + 1
        where = f"{self.reading.file}:{line}" if self.reading.file else ""
        source = Source("file", where, concept.id)
        return Fact(fact_id, concept.id, value, start, end, ongoing, status, limits, None, source)

    def _id(self, node: Node | None, number: int, whole: Node) -> str:
        # Padded, since equal dates are decided by the order of ids: the one written later wins.
        written = self.reading.text(node) or f"{number:04d}"
        if written in self.ids:
            self.reading.problem(
                node or whole, f"the id {written!r} is already that of fact {self.ids[written]}.", "Give each its own."
            )
        self.ids[written] = number
        return written

    def _status(self, node: Node | None, concept: Concept) -> FactStatus:
        written = self.reading.text(node, concept.id)
        if written is None:
            return FactStatus.RECORDED
        try:
            return FactStatus(written)
        except ValueError:
            known = [status.value for status in FactStatus]
            hint = did_you_mean(written, known) or f"It is one of: {', '.join(known)}."
            self.reading.problem(node, f"{written!r} is not the status of a fact.", hint, concept.id)
            return FactStatus.RECORDED

    def _value(self, concept: Concept, fields: Mapping[str, Node], whole: Node) -> Quantity | bool | str | None:
        match concept.kind:
            case ConceptKind.MEASUREMENT | ConceptKind.SCORE | ConceptKind.TOXICITY:
                unit = self.reading.text(fields.get("unit"), concept.id)
                return self._quantity(concept, fields.get("value"), whole, unit)
            case ConceptKind.CONDITION | ConceptKind.ATTESTATION:
                return self._yes_no(concept.id, fields.get("value"), whole)
            case ConceptKind.CODED:
                return self._code(concept, fields, whole)
            case _:
                return None

    def _quantity(self, concept: Concept, node: Node | None, whole: Node, unit: str | None) -> Quantity | None:
        try:
            read = Quantity.parse(self.reading.text(node, concept.id) or "", unit)
        except UnreadableQuantity as wrong:
            remedy = "Write `status: not_done` where the test was not done." if wrong.kind == "number_missing" else ""
            self.reading.problem(node or whole, f"{wrong}.", remedy, concept.id)
            return None
        # A score or grade has no unit that a person would write; any other number without one stays incomplete.
        return Quantity(read.value, concept.unit, read.comparator) if unit is None and concept.is_pure_number else read

    def _yes_no(self, item: str, node: Node | None, whole: Node) -> bool | None:
        written = self.reading.text(node, item)
        found = _YES.get((written or "").casefold())
        if found is None:
            what = "yes or no is missing." if written is None else f"{written!r} is neither yes nor no."
            self.reading.problem(node or whole, what, "Write `yes` or `no`, and leave the fact out where nobody knows.", item)
        return found

    def _code(self, concept: Concept, fields: Mapping[str, Node], whole: Node) -> str | None:
        if "code" in fields and "value" in fields:
            self.reading.problem(fields["value"], "the code is given twice.", "Keep `code:`.", concept.id)
        node = fields.get("code", fields.get("value"))
        code = self.reading.text(node, concept.id)
        if not code:
            self.reading.problem(node or whole, "the code is missing.", "Write `code:`.", concept.id)
        elif concept.values and code not in concept.values:
            hint = did_you_mean(code, concept.values) or f"It is one of: {', '.join(concept.values)}."
            self.reading.problem(node, f"{code!r} is not a value of {concept.id!r}.", hint, concept.id)
        return code

    def _date(self, node: Node | None, item: str) -> PartialDate | None:
        written = self.reading.text(node, item)
        if written is None or written.casefold() == "unknown":
            return None
        try:
            return PartialDate.parse(written)
        except ValueError as wrong:
            self.reading.problem(node, f"{wrong}.", "", item)
            return None

    def _dates(self, concept: Concept, fields: Mapping[str, Node]) -> tuple[PartialDate | None, PartialDate | None, bool]:
        item = concept.id
        if "date" in fields and "start" in fields:
            self.reading.problem(fields["date"], "`date` and `start` say the same thing.", "Keep one of the two.", item)
        start = self._date(fields.get("date", fields.get("start")), item)
        end = self._date(fields.get("end"), item)
        if "date" in fields and "end" in fields and concept.kind.is_event:
            self.reading.problem(fields["date"], "`date` is for a single day; it has no `end`.", "Write `start` and `end`.", item)
        # One day given by `date` is an event that began and ended on it; `start` alone leaves the end unknown.
        if "date" in fields and "end" not in fields and concept.kind.is_event:
            end = start
        ongoing = "ongoing" in fields and bool(self._yes_no(item, fields["ongoing"], fields["ongoing"]))
        if ongoing and end is not None:
            self.reading.problem(fields["ongoing"], "what has an end is not ongoing.", "Take one of the two out.", item)
        if start and end and end.latest < start.earliest:
            node = fields.get("end", fields.get("date"))
            self.reading.problem(node, f"the end, {end}, lies before the start, {start}.", "Mend one of the two.", item)
        return start, end, ongoing

    def _range(self, concept: Concept, node: Node | None, unit_node: Node | None) -> ReferenceRange | None:
        if node is None or is_null(node):
            return None
        item = f"{concept.id}: range"
        fields = self.reading.fields(node, _RANGE_KEYS, item=item)
        unit = self.reading.text(fields.get("unit", unit_node), item)
        limits = {key: self._quantity(concept, fields[key], node, unit) for key in ("low", "high") if key in fields}
        low, high = limits.get("low"), limits.get("high")
        if low and high and low.value > high.value:
            self.reading.problem(
                node, f"its lower limit, {low}, lies above its upper limit, {high}.", "Exchange or mend them.", item
            )
        age_low, age_high = self._age(fields.get("age"), item)
        sex = self.reading.text(fields.get("sex"), item)
        if sex not in (None, "male", "female"):
            self.reading.problem(
                fields["sex"], f"{sex!r} is not a sex of a range.", "Write male or female, or leave it out.", item
            )
        for_child = "for_child" in fields and bool(self._yes_no(item, fields["for_child"], node))
        laboratory = self.reading.text(fields.get("laboratory"), item) or ""
        return ReferenceRange(low, high, age_low, age_high, for_child, sex, laboratory)

    def _age(self, node: Node | None, item: str) -> tuple[int | None, int | None]:
        if node is None:
            return None, None
        ends = [self.reading.text(end, item) for end in self.reading.items(node, item)]
        good = len(ends) == 2 and all(end is None or (end.isascii() and end.isdigit()) for end in ends)
        if not good:
            self.reading.problem(
                node, "an age band has two ends in completed years.", "Write it as [2, 6]; null for an open end.", item
            )
            return None, None
        low, high = (int(end) if end else None for end in ends)
        if low is not None and high is not None and low > high:
            self.reading.problem(node, f"no age lies between {low} and {high} years.", "Exchange or mend the ends.", item)
        return low, high

    def _history(self, node: Node) -> History | None:
        fields = self.reading.fields(node, _HISTORY_KEYS, required=("concept",), item="history")
        concept = self._concept(fields.get("concept"), node)
        if concept is None:
            return None
        item = f"history of {concept.id}"
        if concept.kind not in _WITH_HISTORY:
            what = f"a history tells of exposures, procedures, toxicities or conditions; {concept.id!r} is a {concept.kind}."
            self.reading.problem(node, what, "Take it out.", item)
        since = None if self.reading.text(fields.get("since")) == "birth" else self._date(fields.get("since"), item)
        until = self._date(fields.get("until"), item)
        for key in ("since", "until"):
            if (self.reading.text(fields.get(key)) or "").casefold() == "unknown":
                remedy = "Write the day from which or up to which the list is complete, or take the history out."
                self.reading.problem(fields[key], f"a history whose {key!r} nobody knows covers nothing.", remedy, item)
        if since and until and until.latest < since.earliest:
            self.reading.problem(node, f"it ends, {until}, before it begins, {since}.", "Mend one of the two.", item)
        source = Source("file", f"{self.reading.file}:{node.start_mark.line + 1}" if self.reading.file else "", item)
        return History(concept.id, since, until, source)
