"""What holds of every profile: the engine agrees with a second implementation, alone and in a batch, and leaves nothing unexplained."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocord.kinetics.nca import codes
from protocord.kinetics.nca.analysis import analyse
from protocord.kinetics.nca.rules import TRAPEZOIDS, Rules
from protocord.kinetics.profiles import Profiles, from_long
from protocord.words import term

Profile = list[tuple[float, float | None]]


def second() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scalar_nca", Path(__file__).with_name("scalar_nca.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCALAR = second()
VALUES = st.one_of(
    st.none(), st.integers(1, 400).map(lambda n: n / 8), st.floats(0.01, 5000, allow_nan=False).map(lambda x: float(f"{x:.3g}"))
)
PROFILES = st.lists(st.integers(0, 240), min_size=1, max_size=14, unique=True).flatmap(
    lambda ticks: st.lists(VALUES, min_size=len(ticks), max_size=len(ticks)).map(
        lambda values: list(zip([tick / 16 for tick in sorted(ticks)], values, strict=True))
    )
)


def packed(profiles: list[Profile], end: float = 7.0) -> Profiles:
    rows = [(k, time, value) for k, profile in enumerate(profiles) for time, value in profile]
    frame = pl.DataFrame(rows, schema={"id": pl.Int64, "time": pl.Float64, "value": pl.Float64}, orient="row")
    return from_long(frame, ["id"], duration=1 / 16, dose=3.0, end=end)


@pytest.mark.parametrize("trapezoid", TRAPEZOIDS)
@given(profile=PROFILES, end=st.sampled_from([1.0, 7.0, 20.0]))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_engine_agrees_with_a_second_implementation(trapezoid: str, profile: Profile, end: float) -> None:
    answer = analyse(packed([profile], end), Rules(trapezoid=trapezoid))  # type: ignore[arg-type]
    times, values = (list(part) for part in zip(*profile, strict=True))
    expected = SCALAR.nca(times, values, duration=1 / 16, end=end, rule=trapezoid)
    # Two lines may fit equally well to within rounding; then either window is right, and what rests on it differs.
    tie = expected["lambda_z_points"] != answer.value("lambda_z_points")
    for name, value in expected.items():
        if tie and name in {"lambda_z", "lambda_z_points", "half_life", "r2_adjusted", "auc_inf_obs", "auc_interval"}:
            continue
        found = answer.value(name)
        if value is None or found is None:
            assert found is value, name
        else:
            assert found == pytest.approx(value, rel=1e-7), name


@given(st.lists(PROFILES, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_batch_gives_bit_for_bit_what_single_profiles_give(profiles: list[Profile]) -> None:
    together = analyse(packed(profiles), Rules())
    for k, profile in enumerate(profiles):
        alone = analyse(packed([profile]), Rules())
        assert alone.values[0].tobytes() == together.values[k].tobytes()
        assert alone.reasons[0].tolist() == together.reasons[k].tolist()
        assert alone.flags[0] == together.flags[k]
        assert together.profiles.one(k).keys["id"].item() == k


@given(st.lists(PROFILES, min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_rows_does_not_count(profiles: list[Profile], chance: object) -> None:
    rows = [(k, time, value) for k, profile in enumerate(profiles) for time, value in profile]
    mixed = rows.copy()
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    schema = {"id": pl.Int64, "time": pl.Float64, "value": pl.Float64}
    answers = [
        analyse(from_long(pl.DataFrame(some, schema=schema, orient="row"), ["id"], end=7.0), Rules()) for some in (rows, mixed)
    ]
    by_key = [dict(zip(one.profiles.keys["id"], (row.tobytes() for row in one.values), strict=True)) for one in answers]
    assert by_key[0] == by_key[1]


@given(PROFILES)
@settings(max_examples=50, deadline=None)
def test_no_value_is_missing_without_a_reason_and_none_has_one_beside_it(profile: Profile) -> None:
    answer = analyse(packed([profile]), Rules())
    assert (np.isnan(answer.values) == (answer.reasons != codes.PRESENT)).all()
    for name in codes.PARAMETERS:
        reason = answer.reason(name)
        assert (reason is None) == (answer.value(name) is not None)
        if reason is not None:
            assert term(reason.kind, "en") != term(reason.kind, "zh")


@given(PROFILES, st.sampled_from([0.25, 8.0]), st.sampled_from([0.5, 4.0]))
@settings(max_examples=50, deadline=None)
def test_areas_scale_with_concentration_and_with_time(profile: Profile, higher: float, longer: float) -> None:
    scaled = [(time * longer, None if value is None else value * higher) for time, value in profile]
    one = analyse(packed([profile], end=math.nan), Rules(route="extravascular"))
    other = analyse(packed([scaled], end=math.nan), Rules(route="extravascular"))
    if one.value("lambda_z_points") != other.value("lambda_z_points"):
        return  # equal fits to within rounding
    for name, factor in (
        ("auc_last", higher * longer),
        ("auc_inf_obs", higher * longer),
        ("half_life", longer),
        ("cmax", higher),
    ):
        value = one.value(name)
        if value is not None:
            assert other.value(name) == pytest.approx(value * factor, rel=1e-6)


@given(st.floats(0.05, 3), st.floats(0.1, 1e4), st.lists(st.integers(1, 200), min_size=3, max_size=12, unique=True))
@settings(max_examples=50, deadline=None)
def test_a_single_exponential_is_recovered_exactly(rate: float, height: float, ticks: list[int]) -> None:
    profile: Profile = [(tick / 20, height * math.exp(-rate * tick / 20)) for tick in sorted(ticks)]
    answer = analyse(packed([profile]), Rules(route="bolus"))
    assert answer.value("lambda_z") == pytest.approx(rate, rel=1e-8)
    assert answer.value("auc_inf_obs") == pytest.approx(height / rate, rel=1e-8)
