"""Persons of the made-up hospital as FHIR R4 Bundles that say the same: a resource for each fact that a rule may ask about.

What FHIR cannot say as OMOP says it: a result without a number becomes one in a unit that nobody knows, which decides as little; a
statement that was asked for and not answered has no counterpart, so `sayable` leaves such a person out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.exchange.mapping import SiteMapping
from protocord.values import Fact, History, Quantity, SubjectRecord

SITE, COMPLETE = "http://hospital.example.org/code", "http://hospital.example.org/complete"
UCUM = "http://unitsofmeasure.org"
Resource = dict[str, Any]


def site(concepts: Concepts) -> SiteMapping:
    """This will return a hospital's mapping with a code for every concept, and one for each list that it may declare complete."""
    return SiteMapping(
        codes={f"{SITE}|{name}": name for name in concepts},
        coverage={f"{COMPLETE}|{name}": name for name in concepts},
        ranges_are_age_specific=True,
    )


def asked_of(concepts: Concepts, names: Iterable[str]) -> frozenset[str]:
    """This will return the concepts that rules name, with all above and below them."""
    found = set(names)
    return frozenset(found.union(*(concepts.descendants(name) | concepts.possible(name) for name in found)))


def sayable(record: SubjectRecord, concepts: Concepts, asked: frozenset[str]) -> bool:
    """This will tell whether FHIR can say all that the record says of what is asked."""
    stated = (one for one in record.facts if one.concept in asked)
    return not any(one.value is None and concepts[one.concept].kind is ConceptKind.ATTESTATION for one in stated)


def bundle(record: SubjectRecord, concepts: Concepts, asked: frozenset[str]) -> Resource:
    """This will return the Bundle of one person."""
    patient: Resource = {"resourceType": "Patient", "id": f"p{record.id}"}
    resources = [patient]
    for fact in record.facts:
        if fact.concept == "Birth date":
            patient["birthDate"] = str(fact.start)
        elif fact.concept == "Sex":
            patient["gender"] = fact.value
        elif fact.concept in asked:
            resources.append(_resource(fact, concepts[fact.concept], patient["id"]))
    roots = {name for name in asked if not concepts[name].is_a}
    resources += [
        _declared(history, number, patient["id"]) for number, history in enumerate(record.histories) if history.concept in roots
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _declared(history: History, number: int, patient: str) -> Resource:
    found = _observation(f"h{number:04d}", patient, {"system": COMPLETE, "code": history.concept})
    return found | {"effectivePeriod": {"start": str(history.since), "end": str(history.until)}, "valueBoolean": True}


def _observation(name: str, patient: str, coding: Resource) -> Resource:
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Observation", "id": name, "status": "final", "subject": subject, "code": {"coding": [coding]}}


def _resource(fact: Fact, concept: Concept, patient: str) -> Resource:
    coding, subject = {"system": SITE, "code": fact.concept}, {"reference": f"Patient/{patient}"}
    days = {"start": str(fact.start)} | ({"end": str(fact.end)} if fact.end else {})
    if concept.kind is ConceptKind.EXPOSURE:
        named = {"medicationCodeableConcept": {"coding": [coding]}, "effectivePeriod": days}
        return {"resourceType": "MedicationAdministration", "id": fact.id, "status": "completed", "subject": subject} | named
    if concept.kind is ConceptKind.PROCEDURE:
        named = {"code": {"coding": [coding]}, "performedDateTime": days["start"]}
        return {"resourceType": "Procedure", "id": fact.id, "status": "completed", "subject": subject} | named
    if fact.source is not None and fact.source.record.startswith("condition"):
        found = {
            "resourceType": "Condition",
            "id": fact.id,
            "subject": subject,
            "code": {"coding": [coding]},
            "onsetDateTime": days["start"],
        }
        return found | ({"abatementDateTime": days["end"]} if "end" in days else {})
    return _observation(fact.id, patient, coding) | {"effectiveDateTime": days["start"]} | _value(fact, concept)


def _value(fact: Fact, concept: Concept) -> Resource:
    if concept.kind is ConceptKind.DATE:
        return {"valueDateTime": str(fact.start)}
    if isinstance(fact.value, bool):
        return {"valueBoolean": fact.value}
    if isinstance(fact.value, str):
        return {"valueCodeableConcept": {"coding": [{"system": SITE, "code": fact.value}]}}
    if fact.value is None:
        return {"valueQuantity": {"value": 0, "code": "furlong", "system": UCUM}}
    found: Resource = {"valueQuantity": _quantity(fact.value)}
    if fact.range is not None and fact.range.high is not None:
        found["referenceRange"] = [{"high": _quantity(fact.range.high)}]
    return found


def _quantity(value: Quantity) -> Resource:
    """A number as a laboratory sends it; JSON knows no exact decimals, so that it is written with the digits that it has."""
    found: Resource = {"value": int(value.value) if value.value == int(value.value) else float(value.value)}
    if value.comparator:
        found["comparator"] = value.comparator
    if value.unit:
        found |= {"code": value.unit, "unit": value.unit, "system": UCUM}
    return found
