"""A fingerprint of the data that a result was computed from."""

from __future__ import annotations

import hashlib

import polars as pl

from protocord.tables.columns import ROW


def fingerprint(*frames: pl.DataFrame) -> str:
    """This will return the SHA-256 of the frames' contents, as 64 hexadecimal digits.

    It covers column names, types and values in row order, not the file format: a CSV and a Parquet file that hold the same
    table have the same fingerprint. The order of the columns does not count.
    """
    digest = hashlib.sha256()
    for frame in frames:
        names = sorted(name for name in frame.columns if name != ROW)
        kinds = ",".join(f"{name}:{frame.schema[name]}" for name in names)
        digest.update(f"{kinds}|{frame.height}\n".encode())
        digest.update(frame.select(names).write_csv(float_precision=None, null_value="\x00").encode())
    return digest.hexdigest()
