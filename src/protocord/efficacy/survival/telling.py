"""Statistics of one sample, each with its method and conventions, and with a reason where there is no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from types import MappingProxyType

from protocord.statistics import Statistic
from protocord.statistics.results import Scalar
from protocord.statistics.survival import Curve, Quantile
from protocord.values import Reason

CURVE = ("survival_ties", "survival_timefix", "survival_interval")
QUANTILE = ("survival_plateau", "survival_interval", "survival_first_crossing")
QUARTILES = (0.25, 0.5, 0.75)
NOWHERE: Mapping[str, Scalar] = MappingProxyType({})


@dataclass(frozen=True)
class Told:
    """The statistics of one analysis in one context."""

    analysis: str
    context: Mapping[str, Scalar]

    def number(
        self,
        name: str,
        value: float,
        where: Mapping[str, Scalar] = NOWHERE,
        *,
        why: Reason | None = None,
        unit: str = "",
        method: str = "",
        conventions: tuple[str, ...] = (),
        level: float | None = None,
    ) -> Statistic:
        """This will return a statistic, `where` added to the context; for what is not a number `why` instead."""
        missing = isinstance(value, float) and isnan(value)
        return Statistic(
            self.analysis,
            name,
            None if missing else value,
            unit=unit,
            context={**self.context, **where},
            method=method,
            conventions=conventions,
            level=level,
            reason=(why or Reason.of("survival_not_estimable")) if missing else None,
        )

    def limits(
        self,
        lower: float,
        upper: float,
        where: Mapping[str, Scalar] = NOWHERE,
        *,
        why: tuple[Reason | None, Reason | None] = (None, None),
        unit: str = "",
        method: str,
        conventions: tuple[str, ...] = (),
        level: float,
    ) -> tuple[Statistic, Statistic]:
        """This will return both limits of an interval, `why` for each that is missing."""
        one = self.number("lower", lower, where, why=why[0], unit=unit, method=method, conventions=conventions, level=level)
        return one, self.number("upper", upper, where, why=why[1], unit=unit, method=method, conventions=conventions, level=level)


def exact(value: float) -> Decimal:
    """This will return a number as reasons hold it: decimal, as it is written."""
    return Decimal(f"{value:.10g}")


def quantile_reason(why: str, found: Quantile, curve: Curve, *, limit: bool) -> Reason | None:
    """This will return why a quantile, or a `limit` of it, is missing; None where it is not."""
    if not why:
        return None
    kind = f"survival_limit_{why}" if limit else f"survival_{why}"
    return Reason.of(kind, share=exact(100 * (1 - found.p)), last=exact(curve.follow_up))


def milestone_reason(why: str, last: float) -> Reason | None:
    """This will return why a probability at a time, or its limits, are missing; None where they are not."""
    return Reason.of(f"survival_{why}", last=exact(last)) if why else None


def quantile_rows(told: Told, curve: Curve) -> Iterator[Statistic]:
    """This will yield the median and the quartiles, each with its limits."""
    method = f"brookmeyer_crowley/{curve.transform}"
    for p in QUARTILES:
        found = curve.quantile(p)
        why = quantile_reason(found.why_time, found, curve, limit=False)
        lower, upper = (quantile_reason(one, found, curve, limit=True) for one in (found.why_lower, found.why_upper))
        where = {"p": p}
        yield told.number("quantile", found.time, where, why=why, unit="d", method="kaplan_meier", conventions=QUANTILE)
        yield from told.limits(
            found.lower, found.upper, where, why=(lower, upper), unit="d", method=method, conventions=QUANTILE, level=curve.level
        )


def curve_rows(told: Told, curve: Curve, moved: Sequence[float] = ()) -> Iterator[Statistic]:
    """This will yield the whole curve: at each distinct time survival, limits, numbers at risk, events and censorings.

    `moved` are the times at which subjects leave for another curve; they are no censorings. With late entries the number at
    risk follows at each entry too.
    """
    method = f"kaplan_meier/{curve.transform}"
    leaving = Counter(moved)
    for place, time in enumerate(curve.time.tolist()):
        where = {"time": time, "at": "curve"}
        survival = float(curve.survival[place])
        yield told.number("n_risk", int(curve.n_risk[place]), where)
        yield told.number("n_event", int(curve.n_event[place]), where)
        yield told.number("n_censored", int(curve.n_censored[place]) - leaving[time], where)
        if moved:
            yield told.number("n_moved", leaving[time], where)
        yield told.number("survival", survival, where, method=method, conventions=CURVE)
        why = milestone_reason("nobody_left" if survival == 0 else "no_event_yet", curve.follow_up)
        lower, upper = float(curve.lower[place]), float(curve.upper[place])
        yield from told.limits(lower, upper, where, why=(why, why), method=method, conventions=CURVE, level=curve.level)
    if curve.entries is not None:
        for time in sorted({0.0, *curve.entries.tolist()} - set(curve.time.tolist())):
            yield told.number("n_risk", int(curve.n_risk_at([time])[0]), {"time": time, "at": "entry"})
