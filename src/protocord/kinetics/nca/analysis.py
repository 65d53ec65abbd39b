"""Analyse profiles: one call of the compiled engine, and its answer by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from protocord.kinetics.nca import codes
from protocord.kinetics.nca.rules import Rules
from protocord.kinetics.profiles import Profiles
from protocord.values import Reason


@dataclass(frozen=True, slots=True)
class Answer:
    """Parameters of n profiles: `values` (n x parameters, NaN where missing), `reasons` (the same shape; 0 is present) and `flags` (n)."""

    profiles: Profiles
    rules: Rules
    values: NDArray[np.float64]
    reasons: NDArray[np.int64]
    flags: NDArray[np.int64]

    def value(self, parameter: str, k: int = 0) -> float | None:
        """This will return a parameter of profile k, None where it is missing. Raises ValueError for a name that nobody knows."""
        which = codes.PARAMETERS.index(parameter)
        return None if self.reasons[k, which] else float(self.values[k, which])

    def reason(self, parameter: str, k: int = 0) -> Reason | None:
        """This will return why a parameter of profile k is missing, None where it is there."""
        kind = codes.REASONS[self.reasons[k, codes.PARAMETERS.index(parameter)]]
        return self._particulars(kind, k) if kind else None

    def flagged(self, k: int = 0) -> tuple[str, ...]:
        """This will return the names of the flags of profile k."""
        return codes.flag_names(int(self.flags[k]))

    def points_used(self, k: int = 0) -> tuple[float, ...]:
        """This will return the times of the points behind the terminal slope of profile k, in days since its time zero."""
        if self.reasons[k, codes.LAMBDA_Z]:
            return ()
        times, values, states, _ = self.profiles.samples(k)
        used = (states == 0) & (times >= self.values[k, codes.FROM]) & (times <= self.values[k, codes.TO]) & (values > 0)
        return tuple(float(time) for time in times[used])

    def frame(self) -> pl.DataFrame:
        """This will return one row a profile: its keys, every parameter (null where missing) and, as `reason_…`, the kind of its reason."""
        columns: list[pl.Series] = []
        kinds = pl.Series(codes.REASONS)
        for which, name in enumerate(codes.PARAMETERS):
            columns.append(pl.Series(name, self.values[:, which]).fill_nan(None))
            columns.append(kinds[self.reasons[:, which]].alias(f"reason_{name}").replace({"": None}))
        flags = pl.Series("flags", [" ".join(codes.flag_names(int(bits))) for bits in self.flags], dtype=pl.String)
        return self.profiles.keys.hstack([*columns, flags])

    def _particulars(self, kind: str, k: int) -> Reason:
        if kind == "kinetics_too_few_points":
            return Reason.of(kind, points=self.rules.lambda_z.min_points)
        if kind == "kinetics_trough_below_limit":
            return Reason.of(kind, lloq=f"{self.profiles.lloq[self.profiles.stop[k] - 1]:.3g}")
        return Reason.of(kind)


def analyse(profiles: Profiles, rules: Rules) -> Answer:
    """This will return the parameters of every profile under `rules`, computed one profile after another by compiled code."""
    from protocord.kinetics.nca.engine import run

    n = len(profiles)
    values = np.empty((n, len(codes.PARAMETERS)))
    reasons = np.zeros((n, len(codes.PARAMETERS)), np.int64)
    flags = np.zeros(n, np.int64)
    p = profiles
    run(
        p.time, p.value, p.state, p.lloq, p.first, p.stop, p.predose, p.after, p.zero, p.end, p.closing, p.earlier, p.duration, p.dose,
        np.array(rules.codes()), values, reasons, flags,
    )  # fmt: skip
    return Answer(profiles, rules, values, reasons, flags)
