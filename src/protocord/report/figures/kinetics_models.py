"""Figures of the kinetic models, the sampling plan, effects and exposure-response: drawn from results, never computed anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, exp
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from numpy.typing import NDArray

from protocord.kinetics.models.data import Observations
from protocord.protocol import Protocol
from protocord.report.canvas import GREY, HATCHES, LINES, PALETTE, Canvas
from protocord.statistics import Results, percent, significant
from protocord.values import Language, Reason
from protocord.words import term
from protocord.words.showing import shown_unit

Floats = NDArray[np.float64]
Curves = Mapping[str, tuple[Floats, Floats, Floats]]
_FLOOR = 1e-3  # cells/uL below which no assay sees anything: not drawn


def fitted_children(
    said: Results, residuals: Results, curves: Curves, data: Observations, language: Language, *, children: int = 12
) -> Canvas:
    """This will draw the first `children` children: samples, the typical curve and the child's own, infusions as triangles."""
    shown = list(curves)[:children]
    columns = min(4, len(shown))
    rows = ceil(len(shown) / columns)
    canvas = Canvas(
        term("figkm_fits", language), language=language, width=10, height=1.6 + 2.3 * rows, rows=rows + 1, columns=columns,
        height_ratios=(0.28, *(1.0,) * rows),
    )  # fmt: skip
    grid = np.asarray(canvas.axes).reshape(rows + 1, columns)
    all_axes = list(grid[1:].ravel())
    samples = _samples(residuals)
    for axes, subject in zip(all_axes, shown, strict=False):
        times, typical, own = curves[subject]
        axes.plot(times, typical, color=GREY, linestyle=LINES[1], linewidth=0.9, label=canvas.words("figkm_typical"))
        axes.plot(times, own, color=PALETTE[0], linewidth=1.1, label=canvas.words("figkm_own"))
        for kind, marker, label in (
            ("measured", "o", "figkm_measured"),
            ("below", "v", "figkm_below"),
            ("above", "^", "figkm_above"),
        ):
            chosen = [(time, value) for at, time, value, found in samples if at == subject and found == kind]
            if chosen:
                face = PALETTE[1] if kind == "measured" else "white"
                axes.plot(*zip(*chosen, strict=True), marker, markersize=4, markerfacecolor=face, markeredgecolor=PALETTE[1],
                          label=canvas.words(label))  # fmt: skip
        axes.set_yscale("log")
        axes.set_title(subject)
        number = data.subjects.index(subject)
        given = data.starts[data.dose_of[number] : data.dose_of[number + 1]]
        axes.plot(given, np.full(given.size, 0.02), "^", color=PALETTE[2], markersize=4, transform=axes.get_xaxis_transform(),
                  clip_on=False, label=canvas.words("figkm_infusion"))  # fmt: skip
    values = [value for subject, _, value, _ in samples if subject in shown]
    last = max(time for subject, time, _, kind in samples if subject in shown and kind != "below")
    for axes in all_axes:
        axes.set_ylim(min(values) / 4, max(values) * 3)
        axes.set_xlim(-0.02 * last, max(last, float(data.starts.max())) * 1.15)
        axes.label_outer()
    for axes in all_axes[len(shown) :]:
        axes.set_axis_off()
    for axes in grid[-1]:
        axes.set_xlabel(canvas.words("figkm_time"))
    for axes in grid[1:, 0]:
        axes.set_ylabel(canvas.words("figkm_concentration").format(unit=shown_unit(data.unit, language)))
    _legend_row(list(grid[0]), all_axes[: len(shown)])
    counts = {name: said.value("kinetics_fit", f"n_{name}") for name in ("subjects", "samples", "censored")}
    note = Reason.of("figkm_fits_note", children=counts["subjects"], samples=counts["samples"], censored=counts["censored"])
    canvas.footnotes([canvas.say(note)])
    return canvas


def _samples(residuals: Results) -> list[tuple[str, float, float, str]]:
    found = []
    for item in residuals.select("kinetics_gof", "observed"):
        context = item.context
        found.append((str(context["subject"]), _number(context["time"]), _number(item.value), str(context["kind"])))
    return found


def _legend_row(row: Sequence[Any], axes: Iterable[Any]) -> None:
    """This will put one legend for many panels in a row of its own, above them."""
    found: dict[str, Any] = {}
    for one in axes:
        for handle, label in zip(*one.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    for one in row:
        one.set_axis_off()
    place = {"loc": "center left", "bbox_to_anchor": (0.0, 0.5), "borderaxespad": 0.0}
    legend = row[0].legend(found.values(), found.keys(), ncols=len(found), **place)
    legend.set_in_layout(False)


def predictive_check(check: Results, language: Language) -> Canvas:
    """This will draw both panels of a visual predictive check: quantiles above the limit, and the fraction below it."""
    canvas = Canvas(
        term("figkm_vpc", language), language=language, width=8, height=7.5, rows=2, height_ratios=(2, 1), share_x=True
    )
    upper, lower = canvas.axes
    level = next(item.level for item in check.select("kinetics_vpc", "lower"))
    for number, quantile in enumerate((0.05, 0.5, 0.95)):
        series = {name: _by_time(check, name, quantile) for name in ("observed", "lower", "median", "upper")}
        times = [time for time, value in series["upper"] if value is not None]
        tops = [value for _, value in series["upper"] if value is not None]
        floor = min(value for _, value in series["observed"] + series["lower"] if value is not None) / 2
        feet = [
            low if low is not None else floor
            for (_, low), (_, top) in zip(series["lower"], series["upper"], strict=True)
            if top is not None
        ]
        label = canvas.words("figkm_band").format(level=f"{100 * (level or 0):.0f}") if number == 1 else None
        color = PALETTE[0] if number == 1 else PALETTE[4]
        upper.fill_between(times, feet, tops, color=color, alpha=0.3, linewidth=0, hatch=HATCHES[0], label=label)
        for name, line, shade in (("median", LINES[2], GREY), ("observed", LINES[0], PALETTE[1])):
            points = [(time, value) for time, value in series[name] if value is not None]
            if points:
                words = (
                    canvas.words("figkm_observed" if name == "observed" else "figkm_simulated_median") if number == 1 else None
                )
                marker = "o" if name == "observed" else None
                upper.plot(*zip(*points, strict=True), linestyle=line, color=shade, marker=marker, markersize=4, label=words)
    upper.set_yscale("log")
    upper.set_title(canvas.words("figkm_vpc_above"))
    unit = next(item.unit for item in check.select("kinetics_vpc", "observed"))
    upper.set_ylabel(canvas.words("figkm_concentration").format(unit=shown_unit(unit, language)))
    upper.legend(loc="upper right")
    bands = {name: _by_time(check, name, None) for name in ("observed_below", "below_lower", "below_median", "below_upper")}
    times = [time for time, _ in bands["below_lower"]]
    edges = [[value for _, value in bands[name]] for name in ("below_lower", "below_upper")]
    lower.fill_between(times, *edges, color=PALETTE[0], alpha=0.3, linewidth=0)
    lower.plot(*zip(*bands["below_median"], strict=True), linestyle=LINES[2], color=GREY)
    lower.plot(*zip(*bands["observed_below"], strict=True), color=PALETTE[1], marker="o", markersize=4)
    lower.set_ylabel(canvas.words("figkm_fraction"))
    lower.set_ylim(-0.03, 1.03)
    lower.set_xscale("log")
    lower.set_xlabel(canvas.words("figkm_since"))
    counts = [item.context for item in check.select("kinetics_vpc", "observed_below")]
    note = Reason.of(
        "figkm_vpc_note", n=sum(int(_number(context["n"])) for context in counts), bins=len(counts),
        replicates=int(_number(check.about["replicates"])), seed=int(_number(check.about["random_seed"])),
    )  # fmt: skip
    canvas.footnotes([canvas.say(note)])
    return canvas


def _by_time(check: Results, name: str, quantile: float | None) -> list[tuple[float, Any]]:
    chosen = check.select("kinetics_vpc", name) if quantile is None else check.select("kinetics_vpc", name, quantile=quantile)
    return sorted((_number(item.context["time"]), item.value) for item in chosen)


def simulated_bands(results: Results, language: Language) -> Canvas:
    """This will draw simulated cells at the planned samples, and the fraction that an assay would not see."""
    canvas = Canvas(
        term("figkm_bands", language), language=language, width=9, height=6.5, rows=2, height_ratios=(2, 1), share_x=True
    )
    upper, lower = canvas.axes
    series = {
        name: sorted((_number(item.context["time"]), _number(item.value)) for item in results.select("kinetics_simulation", name))
        for name in ("lower", "median", "upper", "below_limit")
    }
    times = [time for time, _ in series["median"]]
    feet, middle, tops = ([value if value > 0 else np.nan for _, value in series[name]] for name in ("lower", "median", "upper"))
    upper.vlines(times, feet, tops, color=PALETTE[0], alpha=0.45, linewidth=3, label=canvas.words("figkm_band_children"))
    upper.plot(times, middle, "o", color=PALETTE[1], markersize=4, label=canvas.words("figkm_median"))
    upper.set_yscale("log")
    upper.set_ylim(_FLOOR, 3 * float(np.nanmax(tops)))
    upper.set_ylabel(canvas.words("figkm_concentration").format(unit="/µL"))
    upper.legend(loc="upper right")
    lower.plot(*zip(*series["below_limit"], strict=True), "s", color=PALETTE[2], markersize=4)
    lower.set_ylim(-0.03, 1.03)
    lower.set_ylabel(canvas.words("figkm_fraction"))
    lower.set_xlabel(canvas.words("figkm_time"))
    lower.set_xscale("symlog", linthresh=1)
    lower.set_xticks([0, 1, 7, 28, 92, 365, 1200], ["0", "1", "7", "28", "92", "365", "1200"])
    lower.set_xlim(-0.1, max(times) * 1.3)
    about = results.about
    limit = canvas.words("figkm_limit").format(
        lloq=f"{_number(about['lloq']):g}", unit=shown_unit(str(about["assay_unit"]), language)
    )
    note = Reason.of(
        "figkm_bands_note", children=int(_number(about["children"])), scenario=str(about["scenario"]), seed=int(_number(about["random_seed"])),
        limit=limit,
    )  # fmt: skip
    canvas.footnotes([canvas.say(note)])
    return canvas


def blood_budget(results: Results, language: Language) -> Canvas:
    """This will draw blood by draw day against the limit of a day, and the rolling sum against the limit of the period."""
    canvas = Canvas(term("figkm_blood", language), language=language, width=10, height=6.5, rows=2, share_x=True)
    upper, lower = canvas.axes
    days = [int(_number(item.context["day"])) for item in results.select("blood_volume", "planned")]
    routine, planned, taken, period = (
        np.array([_number(item.value) for item in results.select("blood_volume", name)])
        for name in ("routine", "planned", "taken", "period")
    )
    places = np.arange(len(days))
    upper.bar(places, routine, color=PALETTE[4], edgecolor="black", linewidth=0.5, label=canvas.words("figkm_routine"))
    upper.bar(places, taken - routine, bottom=routine, color=PALETTE[2], edgecolor="black", linewidth=0.5, hatch=HATCHES[1],
              label=canvas.words("figkm_taken"))  # fmt: skip
    left = planned > taken
    upper.bar(places[left], (planned - taken)[left], bottom=taken[left], color="white", edgecolor=PALETTE[1], linewidth=0.8, hatch=HATCHES[2],
              label=canvas.words("figkm_left_out"))  # fmt: skip
    period_days = int(_number(next(item.context["days"] for item in results.select("blood_volume", "limit_period"))))
    limits = [results.value("blood_volume", name) for name in ("limit_occasion", "limit_period")]
    upper.axhline(limits[0], color=PALETTE[1], linestyle=LINES[1], label=canvas.words("figkm_limit_day"))
    lower.bar(
        places,
        period,
        color=PALETTE[0],
        edgecolor="black",
        linewidth=0.5,
        label=canvas.words("figkm_period").format(days=period_days),
    )
    lower.axhline(
        limits[1], color=PALETTE[1], linestyle=LINES[1], label=canvas.words("figkm_limit_period").format(days=period_days)
    )
    lower.set_xticks(places, [str(day) for day in days], rotation=60)
    lower.set_xlabel(canvas.words("figkm_day"))
    for axes, top in ((upper, max(float(planned.max()), limits[0])), (lower, max(float(period.max()), limits[1]))):
        axes.set_ylabel(canvas.words("figkm_ml"))
        axes.set_ylim(0, top * 1.45)
        axes.legend(loc="upper right", ncols=4)
    tubes = list(results.select("blood_volume", "tube"))
    about = results.about
    note = Reason.of(
        "figkm_blood_note", weight=f"{about['weight_kg']:g}", age=int(_number(about["age_months"])),
        total=f"{results.value('blood_volume', 'total_volume'):g}", left=sum(item.value is None for item in tubes), tubes=len(tubes),
    )  # fmt: skip
    canvas.footnotes([canvas.say(note)])
    return canvas


def exposure_response(results: Results, language: Language) -> Canvas:
    """This will draw response rates by quarter of exposure with exact intervals, and the penalised logistic curve."""
    canvas = Canvas(term("figkm_exposure", language), language=language, width=7.5, height=5.5)
    axes = canvas.axes
    first = results.one("exposure_response", "n")
    scale, metric = str(first.context["scale"]), str(first.context["metric"])
    middles = [_number(item.value) for item in results.select("exposure_response", "rate_median_exposure")]
    rates, lows, highs = (
        np.array([_number(item.value) for item in results.select("exposure_response", name)])
        for name in ("rate", "rate_lower", "rate_upper")
    )
    axes.errorbar(middles, rates, yerr=[np.maximum(rates - lows, 0), np.maximum(highs - rates, 0)], fmt="o", color=PALETTE[0], capsize=3,
                  label=canvas.words("figkm_rate_points"))  # fmt: skip
    counts = [results.select("exposure_response", name) for name in ("rate_x", "rate_n")]
    denominators = [item for item in counts[1] if item.value]
    for middle, high, x, n in zip(middles, highs, counts[0], denominators, strict=True):
        axes.annotate(f"{x.value}/{n.value}", (middle, high), textcoords="offset points", xytext=(0, 4), ha="center", fontsize=9)
    found = results.one("exposure_response", "odds_ratio")
    if found.value is not None:
        intercept, slope = (results.value("exposure_response", name) for name in ("intercept", "slope"))
        span = max(middles) / min(middles) if scale == "log2" else max(middles) - min(middles)
        grid = np.geomspace(min(middles) / span**0.1, max(middles) * span**0.1, 100) if scale == "log2" else np.linspace(
            min(middles) - 0.1 * span, max(middles) + 0.1 * span, 100)  # fmt: skip
        shown = np.log2(grid) if scale == "log2" else grid
        axes.plot(grid, [1 / (1 + exp(-(intercept + slope * x))) for x in shown], color=PALETTE[1], linestyle=LINES[1],
                  label=canvas.words("figkm_curve"))  # fmt: skip
    if scale == "log2":
        axes.set_xscale("log")
    axes.set_ylim(-0.03, 1.12)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [percent(share, 0) for share in (0, 0.25, 0.5, 0.75, 1)])
    axes.set_xlabel(canvas.words("figkm_exposure_axis").format(metric=metric))
    axes.set_ylabel(canvas.words("figkm_rate"))
    axes.legend(loc="upper left")
    ratio = canvas.words("figkm_ratio_none")
    if found.value is not None:
        ends = [results.value("exposure_response", name) for name in ("lower", "upper")]
        said = [f"{significant(value, 3):f}" if value is not None else "∞" for value in (found.value, *ends)]
        ratio = canvas.words(f"figkm_ratio_{scale}").format(value=said[0], low=said[1], high=said[2])
    note = Reason.of(
        "figkm_exposure_note", n=int(_number(first.value)), x=int(results.value("exposure_response", "n_responders")),
        left=int(results.value("exposure_response", "n_left_out")), ratio=ratio,
    )  # fmt: skip
    canvas.footnotes([canvas.say(note)])
    return canvas


def fold_change_map(results: Results, protocol: Protocol, language: Language) -> Canvas:
    """This will draw peak over baseline as a map, a row an analyte and a column a child; `~` marks a value known by its bounds only."""
    found = list(results.select("kinetics_effect", "fold_change"))
    analytes: Sequence[str] = list(dict.fromkeys(str(item.context["analyte"]) for item in found))
    children: Sequence[str] = sorted({str(item.context["subject"]) for item in found})
    values = np.full((len(analytes), len(children)), np.nan)
    bounded = set()
    for item in found:
        place = analytes.index(str(item.context["analyte"])), children.index(str(item.context["subject"]))
        if item.value is not None and item.context.get("bound") in {"exact", "lowest"} and _number(item.value) > 0:
            values[place] = _number(item.value)
            if item.context["bound"] == "lowest":
                bounded.add(place)
    canvas = Canvas(
        term("figkm_heat", language),
        language=language,
        width=max(6.5, 2.5 + 0.55 * len(children)),
        height=1.8 + 0.36 * len(analytes),
    )
    axes = canvas.axes
    reach = float(np.nanmax(np.abs(np.log(values)))) if np.any(np.isfinite(values)) else 1.0
    reach = max(reach, 0.1)
    drawn = axes.pcolormesh(values, cmap="RdBu_r", norm=LogNorm(exp(-reach), exp(reach)), edgecolors="white", linewidth=0.8)
    for row, column in np.argwhere(np.isfinite(values)):
        mark = "~" if (row, column) in bounded else ""
        dark = abs(np.log(values[row, column])) > 0.65 * reach
        text = f"{mark}{significant(float(values[row, column]), 2):f}"
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    names = {item.id: item.name.say(language) for item in protocol.kinetics.analytes}
    axes.set_yticks(np.arange(len(analytes)) + 0.5, [names[name] for name in analytes])
    axes.set_xticks(np.arange(len(children)) + 0.5, children, rotation=60, ha="right")
    axes.invert_yaxis()
    axes.set_xlabel(canvas.words("figkm_child"))
    bar = canvas.figure.colorbar(drawn, ax=axes)
    bar.set_label(canvas.words("figkm_fold"))
    canvas.footnotes([canvas.say(Reason.of("figkm_heat_note", children=len(children), analytes=len(analytes)))])
    return canvas


def _number(value: Any) -> float:
    """This will return a result's value as a number: those read here are numbers by their names."""
    return float(value)
