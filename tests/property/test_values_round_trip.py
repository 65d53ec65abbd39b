"""Whatever is written as data is read back the same, digit for digit; dates and ages hold together."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocord.values import (
    Fact,
    FactStatus,
    History,
    PartialDate,
    Quantity,
    Reason,
    ReferenceRange,
    Source,
    SubjectRecord,
    Text,
    age_range,
    anniversary,
    completed_years,
    date_of_study_day,
    days_between,
    study_day,
)
from protocord.values.reasons import particular_from_data

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6)
WORDS = st.text(max_size=12)
QUANTITIES = st.builds(
    Quantity, NUMBERS, st.none() | st.sampled_from(["1", "10*9/L", "umol/L"]), st.sampled_from(["", "<", "<=", ">", ">="])
)


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    day = draw(DAYS)
    precision = draw(st.integers(1, 3))
    return PartialDate(day.year, day.month if precision > 1 else None, day.day if precision > 2 else None)


PARTIALS = partial_dates()
SOURCES = st.builds(Source, WORDS, WORDS, WORDS)
RANGES = st.builds(
    ReferenceRange,
    st.none() | QUANTITIES,
    st.none() | QUANTITIES,
    st.none() | st.integers(0, 18),
    st.none() | st.integers(0, 18),
    st.booleans(),
    st.sampled_from([None, "male", "female"]),
    WORDS,
)
FACTS = st.builds(
    Fact,
    WORDS,
    WORDS,
    st.none() | QUANTITIES | st.booleans() | WORDS,
    st.none() | PARTIALS,
    st.none() | PARTIALS,
    st.booleans(),
    st.sampled_from(FactStatus),
    st.none() | RANGES,
    st.none() | QUANTITIES,
    SOURCES,
)
HISTORIES = st.builds(History, WORDS, st.none() | PARTIALS, st.none() | PARTIALS, SOURCES)
RECORDS = st.builds(SubjectRecord, WORDS, st.lists(FACTS, max_size=3).map(tuple), st.lists(HISTORIES, max_size=3).map(tuple))
PARTICULARS = st.one_of(
    st.none(), st.booleans(), st.integers(), WORDS, NUMBERS, DAYS, PARTIALS, QUANTITIES, st.builds(Text, WORDS, WORDS)
)


def through_json(data: Any) -> Any:
    return json.loads(json.dumps(data, ensure_ascii=False))


@given(RECORDS)
def test_a_subject_record_survives_json(record: SubjectRecord) -> None:
    again = SubjectRecord.from_data(through_json(record.as_data()))
    assert again == record
    # Equal decimals may differ in digits; the digits are part of what was reported.
    assert repr(again) == repr(record)


@given(st.text(min_size=1, max_size=10), st.dictionaries(st.text(min_size=1, max_size=8), PARTICULARS, max_size=5))
def test_a_reason_survives_json(kind: str, particulars: dict[str, Any]) -> None:
    reason = Reason.of(kind, **particulars)
    again = Reason.from_data(through_json(reason.as_data()))
    assert again == reason
    assert hash(again) == hash(reason)
    assert [(name, type(value)) for name, value in again.particulars.items()] == [
        (name, type(value)) for name, value in particulars.items()
    ]


@pytest.mark.parametrize("data", [{}, {"date": 3}, {"dates": "2025-01-01"}, [1], 1.5, {"decimal": "1", "date": "2025-01-01"}])
def test_data_that_is_no_particular_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="is not a particular"):
        particular_from_data(data)


def test_a_reason_refuses_what_it_could_not_read_back() -> None:
    with pytest.raises(TypeError, match="cannot hold a float"):
        Reason.of("k", x=1.5).as_data()  # type: ignore[arg-type]


@given(PARTIALS)
def test_a_partial_date_is_read_back_from_its_text(day: PartialDate) -> None:
    assert PartialDate.parse(str(day)) == day
    assert day.earliest <= day.latest


@given(QUANTITIES)
def test_a_quantity_is_read_back_from_its_text(quantity: Quantity) -> None:
    again = Quantity.parse(f"{quantity.comparator}{quantity.value}", quantity.unit)
    assert again == quantity
    assert str(again) == str(quantity)


@given(DAYS, DAYS)
def test_age_steps_exactly_on_anniversaries(birth: date, on: date) -> None:
    years = completed_years(birth, on)
    assert anniversary(birth, years) <= on < anniversary(birth, years + 1)


@given(DAYS, st.integers(-4000, 4000).filter(bool))
def test_a_study_day_and_its_date_are_inverse(reference: date, day: int) -> None:
    assert study_day(reference, date_of_study_day(reference, day)) == day


@given(DAYS, st.integers(-4000, 4000))
def test_study_days_run_without_a_gap_but_at_nought(reference: date, step: int) -> None:
    on = reference + timedelta(days=step)
    following = study_day(reference, on + timedelta(days=1))
    assert following == (1 if study_day(reference, on) == -1 else study_day(reference, on) + 1)


@given(PARTIALS, PARTIALS, st.data())
def test_every_pair_of_possible_days_lies_within_the_ranges(birth: PartialDate, on: PartialDate, data: st.DataObject) -> None:
    born = data.draw(st.dates(birth.earliest, birth.latest))
    day = data.draw(st.dates(on.earliest, on.latest))
    youngest, oldest = age_range(birth, on)
    assert youngest <= completed_years(born, day) <= oldest
    shortest, longest = days_between(birth, on)
    assert shortest <= (day - born).days <= longest


def test_numbers_keep_their_trailing_noughts_through_data() -> None:
    assert str(Quantity.from_data(through_json(Quantity(Decimal("1.10"), "g/L").as_data())).value) == "1.10"
