"""Make the lists of a study again from its ledger."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from protocord.errors import Refused
from protocord.store import projections, protocols


class Command(BaseCommand):
    """Empties the projections and folds the chains anew."""

    help = "Make the lists of a study (subjects, visits, forms) again from its ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        study = options["study"]
        try:
            protocol = protocols.current(study)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        with transaction.atomic():
            before = projections.snapshot(study)
            number = projections.rebuild(protocol)
            same = projections.snapshot(study) == before
        found = "were right" if same else "differed from the ledger and are right again"
        self.stdout.write(f"The lists of {study} hold {number} subjects; they {found}.")
