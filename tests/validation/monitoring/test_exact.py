"""Exact operating characteristics against the walk over every path, and against what base R computes.

Documents under test: protocord.design.monitoring.exact, joint, pending.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from protocord.design import monitoring as rules

RATES = (Fraction(1, 10), Fraction(3, 10), Fraction(2, 3))
TRIALS = [
    ((3, 6, 10), (None, 0, 2), (3, None, 6)),
    ((1, 2, 3, 4, 5, 6, 7, 8), (None,) * 8, (None, 2, 2, 3, 3, 3, 4, 4)),
    ((4, 9), (0, 2), (None, None)),
    ((5, 7, 11), (1, None, 5), (4, 5, 6)),
]


@pytest.mark.parametrize(("looks", "low", "high"), TRIALS)
@pytest.mark.parametrize("rate", RATES)
def test_every_chance_is_that_of_walking_all_paths(
    looks: Any, low: Any, high: Any, rate: Fraction, walk_all_paths: Callable[..., Any]
) -> None:
    boundaries = [rules.listed(looks, low, direction="<="), rules.listed(looks, high, direction=">=")]
    found = rules.characteristics(boundaries, [float(rate)])
    walked = walk_all_paths(looks, low, high, rate)
    assert found.stops_high[0] == pytest.approx([float(one) for one in walked.high], abs=1e-14)
    assert found.stops_low[0] == pytest.approx([float(one) for one in walked.low], abs=1e-14)
    assert found.passes[0] == pytest.approx(float(walked.passes), abs=1e-14)
    assert found.subjects[0] == pytest.approx(float(walked.subjects), abs=1e-12)
    assert found.events[0] == pytest.approx(float(walked.events), abs=1e-12)


def test_lower_bounds_that_do_not_bind_are_walked_past(walk_all_paths: Callable[..., Any]) -> None:
    looks, low, high = TRIALS[3]
    boundaries = [rules.listed(looks, low, direction="<="), rules.listed(looks, high, direction=">=")]
    found = rules.characteristics(boundaries, [0.3], binding=False)
    walked = walk_all_paths(looks, (None,) * 3, high, Fraction(3, 10))
    assert found.stops_high[0] == pytest.approx([float(one) for one in walked.high], abs=1e-14)
    assert not found.low.any()


def test_looks_of_two_boundaries_need_not_coincide(walk_all_paths: Callable[..., Any]) -> None:
    low, high = rules.listed((4, 8), (0, 2), direction="<="), rules.listed((3, 8), (3, 6), direction=">=")
    found = rules.characteristics([low, high], [0.3])
    walked = walk_all_paths((3, 4, 8), (None, 0, 2), (3, None, 6), Fraction(3, 10))
    assert found.looks == (3, 4, 8)
    assert found.stops_high[0] == pytest.approx([float(one) for one in walked.high], abs=1e-14)
    assert found.stops_low[0] == pytest.approx([float(one) for one in walked.low], abs=1e-14)


@pytest.mark.parametrize(
    ("rate", "stops"),
    # clinical.md 1.6.6, rule A: prior Beta(0.5, 1.5), stop if P(p > 0.25) > 0.90, after each from n = 3; three decimals as printed.
    [(0.10, 0.013), (0.20, 0.136), (0.25, 0.296), (0.30, 0.516), (0.40, 0.884), (0.50, 0.991)],
)
def test_rule_a_stops_as_often_as_its_document_says(rate: float, stops: float) -> None:
    boundary = rules.posterior(0.25, 0.90, range(3, 41), (0.5, 1.5))
    assert round(float(rules.characteristics(boundary, [rate]).high[0]), 3) == stops


def _joint_walk(rule: rules.JointRule, four: tuple[Fraction, ...]) -> tuple[np.ndarray[Any, Any], Fraction]:
    """Walk each of the 4^n sequences of cells."""
    stops = np.zeros((len(rule.looks), len(rule.reasons)))
    passes = Fraction(0)
    for path in product(range(4), repeat=rule.looks[-1]):
        chance = Fraction(1)
        for cell in path:
            chance *= four[cell]
        for place, look in enumerate(rule.looks):
            responses = sum(cell in (0, 1) for cell in path[:look])
            toxicities = sum(cell in (0, 2) for cell in path[:look])
            code = int(rule.stops[place, responses, toxicities])
            if code:
                stops[place, code - 1] += float(chance)
                break
        else:
            passes += chance
    return stops, passes


@pytest.mark.parametrize("odds_ratio", [1.0, 4.0, 0.25])
def test_the_joint_lattice_is_the_walk_over_all_cells(odds_ratio: float) -> None:
    few = rules.listed((3, 6), (0, 1), direction="<=", counts="responses")
    many = rules.listed((2, 4, 6), (2, 3, 3), direction=">=", counts="toxicities")
    enough = rules.listed((6,), (5,), direction=">=", counts="responses")
    rule = rules.joint_rule([few, enough], [many])
    four = rules.cells(0.4, 0.3, odds_ratio=odds_ratio)
    stops, passes = _joint_walk(rule, tuple(Fraction(one) for one in four))
    found = rules.joint_characteristics(rule, [four])
    assert found.stops[0] == pytest.approx(stops, abs=1e-12)
    assert found.passes[0] == pytest.approx(float(passes), abs=1e-12)
    assert four[0] * four[3] / (four[1] * four[2]) == pytest.approx(odds_ratio, rel=1e-10)


def test_without_toxicity_rules_the_surface_is_the_exact_sum_on_responses() -> None:
    few = rules.listed((5, 10, 20), (0, 1, 4), direction="<=", counts="responses")
    found = rules.surface(rules.joint_rule([few], []), [0.1, 0.3], [0.05, 0.6], odds_ratio=3.0)
    alone = rules.characteristics(few, [0.1, 0.3])
    assert found.stopped("futility") == pytest.approx(np.stack([alone.low, alone.low], axis=1), abs=1e-13)
    assert found.subjects == pytest.approx(np.stack([alone.subjects, alone.subjects], axis=1), abs=1e-11)


def test_overrunning_is_the_walk_of_stopped_paths_and_the_pending_after_them() -> None:
    boundary = rules.posterior(0.25, 0.8, (2, 4, 6), (0.5, 1.5))
    rate, pending = Fraction(3, 10), 3
    subjects = back = Fraction(0)
    for path in product((0, 1), repeat=6):
        chance = Fraction(1)
        for outcome in path:
            chance *= rate if outcome else 1 - rate
        enrolled = 6
        for look, bound in zip(boundary.looks, boundary.bounds, strict=True):
            if bound is not None and sum(path[:look]) >= bound:
                enrolled = min(look + pending, 6)
                final = boundary.attained([enrolled]).bounds[0]
                if final is None or sum(path[:enrolled]) < final:
                    back += chance
                break
        subjects += chance * enrolled
    found = rules.overrun(boundary, pending, [float(rate)])
    assert found.subjects[0] == pytest.approx(float(subjects), abs=1e-12)
    assert found.reversed_[0] == pytest.approx(float(back), abs=1e-12)
