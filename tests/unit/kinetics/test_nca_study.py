"""The analysis that a protocol asks for, on the tutorial's made-up children."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from protocord.errors import DocumentProblems
from protocord.kinetics.dynamics import effects
from protocord.kinetics.intake import Taken, take
from protocord.kinetics.models import Regimen, sampling_times
from protocord.kinetics.nca.study import Analysis, nca
from protocord.protocol import STUDIES, Protocol, load
from protocord.report.kinetics import footnotes, lines, tables
from protocord.statistics import convention
from protocord.values import Reason
from protocord.words import say

DATA = Path(__file__).parents[3] / "docs" / "tutorials" / "data"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load(STUDIES / "nct06848582")


@pytest.fixture(scope="module")
def taken(protocol: Protocol) -> Taken:
    analytes = {one.id: one for one in protocol.kinetics.analytes if one.role == "kinetics"}
    return take(DATA / "kinetics_concentrations.csv", DATA / "kinetics_doses.csv", analytes, dose_unit="10*7/kg", cells=True)


@pytest.fixture(scope="module")
def found(protocol: Protocol, taken: Taken) -> Analysis:
    return nca(protocol, taken, infusions=True)


def test_every_statistic_names_conventions_that_exist(found: Analysis) -> None:
    used = {name for item in found.results for name in item.conventions}
    assert used >= {"kinetics_trapezoid", "kinetics_lambda_z", "kinetics_persistence", "kinetics_carry_over", "kinetics_peak"}
    assert all(convention(name).id == name for name in used)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_can_be_said(found: Analysis, language: str) -> None:
    reasons = [item.reason for item in found.results if item.reason is not None]
    assert reasons
    assert all(say(reason, language) for reason in reasons)  # type: ignore[arg-type]


def test_parameters_carry_the_protocol_s_codes(found: Analysis) -> None:
    item = found.results.one("nca", "auc_interval", subject="SIM-02", window="course_1")
    assert item.context["code"] == "AUCINT"
    assert item.unit == "{cells}/uL.d"
    assert item.method == "linear_up_log_down"


def test_a_loss_constant_is_refused_while_earlier_cells_are_there(found: Analysis) -> None:
    assert isinstance(found.results.value("nca", "clearance", subject="SIM-02", window="dose_1"), float)
    refused = found.results.one("nca", "clearance", subject="SIM-02", window="dose_2")
    assert refused.reason == Reason.of("kinetics_clearance_carry_over")
    washed_out = found.results.one("nca", "clearance", subject="SIM-02", window="dose_5")
    assert isinstance(washed_out.value, float)


def test_expansion_is_told_of_products_that_expand_and_a_loss_constant_of_the_others(
    protocol: Protocol, taken: Taken, found: Analysis
) -> None:
    refused = found.results.one("nca", "fold_expansion", subject="SIM-02", window="dose_1")
    assert refused.reason == Reason.of("kinetics_fold_not_expanding")
    product = protocol.dosing.product.model_copy(update={"kind": "car_nk_cells"})
    other = replace(protocol, dosing=protocol.dosing.model_copy(update={"product": product}))
    results = nca(other, taken, infusions=True).results
    assert results.value("nca", "fold_expansion", subject="SIM-02", window="dose_1") == 1
    assert results.one("nca", "clearance", subject="SIM-02", window="dose_1").reason == Reason.of("kinetics_clearance_expanding")


def test_the_donors_of_a_course_are_summed(found: Analysis) -> None:
    rows = found.results.select("nca", "auc_interval", subject="SIM-01", window="course_1")
    by_donor = {item.context["donor"]: item.value for item in rows}
    assert set(by_donor) == {"CB-014", "CB-022", "all"}
    assert by_donor["all"] == pytest.approx(by_donor["CB-014"] + by_donor["CB-022"])  # type: ignore[operator]


def test_over_several_infusions_only_what_is_defined_is_told(protocol: Protocol, taken: Taken) -> None:
    parameters = tuple(
        item.model_copy(update={"parameter": "auc_inf"}) if item.id == "auc_0_28d" else item
        for item in protocol.kinetics.parameters
    )
    asked = replace(protocol, kinetics=protocol.kinetics.model_copy(update={"parameters": parameters}))
    results = nca(asked, taken).results
    assert results.one("nca", "auc_inf_obs", subject="SIM-02", window="course_1").reason == Reason.of(
        "kinetics_several_infusions"
    )


def test_the_area_to_the_next_infusion_has_its_own_code(protocol: Protocol, taken: Taken) -> None:
    parameters = tuple(
        item.model_copy(update={"parameter": "auc_tau", "code": ""}) if item.id == "auc_0_7d" else item
        for item in protocol.kinetics.parameters
    )
    asked = replace(protocol, kinetics=protocol.kinetics.model_copy(update={"parameters": parameters}))
    item = nca(asked, taken).results.one("nca", "auc_tau", subject="SIM-02", window="infusion_1")
    assert item.context["code"] == "AUCTAU"


def test_the_planned_samples_give_every_planned_parameter_of_a_child_in_whom_cells_are_found(protocol: Protocol) -> None:
    starts = (0.0, 7.0, 14.0, 21.0, 42.0, 49.0, 56.0, 63.0)
    length = 1 / 24
    regimen = Regimen(starts, (length,) * len(starts), 2e7, True, None)
    times = [draw.time for draw in sampling_times(protocol, "donor_dna", regimen) if draw.time < 80]
    doses = pl.DataFrame({
        "subject": "s", "infusion": range(1, 9), "start": starts, "duration": 1.0, "dose": 2.0, "donor": "d",
    })  # fmt: skip
    # What each infusion brings rises while it runs, then falls by half in a day and a half.
    at = [sum(min(t - s, length) * 48 * 2 ** -((t - s) / 1.5) for s in starts if s < t) for t in times]
    samples = pl.DataFrame({
        "subject": "s", "analyte": "donor_dna", "donor": "d", "time": times, "value": [value or None for value in at],
        "censoring": ["none" if value else "left" for value in at], "lloq": 0.0001,
    })  # fmt: skip
    analytes = {one.id: one for one in protocol.kinetics.analytes if one.role == "kinetics"}
    results = nca(protocol, take(samples, doses, analytes, dose_unit="10*7/kg")).results
    missing = {(item.name, str(item.context["window"]), item.reason.kind) for item in results if item.reason is not None}
    # The cells are there at the last sample, and points on a line have no scatter: two answers that the made-up curve gives, not the plan.
    allowed = {"kinetics_first_infusion", "kinetics_still_found", "kinetics_tobit_no_scatter"}
    assert {found for found in missing if found[2] not in allowed} == set()
    for window in ("course_1", "course_2"):
        assert float(str(results.value("nca", "auc_interval", window=window, donor="d"))) > 0


def late(protocol: Protocol) -> Protocol:
    first = protocol.kinetics.intervals[0]
    start = type(first).model_validate({**first.model_dump(), "name": first.name, "start": "1 day"})
    intervals = (start, *protocol.kinetics.intervals[1:])
    return replace(protocol, kinetics=protocol.kinetics.model_copy(update={"intervals": intervals}))


def test_an_interval_that_does_not_start_at_its_time_zero_is_refused_by_its_line(protocol: Protocol, taken: Taken) -> None:
    for run in (nca, effects):
        with pytest.raises(DocumentProblems) as refused:
            run(late(protocol), taken)
        (problem,) = refused.value.problems
        assert Path(problem.place.file).name == "kinetics.yaml"
        assert problem.place.line > 0
        assert "intervals.infusion_1" in str(problem)
        assert "starts 1 day after its time zero" in str(problem)


def test_a_late_interval_over_which_nothing_is_asked_for_disturbs_nobody(protocol: Protocol, taken: Taken) -> None:
    asked = late(protocol)
    others = tuple(item for item in asked.kinetics.parameters if "infusion_1" not in item.intervals)
    asked = replace(asked, kinetics=asked.kinetics.model_copy(update={"parameters": others, "dynamics": ()}))
    assert nca(asked, taken).results.select(analysis="nca", window="course_1")
    assert not len(effects(asked, taken).select(analysis="kinetics_effect"))


def test_carry_over_is_subtracted_under_its_own_name(found: Analysis) -> None:
    observed = found.results.value("nca", "auc_tau", subject="SIM-02", window="dose_2")
    less = found.results.value("nca", "auc_less_carry_over", subject="SIM-02", window="dose_2")
    assert 0 < less < observed
    first = found.results.one("nca", "auc_less_carry_over", subject="SIM-02", window="dose_1")
    assert first.reason == Reason.of("kinetics_no_carry_over")


def test_the_points_of_a_slope_are_told(found: Analysis) -> None:
    times = str(found.results.value("nca", "lambda_z_times", subject="SIM-02", window="dose_1")).split()
    assert len(times) == found.results.value("nca", "lambda_z_points", subject="SIM-02", window="dose_1")


def test_results_left_out_are_counted_with_their_reasons(found: Analysis) -> None:
    counts = {item.context["why"]: item.value for item in found.results.select("nca", "n_left_out")}
    assert counts == {"clotted": 1, "tube of another child": 2}


def test_the_second_study_s_plan_is_analysed_too(taken: Taken) -> None:
    other = load(STUDIES / "nct06631391")
    assert nca(other, taken).results.value("nca", "cmax", subject="SIM-02") == pytest.approx(16.7, abs=0.05)


def test_footnotes_say_the_assay_the_rules_and_what_was_left_out(protocol: Protocol, found: Analysis) -> None:
    said = "\n".join(footnotes(protocol, found, "en"))
    for part in (
        "ddPCR or qPCR",
        "LLOQ by sample, 0.084 to 0.54",
        "cells/µL = % donor",
        "linear trapezoids up",
        "clotted 1",
        found.results.inputs[:12],
    ):
        assert part in said


def test_a_table_stands_for_each_set_of_windows(found: Analysis) -> None:
    made = tables(found)
    assert {"samples", "doses", "means", "profiles_intervals", "profiles_infusions"} == set(made)
    assert made["profiles_infusions"].height == len(found.answers["infusions"].profiles)


def test_a_whole_interval_below_the_limit_is_shown_as_blq(protocol: Protocol, taken: Taken) -> None:
    import polars as pl

    from protocord.kinetics.nca.summary import summarise

    below = taken.samples.with_columns(value=pl.lit(None, pl.Float64), censoring=pl.lit("left"), lloq=pl.lit(0.5))
    analysis = nca(protocol, replace(taken, samples=below))
    text = "\n".join(lines(protocol, analysis, summarise(analysis.results), "en"))
    assert "CMAX      BLQ" in text
    assert "BLQ (BLQ)" in text
