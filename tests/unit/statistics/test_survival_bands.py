"""The band of Hall and Wellner: its critical values are the published ones, and it is wider than pointwise limits."""

from __future__ import annotations

import numpy as np
import pytest

from protocord.statistics.survival import bridge_quantile, hall_wellner, kaplan_meier


@pytest.mark.parametrize(
    ("start", "end", "level", "expected", "source"),
    [
        (0.1, 0.6, 0.95, 1.3211, "Klein & Moeschberger 2003, table C.4 and example 4.2"),
        (0.0, 0.999999, 0.95, 1.3581, "Kolmogorov's distribution: 1.3581 at .95"),
        (0.0, 0.999999, 0.90, 1.2238, "Kolmogorov's distribution: 1.2238 at .90"),
        (0.0, 0.999999, 0.99, 1.6276, "Kolmogorov's distribution: 1.6276 at .99"),
        (0.5, 0.5, 0.95, 1.959964 * 0.5, "closed form: one normal of variance a(1 - a)"),
    ],
)
def test_the_bridges_quantiles_are_those_published(start: float, end: float, level: float, expected: float, source: str) -> None:
    assert bridge_quantile(start, end, level) == pytest.approx(expected, abs=6e-5), source


def test_a_narrow_stretch_comes_close_to_its_one_point() -> None:
    assert bridge_quantile(0.3, 0.3001, 0.95) == pytest.approx(bridge_quantile(0.3, 0.3, 0.95), rel=0.02)
    assert bridge_quantile(0.3, 0.3001, 0.95) > bridge_quantile(0.3, 0.3, 0.95)


@pytest.mark.parametrize("transform", ["plain", "log_log", "arcsine"])
def test_the_band_holds_the_pointwise_limits(transform: str) -> None:
    curve = kaplan_meier(np.arange(1, 41), np.arange(40) % 4 > 0, transform=transform)
    band = hall_wellner(curve, start=5, end=30, transform=transform)
    inside = (curve.time >= 5) & (curve.time <= 30)
    assert np.array_equal(band.time, curve.time[inside])
    assert (band.lower <= curve.lower[inside] + 1e-12).all()
    assert (band.upper >= curve.upper[inside] - 1e-12).all()


def test_without_an_event_between_its_times_there_is_no_band() -> None:
    curve = kaplan_meier([1, 2, 3], [1, 0, 1])
    with pytest.raises(ValueError, match="a band needs an event"):
        hall_wellner(curve, start=1.5, end=1.9)
    with pytest.raises(ValueError, match="a band needs an event"):
        hall_wellner(kaplan_meier([1, 2], [0, 0]))
    with pytest.raises(ValueError, match="a bridge is followed between 0 and 1"):
        bridge_quantile(0.5, 0.4, 0.95)
