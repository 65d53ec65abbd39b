"""What an OMOP id means: by the warehouse's own vocabulary tables, by the hospital's mapping file, and which of several meanings holds."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import protocord
from protocord.cohort.normal import Numbering
from protocord.cohort.sources import Omop, open_source
from protocord.errors import DocumentProblems
from protocord.exchange.mapping import SiteMapping, read_mapping
from protocord.protocol import Protocol
from protocord.values import CodeSystem

Concept = tuple[int, str, str]


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def source(
    folder: Path,
    protocol: Protocol,
    concepts: list[Concept],
    mapping: SiteMapping | None = None,
    maps_to: tuple[tuple[int, int, str], ...] = (),
    ancestors: tuple[tuple[int, int, int], ...] = (),
) -> Omop:
    pl.DataFrame([(1, 2015)], schema=["person_id", "year_of_birth"], orient="row").write_parquet(folder / "person.parquet")
    tables = {
        "concept": (concepts, ["concept_id", "vocabulary_id", "concept_code"]),
        "concept_relationship": (list(maps_to), ["concept_id_1", "concept_id_2", "relationship_id"]),
        "concept_ancestor": (list(ancestors), ["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"]),
    }
    for name, (rows, columns) in tables.items():
        if rows:
            pl.DataFrame(rows, schema=columns, orient="row").write_parquet(folder / f"{name}.parquet")
    opened = open_source(folder, protocol.concepts, mapping)
    assert isinstance(opened, Omop)
    return opened


def meanings(opened: Omop, protocol: Protocol) -> dict[int, str]:
    ids = Numbering(protocol.concepts).ids
    return {concept_id: ids[concept] for concept_id, concept in opened.codes.codes.rows()}


def code_of(protocol: Protocol, concept: str, system: CodeSystem) -> str:
    return next(coding.code for coding in protocol.concepts[concept].codes if coding.system == system.value)


def test_an_id_whose_code_a_concept_lists_means_it_in_that_codes_vocabulary_alone(protocol: Protocol, tmp_path: Path) -> None:
    opened = source(tmp_path, protocol, [(501, "LOINC", "751-8"), (502, "SNOMED", "751-8"), (503, "LOINC", "99999-9")])

    assert meanings(opened, protocol) == {501: "ANC"}


def test_what_a_code_maps_to_and_what_stands_below_it_mean_the_same(protocol: Protocol, tmp_path: Path) -> None:
    vincristine = code_of(protocol, "Vincristine", CodeSystem.ATC)
    opened = source(
        tmp_path,
        protocol,
        [(1, "ATC", vincristine), (2, "RxNorm", "no-code"), (3, "RxNorm", "other"), (4, "RxNorm", "far")],
        maps_to=((1, 2, "Maps to"), (1, 4, "Has form")),
        ancestors=((2, 3, 1),),
    )

    assert meanings(opened, protocol) == {1: "Vincristine", 2: "Vincristine", 3: "Vincristine"}


def test_of_several_concepts_above_an_id_the_nearest_counts_and_of_equally_near_ones_none(
    protocol: Protocol, tmp_path: Path
) -> None:
    codes = [code_of(protocol, name, CodeSystem.ATC) for name in ("Vincristine", "Cyclophosphamide")]
    opened = source(
        tmp_path,
        protocol,
        [(1, "ATC", codes[0]), (2, "ATC", codes[1])],
        ancestors=((1, 10, 1), (2, 10, 2), (1, 11, 1), (2, 11, 1)),
    )

    assert meanings(opened, protocol) == {1: "Vincristine", 2: "Cyclophosphamide", 10: "Vincristine"}
    assert opened.codes.clashes == (11,)


def test_of_equally_near_concepts_one_above_another_gives_way(protocol: Protocol, tmp_path: Path) -> None:
    named = ("Acute graft versus host disease", "Graft versus host disease")
    rows = [(number, "SNOMED", code_of(protocol, name, CodeSystem.SNOMED)) for number, name in enumerate(named, 1)]
    opened = source(tmp_path, protocol, rows, ancestors=((1, 10, 1), (2, 10, 1)))

    assert meanings(opened, protocol)[10] == named[0]
    assert opened.codes.clashes == ()


def test_the_mapping_file_wins_over_the_vocabulary_and_settles_a_clash(protocol: Protocol, tmp_path: Path) -> None:
    codes = [code_of(protocol, name, CodeSystem.ATC) for name in ("Vincristine", "Cyclophosphamide")]
    file = tmp_path / "hospital.yaml"
    file.write_text('codes: {"omop|11": Vincristine, "omop|1": Cyclophosphamide, "http://lab|X": ANC}\n')
    opened = source(
        tmp_path,
        protocol,
        [(1, "ATC", codes[0]), (2, "ATC", codes[1])],
        read_mapping(file, protocol.concepts),
        ancestors=((1, 11, 1), (2, 11, 1)),
    )

    assert meanings(opened, protocol) == {1: "Cyclophosphamide", 2: "Cyclophosphamide", 11: "Vincristine"}
    assert opened.codes.clashes == ()


def test_a_mapping_that_names_no_number_is_refused(protocol: Protocol, tmp_path: Path) -> None:
    with pytest.raises(DocumentProblems, match=r"codes: 'omop\|ANC' names no OMOP concept. Write its number"):
        source(tmp_path, protocol, [], SiteMapping(codes={"omop|ANC": "ANC"}))


def test_units_are_those_of_the_ucum_vocabulary_in_any_spelling_and_those_of_the_mapping_file(
    protocol: Protocol, tmp_path: Path
) -> None:
    concepts = [
        (1, "UCUM", "10*9/L"),
        (2, "UCUM", "10^3/mm3"),
        (3, "UCUM", "x10E9"),
        (4, "UCUM", "furlong"),
        (5, "SNOMED", "umol/L"),
    ]
    mapping = SiteMapping(units={"x10E9": "10*9/L", "omop|6": "umol/L", "omop|1": "/uL"})
    opened = source(tmp_path, protocol, concepts, mapping)

    assert dict(opened.codes.units.rows()) == {1: "/uL", 2: "10*3/mm3", 3: "10*9/L", 4: "furlong", 6: "umol/L"}


def test_without_vocabulary_and_mapping_nothing_is_known(protocol: Protocol, tmp_path: Path) -> None:
    opened = source(tmp_path, protocol, [])

    assert opened.codes.codes.is_empty()
    assert opened.codes.units.is_empty()
