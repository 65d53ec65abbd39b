"""The forms of a shipped study: what is typed into them is enough to decide every criterion, and nothing typed is turned round."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
import yaml

from protocord import forms
from protocord.eligibility import Screening, screen
from protocord.forms import Answers, ItemAnswer
from protocord.protocol import STUDIES, Protocol, load
from protocord.values.facts import Fact, History, SubjectRecord

SHIPPED = sorted(path.name for path in STUDIES.iterdir() if (path / "demo.yaml").is_file())
REFERENCE = "nct06848582"
DAY = date(2026, 3, 4)


@cache
def study(name: str) -> Protocol:
    return load(STUDIES / name)


def _typed(value: Any) -> ItemAnswer:
    if isinstance(value, dict):
        return ItemAnswer(str(value["value"]), value.get("unit"))
    if isinstance(value, bool):
        return ItemAnswer("yes" if value else "no")
    found = re.fullmatch(r"day([+-]\d+)?", str(value))
    return ItemAnswer((DAY + timedelta(days=int(found[1] or 0))).isoformat() if found else str(value))


def healthy(name: str) -> dict[str, dict[str, ItemAnswer]]:
    """The answers of the demonstration's healthy child, by form, typed on one day."""
    sets = yaml.safe_load((STUDIES / name / "demo.yaml").read_text("utf-8"))["answers"]["healthy"]
    return {form: {item: _typed(value) for item, value in answers.items()} for form, answers in sets.items()}


def screened(name: str, answers: dict[str, dict[str, ItemAnswer]]) -> Screening:
    protocol = study(name)
    facts: list[Fact] = []
    histories: list[History] = []
    for form_id, given in answers.items():
        form = protocol.form(form_id)
        stored, unreadable = forms.normalise(form, given, today=DAY)
        assert not unreadable
        found, said = forms.facts(form, stored, visit="SCR", concepts=protocol.concepts, value_sets=protocol.value_sets)
        facts += found
        histories += said
    record = SubjectRecord("typed", tuple(facts), tuple(histories))
    return screen(protocol, record, on=DAY, planned_infusion=DAY + timedelta(days=5))


def changed(name: str, form: str, **items: str | None) -> Screening:
    """The healthy child with some answers of a form changed; None takes an answer away. `__` stands for the point of a key."""
    answers = healthy(name)
    for key, value in items.items():
        item = key.replace("__", ".")
        if value is None:
            del answers[form][item]
        else:
            answers[form][item] = ItemAnswer(value, answers[form].get(item, ItemAnswer()).unit)
    return screened(name, answers)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_healthy_childs_forms_decide_every_criterion(name: str) -> None:
    given = screened(name, healthy(name))

    assert {finding.criterion_id: finding.answer.value for finding in given.findings if finding.answer != "met"} == {}
    assert given.outcome == "eligible"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_healthy_childs_answers_raise_no_problem(name: str) -> None:
    protocol = study(name)
    for form_id, given in healthy(name).items():
        form = protocol.form(form_id)
        stored: Answers
        stored, _ = forms.normalise(form, given, today=DAY)
        assert forms.check(form, stored, on=DAY, concepts=protocol.concepts, value_sets=protocol.value_sets) == ()


@pytest.mark.parametrize(
    ("form", "items", "criterion", "answer"),
    [
        ("consent", {"consent__approved_version": "no"}, "I01", "not_met"),
        ("consent", {"consent__signer": "participant"}, "I01", "not_met"),
        ("consent", {"procedures__first_on": "2026-03-03"}, "I01", "not_met"),
        ("consent", {"procedures__complete": None}, "I01", "unknown"),
        ("consent", {"assent__able": "yes", "assent__why_not": None, "assent__answer": "refused"}, "I01", "review"),
        ("demographics", {"person__birth_date": "2007"}, "I02", "unknown"),
        ("performance", {"score__scale": "karnofsky"}, "I03", "review"),
        ("performance", {"score__score": "40"}, "I03", "not_met"),
        ("disease", {"diagnosis__histology": "9180/3"}, "I04", "not_met"),
        ("disease", {"diagnosis__report_on": None}, "I04", "review"),
        ("disease", {"status__disease_status": "remission"}, "I04", "not_met"),
        ("performance", {"survival__weeks": "11"}, "I05", "not_met"),
        ("toxicity", {"complete__complete": None}, "I06", "unknown"),
        ("prior_therapy", {"chemotherapy__1__end": "2026-03-01"}, "I07", "not_met"),
        ("prior_therapy", {"complete__chemotherapy": None}, "I07", "unknown"),
        ("prior_therapy", {"complete__other_therapy": "no"}, "I08", "unknown"),
        ("prior_therapy", {"complete__growth_factors": None}, "I09", "unknown"),
        ("prior_therapy", {"complete__radiotherapy": None}, "I10", "unknown"),
        ("prior_therapy", {"complete__transplant": None}, "I11", "unknown"),
        ("laboratory", {"haematology__anc": "0.99"}, "I12a", "not_met"),
        ("disease", {"spread__marrow": "unknown", "spread__marrow_method": None, "spread__marrow_on": None}, "I12a", "met"),
        ("laboratory", {"haematology__platelets": "74.9"}, "I12b", "not_met"),
        ("laboratory", {"chemistry__creatinine_child": "no"}, "I12c", "unknown"),
        ("laboratory", {"chemistry__unusable": "yes"}, "I12d", "unknown"),
        ("attestations", {"statements__able_to_comply": "no"}, "I13", "not_met"),
    ],
)
def test_one_changed_answer_changes_the_criterion_it_bears_on(
    form: str, items: dict[str, str | None], criterion: str, answer: str
) -> None:
    assert changed(REFERENCE, form, **items).finding(criterion).answer == answer


def test_a_toxicity_in_a_row_of_the_form_counts() -> None:
    row = {"toxicities__1__term": "nausea", "toxicities__1__grade": "2", "toxicities__1__onset": "2026-02-20"}

    assert changed(REFERENCE, "toxicity", **row, toxicities__1__ongoing="yes").finding("I06").answer == "not_met"
    assert (
        changed(REFERENCE, "toxicity", **{**row, "toxicities__1__grade": "1"}, toxicities__1__ongoing="yes").finding("I06").answer
        == "met"
    )


def test_a_transplant_in_a_row_of_the_form_counts() -> None:
    row = {"transplant__1__type": "auto", "transplant__1__infused_on": "2026-02-01"}

    assert changed(REFERENCE, "prior_therapy", **row).finding("I11").answer == "not_met"
    assert changed(REFERENCE, "prior_therapy", **{**row, "transplant__1__type": "auto_tbi"}).finding("I11").answer == "review"
    assert changed(REFERENCE, "prior_therapy", **{**row, "transplant__1__type": "unknown"}).finding("I11").answer == "unknown"


def test_consent_taken_again_keeps_the_first_signature() -> None:
    again = {
        "renewal__1__signed_on": "2026-03-04", "renewal__1__version": "2.0",
        "renewal__1__approved_version": "yes", "renewal__1__signer": "guardian",
    }  # fmt: skip

    found = changed(REFERENCE, "consent", consent__signed_on="2026-03-01", procedures__first_on="2026-03-02", **again)

    assert found.finding("I01").answer == "met"
