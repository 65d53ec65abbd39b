"""What people do about one subject: load, decide, append, project, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from protocord import conduct, forms
from protocord.conduct import Decision, FormKey, RecordForm, RegisterSubject, Role, StudyState, SubjectState
from protocord.errors import Place, Problem, Refused
from protocord.ledger import Body, By, Draft, Entry
from protocord.store import clock, folding, projections, protocols, record
from protocord.store.access import NotAllowed, Permission, Viewer, not_there
from protocord.store.answers import Answer, Conflict, Declined, Done
from protocord.store.folding import Folded
from protocord.store.models import ChainHead, SubjectRow
from protocord.store.models import Draft as DraftRow

if TYPE_CHECKING:
    from protocord.conduct import Wish
    from protocord.protocol import Protocol

# Clocks are corrected by less than this without anybody noticing; more is a fault that would falsify the record.
CLOCK_TOLERANCE = timedelta(seconds=1)

# These count the study's subjects; they queue at the study's own chain, or two children would get one number.
_COUNTING = (RegisterSubject, conduct.Enrol)


def perform(
    viewer: Viewer,
    study: str,
    wish: Wish,
    *,
    subject: str = "",
    reason: str = "",
    source: str = "web",
    at: datetime | None = None,
) -> Answer:
    """This will carry out `wish` for one subject and return `Done`, `Declined` (with reasons) or `Conflict` (base, theirs, mine).

    A registration takes no `subject`: `Done.state.id` is the number given. `at` is the time of the act in UTC (default: now; only
    imports and the demonstration give one). Raises `NotThere` for a study or child that the viewer may not know of and
    `NotAllowed` where no role allows the wish. Whatever goes wrong, nothing is half-written.
    """
    protocol = protocols.current(study)
    site = _site(viewer, study, wish, subject)
    actor = acting(viewer, study, site, wish)
    with transaction.atomic():
        counted = _count(study, wish)
        if isinstance(wish, RegisterSubject):
            subject = wish.subject or conduct.next_number(protocol, counted, site)
        head = record.lock(study, subject)
        before = folding.at_head(study, subject, head.position, head.hash)
        state = before.state if before else None
        decision = conduct.decide(
            protocol,
            state,
            wish,
            study=counted,
            actor=actor,
            at=at or _now(before),
            reason=reason,
            source=source,
        )
        refusal = _refusal(decision, state, wish)
        if refusal is not None:
            # Nothing was appended: what the lock may have created (an empty chain's head) goes as well.
            transaction.set_rollback(True)
            return refusal
        done, folded = _write(protocol, head, before, decision.drafts)
        if isinstance(wish, RecordForm):
            DraftRow.objects.filter(
                user__username=viewer.username, study=study, subject=subject, visit=wish.visit, form=wish.form, repeat=wish.repeat
            ).delete()
    # Only now is the state the database's own; before, a rollback could still have undone it.
    if folded is not None:
        folding.remember(folded)
    return done


def next_subject_number(viewer: Viewer, study: str, site: str) -> str:
    """This will return the number that the next child registered at `site` would get, such as `01-003`; it is given at registration."""
    viewer.demand(Permission.REGISTER_SUBJECTS, study, site)
    return conduct.next_number(protocols.current(study), folding.study_state(study), site)


def acting(viewer: Viewer, study: str, site: str, wish: Wish) -> By:
    """This will return who acts: the viewer in the first of its roles at the site that may make this wish; else it raises."""
    for role in Role:
        holds = any(grant.role == role and grant.reaches(study, site) for grant in viewer.grants)
        if holds and conduct.may(role, type(wish)):
            return By(viewer.username, role.value, site)
    if not viewer.may(Permission.SEE_SUBJECTS, study, site):
        raise not_there(study)
    raise NotAllowed(
        [
            Problem(
                Place(item=f"{study}, site {site}"),
                f"none of your roles allows this ({type(wish).__name__}).",
                "Ask the study's administrator for the role if it is yours to do.",
            )
        ]
    )


def _site(viewer: Viewer, study: str, wish: Wish, subject: str) -> str:
    if isinstance(wish, RegisterSubject):
        return wish.site
    site = SubjectRow.objects.filter(study=study, subject=subject).values_list("site", flat=True).first()
    if site is None or not viewer.may(Permission.SEE_SUBJECTS, study, site):
        raise not_there(subject)
    return site


def _count(study: str, wish: Wish) -> StudyState:
    if not isinstance(wish, _COUNTING):
        return StudyState(study)
    record.lock(study, None)
    return folding.study_state(study)


def _now(before: Folded | None) -> datetime:
    now = clock.now()
    if before is None or now >= before.last.at:
        return now
    if before.last.at - now > CLOCK_TOLERANCE:
        behind = before.last.at - now
        raise Refused(
            [
                Problem(
                    Place(item=f"{before.state.study} {before.state.id}"),
                    f"the server's clock is {behind} behind the last entry of this record.",
                    "Correct the server's clock; nothing was saved.",
                )
            ]
        )
    return before.last.at


def _refusal(decision: Decision, state: SubjectState | None, wish: Wish) -> Answer | None:
    if decision.conflicts and state is not None and isinstance(wish, RecordForm):
        saved = state.forms[FormKey(wish.visit, wish.form, wish.repeat)]
        merge = forms.diff(saved.answers_at(wish.base_position), saved.answers, wish.answers)
        return Conflict(decision.conflicts, merge.merged, saved.position, saved.by.user, saved.at)
    if decision.refusals:
        return Declined(decision.refusals)
    return None


def _write(protocol: Protocol, head: ChainHead, before: Folded | None, drafts: Iterable[Draft]) -> tuple[Done, Folded | None]:
    """This will append the drafts to their chains and bring the projections up to them."""
    own = [draft for draft in drafts if draft.subject == head.subject]
    for draft in drafts:
        if draft.subject != head.subject:
            record.append_to(draft.study, draft.subject, [draft])
    entries = record.append(head, before.last if before else None, own)
    state = conduct.fold(entries, before.state if before else None) if entries else before.state if before else None
    assert state is not None  # a registration always appends, everything else needs a state
    if not entries:
        return Done((), state), before
    projections.update(protocol, before.state if before else None, state)
    return Done(entries, state), Folded(state, entries[-1])


def append_beside(
    study: str, subject: str, body: Body, actor: By, *, reason: str, source: str, at: datetime | None = None
) -> Entry:
    """This will append an entry of the store's own (identity seen, identity stored) to a subject's chain, inside a transaction."""
    protocol = protocols.current(study)
    head = record.lock(study, subject)
    before = folding.at_head(study, subject, head.position, head.hash)
    if before is None:
        raise not_there(subject)
    draft = Draft(
        study,
        subject,
        body,
        protocols.stamp(protocol),
        actor,
        at or _now(before),
        reason=reason,
        source=source,
    )
    done, _ = _write(protocol, head, before, [draft])
    return done.entries[0]
