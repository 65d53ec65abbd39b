"""`protocord.cohort.kernel`: a warehouse, made a fact store, answers both shipped studies as the row evaluator does."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from yaml import safe_load

import protocord
from protocord.cohort.engines import DuckDB
from protocord.cohort.kernel.answering import answered_by_kernel
from protocord.cohort.kernel.compact import FOLDER, HEAD, open_compact
from protocord.cohort.plan.program import program
from protocord.cohort.plan.truths import ANSWERS
from protocord.cohort.sources import FactStore, open_source
from protocord.cohort.sources.omop_ingest import ingest_omop
from protocord.eligibility import screen
from protocord.errors import SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

HOSPITAL = runpy.run_path(str(Path(__file__).parents[3] / "cohort_children.py"))
ON, INFUSION = HOSPITAL["ON"], date(2025, 6, 30)
Make = Callable[[Protocol, int], FactStore]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a store of a hospital with so many children."""

    def made(protocol: Protocol, children: int) -> FactStore:
        HOSPITAL["write"](tmp_path / "omop", HOSPITAL["children"](children))
        codes = {key: name for key, name in safe_load(HOSPITAL["mapping"]())["codes"].items() if name in protocol.concepts}
        mapping = SiteMapping(codes=codes, ranges_are_age_specific=True)
        ingest_omop(tmp_path / "omop", tmp_path / "store", protocol, mapping)
        store = open_source(tmp_path / "store", protocol.concepts)
        assert isinstance(store, FactStore)
        return store

    return made


@pytest.mark.parametrize("study", ["nct06848582", "nct06631391"])
def test_every_cell_of_a_shipped_study_is_that_of_the_row_evaluator(study: str, make: Make) -> None:
    protocol = protocord.load(protocord.STUDIES / study)
    store = make(protocol, 80)
    asked = program(protocol, ON, INFUSION)
    answered = answered_by_kernel(open_compact(store.folder), asked, protocol.concepts)
    records = store.records(answered.persons.tolist())
    cells = {(column.criterion, column.reading): codes for column, codes in zip(asked.columns, answered.codes, strict=True)}
    compared = 0
    for place, person in enumerate(answered.persons):
        for finding in screen(protocol, records[person], on=ON, planned_infusion=INFUSION).findings:
            assert ANSWERS[cells[finding.criterion_id, finding.reading_id][place]] == str(finding.answer), (person, finding)
            compared += 1
    assert compared == 80 * len(asked.chosen)
    store.engine.close()


def test_another_day_needs_no_other_store(make: Make) -> None:
    protocol = protocord.load(protocord.STUDIES / "nct06848582")
    store = make(protocol, 60)
    compact = open_compact(store.folder)
    days = [date(2024, 2, 29), date(2031, 1, 1)]
    found = [answered_by_kernel(compact, program(protocol, day), protocol.concepts).codes for day in days]
    for day, codes in zip(days, found, strict=True):
        persons = compact.persons.person[:15]
        for person, record in store.records(persons.tolist()).items():
            at = int(np.searchsorted(persons, person))
            answers = {one.criterion_id: str(one.answer) for one in screen(protocol, record, on=day).findings}
            for column, row in zip(program(protocol, day).columns, codes, strict=True):
                if column.chosen:
                    assert ANSWERS[row[at]] == answers[column.criterion]
    store.engine.close()


def test_compact_arrays_of_another_format_are_refused_with_the_remedy(make: Make) -> None:
    protocol = protocord.load(protocord.STUDIES / "nct06848582")
    store = make(protocol, 3)
    store.engine.close()
    head = store.folder / FOLDER / HEAD
    head.write_text(json.dumps(json.loads(head.read_text()) | {"format": 1}))
    with pytest.raises(SubjectProblems, match=r"have format 1, not \d.*protocord cohort ingest"):
        open_compact(store.folder)
    with pytest.raises(SubjectProblems, match="there are no compact arrays here"):
        open_compact(store.folder / FOLDER / "persons")


def test_the_rows_left_out_are_counted_by_table_and_reason(make: Make) -> None:
    protocol = protocord.load(protocord.STUDIES / "nct06848582")
    store = make(protocol, 60)
    tables = HOSPITAL["children"](60)
    engine = DuckDB()
    for name, table in tables.items():
        engine.bring(name, table)
    events = [name for name in tables if name not in ("person", "observation_period", "concept")]
    counts, left = store.manifest["counts"], sum(store.manifest["unmapped"].values())
    assert sum(counts[f"resources {name}"] for name in events) == sum(tables[name].height for name in events)
    of_person = counts["facts"] - sum(tables[name].height for name in events) + left
    assert 60 <= of_person <= 120  # birth date and sex of each
    most = {one["code"]: one["count"] for one in store.manifest["unmapped_most"]}
    strange = tables["drug_exposure"]["drug_concept_id"].to_list().count(2_000_000_602)
    assert most["omop|2000000602"] == strange
    engine.close()
    store.engine.close()


def test_a_person_who_stands_twice_is_refused(tmp_path: Path) -> None:
    import polars as pl

    tables = HOSPITAL["children"](3)
    HOSPITAL["write"](tmp_path / "omop", tables | {"person": pl.concat([tables["person"], tables["person"].head(1)])})
    protocol = protocord.load(protocord.STUDIES / "nct06848582")
    with pytest.raises(SubjectProblems, match="has 1 more than once"):
        ingest_omop(tmp_path / "omop", tmp_path / "store", protocol)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["omop"]
