"""Partial dates, completed years, study days, windows. Whole days only; a day is a calendar date without a clock."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which the day, or the day and the month, may be unknown; compared only through its earliest and latest day."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.month is None and self.day is not None:
            message = "a day without a month is not a date"
            raise ValueError(message)
        date(self.year, 1 if self.month is None else self.month, 1 if self.day is None else self.day)

    @classmethod
    def of(cls, day: date) -> PartialDate:
        """This will return the full date as a partial date."""
        return cls(day.year, day.month, day.day)

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """This will read ISO 8601 at any precision of a day or coarser: `2025`, `2025-06`, `2025-06-09`.

        Raises ValueError, in words for a person, for anything else; nothing is guessed from other notations.

        >>> PartialDate.parse("2025-06").latest
        datetime.date(2025, 6, 30)
        """
        found = _ISO.fullmatch(text.strip())
        if not found:
            message = f"{text!r} is not a date; write it as 2025-06-09, or 2025-06 or 2025 where the rest is unknown"
            raise ValueError(message)
        year, month, day = found.groups()
        try:
            return cls(int(year), int(month) if month else None, int(day) if day else None)
        except ValueError as wrong:
            message = f"{text!r} is not a day of the calendar ({wrong})"
            raise ValueError(message) from None

    @property
    def earliest(self) -> date:
        """The first day that this may be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that this may be."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def is_full(self) -> bool:
        """Whether the day is known."""
        return self.day is not None

    def isoformat(self) -> str:
        """This will return ISO 8601 at the known precision: `2025`, `2025-06` or `2025-06-09`."""
        parts = [f"{self.year:04d}"]
        if self.month is not None:
            parts.append(f"{self.month:02d}")
        if self.day is not None:
            parts.append(f"{self.day:02d}")
        return "-".join(parts)

    def __str__(self) -> str:
        return self.isoformat()


def anniversary(birth: date, years: int) -> date:
    """This will return the day on which somebody born on `birth` completes `years` years.

    Someone born on 29 February completes a year on 28 February of a common year (convention, clinical.md 2.1 I02).
    """
    year = birth.year + years
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return birth.replace(year=year)


def completed_years(birth: date, on: date) -> int:
    """This will return the age in completed years on `on`; negative before birth.

    >>> completed_years(date(2004, 2, 29), date(2023, 2, 28))
    19
    """
    years = on.year - birth.year
    return years - 1 if on < anniversary(birth, years) else years


def age_range(birth: PartialDate, on: PartialDate) -> tuple[int, int]:
    """This will return the least and the greatest age in completed years that the known parts of both dates allow."""
    return completed_years(birth.latest, on.earliest), completed_years(birth.earliest, on.latest)


def study_day(reference: date, on: date) -> int:
    """This will return the study day of `on`: the reference day is day 1, the day before it day -1; there is no day 0 (CDISC SDTM)."""
    days = (on - reference).days
    return days + 1 if days >= 0 else days


def date_of_study_day(reference: date, day: int) -> date:
    """This will return the date of study day `day`; the inverse of `study_day`. Raises ValueError for day 0, which does not exist."""
    if day == 0:
        message = "there is no study day 0: day 1 is the reference day and day -1 the day before it"
        raise ValueError(message)
    return reference + timedelta(days=day - 1 if day > 0 else day)


def days_between(first: PartialDate, second: PartialDate) -> tuple[int, int]:
    """This will return the least and the greatest number of days from `first` to `second` that their known parts allow."""
    return (second.earliest - first.latest).days, (second.latest - first.earliest).days


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which something may happen, both ends inclusive, and the day on which it should."""

    target: date
    earliest: date
    latest: date

    def __post_init__(self) -> None:
        if not self.earliest <= self.target <= self.latest:
            message = f"a window must hold its target: {self.earliest} <= {self.target} <= {self.latest} is false"
            raise ValueError(message)

    @classmethod
    def around(cls, target: date, *, before: int = 0, after: int = 0) -> Window:
        """This will return the window that opens `before` days ahead of `target` and closes `after` days behind it."""
        return cls(target, target - timedelta(days=before), target + timedelta(days=after))

    def __contains__(self, on: date) -> bool:
        return self.earliest <= on <= self.latest

    def days_outside(self, on: date) -> int:
        """This will return by how many days `on` misses the window: negative when early, positive when late, 0 inside."""
        if on < self.earliest:
            return (on - self.earliest).days
        return max((on - self.latest).days, 0)
