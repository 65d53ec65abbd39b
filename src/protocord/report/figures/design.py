"""Figures of a design, drawn from its results: saw-tooth, characteristics, admissible weights, precision, accrual."""

from __future__ import annotations

from typing import Any

import polars as pl

from protocord.report.canvas import GREY, LINES, MARKERS, PALETTE, Canvas
from protocord.statistics import Results
from protocord.statistics.rounding import shown
from protocord.values import Language, Reason
from protocord.words import WordsMissing, say, term


def saw_tooth(results: Results, language: Language) -> Canvas:
    """This will draw exact power and type I error against the number of subjects, with the sizes that were chosen."""
    frame = _wide(results, "saw_tooth", "n")
    smallest = results.value("single_stage", "n", design="smallest")
    settled = results.value("single_stage", "n", design="settled")
    shown_from = max(1, smallest - 20)
    frame = frame.filter(pl.col("n") >= shown_from)
    canvas = Canvas(term("figure_saw_tooth", language), language=language, rows=2, height=6.5, share_x=True, height_ratios=[3, 2])
    sizes = frame["n"].to_list()
    works = frame["works"].to_list()
    power, error = frame["power"].to_list(), frame["type_one"].to_list()
    for axes, values, asked, label in (
        (canvas.axes[0], power, results.about["power_asked"], "figure_power"),
        (canvas.axes[1], error, results.about["alpha"], "figure_type_one"),
    ):
        axes.plot(sizes, values, color=GREY, linewidth=0.8, zorder=1)
        for kept, marker, colour, fill in ((1, MARKERS[0], PALETTE[0], PALETTE[0]), (0, MARKERS[1], PALETTE[1], "none")):
            chosen = [index for index, work in enumerate(works) if bool(work) == bool(kept)]
            axes.plot(
                [sizes[index] for index in chosen],
                [values[index] for index in chosen],
                marker,
                color=colour,
                markerfacecolor=fill,
                markersize=4.5,
                label=canvas.words("figure_works" if kept else "figure_fails"),
                zorder=2,
            )
        axes.axhline(asked, color=PALETTE[6], linestyle=LINES[1], linewidth=0.9)
        axes.set_ylabel(canvas.words(label))
        for size in {smallest, settled}:
            axes.axvline(size, color=PALETTE[2], linestyle=LINES[2], linewidth=1.1, zorder=0)
    canvas.axes[1].set_xlabel(canvas.words("figure_subjects"))
    canvas.axes[0].legend(loc="lower right")
    chosen_note = Reason.of("figure_saw_tooth_note", smallest=smallest, settled=settled)
    canvas.footnotes([_question(results, language), canvas.say(chosen_note)])
    return canvas


def operating_curve(results: Results, language: Language) -> Canvas:
    """This will draw, for each design, the exact probability to conclude and the expected size against the true rate."""
    canvas = Canvas(term("figure_characteristics", language), language=language, columns=2, width=10, height=5)
    designs = _designs(results, "characteristics")
    for index, design in enumerate(designs):
        frame = _wide(results, "characteristics", "true_rate", design=design).sort("true_rate")
        style: dict[str, Any] = {"color": PALETTE[index % 7], "linestyle": LINES[index % 7]}
        for axes, name in zip(canvas.axes, ("conclude", "expected_n"), strict=True):
            axes.plot(frame["true_rate"].to_list(), frame[name].to_list(), label=_design(design, language), **style)
    for axes, name in zip(canvas.axes, ("figure_conclude", "figure_expected_n"), strict=True):
        axes.set_xlabel(canvas.words("figure_true_rate"))
        axes.set_ylabel(canvas.words(name))
        for rate in ("p0", "p1"):
            if rate in results.about:
                axes.axvline(results.about[rate], color=GREY, linestyle=LINES[2], linewidth=0.9)
                axes.annotate(
                    rate, (results.about[rate], 1.0), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9
                )
    canvas.axes[0].set_ylim(-0.02, 1.02)
    _, top = canvas.axes[1].get_ylim()
    canvas.axes[1].set_ylim(0, top * 1.05)
    canvas.axes[1].legend(loc="best")
    canvas.footnotes([_question(results, language), canvas.words("figure_exact_note")])
    return canvas


def admissible_weights(results: Results, language: Language) -> Canvas:
    """This will draw n against E(N | p0) with the admissible designs, and the weights q for which each is the best."""
    canvas = Canvas(term("figure_admissible", language), language=language, columns=2, width=10.5, height=5)
    best = _wide(results, "best_of_size", "n").sort("n")
    plane, weights = canvas.axes
    plane.plot(best["n"].to_list(), best["expected_n_null"].to_list(), "o", color=GREY, markersize=3.5, markerfacecolor="none")
    corners = [
        (design, *(results.value("two_stage", name, design=design) for name in ("n", "expected_n_null", "q_low", "q_high")))
        for design in _designs(results, "two_stage")
    ]
    plane.plot([row[1] for row in corners], [row[2] for row in corners], "-", color=GREY, linewidth=0.9, zorder=0)
    for index, (design, n, expected, low, high) in enumerate(corners):
        colour, marker = PALETTE[index % 7], MARKERS[index % 7]
        plane.plot([n], [expected], marker, color=colour, markersize=8, label=design)
        weights.plot([low, high], [index, index], color=colour, linewidth=6, solid_capstyle="butt")
        weights.plot([(low + high) / 2], [index], marker, color=colour, markersize=8, markeredgecolor="white")
        text = f"{shown(low, 3)} - {shown(high, 3)}"
        weights.annotate(text, ((low + high) / 2, index), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=8)
    plane.set_xlabel(canvas.words("figure_total_n"))
    plane.set_ylabel(canvas.words("figure_expected_null"))
    plane.legend(loc="upper right")
    weights.set_yticks(range(len(corners)), [row[0] for row in corners])
    weights.set_ylim(len(corners) - 0.4, -0.7)
    weights.set_xlim(-0.02, 1.02)
    weights.set_xlabel(canvas.words("figure_weight"))
    canvas.footnotes([_question(results, language), canvas.words("figure_admissible_note")])
    return canvas


def precision_curve(results: Results, language: Language) -> Canvas:
    """This will draw the limits at each count of the first number of subjects, and the expected width against the true rate."""
    canvas = Canvas(term("figure_precision", language), language=language, columns=2, width=10, height=5)
    sizes = sorted({int(str(item.context["n"])) for item in results.select("width")})
    methods = list(dict.fromkeys(str(item.context["interval"]) for item in results.select("width")))
    n = sizes[0]
    level = next(item.level for item in results.select("limits", "lower"))
    limits, widths = canvas.axes
    for index, method in enumerate(methods):
        frame = _wide(results, "limits", "responses", n=n, interval=method).sort("responses")
        counts = frame["responses"].to_list()
        style: dict[str, Any] = {"color": PALETTE[index], "linestyle": LINES[index]}
        limits.plot(counts, frame["lower"].to_list(), label=term(f"design_value_{method}", language), **style)
        limits.plot(counts, frame["upper"].to_list(), **style)
    limits.plot(counts, frame["estimate"].to_list(), color=PALETTE[6], linewidth=0.9, label=canvas.words("figure_observed"))
    limits.set_xlabel(canvas.say(Reason.of("figure_events_of", n=n)))
    limits.set_ylabel(canvas.words("figure_limits"))
    limits.legend(loc="upper left")
    for at, size in enumerate(sizes):
        for index, method in enumerate(methods):
            frame = _wide(results, "width", "true_rate", n=size, interval=method).sort("true_rate")
            name = term(f"design_value_{method}", language)
            label = name if len(sizes) == 1 else f"n = {size}, {name}"
            rates = frame["true_rate"].to_list()
            look: dict[str, Any] = {"color": PALETTE[(at + index) % 7 if len(sizes) == 1 else at % 7], "linestyle": LINES[index]}
            widths.plot(
                rates, frame["expected_width"].to_list(), marker=MARKERS[(at + index) % 7], markersize=4, label=label, **look
            )
    widths.set_xlabel(canvas.words("figure_true_rate"))
    widths.set_ylabel(canvas.words("figure_expected_width"))
    widths.set_ylim(0, None)
    widths.legend(loc="lower right")
    note = Reason.of("figure_precision_note", n=n, level=shown(100 * (level or 0), 0))
    canvas.footnotes([canvas.say(note)])
    return canvas


def accrual_forecast(results: Results, language: Language) -> Canvas:
    """This will draw the number enrolled with its band against the day, the target, and the days by which it is reached."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    canvas = Canvas(term("figure_accrual", language), language=language, width=9.5, height=5.5)
    axes = canvas.axes
    points = [(item.context["day"], item.value) for item in results.select("curve", "median")]
    days = [day for day, _ in points]
    low = [item.value for item in results.select("curve", "q10")]
    high = [item.value for item in results.select("curve", "q90")]
    target = results.value("target", "target")
    axes.fill_between(days, low, high, color=PALETTE[4], alpha=0.35, label=canvas.words("figure_band"))
    axes.plot(days, [value for _, value in points], color=PALETTE[0], label=canvas.words("figure_median"))
    axes.plot(days, [item.value for item in results.select("curve", "mean")], color=PALETTE[6], linestyle=LINES[1],
              label=canvas.words("figure_mean"))  # fmt: skip
    axes.axhline(target, color=PALETTE[1], linestyle=LINES[2], label=f"{canvas.words('figure_target')}: {target}")
    told = []
    for index, chance in enumerate((0.1, 0.5, 0.9)):
        day = results.value("reached", "day", chance_of_target=chance)
        if day is not None:
            axes.plot([day], [target], MARKERS[index], color=PALETTE[1], markersize=8, zorder=3)
            told.append(f"{shown(100 * chance, 0)} %: {day}")
    axes.set_ylim(0, max(target * 1.35, 1))
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    steps = {"formats": ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%S"], "zero_formats": ["", "%Y", "%Y-%m", "", "", ""]}
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False, **steps))  # type: ignore[no-untyped-call]
    axes.set_ylabel(canvas.words("figure_enrolled"))
    axes.set_xlabel(canvas.words("figure_day"))
    axes.legend(loc="upper left")
    sites = len({item.context["site"] for item in results.select("sites")})
    enrolled = results.value("target", "enrolled")
    note = Reason.of("figure_accrual_note", sites=sites, enrolled=enrolled, cut=str(results.about["cut"]))
    reached = Reason.of("figure_reached_note", days="; ".join(told))
    canvas.footnotes([canvas.say(note), *([canvas.say(reached)] if told else []), canvas.words("figure_accrual_method")])
    return canvas


def _question(results: Results, language: Language) -> str:
    """The line that says what the design was asked to do."""
    about = results.about
    if not {"p0", "p1", "alpha", "power_asked", "type_one_rule"} <= set(about):
        return term("figure_exact_note", language)
    said = {name: f"{float(str(about[name])):g}" for name in ("p0", "p1", "alpha")}
    power = f"{float(str(about['power_asked'])):g}"
    return say(Reason.of("figure_question", power=power, rule=str(about["type_one_rule"]), **said), language)


def _designs(results: Results, analysis: str) -> list[str]:
    return list(dict.fromkeys(str(item.context["design"]) for item in results.select(analysis)))


def _design(name: str, language: Language) -> str:
    try:
        return term(f"design_value_{name}", language)
    except WordsMissing:  # a design called by its own numbers, such as 3/17 10/37
        return name


def _wide(results: Results, analysis: str, by: str, **context: Any) -> pl.DataFrame:
    """One row a value of `by`, one column a statistic, of that analysis and context."""
    rows: dict[Any, dict[str, Any]] = {}
    for item in results.select(analysis, None, **context):
        rows.setdefault(item.context[by], {by: item.context[by]})[item.name] = item.value
    return pl.DataFrame(list(rows.values()), infer_schema_length=None)
