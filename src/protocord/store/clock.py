"""The one place where the store reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime


def now() -> datetime:
    """This will return the server's time in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """This will return the day it is in UTC; what a site's calendar says is `conduct.local_date`."""
    return now().date()
