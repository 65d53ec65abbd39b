"""Exposure against outcome: what is refused by name, and what is computed instead."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from protocord.kinetics.columns import EXPOSURES
from protocord.kinetics.exposure import (
    Exposed,
    ImmortalTime,
    Stretch,
    firth,
    response_by_exposure,
    stretches,
    survival_by_accumulation,
    survival_by_exposure,
)
from protocord.kinetics.exposure_tables import exposed_children, stretches_of
from protocord.statistics.survival import cox
from protocord.tables import TableProblems, read


def cohort(until: float | None = 28.0) -> list[Exposed]:
    rng = np.random.default_rng(4)
    exposure, time = rng.lognormal(3, 1, 30), rng.exponential(200, 30)
    return [Exposed(f"C{i}", float(exposure[i]), until, bool(exposure[i] > 20), float(time[i]), i % 4 != 0) for i in range(30)]


@pytest.mark.parametrize(
    ("until", "landmark", "said"),
    [
        (None, None, "accumulates while a child is treated"),
        (None, 28.0, "accumulates while a child is treated"),
        (28.0, None, "without a landmark"),
        (64.0, 28.0, "complete only on day 64"),
    ],
)
def test_survival_by_exposure_that_takes_survival_is_refused_by_name(
    until: float | None, landmark: float | None, said: str
) -> None:
    with pytest.raises(ImmortalTime) as refused:
        survival_by_exposure(cohort(until), metric="cumulative_auc", landmark=landmark)
    text = str(refused.value)
    assert "cumulative_auc" in text
    assert "immortal-time bias" in text
    assert said in text
    assert "count survival from it" in text, "the remedy is named"


def test_from_the_landmark_on_it_is_the_cox_model_of_those_still_followed() -> None:
    children = cohort()
    results = survival_by_exposure(children, metric="auc_0_28d", landmark=28.0)
    later = [child for child in children if child.time is not None and child.time > 28]
    direct = cox(
        [(child.time or 0) - 28 for child in later],
        [child.event for child in later],
        np.log2([child.exposure or 0 for child in later]),
    )
    assert results.value("exposure_survival", "hazard_ratio") == pytest.approx(float(direct.hazard_ratio[0]))
    assert results.value("exposure_survival", "n") == len(later)
    assert results.value("exposure_survival", "n_before_landmark") == 30 - len(later)


def test_a_landmark_after_which_nothing_happens_says_so() -> None:
    quiet = [Exposed(str(i), float(i + 1), 28.0, None, 100.0, False) for i in range(5)]
    ratio = survival_by_exposure(quiet, metric="x", landmark=28.0).one("exposure_survival", "hazard_ratio")
    assert ratio.reason is not None
    assert ratio.reason.kind == "kinetics_exposure_no_event"


def test_exposure_that_accumulates_cuts_follow_up_where_it_changes() -> None:
    assert stretches("A", [(7, 1.0), (14, 3.0), (90, 9.0)], 60, True) == (
        Stretch("A", 0, 7, False, 0.0),
        Stretch("A", 7, 14, False, 1.0),
        Stretch("A", 14, 60, True, 3.0),
    )
    assert stretches("A", [(0, 2.0)], 5, False) == (Stretch("A", 0.0, 5, False, 2.0),)
    with pytest.raises(ValueError, match="must ascend"):
        stretches("A", [(7, 3.0), (14, 1.0)], 60, True)


def test_accumulating_exposure_finds_nothing_where_there_is_nothing_and_the_naive_way_would() -> None:
    """Survival is drawn without regard to exposure, which grows every week while a child lives: only the naive analysis sees benefit."""
    rng = np.random.default_rng(12)
    rows, naive = [], []
    for i in range(400):
        time = float(rng.exponential(40)) + 0.5
        gains = list(zip(7.0 * np.arange(8) + 0.001, np.cumsum(rng.lognormal(0, 0.5, 8)), strict=True))
        rows += stretches(str(i), gains, time, True)
        naive.append((time, max((value for day, value in gains if day < time), default=0.0)))
    honest = survival_by_accumulation(rows, metric="cumulative_auc")
    low, high = (honest.value("exposure_survival", end) for end in ("lower", "upper"))
    assert low < 1 < high
    times, totals = np.array(naive).T
    biased = cox(times, np.ones(400), np.log2(1 + totals))
    assert biased.limits[1][0] < 0.5, "a halved hazard out of nothing"


def test_response_by_exposure_counts_and_bounds_its_rates() -> None:
    results = response_by_exposure(cohort(), metric="auc_0_28d")
    assert results.value("exposure_response", "n") == 30
    assert sum(item.value for item in results.select("exposure_response", "rate_n")) == 30  # type: ignore[misc]
    assert results.value("exposure_response", "odds_ratio") > 1
    assert results.value("exposure_response", "rate_upper", quantile=4) == 1.0


def test_a_zero_exposure_cannot_double_and_a_constant_one_has_no_slope() -> None:
    zero = [*cohort(), Exposed("Z", 0.0, 28.0, False)]
    ratio = response_by_exposure(zero, metric="x").one("exposure_response", "odds_ratio")
    assert ratio.reason is not None
    assert ratio.reason.kind == "kinetics_exposure_not_positive"
    assert response_by_exposure(zero, metric="x", scale="linear").value("exposure_response", "odds_ratio") > 1
    same = [Exposed(str(i), 3.0, 28.0, i % 2 == 0) for i in range(9)]
    why = response_by_exposure(same, metric="x").one("exposure_response", "p_value").reason
    assert why is not None
    assert why.kind == "kinetics_exposure_too_few"
    with pytest.raises(ValueError, match="three children"):
        firth([1.0, 1.0, 1.0], [True, False, True])


def test_contradictions_of_the_table_are_named_by_row() -> None:
    frame = pl.DataFrame(
        {
            "subject": ["A", "A", "B"],
            "exposure": [1, 2, 3],
            "until": [7, 14, 7],
            "time": [50, 60, 9],
            "event": ["yes", "yes", None],
        }
    )
    made = read(EXPOSURES, frame)
    with pytest.raises(TableProblems, match=r"(?s)row 2, column subject: is a second row of A.*row 3, column event: is empty"):
        exposed_children(made)
    with pytest.raises(TableProblems, match=r"row 1, column time: A has several outcomes"):
        stretches_of(made)
    whole = read(EXPOSURES, frame.with_columns(time=pl.Series([50, 50, 9]), event=pl.Series(["yes", "yes", "no"])))
    assert [(row.subject, row.start, row.stop) for row in stretches_of(whole)] == [
        ("A", 0, 7),
        ("A", 7, 14),
        ("A", 14, 50),
        ("B", 0, 7),
        ("B", 7, 9),
    ]
