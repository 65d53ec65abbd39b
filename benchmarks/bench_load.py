"""How long do loading and checking the shipped study take, against the limit of 0.5 s and against plain YAML reading of its files?

    python benchmarks/bench_load.py [STUDY]

Each round is a fresh process: it imports first, then times `load` and `check_design` once, as a command would pay for them (the
shipped concepts included). `yaml.safe_load` of the same files is timed in the same process; it builds data and nothing else: no
types, no lines, no rules. The figures are the medians of five processes; processor time stands beside the clock's, for a machine that
has other work to do.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

LIMIT = 0.5
ROUNDS = 5
PROGRAM = """
import sys, time
from pathlib import Path
import yaml
from protocord.protocol import STUDIES, check_design, load
folder = STUDIES / sys.argv[1]
start, spent = time.perf_counter(), time.process_time()
protocol = load(folder)
loaded = time.perf_counter()
check_design(protocol)
checked, used = time.perf_counter(), time.process_time() - spent
texts = [path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))]
begun = time.perf_counter()
for text in texts:
    yaml.safe_load(text)
print(loaded - start, checked - loaded, used, time.perf_counter() - begun, sum(map(len, texts)))
"""


def main() -> None:
    study = sys.argv[1] if len(sys.argv) > 1 else "nct06848582"
    rounds = []
    for _ in range(ROUNDS):
        done = subprocess.run([sys.executable, "-c", PROGRAM, study], capture_output=True, text=True, check=True)
        rounds.append([float(figure) for figure in done.stdout.split()])
    loading, checking, used, plain, size = (statistics.median(column) for column in zip(*rounds, strict=True))
    whole = loading + checking
    print(f"study                    {study}, {size / 1000:.0f} kB of YAML, medians of {ROUNDS} fresh processes")
    print(f"load                     {loading:.3f} s")
    print(f"check_design             {checking:.3f} s")
    print(f"together / limit {LIMIT} s   {whole / LIMIT:.2f}   (processor time {used:.3f} s: {used / LIMIT:.2f})")
    print(f"together / safe_load     {whole / plain:.2f}   ({plain:.3f} s)")


if __name__ == "__main__":
    main()
