"""What was done to the patient and what the patient has: procedures, medicines, conditions, consents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from protocord.concepts import Concept, ConceptKind
from protocord.exchange.fhir.elements import Entry, Reader, Resource, spelled, status_of
from protocord.values import CodeSystem, Coding, Fact, FactStatus, PartialDate

_MORPHOLOGY = re.compile(r"\d{4}/\d", re.ASCII)
_TOPOGRAPHY = re.compile(r"C\d\d(\.\d)?", re.ASCII)
_HISTOLOGY_EXTENSION = "mcode-histology-morphology-behavior"
_CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"

# Not begun: nothing has happened yet, so there is no fact. Every other status but those told as false counts as having happened,
# `unknown` too: to leave out a treatment that may have been given could let a washout pass.
_NOT_BEGUN = ("preparation", "intended")
_FALSE = ("not-done", "not-taken", "entered-in-error")
_GOING_ON = ("in-progress", "active")


def procedure(reader: Reader, entry: Entry) -> list[Fact]:
    """This will return the facts of a Procedure."""
    resource, path = entry.resource, entry.path
    codings = reader.codings(reader.child(resource, "code", path), f"{path}.code")
    if "performedPeriod" in resource:
        start, end = reader.period(resource, "performedPeriod", path)
    else:
        start = end = reader.date(resource, "performedDateTime", path)
    return _events(reader, entry, codings, start, end)


def administration(reader: Reader, entry: Entry) -> list[Fact]:
    """This will return the facts of a MedicationAdministration; one dateTime is a single dose."""
    start, end = _effective(reader, entry)
    if "effectiveDateTime" in entry.resource:
        end = start
    return _events(reader, entry, medicine(reader, entry), start, end)


def statement(reader: Reader, entry: Entry) -> list[Fact]:
    """This will return the facts of a MedicationStatement; one dateTime is when the medicine was being taken, its end unknown."""
    start, end = _effective(reader, entry)
    return _events(reader, entry, medicine(reader, entry), start, end)


def _effective(reader: Reader, entry: Entry) -> tuple[PartialDate | None, PartialDate | None]:
    if "effectivePeriod" in entry.resource:
        return reader.period(entry.resource, "effectivePeriod", entry.path)
    return reader.date(entry.resource, "effectiveDateTime", entry.path), None


def medicine(reader: Reader, entry: Entry) -> list[Coding]:
    """This will return the codes of the medicine that a resource names, directly or by a reference that was resolved before."""
    resource, path = entry.resource, entry.path
    codings = reader.codings(reader.child(resource, "medicationCodeableConcept", path), f"{path}.medicationCodeableConcept")
    medication = reader.child(resource, "medicationReference", path).get("resolved")
    if isinstance(medication, Mapping):
        at = f"{path}.medicationReference"
        codings += reader.codings(reader.child(medication, "code", at), f"{at}.code")
        for inner, part in reader.children(medication, "ingredient", at):
            codings += reader.codings(reader.child(part, "itemCodeableConcept", inner), f"{inner}.itemCodeableConcept")
    return codings


def _events(
    reader: Reader, entry: Entry, codings: Sequence[Coding], start: PartialDate | None, end: PartialDate | None
) -> list[Fact]:
    written = reader.text(entry.resource, "status", entry.path)
    if written in _NOT_BEGUN:
        reader.leave(entry, spelled(codings), "fhir_not_begun", status=written)
        return []
    named = reader.named(codings)
    if not named:
        reader.leave(entry, spelled(codings, _said(reader, entry)), "fhir_code_unknown")
        return []
    status = status_of(written, ()) if written in _FALSE else FactStatus.RECORDED
    ongoing = written in _GOING_ON and end is None
    facts = []
    # A combination, or codes that mean different things: every one of them counts.
    for number, concept in enumerate(named):
        if not concept.kind.is_event:
            reader.leave(entry, spelled(codings), "fhir_kind_unfit", concept=concept.id)
            continue
        name = entry.name if number == 0 else f"{entry.name}#{number + 1}"
        facts.append(Fact(name, concept.id, None, start, end, ongoing, status, source=entry.source))
    return facts


def _said(reader: Reader, entry: Entry) -> str:
    for key in ("code", "medicationCodeableConcept"):
        text = reader.text(reader.child(entry.resource, key, entry.path), "text", entry.path)
        if text:
            return text
    return ""


def condition(reader: Reader, entry: Entry) -> list[Fact]:
    """This will return the facts of a Condition, and the histology and site that it or its mCODE extension carries."""
    resource, path = entry.resource, entry.path
    status, present = _verified(reader, entry)
    start, end = _onset(reader, resource, path), _abatement(reader, resource, path)
    codings = reader.codings(reader.child(resource, "code", path), f"{path}.code")
    facts = _tumour(reader, entry, codings, start, status if present else FactStatus.EXCLUDED)
    clinical = {
        coding.code for coding in reader.codings(reader.child(resource, "clinicalStatus", path), f"{path}.clinicalStatus")
    }
    named = [concept for concept in reader.named(codings) if _is_condition(reader, entry, concept, codings)]
    if present and end is None and clinical & {"inactive", "resolved", "remission"}:
        # It is over, but nobody says since when: neither present nor absent can be told of any day.
        reader.leave(entry, spelled(codings), "fhir_over_undated")
        status = FactStatus.EXCLUDED
    if not named and not facts:
        reader.leave(entry, spelled(codings, _said(reader, entry)), "fhir_code_unknown")
    for number, concept in enumerate(named):
        name = entry.name if number == 0 else f"{entry.name}#{number + 1}"
        facts.append(Fact(name, concept.id, present, start, end, status=status, source=entry.source))
    return facts


def _is_condition(reader: Reader, entry: Entry, concept: Concept, codings: Sequence[Coding]) -> bool:
    fits = concept.kind is ConceptKind.CONDITION
    if not fits:
        reader.leave(entry, spelled(codings), "fhir_kind_unfit", concept=concept.id)
    return fits


def _verified(reader: Reader, entry: Entry) -> tuple[FactStatus, bool]:
    """How sure the diagnosis is: refuted is recorded as absent; what is not confirmed is listed and not used."""
    at = f"{entry.path}.verificationStatus"
    codes = {coding.code for coding in reader.codings(reader.child(entry.resource, "verificationStatus", entry.path), at)}
    if codes & {"entered-in-error", "unconfirmed", "provisional", "differential"}:
        return FactStatus.EXCLUDED, True
    return FactStatus.RECORDED, "refuted" not in codes


def _onset(reader: Reader, resource: Resource, path: str) -> PartialDate | None:
    if "onsetPeriod" in resource:
        return reader.period(resource, "onsetPeriod", path)[0]
    return reader.date(resource, "onsetDateTime", path) or reader.date(resource, "recordedDate", path)


def _abatement(reader: Reader, resource: Resource, path: str) -> PartialDate | None:
    if "abatementPeriod" in resource:
        return reader.period(resource, "abatementPeriod", path)[1]
    return reader.date(resource, "abatementDateTime", path)


def _tumour(reader: Reader, entry: Entry, codings: Sequence[Coding], start: PartialDate | None, status: FactStatus) -> list[Fact]:
    """Histology and primary site where the diagnosis is coded in ICD-O-3."""
    resource, path = entry.resource, entry.path
    found = list(codings)
    for at, extension in reader.children(resource, "extension", path):
        if reader.text(extension, "url", at).endswith(_HISTOLOGY_EXTENSION):
            found += reader.codings(reader.child(extension, "valueCodeableConcept", at), at)
    for at, site in reader.children(resource, "bodySite", path):
        found += reader.codings(site, at)
    tumour = [coding.code for coding in found if coding.system == CodeSystem.ICD_O_3.value]
    histology = next((code for code in tumour if _MORPHOLOGY.fullmatch(code)), None)
    site_code = next((code for code in tumour if _TOPOGRAPHY.fullmatch(code)), None)
    facts = []
    for concept, code in (("Histology", histology), ("Primary site", site_code)):
        if code is not None and concept in reader.concepts:
            facts.append(Fact(f"{entry.name}#{concept}", concept, code, start, status=status, source=entry.source))
    return facts


def consent(reader: Reader, entry: Entry) -> list[Fact]:
    """This will return a research Consent as "Informed consent", or as the attestation that the site's mapping gives its category."""
    resource, path = entry.resource, entry.path
    categories = [coding for at, one in reader.children(resource, "category", path) for coding in reader.codings(one, at)]
    named = [concept for concept in reader.named(categories) if concept.kind is ConceptKind.ATTESTATION]
    scope = reader.codings(reader.child(resource, "scope", path), f"{path}.scope")
    research = any(coding.code == "research" and coding.system in ("", _CONSENT_SCOPE) for coding in scope)
    if not named and not research:
        reader.leave(entry, spelled([*scope, *categories]), "fhir_consent_not_research")
        return []
    written = reader.text(resource, "status", path)
    denied = reader.text(reader.child(resource, "provision", path), "type", path) == "deny"
    known = {"active": True, "rejected": False, "inactive": False}
    status = FactStatus.RECORDED if written in known else FactStatus.EXCLUDED
    value = known.get(written, False) and not denied
    concept = named[0].id if named else "Informed consent"
    signed = reader.date(resource, "dateTime", path)
    return [Fact(entry.name, concept, value, signed, status=status, source=entry.source)]
