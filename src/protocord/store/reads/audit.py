"""The audit trail: the entries themselves, narrowed to what the viewer may see.

Who may see the trail across sites sees every entry. Site staff see their own children's chains, their own acts, the protocol's versions and
the seals, these without their content (it counts the other sites' children). Administrators see accounts and access.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from protocord import ledger
from protocord.conduct import (
    AccessChanged,
    AccountChanged,
    AccountCreated,
    AccountLocked,
    Exported,
    ProtocolInstalled,
    SignedIn,
    SignedOut,
    SignInFailed,
)
from protocord.ledger import Entry, Seal
from protocord.store import people, record
from protocord.store.access import NotAllowed, Permission, Viewer
from protocord.store.answers import AuditFilter, AuditPage, AuditRow, ChainStatus
from protocord.store.models import LedgerEntry
from protocord.store.reads import scope

if TYPE_CHECKING:
    from django.db.models import QuerySet

_ACCOUNTS = tuple(
    body.kind
    for body in (AccountCreated, AccountChanged, AccessChanged, SignedIn, SignedOut, SignInFailed, AccountLocked, Exported)
)
_PUBLIC = (ProtocolInstalled.kind, Seal.kind)
_FEW = 10
COLUMNS = (
    "study", "subject", "position", "kind", "at", "user", "role", "site", "reason", "source", "protocol_version", "hash", "body",
)  # fmt: skip


def audit(viewer: Viewer, study: str, wanted: AuditFilter, *, page: int = 1, per_page: int = 50) -> AuditPage:
    """This will return the entries that the viewer may see and `wanted` asks for, newest first."""
    seen = _seen(viewer, study)
    rows = _filtered(seen, wanted)
    total = rows.count()
    pages = max(1, -(-total // per_page))
    page = min(max(1, page), pages)
    cut = rows.order_by("-at", "-id")[(page - 1) * per_page : page * per_page]
    return AuditPage(
        study=study,
        rows=_answers(viewer, study, (record.entry_of(row) for row in cut)),
        total=total,
        page=page,
        pages=pages,
        kinds=_choices(seen, "kind"),
        users=_choices(seen, "user"),
        subjects=tuple(subject for subject in _choices(seen, "subject") if subject),
        may_export=viewer.may(Permission.EXPORT_DATA, study),
    )


def audit_lines(viewer: Viewer, study: str, wanted: AuditFilter, *, form: str = "csv") -> Iterator[str]:
    """This will yield the filtered trail, oldest first, as lines of CSV (with a heading) or JSON Lines (`form="jsonl"`).

    The caller records the export (`actions.record_export`).
    """
    viewer.demand(Permission.EXPORT_DATA, study)
    rows = _filtered(_seen(viewer, study), wanted).order_by("at", "id")
    if form == "csv":
        yield _csv_line(COLUMNS)
    for row in rows.iterator(chunk_size=2000):
        entry = record.entry_of(row)
        values = (
            entry.study, entry.subject or "", entry.position, entry.kind, entry.at.isoformat(timespec="microseconds"), entry.by.user,
            entry.by.role, entry.by.site, entry.reason, entry.source, entry.protocol.version, entry.hash,
            None if _masked(viewer, study, entry) else entry.body,
        )  # fmt: skip
        if form == "csv":
            yield _csv_line(values)
        else:
            yield json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False) + "\n"


def chain_status(viewer: Viewer, study: str) -> ChainStatus:
    """This will verify the chains that the viewer may see, and tell when the study was last sealed."""
    everything = viewer.sites(Permission.SEE_AUDIT, study) is None or viewer.may(Permission.VERIFY_LEDGER, study)
    if everything:
        entries: Iterable[Entry] = record.all_entries(study)
        heads = record.heads(study)
    else:
        viewer.demand(Permission.SEE_AUDIT, study)
        own = list(scope.subjects(viewer, study, Permission.SEE_AUDIT).values_list("subject", flat=True))
        entries = (entry for chain in record.chains(study, own).values() for entry in chain)
        heads = tuple(head for head in record.heads(study) if head.subject in set(own))
    found = ledger.verify(entries, heads=heads)
    sealed = (
        LedgerEntry.objects.filter(study=study, subject="", kind=Seal.kind).order_by("-position").values_list("at", flat=True)
    )
    return ChainStatus(found.entries, found.chains, found.problems, sealed.first())


def recent_acts(viewer: Viewer, study: str, subject: str) -> tuple[AuditRow, ...]:
    """This will return the latest entries of a subject whom the viewer may see; () for who may not see the trail."""
    own = scope.subjects(viewer, study, Permission.SEE_AUDIT).filter(subject=subject)
    if not own.exists():
        return ()
    rows = LedgerEntry.objects.filter(study=study, subject=subject).order_by("-position")[:_FEW]
    return _answers(viewer, study, (record.entry_of(row) for row in rows))


def own_acts(viewer: Viewer) -> tuple[AuditRow, ...]:
    """This will return the viewer's own latest acts in the studies where the viewer still holds a role."""
    rows = LedgerEntry.objects.filter(user=viewer.username, study__in=viewer.studies).order_by("-at", "-id")[:_FEW]
    entries = [record.entry_of(row) for row in rows]
    return tuple(_answer(entry, viewer.name, masked=_masked(viewer, entry.study, entry)) for entry in entries)


def _seen(viewer: Viewer, study: str) -> QuerySet[LedgerEntry]:
    """This will return the entries that the viewer may see; raises NotThere for a stranger and NotAllowed for who may see none."""
    scope.demand_study(viewer, study)
    rows = LedgerEntry.objects.filter(study=study)
    sites = viewer.sites(Permission.SEE_AUDIT, study)
    if sites is None:
        return rows
    seen = Q(pk__in=())
    if sites:
        own = scope.subjects(viewer, study, Permission.SEE_AUDIT).values("subject")
        seen |= Q(subject__in=own) | Q(subject="", kind__in=_PUBLIC) | Q(subject="", user=viewer.username)
    if viewer.may(Permission.MANAGE_ACCOUNTS, study):
        seen |= Q(subject="", kind__in=(*_ACCOUNTS, *_PUBLIC))
    if not sites and not viewer.may(Permission.MANAGE_ACCOUNTS, study):
        viewer.demand(Permission.SEE_AUDIT, study)
        raise NotAllowed(())  # demand has raised already
    return rows.filter(seen)


def _filtered(rows: QuerySet[LedgerEntry], wanted: AuditFilter) -> QuerySet[LedgerEntry]:
    exact = {"subject": wanted.subject, "user": wanted.user, "kind": wanted.kind, "role": wanted.role, "source": wanted.source}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.since is not None:
        rows = rows.filter(at__gte=datetime.combine(wanted.since, time(), UTC))
    if wanted.until is not None:
        rows = rows.filter(at__lt=datetime.combine(wanted.until + timedelta(days=1), time(), UTC))
    if wanted.text:
        rows = rows.filter(Q(reason__icontains=wanted.text) | Q(body__icontains=wanted.text) | Q(user__icontains=wanted.text))
    return rows


def _masked(viewer: Viewer, study: str, entry: Entry) -> bool:
    """This will tell whether the entry is shown without its content: a seal counts the children of every site."""
    return entry.kind == Seal.kind and viewer.sites(Permission.SEE_AUDIT, study) is not None


def _answers(viewer: Viewer, study: str, entries: Iterable[Entry]) -> tuple[AuditRow, ...]:
    found = tuple(entries)
    names = people.names({entry.by.user for entry in found})
    return tuple(_answer(entry, names[entry.by.user], masked=_masked(viewer, study, entry)) for entry in found)


def _answer(entry: Entry, name: str, *, masked: bool) -> AuditRow:
    return AuditRow(
        study=entry.study,
        subject=entry.subject,
        position=entry.position,
        kind=entry.kind,
        at=entry.at,
        user=entry.by.user,
        name=name,
        role=entry.by.role,
        site=entry.by.site,
        reason=entry.reason,
        source=entry.source,
        protocol_version=entry.protocol.version,
        hash=entry.hash,
        body=None if masked else entry.data,
        masked=masked,
    )


def _choices(rows: QuerySet[LedgerEntry], column: str) -> tuple[str, ...]:
    return tuple(rows.order_by(column).values_list(column, flat=True).distinct())


def _csv_line(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_disarmed(value) for value in values])
    return line.getvalue()


def _disarmed(value: object) -> object:
    """A spreadsheet runs a cell that begins like a formula; an apostrophe makes it text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
