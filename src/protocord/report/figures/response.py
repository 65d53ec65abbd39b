"""Figures of tumour response: waterfall, spider, swimmer, and a forest of rates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from protocord.report.canvas import GREY, HATCHES, LINES, MARKERS, PALETTE, Canvas
from protocord.report.figures.response_chart import Chart, Child, Rate, chart
from protocord.statistics.rounding import half_up, percent
from protocord.values import Language

__all__ = ["Chart", "chart", "forest", "spider", "swimmer", "waterfall"]

# One look for each best response, never by colour alone: a hatch in bars, a line and a marker in curves.
_LOOK = {name: at for at, name in enumerate(("PR", "PD", "CR", "NE", "SD", "NON_CR_NON_PD", "NED"))}
_SHRUNK, _GROWN = -30, 20
_BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
_LABELLED = 16  # beyond, only the responders' lines are named
_INCHES_PER_CHILD, _LEAST_HEIGHT, _MOST_HEIGHT = 0.32, 4.8, 16.0


def _color(response: str) -> str:
    return PALETTE[_LOOK[response]]


def _hatch(response: str) -> str:
    return HATCHES[_LOOK[response]]


def _title(found: Chart, kind: str, language: Language) -> str:
    from protocord.words import term

    return term(f"figresp_{kind}", language).format(study=found.study)


def _notes(canvas: Canvas, found: Chart, *first: str) -> None:
    reader = canvas.words(f"figresp_reader_{found.reader}")
    opened = canvas.words("figresp_note_open").format(reader=reader)
    cut = canvas.words("figresp_note_cut").format(cut=found.cut) if found.cut else canvas.words("figresp_note_no_cut")
    canvas.footnotes([*first, f"{opened} {cut}" if canvas.language == "en" else f"{opened}{cut}"])


def _criteria(canvas: Canvas, found: Chart) -> str:
    kind = canvas.words("figresp_with" if found.confirmed else "figresp_unconfirmed")
    return canvas.words("figresp_note_criteria").format(confirmed=kind)


def _counted(canvas: Canvas, shown: Sequence[Child], left_out: Sequence[Child]) -> str:
    if not left_out:
        return canvas.words("figresp_note_n_all").format(n=len(shown))
    ids = ", ".join(child.id for child in left_out)
    return canvas.words("figresp_note_n").format(n=len(shown), missing=len(left_out), ids=ids)


def waterfall(found: Chart, language: Language = "en") -> Canvas:
    """This will draw the best change of the sum in each child with measurable disease, largest growth first, with the best response."""
    measurable = [child for child in found.children if child.measurable]
    shown = sorted((child for child in measurable if child.best_change is not None), key=_depth, reverse=True)
    canvas = Canvas(
        _title(found, "waterfall", language), language=language, width=max(9.0, min(18.0, 0.34 * len(shown) + 3)), height=6
    )
    axes = canvas.axes
    for at, child in enumerate(shown):
        change = _depth(child)
        axes.bar(
            at, change or 0.4, width=0.8, color=_color(child.best), hatch=_hatch(child.best), edgecolor="white", linewidth=0.5
        )
        above = change >= 0
        text = canvas.words(f"response_{child.best}") + ("*" if child.confirmed else "")
        axes.annotate(
            text,
            (at, change),
            (0, 3 if above else -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=8,
        )
    for level in (_GROWN, _SHRUNK):
        axes.axhline(level, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(shown)), [child.id for child in shown], rotation=90 if len(shown) > 14 else 0, fontsize=8)
    axes.set_xlim(-0.7, len(shown) - 0.3)
    axes.set_ylabel(canvas.words("figresp_best_change"))
    axes.set_xlabel(canvas.words("figresp_child"))
    values = [_depth(child) for child in shown]
    axes.set_ylim(min([*values, _SHRUNK]) - 12, max([*values, _GROWN]) + 12)
    handles: list[Any] = [_patch(canvas, response) for response in _present(shown)]
    handles.append(Line2D([], [], linestyle="none", marker="$*$", color="black", label=canvas.words("figresp_confirmed")))
    _legend(axes, handles, canvas.words("figresp_best"))
    left_out = [child for child in measurable if child.best_change is None]
    _notes(
        canvas,
        found,
        _counted(canvas, shown, left_out),
        _criteria(canvas, found),
        canvas.words("figresp_note_lines"),
        canvas.words("figresp_note_waterfall"),
    )
    return canvas


def _legend(axes: Any, handles: Sequence[Any], title: str | None) -> None:
    """Beside the axes, where no bar or line can lie under it."""
    axes.legend(handles=handles, title=title, loc="center left", bbox_to_anchor=(1.01, 0.5), title_fontsize=9, frameon=False)


def _depth(child: Child) -> float:
    return child.best_change if child.best_change is not None else 0.0


def _present(children: Sequence[Child]) -> list[str]:
    found = {child.best for child in children}
    return [response for response in ("CR", "PR", "SD", "NON_CR_NON_PD", "NED", "PD", "NE") if response in found]


def _patch(canvas: Canvas, response: str) -> Patch:
    label = canvas.words(f"response_{response}")
    return Patch(facecolor=_color(response), hatch=_hatch(response), edgecolor="white", label=label)


def spider(found: Chart, language: Language = "en") -> Canvas:
    """This will draw the change of each child's sum from baseline over time; a line and a marker for each best response."""
    measurable = [child for child in found.children if child.measurable]
    shown = [child for child in measurable if any(point.change is not None for point in child.points)]
    canvas = Canvas(_title(found, "spider", language), language=language, width=9.5, height=6.4)
    axes, ends = canvas.axes, []
    month = found.days_per_month
    for child in shown:
        points = [(point.day / month, point.change, point) for point in child.points if point.change is not None]
        times, changes = [0.0, *(time for time, _, _ in points)], [0.0, *(change for _, change, _ in points)]
        look = _LOOK[child.best]
        axes.plot(times, changes, color=PALETTE[look], linestyle=LINES[look], marker=MARKERS[look], markersize=4.5, linewidth=1.5)
        for time, change, point in points:
            if point.overall == "PD":
                axes.plot([time], [change], marker="x", color="black", markersize=9, markeredgewidth=1.6, linestyle="none")
            if point.new_lesion:
                axes.annotate("+", (time, change), (7, 4), textcoords="offset points", fontsize=12, fontweight="bold")
        if len(shown) <= _LABELLED or child.best in {"CR", "PR"}:
            ends.append((changes[-1], times[-1], child.id))
    for level in (_GROWN, _SHRUNK):
        axes.axhline(level, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.axhline(0, color="black", linewidth=0.8)
    axes.margins(x=0.07, y=0.1)
    low, high = axes.get_ylim()
    heights = _apart([end[0] for end in ends], 0.028 * (high - low), high)
    for height, (change, time, name) in zip(heights, ends, strict=True):
        axes.annotate(name, (time, change), (time + 0.35, height), fontsize=8, va="center", bbox=_BEHIND)
    axes.set_xlabel(canvas.words("figresp_months"))
    axes.set_ylabel(canvas.words("figresp_change"))
    handles: list[Any] = [_line(canvas, response) for response in _present(shown)]
    handles.append(
        Line2D([], [], linestyle="none", marker="x", color="black", markersize=8, label=canvas.words("figresp_progression"))
    )
    handles.append(
        Line2D([], [], linestyle="none", marker="$+$", color="black", markersize=8, label=canvas.words("figresp_new_lesion"))
    )
    _legend(axes, handles, canvas.words("figresp_best"))
    left_out = [child for child in measurable if child not in shown]
    _notes(
        canvas,
        found,
        _counted(canvas, shown, left_out),
        _criteria(canvas, found),
        canvas.words("figresp_note_lines"),
        canvas.words("figresp_note_spider"),
    )
    return canvas


def _line(canvas: Canvas, response: str) -> Line2D:
    look = _LOOK[response]
    label = canvas.words(f"response_{response}")
    return Line2D([], [], color=PALETTE[look], linestyle=LINES[look], marker=MARKERS[look], markersize=4.5, label=label)


def _apart(values: Sequence[float], gap: float, highest: float) -> list[float]:
    """Heights near `values`, in their order, at least `gap` apart and none above `highest`, so that labels do not lie on one another."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    placed = list(values)
    for lower, upper in pairwise(order):
        placed[upper] = max(placed[upper], placed[lower] + gap)
    ceiling = highest
    for at in reversed(order):
        placed[at] = min(placed[at], ceiling)
        ceiling = placed[at] - gap
    return placed


def swimmer(found: Chart, language: Language = "en") -> Canvas:
    """This will draw each treated child's course: infusions, response, progression, new therapy, death, and who is still followed."""
    shown = sorted(found.children, key=lambda child: child.end)
    height = min(_MOST_HEIGHT, max(_LEAST_HEIGHT, _INCHES_PER_CHILD * len(shown) + 2.2))
    canvas = Canvas(_title(found, "swimmer", language), language=language, width=10, height=height)
    axes, month = canvas.axes, found.days_per_month
    for at, child in enumerate(shown):
        axes.barh(at, child.end / month, height=0.62, color="#D9D9D9", edgecolor="none")
        if child.response is not None:
            until = child.response_until if child.response_until is not None else child.end
            span = (until - child.response) / month
            axes.barh(
                at,
                span,
                left=child.response / month,
                height=0.62,
                color=PALETTE[4],
                hatch="///",
                edgecolor="white",
                linewidth=0.3,
            )
            _mark(axes, child.response / month, at, "^", PALETTE[0])
        axes.plot(
            [day / month for day in child.infusions],
            [at - 0.2] * len(child.infusions),
            linestyle="none",
            marker="|",
            color="black",
            markersize=5,
        )
        for day, marker, color in (
            (child.progression, "X", PALETTE[1]),
            (child.new_therapy, "D", PALETTE[3]),
            (child.death, "s", "black"),
        ):
            if day is not None:
                _mark(axes, day / month, at, marker, color)
        if child.death is None:
            lost = child.not_followed
            marker = "|" if lost else ">"
            axes.plot(
                [child.end / month],
                [at],
                marker=marker,
                color="black",
                markersize=13 if lost else 7,
                markeredgewidth=2 if lost else 1,
            )
    axes.set_yticks(range(len(shown)), [f"{child.id}  {canvas.words(f'response_{child.best}')}" for child in shown], fontsize=8.5)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlim(-0.15, max((child.end for child in shown), default=month) / month * 1.05)
    axes.set_xlabel(canvas.words("figresp_months"))
    _legend(axes, _swimmer_legend(canvas), None)
    _notes(canvas, found, canvas.words("figresp_note_treated").format(n=len(shown)), _criteria(canvas, found))
    return canvas


def _mark(axes: Any, time: float, at: int, marker: str, color: str) -> None:
    axes.plot(
        [time],
        [at],
        linestyle="none",
        marker=marker,
        color=color,
        markersize=8,
        markeredgecolor="white",
        markeredgewidth=0.8,
        zorder=4,
    )


def _swimmer_legend(canvas: Canvas) -> list[Any]:
    def line(key: str, marker: str, color: str = "black", size: float = 8) -> Line2D:
        return Line2D([], [], linestyle="none", marker=marker, color=color, markersize=size, label=canvas.words(key))

    return [
        Patch(facecolor=PALETTE[4], hatch="///", edgecolor="white", label=canvas.words("figresp_response")),
        line("figresp_response_begins", "^", PALETTE[0]),
        line("figresp_progression", "X", PALETTE[1]),
        line("figresp_new_therapy", "D", PALETTE[3], 7),
        line("figresp_death", "s", size=7),
        line("figresp_infusion", "|"),
        line("figresp_ongoing", ">", size=7),
        line("figresp_not_followed", "$\\mathbf{|}$", size=11),
    ]


def forest(found: Chart, language: Language = "en") -> Canvas:
    """This will draw each rate with its interval, for all children and for each subgroup that was asked for."""
    rows: list[tuple[str, Rate | None]] = []
    for name in dict.fromkeys(rate.name for rate in found.rates):
        rows.append((name.say(language), None))
        rows += [(rate.group or canvas_all(language), rate) for rate in found.rates if rate.name == name]
    canvas = Canvas(
        _title(found, "forest", language),
        language=language,
        width=9,
        height=max(3.4, 0.36 * len(rows) + 1.9),
        columns=2,
        width_ratios=(3, 1.6),
        share_y=True,
    )
    axes, text = canvas.axes
    text.set_axis_off()
    largest = max((rate.n for _, rate in rows if rate is not None), default=1) or 1
    for at, (_, rate) in enumerate(rows):
        if rate is None:
            continue
        said = f"{rate.responders}/{rate.n}"
        if rate.estimate is not None and rate.lower is not None and rate.upper is not None:
            axes.plot([100 * rate.lower, 100 * rate.upper], [at, at], color="black", linewidth=1.3)
            axes.plot(
                [100 * rate.estimate], [at], marker="s", color=PALETTE[0], markersize=4 + 6 * rate.n / largest, linestyle="none"
            )
            said += f"   {percent(rate.estimate)} ({half_up(100 * rate.lower, 1)}–{half_up(100 * rate.upper, 1)})"
        text.text(0, at, said, va="center", fontsize=9, transform=text.get_yaxis_transform())
    axes.set_yticks(range(len(rows)), [label for label, _ in rows])
    for tick, (_, rate) in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if rate is None else "normal")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(canvas.words("figresp_rate"))
    notes = dict.fromkeys(_rate_note(canvas, rate) for rate in found.rates)
    _notes(canvas, found, *notes)
    return canvas


def canvas_all(language: Language) -> str:
    """This will return the label of the row that counts every child."""
    from protocord.words import term

    return term("figresp_all", language)


def _rate_note(canvas: Canvas, rate: Rate) -> str:
    method = canvas.words(f"respond_method_{rate.method}")
    level = percent(rate.level, 0)
    return canvas.words("figresp_note_rate").format(
        name=rate.name.say(canvas.language), analysis_set=rate.analysis_set.say(canvas.language), level=level, method=method
    )
