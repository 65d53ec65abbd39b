"""The settings as production has them, each in a process of its own: the environment is read once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from protocord.store.engines import database_from_url
from protocord.store.vault import new_key

PRODUCTION = {
    "PROTOCORD_SECRET_KEY": "k7Q-production-secret-" + "".join(chr(97 + number * 7 % 26) for number in range(40)),
    "PROTOCORD_VAULT_KEY": new_key(),
    "PROTOCORD_ALLOWED_HOSTS": "trial.example.org",
}


def in_production(tmp_path: Path, code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PROTOCORD_", "DJANGO_"))}
    environment |= {**PRODUCTION, "PROTOCORD_DATABASE_URL": f"sqlite:///{tmp_path / 'p.sqlite3'}", **changes}
    environment["DJANGO_SETTINGS_MODULE"] = "protocord.settings"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True, check=False
    )


CHECK = "import django; django.setup(); from django.core.management import call_command; call_command('check', deploy=True, fail_level='INFO')"


def test_djangos_deployment_check_finds_nothing(tmp_path: Path) -> None:
    run = in_production(tmp_path, CHECK)

    assert run.returncode == 0, run.stderr
    assert "no issues" in run.stdout


@pytest.mark.parametrize("missing", ["PROTOCORD_SECRET_KEY", "PROTOCORD_VAULT_KEY"])
def test_production_without_a_key_is_refused_and_told_what_to_do(tmp_path: Path, missing: str) -> None:
    run = in_production(tmp_path, CHECK, **{missing: ""})

    assert run.returncode != 0
    assert missing in run.stderr
    assert "Set it to" in run.stderr


def test_the_server_does_not_start_while_something_is_missing(tmp_path: Path) -> None:
    run = in_production(
        tmp_path,
        "import django; django.setup(); from protocord.store import readiness; readiness.demand()",
        PROTOCORD_SECRET_KEY="",
        PROTOCORD_VAULT_KEY="",
    )

    assert "PROTOCORD_SECRET_KEY" in run.stderr
    assert "PROTOCORD_VAULT_KEY" in run.stderr


def test_sqlite_gets_the_settings_that_lose_nothing_and_lock_nobody_out(tmp_path: Path) -> None:
    code = (
        "import django, json; django.setup(); from django.db import connection; from django.conf import settings\n"
        "ask = lambda name: connection.cursor().execute(f'PRAGMA {name}').fetchone()[0]\n"
        "print(json.dumps([ask(n) for n in ('journal_mode', 'synchronous', 'foreign_keys', 'recursive_triggers', 'busy_timeout')]))\n"
        "print(connection.transaction_mode, settings.DATABASES['default']['ATOMIC_REQUESTS'], settings.PASSWORD_HASHERS[0])"
    )

    lines = in_production(tmp_path, code).stdout.splitlines()

    assert json.loads(lines[0]) == ["wal", 2, 1, 1, 20000]
    assert lines[1] == "IMMEDIATE False django.contrib.auth.hashers.Argon2PasswordHasher"


def test_cookies_travel_by_https_only_and_nothing_runs_inline(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS)\n"
        "print(s.CONTENT_SECURITY_POLICY)"
    )

    lines = in_production(tmp_path, code).stdout.splitlines()

    assert lines[0] == "True True True True 31536000"
    assert "unsafe" not in lines[1]
    assert "http" not in lines[1]


def test_postgresql_is_one_setting() -> None:
    found = database_from_url("postgres://an%40a:se%2Fcret@db.example.org:5433/trial")

    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "an@a",
        "se/cret",
        "db.example.org",
        "5433",
        "trial",
    )


@pytest.mark.parametrize("url", ["mysql://x/y", "trial.sqlite3", "sqlite://", "postgres://host"])
def test_an_address_that_is_not_understood_says_what_is(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///path.*postgres://"):
        database_from_url(url)
