"""What the tests of pages share: people who are signed in, and a child to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def browser_of(user: Any, language: str) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    client.cookies["django_language"] = language
    return client


@pytest.fixture
def signed_in(trial: Any) -> Callable[..., Client]:
    """How a test becomes somebody of the trial: `signed_in("ana")`; `language` is the language of the browser."""
    return lambda name, language="en": browser_of(trial.user(name), language)


@pytest.fixture
def demonstrator(demonstration: Any) -> Callable[..., Client]:
    """How a test becomes somebody of the demonstration: `demonstrator("coordinator-01")`."""
    return lambda name, language="en": browser_of(demonstration.user(name), language)


@pytest.fixture
def child(trial: Any) -> str:
    """A child in screening at the first site, consented, with a few forms saved."""
    subject = trial.register()
    for form in ("consent", "demographics", "performance"):
        trial.record(subject, form)
    return str(subject)
