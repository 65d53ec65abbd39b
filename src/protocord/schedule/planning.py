"""Planning: from a protocol's schedule, day 1 and what has taken place, to a calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from protocord.protocol import Protocol
from protocord.schedule.calendar import ActualVisit, Calendar


def plan(protocol: Protocol, day_1: date, actual: Mapping[str, ActualVisit] | None = None) -> Calendar:
    """This will lay the protocol's visits on a calendar that begins its treatment on `day_1`, and lay them again from `actual` visits."""
    raise NotImplementedError
