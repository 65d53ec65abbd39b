"""The tables of the scales: every number falls into exactly one row, gaps are declared, and every row has its source and words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocord.safety.scales.rows import grade_table, raw_table
from protocord.values import LANGUAGES
from protocord.words import term

NUMERIC = [
    (scale, name)
    for scale in ("crs", "icans", "agvhd")
    for name in sorted({row.domain for row in grade_table(scale).rows if row.word is None})
]


def edges(scale: str, domain: str) -> list[Decimal]:
    found = {limit for row in grade_table(scale).of(domain) for limit in (row.low, row.high) if limit is not None}
    return sorted(found)


def around(limit: Decimal) -> list[Decimal]:
    step = Decimal("0.001")
    return [limit - step, limit, limit + step]


@pytest.mark.parametrize(("scale", "domain"), NUMERIC)
def test_rows_cover_the_line_without_gap_or_overlap_but_for_declared_gaps(scale: str, domain: str) -> None:
    table = grade_table(scale)
    about = table.domains.get(domain)
    gaps = about.gaps if about else ()
    low = about.low if about and about.low is not None else Decimal(-1000)
    whole = about is not None and about.whole
    points = [point for limit in edges(scale, domain) for point in ([limit - 1, limit, limit + 1] if whole else around(limit))]
    points += [low, Decimal(100000) if about is None or about.high is None else about.high]
    middle = [(one + other) / 2 for one, other in zip(edges(scale, domain), edges(scale, domain)[1:], strict=False) if not whole]
    for point in [*points, *middle]:
        if point < low or (about and about.high is not None and point > about.high):
            continue
        holding = [row.id for row in table.of(domain) if row.holds(point)]
        declared = any(lower < point < upper for lower, upper in gaps)
        assert len(holding) == (0 if declared else 1), (point, holding)


@pytest.mark.parametrize(("scale", "domain"), NUMERIC)
def test_grades_rise_or_fall_as_declared(scale: str, domain: str) -> None:
    table = grade_table(scale)
    rows = sorted(table.of(domain), key=lambda row: row.low if row.low is not None else Decimal(-(10**9)))
    grades = [row.grade for row in rows]
    rises = table.domains[domain].rises if domain in table.domains else True
    assert grades == sorted(grades, reverse=not rises)


def test_every_declared_gap_lies_between_two_rows_and_rounds_into_one() -> None:
    for scale, domain in NUMERIC:
        about = grade_table(scale).domains.get(domain)
        for low, high in about.gaps if about else ():
            middle = (low + high) / 2
            grades = {grade_table(scale).number(domain, middle, gap).grade for gap in ("upper", "lower")}
            assert len(grades) == 2
            assert grade_table(scale).number(domain, middle).grade in grades


@pytest.mark.parametrize("scale", ["crs", "icans", "agvhd"])
def test_every_row_names_its_source_and_has_words(scale: str) -> None:
    for row in grade_table(scale).rows:
        assert row.source.strip()
        assert 0 <= row.grade <= 5
        for language in LANGUAGES:
            assert term(row.id, language)


def test_every_band_of_hypotension_names_its_source_and_they_follow_one_another() -> None:
    bands = raw_table("hypotension")["bands"]
    assert all(band["source"].strip() for band in bands)
    assert [band.get("to_years") for band in bands[1:-1]] == [band["from_years"] for band in bands[2:]]


def test_an_unknown_row_or_word_is_refused() -> None:
    with pytest.raises(KeyError):
        grade_table("crs").row("nothing")
    with pytest.raises(ValueError, match="blow_by"):
        grade_table("crs").word("oxygen", "tent")


def test_a_number_that_no_row_holds_is_a_fault_of_the_table() -> None:
    with pytest.raises(LookupError, match="no row of nothing"):
        grade_table("crs").number("nothing", Decimal(1))
