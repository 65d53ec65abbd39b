"""Deciding: a wish, under the protocol and in a state, becomes entries or reasons why not."""

from __future__ import annotations

from datetime import datetime

from protocord.conduct.capture import decide_form
from protocord.conduct.case import Case, local_date, refused, stamp
from protocord.conduct.decisions import Decision, Refusal, RefusalKind
from protocord.conduct.entering import (
    decide_assessment,
    decide_enrolment,
    decide_failure,
    decide_registration,
    decide_rescreening,
    decide_signature,
    next_number,
)
from protocord.conduct.roles import may
from protocord.conduct.state import Status, StudyState, SubjectState
from protocord.conduct.visiting import decide_calendar, decide_visit, decide_withdrawal
from protocord.conduct.wishes import (
    AssessEligibility,
    Enrol,
    PlanCalendar,
    RecordForm,
    RecordVisit,
    RegisterSubject,
    Rescreen,
    ScreenFail,
    SignEligibility,
    Wish,
    Withdraw,
)
from protocord.ledger import By
from protocord.protocol import Protocol
from protocord.values import Reason

__all__ = ["decide", "local_date", "next_number"]


def decide(
    protocol: Protocol,
    state: SubjectState | None,
    wish: Wish,
    *,
    study: StudyState,
    actor: By,
    at: datetime,
    reason: str = "",
    source: str = "web",
) -> Decision:
    """This will decide a wish: drafts to append in order, or every reason against it.

    `state` is the subject's (None only to register); `study` counts subjects for numbers and caps; `actor` is who acts, in one role
    at one site; `at` is the time in UTC; `reason` is the reason for a change. Raises ValueError for a wish about nobody.
    """
    if isinstance(wish, RegisterSubject):
        if all(site.id != wish.site for site in protocol.study.sites):
            return refused(Refusal(Reason.of("conduct_site_unknown", site=wish.site)))
        state = SubjectState(study.study, "", wish.site, Status.SCREENING, 0, at, stamp(protocol))
    if state is None:
        message = f"{type(wish).__name__} needs the state of a subject"
        raise ValueError(message)
    barred = _access(state, wish, actor)
    if barred:
        return refused(*barred)
    return _decide(Case(protocol, state, study, actor, at, " ".join(reason.split()), source), wish)


def _access(state: SubjectState, wish: Wish, actor: By) -> tuple[Refusal, ...]:
    """The table of roles, and: a site's subjects are its own staff's."""
    if not may(actor.role, type(wish)):
        return (
            Refusal(
                Reason.of("conduct_role_may_not", role=f"conduct_role_{actor.role}", wish=f"conduct_wish_{type(wish).__name__}"),
                level=RefusalKind.ROLE,
            ),
        )
    if actor.site != state.site:
        return (Refusal(Reason.of("conduct_other_site", site=actor.site), level=RefusalKind.ROLE),)
    return ()


def _decide(case: Case, wish: Wish) -> Decision:
    match wish:
        case RegisterSubject():
            return decide_registration(case, wish)
        case RecordForm():
            return decide_form(case, wish)
        case AssessEligibility():
            return decide_assessment(case, wish)
        case SignEligibility():
            return decide_signature(case, wish)
        case Enrol():
            return decide_enrolment(case, wish)
        case ScreenFail():
            return decide_failure(case, wish)
        case Rescreen():
            return decide_rescreening(case, wish)
        case PlanCalendar():
            return decide_calendar(case, wish)
        case RecordVisit():
            return decide_visit(case, wish)
        case Withdraw():
            return decide_withdrawal(case, wish)
