"""Two-stage searches against a second search that tries everything, and what the search says of itself."""

from __future__ import annotations

from functools import cache
from math import inf

import numpy as np
import pytest
from scipy.stats import binom

from protocord.design.one_stage import Question
from protocord.design.simon_search import best_by_size, binomial_tables, pass_probability, size_beyond_which_none_is_better
from protocord.design.two_stage import simon


@cache
def mass(n: int, rate: float) -> np.ndarray:
    return binom.pmf(np.arange(n + 1), n, rate)


@cache
def beyond(n: int, rate: float) -> np.ndarray:
    """P(X > k) for k = -70..70."""
    return binom.sf(np.arange(-70, 71), n, rate)


def passes(r1: int, n1: int, r: int, n: int, rate: float) -> float:
    counts = np.arange(r1 + 1, n1 + 1)
    return float(mass(n1, rate)[counts] @ beyond(n - n1, rate)[r - counts + 70])


def best_of(question: Question, n: int) -> tuple[float, tuple[int, int, int, int]] | None:
    """Every (r1, n1, r) of total n; least E(N | p0), then smallest n1, then largest r."""
    found = []
    for n1 in range(1, n):
        for r1 in range(n1):
            expected = n1 + float(beyond(n1, question.p0)[r1 + 70]) * (n - n1)
            for r in range(r1 + 1, n):
                if passes(r1, n1, r, n, question.p1) < question.power:
                    break
                if question.keeps(passes(r1, n1, r, n, question.p0)):
                    found.append((round(expected, 9), n1, -r, r1))
    if not found:
        return None
    expected, n1, r, r1 = min(found)
    return expected, (r1, n1, -r, n)


@pytest.mark.parametrize(
    "question",
    [Question(0.05, 0.25, 0.1, 0.8), Question(0.2, 0.5, 0.1, 0.8), Question(0.5, 0.85, 0.1, 0.85, strict=True)],
)
def test_the_search_finds_what_trying_everything_finds(question: Question) -> None:
    search = simon(question)
    by_size = {design.n: design for design in search.by_size}
    for n in range(2, min(search.optimal.n + 2, search.searched_to) + 1):
        tried = best_of(question, n)
        assert (n in by_size) == (tried is not None)
        if tried is not None:
            assert by_size[n].numbers == tried[1]
            assert by_size[n].expected_n == pytest.approx(tried[0], abs=1e-8)


def test_optimal_and_minimax_are_the_ends_of_the_admissible() -> None:
    search = simon(Question(0.1, 0.3, 0.05, 0.9))
    assert search.optimal.expected_n == min(design.expected_n for design in search.by_size)
    assert search.minimax.n == min(design.n for design in search.by_size)
    assert search.optimal.q_low == 0
    assert search.minimax.q_high == 1


@pytest.mark.parametrize(
    "numbers", [(0.5, 0.65, 0.05, 0.9), (0.1, 0.25, 0.05, 0.8), (0.05, 0.25, 0.1, 0.9), (0.3, 0.5, 0.1, 0.9)]
)
def test_each_admissible_design_wins_just_within_its_weights(numbers: tuple[float, float, float, float]) -> None:
    search = simon(Question(*numbers))

    def winner(q: float) -> tuple[int, int, int, int]:
        return min(search.by_size, key=lambda one: q * one.n + (1 - q) * one.expected_n).numbers

    before = 0.0
    for design in search.admissible:
        assert design.q_low is not None
        assert design.q_high is not None
        assert design.q_low == pytest.approx(before)
        assert design.q_low < design.q_high
        assert winner(design.q_low + 1e-7) == design.numbers
        assert winner(design.q_high - 1e-7) == design.numbers
        before = design.q_high
    assert before == 1.0


def test_the_search_goes_on_until_the_optimum_is_proven() -> None:
    """(0.5, 0.65, 0.05, 0.1): with n <= 100 a worse design looks optimal; the answer says that it is not proven."""
    question = Question(0.5, 0.65, 0.05, 0.9)
    short = simon(question, at_most=100)
    assert str(short.optimal) == "22/43 57/99"
    assert not short.proven
    full = simon(question)
    assert str(full.optimal) == "22/42 60/105"
    assert full.proven
    assert full.needed_to <= full.searched_to


def test_nothing_beyond_the_proven_size_is_better() -> None:
    for numbers in ((0.2, 0.4, 0.1, 0.9), (0.05, 0.2, 0.05, 0.8), (0.6, 0.8, 0.05, 0.8)):
        search = simon(Question(*numbers))
        far = simon(Question(*numbers), at_most=2 * search.searched_to)
        assert far.optimal.numbers == search.optimal.numbers
        assert far.minimax.numbers == search.minimax.numbers


def test_the_bound_on_n_covers_every_design_that_is_cheaper() -> None:
    p0, p1, power = 0.2, 0.4, 0.9
    for expected in (20.0, 26.5, 33.3):
        limit = size_beyond_which_none_is_better(expected, 60, p0, p1, power)
        for n1 in range(1, int(expected) + 1):
            for r1 in range(n1):
                if binom.sf(r1, n1, p1) >= power:
                    on = float(binom.sf(r1, n1, p0))
                    assert n1 + on * (limit + 1 - n1) >= expected


def test_a_ceiling_below_every_design_is_refused() -> None:
    with pytest.raises(LookupError, match="at most 10 subjects"):
        simon(Question(0.2, 0.4, 0.1, 0.9), at_most=10)


def test_a_strict_alpha_excludes_equality_in_two_stages() -> None:
    """Two coins one after the other, p0 = 1/2: P(1 and 1) = 1/4, exactly alpha; p1 = 0.95 passes with 0.9025."""
    loose, _ = best_by_size(2, 2, 0.5, 0.95, 0.25, 0.9, False, inf)
    strict, _ = best_by_size(2, 2, 0.5, 0.95, 0.25, 0.9, True, inf)
    assert loose.tolist() == [[2, 0, 1, 1]]
    assert strict[0, 1] == -1


def test_a_ceiling_on_the_expected_size_leaves_only_cheaper_designs() -> None:
    rows, values = best_by_size(37, 37, 0.2, 0.4, 0.1, 0.9, False, inf)
    limited, _ = best_by_size(37, 37, 0.2, 0.4, 0.1, 0.9, False, float(values[0, 0]))
    assert rows[0, 1] == 3
    assert limited[0, 1] == -1


def test_the_tables_are_binomial() -> None:
    masses, tail = binomial_tables(60, 0.37)
    for n in (0, 1, 7, 60):
        for k in range(n + 1):
            assert masses[n, k] == pytest.approx(float(binom.pmf(k, n, 0.37)), rel=1e-11)
            assert tail[n, k] == pytest.approx(float(binom.sf(k - 1, n, 0.37)), rel=1e-11)
        assert tail[n, n + 1] == 0


@pytest.mark.parametrize("numbers", [(3, 17, 10, 37), (0, 1, 1, 2), (5, 6, 5, 9), (2, 9, 7, 10), (-1, 4, 3, 9), (8, 10, 6, 15)])
def test_the_pass_probability_is_the_sum_over_the_first_stage(numbers: tuple[int, int, int, int]) -> None:
    masses, tail = binomial_tables(40, 0.3)
    assert pass_probability(masses, tail, *numbers) == pytest.approx(passes(*numbers, 0.3), rel=1e-11)


def test_a_power_equal_to_the_one_asked_is_enough() -> None:
    """Two coins, p1 = 1/2: both heads have probability exactly 1/4, the power asked; none above it is left at r = 1."""
    rows, values = best_by_size(2, 2, 0.1, 0.5, 0.05, 0.25, False, inf)
    assert rows.tolist() == [[2, 0, 1, 1]]
    assert values[0, 2] == 0.25
    more, _ = best_by_size(2, 2, 0.1, 0.5, 0.05, 0.2500001, False, inf)
    assert more[0, 1] == -1


def test_a_strict_alpha_excludes_equality_also_after_the_quick_refusal() -> None:
    """0/1 1/4 at p0 = 1/2 rejects with 1/2 x 7/8 = 0.4375, exactly alpha, though other bounds of that size would not."""
    loose, values = best_by_size(4, 4, 0.5, 0.75, 0.4375, 0.7, False, inf)
    strict, kept = best_by_size(4, 4, 0.5, 0.75, 0.4375, 0.7, True, inf)
    assert loose.tolist() == [[4, 0, 1, 1]]
    assert values[0, 1] == 0.4375
    assert strict.tolist() == [[4, 0, 2, 2]]
    assert kept[0, 1] < 0.4375


def test_a_first_guess_that_is_too_small_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question(0.2, 0.5, 0.1, 0.8)
    usual = simon(question)
    monkeypatch.setattr("protocord.design.two_stage._first_guess", lambda _: 3)
    again = simon(question)
    assert again.proven
    assert again.admissible == usual.admissible


def test_the_smallest_design_of_all_has_two_subjects() -> None:
    """0/1 1/2 at p1 = 0.9 concludes with 0.81 and at p0 = 0.1 with 0.01."""
    assert str(simon(Question(0.1, 0.9, 0.05, 0.8)).minimax) == "0/1 1/2"
