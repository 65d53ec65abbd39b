"""Dates and numbers of OMOP rows as the normal form has them: ordinals, the days of an event, limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from protocord.cohort.plan.pieces import chosen
from protocord.criteria.lengths import LONG_AGO, NEVER

EPOCH = 719163  # ordinal of 1970-01-01


def ordinal(day: ir.DateValue) -> ir.IntegerValue:
    """This will return a date's ordinal."""
    return (day.delta(ibis.date("1970-01-01"), unit="day") + EPOCH).cast("int32")


def event_days(start: ir.DateValue, end: ir.DateValue | None) -> dict[str, Any]:
    """This will return the days of an event with a start and perhaps an end (None where the table has no such thing), as `Event.of` takes them.

    A start that is missing may be any day; an end before the start is a slip, and the later day counts.
    """
    first = ibis.coalesce(ordinal(start), LONG_AGO)
    last = ibis.coalesce(ordinal(start), NEVER)
    days = {"first": first, "last": last, "over_first": first, "over_last": ibis.literal(NEVER), "undated": start.isnull()}
    if end is None:
        return days
    over = chosen((end.notnull(), ibis.greatest(ordinal(end), first)), otherwise=ibis.null("int32"))
    return days | {
        "last": ibis.least(last, ibis.coalesce(over, NEVER)),
        "over_first": ibis.coalesce(over, first),
        "over_last": ibis.coalesce(over, NEVER),
        "ended": end.notnull(),
    }


def within(number: ir.FloatingValue, low: ir.FloatingValue, high: ir.FloatingValue) -> ir.BooleanValue:
    """This will tell whether a number lies within limits of which either may be open."""
    yes = ibis.literal(True)
    return ibis.coalesce(number >= low, yes) & ibis.coalesce(number <= high, yes)


def float_or_none(value: Decimal | None) -> float | None:
    """This will return a number as a double."""
    return None if value is None else float(value)
