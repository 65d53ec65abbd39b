"""CQL to ELM, by the official translator in Node.js: Protocord does not bring it along."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from protocord.errors import Place, Problem, Refused

TESTED = {"@cqframework/cql": "5.3.0", "cql-exec-fhir": "2.2.0"}  # what the tests translate and run with
LEAST_NODE = 20
_INSTALL = f"npm install {' '.join(f'{name}@{version}' for name, version in TESTED.items())}"
_REMEDY = (
    f"Run '{_INSTALL}' in a folder of your own, and name that folder. Without it, leave --elm out: the CQL is whole by itself."
)


@dataclass(frozen=True, slots=True)
class Translated:
    """The ELM (JSON text) of each library by name, what the translator warned of, and the versions that made it."""

    elm: Mapping[str, str]
    warnings: tuple[str, ...]
    versions: Mapping[str, Any]

    @property
    def untested(self) -> tuple[str, ...]:
        """This will name each package that is not of the version that Protocord's tests run."""
        found = {one["package"]: one["version"] for one in (self.versions["translator"], self.versions["model"])}
        return tuple(
            f"{name} is {found[name]}; Protocord's tests run {version}."
            for name, version in TESTED.items()
            if found[name] != version
        )


def translated(libraries: Mapping[str, str], modules: Path) -> Translated:
    """This will translate the libraries, the main one last; `modules` is the folder whose node_modules hold the translator.

    Raises Refused where Node.js or a package is missing or too old, or with every error that the translator names.
    """
    node = _node()
    missing = [name for name in TESTED if not (modules / "node_modules" / name).is_dir()]
    if missing:
        what = f"there is no {' and no '.join(missing)} in its node_modules."
        raise Refused([Problem(Place(str(modules)), what, _REMEDY)])
    with TemporaryDirectory() as folder, as_file(files("protocord.exchange.cql").joinpath("translate.mjs")) as script:
        paths = [Path(folder) / f"{name}.cql" for name in libraries]
        for path, text in zip(paths, libraries.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        command = [node, str(script), str(modules), folder, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        said = tuple(line for line in done.stderr.splitlines() if line)
        versions = Path(folder) / "versions.json"
        if done.returncode:
            # Once the versions stand there, the translator itself ran, and each line is an error in the text, which would be ours.
            remedy = "" if versions.is_file() else _REMEDY
            raise Refused([Problem(Place("translator"), line, remedy) for line in said or ("it ended without a word.",)])
        elm = {name: (Path(folder) / f"{name}.json").read_text("utf-8") for name in libraries}
        return Translated(elm, said, json.loads(versions.read_text("utf-8")))


def _node() -> str:
    """The path of Node.js, once it is known to be new enough."""
    node = shutil.which("node")
    remedy = f"Install Node.js {LEAST_NODE} or later, or leave --elm out: the CQL is whole by itself."
    if node is None:
        raise Refused([Problem(Place("node"), "Node.js is not on this machine, and the translator runs in it.", remedy)])
    done = subprocess.run([node, "--version"], capture_output=True, text=True, encoding="utf-8", check=False)
    version = re.match(r"v(\d+)", done.stdout)
    if version is None or int(version[1]) < LEAST_NODE:
        raise Refused([Problem(Place(node), f"this Node.js is {done.stdout.strip() or 'broken'}.", remedy)])
    return node
