"""The worked children that travel with a study come out as their expectations say, and leave no answer of a criterion untried."""

from __future__ import annotations

from functools import cache

import pytest

from protocord.cli.examples import differences, subject_of
from protocord.eligibility import Screening, screen
from protocord.protocol import STUDIES, Protocol, load
from protocord.protocol.document import Example
from protocord.values.facts import SubjectRecord

REFERENCE, SIBLING = "nct06848582", "nct06631391"


@cache
def study(name: str) -> Protocol:
    return load(STUDIES / name)


def example(name: str, example_id: str) -> Example:
    return next(found for found in study(name).examples.examples if found.id == example_id)


def subject(name: str, example_id: str) -> SubjectRecord:
    record, unreadable = subject_of(study(name), example(name, example_id))
    assert not unreadable
    return record


def screened(name: str, example_id: str) -> Screening:
    found, protocol = example(name, example_id), study(name)
    for criterion, reading in found.readings.items():
        protocol = protocol.with_reading(criterion, reading)
    return screen(protocol, subject(name, example_id), on=found.on, planned_infusion=found.planned_infusion)


ALL = [(name, found.id) for name in (REFERENCE, SIBLING) for found in study(name).examples.examples]


@pytest.mark.parametrize(("name", "example_id"), ALL, ids=[f"{name}-{example_id}" for name, example_id in ALL])
def test_the_example_comes_out_as_it_says(name: str, example_id: str) -> None:
    assert list(differences(example(name, example_id), screened(name, example_id))) == []


def test_all_seventeen_reference_vectors_are_there() -> None:
    vectors = {found.vector for found in study(REFERENCE).examples.examples if found.vector is not None}

    assert vectors == set(range(1, 18))


def test_at_least_sixty_more_examples_stand_at_the_boundaries() -> None:
    assert sum(found.vector is None for found in study(REFERENCE).examples.examples) >= 60


@pytest.mark.parametrize("criterion", [found.id for found in study(REFERENCE).eligibility.criteria])
def test_each_answer_that_a_criterion_can_give_has_an_example(criterion: str) -> None:
    document = next(found for found in study(REFERENCE).eligibility.criteria if found.id == criterion)
    possible = {"met", "not_met", "unknown"} | ({"review"} if document.review_when else set())

    by_default = (found for found in study(REFERENCE).examples.examples if criterion not in found.readings)

    assert {found.expect[criterion] for found in by_default if criterion in found.expect} >= possible


def test_each_reading_that_a_sponsor_can_choose_has_an_example() -> None:
    offered = {(found.id, reading.id) for found in study(REFERENCE).eligibility.criteria for reading in found.readings}

    assert offered <= {pair for found in study(REFERENCE).examples.examples for pair in found.readings.items()}


@pytest.mark.parametrize(
    ("example_id", "criterion", "advisory"),
    [
        ("V01", "I02", "boundary"),
        ("E00f", "I02", "infant"),
        ("V04", "I03", "wrong_scale"),
        ("E00f", "I03", "infant"),
        ("I04-n", "I04", "no_histology_report"),
        ("I04-b", "I04", "extraskeletal"),
        ("I05-a", "I05", "judgement"),
        ("V16", "I06", "excepted_toxicity"),
        ("V17", "I06", "counts_under_i12"),
        ("I06-m", "I06", "low_haemoglobin"),
        ("I10-n", "I10", "wide_field_150_days"),
        ("V11b", "I11", "tbi_150_days"),
        ("I11-b", "I11", "gvhd_risk"),
        ("I12b-f", "I12b", "transfused"),
        ("I12c-c", "I12c", "gilbert"),
    ],
)
def test_a_remark_stands_beside_the_answer_where_it_should_and_not_beside_the_healthy_child(
    example_id: str, criterion: str, advisory: str
) -> None:
    assert advisory in screened(REFERENCE, example_id).finding(criterion).advisories
    if advisory != "judgement":
        assert advisory not in screened(REFERENCE, "E00a").finding(criterion).advisories


@pytest.mark.parametrize("concept", ["ALT", "AST", "Total bilirubin", "Creatinine"])
def test_a_range_that_nobody_called_a_childs_is_never_used_for_a_child(concept: str) -> None:
    from dataclasses import replace

    child = subject(REFERENCE, "E00a")
    facts = tuple(
        replace(fact, range=replace(fact.range, age_specific=False)) if fact.concept == concept and fact.range else fact
        for fact in child.facts
    )
    found = example(REFERENCE, "E00a")

    given = screen(study(REFERENCE), replace(child, facts=facts), on=found.on, planned_infusion=found.planned_infusion)

    unknown = [finding for finding in given.findings if finding.answer == "unknown"]
    assert [finding.criterion_id for finding in unknown] == ["I12d" if concept in ("ALT", "AST") else "I12c"]
    assert "range_age_not_stated" in {reason.kind for reason in unknown[0].missing}


def test_the_two_kidney_formulas_stand_beside_the_creatinine_criterion_and_do_not_decide() -> None:
    finding = screened(REFERENCE, "E00a").finding("I12c")

    assert {calculation.id for calculation in finding.calculations} == {"bedside_schwartz", "cockcroft_gault"}
    schwartz = next(one for one in finding.calculations if one.id == "bedside_schwartz")
    assert schwartz.value is not None
    assert abs(float(schwartz.value.value) - 36.5 * 117 / 35) < 0.1


@pytest.mark.parametrize("name", [REFERENCE, SIBLING])
def test_every_screening_says_that_the_exclusion_criteria_were_not_retrieved(name: str) -> None:
    first = study(name).examples.examples[0].id

    assert "exclusion_criteria_not_retrieved" in {notice.kind for notice in screened(name, first).notices}
