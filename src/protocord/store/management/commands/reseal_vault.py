"""Encrypt every identity again with the newest key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from protocord.errors import Refused
from protocord.store import actions


class Command(BaseCommand):
    """The second step of changing the vault's key."""

    help = "Encrypt every identity with the first key of PROTOCORD_VAULT_KEY; afterwards the older keys may go."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        try:
            number = actions.reseal_vault()
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{number} identities are sealed with the newest key.")
