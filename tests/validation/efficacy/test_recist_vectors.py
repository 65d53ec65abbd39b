"""RECIST 1.1 by its published tables and by worked vectors, each row with its source."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from protocord.efficacy.recist import (
    Lesion,
    Measurement,
    Point,
    TimePoint,
    Tumour,
    assess,
    best_response,
    overall_response,
    target_response,
)
from protocord.efficacy.recist.sums import sum_of_diameters
from protocord.protocol.document.efficacy import TumourResponse

VECTORS = yaml.safe_load(Path(__file__).with_name("vectors.yaml").read_text("utf-8"))
DAY_1 = date(2025, 1, 1)


def scan(visit: str, day: int, *found: tuple[str, Any]) -> TimePoint:
    """A set of scans; each lesion as millimetres, or as a state."""
    on = DAY_1 + timedelta(days=day)
    measured = tuple(
        Measurement(lesion, on, what, reason="motion")
        if isinstance(what, str)
        else Measurement(lesion, on, "measured", Decimal(str(what)))
        for lesion, what in found
    )
    return TimePoint(visit, on, measured, non_target_progression=False)


@pytest.mark.parametrize("row", VECTORS["sums"], ids=lambda row: f"{row['sums']} {row['expected']}")
def test_the_response_of_the_targets_follows_their_sum(row: dict[str, Any], rules: TumourResponse) -> None:
    first, *later = row["sums"]
    points = tuple(scan(f"V{at}", 40 * (at + 1), ("T1", total), ("N1", "present")) for at, total in enumerate(later))
    tumour = Tumour("01", (Lesion("T1"), Lesion("N1", target=False)), scan("BL", -5, ("T1", first), ("N1", "present")), points)

    last = assess(tumour, rules)[-1]

    assert last.target is not None
    assert last.target.response == row["expected"], row["source"]


@pytest.mark.parametrize("row", VECTORS["sequences"], ids=lambda row: "-".join(row["sequence"]) or "none")
def test_the_confirmed_best_response_follows_the_sequence(row: dict[str, Any], rules: TumourResponse) -> None:
    points = [Point(int(re.sub(r"\D", "", step)), re.sub(r"\d", "", step)) for step in row["sequence"]]  # type: ignore[arg-type]

    assert best_response(points, rules, confirmed=True).response == row["expected"], row["source"]


@pytest.mark.parametrize("row", VECTORS["overall"], ids=str)
def test_the_overall_response_is_that_of_the_published_tables(row: list[Any]) -> None:
    target, non_target, new, expected = row

    assert overall_response(target, non_target, new=new)[0] == expected


LESION_AND_NODE = (Lesion("T1"), Lesion("T2", nodal=True))
THREE = (Lesion("T1"), Lesion("T2"), Lesion("T3"))


@pytest.mark.parametrize(
    ("lesions", "baseline", "then", "expected", "source"),
    [
        (LESION_AND_NODE, (35, 15), [("absent", 8)], "CR", "clinical.md 4.4: lesion absent and node 8"),
        (LESION_AND_NODE, (35, 15), [("absent", 9.9)], "CR", "RECIST 1.1 section 4.3.1: every node below 10 mm"),
        (LESION_AND_NODE, (35, 15), [("absent", 10)], "PR", "clinical.md 4.4: node 10"),
        (THREE, (20, 20, 10), [(40, 40, "not_evaluable")], "PD", "clinical.md 4.4: nadir 50, two of three measured 40 + 40"),
        (THREE[:2], (25, 25), [(20, "not_evaluable")], "NE", "clinical.md 4.4: one 20, one missing"),
        ((Lesion("T1", nodal=True),), (16,), [(9,), (12,)], "SD", "clinical.md 4.4: node-only nadir 9 -> 12 is not PD"),
        ((Lesion("T1", nodal=True),), (16,), [(9,), (13.9,)], "SD", "clinical.md 4.4: node-only nadir 9, less than 5 mm"),
        ((Lesion("T1", nodal=True),), (16,), [(9,), (14,)], "PD", "clinical.md 4.4: node-only nadir 9 -> 14"),
        ((Lesion("T1"),), (20,), [("too_small",)], "PR", "RECIST 1.1 section 4.3.2: too small to measure is 5 mm"),
        (THREE[:1], (20,), [("absent",), ("too_small",)], "PD", "RECIST 1.1 section 4.4 notes: seen again after CR"),
    ],
)
def test_lesions_nodes_and_missing_lesions_give_the_response(
    lesions: tuple[Lesion, ...],
    baseline: tuple[int, ...],
    then: list[tuple[Any, ...]],
    expected: str,
    source: str,
    rules: TumourResponse,
) -> None:
    names = [lesion.id for lesion in lesions]
    points = tuple(scan(f"V{at}", 40 * (at + 1), *zip(names, found, strict=True)) for at, found in enumerate(then))
    tumour = Tumour("01", lesions, scan("BL", -5, *zip(names, baseline, strict=True)), points)

    assert assess(tumour, rules)[-1].overall == expected, source


@pytest.mark.parametrize("baseline", [Decimal(tenths) / 10 for tenths in (101, 137, 300, 333, 456, 700, 990, 1234, 2001)])
def test_a_tenth_of_a_millimetre_decides_partial_response_and_progression(baseline: Decimal, rules: TumourResponse) -> None:
    """Source: closed form. The thresholds in exact tenths, found by integer arithmetic, not by the code's own comparison."""
    tenth, on = Decimal("0.1"), DAY_1
    tenths = int(baseline * 10)
    partial = Decimal(7 * tenths // 10) / 10  # the largest tenth at or below 70 %
    grown = Decimal(max(-(-12 * tenths // 10), tenths + 50)) / 10  # the smallest at or above 120 % and 5 mm more
    below = max(grown - tenth, baseline)

    def response(total: Decimal) -> str:
        now = sum_of_diameters([Lesion("T1")], TimePoint("V", on, (Measurement("T1", on, "measured", total),)), rules)
        return target_response(now, baseline, baseline, rules, on=on).response

    assert response(partial) == "PR"
    assert response(partial + tenth) == "SD"
    assert response(grown) == "PD"
    assert response(below) == "SD"
