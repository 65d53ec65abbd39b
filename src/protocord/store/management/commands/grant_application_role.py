"""Let a PostgreSQL role serve the application, append-only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from protocord.errors import Refused
from protocord.store import roles


class Command(BaseCommand):
    """Grants what the pages need and nothing more."""

    help = "Grant an existing PostgreSQL role what the application needs; run as the owner of the tables."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            roles.grant_application_role(options["role"])
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{options['role']} may now append to the ledger, and neither change nor empty it.")
