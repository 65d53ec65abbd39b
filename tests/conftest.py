"""What tests share: databases of both kinds, fresh for each test, and a small study with its people.

`database` is a file of SQLite's, migrated once and copied for each test; `both_databases` runs a test on SQLite and on a private
PostgreSQL server. They commit for real, so no test needs to know how to roll back.
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
from pathlib import Path
from typing import Any

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
    run = lambda *words: subprocess.run([*become, *words], check=True, capture_output=True, cwd=folder)  # noqa: E731
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


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any) -> Iterator[Database]:
    """A fresh, migrated database that really commits; SQLite unless the test asks otherwise (`both_databases`)."""
    engine = getattr(request, "param", "sqlite")
    if engine == "postgres":
        server = request.getfixturevalue("postgres_server")
        name = server.new_database(request.getfixturevalue("postgres_template"))
        found = Database(engine, server.url(name), server.config(name), server=server)
    else:
        path = tmp_path / "database.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        found = Database(engine, f"sqlite:///{path}", sqlite_config(path), path=path)
    with django_db_blocker.unblock(), connected(found.config):
        yield found


both_databases = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def scratch_database() -> Callable[[dict[str, Any]], contextlib.AbstractContextManager[None]]:
    """How a test turns to another database for a while."""
    return connected
