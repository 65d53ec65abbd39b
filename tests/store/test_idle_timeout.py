"""Who leaves the desk is signed out; who works is not, and reading does not write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import RequestFactory

from protocord.store import clock, record
from protocord.store.sessions import PRECISION, IdleTimeout

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
IDLE = timedelta(seconds=settings.SESSION_COOKIE_AGE)


class Visit:
    """One person's session, asked for a page at given times."""

    def __init__(self, user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.user = user
        self.monkeypatch = monkeypatch
        self.session = SessionStore()
        self.session[SESSION_KEY] = str(user.pk)

    def ask(self, at: datetime) -> tuple[bool, bool]:
        """This will ask for a page and tell whether the person was still signed in and whether the session must be written."""
        self.monkeypatch.setattr(clock, "now", lambda: at)
        request = RequestFactory().get("/")
        request.user = self.user
        request.session = self.session
        self.session.modified = False
        IdleTimeout(lambda _: HttpResponse())(request)
        return request.user.is_authenticated, self.session.modified


@pytest.fixture
def visit(trial: Any, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return Visit(trial.user("dan"), monkeypatch)


def test_a_person_who_works_on_stays(visit: Visit) -> None:
    signed_in = [visit.ask(NOON + timedelta(minutes=20 * number))[0] for number in range(6)]

    assert signed_in == [True] * 6


def test_a_person_who_was_away_is_signed_out_and_it_is_recorded(visit: Visit, trial: Any) -> None:
    visit.ask(NOON)

    assert visit.ask(NOON + IDLE + timedelta(seconds=1)) == (False, True)
    assert record.chain(trial.study, None)[-1].kind == "signed_out"


def test_exactly_the_limit_is_not_yet_too_long(visit: Visit) -> None:
    visit.ask(NOON)

    assert visit.ask(NOON + IDLE)[0]


def test_pages_in_quick_succession_write_no_session(visit: Visit) -> None:
    written = [visit.ask(NOON + timedelta(seconds=number * PRECISION / 3))[1] for number in range(4)]

    assert written == [True, False, False, True]
