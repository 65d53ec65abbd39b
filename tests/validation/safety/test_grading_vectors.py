"""CTCAE laboratory grades against vectors with their sources, and against a second implementation written from the standard's text."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from protocord.safety import grade

VECTORS = list(csv.DictReader(Path(__file__).with_name("grading_vectors.csv").read_text("utf-8").splitlines()))


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: " ".join([row["version"], row["term"], row["value"], row["baseline"]]))
def test_a_published_vector_has_its_grade(row: dict[str, str]) -> None:
    given = grade(
        row["term"],
        row["value"],
        row["unit"],
        version=row["version"],
        low=row["low"] or None,
        high=row["high"] or None,
        baseline=row["baseline"] or None,
    )
    assert (given.grade_min, given.grade_max) == (int(row["least"]), int(row["most"]))
    assert given.grade == (given.grade_min if given.grade_min == given.grade_max else None)
    assert given.version == row["version"]


# A second implementation, of ratios of integers and nested conditions. Source of each: NCI CTCAE v5.0 (2017-11-27) and v6.0 (2025),
# the grades of the term, as restated in clinical.md 3.1 to 3.4. `x` value, `n` LLN, `u` ULN, `b` baseline.
Witness = Callable[[Fraction, Fraction, Fraction, Fraction], tuple[int, int]]
F = Fraction


def sure(found: int) -> tuple[int, int]:
    return found, found


def neutrophils_5(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if x < F(1, 2):
        return sure(4)
    if x < 1:
        return sure(3)
    if x < F(3, 2):
        return sure(2)
    return sure(1 if x < n else 0)


def neutrophils_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    return sure(4 if x < F(1, 10) else 3 if x < F(1, 2) else 2 if x < 1 else 1 if x < F(3, 2) else 0)


def platelets_5(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    return sure(4 if x < 25 else 3 if x < 50 else 2 if x < 75 else 1 if x < n else 0)


def platelets_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    return sure(4 if x < 10 else 3 if x < 50 else 2 if x < 75 else 1 if x < n else 0)


def alt_5(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if b > u:
        return sure(4 if x > 20 * b else 3 if x > 5 * b else 2 if x > 3 * b else 1 if x >= b + b / 2 else 0)
    return sure(4 if x > 20 * u else 3 if x > 5 * u else 2 if x > 3 * u else 1 if x > u else 0)


def alt_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if b > u:
        return sure(4 if x > 4 * b else 3 if x > 2 * b else 2 if 2 * x > 3 * b else 1 if x >= b else 0)
    return alt_5(x, n, u, b)


def ggt_5(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    of = max(u, b)
    first = x >= 2 * b if b > u else x > u
    return sure(4 if x > 20 * of else 3 if x > 5 * of else 2 if 2 * x > 5 * of else 1 if first else 0)


def ggt_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if b > u:
        return sure(4 if x > 10 * b else 3 if x > 3 * b else 2 if 2 * x > 3 * b else 1 if x >= b else 0)
    return ggt_5(x, n, u, b)


def alp_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    return sure(1 if x > max(u, b) else 0)


def bilirubin_5(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    of = max(u, b)
    return sure(4 if x > 10 * of else 3 if x > 3 * of else 2 if 2 * x > 3 * of else 1 if x > of else 0)


def bilirubin_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if b > u:
        return sure(4 if x > 10 * b else 3 if 2 * x > 5 * b else 2 if 2 * x > 3 * b else 1 if x >= b else 0)
    return bilirubin_5(x, n, u, b)


def creatinine_5(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if x > 6 * u:
        return sure(4)
    if x > 3 * min(u, b):
        return sure(3)
    if 2 * x > 3 * min(u, b):
        return sure(2)
    return sure(1 if x > u else 0)


def creatinine_6(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    return creatinine_5(x, n, u, b if b < n else u)


def fibrinogen(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    worst = 4 if x < F(1, 2) or 4 * x < n else 3 if 2 * x < n else 2 if 4 * x < 3 * n else 1 if x < n else 0
    if b < n:
        fall = (b - x) / b
        worst = max(worst, 4 if fall >= F(3, 4) else 3 if fall >= F(1, 2) else 2 if fall >= F(1, 4) else 1 if fall > 0 else 0)
    return sure(worst)


def lipase(cut: int) -> Witness:
    def graded(x: F, n: F, u: F, b: F) -> tuple[int, int]:
        if x > 5 * u:
            return 3, 4
        if x > cut * u:
            return 2, 3
        return sure(2 if 2 * x > 3 * u else 1 if x > u else 0)

    return graded


def sodium_low(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if x < 120:
        return sure(4)
    if x < 125:
        return sure(3)
    if x < 130:
        return 2, 3
    return sure(1 if x < n else 0)


def potassium_low(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    if x < 3:
        return sure(4 if 2 * x < 5 else 3)
    return (1, 2) if x < n else (0, 0)


def haemoglobin_high(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    above = x - u
    return sure(3 if above > 40 else 2 if above > 20 else 1 if above > 0 else 0)


def urate(x: F, n: F, u: F, b: F) -> tuple[int, int]:
    return (1, 3) if x > u else (0, 0)


WITNESSES: list[tuple[str, str, Witness, str, str, str]] = [
    # version, term, witness, LLN, ULN, baselines
    ("5.0", "Neutrophil count decreased", neutrophils_5, "1.2 2.0", "7", "3"),
    ("6.0", "Neutrophil count decreased", neutrophils_6, "1.2 2.0", "7", "3"),
    ("5.0", "Platelet count decreased", platelets_5, "60 150", "400", "200"),
    ("6.0", "Thrombocytopenia", platelets_6, "60 150", "400", "200"),
    *((v, f"{name} aminotransferase increased", w, "5", "40 1.1", "30 41 80 1.3") for v, w in (("5.0", alt_5), ("6.0", alt_6)) for name in ("Alanine", "Aspartate")),
    ("5.0", "GGT increased", ggt_5, "5", "40 1.1", "30 41 80 1.3"),
    ("6.0", "GGT increased", ggt_6, "5", "40 1.1", "30 41 80 1.3"),
    ("5.0", "Alkaline phosphatase increased", ggt_5, "5", "40 1.1", "30 41 80 1.3"),
    ("6.0", "Alkaline phosphatase increased", alp_6, "5", "40 1.1", "30 41 80 1.3"),
    ("5.0", "Blood bilirubin increased", bilirubin_5, "2", "20 1.1", "15 21 30 1.3"),
    ("6.0", "Blood bilirubin increased", bilirubin_6, "2", "20 1.1", "15 21 30 1.3"),
    ("5.0", "Creatinine increased", creatinine_5, "18", "44 61.3", "12 20 50"),
    ("6.0", "Creatinine increased", creatinine_6, "18", "44 61.3", "12 17.9 20 50"),
    *((v, "Fibrinogen decreased", fibrinogen, "2.0 1.8", "4", "1.1 1.9 3") for v in ("5.0", "6.0")),
    ("5.0", "Lipase increased", lipase(2), "5", "60 1.1", "30"),
    ("6.0", "Lipase increased", lipase(3), "5", "60 1.1", "30"),
    *((v, "Serum amylase increased", lipase(2), "5", "60 1.1", "30") for v in ("5.0", "6.0")),
    *((v, "Hyponatremia", sodium_low, "135 128", "145", "140") for v in ("5.0", "6.0")),
    *((v, "Hypokalemia", potassium_low, "3.5", "5", "4") for v in ("5.0", "6.0")),
    *((v, "Hemoglobin increased", haemoglobin_high, "110", "150.5", "120") for v in ("5.0", "6.0")),
    *((v, "Hyperuricemia", urate, "100", "360", "200") for v in ("5.0", "6.0")),
]  # fmt: skip


def numbers(lln: F, uln: F, baseline: F) -> Iterator[F]:
    """Values on, just below and just above every multiple that a term could mean, and round numbers between."""
    multiples = [F(k, 4) for k in (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 40, 80)]
    marks = (
        {of * k for of in (lln, uln, baseline) for k in multiples} | {uln + 20, uln + 40} | {F(k, 10) for k in range(1, 40, 2)}
    )
    marks |= {F(k) for k in (10, 25, 50, 75, 119, 120, 124, 125, 129, 130, 145)}
    for mark in marks:
        yield from (one for one in (mark - F(1, 1000), mark, mark + F(1, 1000)) if one > 0)


@pytest.mark.parametrize(
    ("version", "term", "witness", "lows", "highs", "baselines"), WITNESSES, ids=[f"{row[1]} v{row[0]}" for row in WITNESSES]
)
def test_grades_are_those_of_a_second_implementation(
    version: str, term: str, witness: Witness, lows: str, highs: str, baselines: str
) -> None:
    for low, high, baseline in product(lows.split(), highs.split(), baselines.split()):
        for value in numbers(F(low), F(high), F(baseline)):
            text = f"{float(value):.12g}"
            if F(text) != value or "e" in text:
                continue
            given = grade(term, text, version=version, low=low if F(low) <= F(high) else None, high=high, baseline=baseline)
            if given.reasons and given.reasons[0].kind == "grading_implausible":
                continue
            least, most = witness(value, F(low), F(high), F(baseline))
            assert (given.grade_min, given.grade_max) == (least, most), (text, low, high, baseline)
            assert given.grade == (least if least == most else None)
