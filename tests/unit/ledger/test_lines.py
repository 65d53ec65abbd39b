"""A ledger as a text file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from protocord.errors import LedgerProblems
from protocord.ledger import By, Draft, Entry, ProtocolStamp, append, read_lines, redact, verify, write_lines

STAMP = ProtocolStamp("nct00000000", "1.0.0", "ab" * 32)
SALT = "0123456789abcdef" * 2


@dataclass(frozen=True, slots=True)
class Note:
    kind: ClassVar[str] = "note"
    says: str


def entries() -> list[Entry]:
    made: list[Entry] = []
    for number in range(1, 5):
        at = datetime(2026, 3, 4, 12, number, tzinfo=UTC) + timedelta(microseconds=number)
        draft = Draft("nct00000000", "01-001", Note(f"第{number}条 “𬌗”\n\u2028"), STAMP, By("ana", "investigator"), at, "因为")
        made.append(append(made[-1] if made else None, draft, SALT))
    return [*made[:3], redact(made[3])]


def test_a_ledger_reads_back_to_the_same_entries_and_writes_to_the_same_bytes() -> None:
    text = "".join(write_lines(entries()))

    again = read_lines(text.split("\n")[:-1])

    assert list(again) == entries()
    assert "".join(write_lines(again)) == text
    assert [fault.detail for fault in verify(again).faults] == ["emptied_without_redaction"]


def test_every_entry_is_one_line_whatever_its_text_holds() -> None:
    lines = list(write_lines(entries()))

    assert len(lines) == 5
    assert all(line.count("\n") == 1 for line in lines)


def test_malformed_lines_are_all_named_by_number() -> None:
    lines = list(write_lines(entries()))
    lines[2] = lines[2][:100]
    cut = json.loads(lines[3])
    del cut["salt"]
    lines[3] = json.dumps(cut)
    lines[4] = lines[4].replace('"position":4', '"position":"4"')

    with pytest.raises(LedgerProblems) as found:
        read_lines(lines, file="study.jsonl")

    assert [problem.place.line for problem in found.value.problems] == [3, 4, 5]
    assert "is not JSON" in found.value.problems[0].what
    assert "salt" in found.value.problems[1].what
    assert "`position`" in found.value.problems[2].what


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('{"format":"something else"}', "is not the header"),
        ('{"format":"protocord-ledger","version":2}', "names version 2"),
        ("[]", "is not the header"),
    ],
)
def test_a_file_without_the_right_header_is_refused(header: str, said: str) -> None:
    with pytest.raises(LedgerProblems, match=said):
        read_lines([header])


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(LedgerProblems, match="empty"):
        read_lines([])


@pytest.mark.parametrize(
    "at", ["2026-03-04T12:01:00.000001", "2026-03-04T20:01:00.000001+08:00", "2026-03-04T12:01:00+00:00", "noon"]
)
def test_a_time_in_any_other_writing_is_refused(at: str) -> None:
    lines = list(write_lines(entries()))
    lines[1] = lines[1].replace("2026-03-04T12:01:00.000001+00:00", at)

    with pytest.raises(LedgerProblems, match="Line 2"):
        read_lines(lines)
