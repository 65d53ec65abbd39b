"""How long does Kaplan-Meier of a million rows take, with its limits, beside lifelines in the same run?

Two tables of 1,000,000 subjects, 40 % censored: continuous times, and whole days (2,600 distinct ones). Each estimator gives the curve with
its log-log limits at every time, from arrays, in this process, taking turns; the compiled code is warm. Limit: less time than lifelines
on both. Beside them statsmodels (curve and standard error, no limits) and our own curve without limits. All must give the same curve.

Run: python benchmarks/bench_survival.py [rows]
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

ROUNDS = 5


def main() -> None:
    warnings.simplefilter("ignore")
    from lifelines import KaplanMeierFitter
    from statsmodels.duration.survfunc import SurvfuncRight

    from protocord.statistics.survival import kaplan_meier

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    random = np.random.default_rng(20260)
    times = random.exponential(300, rows)
    events = (random.random(rows) < 0.6).astype(np.int64)

    def limits(days: np.ndarray) -> np.ndarray:
        curve = kaplan_meier(days, events)
        assert curve.limits
        return curve.survival

    peers: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "protocord": limits,
        "protocord, no limits": lambda days: kaplan_meier(days, events).survival,
        "lifelines": lambda days: KaplanMeierFitter().fit(days, events).survival_function_.to_numpy()[1:, 0],
        "statsmodels": lambda days: SurvfuncRight(days, events).surv_prob,
    }
    missed = False
    for name, days in (("continuous times", times), ("whole days", np.ceil(times))):
        kaplan_meier(days[:1000], events[:1000])  # compiles, or loads what was compiled
        last = {peer: float(estimate(days)[-1]) for peer, estimate in peers.items()}
        assert np.ptp(list(last.values())) < 1e-9, last
        seconds: dict[str, list[float]] = {peer: [] for peer in peers}
        for _ in range(ROUNDS):
            for peer, estimate in peers.items():
                start = time.process_time()
                estimate(days)
                seconds[peer].append(time.process_time() - start)
        middle = {peer: statistics.median(taken) for peer, taken in seconds.items()}
        print(f"{name}, {rows:,} rows, {len(np.unique(days)):,} distinct (median of {ROUNDS}, processor time)")
        for peer, taken in middle.items():
            print(f"  {peer:<22}{1000 * taken:9.1f} ms")
        ratio = middle["lifelines"] / middle["protocord"]
        missed |= ratio <= 1
        print(f"  lifelines / protocord: {ratio:.1f} (limit: above 1): {'met' if ratio > 1 else 'MISSED'}")
        print(
            f"  statsmodels / protocord without limits: {middle['statsmodels'] / middle['protocord, no limits']:.1f} (no limit)"
        )
    sys.exit(missed)


if __name__ == "__main__":
    main()
