"""What the tests of pages share: people who are signed in, a child to look at, and the demonstration's children."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
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
    """How a test becomes somebody: `signed_in("ana")` is a browser in which Ana works; `language` is its language."""
    return lambda name, language="en": browser_of(trial.user(name), language)


@pytest.fixture
def child(trial: Any) -> str:
    """A child in screening at the first site, consented, with a few forms saved."""
    subject = trial.register()
    for form in ("consent", "demographics", "performance"):
        trial.record(subject, form)
    return str(subject)


@dataclass(frozen=True)
class Demonstration:
    """The demonstration's children: enrolled, waiting for a signature, ineligible, incomplete, withdrawn …"""

    study: str = "nct06848582"
    password: str = "correct horse battery staple"

    def user(self, name: str) -> Any:
        from django.contrib.auth import get_user_model

        return get_user_model().objects.get(username=name)

    def browser(self, name: str, language: str = "en") -> Client:
        return browser_of(self.user(name), language)

    def subject(self, **wanted: str) -> str:
        """The first child of the first site whose card is as wanted: `status="enrolled"`, `signature="valid"`."""
        from protocord.store import reads
        from protocord.store.access import viewer_named

        viewer = viewer_named("coordinator-01")
        rows = reads.subject_matrix(viewer, self.study, viewer.on).rows
        return next(row.card.subject for row in rows if all(getattr(row.card, name) == code for name, code in wanted.items()))


@pytest.fixture(scope="session")
def scratch_connection() -> Any:
    """How a test turns to a SQLite file for a while."""
    from django.db import connections

    from protocord.store.engines import database_from_url

    @contextlib.contextmanager
    def connected(path: Path) -> Iterator[None]:
        config = database_from_url(f"sqlite:///{path}")
        config["OPTIONS"]["init_command"] = config["OPTIONS"]["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        before = connections.settings["default"]
        connections["default"].close()
        connections.settings["default"] = connections.configure_settings({"default": config})["default"]
        del connections["default"]
        try:
            yield
        finally:
            connections["default"].close()
            connections.settings["default"] = before
            del connections["default"]

    return connected


@pytest.fixture(scope="session")
def demonstration_file(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any, scratch_connection: Any
) -> Path:
    """A SQLite file with the demonstration in it, to be copied."""
    from django.db import connection

    from protocord.protocol import STUDIES
    from protocord.store import demo

    path = tmp_path_factory.mktemp("demonstration") / "template.sqlite3"
    shutil.copy(sqlite_template, path)
    with django_db_blocker.unblock(), scratch_connection(path):
        demo.load(STUDIES / Demonstration.study, datetime.now(UTC).date())
        for user in Demonstration().user("monitor").__class__.objects.all():
            user.set_password(Demonstration.password)
            user.save()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def demonstration(
    demonstration_file: Path, tmp_path: Path, django_db_blocker: Any, scratch_connection: Any
) -> Iterator[Demonstration]:
    """The demonstration in a fresh database."""
    path = tmp_path / "demonstration.sqlite3"
    shutil.copy(demonstration_file, path)
    with django_db_blocker.unblock(), scratch_connection(path):
        yield Demonstration()
