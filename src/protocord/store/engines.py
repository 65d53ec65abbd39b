"""How to reach the database, from one address."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

# Measured without a single lock error (edc.md 6.3): readers never wait for writers (WAL), an acknowledged save survives a
# power cut (FULL), a writer takes its lock before it reads (IMMEDIATE), and REPLACE fires delete triggers (recursive).
SQLITE_OPTIONS: dict[str, Any] = {
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA recursive_triggers=ON;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}


def database_from_url(url: str) -> dict[str, Any]:
    """This will return Django's settings for the database at `url`.

    `sqlite:///relative/path`, `sqlite:////absolute/path` and `postgres://user:password@host:port/name` are understood;
    anything else raises ValueError with the forms that are.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and len(parts.path) > 1:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path[1:], "OPTIONS": dict(SQLITE_OPTIONS)}
    if parts.scheme in {"postgres", "postgresql"} and len(parts.path) > 1:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    message = (
        f"PROTOCORD_DATABASE_URL: {parts.scheme or url!r} is not understood. "
        "Write sqlite:///path/to/file or postgres://user:password@host:port/name."
    )
    raise ValueError(message)
