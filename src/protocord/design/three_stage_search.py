"""The compiled search for three-stage designs with stops for futility (Ensign 1994, Chen 1997)."""

from __future__ import annotations

import numpy as np

from protocord.design.simon_search import NOT_FOUND, Array, Integers, binomial_tables
from protocord.statistics.compiled import compiled


@compiled
def go_on(mass: Array, r1: int, n1: int, n2: int) -> Array:
    """This will return P(X1 > r1 and S2 = s) for s = 0..n2, S2 the count after n2 subjects in all."""
    step = n2 - n1
    reached = np.zeros(n2 + 1)
    for x in range(r1 + 1, n1 + 1):
        for more in range(step + 1):
            reached[x + more] += mass[n1, x] * mass[step, more]
    return reached


@compiled
def above(reached: Array, bound: int) -> float:
    """This will return the mass of the counts above `bound`."""
    total = 0.0
    for s in range(bound + 1, len(reached)):
        total += reached[s]
    return total


@compiled
def pass_three(reached: Array, tail: Array, r2: int, n2: int, r: int, n: int) -> float:
    """This will return P(going on past both looks and S3 > r) from the counts that reach the second look."""
    total = 0.0
    for s in range(max(r2 + 1, 0), n2 + 1):
        need = r - s + 1
        if need <= 0:
            total += reached[s]
        elif need <= n - n2:
            total += reached[s] * tail[n - n2, need]
    return total


@compiled
def three_stages(
    first: int,
    last: int,
    p0: float,
    p1: float,
    alpha: float,
    power: float,
    strict: bool,
    ceiling: float,
    first_n1: int,
    last_r1: int,
) -> tuple[Integers, Array, bool]:
    """This will return the design (r1, n1, r2, n2, r, n) with the least E(N | p0) among n from `first` to `last`.

    `first_n1`: smallest first stage; `last_r1`: largest r1 (0 with n1 >= 5 is Ensign's; a large one Chen's). Values E(N | p0),
    type I, power. The flag: whether a design with n > `last` might still be better. Designs must have E(N | p0) below `ceiling`.
    """
    mass0, tail0 = binomial_tables(last, p0)
    mass1, tail1 = binomial_tables(last, p1)
    found = np.full(6, NOT_FOUND)
    values = np.full(3, np.inf)
    most = np.full(last + 1, -1)
    for n in range(1, last + 1):
        while most[n] + 1 < n and tail1[n, most[n] + 2] >= power:
            most[n] += 1
    best = ceiling
    cut = False
    for n1 in range(first_n1, last - 1):
        if n1 >= best:
            break
        for r1 in range(min(n1 - 1, last_r1), -1, -1):
            if tail1[n1, r1 + 1] < power:
                continue
            on1 = tail0[n1, r1 + 1]
            if n1 + on1 * 2.0 >= best:
                break
            for n2 in range(n1 + 1, last):
                if n1 + on1 * (n2 - n1) >= best:
                    break
                reached0 = go_on(mass0, r1, n1, n2)
                reached1 = go_on(mass1, r1, n1, n2)
                for r2 in range(n2 - 1, r1 - 1, -1):
                    if above(reached1, r2) < power:
                        continue
                    on2 = above(reached0, r2)
                    if n1 + on1 * (n2 - n1) + on2 >= best:
                        break
                    n = max(n2 + 1, first)
                    while n <= last:
                        expected = n1 + on1 * (n2 - n1) + on2 * (n - n2)
                        if expected >= best:
                            break
                        r = most[n]
                        while r > r2 and pass_three(reached1, tail1, r2, n2, r, n) < power:
                            r -= 1
                        if r > r2:
                            error = pass_three(reached0, tail0, r2, n2, r, n)
                            if error < alpha or (not strict and error == alpha):
                                best = expected
                                found[:] = np.array([r1, n1, r2, n2, r, n])
                                values[:] = np.array([expected, error, pass_three(reached1, tail1, r2, n2, r, n)])
                                break
                        n += 1
                    if n > last:
                        cut = True
            if n1 + on1 * (last - n1) < best:
                cut = True  # a second look at `last` or later might still be cheaper
    return found, values, cut
