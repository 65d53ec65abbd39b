"""Rates of adverse events: per person-time at risk with Garwood's exact interval, per infusion, and the first event over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan

import polars as pl

from protocord.safety.events.counting import counted, gathered, grouped, subset_answer
from protocord.safety.events.emergent import read_moments
from protocord.statistics import Statistic
from protocord.statistics.intervals import Interval, binomial, garwood
from protocord.statistics.results import Scalar
from protocord.statistics.survival import aalen_johansen
from protocord.values import Reason

__all__ = ["DAYS_PER_YEAR", "first_event", "per_infusion", "rates"]

DAYS_PER_YEAR = 365.25
_CONVENTIONS = ("ae_person_time", "ae_partial_onset", "te_open_dates")
_PER_INFUSION = ("ae_infusion_of_event", "te_open_dates")
_RATE_SUBSETS = ("any", "grade_3_or_more", "related", "serious")


def rates(
    events: pl.DataFrame,
    treatment: pl.DataFrame,
    *,
    subsets: Sequence[str] = _RATE_SUBSETS,
    level: float = 0.95,
) -> tuple[Statistic, ...]:
    """This will return exposure-adjusted rates per year at risk, for every group of events and every subset.

    `events` as `emergent` returns them, `treatment` as `on_treatment`. `ae_first_rate`: subjects with an event over the time
    until the first one, or until the end of risk in those without (both days included; convention `ae_person_time`).
    `ae_event_rate`: all events over all the time at risk. Each with events, person_years, rate, lower and upper (Garwood).
    Both suppose a hazard that does not change over time.
    """
    total = float(treatment["risk_days"].sum())
    counting = _with_day(events, treatment)
    found: list[Statistic] = []
    for subset in subsets:
        yes, _ = subset_answer(subset)
        for group, frame in grouped(counting):
            per_subject = frame.group_by("subject", *group.keys).agg(
                pl.col("at_day").filter(yes).min().alias("first_day"), yes.sum().alias("events"), pl.col("risk_days").first()
            )
            columns = [
                pl.col("first_day").count().alias("subjects"),
                pl.col("first_day").sum().alias("until_first"),
                pl.col("risk_days").filter(pl.col("first_day").is_not_null()).sum().alias("risk"),
                pl.col("events").sum(),
            ]
            for row in gathered(group, per_subject, columns).iter_rows(named=True):
                context = {**group.context(row), "subset": subset}
                until_first = total - row["risk"] + row["until_first"]
                found += _per_year("ae_first_rate", row["subjects"], until_first, context, level)
                found += _per_year("ae_event_rate", row["events"], total, context, level)
    return tuple(found)


def per_infusion(
    events: pl.DataFrame,
    treatment: pl.DataFrame,
    infusions: pl.DataFrame,
    *,
    subsets: Sequence[str] = _RATE_SUBSETS,
    level: float = 0.95,
) -> tuple[Statistic, ...]:
    """This will return events per infusion, over all infusions and for each number in the plan (context `infusion`).

    An event belongs to the last infusion that began before it or on its day (convention `ae_infusion_of_event`); one whose
    date leaves open which is counted in `unassigned` alone. For all events and each category: infusions, with_event,
    proportion with its Clopper-Pearson interval, events, rate per infusion with Garwood's. Infusions of one child are not
    independent: the intervals are descriptive.
    """
    given, _ = read_moments(infusions, "started", "infusions")
    cut = treatment["until"].max()
    given = given.join(treatment.select("subject"), on="subject", how="semi").filter(pl.col("started_earliest").dt.date() <= cut)
    placed = _placed(counted(events), given)
    counts: dict[int, int] = {row[0]: row[1] for row in given.group_by("infusion").len().sort("infusion").iter_rows()}
    found: list[Statistic] = []
    for subset in subsets:
        yes, _ = subset_answer(subset)
        for group, frame in grouped(placed):
            if group.of not in {"all", "category"}:
                continue
            keys = list(group.keys)
            chosen = (
                frame.filter(yes).group_by([*keys, "infusion"]).agg(pl.len(), pl.col("subject").n_unique().alias("infusions"))
            )
            cells = {(*row[:-2],): row[-2:] for row in chosen.select(*keys, "infusion", "len", "infusions").iter_rows()}
            for values in [()] if not keys else frame.select(keys).unique().sort(keys).iter_rows():
                context = {**group.context(dict(zip(keys, values, strict=True))), "subset": subset}
                missing = cells.get((*values, None), (0, 0))[0]
                found.append(Statistic("ae_per_infusion", "unassigned", missing, context=context, conventions=_PER_INFUSION))
                own = {number: cells.get((*values, number), (0, 0)) for number in counts}
                total = (sum(events for events, _ in own.values()), sum(infusions for _, infusions in own.values()))
                found += _of_infusions(*total, sum(counts.values()), context, level)
                for number, (events_here, infusions_here) in own.items():
                    found += _of_infusions(events_here, infusions_here, counts[number], {**context, "infusion": number}, level)
    return tuple(found)


def first_event(
    events: pl.DataFrame, treatment: pl.DataFrame, *, subsets: Sequence[str] = ("any", "grade_3_or_more"), level: float = 0.95
) -> tuple[Statistic, ...]:
    """This will return the cumulative incidence of the first event by Aalen-Johansen, death without one competing.

    For all events and each category, at each day (context `day`, the day of the first infusion is 1) on which somebody had a
    first event: incidence, std_error, lower, upper, n_risk; and n_at_risk on every fourteenth day or so. One minus Kaplan-Meier would be too high where children die.
    """
    counting = _with_day(events, treatment)
    treated = treatment.filter(pl.col("first").is_not_null()).select("subject", "risk_days", "risk_end", "died")
    found: list[Statistic] = []
    for subset in subsets:
        yes, _ = subset_answer(subset)
        for group, frame in grouped(counting):
            if group.of not in {"all", "category"}:
                continue
            for values in [{}] if not group.keys else frame.select(group.keys).unique().sort(group.keys).to_dicts():
                chosen = frame.filter(yes, *(pl.col(key) == value for key, value in values.items()))
                first = chosen.group_by("subject").agg(pl.col("at_day").min())
                context = {**group.context(values), "subset": subset}
                found += _over_time(treated.join(first, on="subject", how="left"), context, level)
    return tuple(found)


def _over_time(treated: pl.DataFrame, context: Mapping[str, str], level: float) -> Iterator[Statistic]:
    died = (pl.col("died") <= pl.col("risk_end")).fill_null(value=False)
    rows = treated.select(
        pl.coalesce("at_day", "risk_days").cast(pl.Float64).alias("time"),
        pl.when(pl.col("at_day").is_not_null()).then(1).when(died).then(2).otherwise(0).alias("cause"),
    )
    yield Statistic("ae_first_event", "n", rows.height, context=context, conventions=("ae_denominator",))
    last = int(rows["time"].max() or 1)  # type: ignore[arg-type]
    yield Statistic("ae_first_event", "last_day", last, unit="d", context=context)
    for day in range(1, last + 1, max(14, 14 * round(last / 98))):
        at_risk = rows.filter(pl.col("time") >= day).height
        yield Statistic("ae_first_event", "n_at_risk", at_risk, context={**context, "day": day})
    if not rows.filter(pl.col("cause") == 1).height:
        return
    curve = aalen_johansen(rows["time"].to_numpy(), rows["cause"].to_numpy(), causes=2, level=level)[0]
    method = f"aalen_johansen/{curve.variance}/{curve.transform}"
    for day in sorted(set(rows.filter(pl.col("cause") == 1)["time"].to_list())):
        at = curve.at([day])[0]
        where: dict[str, Scalar] = {**context, "day": int(day)}
        for name, value in (("incidence", at.incidence), ("std_error", at.std_error), ("lower", at.lower), ("upper", at.upper)):
            of_interval = level if name in {"lower", "upper"} else None
            if not isnan(value):
                yield Statistic("ae_first_event", name, value, unit="1", context=where, method=method, level=of_interval)
            else:
                reason = Reason.of("ae_no_interval")
                yield Statistic("ae_first_event", name, None, unit="1", context=where, method=method, reason=reason)
        yield Statistic("ae_first_event", "n_risk", at.n_risk, context=where)


def _with_day(events: pl.DataFrame, treatment: pl.DataFrame) -> pl.DataFrame:
    """The counted events with `at_day`: the day at risk (1 is that of the first infusion) on which each began.

    A date of which a part is missing enters at its earliest day, which makes the time at risk as short and the rate as high as
    the data allow.
    """
    about = treatment.filter(pl.col("first").is_not_null()).select("subject", "risk_days", pl.col("first").alias("day_1"))
    joined = counted(events).join(about, on="subject", how="inner", maintain_order="left")
    day = (pl.col("onset_earliest").dt.date() - pl.col("day_1")).dt.total_days() + 1
    return joined.with_columns(
        pl.max_horizontal(pl.min_horizontal(day.fill_null(1), pl.col("risk_days")), pl.lit(1)).alias("at_day")
    )


def _placed(events: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """The events with the number of the infusion that each follows; empty where its date leaves that open."""
    starts = given.select("subject", "infusion", pl.col("started_earliest").alias("at")).sort("at")
    dated = events.drop_nulls("onset_latest")
    # Of an event known to the day its last minute counts, so that it belongs to that day's infusion.
    coarse = pl.col("onset_earliest").dt.date() != pl.col("onset_latest").dt.date()
    end_of_earliest = pl.col("onset_earliest").dt.date().cast(pl.Datetime("us")).dt.offset_by("23h59m")
    both = _follows(dated.with_columns(end_of_earliest.alias("first_possible")), starts, "onset_latest", "after_latest")
    both = _follows(both, starts, "first_possible", "infusion")
    same = ~coarse | (pl.col("infusion") == pl.col("after_latest")).fill_null(value=False)
    placed = both.with_columns(pl.when(same).then(pl.col("after_latest")).alias("number"))
    numbers = placed.select("subject", "event", pl.col("number").alias("infusion"))
    return events.drop("infusion", strict=False).join(numbers, on=["subject", "event"], how="left", maintain_order="left")


def _follows(events: pl.DataFrame, starts: pl.DataFrame, at: str, name: str) -> pl.DataFrame:
    """The events with `name`: the number of the subject's last infusion that began at or before the time in column `at`."""
    joined = (
        events.drop(name, strict=False)
        .sort(at)
        .join_asof(starts, left_on=at, right_on="at", by="subject", strategy="backward", check_sortedness=False, coalesce=True)
    )
    return joined if name == "infusion" else joined.rename({"infusion": name})


def _of_infusions(
    events: int, with_event: int, infusions: int, context: Mapping[str, str | int], level: float
) -> Iterator[Statistic]:
    for name, value in (("infusions", infusions), ("with_event", with_event), ("events", events)):
        yield Statistic("ae_per_infusion", name, value, context=context, conventions=_PER_INFUSION)
    if infusions:
        share, rate = binomial(with_event, infusions, level=level), garwood(events, infusions, level=level)
        yield from _interval("ae_per_infusion", "proportion", "proportion_", share, "1", context, _PER_INFUSION)
        yield from _interval("ae_per_infusion", "rate", "rate_", rate, "{event}/{infusion}", context, _PER_INFUSION)


def _per_year(analysis: str, events: int, days: float, context: Mapping[str, str], level: float) -> Iterator[Statistic]:
    years = days / DAYS_PER_YEAR
    yield Statistic(analysis, "events", events, context=context, conventions=_CONVENTIONS)
    yield Statistic(analysis, "person_years", years, unit="a", context=context, conventions=_CONVENTIONS)
    if years:
        yield from _interval(analysis, "rate", "", garwood(events, years, level=level), "/a", context, _CONVENTIONS)
    else:
        yield Statistic(analysis, "rate", None, unit="/a", context=context, reason=Reason.of("ae_no_time_at_risk"))


def _interval(
    analysis: str,
    name: str,
    prefix: str,
    found: Interval,
    unit: str,
    context: Mapping[str, str | int],
    conventions: tuple[str, ...],
) -> Iterator[Statistic]:
    about = {"unit": unit, "context": context, "method": found.method, "conventions": conventions}
    yield Statistic(analysis, name, found.estimate, **about)  # type: ignore[arg-type]
    yield Statistic(analysis, f"{prefix}lower", found.lower, level=found.level, **about)  # type: ignore[arg-type]
    yield Statistic(analysis, f"{prefix}upper", found.upper, level=found.level, **about)  # type: ignore[arg-type]
