"""What a person names and the machine will not open: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def apart(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own: it opens a database that this process has not."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROTOCORD_")}
    command = [sys.executable, "-m", "protocord", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("content", [b"\x00\xff\xfe\x80 no text", b"[" * 100_000, b"subject: NK-001\nfacts: []\n"])
def test_a_file_that_is_no_ledger_is_said_once_with_its_first_line(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.jsonl"
    file.write_bytes(content)

    result = run("verify", file)

    assert result.exit_code == 5
    assert result.output == f"{file}:1: Line 1 is not JSON.\n"


def test_a_folder_is_called_a_folder(run: Run, tmp_path: Path) -> None:
    result = run("verify", tmp_path)

    assert result.exit_code == 6
    assert "is a folder, not a ledger" in result.output


def test_a_database_that_does_not_answer_is_named() -> None:
    result = apart("verify", "postgres://nobody@localhost:1/none")

    assert result.returncode == 6
    assert "cannot be opened" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_import_into_a_database_without_tables_says_how_to_make_them(tmp_path: Path) -> None:
    file = tmp_path / "study.jsonl"
    file.write_text('{"format":"protocord-ledger","version":1}\n', encoding="utf-8")

    result = apart("import", file, "--database", tmp_path / "new.sqlite3")

    assert result.returncode == 6
    assert "protocord migrate" in result.stderr


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    result = apart("demo", "--folder", tmp_path / "file" / "below")

    assert result.returncode == 2
    assert str(tmp_path / "file") in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_that_no_machine_has_is_refused_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--port", 99999, "--folder", tmp_path / "demo")

    assert result.exit_code == 2
    assert not (tmp_path / "demo").exists()
