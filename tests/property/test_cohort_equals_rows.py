"""The column plan answers every rule for every record as the row evaluator does: random rules, random populations.

Rules are drawn backwards from their types; records over few concepts, few days and few numbers, so that ties, overlaps, leap days and
borderline results are common. Many rules, asked on several days, make one program, so that one query checks thousands of cells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from protocord.cohort.engines import DuckDB, Postgres, Spark
from protocord.cohort.kinds import Kind, Sex, Status, Why
from protocord.cohort.normal import Normal
from protocord.cohort.plan import newest
from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.newest import FUNCTIONS as NEWEST
from protocord.cohort.plan.newest import Newest
from protocord.cohort.plan.planes import planes
from protocord.cohort.plan.program import Asked, Program, rule_program, rules_program
from protocord.cohort.plan.truths import Deciding
from protocord.cohort.sources.memory import brought
from protocord.concepts import Concept, ConceptKind, Concepts, Plausible
from protocord.criteria import Anchors, CheckedRule, FactIndex, Truth, parse, to_text
from protocord.criteria import tree as t
from protocord.criteria.compile import Compiler
from protocord.criteria.functions import FUNCTIONS, Gives
from protocord.errors import DocumentProblems
from protocord.values import Fact, FactStatus, History, PartialDate, Quantity, ReferenceRange, SubjectRecord, Text

_K = ConceptKind
Random = np.random.Generator


def _concept(name: str, kind: ConceptKind, *parents: str, unit: str | None = None, **more: Any) -> Concept:
    factors = {unit: Decimal(1), **{one: Decimal(factor) for one, factor in more.pop("units", {}).items()}} if unit else {}
    return Concept(name, kind, Text(name, name), parents, unit, factors, **more)


_PLAUSIBLE = Plausible(Decimal(0), Decimal(100))
CONCEPTS = Concepts(
    [
        _concept("Birth date", _K.DATE),
        _concept("Sex", _K.CODED),
        _concept("Diagnosis date", _K.DATE),
        _concept("Consent", _K.ATTESTATION),
        _concept("Own consent", _K.ATTESTATION, "Consent"),
        _concept("Drug", _K.EXPOSURE),
        _concept("Chemotherapy", _K.EXPOSURE, "Drug"),
        _concept("Nitrosourea", _K.EXPOSURE, "Chemotherapy"),
        _concept("Trial drug", _K.EXPOSURE, "Drug"),
        _concept("New nitrosourea", _K.EXPOSURE, "Nitrosourea", "Trial drug"),
        _concept("Surgery", _K.PROCEDURE),
        _concept("ANC", _K.MEASUREMENT, unit="10*9/L", units={"/uL": "0.001"}),
        _concept("Bilirubin", _K.MEASUREMENT, unit="umol/L", units={"mg/dL": "17.1"}, plausible=_PLAUSIBLE),
        _concept("Total bilirubin", _K.MEASUREMENT, "Bilirubin", unit="umol/L", units={"mg/dL": "17.1"}, plausible=_PLAUSIBLE),
        _concept("Lansky", _K.SCORE, unit="{score}"),
        _concept("Toxicity", _K.TOXICITY, unit="{grade}"),
        _concept("Gut toxicity", _K.TOXICITY, "Toxicity", unit="{grade}"),
        _concept("Nausea", _K.TOXICITY, "Gut toxicity", unit="{grade}"),
        _concept("Neuropathy", _K.TOXICITY, "Toxicity", unit="{grade}"),
        _concept("Metastasis", _K.CONDITION),
        _concept("Liver metastasis", _K.CONDITION, "Metastasis"),
        _concept("Liver tumour", _K.CONDITION),
        _concept("Small liver metastasis", _K.CONDITION, "Liver metastasis", "Liver tumour"),
        _concept("Histology", _K.CODED, code_pattern=re.compile(r"\d{4}/\d", re.ASCII)),
        _concept("First histology", _K.CODED, "Histology"),
    ]
)
VALUE_SETS = {"sarcoma": ("8900/3", "8910/3", "odd"), "empty": ()}
PARAMETERS: dict[str, t.Constant] = {"window": t.Duration(7, "day"), "limit": t.Number(Decimal(16)), "yes": t.Flag(True)}
STUDY: Any = SimpleNamespace(concepts=CONCEPTS)
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
NODES = tuple(t.Expression.__args__)

# --- rules --------------------------------------------------------------------------------------------------------------

_COUNTS = {"day": (0, 1, 3, 7, 21), "week": (1, 2), "month": (1, 2, 12), "year": (1, 2)}


@dataclass(frozen=True)
class Rules:
    """Draws rules; what can give a truth, and what a number?"""

    random: Random

    def pick(self, *these: Any) -> Any:
        return these[int(self.random.integers(len(these)))]

    def length(self, *units: str) -> t.Expression:
        if self.random.random() < 0.1:
            return t.Parameter("window")
        unit = self.pick(*(units or _COUNTS))
        return t.Duration(self.pick(*_COUNTS[unit]), unit)

    def call(self, name: str) -> t.Call:
        arguments: list[t.Expression] = []
        for argument in FUNCTIONS[name].arguments:
            if argument.optional and self.random.random() < 0.5:
                break
            match argument.takes:
                case "concept":
                    fitting = [one.id for one in CONCEPTS.values() if not argument.kinds or one.kind in argument.kinds]
                    arguments.append(t.Named(self.pick(*fitting)))
                case "length" if name in ("Latest", "TimesULN") and self.random.random() < 0.5:
                    arguments.append(self.length("month", "year"))
                case "length":
                    arguments.append(self.length("day", "week") if name == "AgeInYearsAt" else self.length())
                case "value set":
                    arguments.append(t.Named(self.pick("sarcoma", "sarcoma", "empty")))
                case _:
                    arguments.append(t.Number(Decimal(self.pick("0", "1", "2", "1.5"))))
        return t.Call(name, tuple(arguments))

    def limit(self, asked: t.Call, depth: int) -> t.Expression:
        if depth and self.random.random() < 0.15:
            return t.If(self.truth(depth - 1), self.limit(asked, depth - 1), self.limit(asked, depth - 1))
        if self.random.random() < 0.04:
            return t.Null()
        gives, first = FUNCTIONS[asked.function].gives, asked.arguments[0] if asked.arguments else None
        concept = CONCEPTS[first.name] if gives is Gives.QUANTITY and isinstance(first, t.Named) else None
        if concept is not None and not concept.is_pure_number:
            return t.Measure(Decimal(self.pick("0.5", "1", "1.0", "17.1", "1500")), self.pick(*concept.units))
        if gives is Gives.NUMBER:
            return self.pick(
                t.Parameter("limit"), *(t.Number(Decimal(one)) for one in ("0", "1", "15.5", "16", "17", "18", "-1"))
            )
        return self.pick(*(t.Number(Decimal(one)) for one in ("0", "0.5", "1", "1.5", "3", "-1")))

    def comparison(self, name: str, depth: int) -> t.Expression:
        asked = self.call(name)
        sides = (asked, self.limit(asked, depth))
        return t.Compare(self.pick(*OPERATORS), *self.pick(sides, sides[::-1]))

    def leaf(self, name: str, depth: int) -> t.Expression:
        return self.call(name) if FUNCTIONS[name].gives is Gives.TRUTH else self.comparison(name, depth)

    def truth(self, depth: int) -> t.Expression:
        if depth == 0 or self.random.random() < 0.3:
            if self.random.random() < 0.06:
                constant = t.Compare(self.pick(*OPERATORS), t.Number(Decimal(1)), t.Number(Decimal(2)))
                return self.pick(t.Flag(True), t.Flag(False), t.Null(), t.Parameter("yes"), constant)
            return self.leaf(self.pick(*sorted(FUNCTIONS)), depth)
        deeper = lambda: self.truth(depth - 1)
        kind = self.pick(t.And, t.Or, t.Implies, t.Not, t.If)
        return kind(*(deeper() for _ in range({t.Not: 1, t.If: 3}.get(kind, 2))))


def checked(rule: t.Expression) -> CheckedRule:
    """A drawn rule, which is right in all but its sense."""
    compiler = Compiler(CONCEPTS, PARAMETERS, VALUE_SETS)
    plan = compiler.condition(rule)
    assert not compiler.slips, compiler.slips
    return CheckedRule(rule, to_text(rule), frozenset(), frozenset(), frozenset(), plan)


# --- records ------------------------------------------------------------------------------------------------------------

REFERENCES = (date(2025, 2, 28), date(2025, 3, 1), date(2024, 2, 29), date(2025, 3, 31))
_ANCHORS = (*REFERENCES, date(2025, 2, 7), date(2024, 3, 1), date(2024, 12, 31))
_BIRTHS = (date(2008, 2, 29), date(2009, 2, 28), date(2009, 3, 1), date(2007, 3, 1), date(2025, 2, 10), date(2006, 12, 31))
_OFTEN = ("Bilirubin", "Total bilirubin", "ANC") * 4 + (
    "Nausea",
    "Toxicity",
    "Liver metastasis",
)  # much must fit before these decide
_TOLD = tuple(name for name in CONCEPTS if name not in ("Birth date", "Sex"))


@dataclass(frozen=True)
class Records:
    """Draws what is known of children, most of it near the days that are asked about."""

    random: Random
    references: tuple[date, ...]
    exact: bool = False  # every day is known, and no range is for an age or a sex

    def pick(self, *these: Any) -> Any:
        return these[int(self.random.integers(len(these)))]

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def day(self) -> date:
        near = self.pick(*(self.references if self.chance(0.8) else _ANCHORS)) + timedelta(
            days=int(self.random.choice([0, 0, 0, 1, -1, -3, -7, -14, -21, -22, 5, -30, -365]))
        )
        return date(2024, 2, 29) if self.chance(0.04) else near

    def dated(self, full: float = 0.7) -> PartialDate | None:
        day = self.day()
        if self.exact or self.chance(full):
            return PartialDate.of(day)
        return self.pick(PartialDate(day.year, day.month), PartialDate(day.year), None)

    def quantity(self, concept: Concept) -> Quantity:
        grade = concept.kind is _K.TOXICITY
        number = Decimal(
            self.pick("0", "1", "2", "3") if grade else self.pick("0.5", "1", "1.0", "1.5", "17.1", "25.65", "1500", "-1")
        )
        unit = self.pick(*(concept.units or ["g"])) if self.chance(0.88) else self.pick(None, "g", "{odd}")
        comparator = self.pick("<", "<=", ">", ">=") if self.chance(0.2) else ""
        return Quantity(number, unit, comparator)

    def value(self, concept: Concept) -> Quantity | bool | str | None:
        if self.chance(0.1):
            return None
        if self.chance(0.04):
            return self.pick(True, False, "words", "8900/3", Quantity(Decimal(1), "{grade}"))
        match concept.kind:
            case ConceptKind.MEASUREMENT | ConceptKind.SCORE | ConceptKind.TOXICITY:
                return self.quantity(concept)
            case ConceptKind.CONDITION | ConceptKind.ATTESTATION:
                return self.pick(True, True, False)
            case ConceptKind.CODED:
                return self.pick("8900/3", "9999/3", "8900", "odd", "8900/33", "words", "8900/3\n", "9999/3\n", "٩٩٩٩/٣")
            case _:
                return self.pick(None, None, None, True, False)

    def range(self, concept: Concept) -> ReferenceRange | None:
        if self.chance(0.15):
            return None
        high = (
            None
            if self.chance(0.1)
            else self.quantity(concept)
            if self.chance(0.3)
            else Quantity(Decimal(self.pick("1", "17.1")), self.pick(*concept.units))
        )
        low, up = self.pick(
            (None, None),
            (None, None),
            (0, 18),
            (12, 17),
            (12, 16),
            (15, 17),
            (None, 17),
            (17, None),
            (18, 99),
            (0, 150),
            (16, 16),
            (None, 20),
        )
        if self.exact:
            return ReferenceRange(None, high, age_specific=self.chance(0.5))
        return ReferenceRange(None, high, low, up, self.chance(0.5), self.pick(None, None, None, None, "female", "male", "other"))

    def fact(self, name: str) -> Fact:
        concept = CONCEPTS[name]
        fact = Fact("", name, self.value(concept), self.dated())
        if concept.kind in (_K.EXPOSURE, _K.PROCEDURE, _K.TOXICITY, _K.CONDITION) and self.chance(0.7):
            same = fact.start if self.chance(0.3) else self.dated()
            fact = self.pick(
                replace(fact, end=same),
                replace(fact, end=same),
                replace(fact, ongoing=True),
                replace(fact, end=same, ongoing=True),
            )
        if concept.kind is _K.MEASUREMENT:
            fact = replace(fact, range=self.range(concept))
        return replace(fact, status=self.pick(FactStatus.NOT_DONE, FactStatus.EXCLUDED)) if self.chance(0.12) else fact

    def about(self) -> Iterator[Fact]:
        for _ in range(self.pick(0, 1, 1, 1, 1, 2)):
            birth = PartialDate.of(self.pick(*_BIRTHS))
            if self.chance(0.2):
                birth = self.pick(PartialDate(birth.year, birth.month), PartialDate(birth.year), None)
            yield Fact("", "Birth date", start=birth, status=self.pick(*[FactStatus.RECORDED] * 9, FactStatus.EXCLUDED))
        for _ in range(self.pick(0, 1, 1, 1, 2)):
            yield Fact("", "Sex", self.pick("male", "female", "female", "other", None))

    def history(self, name: str) -> History:
        since = None if self.chance(0.45) else self.dated(0.85)
        until = None if self.chance(0.45) else self.dated(0.85)
        if since is not None and self.chance(0.2):
            since = PartialDate.of(self.pick(*_BIRTHS))
        if since is None and until is not None and self.chance(0.5):  # two stretches that meet, overlap or leave a gap
            return History(name, PartialDate.of(until.earliest + timedelta(days=self.pick(-1, 0, 1, 2))), None)
        return History(name, since, until)

    def meeting(self, name: str) -> list[History]:
        cut = self.day() - timedelta(days=self.pick(0, 1, 7, 30))
        after = cut + timedelta(days=self.pick(-3, 0, 1, 2))
        return [
            History(name, None, PartialDate.of(cut)),
            History(self.pick(name, *sorted(CONCEPTS.ancestors(name))), PartialDate.of(after), None),
        ]

    def record(self, number: int) -> SubjectRecord:
        """Few concepts, closely related, so that facts meet."""
        focus = self.pick(*_TOLD, *_OFTEN)
        family = sorted(CONCEPTS.possible(focus) | CONCEPTS.descendants(focus) | {focus})
        facts = [self.fact(self.pick(*family)) for _ in range(self.pick(1, 1, 2, 2, 3, 5))]
        facts += [self.fact(self.pick(*_TOLD)) for _ in range(self.pick(1, 4, 8, 12))]
        facts += self.about()
        order = self.random.permutation(len(facts))
        facts = [replace(fact, id=f"f{place:02}") for fact, place in zip(facts, order, strict=True)]
        histories = [self.history(self.pick(*family, *_TOLD)) for _ in range(self.pick(0, 1, 2, 3))]
        histories += [one for _ in range(self.pick(0, 0, 1)) for one in self.meeting(self.pick(*family))]
        return SubjectRecord(str(number), tuple(facts), tuple(histories))


# --- equality -----------------------------------------------------------------------------------------------------------


LEAVES = 3  # rules of one leaf in a batch, for each function


@dataclass(frozen=True)
class Batch:
    """Rules, each asked on a day, and the records that they are asked of."""

    asked: tuple[Asked, ...]
    records: tuple[SubjectRecord, ...]

    @classmethod
    def drawn(cls, seed: int, rules: int, records: int, *, exact: bool = False) -> Batch:
        random = np.random.default_rng(seed)
        references = tuple(REFERENCES[place] for place in random.permutation(len(REFERENCES))[:2])
        drawing, knowing = Rules(random), Records(random, references, exact)
        shapes = [drawing.leaf(name, 0) for name in sorted(FUNCTIONS) for _ in range(LEAVES)]
        shapes += [drawing.truth(2) for _ in range(rules)]
        asked = []
        for number, rule in enumerate(shapes):
            day = drawing.pick(*references)
            known = day + timedelta(days=drawing.pick(0, 0, -5, 10))
            asked.append(Asked(f"{number}", checked(rule), day, known))
        return cls(tuple(asked), tuple(knowing.record(number) for number in range(records)))

    @property
    def program(self) -> Program:
        return rules_program(self.asked)

    def by_rows(self) -> np.ndarray[Any, Any]:
        indexes = [FactIndex(record, CONCEPTS) for record in self.records]
        return np.array([[one.rule.truth(index, Anchors(one.day, one.known)) for one in self.asked] for index in indexes])

    def by_columns(self, engine: Any) -> np.ndarray[Any, Any]:
        program, normal = self.program, Normal.of_records(self.records, STUDY)
        normal = replace(normal, facts=normal.facts.sample(fraction=1, shuffle=True, seed=1))  # a table has no order
        rows = planes(engine, program, CONCEPTS, brought(engine, normal))
        deciding = Deciding(program, rows)
        truths = [deciding.truths(column.rule) for column in program.columns]
        assert not any((one.true & one.false).any() for one in truths)
        found = [np.where(one.true, Truth.TRUE, np.where(one.false, Truth.FALSE, Truth.UNKNOWN)) for one in truths]
        return np.stack(found, axis=1)


def agree(batch: Batch, engine: Any) -> None:
    """Both give the same truth in every cell; else the smallest record of the first wrong cells is shown, with its rule."""
    by_rows, by_columns = batch.by_rows(), batch.by_columns(engine)
    wrong = list(zip(*np.nonzero(by_rows != by_columns), strict=True))
    if not wrong:
        return
    person, rule = min(wrong, key=lambda cell: (len(batch.asked[cell[1]].rule.text), len(batch.records[cell[0]].facts)))
    record, asked = _least(batch.records[person], batch.asked[rule], engine), batch.asked[rule]
    alone = Batch((asked,), (record,))
    lines = [f"{len(wrong)} of {by_rows.size} cells; on {asked.day}, known {asked.known}: {asked.rule.text}"]
    lines += [f"  {fact}" for fact in record.facts] + [f"  {history}" for history in record.histories]
    pytest.fail("\n".join([*lines, f"rows say {alone.by_rows()[0, 0]}, columns {alone.by_columns(engine)[0, 0]}"]))


def _least(record: SubjectRecord, asked: Asked, engine: Any) -> SubjectRecord:
    """The record without whatever the disagreement does not need."""

    def differs(one: SubjectRecord) -> bool:
        alone = Batch((asked,), (one,))
        return bool(alone.by_rows()[0, 0] != alone.by_columns(engine)[0, 0])

    for part in (*record.facts, *record.histories):
        less = replace(
            record,
            facts=tuple(one for one in record.facts if one is not part),
            histories=tuple(one for one in record.histories if one is not part),
        )
        if differs(less):
            record = less
    return record


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDB]:
    engine = DuckDB(threads=2)
    yield engine
    engine.close()


_SEEDS = st.integers(0, 2**32 - 1)
_NO_SHRINKING = settings(
    deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck)
)


@settings(_NO_SHRINKING, max_examples=1)
@given(_SEEDS)
def test_columns_give_the_truth_that_rows_give(duckdb: DuckDB, seed: int) -> None:
    agree(Batch.drawn(seed, rules=30, records=300), duckdb)


@settings(_NO_SHRINKING, max_examples=1)
@given(_SEEDS)
def test_columns_give_the_truth_that_rows_give_where_every_day_is_known(duckdb: DuckDB, seed: int) -> None:
    batch = Batch.drawn(seed, rules=10, records=300, exact=True)
    agree(batch, duckdb)
    with patch.object(newest, "SHORT", 10**9):  # the latest fact is found among all in memory, and not by the engine
        agree(batch, duckdb)


@pytest.mark.slow
@settings(_NO_SHRINKING, max_examples=4)
@given(_SEEDS)
def test_columns_give_the_truth_that_rows_give_in_more_batches(duckdb: DuckDB, seed: int) -> None:
    agree(Batch.drawn(seed, rules=30, records=500), duckdb)
    agree(Batch.drawn(seed, rules=30, records=500, exact=True), duckdb)


@pytest.fixture
def postgres(postgres_server: Any) -> Iterator[Postgres]:
    engine = Postgres(postgres_server.url(postgres_server.new_database()))
    yield engine
    engine.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_postgresql_gives_the_truth_that_rows_give(postgres: Postgres) -> None:
    for seed in range(2):
        agree(Batch.drawn(seed, rules=20, records=200, exact=bool(seed)), postgres)


@pytest.mark.spark
@pytest.mark.slow
def test_spark_gives_the_truth_that_rows_give(spark: Spark) -> None:
    agree(Batch.drawn(1, rules=20, records=200), spark)
    agree(Batch.drawn(2, rules=5, records=200, exact=True), spark)


# --- what a cohort cannot be asked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('AgeInYears() < AgeInYearsAt("Diagnosis date")', "compares two numbers that are both asked of the child"),
        ('not (AgeInYearsAt("Surgery", 2 months) > 16)', "asks for an age some months before a day"),
    ],
)
def test_what_columns_cannot_repeat_is_refused_by_name_and_place(written: str, said: str) -> None:
    rule = checked(parse(written))
    with pytest.raises(DocumentProblems) as refused:
        rule_program(rule, date(2025, 3, 1), date(2025, 3, 1))
    (problem,) = refused.value.problems
    assert said in str(problem)
    assert "line 1, column" in str(problem)
    assert str(problem.place) == "rule"


def test_every_rule_refused_is_named() -> None:
    wrong, fine = checked(parse('AgeInYears() < AgeInYearsAt("Surgery")')), checked(parse("AgeInYears() < 3"))
    day = date(2025, 3, 1)
    with pytest.raises(DocumentProblems) as refused:
        rules_program([Asked("one", wrong, day, day), Asked("two", fine, day, day), Asked("three", wrong, day, day)])
    assert [problem.place.item for problem in refused.value.problems] == ["one", "three"]


# --- the drawing itself is complete -------------------------------------------------------------------------------------


def test_every_kind_of_node_every_function_and_every_operator_is_drawn_by_every_few_batches() -> None:
    drawn = [part for seed in range(8) for one in Batch.drawn(seed, 30, 0).asked for part in t.walk(one.rule.expression)]
    assert {type(part) for part in drawn} == set(t.Expression.__args__)
    assert {part.function for part in drawn if isinstance(part, t.Call)} == set(FUNCTIONS)
    assert {part.operator for part in drawn if isinstance(part, t.Compare)} == set(t.Comparison.__args__)
    optional = {name for name, one in FUNCTIONS.items() if any(argument.optional for argument in one.arguments)}
    lengths = Counter(
        (part.function, len(part.arguments)) for part in drawn if isinstance(part, t.Call) and part.function in optional
    )
    assert len(lengths) == 2 * len(optional)


def test_the_latest_fact_is_found_in_both_shapes_and_by_every_function(duckdb: DuckDB) -> None:
    taken: dict[bool, set[str]] = {True: set(), False: set()}
    for seed in range(4):
        batch = Batch.drawn(seed, 10, 60, exact=True)
        classes = Classes(batch.program, CONCEPTS)
        shape = Newest(classes, brought(duckdb, Normal.of_records(batch.records, STUDY)), duckdb.dialect)
        taken[True] |= {test.function for test in shape.tests}
        taken[False] |= {leaf.function for place, leaf in classes.leaves(*NEWEST) if place not in shape.settled}
    assert taken == {True: set(NEWEST), False: set(NEWEST)}


def test_every_kind_of_value_status_and_reason_is_drawn() -> None:
    normal = Normal.of_records(Batch.drawn(0, 0, 500).records, STUDY)
    for column, kinds in (("kind", Kind), ("status", Status), ("range_sex", Sex)):
        assert set(normal.facts[column]) == {int(kind) for kind in kinds}
    assert set(normal.facts["why"]) == {int(why) for why in Why} - {Why.NO_UPPER_LIMIT}
    assert set(normal.facts["upper_why"]) == {int(why) for why in Why} - {Why.UNIT_NOT_MEASURED}
    assert normal.facts.select(["undated", "ended", "ongoing", "child"]).n_unique() >= 10


def test_every_function_is_true_false_and_unknown_for_somebody() -> None:
    seen: dict[str, set[Truth]] = {name: set() for name in FUNCTIONS}
    for seed in range(3):
        batch = Batch.drawn(seed, 0, 150)
        for one, column in zip(batch.asked, batch.by_rows().T, strict=True):
            seen[next(part.function for part in t.walk(one.rule.expression) if isinstance(part, t.Call))] |= set(column)
    assert seen == {name: set(Truth) for name in FUNCTIONS}
