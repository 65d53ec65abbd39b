"""What a person is told when the translator cannot run; a script stands in for Node.js."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from protocord.errors import Refused
from protocord.exchange.cql.elm import TESTED, translated

_VERSIONS = {
    "translator": {"package": "@cqframework/cql", "version": "5.4.0"},
    "model": {"package": "cql-exec-fhir", "version": TESTED["cql-exec-fhir"]},
    "node": "20.0.0",
}


def _node(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str, version: str = "v20.1.0") -> None:
    """A program called node: says its version, or does what `body` says, with the folder of the answers as $3."""
    (folder / "bin").mkdir()
    node = folder / "bin" / "node"
    node.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo {version}; exit; fi\n{body}\n')
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


def _packages(folder: Path, *names: str) -> Path:
    for name in names or TESTED:
        (folder / "node_modules" / name).mkdir(parents=True)
    return folder


def test_a_machine_without_node_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match=r"Node\.js is not on this machine.*Install Node\.js 20 or later, or leave --elm out"):
        translated({"A": ""}, tmp_path)


def test_a_node_that_is_too_old_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _node(tmp_path, monkeypatch, "exit 0", version="v18.19.1")
    with pytest.raises(Refused, match=r"this Node\.js is v18\.19\.1\..*20 or later"):
        translated({"A": ""}, _packages(tmp_path))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((), "there is no @cqframework/cql and no cql-exec-fhir in its node_modules"),
        (("@cqframework/cql",), "there is no cql-exec-fhir in its node_modules"),
    ],
)
def test_a_folder_without_the_packages_is_told_with_the_command(
    there: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _node(tmp_path, monkeypatch, "exit 0")
    if there:
        _packages(tmp_path, *there)
    with pytest.raises(Refused) as found:
        translated({"A": ""}, tmp_path)
    assert said in str(found.value)
    assert "npm install @cqframework/cql@5.3.0 cql-exec-fhir@2.2.0" in str(found.value)


def test_a_translator_that_breaks_is_told_with_what_it_said_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _node(tmp_path, monkeypatch, "echo 'Error: Cannot find module' >&2; exit 1")
    with pytest.raises(Refused, match=r"translator: Error: Cannot find module Run 'npm install"):
        translated({"A": ""}, _packages(tmp_path))


def test_errors_in_the_text_are_told_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _node(
        tmp_path,
        monkeypatch,
        "echo '{}' > \"$3/versions.json\"; echo 'A.cql:1:1: error: one' >&2; echo 'A.cql:2:1: error: two' >&2; exit 1",
    )
    with pytest.raises(Refused) as found:
        translated({"A": ""}, _packages(tmp_path))
    assert [str(one) for one in found.value.problems] == [
        "translator: A.cql:1:1: error: one",
        "translator: A.cql:2:1: error: two",
    ]


def test_warnings_and_versions_that_the_tests_do_not_run_are_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "versions").write_text(json.dumps(_VERSIONS))
    _node(tmp_path, monkeypatch, f'cp {tmp_path}/versions "$3/versions.json"; echo \'{{}}\' > "$3/A.json"; echo careful >&2')
    found = translated({"A": ""}, _packages(tmp_path))
    assert found.elm == {"A": "{}\n"}
    assert found.warnings == ("careful",)
    assert found.untested == ("@cqframework/cql is 5.4.0; Protocord's tests run 5.3.0.",)
