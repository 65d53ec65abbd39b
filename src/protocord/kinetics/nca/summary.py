"""Summaries over subjects, by the conventions of pharmacokinetic tables; what was left out, and why, is counted beside them.

Geometric mean and CV (100 sqrt(exp(s^2) - 1), s the standard deviation of the logarithms), arithmetic mean, SD and CV, median and range. Times
have a median and a range only. A level or area of a subject whose results lie below the limit counts as 0 in arithmetic means and in the
median, and is the minimum; what does not exist without cells (a clearance, the time of a peak) is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp, expm1, log, sqrt
from statistics import fmean, median, stdev

import numpy as np
import polars as pl
from scipy import stats

from protocord.kinetics.nca.course import ALL_DONORS
from protocord.kinetics.nca.tobit import censored_mean
from protocord.statistics import Results, Statistic
from protocord.statistics.results import Scalar
from protocord.values import Reason

TIMES = frozenset({"tmax", "tlast", "lambda_z_from", "lambda_z_to", "first_found", "last_found", "persistence"})
RATIOS = frozenset({"accumulation_auc", "accumulation_cmax", "accumulation_trough", "observed_to_superposition"})
LEVELS = frozenset({
    "cmax", "cmax_less_carry_over", "auc_last", "auc_less_carry_over", "auc_all", "auc_interval", "auc_inf_obs", "auc_inf_pred",
    "c_average", "c_start", "c_trough", "c_end_infusion",
})  # fmt: skip
"""Parameters of which no cells found means none or next to none: 0 stands for BLQ. A clearance or a time without cells does not exist."""
BELOW = frozenset({
    "kinetics_all_below_limit", "kinetics_trough_below_limit", "kinetics_end_of_infusion_below_limit", "kinetics_start_below_limit",
})  # fmt: skip
SLOPE_FLAGS = frozenset({"low_r2", "short_span"})
RESTING = {
    **dict.fromkeys(("lambda_z", "half_life"), SLOPE_FLAGS),
    **dict.fromkeys(("auc_inf_obs", "auc_inf_pred", "clearance", "volume"), SLOPE_FLAGS | {"much_extrapolated"}),
}
"""Parameters that rest on the terminal slope, with the flags that keep a value out of its summary."""
NOT_SUMMARISED = frozenset({
    "flags", "lambda_z_times", "lambda_z_points", "lambda_z_intercept", "n_left_out", "n_quantifiable", "n_below_limit", "profile",
    "negative_after", "negative_by", "tobit_std_error", "r2", "r2_adjusted", "span", "lambda_z_from", "lambda_z_to", "superposition_auc",
    "interval_extrapolated_percent",
})  # fmt: skip


def summarise(results: Results, *, keep_flagged: bool = False, level: float = 0.95) -> Results:
    """This will return the summaries over subjects of an analysis's parameters, by analyte and window.

    A value resting on a flagged terminal slope is left out unless `keep_flagged`; `n_excluded` counts those. Ratios (accumulation,
    observed over superposed) also have the t interval of their geometric mean at `level`. A subject with several donors in one window adds
    one value a donor, except where its donors were summed.
    """
    flags = _flags(results)
    groups: dict[tuple[str, str, str], list[Statistic]] = {}
    for item in results.select("nca"):
        if item.name not in NOT_SUMMARISED and "subject" in item.context:
            groups.setdefault((str(item.context["analyte"]), str(item.context["window"]), item.name), []).append(item)
    rows: list[Statistic] = []
    for (analyte, window, name), every in groups.items():
        summed = {item.context["subject"] for item in every if item.context.get("donor") == ALL_DONORS}
        items = [item for item in every if item.context["subject"] not in summed or item.context["donor"] == ALL_DONORS]
        banned = frozenset() if keep_flagged else RESTING.get(name, frozenset())
        kept = [item for item in items if not banned & flags.get(_profile(item), frozenset())]
        context = {"analyte": analyte, "window": window, "parameter": name, "code": items[0].context.get("code", "")}
        values = [float(item.value) for item in kept if isinstance(item.value, (int, float))]
        below = sum(item.reason is not None and item.reason.kind in BELOW for item in kept)
        zeros = below if name in LEVELS else 0
        unit = next((item.unit for item in items if item.unit), "")
        if not values and not below and len(kept) == len(items):
            continue  # defined for nobody here, such as the accumulation of a first infusion
        rows += _group(name, values, zeros, len(items) - len(kept), context, unit, level)
    return Results(tuple(rows), results.inputs, results.about, results.version)


def _profile(item: Statistic) -> tuple[Scalar, ...]:
    return tuple(item.context.get(name, "") for name in ("subject", "analyte", "donor", "window"))


def _flags(results: Results) -> Mapping[tuple[Scalar, ...], frozenset[str]]:
    return {_profile(item): frozenset(str(item.value).split()) for item in results.select("nca", "flags")}


def _group(
    name: str, values: Sequence[float], zeros: int, excluded: int, context: Mapping[str, Scalar], unit: str, level: float
) -> Iterator[Statistic]:
    def row(statistic: str, value: float | Reason, unit: str = unit, level: float | None = None) -> Statistic:
        reason = value if isinstance(value, Reason) else None
        number = None if isinstance(value, Reason) else value
        return Statistic(
            "nca_summary",
            statistic,
            number,
            unit=unit,
            context=context,
            conventions=("kinetics_summary",),
            level=level,
            reason=reason,
        )

    for statistic, count in (("n", len(values)), ("n_below", zeros), ("n_excluded", excluded)):
        yield row(statistic, count, "")
    if name not in TIMES:
        for statistic, value in arithmetic(values, zeros).items():
            yield row(statistic, value, "%" if statistic == "cv" else unit)
        for statistic, value in geometric(values, zeros).items():
            yield row(statistic, value, "%" if statistic == "geometric_cv" else unit)
    spread = [0.0] * zeros + sorted(values)
    few = Reason.of("kinetics_no_samples") if not zeros else Reason.of("kinetics_all_below_limit")
    middle = median(spread) if spread else 0.0
    yield row("median", middle if values and (middle or not zeros) else few)
    yield row("minimum", spread[0] if values and not zeros else few)
    yield row("maximum", spread[-1] if values else few)
    if name in RATIOS and len(values) > 1:
        logs = [log(value) for value in values]
        half = float(stats.t.ppf(0.5 + level / 2, len(logs) - 1)) * stdev(logs) / sqrt(len(logs))
        yield row("lower", exp(fmean(logs) - half), unit, level)
        yield row("upper", exp(fmean(logs) + half), unit, level)


def arithmetic(values: Sequence[float], zeros: int = 0) -> dict[str, float | Reason]:
    """This will return mean, SD and CV (percent) of the values and of `zeros` results below the limit, which count as 0.

    The mean has a reason instead where more than half lie below the limit, or there is nothing to average.
    """
    everything = [*values, *([0.0] * zeros)]
    if 2 * zeros > len(everything) or not everything:
        reason = Reason.of("kinetics_mean_below_limit" if everything else "kinetics_no_samples")
        return dict.fromkeys(("mean", "sd", "cv"), reason)
    mean = fmean(everything)
    few = Reason.of("kinetics_too_few_subjects")
    sd = stdev(everything) if len(everything) > 1 else None
    return {"mean": mean, "sd": few if sd is None else sd, "cv": few if sd is None else 100 * sd / mean}


def geometric(values: Sequence[float], zeros: int = 0) -> dict[str, float | Reason]:
    """This will return geometric mean and geometric CV (percent); a reason instead where any of the results lies below the limit."""
    if zeros or not values or min(values) <= 0:
        reason = Reason.of("kinetics_geometric_with_below" if zeros else "kinetics_no_samples")
        return dict.fromkeys(("geometric_mean", "geometric_cv"), reason)
    logs = [log(value) for value in values]
    few = Reason.of("kinetics_too_few_subjects")
    return {
        "geometric_mean": exp(fmean(logs)),
        "geometric_cv": 100 * sqrt(expm1(stdev(logs) ** 2)) if len(logs) > 1 else few,
    }


def censored_geometric(values: Sequence[float], limits: Sequence[float]) -> dict[str, float | Reason]:
    """This will return geometric mean and CV by censored likelihood: `limits` are the LLOQs of the results below them."""
    n, m = len(values), len(limits)
    if n < 2:
        return dict.fromkeys(("geometric_mean", "geometric_cv"), Reason.of("kinetics_too_few_subjects"))
    found = censored_mean(np.log(np.array(values)), np.log(np.array(limits)) if m else np.empty(0))
    if isinstance(found, Reason):
        return dict.fromkeys(("geometric_mean", "geometric_cv"), found)
    return {"geometric_mean": exp(found[0]), "geometric_cv": 100 * sqrt(expm1(found[1] ** 2))}


def of_infused_donor(samples: pl.DataFrame, doses: pl.DataFrame) -> pl.DataFrame:
    """This will return the samples planned around an infusion that look for the cells it gave, with its `start` and `duration` in days."""
    given = doses.select("subject", "infusion", pl.col("donor").alias("given"), "start", "duration")
    joined = samples.join(given, on=["subject", "infusion"], how="inner")
    return joined.filter((pl.col("donor") == "") | (pl.col("given") == "") | (pl.col("donor") == pl.col("given")))


def by_nominal_time(samples: pl.DataFrame, doses: pl.DataFrame, *, tobit_mean: bool = False) -> Results:
    """This will return the summaries of the concentrations by analyte, dose level, infusion and planned time.

    `samples` (usable ones only) and `doses` as `intake.take` returns them; of the donors, the one whose cells that infusion gave counts. Results below the limit count as 0 in arithmetic means (BLQ where more than half
    are); with `tobit_mean` the geometric mean comes from a censored likelihood, labelled so, else it is not computed where any lies below.
    """
    keys = ["analyte", "dose_level", "infusion", "nominal"]
    planned = of_infused_donor(samples, doses).filter(pl.col("nominal").is_not_null() & (pl.col("censoring") != "right"))
    rows: list[Statistic] = []
    for key, part in planned.sort(*keys).group_by(keys, maintain_order=True):
        context: dict[str, Scalar] = {
            name: str(value) if isinstance(value, str) else value for name, value in zip(keys, key, strict=True)
        }
        seen = part.filter(pl.col("censoring") == "none")["value"].to_list()
        below = part.filter(pl.col("censoring") != "none")
        unit = str(part["unit"][0])
        geo = censored_geometric(seen, below["lloq"].to_list()) if tobit_mean and below.height else geometric(seen, below.height)
        method = "tobit" if tobit_mean and below.height else ""
        counts = {"n": float(len(seen) + below.height), "n_below": float(below.height)}
        for name, value in {**counts, **arithmetic(seen, below.height), **geo}.items():
            reason = value if isinstance(value, Reason) else None
            number: float | int | None = None if isinstance(value, Reason) else int(value) if name in counts else value
            of = "" if name in counts else "%" if name in {"cv", "geometric_cv"} else unit
            how = method if name.startswith("geometric") else ""
            rows.append(
                Statistic("concentration_summary", name, number, unit=of, context=context, method=how, conventions=("kinetics_summary",), reason=reason)
            )  # fmt: skip
    return Results(tuple(rows))
