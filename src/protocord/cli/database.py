"""Open the store for the commands that need it; the only place of the command line where Django starts."""

from __future__ import annotations

import os
from pathlib import Path

from protocord.errors import Place, Problem, Refused


def open_store(database: str | None = None) -> None:
    """This will start Django on `database` (a URL, or the path of an SQLite file; default: what the environment says).

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


def address(database: str) -> str:
    """This will return the URL of `database`; a path without `://` is that of an SQLite file."""
    return database if "://" in database else f"sqlite:///{Path(database)}"


def demand_file(database: str) -> None:
    """This will raise Refused when `database` is an SQLite file that does not exist: opening it would make an empty one."""
    url = address(database)
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not file.is_file():
        remedy = "Name a ledger file, an SQLite file, or a URL such as postgres://user@host/name."
        raise Refused([Problem(Place(str(file)), "there is no such file.", remedy)])
