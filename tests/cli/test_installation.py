"""The commands that need the database, each in a process of its own as a person runs them: tables, study, people, record, server."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

PROTOCORD = (sys.executable, "-m", "protocord")


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """The environment without what the test run itself put there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROTOCORD_", "DJANGO_"))}
    return {**kept, "PROTOCORD_DATABASE_URL": f"sqlite:///{folder / 'study.sqlite3'}", **extra}


def protocord(folder: Path, *arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
    words = [str(argument) for argument in arguments]
    return subprocess.run(
        [*PROTOCORD, *words], capture_output=True, text=True, check=False, cwd=folder, env=environment(folder, **extra)
    )


def succeed(folder: Path, *arguments: object) -> str:
    done = protocord(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that has its tables, one study and one person."""
    folder = tmp_path_factory.mktemp("installation")
    assert succeed(folder, "migrate") == "The tables are up to date.\n"
    assert succeed(folder, "install", "nct06631391") == "nct06631391 is installed.\n"
    person = ("li.w", "--name", "Li Wei", "--study", "nct06631391", "--password", "correct horse battery")
    assert "li.w is monitor of nct06631391." in succeed(folder, "user", "add", *person, "--role", "monitor")
    return folder


@pytest.mark.slow
def test_a_study_goes_out_and_into_another_database_with_the_same_hashes(installation: Path, tmp_path: Path) -> None:
    first, second, other = tmp_path / "first.jsonl", tmp_path / "second.jsonl", tmp_path / "other.sqlite3"
    told = succeed(installation, "export", "nct06631391", first)
    assert protocord(tmp_path, "migrate", PROTOCORD_DATABASE_URL=f"sqlite:///{other}").returncode == 0

    taken = succeed(tmp_path, "import", first, "--database", other)
    succeed(tmp_path, "export", "nct06631391", second, "--database", other)

    count = len(first.read_text().splitlines()) - 1
    assert f"{count} entries" in told
    assert f"{count} entries" in taken
    assert second.read_text().startswith(first.read_text()), "byte for byte, and then what was done since"
    assert "whole and unaltered" in succeed(tmp_path, "verify", second)
    again = protocord(tmp_path, "import", first, "--database", other)
    assert again.returncode == 6
    assert "already holds entries" in again.stderr


@pytest.mark.slow
def test_a_study_that_is_not_there_is_refused_and_leaves_an_earlier_file_alone(installation: Path, tmp_path: Path) -> None:
    file = tmp_path / "study.jsonl"
    file.write_text("earlier")

    done = protocord(installation, "export", "nobody", file)

    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert [other.name for other in tmp_path.iterdir()] == ["study.jsonl"]
    assert file.read_text() == "earlier"


@pytest.mark.slow
def test_verify_finds_what_was_changed_behind_the_programs_back(installation: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.sqlite3"
    with sqlite3.connect(installation / "study.sqlite3") as source, sqlite3.connect(spoilt) as target:
        source.backup(target)
        triggers = target.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            target.execute(f'DROP TRIGGER "{name}"')
        table = "store_ledgerentry" if _has(target, "store_ledgerentry") else _ledger_table(target)
        target.execute(f"UPDATE {table} SET reason = 'nothing happened' WHERE position = 1")
        target.commit()

    assert succeed(tmp_path, "verify", installation / "study.sqlite3").startswith("nct06631391: whole and unaltered.")
    done = protocord(tmp_path, "verify", spoilt)

    assert done.returncode == 5
    assert "study #1: " in done.stderr


def _has(database: sqlite3.Connection, table: str) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def _ledger_table(database: sqlite3.Connection) -> str:
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    return str(next(name for name, sql in rows if '"digest"' in (sql or "") and '"previous"' in sql))


@pytest.mark.slow
def test_a_role_is_given_taken_away_for_a_reason_and_all_of_it_sealed(installation: Path, tmp_path: Path) -> None:
    role = ("li.w", "--study", "nct06631391", "--role", "data_manager")
    assert succeed(installation, "user", "grant", *role) == "li.w is data manager of nct06631391.\n"
    assert protocord(installation, "user", "revoke", *role).returncode == 2, "no reason, no change"
    assert "no longer data manager of nct06631391" in succeed(installation, "user", "revoke", *role, "--reason", "Left")

    root = succeed(installation, "seal", "nct06631391").splitlines()[-1].removeprefix("root ")
    file = tmp_path / "study.jsonl"
    succeed(installation, "export", "nct06631391", file)

    assert succeed(tmp_path, "verify", file, "--anchor", root).startswith("nct06631391: whole and unaltered.")
    assert protocord(tmp_path, "verify", file, "--anchor", "0" * 64).returncode == 5


@pytest.mark.slow
def test_a_weak_password_or_a_name_taken_is_refused_without_traceback(installation: Path) -> None:
    common = ("--name", "Li Wei", "--study", "nct06631391", "--role", "monitor", "--password")
    taken = protocord(installation, "user", "add", "li.w", *common, "correct horse battery")
    weak = protocord(installation, "user", "add", "li.x", *common, "password")

    assert (taken.returncode, weak.returncode) == (6, 6)
    assert "Traceback" not in taken.stderr + weak.stderr


def test_the_server_does_not_serve_real_data_without_its_keys(tmp_path: Path) -> None:
    done = protocord(tmp_path, "serve")

    assert done.returncode == 6
    assert "PROTOCORD_SECRET_KEY" in done.stderr
    assert "PROTOCORD_VAULT_KEY" in done.stderr


def test_a_new_vault_key_is_a_key(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    Fernet(succeed(tmp_path, "vault-key").strip())


def test_a_database_address_that_nobody_understands_is_told_with_those_that_are(tmp_path: Path) -> None:
    done = protocord(tmp_path, "migrate", PROTOCORD_DATABASE_URL="mysql://x")

    assert done.returncode == 6
    assert "sqlite:///path/to/file or postgres://" in done.stderr


# --- the demonstration --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[tuple[Path, str]]:
    """A running demonstration: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    with serving(folder, port) as printed:
        yield folder, printed


class serving:  # noqa: N801 - read as a verb: with serving(folder, port)
    """A demonstration while it runs."""

    def __init__(self, folder: Path, port: int, *extra: str) -> None:
        self.folder, self.port = folder, port
        self.log = (folder / "log").open("w+")
        command = [*PROTOCORD, "demo", "--port", str(port), "--folder", str(folder / "demo"), *extra]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=folder, env=environment(folder))

    def __enter__(self) -> str:
        began = time.monotonic()
        while time.monotonic() - began < 60 and self.process.poll() is None:
            self.log.seek(0)
            printed = self.log.read()
            if "Open http://" in printed:
                return printed
            time.sleep(0.2)
        self.log.seek(0)
        pytest.fail(f"the demonstration was not ready within 60 seconds:\n{self.log.read()}")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=10)
        self.log.close()


@pytest.mark.slow
def test_the_demonstration_prints_a_sign_in_for_each_role_and_answers(demo: tuple[Path, str], port: int) -> None:
    from protocord.cli.people import ROLES

    _, printed = demo

    rows = {line.split("  ")[0] for line in printed.splitlines()}
    assert {role.replace("_", " ") for role in ROLES} <= rows
    assert f"Open http://localhost:{port}/" in printed
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
        assert page.status == 200
        assert "Protocord" in page.read().decode()


@pytest.mark.slow
def test_the_demonstration_holds_both_studies_and_at_least_twelve_children_in_a_whole_ledger(demo: tuple[Path, str]) -> None:
    folder, _ = demo

    told = succeed(folder, "verify", folder / "demo/protocord.sqlite3")

    assert "nct06631391: whole and unaltered." in told
    assert "nct06848582: whole and unaltered." in told
    chains = [int(line.split(" chains")[0].rpartition(" ")[2]) for line in told.splitlines() if " chains" in line]
    assert sum(chains) - len(chains) >= 12, "one chain a child, and one for each study"


@pytest.mark.slow
def test_a_second_demonstration_on_the_same_port_is_refused(demo: tuple[Path, str], port: int) -> None:
    folder, _ = demo

    done = protocord(folder, "demo", "--port", port, "--folder", folder / "second")

    assert done.returncode == 6
    assert "--port" in done.stderr


@pytest.mark.slow
def test_a_demonstration_begins_again_where_it_stopped_and_anew_when_asked(tmp_path: Path, port: int) -> None:
    other = port + 1
    with serving(tmp_path, other) as first:
        pass
    kept = json.loads((tmp_path / "demo/sign-ins.json").read_text())
    secret = (tmp_path / "demo/secret-key").read_text()
    with serving(tmp_path, other) as second:
        assert "Preparing" not in second
        assert first.partition("role ")[2] == second.partition("role ")[2]
    assert (tmp_path / "demo/secret-key").read_text() == secret
    with closing(sqlite3.connect(tmp_path / "demo/protocord.sqlite3")) as database:
        database.execute("UPDATE store_protocolversion SET hash = substr(hash, 2) || 'x'")  # as if the documents were others now
        database.commit()
    stale = protocord(tmp_path, "demo", "--port", other, "--folder", tmp_path / "demo")
    assert (stale.returncode, "--fresh" in stale.stderr) == (6, True)
    with serving(tmp_path, other, "--fresh") as third:
        assert "Preparing" in third
    assert (tmp_path / "demo/secret-key").read_text() != secret
    assert json.loads((tmp_path / "demo/sign-ins.json").read_text()) == kept


def test_fresh_removes_only_what_is_a_demonstration(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").write_text("years of work")

    done = protocord(tmp_path, "demo", "--fresh", "--folder", tmp_path / "thesis")

    assert done.returncode == 6
    assert "holds no demo" in done.stderr
    assert (tmp_path / "thesis/chapter.txt").exists()
