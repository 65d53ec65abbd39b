"""What if: every count of every change counted again person by person, and what is read, said and shown of a limit."""

from __future__ import annotations

import runpy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import protocord
from protocord.cohort.answers.opened import opened
from protocord.cohort.answers.screened import Screened
from protocord.cohort.answers.what_if import what_if
from protocord.cohort.plan.limits import limits
from protocord.cohort.plan.loosened import Move, ladder_moves, movable, moved, size
from protocord.cohort.plan.program import Column, program
from protocord.cohort.plan.wished import wished
from protocord.criteria.write import to_text
from protocord.errors import ProblemsFound
from protocord.exchange.mapping import read_mapping
from protocord.protocol import Protocol
from protocord.statistics import Results

HOSPITAL = runpy.run_path(str(Path(__file__).parents[2] / "cohort_children.py"))
ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)
WISHES = ("I12a: 1.0 -> 0.75, 0.5", "lab_window: -> 14 days", "I12d: 3 -> 5")
CURVES = ("I12a: 1.0", "I07: 21 days -> 0 days..42 days by 7 days")


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


@pytest.fixture(scope="module")
def tried(protocol: Protocol, asked: tuple[Move, ...]) -> tuple[Move, ...]:
    return tuple(move for move in ladder_moves(protocol)[::3] if move not in asked)


@pytest.fixture(scope="module")
def asked(protocol: Protocol) -> tuple[Move, ...]:
    return tuple(move for text in WISHES for move in wished(protocol, text).moves)


@pytest.fixture(scope="module")
def curves(protocol: Protocol) -> list[tuple[Move, ...]]:
    return [wished(protocol, text).moves for text in CURVES]


@pytest.fixture(scope="module")
def found(
    protocol: Protocol,
    tried: tuple[Move, ...],
    asked: tuple[Move, ...],
    curves: list[tuple[Move, ...]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Screened:
    folder = tmp_path_factory.mktemp("hospital")
    HOSPITAL["write"](folder / "omop", HOSPITAL["children"](400, seed=4, untidy=0.02))
    (folder / "mapping.yaml").write_text(HOSPITAL["mapping"](), "utf-8")
    moves = {move.name: move for move in (*tried, *asked, *(one for curve in curves for one in curve))}
    with opened(folder / "omop", protocol.concepts, read_mapping(folder / "mapping.yaml", protocol.concepts)) as source:
        answered = source.answered(program(protocol, ON, INFUSION, moves.values()))
    return Screened(protocol, answered, ON, INFUSION)


@pytest.fixture(scope="module")
def results(found: Screened, tried: tuple[Move, ...], asked: tuple[Move, ...], curves: list[tuple[Move, ...]]) -> Results:
    return what_if(found, tried=tried, asked=asked, curves=curves)


class Ledger:
    """Everybody's answers, and the outcomes counted one person at a time."""

    def __init__(self, found: Screened) -> None:
        names = ("met", "not_met", "unknown", "review")
        self.columns = {
            column: [names[code] for code in codes]
            for column, codes in zip(found.program.columns, np.asarray(found.answered.codes), strict=True)
        }
        self.chosen = {column.criterion: column for column in found.program.chosen}
        self.moved: dict[str, dict[str, Column]] = {}
        for column in found.program.columns:
            if column.move:
                self.moved.setdefault(column.move, {})[column.criterion] = column

    def counts(self, changed: Mapping[str, Column | None], good: Sequence[str] = ()) -> dict[str, int]:
        columns = {**self.chosen, **changed}
        counted = {"eligible": 0, "possible": 0, "incomplete": 0}
        for row in range(len(next(iter(self.columns.values())))):
            told = {name: self.columns[column][row] for name, column in columns.items() if column is not None}
            answers = ["met" if answer == "unknown" and name in good else answer for name, answer in told.items()]
            counted["possible"] += "not_met" not in answers
            counted["incomplete"] += "not_met" not in answers and "unknown" in answers
            counted["eligible"] += set(answers) == {"met"}
        return counted


@pytest.fixture(scope="module")
def ledger(found: Screened) -> Ledger:
    return Ledger(found)


def told(results: Results, analysis: str, **where: object) -> dict[str, int]:
    return {name: results.value(analysis, name, **where) for name in ("eligible", "possible", "incomplete")}  # type: ignore[arg-type]


def test_a_moved_limit_admits_whom_its_answers_admit(
    results: Results, ledger: Ledger, tried: tuple[Move, ...], asked: tuple[Move, ...]
) -> None:
    as_written = ledger.counts({})
    gained = 0
    for move in (*tried, *asked):
        counts = ledger.counts(ledger.moved[move.name])
        assert told(results, "what_if", move=move.name) == counts
        for name, count in counts.items():
            assert results.value("what_if", f"{name}_more", move=move.name) == count - as_written[name]
        gained += counts["possible"] > as_written["possible"]
    assert told(results, "what_if", change="as_written") == as_written
    assert gained > 5


def test_off_another_reading_and_unknown_as_good_admit_whom_they_admit(results: Results, ledger: Ledger, found: Screened) -> None:
    for criterion in found.criteria:
        assert told(results, "what_if", change="off", criterion=criterion) == ledger.counts({criterion: None})
        good = told(results, "what_if", change="unknown_good", criterion=criterion)
        assert good == ledger.counts({}, good=[criterion])
    for column in found.program.readings:
        where = {"change": "reading", "criterion": column.criterion, "reading": column.reading}
        assert told(results, "what_if", **where) == ledger.counts({column.criterion: column})
    everything = told(results, "what_if", change="unknown_good", criterion="all")
    assert everything == ledger.counts({}, good=found.criteria)


def test_a_curve_counts_the_whole_study_at_each_value(results: Results, ledger: Ledger, curves: list[tuple[Move, ...]]) -> None:
    for number, curve in enumerate(curves, 1):
        at = [item.context["at"] for item in results.select("curve", "eligible", curve=number)]
        assert at == sorted(set(at))
        assert len(at) == len(curve)
        for value, move in zip(at, curve, strict=True):
            assert told(results, "curve", curve=number, at=value) == ledger.counts(ledger.moved[move.name])
    assert told(results, "curve", curve=2, at=21.0) == ledger.counts({})
    assert results.value("curve", "possible", curve=2, at=0.0) > results.value("curve", "possible", curve=2, at=42.0)


def test_changes_together_are_counted_together_and_each_step_adds_most(results: Results, ledger: Ledger) -> None:
    for aim in ("eligible", "possible"):
        steps = list(results.select("together", aim, aim=aim))
        assert 1 <= len(steps) <= 3
        criteria = [name for step in steps for name in str(step.context["criterion"]).split(", ")]
        assert len(set(criteria)) == len(criteria)
        made: dict[str, Column | None] = {}
        best = ledger.counts({})[aim]
        for step in steps:
            columns = _columns(ledger, step.context)
            made |= columns
            assert told(results, "together", aim=aim, step=step.context["step"]) == ledger.counts(made)
            assert step.value > best  # type: ignore[operator]
            best = step.value  # type: ignore[assignment]
        alone = [
            item.value
            for item in results.select("what_if", aim)
            if item.context["change"] in ("limit", "reading") and item.method == "asked"
        ]
        assert steps[0].value >= max(alone)  # type: ignore[type-var, operator]


def test_of_a_limit_that_was_tried_only_the_nearest_step_either_way_is_made_together(
    found: Screened, curves: list[tuple[Move, ...]]
) -> None:
    steps = [move for move in curves[1] if move.direction]
    made = what_if(found, tried=steps).select("together", "possible", aim="possible", change="limit")

    assert len(steps) == 6
    assert [item.context["to"] for item in made] == ["14 days"]


def test_changes_that_add_nobody_are_not_made_together_with_others(found: Screened, asked: tuple[Move, ...]) -> None:
    for move in asked:
        counted = what_if(found, asked=(move,))
        for aim in ("eligible", "possible"):
            told = [int(str(item.value)) for item in counted.select("together", aim, aim=aim)]
            assert told == sorted(set(told))
            assert not told or told[0] > counted.value("what_if", aim, change="as_written")


def _columns(ledger: Ledger, where: Mapping[str, object]) -> dict[str, Column]:
    if where["change"] == "limit":
        return ledger.moved[str(where["move"])]
    read = (column for column in ledger.columns if not column.move)
    return {one.criterion: one for one in read if (one.criterion, one.reading) == (where["criterion"], where["reading"])}


def test_a_moved_limit_says_where_it_is_written_and_what_it_limits(results: Results) -> None:
    (item,) = results.select("what_if", "eligible", change="limit", criterion="I12a", limit="1.0 '10*9/L'", to="0.75 '10*9/L'")
    where = item.context

    assert where["place"] == "eligibility.yaml:562:109, eligibility.yaml:568:39"
    assert (where["asked_en"], where["asked_zh"]) == ("Absolute neutrophil count", "中性粒细胞绝对计数")
    assert (where["limit_kind"], where["operator"], where["direction"], where["review_only"]) == ("result", ">=", -1, False)
    (window,) = results.select("what_if", "eligible", change="limit", parameter="lab_window", to="14 days")
    assert window.context["place"] == "eligibility.yaml:27:12"
    assert window.context["criterion"] == "I12a, I12b, I12c, I12d"
    assert window.context["everywhere"] is True


# --- what is asked for ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I12a: 1.0 -> 0.75", ["I12a: Latest(\"ANC\") 1.0 '10*9/L' -> 0.75 '10*9/L'"]),
        ("I12a:1.0→.75", None),
        ("I12a: 1 10*9/L -> 750 /uL", ["I12a: Latest(\"ANC\") 1.0 '10*9/L' -> 0.750 '10*9/L'"]),
        ("I12d: 3 -> 5", ['I12d: TimesULN("ALT") & TimesULN("AST") 3 -> 5']),
        ('I12d: "ALT" 3 -> 5, 4', ['I12d: TimesULN("ALT") 3 -> 5', 'I12d: TimesULN("ALT") 3 -> 4']),
        ("I07: 3 weeks -> 14 days", ['I07: Washout("Myelosuppressive chemotherapy") chemotherapy_gap -> 14 days']),
        ("I07: nitrosourea_gap -> 28 days", ['I07: Washout("Nitrosourea") nitrosourea_gap -> 28 days']),
        ("lab_window: 7 days -> 14 days", ["lab_window: 7 days -> 14 days"]),
        ("lab_window: -> 14 days", ["lab_window: 7 days -> 14 days"]),
    ],
)
def test_a_limit_is_named_by_criterion_and_value(protocol: Protocol, text: str, names: list[str] | None) -> None:
    if names is None:
        with pytest.raises(ProblemsFound):
            wished(protocol, text)
        return
    wish = wished(protocol, text)
    assert [move.name for move in wish.moves] == names
    assert not wish.curve


def test_a_range_or_no_new_limit_at_all_is_a_curve(protocol: Protocol) -> None:
    usual, ranged = wished(protocol, "I02: 18"), wished(protocol, "I12a: 1.0 -> 0.5..1.5 by 0.25")
    days = wished(protocol, "I07: 21 -> 7..28 by 7", days=True)

    assert usual.curve
    assert [to_text(move.to) for move in usual.moves] == [str(age) for age in range(12, 25)]
    assert [to_text(move.to) for move in ranged.moves] == [f"{one} '10*9/L'" for one in ("0.5", "0.75", "1", "1.25", "1.5")]
    assert [to_text(move.to) for move in days.moves] == ["7 days", "14 days", "21 days", "28 days"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "I12a: 2.0 -> 1",
            "The limits of I12a are: Latest(\"ANC\") >= 0.5 '10*9/L'; Latest(\"ANC\") >= 1.0 '10*9/L'; lab_window (7 days)",
        ),
        ("I12a: 1.0 g/L -> 0.5 g/L", "I12a writes no limit 1.0 g/L."),
        ('I12d: "Creatinine" 3 -> 5', 'I12d writes no limit "Creatinine" 3.'),
        ("I99: 1 -> 2", "Did you mean 'I09'?"),
        ("I12a 1.0", "does not say which limit"),
        ("I12a: 1.0 -> 1", "the limit is 1.0 '10*9/L' already"),
        ("I12a: 1.0 -> 7 days", "cannot stand in place of"),
        ("I12a: 1.0 -> 1 g", "the limit is written in 10*9/L"),
        ("I07: 21 days -> soon", "cannot stand in place of"),
        ("I07: 21 days -> 1.5", "cannot stand in place of"),
        ("lab_window: 8 days -> 9 days", "lab_window is 7 days."),
        ("hb_min: 80 -> 70", "no criterion uses the parameter hb_min"),
        ("I12b: 75 -> 80..10", "a range goes upward"),
        ("I12b: 75 -> 0..100 by 0.01", "in at most 200 steps"),
        ("I12a: ( -> 1", "is no limit"),
    ],
)
def test_what_cannot_be_moved_is_refused_with_the_remedy(protocol: Protocol, text: str, said: str) -> None:
    with pytest.raises(ProblemsFound) as refused:
        wished(protocol, text)
    assert said in str(refused.value)
    assert refused.value.exit_code == 2


def with_rule(protocol: Protocol, criterion: str, rule: str) -> Protocol:
    """The study with another rule written for a criterion, and none for review."""
    criteria = tuple(
        one.model_copy(update={"rule": rule, "review_when": None}) if one.id == criterion else one
        for one in protocol.eligibility.criteria
    )
    return replace(protocol, eligibility=protocol.eligibility.model_copy(update={"criteria": criteria}), sources=None)


def test_the_comparison_is_told_with_what_is_asked_on_its_left(protocol: Protocol) -> None:
    written = with_rule(protocol, "I12a", '1.5 \'10*9/L\' <= Latest("ANC", 1 week) and TimesULN("ALT", 1 week) < 3')

    assert [str(one) for one in limits(written) if one.criterion == "I12a"] == [
        "Latest(\"ANC\") >= 1.5 '10*9/L'", '1 week in Latest("ANC")', 'TimesULN("ALT") < 3', '1 week in TimesULN("ALT")'
    ]  # fmt: skip


def test_limits_of_one_value_move_alone_and_together_and_a_parameter_everywhere(protocol: Protocol) -> None:
    found = [move.name.removesuffix(f" -> {to_text(move.value)}") for move in movable(protocol)]

    assert [name for name in found if name.startswith("I12d") and name.endswith(" 3")] == [
        'I12d: TimesULN("ALT") 3', 'I12d: TimesULN("AST") 3', 'I12d: TimesULN("ALT") & TimesULN("AST") 3'
    ]  # fmt: skip
    assert found.count("lab_window: 7 days") == 1
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("rule", "kind", "steps"),
    [
        ("Latest(\"ANC\", 7 days) >= 1.5 '10*9/L'", "result", ["0.75", "1.13", "1.35", "1.65", "1.88", "2.25"]),
        ("TimesULN(\"ALT\", 7 days) <= 3", "multiple", ["2", "2.5", "4", "5"]),
        ("TimesULN(\"ALT\", 7 days) <= 0.4", "multiple", ["0.5", "1"]),
        ("Latest(\"Lansky\", 7 days) >= 90 '{score}'", "score", ["70", "80", "100"]),
        ("AgeInYears() < 1", "age", ["0", "2"]),
        ("RecoveredTo(\"Peripheral neuropathy\", 0)", "grade", ["1"]),
        ("Latest(\"Life expectancy\", 7 days) >= 12 'wk'", "span", ["6", "9", "15", "18"]),
        ("Washout(\"Nitrosourea\", 6 weeks)", "washout", ["0 days", "3 weeks", "32 days", "53 days", "9 weeks", "12 weeks"]),
        ("Washout(\"Nitrosourea\", 1 year)", "washout", ["0 months", "6 months", "9 months", "15 months", "18 months", "2 years"]),
        ("Washout(\"Nitrosourea\", 1 day)", "washout", ["0 days", "2 days"]),
    ],
)  # fmt: skip
def test_each_kind_of_limit_has_its_ladder(protocol: Protocol, rule: str, kind: str, steps: list[str]) -> None:
    written = with_rule(protocol, "I12a", rule)
    found = [move for move in ladder_moves(written) if move.criteria == ("I12a",) and move.kind == kind]
    told = [
        to_text(move.to) if kind == "washout" else f"{size(move.to):f}" for move in sorted(found, key=lambda one: size(one.to))
    ]

    assert told == steps


def test_limits_are_those_of_the_reading_that_is_chosen(protocol: Protocol) -> None:
    assert protocol.sources is not None
    chosen = protocol.with_reading("I12c", "schwartz_ge_60").with_reading("I02", "through_birthday")
    found = {str(one): one for one in limits(chosen) if one.criterion in ("I12c", "I02")}
    lines = (Path(protocol.sources.folder) / "eligibility.yaml").read_text("utf-8").splitlines()
    limit = found["Latest(\"eGFR by bedside Schwartz\") >= 60 'mL/min/{1.73_m2}'"]
    (place,) = limit.places

    assert lines[place.line - 1][place.column - 1 :].startswith("60 'mL/min")
    assert "schwartz_ge_60" in lines[place.line - 2]
    assert '1 day in AgeInYearsAt("Informed consent")' in found
    assert 'TimesULN("Creatinine") <= 1.5' not in found
    (moves,) = (move for move in ladder_moves(chosen) if move.limits == (limit,) and to_text(move.to).startswith("45 "))
    assert moved(chosen, moves)["I12c"].reading_id == "schwartz_ge_60"


def test_a_study_without_its_files_says_where_in_the_rule_a_limit_stands(protocol: Protocol) -> None:
    written = with_rule(protocol, "I12a", "Latest(\"ANC\", 7 days) >= 1.5 '10*9/L'")
    (limit,) = (one for one in limits(written) if one.criterion == "I12a" and one.kind == "result")

    assert [str(place) for place in limit.places] == ["rule:1:26"]


@pytest.mark.parametrize(("written", "last"), [("6 weeks", 84.0), ("42 days", 84.0), ("6 months", 12.0), ("1 year", 24.0)])
def test_along_a_curve_of_lengths_every_value_is_in_one_unit(protocol: Protocol, written: str, last: float) -> None:
    study = with_rule(protocol, "I12a", f'Washout("Nitrosourea", {written})')
    points = wished(study, f"I12a: {written}").moves
    at = [move.at for move in points]

    assert at == sorted(at)
    assert (at[0], at[-1]) == (0.0, last)
    assert [move.at for move in points if not move.direction] == [last / 2]
