"""Which of a study's concepts the tables of a warehouse hold: a quick look at their ids spares many whole reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from protocord.cohort.engines import Engine

FIRST_ROWS = 100_000  # of a table, in which most of its ids are met
MANY_IDS = 2_000  # more than these are not written into one query


def held(
    engine: Engine, tables: Mapping[str, tuple[str, str]], meant: Mapping[int, int]
) -> tuple[list[frozenset[int]], frozenset[int]]:
    """This will return which concepts each table holds, and those some row of which has no date.

    `tables` says of each table the column of its ids and that of its day; `meant` which concept an id means. That no row lacks a day is
    seen at once: a Parquet file says itself where a column has no gaps.
    """

    def of(ids: Iterable[int]) -> frozenset[int]:
        return frozenset(meant[one] for one in ids if one in meant)

    found, undated = [], frozenset[int]()
    for table, (concept, start) in tables.items():
        found.append(of(_ids(engine, table, concept, meant)))
        undated |= of(engine.run(f"SELECT DISTINCT {concept} AS id FROM {table} WHERE {start} IS NULL")["id"])
    return found, undated


def _ids(engine: Engine, table: str, concept: str, asked: Iterable[int]) -> set[int]:
    """Every id asked for that a table holds, and perhaps others: those of its first rows, and those of the rest by a second look.

    The second look is for ids that are rare or not there: an engine that knows the least and the greatest of a block reads few blocks.
    """
    some = f"(SELECT {concept} AS id FROM {table} LIMIT {FIRST_ROWS}) AS first_rows"
    first = engine.run(f"SELECT id, COUNT(*) AS number FROM {some} GROUP BY id")
    found = set(first["id"])
    rest = sorted(frozenset(asked) - found)
    if first["number"].sum() < FIRST_ROWS or not rest:
        return found
    ids = f"SELECT DISTINCT {concept} AS id FROM {table}"
    if len(rest) <= MANY_IDS:
        ids += f" WHERE {concept} IN ({', '.join(map(str, rest))})"
    return found.union(engine.run(ids)["id"])
