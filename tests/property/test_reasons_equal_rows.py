"""Why columns leave an answer open is why the row evaluator does: the same kinds of reasons, of the same concepts, for the same children.

Rules and children are those of `test_cohort_equals_rows`.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.cohort.engines import DuckDB, Postgres, Spark
from protocord.cohort.kernel.answering import answered_by_kernel
from protocord.cohort.kernel.compact import open_compact
from protocord.cohort.kernel.compacting import Compacting
from protocord.cohort.normal import Normal
from protocord.cohort.plan.answered import Answered, answered_by_sql
from protocord.cohort.plan.lacking import Lacking, asked_ruled
from protocord.cohort.plan.program import Program
from protocord.cohort.plan.reasons import KINDS, Why, reasons
from protocord.cohort.plan.truths import Deciding
from protocord.cohort.sources.memory import brought
from protocord.criteria import Anchors, FactIndex, Truth
from protocord.values import Reason, SubjectRecord, Text

DRAWN = runpy.run_path(str(Path(__file__).parent / "test_cohort_equals_rows.py"), run_name="drawn")
Batch, CONCEPTS, STUDY = DRAWN["Batch"], DRAWN["CONCEPTS"], DRAWN["STUDY"]
IDS = {concept.name: name for name, concept in CONCEPTS.items()}

Cell = frozenset[Why]
Answering = Callable[..., Answered]


def why(reason: Reason) -> Why:
    """The kind of a reason of the row evaluator, and the concept that it is about."""
    said = reason.particulars
    about = next((said[name] for name in ("concept", "agent", "toxicity") if name in said), None)
    about = said["first"] if reason.kind == "order_unknown" else about
    return Why(reason.kind, IDS[about] if isinstance(about, Text) else "")


def by_rows(batch: Any) -> list[list[Cell | None]]:
    """Of every child and rule: the reasons that are missing, where the rule is unknown."""
    found: list[list[Cell | None]] = []
    for record in batch.records:
        index = FactIndex(record, CONCEPTS)
        decided = [one.rule.evaluate(index, Anchors(one.day, one.known)) for one in batch.asked]
        found.append([frozenset(map(why, one.missing)) if one.truth is Truth.UNKNOWN else None for one in decided])
    return found


def by_columns(batch: Any, engine: Any, answer: Answering = answered_by_sql) -> list[list[Cell | None]]:
    """The same by columns, whichever way they were answered."""
    program, normal = batch.program, Normal.of_records(batch.records, STUDY)
    relations = brought(engine, normal)
    answered = answer(engine, relations, CONCEPTS, program)
    deciding = Deciding(program, answered.planes(np.arange(answered.persons.size)))
    lacking = Lacking(deciding)
    items = [lacking.of(column, rules) for column, rules in zip(program.columns, asked_ruled(batch.asked), strict=True)]
    found = reasons(engine, relations, CONCEPTS, deciding, answered.persons, items)
    cells: list[list[set[Why] | None]] = [[None] * len(batch.asked) for _ in batch.records]
    for place, column in enumerate(program.columns):
        truths = deciding.truths(column.rule)
        for row in np.flatnonzero(~truths.true & ~truths.false):
            cells[row][place] = set()
        for reason, persons in found.of(items[place]).items():
            assert (np.diff(persons) > 0).all()
            for row in persons:
                cells[row][place].add(reason)  # type: ignore[union-attr]
    return [[None if cell is None else frozenset(cell) for cell in line] for line in cells]


def agree(batch: Any, engine: Any) -> None:
    rows, columns = by_rows(batch), by_columns(batch, engine)
    wrong = [
        (person, rule) for person, line in enumerate(rows) for rule, cell in enumerate(line) if cell != columns[person][rule]
    ]
    if not wrong:
        return
    person, rule = min(wrong, key=lambda cell: (len(batch.asked[cell[1]].rule.text), len(batch.records[cell[0]].facts)))
    asked = batch.asked[rule]
    record = _least(batch.records[person], asked, engine)
    alone = Batch((asked,), (record,))
    lines = [f"{len(wrong)} of {len(rows) * len(batch.asked)} cells; on {asked.day}, known {asked.known}: {asked.rule.text}"]
    lines += [f"  {fact}" for fact in record.facts] + [f"  {history}" for history in record.histories]
    (said,), (columned,) = by_rows(alone)[0], by_columns(alone, engine)[0]
    pytest.fail(
        "\n".join(
            [
                *lines,
                f"rows only {sorted((said or set()) - (columned or set()))}",
                f"columns only {sorted((columned or set()) - (said or set()))}",
            ]
        )
    )


def _least(record: SubjectRecord, asked: Any, engine: Any) -> SubjectRecord:
    for part in (*record.facts, *record.histories):
        facts = tuple(one for one in record.facts if one is not part)
        histories = tuple(one for one in record.histories if one is not part)
        less = replace(record, facts=facts, histories=histories)
        alone = Batch((asked,), (less,))
        if by_rows(alone) != by_columns(alone, engine):
            record = less
    return record


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDB]:
    engine = DuckDB(threads=2)
    yield engine
    engine.close()


_SEEDS = st.integers(0, 2**32 - 1)


@settings(DRAWN["_NO_SHRINKING"], max_examples=1)
@given(_SEEDS)
def test_columns_give_the_reasons_that_rows_give(duckdb: DuckDB, seed: int) -> None:
    agree(Batch.drawn(seed, rules=20, records=80), duckdb)


@pytest.mark.slow
@settings(DRAWN["_NO_SHRINKING"], max_examples=4)
@given(_SEEDS)
def test_columns_give_the_reasons_that_rows_give_in_more_batches(duckdb: DuckDB, seed: int) -> None:
    agree(Batch.drawn(seed, rules=30, records=400), duckdb)


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[Postgres]:
    engine = Postgres(postgres_server.url(postgres_server.new_database()))
    yield engine
    engine.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_gives_the_reasons_that_rows_give(postgres: Postgres) -> None:
    for seed in range(2):
        agree(Batch.drawn(seed, rules=20, records=150), postgres)


@pytest.mark.spark
@pytest.mark.slow
def test_spark_gives_the_reasons_that_rows_give(spark: Spark) -> None:
    agree(Batch.drawn(1, rules=20, records=150), spark)


@pytest.mark.slow
def test_the_kernels_planes_give_the_reasons_that_rows_give(duckdb: DuckDB, tmp_path: Path) -> None:
    batch = Batch.drawn(5, rules=20, records=300)
    normal = Normal.of_records(batch.records, STUDY)
    with Compacting(tmp_path / "compact") as made:
        made.add(normal.persons, normal.facts, normal.histories)
        made.finish()

    def by_kernel(_engine: Any, _relations: Any, concepts: Any, program: Program) -> Answered:
        return answered_by_kernel(open_compact(tmp_path / "compact"), program, concepts)

    assert by_columns(batch, duckdb, by_kernel) == by_rows(batch)


# Said of the order of two events that are both sure and dated, and of a unit for what has none: no rule that passes its check gets there.
_NEVER_SAID = {"order_unknown", "unit_not_measured"}


def test_every_kind_of_reason_that_columns_know_is_drawn_and_an_unknown_answer_always_has_one() -> None:
    cells = [cell for seed in range(5) for line in by_rows(Batch.drawn(seed, 20, 120)) for cell in line if cell is not None]

    assert len(cells) > 5000
    assert all(cells)
    assert {said.kind for cell in cells for said in cell} == set(KINDS) - _NEVER_SAID
