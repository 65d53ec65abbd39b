"""protocord.safety.scales.icans and its scores: ICE, CAPD, and the rows of the ASTCT table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocord.safety.scales import IcansFindings, Score, capd_score, icans, ice_score

GROWN = IcansFindings(
    years=14, delayed=False, ice=10, consciousness="alert", seizure="none", motor="none", oedema="none", died=False
)
SMALL = replace(GROWN, years=6, ice=None, capd=0, capd_unable=False, capd_baseline=0)


def span(findings: IcansFindings) -> tuple[int, int]:
    found = icans(findings)
    return found.grade_min, found.grade_max


def missing(findings: IcansFindings) -> set[str]:
    return {str(reason.particulars.get("what", reason.kind)).removeprefix("scale_item_") for reason in icans(findings).reasons}


@pytest.mark.parametrize(
    ("ice", "grade"), [(10, 0), (9, 1), (8, 1), (7, 1), (6, 2), (5, 2), (4, 2), (3, 2), (2, 3), (1, 3), (0, 3)]
)
def test_ice_has_its_column(ice: int, grade: int) -> None:
    assert icans(replace(GROWN, ice=ice)).grade == grade


def test_ice_0_is_grade_3_awake_and_grade_4_unarousable() -> None:
    assert icans(replace(GROWN, ice=0, consciousness="touch")).grade == 3
    found = icans(replace(GROWN, ice=0, consciousness="unarousable"))
    assert found.grade == 4
    assert set(found.deciding) == {"icans_ice_0_unarousable", "icans_unarousable"}


def test_ice_0_of_unknown_waking_is_3_or_4() -> None:
    findings = replace(GROWN, ice=0, consciousness=None)
    assert span(findings) == (3, 4)
    assert missing(findings) == {"consciousness"}


@pytest.mark.parametrize(("capd", "grade"), [(0, 0), (1, 1), (8, 1), (9, 3), (10, 3), (32, 3)])
def test_capd_has_its_column(capd: int, grade: int) -> None:
    assert icans(replace(SMALL, capd=capd)).grade == grade


@pytest.mark.parametrize(("waking", "grade"), [("alert", 1), ("spontaneous", 1), ("voice", 2), ("touch", 3), ("unarousable", 4)])
def test_capd_1_to_8_is_split_by_how_the_child_wakes(waking: str, grade: int) -> None:
    assert icans(replace(SMALL, capd=8, consciousness=waking)).grade == grade


def test_capd_1_to_8_alone_is_1_or_2_in_its_own_row() -> None:
    rows = {row.row: (row.low, row.high) for row in icans(replace(SMALL, capd=4, consciousness=None)).rows}
    assert rows["icans_capd_1_to_8"] == (1, 2)


def test_a_capd_that_cannot_be_performed_is_grade_4() -> None:
    assert icans(replace(SMALL, capd=None, capd_unable=True)).grade == 4


def test_capd_is_for_under_12_years_and_for_delayed_development() -> None:
    assert icans(replace(GROWN, years=12, ice=8, capd=20)).grade == 1
    assert icans(replace(GROWN, years=11, ice=8, capd=20)).grade == 3
    assert icans(replace(GROWN, years=15, delayed=True, ice=8, capd=20)).grade == 3
    assert icans(replace(GROWN, years=3, delayed=None, ice=None, capd=20)).grade == 3


def test_an_unknown_age_spans_both_columns() -> None:
    findings = replace(GROWN, years=None, ice=8, capd=20)
    assert span(findings) == (1, 3)
    assert missing(findings) == {"years"}


def test_unknown_development_from_12_years_on_spans_both_columns() -> None:
    findings = replace(GROWN, delayed=None, ice=3, capd=0)
    assert span(findings) == (0, 2)
    assert missing(findings) == {"delayed"}


def test_a_missing_score_leaves_0_to_4() -> None:
    assert span(replace(GROWN, ice=None)) == (0, 4)
    assert missing(replace(GROWN, ice=None)) == {"ice"}
    assert span(replace(SMALL, capd=None)) == (0, 4)
    assert missing(replace(SMALL, capd=None)) == {"capd"}


def test_a_range_of_scores_leaves_a_range_of_grades() -> None:
    assert span(replace(GROWN, ice=Score(6, 8))) == (1, 2)
    assert missing(replace(GROWN, ice=Score(6, 8))) == {"ice_items"}
    assert span(replace(GROWN, ice=Score(0, 1))) == (3, 3)
    assert span(replace(SMALL, capd=Score(7, 11))) == (1, 3)
    assert missing(replace(SMALL, capd=Score(7, 11))) == {"capd_items"}


def test_a_capd_not_above_its_baseline_is_open() -> None:
    findings = replace(SMALL, capd=10, capd_baseline=10)
    assert span(findings) == (0, 3)
    assert missing(findings) == {"icans_capd_as_before"}
    assert span(replace(SMALL, capd=10, capd_baseline=9)) == (3, 3)
    assert span(replace(SMALL, capd=0, capd_baseline=9)) == (0, 0)


def test_a_missing_baseline_is_remarked_and_changes_nothing() -> None:
    found = icans(replace(SMALL, capd=9, capd_baseline=None))
    assert found.grade == 3
    assert [remark.kind for remark in found.remarks] == ["icans_capd_without_baseline"]
    assert icans(replace(SMALL, capd=0, capd_baseline=None)).remarks == ()


@pytest.mark.parametrize(
    ("finding", "grade"),
    [
        ({"consciousness": "spontaneous"}, 1),
        ({"consciousness": "voice"}, 2),
        ({"consciousness": "touch"}, 3),
        ({"consciousness": "unarousable"}, 4),
        ({"seizure": "resolving"}, 3),
        ({"seizure": "prolonged_or_repetitive"}, 4),
        ({"motor": "deep_focal_weakness"}, 4),
        ({"oedema": "focal"}, 3),
        ({"oedema": "diffuse_or_raised_pressure"}, 4),
        ({"died": True}, 5),
    ],
)
def test_each_other_row_grades_by_itself_at_any_age(finding: dict[str, object], grade: int) -> None:
    assert icans(replace(GROWN, **finding)).grade == grade  # type: ignore[arg-type]
    assert icans(replace(SMALL, **finding)).grade == grade  # type: ignore[arg-type]


@pytest.mark.parametrize(("domain", "high"), [("consciousness", 4), ("seizure", 4), ("motor", 4), ("oedema", 4)])
def test_a_missing_row_leaves_its_span(domain: str, high: int) -> None:
    findings = replace(GROWN, ice=8, **{domain: None})  # type: ignore[arg-type]
    assert span(findings) == (1, high)
    assert missing(findings) == {domain}


def test_an_unknown_death_leaves_5_open() -> None:
    assert span(replace(GROWN, died=None)) == (0, 5)


@pytest.mark.parametrize("wrong", [{"ice": 11}, {"ice": -1}, {"consciousness": "sleepy"}])
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is no"):
        icans(replace(GROWN, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"capd": 33}, {"capd_baseline": 40, "capd": 3}])
def test_a_capd_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is no capd"):
        icans(replace(SMALL, **wrong))  # type: ignore[arg-type]


ALL = {"year": True, "month": True, "city": True, "hospital": True, "command": True, "writing": True, "attention": True}


def test_the_whole_of_ice_is_10() -> None:
    assert ice_score(objects=3, **ALL) == Score(10, 10)
    assert ice_score(objects=0, **dict.fromkeys(ALL, False)) == Score(0, 0)


@pytest.mark.parametrize("item", ALL)
def test_each_ice_item_is_one_point_and_open_where_it_is_missing(item: str) -> None:
    assert ice_score(objects=3, **{**ALL, item: False}).known == 9
    assert ice_score(objects=3, **{**ALL, item: None}) == Score(9, 10)


def test_objects_are_up_to_three_points() -> None:
    assert ice_score(objects=2, **ALL).known == 9
    assert ice_score(objects=None, **ALL) == Score(7, 10)
    with pytest.raises(ValueError, match="objects"):
        ice_score(objects=4, **ALL)


def test_the_first_four_capd_items_score_in_reverse() -> None:
    assert capd_score(["always"] * 4 + ["never"] * 4) == Score(0, 0)
    assert capd_score(["never"] * 4 + ["always"] * 4) == Score(32, 32)
    assert (
        capd_score(["rarely", "sometimes", "often", "always", "rarely", "sometimes", "often", "always"]).known
        == 3 + 2 + 1 + 0 + 1 + 2 + 3 + 4
    )
    assert capd_score([4, 3, 2, 1, 0, 1, 2, 3]).known == 16


def test_a_missing_capd_item_leaves_four_points_open() -> None:
    assert capd_score(["always"] * 4 + ["never", "never", "never", None]) == Score(0, 4)


@pytest.mark.parametrize("answers", [["always"] * 7, ["now and then"] + ["never"] * 7, [5] + [0] * 7, [-1] + [0] * 7])
def test_a_capd_that_cannot_be_is_refused(answers: list[str | int | None]) -> None:
    with pytest.raises(ValueError, match="CAPD"):
        capd_score(answers)


def test_a_score_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Score(3, 2)


@pytest.mark.parametrize("domain", ["consciousness", "seizure", "motor", "oedema"])
def test_an_open_row_begins_at_nothing(domain: str) -> None:
    rows = {row.row: (row.low, row.high) for row in icans(replace(GROWN, **{domain: None})).rows}  # type: ignore[arg-type]
    assert rows[f"icans_{domain}"] == (0, 4)


def test_a_capd_item_that_cannot_be_is_named_by_its_number_and_its_limits() -> None:
    with pytest.raises(ValueError, match="CAPD item 2: 7 points; they lie from 0 to 4"):
        capd_score([0, 7, 0, 0, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="CAPD item 3: 'hardly' is no answer; write one of: never"):
        capd_score(["never", "never", "hardly", "never", "never", "never", "never", "never"])
