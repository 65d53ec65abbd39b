"""Lengths of calendar time over days counted as integers, so that an unknown day can be infinitely early or late."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from protocord.criteria.tree import Duration

# Ordinals of days that are not known: beyond every calendar date, and safe to add to.
LONG_AGO = -(10**8)
NEVER = 10**8
_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()


def is_day(day: int) -> bool:
    """This will tell whether the ordinal is a day of the calendar, and not one of the two infinities."""
    return _FIRST <= day <= _LAST


def _shift_months(day: int, months: int) -> int:
    """This will move a day by months; where the month is too short, to its last day (as CQL adds months)."""
    if not is_day(day):
        return day
    start = date.fromordinal(day)
    count = start.year * 12 + start.month - 1 + months
    year, month = divmod(count, 12)
    if not date.min.year <= year <= date.max.year:
        return NEVER if months > 0 else LONG_AGO
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1])).toordinal()


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in days or in calendar months."""

    days: int = 0
    months: int = 0

    @classmethod
    def of(cls, duration: Duration) -> Length:
        """This will return the length that a rule writes as `21 days`, `12 weeks`, `6 months` or `1 year`."""
        match duration.unit:
            case "day":
                return cls(days=duration.count)
            case "week":
                return cls(days=7 * duration.count)
            case "month":
                return cls(months=duration.count)
            case "year":
                return cls(months=12 * duration.count)

    def after(self, day: int) -> int:
        """This will return the day that lies this length after `day`."""
        return _shift_months(day, self.months) if self.months else day + self.days

    def before(self, day: int) -> int:
        """This will return the day that lies this length before `day`."""
        return _shift_months(day, -self.months) if self.months else day - self.days

    def first_beyond(self, day: int) -> int:
        """This will return the first day D for which `before(D)` is later than `day`: on D, `day` has left the look-back."""
        beyond = self.after(day) + 1
        while self.months and is_day(beyond) and self.before(beyond) <= day:  # at most three times, at the end of a month
            beyond += 1
        return beyond
