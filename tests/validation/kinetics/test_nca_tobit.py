"""The censored terminal slope and mean against R's `survreg`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from protocord.kinetics.nca.tobit import TobitFit, censored_mean, tobit

ROWS = yaml.safe_load(Path(__file__).with_name("tobit.yaml").read_text("utf-8"))


@pytest.mark.parametrize("row", ROWS["slopes"], ids=lambda row: row["name"])
def test_the_censored_slope_is_survreg_s(row: dict[str, Any]) -> None:
    values = np.array([np.nan if value is None else value for value in row["value"]])
    lods = None if row["lod"] is None else np.full(len(values), row["lod"])
    found = tobit(np.array(row["time"], float), values, np.array(row["state"]), np.array(row["lloq"]), lods)
    assert isinstance(found, TobitFit)
    assert found.lambda_z == pytest.approx(-row["slope"], rel=1e-9)
    assert found.intercept == pytest.approx(row["intercept"], rel=1e-9)
    assert found.sigma == pytest.approx(row["scale"], rel=1e-9)
    assert found.std_error == pytest.approx(row["error"], rel=1e-8)
    assert found.log_likelihood == pytest.approx(row["log_likelihood"], rel=1e-8)


@pytest.mark.parametrize("row", ROWS["means"], ids=lambda row: row["name"])
def test_the_censored_mean_is_survreg_s(row: dict[str, Any]) -> None:
    mean, scale = censored_mean(np.log(row["value"]), np.log(row["limits"]))  # type: ignore[misc]
    assert mean == pytest.approx(row["mean"], rel=1e-9)
    assert scale == pytest.approx(row["scale"], rel=1e-9)
