"""Encryption at rest for what says who a child is, with keys that are not in the database.

The newest key seals; every key opens, so that keys can be changed one after another (`reseal`).
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from protocord.errors import Place, Problem, Refused
from protocord.store.answers import Contact, PersonalIdentity

_MARK = "sealed:"


def new_key() -> str:
    """This will return a new key: 32 random bytes as URL-safe base64, for PROTOCORD_VAULT_KEY."""
    return Fernet.generate_key().decode()


def is_open() -> bool:
    """This will tell whether a key is set."""
    return bool(settings.PROTOCORD_VAULT_KEYS)


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise Refused(
            [
                Problem(
                    Place(item="PROTOCORD_VAULT_KEY"),
                    "the identity vault is shut: no key is set.",
                    "Set the key from outside the database (`protocord vault-key` makes one) and start again.",
                )
            ]
        )
    for key in keys:
        try:
            usable = len(base64.urlsafe_b64decode(key)) == 32
        except ValueError:
            usable = False
        if not usable:
            raise Refused(
                [
                    Problem(
                        Place(item="PROTOCORD_VAULT_KEY"),
                        "holds something that is no key.",
                        "A key is 32 bytes in URL-safe base64, as `protocord vault-key` prints; several are separated by commas.",
                    )
                ]
            )
    return MultiFernet([Fernet(key) for key in keys])


def seal_text(text: str) -> str:
    """This will return `text` encrypted with the newest key."""
    return _MARK + _box(settings.PROTOCORD_VAULT_KEYS).encrypt(text.encode()).decode()


def is_sealed_text(text: str) -> bool:
    """This will tell whether `text` came from `seal_text`."""
    return text.startswith(_MARK)


def open_text(sealed: str) -> str:
    """This will return the text again; raises Refused when none of the keys fits or the text was altered."""
    try:
        return _box(settings.PROTOCORD_VAULT_KEYS).decrypt(sealed.removeprefix(_MARK).encode()).decode()
    except InvalidToken as problem:
        raise Refused(
            [
                Problem(
                    Place(item="PROTOCORD_VAULT_KEY"),
                    "none of the keys opens this; it was sealed with another key, or altered.",
                    "Add the older key after the newer one, separated by a comma.",
                )
            ]
        ) from problem


def reseal_text(sealed: str) -> str:
    """This will return the same text sealed with the newest key."""
    return seal_text(open_text(sealed))


def seal_identity(identity: PersonalIdentity, *, study: str, subject: str) -> str:
    """This will return the identity encrypted and bound to its child, so that two rows swapped by hand do not open."""
    content = {
        "study": study,
        "subject": subject,
        "name": identity.name,
        "identity_number": identity.identity_number,
        "hospital_number": identity.hospital_number,
        "contacts": [[one.name, one.relation, one.telephone, one.address] for one in identity.contacts],
    }
    return seal_text(json.dumps(content, ensure_ascii=False, sort_keys=True))


def open_identity(sealed: str, *, study: str, subject: str) -> PersonalIdentity:
    """This will return the identity; raises Refused when it was sealed for another child."""
    content = json.loads(open_text(sealed))
    if (content["study"], content["subject"]) != (study, subject):
        raise Refused(
            [
                Problem(
                    Place(item=f"{study} {subject}"),
                    "the vault holds another child's identity under this number.",
                    "Somebody altered the database by hand; restore it from the backup.",
                )
            ]
        )
    return PersonalIdentity(
        name=content["name"],
        identity_number=content["identity_number"],
        hospital_number=content["hospital_number"],
        contacts=tuple(Contact(*one) for one in content["contacts"]),
    )
