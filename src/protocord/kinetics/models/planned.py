"""A simulation at a study's planned samples: as results, and as the tables that an analysis reads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from protocord.kinetics.models.generative import Observed, Simulated
from protocord.kinetics.models.regimen import Regimen
from protocord.protocol import Protocol
from protocord.statistics import Results, Statistic
from protocord.statistics.streams import Streams

DONOR = "D1"  # a simulated child has the cells of one donor


def blood_bands(protocol: Protocol) -> tuple[tuple[int | None, float], ...]:
    """This will return total blood by age as kinetics.yaml states it, else that of the EU recommendation."""
    guard = protocol.kinetics.blood_volume_guard
    if guard is None:
        return ((1, 80.0), (None, 75.0))
    return tuple((band.below_years, float(band.ml_per_kg)) for band in guard.blood_volume)


def simulation_results(protocol: Protocol, made: Simulated, seen: Observed) -> Results:
    """This will return a simulation as results: `kinetics_simulation` by time, and `kinetics_assumption` with where each number comes from.

    Of the cells (cells/uL): median, 5 and 95 % of children; of the assay: the fraction below its limit and, where that is above it, the
    median reading.
    """
    rows = []
    low, median, high = np.percentile(made.cells, [5, 50, 95], axis=0)
    for j, time in enumerate(made.times):
        context = {"time": float(time)}
        for name, value in (("lower", low[j]), ("median", median[j]), ("upper", high[j])):
            rows.append(Statistic("kinetics_simulation", name, float(value), "/uL", context))
        rows.append(Statistic("kinetics_simulation", "below_limit", float(seen.below[:, j].mean()), "1", context))
    for name, held in made.setting.values.items():
        about = held.assumption
        context_of = {
            "assumption": name, "origin": held.origin, "source": about.source.value, "citation": about.citation,
            "distribution": about.distribution.kind,
        }  # fmt: skip
        rows.append(Statistic("kinetics_assumption", "typical", made.setting.typical(name), about.unit, context_of))
    about_run = {
        "study": protocol.study.id, "protocol": protocol.version, "scenario": made.setting.scenario, "children": made.cells.shape[0],
        "lloq": float(seen.lloq[0, 0]), "assay_unit": seen.unit, **{f"random_{k}": v for k, v in Streams(made.seed).about().items()},
    }  # fmt: skip
    return Results(tuple(rows), protocol.hash, about_run)


def simulated_tables(analyte: str, regimen: Regimen, made: Simulated, seen: Observed) -> Mapping[str, pl.DataFrame]:
    """This will return the tables `concentrations` and `doses` of a simulation; a planned dose stands for the given one."""
    names = [f"SIM-{i + 1:04d}" for i in range(made.cells.shape[0])]
    numbers = list(range(1, len(regimen.starts) + 1))
    weights = made.parameters["weight"]
    cells = regimen.dose * weights if regimen.per_kg else np.full(weights.size, regimen.dose)
    per_kg = np.minimum(cells, np.inf if regimen.cap is None else regimen.cap) / weights
    doses = pl.DataFrame(
        {
            "subject": [name for name in names for _ in numbers],
            "infusion": numbers * len(names),
            "start": list(regimen.starts) * len(names),
            "duration": [24 * length for length in regimen.durations] * len(names),
            "dose": [float(dose) for dose in per_kg for _ in numbers],
            "dose_unit": ["/kg"] * (len(names) * len(numbers)),
            "donor": [DONOR] * (len(names) * len(numbers)),
        }
    )
    return {"concentrations": seen.frame(analyte, names).with_columns(pl.lit(DONOR).alias("donor")), "doses": doses}
