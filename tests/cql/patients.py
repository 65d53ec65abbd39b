"""Random FHIR patients whose few values and days collide: ties, leap days, partial dates, open ends, mixed units, missing ranges."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from protocord.concepts import Concept, Concepts
from protocord.exchange.mapping import SiteMapping
from protocord.values import CodeSystem

SITE, DECLARED = "http://site.example.org/code", "http://site.example.org/complete"
UCUM = "http://unitsofmeasure.org"
DAYS = (
    "2025-03-01", "2025-02-28", "2025-02-24", "2025-02-22", "2025-02-15", "2025-02-08", "2025-02-07", "2025-02-01", "2025-01-31",
    "2025-01-18", "2025-01-04", "2025-03-02", "2025-03-10", "2024-02-29", "2024-12-31", "2020-06-15", "2025-02", "2025-03", "2025", "2024",
    "2025-03-01T23:30:00+08:00", "2025-02-22T00:15:00Z", "2025-02-15T12:00:00-05:00",
)  # fmt: skip
FULL = tuple(day for day in DAYS if len(day) == 10)


def site_mapping(concepts: Concepts) -> SiteMapping:
    """A hospital that has a code for every concept, and one for every list that it declares complete."""
    return SiteMapping(
        codes={f"{SITE}|{name}": name for name in concepts},
        coverage={f"{DECLARED}|{name}": name for name in concepts},
        units={"x10^9/L": "10*9/L", "umol/l": "umol/L"},
        values={f"{SITE}|POS": "positive", f"{SITE}|NEIN": "no"},
    )


class Hospital:
    """Draws patients of whom the concepts that a study asks for, and their kin, are recorded in all the ways that our reader knows."""

    def __init__(self, concepts: Concepts, asked: Iterable[str], value_sets: Iterable[Iterable[str]], seed: int) -> None:
        self.random = Random(seed)
        self.concepts = concepts
        self.codes = sorted({code for one in value_sets for code in one} | {"8910/3", "9500/3", "C40.2", "8910", "nonsense"})
        self.asked = sorted(set(asked))
        kin = {name: sorted(concepts.descendants(name) | concepts.possible(name)) for name in self.asked}
        self.kin = {name: found for name, found in kin.items() if found}
        self.count = 0

    def patient(self, number: int) -> dict[str, Any]:
        """This will return one patient's Bundle."""
        draw = self.random
        self.count = 0
        self.before = DAYS[0]
        self.name = f"p{number}"
        patient: dict[str, Any] = {"resourceType": "Patient", "id": self.name}
        if draw.random() < 0.95:
            births = (
                "2009-03-01",
                "2008-02-29",
                "2016-02-29",
                "2024-09-09",
                "2007-03-01",
                "2007-02",
                "2006-03-02",
                "2017",
                "2009-02-22",
                "2025-02-22",
            )
            patient["birthDate"] = draw.choice(births)
        if draw.random() < 0.9:
            patient["gender"] = draw.choice(("male", "female", "other"))
        self.extra: list[dict[str, Any]] = []
        # Half of the patients are well on the whole, so that criteria are met as well as failed.
        self.tidy = draw.random() < 0.5
        resources = [patient]
        for name in self.asked:
            for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
                near = self.kin.get(name)
                chosen = draw.choice(near) if near and draw.random() < 0.4 else name
                resources.append(self.resource(self.concepts[chosen]))
            if draw.random() < (0.8 if self.tidy else 0.4):
                above = [name, name, *sorted(self.concepts.ancestors(name))]
                resources.append(self.declared(draw.choice(above)))
        resources += self.extra
        rest = resources[1:]
        draw.shuffle(rest)
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (patient, *rest)]}

    # ---- parts

    def base(self, kind: str, *, key: str = "subject") -> dict[str, Any]:
        self.count += 1
        number = self.count if self.random.random() < 0.7 else 1000 - self.count
        resource: dict[str, Any] = {"resourceType": kind, "id": f"r{number:03d}-{self.count}"}
        chance = self.random.random()
        if chance < 0.8:
            resource[key] = {"reference": f"Patient/{self.name}"}
        elif chance < 0.83:
            resource[key] = {"reference": "Patient/somebody-else"}
        elif chance < 0.88:
            resource[key] = {"reference": f"http://his.example.org/fhir/Patient/{self.name}"}
        return resource

    def day(self) -> str:
        """A day; now and then the one before again, so that two records of a concept tie."""
        if self.random.random() > 0.25:
            self.before = self.random.choice(FULL[:5] if self.tidy and self.random.random() < 0.8 else DAYS)
        return self.before

    def period(self) -> dict[str, str]:
        draw = self.random
        start, end = sorted((draw.choice(FULL), draw.choice(FULL)))
        if draw.random() < 0.2:
            start = start[:7]
        if draw.random() < 0.2:
            end = end[:7]
        found = {"start": start, "end": end}
        for key in ("start", "end"):
            if draw.random() < 0.2:
                del found[key]
        return found

    def code(self, concept: Concept) -> dict[str, Any]:
        draw = self.random
        codings = [{"system": SITE, "code": concept.id}]
        if concept.codes and draw.random() < 0.4:
            own = draw.choice(concept.codes)
            system = "http://hl7.org/fhir/sid/icd-o-3" if own.system == CodeSystem.ICD_O_3.value else own.system
            codings = [{"system": system, "code": own.code}]
        if draw.random() < 0.1:
            parents = sorted(self.concepts.ancestors(concept.id)) or [concept.id]
            codings.append({"system": SITE, "code": draw.choice(parents)})
        if draw.random() < 0.04:
            codings.append({"system": SITE, "code": draw.choice(self.asked)})
        return {"coding": codings}

    def effective(self, resource: dict[str, Any]) -> dict[str, Any]:
        chance = self.random.random()
        if chance < 0.8 or self.tidy:
            resource["effectiveDateTime"] = self.day()
        elif chance < 0.9:
            resource["effectivePeriod"] = self.period()
        elif chance < 0.93:
            resource["effectiveInstant"] = "2025-02-24T08:00:00.000+08:00"
        return resource

    def declared(self, concept: str) -> dict[str, Any]:
        draw = self.random
        code = {"coding": [{"system": DECLARED, "code": concept}]}
        if draw.random() < 0.3:
            found = {
                **self.base("List"),
                "mode": "snapshot",
                "code": code,
                "status": draw.choice(("current", "current", "retired")),
            }
            found["emptyReason"] = {"coding": [{"code": draw.choice(("nilknown", "nilknown", "unavailable"))}]}
            found["date"] = draw.choice(("2025-03-01", "2025-03-10", "2025-02-28", "2025-03"))
            return found
        found = {**self.base("Observation"), "code": code, "status": "final"}
        chance = draw.random()
        if chance < 0.5:
            found["effectiveDateTime"] = draw.choice(("2025-03-01", "2025-03-10", "2025-02-24"))
        else:
            found["effectivePeriod"] = {"start": draw.choice(("2016-01-01", "2024-12-31", "2025-01-18", "2025-02", "2005"))}
            if draw.random() < 0.6:
                found["effectivePeriod"]["end"] = draw.choice(("2025-02-15", "2025-02-28", "2025-03-01", "2025-03-10", "2025-03"))
        if draw.random() < 0.4:
            found["valueBoolean"] = draw.random() < 0.85
        elif draw.random() < 0.1:
            found["valueCodeableConcept"] = {"coding": [{"system": SITE, "code": "NEIN"}]}
        return found

    def resource(self, concept: Concept) -> dict[str, Any]:
        kind = concept.kind.value
        if kind == "exposure":
            return self.medicine(concept) if self.random.random() < 0.9 else self.procedure(concept)
        if kind == "procedure":
            return self.procedure(concept)
        if kind == "condition" and self.random.random() < 0.5:
            return self.condition(concept)
        if concept.id in ("Histology", "Primary site") and self.random.random() < 0.6:
            return self.tumour()
        if kind == "attestation" and self.random.random() < 0.3:
            return self.consent(concept)
        return self.observation(concept)

    def procedure(self, concept: Concept) -> dict[str, Any]:
        draw = self.random
        status = draw.choice(
            ("completed", "completed", "completed", "in-progress", "not-done", "entered-in-error", "unknown", "preparation")
        )
        found = {**self.base("Procedure"), "status": status, "code": self.code(concept)}
        chance = draw.random()
        if chance < 0.6:
            found["performedDateTime"] = self.day()
        elif chance < 0.9:
            found["performedPeriod"] = self.period()
        return found

    def medicine(self, concept: Concept) -> dict[str, Any]:
        draw = self.random
        statement = draw.random() < 0.4
        found = self.base("MedicationStatement" if statement else "MedicationAdministration")
        found["status"] = draw.choice(("completed", "completed", "active" if statement else "in-progress", "not-taken" if statement else "not-done", "entered-in-error", "unknown"))  # fmt: skip
        chance = draw.random()
        if chance < 0.4:
            found["effectiveDateTime"] = self.day()
        elif chance < 0.9:
            found["effectivePeriod"] = self.period()
        if draw.random() < 0.8:
            found["medicationCodeableConcept"] = self.code(concept)
        else:
            self.count += 1
            name = f"m{self.count}"
            medication: dict[str, Any] = {"resourceType": "Medication", "id": name}
            if draw.random() < 0.5:
                medication["code"] = self.code(concept)
            else:
                medication["ingredient"] = [{"itemCodeableConcept": self.code(concept)}]
            self.extra.append(medication)
            found["medicationReference"] = {"reference": f"Medication/{name}"}
        return found

    def condition(self, concept: Concept) -> dict[str, Any]:
        draw = self.random
        found = {**self.base("Condition"), "code": self.code(concept)}
        verified = draw.choice(("confirmed", "confirmed", "refuted", "unconfirmed", ""))
        if verified:
            found["verificationStatus"] = {"coding": [{"code": verified}]}
        if draw.random() < 0.3:
            found["clinicalStatus"] = {"coding": [{"code": draw.choice(("active", "resolved", "inactive"))}]}
        chance = draw.random()
        if chance < 0.6:
            found["onsetDateTime"] = self.day()
        elif chance < 0.7:
            found["onsetPeriod"] = self.period()
        elif chance < 0.9:
            found["recordedDate"] = self.day()
        if draw.random() < 0.3:
            found["abatementDateTime"] = self.day()
        elif draw.random() < 0.1:
            found["abatementPeriod"] = self.period()
        return found

    def tumour(self) -> dict[str, Any]:
        draw = self.random
        found = self.condition(self.concepts["Histology"])
        system = draw.choice((CodeSystem.ICD_O_3.value, "http://hl7.org/fhir/sid/icd-o-3"))
        found["code"] = {"coding": [{"system": system, "code": draw.choice(self.codes)}]}
        if draw.random() < 0.3:
            url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
            found["extension"] = [
                {"url": url, "valueCodeableConcept": {"coding": [{"system": system, "code": draw.choice(self.codes)}]}}
            ]
        if draw.random() < 0.3:
            found["bodySite"] = [{"coding": [{"system": system, "code": "C40.2"}]}]
        return found

    def consent(self, concept: Concept) -> dict[str, Any]:
        draw = self.random
        found = {
            **self.base("Consent", key="patient"),
            "status": draw.choice(("active", "active", "active", "rejected", "draft")),
        }
        found["scope"] = {"coding": [{"code": "research", "system": "http://terminology.hl7.org/CodeSystem/consentscope"}]}
        found["category"] = [{"coding": [{"system": SITE, "code": concept.id}]}]
        if draw.random() < 0.9:
            found["dateTime"] = self.day()
        if draw.random() < 0.1:
            found["provision"] = {"type": "deny"}
        return found

    def observation(self, concept: Concept) -> dict[str, Any]:
        draw = self.random
        status = "final" if self.tidy else draw.choice(("final", "final", "amended", "corrected", "preliminary", "cancelled"))
        found = self.effective({**self.base("Observation"), "status": status, "code": self.code(concept)})
        if concept.kind.value == "toxicity" and draw.random() < 0.5:
            found = {key: value for key, value in found.items() if not key.startswith("effective")}
            found["effectivePeriod"] = self.period()  # what lasts beyond the day has not recovered
        if draw.random() < 0.06:
            found["dataAbsentReason"] = {"coding": [{"code": "unknown"}]}
            return found
        self.value(found, concept)
        if draw.random() < 0.1 and "valueDateTime" not in found:
            part = {"code": found["code"]} | {
                key: found.pop(key) for key in list(found) if key.startswith(("value", "referenceRange"))
            }
            found["code"] = {"text": "panel"}
            found["component"] = [part, {"code": {"text": "nothing"}}]
            if draw.random() < 0.5:
                other: dict[str, Any] = {"code": self.code(concept)}
                self.value(other, concept)
                found["component"].append(other)
        return found

    def value(self, part: dict[str, Any], concept: Concept) -> None:
        draw = self.random
        kind = concept.kind.value
        if concept.kind.is_numeric:
            self.number(part, concept)
        elif kind == "coded":
            code = draw.choice(sorted(concept.values) or self.codes)
            if concept.values and draw.random() < 0.3:
                part["valueString"] = code
            else:
                part["valueCodeableConcept"] = {"coding": [{"system": SITE, "code": code}]}
        elif kind == "date":
            part["valueDateTime"] = self.day()
        elif kind in ("condition", "attestation"):
            chance = draw.random()
            if chance < 0.7:
                part["valueBoolean"] = draw.random() < (0.85 if self.tidy else 0.6)
            elif chance < 0.95:
                answers = (
                    (CodeSystem.SNOMED.value, "52101004"),
                    (CodeSystem.SNOMED.value, "2667000"),
                    (SITE, "POS"),
                    (SITE, "NEIN"),
                    (SITE, "?"),
                )
                system, code = draw.choice(answers)
                part["valueCodeableConcept"] = {"coding": [{"system": system, "code": code}]}

    def number(self, part: dict[str, Any], concept: Concept) -> None:
        draw = self.random
        if concept.is_pure_number:
            if draw.random() < 0.4:
                part["valueInteger"] = draw.choice((0, 1, 2, 3, 40, 50, 60, 100))
                return
            if draw.random() < 0.2:
                part["valueString"] = draw.choice(("50", "<50", ">= 1", "2", "fifty", "1.5"))
                return
        unit = draw.choice([*concept.units, *concept.units, "umol/l", "x10^9/L", "furlong"]) if draw.random() < 0.95 else None
        factor = concept.units.get(unit or "", 1)
        middle = {"10*9/L": (0.4, 0.5, 0.75, 1.0, 1.1, 20, 75, 80, 74.9), "wk": (11, 12, 13)}.get(
            concept.unit or "", (1, 2, 3, 17.1, 20.52, 30, 45, 53.04, 60, 79.56, 88.4, 120, 150, 50)
        )
        number = round(draw.choice(middle) / float(factor), draw.choice((0, 1, 2, 4)))
        quantity: dict[str, Any] = {"value": -1 if draw.random() < 0.02 else number}
        if unit is not None:
            quantity["unit" if draw.random() < 0.2 else "code"] = unit
        if draw.random() < 0.12:
            quantity["comparator"] = draw.choice(("<", "<=", ">", ">="))
        part["valueQuantity"] = quantity
        if draw.random() < 0.85:
            part["referenceRange"] = [self.range(unit, float(factor)) for _ in range(draw.choice((1, 1, 1, 2)))]

    def range(self, unit: str | None, factor: float) -> dict[str, Any]:
        draw = self.random
        found: dict[str, Any] = {}
        high: dict[str, Any] = {"value": round(draw.choice((20.0, 30.0, 40.0, 50.0, 53.04, 10.0)) / factor, 4)}
        if unit is not None and draw.random() < 0.7:
            high["code"] = unit
        if draw.random() < 0.9:
            found["high"] = high
        if draw.random() < 0.5:
            found["low"] = {"value": 1}
        if draw.random() < 0.2:
            found["type"] = {"coding": [{"code": draw.choice(("normal", "treatment"))}]}
        if draw.random() < 0.25:
            found["appliesTo"] = [
                {"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": draw.choice(("male", "female"))}]}
            ]
        chance = draw.random()
        if chance < 0.6:
            found["age"] = {
                "low": {"value": draw.choice((0, 1, 8, 12)), "code": "a"},
                "high": {"value": draw.choice((17, 18, 16, 15, 99)), "code": "a"},
            }
            if draw.random() < 0.15:
                del found["age"]["low"]
        elif chance < 0.85:
            low, high_ = draw.choice((0, 1, 6, 12)), draw.choice((24, 120, 216, 240))
            found["age"] = {
                "low": {"value": low, "code": "mo"},
                "high": {"value": high_, "code": draw.choice(("mo", "mo", "wk", "d"))},
            }
        return found
