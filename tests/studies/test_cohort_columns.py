"""The worked children of every shipped study, screened as columns: every answer of every criterion as the row evaluator gives it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

import protocord
from protocord.cli.examples import subject_of
from protocord.cohort.engines import DuckDB, Engine, Postgres, Spark
from protocord.cohort.normal import Normal
from protocord.cohort.plan.planes import planes
from protocord.cohort.plan.program import program
from protocord.cohort.plan.truths import answers
from protocord.cohort.sources.memory import brought
from protocord.eligibility import screen
from protocord.protocol import Protocol
from protocord.values import SubjectRecord

STUDIES = sorted(folder.name for folder in protocord.STUDIES.iterdir() if (folder / "study.yaml").is_file())
DAYS = [
    (date(2025, 6, 25), date(2025, 6, 30)),
    pytest.param(date(2023, 3, 1), None, marks=pytest.mark.slow),
]


@pytest.fixture(params=STUDIES, scope="module")
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return protocord.load(protocord.STUDIES / request.param)


@pytest.fixture(scope="module")
def larger() -> Protocol:
    """The study with the most worked children: the other engines are slow to start and to plan, and need not read both."""
    return max((protocord.load(protocord.STUDIES / name) for name in STUDIES), key=lambda one: len(one.examples.examples))


@pytest.fixture
def engine() -> Iterator[DuckDB]:
    found = DuckDB()
    yield found
    found.close()


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[Postgres]:
    found = Postgres(postgres_server.url(postgres_server.new_database()))
    yield found
    found.close()


@pytest.mark.parametrize(("on", "planned"), DAYS)
def test_columns_answer_every_criterion_as_the_row_evaluator_does(
    protocol: Protocol, engine: DuckDB, on: date, planned: date | None
) -> None:
    same_answers(protocol, engine, on, planned)


@pytest.mark.spark
@pytest.mark.slow
def test_spark_answers_every_criterion_as_the_row_evaluator_does(larger: Protocol, spark: Spark) -> None:
    same_answers(larger, spark, date(2025, 6, 25), date(2025, 6, 30))


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_answers_every_criterion_as_the_row_evaluator_does(larger: Protocol, postgres: Postgres) -> None:
    same_answers(larger, postgres, date(2025, 6, 25), date(2025, 6, 30))


def test_children_of_whom_nothing_is_known_are_answered_too(protocol: Protocol, engine: DuckDB) -> None:
    same_answers(protocol, engine, date(2025, 6, 25), None, [SubjectRecord("A"), SubjectRecord("B")])


def same_answers(
    protocol: Protocol, engine: Engine, on: date, planned: date | None, records: list[SubjectRecord] | None = None
) -> None:
    records = records or [subject_of(protocol, example)[0] for example in protocol.examples.examples]
    normal = Normal.of_records(records, protocol)

    asked = program(protocol, on, planned)
    rows = planes(engine, asked, protocol.concepts, brought(engine, normal))

    found = {row["person"]: row for row in answers(asked, rows).iter_rows(named=True)}

    wrong = []
    for person, record in enumerate(records):
        for finding in screen(protocol, record, on=on, planned_infusion=planned).findings:
            got = found[person][f"{finding.criterion_id}/{finding.reading_id}"]
            if got != finding.answer:
                wrong.append((record.id, finding.criterion_id, str(finding.answer), got))
    assert wrong == []
    assert len(found) == len(records)
