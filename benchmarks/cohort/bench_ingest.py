"""How many resources of a FHIR bulk export become a fact store in a second of processor time, and in how much memory?

    python benchmarks/cohort/bench_ingest.py [PATIENTS]

Peer, in the same run: `json.loads` of every line, which makes nothing of them. A made-up hospital: 40 resources a patient, of which four
in five are observations that no rule of the study asks about, as in most hospitals. The same run compares a sample of patients with the
reader of Bundles.
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

import protocord
from protocord.cohort.sources.fhir_bulk import ingest
from protocord.cohort.sources.store import open_store
from protocord.exchange.fhir import from_bundle

STUDY = "nct06848582"
EACH, SAMPLE = 40, 50
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


def same(store: Path, protocol: protocord.protocol.Protocol) -> None:
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
        same(store, protocol)
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


if __name__ == "__main__":
    main()
