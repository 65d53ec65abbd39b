"""How fast are the simulator and the censored fit, and does the fit find the truth?

Limits: 300,000 children a second for 8 doses x 40 times (on the machine's cores; one core beside it), and a cold fit (a fresh process,
compilation included, nothing cached) of 40 children x 23 samples in 30 s. Peers in the same run: the same simulation as a plain NumPy
sum over doses, and the same fit warm. With `recovery N` N trials are fitted and the bias is printed with its Monte Carlo error, for
M3, for dropping what lies below the limit, and for half the limit.

Run: python benchmarks/bench_kinetics_models.py [recovery 100]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from types import MappingProxyType

import numpy as np

CHILDREN, LIMIT_RATE, LIMIT_COLD = 100_000, 300_000, 30.0
DAYS = np.array([0.0, 7, 14, 21, 42, 49, 56, 63])
PLAN = np.array(
    [
        0.05,
        0.167,
        1,
        3,
        6.99,
        7.05,
        13.99,
        14.05,
        20.99,
        21.05,
        28,
        38,
        42.05,
        42.167,
        43,
        45,
        48.99,
        49.05,
        55.99,
        56.05,
        63.05,
        66,
        70.0,
    ]
)
TRUTH = np.array([1500.0, 0.80, 0.30, 3.0])


def trial(seed: int, limit: float = 70.0):
    """40 children x 23 samples, 8 one-hour infusions, about 23 % below the limit; plain NumPy, half-lives independent between children."""
    from protocord.kinetics.models import Observations

    rng = np.random.default_rng(seed)
    spread = np.array([0.8, 0.5, 0.4, 0.5]) * rng.standard_normal((40, 4))
    c0, fast = TRUTH[0] * np.exp(spread[:, 0]), 1 / (1 + np.exp(-(np.log(4) + spread[:, 1])))
    rates = np.log(2) / (TRUTH[2:] * np.exp(spread[:, 2:]))
    total = np.zeros((40, PLAN.size))
    for day in DAYS:
        since = np.maximum(PLAN - day, 0.0)
        filled = np.minimum(since, 1 / 24)
        for share, rate in ((fast, rates[:, 0]), (1 - fast, rates[:, 1])):
            x = rate[:, None] * filled
            total += (
                share[:, None] * 24 * filled * -np.expm1(-x) / np.where(x > 0, x, 1) * np.exp(-rate[:, None] * (since - filled))
            )
    y = np.log(c0[:, None] * total) + 0.3 * rng.standard_normal(total.shape)
    below = (y < np.log(limit)).ravel()
    y = np.where(below, np.log(limit), y.ravel())
    return Observations(
        tuple(f"{i:02d}" for i in range(40)), np.tile(PLAN, 40), y, below.astype(np.int64), np.full(920, np.log(limit)),
        np.arange(0, 921, 23), np.tile(DAYS, 40), np.full(320, 1 / 24), np.ones(320), np.arange(0, 321, 8), "", "m3", MappingProxyType({}),
    )  # fmt: skip


def as_method(data, method: str):
    """The same trial with its censored samples dropped, or read as half the limit."""
    keep = data.kinds == 0
    if method == "m1":
        offsets = np.concatenate([[0], np.cumsum(np.add.reduceat(keep, data.sample_of[:-1]))])
        return replace(
            data,
            times=data.times[keep],
            y=data.y[keep],
            kinds=data.kinds[keep],
            limits=data.limits[keep],
            sample_of=offsets,
            method="m1",
        )
    if method == "half_lloq":
        return replace(data, y=np.where(keep, data.y, data.y - np.log(2)), kinds=np.zeros_like(data.kinds), method=method)
    return data


def simulation() -> None:
    from protocord.kinetics.models import Regimen, setting, simulate

    regimen, times = Regimen(tuple(DAYS), (1 / 24,) * 8, 3e7), np.linspace(0, 92, 40)
    simulate(setting(), regimen, times, children=10, seed=1)
    cores = os.cpu_count() or 1
    for workers in dict.fromkeys((1, cores)):
        rounds = []
        for _ in range(7):
            start, spent = time.perf_counter(), time.process_time()
            made = simulate(setting(), regimen, times, children=CHILDREN, seed=1, workers=workers)
            rounds.append((time.perf_counter() - start, time.process_time() - spent))
        clock, spent = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"simulate, {workers} of {cores} cores: {CHILDREN / clock:,.0f} children/s by the clock (limit {LIMIT_RATE:,}); "
              f"{CHILDREN / spent:,.0f} a processor second, draws included")  # fmt: skip
    p, few = made.parameters, 5000
    start = time.process_time()
    total = np.zeros((few, times.size))
    for day in DAYS:
        since = np.maximum(times - day, 0.0)
        filled = np.minimum(since, 1 / 24)
        for share, half in ((p["fast_fraction"], p["fast_half_life"]), (1 - p["fast_fraction"], p["slow_half_life"])):
            rate = np.log(2) / half[:few, None]
            x = rate * filled
            total += share[:few, None] * 24 * filled * -np.expm1(-x) / np.where(x > 0, x, 1) * np.exp(-rate * (since - filled))
    plain = few / (time.process_time() - start)
    print(
        f"peer: NumPy sum over doses, without any draw: {plain:,.0f} children a processor second; ratio {CHILDREN / spent / plain:.1f}"
    )


def cold() -> None:
    program = "import sys; sys.path.insert(0, sys.argv[1]); import bench_kinetics_models as b; b.fit_once()"
    with tempfile.TemporaryDirectory() as empty:
        start = time.perf_counter()
        shown = subprocess.run(
            [sys.executable, "-c", program, os.path.dirname(os.path.abspath(__file__))],
            env={**os.environ, "NUMBA_CACHE_DIR": empty}, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        print(f"fit, cold: {time.perf_counter() - start:.1f} s by the clock (limit {LIMIT_COLD:.0f}); {shown}")


def fit_once() -> None:
    from protocord.kinetics.models import fit, natural

    data = trial(100)
    first = fit(data)
    start, spent = time.perf_counter(), time.process_time()
    fit(data)
    warm = time.perf_counter() - start, time.process_time() - spent
    total = time.process_time()
    values = ", ".join(f"{value:.3g}" for value in natural(first.means))
    spread = max(s.objective for s in first.starts) - min(s.objective for s in first.starts)
    print(f"{total - warm[1]:.1f} processor s; warm {warm[0]:.1f} s ({warm[1]:.1f} processor s); {data.censored / 9.2:.0f} % censored; "
          f"C0, f, ta, tb: {values} (truth 1500, 0.8, 0.3, 3); spread of 3 starts {spread:.1g}")  # fmt: skip


def recovery(trials: int) -> None:
    from protocord.kinetics.models import fit, natural

    for method in ("m3", "m1", "half_lloq"):
        found, covered = [], []
        for seed in range(trials):
            one = fit(as_method(trial(1000 + seed), method), starts=1)
            found.append(np.log(natural(one.means)))
            if one.covariance is not None:
                error = np.sqrt(one.covariance[3, 3])
                covered.append(abs(one.means[3] - np.log(np.log(2) / 3)) < 1.645 * error)
        ratio = np.array(found) - np.log(TRUTH)
        bias, error = ratio.mean(axis=0), ratio.std(axis=0, ddof=1) / np.sqrt(trials)
        said = "; ".join(
            f"{name} {100 * b:+.1f} % ({100 * e:.1f})" for name, b, e in zip(("C0", "f", "ta", "tb"), bias, error, strict=True)
        )
        print(
            f"recovery, {trials} trials, {method}: log bias (Monte Carlo error): {said}; 90 % interval of tb covers {np.mean(covered):.2f}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["recovery"]:
        recovery(int(sys.argv[2]) if len(sys.argv) > 2 else 20)
    else:
        simulation()
        cold()
