"""Walk a Bundle: find its one patient, resolve references, hand each resource to its reader, list the rest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from protocord.concepts import Concepts
from protocord.concepts.documents import read_text
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.fhir import events
from protocord.exchange.fhir.elements import Entry, Reader, Unmapped, spelled
from protocord.exchange.fhir.observations import observation
from protocord.exchange.mapping import SiteMapping
from protocord.values import Fact, History, Reason, SubjectRecord

__all__ = ["Imported", "Unmapped", "from_bundle", "looks_like_bundle", "read_bundle"]

_EVENTS: Mapping[str, Callable[[Reader, Entry], list[Fact]]] = {
    "Procedure": events.procedure,
    "MedicationAdministration": events.administration,
    "MedicationStatement": events.statement,
    "Condition": events.condition,
    "Consent": events.consent,
}
_SEEN_ELSEWHERE = ("Patient", "Medication")  # read before, or where they are referred to


@dataclass(frozen=True, slots=True)
class Imported:
    """A subject read from elsewhere, and all of it that became no fact."""

    record: SubjectRecord
    unmapped: tuple[Unmapped, ...] = ()


def looks_like_bundle(data: Any) -> bool:
    """This will tell whether parsed JSON is a FHIR Bundle (or another single FHIR resource, which the reader then refuses by name)."""
    return isinstance(data, Mapping) and isinstance(data.get("resourceType"), str)


def read_bundle(path: Path, *, concepts: Concepts, mapping: SiteMapping | None = None) -> Imported:
    """This will return the subject of the FHIR R4 Bundle in a JSON file.

    Raises SubjectProblems with every fault: JSON that is not well-formed (with its line), and for malformed resources the path in the
    bundle. Numbers keep their digits.
    """
    problems: list[Problem] = []
    text = read_text(path, problems)
    if text is None:
        raise SubjectProblems(problems)
    try:
        data = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as wrong:
        place = Place(str(path), wrong.lineno, f"column {wrong.colno}")
        raise SubjectProblems([Problem(place, f"this is not well-formed JSON: {wrong.msg}.")]) from None
    return from_bundle(data, concepts=concepts, mapping=mapping, file=str(path))


def from_bundle(data: Any, *, concepts: Concepts, mapping: SiteMapping | None = None, file: str = "") -> Imported:
    """This will return the subject of a FHIR R4 Bundle given as parsed JSON, with decimals as Decimal (never float).

    Facts are named by resource type and id. Of names, numbers and addresses nothing is read. Raises SubjectProblems, see `read_bundle`.
    """
    reader = Reader(concepts, mapping or SiteMapping(), file)
    entries = _entries(reader, data)
    patient = _patient(reader, entries)
    facts: list[Fact] = []
    histories: list[History] = []
    if patient is not None:
        facts += _demographics(reader, patient)
        ignored: Counter[str] = Counter()
        for entry in entries:
            kind = entry.resource["resourceType"]
            if kind in _SEEN_ELSEWHERE:
                continue
            if kind not in (*_EVENTS, "Observation", "List"):
                ignored[kind] += 1
            elif _is_about(reader, entry, patient):
                found, told = _read(reader, entry)
                facts += found
                histories += told
        if _is_linked(reader, patient):
            histories = []
        for kind, count in sorted(ignored.items()):
            reader.unmapped.append(Unmapped(kind, "", Reason.of("fhir_resource_unread", resource=kind, count=count)))
    if reader.problems or patient is None:
        raise SubjectProblems(sorted(reader.problems))
    name = patient.name.removeprefix("Patient/")
    return Imported(SubjectRecord(name, tuple(facts), tuple(histories)), tuple(reader.unmapped))


def _entries(reader: Reader, data: Any) -> list[Entry]:
    kind = data.get("resourceType") if isinstance(data, Mapping) else None
    if kind != "Bundle":
        what = f"this is a FHIR {kind}, not a Bundle." if kind else "this is not a FHIR resource: it has no resourceType."
        reader.fault("", what, "Export the patient as one Bundle, for example by Patient/$everything.")
        return []
    found: list[Entry] = []
    taken: Counter[str] = Counter()
    for path, item in reader.children(data, "entry", "Bundle"):
        resource = reader.child(item, "resource", path)
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            reader.fault(f"{path}.resource", "a resource with its resourceType is needed here.")
            continue
        given = reader.text(resource, "id", f"{path}.resource")
        name = f"{kind}/{given}" if given else f"{kind}/entry-{len(found) + 1:04d}"
        taken[name] += 1
        if taken[name] > 1:
            name = f"{name}~{taken[name]}"
        found.append(Entry(resource, f"{path}.resource", name))
        for reference in (name, reader.text(item, "fullUrl", path)):
            if reference:
                reader.resources.setdefault(reference, resource)
    return [_resolved(reader, entry) for entry in found]


def _resolved(reader: Reader, entry: Entry) -> Entry:
    """The entry with the Medication that it refers to, contained or in the bundle, put in the reference's place."""
    reference = entry.resource.get("medicationReference")
    if not isinstance(reference, Mapping):
        return entry
    target = reader.text(reference, "reference", f"{entry.path}.medicationReference")
    contained = {f"#{one.get('id')}": one for _, one in reader.children(entry.resource, "contained", entry.path)}
    medication = contained.get(target) or reader.resources.get(target)
    resource = {**entry.resource, "medicationReference": {**reference, "resolved": medication}}
    return Entry(resource, entry.path, entry.name)


def _patient(reader: Reader, entries: list[Entry]) -> Entry | None:
    patients = [entry for entry in entries if entry.resource["resourceType"] == "Patient"]
    if len(patients) == 1:
        return patients[0]
    if not reader.problems:
        what = f"the bundle holds {len(patients)} patients; it must hold one."
        reader.fault("Bundle.entry", what, "Export one patient at a time.")
    return None


def _is_about(reader: Reader, entry: Entry, patient: Entry) -> bool:
    """Whether the resource is about the patient; one that names nobody is taken to be, one about another is listed."""
    key = "patient" if entry.resource["resourceType"] == "Consent" else "subject"
    reference = reader.text(reader.child(entry.resource, key, entry.path), "reference", f"{entry.path}.{key}")
    is_own = not reference or reader.resources.get(reference) is patient.resource or reference.endswith(f"/{patient.name}")
    if not is_own:
        reader.leave(entry, reference, "fhir_other_subject")
    return is_own


def _is_linked(reader: Reader, patient: Entry) -> bool:
    """Whether part of what is known of the patient stands under another Patient: then no list here speaks for the whole."""
    others = [
        reader.text(reader.child(link, "other", path), "reference", f"{path}.other")
        for path, link in reader.children(patient.resource, "link", patient.path)
    ]
    linked = [other for other in others if other and "Patient/" in other]
    for other in linked:
        reader.leave(patient, other, "fhir_patient_linked")
    return bool(linked)


def _demographics(reader: Reader, patient: Entry) -> list[Fact]:
    resource, path, source = patient.resource, patient.path, patient.source
    facts = []
    reader.birth = reader.date(resource, "birthDate", path)
    if reader.birth is not None:
        facts.append(Fact(f"{patient.name}#birthDate", "Birth date", None, reader.birth, source=source))
    gender = reader.text(resource, "gender", path)
    if gender in ("male", "female"):
        reader.sex = gender
        facts.append(Fact(f"{patient.name}#gender", "Sex", gender, source=source))
    elif gender:
        reader.leave(patient, f"gender {gender}", "fhir_value_unread", concept="Sex")
    died = reader.date(resource, "deceasedDateTime", path)
    if died is not None:
        facts.append(Fact(f"{patient.name}#deceased", "Death", None, died, source=source))
    return facts


def _read(reader: Reader, entry: Entry) -> tuple[list[Fact], list[History]]:
    kind = entry.resource["resourceType"]
    if kind == "Observation":
        return observation(reader, entry)
    if kind == "List":
        return [], _empty_list(reader, entry)
    return _EVENTS[kind](reader, entry), []


def _empty_list(reader: Reader, entry: Entry) -> list[History]:
    """A List that is empty because nothing is known to be on it: the history up to its date is complete."""
    resource, path = entry.resource, entry.path
    codings = reader.codings(reader.child(resource, "code", path), f"{path}.code")
    concept = reader.covers(codings)
    empty = {coding.code for coding in reader.codings(reader.child(resource, "emptyReason", path), f"{path}.emptyReason")}
    on = reader.date(resource, "date", path)
    usable = reader.text(resource, "status", path) == "current" and "nilknown" in empty and not resource.get("entry")
    if concept is None:
        reader.leave(entry, spelled(codings), "fhir_code_unknown")
    elif not usable:
        reader.leave(entry, concept, "fhir_coverage_denied", concept=concept)
    elif on is None:
        reader.leave(entry, concept, "fhir_coverage_undated", concept=concept)
    else:
        return [History(concept, None, on, entry.source)]
    return []
