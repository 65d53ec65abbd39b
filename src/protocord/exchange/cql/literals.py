"""CQL as it is spelled: strings, identifiers, lists, decimals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal


def quoted(text: str) -> str:
    """This will return a CQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f"'{escaped}'"


def named(text: str) -> str:
    """This will return a CQL identifier in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def strings(texts: Iterable[str]) -> str:
    """This will return a CQL list of strings, typed even where it is empty."""
    found = ", ".join(quoted(text) for text in texts)
    return f"{{{found}}}" if found else "List<System.String>{}"


def decimal(value: Decimal | None) -> str:
    """This will return a CQL decimal, or a typed null."""
    if value is None:
        return "null as System.Decimal"
    written = f"{value:f}"
    return written if "." in written else f"{written}.0"
