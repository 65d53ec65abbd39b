"""protocord.safety.dlt from tables: subjects read, every problem named, findings summed and handed on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from protocord import concepts as shipped
from protocord.errors import ProblemsFound
from protocord.protocol import STUDIES, load
from protocord.safety.columns import RESULTS
from protocord.safety.dlt import DltData, DltFinding, dlt_results, evaluate_study, for_monitoring, subjects
from protocord.safety.event_columns import COURSE, EVENTS, FOLLOWED, INFUSIONS, STATES
from protocord.statistics import Results
from protocord.tables import TableProblems, read
from protocord.values import Quantity

CONCEPTS = shipped.load()
EVENT = {"subject": "A", "event": "1", "term": "Colitis", "category": "non_haematological", "grade": "3", "onset": "2025-03-05"}


def data(
    events: list[dict[str, str]] | None = None,
    course: list[dict[str, str]] | None = None,
    states: list[dict[str, str]] | None = None,
    results: list[dict[str, str]] | None = None,
    **followed: str,
) -> DltData:
    infusions = pl.DataFrame({"subject": ["A", "A"], "infusion": [2, 1], "started": ["2025-03-08", "2025-03-01T10:00"]})
    people = pl.DataFrame([{"subject": "A", "until": None} | followed], schema_overrides={"until": pl.String})
    return DltData(
        read(EVENTS, pl.DataFrame(events or [EVENT])),
        read(INFUSIONS, infusions),
        read(FOLLOWED, people),
        read(COURSE, pl.DataFrame(course)) if course else None,
        read(STATES, pl.DataFrame(states)) if states else None,
        read(RESULTS, pl.DataFrame(results)) if results else None,
    )


def test_tables_become_subjects() -> None:
    (found,) = subjects(
        data(
            [EVENT | {"excepted": "nausea; laboratory", "cause_product": "possible", "fatal": "no"}],
            [
                {"subject": "A", "event": "1", "at": "2025-03-05", "grade": "3"},
                {"subject": "A", "event": "1", "at": "2025-03-07", "grade": "1"},
            ],
            [{"subject": "A", "concept": "Chemotherapy", "present": "no"}],
            [
                {"subject": "A", "date": "2025-03-09", "test": "NEUT", "value": "<100", "unit": "{cells}/uL"},
                {"subject": "A", "date": "2025-03-10", "test": "ANC", "value": "high", "unit": "10*9/L"},
                {"subject": "A", "date": "2025-03-10", "test": "Moon phase", "value": "3", "unit": "1"},
            ],
            left="withdrawn",
        ),
        CONCEPTS,
    )
    assert [infusion.day for infusion in found.infusions] == [date(2025, 3, 1), date(2025, 3, 8)]
    (event,) = found.toxicities
    assert (event.grade, event.attribution, event.fatal) == (3, "possible", False)
    assert event.excepted == {"nausea", "laboratory"}
    assert [grade for _, grade in event.course] == [3, 1]
    assert [value.value for value in found.values] == [Quantity(Decimal("0.1"), "10*9/L", "<"), None]
    assert (found.states[0].concept, found.states[0].present, found.left) == ("Chemotherapy", False, True)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({}, None),
        ({"left": "no"}, False),
        ({"left": "completed"}, True),
        ({"left": "lost"}, True),
        ({"died": "2025-05-01"}, True),
    ],
)
def test_how_observation_ended(said: dict[str, str], left: bool | None) -> None:
    assert subjects(data(**said), CONCEPTS)[0].left is left


def test_judged_none_is_not_the_same_as_not_judged() -> None:
    judged, unjudged = EVENT | {"excepted": "none"}, EVENT | {"event": "2"}
    first, second = subjects(data([judged, {**unjudged, "excepted": ""}]), CONCEPTS)[0].toxicities
    assert first.excepted == frozenset()
    assert second.excepted is None


@pytest.mark.parametrize(
    ("events", "course", "said"),
    [
        ([EVENT | {"category": ""}], None, "row 1, column category: is empty."),
        ([EVENT | {"onset": "5.3.2025"}], None, "row 1, column onset"),
        ([EVENT | {"end": "2025-03-01"}], None, "row 1, column end: lies before the onset."),
        ([EVENT | {"end": "2025-03-09", "ongoing": "yes"}], None, "row 1, column ongoing: is yes, and the event has an end."),
        ([EVENT | {"concept": "Fewer"}], None, "there is no concept 'Fewer'. Did you mean 'Fever'?"),
        ([EVENT | {"subject": "B"}], None, "row 1, column subject: B is not in the table of subjects."),
        (
            [EVENT],
            [{"subject": "A", "event": "1", "at": "2025-03-05", "grade": "2"}],
            "is not the worst grade of the event's course.",
        ),
        ([EVENT], [{"subject": "A", "event": "7", "at": "2025-03-05", "grade": "3"}], "there is no event 7 of A."),
        (
            [EVENT],
            [
                {"subject": "A", "event": "1", "at": "2025-03-07", "grade": "3"},
                {"subject": "A", "event": "1", "at": "2025-03-05", "grade": "1"},
            ],
            "row 2, column at: lies before the grade above it.",
        ),
    ],
)
def test_problems_are_named(events: list[dict[str, str]], course: list[dict[str, str]] | None, said: str) -> None:
    with pytest.raises(TableProblems) as found:
        subjects(data(events, course), CONCEPTS)
    assert said in str(found.value)


def finding(subject: str, verdict: str) -> DltFinding:
    return DltFinding(subject, verdict)  # type: ignore[arg-type]


VERDICTS = [
    finding("A", "dlt"), finding("B", "no_dlt"), finding("C", "no_dlt"), finding("D", "not_yet_evaluable"),
    finding("E", "undecided"), finding("F", "not_evaluable"),
]  # fmt: skip


def test_nobody_open_is_counted_as_free_of_toxicity() -> None:
    found = Results(dlt_results(VERDICTS))
    assert found.value("dlt", "evaluable") == 3
    assert found.value("dlt", "rate") == pytest.approx(1 / 3)
    assert found.value("dlt", "upper") == pytest.approx(0.90570067595, rel=1e-9)  # R 4.2.2 binom.test(1, 3)
    assert {item.context["verdict"]: item.value for item in found.select("dlt", "subjects")} == {
        "dlt": 1, "no_dlt": 2, "not_yet_evaluable": 1, "not_evaluable": 1, "undecided": 1,
    }  # fmt: skip


def test_without_anybody_evaluable_there_is_no_rate() -> None:
    found = Results(dlt_results(VERDICTS[3:])).one("dlt", "rate")
    assert (found.value, found.reason.kind if found.reason else "") == (None, "dlt_nobody_evaluable")


def test_limits_see_the_open_as_pending() -> None:
    rows = for_monitoring(VERDICTS).rows()
    assert rows == [
        ("A", "dlt", "yes", "yes"), ("B", "dlt", "yes", "no"), ("C", "dlt", "yes", "no"), ("D", "dlt", "pending", "unknown"),
        ("E", "dlt", "pending", "unknown"), ("F", "dlt", "no", "unknown"),
    ]  # fmt: skip


def test_a_whole_study_is_evaluated_and_says_what_it_was_made_of() -> None:
    study = load(STUDIES / "nct06848582")
    findings, found = evaluate_study(study, data([EVENT | {"grade": "2"}]), cut_off=date(2025, 8, 1))
    assert [one.verdict for one in findings] == ["undecided"]
    assert found.about == {"study": "nct06848582", "protocol_version": study.version, "cut_off": date(2025, 8, 1)}
    assert found.value("dlt", "verdict", subject="A") == "undecided"
    assert len(found.inputs) == 64


def test_a_study_without_the_section_says_so() -> None:
    from dataclasses import replace

    study = load(STUDIES / "nct06848582")
    without = replace(study, safety=study.safety.model_copy(update={"dlt": None}))
    with pytest.raises(ProblemsFound, match="defines no dose-limiting toxicity"):
        evaluate_study(without, data(), cut_off=date(2025, 8, 1))
