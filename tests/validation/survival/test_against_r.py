"""Equal to R's survival 3.5.3 and cmprsk 2.2.11 (R 4.2.2) to 1e-8. The numbers were written by oracle.R beside this file, call by call."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from protocord.statistics.survival import (
    TRANSFORMS,
    Curve,
    aalen_johansen,
    cox,
    gray_test,
    kaplan_meier,
    landmark,
    log_rank,
    one_sample_log_rank,
    proportional_hazards,
    reverse_kaplan_meier,
    stretches,
)

HERE = Path(__file__).parent
Rows = list[dict[str, str]]


@cache
def rows_of(file: str) -> Rows:
    with (HERE / "expected" / file).open(encoding="utf-8") as text:
        return list(csv.DictReader(text))


@cache
def table(name: str) -> dict[str, np.ndarray]:
    with (HERE / "data" / f"{name}.csv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    return {column: np.array([_cell(row[column]) for row in rows]) for column in rows[0]}


def _cell(text: str) -> float | str:
    try:
        return float("nan" if text == "NA" else text)
    except ValueError:
        return text


def numbers(rows: Rows, column: str) -> np.ndarray:
    return np.array([float("nan" if row[column].strip() in {"NA", "NaN"} else row[column]) for row in rows])


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=1e-8, atol=1e-9, equal_nan=True)


def curve_of(name: str, transform: str = "log_log") -> Curve:
    data = table(name)
    return kaplan_meier(data["time"], data["status"], entry=data.get("entry"), transform=transform)


CURVES = sorted({row["data"] for row in rows_of("curves.csv")})


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_has_the_times_counts_and_errors_of_survfit(name: str) -> None:
    expected = [row for row in rows_of("curves.csv") if row["data"] == name]
    ours = curve_of(name)
    for column, values in {
        "time": ours.time,
        "n_risk": ours.n_risk,
        "n_event": ours.n_event,
        "n_censored": ours.n_censored,
        "survival": ours.survival,
        "relative": ours.relative,
    }.items():
        same(values, numbers(expected, column))


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", CURVES)
def test_the_limits_are_those_of_survfit_on_each_scale(name: str, transform: str) -> None:
    expected = [row for row in rows_of("curves.csv") if row["data"] == name]
    ours = curve_of(name, transform)
    same(ours.lower, numbers(expected, f"lower_{transform}"))
    same(ours.upper, numbers(expected, f"upper_{transform}"))


@pytest.mark.parametrize("name", CURVES)
def test_medians_and_quartiles_and_their_limits_are_those_of_quantile_survfit(name: str) -> None:
    for row in rows_of("quantiles.csv"):
        if row["data"] != name:
            continue
        found = curve_of(name, row["transform"]).quantile(float(row["p"]))
        same(found.time, float(numbers([row], "time")[0]))
        for limit in ("lower", "upper"):
            if row[f"{limit}_falls"] == "1":
                same(getattr(found, limit), float(numbers([row], limit)[0]))


def test_the_limits_of_a_median_are_those_that_survfit_prints_also_where_a_limit_rises_again() -> None:
    medians = [row for row in rows_of("quantiles.csv") if row["p"] == "0.5"]
    assert any(row["upper_falls"] == "0" for row in medians)
    for row in medians:
        found = curve_of(row["data"], row["transform"]).quantile(0.5)
        same([found.lower, found.upper], [numbers([row], "printed_lower")[0], numbers([row], "printed_upper")[0]])


def test_the_restricted_mean_and_its_standard_error_are_those_of_survfit() -> None:
    for row in rows_of("restricted_means.csv"):
        found = curve_of(row["data"]).rmst(float(row["tau"]))
        same([found.estimate, found.std_error], [float(row["estimate"]), float(row["std_error"])])


def test_follow_up_by_the_turned_curve_is_that_of_survfit_with_the_status_turned() -> None:
    for row in rows_of("reverse.csv"):
        data = table(row["data"])
        found = reverse_kaplan_meier(data["time"], data["status"]).quantile(float(row["p"]))
        same([found.time, found.lower, found.upper], [numbers([row], column)[0] for column in ("time", "lower", "upper")])


def expected(identifier: str) -> np.ndarray:
    found = numbers([row for row in rows_of("tests.csv") if row["id"] == identifier], "value")
    assert len(found), identifier
    return found


@pytest.mark.parametrize(
    ("identifier", "name", "group", "strata", "rho"),
    [
        ("lung_sex", "lung", "sex", None, 0),
        ("veteran_cell", "veteran", "cell", None, 0),
        ("veteran_cell_rho1", "veteran", "cell", None, 1),
        ("veteran_trt_in_cell", "veteran", "trt", "cell", 0),
        ("aml", "aml", "x", None, 0),
        ("aml_rho_half", "aml", "x", None, 0.5),
    ],
)
def test_the_log_rank_test_is_that_of_survdiff(identifier: str, name: str, group: str, strata: str | None, rho: float) -> None:
    data = table(name)
    found = log_rank(data["time"], data["status"], data[group], strata=data[strata] if strata else None, rho=rho)
    same(found.observed, expected(f"logrank.{identifier}.observed"))
    same(found.expected, expected(f"logrank.{identifier}.expected"))
    same(found.variance.T.ravel(), expected(f"logrank.{identifier}.variance"))
    same(found.chi_square, expected(f"logrank.{identifier}.chi_square")[0])


def test_a_sample_against_a_reference_hazard_is_survdiff_with_an_offset() -> None:
    data = table("ovarian")
    found = one_sample_log_rank(data["time"], data["status"], lambda t: 0.001 * t)
    same(found.observed, expected("one_sample.ovarian.observed")[0])
    same(found.expected, expected("one_sample.ovarian.expected")[0])
    same(found.z**2, expected("one_sample.ovarian.chi_square")[0])


@pytest.mark.parametrize(
    ("identifier", "name", "covariates", "strata", "ties"),
    [
        ("lung", "lung", ("age", "sex", "ph"), None, "efron"),
        ("lung_breslow", "lung", ("age", "sex", "ph"), None, "breslow"),
        ("veteran", "veteran", ("trt", "karno", "age"), None, "efron"),
        ("veteran_strata", "veteran", ("trt", "karno", "age"), "cell", "efron"),
        ("veteran_strata_breslow", "veteran", ("trt", "karno"), "cell", "breslow"),
        ("ovarian", "ovarian", ("rx", "age"), None, "efron"),
        ("heart", "heart_stretches", ("transplant",), None, "efron"),
        ("heart_three", "heart_stretches", ("transplant", "age", "surgery"), None, "efron"),
    ],
)
class TestCox:
    def test_the_model_and_its_tests_are_those_of_coxph(
        self, identifier: str, name: str, covariates: tuple[str, ...], strata: str | None, ties: str
    ) -> None:
        fit = _fit(name, covariates, strata, ties)
        same(fit.coefficients, expected(f"cox.{identifier}.coefficients"))
        same(fit.covariance.ravel(), expected(f"cox.{identifier}.covariance"))
        same(fit.log_likelihood, expected(f"cox.{identifier}.log_likelihood"))
        same(fit.score_test.chi_square, expected(f"cox.{identifier}.score")[0])
        same(fit.wald_test.chi_square, expected(f"cox.{identifier}.wald")[0])

    @pytest.mark.parametrize("scale", ["km", "identity", "log", "rank"])
    def test_proportional_hazards_are_checked_as_cox_zph_does(
        self, identifier: str, name: str, covariates: tuple[str, ...], strata: str | None, ties: str, scale: str
    ) -> None:
        each, together = proportional_hazards(_fit(name, covariates, strata, ties), scale)
        same([*(test.chi_square for test in each), together.chi_square], expected(f"cox.{identifier}.zph_{scale}"))


def _fit(name: str, covariates: tuple[str, ...], strata: str | None, ties: str):
    data = table(name)
    values = np.column_stack([data[column] for column in covariates])
    by = data[strata] if strata else None
    return cox(data["time"], data["status"], values, entry=data.get("entry"), strata=by, ties=ties, names=covariates)


def test_mantel_and_byar_is_the_score_test_of_an_exact_cox_model_with_time_dependent_transplant() -> None:
    data = table("heart_stretches")
    found = log_rank(data["time"], data["status"], data["transplant"], entry=data["entry"])
    same(found.chi_square, expected("mantel_byar.heart.chi_square")[0])


def test_stanford_hearts_show_the_immortal_time_and_its_two_remedies() -> None:
    data = table("jasa")
    naive = cox(data["time"], data["status"], data["transplant"])
    same(naive.coefficients, expected("jasa.naive"))
    kept = landmark(data["time"], data["status"], data["wait"], 30)
    coefficient, left, responded = expected("jasa.landmark_30")
    same(cox(kept.time, kept.event, kept.responded).coefficients, [coefficient])
    assert (len(kept.time), kept.responded.sum()) == (left, responded)
    cut = stretches(data["time"], data["status"], data["wait"])
    same(cox(cut.time, cut.event, cut.responded, entry=cut.entry).coefficients, expected("jasa.dependent"))
    # The naive analysis makes of no effect a hazard less than a third.
    assert [round(float(fit), 2) for fit in (naive.coefficients[0], coefficient)] == [-1.32, -0.09]
    hearts = table("heart_stretches")
    again = cox(hearts["time"], hearts["status"], hearts["transplant"], entry=hearts["entry"])
    assert round(float(again.coefficients[0]), 2) == 0.13


@pytest.mark.parametrize("variance", ["greenwood", "aalen"])
@pytest.mark.parametrize("name", ["mgus", "few", "some", "split"])
def test_incidence_has_the_errors_of_survfit_or_of_cuminc_as_asked(name: str, variance: str) -> None:
    data = table(name)
    causes = int(data["cause"].max())
    for found in aalen_johansen(data["time"], data["cause"], causes=causes, variance=variance):
        rows = [row for row in rows_of("incidence.csv") if row["data"] == name and row["cause"] == str(found.cause)]
        same(found.time, numbers(rows, "time"))
        same(found.incidence, numbers(rows, "incidence"))
        same(found.std_error, numbers(rows, variance))
        if variance == "greenwood":
            some = found.incidence > 0
            same(found.limits[0][some], numbers(rows, "lower")[some])
            same(found.limits[1][some], numbers(rows, "upper")[some])


@pytest.mark.parametrize(
    "row", rows_of("gray.csv"), ids=lambda row: " ".join(row[name] for name in ("data", "group", "strata", "rho", "cause"))
)
def test_grays_test_is_that_of_cuminc(row: dict[str, str]) -> None:
    data = table(row["data"])
    strata = data[row["strata"]] if row["strata"] else None
    found = gray_test(data["time"], data["cause"], data[row["group"]], of=int(row["cause"]), strata=strata, rho=float(row["rho"]))
    if row["chi_square"] == "-1":  # so cuminc says that it has no test: no stratum lets the groups be compared
        assert found.why == "no_comparison"
        return
    same([found.chi_square, found.p_value], [float(row["chi_square"]), float(row["p_value"])])
    assert found.df == int(row["df"])
