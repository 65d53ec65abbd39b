"""How fast is the exact joint surface, and how many trials of 40 with a time endpoint are simulated in a second of processor time?

Surface: response x toxicity, 100 x 100 true rates with an odds ratio of 2, 40 subjects, 8 looks; limit 1 s. Beside it, in the same
run, the same rule simulated at one pair of rates until its standard error is 0.001 (250,000 trials in NumPy): what the exact sum saves.

Trials: accrual, delayed toxicity watched at every arrival, response looks, survival with Kaplan-Meier and its interval at one year;
limit 200,000 trials of 40 per second of processor time. Peer: lifelines fitting the Kaplan-Meier curve of the same kind of trial, alone.

BOP2: exact optimum on a grid of 101 x 101 x 301; limit 2 s.

Run: python benchmarks/bench_monitoring.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from lifelines import KaplanMeierFitter

from protocord.design import monitoring as rules
from protocord.design.trials import Scenario, TrialPlan, simulate

LOOKS = range(5, 41, 5)


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """The least processor time of a few rounds."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def bench_surface() -> bool:
    few = rules.posterior(0.2, 0.9, LOOKS, (0.2, 0.8), direction="<=", counts="responses")
    many = rules.posterior(0.25, 0.9, LOOKS, (0.5, 1.5), counts="toxicities")
    rule, rates = rules.joint_rule([few], [many]), np.linspace(0, 1, 102)[1:-1]
    rules.surface(rule, rates[:2], rates[:2])
    exact = best(lambda: rules.surface(rule, rates, rates, odds_ratio=2.0))
    simulated = best(lambda: _simulated_pair(rule, rules.cells(0.3, 0.2, odds_ratio=2.0)), 1)
    ratio = simulated * rates.size**2 / exact
    print(
        f"surface 100 x 100, n = 40, 8 looks, exact: {exact:.3f} s (limit 1 s); simulated to 0.001 it would be {ratio:,.0f} times that"
    )
    return exact <= 1.0


def _simulated_pair(rule: rules.JointRule, four: tuple[float, float, float, float]) -> float:
    trials = 250_000
    drawn = np.random.default_rng(1).choice(4, size=(trials, 40), p=four)
    responses, toxicities = np.cumsum(drawn < 2, axis=1), np.cumsum((drawn == 0) | (drawn == 2), axis=1)
    alive = np.ones(trials, dtype=bool)
    for place, look in enumerate(rule.looks):
        alive &= rule.stops[place, responses[:, look - 1], toxicities[:, look - 1]] == 0
    return float(alive.mean())


def bench_trials() -> bool:
    toxicity = rules.posterior(0.25, 0.9, range(3, 41), (0.5, 1.5), counts="toxicities")
    futility = rules.posterior(0.2, 0.9, (10, 20, 30), (0.2, 0.8), direction="<=", counts="responses")
    plan, scenario = TrialPlan(40, toxicity, (futility,)), Scenario(0.2, 0.35, 0.6, per_month=3, dropout=0.05)
    simulate(plan, scenario, trials=10, seed=1)
    trials = 100_000
    ours = trials / best(lambda: simulate(plan, scenario, trials=trials, seed=1))
    generator, fits = np.random.default_rng(1), 40
    times, died = generator.exponential(500, (fits, 40)), generator.random((fits, 40)) < 0.7
    peer = fits / best(lambda: [KaplanMeierFitter().fit(times[one], died[one]).predict(365.25) for one in range(fits)])
    print(
        f"trials of 40 with a time endpoint: {ours:,.0f} per CPU-s (limit 200,000); {ours / peer:,.0f} times lifelines' curve alone"
    )
    return ours >= 200_000


def bench_bop2() -> bool:
    grid = rules.Grid.even(101, 101, 301)
    took = best(lambda: rules.bop2(0.2, 0.4, 0.1, range(10, 41, 5), grid=grid))
    print(f"BOP2 with efficacy stop, exact optimum of 101 x 101 x 301: {took:.2f} s (limit 2 s)")
    return took <= 2.0


if __name__ == "__main__":
    held = [bench_surface(), bench_trials(), bench_bop2()]
    print("within the limits" if all(held) else "SLOWER THAN A LIMIT")
