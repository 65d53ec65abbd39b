"""The eligibility board: what the rules say of a child now or at an earlier moment, and what people did with it."""

from __future__ import annotations

from datetime import date, datetime

from protocord import conduct, eligibility
from protocord.conduct import Assessment, Signature, SubjectState
from protocord.store import folding, people, protocols, record
from protocord.store.access import Viewer, not_there
from protocord.store.answers import AssessmentCard, Board, SignatureCard
from protocord.store.reads import scope


def eligibility_board(
    viewer: Viewer, study: str, subject: str, on: date, planned_infusion: date | None = None, as_of: datetime | None = None
) -> Board:
    """This will screen the child on day `on` from what is known (or was known at `as_of`, UTC) and tell what people did with it.

    An infusion planned before `on` is left aside. As of a moment before the child was registered there is nothing: NotThere.
    """
    card = scope.card(viewer, study, subject)
    protocol = protocols.current(study)
    now = scope.state(card)
    state = now if as_of is None else folding.state_as_of(study, subject, as_of)
    if state is None:
        raise not_there(subject)
    if planned_infusion is not None and planned_infusion < on:
        planned_infusion = None  # nothing is planned for a day already past; the screening then says that none is stated
    facts = conduct.record(protocol, state)
    screening = eligibility.screen(protocol, facts, on=on, planned_infusion=planned_infusion)
    timeline = eligibility.timeline(protocol, facts, on=on, planned_infusion=planned_infusion)
    names = people.names({one.by.user for one in state.assessments} | {one.by.user for one in state.signatures})
    assessments = tuple(_assessment(one, names) for one in reversed(state.assessments))
    current = assessments[0] if assessments else None
    return Board(
        card=card,
        site=scope.site_card(protocol.site(card.site)),
        protocol=protocol,
        screening=screening,
        timeline=timeline,
        assessments=assessments,
        signatures=tuple(_signature(one, names, state) for one in reversed(state.signatures)),
        current=current,
        is_recorded=current is not None and current.content_hash == screening.content_hash,
        as_of=as_of,
        may=scope.may(viewer, card) if as_of is None else frozenset(),
    )


def _assessment(one: Assessment, names: dict[str, str]) -> AssessmentCard:
    return AssessmentCard(
        at=one.at,
        user=one.by.user,
        name=names[one.by.user],
        role=one.by.role,
        on=one.on,
        planned_infusion=one.planned_infusion,
        outcome=one.outcome,
        content_hash=one.content_hash,
        protocol_version=one.protocol.version,
        position=one.position,
    )


def _signature(one: Signature, names: dict[str, str], state: SubjectState) -> SignatureCard:
    return SignatureCard(
        at=one.at,
        user=one.by.user,
        name=one.name or names[one.by.user],
        role=one.by.role,
        meaning=one.meaning,
        content_hash=one.content_hash,
        state="valid" if one.valid else "broken",
        position=one.position,
        broken_at=_moment(state, one.broken_at),
        broken_criteria=one.broken_criteria,
    )


def _moment(state: SubjectState, position: int | None) -> datetime | None:
    return None if position is None else record.moment(state.study, state.id, position)
