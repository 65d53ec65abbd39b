"""Chains: what is hashed, and that everything is."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import ClassVar

import pytest

from protocord.errors import LedgerProblems
from protocord.ledger import GENESIS, By, Draft, Entry, Json, ProtocolStamp, append, digest_of, hash_of, redact, verify
from protocord.ledger.bodies import canonical
from protocord.ledger.chain import moment

STAMP = ProtocolStamp("nct00000000", "1.0.0", "ab" * 32)
ANA = By("ana", "investigator", "dongguan-taixin")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SALT = "0123456789abcdef" * 2


@dataclass(frozen=True, slots=True)
class Note:
    kind: ClassVar[str] = "note"
    says: Json


def draft(says: Json = "first", **changed: object) -> Draft:
    return replace(Draft("nct00000000", "01-001", Note(says), STAMP, ANA, NOON), **changed)


def test_an_entry_is_hashed_as_its_documentation_says_so_a_stranger_can_do_it_again() -> None:
    entry = append(None, draft(), SALT)

    digest = sha256(f'protocord-body-1\n{SALT}\n{{"says":"first"}}'.encode()).hexdigest()
    lines = ["protocord-entry-1", "nct00000000", "01-001", "1", "note", digest, "nct00000000", "1.0.0", "ab" * 32]
    lines += ["ana", "investigator", "dongguan-taixin", "2026-03-04T12:00:00.000000+00:00", "", "web", GENESIS]
    assert entry.digest == digest
    assert entry.hash == sha256("\n".join(lines).encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        {"study": "nct00000001"},
        {"subject": "01-002"},
        {"subject": None},
        {"position": 2},
        {"kind": "other"},
        {"digest": "0" * 64},
        {"protocol": replace(STAMP, id="x")},
        {"protocol": replace(STAMP, version="1.0.1")},
        {"protocol": replace(STAMP, hash="cd" * 32)},
        {"by": replace(ANA, user="bo")},
        {"by": replace(ANA, role="coordinator")},
        {"by": replace(ANA, site="")},
        {"at": NOON + timedelta(microseconds=1)},
        {"reason": "none"},
        {"source": "api"},
        {"previous": "1" * 64},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_the_hash_covers_every_field(changed: dict[str, object]) -> None:
    entry = append(None, draft(), SALT)

    assert hash_of(replace(entry, **changed)) != entry.hash


@pytest.mark.parametrize("changed", [{"body": '{"says":"First"}'}, {"salt": "f" * 32}])
def test_the_digest_covers_body_and_salt(changed: dict[str, str]) -> None:
    entry = replace(append(None, draft(), SALT), **changed)

    assert digest_of(entry.body or "", entry.salt or "") != entry.digest


def test_an_entry_follows_the_one_before_it() -> None:
    first = append(None, draft(), SALT)
    second = append(first, draft("second"), SALT)

    assert (second.position, second.previous) == (2, first.hash)


def test_the_same_body_has_one_text_whatever_the_order_of_its_keys() -> None:
    assert canonical({"b": [1, None, True], "a": "䶮𬌗"}) == canonical(json.loads('{"a": "䶮𬌗", "b": [1, null, true]}'))
    assert canonical({"b": 1, "a": "𬌗"}) == '{"a":"𬌗","b":1}'


@pytest.mark.parametrize("says", [1.5, [{"deep": 0.1}], {1: "a number as key"}])
def test_floats_and_keys_that_are_not_text_are_refused(says: Json) -> None:
    with pytest.raises(TypeError, match=r"float|not text"):
        append(None, draft(says), SALT)


def test_text_without_utf8_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        append(None, draft("\ud800"), SALT)


@pytest.mark.parametrize(
    ("changed", "salt", "said"),
    [
        ({"reason": "two\nlines"}, SALT, "The reason holds a line break"),
        ({"by": By("a\nb", "investigator")}, SALT, "The user holds a line break"),
        ({"at": NOON.replace(tzinfo=None)}, SALT, "must be UTC"),
        ({"at": datetime(2026, 3, 4, tzinfo=timezone(timedelta(hours=8)))}, SALT, "must be UTC"),
        ({"source": "by hand"}, SALT, "none of web"),
        ({"subject": ""}, SALT, "number is empty"),
        ({}, "short", "salt"),
    ],
)
def test_what_the_header_cannot_hold_is_refused(changed: dict[str, object], salt: str, said: str) -> None:
    with pytest.raises(LedgerProblems, match=said):
        append(None, draft(**changed), salt)


def test_an_entry_cannot_be_appended_to_another_chain() -> None:
    first = append(None, draft(), SALT)

    with pytest.raises(LedgerProblems, match="another chain"):
        append(first, draft(subject="01-002"), SALT)


def test_a_time_is_written_as_isoformat_writes_it() -> None:
    for at in (NOON, NOON.replace(microsecond=7), datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)):
        assert moment(at) == at.isoformat(timespec="microseconds")
    east = datetime(2026, 3, 4, 20, tzinfo=timezone(timedelta(hours=8)))
    assert moment(east) == moment(NOON)


def test_redaction_empties_the_body_and_leaves_the_hash() -> None:
    entry = append(None, draft("a name that should not be here"), SALT)

    emptied = redact(entry)

    assert (emptied.body, emptied.salt, emptied.data) == (None, None, None)
    assert hash_of(emptied) == emptied.hash == entry.hash


def test_the_fast_loop_of_verification_hashes_what_the_chain_hashes() -> None:
    entries: list[Entry] = []
    for number in range(5):
        entries.append(append(entries[-1] if entries else None, draft(str(number), reason=f"because {number}"), SALT))

    report = verify(entries)

    assert report.ok
    assert all(hash_of(entry) == entry.hash for entry in entries)
