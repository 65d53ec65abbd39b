"""Results are data: one row a statistic, nothing missing without its reason, written and read back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from protocord.statistics import Results, Statistic
from protocord.statistics.results import joined, program_version
from protocord.values import Reason

MISSING = Reason.of("not_reached")
RESULTS = Results(
    (
        Statistic(
            "orr", "estimate", 0.3, context={"group": "01"}, method="exact", conventions=("rounding_half_away",), level=0.95
        ),
        Statistic("orr", "n", 40, "subjects", {"group": "01"}),
        Statistic("pfs", "survival", 0.5, context={"group": "01", "time": 12}),
        Statistic("pfs", "survival", 0.25, context={"group": "01", "time": 24.5}),
        Statistic("pfs", "median", None, "mo", {"group": "02"}, reason=MISSING),
        Statistic("pfs", "cut", date(2025, 6, 30)),
        Statistic("pfs", "open", True),
    ),
    inputs="ab12",
    about={"study": "demo"},
)


def test_a_missing_value_and_it_alone_has_a_reason() -> None:
    with pytest.raises(ValueError, match=r"pfs\.median: a missing value, and it alone, has a reason"):
        Statistic("pfs", "median", None)
    with pytest.raises(ValueError, match="has a reason"):
        Statistic("pfs", "median", 1.0, reason=MISSING)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="has a reason instead"):
        Statistic("pfs", "median", value)


def test_context_may_not_take_the_name_of_a_field() -> None:
    with pytest.raises(ValueError, match=r"may not use the names \['value'\]"):
        Statistic("pfs", "median", 1.0, context={"value": 1})


def test_statistics_are_selected_by_name_and_context() -> None:
    assert [item.value for item in RESULTS.select("pfs", "survival")] == [0.5, 0.25]
    assert RESULTS.value("pfs", "survival", time=12) == 0.5
    assert RESULTS.value("pfs", "median") is None
    assert len(RESULTS.select(group="01")) == 4
    assert RESULTS.select("pfs").inputs == "ab12"
    with pytest.raises(LookupError, match="2 statistics of pfs, survival"):
        RESULTS.one("pfs", "survival")
    with pytest.raises(LookupError, match="0 statistics"):
        RESULTS.one("pfs", "survival", time=13)


def test_a_frame_has_one_row_a_statistic_and_one_column_a_context() -> None:
    frame = RESULTS.frame()

    assert frame.columns == [
        "analysis", "statistic", "group", "time", "value", "text", "unit", "method", "conventions", "level", "reason",
        "particulars", "study", "inputs", "version",
    ]  # fmt: skip
    assert frame["value"].to_list() == [0.3, 40.0, 0.5, 0.25, None, None, 1.0]
    assert frame["text"].to_list() == [None] * 5 + ["2025-06-30", None]
    assert frame["time"].to_list() == [None, None, 12.0, 24.5, None, None, None]
    assert frame["reason"].to_list() == [None] * 4 + ["not_reached", None, None]
    assert frame["version"].unique().to_list() == [program_version()]


def test_written_results_hold_what_the_frame_holds(tmp_path: Path) -> None:
    for ending in ("csv", "parquet", "json"):
        RESULTS.write(tmp_path / f"r.{ending}")

    assert pl.read_parquet(tmp_path / "r.parquet").equals(RESULTS.frame())
    assert pl.read_csv(tmp_path / "r.csv")["value"].to_list() == RESULTS.frame()["value"].to_list()
    told = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert told["statistics"][4]["reason"] == {"kind": "not_reached", "particulars": {}}
    assert told["statistics"][6]["value"] is True
    with pytest.raises(ValueError, match=r"r\.xlsx: results are written as"):
        RESULTS.write(tmp_path / "r.xlsx")


def test_parts_are_joined_in_order_and_nothing_cannot_be() -> None:
    both = joined([RESULTS.select("orr"), RESULTS.select("pfs")])

    assert both.statistics == RESULTS.statistics
    assert (both.inputs, dict(both.about)) == ("ab12", {"study": "demo"})
    with pytest.raises(ValueError, match="nothing to join"):
        joined([])


def test_results_without_statistics_are_an_empty_frame() -> None:
    assert Results(()).frame().height == 0
