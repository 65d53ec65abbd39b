"""Seal a study's chains; run it every day and keep what it prints on another machine."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from protocord.errors import Refused
from protocord.store import actions


class Command(BaseCommand):
    """Appends a seal over the ends of all chains."""

    help = "Append a seal over the ends of all chains of a study and print its Merkle root, to be kept elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            entry = actions.seal(None, options["study"])
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{entry.study} {entry.position} {entry.at.isoformat()} root {entry.data['root']}")
