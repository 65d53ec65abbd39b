"""One stage: the saw-tooth, what works, what is proven, and the two readings of alpha."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from protocord.design.one_stage import Question, critical_count, saw_tooth, single_stage


def tail(n: int, count: int, rate: Fraction) -> Fraction:
    return sum((comb(n, x) * rate**x * (1 - rate) ** (n - x) for x in range(max(count, 0), n + 1)), Fraction(0))


@pytest.mark.parametrize("strict", [False, True])
def test_the_critical_count_is_the_first_that_keeps_alpha(strict: bool) -> None:
    for n in range(1, 26):
        for rate, alpha in (
            (Fraction(1, 10), Fraction(1, 20)),
            (Fraction(1, 2), Fraction(1, 4)),
            (Fraction(3, 10), Fraction(1, 10)),
        ):
            keeps = [
                count for count in range(n + 2) if (tail(n, count, rate) < alpha if strict else tail(n, count, rate) <= alpha)
            ]
            assert critical_count(n, float(rate), float(alpha), strict=strict) == keeps[0]


def test_equality_counts_unless_alpha_is_strict() -> None:
    """Two coins: P(both heads) is one quarter, exactly alpha."""
    assert critical_count(2, 0.5, 0.25) == 2
    assert critical_count(2, 0.5, 0.25, strict=True) == 3
    assert Question(0.5, 0.9, 0.25, 0.8).keeps(0.25)
    assert not Question(0.5, 0.9, 0.25, 0.8, strict=True).keeps(0.25)


@pytest.mark.parametrize("numbers", [(0.1, 0.3, 0.05, 0.9), (0.2, 0.4, 0.05, 0.8), (0.3, 0.5, 0.1, 0.9), (0.05, 0.2, 0.05, 0.8)])
def test_the_smallest_size_works_and_none_before_and_all_from_the_settled_one(numbers: tuple[float, float, float, float]) -> None:
    question = Question(*numbers)
    found = single_stage(question)
    row = saw_tooth(question, 1, found.settled_by + 150)
    works = dict(zip(row.n.tolist(), row.works.tolist(), strict=True))
    assert works[found.smallest.n]
    assert not any(works[n] for n in range(1, found.smallest.n))
    assert all(works[n] for n in works if n >= found.settled.n)
    assert found.settled.n == 1 or not works[found.settled.n - 1]
    assert found.smallest.type_one <= question.alpha
    assert found.smallest.power >= question.power


def test_the_saw_tooth_has_teeth() -> None:
    """Adding the 35th subject to (0.1, 0.3, 0.05, 0.9) loses the power that 33 and 34 had."""
    row = saw_tooth(Question(0.1, 0.3, 0.05, 0.9), 33, 37)
    assert row.works.tolist() == [True, True, False, False, True]
    assert row.at(35).reject_at == 8
    with pytest.raises(KeyError):
        row.at(99)


def test_the_bound_of_a_single_stage_says_at_least() -> None:
    found = single_stage(Question(0.1, 0.3, 0.05, 0.9)).smallest
    assert found.bound.sign == ">= 7"
    assert found.design.last.futility == 6


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.4, 0.2, 0.05, 0.8), "0 < p0 < p1 < 1"),
        ((0.0, 0.2, 0.05, 0.8), "0 < p0 < p1 < 1"),
        ((0.2, 1.0, 0.05, 0.8), "0 < p0 < p1 < 1"),
        ((0.2, 0.2, 0.05, 0.8), "0 < p0 < p1 < 1"),
        ((0.2, 0.4, 0.8, 0.8), "alpha < power"),
        ((0.2, 0.4, 0.0, 0.8), "alpha < power"),
        ((0.2, 0.4, 0.05, 1.0), "alpha < power"),
    ],
)
def test_a_question_that_contradicts_itself_is_refused(numbers: tuple[float, float, float, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Question(*numbers)
