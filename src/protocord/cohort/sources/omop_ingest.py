"""Make a fact store of an OMOP warehouse: a DuckDB file, a Parquet folder, a PostgreSQL database.

The warehouse is read a range of persons at a time, in the order of their ids, so memory is bounded by `memory` for DuckDB and by the
facts of one range. Its readable records are not copied: the store keeps where they are, and a fingerprint of what they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ibis
import polars as pl

from protocord.cohort.engines import DuckDB
from protocord.cohort.kernel.marks import BLOCK
from protocord.cohort.normal import FACTS, HISTORIES, PERSONS
from protocord.cohort.sources.making import Making, Progress, Tally
from protocord.cohort.sources.omop import CODED, Omop
from protocord.cohort.sources.origin import origin_of
from protocord.cohort.sources.places import open_source
from protocord.cohort.sources.warehouses import Address, Schemas, reading
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol


def ingest_omop(
    place: Path | Address,
    store: Path,
    protocol: Protocol,
    mapping: SiteMapping | None = None,
    *,
    schemas: Schemas | None = None,
    memory: str = "1GB",
    threads: int | None = None,
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """This will make the fact store `store` of the warehouse at `place` and return its manifest.

    `progress` is told how many persons of all are done. Rows that become no fact are counted by table and reason, and codes that mean
    nothing to the study by code. Raises SubjectProblems where the warehouse cannot be read, has a person twice, or where something
    stands at `store` already.
    """
    mapping = mapping or SiteMapping()
    source = open_source(place, protocol.concepts, mapping, schemas=schemas, threads=threads)
    if not isinstance(source, Omop):
        source.engine.close()
        raise SubjectProblems([Problem(Place(str(place)), "is a fact store already.", "Screen it as it is.")])
    try:
        with Making(store) as made, reading(place, source.engine):
            if isinstance(source.engine, DuckDB):
                source.engine.do("SET memory_limit = '{}'".format(memory.replace("'", "''")))
                source.engine.do("SET temp_directory = '{}'".format(str(made.scratch / "spilled").replace("'", "''")))
            origin = origin_of(place, source, mapping, schemas or Schemas())
            _left_out(source, made.tally)
            _write(source, made, protocol, place, progress)
            return made.finish(protocol, mapping, {"source": "OMOP CDM", "origin": origin})
    finally:
        source.engine.close()


def _write(source: Omop, made: Making, protocol: Protocol, place: Path | Address, progress: Progress | None) -> None:
    relations, engine = source.relations(), source.engine
    queries = [ibis.to_sql(facts, dialect=engine.dialect) for facts in relations.facts]
    histories = ibis.to_sql(relations.histories, dialect=engine.dialect)
    told = engine.run(ibis.to_sql(relations.persons, dialect=engine.dialect)).cast(pl.Schema(PERSONS)).sort("person")
    persons = told.drop_nulls("person")
    if told.height > persons.height:
        made.tally.leave("person", "", "no_subject", told.height - persons.height)
    if persons["person"].is_duplicated().any():
        twice = persons.filter(pl.col("person").is_duplicated())["person"][0]
        what = f"the table person has {twice} more than once."
        raise SubjectProblems([Problem(Place(str(place)), what, "Each person stands there once: mend the table.")])
    made.tally.counts["persons"] = persons.height
    for first in range(0, max(persons.height, 1), BLOCK):
        own = persons[first : first + BLOCK]
        within = f"person BETWEEN {own['person'][0]} AND {own['person'][-1]}" if own.height else "1 = 0"

        def read(sql: str, schema: Mapping[str, Any], within: str = within) -> pl.DataFrame:
            return engine.run(f"SELECT * FROM ({sql}) AS rows_of WHERE {within}").cast(pl.Schema(schema)).select(list(schema))

        facts = pl.concat(read(sql, FACTS) for sql in queries) if queries else pl.DataFrame(schema=dict(FACTS))
        frames = {
            "persons": own,
            "facts": facts.join(own.select("person"), on="person", how="semi").sort("person", "record"),
            "histories": read(histories, HISTORIES).join(own.select("person"), on="person", how="semi").sort("person", "since"),
        }
        made.add(frames, protocol.concepts)
        if progress:
            progress(first + own.height, persons.height)


def _left_out(source: Omop, tally: Tally) -> None:
    """Count the rows of events, by table; and those that become no fact, by reason and code."""
    source.engine.bring("known_codes", source.codes.codes)
    for table, code, known, nobody, count in _counted(source):
        tally.counts[f"resources {table}"] += count
        if not known:
            tally.leave(table, "" if not code else f"omop|{code}", "omop_code_unknown" if code else "omop_code_none", count)
        elif nobody:
            tally.leave(table, f"omop|{code}", "no_such_patient", count)


def _counted(source: Omop) -> Iterator[tuple[str, int, bool, bool, int]]:
    for table, (concept, _, _) in CODED.items():
        if table in source.tables:
            sql = (
                f"SELECT coalesce(t.{concept}, 0) AS code, k.concept_id IS NOT NULL AS known, p.person_id IS NULL AS nobody, count(*) AS n "
                f"FROM {table} t LEFT JOIN known_codes k ON t.{concept} = k.concept_id LEFT JOIN person p ON t.person_id = p.person_id "
                "GROUP BY 1, 2, 3"
            )
            for code, known, nobody, count in source.engine.run(sql).sort("n", "code", descending=[True, False]).iter_rows():
                yield table, code, known, nobody, count
