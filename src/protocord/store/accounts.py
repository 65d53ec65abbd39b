"""How people sign in: accounts are made by an administrator only, and one-time password secrets rest encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter

from protocord.store import vault

if TYPE_CHECKING:
    from django.http import HttpRequest


class ClosedAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No open sign-up: `actions.create_user` is the one way to an account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  # the library's signature
        return False


class SealedMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Secrets of one-time passwords and recovery codes are encrypted with the vault's key where there is one."""

    def encrypt(self, text: str) -> str:
        return vault.seal_text(text) if vault.is_open() else text

    def decrypt(self, encrypted_text: str) -> str:
        return vault.open_text(encrypted_text) if vault.is_sealed_text(encrypted_text) else encrypted_text
