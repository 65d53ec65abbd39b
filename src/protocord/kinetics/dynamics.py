"""Effects over time: baseline, peak, fold change, area over baseline, time above a threshold, days to baseline, with honest bounds.

A result below or above a limit is known to lie between two bounds. Each statistic here rises or falls with each result, so its lowest and
highest possible values come from the results' bounds; where both agree the statistic is exact, and nothing is ever put in a result's place.
Time zero is the start of the infusion that the interval names; the baseline is the last result at or before it. Percentages change on
the logit scale: their fold change is an odds ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

import polars as pl

from protocord.kinetics.intake import Taken
from protocord.kinetics.starts import refuse_late_starts
from protocord.protocol import Protocol
from protocord.protocol.document.kinetics import DynamicsSummary, Interval
from protocord.statistics import Results, Statistic
from protocord.values import Reason

Name = Literal["baseline", "peak", "time_of_peak", "fold_change", "auec", "auec_net", "time_above", "days_to_baseline"]
NAMES: tuple[Name, ...] = (
    "baseline", "peak", "time_of_peak", "fold_change", "auec", "auec_net", "time_above", "days_to_baseline",
)  # fmt: skip
_CONVENTIONS = ("kinetics_effect_baseline", "kinetics_effect_censored")


@dataclass(frozen=True, slots=True)
class Point:
    """A result at `time` (days after time zero) that lies from `low` to `high`; both the same where it was measured."""

    time: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """A statistic's lowest and highest possible value, or why there is none."""

    low: float = 0.0
    high: float = 0.0
    reason: Reason | None = None

    @classmethod
    def none(cls, kind: str) -> Bounds:
        """This will return a missing statistic with its reason."""
        return cls(reason=Reason.of(kind))

    @property
    def exact(self) -> bool:
        """Whether the statistic is known exactly."""
        return self.reason is None and self.low == self.high


def effect(
    points: Sequence[Point], *, end: float | None = None, threshold: float | None = None, percent: bool = False
) -> dict[Name, Bounds]:
    """This will return every summary of one child's results, `points` in any order, time zero the start of the infusion.

    Results after `end` (days) do not count. Areas are in unit x days; `time_above` needs `threshold`; `percent` makes the fold change an
    odds ratio. A statistic that cannot be had says why.
    """
    ordered = sorted(points, key=lambda point: point.time)
    before = [point for point in ordered if point.time <= 0]
    after = [point for point in ordered if point.time > 0 and (end is None or point.time <= end)]
    if not after:
        found = {name: Bounds.none("kinetics_effect_no_result") for name in NAMES}
        if before:
            found["baseline"] = Bounds(before[-1].low, before[-1].high)
        return found
    peak = Bounds(max(point.low for point in after), max(point.high for point in after))
    made: dict[Name, Bounds] = {"peak": peak, "time_of_peak": _time_of_peak(after)}
    made["time_above"] = _time_above(before, after, threshold)
    if not before:
        for name in ("baseline", "fold_change", "auec", "auec_net", "days_to_baseline"):
            made[name] = Bounds.none("kinetics_effect_no_baseline")
        return {name: made[name] for name in NAMES}
    base = Bounds(before[-1].low, before[-1].high)
    made["baseline"] = base
    made["fold_change"] = _fold_change(base, peak, percent)
    made["auec"] = _area(base, after, lambda excess: max(excess, 0.0))
    made["auec_net"] = _area(base, after, None)
    made["days_to_baseline"] = _return(base, after, made["time_of_peak"])
    return {name: made[name] for name in NAMES}


def _time_of_peak(after: Sequence[Point]) -> Bounds:
    """This will return when the peak was: the first result that no other can exceed; else, between which times it may have been."""
    best = max(point.low for point in after)
    possible = [point.time for point in after if point.high >= best]
    first = next(point for point in after if point.low == best)
    sure = all(point.high < best or (point.low == point.high == best) for point in after if point is not first)
    if first.low == first.high and sure:
        return Bounds(first.time, first.time)
    return Bounds(min(possible), max(possible))


def _fold_change(base: Bounds, peak: Bounds, percent: bool) -> Bounds:
    if percent:
        if base.low == base.high and base.low in {0.0, 100.0}:
            return Bounds.none("kinetics_effect_proportion_at_edge")
        return Bounds(_odds(peak.low) / _odds(base.high) if _odds(base.high) else 0.0, _ratio(_odds(peak.high), _odds(base.low)))
    if base.high == 0:
        return Bounds.none("kinetics_effect_baseline_zero")
    return Bounds(peak.low / base.high if isfinite(base.high) else 0.0, _ratio(peak.high, base.low))


def _odds(percent: float) -> float:
    return inf if percent >= 100 else percent / (100 - percent)


def _ratio(upper: float, lower: float) -> float:
    return inf if lower == 0 or not isfinite(upper) else upper / lower


def _area(base: Bounds, after: Sequence[Point], cut: Callable[[float], float] | None) -> Bounds:
    """This will integrate value minus baseline by straight lines from time zero, where the value is the baseline itself.

    With `cut` only what lies above the baseline counts, cut where the line crosses it.
    """
    times = [0.0, *(point.time for point in after)]
    if not isfinite(base.high):
        return Bounds.none("kinetics_effect_baseline_unbounded")
    low = _integral(times, [0.0, *(point.low - base.high for point in after)], positive=cut is not None)
    high = _integral(times, [0.0, *(point.high - base.low for point in after)], positive=cut is not None)
    return Bounds(low, high)


def _integral(times: Sequence[float], values: Sequence[float], *, positive: bool) -> float:
    total = 0.0
    for (t0, v0), (t1, v1) in zip(zip(times, values, strict=True), list(zip(times, values, strict=True))[1:], strict=False):
        if not positive or (v0 >= 0 and v1 >= 0):
            total += (t1 - t0) * (v0 + v1) / 2
        elif v0 > 0 or v1 > 0:
            above = max(v0, v1)
            total += (t1 - t0) * above * above / (above - min(v0, v1)) / 2
    return total


def _time_above(before: Sequence[Point], after: Sequence[Point], threshold: float | None) -> Bounds:
    if threshold is None:
        return Bounds.none("kinetics_effect_no_threshold")
    start = [Point(0.0, before[-1].low, before[-1].high)] if before else []
    points = [*start, *after]
    times = [point.time for point in points]
    low = _duration(times, [point.low - threshold for point in points])
    high = _duration(times, [min(point.high, 1e300) - threshold for point in points])
    return Bounds(low, high)


def _duration(times: Sequence[float], values: Sequence[float]) -> float:
    """This will return for how long straight lines through the values lie above zero."""
    total = 0.0
    for k in range(len(times) - 1):
        v0, v1, length = values[k], values[k + 1], times[k + 1] - times[k]
        if v0 >= 0 and v1 >= 0:
            total += length if v0 > 0 or v1 > 0 else 0.0
        elif v0 > 0 or v1 > 0:
            total += length * max(v0, v1) / (max(v0, v1) - min(v0, v1))
    return total


def _return(base: Bounds, after: Sequence[Point], peak: Bounds) -> Bounds:
    """This will return when the value was back at its baseline after the peak: exactly where lines can be drawn, else between samples."""
    if after[-1].time <= peak.high and max(point.low for point in after) > base.high:
        return Bounds.none("kinetics_effect_peak_is_last")
    if all(point.high <= base.high for point in after):
        return Bounds.none("kinetics_effect_never_above_baseline")
    last = None
    for point in after:
        if point.time < peak.low:
            continue
        if point.high <= base.high and point.time > peak.low:
            if last is not None and base.low == base.high and last.low == last.high and point.low == point.high:
                share = (last.low - base.low) / (last.low - point.low) if last.low > point.low else 0.0  # level at the baseline
                crossing = last.time + share * (point.time - last.time)
                return Bounds(crossing, crossing)
            return Bounds(last.time if last is not None else 0.0, point.time)
        last = point
    return Bounds.none("kinetics_effect_not_returned")


def effects(protocol: Protocol, taken: Taken) -> Results:
    """This will return the summaries that kinetics.yaml asks for, of every child that has the analyte (analysis `kinetics_effect`).

    Context: `summary`, `subject`, `analyte`, `infusion` at whose start time is zero, and `bound`: `exact`, or `lowest` and `highest`.
    `days_to_baseline` and the net area come along with the area. `n`, `median`, `minimum` and `maximum` over children with an exact
    value follow, and `n_bounded`, `n_missing`. Raises DocumentProblems where a summary's interval starts after its time zero.
    """
    refuse_late_starts(protocol, {summary.interval for summary in protocol.kinetics.dynamics if summary.interval})
    intervals = {interval.id: interval for interval in protocol.kinetics.intervals}
    units = {analyte.id: analyte.unit for analyte in protocol.kinetics.analytes}
    rows: list[Statistic] = []
    for summary in protocol.kinetics.dynamics:
        interval = intervals.get(summary.interval) if summary.interval else None
        infusion = _infusion(protocol, interval)
        for analyte in summary.analytes:
            made = list(_children(taken, summary, interval, infusion, analyte, units[analyte]))
            rows += made
            rows += _group(summary.id, analyte, made)
    return Results(tuple(rows), taken.inputs, {"study": protocol.study.id, "protocol": protocol.version})


def asked(summary: DynamicsSummary) -> tuple[Name, ...]:
    """This will return the statistics of a summary, with what belongs to them: the net area and the return with the area."""
    wanted: list[Name] = list(summary.statistics)
    if "auec" in wanted:
        wanted += [name for name in ("auec_net", "days_to_baseline") if name not in wanted]
    return tuple(wanted)


def _infusion(protocol: Protocol, interval: Interval | None) -> int:
    if interval is None:
        return 1
    if interval.infusion is not None:
        return interval.infusion
    courses = {course.id: min(course.infusions) for course in protocol.dosing.infusions.courses}
    return courses[interval.course] if interval.course else 1


def _children(
    taken: Taken, summary: DynamicsSummary, interval: Interval | None, infusion: int, analyte: str, unit: str
) -> Iterator[Statistic]:
    starts = dict(taken.doses.filter(pl.col("infusion") == infusion).select("subject", "start").iter_rows())
    found = taken.samples.filter((pl.col("analyte") == analyte) & (pl.col("use") == "yes"))
    end = float(interval.end.days) if interval and interval.end and interval.end.days is not None else None
    threshold = None if summary.threshold is None else float(summary.threshold)
    for (subject,), rows in found.group_by("subject", maintain_order=True):
        context: dict[str, str | int] = {"summary": summary.id, "subject": str(subject), "analyte": analyte, "infusion": infusion}
        if subject not in starts:
            made = {name: Bounds.none("kinetics_effect_infusion_not_given") for name in NAMES}
        else:
            points = [_point(row, starts[subject]) for row in rows.iter_rows(named=True)]
            made = effect(points, end=end, threshold=threshold, percent=unit == "%")
        for name in asked(summary):
            yield from _rows(name, made[name], context, unit)


def _point(row: dict[str, object], zero: float) -> Point:
    time, value, lloq, lod, uloq = (row[name] for name in ("time", "value", "lloq", "lod", "uloq"))
    assert isinstance(time, float)
    low, high = {
        "none": (value, value), "left": (0.0, lloq), "detected_below": (lod or 0.0, lloq), "right": (uloq, inf),
    }[str(row["censoring"])]  # fmt: skip
    assert isinstance(low, float)
    assert isinstance(high, float)
    return Point(time - zero, low, high)


def _rows(name: Name, bounds: Bounds, context: dict[str, str | int], unit: str) -> Iterator[Statistic]:
    units = {"baseline": unit, "peak": unit, "auec": f"{unit}.d", "auec_net": f"{unit}.d", "fold_change": "1"}
    method = {"fold_change": "odds_ratio" if unit == "%" else "ratio", "auec": "positive_part", "auec_net": "net"}.get(name, "")
    used = (*_CONVENTIONS, "kinetics_effect_area") if name.startswith("auec") else _CONVENTIONS
    if bounds.reason is not None:
        yield Statistic("kinetics_effect", name, None, units.get(name, "d"), context, method, used, reason=bounds.reason)
        return
    ends = {"exact": bounds.low} if bounds.exact else {"lowest": bounds.low, "highest": bounds.high}
    for bound, value in ends.items():
        why = None if isfinite(value) else Reason.of("kinetics_effect_unbounded")
        at = {**context, "bound": bound}
        yield Statistic(
            "kinetics_effect", name, value if why is None else None, units.get(name, "d"), at, method, used, reason=why
        )


def _group(summary: str, analyte: str, rows: Sequence[Statistic]) -> Iterator[Statistic]:
    for name in dict.fromkeys(row.name for row in rows):
        these = [row for row in rows if row.name == name]
        exact = [float(row.value) for row in these if row.context.get("bound") == "exact"]  # type: ignore[arg-type]  # exact: a number
        context = {"summary": summary, "analyte": analyte, "of": name}
        subjects = {row.context["subject"] for row in these}
        bounded = {row.context["subject"] for row in these if row.context.get("bound") in {"lowest", "highest"}}
        counts = {"n": len(exact), "n_bounded": len(bounded), "n_missing": len(subjects) - len(exact) - len(bounded)}
        for count, value in counts.items():
            yield Statistic("kinetics_effect_group", count, value, "", context)
        if exact:
            values = pl.Series(exact)
            for what, number in (("median", values.median()), ("minimum", values.min()), ("maximum", values.max())):
                assert isinstance(number, float)
                yield Statistic("kinetics_effect_group", what, number, these[0].unit, context)
