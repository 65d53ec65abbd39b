"""Moved limits of every shipped study: the columns answer as the row evaluator does under an eligibility.yaml edited where they say."""

from __future__ import annotations

import runpy
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

import protocord
from protocord.cohort.answers.opened import opened
from protocord.cohort.engines import DuckDB
from protocord.cohort.kernel.answering import answered_by_kernel
from protocord.cohort.kernel.compact import open_compact
from protocord.cohort.normal import Normal
from protocord.cohort.plan.answered import answered_by_sql
from protocord.cohort.plan.limits import Kind
from protocord.cohort.plan.loosened import Move, curve_moves, ladder_moves, movable, moved
from protocord.cohort.plan.program import program
from protocord.cohort.plan.truths import ANSWERS
from protocord.cohort.sources.memory import brought
from protocord.cohort.sources.omop_ingest import ingest_omop
from protocord.criteria.write import to_text
from protocord.eligibility import screen
from protocord.errors import DocumentProblems
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol
from protocord.values import SubjectRecord

STUDIES = sorted(folder.name for folder in protocord.STUDIES.iterdir() if (folder / "study.yaml").is_file())
HOSPITAL = runpy.run_path(str(Path(__file__).parents[1] / "cohort_children.py"))
ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)
CHILDREN = 90

Cells = Mapping[tuple[str, str], Sequence[str]]  # criterion and move -> everybody's answer


# The second study has the same kinds of limits: it is left to the longer run.
@pytest.fixture(params=[STUDIES[-1], *(pytest.param(name, marks=pytest.mark.slow) for name in STUDIES[:-1])], scope="module")
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return protocord.load(protocord.STUDIES / request.param)


@pytest.fixture(scope="module")
def records(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> list[SubjectRecord]:
    """The drawn children of a made-up hospital."""
    folder = tmp_path_factory.mktemp("hospital")
    HOSPITAL["write"](folder / "omop", HOSPITAL["children"](CHILDREN, seed=5, untidy=0.05))
    (folder / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    with opened(folder / "omop", protocol.concepts, read_mapping(folder / "mapping.yaml", protocol.concepts)) as source:
        found = source.records(range(1, CHILDREN + 1))
    return [found[person] for person in sorted(found)]


@pytest.fixture(scope="module")
def moves(protocol: Protocol) -> tuple[Move, ...]:
    return ladder_moves(protocol)


@pytest.fixture(scope="module")
def cells(protocol: Protocol, records: list[SubjectRecord], moves: tuple[Move, ...]) -> Cells:
    """Every answer of every moved criterion, from one pass over the facts."""
    asked, engine = program(protocol, ON, INFUSION, moves), DuckDB()
    found = answered_by_sql(engine, brought(engine, Normal.of_records(records, protocol)), protocol.concepts, asked)
    engine.close()
    return {
        (column.criterion, column.move): [ANSWERS[code] for code in codes]
        for column, codes in zip(asked.columns, found.codes, strict=True)
        if column.chosen or column.move
    }


def apart(moves: Sequence[Move]) -> list[list[Move]]:
    """The moves in groups that change no criterion twice: one edited file answers for a whole group."""
    groups: list[tuple[set[str], list[Move]]] = []
    for move in moves:
        fits = next((group for group in groups if group[0].isdisjoint(move.criteria)), None)
        if fits is None:
            groups.append(fits := (set(), []))
        fits[0].update(move.criteria)
        fits[1].append(move)
    return [group for _, group in groups]


def edited(protocol: Protocol, group: Sequence[Move], folder: Path) -> Protocol:
    """The study with each new limit written over the old one, at the line and column that the move names."""
    assert protocol.sources is not None
    shutil.copytree(protocol.sources.folder, folder)
    file = folder / "eligibility.yaml"
    lines = file.read_text("utf-8").splitlines()
    places = [(place, move) for move in group for place in move.places(protocol)]
    for place, move in sorted(places, key=lambda one: (one[0].line, one[0].column), reverse=True):
        line, start = lines[place.line - 1], place.column - 1
        written = move.limits[0].text if not move.parameter else to_text(move.value)
        assert line[start:].startswith(written), (str(place), line[start:], written)
        lines[place.line - 1] = line[:start] + to_text(move.to) + line[start + len(written) :]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return protocord.load(folder)


def in_memory(protocol: Protocol, move: Move) -> Protocol:
    """The study with the moved rules in place of its own."""
    readings = dict(protocol.readings)
    for criterion, rules in moved(protocol, move).items():
        readings[criterion] = MappingProxyType({**readings[criterion], rules.reading_id: rules})
    return replace(protocol, readings=MappingProxyType(readings))


def wrong_cells(
    other: Protocol, group: Sequence[Move], cells: Cells, records: list[SubjectRecord], every: int = 1
) -> list[tuple[object, ...]]:
    by_criterion = {criterion: move.name for move in group for criterion in move.criteria}
    changed = tuple(one for one in other.eligibility.criteria if one.id in by_criterion)
    other = replace(other, eligibility=other.eligibility.model_copy(update={"criteria": changed}))
    wrong = []
    for row, record in list(enumerate(records))[::every]:
        for finding in screen(other, record, on=ON, planned_infusion=INFUSION).findings:
            move = by_criterion[finding.criterion_id]
            got = cells[finding.criterion_id, move][row]
            if got != finding.answer:
                wrong.append((record.id, finding.criterion_id, move, str(finding.answer), got))
    return wrong


def one_of_each(moves: Sequence[Move]) -> list[Move]:
    """For each limit its last step, for each parameter its first: the everyday share."""
    last: dict[object, Move] = {}
    for move in moves:
        if move.parameter:
            last.setdefault(move.parameter, move)
        else:
            last[move.limits] = move
    return list(last.values())


def accepted(protocol: Protocol, moves: Sequence[Move], folder: Path) -> Iterator[tuple[Protocol, list[Move]]]:
    """Edited studies, each with its moves; a move after which the rule no longer makes sense to the checker is taken out."""
    for number, group in enumerate(apart(moves)):
        left = list(group)
        while left:
            try:
                yield edited(protocol, left, folder / f"{number}-{len(left)}"), left
                break
            except DocumentProblems as refused:
                named = {problem.place.item.split(".")[1] for problem in refused.problems if "." in problem.place.item}
                kept = [move for move in left if named.isdisjoint(move.criteria)]
                if len(kept) == len(left):
                    raise
                left = kept


def test_columns_answer_as_an_edited_study_does(
    protocol: Protocol, moves: tuple[Move, ...], cells: Cells, records: list[SubjectRecord], tmp_path: Path
) -> None:
    chosen = [move for group in apart(one_of_each(moves))[:2] for move in group]
    compared = 0
    for other, group in accepted(protocol, chosen, tmp_path):
        assert wrong_cells(other, group, cells, records) == []
        compared += len(group)
    assert compared >= 12


@pytest.mark.slow
def test_columns_answer_as_an_edited_study_does_for_every_second_step_of_every_limit(
    protocol: Protocol, moves: tuple[Move, ...], cells: Cells, records: list[SubjectRecord], tmp_path: Path
) -> None:
    compared: list[Move] = []
    for other, group in accepted(protocol, moves[1::2], tmp_path):
        assert wrong_cells(other, group, cells, records, every=2) == []
        compared += group
    assert len(compared) > 0.45 * len(moves)
    for move in set(moves) - set(
        compared
    ):  # a limit moved onto another: no file would be let through, the answer is clear all the same
        assert wrong_cells(in_memory(protocol, move), [move], cells, records, every=2) == []


@pytest.mark.slow
def test_the_kernel_answers_every_moved_limit_as_sql_does(
    protocol: Protocol, moves: tuple[Move, ...], cells: Cells, tmp_path: Path
) -> None:
    HOSPITAL["write"](tmp_path / "omop", HOSPITAL["children"](CHILDREN, seed=5, untidy=0.05))
    (tmp_path / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    ingest_omop(tmp_path / "omop", tmp_path / "store", protocol, read_mapping(tmp_path / "mapping.yaml", protocol.concepts))
    asked = program(protocol, ON, INFUSION, moves)
    found = answered_by_kernel(open_compact(tmp_path / "store"), asked, protocol.concepts)

    for column, codes in zip(asked.columns, found.codes, strict=True):
        if column.move:
            assert [ANSWERS[code] for code in codes] == cells[column.criterion, column.move], column.move


def test_moving_limits_changes_answers_of_most_criteria_both_ways(
    protocol: Protocol, moves: tuple[Move, ...], cells: Cells
) -> None:
    ways: Counter[str] = Counter()
    for move in moves:
        for criterion in move.criteria:
            before, after = cells[criterion, ""], cells[criterion, move.name]
            ways["looser"] += any(one == "not_met" != other for one, other in zip(before, after, strict=True))
            ways["stricter"] += any(one != "not_met" == other for one, other in zip(before, after, strict=True))
    assert ways["looser"] > 10
    assert ways["stricter"] > 10


def test_every_limit_that_a_rule_writes_is_found_with_its_line_and_column(protocol: Protocol) -> None:
    assert protocol.sources is not None
    lines = (Path(protocol.sources.folder) / "eligibility.yaml").read_text("utf-8").splitlines()
    found = movable(protocol)
    for move in found:
        written = to_text(move.value) if move.parameter else move.limits[0].text
        for place in move.places(protocol):
            assert lines[place.line - 1][place.column - 1 :].startswith(written), (move.name, str(place))
    assert {move.kind for move in found} == set(Kind) - {Kind.BEFORE}


def test_a_curve_goes_upward_through_the_limit_as_it_is(protocol: Protocol) -> None:
    for base in movable(protocol):
        points = curve_moves(base)
        assert [one.direction for one in points] == sorted(one.direction for one in points)
        assert [one.direction for one in points].count(0) == 1
        assert len(points) >= 3


def test_screening_alone_asks_no_moved_rule(protocol: Protocol, moves: tuple[Move, ...]) -> None:
    alone, with_moves = program(protocol, ON, INFUSION), program(protocol, ON, INFUSION, moves)

    assert not any(column.move for column in alone.columns)
    assert with_moves.columns[: len(alone.columns)] == alone.columns
    assert with_moves.leaves[: len(alone.leaves)] == alone.leaves
    assert with_moves.readings == alone.readings
    assert len(with_moves.leaves) - len(alone.leaves) < 4 * len(moves)
