"""The SQL that makes the ledger's table append-only; run by a migration, on SQLite and on PostgreSQL.

Whoever owns the file or the server can still take the triggers away. That cannot be prevented, only found out: by the hash chain
and by an anchor kept elsewhere.
"""

from __future__ import annotations

from typing import Any

TABLE = "store_ledgerentry"

_REFUSAL = "the ledger is append-only"
_FORK = "an entry must follow the last one of its chain"

# REPLACE deletes the row it displaces without firing DELETE triggers unless recursive_triggers is on for that
# connection; the insert trigger travels with the file and stops it on every connection.
SQLITE = (
    f"""CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, '{_REFUSAL}: UPDATE refused'); END""",
    f"""CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, '{_REFUSAL}: DELETE refused'); END""",
    f"""CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE}
        WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id
                     OR (study = NEW.study AND subject = NEW.subject AND position = NEW.position))
        BEGIN SELECT RAISE(ABORT, '{_REFUSAL}: REPLACE refused'); END""",
    f"""CREATE TRIGGER {TABLE}_follows BEFORE INSERT ON {TABLE}
        WHEN NEW.position < 1 OR (NEW.position > 1 AND NOT EXISTS (
            SELECT 1 FROM {TABLE} WHERE study = NEW.study AND subject = NEW.subject
                                    AND position = NEW.position - 1 AND hash = NEW.previous))
        BEGIN SELECT RAISE(ABORT, '{_FORK}'); END""",
)
SQLITE_BACK = tuple(f"DROP TRIGGER {TABLE}_{name}" for name in ("no_update", "no_delete", "no_replace", "follows"))

# ENABLE ALWAYS: ordinary triggers are skipped when a superuser sets session_replication_role to replica.
POSTGRESQL = (
    f"""CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_REFUSAL}: % refused', TG_OP USING ERRCODE = 'insufficient_privilege'; END $$""",
    f"""CREATE FUNCTION {TABLE}_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.position < 1 OR (NEW.position > 1 AND NOT EXISTS (
                SELECT 1 FROM {TABLE} WHERE study = NEW.study AND subject = NEW.subject
                                        AND position = NEW.position - 1 AND hash = NEW.previous)) THEN
                RAISE EXCEPTION '{_FORK}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$""",
    f"""CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()""",
    f"""CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()""",
    f"CREATE TRIGGER {TABLE}_follows BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {TABLE}_follow()",
    f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_no_change",
    f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_no_truncate",
    f"ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_follows",
)
POSTGRESQL_BACK = (
    f"DROP TRIGGER {TABLE}_no_change ON {TABLE}",
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}",
    f"DROP TRIGGER {TABLE}_follows ON {TABLE}",
    f"DROP FUNCTION {TABLE}_refuse()",
    f"DROP FUNCTION {TABLE}_follow()",
)


def guard(apps: Any, schema_editor: Any) -> None:
    """This will set the triggers; for `migrations.RunPython`."""
    del apps
    _run(schema_editor, SQLITE, POSTGRESQL)


def unguard(apps: Any, schema_editor: Any) -> None:
    """This will take the triggers away when the migration itself is taken back."""
    del apps
    _run(schema_editor, SQLITE_BACK, POSTGRESQL_BACK)


def _run(schema_editor: Any, sqlite: tuple[str, ...], postgresql: tuple[str, ...]) -> None:
    statements = {"sqlite": sqlite, "postgresql": postgresql}.get(schema_editor.connection.vendor)
    if statements is None:
        message = f"the ledger has no triggers for {schema_editor.connection.vendor}; use SQLite or PostgreSQL"
        raise NotImplementedError(message)
    for statement in statements:
        # None, not (): a percent sign in the text is then no placeholder.
        schema_editor.connection.cursor().execute(statement, None)
