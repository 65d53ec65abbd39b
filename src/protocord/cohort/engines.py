"""Where a plan runs: an engine takes small tables and one SQL text, and gives rows back.

Ibis writes the SQL from tables that it only knows by name and columns; the connection is ours, one thin class an engine, since the
parts of Ibis that talk to engines do not work with every version of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from os import environ
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.errors import Place, Problem, SubjectProblems

_KINDS: Mapping[Any, str] = {
    pl.Int8: "int8", pl.Int16: "int16", pl.Int32: "int32", pl.Int64: "int64", pl.Float64: "float64", pl.Boolean: "boolean",
    pl.String: "string", pl.Date: "date",
}  # fmt: skip


class Engine(Protocol):
    """Something that runs SQL over tables that have been brought to it.

    `dialect` is Ibis's name of its SQL; `errors` are what it raises where a table cannot be read, and `remedy` what may help then.
    """

    dialect: str
    errors: tuple[type[Exception], ...]
    remedy: str

    def bring(self, name: str, frame: pl.DataFrame) -> None:
        """This will make a frame a table of that name for this session, in place of an earlier one."""

    def run(self, sql: str) -> pl.DataFrame:
        """This will run one query and return its rows."""

    def do(self, sql: str) -> None:
        """This will run one statement that returns nothing: a view of this session."""

    def keep(self, name: str, sql: str) -> None:
        """This will keep the rows of one query as a table of that name for this session, in place of an earlier one."""

    def columns(self, table: str) -> dict[str, bool]:
        """This will return the names of a table's columns as they are written there, and which may hold infinite numbers or none ("NaN")."""

    def share_done(self) -> float | None:
        """This will return which share of the query under way is done; None where nobody can tell. May be asked from another thread."""

    def version(self) -> str:
        """This will return the engine's version."""

    def close(self) -> None:
        """This will give back what it holds."""


class DuckDB:
    """The embedded engine: one process, as many threads as the machine has cores, or as told."""

    dialect = "duckdb"
    errors: tuple[type[Exception], ...] = (duckdb.Error,)
    remedy = "Check the table against the OMOP Common Data Model 5.4."

    def __init__(self, database: str = ":memory:", *, threads: int | None = None, read_only: bool = False) -> None:
        self.connection = duckdb.connect(database, read_only=read_only)
        if threads is not None:
            self.connection.execute(f"SET threads = {int(threads)}")
        self.connection.execute("SET enable_progress_bar = true")  # counts; what is shown of it is not its business
        self.connection.execute("SET enable_progress_bar_print = false")

    def do(self, sql: str) -> None:
        """This will run one statement that returns nothing: a view of this session."""
        self.connection.execute(sql)

    def columns(self, table: str) -> dict[str, bool]:
        """This will return the names of a table's columns as they are written there, and which may hold infinite numbers or none ("NaN")."""
        told = self.connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
        return {name: kind in ("DOUBLE", "FLOAT", "VARCHAR") for name, kind, *_ in told}

    def share_done(self) -> float | None:
        """This will return which share of the query under way is done; None where nobody can tell. May be asked from another thread."""
        percent = self.connection.query_progress()
        return percent / 100 if 0 < percent <= 100 else None

    def version(self) -> str:
        """This will return the engine's version."""
        return duckdb.__version__

    def bring(self, name: str, frame: pl.DataFrame) -> None:
        """This will make a frame a table of that name for this session, in place of an earlier one."""
        self.connection.register(name, frame.to_arrow())

    def keep(self, name: str, sql: str) -> None:
        """This will keep the rows of one query as a table of that name for this session, in place of an earlier one."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

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


class Spark:
    """A distributed engine, here in one process of its own: for a warehouse that has outgrown one machine. Needs the extra `spark` and Java 17.

    `session` is a session of the caller's (a cluster's); without one a local session is made and ended by `close`.
    """

    dialect = "pyspark"
    remedy = "Check the table against the OMOP Common Data Model 5.4."

    def __init__(self, *, threads: int = 2, partitions: int | None = None, session: Any = None) -> None:
        self._own = False
        if session is None:
            session, self._own = _local_spark(threads, partitions or threads)
        self.session = session
        from pyspark.errors import PySparkException

        self.errors: tuple[type[Exception], ...] = (PySparkException,)
        self._folder = TemporaryDirectory(prefix="protocord-spark-")
        self._brought = count()
        self._kept: dict[str, Any] = {}
        # Ibis writes Spark's SQL only once it has made the settings of that backend.
        assert ibis.pyspark.name == "pyspark"

    def do(self, sql: str) -> None:
        """This will run one statement that returns nothing: a view of this session."""
        self.session.sql(sql)

    def columns(self, table: str) -> dict[str, bool]:
        """This will return the names of a table's columns as they are written there, and which may hold infinite numbers or none ("NaN")."""
        return {name: kind in ("double", "float", "string") for name, kind in self.session.table(table).dtypes}

    def share_done(self) -> float | None:
        """This will return which share of the stages under way is done; None where nobody can tell. May be asked from another thread."""
        tracker = self.session.sparkContext.statusTracker()
        stages = [stage for number in tracker.getActiveStageIds() if (stage := tracker.getStageInfo(number)) is not None]
        tasks = sum(stage.numTasks for stage in stages)
        return sum(stage.numCompletedTasks for stage in stages) / tasks if tasks else None

    def version(self) -> str:
        """This will return the engine's version."""
        return str(self.session.version)

    def bring(self, name: str, frame: pl.DataFrame) -> None:
        """This will make a frame a table of that name for this session, in place of an earlier one."""
        path = Path(self._folder.name) / f"{next(self._brought)}.parquet"
        frame.write_parquet(path)
        self.session.read.parquet(path.as_uri()).createOrReplaceTempView(name)

    def keep(self, name: str, sql: str) -> None:
        """This will keep the rows of one query as a table of that name for this session, in place of an earlier one."""
        made = self.session.sql(sql).cache()
        if name in self._kept:
            self._kept[name].unpersist()
        self._kept[name] = made
        made.createOrReplaceTempView(name)

    def run(self, sql: str) -> pl.DataFrame:
        """This will run one query and return its rows."""
        found = pl.from_arrow(self.session.sql(sql).toArrow())
        assert isinstance(found, pl.DataFrame)
        return found

    def tables(self) -> frozenset[str]:
        """This will return the names of the tables and views that it has, in small letters."""
        return frozenset(row.tableName.lower() for row in self.session.sql("SHOW TABLES").collect())

    def read_parquet_folder(self, folder: Path) -> None:
        """This will make each Parquet file, or folder of Parquet files, of a folder a table of its name."""
        for path in sorted(folder.iterdir()):
            if path.is_dir() or path.suffix == ".parquet":
                self.read_parquet(path.stem.lower(), path)

    def read_parquet(self, name: str, path: Path) -> None:
        """This will make a Parquet file, or a folder of Parquet files, a table of that name for this session."""
        self.session.read.parquet(path.absolute().as_uri()).createOrReplaceTempView(name)

    def close(self) -> None:
        """This will end the session, where it is our own, and take away what was brought."""
        if self._own:
            self.session.stop()
        self._folder.cleanup()


def _local_spark(threads: int, partitions: int) -> tuple[Any, bool]:
    """A session of this process, and whether it was started here; beside one that runs, a session with tables of its own."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise _missing(Spark, "pyspark is not installed.", "Install it: pip install 'protocord[spark]'.") from None
    home = environ.get("JAVA_HOME")
    if not (which("java") or (home and (Path(home) / "bin" / "java").exists())):
        remedy = "Install it (Debian: apt-get install default-jre-headless), or set JAVA_HOME."
        raise _missing(Spark, "Spark needs Java 17 or later, and none was found.", remedy)
    running = SparkSession.getActiveSession()
    if running is not None:
        return running.newSession(), False
    settings: dict[str, bool | float | int | str | None] = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.session.timeZone": "UTC",
        "spark.log.level": "ERROR",
    }
    return SparkSession.builder.master(f"local[{threads}]").appName("protocord").config(map=settings).getOrCreate(), True


class Postgres:
    """PostgreSQL in place: the plan runs where the warehouse is; what is brought are temporary tables of this connection alone.

    `conninfo` is what psycopg takes: `postgresql://user@host/database`, or an empty text for the PG* settings of the environment.
    """

    dialect = "postgres"
    remedy = "The account must read the OMOP tables and make temporary ones of its own session; nothing else is written."

    def __init__(self, conninfo: str = "") -> None:
        import psycopg

        self.errors: tuple[type[Exception], ...] = (psycopg.Error,)
        try:
            self.connection = psycopg.connect(conninfo, autocommit=True)
        except psycopg.OperationalError as wrong:
            said = " ".join(str(wrong).split())
            raise _missing(Postgres, f"the database did not answer: {said}", "Check the address and that it runs.") from None
        except psycopg.ProgrammingError:  # its message repeats the address, and with it a password
            remedy = "Write it as postgresql://user@host:5432/database."
            raise _missing(Postgres, "this is no address of a PostgreSQL database.", remedy) from None

    def hold(self) -> None:
        """This will show the database as it is now until the end, whatever others write meanwhile."""
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")

    def do(self, sql: str) -> None:
        """This will run one statement that returns nothing: a view of this session."""
        self.connection.execute(sql.encode())

    def columns(self, table: str) -> dict[str, bool]:
        """This will return the names of a table's columns as they are written there, and which may hold infinite numbers or none ("NaN")."""
        described = self.connection.execute(f"SELECT * FROM {table} LIMIT 0".encode()).description or ()
        return {column.name: column.type_code not in _POSTGRES_WHOLE for column in described}

    def share_done(self) -> float | None:
        """This will return None: the server tells nobody how far a query is."""
        return None

    def version(self) -> str:
        """This will return the server's version."""
        return str(self.connection.info.parameter_status("server_version"))

    def bring(self, name: str, frame: pl.DataFrame) -> None:
        """This will make a frame a table of that name for this session, in place of an earlier one."""
        from psycopg import sql

        table = sql.Identifier(name)
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(_POSTGRES_KINDS[kind]))
            for column, kind in frame.schema.items()
        )
        with self.connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(table))
            cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({})").format(table, columns))
            with cursor.copy(sql.SQL("COPY pg_temp.{} FROM STDIN").format(table)) as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
            cursor.execute(sql.SQL("ANALYZE pg_temp.{}").format(table))

    def keep(self, name: str, sql: str) -> None:
        """This will keep the rows of one query as a table of that name for this session, in place of an earlier one."""
        self.connection.execute(f"DROP TABLE IF EXISTS pg_temp.{name}".encode())
        self.connection.execute(f"CREATE TEMPORARY TABLE {name} AS {sql}".encode())
        self.connection.execute(f"ANALYZE pg_temp.{name}".encode())

    def run(self, sql: str) -> pl.DataFrame:
        """This will run one query and return its rows."""
        with self.connection.cursor() as cursor:
            found = cursor.execute(sql.encode())
            assert found.description is not None
            schema = {column.name: _POSTGRES_TYPES.get(column.type_code, pl.String) for column in found.description}
            return pl.DataFrame(found.fetchall(), schema=schema, orient="row")

    def tables(self) -> frozenset[str]:
        """This will return the names of the tables and views that it has on its search path, in small letters."""
        query = "SELECT DISTINCT lower(table_name) AS name FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false))"
        return frozenset(self.run(query)["name"])

    def close(self) -> None:
        """This will give the connection back; what was brought goes with it."""
        self.connection.close()


_POSTGRES_KINDS: Mapping[Any, str] = {
    pl.Int8: "smallint", pl.Int16: "smallint", pl.Int32: "integer", pl.Int64: "bigint", pl.Float64: "double precision",
    pl.Boolean: "boolean", pl.String: "text", pl.Date: "date",
}  # fmt: skip
# PostgreSQL's own numbers of its types.
_POSTGRES_TYPES: Mapping[int, Any] = {
    16: pl.Boolean, 20: pl.Int64, 21: pl.Int16, 23: pl.Int32, 25: pl.String, 701: pl.Float64, 1043: pl.String, 1082: pl.Date,
}  # fmt: skip


_POSTGRES_WHOLE = (20, 21, 23)


def _missing(engine: type[Engine], what: str, remedy: str) -> SubjectProblems:
    return SubjectProblems([Problem(Place(f"engine {engine.__name__.lower()}"), what, remedy)])


def unbound(name: str, schema: Mapping[str, Any]) -> ir.Table:
    """This will return a table that Ibis knows by its name and its columns (Polars types) alone."""
    return ibis.table({column: _KINDS[kind] for column, kind in schema.items()}, name=name)


def small(engine: Engine, name: str, frame: pl.DataFrame) -> ir.Table:
    """This will bring a small table to the engine and return it for use in expressions."""
    engine.bring(name, frame)
    return unbound(name, frame.schema)


def kept(engine: Engine, name: str, expression: ir.Table) -> ir.Table:
    """This will keep the rows of an expression on an engine as a table of that name, and return it."""
    engine.keep(name, written(engine, expression))
    return ibis.table(expression.schema(), name=name)


def run(engine: Engine, expression: ir.Table) -> pl.DataFrame:
    """This will run an expression on an engine."""
    return engine.run(written(engine, expression))


def written(engine: Engine, expression: ir.Table) -> str:
    """This will return an expression as an engine's SQL, each step a sub-query: to fuse the steps takes longer than to run them."""
    ibis.options.sql.fuse_selects = False
    return str(ibis.to_sql(expression, dialect=engine.dialect, pretty=False))
