"""Close an account for good."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from protocord.errors import Refused
from protocord.store import actions


class Command(BaseCommand):
    """The account signs nobody in any more and grants nothing; its entries stay."""

    help = "Close a person's account for good; what the person did stays on record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            actions.close_account(options["username"], reason=options["reason"])
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"The account {options['username']} is closed.")
