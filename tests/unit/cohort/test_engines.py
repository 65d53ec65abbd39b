"""The engines: what is brought can be asked for again, and what is missing on the machine is said with its remedy."""

from __future__ import annotations

import builtins
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from protocord.cohort import engines
from protocord.cohort.engines import DuckDB, Engine, Postgres, Spark
from protocord.errors import ProblemsFound

FRAME = pl.DataFrame(
    {
        "small": pl.Series([1, None, -3], dtype=pl.Int8),
        "whole": pl.Series([2**40, None, -1], dtype=pl.Int64),
        "number": [1.5, None, 0.1],
        "truth": [True, None, False],
        "said": ["a\tb\n\\N", None, "中文 '\""],
        "day": [date(2024, 2, 29), None, date(1850, 1, 1)],
    }
)


def brings_back(engine: Engine) -> None:
    engine.bring("brought", pl.DataFrame({"other": [1]}))
    engine.bring("brought", FRAME)
    found = engine.run("SELECT * FROM brought ORDER BY whole")
    assert found.with_columns(pl.col("small").cast(pl.Int8)).sort("whole").equals(FRAME.sort("whole"))
    engine.bring("nothing", FRAME.clear())
    assert engine.run("SELECT count(*) AS n FROM nothing")["n"].to_list() == [0]


def test_duckdb_gives_back_what_was_brought() -> None:
    engine = DuckDB(threads=1)
    brings_back(engine)
    engine.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_gives_back_what_was_brought_and_keeps_it_to_itself(postgres_server: Any) -> None:
    url = postgres_server.url(postgres_server.new_database())
    engine, other = Postgres(url), Postgres(url)
    brings_back(engine)
    assert "brought" not in other.tables()
    engine.close()
    other.close()


@pytest.mark.spark
@pytest.mark.slow
def test_spark_gives_back_what_was_brought_and_reads_a_folder(spark: Spark, tmp_path: Path) -> None:
    brings_back(spark)
    (tmp_path / "Person").mkdir()
    FRAME.head(1).write_parquet(tmp_path / "Person" / "1.parquet")
    FRAME.tail(2).write_parquet(tmp_path / "Person" / "2.parquet")
    FRAME.write_parquet(tmp_path / "Drug.parquet")
    spark.read_parquet_folder(tmp_path)
    assert {"person", "drug", "brought"} <= spark.tables()
    assert spark.run("SELECT count(*) AS n FROM person")["n"].to_list() == [3]


def test_a_database_that_does_not_answer_is_a_problem_and_not_a_traceback() -> None:
    with pytest.raises(ProblemsFound, match=r"engine postgres: the database did not answer: .*Check the address"):
        Postgres("postgresql://nobody@127.0.0.1:1/none")


def test_without_pyspark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyspark"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ProblemsFound, match=r"engine spark: pyspark is not installed\. .*protocord\[spark\]"):
        Spark()


def test_without_java_what_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "which", lambda _name: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ProblemsFound, match=r"engine spark: Spark needs Java 17 .*default-jre-headless"):
        Spark()
