"""The normal form says of a fact what the row evaluator makes of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import protocord
from protocord.cohort.kinds import Kind, Sex, Status, Why
from protocord.cohort.normal import Normal, Numbering
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.protocol import Protocol
from protocord.values import Fact, FactStatus, History, PartialDate, Quantity, ReferenceRange, SubjectRecord


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def only(fact: Fact, protocol: Protocol) -> dict[str, Any]:
    return Normal.of_records([SubjectRecord("A", (fact,))], protocol).facts.row(0, named=True)


def result(value: str, unit: str | None = "10*9/L", comparator: Any = "", **more: Any) -> Fact:
    return Fact("1", "ANC", Quantity(Decimal(value), unit, comparator), PartialDate.parse("2025-06-01"), **more)


def test_a_partial_date_is_all_the_days_that_it_may_be(protocol: Protocol) -> None:
    row = only(Fact("1", "Vincristine", start=PartialDate.parse("2025-02"), end=PartialDate.parse("2025")), protocol)

    assert (row["first"], row["last"]) == (day("2025-02-01"), day("2025-02-28"))
    assert (row["over_first"], row["over_last"]) == (day("2025-02-01"), day("2025-12-31"))
    assert row["ended"]
    assert not row["undated"]


@pytest.mark.parametrize(("ongoing", "over"), [(True, (NEVER, NEVER)), (False, (LONG_AGO, NEVER))])
def test_an_exposure_without_dates_may_lie_anywhere_and_one_that_goes_on_is_not_over(
    protocol: Protocol, ongoing: bool, over: tuple[int, int]
) -> None:
    row = only(Fact("1", "Vincristine", ongoing=ongoing), protocol)

    assert (row["first"], row["last"]) == (LONG_AGO, NEVER)
    assert (row["over_first"], row["over_last"]) == over
    assert row["undated"]


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (result("1.5"), (Kind.NUMBER, Why.FINE, 1.5, 1.5, 0)),
        (result("1500", "/uL"), (Kind.NUMBER, Why.FINE, 1.5, 1.5, 0)),
        (result("0.5", comparator="<"), (Kind.NUMBER, Why.FINE, None, 0.5, 2)),
        (result("0.5", comparator=">"), (Kind.NUMBER, Why.FINE, 0.5, None, 1)),
        (result("0.5", comparator=">="), (Kind.NUMBER, Why.FINE, 0.5, None, 0)),
        (result("1.5", None), (Kind.UNUSABLE, Why.UNIT_MISSING, None, None, 0)),
        (result("1.5", "mg/dL"), (Kind.UNUSABLE, Why.UNIT_UNKNOWN, None, None, 0)),
        (result("-1"), (Kind.UNUSABLE, Why.IMPLAUSIBLE, None, None, 0)),
        (Fact("1", "Guardian consent", value=True), (Kind.YES, Why.FINE, None, None, 0)),
        (Fact("1", "Guardian consent", value=False), (Kind.NO, Why.FINE, None, None, 0)),
        (Fact("1", "Guardian consent"), (Kind.NONE, Why.FINE, None, None, 0)),
        (Fact("1", "Histology", value="8910/3"), (Kind.CODE, Why.FINE, None, None, 0)),
    ],
)
def test_a_value_is_its_bounds_in_the_concepts_unit_or_why_it_must_not_be_used(
    protocol: Protocol, fact: Fact, expected: tuple[Any, ...]
) -> None:
    row = only(fact, protocol)

    assert (row["kind"], row["why"], row["low"], row["high"], row["strict"]) == expected


@pytest.mark.parametrize(
    ("stated", "upper", "why"),
    [
        (ReferenceRange(high=Quantity(Decimal(7000), "/uL")), 7.0, Why.FINE),
        (ReferenceRange(), None, Why.NO_UPPER_LIMIT),
        (ReferenceRange(high=Quantity(Decimal(7), "10*9/L", "<")), None, Why.NO_UPPER_LIMIT),
        (ReferenceRange(high=Quantity(Decimal(7), None)), None, Why.UNIT_MISSING),
        (None, None, Why.NO_UPPER_LIMIT),
    ],
)
def test_an_upper_limit_is_converted_or_says_why_not(
    protocol: Protocol, stated: ReferenceRange | None, upper: float | None, why: Why
) -> None:
    row = only(result("1.5", range=stated), protocol)

    assert (row["upper"], row["upper_why"]) == (upper, why)


def test_for_whom_a_range_holds_is_kept(protocol: Protocol) -> None:
    row = only(result("1.5", range=ReferenceRange(age_low=2, age_high=6, sex="female", age_specific=True)), protocol)

    assert (row["band_low"], row["band_high"], row["range_sex"], row["child"]) == (2, 6, Sex.FEMALE, True)


def test_persons_histories_and_the_order_of_records_are_kept(protocol: Protocol) -> None:
    record = SubjectRecord(
        "A",
        (
            Fact("b", "ANC", status=FactStatus.NOT_DONE),
            Fact("a", "Birth date", start=PartialDate.parse("2020-02")),
            Fact("c", "Sex", value="female"),
            Fact("d", "Something else"),
        ),
        (History("Chemotherapy", since=PartialDate.parse("2021")), History("Chemotherapy", until=PartialDate.parse("2024-02"))),
    )
    normal = Normal.of_records([SubjectRecord("Z"), record], protocol)
    chemotherapy = Numbering(protocol.concepts).numbers["Chemotherapy"]

    assert normal.persons.rows() == [(0, None, None, Sex.NOT_SAID), (1, day("2020-02-01"), day("2020-02-29"), Sex.FEMALE)]
    assert normal.facts.select("person", "record", "status").rows() == [
        (1, 0, Status.RECORDED),
        (1, 1, Status.NOT_DONE),
        (1, 2, Status.RECORDED),
    ]
    assert normal.histories.rows() == [
        (1, chemotherapy, day("2021-12-31"), NEVER),
        (1, chemotherapy, LONG_AGO, day("2024-02-01")),
    ]
    assert normal.subjects == ("Z", "A")
