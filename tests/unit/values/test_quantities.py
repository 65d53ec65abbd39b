"""Numbers as they were reported."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocord.values import Bounds, Quantity, UnreadableQuantity


@pytest.mark.parametrize(
    ("text", "number", "comparator"),
    [
        ("0.5", "0.5", ""),
        ("1.10", "1.10", ""),
        (" <0.1 ", "0.1", "<"),
        ("< 0.1", "0.1", "<"),
        ("<=3", "3", "<="),
        ("≤3", "3", "<="),
        ("≥ 3", "3", ">="),
        (">100", "100", ">"),
        ("-2", "-2", ""),
        ("+2", "2", ""),
        (".5", "0.5", ""),
        ("5.", "5", ""),
        ("1e3", "1E+3", ""),
        ("０．５", "0.5", ""),
        ("＜０．１", "0.1", "<"),
    ],
)
def test_a_number_is_read_as_written(text: str, number: str, comparator: str) -> None:
    read = Quantity.parse(text, "mg/dL")
    assert (str(read.value), read.comparator, read.unit) == (number, comparator, "mg/dL")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "number_missing"),
        ("  ", "number_missing"),
        ("0,5", "decimal_comma"),
        ("1,000", "decimal_comma"),
        ("０，５", "decimal_comma"),
        ("<0,1", "decimal_comma"),
        ("1、5", "decimal_comma"),
        ("abc", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("<", "not_a_number"),
        ("<<1", "not_a_number"),
        ("1 2", "not_a_number"),
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("1e99999", "not_a_number"),
        ("0x10", "not_a_number"),
        ("٣", "not_a_number"),
    ],
)
def test_what_is_no_number_is_refused_with_its_kind(text: str, kind: str) -> None:
    with pytest.raises(UnreadableQuantity) as raised:
        Quantity.parse(text)
    assert (raised.value.kind, raised.value.text) == (kind, text)


def test_the_comma_is_refused_with_a_hint() -> None:
    with pytest.raises(UnreadableQuantity, match="write a point for decimals"):
        Quantity.parse("0,5")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("5", Bounds(Decimal(5), Decimal(5))),
        ("<5", Bounds(None, Decimal(5), high_strict=True)),
        ("<=5", Bounds(None, Decimal(5))),
        (">5", Bounds(Decimal(5), None, low_strict=True)),
        (">=5", Bounds(Decimal(5), None)),
    ],
)
def test_a_comparator_leaves_a_half_line(text: str, bounds: Bounds) -> None:
    assert Quantity.parse(text).bounds == bounds


def test_a_quantity_says_its_unit_unless_it_is_a_pure_number() -> None:
    assert str(Quantity.parse("<0.10", "mg/dL")) == "<0.10 mg/dL"
    assert str(Quantity.parse("1.5", "1")) == "1.5"
    assert str(Quantity.parse("1.5")) == "1.5"
