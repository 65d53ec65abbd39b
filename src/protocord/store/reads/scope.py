"""The one place where reads are narrowed to what the viewer may see; every query for a subject begins here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocord.store import folding
from protocord.store.access import Permission, Viewer, not_there
from protocord.store.answers import SiteCard, SubjectCard, VisitCell, VisitState
from protocord.store.models import SubjectRow, VisitRow

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet

    from protocord.conduct import SubjectState
    from protocord.protocol import Protocol
    from protocord.protocol.document import Site

CARD = ("study", "subject", "site", "status", "outcome", "signature", "registered_on", "protocol_version")
CELL = ("visit", "target", "earliest", "latest", "status", "actual", "days_outside", "forms_done", "forms_expected")


def demand_study(viewer: Viewer, study: str) -> None:
    """This will raise NotThere unless the viewer holds a role in the study."""
    if study not in viewer.studies:
        raise not_there(study)


def subjects(viewer: Viewer, study: str, permission: Permission = Permission.SEE_SUBJECTS) -> QuerySet[SubjectRow]:
    """This will return the rows of the subjects for whom the viewer has `permission`; none for a stranger."""
    rows = SubjectRow.objects.filter(study=study)
    sites = viewer.sites(permission, study)
    return rows if sites is None else rows.filter(site__in=sites)


def card(viewer: Viewer, study: str, subject: str) -> SubjectCard:
    """This will return one subject as lists show it; raises NotThere for one that is missing or hidden."""
    row = subjects(viewer, study).filter(subject=subject).values_list(*CARD).first()
    if row is None:
        raise not_there(subject)
    return SubjectCard(*row)


def state(found: SubjectCard) -> SubjectState:
    """This will return the state of a subject that the viewer may see."""
    current = folding.state(found.study, found.subject)
    if current is None:
        raise not_there(found.subject)
    return current


def may(viewer: Viewer, found: SubjectCard) -> frozenset[str]:
    """This will return the values of the permissions that the viewer has for this subject."""
    return frozenset(permission.value for permission in Permission if viewer.may(permission, found.study, found.site))


def site_card(site: Site) -> SiteCard:
    """This will return a site as pages show it."""
    return SiteCard(site.id, site.code, site.name)


def sites(viewer: Viewer, protocol: Protocol, permission: Permission = Permission.SEE_SUBJECTS) -> tuple[SiteCard, ...]:
    """This will return the study's sites at which the viewer has `permission`."""
    wanted = viewer.sites(permission, protocol.study.id)
    return tuple(site_card(site) for site in protocol.study.sites if wanted is None or site.id in wanted)


def cells(rows: QuerySet[VisitRow], on: date) -> dict[str, dict[str, VisitCell]]:
    """This will return the visits of many subjects: subject, then visit."""
    found: dict[str, dict[str, VisitCell]] = {}
    for subject, *values in rows.values_list("subject", *CELL):
        cell = visit_cell(tuple(values), on)
        found.setdefault(subject, {})[cell.visit] = cell
    return found


def visit_cell(row: tuple[object, ...], on: date) -> VisitCell:
    """This will return how a visit stands on a day, from its row."""
    visit, target, earliest, latest, status, actual, days_outside, done, expected = row
    return VisitCell(
        visit=visit,  # type: ignore[arg-type]  # a row of the columns CELL
        state=_visit_state(status, earliest, latest, done, expected, on),  # type: ignore[arg-type]
        target=target,  # type: ignore[arg-type]
        earliest=earliest,  # type: ignore[arg-type]
        latest=latest,  # type: ignore[arg-type]
        actual=actual,  # type: ignore[arg-type]
        days_outside=days_outside,  # type: ignore[arg-type]
        forms_done=done,  # type: ignore[arg-type]
        forms_expected=expected,  # type: ignore[arg-type]
    )


def _visit_state(status: str, earliest: date | None, latest: date | None, done: int, expected: int, on: date) -> VisitState:
    if status in {"missed", "skipped"}:
        return VisitState(status)
    if done and done >= expected:
        return VisitState.COMPLETE
    if status == "done":
        return VisitState.STARTED if expected else VisitState.COMPLETE
    if done:
        return VisitState.STARTED
    if earliest is None or latest is None:
        return VisitState.NOT_PLANNED
    if on < earliest:
        return VisitState.SCHEDULED
    return VisitState.DUE if on <= latest else VisitState.OVERDUE
