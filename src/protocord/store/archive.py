"""A study's ledger out of the database and into another, byte for byte; and its verification where it lies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.db import transaction

from protocord import conduct, ledger
from protocord import protocol as documents
from protocord.conduct import Exported, ProtocolInstalled
from protocord.errors import DocumentProblems, LedgerProblems, Place, Problem, Refused
from protocord.ledger import By, Head, Seal, Verification
from protocord.store import folding, record
from protocord.store.access import Permission, Viewer, not_there
from protocord.store.actions.studies import SYSTEM, install_study, note
from protocord.store.models import LedgerEntry


def export_study(study: str, file: TextIO, *, viewer: Viewer | None = None, source: str = "cli") -> int:
    """This will write the study's whole ledger to `file` as JSON Lines and return the number of entries.

    The export is itself an entry, the last one of the study's chain in the file. `viewer` None is whoever owns the database.
    """
    if not LedgerEntry.objects.filter(study=study).exists():
        raise not_there(study)
    by = By(SYSTEM, "system")
    if viewer is not None:
        by = By(viewer.username, viewer.demand_everywhere(Permission.EXPORT_DATA, study).value)
    with transaction.atomic():
        number = LedgerEntry.objects.filter(study=study).count() + 1
        note(study, Exported("ledger", number), by, source=source)
        file.writelines(ledger.write_lines(record.all_entries(study)))
    return number


def import_study(lines: Iterable[str], *, file: str = "") -> int:
    """This will store a study's ledger exactly as it is in `lines` (of `file`, for its problems) and return the number of entries.

    Raises LedgerProblems when the ledger does not verify, and Refused when this database already has entries of the study. Where the
    study's protocol is at hand (shipped, or in PROTOCORD_STUDIES) it is put into use and the lists are made again; else install it next.
    """
    entries = ledger.read_lines(lines, file=file)
    found = ledger.verify(entries)
    if not found.ok:
        raise LedgerProblems(found.problems)
    if not entries:
        raise LedgerProblems([Problem(Place(), "The file holds no entry.", "Export the study again.")])
    study = entries[0].study
    ordered = sorted(entries, key=lambda entry: (entry.subject or "", entry.position))
    for entry in ordered:
        if entry.body is not None:
            conduct.KINDS.read(entry.kind, entry.body, place=Place(item=f"{entry.subject or study} {entry.position}"))
    with transaction.atomic():
        record.lock(study, None)
        if LedgerEntry.objects.filter(study=study).exists():
            raise Refused(
                [
                    Problem(
                        Place(item=study), "this database already holds entries of the study.", "Import into an empty database."
                    )
                ]
            )
        record.remove_empty_head(study)
        record.insert_verbatim(ordered)
        folding.forget_all()
        _adopt(study)
    return len(entries)


def _adopt(study: str) -> None:
    """This will put the protocol that the ledger names into use again, where its folder is at hand."""
    installed = LedgerEntry.objects.filter(study=study, subject="", kind=ProtocolInstalled.kind).order_by("-position").first()
    if installed is not None and installed.body is not None:
        folder = _find(study, json.loads(installed.body)["hash"])
        if folder is not None:
            install_study(folder)


def _find(study: str, hash_: str) -> Path | None:
    folders = [*settings.PROTOCORD_STUDIES, *sorted(documents.STUDIES.iterdir())]
    for folder in folders:
        if (folder / "study.yaml").is_file():
            try:
                found = documents.load(folder)
            except DocumentProblems:
                continue  # somebody's unfinished study is no reason against this one
            if (found.study.id, found.hash) == (study, hash_):
                return folder.resolve()
    return None


def verify_database(
    study: str | None = None, *, heads: Mapping[str, Iterable[Head]] | None = None, roots: Iterable[str] = ()
) -> Mapping[str, Verification]:
    """This will verify the ledger of one study, or of each, against itself, the recorded ends of its chains and outside anchors.

    `heads` (by study) and `roots` are anchors kept elsewhere. A root may belong to any of the studies; one that belongs to none is
    reported with the first.
    """
    studies = [study] if study else sorted(set(LedgerEntry.objects.values_list("study", flat=True)) | set(heads or ()))
    belongs = _belonging(studies, tuple(roots))
    return {
        one: ledger.verify(
            record.all_entries(one), heads=(*record.heads(one), *(heads or {}).get(one, ())), roots=belongs.get(one, ())
        )
        for one in studies
    }


def _belonging(studies: list[str], roots: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for root in roots:
        owner = next((study for study in studies if root in _roots(study)), studies[0] if studies else "")
        found[owner] = (*found.get(owner, ()), root)
    return found


def _roots(study: str) -> set[str]:
    seals = LedgerEntry.objects.filter(study=study, subject="", kind=Seal.kind).exclude(body=None).values_list("body", flat=True)
    return {json.loads(body)["root"] for body in seals if body} | {ledger.merkle_root(record.heads(study))}
