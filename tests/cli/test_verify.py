"""`protocord verify` on a ledger file: whole, tampered with, cut off, and not a ledger at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import Result

from protocord.ledger import By, Draft, Entry, ProtocolStamp, append, write_lines

Run = Callable[..., Result]


@dataclass(frozen=True)
class Noted:
    """A body of an entry."""

    kind: ClassVar[str] = "noted"
    text: str


def chain(subject: str | None, texts: list[str]) -> list[Entry]:
    stamp, by = ProtocolStamp("s1", "1.0.0", "a" * 64), By("li.w", "coordinator", "north")
    entries: list[Entry] = []
    for number, text in enumerate(texts):
        at = datetime(2025, 6, 10, tzinfo=UTC) + timedelta(minutes=number)
        draft = Draft("s1", subject, Noted(text), stamp, by, at)
        entries.append(append(entries[-1] if entries else None, draft, f"{number:032x}"))
    return entries


def written(file: Path, entries: list[Entry]) -> Path:
    file.write_text("".join(write_lines(entries)), encoding="utf-8")
    return file


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of two subjects, three entries each."""
    return written(tmp_path / "s1.jsonl", [*chain("01-001", ["one", "two", "three"]), *chain("01-002", ["one", "two", "three"])])


def test_a_whole_ledger_verifies_and_gives_its_root(run: Run, ledger: Path) -> None:
    result = run("verify", ledger)

    assert result.exit_code == 0, result.output
    assert "s1: whole and unaltered. 6 entries, 2 chains, 0 seals." in result.output
    assert len(result.output.splitlines()[-1].removeprefix("root ")) == 64


def test_an_altered_entry_is_named_and_the_exit_code_is_five(run: Run, ledger: Path) -> None:
    lines = ledger.read_text().splitlines(keepends=True)
    lines[2] = lines[2].replace("two", "six")
    ledger.write_text("".join(lines))

    result = run("verify", ledger)

    assert result.exit_code == 5
    assert "01-001 #2" in result.stderr
    assert "01-002" not in result.stderr


def test_removed_inserted_and_reordered_entries_are_named(run: Run, ledger: Path) -> None:
    header, *lines = ledger.read_text().splitlines(keepends=True)
    for tampered in ([lines[0], lines[2]], [lines[0], lines[1], lines[1], lines[2]], [lines[0], lines[2], lines[1]]):
        ledger.write_text("".join([header, *tampered, *lines[3:]]))

        result = run("verify", ledger)

        assert result.exit_code == 5
        assert "01-001 #" in result.stderr


def test_an_anchor_shows_a_chain_that_was_cut_off(run: Run, ledger: Path, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    assert run("verify", ledger, "--write-anchor", anchor).exit_code == 0
    cut = "".join(ledger.read_text().splitlines(keepends=True)[:-1])
    ledger.write_text(cut)

    assert run("verify", ledger).exit_code == 0, "a cut-off chain looks whole to itself"
    result = run("verify", ledger, "--anchor", anchor)

    assert result.exit_code == 5
    assert "01-002 #3" in result.stderr


def test_an_anchor_still_stands_after_the_ledger_has_grown(run: Run, tmp_path: Path) -> None:
    entries = chain("01-001", ["one", "two", "three"])
    ledger, anchor = written(tmp_path / "s1.jsonl", entries[:2]), tmp_path / "anchor.json"
    run("verify", ledger, "--write-anchor", anchor)
    written(ledger, entries)

    assert run("verify", ledger, "--anchor", anchor).exit_code == 0


def test_no_anchor_is_written_for_a_ledger_that_does_not_verify(run: Run, ledger: Path, tmp_path: Path) -> None:
    ledger.write_text(ledger.read_text().replace("two", "six"))

    assert run("verify", ledger, "--write-anchor", tmp_path / "anchor.json").exit_code == 5
    assert not (tmp_path / "anchor.json").exists()


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"format": "other"}), json.dumps({"format": "protocord-anchor"})])
def test_a_file_that_is_no_anchor_is_refused_with_the_remedy(run: Run, ledger: Path, tmp_path: Path, content: str) -> None:
    anchor = tmp_path / "anchor.json"
    anchor.write_text(content)

    result = run("verify", ledger, "--anchor", anchor)

    assert result.exit_code == 5
    assert "--write-anchor" in result.stderr


def test_a_file_that_is_no_ledger_is_refused_by_line(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("hello\n")

    result = run("verify", other)

    assert result.exit_code == 5
    assert "notes.txt:1" in result.stderr


def test_a_database_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    result = run("verify", tmp_path / "none.sqlite3")

    assert result.exit_code == 6
    assert "there is no such file" in result.stderr
    assert not (tmp_path / "none.sqlite3").exists()
