"""What concerns a study as a whole: installing a version of its protocol, sealing its chains."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from protocord import ledger
from protocord import protocol as documents
from protocord.conduct import ProtocolInstalled
from protocord.ledger import By, Draft, Entry
from protocord.store import clock, projections, protocols, record
from protocord.store.access import Permission, Viewer
from protocord.store.models import LedgerEntry, ProtocolVersion

if TYPE_CHECKING:
    from protocord.ledger import Body
    from protocord.protocol import Protocol

SYSTEM = "system"


def install_study(path: Path, *, by: str = SYSTEM, reason: str = "", source: str = "cli", at: datetime | None = None) -> str:
    """This will load the protocol at `path`, make it the study's current version and return the study's id.

    Installing the same content again only notes where it stands now. Raises DocumentProblems when the documents do not make a protocol.
    """
    folder = path.resolve()
    protocol = documents.load(folder)
    study = protocol.study.id
    with transaction.atomic():
        record.lock(study, None)
        same = ProtocolVersion.objects.filter(study=study, hash=protocol.hash, current=True).first()
        if same is not None:
            ProtocolVersion.objects.filter(pk=same.pk).update(path=str(folder))
            return study
        moment = at or clock.now()
        if _named_last(study) == protocol.hash:  # a ledger that was imported before its protocol was at hand
            _use(protocol, folder, moment)
            projections.rebuild(protocol)
            return study
        earlier = ProtocolVersion.objects.filter(study=study, current=True).update(current=False)
        _use(protocol, folder, moment)
        body = ProtocolInstalled(protocol.version, protocol.hash)
        role = "system" if by == SYSTEM else "administrator"
        draft = Draft(study, None, body, protocols.stamp(protocol), By(by, role), moment, reason=reason, source=source)
        record.append_to(study, None, [draft])
        if earlier:
            projections.rebuild(protocol)
    return study


def _named_last(study: str) -> str | None:
    """The hash of the protocol that the ledger was last told of."""
    bodies = LedgerEntry.objects.filter(study=study, subject="", kind=ProtocolInstalled.kind).order_by("-position")
    body = bodies.values_list("body", flat=True).first()
    return json.loads(body)["hash"] if body else None


def _use(protocol: Protocol, folder: Path, moment: datetime) -> None:
    ProtocolVersion.objects.update_or_create(
        hash=protocol.hash,
        defaults={
            "study": protocol.study.id,
            "version": protocol.version,
            "path": str(folder),
            "installed_at": moment,
            "current": True,
        },
    )


def seal(viewer: Viewer | None, study: str, *, source: str = "cli", at: datetime | None = None) -> Entry:
    """This will append a seal over the heads of all chains of the study and return it; its Merkle root is to be kept elsewhere.

    `viewer` is None when the installation's own clock does it, every day.
    """
    by = By(SYSTEM, "system")
    if viewer is not None:
        by = By(viewer.username, viewer.demand(Permission.MANAGE_STUDY, study).value)
    stamp = protocols.stamp(protocols.current(study))
    with transaction.atomic():
        # The study's own chain first: registrations take the same order, so nobody waits for each other in a circle.
        record.lock(study, None)
        draft = ledger.seal(record.heads(study), study=study, protocol=stamp, by=by, at=at or clock.now(), source=source)
        return record.append_to(study, None, [draft])[0]


def note(study: str, body: Body, by: By, *, reason: str = "", source: str = "web", at: datetime | None = None) -> Entry:
    """This will append an entry about accounts, access or exports to the study's own chain."""
    stamp = protocols.stamp(protocols.current(study))
    return record.append_to(study, None, [Draft(study, None, body, stamp, by, at or clock.now(), reason=reason, source=source)])[
        0
    ]
