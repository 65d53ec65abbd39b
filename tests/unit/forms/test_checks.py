"""The checks that answers raise at entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from protocord.concepts import Concepts
from protocord.forms import ItemAnswer, NullFlavour, check, normalise
from protocord.protocol.document import Member, Origin, ValueSet
from protocord.values import Text
from protocord.words import say

from .conftest import TODAY, form_of

Fill = Callable[..., Any]

VITALS = """
id: vitals
sections:
  - id: a
    items:
      - {id: day, type: date, not_future: true}
      - {id: onset, type: partial_date, required: false, not_future: true}
      - {id: stop, type: partial_date, required: false, not_before: onset, not_after: day}
      - {id: anc, type: number, concept: ANC, units: ["10*9/L", "/uL"], required: false}
      - {id: crea, type: number, concept: Creatinine, units: ["umol/L", "mg/dL"], required: false, low: 1, decimals: 1}
      - {id: weight, type: number, concept: Weight, units: [kg], required: false}
      - {id: score, type: integer, allowed: [0, 10, 50, 100], required: false}
      - {id: ill, type: yes_no, required: false}
      - {id: what, type: text, max_length: 5, show_when: {item: ill, is: ["yes"]}}
      - {id: sex, type: choice, required: false, choices: [{code: male}, {code: female}]}
      - {id: seen, type: datetime, required: false}
  - id: drugs
    repeating: true
    max_rows: 2
    items:
      - {id: agent, type: text}
      - {id: first, type: partial_date, required: false}
      - {id: last, type: partial_date, required: false, not_before: first}
"""


def found(problems: list[Any]) -> list[tuple[str, str, str]]:
    for problem in problems:
        assert say(problem.reason, "en")
        assert say(problem.reason, "zh")
    return [(problem.item, problem.level, problem.reason.kind) for problem in problems]


@pytest.mark.parametrize(
    ("typed", "problems"),
    [
        ({}, []),
        ({"a__day": ""}, [("a.day", "hard", "form_required")]),
        ({"a__day": "UN-MAR-2026"}, [("a.day", "hard", "form_date_incomplete")]),
        ({"a__day": "t+1"}, [("a.day", "hard", "form_date_future")]),
        ({"a__onset": "2026"}, []),
        ({"a__onset": "2027"}, [("a.onset", "hard", "form_date_future")]),
        ({"a__onset": "2026-06", "a__stop": "2026-06"}, []),
        ({"a__onset": "2026-06-10", "a__stop": "2026-06"}, []),
        ({"a__onset": "2026-06", "a__stop": "2026-05-31"}, [("a.stop", "hard", "form_date_before")]),
        ({"a__day": "2026-06-01", "a__stop": "2026-07"}, [("a.stop", "hard", "form_date_after")]),
        ({"a__anc": "1.2"}, [("a.anc", "hard", "form_unit_missing")]),
        ({"a__anc": ItemAnswer("1.2", "10*9/L")}, []),
        ({"a__anc": ItemAnswer("1.2", "g/L")}, [("a.anc", "hard", "form_unit_not_accepted")]),
        ({"a__anc": ItemAnswer("1,2", "10*9/L")}, [("a.anc", "hard", "form_decimal_comma")]),
        ({"a__anc": ItemAnswer("many", "10*9/L")}, [("a.anc", "hard", "form_not_a_number")]),
        ({"a__anc": ItemAnswer("<0.1", "10*9/L")}, []),
        ({"a__anc": ItemAnswer("1200", "10*9/L")}, [("a.anc", "soft", "form_plausible_in_other_unit")]),
        ({"a__anc": ItemAnswer("1200", "/uL")}, []),
        ({"a__crea": ItemAnswer("0.5", "umol/L")}, [("a.crea", "hard", "form_too_low")]),
        ({"a__crea": ItemAnswer(">0.5", "umol/L")}, []),
        ({"a__crea": ItemAnswer("<0.5", "umol/L")}, [("a.crea", "hard", "form_too_low")]),
        ({"a__crea": ItemAnswer("0.5", "mg/dL")}, []),
        ({"a__crea": ItemAnswer("35.25", "umol/L")}, [("a.crea", "hard", "form_too_many_decimals")]),
        ({"a__weight": "3500"}, [("a.weight", "soft", "form_plausible_in_other_unit")]),
        ({"a__score": "50"}, []),
        ({"a__score": "55"}, [("a.score", "hard", "form_not_allowed")]),
        ({"a__score": "50.0"}, [("a.score", "hard", "form_not_an_integer")]),
        ({"a__score": "<50"}, [("a.score", "hard", "form_not_an_integer")]),
        ({"a__ill": "no"}, []),
        ({"a__ill": "是"}, [("a.what", "hard", "form_required")]),
        ({"a__ill": "maybe"}, [("a.ill", "hard", "form_not_yes_no")]),
        ({"a__ill": "Y", "a__what": "a long text"}, [("a.what", "hard", "form_too_long")]),
        ({"a__sex": "Female"}, []),
        ({"a__sex": "none"}, [("a.sex", "hard", "form_not_a_choice")]),
        ({"a__seen": "t 0930"}, []),
        ({"a__seen": "0930"}, [("a.seen", "hard", "form_time_unreadable")]),
        ({"drugs__1__first": "2026"}, [("drugs.1.agent", "hard", "form_required")]),
        (
            {"drugs__1__agent": "x", "drugs__1__first": "2026-02", "drugs__1__last": "2026-01"},
            [("drugs.1.last", "hard", "form_date_before")],
        ),
        (
            {"drugs__1__agent": "x", "drugs__2__agent": "y", "drugs__3__agent": "z"},
            [("drugs", "hard", "form_too_many_rows")],
        ),
        ({"a__nothing": "x"}, [("a.nothing", "hard", "form_no_such_item")]),
        ({"drugs__x__agent": "x"}, [("drugs.x.agent", "hard", "form_no_such_item")]),
    ],
)
def test_a_form_is_checked_as_it_says(fill: Fill, typed: dict[str, Any], problems: list[tuple[str, str, str]]) -> None:
    _, raised = fill(form_of(VITALS), **{"a__day": "t", **typed})

    assert sorted(set(found(raised))) == sorted(problems)


def test_a_null_flavour_with_its_reason_silences_required_and_without_one_does_not(fill: Fill) -> None:
    form = form_of(VITALS)

    _, explained = fill(form, a__day=ItemAnswer(null=NullFlavour.UNKNOWN, note="file lost"))
    _, bare = fill(form, a__day=ItemAnswer(null=NullFlavour.UNKNOWN))
    _, both = fill(form, a__day=ItemAnswer("t", null=NullFlavour.UNKNOWN, note="x"))

    assert explained == []
    assert found(bare) == [("a.day", "hard", "form_null_needs_note")]
    assert found(both) == [("a.day", "hard", "form_value_and_null")]


def test_the_expected_range_is_said_in_the_unit_that_was_entered(fill: Fill, concepts: Concepts) -> None:
    """
    id: f
    sections: [{id: a, items: [{id: anc, type: number, concept: ANC, units: ["/uL"]}]}]
    """
    form = form_of(test_the_expected_range_is_said_in_the_unit_that_was_entered.__doc__ or "")

    _, (problem,) = fill(form, a__anc=ItemAnswer("99999999999", "/uL"))

    plausible = concepts["ANC"].plausible
    assert problem.level == "soft"
    assert plausible.high is not None
    assert problem.reason.particulars["high"].value == plausible.high * 1000
    assert problem.reason.particulars["high"].unit == "/uL"


def test_a_code_must_be_in_the_value_set(concepts: Concepts) -> None:
    """
    id: f
    sections: [{id: a, items: [{id: histology, type: choice, value_set: histology}]}]
    """
    form = form_of(test_a_code_must_be_in_the_value_set.__doc__ or "")
    codes = {"histology": ValueSet("histology", (Member("8910/3", "icd_o_3", Text("Embryonal", "胚胎型"), Origin.STANDARD),))}

    def kinds(code: str) -> list[str]:
        answers = {"a.histology": ItemAnswer(code)}
        return [p.reason.kind for p in check(form, answers, on=TODAY, concepts=concepts, value_sets=codes)]

    assert kinds("8910/3") == []
    assert kinds("8910/4") == ["form_not_a_choice"]


def test_what_identifies_a_person_never_passes(fill: Fill) -> None:
    """
    id: f
    sections: [{id: a, items: [{id: name, type: text, identifying: "yes", required: "no"}]}]
    """
    _, problems = fill(form_of(test_what_identifies_a_person_never_passes.__doc__ or ""), a__name="Wang")

    assert found(problems) == [("a.name", "hard", "form_identifying")]


def test_answers_are_stored_in_one_writing_and_numbers_keep_their_digits(fill: Fill) -> None:
    stored, problems = fill(
        form_of(VITALS),
        a__day="22nov26",
        a__anc=ItemAnswer(" ≤ １．１０ ", "10*9/L"),
        a__weight="17.50",
        a__ill="N",
        a__sex="FEMALE",
        a__seen="t 930",
    )

    assert problems == []
    assert {key: answer.value for key, answer in stored.items()} == {
        "a.day": "2026-11-22",
        "a.anc": "<=1.10",
        "a.weight": "17.50",
        "a.ill": "no",
        "a.sex": "female",
        "a.seen": "2026-11-22T09:30",
    }
    assert stored["a.weight"].unit == "kg"


def test_storing_again_what_is_stored_changes_nothing(fill: Fill) -> None:
    form = form_of(VITALS)
    stored, _ = fill(
        form, a__day="t", a__anc=ItemAnswer("< 1.10", "10*9/L"), drugs__2__agent=" x ", drugs__2__first="UN-MAR-2026"
    )

    assert normalise(form, stored, today=TODAY) == (stored, ())


def test_an_answer_whose_condition_ends_is_left_out_and_so_is_what_hangs_on_it(fill: Fill) -> None:
    """
    id: f
    sections:
      - id: a
        items:
          - {id: one, type: yes_no}
          - {id: two, type: yes_no, show_when: {item: one, is: ["yes"]}}
          - {id: three, type: text, show_when: {item: two, is: ["yes"]}}
      - id: b
        show_when: {item: a.two, is: ["yes"]}
        items: [{id: four, type: text}]
    """
    form = form_of(test_an_answer_whose_condition_ends_is_left_out_and_so_is_what_hangs_on_it.__doc__ or "")

    shown, problems = fill(form, a__one="yes", a__two="yes", a__three="x", b__four="y")
    hidden, silent = fill(form, a__one="no", a__two="yes", a__three="x", b__four="y")

    assert (list(shown), problems) == (["a.one", "a.two", "a.three", "b.four"], [])
    assert (list(hidden), silent) == (["a.one"], [])
