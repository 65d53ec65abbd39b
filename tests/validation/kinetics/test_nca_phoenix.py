"""The engine against Phoenix WinNonlin's printed numbers: equal to the last digit printed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.rules import Rules
from protocord.kinetics.profiles import from_long

HERE = Path(__file__).parent
TABLES = yaml.safe_load((HERE / "phoenix.yaml").read_text("utf-8"))
CASES = [(table, name) for table in TABLES for name in table["parameters"]]


def answered(table: dict) -> Answer:
    data = pl.read_csv(HERE / f"{table['data']}.csv").sort("subject", "time")
    profiles = from_long(data, ["subject"], duration=table.get("duration", 0.0), dose=table["dose"])
    return analyse(profiles, Rules(**table["rules"]))


@pytest.mark.parametrize(("table", "name"), CASES, ids=[f"{table['table'][:6]}-{name}" for table, name in CASES])
def test_each_parameter_equals_phoenix_to_the_digits_printed(table: dict, name: str) -> None:
    answer = answered(table)
    expected = table["parameters"][name]
    found = [answer.value(name, k) for k in range(len(answer.profiles))]
    # Seven decimals are printed, of areas under the moment curve ten figures: half a unit of the last, and of ours as much.
    assert found == pytest.approx(expected, rel=6e-10, abs=6e-8)


def test_the_subjects_stand_in_the_order_of_the_table() -> None:
    answer = answered(TABLES[0])
    assert answer.profiles.keys["subject"].to_list() == list(range(1, 13))
