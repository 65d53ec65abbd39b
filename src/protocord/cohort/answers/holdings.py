"""What a source holds, in its own terms: a warehouse by its tables, codes and rows, a fact store by its relations and what it left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from protocord.cohort.engines import Engine
from protocord.cohort.normal import Numbering
from protocord.cohort.sources.omop import CODED, COLUMNS, Omop
from protocord.cohort.sources.omop_views import VOCABULARY
from protocord.cohort.sources.store import FactStore
from protocord.criteria.index import BIRTH_DATE, SEX
from protocord.statistics.results import Statistic

# A result or a statement has one day, which is its first and its last.
_EVENTS: Mapping[str, tuple[str, str, str]] = {name: (code, start, end or start) for name, (code, start, end) in CODED.items()}


def unexplained_codes(engine: Engine, source: Omop, tables: Iterable[str]) -> pl.DataFrame:
    """This will return how many rows of these tables have a code that means nothing to the study, by table and code (source, code, n).

    Code 0 stands for rows that the source gave no concept, with 0 or without a number. Leaves the table `known_codes` on the engine.
    """
    engine.bring("known_codes", source.codes.codes)
    parts = [
        f"SELECT '{table}' AS source, coalesce(t.{column}, 0) AS code, count(*) AS n FROM {table} t "
        f"LEFT JOIN known_codes k ON t.{column} = k.concept_id WHERE k.concept_id IS NULL GROUP BY 2"
        for table in tables
        for column in _EVENTS[table][:1]
    ]
    if not parts:
        return pl.DataFrame(schema={"source": pl.String, "code": pl.Int64, "n": pl.Int64})
    return engine.run(" UNION ALL ".join(parts))


@dataclass
class Warehouse:
    """OMOP tables on an engine; `found` are those that the source has itself."""

    source: Omop
    engine: Engine
    found: frozenset[str]
    numbering: Numbering
    on: date

    @cached_property
    def codes(self) -> Mapping[int, int] | None:
        """How many of the source's codes mean each concept, by its number."""
        counts = self.source.codes.codes.group_by("concept").len()
        found = dict(counts.iter_rows())
        for name in (BIRTH_DATE, SEX):  # the table of persons says them
            if name in self.numbering.numbers:
                found[self.numbering.numbers[name]] = found.get(self.numbering.numbers[name], 0) + 1
        return found

    def tables(self) -> Iterator[Statistic]:
        """This will yield which tables it has, and how many rows."""
        for name in (*COLUMNS, *VOCABULARY):
            present = name in self.found
            yield Statistic("table", "present", present, context={"table": name})
            if present and name in COLUMNS:
                yield Statistic(
                    "table", "rows", int(self.engine.run(f"SELECT count(*) AS n FROM {name}")["n"][0]), context={"table": name}
                )

    def dates(self) -> Iterator[Statistic]:
        """This will yield days that cannot be, or lie after the day of assessment, by table."""
        for table, (_, start, end) in _EVENTS.items():
            if table not in self.found:
                continue
            sql = (
                f"SELECT count(*) FILTER (WHERE {start} IS NULL) AS no_date, "
                f"count(*) FILTER (WHERE {end} < {start}) AS ends_before_start, "
                f"count(*) FILTER (WHERE {start} > DATE '{self.on.isoformat()}') AS after_the_day, "
                f"count(*) FILTER (WHERE EXTRACT(YEAR FROM {start}) < p.year_of_birth) AS before_birth, "
                "count(*) FILTER (WHERE p.person_id IS NULL) AS no_person "
                f"FROM {table} t LEFT JOIN person p ON t.person_id = p.person_id"
            )
            for why, rows in self.engine.run(sql).row(0, named=True).items():
                yield Statistic("dates", why, int(rows), context={"table": table})

    def unmapped(self, top: int) -> Iterator[Statistic]:
        """Codes that mean nothing to the study. Most of a hospital's should; a tumour drug among them should not."""
        tables = [table for table in _EVENTS if table in self.found]
        found = unexplained_codes(self.engine, self.source, tables).sort(["n", "code"], descending=[True, False])
        for table, frame in sorted(found.partition_by("source", as_dict=True).items()):
            none = int(frame.filter(pl.col("code") == 0)["n"].sum())
            other = frame.filter(pl.col("code") != 0)
            where = {"table": str(table[0])}
            yield Statistic("unmapped", "without_concept", none, context=where)
            yield Statistic("unmapped", "codes", other.height, context=where)
            yield Statistic("unmapped", "rows", int(other["n"].sum()), context=where)
        listed = found.filter(pl.col("code") != 0).head(top)
        names = self._names(listed["code"].to_list())
        for table, code, rows in listed.iter_rows():
            context = {"table": table, "code": code, "label": names.get(code, "")}
            yield Statistic("unmapped_code", "rows", rows, context=context)
        yield from self._unmapped_units(top)
        clashes = self.source.codes.clashes
        names = self._names(clashes)
        for code in clashes:
            yield Statistic("clash", "code", code, context={"label": names.get(code, "")})

    def _unmapped_units(self, top: int) -> Iterator[Statistic]:
        if "measurement" not in self.found:
            return
        self.engine.bring("known_units", self.source.codes.units)
        sql = (
            "SELECT unit_concept_id AS unit, count(*) AS n FROM measurement WHERE measurement_concept_id IN (SELECT concept_id FROM "
            "known_codes) AND coalesce(unit_concept_id, 0) <> 0 AND unit_concept_id NOT IN (SELECT unit_concept_id FROM known_units) "
            "GROUP BY 1 ORDER BY n DESC, unit"
        )
        found = self.engine.run(sql).head(top)
        names = self._names(found["unit"].to_list())
        for unit, rows in found.iter_rows():
            yield Statistic("unmapped_unit", "rows", rows, context={"code": unit, "label": names.get(unit, "")})

    def _names(self, codes: Iterable[int]) -> dict[int, str]:
        if "concept" not in self.found:
            return {}
        self.engine.bring("named_codes", pl.DataFrame({"code": list(codes)}, schema={"code": pl.Int64}))
        sql = "SELECT code, concept_name FROM named_codes JOIN concept ON code = concept_id"
        return dict(self.engine.run(sql).iter_rows())

    def persons(self) -> Iterator[Statistic]:
        """This will yield how many persons there are, and of how many no history or no birth is known."""
        sql = (
            "SELECT count(*) AS persons, count(*) FILTER (WHERE p.person_id NOT IN (SELECT person_id FROM observation_period WHERE "
            "person_id IS NOT NULL)) AS without_period, count(*) FILTER (WHERE year_of_birth IS NULL) AS without_birth FROM person p"
        )
        for name, count in self.engine.run(sql).row(0, named=True).items():
            yield Statistic("persons", name, int(count))


@dataclass
class Store:
    """A fact store. What its codes meant was settled when it was made; its manifest counts what became no fact then."""

    source: FactStore
    numbering: Numbering
    on: date

    @property
    def codes(self) -> Mapping[int, int] | None:
        """None: it holds facts, not codes."""
        return None

    def tables(self) -> Iterator[Statistic]:
        """This will yield how many rows each relation has."""
        for name in ("persons", "facts", "histories"):
            rows = int(self.source.engine.run(f"SELECT count(*) AS n FROM {name}")["n"][0])
            yield Statistic("table", "present", True, context={"table": name})
            yield Statistic("table", "rows", rows, context={"table": name})

    def dates(self) -> Iterator[Statistic]:
        """This will yield facts without a day, or with days before birth or after the day of assessment."""
        sex = self.numbering.numbers.get(SEX, -1)
        sql = (
            f"SELECT count(*) FILTER (WHERE undated AND concept <> {sex}) AS no_date, "
            f"count(*) FILTER (WHERE first > {self.on.toordinal()}) AS after_the_day, "
            'count(*) FILTER (WHERE "last" < birth_first) AS before_birth FROM facts LEFT JOIN persons USING (person)'
        )
        for why, rows in self.source.engine.run(sql).row(0, named=True).items():
            yield Statistic("dates", why, int(rows), context={"table": "facts"})

    def unmapped(self, top: int) -> Iterator[Statistic]:
        """This will yield what became no fact, by reason, and the most frequent codes among it."""
        for reason, count in self.source.manifest.get("unmapped", {}).items():
            yield Statistic("left_out", "resources", int(count), context={"why": reason})
        for one in list(self.source.manifest.get("unmapped_most", ()))[:top]:
            context = {"table": str(one["resource"]), "code": str(one["code"]), "label": "", "why": str(one["reason"])}
            yield Statistic("unmapped_code", "rows", int(one["count"]), context=context)
        unreadable = int(self.source.manifest.get("counts", {}).get("unreadable persons", 0))
        yield Statistic("persons", "unreadable", unreadable)

    def persons(self) -> Iterator[Statistic]:
        """This will yield how many persons there are, and of how many no history or no birth is known."""
        sql = (
            "SELECT count(*) AS persons, count(*) FILTER (WHERE person NOT IN (SELECT person FROM histories)) AS without_period, "
            "count(*) FILTER (WHERE birth_first IS NULL) AS without_birth FROM persons"
        )
        for name, count in self.source.engine.run(sql).row(0, named=True).items():
            yield Statistic("persons", name, int(count))
