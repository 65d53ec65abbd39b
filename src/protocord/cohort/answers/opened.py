"""A source that is open to be screened: its relations, its persons' records, and a fingerprint of what it held."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from protocord.cohort.answers.mending import Dates
from protocord.cohort.engines import DuckDB
from protocord.cohort.plan.facts import Relations
from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.cohort.sources.places import open_source
from protocord.cohort.sources.store import FactStore
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.values import SubjectRecord

_ENDS = 1 << 16  # bytes read of each end of a file for its fingerprint


@dataclass(frozen=True)
class Opened:
    """A source that is open; `found` are the tables that it has itself."""

    path: Path
    source: Omop | FactStore
    engine: DuckDB
    found: frozenset[str]
    fingerprint: str

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
        raise SubjectProblems([Problem(Place(str(self.path)), what, "Its folder says what was left out then.")])

    def relations(self) -> Relations:
        """This will return the source's normal form as expressions."""
        return self.source.relations()

    def dates(self) -> Dates:
        """This will return what can be asked of the days of its facts."""
        return Dates(self.engine, self.relations())

    def records(self, persons: Sequence[int]) -> Mapping[int, SubjectRecord]:
        """This will return these persons' records, with one query a table; one that the source does not have is left out."""
        if isinstance(self.source, Omop):
            return OmopRecords(self.source).records(persons)
        told = self._of_store("SELECT r.person, r.record FROM records r JOIN asked_persons a ON r.person = a.person", persons)
        return {person: SubjectRecord.from_data(json.loads(record)) for person, record in told.iter_rows()}

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
        return int(said) if said.lstrip("-").isdigit() else None

    def identifiers(self, persons: pl.Series) -> pl.Series:
        """This will return the ids by which the source knows these persons, in their order."""
        if isinstance(self.source, Omop):
            return persons.cast(pl.String)
        told = self._of_store("SELECT s.person, s.subject FROM subjects s JOIN asked_persons a ON s.person = a.person", persons)
        return persons.to_frame("person").join(told, "person", how="left", maintain_order="left")["subject"]


@contextmanager
def opened(path: Path, concepts: Concepts, mapping: SiteMapping | None = None, *, threads: int | None = None) -> Iterator[Opened]:
    """This will open a source to read, and give it back at the end. Raises SubjectProblems where it cannot be read."""
    source = open_source(path, concepts, mapping, threads=threads)
    engine = source.engine
    assert isinstance(engine, DuckDB)
    found = source.tables if isinstance(source, Omop) else frozenset()
    try:
        if isinstance(source, Omop) and "observation_period" not in found:  # nothing is declared complete: absence stays unknown
            days = dict.fromkeys(("observation_period_start_date", "observation_period_end_date"), pl.Date)
            engine.bring("observation_period", pl.DataFrame(schema={"person_id": pl.Int64, **days}))
        yield Opened(path, source, engine, found, source.fingerprint if isinstance(source, FactStore) else fingerprint(path))
    except duckdb.Error as wrong:
        what = f"cannot be read: {str(wrong).splitlines()[0]}"
        remedy = "Check the table against the OMOP Common Data Model 5.4."
        raise SubjectProblems([Problem(Place(str(path)), what, remedy)]) from wrong
    finally:
        engine.close()


def fingerprint(path: Path) -> str:
    """This will return the SHA-256 over each file's name, size, first and last 64 KiB (a Parquet file's statistics stand there).

    Reading every byte of a warehouse would take longer than to screen it; a change that alters neither size nor ends is not seen.
    """
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
        name, size = file.relative_to(path).as_posix() if path.is_dir() else file.name, file.stat().st_size
        with file.open("rb") as content:
            head = content.read(_ENDS)
            content.seek(max(0, size - _ENDS))
            digest.update(f"{name}\0{size}\0".encode() + head + content.read(_ENDS))
    return digest.hexdigest()
