"""Where a plan runs: an engine takes small tables and one SQL text, and gives rows back.

Ibis writes the SQL from tables that it only knows by name and columns; the connection is ours, one thin class an engine, since the
parts of Ibis that talk to engines do not work with every version of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import FACTS, HISTORIES, PERSONS, Normal
from protocord.cohort.plan.facts import Relations

_KINDS: Mapping[Any, str] = {
    pl.Int8: "int8", pl.Int16: "int16", pl.Int32: "int32", pl.Int64: "int64", pl.Float64: "float64", pl.Boolean: "boolean",
    pl.String: "string", pl.Date: "date",
}  # fmt: skip


class Engine(Protocol):
    """Something that runs SQL over tables that have been brought to it. `dialect` is Ibis's name of its SQL."""

    dialect: str

    def bring(self, name: str, frame: pl.DataFrame) -> None:
        """This will make a frame a table of that name for this session, in place of an earlier one."""

    def run(self, sql: str) -> pl.DataFrame:
        """This will run one query and return its rows."""


class DuckDB:
    """The embedded engine: one process, as many threads as the machine has cores, or as told."""

    dialect = "duckdb"

    def __init__(self, database: str = ":memory:", *, threads: int | None = None, read_only: bool = False) -> None:
        self.connection = duckdb.connect(database, read_only=read_only)
        if threads is not None:
            self.connection.execute(f"SET threads = {int(threads)}")

    def bring(self, name: str, frame: pl.DataFrame) -> None:
        """This will make a frame a table of that name for this session, in place of an earlier one."""
        self.connection.register(name, frame.to_arrow())

    def run(self, sql: str) -> pl.DataFrame:
        """This will run one query and return its rows."""
        found = pl.from_arrow(self.connection.sql(sql).to_arrow_table())
        assert isinstance(found, pl.DataFrame)
        return found

    def tables(self) -> frozenset[str]:
        """This will return the names of the tables and views that it has, in small letters."""
        found = self.connection.sql("SELECT lower(table_name) FROM information_schema.tables").fetchall()
        return frozenset(name for (name,) in found)

    def read_parquet_folder(self, folder: Path) -> None:
        """This will make each Parquet file, or folder of Parquet files, of a folder a table of its name."""
        for path in sorted(folder.iterdir()):
            files = path / "*.parquet" if path.is_dir() else path
            if path.is_dir() or path.suffix == ".parquet":
                quoted = str(files).replace("'", "''")
                self.connection.execute(f"CREATE VIEW \"{path.stem.lower()}\" AS SELECT * FROM read_parquet('{quoted}')")

    def close(self) -> None:
        """This will give the connection back."""
        self.connection.close()


def unbound(name: str, schema: Mapping[str, Any]) -> ir.Table:
    """This will return a table that Ibis knows by its name and its columns (Polars types) alone."""
    return ibis.table({column: _KINDS[kind] for column, kind in schema.items()}, name=name)


def small(engine: Engine, name: str, frame: pl.DataFrame) -> ir.Table:
    """This will bring a small table to the engine and return it for use in expressions."""
    engine.bring(name, frame)
    return unbound(name, frame.schema)


def brought(engine: Engine, normal: Normal) -> Relations:
    """This will bring a normal form that is in memory to an engine."""
    for name, frame in (("persons", normal.persons), ("facts", normal.facts), ("histories", normal.histories)):
        engine.bring(name, frame)
    return Relations(
        unbound("persons", PERSONS),
        (unbound("facts", FACTS),),
        unbound("histories", HISTORIES),
        lambda name, frame: small(engine, name, frame),
    )


def run(engine: Engine, expression: ir.Table) -> pl.DataFrame:
    """This will run an expression on an engine."""
    return engine.run(ibis.to_sql(expression, dialect=engine.dialect))
