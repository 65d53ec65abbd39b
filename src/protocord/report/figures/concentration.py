"""Figures of concentration: over time, after each infusion, means, terminal slopes. Drawn from samples and answers, never recomputed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, exp
from typing import TYPE_CHECKING, Any

import polars as pl
from matplotlib.ticker import MaxNLocator

from protocord.kinetics.nca import codes
from protocord.kinetics.nca.summary import of_infused_donor
from protocord.report.canvas import GREY, LINES, MARKERS, PALETTE, Canvas
from protocord.statistics import Results, significant
from protocord.values import Language, Text
from protocord.words import term
from protocord.words.showing import shown_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from protocord.kinetics.nca.analysis import Answer

CELLS = "{cells}/uL"
_MOST_FITS = 12


def unit_label(unit: str, language: Language) -> str:
    """This will return a unit as the axes show it."""
    return term("fig_conc_cells_unit", language) if unit == CELLS else shown_unit(unit, language)


def concentration_by_dose(
    samples: pl.DataFrame, doses: pl.DataFrame, name: Text, language: Language, notes: Sequence[str] = ()
) -> Canvas:
    """This will draw one analyte's concentrations against actual time, semi-logarithmic, a panel a dose level.

    `samples` (usable, of one analyte) and `doses` as `intake.take` returns them. Results below the limit are open symbols at their
    own LLOQ, infusions ticks at the bottom.
    """
    levels = sorted(set(samples["dose_level"].drop_nulls())) or [""]
    title = term("fig_conc_by_dose", language).format(name=name.say(language))
    canvas = Canvas(
        title, language=language, width=10, height=1.2 + 3.1 * len(levels), rows=len(levels), share_x=True, share_y=True
    )
    subjects = sorted(set(samples["subject"]))
    for axes, level in zip(_every(canvas), levels, strict=True):
        part = samples.filter(pl.col("dose_level").fill_null("") == level)
        _limits(axes, samples)
        for subject in [one for one in subjects if one in set(part["subject"])]:
            look = _look(subjects.index(subject))
            rows = part.filter(pl.col("subject") == subject)
            for at, donor in enumerate(sorted(set(rows["donor"]))):
                _curve(axes, rows.filter(pl.col("donor") == donor), look, LINES[at % len(LINES)], _who(subject, donor, language))
            starts = doses.filter(pl.col("subject") == subject)["start"].to_list()
            axes.plot(
                starts, [0.015] * len(starts), "|", color=look["color"], ms=11, mew=1.6, transform=axes.get_xaxis_transform()
            )
        label = "fig_conc_level" if level else "fig_conc_all_levels"
        axes.set_title(term(label, language).format(level=level), loc="left")
        _semi_log(axes, samples, language)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _every(canvas)[-1].set_xlabel(canvas.words("fig_conc_days"))
    lines = [
        _count(samples, language),
        _limit_note(samples, language),
        canvas.words("fig_conc_note_time"),
        canvas.words("fig_conc_note_line"),
    ]
    canvas.footnotes([*lines, *notes])
    return canvas


def dose_aligned(
    samples: pl.DataFrame, doses: pl.DataFrame, name: Text, language: Language, notes: Sequence[str] = (), *, days: float = 14.0
) -> Canvas:
    """This will draw the concentrations after each infusion, a facet an infusion, of the donor whose cells it gave.

    Time zero is the infusion's start. Samples up to `days` after it are drawn; how many were later is said below.
    """
    numbers = sorted(set(doses["infusion"]))
    columns = min(4, len(numbers))
    rows = ceil(len(numbers) / columns)
    title = term("fig_conc_aligned", language).format(name=name.say(language))
    canvas = Canvas(
        title, language=language, width=11, height=1.6 + 2.7 * rows, rows=rows, columns=columns, share_x=True, share_y=True
    )
    subjects = sorted(set(samples["subject"]))
    planned = of_infused_donor(samples, doses).with_columns((pl.col("time") - pl.col("start")).alias("since"))
    planned = planned.with_columns(pl.when(pl.col("since") < 0).then(0.0).otherwise(pl.col("since")).alias("time"))
    later = planned.filter(pl.col("since") > days).height
    planned = planned.filter(pl.col("since") <= days)
    panels = _every(canvas)
    for axes, number in zip(panels, numbers, strict=False):
        _limits(axes, samples)
        for at, subject in enumerate(subjects):
            rows_of = planned.filter((pl.col("infusion") == number) & (pl.col("subject") == subject))
            _curve(axes, rows_of, _look(at), "-", subject)
        axes.set_title(term("fig_conc_infusion", language).format(number=number), loc="left")
        axes.set_yscale("log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    for axes in panels[len(numbers) :]:
        axes.set_visible(False)
    for axes in panels[::columns]:
        axes.set_ylabel(unit_label(str(samples["unit"][0]), language))
    for axes in panels[-columns:]:
        axes.set_xlabel(canvas.words("fig_conc_days_after"), fontsize=8.5)
    _legend(canvas, panels)
    aligned = canvas.words("fig_conc_note_aligned").format(days=f"{days:g}", later=later)
    canvas.footnotes([_count(planned, language), _limit_note(samples, language), aligned, *notes])
    return canvas


def mean_profile(
    summary: Results, analyte: str, infusion: int, name: Text, language: Language, notes: Sequence[str] = ()
) -> Canvas:
    """This will draw geometric means with their SD (semi-logarithmic) and arithmetic ones (linear) after one infusion, with n and n BLQ.

    `summary` comes from `nca.summary.by_nominal_time`.
    """
    title = term("fig_conc_means", language).format(name=name.say(language), infusion=infusion)
    canvas = Canvas(title, language=language, width=11, height=5.8, rows=2, columns=2, height_ratios=(5, 1.3))
    frame = summary.select("concentration_summary", analyte=analyte, infusion=infusion).frame()
    wide = frame.pivot("statistic", index=["dose_level", "nominal"], values="value").sort("dose_level", "nominal")
    methods = {
        (row["dose_level"], row["nominal"]): row["method"]
        for row in frame.filter(pl.col("statistic") == "geometric_mean").iter_rows(named=True)
    }
    levels = sorted(set(wide["dose_level"]))
    axes = canvas.axes
    for at, level in enumerate(levels):
        rows = wide.filter(pl.col("dose_level") == level)
        look = _look(at)
        label = term("fig_conc_level", language).format(level=level) if level else canvas.words("fig_conc_all_levels")
        # The SD of the logarithms comes back from the geometric CV.
        geo = rows.filter(pl.col("geometric_mean").is_not_null())
        factor = [1.0 if cv is None else exp(_log_sd(cv)) for cv in geo["geometric_cv"]]
        means = geo["geometric_mean"].to_list()
        below = [m - m / f for m, f in zip(means, factor, strict=True)]
        above = [m * f - m for m, f in zip(means, factor, strict=True)]
        axes[0, 0].errorbar(
            geo["nominal"], means, yerr=[below, above], capsize=3, color=look["color"], ls=LINES[at % len(LINES)], label=label
        )
        filled = [look["color"] if not methods[level, t] else "white" for t in geo["nominal"]]
        axes[0, 0].scatter(geo["nominal"], means, marker=look["marker"], c=filled, edgecolors=look["color"], zorder=3)
        mean = rows.filter(pl.col("mean").is_not_null())
        spread = [sd or 0.0 for sd in mean["sd"]]
        axes[0, 1].errorbar(mean["nominal"], mean["mean"], yerr=spread, capsize=3, label=label, ls=LINES[at % len(LINES)], **look)
    if wide["geometric_mean"].drop_nulls().len():  # none where all lies below the limit: then there is nothing to scale
        axes[0, 0].set_yscale("log")
    unit = unit_label(str(frame.filter(pl.col("statistic") == "mean")["unit"][0]), language)
    for column, key in ((0, "fig_conc_geometric"), (1, "fig_conc_arithmetic")):
        axes[0, column].set_title(canvas.words(key), loc="left")
        axes[0, column].set_ylabel(unit)
        axes[0, column].set_xlabel(canvas.words("fig_conc_days_after"))
        _count_table(axes[1, column], wide, levels, canvas)
    axes[0, 0].legend()
    canvas.footnotes([canvas.words("fig_conc_note_means"), *notes])
    return canvas


def measured_profiles(answer: Answer, analyte: str, window: Sequence[str]) -> list[int]:
    """This will return the rows of the profiles of the windows named in which anything was found."""
    return [
        k for k, key in enumerate(answer.profiles.keys.iter_rows(named=True))
        if key["analyte"] == analyte and key["window"] in window and not answer.reasons[k, codes.CMAX]
    ]  # fmt: skip


def individual_fits(
    answer: Answer, analyte: str, window: Sequence[str], name: Text, language: Language, notes: Sequence[str] = ()
) -> Canvas:
    """This will draw the profiles of the windows named, each with the points of its terminal slope and the line; twelve at most."""
    chosen = measured_profiles(answer, analyte, window)
    some = chosen[:_MOST_FITS]
    columns = min(4, max(1, len(some)))
    rows = max(1, ceil(len(some) / columns))
    title = term("fig_conc_fits", language).format(name=name.say(language))
    canvas = Canvas(
        title, language=language, width=2.9 * columns + 2.4, height=1.6 + 2.6 * rows, rows=rows, columns=columns, share_y=True
    )
    panels = _every(canvas)
    for axes, k in zip(panels, some, strict=False):
        _fit(axes, answer, k, canvas)
    for axes in panels[len(some) :]:
        axes.set_visible(False)
    for axes in panels[-columns:]:
        axes.set_xlabel(canvas.words("fig_conc_days_after"), fontsize=8)
    _legend(canvas, panels)
    note = canvas.words("fig_conc_note_fits").format(window=", ".join(window), shown=len(some), all=len(chosen))
    canvas.footnotes([note, *notes])
    return canvas


def _fit(axes: Axes, answer: Answer, k: int, canvas: Canvas) -> None:
    key = answer.profiles.keys.row(k, named=True)
    times, values, states, lloqs = answer.profiles.samples(k)
    used = set(answer.points_used(k))
    points = [(t, v, t in used) for t, v, s in zip(times.tolist(), values.tolist(), states, strict=True) if s == 0]
    for wanted, label, marker in ((True, "fig_conc_used", "o"), (False, "fig_conc_not_used", "x")):
        some = [(t, v) for t, v, was in points if was == wanted]
        if some:
            axes.plot(*zip(*some, strict=True), marker, color=PALETTE[0] if wanted else GREY, label=canvas.words(label), ms=5)
    low = (states == 1) | (states == 2)
    if low.any():
        axes.plot(times[low], lloqs[low], "o", mfc="none", color=GREY, label=canvas.words("fig_conc_blq"), ms=5)
    axes.set_yscale("log")
    who = f"{key['subject']} {key['donor']}".strip()
    said = canvas.words("fig_conc_no_slope")
    if used:
        ends = [answer.values[k, codes.FROM], answer.values[k, codes.TO]]
        line = [exp(answer.values[k, codes.INTERCEPT] - answer.values[k, codes.LAMBDA_Z] * t) for t in ends]
        axes.plot(ends, line, "-", color=PALETTE[1], label=canvas.words("fig_conc_line"))
        half_life, r2 = (significant(float(answer.values[k, which]), 3) for which in (codes.HALF_LIFE, codes.R2_ADJUSTED))
        said = canvas.words("fig_conc_half_life").format(value=half_life, r2=r2)
    infusion = canvas.words("fig_conc_infusion").format(number=key["infusion"])
    axes.set_title(f"{who}\n{infusion}\n{said}", loc="left", fontsize=8)


def _curve(axes: Axes, rows: pl.DataFrame, look: dict[str, Any], line: Any, label: str) -> None:
    """One subject's and donor's results: the line joins all, those below the limit open at their own LLOQ."""
    if not rows.height:
        return
    shown = rows.sort("time").with_columns(pl.when(pl.col("censoring") == "none").then("value").when(pl.col("censoring") == "right").then("uloq").otherwise("lloq").alias("at"))  # fmt: skip
    seen = shown.filter(pl.col("censoring") == "none")
    low = shown.filter(pl.col("censoring") != "none")
    axes.plot(shown["time"], shown["at"], ls=line, lw=0.9, color=look["color"], alpha=0.75)
    axes.plot(seen["time"], seen["at"], ls="", ms=4.5, **look)
    axes.plot([], [], ls=line, lw=0.9, ms=4.5, **look, label=label)  # so that the legend shows the dashes too
    axes.plot(low["time"], low["at"], ls="", ms=4.5, mfc="white", **look)


def _limits(axes: Axes, samples: pl.DataFrame) -> None:
    low, high = samples["lloq"].min(), samples["lloq"].max()
    if low is None:
        return
    axes.axhspan(float(low), float(high), color="#dddddd", lw=0, zorder=0)  # type: ignore[arg-type]  # the column holds numbers
    axes.axhline(float(high), color=GREY, ls="--", lw=0.9, zorder=0)  # type: ignore[arg-type]


def _semi_log(axes: Axes, samples: pl.DataFrame, language: Language) -> None:
    axes.set_yscale("log")
    axes.set_ylabel(unit_label(str(samples["unit"][0]), language))


def _look(at: int) -> dict[str, Any]:
    return {"color": PALETTE[at % len(PALETTE)], "marker": MARKERS[(at + at // len(PALETTE)) % len(MARKERS)]}


def _who(subject: str, donor: str, language: Language) -> str:
    return f"{subject}, {term('fig_conc_donor', language).format(donor=donor)}" if donor else subject


def _every(canvas: Canvas) -> list[Axes]:
    axes = canvas.axes
    return [axes] if not hasattr(axes, "ravel") else list(axes.ravel())


def _legend(canvas: Canvas, panels: Iterable[Axes]) -> None:
    """One legend for all panels, each label once, to the right."""
    found: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    canvas.figure.legend(list(found.values()), list(found), loc="outside right upper", fontsize=8.5)


def _count(samples: pl.DataFrame, language: Language) -> str:
    below = samples.filter(pl.col("censoring").is_in(["left", "detected_below"])).height
    return term("fig_conc_note_n", language).format(subjects=samples["subject"].n_unique(), samples=samples.height, below=below)


def _limit_note(samples: pl.DataFrame, language: Language) -> str:
    low, high = samples["lloq"].min(), samples["lloq"].max()
    if low is None or high is None:
        return term("kinetics_note_lloq_none", language)
    ends = [f"{significant(float(end), 2):f}" for end in dict.fromkeys((low, high))]  # type: ignore[arg-type]
    said = f"{' - '.join(ends)} {unit_label(str(samples['unit'][0]), language)}"
    return term("fig_conc_note_lloq", language).format(range=said)


def _count_table(axes: Axes, wide: pl.DataFrame, levels: Sequence[str], canvas: Canvas) -> None:
    """A line of the planned times, and below it n and n BLQ of each level; in columns of one width, since early times lie close."""
    times = sorted(set(wide["nominal"]))
    for column, time in enumerate(times):
        axes.text(column, 0, f"{time:g}", ha="center", va="center", fontsize=8)
        for at, level in enumerate(levels):
            for n, low in (
                wide.filter((pl.col("dose_level") == level) & (pl.col("nominal") == time)).select("n", "n_below").iter_rows()
            ):
                axes.text(column, at + 1, f"{n:g}/{low:g}", ha="center", va="center", fontsize=8, color=_look(at)["color"])
    axes.set_xlim(-0.7, len(times) - 0.3)
    axes.set_ylim(len(levels) + 0.5, -0.5)
    axes.set_yticks(
        [0, *range(1, len(levels) + 1)],
        [canvas.words("fig_conc_day"), *([canvas.words("fig_conc_n_and_below")] * len(levels))],
        fontsize=8,
    )
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _log_sd(cv: float) -> float:
    from math import log1p, sqrt

    return sqrt(log1p((cv / 100) ** 2))
