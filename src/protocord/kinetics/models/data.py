"""The samples of a mixed-effects fit: from the tables of doses and concentrations to arrays, with what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from protocord.errors import Problem
from protocord.kinetics.intake import Taken
from protocord.tables import TableProblems, problem

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Method = Literal["m3", "m1", "half_lloq"]
METHODS: tuple[Method, ...] = ("m3", "m1", "half_lloq")
"""`m3`: a censored sample says that the concentration is below its limit (default). `m1`: it is dropped. `half_lloq`: it is read as half
its limit. The last two are biased and kept to show by how much."""

MEASURED, BELOW, ABOVE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Observations:
    """What a fit sees. One row a sample: `times` (days), `y` (ln of the result or of its limit), `kinds` (0 measured, 1 below the limit,
    2 above it), `limits` the ln LLOQ of each sample (NaN: none stated); child `i` has rows `sample_of[i]` up to `sample_of[i + 1]`. Doses likewise: `starts`, `durations` (days), `amounts` relative to
    the reference dose. `dropped` counts samples left out, by reason; `inputs` is the tables' fingerprint.
    """

    subjects: tuple[str, ...]
    times: Floats
    y: Floats
    kinds: Integers
    limits: Floats
    sample_of: Integers
    starts: Floats
    durations: Floats
    amounts: Floats
    dose_of: Integers
    unit: str
    method: Method
    dropped: Mapping[str, int]
    inputs: str = ""

    @property
    def censored(self) -> int:
        """How many of the samples used are censored."""
        return int(np.count_nonzero(self.kinds))


def observations(taken: Taken, analyte: str, *, method: Method = "m3", reference_dose: float | None = None) -> Observations:
    """This will return the samples of one analyte for a fit.

    `taken` are the tables as `intake.take` makes them. A child with cells of several donors is one series a donor, each with that
    donor's infusions alone (named `child/donor`; their random effects are independent). `reference_dose` is what C0 stands for (default:
    the median dose; where no dose is stated, all are taken as equal). Raises TableProblems for a censored sample without its limit,
    mixed units, and where nothing is left.
    """
    found = taken.samples.filter(pl.col("analyte") == analyte)
    units = sorted(set(found["unit"].drop_nulls().to_list()))
    problems: list[Problem] = []
    if len(units) > 1:
        problems.append(problem("concentrations", None, "unit", f"holds {', '.join(units)}.", "Fit one analyte in one unit."))
    given = _infusions(taken.doses, reference_dose)
    several = {subject for subject, donor in found.group_by("subject").agg(pl.col("donor").n_unique()).iter_rows() if donor > 1}
    rows: dict[str, list[_Row]] = {}
    infused: dict[str, tuple[_Infusion, ...]] = {}
    dropped: Counter[str] = Counter()
    for row in found.iter_rows(named=True):
        subject, donor = row["subject"], row["donor"]
        name = f"{subject}/{donor}" if subject in several else subject
        infused.setdefault(name, tuple(item[0] for item in given[subject] if not donor or item[1] in {donor, ""}))
        made = _sample(row, infused[name], method)
        if isinstance(made, str):
            dropped[made] += 1
        else:
            rows.setdefault(name, []).append(made)
    if not rows and not problems:
        said = ", ".join(f"{reason} {count}" for reason, count in dropped.items()) or "there is none of this analyte"
        problems.append(
            problem("concentrations", None, "analyte", f"has no usable sample of {analyte} ({said}).", "Add samples.")
        )
    if problems:
        raise TableProblems(problems)
    return _packed(rows, infused, dropped, units[0] if units else "", method, taken.inputs)


def _packed(
    rows: Mapping[str, list[_Row]], infused: Mapping[str, tuple[_Infusion, ...]], dropped: Mapping[str, int], unit: str, method: Method,
    inputs: str,
) -> Observations:  # fmt: skip
    subjects = tuple(sorted(rows))
    flat = np.array([item for subject in subjects for item in sorted(rows[subject])])
    doses = np.array([item for subject in subjects for item in infused[subject]])
    return Observations(
        subjects, flat[:, 0].copy(), flat[:, 1].copy(), flat[:, 2].astype(np.int64), flat[:, 3].copy(),
        _offsets([len(rows[subject]) for subject in subjects]), doses[:, 0].copy(), doses[:, 1].copy(), doses[:, 2].copy(),
        _offsets([len(infused[subject]) for subject in subjects]), unit, method, MappingProxyType(dict(sorted(dropped.items()))), inputs,
    )  # fmt: skip


_Row = tuple[float, float, int, float]  # time, y, kind, ln LLOQ
_Infusion = tuple[float, float, float]  # start, duration (days), relative amount


def _infusions(doses: pl.DataFrame, reference: float | None) -> dict[str, list[tuple[_Infusion, str]]]:
    stated = [dose for dose in doses["dose"].to_list() if dose is not None]
    base = reference or (float(np.median(stated)) if stated else 1.0)
    found: dict[str, list[tuple[_Infusion, str]]] = {}
    for row in doses.sort("subject", "start").iter_rows(named=True):
        amount = 1.0 if row["dose"] is None else row["dose"] / base
        found.setdefault(row["subject"], []).append(((row["start"], row["duration"], amount), row["donor"]))
    return found


def _sample(row: Mapping[str, Any], infused: tuple[_Infusion, ...], method: Method) -> _Row | str:
    """This will return a sample's (time, y, kind, ln LLOQ), or why it is left out."""
    if row["use"] != "yes":
        return str(row["use"])
    time, value, lloq = row["time"], row["value"], row["lloq"]
    if not isinstance(time, float) or not infused or time <= infused[0][0]:
        return "before_first_infusion"
    ln_lloq = float(np.log(lloq)) if isinstance(lloq, float) else float("nan")
    if row["censoring"] == "none":
        return time, float(np.log(value)), MEASURED, ln_lloq
    if method == "m1":
        return "censored_dropped"
    if row["censoring"] == "right":
        return time, float(np.log(row["uloq"])), ABOVE, ln_lloq
    if method == "half_lloq":
        return time, ln_lloq - float(np.log(2)), MEASURED, ln_lloq
    return time, ln_lloq, BELOW, ln_lloq


def _offsets(counts: Sequence[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
