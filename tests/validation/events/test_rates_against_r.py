"""Incidence, rates and the first event over time of ten made-up children, against R (oracle.R made expected.csv)."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from protocord.safety.event_columns import EVENTS, FOLLOWED, INFUSIONS
from protocord.safety.events import EmergentRule, emergent, first_event, incidence, on_treatment, per_infusion, rates
from protocord.statistics import Results
from protocord.tables import read

HERE = Path(__file__).parent
EXPECTED = list(csv.DictReader((HERE / "expected.csv").read_text("utf-8").splitlines()))
RULE = EmergentRule("first_infusion", 87, frozenset({"possible"}))
DAY_1 = date(2025, 1, 1)
RISK = (88, 88, 60, 88, 39, 88, 21, 88, 75, 88)
FIRST = (1, 15, None, 15, None, 40, None, None, 8, 75)
SECOND = {0: 20, 1: 30, 8: 8}  # further events, so that events outnumber the children who had one


def day(number: int) -> str:
    return (DAY_1 + timedelta(days=number - 1)).isoformat()


def ten_children() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    names = [f"S{number}" for number in range(10)]
    infusions = pl.DataFrame({"subject": names, "infusion": [1] * 10, "started": [day(1)] * 10})
    followed = pl.DataFrame(
        {
            "subject": names,
            "until": [day(risk) for risk in RISK],
            "died": [day(39) if place == 4 else None for place in range(10)],
        }
    )
    onsets = [(place, first) for place, first in enumerate(FIRST) if first] + list(SECOND.items())
    events = pl.DataFrame(
        {
            "subject": [names[place] for place, _ in onsets],
            "event": [str(number) for number in range(len(onsets))],
            "term": ["Nausea"] * len(onsets),
            "grade": [1] * len(onsets),
            "onset": [day(onset) for _, onset in onsets],
            "serious": ["no"] * len(onsets),
        }
    )
    return read(INFUSIONS, infusions), read(FOLLOWED, followed), read(EVENTS, events)


@pytest.fixture(scope="module")
def results() -> Results:
    infusions, followed, raw = ten_children()
    cut = date(2025, 12, 31)
    treatment = on_treatment(infusions, followed, RULE, cut)
    events = emergent(raw, treatment, RULE, cut)
    found = (*incidence(events, treatment), *rates(events, treatment), *first_event(events, treatment))
    return Results((*found, *per_infusion(events, treatment, infusions)))


@pytest.mark.parametrize(
    "row", EXPECTED, ids=lambda row: "-".join((row["analysis"], row["subset"], row["statistic"], row["day"]))
)
def test_equal_to_r(results: Results, row: dict[str, str]) -> None:
    context: dict[str, object] = {"of": "all", "subset": row["subset"]} | ({"day": int(row["day"])} if row["day"] else {})
    value = results.value(row["analysis"], row["statistic"], **context)  # type: ignore[arg-type]
    assert value == pytest.approx(float(row["value"]), rel=1e-9, abs=1e-12)


def test_one_infusion_a_child_is_one_infusion_each(results: Results) -> None:
    about = {"of": "all", "subset": "any", "infusion": 1}
    assert results.value("ae_per_infusion", "infusions", **about) == 10
    assert results.value("ae_per_infusion", "with_event", **about) == 6
    assert results.value("ae_per_infusion", "events", **about) == 9


@pytest.mark.parametrize(("name", "expected"), [("proportion_lower", 7.91150201926e-05), ("proportion_upper", 0.0172875204769)])
def test_one_event_in_320_infusions(name: str, expected: float) -> None:
    """R 4.2.2 binom.test(1, 320)."""
    names = [f"S{number}" for number in range(40)]
    infusions = pl.DataFrame(
        {
            "subject": [name for name in names for _ in range(8)],
            "infusion": [number for _ in names for number in range(1, 9)],
            "started": [day(7 * number + 1) for _ in names for number in range(8)],
        }
    )
    followed = pl.DataFrame({"subject": names, "until": [day(80)] * 40})
    raw = pl.DataFrame({"subject": ["S3"], "event": ["1"], "term": ["Fever"], "grade": [1], "onset": [day(23)]})
    given, cut = read(INFUSIONS, infusions), date(2025, 12, 31)
    treatment = on_treatment(given, read(FOLLOWED, followed), RULE, cut)
    found = Results(per_infusion(emergent(read(EVENTS, raw), treatment, RULE, cut), treatment, given))
    about = {"of": "all", "subset": "any"}
    whole = [item for item in found.select("ae_per_infusion", name, **about) if "infusion" not in item.context]
    assert whole[0].value == pytest.approx(expected, rel=1e-9)
    assert found.value("ae_per_infusion", "with_event", **about, infusion=4) == 1
    assert found.value("ae_per_infusion", "infusions", **about, infusion=4) == 40
