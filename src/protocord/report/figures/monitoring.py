"""Boundaries with today's point, operating characteristics, chances of stopping by look, and the surface of a joint rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from protocord.design.monitoring import Boundary, Characteristics, JointCharacteristics
from protocord.design.monitoring.wording import rule_in_words, strictness_in_words
from protocord.report.canvas import GREY, HATCHES, LINES, MARKERS, PALETTE, Canvas
from protocord.values import Language, Reason, Text
from protocord.words import say, term


@dataclass(frozen=True, slots=True)
class Point:
    """Today's counts: evaluable subjects, events among them, and subjects of whom it is not known yet."""

    evaluable: int
    events: int
    pending: int = 0


def boundary_plot(
    *boundaries: Boundary,
    title: Text | str = "",
    language: Language = "en",
    point: Point | None = None,
    status: Reason | None = None,
) -> Canvas:
    """This will draw boundaries of one count, and with `point` where the study stands today.

    Regions that stop are hatched; looks at which no count can stop are marked, not drawn as 0. The pending subjects span the
    triangle of counts that they can still lead to.
    """
    canvas = Canvas(title or term("monitor_figure_boundary_title", language), language=language)
    axes = canvas.axes
    last = max(boundary.looks[-1] for boundary in boundaries)
    highest = max((bound for each in boundaries for bound in each.bounds if bound is not None), default=1)
    top = max(highest + 2, (point.events + point.pending + 1) if point else 0)
    for place, boundary in enumerate(boundaries):
        _region(canvas, boundary, place, top)
    _no_bounds(canvas, boundaries, top)
    if point is not None:
        _today(canvas, point)
    axes.set(xlim=(0, last + 1), ylim=(-0.7, top), xlabel=canvas.words("monitor_figure_evaluable"))
    axes.set_ylabel(canvas.words(f"monitor_figure_count_{boundaries[0].counts}"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=4)
    notes = [say(each.said()[0], language) for each in boundaries]
    notes += [_rule(each, language) for each in boundaries if each.parameters]
    if point is not None:
        counted = Reason.of("monitor_figure_point_note", evaluable=point.evaluable, events=point.events, pending=point.pending)
        notes += [say(counted, language)]
    if status is not None:
        notes += [say(status, language)]
    canvas.footnotes(notes)
    return canvas


def _region(canvas: Canvas, boundary: Boundary, place: int, top: float) -> None:
    axes, colour, high = canvas.axes, PALETTE[place], boundary.direction == ">="
    dense = len(boundary.looks) > 1 and np.diff(boundary.looks).max() == 1
    with_bound = [(look, bound) for look, bound in zip(boundary.looks, boundary.bounds, strict=True) if bound is not None]
    label = canvas.words("monitor_figure_stop_high" if high else "monitor_figure_stop_low")
    if not with_bound:
        return
    looks, bounds = zip(*with_bound, strict=True)
    axes.plot(
        looks, bounds, drawstyle="steps-mid" if dense else "default", linestyle=LINES[place] if dense else (0, (1, 3)), color=colour,
        marker=None if dense else MARKERS[place], label=label, linewidth=1.8 if dense else 1.0, zorder=3,
    )  # fmt: skip
    edge = top if high else -0.7
    if dense:
        axes.fill_between(looks, bounds, edge, step="mid", color=colour, alpha=0.10, hatch=HATCHES[place + 1], linewidth=0)
    else:
        axes.vlines(looks, bounds, edge, color=colour, alpha=0.35, linewidth=5)


def _no_bounds(canvas: Canvas, boundaries: tuple[Boundary, ...], top: float) -> None:
    """Mark the looks without bound at the edge where the boundary would stop: above for an upper one, below for a lower one."""
    label = canvas.words("monitor_figure_cannot_stop")
    for place, boundary in enumerate(boundaries):
        cannot = [look for look, bound in zip(boundary.looks, boundary.bounds, strict=True) if bound is None]
        height = top - 0.35 if boundary.direction == ">=" else -0.4
        if cannot:
            canvas.axes.plot(
                cannot,
                [height] * len(cannot),
                linestyle="none",
                marker="x",
                color=PALETTE[place],
                markersize=6,
                zorder=5,
                label=label,
            )


def _today(canvas: Canvas, point: Point) -> None:
    axes, n, events = canvas.axes, point.evaluable, point.events
    if point.pending:
        corners = [(n, events), (n + point.pending, events), (n + point.pending, events + point.pending)]
        xs, ys = zip(*corners, strict=True)
        axes.fill(
            xs,
            ys,
            facecolor="#DDDDDD",
            edgecolor=GREY,
            hatch="...",
            linewidth=0.8,
            zorder=4,
            label=canvas.words("monitor_figure_pending"),
        )
    axes.plot(
        [n],
        [events],
        marker="o",
        markersize=9,
        color=PALETTE[6],
        linestyle="none",
        zorder=6,
        label=canvas.words("monitor_figure_today"),
    )


def _rule(boundary: Boundary, language: Language) -> str:
    stop, gap = ("。", "") if language == "zh" else (".", " ")
    return f"{rule_in_words(boundary, language)}{stop}{gap}{strictness_in_words(boundary, language)}".rstrip()


def characteristics_plot(found: Characteristics, *, title: Text | str = "", language: Language = "en") -> Canvas:
    """This will draw, over true rates, the chances of crossing (left) and the expected number of subjects (right)."""
    canvas = Canvas(title or term("monitor_figure_oc_title", language), language=language, width=10, height=5, columns=2)
    left, right = canvas.axes
    curves = [("monitoring_stops_high", found.high), ("monitoring_stops_low", found.low), ("monitoring_passes", found.passes)]
    for place, (key, values) in enumerate(curves):
        if key != "monitoring_passes" and not values.any():
            continue
        left.plot(found.rates, values, color=PALETTE[place], linestyle=LINES[place], linewidth=1.8, label=canvas.words(key))
    left.set(
        ylim=(-0.02, 1.02), xlabel=canvas.words("monitor_figure_true_rate"), ylabel=canvas.words("monitor_figure_probability")
    )
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.legend()
    right.plot(found.rates, found.subjects, color=PALETTE[0], linewidth=1.8)
    right.set(
        xlabel=canvas.words("monitor_figure_true_rate"),
        ylabel=canvas.words("monitor_figure_expected_subjects"),
        ylim=(0, found.looks[-1] * 1.05),
    )
    for axes in (left, right):
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(color="#EEEEEE")
    canvas.footnotes([say(_looks_note(found), language), canvas.words("monitoring_exact")])
    return canvas


def stopping_plot(found: Characteristics, *, title: Text | str = "", language: Language = "en") -> Canvas:
    """This will draw the chance of having stopped by each look, one line a true rate (at most seven)."""
    canvas = Canvas(title or term("monitor_figure_stopping_title", language), language=language)
    axes = canvas.axes
    chance = np.cumsum(found.stops_high + found.stops_low, axis=1)
    for place, rate in enumerate(found.rates[: len(PALETTE)]):
        axes.plot(
            found.looks, chance[place], drawstyle="steps-post", color=PALETTE[place], linestyle=LINES[place], marker=MARKERS[place],
            markevery=max(1, len(found.looks) // 8), markersize=5, label=f"{rate:.0%}" if round(rate, 2) == rate else f"{rate:.1%}",
        )  # fmt: skip
    axes.set(
        ylim=(-0.02, 1.02), xlabel=canvas.words("monitor_figure_evaluable"), ylabel=canvas.words("monitor_figure_stopped_by")
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#EEEEEE")
    axes.legend(title=canvas.words("monitor_figure_true_rate"), loc="upper left")
    canvas.footnotes([say(_looks_note(found), language), canvas.words("monitoring_exact")])
    return canvas


def surface_plot(found: JointCharacteristics, *, title: Text | str = "", language: Language = "en", note: str = "") -> Canvas:
    """This will draw, over true response and toxicity rates, the chance of going on to the end and the expected subjects."""
    canvas = Canvas(title or term("monitor_figure_surface_title", language), language=language, width=11, height=5.2, columns=2)
    response, toxicity = found.response[:, 0], found.toxicity[0, :]
    panels = (
        (found.passes, "monitor_figure_passes", 1.0),
        (found.subjects, "monitor_figure_expected_subjects", float(found.looks[-1])),
    )
    for axes, (values, key, high) in zip(canvas.axes, panels, strict=True):
        _panel(canvas, axes, response, toxicity, values, key, high)
    notes = [
        say(Reason.of("monitor_figure_looks", looks=", ".join(str(look) for look in found.looks)), language),
        canvas.words("monitoring_exact"),
    ]
    canvas.footnotes([*notes, *([note] if note else [])])
    return canvas


def _panel(canvas: Canvas, axes: Any, response: Any, toxicity: Any, values: Any, key: str, high: float) -> None:
    levels = np.linspace(0, high, 11)
    filled = axes.contourf(toxicity, response, values, levels=levels, cmap="cividis")
    lines = axes.contour(
        toxicity,
        response,
        values,
        levels=levels[1:-1:2],
        colors=["white" if level < 0.6 * high else "black" for level in levels[1:-1:2]],
        linewidths=0.8,
    )
    axes.clabel(lines, fmt=(lambda value: f"{value:.0%}") if high == 1.0 else (lambda value: f"{value:.0f}"), fontsize=8)
    axes.set(
        title=canvas.words(key),
        xlabel=canvas.words("monitor_figure_toxicity_rate"),
        ylabel=canvas.words("monitor_figure_response_rate"),
    )
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    bar = canvas.figure.colorbar(filled, ax=axes)
    if high == 1.0:
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0))


def _looks_note(found: Characteristics) -> Reason:
    first, last = found.looks[0], found.looks[-1]
    if len(found.looks) == last - first + 1 and len(found.looks) > 2:
        return Reason.of("monitor_figure_looks_every", first=first, last=last)
    return Reason.of("monitor_figure_looks", looks=", ".join(str(look) for look in found.looks))
