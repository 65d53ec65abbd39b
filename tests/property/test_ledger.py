"""Any change to any entry of a ledger is found, and a ledger's text file loses nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.ledger import By, Draft, Entry, Json, ProtocolStamp, append, heads_of, read_lines, seal, verify, write_lines

STAMP = ProtocolStamp("nct00000000", "1.0.0", "ab" * 32)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=8)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.integers(946684800_000000, 4070908800_000000).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
SALTS = st.text("0123456789abcdef", min_size=32, max_size=32)


@dataclass(frozen=True, slots=True)
class Note:
    kind: ClassVar[str] = "note"
    says: Json


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """A few chains, their entries mixed as time would mix them, the study sealed at the end."""
    last: dict[str | None, Entry] = {}
    entries: list[Entry] = []
    for subject in draw(st.lists(st.sampled_from([None, "01-001", "01-002", "02-001"]), min_size=1, max_size=12)):
        draft = Draft("nct00000000", subject, Note(draw(DATA)), STAMP, By("ana", "investigator"), draw(TIMES), draw(LINE))
        last[subject] = append(last.get(subject), draft, draw(SALTS))
        entries.append(last[subject])
    sealing = seal(heads_of(entries), study="nct00000000", protocol=STAMP, by=By("ana", "investigator"), at=draw(TIMES))
    return [*entries, append(last.get(None), sealing, draw(SALTS))]


@given(ledgers())
@settings(max_examples=60)
def test_a_ledger_verifies_and_survives_its_text_file_byte_for_byte(entries: list[Entry]) -> None:
    text = "".join(write_lines(entries))

    again = read_lines(text.split("\n")[:-1])

    assert verify(again).ok
    assert list(again) == entries
    assert "".join(write_lines(again)) == text


@given(ledgers(), st.data())
@settings(max_examples=100)
def test_no_single_tampering_passes(entries: list[Entry], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    entry = entries[index]
    how = data.draw(st.sampled_from(["body", "reason", "user", "time", "remove", "copy", "swap", "salt", "empty", "subject"]))
    tampered = list(entries)
    match how:
        case "body":
            tampered[index] = replace(entry, body=(entry.body or "") + " ")
        case "reason":
            tampered[index] = replace(entry, reason=entry.reason + "x")
        case "user":
            tampered[index] = replace(entry, by=replace(entry.by, user="bo"))
        case "time":
            tampered[index] = replace(entry, at=entry.at.replace(microsecond=(entry.at.microsecond + 1) % 1_000_000))
        case "salt":
            tampered[index] = replace(entry, salt="0" * 31 + ("1" if entry.salt == "0" * 32 else "0"))
            if tampered[index] == entry:
                return
        case "empty":
            tampered[index] = replace(entry, body=None, salt=None)
        case "subject":
            tampered[index] = replace(entry, subject="09-999")
        case "remove":
            del tampered[index]
        case "copy":
            tampered.append(entry)
        case "swap":
            later = next((n for n in range(index + 1, len(entries)) if entries[n].subject == entry.subject), None)
            if later is None:
                return
            tampered[index], tampered[later] = tampered[later], tampered[index]
    # The seal itself is the last entry of its chain; only an anchor outside tells that it is gone.
    assert not verify(tampered, heads=heads_of(entries)).ok
