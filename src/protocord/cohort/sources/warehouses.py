"""Open an OMOP warehouse by looking at what lies there: a DuckDB file, a folder of Parquet files, or a PostgreSQL database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import cpu_count
from pathlib import Path

import duckdb

from protocord.cohort.engines import DuckDB, Engine, Postgres, Spark
from protocord.cohort.sources.omop import COLUMNS, Omop
from protocord.cohort.sources.omop_views import VOCABULARY, make_views
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping

_OMOP = frozenset((*COLUMNS, *VOCABULARY))
_SOURCES = "A source is a DuckDB file, a folder of Parquet files or a PostgreSQL database with OMOP tables, or a fact store."
_SCHEME = re.compile(r"\s*postgres[\w.+-]*://", re.IGNORECASE)
_BAD_DATA = "22"  # the class of PostgreSQL's states for values: its messages quote what stands in the row


@dataclass(frozen=True)
class Address:
    """A PostgreSQL database by its address, `postgresql://user@host:5432/database`. Its text never holds a password.

    The password belongs into the environment (PGPASSWORD) or the file .pgpass; whatever the address leaves out comes from the PG*
    settings of the environment, too.
    """

    conninfo: str = field(repr=False)

    def __post_init__(self) -> None:
        # Other programs write the scheme in capitals or with a driver; the library here takes it only plain.
        object.__setattr__(self, "conninfo", _SCHEME.sub("postgresql://", self.conninfo))

    def __str__(self) -> str:
        told = self._told()
        if told is None:
            return "postgresql://…"
        user = f"{told['user']}@" if "user" in told else ""
        port = f":{told['port']}" if "port" in told else ""
        return f"postgresql://{user}{told.get('host', '')}{port}/{told.get('dbname', '')}"

    def check(self) -> None:
        """This will raise SubjectProblems where it is no address, or one in which a part of the password would be taken for a host."""
        if self._told() is None:
            remedy = (
                "Write it as postgresql://user@host:5432/database, the password in PGPASSWORD (in the address an @ of it is %40)."
            )
            raise problem(self, "this is no address of a PostgreSQL database.", remedy)

    def _told(self) -> dict[str, str] | None:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            told = {name: str(value) for name, value in conninfo_to_dict(self.conninfo).items()}
        except ProgrammingError:
            return None
        strange = any("@" in told.get(name, "") for name in ("host", "port", "dbname"))
        return None if strange or not all(port.isdecimal() or not port for port in told.get("port", "").split(",")) else told

    @staticmethod
    def is_one(text: str) -> bool:
        """This will tell whether a text is the address of a PostgreSQL database."""
        return _SCHEME.match(text) is not None


@dataclass(frozen=True)
class Schemas:
    """In which schemas of a database the OMOP tables stand, where several have them: those of the patients, and of the vocabulary."""

    clinical: str = ""
    vocabulary: str = ""


def open_warehouse(
    place: Path | Address,
    concepts: Concepts,
    mapping: SiteMapping | None = None,
    *,
    engine: str = "",
    schemas: Schemas | None = None,
    threads: int | None = None,
) -> Omop:
    """This will open the OMOP warehouse at `place` for a study's concepts; nothing in it is ever written.

    A folder is read by DuckDB, or by Spark where `engine` says so. A database may keep its OMOP tables in any schema, vocabulary and
    clinical tables in different ones; `schemas` says which where several have a `person`. In a Parquet folder each table is
    `person.parquet` or a folder `person/` of files. Raises SubjectProblems with the remedy for anything else, and for tables that
    lack columns.
    """
    runs, tables_of = _connected(place, engine, schemas or Schemas(), threads)
    try:
        with reading(place, runs):
            tables = tables_of()
            if "person" not in tables:
                raise problem(place, _what_it_is(place), _remedy(place))
            numbered = make_views(runs, str(place), tables)
            return Omop(runs, frozenset(tables), concepts, mapping or SiteMapping(), numbered)
    except BaseException:
        runs.close()
        raise


@contextmanager
def reading(place: Path | Address, engine: Engine) -> Iterator[None]:
    """This will make what an engine cannot read a problem of the source, with the remedy."""
    try:
        yield
    except engine.errors as wrong:
        if str(getattr(wrong, "sqlstate", None) or "").startswith(_BAD_DATA):
            what = f"cannot be read: a value is not of the type that its column should have (state {wrong.sqlstate})."  # type: ignore[attr-defined]
            remedy = (
                "Check the types of the columns, text in place of numbers or dates first, against the OMOP Common Data Model 5.4."
            )
            raise problem(place, what, remedy) from None
        said = (str(wrong).splitlines() or [""])[0]
        raise problem(place, f"cannot be read: {said}", engine.remedy) from wrong


def _connected(
    place: Path | Address, engine: str, schemas: Schemas, threads: int | None
) -> tuple[Engine, Callable[[], Mapping[str, str]]]:
    """The engine that reads a place, and what tells the OMOP tables there: how its SQL names each, by the name in small letters."""
    if isinstance(place, Address):
        place.check()
        server = Postgres(place.conninfo)
        return server, lambda: _server_tables(server, place, schemas)
    if engine == "spark":
        spark = Spark(threads=threads or cpu_count() or 1)
        return spark, lambda: _spark_tables(spark, place)
    embedded = DuckDB(threads=threads)
    return embedded, lambda: _parquet_tables(place) if place.is_dir() else _database_tables(embedded, place, schemas)


def problem(place: Path | Address, what: str, remedy: str) -> SubjectProblems:
    """This will return what is wrong with a source, as an exception to raise."""
    return SubjectProblems([Problem(Place(str(place)), what, remedy)])


def _what_it_is(place: Path | Address) -> str:
    if isinstance(place, Path) and place.is_dir() and any(place.glob("*.ndjson*")):
        return "this is a FHIR bulk export, which is made a fact store first."
    exists = isinstance(place, Address) or place.exists()
    return "there is no OMOP table person here." if exists else "there is no such file or folder."


def _remedy(place: Path | Address) -> str:
    if isinstance(place, Path) and place.is_dir() and any(place.glob("*.ndjson*")):
        return f"Run: protocord cohort ingest {place} STUDY --out STORE, and screen STORE."
    if isinstance(place, Address):
        return "The account must be allowed to read the OMOP tables; no schema in its sight has a person."
    return _SOURCES


def _parquet_places(folder: Path) -> Iterator[tuple[str, Path]]:
    """The OMOP tables of a folder, by their names in small letters."""
    for path in sorted(folder.iterdir()):
        name = path.stem.lower() if path.is_file() else path.name.lower()
        is_table = path.suffix == ".parquet" if path.is_file() else any(path.glob("*.parquet"))
        if name in _OMOP and is_table:
            yield name, path


def _parquet_tables(folder: Path) -> dict[str, str]:
    found = {}
    for name, path in _parquet_places(folder):
        files = str(path / "*.parquet" if path.is_dir() else path).replace("'", "''")
        found[name] = f"read_parquet('{files}')"
    return found


def _spark_tables(spark: Spark, folder: Path) -> dict[str, str]:
    found = {}
    for name, path in _parquet_places(folder):
        spark.read_parquet(f"parquet_{name}", path)
        found[name] = f"parquet_{name}"
    return found


def _database_tables(engine: DuckDB, path: Path, schemas: Schemas) -> dict[str, str]:
    """The OMOP tables of a DuckDB file, attached for reading only."""
    if not path.is_file():
        raise problem(path, "there is no such file or folder.", _SOURCES)
    quoted = str(path).replace("'", "''")
    try:
        engine.connection.execute(f"ATTACH '{quoted}' AS source (TYPE duckdb, READ_ONLY)")
    except duckdb.Error as wrong:
        said = str(wrong).splitlines()[0]
        raise problem(path, f"this cannot be opened as a DuckDB file ({said}).", _SOURCES) from None
    rows = engine.connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'source' ORDER BY ALL"
    ).fetchall()
    return {name: f"source.{where}" for name, where in _in_schemas(path, rows, schemas).items()}


def _server_tables(server: Postgres, place: Address, schemas: Schemas) -> dict[str, str]:
    """The OMOP tables and views of a PostgreSQL database that this account may read, as they are at this moment."""
    server.hold()
    rows = server.connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2"
    ).fetchall()
    return _in_schemas(place, rows, schemas)


def _in_schemas(place: Path | Address, rows: Iterable[tuple[str, str]], schemas: Schemas) -> dict[str, str]:
    """Each OMOP table where the schemas asked for have it; `rows` are all tables as (schema, table)."""
    places: dict[str, dict[str, str]] = {}
    for schema, name in rows:
        if name.lower() in _OMOP:
            places.setdefault(name.lower(), {})[schema] = f'"{schema}"."{name}"'
    having = places.get("person", {})
    if schemas.clinical and schemas.clinical not in having:
        there = ", ".join(having) or "no schema"
        raise problem(place, f"the schema {schemas.clinical!r} has no table person.", f"It is in: {there}.")
    if not schemas.clinical and len(having) > 1:
        said = "several schemas have a table person."
        raise problem(place, said, f"Say which one is meant with --schema: {', '.join(having)}.")
    own = schemas.clinical or next(iter(having), "")
    words = {schema for name in VOCABULARY for schema in places.get(name, {})}
    if schemas.vocabulary and schemas.vocabulary not in words:
        there = ", ".join(sorted(words)) or "no schema"
        raise problem(place, f"the schema {schemas.vocabulary!r} has no vocabulary tables.", f"They are in: {there}.")
    found = {}
    for name, having in places.items():
        wanted = (schemas.vocabulary or (own if own in having else next(iter(having)))) if name in VOCABULARY else own
        if wanted in having:
            found[name] = having[wanted]
    return found
