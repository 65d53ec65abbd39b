"""Results as data: one row a statistic, with its context, method, conventions, and the fingerprint of its inputs.

Tables and figures are drawn from these rows and never compute anew, so what a reader sees is what was computed and can be
checked row by row. The idea is that of CDISC's Analysis Results Standard.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from protocord.values import Reason

Scalar = str | int | float | bool | date

_FIXED = ("analysis", "statistic", "value", "text", "unit", "method", "conventions", "level", "reason", "particulars")


@cache
def program_version() -> str:
    """This will return the version of Protocord that computes."""
    return version("protocord")


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number (or word, or day) with everything a reader needs to compute it again.

    `analysis` names the question (`pfs`, `orr`, `nca`), `name` the statistic (`survival`, `lower`, `n_risk`), `context` where it
    stands (`{"time": 365, "group": "01"}`), `method` how it was computed (`kaplan_meier/log_log`), `conventions` the ids of the
    choices behind it, `level` the confidence level of an interval's end. `value` is None only with a `reason`.
    """

    analysis: str
    name: str
    value: Scalar | None
    unit: str = ""
    context: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    method: str = ""
    conventions: tuple[str, ...] = ()
    level: float | None = None
    reason: Reason | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            message = f"{self.analysis}.{self.name}: a missing value, and it alone, has a reason"
            raise ValueError(message)
        if isinstance(self.value, float) and not isfinite(self.value):
            message = f"{self.analysis}.{self.name} is {self.value}: what is not a number has a reason instead"
            raise ValueError(message)
        if overlap := set(self.context) & {*_FIXED, "inputs", "version"}:
            message = f"{self.analysis}.{self.name}: context may not use the names {sorted(overlap)}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Results:
    """The statistics of one run, in order, with the fingerprint of the inputs and what else the run was told.

    `about` holds what stands for every row: study, version of the protocol, data cut. `version` is the program's.
    """

    statistics: tuple[Statistic, ...]
    inputs: str = ""
    about: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    version: str = field(default_factory=program_version)

    def __iter__(self) -> Iterator[Statistic]:
        return iter(self.statistics)

    def __len__(self) -> int:
        return len(self.statistics)

    def select(self, analysis: str | None = None, name: str | None = None, **context: Scalar) -> Results:
        """This will return the statistics of that analysis and name whose context holds those values."""
        return Results(tuple(self._found(analysis, name, context)), self.inputs, self.about, self.version)

    def one(self, analysis: str | None = None, name: str | None = None, **context: Scalar) -> Statistic:
        """This will return the only such statistic. Raises LookupError where there is none, or more than one."""
        found = list(self._found(analysis, name, context))
        if len(found) != 1:
            message = f"{len(found)} statistics of {analysis}, {name}, {context}"
            raise LookupError(message)
        return found[0]

    def value(self, analysis: str | None = None, name: str | None = None, **context: Scalar) -> Any:
        """This will return the value of the only such statistic, None where it has a reason instead. Raises LookupError."""
        return self.one(analysis, name, **context).value

    def frame(self) -> pl.DataFrame:
        """This will return one row a statistic: its fields, its context's values each in a column, inputs and version.

        `value` holds numbers (a yes is 1), `text` words and days; `conventions` and `particulars` are JSON-like text.
        """
        names = list(dict.fromkeys(name for item in self.statistics for name in item.context))
        rows = [_row(item) for item in self.statistics]
        schema: dict[str, Any] = dict.fromkeys(_FIXED, pl.String) | {"value": pl.Float64, "level": pl.Float64}
        frame = pl.DataFrame([[row[name] for name in _FIXED] for row in rows], schema=schema, orient="row")
        columns = [_context_column(name, [item.context.get(name) for item in self.statistics]) for name in names]
        return (
            frame.select("analysis", "statistic")
            .hstack(columns)
            .hstack(frame.select(_FIXED[2:]))
            .with_columns(
                *(pl.lit(value).alias(name) for name, value in self.about.items() if name not in names),
                pl.lit(self.inputs).alias("inputs"),
                pl.lit(self.version).alias("version"),
            )
        )

    def as_data(self) -> dict[str, Any]:
        """This will return the results as JSON data."""
        statistics = []
        for item in self.statistics:
            row: dict[str, Any] = {"analysis": item.analysis, "statistic": item.name, "context": dict(item.context)}
            row |= {"value": item.value, "unit": item.unit, "method": item.method, "conventions": list(item.conventions)}
            row |= {"level": item.level, "reason": item.reason.as_data() if item.reason else None}
            statistics.append(row)
        return {"about": dict(self.about), "inputs": self.inputs, "version": self.version, "statistics": statistics}

    def write(self, path: Path) -> None:
        """This will write the results as the path's ending says: .csv, .parquet or .json. Raises ValueError for another."""
        if path.suffix == ".csv":
            self.frame().write_csv(path)
        elif path.suffix == ".parquet":
            self.frame().write_parquet(path)
        elif path.suffix == ".json":
            path.write_text(json.dumps(self.as_data(), ensure_ascii=False, indent=1, default=str) + "\n", "utf-8")
        else:
            message = f"{path.name}: results are written as .csv, .parquet or .json"
            raise ValueError(message)

    def _found(self, analysis: str | None, name: str | None, context: Mapping[str, Scalar]) -> Iterator[Statistic]:
        for item in self.statistics:
            fits = analysis in {None, item.analysis} and name in {None, item.name}
            if fits and all(key in item.context and item.context[key] == value for key, value in context.items()):
                yield item


def joined(parts: Iterable[Results]) -> Results:
    """This will return the statistics of all the parts as one; inputs and `about` are those of the first. Raises ValueError for none."""
    results = tuple(parts)
    if not results:
        message = "there is nothing to join"
        raise ValueError(message)
    first = results[0]
    return Results(tuple(item for part in results for item in part), first.inputs, first.about, first.version)


def _row(item: Statistic) -> dict[str, str | float | None]:
    number = float(item.value) if isinstance(item.value, (int, float)) else None
    reason = item.reason.as_data() if item.reason else None
    return {
        "analysis": item.analysis,
        "statistic": item.name,
        "value": number,
        "text": None if item.value is None or number is not None else str(item.value),
        "unit": item.unit,
        "method": item.method,
        "conventions": " ".join(item.conventions),
        "level": item.level,
        "reason": item.reason.kind if item.reason else None,
        "particulars": json.dumps(reason["particulars"], ensure_ascii=False) if reason else None,
    }


def _context_column(name: str, values: list[Scalar | None]) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and kinds != {int}:
        return pl.Series(name, [None if value is None else float(value) for value in values], dtype=pl.Float64)  # type: ignore[arg-type]
    if len(kinds) == 1:
        return pl.Series(name, values)
    return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)
