"""Deciding: a wish, under the protocol and in a state, becomes entries or reasons why not."""

from __future__ import annotations

from datetime import date, datetime

from protocord.conduct.decisions import Decision
from protocord.conduct.state import StudyState, SubjectState
from protocord.conduct.wishes import Wish
from protocord.ledger import By
from protocord.protocol import Protocol


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
    at one site; `at` is the time in UTC; `reason` is the reason for a change.
    """
    raise NotImplementedError


def next_number(protocol: Protocol, study: StudyState, site: str) -> str:
    """This will return the number of the next subject at a site (its id): the site's code and a running number, such as `01-003`."""
    raise NotImplementedError


def local_date(protocol: Protocol, site: str, at: datetime) -> date:
    """This will return the calendar day at a site at a moment (UTC)."""
    raise NotImplementedError
