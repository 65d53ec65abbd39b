"""Engines that are not ours: installed once from their locked versions, into a folder that git does not see, and started once."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from protocord.cli.commands import main
from protocord.protocol import STUDIES, load

ENGINE = Path(__file__).parent / "engine"
Resource = dict[str, Any]
Truths = dict[str, dict[str, bool | None]]


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder whose node_modules hold the translator, the engine and the validator."""
    if shutil.which("npm") is None:
        pytest.fail("Node.js 20 or later with npm is needed to run CQL: install it, or leave these tests out by -m 'not cql'.")
    lock, stamp = ENGINE / "package-lock.json", ENGINE / "node_modules" / "installed.json"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=ENGINE, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"npm ci failed in {ENGINE}; it needs a package registry once:\n{done.stderr}")
        stamp.write_bytes(lock.read_bytes())
    return ENGINE


@dataclass
class Session:
    """One process that translates, runs and validates; what it has compiled once is quick the next time."""

    process: subprocess.Popen[str]

    def ask(self, **request: Any) -> Any:
        """Send one request, and return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the engines ended; what they said stands on the error stream"
        return json.loads(line)

    def run(
        self,
        name: str,
        bundles: Sequence[Resource],
        days: Mapping[str, str | None],
        *,
        value_sets: Sequence[Resource] = (),
        libraries: Mapping[str, str] | None = None,
        elm: Mapping[str, Any] | None = None,
    ) -> Truths:
        """Run a library, given as texts or as ELM, over bundles with exactly these value sets; every truth by patient and define."""
        parts = {"libraries": libraries} if elm is None else {"elm": elm}
        found = self.ask(run=name, parameters=days, bundles=bundles, valueSets=value_sets, **parts)
        assert "answers" in found, found
        print(f"{len(bundles)} persons in {found['cpu']:.2f} CPU seconds: {len(bundles) / found['cpu']:.2f} a second")  # noqa: T201
        answers: Truths = found["answers"]
        return answers


@pytest.fixture(scope="session")
def session(engine: Path) -> Iterator[Session]:
    """The engines, started once for all tests of a run."""
    with as_file(files("protocord.exchange.cql").joinpath("translate.mjs")) as script:
        command = ["node", str(ENGINE / "run.mjs"), str(engine), str(script)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
            yield Session(process)
            assert process.stdin is not None
            process.stdin.close()


@dataclass(frozen=True)
class Exported:
    """What `protocord export cql` wrote for the first shipped study, with the site's mapping and with ELM."""

    folder: Path

    @property
    def bundle(self) -> Resource:
        found: Resource = json.loads((self.folder / "resources.json").read_text("utf-8"))
        return found

    @property
    def resources(self) -> list[Resource]:
        return [entry["resource"] for entry in self.bundle["entry"]]

    @property
    def value_sets(self) -> list[Resource]:
        return [one for one in self.resources if one["resourceType"] == "ValueSet"]

    @property
    def elm(self) -> dict[str, Any]:
        """The ELM of each library by name, out of the FHIR Libraries."""
        libraries = (one for one in self.resources if one["resourceType"] == "Library")
        return {one["name"]: json.loads(_content(one, "application/elm+json")) for one in libraries}

    def text(self, name: str) -> str:
        """The CQL of a library, out of its FHIR Library."""
        library = next(one for one in self.resources if one["resourceType"] == "Library" and one["name"] == name)
        return _content(library, "text/cql").decode()


def _content(library: Resource, kind: str) -> bytes:
    return b64decode(next(one["data"] for one in library["content"] if one["contentType"] == kind))


@pytest.fixture(scope="session")
def exported(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The command, run once."""
    folder = tmp_path_factory.mktemp("cql")
    concepts = load(STUDIES / "nct06848582").concepts
    mapping = {
        "codes": {f"http://site.example.org/code|{name}": name for name in concepts},
        "coverage": {f"http://site.example.org/complete|{name}": name for name in concepts},
        "units": {"x10^9/L": "10*9/L", "umol/l": "umol/L"},
        "values": {"http://site.example.org/code|POS": "positive", "http://site.example.org/code|NEIN": "no"},
    }
    file = folder / "hospital.yaml"
    file.write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    command = ["export", "cql", "nct06848582", "--mapping", str(file), "--elm", str(engine), "--out", str(folder / "out")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    return Exported(folder / "out")
