"""Drugs, procedures and devices whose codes mean nothing to the study: washouts do not see them, so somebody has to look.

An id that neither the vocabulary tables nor the mapping file gives a concept of the study counts as none of the classes asked; so
do id 0 and no id at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from protocord.cohort.answers.holdings import unexplained_codes
from protocord.cohort.answers.listing import Listing
from protocord.cohort.answers.opened import Opened
from protocord.cohort.answers.screened import Screened
from protocord.cohort.plan.classes import cleared_until
from protocord.cohort.plan.program import leaves_of
from protocord.cohort.sources.omop import CODED, Omop
from protocord.statistics.results import Scalar, Statistic
from protocord.values import Reason

GIVEN = ("drug_exposure", "procedure_occurrence", "device_exposure")
_OF_CODES = ("omop_code_unknown", "omop_code_none", "fhir_code_unknown", "fhir_code_ambiguous")
_CONVENTIONS = ("unexplained_codes",)
_NAME = "unexplained"  # of the analysis, and of the column


@dataclass(frozen=True)
class Unexplained:
    """How much the study's washouts cannot see.

    `tables` has table, rows (those without a concept among them), codes and without_concept; of a fact store `table` is "all" and
    codes are not kept (None). `window` are the first and the last day on which any washout asks; None where the study has none.
    `candidates` are how many candidates have such a row then; None where it is not known of whom the rows are.
    """

    tables: pl.DataFrame
    window: tuple[date, date] | None
    candidates: int | None

    @property
    def rows(self) -> int:
        """How many rows in all."""
        return int(self.tables["rows"].sum())

    @property
    def codes(self) -> int | None:
        """How many codes in all."""
        return None if self.tables["codes"].null_count() else int(self.tables["codes"].sum())

    def statistics(self) -> Iterator[Statistic]:
        """This will yield the counts."""
        for row in self.tables.iter_rows(named=True):
            for name in ("rows", "codes", "without_concept"):
                if row[name] is not None:
                    yield Statistic(_NAME, name, row[name], context={"table": row["table"]}, conventions=_CONVENTIONS)
        if self.window is None:
            return
        days = {"since": self.window[0], "until": self.window[1]}
        reason = Reason.of("cohort_not_per_person") if self.candidates is None else None
        yield Statistic(_NAME, "candidates", self.candidates, context=days, conventions=_CONVENTIONS, reason=reason)

    def told(self) -> dict[str, Scalar | None]:
        """This will return what the run record says."""
        since, until = (None, None) if self.window is None else (day.isoformat() for day in self.window)
        counts = {"rows": self.rows, "codes": self.codes, "candidates": self.candidates, "since": since, "until": until}
        return {f"{_NAME}_{name}": value for name, value in counts.items()}


def unexplained(found: Screened, opened: Opened, people: Listing) -> tuple[Unexplained, Listing]:
    """This will return what the washouts cannot see, and the listing with the column `unexplained` beside each candidate.

    The column counts a candidate's rows without a meaning that begin, end or go on within the longest look-back of the study's washouts,
    and those that bear no day at all; it is empty where the source does not say of whom they are, or no washout asks.
    """
    source, window = opened.source, _window(found)
    if not isinstance(source, Omop):
        counts = source.manifest.get("unmapped", {})
        rows = sum(int(counts.get(reason, 0)) for reason in _OF_CODES)
        told = Unexplained(_tables([("all", rows, None, int(counts.get("omop_code_none", 0)))]), window, None)
        return told, _beside(people, None)
    held = [table for table in GIVEN if table in opened.found]
    codes = unexplained_codes(opened.engine, source, held)
    tables = []
    for table in held:
        of = codes.filter(pl.col("source") == table)
        none = int(of.filter(pl.col("code") == 0)["n"].sum())
        tables.append((table, int(of["n"].sum()), of.filter(pl.col("code") != 0).height, none))
    if window is None:
        return Unexplained(_tables(tables), None, None), _beside(people, None)
    persons = people.key["person"].head(people.candidates.height)
    rows_of = _by_person(opened, held, window, persons)
    return Unexplained(_tables(tables), window, rows_of.height), _beside(people, rows_of)


def _tables(rows: Sequence[tuple[str, int, int | None, int]]) -> pl.DataFrame:
    schema = {"table": pl.String, "rows": pl.Int64, "codes": pl.Int64, "without_concept": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _window(found: Screened) -> tuple[date, date] | None:
    """The first day of the longest look-back of a washout under the readings that the protocol chose, and the last day of any."""
    program = found.program
    circuits = [circuit for column in program.chosen for circuit in (column.rule, column.review) if circuit is not None]
    asked = [program.leaves[leaf] for leaf in {leaf for circuit in circuits for leaf in leaves_of(circuit)}]
    washouts = [leaf for leaf in asked if leaf.function == "Washout"]
    if not washouts:
        return None
    since = min(cleared_until(leaf.arguments[1], leaf.day) + 1 for leaf in washouts)
    return date.fromordinal(max(since, 1)), date.fromordinal(max(leaf.day for leaf in washouts))


def _by_person(opened: Opened, tables: list[str], window: tuple[date, date], persons: pl.Series) -> pl.DataFrame:
    """How many rows without a meaning each of these persons has on the days of the window; who has none is left out."""
    since, until = (f"DATE '{day.isoformat()}'" for day in window)
    opened.engine.bring("unexplained_persons", pl.DataFrame({"person": persons}, schema={"person": pl.Int64}))
    parts = []
    for table in tables:
        code, start, end = CODED[table]
        parts.append(
            f"SELECT t.person_id AS person FROM {table} t JOIN unexplained_persons a ON t.person_id = a.person "
            f"LEFT JOIN known_codes k ON t.{code} = k.concept_id WHERE k.concept_id IS NULL "
            f"AND (t.{start} IS NULL OR t.{start} <= {until}) "
            f"AND (t.{start} >= {since} OR t.{end} >= {since} OR (t.{start} IS NULL AND t.{end} IS NULL))"
        )
    schema = {"person": pl.Int64, _NAME: pl.Int64}
    if not parts:
        return pl.DataFrame(schema=schema)
    every = " UNION ALL ".join(parts)
    return opened.engine.run(f"SELECT person, count(*) AS {_NAME} FROM ({every}) AS given GROUP BY person").cast(
        pl.Schema(schema)
    )


def _beside(people: Listing, rows_of: pl.DataFrame | None) -> Listing:
    """The listing with the column of the candidates, before those of the criteria."""
    frame = people.candidates
    if rows_of is None:
        rows = pl.Series(_NAME, [None] * frame.height, dtype=pl.Int64)
    else:
        persons = people.key.head(frame.height).select("person")
        rows = persons.join(rows_of, "person", how="left", maintain_order="left")[_NAME].fill_null(0)
    return replace(people, candidates=frame.clone().insert_column(frame.get_column_index("review") + 1, rows))
