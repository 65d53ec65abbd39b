"""Identities rest encrypted, with keys from outside the database that can be changed."""

from __future__ import annotations

from typing import Any

import pytest

from protocord.errors import Refused
from protocord.store import vault
from protocord.store.answers import Contact, PersonalIdentity

CHILD = PersonalIdentity("王小明 𬌗", "110101202001011234", "H-17", (Contact("王大明", "father", "138 0000 0000", "东莞"),))


def test_an_identity_comes_back_as_it_was_and_cannot_be_read_at_rest() -> None:
    sealed = vault.seal_identity(CHILD, study="s", subject="01-001")

    assert vault.open_identity(sealed, study="s", subject="01-001") == CHILD
    assert not any(word in sealed for word in ("王", "110101", "138"))


def test_the_same_identity_never_looks_the_same_twice() -> None:
    first, second = (vault.seal_identity(CHILD, study="s", subject="01-001") for _ in range(2))

    assert first != second


def test_an_identity_moved_to_another_child_does_not_open() -> None:
    sealed = vault.seal_identity(CHILD, study="s", subject="01-001")

    with pytest.raises(Refused, match="another child"):
        vault.open_identity(sealed, study="s", subject="01-002")


def test_an_altered_text_does_not_open() -> None:
    sealed = vault.seal_text("Ming")
    altered = sealed[:-10] + ("A" if sealed[-10] != "A" else "B") + sealed[-9:]

    with pytest.raises(Refused, match="none of the keys"):
        vault.open_text(altered)


def test_keys_are_changed_one_after_another(settings: Any) -> None:
    old, new = vault.new_key(), vault.new_key()
    settings.PROTOCORD_VAULT_KEYS = (old,)
    sealed = vault.seal_text("Ming")

    settings.PROTOCORD_VAULT_KEYS = (new, old)
    resealed = vault.reseal_text(sealed)
    settings.PROTOCORD_VAULT_KEYS = (new,)

    assert vault.open_text(resealed) == "Ming"
    with pytest.raises(Refused, match="Add the older key"):
        vault.open_text(sealed)


@pytest.mark.parametrize("keys", [(), ("too-short",), ("not base64 at all!" * 3,)], ids=["none", "short", "no base64"])
def test_without_a_usable_key_the_vault_stays_shut(settings: Any, keys: tuple[str, ...]) -> None:
    settings.PROTOCORD_VAULT_KEYS = keys

    with pytest.raises(Refused, match="PROTOCORD_VAULT_KEY"):
        vault.seal_text("Ming")
