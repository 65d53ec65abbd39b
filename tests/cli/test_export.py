from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from protocord.cli.commands import main
from protocord.cli.reference import page


def test_every_command_below_export_stands_in_the_manual() -> None:
    told = page(main)
    for name in ("export", "export cql", "export ledger"):
        assert f"\n## protocord {name}\n" in told


@pytest.mark.parametrize("words", [("export",), ("export", "ledger")])
def test_a_study_named_first_is_the_one_whose_ledger_is_meant(words: tuple[str, ...], tmp_path: Path) -> None:
    command = [*words, "nct06848582", str(tmp_path / "study.jsonl")]
    done = CliRunner().invoke(main, command, env={"PROTOCORD_DATABASE_URL": ""})
    assert done.exit_code == 2
    assert "Missing option '--database'" in done.output


@pytest.mark.parametrize("place", [1, 3])
def test_an_option_may_stand_before_the_study_or_after_it(place: int, tmp_path: Path) -> None:
    command = ["export", "nct06848582", str(tmp_path / "study.jsonl")]
    command[place:place] = ["--database", str(tmp_path / "none.sqlite3")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 6
    assert "there is no such file" in done.output


def test_the_text_and_the_resources_share_the_base_that_is_named(tmp_path: Path) -> None:
    command = ["export", "cql", "nct06848582", "--base", "https://sponsor.example.org/fhir", "--out", str(tmp_path)]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    entries = json.loads((tmp_path / "resources.json").read_text("utf-8"))["entry"]
    urls = [entry["resource"]["url"] for entry in entries if "url" in entry["resource"]]
    assert all(url.startswith("https://sponsor.example.org/fhir/") for url in urls)
    assert "urn:protocord:" not in (tmp_path / "NCT06848582.cql").read_text("utf-8").replace("urn:protocord:local", "")


def test_without_a_translator_in_the_folder_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "cql"
    done = CliRunner().invoke(main, ["export", "cql", "nct06848582", "--elm", str(tmp_path), "--out", str(out)])
    assert done.exit_code == 6
    assert "leave --elm out" in done.output
    assert not out.exists()


def test_elm_of_an_earlier_export_does_not_stay_beside_a_new_text(tmp_path: Path) -> None:
    for name in ("NCT06848582.elm.json", "ProtocordHelpers.elm.json", "elm-versions.json", "mine.json"):
        (tmp_path / name).write_text("{}")
    done = CliRunner().invoke(main, ["export", "cql", "nct06848582", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"NCT06848582.cql", "ProtocordHelpers.cql", "resources.json", "mine.json"}
