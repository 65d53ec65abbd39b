"""Dates and times as people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocord.forms import parse_date
from protocord.forms.dates import UnreadableDate, parse_datetime

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("15mar26", "2026-03-15"),
        ("15MAR2026", "2026-03-15"),
        ("15-MAR-2026", "2026-03-15"),
        ("15 March 2026", "2026-03-15"),
        ("5/mar/2026", "2026-03-05"),
        ("UN-MAR-2026", "2026-03"),
        ("unk mar 2026", "2026-03"),
        ("UN-UNK-2026", "2026"),
        ("UNUNK2026", "2026"),
        ("MAR 2026", "2026-03"),
        ("2026", "2026"),
        ("2026-03", "2026-03"),
        ("2026-03-15", "2026-03-15"),
        ("2026-3-5", "2026-03-05"),
        ("2026-03-UN", "2026-03"),
        ("2026-UN-UN", "2026"),
        ("2026/3/15", "2026-03-15"),
        ("2026.03.15", "2026-03-15"),
        ("20260315", "2026-03-15"),
        ("2026年3月15日", "2026-03-15"),
        ("2026年3月15号", "2026-03-15"),
        ("2026年3月", "2026-03"),
        ("2026年", "2026"),
        ("２０２６年３月１５日", "2026-03-15"),
        ("15/3/26", "2026-03-15"),
        ("3/15/2026", "2026-03-15"),
        ("3/3/26", "2026-03-03"),
        ("03/3/2026", "2026-03-03"),
        ("UN/03/2026", "2026-03"),
        ("t", "2026-11-22"),
        ("T-1", "2026-11-21"),
        ("t - 22", "2026-10-31"),
        ("t+9", "2026-12-01"),
        ("今天", "2026-11-22"),
        ("29feb24", "2024-02-29"),
        ("15mar27", "2027-03-15"),
    ],
)
def test_a_date_is_read_as_typed(typed: str, stored: str) -> None:
    assert parse_date(f" {typed} ", TODAY).isoformat() == stored


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("03/04/26", "form_date_ambiguous"),
        ("3.4.2026", "form_date_ambiguous"),
        ("15mar98", "form_date_century"),
        ("15/3/98", "form_date_century"),
        ("29feb26", "form_date_not_in_calendar"),
        ("2026-13-01", "form_date_not_in_calendar"),
        ("2026年2月30日", "form_date_not_in_calendar"),
        ("20261301", "form_date_not_in_calendar"),
        ("15-UNK-2026", "form_date_month_missing"),
        ("2026-UN-15", "form_date_month_missing"),
        ("15/UN/2026", "form_date_month_missing"),
        ("150326", "form_date_unreadable"),
        ("15/16/17", "form_date_not_in_calendar"),
        ("15 foo 2026", "form_date_unreadable"),
        ("mar26", "form_date_unreadable"),
        ("yesterday", "form_date_unreadable"),
        ("26", "form_date_unreadable"),
        ("", "form_date_unreadable"),
        ("0000-01-01", "form_date_not_in_calendar"),
    ],
)
def test_what_is_no_date_or_two_is_refused_with_the_reason(typed: str, kind: str) -> None:
    with pytest.raises(UnreadableDate) as refused:
        parse_date(typed, TODAY)

    assert refused.value.reason.kind == kind


def test_an_ambiguous_date_names_both_days() -> None:
    with pytest.raises(UnreadableDate) as refused:
        parse_date("03/04/26", TODAY)

    assert dict(refused.value.reason.particulars) == {"text": "03/04/26", "one": "2026-04-03", "other": "2026-03-04"}


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_what_is_stored_reads_back_as_itself(day: date) -> None:
    for text in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day:%d%b%Y}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y-%m}",
        f"{day:%Y}",
    ):
        read = parse_date(text, TODAY)

        assert parse_date(read.isoformat(), TODAY) == read
        assert read.earliest <= day <= read.latest


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("15mar26 0930", "2026-03-15T09:30"),
        ("t 9:30", "2026-11-22T09:30"),
        ("2026-03-15T23:59", "2026-03-15T23:59"),
        ("2026年3月15日 14：05", "2026-03-15T14:05"),
        ("15 MAR 2026 00:00", "2026-03-15T00:00"),
    ],
)
def test_a_day_and_a_time_are_read(typed: str, stored: str) -> None:
    assert parse_datetime(typed, TODAY) == stored


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("15mar26", "form_time_unreadable"),
        ("15mar26 2460", "form_time_unreadable"),
        ("15mar26 25:00", "form_time_unreadable"),
        ("MAR 2026 0930", "form_date_incomplete"),
        ("0930", "form_time_unreadable"),
    ],
)
def test_a_moment_needs_a_whole_day_and_a_time(typed: str, kind: str) -> None:
    with pytest.raises(UnreadableDate) as refused:
        parse_datetime(typed, TODAY)

    assert refused.value.reason.kind == kind
