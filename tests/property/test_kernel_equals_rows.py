"""The kernel over compact arrays answers every rule for every record as the row evaluator does: the rules and records drawn for columns."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from protocord.cohort.kernel.answering import answered_by_kernel
from protocord.cohort.kernel.compact import Compact, open_compact
from protocord.cohort.kernel.compacting import Compacting
from protocord.cohort.kernel.marks import BLOCK
from protocord.cohort.normal import Normal
from protocord.cohort.plan.truths import MET, NOT_MET, UNKNOWN, Deciding
from protocord.criteria import Truth
from protocord.criteria.functions import FUNCTIONS
from protocord.values import Fact, PartialDate, SubjectRecord

DRAWN = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("test_cohort_equals_rows.py"))))
_CODES = {Truth.TRUE: MET, Truth.FALSE: NOT_MET, Truth.UNKNOWN: UNKNOWN}


def compacted(folder: Path, normal: Normal, *, batch: int = 0, copies: int = 1) -> Compact:
    """The compact arrays of a normal form, added so many persons at a time; `copies` of everybody, one after another."""
    count = normal.persons.height

    def all_of(frame: pl.DataFrame) -> pl.DataFrame:
        return pl.concat(frame.with_columns(pl.col("person") + copy * count) for copy in range(copies))

    parts = [all_of(frame) for frame in (normal.persons, normal.facts, normal.histories)]
    with Compacting(folder) as made:
        for first in range(0, count * copies, batch or count * copies):
            within = pl.col("person").is_between(first, first + (batch or count * copies) - 1)
            made.add(*(part.filter(within) for part in parts))
        made.finish()
    return open_compact(folder)


def agree(batch: Any, folder: Path) -> None:
    """The same answer in every cell, and planes from which the circuits make the same."""
    compact = compacted(folder, Normal.of_records(batch.records, DRAWN.STUDY))
    program = batch.program
    wanted = np.vectorize(_CODES.get, otypes=[np.uint8])(batch.by_rows()).T
    found = answered_by_kernel(compact, program, DRAWN.CONCEPTS)
    places = np.arange(len(batch.records))[::-1]
    deciding = Deciding(program, found.planes(places))
    from_planes = np.stack([deciding.answer(column) for column in program.columns])[:, ::-1]
    for codes, what in ((found.codes, "answers"), (from_planes, "planes")):
        wrong = np.argwhere(codes != wanted)
        if wrong.size:
            rule, person = min(wrong, key=lambda cell: len(batch.asked[cell[0]].rule.text))
            asked = batch.asked[rule]
            lines = [f"{len(wrong)} cells of the {what}; on {asked.day}, known {asked.known}: {asked.rule.text}"]
            lines += [f"  {one}" for one in (*batch.records[person].facts, *batch.records[person].histories)]
            pytest.fail("\n".join([*lines, f"rows say {wanted[rule, person]}, the kernel {codes[rule, person]}"]))


@DRAWN.settings(DRAWN._NO_SHRINKING, max_examples=1)
@given(DRAWN._SEEDS)
def test_the_kernel_gives_the_truth_that_rows_give(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    agree(DRAWN.Batch.drawn(seed, rules=30, records=200), tmp_path_factory.mktemp("drawn") / "compact")


@pytest.mark.slow
@DRAWN.settings(DRAWN._NO_SHRINKING, max_examples=5)
@given(DRAWN._SEEDS)
def test_the_kernel_gives_the_truth_that_rows_give_in_more_batches(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    agree(DRAWN.Batch.drawn(seed, rules=30, records=400), tmp_path_factory.mktemp("drawn") / "compact")


def test_a_batch_asks_every_function() -> None:
    assert {leaf.function for leaf in DRAWN.Batch.drawn(1, 0, 0).program.leaves} == set(FUNCTIONS)


def test_days_beyond_two_bytes_mean_what_they_mean(tmp_path: Path) -> None:
    drawn = DRAWN.Batch.drawn(3, rules=10, records=120)
    far = (
        PartialDate(1850, 1, 2),
        PartialDate(1850, 1, 3),
        PartialDate(1801),
        PartialDate(2149, 12, 31),
        PartialDate(2074, 9),
        PartialDate(1895),
    )

    def moved(record: SubjectRecord) -> SubjectRecord:
        def at(place: int, fact: Fact) -> Fact:
            day = far[(place + int(record.id)) % len(far)]
            end = fact.end and far[(place * 5 + int(record.id)) % len(far)]
            return replace(fact, start=day, end=end) if place % 2 and fact.concept != "Birth date" else fact

        return replace(record, facts=tuple(at(place, fact) for place, fact in enumerate(record.facts)))

    agree(replace(drawn, records=tuple(map(moved, drawn.records))), tmp_path / "compact")


@pytest.mark.slow
def test_no_answer_depends_on_batches_blocks_or_threads(tmp_path: Path) -> None:
    batch = DRAWN.Batch.drawn(5, rules=10, records=150)
    normal, program = Normal.of_records(batch.records, DRAWN.STUDY), batch.program
    one = answered_by_kernel(compacted(tmp_path / "one", normal), program, DRAWN.CONCEPTS)
    few = answered_by_kernel(compacted(tmp_path / "few", normal, batch=7), program, DRAWN.CONCEPTS)
    assert (one.codes == few.codes).all()

    copies = BLOCK // 150 + 40
    many = compacted(tmp_path / "many", normal, batch=20_011, copies=copies)
    assert many.blocks == 2
    for threads in (1, 2):
        found = answered_by_kernel(many, program, DRAWN.CONCEPTS, threads=threads)
        assert (found.persons == np.arange(150 * copies)).all()
        assert (found.codes.reshape(-1, copies, 150) == one.codes[:, None, :]).all()
    some = np.array([BLOCK + 17, 3, BLOCK - 1, 0])
    planes = [one.planes(some % 150), found.planes(some)]
    assert planes[0].drop("person").equals(planes[1].drop("person"))
    assert planes[1]["person"].to_list() == some.tolist()


def test_nobody_and_nothing_can_be_screened(tmp_path: Path) -> None:
    program = DRAWN.Batch.drawn(2, rules=5, records=0).program
    nobody = compacted(tmp_path / "nobody", Normal.of_records([], DRAWN.STUDY), batch=1)
    assert answered_by_kernel(nobody, program, DRAWN.CONCEPTS).codes.shape == (len(program.columns), 0)

    agree(
        replace(DRAWN.Batch.drawn(2, rules=5, records=0), records=(SubjectRecord("0"), SubjectRecord("1"))), tmp_path / "nothing"
    )


@pytest.mark.slow
def test_a_person_with_more_facts_than_two_bytes_count(tmp_path: Path) -> None:
    batch = DRAWN.Batch.drawn(7, rules=10, records=40)
    normal = Normal.of_records(batch.records, DRAWN.STUDY)
    excluded = normal.facts.head(1).with_columns(pl.lit(2, pl.Int8).alias("status"), pl.lit(0, pl.Int64).alias("person"))
    more = pl.concat([excluded] * 70_000).with_columns(record=pl.int_range(pl.len(), dtype=pl.Int64) - 70_000)
    crowded = replace(normal, facts=pl.concat([more, normal.facts]))
    found = answered_by_kernel(compacted(tmp_path / "crowded", crowded), batch.program, DRAWN.CONCEPTS)
    plain = answered_by_kernel(compacted(tmp_path / "plain", normal), batch.program, DRAWN.CONCEPTS)
    assert open_compact(tmp_path / "crowded").facts.rank.dtype == np.uint32
    assert (found.codes == plain.codes).all()
