"""What does the same screening cost on Spark, cut into 1, 2 and 4 parts, and is it the same as on the embedded engine?

    python benchmarks/cohort/bench_spark.py [PERSONS] [--folder FOLDER]

The fourteen criteria of `bench_screen` by the compiled plan, over the hospital's Parquet files, in a local session with as many threads
and shuffle partitions as parts; then on half of the persons. Processor seconds of Spark's tasks, which is what is split, and of the whole
Java process and Python, most of which is planning and compiling until there are many persons. Every answer must be the one that DuckDB gives. Needs the extra `spark`
and Java 17.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from os import sysconf
from pathlib import Path

import bench_screen
import numpy as np
from measuring import Answers, in_order

from protocord.cohort.engines import Spark
from protocord.cohort.plan.answered import answered_by_sql
from protocord.cohort.sources.omop import Omop
from protocord.exchange.mapping import read_mapping

PARTS = (1, 2, 4)


@dataclass(frozen=True)
class Cost:
    """Processor seconds, of them those of the tasks and how many tasks there were, and seconds by the clock of one screening."""

    cpu: float
    tasks: float
    count: int
    wall: float


def cpu_of(spark: Spark) -> Callable[[], float]:
    """This will return a clock of the processor seconds that the Java process and this one have used; Linux tells another's."""
    java = Path(f"/proc/{spark.session.sparkContext._gateway.proc.pid}/stat")

    def clock() -> float:
        told = java.read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / sysconf("SC_CLK_TCK") + time.process_time()

    return clock


def of_tasks(spark: Spark) -> tuple[float, int]:
    """This will return the processor seconds of all tasks of the session so far, without planning and compiling, and their number."""
    context = spark.session.sparkContext
    gateway = context._gateway
    context._jsc.sc().listenerBus().waitUntilEmpty(60_000)
    none = gateway.jvm.java.util.ArrayList()
    stages = context._jsc.sc().statusStore().stageList(None, False, False, gateway.new_array(gateway.jvm.double, 0), none)
    done = [stages.apply(at) for at in range(stages.size())]
    return sum(one.executorCpuTime() for one in done) / 1e9, sum(one.numCompleteTasks() for one in done)


def on_spark(hospital: Path, parts: int) -> tuple[Answers, Cost]:
    """This will screen a hospital on Spark in so many parts, and return the answers and the cost."""
    protocol = bench_screen.study()
    spark = Spark(threads=parts, partitions=parts)
    try:
        spark.read_parquet_folder(hospital)
        omop = Omop(spark, spark.tables(), protocol.concepts, read_mapping(hospital / "mapping.yaml", protocol.concepts))
        asked, clock = bench_screen.asked(protocol, whole=False), cpu_of(spark)
        relations = omop.relations()
        (tasks, count), before, wall = of_tasks(spark), clock(), time.perf_counter()
        found = answered_by_sql(spark, relations, protocol.concepts, asked)
        spent, wall = clock() - before, time.perf_counter() - wall
        all_tasks, all_count = of_tasks(spark)
        return in_order(found.persons, found.codes), Cost(spent, all_tasks - tasks, all_count - count, wall)
    finally:
        spark.close()


def on_duckdb(hospital: Path) -> Answers:
    """This will screen the same hospital on the embedded engine."""
    return in_order(*bench_screen.by_plan(hospital, "4GB", False)())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("persons", nargs="?", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the hospitals are, or will be written; left out, a temporary folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        sizes = (given.persons // 2, given.persons)
        hospitals = {persons: bench_screen.hospital(given.folder or Path(place), persons) for persons in sizes}
        wanted = {persons: on_duckdb(hospital) for persons, hospital in hospitals.items()}
        on_spark(hospitals[sizes[0]], 2)  # the virtual machine compiles what is used often
        found: dict[tuple[int, int], Cost] = {}
        for parts in PARTS:
            for persons, hospital in hospitals.items():
                answers, cost = on_spark(hospital, parts)
                found[parts, persons] = cost
                if not all(np.array_equal(one, other) for one, other in zip(answers, wanted[persons], strict=True)):
                    message = f"Spark in {parts} parts and DuckDB differ: no figure."
                    raise SystemExit(message)
                said = f"{cost.count:3} tasks {cost.tasks:6.2f} CPU s, all {cost.cpu:6.2f} CPU s, {cost.wall:6.2f} s on the clock"
                print(f"{parts} parts, {persons:>9,} persons: {said}; {answers[1].size:,} answers equal to DuckDB's", flush=True)
    half, whole = sizes
    for parts in PARTS:
        split = found[parts, whole].tasks / found[1, whole].tasks
        print(
            f"{parts} parts: tasks cost {split:.2f} times one part; twice the persons {found[parts, whole].tasks / found[parts, half].tasks:.2f} times as much"
        )


if __name__ == "__main__":
    main()
