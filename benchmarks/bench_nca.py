"""How many profiles a second does the non-compartmental analysis do, from a long table, on one core?

13 samples a profile, about two in five below the limit; times, areas, terminal slope, 33 parameters. The limit to beat is 50,000
profiles a second; the peer is the second implementation that the tests hold the engine to: plain Python, a third of the parameters.
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from statistics import median
from types import ModuleType

import numpy as np
import polars as pl

from protocord.kinetics.nca.analysis import analyse
from protocord.kinetics.nca.rules import Rules
from protocord.kinetics.profiles import from_long

LIMIT = 50_000
PROFILES = 100_000
TIMES = np.array([0.0, 0.05, 0.17, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0, 28.0])


def scalar() -> ModuleType:
    path = Path(__file__).parents[1] / "tests" / "property" / "kinetics" / "scalar_nca.py"
    spec = importlib.util.spec_from_file_location("scalar_nca", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def long_table(n: int) -> pl.DataFrame:
    chance = np.random.default_rng(20251122)
    height = chance.lognormal(2.5, 0.8, (n, 1))
    fast, slow = np.log(2) / chance.lognormal(-1.2, 0.4, (n, 1)), np.log(2) / chance.lognormal(0.9, 0.5, (n, 1))
    values = height * (0.8 * np.exp(-fast * TIMES) + 0.2 * np.exp(-slow * TIMES)) * chance.lognormal(0, 0.2, (n, len(TIMES)))
    values[:, 0] = 0
    return pl.DataFrame({
        "id": np.repeat(np.arange(n), len(TIMES)), "time": np.tile(TIMES, n), "value": np.where(values < 0.3, np.nan, values).ravel(),
    }).with_columns(pl.col("value").fill_nan(None))  # fmt: skip


def main() -> None:
    table = long_table(PROFILES)
    below = table["value"].null_count() / table.height
    rules = Rules()

    def ours() -> float:
        begin = time.process_time()
        analyse(from_long(table, ["id"], duration=0.04, dose=3.0, end=28.0), rules)
        return time.process_time() - begin

    ours()  # compiles
    rate = PROFILES / median(ours() for _ in range(5))
    few = 500
    second = scalar()
    profiles = [
        (part["time"].to_list(), part["value"].to_list())
        for _, part in table.head(few * len(TIMES)).group_by("id", maintain_order=True)
    ]
    begin = time.process_time()
    for times, values in profiles:
        second.nca(times, values, duration=0.04, end=28.0, rule="linear_up_log_down")
    plain = few / (time.process_time() - begin)
    print(f"{PROFILES:,} profiles of {len(TIMES)} samples, {below:.0%} below the limit, from a long table, processor time")
    print(f"  Protocord            {rate:>12,.0f} profiles/s   {rate / LIMIT:.1f} x the limit of {LIMIT:,}")
    print(f"  plain Python         {plain:>12,.0f} profiles/s   Protocord is {rate / plain:,.0f} times as fast")


if __name__ == "__main__":
    main()
