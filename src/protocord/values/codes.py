"""Codes: a code means nothing without its system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CodeSystem(StrEnum):
    """The coding systems in use, each with its FHIR URI."""

    LOINC = "http://loinc.org"
    NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
    SNOMED = "http://snomed.info/sct"
    ICD_O_3 = "http://terminology.hl7.org/CodeSystem/icd-o-3"
    ICD_10 = "http://hl7.org/fhir/sid/icd-10"
    ATC = "http://www.whocc.no/atc"
    RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
    UCUM = "http://unitsofmeasure.org"
    LOCAL = "urn:protocord:local"


@dataclass(frozen=True, slots=True, order=True)
class Coding:
    """A code of a system."""

    system: str
    code: str
    display: str = ""
