"""Dates and times as people type them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from protocord.values import PartialDate, Reason

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "JAN JANUARY", "FEB FEBRUARY", "MAR MARCH", "APR APRIL", "MAY", "JUN JUNE", "JUL JULY", "AUG AUGUST",
            "SEP SEPT SEPTEMBER", "OCT OCTOBER", "NOV NOVEMBER", "DEC DECEMBER",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip

_SEPARATOR = r"[-/. ]?"
_TODAY = re.compile(r"(?:T|今天|今日)\s*(?:([+-])\s*(\d{1,4}))?")
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2}|UNK?)(?:[-/.](\d{1,2}|UNK?))?)?")
_CHINESE = re.compile(r"(\d{4})年(?:(\d{1,2})月(?:(\d{1,2})[日号])?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH_NAME = re.compile(rf"(\d{{1,2}}|UNK?){_SEPARATOR}([A-Z]{{3,9}}|UNK?){_SEPARATOR}(\d{{4}}|\d{{2}})")
_MONTH_YEAR = re.compile(r"([A-Z]{3,9})[-/. ]?(\d{4})")
_NUMBERS = re.compile(r"(\d{1,2}|UNK?)[-/. ](\d{1,2}|UNK?)[-/. ](\d{4}|\d{2})")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})")


class UnreadableDate(ValueError):
    """A text that is not one date; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.kind)


def parse_date(text: str, today: date) -> PartialDate:
    """This will read a date as people type it; `t` is `today`.

    `15mar26`, `15-MAR-2026`, `UN-MAR-2026`, `UN-UNK-2026`, `MAR 2026`, `2026`, `2026-03`, `20260315`, `2026/3/15`, `2026年3月15日`,
    `15/3/26`, `t`, `t-1`. A year of two digits is of this century and at most next year. Raises UnreadableDate, with the reason,
    for anything that is not a date or can be read as two (`03/04/26`).

    >>> parse_date("UN-MAR-2026", date(2026, 6, 1)).isoformat()
    '2026-03'
    """
    said = unicodedata.normalize("NFKC", text).strip().upper()
    if found := _TODAY.fullmatch(said):
        days = int(found[2] or 0)
        return PartialDate.of(today + timedelta(days=-days if found[1] == "-" else days))
    if found := (_YEAR_FIRST.fullmatch(said) or _CHINESE.fullmatch(said) or _COMPACT.fullmatch(said)):
        return _date(text, found[1], found[2], found[3])
    if found := _MONTH_NAME.fullmatch(said):
        return _named(text, found[1], found[2], _year(text, found[3], today))
    if found := _MONTH_YEAR.fullmatch(said):
        return _named(text, "UN", found[1], found[2])
    if found := _NUMBERS.fullmatch(said):
        return _numbers(text, found[1], found[2], _year(text, found[3], today))
    raise UnreadableDate(Reason.of("form_date_unreadable", text=text))


def parse_datetime(text: str, today: date) -> str:
    """This will read a day and a time of day (`15mar26 0930`, `t 9:30`, `2026-03-15T09:30`) as `2026-03-15T09:30`.

    Raises UnreadableDate; the day must be complete.
    """
    said = unicodedata.normalize("NFKC", text).strip()
    day_text, _, time_text = said.rpartition("T" if re.search(r"\dT\d", said) else " ")
    found = _TIME.fullmatch(time_text)
    if not day_text or not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise UnreadableDate(Reason.of("form_time_unreadable", text=text))
    day = parse_date(day_text, today)
    if not day.is_full:
        raise UnreadableDate(Reason.of("form_date_incomplete", text=text))
    return f"{day.isoformat()}T{int(found[1]):02d}:{found[2]}"


def _unknown(part: str | None) -> bool:
    return part is None or part.startswith("UN")


def _date(text: str, year: str, month: str | None, day: str | None) -> PartialDate:
    if _unknown(month) and not _unknown(day):
        raise UnreadableDate(Reason.of("form_date_month_missing", text=text))
    try:
        return PartialDate(
            int(year), None if _unknown(month) else int(month or 0), None if _unknown(month) or _unknown(day) else int(day or 0)
        )
    except ValueError:
        raise UnreadableDate(Reason.of("form_date_not_in_calendar", text=text)) from None


def _named(text: str, day: str, month: str, year: str) -> PartialDate:
    if month not in _MONTHS and not month.startswith("UN"):
        raise UnreadableDate(Reason.of("form_date_unreadable", text=text))
    return _date(text, year, str(_MONTHS[month]) if month in _MONTHS else None, day)


def _numbers(text: str, first: str, second: str, year: str) -> PartialDate:
    """Two numbers before a year: day first or month first, whichever is possible; both possible is ambiguous."""
    if _unknown(first) or _unknown(second):
        return _date(text, year, second, first)
    day_first, month_first = int(second) <= 12, int(first) <= 12
    if day_first and month_first and first.lstrip("0") != second.lstrip("0"):
        one, other = _date(text, year, second, first), _date(text, year, first, second)
        raise UnreadableDate(Reason.of("form_date_ambiguous", text=text, one=one.isoformat(), other=other.isoformat()))
    return _date(text, year, second, first) if day_first else _date(text, year, first, second)


def _year(text: str, written: str, today: date) -> str:
    if len(written) == 4:
        return written
    century = today.year - today.year % 100
    if century + int(written) > today.year + 1:
        raise UnreadableDate(Reason.of("form_date_century", text=text))
    return str(century + int(written))
