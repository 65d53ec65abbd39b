"""The mixed-effects fit: its gradient, its order of rates, what it leaves out, and what it warns of."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import polars as pl
import pytest

from protocord.kinetics.columns import CONCENTRATIONS, DOSES
from protocord.kinetics.intake import take
from protocord.kinetics.models import (
    PARAMETERS,
    Fit,
    Likelihood,
    Model,
    Observations,
    curves,
    fit,
    individual_fits,
    natural,
    observations,
    summary,
    visual_check,
)
from protocord.protocol import STUDIES, load
from protocord.tables import TableProblems

DAYS = np.array([0.0, 7.0, 14.0, 21.0])
TIMES = np.array([0.05, 0.5, 1.0, 3.0, 6.9, 7.05, 13.9, 14.05, 20.9, 21.05, 22.0, 24.0, 28.0])


def made(children: int, seed: int, limit: float = 60.0) -> Observations:
    """This will draw children by the model itself, in plain NumPy: no code of the fit takes part."""
    rng = np.random.default_rng(seed)
    p = np.array([7.0, 1.4, 0.7, -1.4]) + np.array([0.6, 0.4, 0.3, 0.4]) * rng.standard_normal((children, 4))
    fast, beta = 1 / (1 + np.exp(-p[:, 1])), np.exp(p[:, 3])
    alpha, total = beta + np.exp(p[:, 2]), np.zeros((children, TIMES.size))
    for day in DAYS:
        since = np.where(day < TIMES, TIMES - day, np.inf)
        total += fast[:, None] * np.exp(-alpha[:, None] * since) + (1 - fast[:, None]) * np.exp(-beta[:, None] * since)
    y = p[:, :1] + np.log(total) + 0.25 * rng.standard_normal(total.shape)
    below = y < np.log(limit)
    rows = children * TIMES.size
    return Observations(
        tuple(f"C{i:02d}" for i in range(children)), np.tile(TIMES, children), np.where(below, np.log(limit), y).ravel(),
        below.ravel().astype(np.int64), np.full(rows, np.log(limit)), np.arange(0, rows + 1, TIMES.size), np.tile(DAYS, children),
        np.zeros(4 * children), np.ones(4 * children), np.arange(0, 4 * children + 1, 4), "{copies}/ug", "m3", MappingProxyType({}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def data() -> Observations:
    return made(16, 3)


@pytest.fixture(scope="module")
def fitted(data: Observations) -> Fit:
    return fit(data, starts=2, seed=2)


@pytest.mark.parametrize("curvature", ["expected", "exact"])
@pytest.mark.parametrize(
    ("random", "fixed"),
    [(PARAMETERS, {}), (("ln_c0",), {}), (("ln_c0", "ln_slow"), {"ln_gap": 0.7}), ((), {}), ((), {"logit_fast": 1.0})],
)
def test_the_gradient_is_that_of_the_objective(
    data: Observations, random: tuple[str, ...], fixed: dict[str, float], curvature: str
) -> None:
    kinds = data.kinds.copy()
    kinds[5] = 2  # one sample above its limit
    model = Model(random, fixed, curvature)  # type: ignore[arg-type]
    likelihood = Likelihood(model, replace(data, kinds=kinds))
    values = {"ln_c0": 6.8, "logit_fast": 1.1, "ln_gap": 0.5, "ln_slow": -1.2}
    theta = np.array([*(values[name] for name in PARAMETERS if name not in fixed), *(-0.9,) * len(random), -1.1])
    gradient = likelihood(theta)[1]
    for i in range(theta.size):
        sides = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[i] += sign * 1e-5
            sides.append(likelihood(moved)[0])
        assert gradient[i] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=2e-5, abs=2e-4)


def test_modes_left_far_out_by_a_wild_step_do_not_stay_lost(data: Observations) -> None:
    theta = np.array([6.8, 1.1, 0.5, -1.2, -0.9, -0.9, -0.9, -0.9, -1.1])
    fresh, strayed = Likelihood(Model(), data), Likelihood(Model(), data)
    strayed.etas[::2], strayed.etas[1::2] = 60.0, -60.0
    assert strayed(theta)[0] == pytest.approx(fresh(theta)[0], rel=1e-9)
    assert strayed.lost == fresh.lost == 0


def test_the_fast_rate_exceeds_the_slow_one_whatever_the_parameters() -> None:
    p = np.random.default_rng(1).normal(0, 3, (1000, 4))
    values = natural(p)
    assert (values[:, 2] < values[:, 3]).all()


def test_it_finds_the_parameters_that_made_the_data(fitted: Fit) -> None:
    """Within three standard errors of the truth, from 16 children with a quarter of the samples below the limit."""
    assert fitted.flags == ()
    truth = np.array([7.0, 1.4, 0.7, -1.4, np.log(0.6), np.log(0.4), np.log(0.3), np.log(0.4), np.log(0.25)])
    assert fitted.covariance is not None
    assert np.abs(fitted.theta - truth) / np.sqrt(np.diag(fitted.covariance)) == pytest.approx(np.zeros(9), abs=3)
    assert {start.converged for start in fitted.starts} == {True}
    assert max(s.objective for s in fitted.starts) - min(s.objective for s in fitted.starts) < 1e-3


def test_the_same_seed_gives_the_same_fit_to_the_bit(data: Observations, fitted: Fit) -> None:
    again = fit(data, starts=2, seed=2)
    assert (again.theta == fitted.theta).all()


def test_dropping_or_halving_what_lies_below_the_limit_lengthens_the_slow_half_life(data: Observations, fitted: Fit) -> None:
    keep = data.kinds == 0
    counts = np.add.reduceat(keep, data.sample_of[:-1])
    dropped = replace(
        data, times=data.times[keep], y=data.y[keep], kinds=data.kinds[keep], limits=data.limits[keep], method="m1",
        sample_of=np.concatenate([[0], np.cumsum(counts)]),
    )  # fmt: skip
    halved = replace(data, y=np.where(keep, data.y, data.y - np.log(2)), kinds=np.zeros_like(data.kinds), method="half_lloq")
    slow = [float(natural(fit(one, starts=1).means)[3]) for one in (dropped, halved)]
    assert float(natural(fitted.means)[3]) < min(slow)


def test_the_results_hold_estimates_children_and_starts(fitted: Fit) -> None:
    results = summary(fitted)
    assert results.value("kinetics_fit", "estimate", parameter="slow_half_life") == pytest.approx(
        np.log(2) / np.exp(fitted.means[3])
    )
    low, high = (results.value("kinetics_fit", end, parameter="fast_half_life") for end in ("lower", "upper"))
    assert low < results.value("kinetics_fit", "estimate", parameter="fast_half_life") < high
    assert len(results.select("kinetics_fit", "individual")) == 64
    assert len(results.select("kinetics_fit", "start_objective")) == 2
    assert results.value("kinetics_fit", "n_censored") == fitted.data.censored
    assert abs(results.value("kinetics_fit", "shrinkage", parameter="omega_c0")) < 0.3


def test_the_standard_error_of_the_fast_half_life_is_that_of_the_delta_method(fitted: Fit) -> None:
    assert fitted.covariance is not None
    step = 1e-6
    slope = np.zeros(9)
    for i in (2, 3):
        moved = fitted.means.copy()
        moved[i] += step
        slope[i] = (natural(moved)[2] - natural(fitted.means)[2]) / step
    expected = float(np.sqrt(slope @ fitted.covariance @ slope))
    assert summary(fitted).value("kinetics_fit", "std_error", parameter="fast_half_life") == pytest.approx(expected, rel=1e-4)


def test_what_is_held_fixed_has_no_standard_error_and_says_so(data: Observations) -> None:
    held = fit(data, model=Model(random=("ln_c0",), fixed={"ln_gap": 0.7}), starts=1)
    error = summary(held).one("kinetics_fit", "std_error", parameter="fast_half_life")
    assert error.reason is not None
    assert error.reason.kind == "kinetics_fixed_by_caller"
    with pytest.raises(ValueError, match="different ones"):
        Model(random=("ln_c0",), fixed={"ln_c0": 1.0})


def test_a_spread_that_is_not_there_runs_to_the_edge_and_is_flagged(data: Observations) -> None:
    same = replace(data, y=np.tile(data.y[: TIMES.size], 16), kinds=np.tile(data.kinds[: TIMES.size], 16))
    found = fit(same, model=Model(random=("ln_c0",)), starts=1)
    assert "spread_at_bound" in found.flags
    error = summary(found).one("kinetics_fit", "std_error", parameter="omega_c0")
    assert error.reason is not None
    assert error.reason.kind == "kinetics_at_bound"


def test_the_predictive_check_covers_the_data_that_the_model_made(fitted: Fit) -> None:
    check = visual_check(fitted, replicates=200, seed=1, bins=6)
    inside = [
        check.value("kinetics_vpc", "below_lower", bin=item.context["bin"]) <= item.value
        <= check.value("kinetics_vpc", "below_upper", bin=item.context["bin"])
        for item in check.select("kinetics_vpc", "observed_below")
    ]  # fmt: skip
    assert sum(inside) >= len(inside) - 1
    assert check.frame().equals(visual_check(fitted, replicates=200, seed=1, bins=6).frame())
    hidden = [item for item in check if item.reason is not None]
    assert {item.reason.kind for item in hidden if item.reason} == {"kinetics_quantile_below_limit"}
    with pytest.raises(ValueError, match="needs the censored samples"):
        visual_check(replace(fitted, data=replace(fitted.data, method="m1")))


def test_each_childs_curve_passes_its_predictions(fitted: Fit) -> None:
    residuals, lines = individual_fits(fitted)
    times, _, own = lines["C00"]
    item = residuals.one("kinetics_gof", "predicted", subject="C00", sample=2)
    direct = curves(fitted, np.array([1.0]))[1][0, 0]
    assert item.value == pytest.approx(direct)
    assert np.interp(1.0, times, own) == pytest.approx(direct, rel=0.02)
    censored = [one for one in residuals.select("kinetics_gof", "residual") if one.value is None]
    assert len(censored) == fitted.data.censored


def tables(rows: list[dict[str, object]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    doses = [{"subject": "A", "infusion": k + 1, "start": 7.0 * k, "duration": 1.0, "dose": 3e7, "donor": "D1"} for k in range(2)]
    return pl.DataFrame([{"subject": "A", "analyte": "donor_dna", "donor": "D1", **row} for row in rows]), pl.DataFrame(doses)


def observed(rows: list[dict[str, object]], method: str = "m3") -> Observations:
    analytes = {item.id: item for item in load(STUDIES / "nct06848582").kinetics.analytes}
    return observations(take(*tables(rows), analytes), "donor_dna", method=method)  # type: ignore[arg-type]


ROWS: list[dict[str, object]] = [
    {"time": 0.0, "value": None, "censoring": "left", "lloq": 1.0, "uloq": None, "reason_missing": None},
    {"time": 0.1, "value": 9.0, "censoring": "none", "lloq": 1.0, "uloq": None, "reason_missing": None},
    {"time": 1.0, "value": None, "censoring": "right", "lloq": 1.0, "uloq": 50.0, "reason_missing": None},
    {"time": 2.0, "value": None, "censoring": "none", "lloq": 1.0, "uloq": None, "reason_missing": "clotted"},
    {"time": 5.0, "value": None, "censoring": "left", "lloq": 2.0, "uloq": None, "reason_missing": None},
]


def test_samples_enter_by_what_they_say_and_the_rest_is_counted() -> None:
    found = observed(ROWS)
    assert found.kinds.tolist() == [0, 2, 1]
    assert found.y == pytest.approx(np.log([9.0, 50.0, 2.0]))
    assert dict(found.dropped) == {"before_first_infusion": 1, "missing": 1}
    assert observed(ROWS, "m1").times.tolist() == [0.1]
    assert observed(ROWS, "half_lloq").y[-1] == pytest.approx(0.0)


def test_a_table_without_a_usable_sample_is_refused() -> None:
    with pytest.raises(TableProblems, match="no usable sample of donor_dna"):
        observed(ROWS[:1])
    assert {"start", "duration"} <= set(DOSES.names)
    assert "lloq" in CONCENTRATIONS.names


def test_cells_of_two_donors_are_two_series_with_their_own_infusions() -> None:
    samples = [
        {"subject": "A", "analyte": "donor_dna", "donor": d, "time": t, "value": 9.0, "lloq": 1.0}
        for d in "XY"
        for t in (0.5, 8.0)
    ]
    doses = [
        {"subject": "A", "infusion": k + 1, "start": 7.0 * k, "duration": 1.0, "dose": 3e7, "donor": "XY"[k]} for k in range(2)
    ]
    analytes = {item.id: item for item in load(STUDIES / "nct06848582").kinetics.analytes}
    found = observations(take(pl.DataFrame(samples), pl.DataFrame(doses), analytes), "donor_dna")
    assert found.subjects == ("A/X", "A/Y")
    assert found.starts == pytest.approx(np.array([0.0, 7.0]))
    assert dict(found.dropped) == {"before_first_infusion": 1}
