"""The facts file: what a person writes about one child."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from protocord.errors import Place, SubjectProblems
from protocord.protocol.subjects import read_subject, subject_from_data
from protocord.values import Fact, FactStatus, PartialDate, Quantity

CHILD = """\
subject: NK-001
facts:
  - {concept: Birth date, date: 2019-03-14}
  - {concept: Sex, code: female, date: 2025-06-01}
  - {concept: ANC, value: 1.10, unit: 10*9/L, date: 2025-06-05, range: {low: 1.2, high: 7, age: [2, 6], sex: female, laboratory: GZ}}
  - {concept: Creatinine, value: "<35", unit: umol/L, date: 2025-06-05, range: {high: 0.5, unit: mg/dL, for_child: yes}}
  - {concept: Lansky, value: 80, date: 2025-06-05}
  - {concept: Vincristine, start: 2025-06, ongoing: yes}
  - {concept: Carboplatin, start: 2025-03-01}
  - {concept: Cancer surgery, date: 2024-11-20}
  - {concept: Guardian consent, value: yes, date: 2025-06-10}
  - {concept: Histology, code: 8910/3, date: 2024-01-05}
  - {concept: Liver metastasis, value: absent, date: 2025-06-02}
  - {concept: Nausea, value: 1, start: 2025-06-01, end: unknown}
  - {concept: Platelet count, status: not_done, date: 2025-06-05}
  - {concept: ALT, value: 30, unit: U/L, status: excluded, date: 2025-06-05}
histories:
  - {concept: Chemotherapy, since: birth}
  - {concept: Toxicity, since: 2025-01, until: 2025-06-10}
"""


@pytest.fixture
def child(tmp_path: Path) -> dict[str, Fact]:
    file = tmp_path / "child.yaml"
    file.write_text(CHILD, "utf-8")
    return {fact.concept: fact for fact in read_subject(file).facts}


def problems_of(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "child.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(SubjectProblems) as raised:
        read_subject(file)
    return [str(problem).replace(f"{file}:", "") for problem in raised.value.problems]


def one_fact(tmp_path: Path, fact: str) -> list[str]:
    return problems_of(tmp_path, f"subject: A\nfacts:\n  - {fact}\n")


def test_a_number_keeps_the_digits_that_were_written(child: dict[str, Fact]) -> None:
    assert child["ANC"].value == Quantity(Decimal("1.10"), "10*9/L")
    assert str(child["ANC"].value) == "1.10 10*9/L"


def test_a_range_takes_the_unit_of_its_result_and_says_for_whom_it_holds(child: dict[str, Fact]) -> None:
    limits = child["ANC"].range
    assert limits is not None
    assert (limits.low, limits.high) == (Quantity(Decimal("1.2"), "10*9/L"), Quantity(Decimal(7), "10*9/L"))
    assert (limits.age_low, limits.age_high, limits.sex, limits.laboratory, limits.age_specific) == (2, 6, "female", "GZ", False)


def test_a_range_may_have_a_unit_of_its_own_and_be_declared_the_childs(child: dict[str, Fact]) -> None:
    limits = child["Creatinine"].range
    assert limits is not None
    assert (limits.low, limits.high, limits.age_specific) == (None, Quantity(Decimal("0.5"), "mg/dL"), True)
    assert child["Creatinine"].value == Quantity(Decimal(35), "umol/L", "<")


def test_a_score_and_a_grade_need_no_unit(child: dict[str, Fact]) -> None:
    assert child["Lansky"].value == Quantity(Decimal(80), "{score}")
    assert child["Nausea"].value == Quantity(Decimal(1), "{grade}")


def test_exposures_keep_what_is_known_of_their_dates(child: dict[str, Fact]) -> None:
    assert (child["Vincristine"].start, child["Vincristine"].end, child["Vincristine"].ongoing) == (
        PartialDate(2025, 6),
        None,
        True,
    )
    assert (child["Carboplatin"].start, child["Carboplatin"].end, child["Carboplatin"].ongoing) == (
        PartialDate(2025, 3, 1),
        None,
        False,
    )
    day = PartialDate(2024, 11, 20)
    assert (child["Cancer surgery"].start, child["Cancer surgery"].end) == (day, day), "one day by `date` began and ended on it"


def test_an_unknown_date_is_none(child: dict[str, Fact]) -> None:
    assert child["Nausea"].end is None


def test_yes_no_and_codes_are_values(child: dict[str, Fact]) -> None:
    assert child["Guardian consent"].value is True
    assert child["Liver metastasis"].value is False
    assert child["Histology"].value == "8910/3"
    assert child["Sex"].value == "female"


def test_a_fact_that_was_not_done_or_is_excluded_is_kept_with_its_status(child: dict[str, Fact]) -> None:
    assert (child["Platelet count"].status, child["Platelet count"].value) == (FactStatus.NOT_DONE, None)
    assert (child["ALT"].status, child["ALT"].value) == (FactStatus.EXCLUDED, Quantity(Decimal(30), "U/L"))


def test_each_fact_names_its_file_and_line_and_ids_follow_the_order(child: dict[str, Fact], tmp_path: Path) -> None:
    assert child["Birth date"].source.record == f"{tmp_path / 'child.yaml'}:3"
    assert [fact.id for fact in child.values()] == sorted(fact.id for fact in child.values())


def test_histories_are_read_open_where_nothing_bounds_them(tmp_path: Path) -> None:
    file = tmp_path / "child.yaml"
    file.write_text(CHILD, "utf-8")
    chemotherapy, toxicity = read_subject(file).histories
    assert (chemotherapy.concept, chemotherapy.since, chemotherapy.until) == ("Chemotherapy", None, None)
    assert (toxicity.since, toxicity.until) == (PartialDate(2025, 1), PartialDate(2025, 6, 10))


def test_json_reads_the_same_and_keeps_its_digits(tmp_path: Path) -> None:
    file = tmp_path / "child.json"
    file.write_text(
        '{"subject": "NK-1",\n "facts": [{"concept": "ANC", "value": 1.10, "unit": "10*9/L", "date": "2025-06-05"}]}', "utf-8"
    )
    record = read_subject(file)
    assert record.id == "NK-1"
    assert str(record.facts[0].value) == "1.10 10*9/L"
    assert record.facts[0].source.record.endswith("child.json:2")


def test_a_missing_unit_is_kept_as_missing(tmp_path: Path) -> None:
    file = tmp_path / "child.yaml"
    file.write_text("subject: A\nfacts:\n- {concept: ANC, value: 1, date: 2025-06-05}\n", "utf-8")
    assert read_subject(file).facts[0].value == Quantity(Decimal(1), None)


def test_all_problems_come_at_once_each_with_its_line(tmp_path: Path) -> None:
    said = problems_of(
        tmp_path,
        "subject: A\nfact: []\nfacts:\n- {concept: Vincristin, start: 2025-06-01}\n- {concept: ANC, value: 1,5, date: 2025-02-30}\n"
        "- {concept: ALT, valu: 3, date: 2025-06-05}\n",
    )
    assert said == [
        "2: the key 'fact' is not known here. Did you mean 'facts'?",
        "4: Vincristin: there is no concept 'Vincristin'. Did you mean 'Vincristine'?",
        "5: ANC: '2025-02-30' is not a day of the calendar (day is out of range for month).",
        "5: fact 2: the key '5' is not known here. A comma ends a value: write a point for decimals.",
        "6: ALT: a number is missing. Write `status: not_done` where the test was not done.",
        "6: fact 3: the key 'valu' is not known here. Did you mean 'value'?",
    ]


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("{concept: ANC, value: '1,5', unit: 10*9/L}", "ANC: '1,5' holds a comma; write a point for decimals"),
        ("{concept: ANC, value: low, unit: 10*9/L}", "ANC: 'low' is not a number"),
        (
            "{concept: Vincristine, value: 3}",
            "Vincristine: a fact of kind exposure has no 'value'. It has: date, start, end, ongoing, status.",
        ),
        ("{concept: Vincristine, start: 2025-06-09, end: 2025-06-01}", "the end, 2025-06-01, lies before the start, 2025-06-09."),
        ("{concept: Vincristine, start: 2025-06-01, end: 2025-06-09, ongoing: yes}", "what has an end is not ongoing."),
        ("{concept: Vincristine, date: 2025-06-01, end: 2025-06-09}", "`date` is for a single day; it has no `end`."),
        ("{concept: Vincristine, date: 2025-06-01, start: 2025-06-01}", "`date` and `start` say the same thing."),
        ("{concept: Vincristine, start: 01/06/2025}", "'01/06/2025' is not a date; write it as 2025-06-09"),
        ("{concept: Guardian consent, value: perhaps}", "'perhaps' is neither yes nor no."),
        ("{concept: Guardian consent, date: 2025-06-01}", "yes or no is missing."),
        ("{concept: Sex, code: femal}", "'femal' is not a value of 'Sex'. Did you mean 'female'?"),
        ("{concept: Sex, code: female, value: female}", "the code is given twice."),
        ("{concept: Histology, date: 2025-06-01}", "the code is missing."),
        ("{concept: ANC, value: 1, unit: 10*9/L, status: haemolysed}", "'haemolysed' is not the status of a fact."),
        ("{concept: ANC, value: 1, range: {low: 9, high: 2}}", "its lower limit, 9, lies above its upper limit, 2."),
        ("{concept: ANC, value: 1, range: {high: 2, age: 6}}", "a list is needed here."),
        ("{concept: ANC, value: 1, range: {high: 2, age: [2, 6.5]}}", "an age band has two ends in completed years."),
        ("{concept: ANC, value: 1, range: {high: 2, age: [6, 2]}}", "no age lies between 6 and 2 years."),
        ("{concept: ANC, value: 1, range: {high: 2, sex: boy}}", "'boy' is not a sex of a range."),
        ("{value: 1}", "fact 1: the key 'concept' is missing."),
        ("{concept: , value: 1}", "the concept is empty."),
        ("just words", "fact 1: a mapping of keys to values is needed here."),
    ],
)
def test_what_cannot_mean_anything_is_a_problem_with_its_remedy(tmp_path: Path, fact: str, said: str) -> None:
    assert any(said in problem for problem in one_fact(tmp_path, fact)), one_fact(tmp_path, fact)


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ("{concept: Chemotherapy, since: unknown}", "a history whose 'since' nobody knows covers nothing."),
        ("{concept: Chemotherapy, since: 2025-06, until: 2025-05}", "it ends, 2025-05, before it begins, 2025-06."),
        ("{concept: ANC}", "'ANC' is a measurement."),
        ("{concept: Chemo}", "there is no concept 'Chemo'."),
        ("{since: birth}", "the key 'concept' is missing."),
    ],
)
def test_a_history_that_covers_nothing_is_a_problem(tmp_path: Path, history: str, said: str) -> None:
    found = problems_of(tmp_path, f"subject: A\nhistories:\n  - {history}\n")
    assert any(said in problem for problem in found), found


def test_two_facts_cannot_share_an_id(tmp_path: Path) -> None:
    said = problems_of(
        tmp_path, "subject: A\nfacts:\n- {id: x, concept: Death, date: 2025}\n- {id: x, concept: Death, date: 2025}\n"
    )
    assert said == ["4: the id 'x' is already that of fact 1. Give each its own."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty."),
        ("subject: [", "this is not well-formed"),
        ("facts: []", "the key 'subject' is missing."),
        ("- a", "a mapping of keys to values is needed here."),
        ("subject: ''", "the subject has no identifier."),
    ],
)
def test_a_file_that_is_no_facts_file_says_so(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in problems_of(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(SubjectProblems, match="there is no such file"):
        read_subject(tmp_path / "nobody.yaml")
    (tmp_path / "gbk.yaml").write_bytes("subject: 张".encode("gbk"))
    with pytest.raises(SubjectProblems, match="not UTF-8"):
        read_subject(tmp_path / "gbk.yaml")


def test_data_of_another_document_reads_the_same_as_a_file(tmp_path: Path) -> None:
    data = {
        "subject": "NK-1",
        "facts": [
            {
                "concept": "ANC",
                "value": "1.10",
                "unit": "10*9/L",
                "date": "2025-06-05",
                "range": {"high": 7, "age": [2, None], "for_child": True},
            },
            {"concept": "Guardian consent", "value": True, "date": "2025-06-10"},
        ],
        "histories": [{"concept": "Chemotherapy", "since": None}],
    }
    record, problems = subject_from_data(data)
    file = tmp_path / "same.json"
    file.write_text(json.dumps(data), "utf-8")
    written = read_subject(file)
    assert problems == ()
    assert [(fact.concept, fact.value, fact.start, fact.range) for fact in record.facts] == [
        (fact.concept, fact.value, fact.start, fact.range) for fact in written.facts
    ]
    assert [(one.concept, one.since, one.until) for one in record.histories] == [("Chemotherapy", None, None)]


def test_problems_of_data_stand_at_the_place_that_was_given() -> None:
    record, problems = subject_from_data(
        {"subject": "V06", "facts": [{"concept": "ANCC"}]}, place=Place("examples.yaml", 12, "V06")
    )
    assert record.facts == ()
    assert [str(problem) for problem in problems] == [
        "examples.yaml:12: V06: ANCC: there is no concept 'ANCC'. Did you mean 'ANC'?"
    ]


def test_data_with_a_binary_fraction_is_a_fault_of_the_program() -> None:
    with pytest.raises(TypeError, match="binary fraction"):
        subject_from_data({"subject": "A", "facts": [{"concept": "ANC", "value": 1.1}]})
