"""A source that is open to be screened: its relations, its answers, its persons' records, and a fingerprint of what it held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from protocord.cohort.answers.mending import Dates
from protocord.cohort.engines import Engine
from protocord.cohort.kernel.answering import answered_by_kernel
from protocord.cohort.kernel.compact import open_compact
from protocord.cohort.plan.answered import Answered, answered_by_sql
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.program import Program
from protocord.cohort.sources.fingerprints import counted, fingerprint
from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.cohort.sources.places import engines_of, open_source
from protocord.cohort.sources.store import FactStore
from protocord.cohort.sources.warehouses import Address, Schemas, reading
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.values import SubjectRecord


@dataclass(frozen=True)
class Opened:
    """A source that is open. `engine_name` is one of `places.ENGINES`; `found` are the OMOP tables that it has itself."""

    place: Path | Address
    source: Omop | FactStore
    engine_name: str
    found: frozenset[str]
    threads: int | None = None

    @property
    def engine(self) -> Engine:
        """What runs SQL over it; the kernel leaves to it what is asked of few persons."""
        return self.source.engine

    @property
    def kind(self) -> str:
        """What kind of source it is, as one word."""
        return "fact-store" if isinstance(self.source, FactStore) else "omop"

    @property
    def omop(self) -> Omop:
        """The source as a warehouse. Raises SubjectProblems where it is a fact store, whose codes were read when it was made."""
        if isinstance(self.source, Omop):
            return self.source
        what = "is a fact store; what its codes mean was settled when it was made."
        raise SubjectProblems([Problem(Place(str(self.place)), what, "Its folder says what was left out then.")])

    def relations(self) -> Relations:
        """This will return the source's normal form as expressions."""
        return self._relations

    @cached_property
    def _relations(self) -> Relations:
        return self.source.relations()

    def answered(self, program: Program) -> Answered:
        """This will answer a program for every person, on the engine that was chosen."""
        if self.engine_name == "kernel":
            assert isinstance(self.place, Path)
            threads = {} if self.threads is None else {"threads": self.threads}
            return answered_by_kernel(open_compact(self.place), program, self.source.concepts, **threads)
        return answered_by_sql(self.engine, self._relations, self.source.concepts, program)

    def dates(self) -> Dates:
        """This will return what can be asked of the days of its facts."""
        return Dates(self.engine, self._relations)

    @cached_property
    def persons(self) -> int:
        """How many persons it has."""
        return int(self.engine.run(f"SELECT count(*) AS n FROM {'person' if self.found else 'persons'}")["n"][0])

    @cached_property
    def fingerprint(self) -> str:
        """What it held, as one hash; `fingerprint_of` says over what."""
        if isinstance(self.source, FactStore):
            return self.source.fingerprint
        return counted(self.source, self.found) if isinstance(self.place, Address) else fingerprint(self.place)

    @property
    def fingerprint_of(self) -> str:
        """What the fingerprint is made of: a change that alters none of it is not seen."""
        if isinstance(self.source, FactStore):
            return "manifest"
        return "rows and greatest ids of each table" if isinstance(self.place, Address) else "names, sizes and ends of the files"

    @property
    def versions(self) -> Mapping[str, str]:
        """The engine, and the versions of what answered."""
        from importlib.metadata import version

        told = {"engine": self.engine_name, "engine_version": self.engine.version()}
        if self.engine_name == "kernel":
            told = {"engine": "kernel", "engine_version": f"numba {version('numba')}", "duckdb": self.engine.version()}
        return told | {"ibis": version("ibis-framework"), "protocord": version("protocord")}

    def records(self, persons: Sequence[int]) -> Mapping[int, SubjectRecord]:
        """This will return these persons' records, with one query a table; one that the source does not have is left out."""
        if isinstance(self.source, Omop):
            return OmopRecords(self.source).records(persons)
        return self.source.records(persons)

    def _of_store(self, sql: str, persons: Sequence[int] | pl.Series) -> pl.DataFrame:
        self.engine.bring("asked_persons", pl.DataFrame({"person": persons}, schema={"person": pl.Int64}))
        return self.engine.run(sql)

    def person(self, said: str) -> int | None:
        """This will return the number of the person whom the source knows by this id; None where that is no id of its kind."""
        if isinstance(self.source, FactStore):
            try:
                return self.source.person(said)
            except KeyError:
                return None
        return int(said) if said.lstrip("-").isdecimal() and abs(int(said)) < 1 << 63 else None

    def identifiers(self, persons: pl.Series) -> pl.Series:
        """This will return the ids by which the source knows these persons, in their order."""
        if isinstance(self.source, Omop):
            return persons.cast(pl.String)
        told = self._of_store("SELECT s.person, s.subject FROM subjects s JOIN asked_persons a ON s.person = a.person", persons)
        return persons.to_frame("person").join(told, "person", how="left", maintain_order="left")["subject"]


@contextmanager
def opened(
    place: Path | Address,
    concepts: Concepts,
    mapping: SiteMapping | None = None,
    *,
    engine: str = "",
    schemas: Schemas | None = None,
    threads: int | None = None,
) -> Iterator[Opened]:
    """This will open a source to read, and give it back at the end (see `open_source`). Raises SubjectProblems where it cannot be read."""
    source = open_source(place, concepts, mapping, engine=engine, schemas=schemas, threads=threads)
    runs = source.engine
    found = source.tables if isinstance(source, Omop) else frozenset()
    try:
        with reading(place, runs):
            if (
                isinstance(source, Omop) and "observation_period" not in found
            ):  # nothing is declared complete: absence stays unknown
                days = dict.fromkeys(("observation_period_start_date", "observation_period_end_date"), pl.Date)
                runs.bring("observation_period", pl.DataFrame(schema={"person_id": pl.Int64, **days}))
            yield Opened(place, source, engine or engines_of(place)[0], found, threads)
    finally:
        runs.close()
