"""How much processor time does a screening of a whole hospital cost, against SQL written by hand, a compact store, and rows?

    python benchmarks/cohort/bench_screen.py [PERSONS ...] [--folder FOLDER] [--memory 4GB] [--times 3]

A made-up OMOP hospital (see `synthetic`) in a DuckDB file. Fourteen criteria of the shipped study under their chosen readings (see
`peers`), answered for every person by

| | |
| --- | --- |
| plan | the compiled plan, on DuckDB, over the plain OMOP tables |
| expert | hand-written bit-plane SQL (`bit_planes.sql`) |
| obvious | SQL as an analyst writes it, a sub-query for each criterion (`criterion_by_criterion.sql`) |
| kernel | the compact store and its compiled kernel; the store is built once |
| rows | the row evaluator, one person after another, on a sample |

and then every reading of every criterion by plan and kernel. A figure is printed only if all answers of all persons are equal. Several
numbers of persons show whether the cost grows in proportion. Fixed cost is what a hospital of a thousand persons costs.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import peers
import synthetic
from measuring import Answers, Measured, measured, read, same

import protocord
from protocord.cohort.engines import DuckDB
from protocord.cohort.kernel.answering import answered_by_kernel
from protocord.cohort.kernel.compact import open_compact
from protocord.cohort.plan.answered import answered_by_sql
from protocord.cohort.plan.program import Ask, Both, Choose, Circuit, Either, Fixed, Not, Program, leaves_of, program
from protocord.cohort.plan.truths import ANSWERS
from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.omop_ingest import ingest_omop
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.eligibility import screen
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol

FEW = 1_000
SAMPLE = 200
KERNEL, DAILY = 10, 2.0
LIMITS = {"plan / expert": 1.25, "plan / obvious": 0.85}


def study() -> Protocol:
    """This will return the shipped study."""
    return protocord.load(protocord.STUDIES / synthetic.STUDY)


def engine(folder: Path, memory: str) -> DuckDB:
    """This will open the hospital's DuckDB file."""
    opened = DuckDB(str(folder / "hospital.duckdb"), read_only=True)
    opened.connection.execute(f"SET memory_limit = '{memory}'")
    return opened


def beside(folder: Path, what: str) -> Path:
    """This will return where the hospital's store and answers are: beside its folder, which holds a folder a table."""
    return folder.with_name(f"{folder.name}-{what}")


def warehouse(folder: Path, memory: str, protocol: Protocol) -> Omop:
    """This will open the hospital as a source."""
    opened = engine(folder, memory)
    return Omop(opened, opened.tables(), protocol.concepts, read_mapping(folder / "mapping.yaml", protocol.concepts))


def asked(protocol: Protocol, *, whole: bool) -> Program:
    """This will return the study's program: every reading, or the fourteen criteria under their chosen readings."""
    every = program(protocol, peers.ON, peers.INFUSION)
    if whole:
        return every
    columns = tuple(one for one in every.chosen if one.criterion in peers.CRITERIA)
    asking = sorted({leaf for one in columns for part in (one.rule, one.review) if part for leaf in leaves_of(part)})
    place = {leaf: at for at, leaf in enumerate(asking)}

    def moved(circuit: Circuit) -> Circuit:
        match circuit:
            case Ask(leaf):
                return Ask(place[leaf])
            case Fixed():
                return circuit
            case Not(operand):
                return Not(moved(operand))
            case Both(left, right) | Either(left, right):
                return type(circuit)(moved(left), moved(right))
            case Choose(condition, then, otherwise):
                return Choose(moved(condition), moved(then), moved(otherwise))

    columns = tuple(replace(one, rule=moved(one.rule), review=one.review and moved(one.review)) for one in columns)
    return Program(tuple(every.leaves[leaf] for leaf in asking), columns)


# ---- the ways to screen: each prepares, outside the time measured, and returns what is measured


def by_plan(folder: Path, memory: str, whole: bool) -> Callable[[], Answers]:
    """The compiled plan."""
    protocol = study()
    omop, questions = warehouse(folder, memory, protocol), asked(protocol, whole=whole)

    def job() -> Answers:
        found = answered_by_sql(omop.engine, omop.relations(), protocol.concepts, questions)
        return found.persons, found.codes

    return job


def by_hand(folder: Path, memory: str, peer: str) -> Callable[[], Answers]:
    """A peer's SQL."""
    protocol = study()
    opened = engine(folder, memory)
    peers.bring(opened, protocol, read_mapping(folder / "mapping.yaml", protocol.concepts))

    def job() -> Answers:
        return peers.answers(opened, peer)

    return job


def by_kernel(folder: Path, _memory: str, whole: bool) -> Callable[[], Answers]:
    """The compact store's kernel; opening the store is measured, too, since every morning begins with it."""
    protocol = study()
    questions = asked(protocol, whole=whole)

    def job() -> Answers:
        found = answered_by_kernel(open_compact(beside(folder, "store")), questions, protocol.concepts)
        return found.persons, found.codes

    return job


def build(folder: Path, memory: str) -> Callable[[], Answers]:
    """The compact store, made of the plain OMOP tables."""
    protocol = study()

    def job() -> Answers:
        shutil.rmtree(beside(folder, "store"), ignore_errors=True)
        ingest_omop(
            folder / "hospital.duckdb",
            beside(folder, "store"),
            protocol,
            read_mapping(folder / "mapping.yaml", protocol.concepts),
            memory=memory,
        )
        return np.empty(0, np.int64), np.empty((0, 0), np.uint8)

    return job


def by_rows(omop: Omop, protocol: Protocol, persons: list[int]) -> tuple[dict[int, dict[tuple[str, str], str]], float]:
    """The row evaluator's answers by person and by criterion and reading, and its processor seconds a person."""
    records = OmopRecords(omop).records(persons)
    before = time.process_time()
    screened = {
        person: screen(protocol, record, on=peers.ON, planned_infusion=peers.INFUSION) for person, record in records.items()
    }
    spent = (time.process_time() - before) / len(persons)
    said = {
        person: {(one.criterion_id, one.reading_id): str(one.answer) for one in found.findings}
        for person, found in screened.items()
    }
    return said, spent


# ---- one hospital


@dataclass(frozen=True)
class Run:
    """The measured ways to screen one hospital: fourteen criteria, then all readings, and what each costs a hospital of a thousand."""

    persons: int
    built: Measured | None
    stored: float
    ways: dict[str, Measured]
    fixed: dict[str, Measured]
    whole: dict[str, Measured]


def hospital(folder: Path, persons: int) -> Path:
    """This will write the hospital of so many persons, unless it is there."""
    made = folder / str(persons)
    if not (made / "hospital.duckdb").exists():
        synthetic.write(made, persons)
        synthetic.to_duckdb(made)
    return made


WAYS: dict[str, tuple[Callable[..., Callable[[], Answers]], str | bool]] = {
    "plan": (by_plan, False),
    "expert": (by_hand, "expert"),
    "obvious": (by_hand, "obvious"),
    "kernel": (by_kernel, False),
}
WHOLE: dict[str, tuple[Callable[..., Callable[[], Answers]], str | bool]] = {"plan": (by_plan, True), "kernel": (by_kernel, True)}


def screened(folder: Path, few: Path, persons: int, memory: str, times: int, chosen: set[str]) -> Run:
    """This will measure every way and refuse to go on where two of them differ."""
    built, stored = None, 0.0
    if "kernel" in chosen:
        for made in (few, folder):
            built = measured("build", build, (made, memory), beside(made, "answers") / "build", times=1)
        stored = sum(path.stat().st_size for path in (beside(folder, "store") / "compact").rglob("*.npy")) / 1e6
    found = {}
    for title, ways, made in (("ways", WAYS, folder), ("fixed", WAYS, few), ("whole", WHOLE, folder)):
        measures = {
            name: measured(name, prepare, (made, memory, how), beside(folder, "answers") / f"{title}-{name}", times)
            for name, (prepare, how) in ways.items()
            if name in chosen
        }
        for one in measures.values():
            same(measures["plan"], one)
        found[title] = measures
    return Run(persons, built, stored, **found)


def shown(run: Run) -> None:
    """Print what one hospital showed."""
    _, codes = read(run.ways["plan"])
    print(f"\n{run.persons:,} persons, {codes.shape[0]} criteria: {codes.size:,} answers, all equal; checksum {checksum(codes)}")
    for name, counts in zip(peers.CRITERIA, (np.bincount(row, minlength=4) for row in codes), strict=True):
        print(f"  {name:5}" + "".join(f"{said} {count:>9,}   " for said, count in zip(ANSWERS, counts, strict=True)))
    met = np.isin(codes, (0, 3)).sum(axis=0)
    print(
        f"  met or to be reviewed: all {int((met == len(codes)).sum()):,} persons, all but one {int((met == len(codes) - 1).sum()):,}"
    )
    print(f"{'':9}{'CPU s':>8}{'fixed':>8}{'persons a CPU s':>17}{'without fixed':>15}{'peak MB':>9}")
    for name, one in run.ways.items():
        fixed = run.fixed[name].seconds
        each = run.persons / max(one.seconds - fixed, 1e-3)
        print(f"{name:9}{one.seconds:8.3f}{fixed:8.3f}{run.persons / one.seconds:17,.0f}{each:15,.0f}{one.memory:9,.0f}")
    for name, one in run.whole.items():
        columns = read(one)[1].shape[0]
        print(
            f"all {columns} readings by {name}: {one.seconds:.3f} CPU s, {run.persons / one.seconds:,.0f} persons a CPU s; first run {one.first:.3f}"
        )
    if run.built is not None:
        print(
            f"store: {run.stored:.0f} MB of arrays, {1e6 * run.stored / run.persons:.0f} bytes a person, built at "
            f"{run.persons / run.built.seconds:,.0f} persons a CPU s, peak {run.built.memory:,.0f} MB"
        )
        best = min((name for name in run.ways if name != "kernel"), key=lambda name: run.ways[name].seconds)
        kernel = run.ways["kernel"].seconds
        print(f"best SQL ({best}) / kernel: {run.ways[best].seconds / kernel:.1f} (at least {KERNEL})")
        print(f"daily re-screen of {run.persons:,} persons by the kernel: {kernel:.3f} CPU s (limit {DAILY:g} s for 5,000,000)")
    for pair, limit in LIMITS.items():
        one, other = pair.split(" / ")
        if other not in run.ways:
            continue
        whole = run.ways[one].seconds / run.ways[other].seconds
        each = (run.ways[one].seconds - run.fixed[one].seconds) / (run.ways[other].seconds - run.fixed[other].seconds)
        print(f"{pair}: {whole:.2f}, without the fixed cost {each:.2f} (limit {limit})")


def checksum(codes: np.ndarray) -> str:
    """This will return a short checksum of answers."""
    return sha256(np.ascontiguousarray(codes).tobytes()).hexdigest()[:16]


def against_rows(folder: Path, memory: str, run: Run) -> None:
    """Compare a sample of persons with the row evaluator: every criterion under its chosen reading, those who meet most and others."""
    protocol = study()
    omop, questions = warehouse(folder, memory, protocol), asked(protocol, whole=True)
    persons, codes = read(run.whole["plan"])
    order = np.argsort(-np.isin(codes, (0, 3)).sum(axis=0), kind="stable")
    places = np.unique(np.concatenate([order[: SAMPLE // 2], np.linspace(0, persons.size - 1, SAMPLE // 2).astype(int)]))
    by_row, each = by_rows(omop, protocol, [int(one) for one in persons[places]])
    cells = [
        (by_row[int(persons[at])][column.criterion, column.reading], ANSWERS[codes[number, at]])
        for at in places
        for number, column in enumerate(questions.columns)
        if column.chosen
    ]
    wrong = sum(one != other for one, other in cells)
    if wrong:
        message = f"the rows differ in {wrong} of {len(cells)} answers: no figure."
        raise SystemExit(message)
    plan = run.whole["plan"].seconds / run.persons
    print(
        f"rows: {1 / each:,.0f} persons a CPU s, {len(cells):,} answers of {places.size} persons equal; plan is {each / plan:,.0f} times as fast"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("persons", nargs="*", type=int, default=[25_000, 50_000])
    parser.add_argument("--folder", type=Path, help="where the hospitals are, or will be written; left out, a temporary folder")
    parser.add_argument("--memory", default="4GB", help="DuckDB's limit of memory")
    parser.add_argument("--ways", nargs="*", choices=list(WAYS), default=list(WAYS), help="plan is always among them")
    parser.add_argument("--times", type=int, default=3, help="how often each way runs; the best counts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = given.folder or Path(place)
        print(
            f"DuckDB {duckdb.__version__}, memory_limit {given.memory}; CPU seconds of all threads, best of {given.times} runs, each way in a process of its own"
        )
        runs = []
        few = hospital(folder, FEW)
        for persons in given.persons:
            made = hospital(folder, persons)
            run = screened(made, few, persons, given.memory, given.times, {"plan", *given.ways})
            shown(run)
            against_rows(made, given.memory, run)
            runs.append(run)
        for one, other in pairwise(runs):
            times = other.persons / one.persons
            for name in one.ways:
                cost = (other.ways[name].seconds - other.fixed[name].seconds) / (one.ways[name].seconds - one.fixed[name].seconds)
                print(f"{name}: {times:g} times the persons cost {cost:.2f} times as much, fixed cost apart")


if __name__ == "__main__":
    main()
