"""How many laboratory results are graded in a second of one processor?

A made-up table of a million results of ten tests, with baselines, limits of normal and facts that are missing. Limit: 1,000,000 results/s
for the engine of columns: both directions of each result judged, and the answer said as a table. Beside it, the whole way from a table
of texts (reading and checking every cell, units, baselines), and in the same run the exact engine, one result after the other, on the
first thousands; the grades of both are compared. Processor time is measured, so a machine that has other work to do counts the same.

    python benchmarks/bench_grade.py [RESULTS]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import date

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # one core

import numpy as np
import polars as pl

from protocord import concepts
from protocord.safety import grade_table, grade_test
from protocord.safety.columns import RESULTS
from protocord.safety.grading.judging import graded_columns
from protocord.safety.grading.preparing import prepare
from protocord.safety.grading.standard import standard
from protocord.tables import read

LIMIT = 1_000_000
SCALAR = 3_000
# test, unit, least and greatest value, decimals, LLN, ULN
TESTS = [
    ("ANC", "10*9/L", 0.1, 8, 2, 2.0, 7.5),
    ("Platelet count", "/uL", 5_000, 400_000, 0, 150_000, 400_000),
    ("Haemoglobin", "g/dL", 6, 16, 1, 11, 15),
    ("ALT", "U/L", 5, 900, 0, None, 40),
    ("Creatinine", "umol/L", 15, 200, 0, 20, 60),
    ("Potassium", "mmol/L", 2, 8, 1, 3.5, 5.2),
    ("Sodium", "mmol/L", 118, 160, 0, 135, 145),
    ("Total bilirubin", "mg/dL", 0.1, 15, 1, None, 1.2),
    ("Fibrinogen", "g/L", 0.3, 5, 2, 2, 4),
    ("Lipase", "U/L", 10, 400, 0, None, 60),
]


def made(count: int) -> pl.DataFrame:
    random = np.random.default_rng(20250610)
    which = random.integers(0, len(TESTS), count)
    tests = pl.DataFrame(TESTS, schema=["test", "unit", "least", "most", "decimals", "low", "high"], orient="row").with_row_index(
        "which"
    )
    drawn = pl.DataFrame({"which": which.astype(np.uint32), "at": random.random(count)}).join(
        tests, on="which", maintain_order="left"
    )
    value = pl.col("least") + pl.col("at") * (pl.col("most") - pl.col("least"))
    rounded = (
        pl.when(pl.col("decimals") == 0)
        .then(value.round(0))
        .when(pl.col("decimals") == 1)
        .then(value.round(1))
        .otherwise(value.round(2))
    )
    days = np.datetime64("2025-01-01") + random.integers(0, 100, count).astype("timedelta64[D]")
    return drawn.select(
        pl.Series("subject", random.integers(0, max(1, count // 250), count)).cast(pl.String),
        pl.Series("date", days).cast(pl.Date),
        "test",
        rounded.cast(pl.String).alias("value"),
        "unit",
        "low",
        "high",
        pl.lit(date(2025, 1, 20)).alias("first_treatment"),
    )


def best(of: int, work: Callable[[], object]) -> float:
    times = []
    for _ in range(of):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    table, known, rules = made(count), concepts.load(), standard("5.0")
    prepared = prepare(read(RESULTS, table), known, None, "last_before_first_treatment")
    engine = count / best(3, lambda: graded_columns(prepared, rules, "ask", "above_upper_limit"))
    frame = read(RESULTS, table)
    graded = count / best(
        2, lambda: graded_columns(prepare(frame, known, None, "last_before_first_treatment"), rules, "ask", "above_upper_limit")
    )
    whole = count / best(2, lambda: grade_table(table, version="5.0"))
    found = grade_table(table, version="5.0").frame.head(SCALAR)
    rows = list(
        found.join(table.head(SCALAR).select(pl.int_range(1, SCALAR + 1).alias("row"), "low", "high"), on="row").iter_rows(
            named=True
        )
    )

    def one_by_one() -> None:
        for row in rows:
            facts = {"low": row["low"], "high": row["high"], "baseline": row["baseline_as_reported"]}
            both = grade_test(row["test"], row["value"], row["unit"], version="5.0", **facts)
            for side, name in ((both.low, "low"), (both.high, "high")):
                assert side is None or (side.grade, side.grade_min, side.grade_max) == tuple(
                    row[f"{one}_{name}"] for one in ("grade", "grade_min", "grade_max")
                )

    factors = {name: float(known.standard(name, _one(unit)).value) for name, unit, *_ in TESTS}  # type: ignore[union-attr]
    for row in rows:
        row["baseline_as_reported"] = None if row["baseline"] is None else round(row["baseline"] / factors[row["test"]], 6)
    exact = min(SCALAR, count) / best(1, one_by_one)
    print(f"{count:,} results in both directions, one core, processor time (Polars {pl.__version__}, NumPy {np.__version__})")
    print(f"engine of columns, judged and said:     {engine:>12,.0f} results/s   {engine / LIMIT:6.2f} x the limit of {LIMIT:,}")
    print(f"with units and baselines, table read:   {graded:>12,.0f} results/s   {graded / LIMIT:6.2f} x")
    print(f"from a table of texts, all cells checked:{whole:>11,.0f} results/s   {whole / LIMIT:6.2f} x")
    print(
        f"exact engine, one by one:               {exact:>12,.0f} results/s   the engine of columns is {engine / exact:,.0f} x as fast"
    )
    print("met" if engine >= LIMIT else "MISSED")
    sys.exit(engine < LIMIT)


def _one(unit: str) -> object:
    from decimal import Decimal

    from protocord.values import Quantity

    return Quantity(Decimal(1), unit)


if __name__ == "__main__":
    main()
