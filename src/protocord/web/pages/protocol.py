"""The protocol as people read it: synopsis, schedule of activities, criteria with their readings, what a sponsor must still confirm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from protocord.protocol import Protocol, synopsis_data, to_confirm
from protocord.store import reads
from protocord.store.access import Viewer
from protocord.web.doors import GuardedView, allow
from protocord.web.frame import language, show


def _page(name: str, values_of: Callable[[Protocol], Mapping[str, Any]]) -> GuardedView:
    """This will make the view of one tab of the protocol's page."""

    @allow(None)
    def view(request: HttpRequest, viewer: Viewer, study: str) -> HttpResponse:
        protocol = reads.protocol(viewer, study)
        values = {
            "tab": name,
            "version": protocol.version,
            "hash": protocol.hash,
            "released": protocol.study.date,
            **values_of(protocol),
        }
        return show(
            request, viewer, f"protocol/{name}.html", values, study=study, title=protocol.study.title.brief, here="protocol"
        )

    return view


def _described(protocol: Protocol) -> Mapping[str, Any]:
    described = synopsis_data(protocol, language())
    lines = [(line.label, list(zip(line.statements, line.sources, strict=True))) for line in described.lines]
    return {"described": described, "lines": lines}


def _schedule(protocol: Protocol) -> Mapping[str, Any]:
    table = synopsis_data(protocol, language()).schedule
    return {"table": table, "activities": list(zip(table.activities, table.marks, strict=True))}


def _to_confirm(protocol: Protocol) -> Mapping[str, Any]:
    items = to_confirm(protocol)
    by_source: dict[str, int] = {}
    for item in items:
        by_source[item.source.value] = by_source.get(item.source.value, 0) + 1
    return {"items": items, "by_source": by_source.items(), "questions": protocol.study.open_questions}


synopsis = _page("synopsis", _described)
schedule = _page("schedule", _schedule)
criteria = _page("criteria", _described)
to_confirm_page = _page("to_confirm", _to_confirm)
