"""How long does a search for Simon's designs take, over every total up to 200 subjects?

Limit: 0.1 s, warm (the first call in a new installation compiles; its time is printed). Peer, in the same run: the same search
without pruning, vectorised in NumPy, over totals up to 60, where both must find the same designs.
Run: python benchmarks/bench_design.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from math import inf

import numpy as np
from scipy.stats import binom

from protocord.design.one_stage import Question
from protocord.design.response_and_toxicity import JointQuestion, bryant_day
from protocord.design.simon_search import best_by_size
from protocord.design.stages import three_stage, with_efficacy_stop
from protocord.design.two_stage import simon

LIMIT = 0.1  # seconds
TO, PEER_TO = 200, 60
QUESTIONS = [
    Question(0.05, 0.25, 0.05, 0.8),
    Question(0.1, 0.25, 0.05, 0.8),
    Question(0.2, 0.4, 0.1, 0.9),
    Question(0.3, 0.5, 0.05, 0.9),
    Question(0.5, 0.65, 0.05, 0.9),
]


def seconds(work: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def unpruned(question: Question, to: int) -> dict[int, float]:
    """The peer: every (n1, r1, r) of every total, as arrays; returns the least E(N | p0) of each total."""
    best: dict[int, float] = {}
    for n in range(2, to + 1):
        for n1 in range(1, n):
            counts, bounds = np.arange(n1 + 1), np.arange(n)
            last0 = binom.sf(bounds[None, :] - counts[:, None], n - n1, question.p0) * binom.pmf(counts, n1, question.p0)[:, None]
            last1 = binom.sf(bounds[None, :] - counts[:, None], n - n1, question.p1) * binom.pmf(counts, n1, question.p1)[:, None]
            # Row r1, column r: the sum over first-stage counts above r1.
            error = np.cumsum(last0[::-1], axis=0)[::-1][1:]
            power = np.cumsum(last1[::-1], axis=0)[::-1][1:]
            keeps = (error <= question.alpha) & (power >= question.power) & (bounds[None, :] > counts[:-1, None])
            if keeps.any():
                r1 = np.flatnonzero(keeps.any(axis=1))
                expected = n1 + binom.sf(r1, n1, question.p0) * (n - n1)
                best[n] = min(best.get(n, inf), float(expected.min()))
    return best


def main() -> None:
    begun = time.perf_counter()
    best_by_size(2, 10, 0.1, 0.3, 0.1, 0.8, False, inf)
    print(f"first call (compiles, or loads what was compiled before): {time.perf_counter() - begun:.2f} s")
    worst = 0.0
    for q in QUESTIONS:
        taken = seconds(lambda q=q: best_by_size(2, TO, q.p0, q.p1, q.alpha, q.power, q.strict, inf), 7)  # type: ignore[misc]
        worst = max(worst, taken)
        found = simon(q)
        print(
            f"({q.p0}, {q.p1}, {q.alpha}, {q.power}) every total to {TO}: {1000 * taken:.2f} ms; {found.optimal}, {found.minimax}"
        )
    print(f"slowest {1000 * worst:.2f} ms: {worst / LIMIT:.3f} of the limit of {LIMIT} s")
    q = Question(0.2, 0.4, 0.1, 0.9)
    rows, values = best_by_size(2, PEER_TO, q.p0, q.p1, q.alpha, q.power, False, inf)
    ours = seconds(lambda: best_by_size(2, PEER_TO, q.p0, q.p1, q.alpha, q.power, False, inf), 7)
    begun = time.perf_counter()
    peer = unpruned(q, PEER_TO)
    theirs = time.perf_counter() - begun
    found_here = {int(n): float(v) for n, v in zip(rows[:, 0], values[:, 0], strict=True) if np.isfinite(v)}
    assert found_here.keys() == peer.keys()
    assert all(abs(found_here[n] - peer[n]) < 1e-9 for n in peer)
    print(
        f"unpruned NumPy to {PEER_TO}: {theirs:.2f} s, the same designs; pruned {1000 * ours:.2f} ms: {theirs / ours:.0f} times faster"
    )
    for name, work in (
        ("efficacy stop, proven", lambda: with_efficacy_stop(q)),
        ("three stages, proven", lambda: three_stage(q)),
        ("Bryant and Day, proven", lambda: bryant_day(JointQuestion(0.1, 0.3, 0.4, 0.2, 0.1, 0.1, 0.85))),
    ):
        work()
        print(f"{name}: {1000 * seconds(work, 3):.0f} ms")


if __name__ == "__main__":
    main()
