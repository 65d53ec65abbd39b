"""Why the worked children of every shipped study are undecided: of every criterion and reading what the row evaluator calls missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

import protocord
from protocord.cli.examples import subject_of
from protocord.cohort.answers.screened import Screened
from protocord.cohort.answers.unknowns import lacking_by_chunk, unknowns
from protocord.cohort.engines import DuckDB, Engine, Postgres, Spark
from protocord.cohort.normal import Normal
from protocord.cohort.plan.answered import answered_by_sql
from protocord.cohort.plan.program import program
from protocord.cohort.sources.memory import brought
from protocord.eligibility import Answer, Screening, screen
from protocord.protocol import Protocol
from protocord.values import Reason, SubjectRecord, Text

STUDIES = sorted(folder.name for folder in protocord.STUDIES.iterdir() if (folder / "study.yaml").is_file())
ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)
Lack = tuple[str, str]  # kind of reason, concept


@pytest.fixture(params=STUDIES, scope="module")
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return protocord.load(protocord.STUDIES / request.param)


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


def children(protocol: Protocol) -> list[SubjectRecord]:
    """The worked children, and one of whom nothing is known."""
    return [*(subject_of(protocol, example)[0] for example in protocol.examples.examples), SubjectRecord("nobody")]


def named(protocol: Protocol) -> dict[Text, str]:
    """The concepts' ids by their names."""
    return {concept.name: name for name, concept in protocol.concepts.items()}


def lack(ids: Mapping[Text, str], reason: Reason) -> Lack:
    """A reason of the row evaluator: its kind, and what it is about."""
    about = next((reason.particulars[name] for name in ("concept", "agent", "toxicity") if name in reason.particulars), None)
    return reason.kind, ids[about] if isinstance(about, Text) else ""


def missing(ids: Mapping[Text, str], screenings: Sequence[Screening], criterion: str) -> dict[int, set[Lack]]:
    """By place of the child: what the finding of a criterion that is unknown says is missing."""
    findings = [one.finding(criterion) for one in screenings]
    return {
        place: {lack(ids, reason) for reason in found.missing}
        for place, found in enumerate(findings)
        if found.answer is Answer.UNKNOWN
    }


def same_reasons(protocol: Protocol, engine: Engine, chunk: int = 1000) -> None:
    """Every reading of every criterion lacks the same by columns (so many children at a time) and by rows."""
    records = children(protocol)
    relations = brought(engine, Normal.of_records(records, protocol))
    answered = answered_by_sql(engine, relations, protocol.concepts, program(protocol, ON, INFUSION))
    by_columns: dict[tuple[str, str], dict[int, set[Lack]]] = defaultdict(dict)
    for part in lacking_by_chunk(Screened(protocol, answered, ON, INFUSION), engine, relations, chunk=chunk):
        for (criterion, reading, _), lacks in zip(part.columns, part.lacks, strict=True):
            for why, rows in lacks.items():
                for row in rows:
                    by_columns[criterion, reading].setdefault(int(part.persons[row]), set()).add((why.kind, why.concept))
    ids, unknown = named(protocol), 0
    for criterion, readings in protocol.readings.items():
        for reading in readings:
            read = protocol.with_reading(criterion, reading)
            expected = missing(ids, [screen(read, one, on=ON, planned_infusion=INFUSION) for one in records], criterion)
            assert by_columns[criterion, reading] == expected, (criterion, reading)
            unknown += len(expected)
    assert unknown > 20


def test_columns_lack_what_the_row_evaluator_lacks(protocol: Protocol, engine: DuckDB) -> None:
    same_reasons(protocol, engine, chunk=40)


@pytest.mark.postgres
@pytest.mark.slow
def test_columns_lack_the_same_on_postgresql(protocol: Protocol, postgres: Postgres) -> None:
    same_reasons(protocol, postgres)


@pytest.mark.spark
@pytest.mark.slow
def test_columns_lack_the_same_on_spark(spark: Spark) -> None:
    same_reasons(protocord.load(protocord.STUDIES / STUDIES[0]), spark)


def test_the_counts_are_those_of_the_findings(protocol: Protocol, engine: DuckDB) -> None:
    """Each count again by hand, from the row evaluator's findings of each child."""
    records = children(protocol)
    relations = brought(engine, Normal.of_records(records, protocol))
    answered = answered_by_sql(engine, relations, protocol.concepts, program(protocol, ON, INFUSION))
    results = unknowns(Screened(protocol, answered, ON, INFUSION), engine, relations, chunk=50)
    screenings = [screen(protocol, one, on=ON, planned_infusion=INFUSION) for one in records]
    ids, expected = named(protocol), Counter[tuple[str, ...]]()
    candidates: list[set[str]] = []
    for one in screenings:
        whole: set[Lack] = set()
        failed = {finding.criterion_id for finding in one.findings if finding.answer is Answer.NOT_MET}
        for finding in one.findings:
            if finding.answer is not Answer.UNKNOWN:
                continue
            lacks = {lack(ids, reason) for reason in finding.missing}
            whole |= lacks
            for what in lacks:
                expected["unknown", "persons", finding.criterion_id, *what] += 1
                expected["unknown", "alone", finding.criterion_id, *what] += len(lacks) == 1
                expected["unknown", "not_kept_out", finding.criterion_id, *what] += not failed - {finding.criterion_id}
        concepts = {concept for _, concept in whole}
        if not failed and concepts:
            candidates.append(concepts)
        for analysis, these in (("look_up", whole), ("look_up_concept", {(concept,) for concept in concepts})):
            for these_few in these:
                expected[analysis, "persons", *these_few] += 1
                expected[analysis, "candidates", *these_few] += not failed
                expected[analysis, "decides", *these_few] += not failed and len(these) == 1

    chosen = {criterion: rules.reading_id for criterion, rules in protocol.rules.items()}
    found: dict[tuple[str, ...], Any] = {}
    for item in results:
        said = {name: str(value) for name, value in item.context.items()}
        if item.analysis == "unknown" and chosen[said["criterion"]] != said.pop("reading"):
            continue
        found[item.analysis, item.name, *said.values()] = item.value
    so_far: set[str] = set()
    for item in results.select("look_up_concept", "decides_so_far"):
        so_far.add(str(item.context["concept"]))
        expected["look_up_concept", "decides_so_far", str(item.context["concept"])] = sum(one <= so_far for one in candidates)
    order = [item.value for item in results.select("look_up_concept", "candidates")]

    assert found == dict(expected)
    assert order == sorted(order, key=lambda count: -int(str(count)))
    assert expected["look_up_concept", "decides_so_far", str(item.context["concept"])] == len(candidates) > 0
    assert sum(count for (analysis, name, *_), count in expected.items() if (analysis, name) == ("look_up", "decides")) > 0
