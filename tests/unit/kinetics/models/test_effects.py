"""Effects over time, against a second implementation on a fine grid, and by hand where a result is censored."""

from __future__ import annotations

from math import inf

import numpy as np
import polars as pl
import pytest

from protocord.kinetics.dynamics import Bounds, Point, effect, effects
from protocord.kinetics.intake import take
from protocord.protocol import STUDIES, load


def exact(*pairs: tuple[float, float]) -> list[Point]:
    return [Point(time, value, value) for time, value in pairs]


HAND = exact((-1, 3), (0, 10), (1, 30), (2, 20), (4, 5))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("baseline", 10),  # the last at or before zero, not the first
        ("peak", 30),
        ("time_of_peak", 1),
        ("fold_change", 3),
        # excess 0, 20, 10, -5 on days 0, 1, 2, 4: triangles 10, trapezoid 15, then 10 down to -5 over 2 days
        ("auec_net", 10 + 15 + 5),
        # the last stretch is above for 2 x 10/15 days: a triangle of 10 x (4/3) / 2
        ("auec", 10 + 15 + 20 / 3),
        ("days_to_baseline", 2 + 4 / 3),
        # above 15: from day 0.25, and until two thirds of a day after day 2
        ("time_above", 0.75 + 1 + 2 / 3),
    ],
)
def test_each_summary_is_what_a_pencil_finds(name: str, value: float) -> None:
    found = effect(HAND, threshold=15)[name]  # type: ignore[index]
    assert found.exact
    assert found.low == pytest.approx(value)


def test_a_second_way_on_a_fine_grid_finds_the_same_areas_and_times() -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        times = np.sort(rng.uniform(0.1, 9, 6))
        values = rng.lognormal(2, 0.8, 7)
        points = exact((-0.5, values[0]), *zip(times, values[1:], strict=True))
        found = effect(points, threshold=8.0)
        grid = np.linspace(0, times[-1], 400_001)
        curve = np.interp(grid, [0, *times], values)
        step = grid[1] - grid[0]
        assert found["auec"].low == pytest.approx(float(np.sum(np.maximum(curve - values[0], 0)) * step), rel=1e-4, abs=1e-3)
        assert found["auec_net"].low == pytest.approx(float(np.trapezoid(curve - values[0], grid)), rel=1e-6, abs=1e-6)
        assert found["time_above"].low == pytest.approx(float(np.mean(curve > 8.0) * times[-1]), abs=1e-4)
        assert found["time_of_peak"].low == times[np.argmax(values[1:])]


def test_results_after_the_end_do_not_count() -> None:
    assert effect([*HAND, *exact((9, 500))], end=7)["peak"].low == 30


def test_a_baseline_below_the_limit_bounds_the_fold_change_from_one_side() -> None:
    found = effect([Point(-0.1, 0, 2), *exact((1, 30))])
    assert found["baseline"] == Bounds(0, 2)
    assert found["fold_change"] == Bounds(15, inf)
    assert found["auec_net"] == Bounds((30 - 2) / 2, 30 / 2)


def test_a_peak_above_the_limit_is_bounded_below_only() -> None:
    found = effect([*exact((0, 10)), Point(1, 300, inf), *exact((3, 20))])
    assert found["peak"] == Bounds(300, inf)
    assert found["time_of_peak"] == Bounds(1, 1) or found["time_of_peak"].low == 1
    assert found["fold_change"] == Bounds(30, inf)


def test_when_two_results_may_be_the_peak_its_time_lies_between_them() -> None:
    found = effect([*exact((0, 1)), Point(1, 5, 9), *exact((2, 7)), *exact((3, 2))])
    assert found["peak"] == Bounds(7, 9)
    assert found["time_of_peak"] == Bounds(1, 2)


def test_the_return_to_baseline_lies_between_samples_where_one_is_censored() -> None:
    found = effect([*exact((0, 3)), *exact((1, 9)), *exact((2, 6)), Point(4, 0, 2)])
    assert found["days_to_baseline"] == Bounds(2, 4)


@pytest.mark.parametrize(
    ("points", "name", "reason"),
    [
        (exact((0, 4)), "peak", "kinetics_effect_no_result"),
        (exact((1, 4)), "fold_change", "kinetics_effect_no_baseline"),
        (exact((0, 0), (1, 4)), "fold_change", "kinetics_effect_baseline_zero"),
        (exact((0, 4), (1, 9)), "days_to_baseline", "kinetics_effect_peak_is_last"),
        (exact((0, 4), (1, 9), (2, 8)), "days_to_baseline", "kinetics_effect_not_returned"),
        (exact((0, 4), (1, 3)), "days_to_baseline", "kinetics_effect_never_above_baseline"),
        (exact((0, 4), (1, 3)), "time_above", "kinetics_effect_no_threshold"),
        ([Point(0, 9, inf), *exact((1, 3))], "auec", "kinetics_effect_baseline_unbounded"),
    ],
)
def test_what_cannot_be_had_says_why(points: list[Point], name: str, reason: str) -> None:
    found = effect(points)[name]  # type: ignore[index]
    assert found.reason is not None
    assert found.reason.kind == reason


def test_percentages_change_as_odds() -> None:
    found = effect(exact((0, 20), (1, 50)), percent=True)["fold_change"]
    assert found.low == pytest.approx(4)  # odds 1/4 to 1
    edge = effect(exact((0, 0), (1, 50)), percent=True)["fold_change"]
    assert edge.reason is not None
    assert edge.reason.kind == "kinetics_effect_proportion_at_edge"


def test_the_protocol_says_what_is_summarised_over_which_infusion() -> None:
    protocol = load(STUDIES / "nct06848582")
    rows = [
        {"subject": s, "analyte": "il6", "time": t, "value": v, "censoring": "none" if v else "left", "lloq": 2.0}
        for s, values in {"A": (None, 40.0, 10.0), "B": (5.0, 20.0, 4.0)}.items()
        for t, v in zip((0.0, 1.0, 6.0), values, strict=True)
    ]
    doses = [{"subject": s, "infusion": 1, "start": 0.0, "duration": 1.0} for s in "AB"]
    taken = take(pl.DataFrame(rows), pl.DataFrame(doses), {item.id: item for item in protocol.kinetics.analytes})
    results = effects(protocol, taken)
    assert results.value("kinetics_effect", "fold_change", subject="B", bound="exact") == 4
    assert results.value("kinetics_effect", "fold_change", subject="A", bound="lowest") == 20
    highest = results.one("kinetics_effect", "fold_change", subject="A", bound="highest")
    assert highest.reason is not None
    assert highest.reason.kind == "kinetics_effect_unbounded"
    counts = [
        results.value("kinetics_effect_group", name, analyte="il6", of="fold_change") for name in ("n", "n_bounded", "n_missing")
    ]
    assert counts == [1, 1, 0]
    assert all(item.reason is not None for item in results if item.value is None)


def test_a_value_that_stays_at_its_baseline_is_back_where_it_was() -> None:
    """The peak lies anywhere after the baseline, since the last value is only known to lie below 2."""
    points = [Point(0.0, 1.0, 1.0), Point(1.0, 1.0, 1.0), Point(2.0, 1.0, 1.0), Point(3.0, 0.0, 2.0)]
    assert effect(points, threshold=1.0)["days_to_baseline"].reason is None
