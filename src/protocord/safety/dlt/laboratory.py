"""How long a laboratory value lay beyond a limit: from dated values, with the gaps between them as the least and the most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from protocord.safety.dlt.answers import Answer, missing, no, pending, yes
from protocord.safety.dlt.records import LabValue
from protocord.values import Quantity, Reason

# A run this long past its limit without a further value is missing data; until then a value may still be on its way.
_SPARSE = timedelta(days=7)

__all__ = ["Run", "beyond", "lasting_runs", "runs"]


@dataclass(frozen=True, slots=True)
class Run:
    """Values in a row beyond a limit: the first and the last day seen there, and the days around on which it was not."""

    first: date
    last: date
    before: date | None
    after: date | None


def beyond(value: Quantity, below: Decimal | None, above: Decimal | None) -> bool | None:
    """This will tell whether a value lies below `below` or above `above`, strictly; None where a comparator leaves it open."""
    bounds = value.bounds
    if below is not None:
        if bounds.high is not None and (bounds.high < below or (bounds.high == below and bounds.high_strict)):
            return True
        if bounds.low is not None and bounds.low >= below:
            return False
        return None
    assert above is not None
    if bounds.low is not None and (bounds.low > above or (bounds.low == above and bounds.low_strict)):
        return True
    if bounds.high is not None and bounds.high <= above:
        return False
    return None


def runs(values: Sequence[LabValue], below: Decimal | None, above: Decimal | None) -> tuple[Run, ...]:
    """This will return the runs of values beyond the limit, by day. Several values on a day count as beyond where one of them is.

    A value that cannot be read, or that leaves it open, neither ends a run nor begins one.
    """
    by_day: dict[date, list[bool | None]] = {}
    for value in sorted(values, key=lambda one: one.on):
        by_day.setdefault(value.on, []).append(None if value.value is None else beyond(value.value, below, above))
    found: list[Run] = []
    first = last = before = None
    for day, answers in by_day.items():
        if True in answers:
            first, last = first or day, day
        elif None not in answers:
            if first is not None and last is not None:
                found.append(Run(first, last, before, day))
            first = last = None
            before = day
    if first is not None and last is not None:
        found.append(Run(first, last, before, None))
    return tuple(found)


def lasting_runs(
    found: Sequence[Run], limit: timedelta, window: tuple[date, date], as_of: date, left: bool | None
) -> Iterator[tuple[Run, Answer]]:
    """This will yield each run that began in the window with the answer whether it lasted longer than `limit`.

    The least is from the first to the last value beyond the limit, the most from the last value before to the first one after.
    A run that began before the window counts from its first day (convention `dlt_low_before`).
    """
    opens, closes = window
    for run in found:
        if run.first > closes or (run.after is not None and run.after <= opens) or run.last < opens:
            continue
        start = max(run.first, opens)
        earliest = max(run.before, opens) if run.before is not None else opens
        least = run.last - start
        most = None if run.after is None else run.after - earliest
        yield run, _answer(run, least, most, limit, as_of, left)


def _answer(run: Run, least: timedelta, most: timedelta | None, limit: timedelta, as_of: date, left: bool | None) -> Answer:
    if least > limit:
        return yes(Reason.of("dlt_values_beyond", first=run.first, last=run.last, days=limit.days))
    if most is not None:
        if most <= limit:
            return no()
        return missing(Reason.of("dlt_values_too_sparse", first=run.first, last=run.last))
    if left or as_of - run.first > limit + _SPARSE:
        return missing(Reason.of("dlt_values_end", last=run.last))
    return pending(Reason.of("dlt_values_open", first=run.first))
