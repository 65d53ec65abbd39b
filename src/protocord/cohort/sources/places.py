"""Open a source by looking at what lies there: an OMOP warehouse, or a fact store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.store import FactStore, is_store, open_store
from protocord.cohort.sources.warehouses import Address, Schemas, open_warehouse, problem
from protocord.concepts import Concepts
from protocord.exchange.mapping import SiteMapping

ENGINES = ("duckdb", "spark", "postgres", "kernel")


def open_source(
    place: Path | Address,
    concepts: Concepts,
    mapping: SiteMapping | None = None,
    *,
    engine: str = "",
    schemas: Schemas | None = None,
    threads: int | None = None,
) -> Omop | FactStore:
    """This will open whatever source lies at `place` for a study's concepts; nothing in it is ever written.

    `engine` is one of `ENGINES`, or empty for the one that suits: a Parquet folder is read by DuckDB or Spark, a DuckDB file by
    DuckDB, a PostgreSQL database answers itself, a fact store is read by the kernel or DuckDB; for warehouses see `open_warehouse`.
    Raises SubjectProblems with the remedy for anything else, for a folder of FHIR NDJSON (which is ingested first), and for an engine
    that cannot read the source.
    """
    able = engines_of(place)
    if engine and able and engine not in able:
        raise problem(place, f"the engine {engine} cannot read {_kind(place)}.", _instead(engine, able))
    if isinstance(place, Path) and place.is_dir() and is_store(place):
        return open_store(place, concepts, mapping, threads=threads)
    return open_warehouse(place, concepts, mapping, engine=engine, schemas=schemas, threads=threads)


def engines_of(place: Path | Address) -> tuple[str, ...]:
    """This will return the engines that can read what lies at a place, the one that suits best first; none where nothing lies there."""
    if isinstance(place, Address):
        return ("postgres",)
    if place.is_file():
        return ("duckdb",)
    if not place.is_dir():
        return ()
    if not is_store(place):
        return ("duckdb", "spark")
    return ("kernel", "duckdb")


def _kind(place: Path | Address) -> str:
    if isinstance(place, Address):
        return "a PostgreSQL database"
    if place.is_dir():
        return "a fact store" if is_store(place) else "a folder of Parquet files"
    return "a DuckDB file"


def _instead(engine: str, able: Sequence[str]) -> str:
    """What to do instead of asking an engine for what it cannot read."""
    other = {
        "spark": "Spark reads a folder of Parquet files (in DuckDB: EXPORT DATABASE 'folder' (FORMAT parquet)).",
        "postgres": "PostgreSQL reads its own databases: give the address, postgresql://user@host/database.",
        "kernel": "The kernel reads a fact store, which is made once: protocord cohort ingest SOURCE STUDY --out STORE.",
        "duckdb": "DuckDB reads a DuckDB file, a folder of Parquet files, or a fact store.",
    }
    return f"Leave --engine out, or say {' or '.join(able)}. {other[engine]}"
