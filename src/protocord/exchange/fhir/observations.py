"""Observations: results, scores, findings, statements, and the declaration that a list is complete."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from protocord.concepts import Concept, ConceptKind
from protocord.exchange.fhir.elements import Entry, Reader, Resource, spelled, status_of
from protocord.exchange.fhir.ranges import range_of
from protocord.values import CodeSystem, Coding, Fact, FactStatus, History, PartialDate, Quantity, UnreadableQuantity

USED = ("final", "amended", "corrected")

_SCT, _LOINC = CodeSystem.SNOMED.value, CodeSystem.LOINC.value
_ANSWERS = {
    (_SCT, "52101004"): "yes", (_SCT, "2667000"): "no",  # present, absent
    (_SCT, "10828004"): "positive", (_SCT, "260385009"): "negative", (_SCT, "419984006"): "indeterminate",
    (_SCT, "373066001"): "yes", (_SCT, "373067005"): "no",
    (_LOINC, "LA33-6"): "yes", (_LOINC, "LA32-8"): "no",
    ("http://terminology.hl7.org/CodeSystem/v2-0136", "Y"): "yes",
    ("http://terminology.hl7.org/CodeSystem/v2-0136", "N"): "no",
}  # fmt: skip
_YES_NO = {"yes": True, "positive": True, "true": True, "no": False, "negative": False, "false": False}
# LOINC answer list LL4986-7, as used by mCODE. The NCIt answers of the Lansky scale are not read: send valueInteger.
_SCORES = {
    "LA29175-9": 100, "LA29176-7": 90, "LA29177-5": 80, "LA29178-3": 70, "LA29179-1": 60, "LA29180-9": 50,
    "LA29181-7": 40, "LA29182-5": 30, "LA29183-3": 20, "LA29184-1": 10, "LA9627-6": 0,
}  # fmt: skip


def observation(reader: Reader, entry: Entry) -> tuple[list[Fact], list[History]]:
    """This will return what an Observation says; each component that names a concept is a fact of its own."""
    resource, path = entry.resource, entry.path
    codings = reader.codings(reader.child(resource, "code", path), f"{path}.code")
    complete = reader.covers(codings)
    if complete is not None:
        return [], _coverage(reader, entry, complete)
    status = status_of(reader.text(resource, "status", path), USED)
    facts = []
    named = reader.named(codings)
    components = list(reader.children(resource, "component", path))
    if named or not components:
        fact = _fact(reader, entry, resource, path, codings, "", status)
        facts += [fact] if fact else []
    for number, (at, component) in enumerate(components):
        own = reader.codings(reader.child(component, "code", at), f"{at}.code")
        fact = _fact(reader, entry, component, at, own, f"#{number + 1}", status)
        facts += [fact] if fact else []
    return facts, []


def _when(reader: Reader, entry: Entry) -> tuple[PartialDate | None, PartialDate | None]:
    """First and last day of the observation: a Period, else one day."""
    resource, path = entry.resource, entry.path
    if "effectivePeriod" in resource:
        return reader.period(resource, "effectivePeriod", path)
    for key in ("effectiveDateTime", "effectiveInstant"):
        if key in resource:
            return reader.date(resource, key, path), None
    return None, None


def _coverage(reader: Reader, entry: Entry, concept: str) -> list[History]:
    """A statement that the list of `concept` is complete: over its period, or up to its date from birth on."""
    resource, path = entry.resource, entry.path
    start, end = _when(reader, entry)
    usable = status_of(reader.text(resource, "status", path), USED) is FactStatus.RECORDED
    codings = reader.codings(reader.child(resource, "valueCodeableConcept", path), f"{path}.valueCodeableConcept")
    denied = resource.get("valueBoolean") is False or any(_answer(reader, coding) == "no" for coding in codings)
    if not usable or denied or "dataAbsentReason" in resource:
        reader.leave(entry, concept, "fhir_coverage_denied", concept=concept)
        return []
    if start is None:
        reader.leave(entry, concept, "fhir_coverage_undated", concept=concept)
        return []
    if "effectivePeriod" in resource:
        return [History(concept, start, end, entry.source)]
    return [History(concept, None, start, entry.source)]


def _fact(
    reader: Reader, entry: Entry, part: Resource, path: str, codings: Sequence[Coding], suffix: str, status: FactStatus
) -> Fact | None:
    named = reader.named(codings)
    code = spelled(codings, reader.text(reader.child(part, "code", path), "text", path))
    if len(named) != 1:
        reader.leave(entry, code, "fhir_code_ambiguous" if named else "fhir_code_unknown")
        return None
    concept = named[0]
    start, end = _when(reader, entry)
    source = entry.source
    if "dataAbsentReason" in part:
        return Fact(entry.name + suffix, concept.id, None, start, status=FactStatus.NOT_DONE, source=source)
    if concept.kind.is_event:
        reader.leave(entry, code, "fhir_kind_unfit", concept=concept.id)
        return None
    if concept.kind is ConceptKind.DATE:
        start = reader.date(part, "valueDateTime", path) or start
        return Fact(entry.name + suffix, concept.id, None, start, status=status, source=source)
    value = _value(reader, part, path, concept)
    if value is None:
        reader.leave(entry, code, "fhir_value_unread", concept=concept.id)
        return None
    unit = value.unit if isinstance(value, Quantity) else None
    limits = range_of(reader, entry, part, path, unit, start) if concept.kind is ConceptKind.MEASUREMENT else None
    lasting = concept.kind in (ConceptKind.CONDITION, ConceptKind.TOXICITY)
    # A result or statement counts from the last day of its period; only conditions and toxicities last.
    on, over = (start, end) if lasting else (end or start, None)
    return Fact(entry.name + suffix, concept.id, value, on, over, status=status, range=limits, source=source)


def _value(reader: Reader, part: Resource, path: str, concept: Concept) -> Quantity | bool | str | None:
    if concept.kind.is_numeric:
        return _number(reader, part, path, concept)
    codings = reader.codings(reader.child(part, "valueCodeableConcept", path), f"{path}.valueCodeableConcept")
    if concept.kind is ConceptKind.CODED:
        return _code(reader, codings, reader.text(part, "valueString", path), concept)
    boolean = part.get("valueBoolean")
    if isinstance(boolean, bool):
        return boolean
    answers = {_YES_NO.get(_answer(reader, coding) or "") for coding in codings} - {None}
    return answers.pop() if len(answers) == 1 else None


def _number(reader: Reader, part: Resource, path: str, concept: Concept) -> Quantity | None:
    found: Quantity | None = None
    if "valueQuantity" in part:
        found = reader.quantity(reader.child(part, "valueQuantity", path), f"{path}.valueQuantity")
    elif "valueInteger" in part:
        number = reader.number(part, "valueInteger", path)
        found = Quantity(number, None) if number is not None else None
    elif "valueString" in part:
        try:
            found = Quantity.parse(reader.text(part, "valueString", path))
        except UnreadableQuantity:
            return None
    elif concept.id == "Karnofsky":
        codings = reader.codings(reader.child(part, "valueCodeableConcept", path), f"{path}.valueCodeableConcept")
        scores = {_SCORES[coding.code] for coding in codings if coding.system == _LOINC and coding.code in _SCORES}
        found = Quantity(Decimal(scores.pop()), None) if len(scores) == 1 else None
    if found is not None and concept.is_pure_number and found.unit in (None, "1"):
        return Quantity(found.value, concept.unit, found.comparator)
    return found


def _answer(reader: Reader, coding: Coding) -> str | None:
    own = reader.mapping.values.get(f"{coding.system}|{coding.code}")
    return own if own is not None else _ANSWERS.get((coding.system, coding.code))


def _code(reader: Reader, codings: Sequence[Coding], text: str, concept: Concept) -> str | None:
    """The code of a coded concept: one of its fixed values, or where it has none the code as it was sent."""
    if concept.values:
        answers = [_answer(reader, coding) or coding.code for coding in codings] or [text]
        fitting = {answer for answer in answers if answer in concept.values}
        return fitting.pop() if len(fitting) == 1 else None
    own = [reader.mapping.values[key] for coding in codings if (key := f"{coding.system}|{coding.code}") in reader.mapping.values]
    tumour = [coding.code for coding in codings if coding.system == CodeSystem.ICD_O_3.value]
    return next(iter(own or tumour or [coding.code for coding in codings]), None)
