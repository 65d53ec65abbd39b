"""protocord.safety.scales.agvhd: MAGIC stages with the child's volumes, the gaps of the table, the overall grade, the confidence."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from protocord.safety.scales import AgvhdFindings, agvhd, agvhd_stages, confidence

WELL = AgvhdFindings(
    skin=0,
    bullae=False,
    desquamation=0,
    bilirubin=0.5,
    bilirubin_unit="mg/dL",
    upper_gut="none",
    stool_volumes=(0, 0, 0),
    mixed_with_urine=False,
    weight=20,
    pain_opioid=False,
    pain_performance=False,
    bloody_stool=False,
)


def stage(organ: str, **findings: object) -> tuple[int, int]:
    found = agvhd_stages(replace(WELL, **findings))[organ]  # type: ignore[arg-type]
    return found.low, found.high


@pytest.mark.parametrize(("share", "expected"), [(0, 0), (0.1, 1), (24.9, 1), (25, 2), (50, 2), (50.1, 3), (100, 3)])
def test_skin_is_staged_by_its_share_of_the_surface(share: float, expected: int) -> None:
    assert stage("skin", skin=share) == (expected, expected)


@pytest.mark.parametrize(
    ("bullae", "desquamation", "expected"),
    [
        (True, 5.1, (4, 4)),
        (True, 5, (3, 3)),
        (False, 60, (3, 3)),
        (True, None, (3, 4)),
        (None, 20, (3, 4)),
        (None, 5, (3, 3)),
        (False, None, (3, 3)),
        (None, None, (3, 4)),
    ],
)
def test_erythroderma_with_bullae_and_desquamation_is_stage_4(
    bullae: bool | None, desquamation: float | None, expected: tuple[int, int]
) -> None:
    assert stage("skin", skin=60, bullae=bullae, desquamation=desquamation) == expected


def test_bullae_without_erythroderma_do_not_raise_the_stage() -> None:
    assert stage("skin", skin=50, bullae=True, desquamation=20) == (2, 2)


@pytest.mark.parametrize(
    ("bilirubin", "expected"),
    [(0, 0), (1.99, 0), (2, 1), (3, 1), (3.1, 2), (6, 2), (6.1, 3), (15, 3), (15.1, 4), (15.01, 4), (40, 4)],
)
def test_liver_in_mg_per_dl(bilirubin: float, expected: int) -> None:
    assert stage("liver", bilirubin=bilirubin) == (expected, expected)


@pytest.mark.parametrize(
    ("bilirubin", "expected"),
    [(33.9, 0), (34, 1), (51, 1), (52, 2), (103, 2), (104, 3), (257, 3), (257.1, 4), (258, 4)],
)
def test_liver_in_umol_per_l_has_its_own_column(bilirubin: float, expected: int) -> None:
    assert stage("liver", bilirubin=bilirubin, bilirubin_unit="umol/L") == (expected, expected)


@pytest.mark.parametrize(
    ("bilirubin", "unit", "rounded", "upper", "lower"),
    [
        (3.04, "mg/dL", 1, 2, 1),
        (3.05, "mg/dL", 2, 2, 1),
        (3.09, "mg/dL", 2, 2, 1),
        (6.04, "mg/dL", 2, 3, 2),
        (6.05, "mg/dL", 3, 3, 2),
        (51.3, "umol/L", 1, 2, 1),
        (51.5, "umol/L", 2, 2, 1),
        (103.4, "umol/L", 2, 3, 2),
        (103.5, "umol/L", 3, 3, 2),
    ],
)
def test_a_value_in_a_gap_of_the_table_is_read_by_the_convention(
    bilirubin: float, unit: str, rounded: int, upper: int, lower: int
) -> None:
    findings = replace(WELL, bilirubin=bilirubin, bilirubin_unit=unit)
    assert agvhd_stages(findings)["liver"].low == rounded
    assert agvhd_stages(findings, gap="upper")["liver"].low == upper
    assert agvhd_stages(findings, gap="lower")["liver"].low == lower


@pytest.mark.parametrize(("said", "expected"), [("none", 0), ("intermittent", 0), ("persistent", 1)])
def test_upper_gut(said: str, expected: int) -> None:
    assert stage("upper_gut", upper_gut=said) == (expected, expected)


@pytest.mark.parametrize(
    ("daily", "expected"),
    [(199, 0), (199.9, 0), (200, 1), (398, 1), (398.9, 1), (399, 2), (400, 2), (600, 2), (600.1, 3), (601, 3)],
)
def test_a_child_of_20_kg_is_staged_by_volume_per_weight(daily: float, expected: int) -> None:
    assert stage("lower_gut", stool_volumes=(daily, daily, daily)) == (expected, expected)


@pytest.mark.parametrize(
    ("daily", "expected"), [(499, 0), (500, 1), (999, 1), (999.4, 1), (999.5, 2), (1000, 2), (1500, 2), (1500.1, 3), (1501, 3)]
)
def test_above_50_kg_the_volume_itself_counts(daily: float, expected: int) -> None:
    assert stage("lower_gut", stool_volumes=(daily, daily, daily), weight=50.1) == (expected, expected)


def test_a_child_of_50_kg_is_still_read_by_weight() -> None:
    assert stage("lower_gut", stool_volumes=(500, 500, 500), weight=50) == (1, 1)
    assert stage("lower_gut", stool_volumes=(1000, 1000, 1000), weight=50) == (2, 2)
    assert stage("lower_gut", stool_volumes=(499, 499, 499), weight=50) == (0, 0)


@pytest.mark.parametrize(
    ("weight", "count", "expected"),
    [
        (20, 3, 0),
        (20, 4, 1),
        (20, 6, 1),
        (20, 7, 2),
        (20, 10, 2),
        (20, 11, 3),
        (60, 2, 0),
        (60, 3, 1),
        (60, 4, 1),
        (60, 5, 2),
        (60, 7, 2),
        (60, 8, 3),
    ],
)
def test_without_volumes_the_stools_are_counted(weight: float, count: int, expected: int) -> None:
    assert stage("lower_gut", stool_volumes=(), stool_counts=(count, count, count), weight=weight) == (expected, expected)


@pytest.mark.parametrize(("counts", "expected"), [((6, 6, 7), 1), ((6, 7, 7), 2), ((10, 10, 11), 3), ((3, 4, 4), 0)])
def test_the_mean_of_three_days_counts(counts: tuple[int, int, int], expected: int) -> None:
    assert stage("lower_gut", stool_volumes=(), stool_counts=counts) == (expected, expected)


def test_fewer_than_three_days_leave_the_stage_open() -> None:
    found = agvhd_stages(replace(WELL, stool_volumes=(500, 500, None)))["lower_gut"]
    assert (found.low, found.high) == (0, 3)
    assert found.reasons[0].particulars["what"] == "scale_item_stool_days"
    nothing = agvhd_stages(replace(WELL, stool_volumes=()))["lower_gut"]
    assert nothing.reasons[0].particulars["what"] == "scale_item_stool"


def test_stool_mixed_with_urine_counts_half() -> None:
    assert stage("lower_gut", stool_volumes=(400, 400, 400), mixed_with_urine=True) == (1, 1)
    assert stage("lower_gut", stool_volumes=(399, 399, 399), mixed_with_urine=True) == (0, 0)
    assert stage("lower_gut", stool_volumes=(400, 400, 400), mixed_with_urine=None) == (1, 2)


def test_volumes_come_before_counts_unless_the_worse_is_asked_for() -> None:
    findings = replace(WELL, stool_volumes=(100, 100, 100), stool_counts=(8, 8, 8))
    assert agvhd_stages(findings)["lower_gut"].high == 0
    assert agvhd_stages(findings, stool="worst")["lower_gut"].low == 2
    turned = replace(WELL, stool_volumes=(500, 500, 500), stool_counts=(1, 1, 1))
    assert agvhd_stages(turned, stool="worst")["lower_gut"].low == 2


def test_an_unknown_weight_leaves_the_columns_open() -> None:
    assert stage("lower_gut", stool_volumes=(400, 400, 400), weight=None) == (0, 3)
    assert stage("lower_gut", stool_volumes=(0, 0, 0), weight=None) == (0, 0)
    assert stage("lower_gut", stool_volumes=(), stool_counts=(5, 5, 5), weight=None) == (1, 2)


@pytest.mark.parametrize(
    ("opioid", "performance", "blood", "expected"),
    [
        (True, True, False, (4, 4)),
        (True, False, False, (0, 0)),
        (False, True, False, (0, 0)),
        (False, False, True, (4, 4)),
        (None, None, True, (4, 4)),
        (True, None, False, (0, 4)),
        (None, False, False, (0, 0)),
        (False, False, None, (0, 4)),
    ],
)
def test_severe_pain_is_opioids_and_performance_and_blood_alone_suffices(
    opioid: bool | None, performance: bool | None, blood: bool | None, expected: tuple[int, int]
) -> None:
    assert stage("lower_gut", pain_opioid=opioid, pain_performance=performance, bloody_stool=blood) == expected


SKIN, LIVER = (0, 10, 30, 60, 60), (1, 2, 4, 10, 20)
LOWER = (0, 250, 500, 700, 0)


def overall(skin: int, liver: int, upper: int, lower: int) -> int:
    """The overall grade said as clauses, the worst first, as the paper's text has it."""
    if 4 in (skin, liver, lower):
        return 4
    if liver in (2, 3) or lower in (2, 3):
        return 3
    if skin == 3 or liver == 1 or upper == 1 or lower == 1:
        return 2
    return 1 if skin in (1, 2) else 0


@pytest.mark.parametrize(("skin", "liver", "upper", "lower"), list(product(range(5), range(5), range(2), range(5))))
def test_the_overall_grade_follows_from_the_stages(skin: int, liver: int, upper: int, lower: int) -> None:
    findings = replace(
        WELL,
        skin=SKIN[skin],
        bullae=skin == 4,
        desquamation=10 if skin == 4 else 0,
        bilirubin=LIVER[liver],
        upper_gut="persistent" if upper else "none",
        stool_volumes=(LOWER[lower],) * 3,
        bloody_stool=lower == 4,
    )
    assert agvhd(findings).grade == overall(skin, liver, upper, lower)


def test_an_open_organ_leaves_the_grade_open_only_where_it_could_raise_it() -> None:
    found = agvhd(replace(WELL, upper_gut=None, skin=30))
    assert (found.grade_min, found.grade_max) == (1, 2)
    assert [str(reason.particulars["what"]) for reason in found.reasons] == ["scale_item_upper_gut"]
    assert agvhd(replace(WELL, upper_gut=None, bilirubin=4)).grade == 3


def test_a_missing_organ_names_what_to_record() -> None:
    found = agvhd(replace(WELL, bilirubin=None))
    assert (found.grade_min, found.grade_max) == (0, 4)
    assert agvhd(replace(WELL, bilirubin_unit=None)).grade_max == 4
    assert agvhd(replace(WELL, skin=None)).grade_max == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"skin": 101},
        {"skin": -1},
        {"bilirubin": -0.1},
        {"bilirubin_unit": "g/L"},
        {"upper_gut": "often"},
        {"stool_volumes": (1, 2, -3)},
        {"stool_volumes": (1, 2, 3, 4)},
        {"weight": 0},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is no|is not|averaged"):
        agvhd(replace(WELL, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("biopsy", "suspected", "treated", "expected"),
    [
        ("gvhd", True, True, "confirmed"),
        ("gvhd", None, None, "confirmed"),
        ("equivocal", True, True, "probable"),
        ("not_done", True, True, "probable"),
        ("negative", True, True, "probable"),
        ("not_done", True, False, "possible"),
        ("negative", True, False, "possible"),
        ("other_diagnosis", False, False, "negative"),
        ("other_diagnosis", True, False, "negative"),
        ("not_done", False, False, "negative"),
        ("other_diagnosis", False, None, None),
        (None, True, True, None),
        ("not_done", None, False, None),
        ("not_done", True, None, None),
    ],
)
def test_how_sure_the_diagnosis_is(
    biopsy: str | None, suspected: bool | None, treated: bool | None, expected: str | None
) -> None:
    assert confidence(biopsy, suspected=suspected, treated=treated) == expected  # type: ignore[arg-type]


def asked(organ: str, **findings: object) -> list[str]:
    found = agvhd_stages(replace(WELL, **findings))[organ]  # type: ignore[arg-type]
    return [str(reason.particulars["what"]).removeprefix("scale_item_") for reason in found.reasons]


@pytest.mark.parametrize(
    ("organ", "findings", "expected"),
    [
        ("skin", {"skin": None}, ["skin"]),
        ("skin", {"skin": 60, "bullae": None, "desquamation": 9}, ["bullae"]),
        ("skin", {"skin": 60, "bullae": True, "desquamation": None}, ["desquamation"]),
        ("skin", {"skin": 60, "bullae": None, "desquamation": None}, ["bullae", "desquamation"]),
        ("liver", {"bilirubin": None}, ["bilirubin"]),
        ("liver", {"bilirubin_unit": None}, ["bilirubin_unit"]),
        ("lower_gut", {"bloody_stool": None}, ["bloody_stool"]),
        ("lower_gut", {"pain_opioid": None, "pain_performance": True}, ["severe_pain"]),
        ("lower_gut", {"bloody_stool": None, "pain_opioid": True, "pain_performance": None}, ["bloody_stool", "severe_pain"]),
        ("lower_gut", {"stool_volumes": (400, 400, 400), "mixed_with_urine": None}, ["mixed_with_urine"]),
        ("lower_gut", {"stool_volumes": (400, 400, 400), "weight": None}, ["weight"]),
        (
            "lower_gut",
            {"stool_volumes": (400, 400, 400), "mixed_with_urine": None, "weight": None},
            ["mixed_with_urine", "weight"],
        ),
        ("lower_gut", {"stool_volumes": (400, 400, 400)}, []),
    ],
)
def test_exactly_what_is_missing_is_asked_for(organ: str, findings: dict[str, object], expected: list[str]) -> None:
    assert asked(organ, **findings) == expected


def test_what_is_missing_leaves_every_lower_stage_possible() -> None:
    assert stage("skin", skin=None) == (0, 4)
    assert stage("liver", bilirubin=None) == (0, 4)
    assert stage("liver", bilirubin_unit=None) == (0, 4)


def test_stools_of_a_child_of_50_kg_are_counted_as_a_childs() -> None:
    assert stage("lower_gut", stool_volumes=(), stool_counts=(3, 3, 3), weight=50) == (0, 0)
    assert stage("lower_gut", stool_volumes=(), stool_counts=(3, 3, 3), weight=50.1) == (1, 1)
    assert stage("lower_gut", stool_volumes=(), stool_counts=(3, 3, 3), weight=1) == (0, 0)


def test_the_row_that_gave_the_worse_stage_is_named() -> None:
    by_count = agvhd_stages(replace(WELL, stool_volumes=(100, 100, 100), stool_counts=(8, 8, 8)), stool="worst")["lower_gut"]
    by_volume = agvhd_stages(replace(WELL, stool_volumes=(500, 500, 500), stool_counts=(1, 1, 1)), stool="worst")["lower_gut"]
    assert (by_count.rows, by_volume.rows) == (("agvhd_stools_child_2",), ("agvhd_stool_kg_2",))


def test_reasons_of_an_organ_that_cannot_raise_the_grade_are_left_out() -> None:
    found = agvhd(replace(WELL, bilirubin=10, upper_gut=None, skin=None))
    assert (found.grade_min, found.grade_max) == (3, 4)
    assert [str(reason.particulars["what"]) for reason in found.reasons] == ["scale_item_skin"]


@pytest.mark.parametrize(
    ("biopsy", "suspected", "treated", "expected"),
    [
        (None, False, False, None),
        (None, True, False, None),
        ("not_done", False, None, None),
        ("not_done", False, True, "probable"),
        ("equivocal", None, True, None),
        ("other_diagnosis", None, False, "negative"),
        ("other_diagnosis", True, True, "probable"),
    ],
)
def test_confidence_is_open_where_what_is_missing_could_decide(
    biopsy: str | None, suspected: bool | None, treated: bool | None, expected: str | None
) -> None:
    assert confidence(biopsy, suspected=suspected, treated=treated) == expected  # type: ignore[arg-type]
