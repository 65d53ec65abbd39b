"""Lists: the viewer's studies, what is due, the subject matrix."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import Count

from protocord import conduct
from protocord.store import folding, protocols
from protocord.store.access import SMALL_COUNT, Permission, Viewer
from protocord.store.answers import (
    Home,
    MatrixRow,
    OtherSite,
    StudyCard,
    SubjectCard,
    SubjectMatrix,
    VisitCell,
    VisitColumn,
    VisitState,
    WorkItem,
)
from protocord.store.models import SubjectRow, VisitRow
from protocord.store.reads import scope
from protocord.store.reads.audit import own_acts

if TYPE_CHECKING:
    from protocord.conduct import Due, SubjectState
    from protocord.protocol import Protocol


def home(viewer: Viewer, on: date) -> Home:
    """This will return the viewer's studies and work list on day `on`."""
    work: list[WorkItem] = []
    for study in protocols.installed():
        if viewer.may(Permission.SEE_SUBJECTS, study):
            work += _work(viewer, study, on)
    work.sort(key=lambda item: (item.due is None, item.due or on, item.subject))
    return Home(on, studies(viewer), tuple(work), own_acts(viewer))


def _work(viewer: Viewer, study: str, on: date) -> list[WorkItem]:
    protocol = protocols.current(study)
    sites = dict(scope.subjects(viewer, study).values_list("subject", "site"))
    states = folding.states(study, sites)
    return [
        WorkItem(due.kind.value, study, subject, sites[subject], due.visit, due.form, due.by, due.reason)
        for subject, state in sorted(states.items())
        for due in _due(_Case(protocol, state), on)
    ]


class _Case:
    """A protocol and a state as one key: the same objects are the same case, and comparing all they hold would cost more than the answer."""

    __slots__ = ("protocol", "state")

    def __init__(self, protocol: Protocol, state: SubjectState) -> None:
        self.protocol = protocol
        self.state = state

    def __hash__(self) -> int:
        return hash((id(self.protocol), id(self.state)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Case) and self.protocol is other.protocol and self.state is other.state


# What is due may ask for a screening, which costs milliseconds; a state never changes, so its answer on a day does not either.
@lru_cache(maxsize=4096)
def _due(case: _Case, on: date) -> tuple[Due, ...]:
    return conduct.due(case.protocol, case.state, on)


def studies(viewer: Viewer) -> tuple[StudyCard, ...]:
    """This will return the installed studies in which the viewer holds a role."""
    return tuple(_study_card(viewer, study) for study in protocols.installed() if study in viewer.studies)


def _study_card(viewer: Viewer, study: str) -> StudyCard:
    protocol = protocols.current(study)
    return StudyCard(
        id=study,
        title=protocol.study.title.brief,
        version=protocol.version,
        hash=protocol.hash,
        roles=tuple(role.value for role in viewer.roles(study)),
        sites=scope.sites(viewer, protocol),
        subjects=scope.subjects(viewer, study).count(),
    )


def protocol(viewer: Viewer, study: str) -> Protocol:
    """This will return the study's current protocol."""
    scope.demand_study(viewer, study)
    return protocols.current(study)


def subject_matrix(
    viewer: Viewer, study: str, on: date, *, site: str = "", status: str = "", find: str = "", page: int = 1, per_page: int = 50
) -> SubjectMatrix:
    """This will return a page of the subjects that the viewer may see, with the state of each visit on day `on`.

    `find` is part of a subject's number. The number of queries does not depend on the number of subjects.
    """
    viewer.demand(Permission.SEE_SUBJECTS, study)
    protocol = protocols.current(study)
    rows = scope.subjects(viewer, study)
    if site:
        rows = rows.filter(site=site)
    if status:
        rows = rows.filter(status=status)
    if find:
        rows = rows.filter(subject__icontains=find)
    total = rows.count()
    pages = max(1, -(-total // per_page))
    page = min(max(1, page), pages)
    cards = [
        SubjectCard(*row) for row in rows.order_by("subject").values_list(*scope.CARD)[(page - 1) * per_page : page * per_page]
    ]
    visits = VisitRow.objects.filter(study=study)
    if total > per_page:
        visits = visits.filter(subject__in=[card.subject for card in cards])
    else:
        visits = visits.filter(site__in={card.site for card in cards})
    cells = scope.cells(visits, on)
    return SubjectMatrix(
        study=study,
        on=on,
        visits=tuple(VisitColumn(visit.id, visit.name, visit.epoch) for visit in protocol.schedule.visits),
        rows=tuple(MatrixRow(card, _row(protocol, cells.get(card.subject, {}))) for card in cards),
        total=total,
        page=page,
        pages=pages,
        sites=scope.sites(viewer, protocol),
        statuses=tuple(status.value for status in conduct.Status),
        may_register=scope.sites(viewer, protocol, Permission.REGISTER_SUBJECTS),
    )


def _row(protocol: Protocol, known: dict[str, VisitCell]) -> tuple[VisitCell, ...]:
    return tuple(known.get(visit.id) or _unplanned(visit.id, len(visit.forms)) for visit in protocol.schedule.visits)


@lru_cache(maxsize=1024)
def _unplanned(visit: str, forms: int) -> VisitCell:
    return VisitCell(visit, VisitState.NOT_PLANNED, forms_expected=forms)


def other_sites(viewer: Viewer, study: str) -> tuple[OtherSite, ...]:
    """This will return how many subjects the sites beyond the viewer's own have; small numbers are None.

    A number is told only where it is at least `access.SMALL_COUNT`, and then only to site roles of the study; who sees every
    site has no other sites.
    """
    viewer.demand(Permission.SEE_SUBJECTS, study)
    own = viewer.sites(Permission.SEE_SUBJECTS, study)
    if own is None:
        return ()
    counts = dict(SubjectRow.objects.filter(study=study).exclude(site__in=own).values_list("site").annotate(number=Count("id")))
    found = []
    for site in protocols.current(study).study.sites:
        if site.id not in own:
            number = counts.get(site.id, 0)
            found.append(OtherSite(scope.site_card(site), number if number >= SMALL_COUNT else None))
    return tuple(found)
