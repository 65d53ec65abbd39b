"""How many resources of a FHIR bulk export, or rows of a warehouse, become a fact store in a second of processor time, in how much memory?

    python benchmarks/cohort/bench_ingest.py [PATIENTS] [PERSONS]

Peer, in the same run: `json.loads` of every line, which makes nothing of them. A made-up hospital: 40 resources a patient, of which four
in five are observations that no rule of the study asks about, as in most hospitals. The same run compares a sample of patients with the
reader of Bundles.

Then a made-up OMOP hospital (see `synthetic`) becomes a store; its peer copies the same rows from Parquet files into a DuckDB file. Every
answer of every person under every reading must be the same from the store as from the warehouse in place.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import bench_screen
import polars as pl
import synthetic
from measuring import measured, read, same

import protocord
from protocord.cohort.sources.fhir_bulk import ingest
from protocord.cohort.sources.store import open_store
from protocord.exchange.fhir import from_bundle

STUDY = "nct06848582"
EACH, SAMPLE = 40, 50
MEMORY = "1GB"  # for DuckDB
_LABS = (("751-8", "10*9/L", 2.4), ("777-3", "10*9/L", 180), ("14682-9", "umol/L", 31), ("1742-6", "U/L", 22))


def patient(number: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """One patient's resources."""
    me = f"p{number:07d}"
    yield {
        "resourceType": "Patient",
        "id": me,
        "birthDate": f"{chance.randint(2005, 2024)}-0{chance.randint(1, 9)}-11",
        "gender": "female",
    }
    for count in range(EACH - 1):
        day = f"2025-0{chance.randint(1, 9)}-{chance.randint(10, 28)}"
        usual = {"id": f"{me}-{count}", "subject": {"reference": f"Patient/{me}"}}
        if count == 0:
            drug = {"coding": [{"system": "http://www.whocc.no/atc", "code": "L01CA02"}]}
            yield {
                "resourceType": "MedicationAdministration",
                "status": "completed",
                "medicationCodeableConcept": drug,
                "effectiveDateTime": day,
            } | usual
            continue
        code, unit, value = (
            _LABS[chance.randrange(4)] if count < EACH // 5 else (f"{10000 + chance.randrange(3000)}-1", "mmol/L", 4.2)
        )
        measured = {"value": round(value * chance.uniform(0.5, 1.5), 2), "system": "http://unitsofmeasure.org", "code": unit}
        limit = [{"low": {"value": value / 2}, "high": {"value": value * 2, "code": unit}}]
        coded = {"coding": [{"system": "http://loinc.org", "code": code, "display": "A laboratory result"}]}
        yield {
            "resourceType": "Observation", "status": "final", "code": coded, "effectiveDateTime": f"{day}T08:30:00+08:00",
            "valueQuantity": measured, "referenceRange": limit, "category": [{"coding": [{"code": "laboratory"}]}],
        } | usual  # fmt: skip


def export(folder: Path, patients: int) -> None:
    """Write the hospital, a file a type, the resources of all patients mixed as a server would send them."""
    chance = random.Random(4)
    files: dict[str, TextIO] = {}
    waiting: list[dict[str, Any]] = []
    for number in range(patients):
        waiting += patient(number, chance)
        if number % 500 == 499 or number == patients - 1:
            chance.shuffle(waiting)
            for one in waiting:
                kind = one["resourceType"]
                if kind not in files:
                    files[kind] = (folder / f"{kind}.ndjson").open("w")
                files[kind].write(json.dumps(one) + "\n")
            waiting = []
    for file in files.values():
        file.close()


def parsed(folder: Path) -> int:
    """The peer: how many resources, by parsing each."""
    count = 0
    for path in folder.glob("*.ndjson"):
        with path.open() as lines:
            for line in lines:
                json.loads(line)
                count += 1
    return count


def same_as_bundles(store: Path, protocol: protocord.protocol.Protocol) -> None:
    """Refuse to give a figure when a sample of patients is not what the reader of Bundles makes of them."""
    made, chance = open_store(store, protocol.concepts), random.Random(4)
    for number in range(SAMPLE):
        text = json.dumps([{"resource": one} for one in patient(number, chance)])
        record = from_bundle(
            {"resourceType": "Bundle", "entry": json.loads(text, parse_float=Decimal)}, concepts=protocol.concepts
        ).record
        if sorted(made.record(number).facts, key=str) != sorted(record.facts, key=str):
            message = f"patient {number} differs"
            raise SystemExit(message)


def warehouse(persons: int) -> None:
    """Print what making a store of a warehouse costs."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "hospital"
        synthetic.write(folder, persons)
        before = time.process_time()
        synthetic.to_duckdb(folder)
        copied = time.process_time() - before
        rows = sum(
            pl.scan_parquet(path / "*.parquet").select(pl.len()).collect().item() for path in folder.iterdir() if path.is_dir()
        )
        built = measured("build", bench_screen.build, (folder, MEMORY), bench_screen.beside(folder, "answers") / "build", times=1)
        ways = {"warehouse": bench_screen.by_plan, "store": bench_screen.by_kernel}
        answers = [
            measured(name, way, (folder, MEMORY, True), bench_screen.beside(folder, "answers") / name, times=1)
            for name, way in ways.items()
        ]
        same(*answers)
        cells = read(answers[0])[1].size
        size = sum(path.stat().st_size for path in (bench_screen.beside(folder, "store")).rglob("*") if path.is_file()) / 1e6
    print(f"{persons:,} persons, {rows:,} rows of a warehouse -> {size:.0f} MB of store; {cells:,} answers equal")
    print(
        f"ingest      {rows / built.seconds:9,.0f} rows per CPU-second, {persons / built.seconds:,.0f} persons; peak memory {built.memory:.0f} MB"
    )
    print(f"DuckDB copy {rows / copied:9,.0f} rows per CPU-second; ingest / copy: {copied / built.seconds:.2f} of its speed")


def main() -> None:
    """Print the figures."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    protocol = protocord.load(protocord.STUDIES / STUDY)
    with tempfile.TemporaryDirectory() as place:
        folder, store = Path(place) / "export", Path(place) / "store"
        folder.mkdir()
        export(folder, patients)
        size = sum(path.stat().st_size for path in folder.iterdir())
        before = time.process_time()
        resources = parsed(folder)
        peer = resources / (time.process_time() - before)
        before, wall = time.process_time(), time.perf_counter()
        manifest = ingest(folder, store, protocol)
        spent, wall = time.process_time() - before, time.perf_counter() - wall
        own = resources / spent
        same_as_bundles(store, protocol)
        made = sum(path.stat().st_size for path in store.rglob("*.parquet"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{patients} patients, {resources} resources, {size / 1e6:.0f} MB of NDJSON -> {manifest['counts']['facts']} facts, {made / 1e6:.1f} MB"
    )
    print(f"ingest      {own:9.0f} resources per CPU-second, {patients / spent:.0f} patients, {wall:.1f} s on the clock")
    print(f"json.loads  {peer:9.0f} resources per CPU-second, parsed and thrown away")
    print(
        f"ingest / json.loads: {own / peer:.2f} of its speed; peak memory {peak:.0f} MB; {SAMPLE} patients equal to the reader of Bundles"
    )
    warehouse(int(sys.argv[2]) if len(sys.argv) > 2 else 20_000)


if __name__ == "__main__":
    main()
