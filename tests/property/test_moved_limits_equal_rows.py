"""A drawn rule with a drawn limit moved, as a column: the answers of the row evaluator to the rule's text, edited where the limit stands."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from protocord.cohort.engines import DuckDB
from protocord.cohort.normal import Normal
from protocord.cohort.plan.answered import answered_by_sql
from protocord.cohort.plan.limits import Kind, limits
from protocord.cohort.plan.loosened import Move, movable
from protocord.cohort.plan.program import program
from protocord.cohort.plan.truths import ANSWERS
from protocord.cohort.sources.memory import brought
from protocord.criteria import Anchors, FactIndex, Truth, parse, to_text
from protocord.criteria import tree as t
from protocord.protocol import DEFAULT_READING
from protocord.protocol.model import CriterionRules
from protocord.values import SubjectRecord

DRAWING = runpy.run_path(str(Path(__file__).with_name("test_cohort_equals_rows.py")))
PARAMETERS: dict[str, t.Constant] = DRAWING["PARAMETERS"]
CRITERIA = 30
SEEDS = st.integers(0, 2**32 - 1)
NO_SHRINKING = settings(
    deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck)
)


class Study:
    """A study of drawn rules, one a criterion, half of them with a rule for review; only what screening asks of a protocol."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.drawing = DRAWING["Rules"](self.random)
        self.references = tuple(DRAWING["REFERENCES"][place] for place in self.random.permutation(len(DRAWING["REFERENCES"]))[:2])
        self.on, self.infusion = sorted(self.references)
        self.texts = {f"C{number:02}": self._texts() for number in range(CRITERIA)}
        self.types = {name: self.drawing.pick("inclusion", "exclusion") for name in self.texts}

    def _texts(self) -> dict[str, str | None]:
        # `or` with a drawn rule: a limit that decides something is in nearly every one
        rule = t.Or(self.drawing.truth(2), self.drawing.leaf(self.drawing.pick(*sorted(DRAWING["FUNCTIONS"])), 1))
        review = self.drawing.truth(1) if self.drawing.pick(True, False) else None
        return {"rule": written(rule), "review_when": written(review) if review else None}

    def protocol(self, texts: dict[str, dict[str, str | None]], parameters: dict[str, t.Constant]) -> Any:
        DRAWING["PARAMETERS"].clear()
        DRAWING["PARAMETERS"].update(parameters)
        readings = {}
        for name, said in texts.items():
            rule, review = (DRAWING["checked"](parse(one)) if one else None for one in said.values())
            readings[name] = {DEFAULT_READING: CriterionRules(rule, review, ())}
        criteria = {
            name: SimpleNamespace(id=name, type=self.types[name], readings=(), as_of=self._as_of(name), **said)
            for name, said in texts.items()
        }
        given = tuple(SimpleNamespace(id=name, value=to_text(value)) for name, value in parameters.items())
        return SimpleNamespace(
            concepts=DRAWING["CONCEPTS"], readings=readings, rules={name: one[DEFAULT_READING] for name, one in readings.items()},
            eligibility=SimpleNamespace(criteria=tuple(criteria.values()), parameters=given), criterion=criteria.__getitem__,
            value_sets={name: SimpleNamespace(codes=frozenset(codes)) for name, codes in DRAWING["VALUE_SETS"].items()}, sources=None,
        )  # fmt: skip

    def _as_of(self, name: str) -> str:
        return "planned_infusion" if int(name[1:]) % 3 == 0 else "assessment"

    def records(self, count: int) -> list[SubjectRecord]:
        knowing = DRAWING["Records"](self.random, self.references)
        return [knowing.record(number) for number in range(count)]

    def elsewhere(self, move: Move) -> Move:
        """The move to another value of its kind, drawn."""
        now = move.value
        while True:
            if isinstance(now, t.Duration):
                to: Any = t.Duration(
                    self.drawing.pick(0, 1, 2, 3, 7, 30),
                    self.drawing.pick("day", "week") if Kind.BEFORE in kinds(move) else now.unit,
                )
            else:
                to = replace(
                    now,
                    value=Decimal(self.drawing.pick("0", "0.5", "0.75", "1", "1.5", "2", "15", "16", "17", "18", "19", "1500")),
                )
            if to != now:
                return replace(move, to=to)

    def edited(self, moves: list[Move]) -> Any:
        """The study with each move written into its text, at the line and column where the limit stands."""
        texts, parameters = {name: dict(said) for name, said in self.texts.items()}, dict(PARAMETERS)
        spots = []
        for move in moves:
            if move.parameter:
                parameters[move.parameter] = move.to
            else:
                spots += [(one.criterion, place, move) for one in move.limits for place in one.places]
        for name, place, move in sorted(spots, key=lambda one: one[1].at.column, reverse=True):
            text, start, written = texts[name][place.part], place.at.column - 1, move.limits[0].text
            assert text is not None
            assert place.at.line == 1
            assert text[start:].startswith(written)
            texts[name][place.part] = text[:start] + to_text(move.to) + text[start + len(written) :]
        return self.protocol(texts, parameters)

    def by_rows(self, protocol: Any, name: str, records: list[SubjectRecord]) -> list[str]:
        """Everybody's answer to a criterion, by the row evaluator."""
        anchors = Anchors(self.infusion if self._as_of(name) == "planned_infusion" else self.on, self.on)
        rules, wanted = protocol.rules[name], Truth.TRUE if self.types[name] == "inclusion" else Truth.FALSE
        found = []
        for record in records:
            index = FactIndex(record, protocol.concepts)
            truth = rules.rule.truth(index, anchors)
            review = rules.review_when.truth(index, anchors) if rules.review_when else Truth.FALSE
            answer = "unknown" if truth is Truth.UNKNOWN else "met" if truth is wanted else "not_met"
            found.append({Truth.FALSE: answer, Truth.TRUE: "review", Truth.UNKNOWN: "unknown"}[review])
        return found


def written(rule: t.Expression) -> str:
    """The rule as a text; no text can say a negative number."""
    return to_text(rule).replace("-1", "4")


def kinds(move: Move) -> set[Kind]:
    return {one.kind for one in move.limits}


def drawn_moves(study: Study, protocol: Any) -> list[Move]:
    """At most one limit of each criterion, or one parameter and limits of the criteria that do not use it."""
    chosen: list[Move] = []
    every = list(movable(protocol))
    study.random.shuffle(every)  # type: ignore[arg-type]
    for move in sorted(every, key=lambda one: bool(one.parameter) is bool(study.random.integers(2))):
        taken = {name for one in chosen for name in one.criteria}
        if taken.isdisjoint(move.criteria) and sum(bool(one.parameter) for one in chosen) + bool(move.parameter) <= 1:
            chosen.append(study.elsewhere(move))
    return chosen


@pytest.fixture(scope="module")
def duckdb() -> Iterator[DuckDB]:
    engine = DuckDB(threads=2)
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def same_parameters_after() -> Iterator[None]:
    before = dict(PARAMETERS)
    yield
    PARAMETERS.clear()
    PARAMETERS.update(before)


def agree(engine: DuckDB, seed: int, persons: int) -> None:
    study = Study(seed)
    protocol = study.protocol(study.texts, dict(PARAMETERS))
    moves, records = drawn_moves(study, protocol), study.records(persons)
    asked = program(protocol, study.on, study.infusion, moves)
    relations = brought(engine, Normal.of_records(records, DRAWING["STUDY"]))
    found = answered_by_sql(engine, relations, protocol.concepts, asked)
    edited = study.edited(moves)

    compared = 0
    for column, codes in zip(asked.columns, found.codes, strict=True):
        if column.move:
            told = [ANSWERS[code] for code in codes]
            assert told == study.by_rows(edited, column.criterion, records), (column.move, study.texts[column.criterion])
            compared += 1
    assert compared >= 15


@settings(NO_SHRINKING, max_examples=1)
@given(SEEDS)
def test_a_moved_limit_is_answered_as_the_edited_text_is(duckdb: DuckDB, seed: int) -> None:
    agree(duckdb, seed, 100)


@pytest.mark.slow
@settings(NO_SHRINKING, max_examples=3)
@given(SEEDS)
def test_moved_limits_are_answered_as_the_edited_texts_are_in_more_draws(duckdb: DuckDB, seed: int) -> None:
    agree(duckdb, seed, 200)


def test_every_kind_of_limit_is_drawn_in_rules_and_in_reviews_and_by_parameter() -> None:
    studies = [Study(seed) for seed in range(12)]
    found = [one for study in studies for one in limits(study.protocol(study.texts, dict(PARAMETERS)))]

    assert {one.kind for one in found} == set(Kind) - {Kind.SPAN}  # no drawn concept is a length of time
    assert {place.part for one in found for place in one.places} == {"rule", "review_when"}
    assert {one.parameter for one in found} == {"", "window", "limit"}
    assert date.min < studies[0].on < studies[0].infusion
