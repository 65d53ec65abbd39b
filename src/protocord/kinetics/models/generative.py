"""Simulate donor cells in children's blood over several infusions, in closed form, and what an assay sees of them.

`C(t) = sum over doses k of v_k (dose_k / blood volume) R o_k [f g(t - d_k; alpha) + (1 - f) g(t - d_k; beta_k)]` in cells/uL, with `g` an
exponential convolved with the infusion, `v` recovery after thawing, `R` the circulating fraction, `o_k` what differs between a child's
infusions, and `beta_k = beta (1 + kappa Z h(d_k))` where sensitisation is on. Weight cancels for a dose per kilogram and enters by a cap.

Children come in blocks of a fixed size, each with its own random stream by name: neither threads nor the number of children change a
child's numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import log
from types import MappingProxyType
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from protocord.kinetics.assay import GENOMES_PER_UG
from protocord.kinetics.models.assumed import Setting, drawn
from protocord.kinetics.models.kernels import concentrations
from protocord.kinetics.models.regimen import Regimen
from protocord.statistics.streams import Streams, blocks

Floats = NDArray[np.float64]
Unit = Literal["{copies}/ug", "/uL", "%"]
BLOCK = 4096  # fixed: it decides which random numbers a child gets

BloodVolumes = Sequence[tuple[int | None, float]]
"""Rows of (below this many years, mL/kg), youngest first; None holds for all others."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """True concentrations: `cells` (children x times) in cells/uL, at `times` (days), with what each child was given and drew."""

    times: Floats
    cells: Floats
    parameters: Mapping[str, Floats]
    seed: int
    setting: Setting = field(repr=False)


@dataclass(frozen=True, slots=True)
class Observed:
    """What an assay reports: `values` (children x times), NaN where `below` the limit; `lloq` of each sample, in `unit`."""

    times: Floats
    values: Floats
    below: NDArray[np.bool_]
    lloq: Floats
    unit: Unit

    def frame(self, analyte: str = "simulated", subjects: Sequence[str] | None = None) -> pl.DataFrame:
        """This will return the samples as rows of the table `concentrations`, children in order, times in days."""
        children, times = self.values.shape
        names = list(subjects) if subjects is not None else [f"SIM-{i + 1:04d}" for i in range(children)]
        flat = pl.Series("value", self.values.ravel()).fill_nan(None)
        return pl.DataFrame(
            {
                "subject": np.repeat(np.asarray(names, dtype=object), times).tolist(),
                "analyte": [analyte] * (children * times),
                "time": np.tile(self.times, children),
                "value": flat,
                "unit": [self.unit] * (children * times),
                "censoring": np.where(self.below.ravel(), "left", "none").tolist(),
                "lloq": self.lloq.ravel(),
            }
        )


def simulate(
    assumed: Setting, regimen: Regimen, times: Sequence[float] | Floats, *, children: int, seed: int,
    weights: Sequence[float] | None = None, ages: Sequence[float] | None = None,
    blood: BloodVolumes = ((1, 80.0), (None, 75.0)), workers: int = 1,
) -> Simulated:  # fmt: skip
    """This will return the true concentrations of `children` virtual children at `times` (days, ascending).

    `weights` (kg) and `ages` (years) replace drawn ones, child by child. `blood` is total blood volume by age; the default is that of
    the EU recommendation (80 mL/kg below one year, 75 from then on). `workers` threads share the blocks; the result is the same for any
    number. Raises ValueError where times descend or the lists' lengths differ from `children`.
    """
    grid = np.ascontiguousarray(times, dtype=np.float64)
    if grid.ndim != 1 or np.any(np.diff(grid) < 0):
        message = "times must be one row that ascends"
        raise ValueError(message)
    if not {len(given) for given in (weights, ages) if given is not None} <= {children}:
        message = f"weights and ages must have one entry for each of the {children} children"
        raise ValueError(message)
    cells = np.empty((children, grid.size))
    names = ("circulating_fraction", "fast_fraction", "fast_half_life", "slow_half_life", "sensitised", "weight", "age")
    parameters: dict[str, Floats] = {name: np.empty(children) for name in names}
    streams = Streams(seed).child("kinetics")

    def run(block: int, size: int) -> None:
        rows = slice(block * BLOCK, block * BLOCK + size)
        child = {
            name: drawn(assumed.distribution(name), streams.child(name).generator(block), (size,))
            for name in names if name != "sensitised"
        }  # fmt: skip
        for name, given in (("weight", weights), ("age", ages)):
            if given is not None:
                child[name] = np.asarray(given, dtype=np.float64)[rows]
        child["sensitised"] = _sensitised(assumed, streams, block, size)
        amounts = _amounts(assumed, regimen, child, blood, streams, block)
        fold, days = assumed.typical("growth_fold"), assumed.typical("growth_days")
        growth = np.full(size, log(fold) / days if days > 0 else 0.0)
        concentrations(
            amounts, child["fast_fraction"], log(2) / child["fast_half_life"], log(2) / child["slow_half_life"],
            child["sensitised"], assumed.typical("sensitised_onset"), assumed.typical("sensitised_scale"), growth, days,
            np.asarray(regimen.starts), np.asarray(regimen.durations), grid, regimen.overlap, cells[rows],
        )  # fmt: skip
        for name in names:
            parameters[name][rows] = child[name]

    work = list(blocks(children, BLOCK))
    if workers > 1 and len(work) > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda item: run(*item), work))
    else:
        for block, size in work:
            run(block, size)
    return Simulated(grid, cells, MappingProxyType(parameters), seed, assumed)


def observe(simulated: Simulated, *, unit: Unit = "{copies}/ug", lloq: float | None = None, counting: bool = True) -> Observed:
    """This will return what an assay reports of the true concentrations.

    In copies/ug DNA: the copies in a reaction are Poisson (`counting`; few copies scatter by themselves), then log-normal error; a sample
    whose reading falls below `lloq` (default: the assumed one) is left-censored. In cells/uL or percent of NK cells: log-normal error,
    `lloq` in that unit and required. Children, white counts and DNA inputs follow the seed of the simulation. Raises ValueError where the limit is missing.
    """
    assumed, (children, times) = simulated.setting, simulated.cells.shape
    if unit != "{copies}/ug" and lloq is None:
        message = f"an assay in {unit} needs its limit of quantification"
        raise ValueError(message)
    limit = assumed.typical("lloq") if lloq is None else lloq
    error = assumed.typical("residual_error")
    streams = Streams(simulated.seed).child("assay")
    values = np.empty((children, times))
    for block, size in blocks(children, BLOCK):
        rows = slice(block * BLOCK, block * BLOCK + size)
        truth = simulated.cells[rows]
        noise = np.exp(error * streams.child("error").generator(block).standard_normal((size, times)))
        if unit == "/uL":
            values[rows] = truth * noise
        elif unit == "%":
            host = drawn(assumed.distribution("host_nk"), streams.child("host_nk").generator(block), (size, 1))
            values[rows] = np.minimum(100 * truth / (truth + host) * noise, 100.0)
        else:
            white = drawn(assumed.distribution("white_cells"), streams.child("white_cells").generator(block), (size, 1))
            copies = truth * assumed.typical("copies_per_cell") * GENOMES_PER_UG / white
            if counting:
                dna = drawn(assumed.distribution("dna_input"), streams.child("dna_input").generator(block), (size, times))
                copies = streams.child("count").generator(block).poisson(copies * dna) / dna
            values[rows] = copies * noise
    below = values < limit
    return Observed(simulated.times, np.where(below, np.nan, values), below, np.full((children, times), limit), unit)


def _sensitised(assumed: Setting, streams: Streams, block: int, size: int) -> Floats:
    share = assumed.typical("sensitised_fraction")
    chosen = streams.child("sensitised").generator(block).random(size) < share
    return np.where(chosen, assumed.typical("sensitised_factor"), 0.0)


def _amounts(
    assumed: Setting, regimen: Regimen, child: Mapping[str, Floats], blood: BloodVolumes, streams: Streams, block: int
) -> Floats:
    """This will return cells/uL that a bolus of each dose would give: children x doses."""
    size, doses = child["weight"].size, len(regimen.starts)
    volume = np.full(size, np.nan)
    for below_years, ml_per_kg in reversed(list(blood)):
        volume = np.where(child["age"] < (np.inf if below_years is None else below_years), ml_per_kg, volume)
    cells = regimen.dose * child["weight"] if regimen.per_kg else np.full(size, regimen.dose)
    given = cells[:, None] * drawn(assumed.distribution("dose"), streams.child("dose").generator(block), (size, doses))
    given = np.minimum(given, np.inf if regimen.cap is None else regimen.cap)
    recovery = drawn(assumed.distribution("recovery"), streams.child("recovery").generator(block), (size, doses))
    occasion = np.exp(assumed.typical("occasion") * streams.child("occasion").generator(block).standard_normal((size, doses)))
    per_ul = given / (child["weight"] * volume * 1000.0)[:, None]
    return np.ascontiguousarray(per_ul * recovery * occasion * child["circulating_fraction"][:, None])
