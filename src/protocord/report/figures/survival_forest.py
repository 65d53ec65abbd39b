"""Forests of times to events, drawn from the rows of results: hazard ratios, and survival of groups at a landmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from protocord.protocol.document.efficacy import TimeToEvent
from protocord.report.canvas import GREY, PALETTE, Canvas
from protocord.report.figures.survival import group_name, length, p_words
from protocord.statistics import Results, Statistic
from protocord.statistics import shown as rounded
from protocord.values import Language, Particular, Reason
from protocord.words import say, term


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a forest: its name, events of n, and the estimate with its limits; None where there is none, and why."""

    name: str
    events: int
    n: int
    estimate: float | None
    lower: float | None
    upper: float | None
    why: Reason | None


def hazard_ratio_forest(results: Results, endpoint: TimeToEvent, language: Language, *, variant: str = "main") -> Canvas:
    """This will draw each group's hazard ratio to the first, with limits and counts. Raises LookupError where there is none."""
    rows = [one for one in results.select(endpoint.id, variant=variant) if "analysis_of" not in one.context]
    ratios = [one for one in rows if one.name == "hazard_ratio"]
    if not ratios:
        message = f"the results hold no hazard ratio of {endpoint.id}, {variant}"
        raise LookupError(message)
    lines = [_row(rows, one, str(one.context["group"]), {"reference": one.context["reference"]}, language) for one in ratios]
    title = _say("figure_forest_title", language, endpoint=endpoint.name)
    reference = str(ratios[0].context["reference"])
    name = _say("figure_forest_reference", language, group=group_name(reference, language))
    lines.insert(0, Row(name, _count(rows, "n_event", reference), _count(rows, "n", reference), 1.0, None, None, None))
    canvas, axes = _sheet(title, len(lines), language)
    axes.set_xscale("log")
    known = [value for line in lines for value in (line.estimate, line.lower, line.upper) if value]
    low, high = min([0.5, *known]), max([2.0, *known])
    axes.set_xlim(low / 1.15, high * 1.15)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axvline(1, color=GREY, linewidth=0.9)
    for text, side, where in (("figure_forest_less", "left", 0.0), ("figure_forest_more", "right", 1.0)):
        axes.annotate(canvas.words(text), (where, 1.0), xycoords="axes fraction", ha=side, va="bottom", fontsize=8.5, color=GREY)
    axes.set_xlabel(_say("figure_forest_x", language, reference=reference))
    _draw(axes, lines, endpoint, language, 2, 1.0)
    p = next((one.value for one in rows if one.name == "p_value" and "comparison" in one.context), None)
    checks = [one.value for one in rows if one.name == "proportional_hazards_p" and one.value is not None]
    missing = term("figure_survival_NE", language)
    check = ", ".join(p_words(float(one), language) for one in checks) or missing  # type: ignore[arg-type]  # numbers, by their name
    said = p_words(float(p), language) if p is not None else missing  # type: ignore[arg-type]
    notes = [_say("figure_forest_method", language, level=_level(endpoint), p=said, check=check)]
    canvas.footnotes([*notes, *(say(line.why, language) for line in lines if line.why)])
    return canvas


def landmark_forest(
    results: Results, endpoint: TimeToEvent, language: Language, *, landmark: str, variant: str = "main"
) -> Canvas:
    """This will draw survival at a landmark (`12 months`) of everyone and of each group. Raises LookupError where there is none."""
    rows = [one for one in results.select(endpoint.id, variant=variant) if "analysis_of" not in one.context]
    points = [one for one in rows if one.name == "survival" and one.context.get("landmark") == landmark]
    if not points:
        message = f"the results hold no survival of {endpoint.id} at {landmark}, {variant}"
        raise LookupError(message)
    lines = [_row(rows, one, str(one.context["group"]), {"landmark": landmark}, language) for one in points]
    at = length(landmark, language)
    canvas, axes = _sheet(_say("figure_landmark_title", language, endpoint=endpoint.name, landmark=at), len(lines), language)
    axes.set_xlim(-2, 102)
    axes.set_xlabel(_say("figure_landmark_x", language, landmark=at))
    _draw(axes, lines, endpoint, language, 1, 100.0)
    transform = f"survival_{endpoint.interval}"
    notes = [_say("figure_landmark_method", language, landmark=at, level=_level(endpoint), transform=transform)]
    canvas.footnotes([*notes, *dict.fromkeys(f"{line.name}: {say(line.why, language)}" for line in lines if line.why)])
    return canvas


def _row(rows: Sequence[Statistic], found: Statistic, group: str, where: dict[str, object], language: Language) -> Row:
    def of(name: str, **context: object) -> Statistic:
        return next(
            one for one in rows if one.name == name and all(one.context.get(key) == value for key, value in context.items())
        )

    estimate, lower, upper = (
        _number(one) for one in (found, of("lower", group=group, **where), of("upper", group=group, **where))
    )
    return Row(
        group_name(group, language),
        _count(rows, "n_event", group),
        _count(rows, "n", group),
        estimate,
        lower,
        upper,
        found.reason,
    )


def _count(rows: Sequence[Statistic], name: str, group: str) -> int:
    fits = (one for one in rows if one.name == name and one.context.get("group") == group and "at" not in one.context)
    return int(next(fits).value)  # type: ignore[arg-type]  # a count, by its name


def _number(one: Statistic) -> float | None:
    return None if one.value is None else float(one.value)  # type: ignore[arg-type]  # a number, by its name


def _sheet(title: str, lines: int, language: Language) -> tuple[Canvas, Axes]:
    canvas = Canvas(title, language=language, width=10.0, height=1.9 + 0.42 * lines)
    axes: Axes = canvas.axes
    axes.set_ylim(lines - 0.4, -0.9)
    return canvas, axes


def _draw(axes: Axes, lines: Sequence[Row], endpoint: TimeToEvent, language: Language, digits: int, scale: float) -> None:
    axes.set_yticks(range(len(lines)), [line.name for line in lines])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    beside = {"xycoords": ("axes fraction", "data"), "va": "center", "ha": "left", "fontsize": 9, "annotation_clip": False}
    axes.annotate(term("figure_forest_events", language), (1.03, -0.75), fontweight="bold", **beside)  # type: ignore[arg-type]
    head = _say("figure_forest_estimate", language, level=_level(endpoint))
    axes.annotate(head, (1.22, -0.75), fontweight="bold", **beside)  # type: ignore[arg-type]
    for place, line in enumerate(lines):
        colour = PALETTE[place % 7]
        axes.annotate(f"{line.events} / {line.n}", (1.03, place), **beside)  # type: ignore[arg-type]
        if line.estimate is None:
            axes.annotate(term("figure_survival_NE", language), (1.22, place), **beside)  # type: ignore[arg-type]
            continue
        text = rounded(scale * line.estimate, digits)
        if line.lower is not None and line.upper is not None:
            axes.plot([scale * line.lower, scale * line.upper], [place, place], color=colour, linewidth=1.6)
            text += f" ({rounded(scale * line.lower, digits)} – {rounded(scale * line.upper, digits)})"
        axes.plot([scale * line.estimate], [place], "s", color=colour, markersize=7)
        axes.annotate(text, (1.22, place), **beside)  # type: ignore[arg-type]


def _level(endpoint: TimeToEvent) -> str:
    return f"{100 * endpoint.level:f}".rstrip("0").rstrip(".")


def _say(key: str, language: Language, **particulars: Particular) -> str:
    return say(Reason.of(key, **particulars), language)
