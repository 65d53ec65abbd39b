"""Properties of the kinetic models that hold for any child, dose and result."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.kinetics.dynamics import NAMES, Point, effect
from protocord.kinetics.models.kernels import concentrations
from protocord.kinetics.sampling import blood_plan
from protocord.protocol import STUDIES, load

PROTOCOL = load(STUDIES / "nct06848582")
VALUES = st.floats(0.5, 500)


@settings(max_examples=40, deadline=None)
@given(
    weight=st.integers(25, 800),
    months=st.integers(0, 216),
    drawn=st.dictionaries(st.integers(1, 90), st.integers(0, 9), max_size=4),
)
def test_no_child_gives_more_than_the_guard_allows_beyond_what_nobody_may_trim(
    weight: int, months: int, drawn: dict[int, int]
) -> None:
    """Where a limit is broken nothing but routine blood, or blood drawn before, stands in that stretch's day."""
    given_before = {day: Decimal(volume) for day, volume in drawn.items()}
    plan = blood_plan(PROTOCOL, weight_kg=Decimal(weight) / 10, age_months=months, drawn=given_before)
    held = {day - 1: volume for day, volume in given_before.items()}
    research: dict[int, Decimal] = {}
    for occasion in plan.occasions:
        day = occasion.day - (occasion.day > 0)
        held[day] = held.get(day, Decimal(0)) + occasion.taken
        research[day] = occasion.taken - occasion.routine
    for end, volume in held.items():
        inside = [day for day in held if end - plan.period_days < day <= end]
        if sum(held[day] for day in inside) > plan.per_period:
            assert not any(research.get(day) for day in inside)
        if volume > plan.per_occasion:
            assert not research.get(end)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.tuples(VALUES, st.booleans()), min_size=2, max_size=8),
    threshold=VALUES,
)
def test_the_bounds_of_an_effect_contain_what_the_true_values_give(values: list[tuple[float, bool]], threshold: float) -> None:
    """Each true value may hide below a limit of twice itself: whatever it is, the statistic of the true values lies within."""
    true = [Point(float(k), value, value) for k, (value, _) in enumerate(values)]
    seen = [
        Point(float(k), 0.0, 2 * value) if hidden else Point(float(k), value, value) for k, (value, hidden) in enumerate(values)
    ]
    exact, bounded = effect(true, threshold=threshold), effect(seen, threshold=threshold)
    for name in NAMES:
        if name == "days_to_baseline" or exact[name].reason is not None or bounded[name].reason is not None:
            continue
        slack = 1e-9 * (1 + abs(exact[name].low))
        assert bounded[name].low <= exact[name].low + slack, name
        assert bounded[name].high >= exact[name].high - slack, name


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.floats(0.5, 20), min_size=1, max_size=6),
    length=st.floats(0, 0.4),
    alpha=st.floats(0.3, 20),
    share=st.floats(0.01, 0.99),
    beta=st.floats(0.01, 0.3),
)
def test_the_recursion_is_the_sum_for_any_doses(
    gaps: list[float], length: float, alpha: float, share: float, beta: float
) -> None:
    starts = np.concatenate([[0.0], np.cumsum(gaps)])
    times = np.sort(np.concatenate([starts + 0.1, starts + 0.45, [starts[-1] + 30]]))
    none, amounts = np.zeros(1), np.linspace(1, 2, starts.size)[None, :]
    made = []
    for direct in (False, True):
        out = np.empty((1, times.size))
        rates = np.array([share]), np.array([alpha]), np.array([beta])
        concentrations(amounts, *rates, none, 14.0, 21.0, none, 0.0, starts, np.full(starts.size, length), times, direct, out)
        made.append(out)
    assert made[0] == pytest.approx(made[1], rel=1e-11)
