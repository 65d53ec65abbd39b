"""protocord.safety.scales.crs: the ASTCT table of cytokine release syndrome, and what missing findings leave open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocord.safety.scales import CrsFindings, crs

FEVER = CrsFindings(
    temperature=38.6,
    fever_explained=False,
    treated=False,
    hypotension=False,
    vasopressors=0,
    vasopressin=False,
    oxygen="none",
    airway_only=False,
    died=False,
)


def span(findings: CrsFindings) -> tuple[int, int]:
    found = crs(findings)
    return found.grade_min, found.grade_max


def missing(findings: CrsFindings) -> set[str]:
    return {str(reason.particulars["what"]).removeprefix("scale_item_") for reason in crs(findings).reasons}


@pytest.mark.parametrize(("temperature", "grade"), [(37.9, 0), (37.99, 0), (38.0, 1), (38, 1), (41.2, 1)])
def test_fever_begins_at_38_degrees(temperature: float, grade: int) -> None:
    assert crs(replace(FEVER, temperature=temperature)).grade == grade


def test_without_fever_there_is_no_crs_whatever_the_pressure() -> None:
    found = crs(replace(FEVER, temperature=37.2, hypotension=True, vasopressors=2, oxygen="ventilation"))
    assert found.grade == 0
    assert [remark.kind for remark in found.remarks] == ["crs_without_fever"]


def test_a_fever_with_another_cause_is_no_crs() -> None:
    found = crs(replace(FEVER, fever_explained=True, hypotension=True))
    assert found.grade == 0
    assert [remark.kind for remark in found.remarks] == ["crs_fever_explained"]


def test_once_crs_was_treated_fever_is_not_asked_for() -> None:
    assert crs(replace(FEVER, temperature=36.8, treated=True, hypotension=True, fever_explained=None)).grade == 2


def test_once_treated_and_without_any_sign_the_grade_is_0() -> None:
    assert crs(replace(FEVER, temperature=36.8, treated=True)).grade == 0


def test_once_treated_a_fever_that_is_still_there_is_grade_1() -> None:
    assert crs(replace(FEVER, treated=True)).grade == 1


def test_a_treated_crs_of_unknown_temperature_is_0_or_1() -> None:
    assert span(replace(FEVER, temperature=None, treated=True)) == (0, 1)


@pytest.mark.parametrize(
    ("hypotension", "vasopressors", "vasopressin", "grade"),
    [
        (False, 0, False, 1),
        (False, None, None, 1),
        (True, 0, False, 2),
        (True, 1, False, 3),
        (True, 1, True, 3),
        (None, 1, None, 3),
        (True, 0, True, 3),
        (False, 1, False, 3),
        (True, 2, False, 4),
        (True, 3, True, 4),
        (None, 2, None, 4),
    ],
)
def test_hypotension_is_graded_by_its_vasopressors(
    hypotension: bool | None, vasopressors: int | None, vasopressin: bool | None, grade: int
) -> None:
    assert crs(replace(FEVER, hypotension=hypotension, vasopressors=vasopressors, vasopressin=vasopressin)).grade == grade


@pytest.mark.parametrize(
    ("hypotension", "vasopressors", "vasopressin", "low", "high", "asked"),
    [
        (None, 0, False, 1, 2, {"hypotension"}),
        (True, None, False, 2, 4, {"vasopressors"}),
        (True, None, True, 3, 4, {"vasopressors"}),
        (True, 0, None, 2, 3, {"vasopressin"}),
        (None, 0, None, 1, 3, {"hypotension", "vasopressin"}),
        (None, None, None, 1, 4, {"hypotension", "vasopressors"}),
        (False, None, True, 3, 4, {"vasopressors"}),
    ],
)
def test_what_is_missing_of_the_pressure_leaves_a_span(
    hypotension: bool | None, vasopressors: int | None, vasopressin: bool | None, low: int, high: int, asked: set[str]
) -> None:
    findings = replace(FEVER, hypotension=hypotension, vasopressors=vasopressors, vasopressin=vasopressin)
    assert span(findings) == (low, high)
    assert missing(findings) == asked


@pytest.mark.parametrize(
    ("oxygen", "flow", "grade"),
    [
        ("none", None, 1),
        ("blow_by", None, 2),
        ("nasal_cannula", 0.5, 2),
        ("nasal_cannula", 6, 2),
        ("nasal_cannula", 6.1, 3),
        ("high_flow_cannula", 6, 2),
        ("high_flow_cannula", 6.1, 3),
        ("high_flow_cannula", 20, 3),
        ("face_mask", None, 3),
        ("non_rebreather", None, 3),
        ("venturi_mask", None, 3),
        ("cpap", None, 4),
        ("bipap", None, 4),
        ("ventilation", None, 4),
    ],
)
def test_oxygen_is_graded_by_how_it_is_given(oxygen: str, flow: float | None, grade: int) -> None:
    assert crs(replace(FEVER, oxygen=oxygen, flow=flow)).grade == grade


def test_a_cannula_of_unknown_flow_is_2_or_3() -> None:
    findings = replace(FEVER, oxygen="nasal_cannula")
    assert span(findings) == (2, 3)
    assert missing(findings) == {"flow"}


def test_unknown_oxygen_leaves_1_to_4() -> None:
    findings = replace(FEVER, oxygen=None)
    assert span(findings) == (1, 4)
    assert missing(findings) == {"oxygen"}


def test_ventilation_that_only_protects_the_airway_is_no_hypoxia() -> None:
    assert crs(replace(FEVER, oxygen="ventilation", airway_only=True)).grade == 1


def test_ventilation_of_unknown_purpose_is_open() -> None:
    findings = replace(FEVER, oxygen="ventilation", airway_only=None)
    assert span(findings) == (1, 4)
    assert missing(findings) == {"airway_only"}


def test_the_worse_of_pressure_and_oxygen_counts() -> None:
    assert crs(replace(FEVER, hypotension=True, oxygen="face_mask")).grade == 3
    assert crs(replace(FEVER, hypotension=True, vasopressors=2, oxygen="blow_by")).grade == 4


def test_death_from_crs_is_grade_5() -> None:
    found = crs(replace(FEVER, died=True))
    assert found.grade == 5
    assert found.deciding == ("crs_death",)


def test_an_unknown_death_leaves_5_open() -> None:
    findings = replace(FEVER, died=None)
    assert span(findings) == (1, 5)
    assert missing(findings) == {"death"}


def test_an_unknown_temperature_leaves_no_crs_open() -> None:
    findings = replace(FEVER, temperature=None, hypotension=True)
    assert span(findings) == (0, 2)
    assert missing(findings) == {"temperature"}


def test_nobody_saying_whether_the_fever_is_explained_leaves_no_crs_open() -> None:
    findings = replace(FEVER, fever_explained=None, oxygen="face_mask")
    assert span(findings) == (0, 3)
    assert missing(findings) == {"fever_explained"}


def test_no_fever_and_nobody_saying_whether_it_was_treated_leaves_a_span() -> None:
    findings = replace(FEVER, temperature=37.0, treated=None, hypotension=True)
    assert span(findings) == (0, 2)
    assert missing(findings) == {"treated"}


def test_with_nothing_known_every_grade_is_possible() -> None:
    assert span(CrsFindings()) == (0, 5)


def test_the_rows_that_gave_the_grade_are_named() -> None:
    found = crs(replace(FEVER, hypotension=True, oxygen="blow_by"))
    assert set(found.deciding) == {"crs_hypotension_without_vasopressor", "crs_blow_by"}
    assert found.version == "2019"


@pytest.mark.parametrize("wrong", [{"oxygen": "tent"}, {"vasopressors": -1}, {"oxygen": "nasal_cannula", "flow": 0}])
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is no"):
        crs(replace(FEVER, **wrong))  # type: ignore[arg-type]


def test_the_answer_is_data() -> None:
    data = crs(replace(FEVER, oxygen=None)).as_data()
    assert (data["grade"], data["grade_min"], data["grade_max"], data["scale"]) == (None, 1, 4, "astct_crs")
    assert data["reasons"] == [{"kind": "scale_not_recorded", "particulars": {"what": "scale_item_oxygen"}}]
    assert data["rows"][0] == {"row": "crs_fever", "low": 1, "high": 1}


@pytest.mark.parametrize(
    ("findings", "row", "low", "high"),
    [
        ({"oxygen": "ventilation", "airway_only": None}, "crs_ventilation", 0, 4),
        ({"oxygen": "ventilation", "airway_only": True}, "crs_airway_only", 0, 0),
        ({"oxygen": None}, "crs_ventilation", 0, 4),
        ({"hypotension": None, "vasopressors": 0, "vasopressin": False}, "crs_hypotension_without_vasopressor", 0, 2),
        ({"hypotension": None, "vasopressors": None, "vasopressin": False}, "crs_several_vasopressors", 0, 4),
        ({"hypotension": None, "vasopressors": 0, "vasopressin": None}, "crs_one_vasopressor", 0, 3),
    ],
)
def test_an_open_row_begins_at_nothing(findings: dict[str, object], row: str, low: int, high: int) -> None:
    rows = {one.row: (one.low, one.high) for one in crs(replace(FEVER, **findings)).rows}  # type: ignore[arg-type]
    assert rows[row] == (low, high)


def test_remarks_stay_beside_an_open_death_and_go_with_a_certain_one() -> None:
    afebrile = replace(FEVER, temperature=37.0)
    assert [remark.kind for remark in crs(replace(afebrile, died=None)).remarks] == ["crs_without_fever"]
    assert crs(replace(afebrile, died=True)).remarks == ()


def test_a_new_fever_of_another_cause_does_not_undo_a_treated_crs() -> None:
    assert crs(replace(FEVER, treated=True, fever_explained=True)).grade == 0
    assert crs(replace(FEVER, treated=True, fever_explained=True, hypotension=True)).grade == 2
    findings = replace(FEVER, treated=True, fever_explained=None)
    assert span(findings) == (0, 1)
    assert missing(findings) == {"fever_explained"}


def test_an_explained_fever_of_unknown_treatment_is_open() -> None:
    findings = replace(FEVER, treated=None, fever_explained=True, hypotension=True)
    assert span(findings) == (0, 2)
    assert missing(findings) == {"treated"}
