"""Verification: each kind of tampering is found, and the first entry at fault is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

import pytest

from protocord.ledger import (
    By,
    Draft,
    Entry,
    FaultKind,
    Head,
    ProtocolStamp,
    Redaction,
    append,
    digest_of,
    hash_of,
    heads_of,
    merkle_root,
    redact,
    seal,
    verify,
)
from protocord.words import say

STAMP = ProtocolStamp("nct00000000", "1.0.0", "ab" * 32)
ANA = By("ana", "investigator", "dongguan-taixin")
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SALT = "0123456789abcdef" * 2

Chain = list[Entry]


@dataclass(frozen=True, slots=True)
class Note:
    kind: ClassVar[str] = "note"
    says: str


def chain(subject: str | None, size: int) -> Chain:
    entries: Chain = []
    for number in range(1, size + 1):
        draft = Draft("nct00000000", subject, Note(f"{subject} {number}"), STAMP, ANA, NOON + timedelta(minutes=number))
        entries.append(append(entries[-1] if entries else None, draft, SALT))
    return entries


def rehashed(entry: Entry, **changed: object) -> Entry:
    """What a careful forger does: change, and make the entry's own hashes fit again."""
    forged = replace(entry, **changed)
    if forged.body is not None:
        forged = replace(forged, digest=digest_of(forged.body, forged.salt or ""))
    return replace(forged, hash=hash_of(forged))


def renumbered(entries: Chain) -> Chain:
    return [replace(entry, position=position) for position, entry in enumerate(entries, start=1)]


def forged_between(entries: Chain, at: int) -> Chain:
    draft = Draft("nct00000000", entries[0].subject, Note("forged"), STAMP, ANA, NOON)
    return [*entries[:at], append(entries[at - 1], draft, SALT), *entries[at:]]


ATTACKS: dict[str, tuple[Callable[[Chain], Chain], FaultKind, int, str]] = {
    "a changed body": (lambda c: [*c[:3], replace(c[3], body='{"says":"x"}'), *c[4:]], FaultKind.ALTERED, 4, "body_altered"),
    "a changed author": (
        lambda c: [*c[:3], replace(c[3], by=replace(ANA, user="bo")), *c[4:]],
        FaultKind.ALTERED,
        4,
        "header_altered",
    ),
    "a changed number": (lambda c: [*c[:3], replace(c[3], position=9), *c[4:]], FaultKind.ALTERED, 4, "numbering_altered"),
    "a changed hash of the entry before": (
        lambda c: [*c[:3], replace(c[3], previous="1" * 64), *c[4:]],
        FaultKind.ALTERED,
        4,
        "header_altered",
    ),
    "a changed time": (lambda c: [*c[:3], replace(c[3], at=NOON), *c[4:]], FaultKind.ALTERED, 4, "header_altered"),
    "a changed body, its hashes made to fit": (
        lambda c: [*c[:3], rehashed(c[3], body='{"says":"x"}'), *c[4:]],
        FaultKind.ALTERED,
        4,
        "replaced",
    ),
    "one removed": (lambda c: [*c[:3], *c[4:]], FaultKind.REMOVED, 4, "removed"),
    "three removed": (lambda c: [*c[:3], *c[6:]], FaultKind.REMOVED, 4, "removed"),
    "the first removed": (lambda c: c[1:], FaultKind.REMOVED, 1, "removed"),
    "one removed, the rest renumbered": (
        lambda c: renumbered([*c[:3], *c[4:]]),
        FaultKind.REMOVED,
        4,
        "removed_and_renumbered",
    ),
    "a copy inserted": (lambda c: [*c[:4], c[1], *c[4:]], FaultKind.INSERTED, 5, "copied_entry"),
    "a forged one inserted": (lambda c: forged_between(c, 4), FaultKind.INSERTED, 5, "two_entries_one_place"),
    "a forged one inserted, the rest renumbered": (
        lambda c: renumbered(forged_between(c, 4)),
        FaultKind.INSERTED,
        5,
        "inserted_and_renumbered",
    ),
    "two swapped": (lambda c: [*c[:3], c[4], c[3], *c[5:]], FaultKind.REORDERED, 4, "out_of_order"),
    "the last moved to the front": (lambda c: [c[-1], *c[:-1]], FaultKind.REORDERED, 1, "out_of_order"),
    "a wrong number, its hash made to fit": (
        lambda c: [*c[:7], rehashed(c[7], position=9)],
        FaultKind.ALTERED,
        8,
        "numbering_altered",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_tampering_is_found_and_the_first_entry_at_fault_named(attack: str) -> None:
    change, kind, position, detail = ATTACKS[attack]
    other = chain("01-002", 3)

    report = verify([*other, *change(chain("01-001", 8))])

    assert [(fault.subject, fault.position, fault.kind, fault.detail) for fault in report.faults] == [
        ("01-001", position, kind, detail)
    ]
    assert say(report.faults[0].reason, "zh")
    assert report.problems[0].place.item == f"01-001 #{position}"


def test_an_untouched_ledger_verifies_in_whatever_order_its_chains_are_mixed() -> None:
    one, two = chain("01-001", 4), chain("01-002", 4)

    report = verify([one[0], two[0], two[1], one[1], one[2], two[2], two[3], one[3]])

    assert report.ok
    assert (report.entries, report.chains, report.seals, report.redacted) == (8, 2, 0, 0)


def test_an_empty_ledger_verifies() -> None:
    assert verify([]).ok


def test_two_studies_are_not_verified_as_one() -> None:
    other = [rehashed(chain("01-001", 1)[0], study="nct00000001")]

    for one in (chain("01-002", 1), chain("01-001", 1)):
        with pytest.raises(ValueError, match="one study at a time"):
            verify([*one, *other])


# --- seals ---------------------------------------------------------------------------------------------------------------


def sealed() -> tuple[Chain, Chain, Chain]:
    """Two subjects and a study whose third entry seals all; each chain goes on after the seal."""
    one, two, study = chain("01-001", 5), chain("01-002", 4), chain(None, 2)
    draft = seal(heads_of([*one[:4], *two[:3], *study]), study="nct00000000", protocol=STAMP, by=ANA, at=NOON)
    study.append(append(study[-1], draft, SALT))
    return one, two, study


def faults(entries: Chain) -> list[tuple[str | None, int, str]]:
    return [(fault.subject, fault.position, fault.detail) for fault in verify(entries).faults]


def test_a_seal_over_the_heads_verifies() -> None:
    one, two, study = sealed()

    report = verify([*one, *two, *study])

    assert report.ok
    assert report.seals == 1


def test_a_tail_cut_off_after_a_seal_is_found() -> None:
    one, two, study = sealed()

    assert faults([*one[:3], *two, *study]) == [("01-001", 4, "tail_truncated")]


def test_a_tail_cut_off_after_the_last_seal_is_beyond_what_the_ledger_alone_can_tell_but_not_beyond_an_anchor() -> None:
    one, two, study = sealed()
    kept_outside = heads_of([*one, *two, *study])

    cut = [*one[:4], *two, *study]

    assert faults(cut) == []
    assert [(f.subject, f.detail) for f in verify(cut, heads=kept_outside).faults] == [("01-001", "tail_truncated")]
    assert [f.detail for f in verify(cut, roots=[merkle_root(kept_outside)]).faults] == ["root_not_found"]


def test_a_whole_chain_removed_is_found() -> None:
    _, two, study = sealed()

    assert faults([*two, *study]) == [("01-001", 4, "chain_removed")]


def test_a_chain_written_anew_is_found_by_the_seal() -> None:
    _, two, study = sealed()
    anew: Chain = []
    for number in range(1, 6):
        draft = Draft("nct00000000", "01-001", Note(f"other {number}"), STAMP, ANA, NOON)
        anew.append(append(anew[-1] if anew else None, draft, SALT))

    assert faults([*anew, *two, *study]) == [("01-001", 4, "head_differs_from_seal")]


def test_a_seal_whose_root_does_not_fit_its_heads_is_found() -> None:
    one, two, study = sealed()
    draft = seal(heads_of(one), study="nct00000000", protocol=STAMP, by=ANA, at=NOON)
    wrong = append(study[-1], replace(draft, body=replace(draft.body, root="0" * 64)), SALT)  # type: ignore[type-var]

    assert faults([*one, *two, *study, wrong]) == [(None, 4, "seal_root_wrong")]


def test_the_root_of_any_seal_and_of_the_heads_now_are_accepted_as_anchors() -> None:
    one, two, study = sealed()
    entries = [*one, *two, *study]
    report = verify(entries)

    assert verify(entries, roots=[study[-1].data["root"], report.root], heads=report.heads).ok


def test_the_root_is_what_its_documentation_says() -> None:
    heads = [Head(None, 9, "ab" * 32), Head("01-001", 4, "cd" * 32), Head("01-002", 5, "ef" * 32)]
    leaves = [
        sha256(b"\x00" + text.encode()).digest()
        for text in ("\n9\n" + "ab" * 32, "01-001\n4\n" + "cd" * 32, "01-002\n5\n" + "ef" * 32)
    ]
    left = sha256(b"\x01" + leaves[0] + leaves[1]).digest()

    assert merkle_root(heads) == sha256(b"\x01" + left + leaves[2]).hexdigest()
    assert merkle_root([]) == sha256(b"").hexdigest()


def test_a_merkle_leaf_cannot_pass_for_a_node_and_the_order_of_heads_does_not_matter() -> None:
    heads = [Head(f"01-{n:03d}", n + 1, f"{n:064x}") for n in range(5)]

    assert merkle_root(heads) == merkle_root(reversed(heads))
    assert len({merkle_root(heads[:size]) for size in range(6)}) == 6
    assert merkle_root([replace(heads[0], position=2)]) != merkle_root(heads[:1])


# --- redaction -----------------------------------------------------------------------------------------------------------


def with_redaction(entries: Chain, position: int) -> Chain:
    named = Redaction(position, entries[position - 1].hash)
    draft = Draft("nct00000000", "01-001", named, STAMP, ANA, NOON, reason="a name was typed into a note")
    return [*entries, append(entries[-1], draft, SALT)]


def test_a_redacted_entry_that_a_later_one_names_verifies_and_is_counted() -> None:
    entries = with_redaction(chain("01-001", 5), 2)
    entries[1] = redact(entries[1])

    report = verify(entries)

    assert report.ok
    assert report.redacted == 1


def test_a_body_emptied_without_a_redaction_entry_is_found() -> None:
    entries = chain("01-001", 5)
    entries[1] = redact(entries[1])

    assert faults(entries) == [("01-001", 2, "emptied_without_redaction")]


def test_a_redaction_that_names_another_entry_is_found() -> None:
    entries = chain("01-001", 5)
    draft = Draft("nct00000000", "01-001", Redaction(2, entries[2].hash), STAMP, ANA, NOON, reason="a name")
    entries.append(append(entries[-1], draft, SALT))
    entries[1] = redact(entries[1])

    assert faults(entries) == [("01-001", 6, "redaction_names_no_entry"), ("01-001", 2, "emptied_without_redaction")]


def test_a_redacted_entry_whose_header_is_changed_is_still_found() -> None:
    entries = with_redaction(chain("01-001", 5), 2)
    entries[1] = replace(redact(entries[1]), reason="other")

    assert ("01-001", 2, "header_altered") in faults(entries)
