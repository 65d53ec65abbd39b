"""Sign-ins, failed sign-ins, lockouts and changes to an account go to the ledger; the sign-in libraries' signals tell of them."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

# What is written for a name that no account has: people type their password into the wrong box, and the ledger never forgets.
UNKNOWN = "(no such account)"


def connect() -> None:
    """This will listen to the signals; each listener has a name, so listening twice changes nothing."""
    for signal, listener in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _failed),
        (user_locked_out, _locked),
        (account_signals.password_changed, _password_changed),
        (mfa_signals.authenticator_added, _second_factor_added),
        (mfa_signals.authenticator_removed, _second_factor_removed),
        (mfa_signals.authenticator_reset, _second_factor_reset),
    ):
        signal.connect(listener, dispatch_uid=f"protocord-{listener.__name__}")


def username_of(request: Any, credentials: dict[str, Any] | None = None) -> str | None:
    """This will return the user name that an attempt is about, for the lockout.

    The sign-in page calls its field `login`, Django's credentials call it `username`. Were the name not found, every failure would
    count against the address alone, and one person could lock out a whole hospital.
    """
    given = (credentials or {}).get("username") or request.POST.get("login") or request.POST.get("username")
    return str(given) if given else None


def _signed_in(sender: object, request: Any, user: Any, **_: object) -> None:
    del sender
    _write(user.username, "in", request)


def _signed_out(sender: object, request: Any, user: Any, **_: object) -> None:
    del sender
    if user is not None:
        _write(user.username, "out", request)


def _failed(sender: object, credentials: dict[str, Any], request: Any = None, **_: object) -> None:
    del sender
    _write(_account(credentials.get("username")), "failed", request)


def _locked(sender: object, request: Any, username: str | None = None, **_: object) -> None:
    del sender
    _write(_account(username), "locked", request)


def _password_changed(sender: object, user: Any, **_: object) -> None:
    del sender
    _changed(user, "password")


def _second_factor_added(sender: object, user: Any, **_: object) -> None:
    del sender
    _changed(user, "second factor added")


def _second_factor_removed(sender: object, user: Any, **_: object) -> None:
    del sender
    _changed(user, "second factor removed")


def _second_factor_reset(sender: object, user: Any, **_: object) -> None:
    del sender
    _changed(user, "second factor renewed")


def _write(username: str, what: str, request: Any) -> None:
    from protocord.store import actions

    address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
    actions.record_sign_in(username, what, address=address)


def _changed(user: Any, what: str) -> None:
    from protocord.store import actions

    actions.record_account_change(user.username, what)


def _account(username: Any) -> str:
    from protocord.store.models import User

    known = isinstance(username, str) and User.objects.filter(username=username).exists()
    return str(username) if known else UNKNOWN
