"""The audit trail: every entry, filtered by any column, exported by the study team itself; and whether the chains hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from protocord.store import actions, reads
from protocord.store.access import Permission, Viewer
from protocord.store.answers import AuditFilter, AuditRow
from protocord.web.doors import allow
from protocord.web.frame import day_of, show

HASH = re.compile(r"[0-9a-f]{64}")
SOURCES = ("web", "cli", "api", "import", "simulation")


@dataclass(frozen=True, slots=True)
class TrailRow:
    """An entry, with what it says broken into lines."""

    row: AuditRow
    changes: tuple[dict[str, str], ...]
    particulars: tuple[tuple[str, str], ...]


@allow(Permission.SEE_AUDIT)
def trail(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will show the entries that the person may see, newest first; the filter stands in the address."""
    asked = request.GET
    wanted = filter_of(asked)
    number = int(asked["page"]) if asked.get("page", "").isdecimal() else 1
    page = reads.audit(viewer, study, wanted, page=max(number, 1))
    values = {
        "page": page,
        "rows": [_row(row) for row in page.rows],
        "asked": asked,
        "sources": SOURCES,
        "masked": any(row.masked for row in page.rows),
    }
    return show(request, viewer, "audit/trail.html", values, study=study, here="audit")


def filter_of(asked: Mapping[str, str]) -> AuditFilter:
    """This will read a filter from the address."""
    return AuditFilter(
        subject=asked.get("subject", "").strip(),
        user=asked.get("user", ""),
        kind=asked.get("kind", ""),
        source=asked.get("source", ""),
        since=day_of(asked.get("since"), None),
        until=day_of(asked.get("until"), None),
        text=" ".join(part for part in (asked.get("form", "").strip(), asked.get("text", "").strip()) if part),
    )


def _row(row: AuditRow) -> TrailRow:
    body: Any = row.body if isinstance(row.body, Mapping) else {}
    changes = tuple(
        {
            "item": change["item"],
            "old": _answer(change.get("old")),
            "new": _answer(change.get("new")),
            "reason": change.get("reason", ""),
        }
        for change in body.get("changes", ())
    )
    particulars = tuple(
        (name, _said(value))
        for name, value in body.items()
        if name not in {"changes", "screening", "heads"} and value not in ({}, [], "")
    )
    return TrailRow(row, changes, particulars)


def _answer(answer: Mapping[str, Any] | None) -> str:
    if not answer:
        return ""
    said = " ".join(str(answer[part]) for part in ("value", "unit", "null") if answer.get(part))
    return f"{said} ({answer['note']})" if answer.get("note") else said


def _said(value: Any) -> str:
    if isinstance(value, str):
        return f"{value[:8]}…{value[-4:]}" if HASH.fullmatch(value) else value
    return json.dumps(value, ensure_ascii=False)


@allow(Permission.EXPORT_DATA)
def export(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will send the filtered trail as CSV or JSON Lines; that it was exported is itself an entry."""
    form = "jsonl" if request.GET.get("as") == "jsonl" else "csv"
    lines = list(reads.audit_lines(viewer, study, filter_of(request.GET), form=form))
    actions.record_export(viewer, study, f"audit.{form}", rows=len(lines) - (form == "csv"))
    kind = "text/csv" if form == "csv" else "application/jsonl"
    text = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
    # A spreadsheet program reads Chinese in a CSV file only when it begins with this mark.
    response = HttpResponse(("\ufeff" if form == "csv" else "") + text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study}-audit.{form}"'
    return response


@allow(Permission.VERIFY_LEDGER)
def ledger(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
    """This will verify every chain that the person may see, now, and say what is wrong with which entry."""
    status = reads.chain_status(viewer, study)
    values = {"status": status, "problems": [str(problem) for problem in status.problems]}
    return show(request, viewer, "audit/ledger.html", values, study=study, here="ledger")
