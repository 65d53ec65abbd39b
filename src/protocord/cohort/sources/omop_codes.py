"""What OMOP's concept ids mean in a study: by the source's own vocabulary tables, and by the hospital's mapping file.

Protocord ships no OMOP concept ids. The concepts carry codes of LOINC, SNOMED CT, ICD, RxNorm and ATC; a source that has the
vocabulary tables (concept, concept_relationship, concept_ancestor) says itself which ids these are, which ids map to them, and what
stands below them. A mapping file adds ids by hand as `omop|3013650: ANC` under `codes`, and units as `omop|8848` under `units`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from protocord.cohort.engines import Engine
from protocord.cohort.normal import Numbering
from protocord.concepts import Concepts
from protocord.errors import DocumentProblems, Place, Problem
from protocord.exchange.mapping import SiteMapping
from protocord.values import CodeSystem

_VOCABULARIES = {
    CodeSystem.LOINC: ("LOINC",),
    CodeSystem.SNOMED: ("SNOMED",),
    CodeSystem.ICD_10: ("ICD10", "ICD10CM", "ICD10CN"),
    CodeSystem.RXNORM: ("RxNorm", "RxNorm Extension"),
    CodeSystem.ATC: ("ATC",),
    CodeSystem.ICD_O_3: ("ICDO3",),
}
CODES = {"concept_id": pl.Int64, "concept": pl.Int32}
UNITS = {"unit_concept_id": pl.Int64, "unit": pl.String}


@dataclass(frozen=True)
class OmopCodes:
    """Which concept of the study each OMOP id stands for, and which UCUM unit; `clashes` are ids that several concepts claim."""

    codes: pl.DataFrame
    units: pl.DataFrame
    clashes: tuple[int, ...] = ()


def omop_codes(engine: Engine, tables: frozenset[str], concepts: Concepts, mapping: SiteMapping) -> OmopCodes:
    """This will return the meaning of every OMOP id that the vocabulary tables or the mapping file explain.

    A code's own id and what maps to it come before what merely stands below it; of several concepts above one id the nearest counts,
    and where two are equally near none does (`clashes`). The mapping file wins over all.
    """
    numbers = Numbering(concepts).numbers
    own = {number: numbers[name] for number, name in _by_hand(mapping.codes, "codes").items()}
    found = (
        _by_vocabulary(engine, tables, concepts) if "concept" in tables else pl.DataFrame(schema={**CODES, "distance": pl.Int64})
    )
    nearest = found.filter(pl.col("distance") == pl.col("distance").min().over("concept_id"))
    meant: dict[int, set[int]] = {}
    for concept_id, concept in nearest.select("concept_id", "concept").rows():
        meant.setdefault(concept_id, set()).add(concept)
    narrowest = {concept_id: _narrowest(several, concepts) for concept_id, several in meant.items() if concept_id not in own}
    clear = {concept_id: several.pop() for concept_id, several in narrowest.items() if len(several) == 1}
    said = clear | own
    codes = pl.DataFrame({"concept_id": list(said), "concept": list(said.values())}, schema=CODES).sort("concept_id")
    return OmopCodes(codes, _units(engine, tables, concepts, mapping), tuple(sorted(narrowest.keys() - clear.keys())))


def _narrowest(several: set[int], concepts: Concepts) -> set[int]:
    """Those of several concepts that stand above none of the others."""
    numbering = Numbering(concepts)
    above = {numbering.numbers[wider] for one in several for wider in concepts.ancestors(numbering.ids[one])}
    return several - above


def _by_hand(written: Mapping[str, str], item: str) -> dict[int, str]:
    """What the mapping file says of OMOP ids: its keys `omop|3013650`."""
    said = {key.partition("|")[2]: value for key, value in written.items() if key.startswith("omop|")}
    wrong = [
        Problem(Place(item=item), f"'omop|{key}' names no OMOP concept.", "Write its number: omop|3013650.")
        for key in said
        if not (key.isascii() and key.isdigit())
    ]
    if wrong:
        raise DocumentProblems(wrong)
    return {int(key): value for key, value in said.items()}


def _by_vocabulary(engine: Engine, tables: frozenset[str], concepts: Concepts) -> pl.DataFrame:
    numbers = Numbering(concepts).numbers
    wanted = [
        {"vocabulary": vocabulary, "code": coding.code, "concept": numbers[concept.id]}
        for concept in concepts.values()
        for coding in concept.codes
        for vocabulary in _VOCABULARIES.get(CodeSystem(coding.system), ())
    ]
    engine.bring("wanted_codes", pl.DataFrame(wanted, schema={"vocabulary": pl.String, "code": pl.String, "concept": pl.Int32}))
    own = "SELECT c.concept_id, w.concept FROM concept c JOIN wanted_codes w ON c.vocabulary_id = w.vocabulary AND c.concept_code = w.code"
    parts = [f"SELECT concept_id, concept, 0 AS distance FROM ({own}) AS own"]
    standard = f"SELECT concept_id, concept FROM ({own}) AS own"
    if "concept_relationship" in tables:
        mapped = (
            f"SELECT r.concept_id_2 AS concept_id, o.concept FROM concept_relationship r JOIN ({own}) AS o "
            "ON r.concept_id_1 = o.concept_id WHERE r.relationship_id = 'Maps to'"
        )
        parts.append(f"SELECT concept_id, concept, 0 AS distance FROM ({mapped}) AS mapped")
        standard = f"{standard} UNION {mapped}"
    if "concept_ancestor" in tables:
        parts.append(
            "SELECT a.descendant_concept_id AS concept_id, s.concept, a.min_levels_of_separation AS distance "
            f"FROM concept_ancestor a JOIN ({standard}) AS s ON a.ancestor_concept_id = s.concept_id"
        )
    found = engine.run(" UNION ALL ".join(parts))
    return found.select(pl.col("concept_id").cast(pl.Int64), pl.col("concept").cast(pl.Int32), pl.col("distance").cast(pl.Int64))


def _units(engine: Engine, tables: frozenset[str], concepts: Concepts, mapping: SiteMapping) -> pl.DataFrame:
    by_hand = _by_hand(mapping.units, "units")
    known: dict[int, str] = {}
    if "concept" in tables:
        accepted = {unit for concept in concepts.values() for unit in concept.units}
        found = engine.run("SELECT concept_id, concept_code FROM concept WHERE vocabulary_id = 'UCUM'")
        for concept_id, code in found.rows():
            spelled = mapping.units.get(code, code)
            # OMOP's UCUM codes of counts use a caret or a star alike.
            known[concept_id] = next((unit for unit in (spelled, spelled.replace("^", "*")) if unit in accepted), spelled)
    known |= by_hand
    return pl.DataFrame({"unit_concept_id": list(known), "unit": list(known.values())}, schema=UNITS)
