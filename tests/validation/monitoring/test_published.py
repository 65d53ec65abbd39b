"""Boundaries and probabilities against published tables and other software; each row of published.yaml names its source."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from protocord.design import monitoring as rules
from protocord.design.monitoring import predictive_boundary
from protocord.design.monitoring.bop2 import Grid, bop2, bop2_two

PUBLISHED = yaml.safe_load(Path(__file__).with_name("published.yaml").read_text("utf-8"))


def _made(rule: dict[str, Any]) -> rules.Boundary:
    looks = rule["looks"] if len(rule["looks"]) > 2 else range(rule["looks"][0], rule["looks"][1] + 1)
    match rule["kind"]:
        case "pocock":
            return rules.pocock(rule["rate"], rule["alpha"], looks)
        case "posterior":
            return rules.posterior(rule["rate"], rule["certainty"], looks, tuple(rule["prior"]))
        case _:
            final = rules.Predictive(rule["rate"], rule["certainty"], *rule["prior"], rule["last"])
            return predictive_boundary(final, rule["threshold"], looks)


@pytest.mark.parametrize("row", PUBLISHED["boundaries"], ids=lambda row: row["source"])
def test_a_boundary_has_the_bounds_and_the_error_of_its_source(row: dict[str, Any]) -> None:
    found = _made(row["rule"])
    assert [list(change) for change in found.changes()] == row["changes"]
    if "error" in row:
        assert found.parameters["type_i_error"] == pytest.approx(row["error"], abs=1e-12)
        does = rules.characteristics(found, [row["rule"]["rate"]])
        assert float(does.high[0]) == pytest.approx(row["error"], abs=1e-12)
    for rate, stops, subjects in row.get("stops", []):
        does = rules.characteristics(found, [rate])
        assert float(does.low[0]) == pytest.approx(stops, abs=5e-4)
        if subjects is not None:
            assert float(does.subjects[0]) == pytest.approx(subjects, abs=5e-3)


@pytest.mark.parametrize(("count", "subjects", "margin", "probability"), PUBLISHED["thall_simon"])
def test_a_probability_against_history_is_that_of_base_r(count: int, subjects: int, margin: float, probability: float) -> None:
    measure = rules.AgainstHistory((15, 35), (0.6, 1.4), margin)
    assert measure.probability(count, subjects) == pytest.approx(probability, abs=1e-10)


@pytest.mark.parametrize(("count", "subjects", "last", "a", "b", "rate", "certainty", "probability"), PUBLISHED["predictive"])
def test_a_predictive_probability_is_that_of_base_r(
    count: int, subjects: int, last: int, a: float, b: float, rate: float, certainty: float, probability: float
) -> None:
    found = rules.Predictive(rate, certainty, a, b, last).values(subjects)
    assert float(found[count]) == pytest.approx(probability, abs=1e-11)


@pytest.mark.parametrize(("rate", "stops"), PUBLISHED["characteristics"])
def test_rule_a_stops_as_often_as_base_r_says(rate: float, stops: float) -> None:
    boundary = rules.posterior(0.25, 0.9, range(3, 41), (0.5, 1.5))
    assert float(rules.characteristics(boundary, [rate]).high[0]) == pytest.approx(stops, abs=1e-11)


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=[pytest.mark.slow] if row["points"][0] > 50 else []) for row in PUBLISHED["bop2_efficacy_stop"]],
    ids=lambda row: str(row["points"]),
)
def test_the_exact_optimum_of_a_bop2_grid_is_the_known_one(row: dict[str, Any]) -> None:
    found = bop2(0.2, 0.4, 0.1, range(10, 41, 5), grid=Grid.even(*row["points"]))
    assert found.type_i_error == pytest.approx(row["error"], abs=5e-5)
    assert found.power == pytest.approx(row["power"], abs=5e-5)
    assert found.distinct == row["distinct"]
    if "eta" in row:
        assert found.eta == row["eta"]


def test_a_bop2_rule_is_the_best_of_all_that_are_walked_one_by_one() -> None:
    """A second way: every point of the grid as two boundaries, characteristics one at a time, the best picked by hand."""
    looks, points = (4, 8, 12), [round(0.1 * step, 10) for step in range(11)]
    best: tuple[float, float] = (-1.0, 0.0)
    for lambda_, gamma in product(points, points):
        bounds: list[int | None] = []
        for look in looks:
            cutoff = lambda_ * (look / 12) ** gamma
            below = [x for x in range(look + 1) if _beta_tail(0.2 + x, 0.8 + look - x, 0.2) < cutoff - 1e-11]
            bounds.append(max(below) if below else None)
        does = rules.characteristics(rules.listed(looks, bounds, direction="<="), [0.2, 0.5])
        if does.passes[0] <= 0.1:
            best = max(best, (float(does.passes[1]), float(does.passes[0])))
    found = bop2(0.2, 0.5, 0.1, looks, grid=Grid(tuple(points), tuple(points)))
    assert (found.power, found.type_i_error) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("endpoints", ["efficacy_toxicity", "co_primary"])
def test_a_rule_on_two_endpoints_is_the_best_of_all_that_are_walked_one_by_one(endpoints: str) -> None:
    looks, points = (5, 10), [round(0.1 * step, 10) for step in range(11)]
    null, alternative = (
        (0.1, 0.2, 0.2, 0.5),
        (0.1, 0.45, 0.05, 0.4) if endpoints == "efficacy_toxicity" else (0.3, 0.25, 0.2, 0.25),
    )
    best = (-1.0, 0.0)
    for lambda_, gamma in product(points, points):
        stops = np.zeros((2, 11, 11), dtype=np.int8)
        for place, look in enumerate(looks):
            cutoff = lambda_ * (look / 10) ** gamma - 1e-11
            for first, second in product(range(look + 1), repeat=2):
                few = _beta_tail(0.3 + first, 0.7 + look - first, 0.3) < cutoff
                above = _beta_tail(0.3 + second, 0.7 + look - second, 0.3)
                toxic = 1 - above < cutoff
                stops[place, first, second] = (few or toxic) if endpoints == "efficacy_toxicity" else (few and above < cutoff)
        does = rules.joint_characteristics(rules.JointRule(looks, stops, ("stop",)), [null, alternative])
        if does.passes[0] <= 0.15:
            best = max(best, (float(does.passes[1]), float(does.passes[0])))
    found = bop2_two(null, alternative, 0.15, looks, endpoints=endpoints, grid=Grid(tuple(points), tuple(points)))
    assert (found.power, found.type_i_error) == pytest.approx(best, abs=1e-12)


def _beta_tail(a: float, b: float, x: float) -> float:
    """P(Beta(a, b) > x) by the hypergeometric series of the protocol's own check, not by scipy."""
    from protocord.protocol.check.limits import beta_tail

    return beta_tail(a, b, x)


@pytest.mark.parametrize(("a", "b", "n"), [(1, 4, 30), (1, 9, 40), (0.3, 2.7, 25)])
def test_a_beta_binomial_boundary_is_found_where_a_bracketed_root_is_not(a: float, b: float, n: int) -> None:
    """stoppingrule 0.5.2 fails on BB(1, 4), p0 0.1, n 30: root not bracketed (statistics.md 1.1)."""
    found = rules.beta_binomial(0.1, 0.05, range(1, n + 1), (a, b))
    assert 0 < float(found.parameters["type_i_error"]) <= 0.05
    assert _is_the_earliest(found, 0.1, 0.05)


def test_a_maximised_ratio_boundary_is_found_where_a_bracketed_root_is_not() -> None:
    """stoppingrule 0.5.2 fails on MaxSPRT, p0 0.3, n 20 (statistics.md 1.1)."""
    found = rules.max_sprt(0.3, 0.05, range(1, 21))
    assert 0 < float(found.parameters["type_i_error"]) <= 0.05
    assert _is_the_earliest(found, 0.3, 0.05)


def _is_the_earliest(boundary: rules.Boundary, rate: float, alpha: float) -> bool:
    """Whether the next lower critical value that occurs would cross too often: by trying it, not by the search under test."""
    criterion = boundary.criterion
    assert isinstance(criterion, rules.Threshold)
    below = [value for look in boundary.looks for value in criterion.measure.values(look) if value < criterion.critical]
    looser = rules.Threshold(criterion.measure, max(below), strict=False)
    bounds = [looser.bound(look) for look in boundary.looks]
    does = rules.characteristics(rules.listed(boundary.looks, bounds, direction=">="), [rate])
    return bool(does.high[0] > alpha)


def test_the_smallest_predictive_design_is_that_of_lee_and_liu() -> None:
    """Lee & Liu 2008, Clin Trials 5:93, p0 0.2, p1 0.4, both errors 0.1, prior Beta(0.2, 0.8): 36 subjects, theta_T 0.852 to 0.922."""
    found = rules.predictive_design(0.2, 0.4, 0.1, 0.1, (0.2, 0.8), range(33, 40))
    assert found is not None
    assert (found.last, found.success) == (36, 11)
    assert found.certainty[0] < 0.852
    assert 0.922 <= found.certainty[1] < 0.923
    published = rules.predictive_design(0.2, 0.4, 0.1, 0.1, (0.2, 0.8), [36], thresholds=(0.001,))
    assert published is not None
    assert (published.type_i_error, published.power, published.subjects_null) == pytest.approx((0.088, 0.906, 27.67), abs=5e-3)
    assert found.subjects_null < published.subjects_null, "a threshold above 0.001 stops earlier and still holds both errors"
    does = rules.characteristics(found.boundary, [0.2, 0.4])
    assert (does.passes[0], does.passes[1], does.subjects[0]) == pytest.approx(
        (found.type_i_error, found.power, found.subjects_null), abs=1e-12
    )
    assert rules.predictive_design(0.2, 0.4, 0.1, 0.1, (0.2, 0.8), [35]) is None
    with pytest.raises(ValueError, match="every size must reach the first look"):
        rules.predictive_design(0.2, 0.4, 0.1, 0.1, (0.2, 0.8), [9])
