"""The compiled search for two-stage designs that may stop for futility or for efficacy (Mander & Thompson 2010)."""

from __future__ import annotations

import numpy as np

from protocord.design.simon_search import NOT_FOUND, Array, Integers, _largest_first_bound, binomial_tables
from protocord.statistics.compiled import compiled


@compiled
def reject_probability(mass: Array, tail: Array, r1: int, e1: int, n1: int, r: int, n: int) -> float:
    """This will return P(X1 >= e1, or r1 < X1 < e1 and X1 + X2 > r) from the tables of one rate; e1 = n1 + 1: no such stop."""
    n2 = n - n1
    total = float(tail[n1, e1])
    for x in range(r1 + 1, e1):
        need = r - x + 1
        if need <= 0:
            total += mass[n1, x]
        elif need <= n2:
            total += mass[n1, x] * tail[n2, need]
    return total


@compiled
def best_with_efficacy(
    first: int, last: int, p0: float, p1: float, alpha: float, power: float, strict: bool, under_p1: bool
) -> tuple[Integers, Array]:
    """This will return, for each n, the design (n, r1, e1, n1, r) with the least E(N), at p1 where `under_p1`, else at p0.

    r1 = -1: no stop for futility; e1 = n1 + 1: none for efficacy. Values: E(N | p0), E(N | p1), type I, power; infinite where
    no design of that n keeps both errors. First found among equals; r is the largest that keeps the power.
    """
    mass0, tail0 = binomial_tables(last, p0)
    mass1, tail1 = binomial_tables(last, p1)
    designs = np.full((last - first + 1, 5), NOT_FOUND)
    values = np.full((last - first + 1, 4), np.inf)
    tail = tail1 if under_p1 else tail0
    for n in range(first, last + 1):
        row = n - first
        designs[row, 0] = n
        best = np.inf
        for n1 in range(1, n):
            if n1 >= best:
                break
            top = _largest_first_bound(tail1, n1, power)
            low = n1 + 1  # the smallest e1 whose own type I error is allowed
            while low > 0 and tail0[n1, low - 1] <= alpha:
                low -= 1
            for r1 in range(top, -2, -1):
                r = n - 1  # falls as e1 rises: a later stop for efficacy leaves more to the end
                for e1 in range(max(low, r1 + 2), n1 + 2):
                    expected = n1 + (tail[n1, r1 + 1] - tail[n1, e1]) * (n - n1)
                    if expected >= best:
                        break
                    while r > r1 and reject_probability(mass1, tail1, r1, e1, n1, r, n) < power:
                        r -= 1
                    if r <= r1:
                        continue
                    error = reject_probability(mass0, tail0, r1, e1, n1, r, n)
                    if error < alpha or (not strict and error == alpha):
                        best = expected
                        designs[row, 1], designs[row, 2], designs[row, 3], designs[row, 4] = r1, e1, n1, r
                        values[row, 0] = n1 + (tail0[n1, r1 + 1] - tail0[n1, e1]) * (n - n1)
                        values[row, 1] = n1 + (tail1[n1, r1 + 1] - tail1[n1, e1]) * (n - n1)
                        values[row, 2] = error
                        values[row, 3] = reject_probability(mass1, tail1, r1, e1, n1, r, n)
    return designs, values


@compiled
def efficacy_size_bound(expected: float, p0: float, p1: float, alpha: float, power: float, last: int, under_p1: bool) -> int:
    """This will return an n beyond which no such design has a smaller E(N); 0 where that cannot be shown.

    The chance of going on is at least that between the largest r1 which keeps the power and the smallest e1 which keeps alpha.
    """
    _, tail0 = binomial_tables(last, p0)
    _, tail1 = binomial_tables(last, p1)
    tail = tail1 if under_p1 else tail0
    most = 0
    n1 = 1
    while n1 < expected and n1 <= last:
        top = _largest_first_bound(tail1, n1, power)
        low = n1 + 1
        while low > 0 and tail0[n1, low - 1] <= alpha:
            low -= 1
        on = tail[n1, top + 1] - tail[n1, max(low, top + 2) if low > top + 1 else low]
        if on <= 0.0:
            return 0
        most = max(most, int(n1 + (expected - n1) / on) + 1)
        n1 += 1
    return most
