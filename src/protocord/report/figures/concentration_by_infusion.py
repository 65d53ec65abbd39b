"""Figures of kinetics over the infusions: peak and trough, observed over superposed areas, and how long cells are found."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
from matplotlib.ticker import MaxNLocator

from protocord.kinetics.nca.intervals import EVERY
from protocord.report.canvas import GREY, PALETTE, Canvas
from protocord.report.figures.concentration import _look, unit_label
from protocord.statistics import Results
from protocord.values import Language, Text
from protocord.words import term


def peak_and_trough(
    results: Results, samples: pl.DataFrame, analyte: str, name: Text, language: Language, notes: Sequence[str] = ()
) -> Canvas:
    """This will draw each subject's peak and trough against the number of the infusion, semi-logarithmic.

    `results` of `nca.study.nca` with every infusion, `samples` those it was made from (for the limits of what lies below them).
    """
    title = term("fig_conc_peak_trough", language).format(name=name.say(language))
    canvas = Canvas(title, language=language, width=9.5, height=5)
    axes = canvas.axes
    rows = _of_infusions(results, ("cmax", "c_trough"), analyte)
    subjects = sorted(set(rows["subject"]))
    limit = samples["lloq"].max()
    for at, subject in enumerate(subjects):
        look = _look(at)
        for statistic, line, label in (("cmax", "-", "fig_conc_peak"), ("c_trough", ":", "fig_conc_trough")):
            mine = rows.filter((pl.col("subject") == subject) & (pl.col("statistic") == statistic)).sort("infusion")
            seen = mine.filter(pl.col("value").is_not_null())
            axes.plot(seen["infusion"], seen["value"], ls=line, label=f"{subject}, {canvas.words(label)}", ms=5, **look)
            low = mine.filter(pl.col("reason") == "kinetics_trough_below_limit")
            at_limit = [float(json.loads(one)["lloq"]) for one in low["particulars"]]
            axes.plot(low["infusion"], at_limit, ls="", mfc="white", ms=5, **look)
    if limit is not None:
        axes.axhline(float(limit), color=GREY, ls="--", lw=0.9)  # type: ignore[arg-type]  # the column holds numbers
    axes.set_yscale("log")
    axes.set_ylabel(unit_label(str(samples["unit"][0]), language))
    return _by_infusion(canvas, "fig_conc_note_peak_trough", notes)


def observed_over_superposed(
    results: Results, summary: Results, analyte: str, name: Text, language: Language, notes: Sequence[str] = ()
) -> Canvas:
    """This will draw observed over superposed areas against the number of the infusion, with the geometric mean and its interval."""
    title = term("fig_conc_superposition", language).format(name=name.say(language))
    canvas = Canvas(title, language=language, width=9.5, height=5)
    axes = canvas.axes
    rows = _of_infusions(results, ("observed_to_superposition",), analyte).filter(pl.col("value").is_not_null())
    subjects = sorted(set(rows["subject"]))
    for at, subject in enumerate(subjects):
        mine = rows.filter(pl.col("subject") == subject).sort("infusion")
        axes.plot(mine["infusion"], mine["value"], ls="", ms=6, label=subject, **_look(at))
    means = summary.select("nca_summary", parameter="observed_to_superposition", analyte=analyte)
    labelled = False
    for window in sorted({str(item.context["window"]) for item in means if str(item.context["window"]).startswith(EVERY)}):
        found = {item.name: item.value for item in means.select(window=window)}
        if not isinstance(found.get("lower"), float):
            continue
        mean, low, high = (float(found[key] or 0.0) for key in ("geometric_mean", "lower", "upper"))  # type: ignore[arg-type]
        label = None if labelled else canvas.words("fig_conc_mean_ratio")
        at_x = int(window.removeprefix(EVERY)) + 0.18
        axes.errorbar([at_x], [mean], yerr=[[mean - low], [high - mean]], fmt="_", color="black", capsize=4, ms=12, label=label)
        labelled = True
    axes.axhline(1.0, color=GREY, lw=0.9)
    axes.set_yscale("log")
    if rows.height:
        # An interval of two or three ratios can be wider than any page: it is cut at the frame, and stands whole in the summary.
        values = [*rows["value"].to_list(), 1.0]
        axes.set_ylim(min(values) / 5, max(values) * 5)
    axes.set_ylabel(canvas.words("fig_conc_ratio"))
    return _by_infusion(canvas, "fig_conc_note_superposition", notes)


def _by_infusion(canvas: Canvas, note: str, notes: Sequence[str]) -> Canvas:
    """This will finish a figure over the numbers of infusions: its axis, its legend and its footnotes, `note` first."""
    canvas.axes.set_xlabel(canvas.words("fig_conc_infusion_axis"))
    canvas.axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    canvas.axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    canvas.footnotes([canvas.words(note), *notes])
    return canvas


def persistence_curve(
    results: Results, analyte: str, negatives: int, name: Text, language: Language, notes: Sequence[str] = ()
) -> Canvas:
    """This will draw the share in whom cells are still found, from the Kaplan-Meier rows of `nca.persistence.still_found`."""
    title = term("fig_conc_persistence", language).format(name=name.say(language))
    canvas = Canvas(title, language=language, width=9, height=5.4, rows=2, height_ratios=(5, 0.7), share_x=True)
    axes, below = canvas.axes
    rows = results.select("persistence", analyte=analyte)
    frame = rows.frame().sort("end", "time")
    curves = {}
    for at, (end, label) in enumerate((("latest", "fig_conc_latest"), ("earliest", "fig_conc_earliest"))):
        mine = frame.filter((pl.col("end") == end) & (pl.col("statistic") == "still_found"))
        curves[end] = mine
        axes.step(mine["time"], mine["value"], where="post", color=PALETTE[at], ls=("-", "--")[at], label=canvas.words(label))
    times = sorted({*curves["latest"]["time"], *curves["earliest"]["time"]})
    values = [[_at(curve, time) for time in times] for curve in (curves["earliest"], curves["latest"])]
    axes.fill_between(times, values[0], values[1], step="post", color=PALETTE[0], alpha=0.15, lw=0)
    axes.set_ylim(0, 1.03)
    axes.set_ylabel(canvas.words("fig_conc_still_found"))
    axes.legend(loc="upper right")
    counts = {item.name: item.value for item in rows if item.name in {"n", "n_event", "n_censored"}}
    risk = frame.filter((pl.col("end") == "latest") & (pl.col("statistic") == "n_risk")).sort("time")
    axes.set_xlim(left=-0.03 * max(times))
    for tick in [one for one in axes.get_xticks() if 0 <= one <= axes.get_xlim()[1]]:
        still = risk.filter(pl.col("time") >= tick)
        below.text(tick, 0, f"{still['value'][0] if still.height else 0:g}", ha="center", va="center", fontsize=8.5)
    below.set_ylim(-1, 1)
    below.set_yticks([])
    below.set_ylabel(canvas.words("fig_conc_at_risk"), rotation=0, ha="right", va="center", fontsize=8.5)
    below.set_xlabel(canvas.words("fig_conc_days_donor"))
    note = canvas.words("fig_conc_note_persistence").format(
        n=counts["n"], events=counts["n_event"], censored=counts["n_censored"], negatives=negatives
    )  # fmt: skip
    canvas.footnotes([note, *notes])
    return canvas


def _at(curve: pl.DataFrame, time: float) -> float:
    before = curve.filter(pl.col("time") <= time)
    return float(before["value"][-1]) if before.height else 1.0


def _of_infusions(results: Results, names: Sequence[str], analyte: str) -> pl.DataFrame:
    frame = results.select("nca").frame()
    return frame.filter(
        pl.col("statistic").is_in(names) & (pl.col("analyte") == analyte) & pl.col("window").str.starts_with(EVERY)
    )
