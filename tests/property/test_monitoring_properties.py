"""What holds for every boundary, whatever its looks, bounds and rates.

Documents under test: protocord.design.monitoring, protocord.monitor.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.design import monitoring as rules

RATES = st.floats(0.02, 0.98)


@st.composite
def boundaries(draw: st.DrawFn) -> tuple[rules.Boundary, rules.Boundary]:
    """A lower and an upper boundary at the same looks that never cross each other."""
    looks = sorted(draw(st.sets(st.integers(1, 25), min_size=1, max_size=6)))
    low, high = [], []
    for look in looks:
        below = draw(st.none() | st.integers(0, look))
        above = draw(st.none() | st.integers(0, look))
        if below is not None and above is not None and above <= below:
            above = None
        low.append(below)
        high.append(above)
    return rules.listed(looks, low, direction="<="), rules.listed(looks, high, direction=">=")


@given(boundaries(), st.lists(RATES, min_size=1, max_size=4))
def test_everything_that_can_happen_adds_up_to_one(pair: tuple[rules.Boundary, rules.Boundary], rates: list[float]) -> None:
    found = rules.characteristics(pair, rates)
    assert found.high + found.low + found.passes == pytest.approx(np.ones(len(rates)), abs=1e-12)
    assert ((found.subjects >= found.looks[0] - 1e-9) & (found.subjects <= found.looks[-1] + 1e-9)).all()
    assert (found.stops_high >= 0).all()


@given(boundaries(), RATES)
def test_turning_events_into_non_events_turns_the_boundaries_over(
    pair: tuple[rules.Boundary, rules.Boundary], rate: float
) -> None:
    low, high = pair

    def turned(boundary: rules.Boundary) -> rules.Boundary:
        bounds = [None if bound is None else look - bound for look, bound in zip(boundary.looks, boundary.bounds, strict=True)]
        return rules.listed(boundary.looks, bounds, direction="<=" if boundary.direction == ">=" else ">=")

    found, mirror = rules.characteristics(pair, [rate]), rules.characteristics((turned(low), turned(high)), [1 - rate])
    assert mirror.stops_low == pytest.approx(found.stops_high, abs=1e-11)
    assert mirror.stops_high == pytest.approx(found.stops_low, abs=1e-11)


@given(boundaries(), RATES, RATES)
def test_an_upper_boundary_is_crossed_more_often_at_a_higher_rate(
    pair: tuple[rules.Boundary, rules.Boundary], one: float, other: float
) -> None:
    found = rules.characteristics(pair[1], sorted((one, other))).high
    assert found[0] <= found[1] + 1e-12


@settings(max_examples=30)
@given(
    st.floats(0.05, 0.6),
    st.floats(0.01, 0.3),
    st.sampled_from([0.0, 0.25, 0.5]),
    st.sets(st.integers(2, 30), min_size=1, max_size=5).map(lambda looks: sorted(looks)),
    st.sampled_from(["tail", "score"]),
)
def test_a_calibrated_boundary_holds_its_error_whatever_is_asked(
    rate: float, alpha: float, delta: float, looks: list[int], scale: str
) -> None:
    found = rules.wang_tsiatis(rate, alpha, looks, delta, scale="tail" if scale == "tail" else "score")
    assert float(rules.characteristics(found, [rate]).high[0]) <= alpha + 1e-9
    assert found.attained(looks).bounds == found.bounds, "the printed parameter gives the printed bounds"


@given(boundaries(), RATES, RATES, st.floats(0.1, 10))
def test_each_margin_of_a_joint_rule_is_its_rule_alone(
    pair: tuple[rules.Boundary, rules.Boundary], response: float, toxicity: float, odds_ratio: float
) -> None:
    low, high = pair
    scenario = [rules.cells(response, toxicity, odds_ratio=odds_ratio)]
    few = rules.joint_characteristics(rules.joint_rule([low], []), scenario)
    many = rules.joint_characteristics(rules.joint_rule([], [high]), scenario)
    assert few.stopped("futility") == pytest.approx(rules.characteristics(low, [response]).low, abs=1e-10)
    assert many.stopped("toxicity") == pytest.approx(rules.characteristics(high, [toxicity]).high, abs=1e-10)
    both = rules.joint_characteristics(rules.joint_rule([low], [high]), scenario)
    assert both.stops.sum() + both.passes[0] == pytest.approx(1, abs=1e-10)
    assert both.passes[0] <= min(few.passes[0], many.passes[0]) + 1e-10


@given(st.floats(0.1, 0.6), st.floats(0.5, 0.98), st.floats(0.1, 3), st.floats(0.1, 3), st.integers(2, 30))
def test_a_posterior_bound_is_the_first_count_that_is_certain_enough(
    rate: float, certainty: float, a: float, b: float, n: int
) -> None:
    bound = rules.posterior(rate, certainty, (n,), (a, b)).bounds[0]
    values = rules.Posterior(rate, a, b).values(n)
    expected = [count for count, value in enumerate(values) if value > certainty + 1e-10]
    assert bound == (expected[0] if expected else None) or abs(values - certainty).min() < 1e-10
