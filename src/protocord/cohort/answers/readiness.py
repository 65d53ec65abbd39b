"""What a source can and cannot answer, before anybody is screened: criterion by criterion, code by code, and row by row that is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import ibis
import polars as pl

from protocord.cohort.answers.opened import Opened
from protocord.cohort.engines import run
from protocord.cohort.normal import Kind, Numbering, Why
from protocord.cohort.plan.classes import Classes, covered
from protocord.cohort.plan.program import Leaf, Program, leaves_of, program
from protocord.cohort.sources.omop import COLUMNS
from protocord.cohort.sources.places import VOCABULARY
from protocord.concepts import ConceptKind
from protocord.protocol import Protocol
from protocord.statistics import Results
from protocord.statistics.results import Scalar, Statistic

# The column of the concept, of the first and of the last day in each table of events.
_EVENTS: Mapping[str, tuple[str, str, str]] = {
    "condition_occurrence": ("condition_concept_id", "condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date"),
    "procedure_occurrence": ("procedure_concept_id", "procedure_date", "procedure_date"),
    "device_exposure": ("device_concept_id", "device_exposure_start_date", "device_exposure_end_date"),
    "measurement": ("measurement_concept_id", "measurement_date", "measurement_date"),
    "observation": ("observation_concept_id", "observation_date", "observation_date"),
}
# Functions that ask one concept a thing; the places of their arguments that are concepts.
_ASKED: Mapping[str, tuple[int, ...]] = {"AgeInYears": (), "OnOrBefore": (0, 1)}
_COUNTED_AS_FOUND = ("mapped_and_found", "mapped_no_rows", "not_mapped")


@dataclass
class Readiness:
    """A source looked at for one study on one day."""

    opened: Opened
    protocol: Protocol
    on: date
    _counted: dict[tuple[int, str], int] = field(default_factory=dict)

    @cached_property
    def program(self) -> Program:
        """The program of the study. Raises DocumentProblems for a rule that columns cannot repeat."""
        return program(self.protocol, self.on)

    @cached_property
    def classes(self) -> Classes:
        """The program's small tables."""
        return Classes(self.program, self.protocol.concepts)

    @cached_property
    def numbering(self) -> Numbering:
        """The numbers of the concepts."""
        return Numbering(self.protocol.concepts)

    @cached_property
    def facts(self) -> pl.DataFrame:
        """One row for each concept, kind of value, and reason why a number or an upper limit is not used: how many facts."""
        relations = self.opened.omop.relations()
        columns = ("concept", "kind", "why", "upper_why", "child", "undated")
        parts = [part.select(*columns) for part in relations.facts]
        joined = parts[0] if len(parts) == 1 else ibis.union(*parts)
        return run(self.opened.engine, joined.group_by(*columns).agg(rows=joined.count()))

    @cached_property
    def rows(self) -> Mapping[int, int]:
        """How many facts of each concept, by its number."""
        return dict(self.facts.group_by("concept").agg(pl.col("rows").sum()).iter_rows())

    @cached_property
    def codes(self) -> Mapping[int, int]:
        """How many of the source's codes mean each concept, by its number."""
        counts = self.opened.omop.codes.codes.group_by("concept").len()
        found = dict(counts.iter_rows())
        for name in ("Birth date", "Sex"):  # the table of persons says them
            if name in self.numbering.numbers:
                found[self.numbering.numbers[name]] = found.get(self.numbering.numbers[name], 0) + 1
        return found

    def results(self, inputs: str = "", about: Mapping[str, Scalar] | None = None, *, top: int = 20) -> Results:
        """This will return everything that was counted; `top` is how many unmapped codes and units are named."""
        parts = [self._tables(), self._criteria(), self._rows_lost(), self._dates(), self._unmapped(top), self._coverage()]
        return Results(tuple(one for part in parts for one in part), inputs, about or {})

    def asked(self, criterion: str) -> list[str]:
        """This will return the concepts that a criterion asks, under the reading that the protocol chose, in the order of its rule."""
        column = next(one for one in self.program.chosen if one.criterion == criterion)
        circuits = [column.rule, *([column.review] if column.review else [])]
        leaves = dict.fromkeys(leaf for circuit in circuits for leaf in leaves_of(circuit))
        names = dict.fromkeys(name for leaf in leaves for name in concepts_of(self.program.leaves[leaf]))
        return list(names)

    def below(self, concept: str) -> list[int]:
        """This will return the numbers of the concept and of all that counts for it."""
        return [number for number, certain in self.classes.counted(concept) if certain]

    def _tables(self) -> Iterator[Statistic]:
        engine = self.opened.engine
        for name in (*COLUMNS, *VOCABULARY):
            present = name in self.opened.found
            yield Statistic("table", "present", present, context={"table": name})
            if present and name in COLUMNS:
                yield Statistic(
                    "table", "rows", int(engine.run(f"SELECT count(*) AS n FROM {name}")["n"][0]), context={"table": name}
                )

    def _criteria(self) -> Iterator[Statistic]:
        for column in self.program.chosen:
            worst = 0
            for concept in self.asked(column.criterion):
                numbers = self.below(concept)
                codes, rows = (sum(found.get(number, 0) for number in numbers) for found in (self.codes, self.rows))
                where = {"criterion": column.criterion, "concept": concept}
                state = 0 if rows else 1 if codes else 2
                worst = max(worst, state)
                yield Statistic("concept", "codes", codes, context=where)
                yield Statistic("concept", "rows", rows, context=where)
                yield Statistic("concept", "state", _COUNTED_AS_FOUND[state], context=where)
            yield Statistic("criterion", "state", _COUNTED_AS_FOUND[worst], context={"criterion": column.criterion})
            leaves = {leaf for circuit in (column.rule, column.review) if circuit for leaf in leaves_of(circuit)}
            needs = any(covered(self.program.leaves[leaf]) for leaf in leaves)
            yield Statistic("criterion", "needs_coverage", needs, context={"criterion": column.criterion})

    def _rows_lost(self) -> Iterator[Statistic]:
        """Numbers and upper limits that must not be used, by reason; only of concepts that the study asks."""
        asked = {number for column in self.program.chosen for name in self.asked(column.criterion) for number in self.below(name)}
        limits = {
            number for leaf in self.program.leaves if leaf.function == "TimesULN" for number in self.below(leaf.arguments[0])
        }
        facts = self.facts.filter(pl.col("concept").is_in(list(asked)))
        for concept, why, rows in _grouped(facts.filter(pl.col("kind") == Kind.UNUSABLE), "why"):
            yield self._lost("number", concept, Why(why).name.lower(), rows)
        numbers = facts.filter(pl.col("concept").is_in(list(limits)) & (pl.col("kind") == Kind.NUMBER))
        for concept, why, rows in _grouped(numbers.filter(pl.col("upper_why") != Why.FINE), "upper_why"):
            yield self._lost("upper_limit", concept, Why(why).name.lower(), rows)
        adult = numbers.filter((pl.col("upper_why") == Why.FINE) & ~pl.col("child"))
        for concept, _, rows in _grouped(adult, "upper_why"):
            yield self._lost("upper_limit", concept, "age_not_stated", rows)
        numeric = {
            number for number in asked if self.protocol.concepts[self.numbering.ids[number]].kind is ConceptKind.MEASUREMENT
        }
        empty = facts.filter(pl.col("concept").is_in(list(numeric)) & (pl.col("kind") == Kind.NONE))
        for concept, _, rows in _grouped(empty, "why"):
            yield self._lost("number", concept, "no_number", rows)

    def _lost(self, what: str, concept: int, why: str, rows: int) -> Statistic:
        context = {"what": what, "concept": self.numbering.ids[concept], "why": why}
        return Statistic("lost", "rows", rows, context=context)

    def _dates(self) -> Iterator[Statistic]:
        for table, (_, start, end) in _EVENTS.items():
            if table not in self.opened.found:
                continue
            sql = (
                f"SELECT count(*) FILTER (WHERE {start} IS NULL) AS no_date, "
                f"count(*) FILTER (WHERE {end} < {start}) AS ends_before_start, "
                f"count(*) FILTER (WHERE {start} > DATE '{self.on.isoformat()}') AS after_the_day, "
                f"count(*) FILTER (WHERE year({start}) < p.year_of_birth) AS before_birth, "
                "count(*) FILTER (WHERE p.person_id IS NULL) AS no_person "
                f"FROM {table} t LEFT JOIN person p ON t.person_id = p.person_id"
            )
            for why, rows in self.opened.engine.run(sql).row(0, named=True).items():
                yield Statistic("dates", why, int(rows), context={"table": table})

    def _unmapped(self, top: int) -> Iterator[Statistic]:
        """Codes that mean nothing to the study. Most of a hospital's should; a tumour drug among them should not."""
        engine = self.opened.engine
        engine.bring("known_codes", self.opened.omop.codes.codes)
        parts = [
            f"SELECT '{table}' AS source, {column} AS code, count(*) AS n FROM {table} "
            f"WHERE {column} NOT IN (SELECT concept_id FROM known_codes) GROUP BY {column}"
            for table, (column, *_) in _EVENTS.items()
            if table in self.opened.found
        ]
        if not parts:
            return
        found = engine.run(" UNION ALL ".join(parts)).sort(["n", "code"], descending=[True, False])
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
        clashes = self.opened.omop.codes.clashes
        names = self._names(clashes)
        for code in clashes:
            yield Statistic("clash", "code", code, context={"label": names.get(code, "")})

    def _unmapped_units(self, top: int) -> Iterator[Statistic]:
        if "measurement" not in self.opened.found:
            return
        self.opened.engine.bring("known_units", self.opened.omop.codes.units)
        sql = (
            "SELECT unit_concept_id AS unit, count(*) AS n FROM measurement WHERE measurement_concept_id IN (SELECT concept_id FROM "
            "known_codes) AND coalesce(unit_concept_id, 0) <> 0 AND unit_concept_id NOT IN (SELECT unit_concept_id FROM known_units) "
            "GROUP BY 1 ORDER BY n DESC, unit"
        )
        found = self.opened.engine.run(sql).head(top)
        names = self._names(found["unit"].to_list())
        for unit, rows in found.iter_rows():
            yield Statistic("unmapped_unit", "rows", rows, context={"code": unit, "label": names.get(unit, "")})

    def _names(self, codes: Iterable[int]) -> dict[int, str]:
        if "concept" not in self.opened.found:
            return {}
        self.opened.engine.bring("named_codes", pl.DataFrame({"code": list(codes)}, schema={"code": pl.Int64}))
        sql = "SELECT code, concept_name FROM named_codes JOIN concept ON code = concept_id"
        return dict(self.opened.engine.run(sql).iter_rows())

    def _coverage(self) -> Iterator[Statistic]:
        sql = (
            "SELECT count(*) AS persons, count(*) FILTER (WHERE p.person_id NOT IN (SELECT person_id FROM observation_period WHERE "
            "person_id IS NOT NULL)) AS without_period, count(*) FILTER (WHERE year_of_birth IS NULL) AS without_birth FROM person p"
        )
        for name, count in self.opened.engine.run(sql).row(0, named=True).items():
            yield Statistic("persons", name, int(count))


def concepts_of(leaf: Leaf) -> list[str]:
    """This will return the concepts that a leaf asks; of an age the date of birth."""
    if leaf.function == "AgeInYears":
        return ["Birth date"]
    names = [str(leaf.arguments[place]) for place in _ASKED.get(leaf.function, (0,))]
    return [*names, "Birth date"] if leaf.function == "AgeInYearsAt" else names


def _grouped(facts: pl.DataFrame, why: str) -> Iterator[tuple[int, int, int]]:
    counted = facts.group_by("concept", why).agg(pl.col("rows").sum()).sort("concept", why)
    yield from counted.iter_rows()
