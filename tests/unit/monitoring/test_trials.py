"""Simulated trials: the same numbers whoever computes them, and exact answers where there are any.

Documents under test: protocord.design.trials, simulation_kernel, protocord.statistics.streams.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from protocord.design import monitoring as rules
from protocord.design.simulation_kernel import FIELDS, milestone
from protocord.design.trials import BLOCK, Scenario, TrialPlan, draws, estimate_statistics, simulate, true_survival
from protocord.statistics.streams import Streams, blocks

RULE_A = rules.posterior(0.25, 0.9, range(3, 41), (0.5, 1.5), counts="toxicities")
FUTILITY = rules.posterior(0.2, 0.9, (10, 20, 30), (0.2, 0.8), direction="<=", counts="responses")


def _value(found: Any, name: str) -> tuple[float, float]:
    one = next(one for one in found.estimates() if one.name == name)
    return one.value, one.mcse


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_do_not_change_a_bit(workers: int) -> None:
    plan, scenario = TrialPlan(40, RULE_A, (FUTILITY,)), Scenario(0.25, 0.3, 0.6, dropout=0.05)
    alone = simulate(plan, scenario, trials=3 * BLOCK + 17, seed=5).outcomes
    shared = simulate(plan, scenario, trials=3 * BLOCK + 17, seed=5, workers=workers).outcomes
    assert alone.tobytes() == shared.tobytes()


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    plan, scenario = TrialPlan(20), Scenario(0.2, 0.3, 0.5)
    short, long = (simulate(plan, scenario, trials=trials, seed=1).outcomes for trials in (100, BLOCK + 1))
    assert short.tobytes() == long[:100].tobytes()


def test_another_seed_gives_other_trials_and_the_result_names_its_own() -> None:
    plan, scenario = TrialPlan(20), Scenario(0.2, 0.3, 0.5)
    one, other = (simulate(plan, scenario, trials=10, seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.outcomes, other.outcomes)
    assert (one.about["seed"], one.about["generator"]) == (1, "PCG64DXSM")


def test_waiting_for_every_subject_gives_the_exact_characteristics() -> None:
    exact = rules.characteristics(RULE_A, [0.3])
    found = simulate(TrialPlan(40, RULE_A, pending="wait"), Scenario(0.3, 0.3, 0.6), trials=40_000, seed=11)
    for name, truth in (("stops_for_toxicity", exact.high[0]), ("subjects", exact.subjects[0]), ("toxicities", exact.events[0])):
        value, error = _value(found, name)
        assert abs(value - truth) < 4 * error
        assert 0 < error < 0.1


def test_response_rules_without_toxicity_give_the_exact_characteristics_when_accrual_is_slow() -> None:
    exact = rules.characteristics(FUTILITY, [0.2])
    # One subject in a million months: every response is known before the next arrives.
    found = simulate(TrialPlan(40, None, (FUTILITY,)), Scenario(0.1, 0.2, 0.6, per_month=1e-6), trials=20_000, seed=3)
    value, error = _value(found, "stops_for_futility")
    assert abs(value - exact.low[0]) < 4 * error
    enrolled = found.column("enrolled")[found.column("stopped") == 2]
    assert set(enrolled) <= {10, 20, 30}


def test_fast_accrual_enrols_beyond_the_look_that_stops() -> None:
    found = simulate(TrialPlan(40, None, (FUTILITY,)), Scenario(0.1, 0.05, 0.6, per_month=20), trials=2_000, seed=3)
    stopped = found.column("stopped") == 2
    assert stopped.mean() > 0.9
    assert found.column("enrolled")[stopped].min() > 10


def test_counting_known_events_at_once_stops_more_often_than_waiting_for_whole_windows() -> None:
    scenario = Scenario(0.25, 0.3, 0.6, per_month=4)
    at_once, whole = (simulate(TrialPlan(40, RULE_A, pending=policy), scenario, trials=20_000, seed=9) for policy in ("as_known", "complete"))  # type: ignore[arg-type]  # fmt: skip
    assert _value(at_once, "stops_for_toxicity")[0] > _value(whole, "stops_for_toxicity")[0] + 0.03


def test_late_toxicity_is_noticed_later() -> None:
    plan = TrialPlan(40, RULE_A, pending="as_known")
    early, late = (simulate(plan, Scenario(0.4, 0.3, 0.6, per_month=6, lateness=one), trials=5_000, seed=4) for one in (1.0, 8.0))
    assert _value(late, "subjects")[0] > _value(early, "subjects")[0] + 0.3


def test_weighing_agrees_with_waiting_when_nobody_is_pending() -> None:
    scenario = Scenario(0.3, 0.3, 0.6, per_month=1e-6)
    weighed, waited = (simulate(TrialPlan(40, RULE_A, pending=policy), scenario, trials=2_000, seed=8) for policy in ("weighted", "wait"))  # type: ignore[arg-type]  # fmt: skip
    assert np.array_equal(weighed.column("stopped"), waited.column("stopped"))
    assert np.array_equal(weighed.column("enrolled"), waited.column("enrolled"))


def test_survival_at_the_milestone_is_unbiased_and_covered_as_often_as_asked() -> None:
    scenario = Scenario(0.2, 0.4, 0.5, responder_hazard=0.5, shape=1.4, dropout=0.1)
    found = simulate(TrialPlan(40, follow_up_days=400), scenario, trials=20_000, seed=6)
    value, error = _value(found, "milestone_survival")
    assert abs(value - scenario.milestone()) < 4 * error
    assert _value(found, "milestone_covered")[0] == pytest.approx(0.9, abs=0.02)
    assert true_survival(scenario, found.plan, [365.25])[0] == pytest.approx(scenario.milestone(), abs=1e-12)
    assert true_survival(scenario, found.plan, [0.0])[0] == 1


def test_the_milestone_is_that_of_lifelines() -> None:
    """Second implementation: lifelines 0.30, KaplanMeierFitter, log-log interval (its default), continuous times."""
    generator = np.random.default_rng(1)
    for _ in range(20):
        times, died = generator.exponential(400, 40), generator.random(40) < 0.7
        fitter = KaplanMeierFitter(alpha=0.1).fit(times, died)
        limits = fitter.confidence_interval_survival_function_
        before = limits.index[limits.index <= 365.25][-1]
        reached, survival, lower, upper = milestone(times, died, 40, 365.25, 1.6448536269514722)
        assert reached == 1
        assert survival == pytest.approx(float(fitter.predict(365.25)), abs=1e-12)
        assert (lower, upper) == pytest.approx(tuple(limits.loc[before]), abs=1e-9)


def test_kaplan_meier_that_does_not_reach_the_milestone_says_so() -> None:
    censored = np.zeros(3, dtype=np.bool_)
    assert milestone(np.array([10.0, 20.0, 30.0]), censored, 3, 365.0, 1.6)[0] == 0
    dead = np.ones(3, dtype=np.bool_)
    assert milestone(np.array([10.0, 20.0, 30.0]), dead, 3, 365.0, 1.6) == (1, 0, 0, 0)
    assert milestone(np.array([400.0, 500.0, 600.0]), dead, 3, 365.0, 1.6) == (1, 1, 1, 1)
    last_censored = np.array([True, True, False])
    assert milestone(np.array([10.0, 20.0, 30.0]), last_censored, 3, 365.0, 1.6)[0] == 0


def test_too_short_a_follow_up_counts_the_trials_that_can_be_judged() -> None:
    found = simulate(TrialPlan(10, follow_up_days=30), Scenario(0.2, 0.3, 0.9, per_month=10), trials=500, seed=1)
    assert _value(found, "milestone_estimable")[0] < 0.05
    names = {one.name for one in found.estimates()}
    assert ("milestone_survival" in names) == bool(found.column("estimable").any())


def test_every_simulated_number_comes_with_its_standard_error() -> None:
    found = simulate(TrialPlan(20), Scenario(0.2, 0.3, 0.5), trials=400, seed=1)
    rows = {one.name: one for one in estimate_statistics(found)}
    share, error = rows["milestone_covered"].value, rows["milestone_covered_mcse"].value
    assert isinstance(share, float)
    assert error == pytest.approx(np.sqrt(share * (1 - share) / rows["milestone_covered"].context["trials"]))  # type: ignore[operator]
    subjects = found.column("toxicities")
    assert rows["toxicities_mcse"].value == pytest.approx(subjects.std(ddof=1) / 20)
    assert rows["toxicities"].context["seed"] == 1


def test_draws_of_a_block_do_not_depend_on_other_kinds_or_blocks() -> None:
    streams = Streams(7).child("trials")
    first, again = draws(streams, 3, 5), draws(streams, 3, 5)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["cell"], draws(streams, 4, 5)["cell"])
    assert not np.array_equal(first["cell"], first["toxicity_time"])
    assert first["arrival"].shape == (BLOCK, 5)
    assert first["arrival"].mean() == pytest.approx(1, abs=0.05)


def test_the_seed_tree_has_a_branch_for_every_name() -> None:
    assert Streams(1).child("a").generator(0).random() != Streams(1).child("b").generator(0).random()
    assert Streams(1).child(3).path == (3,)
    assert Streams(1).child("a").child(2).generator(1).random() == Streams(1).child("a").child(2).generator(1).random()
    assert list(blocks(5, 2)) == [(0, 2), (1, 2), (2, 1)]
    assert list(blocks(4, 2)) == [(0, 2), (1, 2)]
    with pytest.raises(ValueError, match="from 0"):
        Streams(-1)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (lambda: TrialPlan(0), "has subjects"),
        (lambda: TrialPlan(10, RULE_A), "within the subjects"),
        (lambda: TrialPlan(40, FUTILITY), "too many"),
        (lambda: TrialPlan(40, rules.posterior(0.25, 0.9, (10, 20), (0.5, 1.5))), "continuously"),
        (lambda: TrialPlan(20, None, (FUTILITY,)), "within the subjects"),
        (lambda: TrialPlan(40, rules.pocock(0.2, 0.05, range(1, 41)), pending="weighted"), "posterior"),
        (lambda: TrialPlan(40, pending="guess"), "pending is one of"),  # type: ignore[arg-type]
        (lambda: Scenario(1.2, 0.3, 0.5), "rates lie"),
        (lambda: Scenario(0.2, 0.3, 0.5, per_month=0), "positive"),
        (lambda: simulate(TrialPlan(10), Scenario(0.2, 0.3, 0.5), trials=0, seed=1), "from 1"),
    ],
)
def test_a_trial_that_cannot_be_is_refused(asked: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        asked()


def test_progress_is_told_and_every_field_is_filled() -> None:
    told: list[int] = []
    found = simulate(TrialPlan(10), Scenario(0.2, 0.3, 0.5), trials=BLOCK + 5, seed=1, watch=told.append)
    assert told == [BLOCK, BLOCK + 5]
    assert found.outcomes.shape == (BLOCK + 5, len(FIELDS))
    assert (found.column("enrolled") == 10).all()
    assert (found.column("toxicities") <= 10).all()
