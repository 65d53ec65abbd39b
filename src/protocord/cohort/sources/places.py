"""Open a source by looking at what lies there: a DuckDB file, a folder of OMOP tables as Parquet, or a fact store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from protocord.cohort.engines import DuckDB
from protocord.cohort.sources.omop import COLUMNS, Omop
from protocord.cohort.sources.store import FactStore, is_store, open_store
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping

VOCABULARY = ("concept", "concept_relationship", "concept_ancestor")
_OMOP = frozenset((*COLUMNS, *VOCABULARY))
_SOURCES = "A source is a DuckDB file or a folder of Parquet files with OMOP tables, or a fact store."
# Columns without which a table's rows say nothing; the others are taken as empty where a warehouse leaves them out.
_NEEDED = ("_id", "_concept_id", "_start_date", "_date", "year_of_birth")
_SPARED = ("operator_concept_id", "unit_concept_id", "value_as_concept_id", "gender_concept_id", "_end_date")


def open_source(
    path: Path, concepts: Concepts, mapping: SiteMapping | None = None, *, schema: str = "", threads: int | None = None
) -> Omop | FactStore:
    """This will open whatever source lies at `path` for a study's concepts; nothing in it is ever written.

    A DuckDB file may keep its OMOP tables in any schema, vocabulary and clinical tables in different ones; `schema` says which where
    several have a `person`. In a Parquet folder each table is `person.parquet` or a folder `person/` of files. Raises SubjectProblems
    with the remedy for anything else, for a folder of FHIR NDJSON (which is ingested first), and for tables that lack columns.
    """
    if path.is_dir() and is_store(path):
        return open_store(path, concepts, mapping, threads=threads)
    engine = DuckDB(threads=threads)
    try:
        tables = _parquet_tables(path) if path.is_dir() else _database_tables(engine, path, schema)
        if "person" not in tables:
            raise _problem(path, _what_it_is(path), _remedy(path))
        _views(engine, path, tables)
    except BaseException:
        engine.close()
        raise
    return Omop(engine, frozenset(tables), concepts, mapping or SiteMapping())


def _problem(path: Path, what: str, remedy: str) -> SubjectProblems:
    return SubjectProblems([Problem(Place(str(path)), what, remedy)])


def _what_it_is(path: Path) -> str:
    if path.is_dir() and any(path.glob("*.ndjson*")):
        return "this is a FHIR bulk export, which is made a fact store first."
    return "there is no OMOP table person here." if path.exists() else "there is no such file or folder."


def _remedy(path: Path) -> str:
    if path.is_dir() and any(path.glob("*.ndjson*")):
        return f"Run: protocord cohort ingest {path} STUDY --out STORE, and screen STORE."
    return _SOURCES


def _parquet_tables(folder: Path) -> dict[str, str]:
    """How SQL reads each OMOP table of a folder, by its name in small letters."""
    found = {}
    for path in sorted(folder.iterdir()):
        name = path.stem.lower() if path.is_file() else path.name.lower()
        is_table = path.suffix == ".parquet" if path.is_file() else any(path.glob("*.parquet"))
        if name in _OMOP and is_table:
            files = str(path / "*.parquet" if path.is_dir() else path).replace("'", "''")
            found[name] = f"read_parquet('{files}')"
    return found


def _database_tables(engine: DuckDB, path: Path, schema: str) -> dict[str, str]:
    """How SQL reads each OMOP table of a DuckDB file, attached for reading only."""
    if not path.is_file():
        raise _problem(path, "there is no such file or folder.", _SOURCES)
    quoted = str(path).replace("'", "''")
    try:
        engine.connection.execute(f"ATTACH '{quoted}' AS source (TYPE duckdb, READ_ONLY)")
    except duckdb.Error as wrong:
        said = str(wrong).splitlines()[0]
        raise _problem(path, f"this cannot be opened as a DuckDB file ({said}).", _SOURCES) from None
    rows = engine.connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'source' ORDER BY ALL"
    ).fetchall()
    places: dict[str, dict[str, str]] = {}
    for place, name in rows:
        if name.lower() in _OMOP:
            places.setdefault(name.lower(), {})[place] = f'source."{place}"."{name}"'
    having = places.get("person", {})
    if schema and schema not in having:
        there = ", ".join(having) or "no schema"
        raise _problem(path, f"the schema {schema!r} has no table person.", f"It is in: {there}.")
    if not schema and len(having) > 1:
        said = "several schemas have a table person."
        raise _problem(path, said, f"Say which one is meant: {', '.join(having)}.")
    own = schema or next(iter(having), "")
    return {
        name: there.get(own) or next(iter(there.values())) for name, there in places.items() if own in there or name in VOCABULARY
    }


def _views(engine: DuckDB, path: Path, tables: Mapping[str, str]) -> None:
    """Make each table a view with the columns and the types that are read of it."""
    problems = []
    for name, where in tables.items():
        if name in VOCABULARY:
            engine.connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM {where}')
            continue
        described = engine.connection.execute(f"DESCRIBE SELECT * FROM {where}").fetchall()
        there = {row[0].lower(): row[1] for row in described}
        chosen = []
        for column, kind in COLUMNS[name].items():
            if column in there:
                value = f'TRY_CAST("{column}" AS {_TYPES[kind]})'
                is_float = there[column] in ("DOUBLE", "FLOAT", "VARCHAR")  # only these know "not a number" and infinity
                value = f"CASE WHEN isfinite({value}) THEN {value} END" if kind == "float64" and is_float else value
                chosen.append(f"{value} AS {column}")
            elif column.endswith(_NEEDED) and not column.endswith(_SPARED):
                what = f"the table {name} has no column {column}."
                problems.append(Problem(Place(str(path)), what, "The OMOP Common Data Model 5.4 demands it."))
            else:
                chosen.append(f"NULL::{_TYPES[kind]} AS {column}")
        if not problems:
            engine.connection.execute(f'CREATE VIEW "{name}" AS SELECT {", ".join(chosen)} FROM {where}')
    if problems:
        raise SubjectProblems(sorted(problems))


_TYPES = {"int64": "BIGINT", "int32": "INTEGER", "float64": "DOUBLE", "date": "DATE", "string": "VARCHAR"}
