"""CQL to ELM, by the official translator in Node.js: Protocord does not bring it along."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory

from protocord.errors import DocumentProblems, Place, Problem

_REMEDY = "Run 'npm install @cqframework/cql@5.3.0 cql-exec-fhir@2.2.0' in a folder of your own, and name that folder."


def translated(libraries: Mapping[str, str], modules: Path) -> dict[str, str]:
    """This will return the ELM (JSON text) of each library, by name; `modules` is the folder whose node_modules hold the translator.

    Raises DocumentProblems where Node.js or the translator is missing, or with every error that the translator names.
    """
    node = shutil.which("node")
    if node is None:
        raise DocumentProblems([Problem(Place("node"), "Node.js is not on this machine.", "Install Node.js 20 or later.")])
    if not (modules / "node_modules" / "@cqframework" / "cql").is_dir():
        raise DocumentProblems([Problem(Place(str(modules)), "there is no CQL translator here.", _REMEDY)])
    with TemporaryDirectory() as folder, as_file(files("protocord.exchange.cql").joinpath("translate.mjs")) as script:
        paths = [Path(folder) / f"{name}.cql" for name in libraries]
        for path, text in zip(paths, libraries.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        command = [node, str(script), str(modules), folder, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            said = done.stderr.splitlines() or ["the translator ended without a word."]
            raise DocumentProblems([Problem(Place("translator"), line) for line in said])
        return {name: (Path(folder) / f"{name}.json").read_text("utf-8") for name in libraries}
