"""A screened hospital: records equal to the columns, every answer that of the row evaluator, and every count counted again by hand."""

from __future__ import annotations

import math
import runpy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import protocord
from protocord.cohort.answers.listing import Listing, listing
from protocord.cohort.answers.mending import Dates, mendable
from protocord.cohort.answers.opened import Opened, opened
from protocord.cohort.answers.readiness import Readiness
from protocord.cohort.answers.screened import OUTCOMES, Screened, screened
from protocord.cohort.answers.what_if import what_if
from protocord.cohort.engines import run
from protocord.cohort.kinds import Kind
from protocord.cohort.normal import Normal
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.eligibility import Screening, screen, timeline
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol
from protocord.statistics import Results
from protocord.values import SubjectRecord

HOSPITAL = runpy.run_path(str(Path(__file__).parents[2] / "cohort_children.py"))
ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


@pytest.fixture(scope="module")
def source(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Three hundred children in a Parquet folder, one row in fourteen untidy in each way."""
    folder = tmp_path_factory.mktemp("hospital")
    HOSPITAL["write"](folder / "omop", HOSPITAL["children"](300, seed=8, untidy=0.07))
    (folder / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    with opened(folder / "omop", protocol.concepts, read_mapping(folder / "mapping.yaml", protocol.concepts)) as found:
        yield found


@pytest.fixture(scope="module")
def found(source: Opened, protocol: Protocol) -> Screened:
    return screened(source.engine, source.omop.relations(), protocol, on=ON, planned_infusion=INFUSION)


@pytest.fixture(scope="module")
def records(source: Opened, found: Screened) -> Mapping[int, SubjectRecord]:
    return OmopRecords(source.omop).records(found.answered.persons.tolist())


@pytest.fixture(scope="module")
def by_row(protocol: Protocol, records: Mapping[int, SubjectRecord]) -> list[Screening]:
    """Every child screened by the row evaluator, in the order of the columns."""
    return [screen(protocol, records[person], on=ON, planned_infusion=INFUSION) for person in sorted(records)]


@pytest.fixture(scope="module")
def results(found: Screened) -> Results:
    return found.results()


@pytest.fixture(scope="module")
def people(found: Screened, source: Opened) -> Listing:
    dates = Dates(source.engine, source.omop.relations())
    return listing(found, OmopRecords(source.omop).records, mendable(found, dates), limit=500)


def test_a_record_has_the_facts_that_the_columns_have(
    source: Opened, protocol: Protocol, records: Mapping[int, SubjectRecord]
) -> None:
    order = sorted(records)
    normal = Normal.of_records([records[person] for person in order], protocol)
    relations = source.omop.relations()
    columns = pl.concat([run(source.engine, part) for part in relations.facts]).sort("person", "record")
    rows = normal.facts.with_columns(pl.Series("person", [order[row] for row in normal.facts["person"]])).sort("person", "record")

    assert columns.height == rows.height > 3000
    for name in rows.columns:
        if name == "record":  # the rows number a person's facts from 0; the order is what both must share
            continue
        for at, (got, expected) in enumerate(zip(columns[name].to_list(), rows[name].to_list(), strict=True)):
            if isinstance(expected, float) and got is not None:
                assert math.isclose(got, expected, rel_tol=1e-12), (name, columns.row(at, named=True))
            else:
                assert got == expected, (name, columns.row(at, named=True), rows.row(at, named=True))
    assert set(rows["kind"]) >= {Kind.NONE, Kind.YES, Kind.NO, Kind.NUMBER, Kind.UNUSABLE, Kind.CODE}
    assert set(rows["strict"]) == {0, 1, 2}


def test_a_record_covers_the_days_that_the_columns_cover(
    source: Opened, protocol: Protocol, records: Mapping[int, SubjectRecord]
) -> None:
    order = sorted(records)
    normal = Normal.of_records([records[person] for person in order], protocol)
    told = run(source.engine, source.omop.relations().histories)
    columns = set(told.select("person", "since", "until").filter(pl.col("since") <= pl.col("until")).iter_rows())

    assert {(order[person], since, until) for person, _, since, until in normal.histories.iter_rows()} == columns
    roots = {name for name, concept in protocol.concepts.items() if not concept.is_a}
    assert {history.concept for record in records.values() for history in record.histories} == roots


def test_a_record_says_where_each_fact_stands(records: Mapping[int, SubjectRecord]) -> None:
    facts = [fact for record in records.values() for fact in record.facts]
    tables = Counter(fact.source.record.partition("/")[0] for fact in facts)

    assert {fact.source.kind for fact in facts} == {"omop"}
    assert set(tables) == {
        "person",
        "condition_occurrence",
        "drug_exposure",
        "procedure_occurrence",
        "measurement",
        "observation",
    }
    rows = [fact.source.record for fact in facts if not fact.source.record.startswith("person/")]
    assert len(set(rows)) == len(rows)


def test_columns_answer_every_criterion_as_the_row_evaluator_does(found: Screened, by_row: list[Screening]) -> None:
    wrong = [
        (screening.subject, finding.criterion_id, str(finding.answer), answer)
        for row, screening in enumerate(by_row)
        for finding in screening.findings
        if (answer := ("met", "not_met", "unknown", "review")[found.answers(finding.criterion_id)[row]]) != finding.answer
    ]

    assert wrong == []
    assert [OUTCOMES[outcome] for outcome in found.outcomes] == [str(screening.outcome) for screening in by_row]


def answers_of(screening: Screening) -> dict[str, str]:
    return {finding.criterion_id: str(finding.answer) for finding in screening.findings}


def test_counts_of_a_criterion_are_those_of_its_answers(results: Results, by_row: list[Screening], found: Screened) -> None:
    told = [answers_of(screening) for screening in by_row]
    for criterion in found.criteria:
        for answer in ("met", "not_met", "unknown", "review"):
            expected = sum(one[criterion] == answer for one in told)
            assert results.value("criterion", answer, criterion=criterion) == expected
        good = [one for one in told if one[criterion] == "unknown" and "not_met" not in one.values()]
        assert results.value("criterion", "passes_if_good", criterion=criterion) == len(good)
        last = [one for one in good if all(answer == "met" for name, answer in one.items() if name != criterion)]
        assert results.value("criterion", "eligible_if_good", criterion=criterion) == len(last)


def test_attrition_counts_who_is_left_in_the_protocols_order_and_without_each_criterion(
    results: Results, by_row: list[Screening], found: Screened
) -> None:
    left = [answers_of(screening) for screening in by_row]
    told, sure = list(left), list(left)
    for criterion in found.criteria:
        before = len(left)
        left = [one for one in left if one[criterion] != "not_met"]
        sure = [one for one in sure if one[criterion] == "met"]
        others = [one for one in told if all(answer != "not_met" for name, answer in one.items() if name != criterion)]
        counted = {
            "left": len(left), "lost": before - len(left), "surely_met": len(sure), "all_but_this": len(others),
            "lost_to_this_alone": sum(one[criterion] == "not_met" for one in others),
        }  # fmt: skip
        for name, expected in counted.items():
            assert results.value("attrition", name, criterion=criterion) == expected, (criterion, name)
    assert results.value("attrition", "left", criterion=found.criteria[-1]) == sum(
        results.value("cohort", "outcome", outcome=outcome) for outcome in OUTCOMES[:3]
    )


def test_attrition_in_another_order_loses_the_same_persons_in_the_end(found: Screened, by_row: list[Screening]) -> None:
    told = [answers_of(screening) for screening in by_row]
    order = [*reversed(found.criteria)]
    counts = {(one.context["criterion"], one.name): one.value for one in found.attrition(order)}

    for criterion in order:
        before = [one for one in told if all(one[name] != "not_met" for name in order[: order.index(criterion)])]
        lost = sum(one[criterion] == "not_met" for one in before)
        assert (counts[criterion, "lost"], counts[criterion, "left"]) == (lost, len(before) - lost)
    assert [one.context["criterion"] for one in found.attrition(["I07"])] == ["I07"] * 5
    with pytest.raises(KeyError):
        list(found.attrition(["I99"]))


def test_what_if_switches_a_criterion_off_or_counts_its_unknown_as_good(found: Screened, by_row: list[Screening]) -> None:
    results = what_if(found)
    told = [answers_of(screening) for screening in by_row]

    def eligible(good: str = "", off: str = "") -> int:
        return sum(
            all(answer == "met" or name == off or (answer == "unknown" and good in (name, "all")) for name, answer in one.items())
            for one in told
        )

    assert results.value("what_if", "eligible", change="as_written") == eligible()
    for criterion in found.criteria:
        assert results.value("what_if", "eligible", change="off", criterion=criterion) == eligible(off=criterion)
        assert results.value("what_if", "eligible", change="unknown_good", criterion=criterion) == eligible(good=criterion)
    assert (
        results.value("what_if", "eligible_more", change="unknown_good", criterion="all") == eligible(good="all") - eligible() > 0
    )


def test_what_if_another_reading_is_what_the_protocol_under_that_reading_answers(
    found: Screened, protocol: Protocol, records: Mapping[int, SubjectRecord]
) -> None:
    for criterion in ("I07",):
        other = protocol.with_reading(criterion, "counted_to_assessment")
        outcomes = Counter(str(screen(other, record, on=ON, planned_infusion=INFUSION).outcome) for record in records.values())
        counted = what_if(found).select("what_if", change="reading", criterion=criterion, reading="counted_to_assessment")
        assert counted.value(name="eligible") == outcomes["eligible"]
        assert counted.value(name="possible") == outcomes.total() - outcomes["ineligible"]


@pytest.mark.parametrize("on", [ON, ON - timedelta(days=40)], ids=["today", "with facts dated later"])
def test_time_lets_nobody_in_whom_the_bounds_leave_out_or_on_an_earlier_day(
    on: date, source: Opened, protocol: Protocol, records: Mapping[int, SubjectRecord]
) -> None:
    relations = source.omop.relations()
    found = screened(source.engine, relations, protocol, on=on)
    may = mendable(found, Dates(source.engine, relations))
    bounds = dict(zip(found.answered.persons[may.places].tolist(), may.days.tolist(), strict=True))
    days: dict[int, date] = {}
    for person, outcome in zip(sorted(records), found.outcomes, strict=True):
        if OUTCOMES[outcome] != "ineligible":
            assert person not in bounds
            continue
        line = timeline(protocol, records[person], on=on)
        failed = [one for one in line.by_criterion.values() if one[0].answer == "not_met"]
        if line.first_possible and all(any(one.answer in ("met", "review") for one in stretches) for stretches in failed):
            days[person] = line.first_possible

    assert len(days) > 3
    assert {person for person, day in days.items() if bounds.get(person, math.inf) > day.toordinal()} == set()
    assert any(bounds[person] > on.toordinal() + 1 for person in days)
    if on == ON:
        assert len(bounds) < len(records) / 4


def test_without_the_days_of_facts_the_bounds_leave_out_no_more(found: Screened, source: Opened) -> None:
    with_dates = mendable(found, Dates(source.engine, source.omop.relations()))
    without = mendable(found)

    assert set(with_dates.places) <= set(without.places)


def test_near_misses_stand_by_the_first_day_on_which_they_would_pass(
    people: Listing, protocol: Protocol, records: Mapping[int, SubjectRecord]
) -> None:
    frame = people.near_misses
    keys = [(row["first_eligible"] or date.max, row["first_possible"]) for row in frame.iter_rows(named=True)]

    assert keys == sorted(keys)
    key = dict(people.key.iter_rows())
    for row in frame.iter_rows(named=True):
        line = timeline(protocol, records[key[row["name"]]], on=ON, planned_infusion=INFUSION)
        assert (line.first_eligible, line.first_possible) == (row["first_eligible"], row["first_possible"])
        assert row["outcome"] == "ineligible"
        assert row["first_possible"] > ON
    assert frame["first_eligible"].count() > 0


def test_candidates_are_all_whom_nothing_keeps_out_the_surest_first(people: Listing, found: Screened) -> None:
    frame = people.candidates
    order = [(OUTCOMES.index(row["outcome"]), row["unknown"]) for row in frame.iter_rows(named=True)]

    assert frame.height == int((np.asarray(found.outcomes) < 3).sum())
    assert order == sorted(order)
    assert frame.filter(pl.col("outcome") == "eligible")["first_eligible"].to_list() == [ON] * int((found.outcomes == 0).sum())
    assert frame.filter(pl.col("outcome") != "eligible")["first_eligible"].null_count() == frame.height - int(
        (found.outcomes == 0).sum()
    )


def test_the_work_list_names_what_each_unknown_criterion_lacks(people: Listing) -> None:
    unknown = {
        (row["name"], name)
        for row in people.candidates.iter_rows(named=True)
        for name, answer in row.items()
        if answer == "unknown"
    }

    assert set(people.work_list.select("name", "criterion").iter_rows()) == unknown
    assert people.listed_missing == people.incomplete


def test_names_tell_nothing_of_a_person_and_are_each_given_once(people: Listing) -> None:
    names = [*people.candidates["name"], *people.near_misses["name"]]

    assert names == [f"P{place:05d}" for place in range(1, len(names) + 1)]
    assert people.key["name"].to_list() == names
    assert people.key["person"].n_unique() == len(names)


def test_among_equals_numbers_do_not_follow_the_order_of_ids_and_the_same_screening_gives_the_same_numbers(
    found: Screened, source: Opened
) -> None:
    may = mendable(found, Dates(source.engine, source.omop.relations()))

    read: list[list[int]] = []

    def records(persons: Sequence[int]) -> Mapping[int, SubjectRecord]:
        read.append(list(persons))
        return OmopRecords(source.omop).records(persons)

    alike = replace(may, days=np.zeros_like(may.days))
    made, again = (listing(found, records, alike, limit=100) for _ in range(2))
    followed = read[::2]  # then those asked what they lack
    assert made.key.equals(again.key)
    assert followed[0] == followed[1] != sorted(followed[0])
    assert made.near_misses.height > 1
    counts = ["outcome", "not_met", "unknown", "review"]
    steps = [
        after > before
        for group in made.candidates.join(made.key, "name", maintain_order="left").partition_by(counts, maintain_order=True)
        for before, after in zip(group["person"], group["person"][1:], strict=False)
    ]
    assert len(steps) > 50
    assert 0.3 < sum(steps) / len(steps) < 0.7  # ascending and descending steps alike; in the order of ids all would ascend


def test_a_limit_says_how_many_it_left(found: Screened, source: Opened, people: Listing) -> None:
    may = mendable(found, Dates(source.engine, source.omop.relations()))
    few = listing(found, OmopRecords(source.omop).records, may, limit=2)

    assert (few.looked_at, few.listed_missing) == (2, 2)
    assert (few.may_pass, few.incomplete) == (people.may_pass, people.incomplete)
    assert few.candidates.height == people.candidates.height


def test_a_person_that_the_source_lacks_has_no_record(source: Opened) -> None:
    assert OmopRecords(source.omop).records([999_999]) == {}
    with pytest.raises(KeyError):
        OmopRecords(source.omop).record(999_999)


@pytest.fixture(scope="module")
def ready(source: Opened, protocol: Protocol) -> Results:
    return Readiness(source, protocol, ON).results()


def count(source: Opened, sql: str) -> Any:
    return source.engine.run(sql).item()


def test_inspection_counts_codes_and_rows_of_what_each_criterion_asks(ready: Results, source: Opened) -> None:
    rows = count(source, f"SELECT count(*) FROM measurement WHERE measurement_concept_id = {HOSPITAL['SITE'] + 101}")

    assert ready.value("concept", "rows", criterion="I12a", concept="ANC") == rows > 0
    assert ready.value("concept", "state", criterion="I12c", concept="Direct bilirubin") == "mapped_no_rows"
    assert ready.value("concept", "state", criterion="I11", concept="Graft versus host disease") == "not_mapped"
    assert ready.value("concept", "codes", criterion="I07", concept="Nitrosourea") == 1
    assert ready.value("criterion", "needs_coverage", criterion="I07") is True
    assert ready.value("criterion", "needs_coverage", criterion="I05") is False


def test_inspection_counts_rows_that_cannot_decide_by_reason(ready: Results, source: Opened) -> None:
    anc = f"measurement_concept_id = {HOSPITAL['SITE'] + 101}"
    without = count(source, f"SELECT count(*) FROM measurement WHERE {anc} AND coalesce(unit_concept_id, 0) = 0")
    strange = count(source, f"SELECT count(*) FROM measurement WHERE {anc} AND unit_concept_id IN (2000000910, 2000000999)")

    assert ready.value("lost", "rows", what="number", concept="ANC", why="unit_missing") == without > 0
    assert ready.value("lost", "rows", what="number", concept="ANC", why="unit_unknown") == strange > 0
    no_limit = f"measurement_concept_id = {HOSPITAL['SITE'] + 104} AND range_high IS NULL"
    assert ready.value("lost", "rows", what="upper_limit", concept="ALT", why="no_upper_limit") <= count(
        source, f"SELECT count(*) FROM measurement WHERE {no_limit}"
    )


def test_inspection_lists_codes_and_units_that_mean_nothing_and_who_has_no_period(ready: Results, source: Opened) -> None:
    drugs = count(source, "SELECT count(*) FROM drug_exposure WHERE drug_concept_id = 2000000602")
    periods = count(source, "SELECT count(DISTINCT person_id) FROM observation_period")

    assert ready.value("unmapped_code", "rows", table="drug_exposure", code=2000000602, label="Paracetamol") == drugs
    assert ready.value("unmapped_unit", "rows", code=2000000999) > 0
    assert ready.value("persons", "without_period") == 300 - periods > 0
    assert ready.value("dates", "ends_before_start", table="drug_exposure") > 0
    assert ready.value("table", "present", table="device_exposure") is False
