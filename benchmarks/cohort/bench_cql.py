"""How many persons a second of processor time does cql-execution screen by the exported criteria, against our plan and our kernel?

    python benchmarks/cohort/bench_cql.py [PERSONS] [SAMPLE] [--folder FOLDER]

The fourteen criteria of `bench_screen`, exported by `protocord export cql` with ELM, run in cql-execution (Node.js) on FHIR patients
that say the same as a sample of the made-up hospital (see `bundles`), half of them those who meet most. Only the facts of concepts that
a rule may ask about are handed over, which spares that engine three resources of four; translating and loading are not measured. Each
answer must be the one that our plan gives for that person. The engine is installed as for the tests in tests/cql.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import bench_screen
import bundles
import numpy as np
import peers
from click.testing import CliRunner
from measuring import Measured, measured, read, same
from yaml import safe_dump

from protocord.cli.commands import main as protocord
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.protocol import Protocol

HERE = Path(__file__).parent
ENGINE = HERE.parents[1] / "tests" / "cql" / "engine"
LIBRARY = "NCT06848582"
LIMIT = 10_000
MEMORY = "4GB"


def exported(protocol: Protocol, folder: Path) -> Path:
    """This will export the criteria for a hospital that has a code for every concept, with ELM, and return the folder."""
    said = bundles.site(protocol.concepts)
    mapping = {"codes": dict(said.codes), "coverage": dict(said.coverage), "ranges_are_age_specific": True}
    (folder / "hospital.yaml").write_text(safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    asked = [
        "export",
        "cql",
        LIBRARY.lower(),
        "--mapping",
        str(folder / "hospital.yaml"),
        "--elm",
        str(ENGINE),
        "--out",
        str(folder / "cql"),
    ]
    done = CliRunner().invoke(protocord, asked)
    if done.exit_code:
        raise SystemExit(done.output)
    return folder / "cql"


def installed() -> None:
    """This will install the engine from its locked versions, unless it is there."""
    if not (ENGINE / "node_modules" / "cql-execution").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=ENGINE, check=True)


def sample(hospital: Path, protocol: Protocol, plan: Measured, size: int) -> tuple[list[int], list[dict[str, Any]]]:
    """The places of some persons among all, half of them those who meet most, and their Bundles."""
    persons, codes = read(plan)
    order = np.argsort(-np.isin(codes, (0, 3)).sum(axis=0), kind="stable")
    places = np.unique(np.concatenate([order[: size // 2], np.linspace(0, persons.size - 1, size - size // 2).astype(int)]))
    rules = [rule for one in protocol.rules.values() for rule in (one.rule, one.review_when) if rule]
    asked = bundles.asked_of(protocol.concepts, {name for rule in rules for name in rule.concepts})
    records = OmopRecords(bench_screen.warehouse(hospital, MEMORY, protocol)).records([int(one) for one in persons[places]])
    chosen = [int(at) for at in places if bundles.sayable(records[int(persons[at])], protocol.concepts, asked)]
    return chosen, [bundles.bundle(records[int(persons[at])], protocol.concepts, asked) for at in chosen]


def run(library: Path, request: Path, patients: list[dict[str, Any]]) -> dict[str, Any]:
    """This will run the exported library over the patients in cql-execution."""
    parameters = {"Reference Date": peers.ON.isoformat(), "Planned Infusion": peers.INFUSION.isoformat()}
    request.write_text(json.dumps({"parameters": parameters, "bundles": patients}), encoding="utf-8")
    command = ["node", str(HERE / "run_cql.mjs"), str(ENGINE), str(library), LIBRARY, str(request)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def equal(found: dict[str, Any], plan: Measured, places: list[int]) -> int:
    """This will count the answers compared, and refuse to go on where one differs."""
    persons, codes = read(plan)
    cells = []
    for at in places:
        said = found["answers"][f"p{persons[at]}"]
        for number, name in enumerate(peers.CRITERIA):
            answer = 3 if said[f"{name} review"] else {True: 0, False: 1, None: 2}[said[name]]
            cells.append(answer == codes[number, at])
    if not all(cells):
        message = f"{cells.count(False)} of {len(cells)} answers differ: no figure."
        raise SystemExit(message)
    return len(cells)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("persons", nargs="?", type=int, default=100_000)
    parser.add_argument("sample", nargs="?", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="where the hospitals are, or will be written; left out, a temporary folder")
    given = parser.parse_args()
    installed()
    protocol = bench_screen.study()
    with tempfile.TemporaryDirectory() as place:
        hospital = bench_screen.hospital(given.folder or Path(place), given.persons)
        if not bench_screen.beside(hospital, "store").exists():
            measured("build", bench_screen.build, (hospital, MEMORY), bench_screen.beside(hospital, "answers") / "build", times=1)
        ways = {
            name: measured(name, prepare, (hospital, MEMORY, how), bench_screen.beside(hospital, "answers") / f"cql-{name}")
            for name, (prepare, how) in bench_screen.WAYS.items()
            if name in ("plan", "kernel")
        }
        for one in ways.values():
            same(ways["plan"], one)
        places, patients = sample(hospital, protocol, ways["plan"], given.sample)
        found = run(exported(protocol, Path(place)), Path(place) / "request", patients)
        cells = equal(found, ways["plan"], places)
    each = found["cpu"] / len(places)
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    print(f"{versions}: {1 / each:.1f} persons a CPU s ({len(places)} persons, {cells} answers equal to the plan's)")
    for name, one in ways.items():
        print(
            f"{name}: {given.persons / one.seconds:,.0f} persons a CPU s, {each / (one.seconds / given.persons):,.0f} times as many (limit {LIMIT:,})"
        )


if __name__ == "__main__":
    main()
