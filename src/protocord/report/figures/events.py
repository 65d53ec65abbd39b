"""Figures of adverse events, drawn from the rows of results: the grid of subjects and terms, the bars, the first event over time."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from protocord.report.canvas import GREY, HATCHES, LINES, PALETTE, Canvas
from protocord.statistics import Results, percent
from protocord.values import Language
from protocord.words import term

__all__ = ["GRADE_COLOURS", "ae_bars", "ae_first_event", "ae_grid"]

# From pale to dark in one hue each step: the order shows in grey too, and every cell carries its grade as a number.
GRADE_COLOURS = {0: "#FFFFFF", 1: "#DCE9F4", 2: "#9CC4E0", 3: "#F2A65A", 4: "#C8452B", 5: "#4A1210"}
_DARK = 4  # from this grade on the number is white
_MOST_TERMS, _MOST_BARS = 40, 25
_CELL = 0.27  # inches of one cell of the grid


def ae_grid(results: Results, language: Language) -> Canvas:
    """This will draw the worst grade of each term (rows) in each subject (columns), serious events framed.

    `results` are those of `adverse_events`. Terms are ordered by number of subjects, subjects by their worst grade; at most
    40 terms are drawn, and the footnote says how many are left. Raises LookupError where the results hold no account of events.
    """
    worst: dict[tuple[str, str], int] = {}
    serious: set[tuple[str, str]] = set()
    for item in results.select("ae_grid"):
        key = (str(item.context["term"]), str(item.context["subject"]))
        if item.name == "worst_grade":
            worst[key] = max(worst.get(key, 0), int(item.value))  # type: ignore[arg-type]
        elif item.name == "serious" and item.value:
            serious.add(key)
    terms, subjects = _ordered(worst)
    shown, left = terms[:_MOST_TERMS], len(terms) - len(terms[:_MOST_TERMS])
    n = int(results.value("ae_exposure", "treated"))
    canvas = Canvas(
        term("ae_grid_title", language),
        language=language,
        width=min(max(4.2 + _CELL * len(subjects), 7.5), 16),
        height=min(max(2.6 + _CELL * len(shown), 3.6), 14),
    )
    axes = canvas.axes
    for row, name in enumerate(shown):
        for column, subject in enumerate(subjects):
            grade = worst.get((name, subject))
            if grade is not None:
                _cell(axes, column, row, grade, framed=(name, subject) in serious)
    axes.set_xlim(-0.5, max(len(subjects), 1) - 0.5)
    axes.set_ylim(max(len(shown), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(shown)), shown, fontsize=8.5)
    axes.set_xticks(range(len(subjects)), subjects, rotation=90, fontsize=7.5)
    axes.set_xlabel(canvas.words("ae_grid_subjects"))
    axes.tick_params(length=0)
    axes.set_aspect("auto")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(np.arange(-0.5, len(subjects)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(shown)), minor=True)
    axes.grid(which="minor", color="#E3E3E3", linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    _grid_legend(canvas, worst, bool(serious))
    notes = [canvas.words("ae_grid_note_n").format(n=n, shown=len(subjects)), canvas.words("ae_grid_note_order")]
    notes += [canvas.words("ae_grid_note_left").format(left=left)] if left else []
    canvas.footnotes([*notes, *_cut(canvas, results)])
    return canvas


def ae_bars(results: Results, language: Language, *, most: int = _MOST_BARS) -> Canvas:
    """This will draw the incidence of each term by subject: any grade and grade 3 or more, with the exact interval of any grade."""
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    for item in results.select("ae_incidence", of="term"):
        if item.name in {"proportion", "lower", "upper"} and item.context["subset"] in {"any", "grade_3_or_more"}:
            rows[str(item.context["term"])][f"{item.context['subset']}:{item.name}"] = float(item.value)  # type: ignore[arg-type]
    rows = defaultdict(dict, {name: row for name, row in rows.items() if "any:proportion" in row})
    ordered = sorted(rows, key=lambda name: (-rows[name]["any:proportion"], -rows[name]["grade_3_or_more:proportion"], name))[
        :most
    ]
    canvas = Canvas(
        term("ae_bars_title", language), language=language, width=8.5, height=min(max(2.4 + 0.3 * len(ordered), 3.4), 12)
    )
    axes = canvas.axes
    for place, name in enumerate(ordered):
        row = rows[name]
        axes.barh(place, 100 * row["any:proportion"], color=PALETTE[4], height=0.66, hatch=HATCHES[0])
        axes.barh(
            place, 100 * row["grade_3_or_more:proportion"], color=PALETTE[1], height=0.66, hatch=HATCHES[1], edgecolor="white"
        )
        axes.plot([100 * row["any:lower"], 100 * row["any:upper"]], [place, place], color="#222222", linewidth=1.1)
    axes.set_yticks(range(len(ordered)), ordered, fontsize=9)
    axes.set_ylim(max(len(ordered), 1) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel(canvas.words("ae_bars_axis"))
    handles = [
        Patch(facecolor=PALETTE[4], label=canvas.words("ae_bars_any")),
        Patch(facecolor=PALETTE[1], hatch=HATCHES[1], edgecolor="white", label=canvas.words("ae_bars_severe")),
    ]
    axes.legend(handles=handles, loc="lower right")
    n = int(results.value("ae_exposure", "treated"))
    level = next((item.level for item in results.select("ae_incidence", "lower") if item.level), 0.95)
    notes = [canvas.words("ae_bars_note").format(n=n, level=percent(level, 0))]
    left = len(rows) - len(ordered)
    notes += [canvas.words("ae_grid_note_left").format(left=left)] if left else []
    canvas.footnotes([*notes, *_cut(canvas, results)])
    return canvas


def ae_first_event(results: Results, language: Language) -> Canvas:
    """This will draw the cumulative incidence of the first event, any and of grade 3 or more, with its interval and the numbers at risk."""
    canvas = Canvas(term("ae_first_title", language), language=language, width=8, height=5.4, rows=2, height_ratios=[6, 1])
    axes, below = canvas.axes
    end = max((int(item.value) for item in results.select("ae_first_event", "last_day", of="all")), default=1)  # type: ignore[arg-type]
    for place, (subset, label) in enumerate(_CURVES):
        _curve(canvas, results, subset, place, end, canvas.words(label))
    for side in (axes, below):
        side.set_xlim(0, end)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(canvas.words("ae_first_x"))
    axes.set_ylabel(canvas.words("ae_first_y"))
    axes.legend(loc="lower right")
    _at_risk(canvas, results)
    n = int(results.value("ae_exposure", "treated"))
    level = next((item.level for item in results.select("ae_first_event") if item.level), 0.95)
    canvas.footnotes([canvas.words("ae_first_note").format(n=n, level=percent(level, 0)), *_cut(canvas, results)])
    return canvas


_CURVES = (("any", "ae_bars_any"), ("grade_3_or_more", "ae_bars_severe"))


def _curve(canvas: Canvas, results: Results, subset: str, place: int, end: int, label: str) -> None:
    axes = canvas.axes[0]
    rows = [item for item in results.select("ae_first_event", of="all", subset=subset) if "day" in item.context]
    values = {(item.name, int(item.context["day"])): item.value for item in rows}  # type: ignore[arg-type]
    days = sorted(day for name, day in values if name == "incidence")
    steps = np.array([0, *days, end], dtype=np.float64)

    def stepped(name: str) -> Any:
        found = [0.0, *(_or_nan(values[name, day]) for day in days)]
        return np.array([*found, found[-1]], dtype=np.float64)

    style = {"color": PALETTE[place], "linestyle": LINES[place], "linewidth": 1.8}
    axes.step(steps, stepped("incidence"), where="post", label=label, **style)
    axes.fill_between(steps, stepped("lower"), stepped("upper"), step="post", color=PALETTE[place], alpha=0.15, linewidth=0)


def _at_risk(canvas: Canvas, results: Results) -> None:
    """The numbers still free of the event and observed, below the curves."""
    below = canvas.axes[1]
    for place, (subset, _) in enumerate(_CURVES):
        for item in results.select("ae_first_event", "n_at_risk", of="all", subset=subset):
            day = float(str(item.context["day"]))
            below.text(day, -place, str(item.value), ha="center", va="center", fontsize=8.5, color=PALETTE[place])
    below.set_ylim(-1.6, 0.6)
    below.set_yticks([0, -1], [canvas.words(label) for _, label in _CURVES], fontsize=8.5)
    below.set_title(canvas.words("ae_first_at_risk"), fontsize=9, loc="left")
    below.set_xticks([])
    below.tick_params(length=0)
    for spine in below.spines.values():
        spine.set_visible(False)


def _or_nan(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _ordered(worst: dict[tuple[str, str], int]) -> tuple[list[str], list[str]]:
    """The terms by number of subjects and then worst grade, the subjects by worst grade and then number of terms."""
    by_term: dict[str, list[int]] = defaultdict(list)
    by_subject: dict[str, list[int]] = defaultdict(list)
    for (name, subject), grade in worst.items():
        by_term[name].append(grade)
        by_subject[subject].append(grade)
    terms = sorted(by_term, key=lambda name: (-len(by_term[name]), -max(by_term[name]), name))
    subjects = sorted(by_subject, key=lambda one: (-max(by_subject[one]), -len(by_subject[one]), one))
    return terms, subjects


def _cell(axes: Any, column: int, row: int, grade: int, *, framed: bool) -> None:
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=GRADE_COLOURS[grade], edgecolor="white", linewidth=0.8))
    said = str(grade) if grade else "?"
    colour = "white" if grade >= _DARK else "#111111"
    axes.text(column, row, said, ha="center", va="center_baseline", fontsize=8, color=colour)
    if framed:
        axes.add_patch(Rectangle((column - 0.4, row - 0.4), 0.8, 0.8, fill=False, edgecolor=colour, linewidth=1.5))


def _grid_legend(canvas: Canvas, worst: dict[tuple[str, str], int], any_serious: bool) -> None:
    present = sorted(set(worst.values()))
    handles: list[Any] = [
        Patch(facecolor=GRADE_COLOURS[grade], edgecolor=GREY, label=str(grade) if grade else canvas.words("ae_grid_no_grade"))
        for grade in [*(one for one in present if one), *(one for one in present if not one)]
    ]
    if any_serious:
        handles.append(
            Line2D(
                [], [], marker="s", linestyle="", markersize=9, markerfacecolor="none", markeredgecolor="black",
                label=canvas.words("ae_grid_serious"),
            )
        )  # fmt: skip
    canvas.figure.legend(
        handles=handles, loc="outside right upper", title=canvas.words("ae_grid_grade"), fontsize=8.5, title_fontsize=8.5
    )


def _cut(canvas: Canvas, results: Results) -> list[str]:
    cut = results.about.get("cut_off")
    return [canvas.words("ae_grid_note_cut").format(cut=cut)] if cut else []
