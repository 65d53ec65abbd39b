"""What must be set before real children's data may be served."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from protocord.errors import Place, Problem, Refused


def problems() -> tuple[Problem, ...]:
    """This will return what keeps this configuration from production; none in a demonstration on this machine (plain HTTP)."""
    if settings.PLAIN_HTTP:
        return ()
    found: list[Problem] = []
    if not settings.SECRET_KEY_IS_LASTING:
        found.append(
            Problem(
                Place(item="PROTOCORD_SECRET_KEY"),
                "is not set, so everybody is signed out at each restart and processes do not agree.",
                "Set it to at least 50 random characters, kept outside the database.",
            )
        )
    if not settings.PROTOCORD_VAULT_KEYS:
        found.append(
            Problem(
                Place(item="PROTOCORD_VAULT_KEY"),
                "is not set, so identities could be neither stored nor read.",
                "Set it to a key made by `protocord vault-key`, kept outside the database and its backups.",
            )
        )
    return tuple(found)


def demand() -> None:
    """This will raise Refused with every problem; the server's entry point calls it before it listens."""
    if found := problems():
        raise Refused(found)


def register() -> None:
    """This will add the problems to `manage.py check --deploy`."""
    checks.register(_check, checks.Tags.security, deploy=True)


def _check(**_: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(f"{problem.place}: {problem.what}", hint=problem.remedy, id=f"store.E{number:03}")
        for number, problem in enumerate(problems(), start=1)
    ]
