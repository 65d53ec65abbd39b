"""Why this many subjects, from the protocol alone; and answers as data with conventions that exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

import protocord
from protocord.design import StagedDesign
from protocord.design.accrual import GammaRate, SiteAccrual, forecast
from protocord.design.assured import BetaPrior, assurance
from protocord.design.deviation import attained
from protocord.design.dose_finding import Boin, follow_boin, follow_three_plus_three
from protocord.design.inference import after, after_two_stages
from protocord.design.justification import StatedArgument, why, why_study
from protocord.design.one_stage import Question, single_stage
from protocord.design.response_and_toxicity import JointQuestion, bryant_day
from protocord.design.results import (
    accrual_results,
    admissible_results,
    after_results,
    assurance_results,
    attained_results,
    boin_results,
    bryant_day_results,
    gehan_results,
    precision_results,
    simon_results,
    single_results,
    staged_results,
    three_plus_three_results,
    why_results,
)
from protocord.design.stages import curtailed, gehan, three_stage
from protocord.design.two_stage import simon
from protocord.protocol import Protocol
from protocord.statistics import Results
from protocord.statistics.conventions import conventions
from protocord.words import say, term

ASKED = Question(0.2, 0.4, 0.1, 0.9)


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


# What 40 buys at one-sided 5 %: p0 -> reject at, type I, power at +.15, +.20, +.25; tails by R 4.2.2 pbinom,
# printed by tests/validation/design/oracle.R
FORTY = {
    0.05: (5, 0.048, 0.924, 0.984, 0.997),
    0.10: (8, 0.042, 0.818, 0.945, 0.988),
    0.15: (11, 0.030, 0.691, 0.879, 0.965),
    0.20: (13, 0.043, 0.686, 0.871, 0.961),
    0.25: (16, 0.026, 0.560, 0.786, 0.923),
    0.30: (18, 0.032, 0.561, 0.785, 0.923),
}


def test_the_study_says_what_its_own_number_buys(protocol: Protocol) -> None:
    answer = why_study(protocol)
    assert answer.n == protocol.study.design.planned_subjects
    for one in answer.buys:
        reject_at, error, *powers = FORTY[one.p0]
        assert one.test.reject_at == reject_at
        assert one.test.type_one == pytest.approx(error, abs=0.0005)
        assert [power for _, power in one.powers] == pytest.approx(powers, abs=0.0005)
    near = {
        (row.question.p0, row.question.p1, row.question.alpha, row.question.power, row.kind): str(row.design)
        for row in answer.near
    }
    assert near[0.1, 0.25, 0.05, 0.8, "minimax"] == "2/22 7/40"
    assert near[0.2, 0.4, 0.1, 0.9, "optimal"] == "3/17 10/37"
    assert near[0.3, 0.5, 0.1, 0.9, "minimax"] == "7/28 15/39"
    assert near[0.4, 0.6, 0.05, 0.8, "minimax"] == "17/34 20/39"
    assert all(abs(row.design.n - answer.n) <= 4 for row in answer.near)


def test_another_number_gives_other_answers(protocol: Protocol) -> None:
    """Nothing is fixed to one study: half the subjects, another error and another loss come out of the protocol."""
    study = protocol.study
    argument = study.design.sample_size[0].model_copy(
        update={
            "id": "test",
            "method": "simon_minimax",
            "null_rate": Decimal("0.2"),
            "alternative_rate": Decimal("0.4"),
            "alpha": Decimal("0.1"),
            "sides": 1,
            "power": Decimal("0.9"),
            "evaluable": 36,
        }
    )
    design = study.design.model_copy(update={"planned_subjects": 20, "sample_size": (argument,)})
    assumed = protocol.assumptions.model_copy(
        update={"assumptions": tuple(row for row in protocol.assumptions.assumptions if row.area != "dropout")}
    )
    other = replace(protocol, study=study.model_copy(update={"design": design}), assumptions=assumed)
    answer = why_study(other)
    assert (answer.n, answer.alpha, answer.evaluable) == (20, 0.1, None)
    assert answer.arguments == (StatedArgument("test", "simon_minimax", 36, 36, ()),)
    halves = argument.model_copy(update={"alpha": Decimal("0.2"), "sides": 2, "method": "single_stage_exact"})
    two_sided = replace(other, study=study.model_copy(update={"design": design.model_copy(update={"sample_size": (halves,)})}))
    assert why_study(two_sided).arguments[0].computed == single_stage(ASKED).smallest.n
    lacking = argument.model_copy(update={"power": None})
    incomplete = replace(other, study=study.model_copy(update={"design": design.model_copy(update={"sample_size": (lacking,)})}))
    assert why_study(incomplete).arguments[0] == StatedArgument("test", "simon_minimax", 36, None, ("power",))


def test_the_shipped_argument_of_precision_holds(protocol: Protocol) -> None:
    """The document says: 12 of 40 is 16.6 to 46.5 %, and no event excludes 8.8 %."""
    results = why_results(why_study(protocol))
    low = results.value("limits", "lower", interval="clopper_pearson", responses=12)
    high = results.value("limits", "upper", interval="clopper_pearson", responses=12)
    assert (round(100 * low, 1), round(100 * high, 1)) == (16.6, 46.5)
    assert round(100 * results.value("no_event", "excluded_two_sided"), 1) == 8.8
    reason = results.one("arguments", "computed").reason
    assert reason is not None
    assert "does not fix a number" in say(reason, "en")


def test_nothing_is_justified_for_nobody() -> None:
    with pytest.raises(ValueError, match="nothing to justify"):
        why(1)


def every_answer() -> list[Results]:
    search = simon(ASKED)
    chen = three_stage(Question(0.05, 0.25, 0.1, 0.9))
    g = GammaRate(4, 6)
    two = StagedDesign.two_stage(3, 13, 12, 43)
    return [
        single_results(single_stage(ASKED)),
        simon_results(search),
        admissible_results(search),
        staged_results(ASKED, "chen", chen, [("curtailed", curtailed(chen.design, 0.25))], conventions=("curtailed",)),
        gehan_results(gehan(0.2, 0.05, 0.1), p1=0.2, error=0.05, standard_error=0.1, confidence=0.75),
        bryant_day_results(bryant_day(JointQuestion(0.1, 0.6, 0.6, 0.1, 0.2, 0.2, 0.7))),
        precision_results([10], [0.1, 0.3], [0.05], level=0.95, methods=["clopper_pearson", "wilson"]),
        assurance_results(two, assurance(two, BetaPrior(1, 2), threshold=0.3), 0.3),
        assurance_results(two, assurance(two, BetaPrior(1, 2)), None),
        after_results(after(two, 1, 2, p0=0.2, alpha=0.05), two, {"p0": 0.2}, deviated=False),
        after_results(after_two_stages((3, 13, 12, 43), 5, 9, 27, p0=0.2, alpha=0.05), two, {"p0": 0.2}, deviated=True),
        attained_results(ASKED, attained(ASKED, (3, 17, 10, 37), 18, 40)),
        three_plus_three_results(follow_three_plus_three([0.1, 0.3]), ["1", "2"], expand=True, start="1"),
        boin_results(Boin.of(0.3), 9, follow_boin(Boin.of(0.3), [0.1, 0.3], cohorts=4), ["1", "2"]),
        accrual_results(forecast([SiteAccrual("a", date(2025, 1, 1))], g, target=5, cut=date(2025, 1, 1)), g, [date(2025, 6, 1)]),
        accrual_results(
            forecast([SiteAccrual("a", date(2025, 1, 1), 0, date(2025, 2, 1))], g, target=50, cut=date(2025, 1, 1)), g
        ),
        why_results(why(12, loss=0.1)),
    ]


ANSWERS = every_answer()


@pytest.mark.parametrize("results", ANSWERS)
def test_every_answer_is_data_with_words_and_conventions(results: Results) -> None:
    """Each convention exists; each table, column and reason has words in both languages; each row tells itself apart."""
    known = conventions()
    for item in results:
        assert set(item.conventions) <= set(known)
        for language in ("en", "zh"):
            assert term(f"design_table_{item.analysis}", language)
            if item.analysis != "bounds":
                for name in (item.name, *item.context):
                    assert term(f"design_label_{name}", language)
            if item.reason is not None:
                assert say(item.reason, language)
    keys = [(item.analysis, item.name, *sorted((name, str(value)) for name, value in item.context.items())) for item in results]
    assert len(set(keys)) == len(keys)
    frame = results.frame()
    assert frame.height == len(results)
    assert len(results.inputs) == 64


def test_every_convention_of_design_is_used_by_an_answer() -> None:
    used = {name for results in ANSWERS for item in results for name in item.conventions}
    used |= {"efficacy_stop_criteria", "three_stage_kinds"}  # named by the command that chooses the kind
    own = {row.id for row in conventions().values() if row.area == "design"}
    assert own <= used


def test_the_fingerprint_is_of_what_was_asked() -> None:
    first = simon_results(simon(ASKED))
    assert first.inputs == simon_results(simon(ASKED)).inputs
    assert first.inputs != simon_results(simon(replace(ASKED, alpha=0.05))).inputs
