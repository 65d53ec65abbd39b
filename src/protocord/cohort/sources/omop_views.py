"""Make the tables of a warehouse views of the columns and types that are read of them, and refuse what has no one answer.

A date that no calendar has, or that is infinite, is not known. Rows that cannot be told from one another, columns that say another day
on another machine, and persons who stand there twice are refused, each with the table and the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from protocord.cohort.engines import Engine
from protocord.cohort.sources.omop import CODED, COLUMNS, ROWS
from protocord.errors import Place, Problem, SubjectProblems

VOCABULARY = ("concept", "concept_relationship", "concept_ancestor")
# Columns without which a table's rows say nothing; the others are taken as empty where a warehouse leaves them out.
_NEEDED = ("_id", "_concept_id", "_start_date", "_date", "year_of_birth")
_SPARED = ("operator_concept_id", "unit_concept_id", "value_as_concept_id", "gender_concept_id", "_end_date")
_WHOLE = {"int64": ("-9223372036854775808", "9223372036854775807"), "int32": ("-2147483648", "2147483647")}
_FIRST_DAY, _LAST_DAY = "DATE '0001-01-01'", "DATE '9999-12-31'"
_ENDLESS = "observation_period_end_date"  # infinite: the period goes on


@dataclass(frozen=True)
class _Spelling:
    """How an engine's SQL writes a view of this session, the cast of a column, that a number is finite, and what types columns have."""

    view: str
    quote: str
    cast: str
    finite: str
    types: str
    kinds: Mapping[str, str]
    looks: bool = True  # it sees by its statistics, without reading, that no date is out of the calendar


_BETWEEN = "{0} BETWEEN -1.7976931348623157E308 AND 1.7976931348623157E308"  # "not a number" is greater than every number
_SPELLINGS: Mapping[str, _Spelling] = {
    "duckdb": _Spelling(
        "CREATE VIEW {} AS {}", '"', "TRY_CAST({} AS {})", "isfinite({})",
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {})",
        {"int64": "BIGINT", "int32": "INTEGER", "float64": "DOUBLE", "date": "DATE", "string": "VARCHAR"},
    ),
    "pyspark": _Spelling(
        "CREATE OR REPLACE TEMPORARY VIEW {} AS {}", "`", "TRY_CAST({} AS {})", _BETWEEN, "DESCRIBE TABLE {}",
        {"int64": "BIGINT", "int32": "INT", "float64": "DOUBLE", "date": "DATE", "string": "STRING"},
    ),
    "postgres": _Spelling(
        "CREATE TEMPORARY VIEW {} AS {}", '"', "CAST({} AS {})", _BETWEEN,
        "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped",
        {"int64": "bigint", "int32": "integer", "float64": "double precision", "date": "date", "string": "text"},
        looks=False,
    ),
}  # fmt: skip


def make_views(engine: Engine, place: str, tables: Mapping[str, str]) -> frozenset[str]:
    """This will make each table a view; `tables` says how the engine's SQL names each. Returns those whose rows had to be numbered.

    There a row's own id is the column `own_id`. Raises SubjectProblems with everything that the warehouse must not be.
    """
    making = _Making(engine, _SPELLINGS[engine.dialect], place)
    for name, where in tables.items():
        if name in VOCABULARY:
            engine.do(making.spelling.view.format(name, f"SELECT * FROM {where}"))
        else:
            making.view(name, where)
    if making.problems:
        raise SubjectProblems(sorted(making.problems))
    return frozenset(making.numbered)


@dataclass
class _Making:
    engine: Engine
    spelling: _Spelling
    place: str
    problems: list[Problem] = field(default_factory=list)
    numbered: list[str] = field(default_factory=list)

    def wrong(self, what: str, remedy: str) -> None:
        """Note a reason for which the warehouse is refused."""
        self.problems.append(Problem(Place(self.place), what, remedy))

    def view(self, name: str, where: str) -> None:
        """Make one table a view, or note why it cannot be."""
        before = len(self.problems)
        columns = dict(self._columns(name, where))
        if len(self.problems) > before:
            return
        if self.spelling.looks:
            columns = self._with_days_of_the_calendar(name, where, columns)
        else:
            columns = {one: self._of_the_calendar(value, one) if _is_day(name, one) else value for one, value in columns.items()}
        if name == "person":
            self._persons_once(where, columns["person_id"])
        elif name in CODED:
            where, columns = self._rows_apart(name, where, columns)
        if len(self.problems) == before:
            chosen = ", ".join(f"{value} AS {column}" for column, value in columns.items())
            self.engine.do(self.spelling.view.format(name, f"SELECT {chosen} FROM {where}"))

    def _columns(self, name: str, where: str) -> Iterator[tuple[str, str]]:
        """Each column that is read of a table, as an expression of its type."""
        spelling = self.spelling
        there = {own.lower(): (own, numbers) for own, numbers in self.engine.columns(where).items()}
        types = {row[0]: row[1].lower() for row in self.engine.run(spelling.types.format(where)).iter_rows()}
        for column, kind in COLUMNS[name].items():
            if column not in there:
                if column.endswith(_NEEDED) and not column.endswith(_SPARED):
                    what = f"the table {name} has no column {column}."
                    self.wrong(what, "The OMOP Common Data Model 5.4 demands it.")
                yield column, f"CAST(NULL AS {spelling.kinds[kind]})"
                continue
            own, may_be_infinite = there[column]
            written = types.get(own, "")
            if kind == "date" and ("with time zone" in written or (written == "timestamp" and self.engine.dialect == "pyspark")):
                self.wrong(
                    f"the column {column} of the table {name} holds moments of a time zone: its days depend on the machine.",
                    "Make it a DATE in the hospital's time zone (in SQL: CAST(… AT TIME ZONE 'Asia/Shanghai' AS DATE)).",
                )
            yield column, self._cast(f"{spelling.quote}{own}{spelling.quote}", kind, written, may_be_infinite)

    def _cast(self, own: str, kind: str, written: str, may_be_infinite: bool) -> str:
        """A column as a type; what lies beyond the type is empty."""
        value = self.spelling.cast.format(own, self.spelling.kinds[kind])
        if self.engine.dialect == "postgres" and written in ("numeric", "bigint", "real", "double precision"):
            if kind == "float64" and written != "bigint":
                return f"CASE WHEN {_BETWEEN.format(own)} THEN {value} END"
            if kind in _WHOLE and not (kind == "int64" and written == "bigint"):
                low, high = _WHOLE[kind]
                return f"CASE WHEN {own} BETWEEN {low} AND {high} THEN {value} END"
        if kind == "float64" and may_be_infinite:
            return f"CASE WHEN {self.spelling.finite.format(value)} THEN {value} END"
        return value

    def _with_days_of_the_calendar(self, name: str, where: str, columns: Mapping[str, str]) -> dict[str, str]:
        """The columns, those dates guarded of which some lies outside the calendar: a guard costs an engine its statistics."""
        days = [one for one in columns if _is_day(name, one)]
        if not days:
            return dict(columns)
        outside = [f"{columns[one]} < {_FIRST_DAY}" for one in days], [f"{columns[one]} > {_LAST_DAY}" for one in days]
        found = self._counts(where, [*outside[0], *outside[1]])
        guarded = {one for one, early, late in zip(days, found, found[len(days) :], strict=False) if early or late}
        return {one: self._of_the_calendar(value, one) if one in guarded else value for one, value in columns.items()}

    def _of_the_calendar(self, value: str, column: str) -> str:
        """A date where a calendar has it, else empty; a period without end ends on the calendar's last day."""
        endless = ""
        if column == _ENDLESS and self.engine.dialect != "pyspark":  # which has no such date
            endless = f" WHEN {value} = CAST('infinity' AS DATE) THEN {_LAST_DAY}"
        return f"CASE WHEN {value} BETWEEN {_FIRST_DAY} AND {_LAST_DAY} THEN {value}{endless} END"

    def _persons_once(self, where: str, person: str) -> None:
        """Each person has a whole number and stands there once."""
        (without,) = self._counts(where, [f"{person} IS NULL"])
        if without:
            what = f"the table person has {_rows(without)} without a person_id that is a whole number."
            self.wrong(what, "OMOP numbers persons: give each row the whole number that the other tables use.")
        twice = f"SELECT {person} AS person FROM {where} WHERE {person} IS NOT NULL GROUP BY {person} HAVING count(*) > 1"
        first = self.engine.run(f"SELECT min(person) AS person FROM ({twice}) AS twice")["person"][0]
        if first is not None:
            self.wrong(f"the table person has {first} more than once.", "Each person stands there once: mend the table.")

    def _rows_apart(self, name: str, where: str, columns: dict[str, str]) -> tuple[str, dict[str, str]]:
        """The table with rows that have an order: ids too large for the numbers of records, or negative, are numbered in their order."""
        number = columns[f"{name}_id"]
        without, low, high = self._counts(where, [f"{number} IS NULL", f"{number} < 0", f"{number} >= {ROWS}"])
        if without:
            what = f"the table {name} has {_rows(without)} without a {name}_id that is a whole number."
            self.wrong(what, "The OMOP Common Data Model 5.4 demands one: number the rows, each its own number.")
        if without or not (low or high):
            return where, columns
        ids = f"SELECT DISTINCT {number} AS own_id FROM {where}"
        self.engine.keep(f"{name}_numbers", f"SELECT own_id, row_number() OVER (ORDER BY own_id) AS place FROM ({ids}) AS ids")
        self.numbered.append(name)
        told = ", ".join(f"{value} AS {column}" for column, value in columns.items())
        renamed = {column: f"t.{column}" for column in columns} | {f"{name}_id": "n.place", "own_id": f"t.{name}_id"}
        return f"(SELECT {told} FROM {where}) AS t JOIN {name}_numbers AS n ON t.{name}_id = n.own_id", renamed

    def _counts(self, where: str, conditions: Iterable[str]) -> list[int]:
        """How many rows of a table meet each condition: each is asked alone, so that statistics can answer."""
        asked = ", ".join(f"(SELECT count(*) FROM {where} WHERE {one}) AS n_{at}" for at, one in enumerate(conditions))
        return [int(one) for one in self.engine.run(f"SELECT {asked}").row(0)]


def _is_day(table: str, column: str) -> bool:
    return COLUMNS[table].get(column) == "date"


def _rows(count: int) -> str:
    return "one row" if count == 1 else f"{count} rows"
