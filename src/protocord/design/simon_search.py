"""The compiled search for two-stage designs: every (r1/n1, r/n) that can matter, the rest pruned by proof.

All probabilities come from tables of exact binomial masses built by the recurrence b(n, k) = p b(n-1, k-1) + (1-p) b(n-1, k):
only sums of positive terms, so each is right to about n times the last binary digit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from protocord.statistics.compiled import compiled

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NOT_FOUND = -1


@compiled
def binomial_tables(n: int, p: float) -> tuple[Array, Array]:
    """This will return masses P(X = k) and tails P(X >= k) for every size 0..n: both (n+1) x (n+2)."""
    mass = np.zeros((n + 1, n + 2))
    tail = np.zeros((n + 1, n + 2))
    mass[0, 0] = 1.0
    tail[0, 0] = 1.0
    for size in range(1, n + 1):
        mass[size, 0] = mass[size - 1, 0] * (1.0 - p)
        for k in range(1, size + 1):
            mass[size, k] = mass[size - 1, k - 1] * p + mass[size - 1, k] * (1.0 - p)
        above = 0.0
        for k in range(size, -1, -1):
            above += mass[size, k]
            tail[size, k] = above
    return mass, tail


@compiled
def pass_probability(mass: Array, tail: Array, r1: int, n1: int, r: int, n: int) -> float:
    """This will return P(X1 > r1 and X1 + X2 > r) from the tables of one rate."""
    n2 = n - n1
    total = 0.0
    for x in range(r1 + 1, min(n1, r) + 1):
        need = r - x + 1
        if need <= n2:
            total += mass[n1, x] * tail[n2, need]
    if r + 1 <= n1:
        total += tail[n1, max(r, r1) + 1]
    return total


@compiled
def _largest_first_bound(tail1: Array, n1: int, power: float) -> int:
    # The largest r1 that still lets the trial go on often enough under p1: beyond it no second stage can reach the power.
    r1 = -1
    while r1 + 1 < n1 and tail1[n1, r1 + 2] >= power:
        r1 += 1
    return r1


@compiled
def _largest_last_bound(mass1: Array, tail1: Array, r1: int, n1: int, n: int, start: int, power: float) -> int:
    # The largest r whose power suffices; it falls as r1 rises, so the answer of one stage is where the walk begins.
    r = start
    while r > r1 and pass_probability(mass1, tail1, r1, n1, r, n) < power:
        r -= 1
    return r


@compiled
def best_by_size(
    first: int, last: int, p0: float, p1: float, alpha: float, power: float, strict: bool, ceiling: float
) -> tuple[Integers, Array]:
    """This will return, for each n from `first` to `last`, the two-stage design with the least E(N | p0).

    Rows (n, r1, n1, r), NOT_FOUND in r1 where none keeps both errors with E(N | p0) below `ceiling`; and E(N | p0), type I, power.
    Among equal E(N) the first found (smallest n1) stands; r is the largest that keeps the power, as Simon (1989) chose.
    """
    mass0, tail0 = binomial_tables(last, p0)
    mass1, tail1 = binomial_tables(last, p1)
    designs = np.full((last - first + 1, 4), NOT_FOUND)
    values = np.full((last - first + 1, 3), np.inf)
    for n in range(first, last + 1):
        row = n - first
        designs[row, 0] = n
        most = -1  # the largest r that one stage of n could use
        while most + 1 < n and tail1[n, most + 2] >= power:
            most += 1
        best = ceiling
        for n1 in range(1, n):
            if n1 >= best:
                break
            top = _largest_first_bound(tail1, n1, power)
            if top < 0 or n1 + tail0[n1, top + 1] * (n - n1) >= best:
                continue
            # No r1 below `top` and no r below `most` has a smaller type I error than this pair.
            least = pass_probability(mass0, tail0, top, n1, most, n)
            if least > alpha or (strict and least >= alpha):
                continue
            for r1 in range(top, -1, -1):
                expected = n1 + tail0[n1, r1 + 1] * (n - n1)
                if expected >= best:
                    break
                r = _largest_last_bound(mass1, tail1, r1, n1, n, most, power)
                if r <= r1:
                    continue
                error = pass_probability(mass0, tail0, r1, n1, r, n)
                if error < alpha or (not strict and error == alpha):
                    best = expected
                    designs[row, 1], designs[row, 2], designs[row, 3] = r1, n1, r
                    values[row, 0], values[row, 1] = expected, error
                    values[row, 2] = pass_probability(mass1, tail1, r1, n1, r, n)
                    break
    return designs, values


@compiled
def size_beyond_which_none_is_better(expected: float, last: int, p0: float, p1: float, power: float) -> int:
    """This will return an n beyond which no two-stage design has E(N | p0) below `expected`.

    For each n1 the stopping probability under p0 is at most that of the largest r1 which keeps the power, so
    n <= n1 + (expected - n1) / P(go on | p0). `last` bounds the tables and must exceed `expected`.
    """
    _, tail0 = binomial_tables(last, p0)
    _, tail1 = binomial_tables(last, p1)
    most = 0
    n1 = 1
    while n1 < expected and n1 <= last:
        top = _largest_first_bound(tail1, n1, power)
        if top >= 0:
            on = tail0[n1, top + 1]
            most = max(most, int(n1 + (expected - n1) / on) + 1)
        n1 += 1
    return most
