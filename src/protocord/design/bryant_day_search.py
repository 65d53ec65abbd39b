"""The compiled search for Bryant and Day's two-stage designs, which ask for response and for tolerance at once."""

from __future__ import annotations

import numpy as np

from protocord.design.simon_search import NOT_FOUND, Array, Integers, binomial_tables, pass_probability
from protocord.statistics.compiled import compiled


@compiled
def joint_tables(n: int, both: float, first_only: float, second_only: float) -> tuple[Array, Array]:
    """This will return P(X = x, Y = y) and P(X >= x, Y >= y) for every size 0..n, from the cell probabilities of one subject."""
    neither = 1.0 - both - first_only - second_only
    mass = np.zeros((n + 1, n + 2, n + 2))
    tail = np.zeros((n + 1, n + 2, n + 2))
    mass[0, 0, 0] = 1.0
    for size in range(n + 1):
        if size > 0:
            for x in range(size + 1):
                for y in range(size + 1):
                    value = neither * mass[size - 1, x, y]
                    if x > 0:
                        value += first_only * mass[size - 1, x - 1, y]
                    if y > 0:
                        value += second_only * mass[size - 1, x, y - 1]
                    if x > 0 and y > 0:
                        value += both * mass[size - 1, x - 1, y - 1]
                    mass[size, x, y] = value
        for x in range(size, -1, -1):
            row = 0.0
            for y in range(size, -1, -1):
                row += mass[size, x, y]
                tail[size, x, y] = row + tail[size, x + 1, y]
    return mass, tail


@compiled
def joint_pass(mass: Array, tail: Array, c1: int, d1: int, n1: int, c: int, d: int, n: int) -> float:
    """This will return P(X1 > c1, Y1 > d1, X > c, Y > d) from the joint tables of one scenario."""
    n2 = n - n1
    total = 0.0
    for x in range(c1 + 1, n1 + 1):
        need_x = max(0, c + 1 - x)
        if need_x > n2:
            continue
        for y in range(d1 + 1, n1 + 1):
            need_y = max(0, d + 1 - y)
            if need_y <= n2:
                total += mass[n1, x, y] * tail[n2, need_x, need_y]
    return total


@compiled
def _largest(tail: Array, n1: int, power: float) -> int:
    bound = -1
    while bound + 1 < n1 and tail[n1, bound + 2] >= power:
        bound += 1
    return bound


@compiled
def best_bryant_day(
    first: int, last: int, cells: Array, alpha_response: float, alpha_toxicity: float, power: float, independent: bool
) -> tuple[Integers, Array]:
    """This will return the design with the least larger E(N) of the two null scenarios, n from `first` to `last`.

    `cells` has three rows (both, response only, tolerance only): inactive and tolerable, active and toxic, active and tolerable.
    Counts are of responses and of subjects without toxicity: go on above (c1, d1) of n1, conclude above (c, d) of n.
    Design (c1, d1, n1, c, d, n); values: the two E(N), the two type I errors, power. First found among equals.
    """
    size = 0 if independent else last
    mass_a, tail_a = joint_tables(size, cells[0, 0], cells[0, 1], cells[0, 2])
    mass_b, tail_b = joint_tables(size, cells[1, 0], cells[1, 1], cells[1, 2])
    mass_c, tail_c = joint_tables(size, cells[2, 0], cells[2, 1], cells[2, 2])
    r0m, r0t = binomial_tables(last, cells[0, 0] + cells[0, 1])
    r1m, r1t = binomial_tables(last, cells[2, 0] + cells[2, 1])
    t0m, t0t = binomial_tables(last, cells[1, 0] + cells[1, 2])
    t1m, t1t = binomial_tables(last, cells[2, 0] + cells[2, 2])
    found = np.full(6, NOT_FOUND)
    values = np.full(5, np.inf)
    best = np.inf
    for n in range(first, last + 1):
        for n1 in range(1, n):
            if n1 >= best:
                break
            top_c, top_d = _largest(r1t, n1, power), _largest(t1t, n1, power)
            for c1 in range(top_c, -1, -1):
                for d1 in range(top_d, -1, -1):
                    if independent:
                        on_a = r0t[n1, c1 + 1] * t1t[n1, d1 + 1]
                        on_b = r1t[n1, c1 + 1] * t0t[n1, d1 + 1]
                    else:
                        on_a, on_b = tail_a[n1, c1 + 1, d1 + 1], tail_b[n1, c1 + 1, d1 + 1]
                    expected = n1 + max(on_a, on_b) * (n - n1)
                    if expected >= best:
                        break
                    for c in range(_largest(r1t, n, power), c1, -1):
                        active = pass_probability(r1m, r1t, c1, n1, c, n)
                        if active < power:
                            continue
                        inactive = pass_probability(r0m, r0t, c1, n1, c, n)
                        # Whatever the association, both hold at least as often as the sum of the two passes exceeds one.
                        if inactive + power - 1.0 > alpha_response:
                            break
                        done = False
                        for d in range(_largest(t1t, n, power), d1, -1):
                            tolerable = pass_probability(t1m, t1t, d1, n1, d, n)
                            if tolerable < power:
                                continue
                            reached = active * tolerable
                            if not independent:
                                reached = joint_pass(mass_c, tail_c, c1, d1, n1, c, d, n)
                            if reached < power:
                                continue
                            if independent:
                                error_a = inactive * tolerable
                                error_b = active * pass_probability(t0m, t0t, d1, n1, d, n)
                            else:
                                error_a = joint_pass(mass_a, tail_a, c1, d1, n1, c, d, n)
                                error_b = joint_pass(mass_b, tail_b, c1, d1, n1, c, d, n)
                            if error_b > alpha_toxicity:
                                break
                            if error_a <= alpha_response:
                                best = expected
                                found[:] = np.array([c1, d1, n1, c, d, n])
                                values[:] = np.array([n1 + on_a * (n - n1), n1 + on_b * (n - n1), error_a, error_b, reached])
                                done = True
                                break
                        if done:
                            break
    return found, values
