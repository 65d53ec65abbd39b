"""Two PostgreSQL roles: the owner migrates, the application appends.

Triggers can be dropped by the table's owner; therefore the program that serves pages must not be the owner. Run the migrations as
the owner, then `protocord manage grant_application_role NAME`, and put NAME into PROTOCORD_DATABASE_URL.
"""

from __future__ import annotations

import re

from django.apps import apps
from django.db import connection, transaction

from protocord.errors import Place, Problem, Refused
from protocord.store.append_only import TABLE


def statements(role: str) -> tuple[str, ...]:
    """This will return the grants for the application's role: SELECT and INSERT on the ledger, row work elsewhere, and no DDL."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role):
        raise Refused([Problem(Place(item=role), "is not a plain role name.", "Use small letters, digits and underscores.")])
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} - {TABLE})
    return (
        f'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "{role}"',
        f'REVOKE CREATE ON SCHEMA public FROM "{role}", PUBLIC',
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT, INSERT ON "{TABLE}" TO "{role}"',
        *(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO "{role}"' for table in tables),
        f'GRANT SELECT ON "django_migrations" TO "{role}"',
        f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
    )


def grant_application_role(role: str) -> None:
    """This will let the existing role `role` serve the application; run as the tables' owner, after every migration."""
    if connection.vendor != "postgresql":
        raise Refused(
            [Problem(Place(item="PROTOCORD_DATABASE_URL"), "only PostgreSQL has roles.", "SQLite needs none: guard the file.")]
        )
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements(role):
            cursor.execute(statement)
