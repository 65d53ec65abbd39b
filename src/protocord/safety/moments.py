"""Moments known to the minute, the day, the month or the year, and the time between two of them as the least and the most."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from protocord.values import PartialDate

__all__ = ["Elapsed", "Moment", "elapsed"]

_TIMED = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A local time of which only a part may be known: it lies from `earliest` to `latest`, both included, to the minute."""

    earliest: datetime
    latest: datetime

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            message = f"a moment from {self.earliest} to {self.latest} runs backwards"
            raise ValueError(message)

    @classmethod
    def of(cls, given: datetime | date | PartialDate) -> Moment:
        """This will return the moment of a time, a day, or a day of which a part is known."""
        if isinstance(given, datetime):
            return cls(given, given)
        day = PartialDate.of(given) if isinstance(given, date) else given
        return cls(datetime.combine(day.earliest, time.min), datetime.combine(day.latest, time(23, 59)))

    @classmethod
    def parse(cls, text: str) -> Moment:
        """This will read `2025-06-09T14:30`, `2025-06-09`, `2025-06` or `2025`. Raises ValueError, in words for a person.

        >>> Moment.parse("2025-06-09").latest
        datetime.datetime(2025, 6, 9, 23, 59)
        """
        said = text.strip()
        if _TIMED.fullmatch(said):
            return cls.of(datetime.fromisoformat(said))
        return cls.of(PartialDate.parse(said))

    @property
    def day(self) -> date | None:
        """The day; None where it is not known."""
        first, last = self.earliest.date(), self.latest.date()
        return first if first == last else None

    def __add__(self, span: timedelta) -> Moment:
        return Moment(self.earliest + span, self.latest + span)

    def at_or_after(self, other: Moment) -> bool | None:
        """This will tell whether this is not before `other`; None where the known parts leave it open."""
        if self.earliest >= other.latest:
            return True
        return False if self.latest < other.earliest else None

    def at_or_before(self, other: Moment) -> bool | None:
        """This will tell whether this is not after `other`; None where the known parts leave it open."""
        return other.at_or_after(self)

    def __str__(self) -> str:
        if self.earliest == self.latest:
            return self.earliest.isoformat(sep=" ", timespec="minutes")
        day = self.day
        return day.isoformat() if day else f"{self.earliest.date()}/{self.latest.date()}"


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The least and the most time that may lie between two moments; `most` is None where there is no end yet."""

    least: timedelta
    most: timedelta | None

    def exceeds(self, limit: timedelta) -> bool | None:
        """This will tell whether it is longer than `limit`, strictly; None where the known parts leave it open."""
        if self.least > limit:
            return True
        return False if self.most is not None and self.most <= limit else None


def elapsed(start: Moment, end: Moment) -> Elapsed:
    """This will return the least and the most time from `start` to `end`; never below zero, since an end does not precede its start."""
    zero = timedelta()
    return Elapsed(max(end.earliest - start.latest, zero), max(end.latest - start.earliest, zero))
