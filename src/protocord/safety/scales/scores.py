"""Scores that ICANS rests on: ICE from its ten points, CAPD from its eight answers. A missing item leaves a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CAPD_ANSWERS", "Score", "capd_score", "ice_score"]

CAPD_ANSWERS = ("never", "rarely", "sometimes", "often", "always")
"""The answers of a CAPD item. Items 1 to 4 ask for what a well child does, so `never` scores 4; items 5 to 8 the reverse."""

_OBJECTS = 3
_REVERSED = 4
_ITEMS = 8
_HIGHEST = len(CAPD_ANSWERS) - 1


@dataclass(frozen=True, slots=True)
class Score:
    """The least and the greatest score that the items known leave possible."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            message = f"a score from {self.low} to {self.high} runs backwards"
            raise ValueError(message)

    @property
    def known(self) -> int | None:
        """The score; None where an item is missing that could change it."""
        return self.low if self.low == self.high else None


def ice_score(
    *,
    year: bool | None,
    month: bool | None,
    city: bool | None,
    hospital: bool | None,
    objects: int | None,
    command: bool | None,
    writing: bool | None,
    attention: bool | None,
) -> Score:
    """This will return the ICE score, 0 to 10 (Lee 2019, BBMT 25:625, table 3); an item that is None leaves its points open.

    Orientation to year, month, city and hospital, one point each; `objects` named, 0 to 3; one point each for following a
    command, writing a sentence, and counting from 100 down by tens. Raises ValueError for a number of objects outside 0 to 3.

    >>> ice_score(year=True, month=True, city=True, hospital=True, objects=3, command=True, writing=None, attention=False)
    Score(low=8, high=9)
    """
    if objects is not None and not 0 <= objects <= _OBJECTS:
        message = f"{objects} is no number of objects named; it lies from 0 to {_OBJECTS}"
        raise ValueError(message)
    points = (year, month, city, hospital, command, writing, attention)
    low = sum(point is True for point in points) + (objects or 0)
    high = sum(point is not False for point in points) + (_OBJECTS if objects is None else objects)
    return Score(low, high)


def capd_score(answers: Sequence[str | int | None]) -> Score:
    """This will return the CAPD score, 0 to 32 (Traube 2014, Crit Care Med 42:656), from its eight answers in order.

    An answer is one of `CAPD_ANSWERS`, or the points 0 to 4 already given to it; None leaves 0 to 4 open. Raises ValueError
    for another word or number, or where there are not eight.

    >>> capd_score(["always", "always", "often", "always", "never", "never", "rarely", "never"])
    Score(low=2, high=2)
    """
    if len(answers) != _ITEMS:
        message = f"the CAPD has {_ITEMS} items, not {len(answers)}"
        raise ValueError(message)
    points = [_points(number, answer) for number, answer in enumerate(answers)]
    known = sum(point for point in points if point is not None)
    return Score(known, known + _HIGHEST * points.count(None))


def _points(number: int, answer: str | int | None) -> int | None:
    if answer is None:
        return None
    if isinstance(answer, int):
        if not 0 <= answer <= _HIGHEST:
            message = f"CAPD item {number + 1}: {answer} points; they lie from 0 to {_HIGHEST}"
            raise ValueError(message)
        return answer
    if answer not in CAPD_ANSWERS:
        message = f"CAPD item {number + 1}: {answer!r} is no answer; write one of: {', '.join(CAPD_ANSWERS)}"
        raise ValueError(message)
    place = CAPD_ANSWERS.index(answer)
    return _HIGHEST - place if number < _REVERSED else place
