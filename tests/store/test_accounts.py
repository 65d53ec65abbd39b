"""Accounts, roles, sign-ins, lockout: each is an entry of the study's chain, and what protects the door is on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.test import Client, RequestFactory

from protocord.conduct import Role
from protocord.errors import Refused
from protocord.store import actions, archive, clock, record
from protocord.store.access import viewer_named, viewer_of

ON = date(2026, 3, 4)


def said(trial: Any, *kinds: str) -> list[tuple[str, str, Any]]:
    return [(entry.kind, entry.by.user, entry.data) for entry in record.chain(trial.study, None) if entry.kind in kinds]


def request(address: str = "10.0.0.7") -> HttpRequest:
    made = RequestFactory().post("/accounts/login/", {"login": "dan"})
    made.META["REMOTE_ADDR"] = address
    return made


def try_password(name: str, password: str) -> Any:
    return authenticate(request=request(), username=name, password=password)


def test_the_right_password_signs_in_and_is_recorded(trial: Any) -> None:
    client = Client()

    assert client.login(request=request(), username="dan", password=trial.password)
    assert said(trial, "signed_in")[-1] == ("signed_in", "dan", {"user": "dan"})


def test_a_wrong_password_is_recorded_with_its_address(trial: Any) -> None:
    assert try_password("dan", "wrong") is None

    assert said(trial, "sign_in_failed") == [("sign_in_failed", "system", {"address": "10.0.0.7", "user": "dan"})]


def test_a_name_that_nobody_has_is_not_written_down(trial: Any) -> None:
    """People type their password into the wrong box, and the ledger never forgets."""
    try_password("hunter2", "dan")

    assert said(trial, "sign_in_failed")[-1][2]["user"] == "(no such account)"


def test_five_failures_lock_the_account_even_for_the_right_password(trial: Any) -> None:
    for _ in range(5):
        try_password("dan", "wrong")

    assert try_password("dan", trial.password) is None
    assert said(trial, "account_locked")[-1][2]["user"] == "dan"
    assert try_password("ana", trial.password) is not None, "her colleague at the same address is not locked out"


def test_a_closed_account_signs_nobody_in_and_grants_nothing(trial: Any) -> None:
    actions.close_account("dan", reason="left the hospital")

    assert try_password("dan", trial.password) is None
    assert viewer_of(trial.user("dan")).grants == ()
    assert said(trial, "account_changed")[-1][2] == {"user": "dan", "what": "active"}


@pytest.mark.parametrize("name", ["dan", "mia"])
def test_today_is_the_day_at_the_site(trial: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """At seven in the morning in Dongguan it is still yesterday in UTC, and the visit is due today."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 3, 23, tzinfo=UTC))

    assert viewer_of(trial.user(name)).on == date(2026, 3, 4)


def test_an_anonymous_visitor_may_nothing(trial: Any) -> None:
    from django.contrib.auth.models import AnonymousUser

    assert viewer_of(AnonymousUser()).grants == ()


def test_a_role_given_and_ended_stands_in_the_studys_chain(trial: Any) -> None:
    actions.grant("cai", trial.study, Role.MONITOR, None, starts=ON, ends=date(2026, 12, 31), by="adam", reason="new monitor")
    actions.revoke("cai", trial.study, Role.MONITOR, None, last_day=date(2026, 6, 30), by="adam", reason="left")

    given, ended = said(trial, "access_changed")[-2:]
    assert (given[1], given[2]["granted"], given[2]["ends"]) == ("adam", True, "2026-12-31")
    assert (ended[2]["granted"], ended[2]["ends"]) == (False, "2026-06-30")
    assert archive.verify_database(trial.study)[trial.study].ok


@pytest.mark.parametrize(
    ("on", "holds"),
    [(date(2026, 3, 3), False), (date(2026, 3, 4), True), (date(2026, 3, 31), True), (date(2026, 4, 1), False)],
    ids=["the day before", "the first day", "the last day", "the day after"],
)
def test_a_role_holds_on_its_days_and_ends_without_anybody_acting(trial: Any, on: date, holds: bool) -> None:
    actions.grant("cai", trial.study, Role.MONITOR, None, starts=ON, ends=date(2026, 3, 31))

    assert bool(viewer_named("cai", on).grants) is holds


@pytest.mark.parametrize(
    ("role", "site", "message"),
    [
        (Role.COORDINATOR, None, "held at a site"),
        (Role.COORDINATOR, "nowhere", "no site of"),
        (Role.MONITOR, "dongguan-taixin", "holds across sites"),
    ],
)
def test_a_role_is_held_where_it_belongs(trial: Any, role: Role, site: str | None, message: str) -> None:
    with pytest.raises(Refused, match=message):
        actions.grant("cai", trial.study, role, site, starts=ON)


@pytest.mark.parametrize(("name", "role"), [("ana", Role.ADMINISTRATOR), ("adam", Role.MONITOR)])
def test_an_administrator_holds_no_clinical_role(trial: Any, name: str, role: Role) -> None:
    with pytest.raises(Refused, match="no clinical role"):
        actions.grant(name, trial.study, role, None, starts=ON)


def test_a_role_is_not_taken_away_without_a_reason(trial: Any) -> None:
    with pytest.raises(Refused, match="for a reason"):
        actions.revoke("dan", trial.study, Role.COORDINATOR, trial.sites[0], last_day=ON, reason=" ")


@pytest.mark.parametrize(
    ("username", "name", "password", "message"),
    [
        ("dan", "Dan Li", "another long enough word", "is taken"),
        ("new", "New Person", "short", "too short"),
        ("new", "New Person", "password1234", "too common"),
        ("new", "", "another long enough word", "the person's name"),
        ("new\n", "New Person", "another long enough word", "plain user name"),
    ],
)
def test_an_account_is_refused_with_its_reason(trial: Any, username: str, name: str, password: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        actions.create_user(username, name, password)


def test_a_changed_password_is_recorded_and_never_itself(trial: Any) -> None:
    actions.set_password("dan", "a new and longer password", by="adam")

    assert said(trial, "account_changed")[-1] == ("account_changed", "adam", {"user": "dan", "what": "password"})
    assert try_password("dan", "a new and longer password") is not None


def test_a_signatures_password_is_checked_and_its_failure_counted(trial: Any) -> None:
    ana = trial.viewer("ana")

    assert actions.check_password(ana, trial.password, request=request())
    assert not actions.check_password(ana, "wrong", request=request())
    assert not actions.check_password(ana, "wrong")
    assert len(said(trial, "sign_in_failed")) == 2


def test_a_sign_in_that_cannot_be_recorded_does_not_happen(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        message = "disk full"
        raise OSError(message)

    client = Client()
    monkeypatch.setattr(actions, "record_sign_in", fail)

    with pytest.raises(OSError, match="disk full"):
        client.login(request=request(), username="dan", password=trial.password)

    assert "_auth_user_id" not in client.session


def test_one_time_password_secrets_rest_encrypted(trial: Any) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(trial.user("dan"), secret)

    stored = str(Authenticator.objects.get().data)
    assert secret not in stored
    assert "sealed:" in stored


def test_nobody_signs_up_by_himself(trial: Any) -> None:
    from allauth.account.adapter import get_adapter

    assert not get_adapter().is_open_for_signup(request())
