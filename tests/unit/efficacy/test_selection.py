"""Whether lesions were chosen at baseline as RECIST 1.1 demands, and which set of scans is the baseline."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from protocord.efficacy.recist import Lesion, Measurement, TimePoint, Tumour, selection_problems, split_at
from protocord.protocol.document.efficacy import TumourResponse

DAY_1 = date(2025, 1, 1)


def problems(rules: TumourResponse, *lesions: tuple[Lesion, float | None]) -> list[str]:
    measured = tuple(
        Measurement(lesion.id, DAY_1, "measured", Decimal(str(size))) for lesion, size in lesions if size is not None
    )
    tumour = Tumour("01", tuple(lesion for lesion, _ in lesions), TimePoint("BL", DAY_1, measured))
    return [str(found) for found in selection_problems(tumour, rules)]


def lesion(name: str = "T1", **more: object) -> Lesion:
    return Lesion(name, **{"organ": "liver", "row": 3, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chosen", "least"),
    [
        (lesion(), Decimal(10)),
        (lesion(slice_mm=Decimal(5)), Decimal(10)),
        (lesion(slice_mm=Decimal("5.1")), Decimal("10.2")),
        (lesion(slice_mm=Decimal(8)), Decimal(16)),
        (lesion(method="calliper"), Decimal(10)),
        (lesion(method="calliper", slice_mm=Decimal(8)), Decimal(10)),
        (lesion(method="chest_xray"), Decimal(20)),
        (lesion(nodal=True), Decimal(15)),
        (lesion(nodal=True, slice_mm=Decimal(8)), Decimal(16)),
        (lesion(nodal=True, slice_mm=Decimal(6)), Decimal(15)),
    ],
    ids=lambda value: str(value) if isinstance(value, Decimal) else "",
)
def test_a_target_is_measurable_from_the_limit_of_its_method_on(chosen: Lesion, least: Decimal, rules: TumourResponse) -> None:
    assert problems(rules, (chosen, float(least))) == []
    (found,) = problems(rules, (chosen, float(least - Decimal("0.1"))))
    assert found.startswith("lesions: row 3, column lesion: 01, lesion T1: ")
    assert f"measurable from {least} mm" in found


@pytest.mark.parametrize("nature", ["bone_blastic", "leptomeningeal", "effusion", "lymphangitis", "simple_cyst"])
def test_some_disease_is_never_measurable(nature: str, rules: TumourResponse) -> None:
    (found,) = problems(rules, (lesion(nature=nature), 30))
    assert found.startswith("lesions: row 3, column nature: ")
    assert "never measurable" in found


@pytest.mark.parametrize("nature", ["solid", "bone_with_soft_tissue", "cystic_metastasis"])
def test_other_disease_may_be_a_target(nature: str, rules: TumourResponse) -> None:
    assert problems(rules, (lesion(nature=nature), 30)) == []


def test_an_irradiated_lesion_is_a_target_only_when_it_has_grown_since(rules: TumourResponse) -> None:
    assert "column irradiated: " in problems(rules, (lesion(irradiated=True), 30))[0]
    assert problems(rules, (lesion(irradiated=True, progressed_since=True), 30)) == []


def test_a_method_that_measures_nothing_is_named(rules: TumourResponse) -> None:
    assert "column method" in problems(rules, (lesion(method="other"), 30))[0]


def test_the_sixth_target_and_the_third_in_an_organ_are_one_too_many(rules: TumourResponse) -> None:
    organs = ["liver", "liver", "bone", "bone", "skin", "brain"]
    six = [(lesion(f"T{at}", organ=organ, row=at), 30.0) for at, organ in enumerate(organs, start=1)]
    assert problems(rules, *six[:5]) == []
    (found,) = problems(rules, *six)
    assert "row 6, column class" in found
    assert "target number 6; 5 are allowed" in found

    three = [(lesion(f"T{at}", row=at), 30.0) for at in (1, 2, 3)]
    (found,) = problems(rules, *three)
    assert "row 3, column organ" in found
    assert "target number 3 in liver; 2 are allowed" in found


@pytest.mark.parametrize(
    "organs", [("left lung", "Right lung", "lung"), ("lung, left", "lung right", "Lung"), ("左肺", "右肺", "肺")]
)
def test_both_sides_of_a_pair_are_one_organ(organs: tuple[str, ...], rules: TumourResponse) -> None:
    assert len(problems(rules, *((lesion(f"T{at}", organ=organ), 30.0) for at, organ in enumerate(organs)))) == 1


def test_all_nodes_are_one_organ_wherever_they_lie(rules: TumourResponse) -> None:
    nodes = [(lesion(f"T{at}", organ=organ, nodal=True), 30.0) for at, organ in enumerate(["neck", "axilla", "groin"])]
    (found,) = problems(rules, *nodes)
    assert "lymph nodes" in found


def test_a_normal_node_and_a_simple_cyst_are_no_non_target_lesions(rules: TumourResponse) -> None:
    def non_target(**more: object) -> Lesion:
        return lesion("N1", target=False, **more)

    assert "column nodal" in problems(rules, (non_target(nodal=True), 9.9))[0]
    assert problems(rules, (non_target(nodal=True), 10)) == []
    assert problems(rules, (non_target(), 3)) == []
    assert (
        "column nature: 01, lesion N1: a simple cyst is no lesion" in problems(rules, (non_target(nature="simple_cyst"), None))[0]
    )


def test_the_baseline_is_the_last_set_that_ended_on_or_before_day_1() -> None:
    early, last, straddling, after = (
        TimePoint(name, DAY_1 + timedelta(days=day)) for name, day in [("A", -20), ("B", 0), ("C", 1), ("D", 40)]
    )
    straddles = TimePoint("C", DAY_1 - timedelta(days=1), (Measurement("T1", straddling.on, "absent"),))

    baseline, later = split_at([after, straddles, last, early], DAY_1)

    assert baseline is last
    assert later == (straddles, after)
    assert split_at([after], DAY_1) == (None, (after,))
