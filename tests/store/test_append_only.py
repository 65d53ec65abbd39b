"""The database itself refuses to change the record: every attack of edc.md 6.4, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from protocord.conduct.bodies import Exported
from protocord.ledger import By, Draft, ProtocolStamp, verify

TABLE = "store_ledgerentry"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def both(function: Any) -> Any:
    return pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)(
        function
    )


@pytest.fixture
def chain(database: Any) -> Any:
    """Three entries in the study's own chain."""
    from protocord.store import record

    drafts = [
        Draft(
            "study",
            None,
            Exported(what=f"list {number}", rows=number),
            ProtocolStamp("study", "1", "0" * 64),
            By("ana", "investigator"),
            AT,
        )
        for number in (1, 2, 3)
    ]
    record.append_to("study", None, drafts)
    return database


def rows() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {TABLE} ORDER BY id")
        return list(cursor.fetchall())


def problems() -> list[str]:
    from protocord.store import record

    found = verify(record.all_entries("study"), heads=record.heads("study"))
    return [str(problem) for problem in found.problems]


COLUMNS = (
    "study, subject, position, kind, body, salt, digest, protocol_id, protocol_version, protocol_hash, "
    '"user", role, site, at, reason, source, previous, hash'
)
ATTACKS = {
    "update a body": f"UPDATE {TABLE} SET body = '{{}}' WHERE position = 2",
    "update to the same value": f"UPDATE {TABLE} SET reason = reason",
    "delete one": f"DELETE FROM {TABLE} WHERE position = 2",
    "delete all": f"DELETE FROM {TABLE}",
    "insert a second entry at a position": f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS} FROM {TABLE} WHERE position = 2",
    "upsert": (
        f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS} FROM {TABLE} WHERE position = 2 "
        "ON CONFLICT (study, subject, position) DO UPDATE SET reason = 'changed'"
    ),
    "insert beyond the end": (
        f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS.replace('position', 'position + 5')} FROM {TABLE} WHERE position = 2"
    ),
    "fork after another entry than the last": (
        f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS.replace('position', 'position + 2')} FROM {TABLE} WHERE position = 2"
    ),
}


@both
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_the_tables_own_owner_cannot_change_the_record_by(chain: Any, attack: str) -> None:
    before = rows()

    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(attack)

    assert rows() == before


@both
def test_djangos_own_ways_of_changing_rows_are_refused(chain: Any) -> None:
    """QuerySet.update, bulk_update, save and delete skip signals; the triggers see them all the same."""
    from protocord.store.models import LedgerEntry

    before = rows()
    entry = LedgerEntry.objects.get(position=2)
    entry.reason = "changed"

    for attempt in (
        lambda: LedgerEntry.objects.update(reason="changed"),
        lambda: LedgerEntry.objects.bulk_update([entry], ["reason"]),
        lambda: entry.save(),
        lambda: entry.delete(),
        lambda: LedgerEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["study", "subject", "position"], update_fields=["reason"]
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()

    assert rows() == before


@both
def test_the_flush_command_cannot_empty_the_record(chain: Any) -> None:
    with pytest.raises(CommandError):
        call_command("flush", interactive=False, verbosity=0)

    assert len(rows()) == 3


REPLACES = {
    "by number": f"INSERT OR REPLACE INTO {TABLE} (id, {COLUMNS}) SELECT id, {COLUMNS} FROM {TABLE} WHERE position = 2",
    "by position": f"INSERT OR REPLACE INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS} FROM {TABLE} WHERE position = 2",
    "REPLACE INTO": f"REPLACE INTO {TABLE} (id, {COLUMNS}) SELECT id, {COLUMNS} FROM {TABLE} WHERE position = 2",
    "UPDATE OR REPLACE": f"UPDATE OR REPLACE {TABLE} SET position = 1 WHERE position = 2",
}


@pytest.mark.parametrize("attack", REPLACES.values(), ids=REPLACES.keys())
def test_sqlite_refuses_replace_on_any_connection(chain: Any, attack: str) -> None:
    """A plain connection has recursive_triggers off, and then REPLACE deletes without firing DELETE triggers."""
    before = rows()

    with closing(sqlite3.connect(chain.path)) as stranger:
        assert stranger.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            stranger.execute(attack)
        stranger.rollback()

    assert rows() == before


def test_who_drops_sqlites_triggers_is_found_out(chain: Any) -> None:
    """The owner of the file can do anything to it; the chain names the entry."""
    with closing(sqlite3.connect(chain.path)) as owner:
        owner.execute(f"DROP TRIGGER {TABLE}_no_update")
        owner.execute(f"UPDATE {TABLE} SET body = replace(body, 'list 2', 'list 9') WHERE position = 2")
        owner.commit()

    found = problems()

    assert len(found) == 1
    assert "2" in found[0]


def test_who_cuts_off_the_end_of_a_chain_is_found_out(chain: Any) -> None:
    """A chain without its last entries is a valid chain: only the head, or an anchor kept elsewhere, tells."""
    with closing(sqlite3.connect(chain.path)) as owner:
        owner.execute(f"DROP TRIGGER {TABLE}_no_delete")
        owner.execute(f"DELETE FROM {TABLE} WHERE position = 3")
        owner.commit()

    assert problems() != []


# --- PostgreSQL's two roles -------------------------------------------------------------------------------------------------


AS_APP = {
    **ATTACKS,
    "truncate": f"TRUNCATE {TABLE}",
    "disable the triggers": f"ALTER TABLE {TABLE} DISABLE TRIGGER ALL",
    "drop a trigger": f"DROP TRIGGER {TABLE}_no_change ON {TABLE}",
    "replace the trigger's function": (
        f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ),
    "switch triggers off for the session": "SET session_replication_role = replica",
    "become the server's superuser": "SET ROLE postgres",
    "become the owner": "SET ROLE owner",
    "drop the table": f"DROP TABLE {TABLE}",
    "take the table": f"ALTER TABLE {TABLE} OWNER TO app",
    "add a rule that rewrites": f"CREATE RULE nothing AS ON INSERT TO {TABLE} DO INSTEAD NOTHING",
}


def as_role(database: Any, role: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1", port=database.server.port, user=role, dbname=database.config["NAME"], autocommit=True
    )


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("attack", AS_APP.values(), ids=AS_APP.keys())
def test_postgresqls_application_role_is_refused(chain: Any, attack: str) -> None:
    before = rows()

    with as_role(chain, "app") as app, pytest.raises(psycopg.Error):
        app.execute(attack)

    assert rows() == before


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_postgresqls_application_role_can_do_its_work(chain: Any, scratch_database: Any) -> None:
    from protocord.store import record

    with scratch_database(chain.server.config(chain.config["NAME"], user="app")):
        draft = Draft(
            "study", "01-001", Exported("list", 1), ProtocolStamp("study", "1", "0" * 64), By("ana", "investigator"), AT
        )
        record.append_to("study", "01-001", [draft])
        appended = record.chain("study", "01-001")

    assert [entry.position for entry in appended] == [1]


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "attack",
    [f"UPDATE {TABLE} SET reason = 'x'", f"DELETE FROM {TABLE}", f"TRUNCATE {TABLE}"],
    ids=["update", "delete", "truncate"],
)
@pytest.mark.parametrize("session", ["origin", "replica"])
def test_even_postgresqls_superuser_meets_the_triggers(chain: Any, attack: str, session: str) -> None:
    """Ordinary triggers sleep in a replica session; ours are set to fire always."""
    before = rows()

    with as_role(chain, "postgres") as superuser:
        superuser.execute(f"SET session_replication_role = {session}")
        with pytest.raises(psycopg.Error, match="append-only"):
            superuser.execute(attack)

    assert rows() == before


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_superuser_who_disables_the_triggers_is_found_out(chain: Any) -> None:
    with as_role(chain, "postgres") as superuser:
        superuser.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER ALL")
        superuser.execute(f"UPDATE {TABLE} SET body = replace(body, 'list 2', 'list 9') WHERE position = 2")
        superuser.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER ALL")

    found = problems()

    assert len(found) == 1
    assert "2" in found[0]


def test_a_role_name_that_is_sql_is_refused() -> None:
    from protocord.errors import Refused
    from protocord.store import roles

    with pytest.raises(Refused, match="plain role name"):
        roles.statements('app"; DROP TABLE store_ledgerentry; --')
