"""Typed bodies: to JSON data and back, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal

import pytest

from protocord.errors import LedgerProblems
from protocord.ledger import Kinds, from_data, to_data
from protocord.values import PartialDate


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: int = 1


@dataclass(frozen=True, slots=True)
class Whole:
    kind: ClassVar[str] = "whole"
    text: str
    number: int
    yes: bool
    day: date
    partial: PartialDate
    moment: datetime
    amount: Decimal
    colour: Colour
    parts: tuple[Part, ...]
    named: Mapping[str, Part]
    size: Literal["big", "small"] = "big"
    maybe: Part | None = None
    plain: Any = None
    either: int | str = 0
    tags: tuple[str, ...] = field(default=())


WHOLE = Whole(
    text="𬌗",
    number=3,
    yes=True,
    day=date(2026, 3, 4),
    partial=PartialDate(2026, 3),
    moment=datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC),
    amount=Decimal("1.10"),
    colour=Colour.RED,
    parts=(Part("a"), Part("b", 2)),
    named={"c": Part("c", 3)},
    maybe=Part("d"),
    plain={"any": [1, "two", None]},
    either="three",
)


def test_a_body_comes_back_as_it_was() -> None:
    assert from_data(Whole, to_data(WHOLE)) == WHOLE


def test_fields_at_their_default_are_left_out() -> None:
    data = to_data(WHOLE)

    assert "size" not in data
    assert "tags" not in data
    assert data["parts"] == [{"name": "a"}, {"name": "b", "size": 2}]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"texts": "x"}, "no `texts`"),
        ({"text": 1}, "is not a str"),
        ({"number": True}, "is not a int"),
        ({"number": "3"}, "is not a int"),
        ({"day": "2026-13-01"}, "month"),
        ({"colour": "blue"}, "blue"),
        ({"size": "medium"}, "none of big, small"),
        ({"parts": [{"size": 2}]}, "lacks `name`"),
        ({"maybe": "x"}, "is not a dict"),
    ],
)
def test_data_that_do_not_fit_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_data(Whole, {**to_data(WHOLE), **changed})


def test_what_a_body_cannot_hold_is_refused_when_written() -> None:
    with pytest.raises(TypeError, match="cannot hold a bytes"):
        to_data(Part(b"x"))  # type: ignore[arg-type]


def test_an_unknown_kind_and_a_body_that_does_not_fit_are_refused() -> None:
    kinds = Kinds([Whole])

    with pytest.raises(LedgerProblems, match="No entry kind is called `other`"):
        kinds.read("other", "{}")
    with pytest.raises(LedgerProblems, match="body of this `whole` entry cannot be read"):
        kinds.read("whole", '{"text":"x"}')


def test_two_bodies_cannot_claim_one_kind() -> None:
    with pytest.raises(ValueError, match="two bodies"):
        Kinds([Whole, Whole])
