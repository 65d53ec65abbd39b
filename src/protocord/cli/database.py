"""Open the store for the commands that need it; the only place of the command line where Django starts."""

from __future__ import annotations

import os
from pathlib import Path

from protocord.errors import Place, Problem, Refused


def open_store(database: str | None = None) -> None:
    """This will start Django on `database` (a URL, or the path of an SQLite file; default: what the environment says) and open it.

    Raises Refused when the address is not understood or the database cannot be opened.
    """
    start_django(database)
    from django.db import DatabaseError, connection

    try:
        connection.ensure_connection()
    except DatabaseError as problem:
        remedy = "Is the server running, and are its address, name and password right?"
        said = " ".join(str(problem).split())
        raise Refused([Problem(Place(item="database"), f"cannot be opened: {said}.", remedy)]) from None


def start_django(database: str | None = None) -> None:
    """This will start Django and touch no database: an SQLite file that does not exist is not made.

    Raises Refused when the address is not understood.
    """
    if database is not None:
        os.environ["PROTOCORD_DATABASE_URL"] = address(database)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "protocord.settings")

    import django
    from django.conf import settings

    from protocord.store.engines import database_from_url

    try:
        wanted = database_from_url(os.environ.get("PROTOCORD_DATABASE_URL", "sqlite:///protocord.sqlite3"))
    except ValueError as problem:
        raise Refused([Problem(Place(item="database"), str(problem))]) from None
    django.setup()
    opened = settings.DATABASES["default"]
    if opened["NAME"] != wanted["NAME"]:
        message = f"this process already works on {opened['NAME']}; it cannot open {wanted['NAME']}"
        raise RuntimeError(message)


def demand_tables() -> None:
    """This will raise Refused when the open database has no tables yet."""
    from django.db import connection

    if "store_ledgerentry" not in connection.introspection.table_names():
        remedy = "Make them first: PROTOCORD_DATABASE_URL=… protocord migrate."
        raise Refused([Problem(Place(str(connection.settings_dict["NAME"])), "this database has no tables yet.", remedy)])


def address(database: str) -> str:
    """This will return the URL of `database`; a path without `://` is that of an SQLite file."""
    return database if "://" in database else f"sqlite:///{Path(database)}"


def demand_file(database: str) -> None:
    """This will raise Refused when `database` is an SQLite file that does not exist: opening it would make an empty one."""
    url = address(database)
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.is_file():
        remedy = "Name a ledger file, an SQLite file, or a URL such as postgres://user@host/name."
        what = "is a folder, not a ledger." if file.is_dir() else "there is no such file."
        raise Refused([Problem(Place(str(file)), what, remedy)])
