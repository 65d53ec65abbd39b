"""Rows shared by the answers: one context, several statistics; the bounds of a design; its characteristics at true rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from protocord.design.bounds import Action, Bound
from protocord.design.staged import StagedDesign, operating_characteristics
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.tables import fingerprint
from protocord.values import Reason

Value = Scalar | None | Reason
"""A value, or the reason for which there is none."""


def rows(
    analysis: str,
    context: Mapping[str, Scalar],
    values: Mapping[str, Value],
    *,
    method: str = "",
    conventions: tuple[str, ...] = (),
    levels: Mapping[str, float] | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Statistic]:
    """This will return one statistic for each value, in the same context; `levels` and `units` are by name."""
    found = []
    for name, value in values.items():
        missing = value if isinstance(value, Reason) else None
        kept = None if missing is not None else _plain(value)  # type: ignore[arg-type]
        found.append(
            Statistic(
                analysis,
                name,
                kept,
                unit=(units or {}).get(name, ""),
                context=dict(context),
                method=method,
                conventions=conventions,
                level=(levels or {}).get(name),
                reason=missing,
            )
        )
    return found


def _plain(value: Scalar) -> Scalar:
    if isinstance(value, np.generic):
        kept: Scalar = value.item()
        return kept
    return value


def bound_row(context: Mapping[str, Scalar], bound: Bound, action: Action, subjects: int) -> Statistic:
    """This will return a bound as a statistic: its count, with direction, action and number of subjects in the context."""
    where = {**context, "subjects": subjects, "action": action, "direction": bound.direction}
    return Statistic("bounds", "count", bound.count, context=where, conventions=("bound_inclusive",))


def bound_said(row: Statistic) -> Reason:
    """This will return a bound's row in words."""
    kind = f"design_{row.context['action']}_{row.context['direction']}"
    return Reason.of(kind, count=_whole(row.value), subjects=_whole(row.context["subjects"]))


def _whole(value: Scalar | None) -> int:
    if not isinstance(value, int):
        message = f"{value!r} is not a count"
        raise TypeError(message)
    return value


def design_rows(design: StagedDesign, context: Mapping[str, Scalar]) -> list[Statistic]:
    """This will return every bound of the design, in the order of its looks."""
    found = []
    last = len(design.stages) - 1
    for index, stage in enumerate(design.stages):
        for bound in stage.bounds:
            low = bound.direction == "at_most"
            action: Action = ("accept" if low else "reject") if index == last else ("stop_futility" if low else "stop_efficacy")
            found.append(bound_row({**context, "stage": index + 1}, bound, action, stage.n))
    return found


def characteristics_rows(
    design: StagedDesign, rates: Sequence[float], context: Mapping[str, Scalar], *, analysis: str = "characteristics"
) -> list[Statistic]:
    """This will return exact characteristics at each true rate."""
    at = operating_characteristics(design, rates)
    found: list[Statistic] = []
    for index, rate in enumerate(rates):
        values: dict[str, Value] = {"conclude": float(at.reject[index]), "expected_n": float(at.expected_n[index])}
        if len(design.stages) > 1:
            values["stop_early"] = float(at.stop_early[index])
        found += rows(analysis, {**context, "true_rate": float(rate)}, values, method="exact")
    return found


def curve_rates(p0: float, p1: float, points: int = 41) -> list[float]:
    """This will return true rates for a curve, from 0 to well past p1, with p0 and p1 among them."""
    top = min(1.0, p1 + max(p1 - p0, 0.1) * 1.5)
    grid = np.linspace(0, top, points).round(4).tolist()
    return sorted({*grid, p0, p1})


def results(statistics: Iterable[Statistic], asked: Mapping[str, Scalar | None]) -> Results:
    """This will return the statistics as results; the fingerprint covers what was asked, which `about` repeats."""
    about = {name: value for name, value in asked.items() if value is not None}
    frame = pl.DataFrame({name: [str(value)] for name, value in about.items()})
    return Results(tuple(statistics), fingerprint(frame), about)
