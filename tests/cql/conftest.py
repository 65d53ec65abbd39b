"""An engine that is not ours: installed once from its locked versions, into a folder that git does not see."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from protocord.exchange.cql.elm import translated

ENGINE = Path(__file__).parent / "engine"
Truths = dict[str, dict[str, bool | None]]
Run = Callable[[Mapping[str, str], str, Mapping[str, str | None], list[dict[str, Any]]], Truths]


@pytest.fixture(scope="session")
def engine() -> Path:
    """The folder whose node_modules hold the translator and the engine."""
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


@pytest.fixture
def run(engine: Path, tmp_path: Path) -> Run:
    """Translate libraries, run one over bundles, and return every truth by patient and define."""

    def ran(
        libraries: Mapping[str, str], name: str, parameters: Mapping[str, str | None], bundles: list[dict[str, Any]]
    ) -> Truths:
        for one, elm in translated(libraries, engine).items():
            (tmp_path / f"{one}.json").write_text(elm, encoding="utf-8")
        request = tmp_path / "request"
        request.write_text(json.dumps({"parameters": parameters, "bundles": bundles}), encoding="utf-8")
        command = ["node", str(ENGINE / "run.mjs"), str(engine), str(tmp_path), name, str(request)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        print(f"{len(bundles)} persons in {found['cpu']:.2f} CPU seconds: {len(bundles) / found['cpu']:.2f} a second")  # noqa: T201
        answers: Truths = found["answers"]
        return answers

    return ran
