"""Who a child is: site staff only, each look an entry, never a word of it in the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from protocord.errors import Refused
from protocord.store import actions, archive, record, vault
from protocord.store.access import NotAllowed, NotThere
from protocord.store.answers import Contact, PersonalIdentity

CHILD = PersonalIdentity("王小明", "110101202001011234", "H-17", (Contact("王大明", "father", "138 0000 0000", "东莞"),))


@pytest.fixture
def known(trial: Any) -> Any:
    """A child whose identity is stored."""
    trial.register("dan")
    actions.set_identity(trial.viewer("dan"), trial.study, "01-001", CHILD)
    return trial


def kinds(trial: Any) -> list[str]:
    return [entry.kind for entry in record.chain(trial.study, "01-001")]


def test_each_look_and_each_change_is_an_entry_with_its_reason(known: Any) -> None:
    found = actions.look_at_identity(known.viewer("ana"), known.study, "01-001", reason="calls the family")

    last = record.chain(known.study, "01-001")[-1]
    assert found == CHILD
    assert kinds(known) == ["subject_registered", "identity_stored", "identity_seen"]
    assert (last.by.user, last.reason) == ("ana", "calls the family")
    assert archive.verify_database(known.study)[known.study].ok


def test_nothing_of_an_identity_stands_in_the_ledger_or_readable_in_the_file(known: Any) -> None:
    actions.look_at_identity(known.viewer("ana"), known.study, "01-001", reason="calls the family")
    with closing(sqlite3.connect(known.database.path)) as stranger:
        dump = "\n".join(stranger.iterdump())

    assert not any(word in dump for word in ("王小明", "110101202001011234", "H-17", "138 0000 0000"))


def test_a_look_without_a_reason_shows_nothing(known: Any) -> None:
    with pytest.raises(Refused, match="says why"):
        actions.look_at_identity(known.viewer("ana"), known.study, "01-001", reason="  ")

    assert kinds(known)[-1] == "identity_stored"


def test_a_change_needs_a_reason_and_names_only_the_fields(known: Any) -> None:
    changed = PersonalIdentity("王晓明", CHILD.identity_number, CHILD.hospital_number, CHILD.contacts)
    with pytest.raises(Refused, match="already stored"):
        actions.set_identity(known.viewer("dan"), known.study, "01-001", changed)

    actions.set_identity(known.viewer("dan"), known.study, "01-001", changed, reason="written with another character")

    assert record.chain(known.study, "01-001")[-1].data == {"fields": ["name"]}


def test_storing_the_same_again_leaves_no_entry(known: Any) -> None:
    actions.set_identity(known.viewer("dan"), known.study, "01-001", CHILD)

    assert kinds(known) == ["subject_registered", "identity_stored"]


@pytest.mark.parametrize(
    ("name", "refusal"), [("mia", NotAllowed), ("sue", NotAllowed), ("lin", NotAllowed), ("bo", NotThere), ("adam", NotThere)]
)
def test_nobody_but_the_sites_own_staff_looks(known: Any, name: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        actions.look_at_identity(known.viewer(name), known.study, "01-001", reason="curious")

    assert kinds(known)[-1] == "identity_stored"


def test_a_look_that_cannot_be_recorded_shows_nothing(known: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr(record, "append", fail)

    with pytest.raises(OSError, match="disk full"):
        actions.look_at_identity(known.viewer("ana"), known.study, "01-001", reason="calls the family")


def test_the_key_is_changed_without_losing_an_identity(known: Any, settings: Any) -> None:
    old = settings.PROTOCORD_VAULT_KEYS
    settings.PROTOCORD_VAULT_KEYS = (vault.new_key(), *old)

    assert actions.reseal_vault() == 1

    settings.PROTOCORD_VAULT_KEYS = settings.PROTOCORD_VAULT_KEYS[:1]
    assert actions.look_at_identity(known.viewer("ana"), known.study, "01-001", reason="after the change of key") == CHILD
