"""protocord.safety.moments: times of which a part is known, and the time between them."""

# ruff: noqa: DTZ001  # moments are local times of a site, without a zone
from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from protocord.protocol.document.elements import Span
from protocord.safety.lengths import span_of
from protocord.safety.moments import Elapsed, Moment, elapsed
from protocord.values import PartialDate


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2025-06-09T14:30", datetime(2025, 6, 9, 14, 30), datetime(2025, 6, 9, 14, 30)),
        ("2025-06-09 14:30:15", datetime(2025, 6, 9, 14, 30, 15), datetime(2025, 6, 9, 14, 30, 15)),
        (" 2025-06-09 ", datetime(2025, 6, 9), datetime(2025, 6, 9, 23, 59)),
        ("2024-02", datetime(2024, 2, 1), datetime(2024, 2, 29, 23, 59)),
        ("2025", datetime(2025, 1, 1), datetime(2025, 12, 31, 23, 59)),
    ],
)
def test_a_moment_is_read_as_precisely_as_it_is_written(text: str, earliest: datetime, latest: datetime) -> None:
    found = Moment.parse(text)
    assert (found.earliest, found.latest) == (earliest, latest)


@pytest.mark.parametrize("text", ["9.6.2025", "2025-13", "2025-06-09T25:00", "soon"])
def test_another_notation_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are those of PartialDate and of Python
        Moment.parse(text)


def test_the_day_is_known_or_not() -> None:
    assert Moment.parse("2025-06-09T14:30").day == date(2025, 6, 9)
    assert Moment.of(PartialDate(2025, 6)).day is None
    assert [str(Moment.parse(text)) for text in ("2025-06-09T14:30", "2025-06-09", "2025-06")] == [
        "2025-06-09 14:30",
        "2025-06-09",
        "2025-06-01/2025-06-30",
    ]


@pytest.mark.parametrize(
    ("one", "other", "after", "before"),
    [
        ("2025-06-09T14:30", "2025-06-09T14:30", True, True),
        ("2025-06-09T14:31", "2025-06-09T14:30", True, False),
        ("2025-06-09", "2025-06-09T14:30", None, None),
        ("2025-06-10", "2025-06-09", True, False),
        ("2025-06-09", "2025-06-09", None, None),
        ("2025-06", "2025-07-01", False, True),
    ],
)
def test_order_is_open_where_the_known_parts_allow_both(one: str, other: str, after: bool | None, before: bool | None) -> None:
    assert Moment.parse(one).at_or_after(Moment.parse(other)) is after
    assert Moment.parse(one).at_or_before(Moment.parse(other)) is before


@pytest.mark.parametrize(
    ("start", "end", "hours", "longer"),
    [
        ("2025-06-01T08:00", "2025-06-04T08:00", 72, False),
        ("2025-06-01T08:00", "2025-06-04T08:01", 72, True),
        ("2025-06-01", "2025-06-03", 72, False),
        ("2025-06-01", "2025-06-04", 72, None),
        ("2025-06-01", "2025-06-05", 72, True),
        ("2025-06-01", "2025-06-01", 24, False),
        ("2025-06-01", "2025-06-02", 24, None),
        ("2025-06-01", "2025-06-03", 24, True),
    ],
)
def test_a_length_is_longer_shorter_or_open(start: str, end: str, hours: int, longer: bool | None) -> None:
    found = elapsed(Moment.parse(start), Moment.parse(end))
    assert found.exceeds(timedelta(hours=hours)) is longer


def test_a_length_without_an_end_is_never_known_to_be_short() -> None:
    assert Elapsed(timedelta(hours=1), None).exceeds(timedelta(hours=2)) is None
    assert Elapsed(timedelta(hours=3), None).exceeds(timedelta(hours=2)) is True


def test_an_end_does_not_precede_its_start() -> None:
    found = elapsed(Moment.parse("2025-06-01"), Moment.parse("2025-06-01T09:00"))
    assert (found.least, found.most) == (timedelta(0), timedelta(hours=9))
    with pytest.raises(ValueError, match="backwards"):
        Moment(datetime(2025, 6, 2), datetime(2025, 6, 1))


def test_lengths_of_the_protocol_become_time() -> None:
    assert span_of(Span(72, "hour")) == timedelta(hours=72)
    assert span_of(Span(2, "week")) == timedelta(days=14)
    with pytest.raises(ValueError, match="no fixed length"):
        span_of(Span(1, "month"))
