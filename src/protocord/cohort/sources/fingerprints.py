"""What a warehouse held, as one hash: cheap enough to be taken at every screening."""

from __future__ import annotations

import hashlib
from pathlib import Path

from protocord.cohort.sources.omop import COLUMNS, Omop
from protocord.cohort.sources.omop_views import VOCABULARY

_ENDS = 1 << 16  # bytes read of each end of a file


def fingerprint(path: Path) -> str:
    """This will return the SHA-256 over each file's name, size, first and last 64 KiB (a Parquet file's statistics stand there).

    Reading every byte of a warehouse would take longer than to screen it; a change that alters neither size nor ends is not seen.
    """
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
        name, size = file.relative_to(path).as_posix() if path.is_dir() else file.name, file.stat().st_size
        with file.open("rb") as content:
            head = content.read(_ENDS)
            content.seek(max(0, size - _ENDS))
            digest.update(f"{name}\0{size}\0".encode() + head + content.read(_ENDS))
    return digest.hexdigest()


def counted(omop: Omop, tables: frozenset[str]) -> str:
    """This will return the SHA-256 over each table's number of rows and greatest id, and over what the vocabulary's ids mean.

    A row that was changed in its place is not seen.
    """
    parts = []
    for name in sorted(tables - set(VOCABULARY)):
        number = next(iter(COLUMNS[name]))
        parts.append(f"SELECT '{name}' AS name, count(*) AS n, coalesce(max({number}), 0) AS greatest FROM {name}")
    told = omop.engine.run(" UNION ALL ".join(parts)).sort("name")
    return hashlib.sha256(
        "\0".join(frame.write_csv() for frame in (told, omop.codes.codes, omop.codes.units)).encode()
    ).hexdigest()
