"""The simulator of cells in blood: what it assumes, and that nothing but its seed and assumptions changes a child."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from protocord.errors import DocumentProblems
from protocord.kinetics.intake import take
from protocord.kinetics.models import Regimen, observe, planned_draws, planned_regimen, sampling_times, setting, simulate
from protocord.kinetics.models.kernels import concentrations, infused
from protocord.kinetics.models.planned import blood_bands, simulated_tables, simulation_results
from protocord.protocol import STUDIES, Protocol, load

EIGHT = Regimen((0.0, 7.0, 14.0, 21.0, 42.0, 49.0, 56.0, 63.0), (1 / 24,) * 8, 2e7)
GRID = [0.0, 0.02, 1 / 24, 1.0, 7.0, 7.03, 20.9, 42.0, 63.1, 91.0]


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load(STUDIES / "nct06848582")


def test_the_recursion_from_dose_to_dose_is_the_sum_over_all_doses() -> None:
    fast = simulate(setting(), EIGHT, GRID, children=30, seed=1)
    amounts = np.ones((1, 8))
    out = [np.empty((1, len(GRID))) for _ in range(2)]
    none = np.zeros(1)
    for direct, made in zip((False, True), out, strict=True):
        rates = (np.array([0.8]), np.array([2.3]), np.array([0.25]))
        concentrations(
            amounts, *rates, none, 14.0, 21.0, none, 0.0, np.array(EIGHT.starts), np.array(EIGHT.durations), np.array(GRID), direct, made
        )  # fmt: skip
    assert out[0] == pytest.approx(out[1], rel=1e-13)
    assert fast.cells.shape == (30, len(GRID))
    assert (fast.cells[:, 0] == 0).all(), "a sample at the start of the first infusion comes before it"


def test_an_infusion_that_grows_short_becomes_a_bolus() -> None:
    assert infused(2.3, 0.7, 0.0) == pytest.approx(exp(-2.3 * 0.7))
    assert infused(2.3, 0.7, 1e-9) == pytest.approx(exp(-2.3 * 0.7), rel=1e-8)
    assert infused(2.3, -0.1, 0.5) == 0
    assert infused(0.0, 0.25, 0.5) == pytest.approx(0.5), "without loss half an infusion is in after half its time"


def test_neither_threads_nor_the_number_of_children_change_a_child() -> None:
    many = simulate(setting(), EIGHT, GRID, children=9000, seed=5, workers=3)
    few = simulate(setting(), EIGHT, GRID, children=5000, seed=5)
    assert (many.cells[:5000] == few.cells).all()
    assert (observe(many).values[:5000] == observe(few).values).sum() == (~observe(few).below).sum()
    assert not (simulate(setting(), EIGHT, GRID, children=10, seed=6).cells == few.cells[:10]).any(axis=0)[1:].any()


def test_weight_cancels_for_a_dose_per_kilogram_and_enters_with_a_cap() -> None:
    light, heavy = (
        simulate(setting(), EIGHT, GRID, children=3, seed=2, weights=[weight] * 3, ages=[5] * 3).cells for weight in (10.0, 60.0)
    )
    assert light == pytest.approx(heavy)
    capped = replace(EIGHT, cap=6e8)  # 10 kg ask 2e8 cells, 60 kg 1.2e9
    spared, halved = (
        simulate(setting(), capped, GRID, children=3, seed=2, weights=[weight] * 3, ages=[5] * 3).cells for weight in (10.0, 60.0)
    )
    assert spared == pytest.approx(light)
    assert halved == pytest.approx(light / 2)


def test_an_infant_has_more_blood_a_kilogram() -> None:
    infant, child = (simulate(setting(), EIGHT, GRID, children=2, seed=2, ages=[age] * 2).cells for age in (0.5, 1.0))
    assert infant == pytest.approx(child * 75 / 80)


def test_the_studys_assumptions_go_before_the_base_and_the_scenarios_changes_before_both(protocol: Protocol) -> None:
    study = setting(protocol.assumptions.assumptions)
    assert study.values["dose"].origin == "study"
    assert study.values["white_cells"].origin == "base"
    assert study.typical("slow_half_life") == 2.5
    first = setting(protocol.assumptions.assumptions, "s1")
    assert (first.typical("slow_half_life"), first.values["slow_half_life"].origin) == (4, "scenario")
    assert first.values["recovery"].origin == "study"
    assert first.with_values(occasion=0.7).values["occasion"].origin == "caller"
    with pytest.raises(ValueError, match="no scenario"):
        setting((), "s9")  # type: ignore[arg-type]


def test_a_design_study_draws_what_is_not_known_from_its_plausible_range() -> None:
    drawn = [setting().varied(3, number).typical("circulating_fraction") for number in range(200)]
    assert 0.01 <= min(drawn) < 0.02
    assert 0.2 < max(drawn) <= 0.3
    assert drawn[7] == setting().varied(3, 7).typical("circulating_fraction")


def test_sensitised_children_lose_the_cells_of_late_doses_faster() -> None:
    quiet = setting().without_spread().with_values(occasion=0.0)
    angry = quiet.with_values(sensitised_fraction=1.0)
    times = [13.9, 69.0]
    calm, late = (simulate(one, EIGHT, times, children=1, seed=1).cells[0] for one in (quiet, angry))
    assert late[0] == pytest.approx(calm[0]), "before the onset nothing differs"
    doses = [start for start in EIGHT.starts if start < 69]
    rate = log(2) / 2.5
    shares = [exp(-rate * (1 + 2 * (1 - exp(-max(0, d - 14) / 21))) * (69 - d)) for d in doses]
    assert late[1] / calm[1] == pytest.approx(
        sum(shares) / sum(exp(-rate * (69 - d)) for d in doses), rel=0.02
    )  # the sum takes boluses


def test_times_that_descend_and_lists_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="ascends"):
        simulate(setting(), EIGHT, [2.0, 1.0], children=1, seed=1)
    with pytest.raises(ValueError, match="one entry for each"):
        simulate(setting(), EIGHT, [1.0], children=2, seed=1, weights=[10.0])
    with pytest.raises(ValueError, match="needs its limit"):
        observe(simulate(setting(), EIGHT, [1.0], children=2, seed=1), unit="/uL")


def test_the_studys_infusions_and_samples_stand_on_one_scale(protocol: Protocol) -> None:
    regimen = planned_regimen(protocol, setting(protocol.assumptions.assumptions))
    assert regimen.starts == EIGHT.starts
    assert regimen.dose == 3e7
    draws = {draw.id: draw for draw in planned_draws(protocol, regimen)}
    assert draws["SCR-AB"].time == -14
    assert (draws["D2"].time, draws["D2"].study_day) == (1.0, 2)
    assert draws["C2D1-1H"].time == pytest.approx(42 + 1 / 24)
    assert draws["C1D8-24H"].study_day == 9
    assert draws["FU3"].time == 91 + 91
    assert [draw.id for draw in sampling_times(protocol, "donor_dna")][:4] == ["C1D1-PRE", "C1D1-1H", "C1D1-4H", "D2"]
    with pytest.raises(DocumentProblems, match="no analyte 'il99'"):
        sampling_times(protocol, "il99")


def test_a_dose_that_cannot_be_simulated_is_named(protocol: Protocol) -> None:
    dose = protocol.dosing.dose.model_copy(update={"unit": "mg/m2"})
    wrong = replace(protocol, dosing=protocol.dosing.model_copy(update={"dose": dose}))
    with pytest.raises(DocumentProblems, match=r"doses of mg/m2 by actual_body_weight cannot be simulated"):
        planned_regimen(wrong, setting())


def test_simulated_tables_are_tables_that_an_analysis_takes_in(protocol: Protocol) -> None:
    assumed = setting(protocol.assumptions.assumptions)
    regimen = planned_regimen(protocol, assumed)
    times = [draw.time for draw in sampling_times(protocol, "donor_dna", regimen)]
    made = simulate(assumed, regimen, sorted(set(times)), children=4, seed=1, blood=blood_bands(protocol))
    seen = observe(made)
    tables = simulated_tables("donor_dna", regimen, made, seen)
    taken = take(tables["concentrations"], tables["doses"], {item.id: item for item in protocol.kinetics.analytes})
    assert taken.samples.height == 4 * len(set(times))
    assert (seen.values[~seen.below] >= 50).all()
    results = simulation_results(protocol, made, seen)
    assert results.value("kinetics_assumption", "typical", assumption="recovery", origin="study") == pytest.approx(0.8)
    assert results.value("kinetics_simulation", "below_limit", time=0.0) == 1.0


def test_counting_scatters_low_readings_and_leaves_high_ones() -> None:
    quiet = setting().without_spread().with_values(occasion=0.0, residual_error=0.0)
    low, high = (
        observe(simulate(quiet, replace(EIGHT, dose=dose), [1.0], children=4000, seed=1), lloq=1e-9).values[:, 0]
        for dose in (2e5, 2e9)
    )
    # Poisson: variance over mean squared is one over the expected copies, at 0.65 ug of DNA
    for values in (low, high):
        seen = np.nan_to_num(values)
        assert seen.var() / seen.mean() ** 2 == pytest.approx(1 / (seen.mean() * 0.65), rel=0.15)
