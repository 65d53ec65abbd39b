"""Assay, persistence, summaries: small functions by small examples."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from protocord.kinetics import assay
from protocord.kinetics.nca.persistence import Persistence, persistence, still_found
from protocord.kinetics.nca.summary import arithmetic, by_nominal_time, censored_geometric, geometric, summarise
from protocord.kinetics.nca.tobit import tobit
from protocord.statistics import Results, Statistic
from protocord.values import Reason
from protocord.words import say


# The assay layer.
def test_a_microgram_of_dna_holds_about_151515_genomes() -> None:
    assert round(assay.GENOMES_PER_UG) == 151515


def test_at_4000_white_cells_one_cell_in_a_microlitre_is_38_copies_in_a_microgram() -> None:
    assert assay.to_copies(1, 1, 4000) == pytest.approx(37.9, abs=0.05)
    assert assay.from_copies(1, 4000).factor * assay.to_copies(3.0, 1, 4000) == pytest.approx(3.0)


def test_a_homozygous_marker_counts_two_copies_a_cell() -> None:
    assert assay.from_copies(2, 4000).factor == pytest.approx(assay.from_copies(1, 4000).factor / 2)


def test_a_tenth_of_a_percent_of_4000_white_cells_is_four_cells() -> None:
    assert 0.1 * assay.from_percent(4000).factor == pytest.approx(4)


def test_less_dna_in_the_reaction_means_a_higher_limit() -> None:
    assert assay.dna_limit(15, 0.3) == pytest.approx(50)
    assert assay.dna_limit(15, 1.0) == pytest.approx(15)


@pytest.mark.parametrize(
    "call", [lambda: assay.from_copies(0, 4000), lambda: assay.from_percent(-1), lambda: assay.dna_limit(15, 0)]
)
def test_without_its_numbers_there_is_no_conversion(call: object) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("made", [assay.from_copies(2, 4000), assay.from_percent(150), assay.Conversion(1.0, "none")])
def test_a_conversion_says_its_formula_in_both_languages(made: assay.Conversion) -> None:
    assert say(made.reason(), "en") != say(made.reason(), "zh")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"value": 0.0}, "is 0"),
        ({"value": None}, "no result and no reason"),
        ({"value": 0.5}, "below the sample's LLOQ"),
        ({"value": 500.0, "uloq": 100.0}, "above the sample's ULOQ"),
        ({"value": None, "censoring": "left", "lloq": None}, "without its LLOQ"),
        ({"value": 2.0, "censoring": "left"}, "Leave the value empty"),
        ({"value": 2.0, "censoring": "detected_below"}, "not between LOD and LLOQ"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(more: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        assay.Sample(**({"subject": "s", "analyte": "a", "time": 1.0, "unit": "%", "lloq": 1.0} | more))  # type: ignore[arg-type]


def test_results_that_say_what_is_known_are_taken() -> None:
    for more in (
        {"value": 2.0},
        {"value": None, "censoring": "left"},
        {"value": 0.5, "censoring": "detected_below", "lod": 0.2},
        {"value": None, "reason_missing": "lost"},
    ):
        assay.Sample(**({"subject": "s", "analyte": "a", "time": 1.0, "unit": "%", "lloq": 1.0} | more))  # type: ignore[arg-type]


# Persistence. 0 at or above the limit, 1 below it.
@pytest.mark.parametrize(
    ("states", "negatives", "since", "expected"),
    [
        ([0, 0, 1, 1, 1], 2, 0.0, Persistence(1, 2, 2, 3, 5)),
        ([0, 1, 0, 1, 1], 2, 0.0, Persistence(1, 3, 3, 4, 5)),
        ([0, 1, 0, 1, 1], 1, 0.0, Persistence(1, 3, 1, 2, 5)),
        ([0, 0, 0, 0, 1], 2, 0.0, Persistence(1, 4, 4, None, 5)),
        ([1, 1, 0, 0, 0], 2, 0.0, Persistence(3, 5, 0, 1, 5)),
        ([0, 1, 1, 0, 1], 2, 3.5, Persistence(1, 4, 4, None, 5)),
        ([1, 1, 1, 1, 1], 2, 0.0, Persistence(None, None, 0, 1, 5)),
        ([1], 2, 0.0, Persistence(None, None, 1, None, 1)),
    ],
)
def test_persistence_ends_with_a_run_below_the_limit(
    states: list[int], negatives: int, since: float, expected: Persistence
) -> None:
    times = np.arange(1.0, len(states) + 1)
    assert persistence(times, np.array(states), negatives, since=since) == expected


def test_samples_before_the_first_infusion_tell_nothing_of_persistence() -> None:
    assert persistence(np.array([-2.0]), np.array([1])) is None


def test_the_curve_of_persistence_is_kaplan_and_meier_s_at_both_ends() -> None:
    rows = []
    for subject, lower, upper in (("a", 3.0, 5.0), ("b", 10.0, None), ("c", 12.0, 20.0)):
        context = {"subject": subject, "analyte": "x", "donor": ""}
        missing = Reason.of("kinetics_still_found", negatives=2, days="10") if upper is None else None
        rows += [
            Statistic("nca", "negative_after", lower, context=context),
            Statistic("nca", "negative_by", upper, context=context, reason=missing),
        ]
    found = still_found(Results(tuple(rows)))
    assert found.value("persistence", "n_event") == 2
    assert found.value("persistence", "still_found", end="latest", time=5.0) == pytest.approx(2 / 3)
    assert found.value("persistence", "still_found", end="latest", time=20.0) == 0
    assert found.value("persistence", "still_found", end="earliest", time=3.0) == pytest.approx(2 / 3)
    assert found.value("persistence", "n_risk", end="latest", time=10.0) == 2


# Summaries.
def test_the_geometric_cv_comes_from_the_logarithms() -> None:
    found = geometric([1.0, math.e])
    assert found["geometric_mean"] == pytest.approx(math.exp(0.5))
    assert found["geometric_cv"] == pytest.approx(100 * math.sqrt(math.exp(0.5) - 1))


def test_results_below_the_limit_count_as_zero_until_they_are_more_than_half() -> None:
    assert arithmetic([2.0, 4.0], zeros=2)["mean"] == pytest.approx(1.5)
    assert arithmetic([2.0, 4.0], zeros=3)["mean"] == Reason.of("kinetics_mean_below_limit")
    assert geometric([2.0, 4.0], zeros=1)["geometric_mean"] == Reason.of("kinetics_geometric_with_below")


def test_one_value_has_no_spread() -> None:
    assert arithmetic([2.0])["sd"] == Reason.of("kinetics_too_few_subjects")
    assert geometric([2.0])["geometric_cv"] == Reason.of("kinetics_too_few_subjects")
    assert geometric([])["geometric_mean"] == Reason.of("kinetics_no_samples")


def test_the_censored_mean_of_values_all_seen_is_the_geometric_mean() -> None:
    found = censored_geometric([1.0, 2.0, 8.0], [])
    assert found["geometric_mean"] == pytest.approx(16 ** (1 / 3))


def subject_row(name: str, subject: str, value: float | str | Reason, donor: str = "", window: str = "w") -> Statistic:
    context = {"subject": subject, "analyte": "x", "donor": donor, "window": window, "code": ""}
    missing = value if isinstance(value, Reason) else None
    return Statistic("nca", name, None if isinstance(value, Reason) else value, context=context, reason=missing)


def test_values_on_a_flagged_slope_are_listed_and_left_out_of_the_summary() -> None:
    rows = [subject_row("half_life", subject, value) for subject, value in (("a", 2.0), ("b", 8.0), ("c", 100.0))]
    results = Results((*rows, subject_row("flags", "c", "low_r2 start_zero"), subject_row("flags", "a", "start_zero")))
    summary = summarise(results)
    assert summary.value("nca_summary", "n", parameter="half_life") == 2
    assert summary.value("nca_summary", "n_excluded", parameter="half_life") == 1
    assert summary.value("nca_summary", "geometric_mean", parameter="half_life") == pytest.approx(4)
    assert summarise(results, keep_flagged=True).value("nca_summary", "n", parameter="half_life") == 3


def test_a_peak_below_the_limit_counts_as_zero() -> None:
    rows = [subject_row("cmax", "a", 3.0), subject_row("cmax", "b", Reason.of("kinetics_all_below_limit"))]
    summary = summarise(Results(tuple(rows)))
    assert summary.value("nca_summary", "mean", parameter="cmax") == pytest.approx(1.5)
    assert summary.value("nca_summary", "geometric_mean", parameter="cmax") is None


def test_a_level_below_the_limit_is_the_minimum_and_counts_in_the_median() -> None:
    below = Reason.of("kinetics_all_below_limit")
    rows = [subject_row("auc_interval", "a", 3.0), subject_row("auc_interval", "b", below), subject_row("auc_interval", "c", 5.0)]
    summary = summarise(Results(tuple(rows)))
    assert [summary.value("nca_summary", name) for name in ("n", "n_below", "median", "maximum")] == [2, 1, 3.0, 5.0]
    assert summary.one("nca_summary", "minimum").reason == below
    most = summarise(Results((*rows, subject_row("auc_interval", "d", below), subject_row("auc_interval", "e", below))))
    assert most.one("nca_summary", "median").reason == below


@pytest.mark.parametrize("name", ["clearance", "volume", "tmax", "clast", "tlast", "half_life"])
def test_what_does_not_exist_without_cells_is_no_zero(name: str) -> None:
    rows = [subject_row(name, "a", 3.0), subject_row(name, "b", Reason.of("kinetics_all_below_limit"))]
    summary = summarise(Results(tuple(rows)))
    assert [summary.value("nca_summary", one) for one in ("n", "n_below", "median", "minimum")] == [1, 0, 3.0, 3.0]
    if name not in {"tmax", "tlast"}:
        assert summary.value("nca_summary", "mean") == 3.0
        assert summary.value("nca_summary", "geometric_mean") == pytest.approx(3.0)


def test_a_trough_below_the_limit_pulls_the_mean_down() -> None:
    rows = [subject_row("c_trough", "a", 3.0), subject_row("c_trough", "b", Reason.of("kinetics_trough_below_limit"))]
    assert summarise(Results(tuple(rows))).value("nca_summary", "mean") == pytest.approx(1.5)


def test_times_have_a_median_and_a_range_only() -> None:
    summary = summarise(Results(tuple(subject_row("tmax", str(k), float(k)) for k in range(1, 4))))
    assert {item.name for item in summary} == {"n", "n_below", "n_excluded", "median", "minimum", "maximum"}


def test_a_ratio_has_the_t_interval_of_its_logarithm() -> None:
    rows = [subject_row("observed_to_superposition", str(k), value) for k, value in enumerate((0.5, 1.0, 2.0))]
    summary = summarise(Results(tuple(rows)))
    half = 4.302652729696142 * math.log(2) / math.sqrt(3)  # t quantile 0.975 with 2 degrees of freedom
    assert summary.value("nca_summary", "lower") == pytest.approx(math.exp(-half))
    assert summary.value("nca_summary", "upper") == pytest.approx(math.exp(half))


def test_a_subject_whose_donors_were_summed_counts_once() -> None:
    rows = [
        subject_row("auc_interval", "a", 1.0, "D"),
        subject_row("auc_interval", "a", 2.0, "E"),
        subject_row("auc_interval", "a", 3.0, "all"),
    ]
    assert summarise(Results(tuple(rows))).value("nca_summary", "median") == 3.0


def test_means_by_planned_time_follow_the_infused_donor() -> None:
    doses = pl.DataFrame(
        {"subject": ["a", "b"], "infusion": [1, 1], "start": [0.0, 0.0], "duration": [0.04, 0.04], "donor": ["D", "E"]}
    )
    samples = pl.DataFrame({
        "subject": ["a", "b", "b"], "analyte": ["x"] * 3, "donor": ["D", "E", "D"], "dose_level": [""] * 3, "infusion": [1, 1, 1], "nominal": [1.0] * 3,
        "time": [1.0] * 3, "value": [2.0, None, 50.0], "censoring": ["none", "left", "none"], "lloq": [0.1] * 3, "unit": ["%"] * 3,
    })  # fmt: skip
    found = by_nominal_time(samples, doses)
    assert found.value("concentration_summary", "n") == 2
    assert found.value("concentration_summary", "n_below") == 1
    assert found.value("concentration_summary", "mean") == pytest.approx(1.0)


# Where a censored regression has nothing to say.
@pytest.mark.parametrize(
    ("times", "values", "lloq", "kind"),
    [
        ([1, 2, 3], [4.0, 2.0, None], 0.5, "kinetics_tobit_too_few_points"),
        ([1, 2, 3, 4], [8.0, 4.0, 2.0, None], 0.5, "kinetics_tobit_no_scatter"),
        ([1, 2, 3, 4], [8.0, 5.0, 2.0, None], math.nan, "kinetics_tobit_no_limit"),
        ([1, 2, 3, 4], [1.0, 3.0, 7.0, 30.0], 0.5, "kinetics_not_falling"),
    ],
)
def test_a_censored_slope_that_cannot_be_has_a_reason(
    times: list[float], values: list[float | None], lloq: float, kind: str
) -> None:
    states = np.array([0 if value is not None else 1 for value in values])
    found = tobit(
        np.array(times, float), np.array([math.nan if v is None else v for v in values]), states, np.full(len(times), lloq)
    )
    assert isinstance(found, Reason)
    assert found.kind == kind
