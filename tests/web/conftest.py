"""What the tests of pages share: people who are signed in, and a child to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def signed_in(trial: Any) -> Callable[..., Client]:
    """How a test becomes somebody: `signed_in("ana")` is a browser in which Ana works; `language` is its language."""

    def become(name: str, language: str = "en") -> Client:
        client = Client()
        client.force_login(trial.user(name), backend="allauth.account.auth_backends.AuthenticationBackend")
        client.cookies["django_language"] = language
        return client

    return become


@pytest.fixture
def child(trial: Any) -> str:
    """A child in screening at the first site, consented, with a few forms saved."""
    subject = trial.register()
    for form in ("consent", "demographics", "performance"):
        trial.record(subject, form)
    return str(subject)
