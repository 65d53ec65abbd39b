"""What tests share: databases of both kinds, fresh for each test, and a trial with its people.

`database` is a migrated file of SQLite's, copied for each test; `trial` the same with both shipped studies installed and one person for each
role. Parametrised indirectly with "postgres", either is a database of a private PostgreSQL server. They commit for real, as
threads and servers need it; so no test asks for pytest-django's `db`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings

# Tests speak plain HTTP to a server in the same process, and sign in often: neither TLS nor argon2's half second is their subject.
# tests/store/test_settings.py proves both in processes of their own.
settings.SECURE_SSL_REDIRECT = False
settings.SESSION_COOKIE_SECURE = False
settings.CSRF_COOKIE_SECURE = False
settings.LANGUAGE_COOKIE_SECURE = False
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.PROTOCORD_VAULT_KEYS = ("dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",)

# A busy machine is no reason to fail a property. In CI the drawn cases are the same in each run, so that red means a change;
# on a developer's machine they are new each time, so that more is found.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")

REMEDY = (
    "PostgreSQL's server programs (initdb, pg_ctl) were not found. Install them (Debian: apt-get install postgresql) "
    'or leave these tests out: pytest -m "not postgres".'
)


# --- a private PostgreSQL server ----------------------------------------------------------------------------------------


def postgres_program(name: str) -> str | None:
    """This will find a server program on the path or where Debian keeps it."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(debian[0]) if debian else None)


@dataclass
class PostgresServer:
    """A server that only this run knows of; `owner` owns the tables, `app` may only append."""

    port: int
    superuser: str = "postgres"
    names: Iterator[int] = field(default_factory=lambda: iter(range(1, 100_000)))

    def config(self, name: str, user: str = "owner") -> dict[str, Any]:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": user,
            "PASSWORD": "",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def url(self, name: str, user: str = "owner") -> str:
        return f"postgres://{user}@127.0.0.1:{self.port}/{name}"

    def run(self, statement: str, *, database: str = "postgres", user: str = "postgres") -> None:
        import psycopg

        with psycopg.connect(host="127.0.0.1", port=self.port, user=user, dbname=database, autocommit=True) as connection:
            connection.execute(statement)

    def new_database(self, template: str = "template1") -> str:
        name = f"test_{next(self.names)}"
        self.run(f"CREATE DATABASE {name} OWNER owner TEMPLATE {template}")
        return name


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this run's own; without the programs the test fails with the remedy, it does not skip."""
    initdb, pg_ctl = postgres_program("initdb"), postgres_program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.fail(REMEDY, pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="protocord-pg-"))
    # The server refuses to run as root; Debian's package makes a user for it.
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if become:
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "log"
    run = lambda *words: subprocess.run([*become, *words], check=True, capture_output=True, cwd=folder)
    run(initdb, "-D", str(data), "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    # Without a file of its own the server would keep this process's pipes open, and the call would never return.
    with (folder / "start").open("w") as sink:
        subprocess.run(
            [*become, pg_ctl, "-D", str(data), "-l", str(log), "-w", "start", "-o", options],
            check=True, stdout=sink, stderr=sink, cwd=folder,
        )  # fmt: skip
    server = PostgresServer(port)
    try:
        server.run("CREATE ROLE owner LOGIN")
        server.run("CREATE ROLE app LOGIN")
        yield server
    finally:
        subprocess.run(
            [*become, pg_ctl, "-D", str(data), "-m", "immediate", "stop"], check=False, capture_output=True, cwd=folder
        )
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A local Spark of this run's own: starting one takes longer than most of what it is asked."""
    from protocord.cohort.engines import Spark

    engine = Spark(threads=2)
    yield engine
    engine.close()


# --- databases ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def connected(config: dict[str, Any]) -> Iterator[None]:
    """This will make `config` the default database, for new threads too, and put things back afterwards."""
    from django.db import connections

    before = connections.settings["default"]
    connections["default"].close()
    connections.settings["default"] = connections.configure_settings({"default": dict(config)})["default"]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = before
        del connections["default"]


@dataclass(frozen=True)
class Database:
    """The database of one test: its engine, its address, and how a second program would reach it."""

    engine: str
    url: str
    config: dict[str, Any]
    path: Path | None = None
    server: PostgresServer | None = None


def sqlite_config(path: Path) -> dict[str, Any]:
    from protocord.store.engines import database_from_url

    config = database_from_url(f"sqlite:///{path}")
    config["OPTIONS"]["init_command"] = config["OPTIONS"]["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    return config


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    with django_db_blocker.unblock(), connected(sqlite_config(path)):
        migrate()
        fold_the_log()
    return path


def fold_the_log() -> None:
    """This will move SQLite's write-ahead log into the file, so that the file alone can be copied."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer, django_db_blocker: Any) -> str:
    """The name of a migrated, empty PostgreSQL database, to be copied."""
    from protocord.store import roles

    name = postgres_server.new_database()
    with django_db_blocker.unblock(), connected(postgres_server.config(name)):
        migrate()
        roles.grant_application_role("app")
    return name


@contextlib.contextmanager
def fresh(request: pytest.FixtureRequest, tmp_path: Path, engine: str, template: str) -> Iterator[Database]:
    """This will copy the template `<engine>_<template>` and make the copy the default database."""
    blocker = request.getfixturevalue("django_db_blocker")
    source = request.getfixturevalue(f"{engine}_{template}")
    if engine == "postgres":
        server = request.getfixturevalue("postgres_server")
        name = server.new_database(source)
        found = Database(engine, server.url(name), server.config(name), server=server)
    else:
        path = tmp_path / "database.sqlite3"
        shutil.copy(source, path)
        found = Database(engine, f"sqlite:///{path}", sqlite_config(path), path=path)
    with blocker.unblock(), connected(found.config):
        yield found


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated database that really commits; SQLite unless the test asks otherwise (`indirect`)."""
    with fresh(request, tmp_path, getattr(request, "param", "sqlite"), "template") as found:
        yield found


# --- a trial: both shipped studies and their people ------------------------------------------------------------------------

STUDY = "nct06848582"
OTHER_STUDY = "nct06631391"
PASSWORD = "correct horse battery staple"

# name -> (printed name, role, number of the site); Cai has an account and nothing else.
PEOPLE: dict[str, tuple[str, str | None, int | None]] = {
    "ana": ("Ana Chen", "investigator", 0),
    "dan": ("Dan Li", "coordinator", 0),
    "lin": ("Lin Zhao", "cell_lab", 0),
    "eva": ("Eva Wu", "investigator", 1),
    "bo": ("Bo Wang", "coordinator", 1),
    "mia": ("Mia Sun", "monitor", None),
    "dora": ("Dora Xu", "data_manager", None),
    "stan": ("Stan He", "statistician", None),
    "sue": ("Sue Ma", "sponsor", None),
    "adam": ("Adam Guo", "administrator", None),
    "cai": ("Cai Lu", None, None),
}


# What a form of the reference study is answered with where a test does not care.
ANSWERS: dict[str, dict[str, str]] = {
    "consent": {
        "consent.signed_on": "2026-01-05",
        "consent.version": "1.0",
        "consent.approved_version": "yes",
        "consent.signer": "guardian",
        "consent.relation": "mother",
        "consent.taken_by": "DL",
        "assent.assessed_on": "2026-01-05",
        "assent.able": "no",
        "assent.why_not": "too young",
        "procedures.complete": "yes",
    },
    "demographics": {"person.birth_date": "2020-03-14", "person.sex": "male"},
    "performance": {"score.assessed_on": "2026-01-06", "score.scale": "lansky", "score.score": "90"},
}


@dataclass(frozen=True)
class Trial:
    """The reference study in a database, and the people who work in it: `trial.viewer("ana")`."""

    database: Database
    sites: tuple[str, ...]
    study: str = STUDY
    password: str = PASSWORD

    def viewer(self, name: str) -> Any:
        from protocord.store.access import viewer_named

        return viewer_named(name)

    def perform(self, name: str, wish: Any, subject: str = "", **particulars: Any) -> Any:
        from protocord.store import actions

        return actions.perform(self.viewer(name), self.study, wish, subject=subject, **particulars)

    def register(self, name: str = "dan") -> str:
        """This will register the next child at the person's site and return its number."""
        from protocord.conduct import RegisterSubject

        site = PEOPLE[name][2]
        assert site is not None
        return str(self.perform(name, RegisterSubject(self.sites[site])).state.id)

    def record(self, subject: str, form: str, name: str = "dan", visit: str = "SCR", **more: Any) -> Any:
        """This will save one of the `ANSWERS` as a form of the subject, or the `answers` given."""
        from protocord.conduct import RecordForm
        from protocord.forms import ItemAnswer

        answers = more.pop("answers", ANSWERS.get(form, {}))
        base = more.pop("base", 0)
        typed = {item: answer if isinstance(answer, ItemAnswer) else ItemAnswer(answer) for item, answer in answers.items()}
        return self.perform(name, RecordForm(visit, form, typed, base), subject, **more)

    def user(self, name: str) -> Any:
        from django.contrib.auth import get_user_model

        return get_user_model().objects.get(username=name)


def populate() -> None:
    """This will install the shipped studies and give each person account and role in the reference study."""
    from protocord.conduct import Role
    from protocord.protocol import STUDIES
    from protocord.store import actions, protocols

    for folder in sorted(STUDIES.iterdir()):
        if (folder / "study.yaml").is_file():
            actions.install_study(folder)
    sites = protocols.current(STUDY).study.sites
    for name, (printed, role, site) in PEOPLE.items():
        actions.create_user(name, printed, PASSWORD)
        if role is not None:
            actions.grant(name, STUDY, Role(role), None if site is None else sites[site].id, starts=date(2020, 1, 1))


@pytest.fixture(scope="session")
def sqlite_trial(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A SQLite file with the trial in it, to be copied."""
    path = tmp_path_factory.mktemp("trial") / "template.sqlite3"
    shutil.copy(sqlite_template, path)
    with django_db_blocker.unblock(), connected(sqlite_config(path)):
        populate()
        fold_the_log()
    return path


@pytest.fixture(scope="session")
def postgres_trial(postgres_server: PostgresServer, postgres_template: str, django_db_blocker: Any) -> str:
    """A PostgreSQL database with the trial in it, to be copied."""
    name = postgres_server.new_database(postgres_template)
    with django_db_blocker.unblock(), connected(postgres_server.config(name)):
        populate()
    return name


@pytest.fixture
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    """The reference study with its people in a fresh database; SQLite unless the test asks otherwise (`indirect`)."""
    from protocord.store import protocols

    with fresh(request, tmp_path, getattr(request, "param", "sqlite"), "trial") as found:
        yield Trial(found, tuple(site.id for site in protocols.current(STUDY).study.sites))


@pytest.fixture(scope="session")
def scratch_database() -> Callable[[dict[str, Any]], contextlib.AbstractContextManager[None]]:
    """How a test turns to another database for a while."""
    return connected


# --- the demonstration: children in every state ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Demonstration:
    """The reference study's demonstration: enrolled, waiting for a signature, ineligible, incomplete, withdrawn …

    The accounts are named for their roles (`coordinator-01`); all have the same password.
    """

    study: str = STUDY
    password: str = PASSWORD

    def user(self, name: str) -> Any:
        from django.contrib.auth import get_user_model

        return get_user_model().objects.get(username=name)

    def subject(self, **wanted: str) -> str:
        """The first child of the first site whose card is as wanted: `status="enrolled"`, `signature="valid"`."""
        from protocord.store import reads
        from protocord.store.access import viewer_named

        viewer = viewer_named("coordinator-01")
        rows = reads.subject_matrix(viewer, self.study, viewer.on).rows
        return next(
            str(row.card.subject) for row in rows if all(getattr(row.card, name) == code for name, code in wanted.items())
        )


@pytest.fixture(scope="session")
def sqlite_demonstration(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A SQLite file with the demonstration in it, to be copied."""
    from django.contrib.auth import get_user_model

    from protocord.protocol import STUDIES
    from protocord.store import demo

    path = tmp_path_factory.mktemp("demonstration") / "template.sqlite3"
    shutil.copy(sqlite_template, path)
    with django_db_blocker.unblock(), connected(sqlite_config(path)):
        demo.load(STUDIES / STUDY, datetime.now(UTC).date())
        for user in get_user_model().objects.all():
            user.set_password(PASSWORD)
            user.save()
        fold_the_log()
    return path


@pytest.fixture
def demonstration(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Demonstration]:
    """The demonstration in a fresh SQLite database."""
    with fresh(request, tmp_path, "sqlite", "demonstration"):
        yield Demonstration()
