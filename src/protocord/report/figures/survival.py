"""Figures of times to events, drawn from the rows of results: Kaplan-Meier curves and cumulative incidences with numbers at risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from protocord.protocol.document.efficacy import TimeToEvent
from protocord.report.canvas import HATCHES, LINES, PALETTE, Canvas
from protocord.statistics import Results, Statistic
from protocord.statistics import p_value as shown_p
from protocord.statistics import shown as rounded
from protocord.values import Language, Particular, Quantity, Reason
from protocord.words import say, shown, term

Numbers = np.ndarray[Any, np.dtype[np.float64]]

_UCUM = {"day": "d", "week": "wk", "month": "mo", "year": "a"}
_NAMES = ("n_risk", "n_censored", "survival", "incidence", "lower", "upper")
_STEPS = (1, 2, 3, 6, 12, 24, 60)  # months between ticks
_MOST_TICKS = 9


@dataclass(frozen=True, eq=False)
class Line:
    """One curve of a figure as the results hold it: months, percent, numbers; limits are nan where there are none."""

    key: tuple[str, str]  # group and, for incidences, the kind of event
    label: str
    month: Numbers
    value: Numbers
    lower: Numbers
    upper: Numbers
    n_risk: Numbers
    n_censored: Numbers
    start: float
    risk: tuple[tuple[float, int], ...]  # months at which the number at risk changes, and that number just before

    def at_risk(self, months: float) -> int:
        """This will return how many are under observation just before a time: the number at the next change."""
        return next((number for when, number in self.risk if when >= months - 1e-9), 0)


def survival_curves(
    results: Results, endpoint: TimeToEvent, language: Language, *, variant: str = "main", analysis: str = "", few: int = 5
) -> Canvas:
    """This will draw the Kaplan-Meier curves of an endpoint, or its cumulative incidences where events compete.

    `analysis` is empty, `landmark` or `time_dependent` (results of `response_and_survival`). Where groups are compared, they
    are drawn; else everyone. Curves are pale where fewer than `few` are at risk. Raises LookupError where the results lack the curve.
    """
    rows = [one for one in results.select(endpoint.id, variant=variant) if one.context.get("analysis_of", "") == analysis]
    lines = _lines(rows, endpoint, language)
    if not lines:
        message = f"the results hold no curve of {endpoint.id}, {variant}"
        raise LookupError(message)
    incidence = any(line.key[1] for line in lines)
    if incidence:
        lines = [line for line in lines if line.key[1] == "event" or len({one.key[0] for one in lines}) == 1]
    height = 4.6 + 0.25 * len(lines)
    canvas = Canvas(
        endpoint.name,
        language=language,
        width=9.0,
        height=height + 0.9,
        rows=2,
        height_ratios=[height - 1.0, 0.35 + 0.25 * len(lines)],
    )
    curve, table = canvas.axes
    ticks = _ticks(max(float(line.month[-1]) for line in lines))
    for place, line in enumerate(lines):
        _draw(curve, line, place, few)
    labels = [_described(rows, line, endpoint, language) for line in lines]
    handles = [curve.plot([], [], color=PALETTE[at % 7], linestyle=LINES[at % 7], linewidth=1.8)[0] for at in range(len(lines))]
    curve.legend(handles, labels, loc="best", fontsize=8.5)
    curve.set_ylim(-2, 104)
    curve.set_xlim(-0.015 * ticks[-1], ticks[-1] * 1.02)
    curve.set_xticks(ticks)
    at = next((str(one.context["landmark"]) for one in rows if analysis == "landmark" and "landmark" in one.context), "")
    origin = f"figure_survival_from_{endpoint.origin}"
    key = "figure_survival_x_landmark" if at else "figure_survival_x"
    curve.set_xlabel(_say(key, language, **({"landmark": length(at, language)} if at else {"origin": origin})))
    name = "figure_survival_y_incidence" if incidence else "figure_survival_y"
    curve.set_ylabel(canvas.words(name) if incidence else _say(name, language, endpoint=endpoint.name))
    _risk_table(table, lines, ticks, curve.get_xlim(), canvas)
    canvas.footnotes(_notes(rows, endpoint, language, variant, analysis, incidence, few))
    return canvas


def length(text: str, language: Language) -> str:
    """This will return a length of time of the document (`6 months`) as people say it in `language`."""
    number, _, unit = text.partition(" ")
    return shown(Quantity(Decimal(number), _UCUM[unit.rstrip("s")]), language)


def group_name(name: str, language: Language) -> str:
    """This will return the name of a group: words for everyone and for states of response, else as the table has it."""
    return term(f"figure_survival_{name}", language) if name in {"all", "responding", "not_responding"} else name


def _lines(rows: Iterable[Statistic], endpoint: TimeToEvent, language: Language) -> list[Line]:
    found: dict[tuple[str, str], dict[float, dict[str, float]]] = {}
    entries: dict[str, list[tuple[float, int]]] = {}
    for one in rows:
        if one.context.get("at") == "entry":
            entries.setdefault(str(one.context["group"]), []).append((float(one.context["time"]), _value(one) or 0))  # type: ignore[arg-type]
        if one.context.get("at") == "curve" and one.name in _NAMES:
            key = (str(one.context["group"]), str(one.context.get("of", "")))
            value = float("nan") if one.value is None else float(one.value)  # type: ignore[arg-type]  # a number, by its name
            found.setdefault(key, {}).setdefault(float(one.context["time"]), {})[one.name] = value  # type: ignore[arg-type]
    groups = {group for group, _ in found}
    return [
        _line(key, points, entries.get(key[0], []), endpoint, language)
        for key, points in found.items()
        if key[0] != "all" or groups == {"all"}
    ]


def _line(
    key: tuple[str, str],
    points: Mapping[float, Mapping[str, float]],
    entries: Sequence[tuple[float, int]],
    endpoint: TimeToEvent,
    language: Language,
) -> Line:
    estimate = "incidence" if key[1] else "survival"
    columns = {name: np.array([point[name] for point in points.values()]) for name in (*_NAMES[:2], estimate, "lower", "upper")}
    label = group_name(key[0], language)
    if key[1] and key[0] == "all":
        label = term(f"figure_survival_{key[1]}", language)
    month = float(endpoint.days_per_month)
    months = np.array(list(points)) / month
    value, lower, upper = (100 * columns[name] for name in (estimate, "lower", "upper"))
    changes = sorted([*((day, int(point["n_risk"])) for day, point in points.items()), *entries])
    risk = tuple((day / month, number) for day, number in changes)
    start = 0.0 if key[1] else 100.0
    return Line(key, label, months, value, lower, upper, columns["n_risk"], columns["n_censored"], start, risk)


def _ticks(last: float) -> list[float]:
    step = next((step for step in _STEPS if last / step <= _MOST_TICKS), _STEPS[-1])
    return [float(tick) for tick in np.arange(0, np.ceil(last / step - 1e-9) * step + step / 2, step)]


def _draw(axes: Axes, line: Line, place: int, few: int) -> None:
    colour, style = PALETTE[place % 7], LINES[place % 7]
    time = np.concatenate([[0.0], line.month])
    value = np.concatenate([[line.start], line.value])
    enough = line.month[line.n_risk >= few]
    first_pale = 0.0 if not len(enough) else float(enough[-1]) if enough[-1] < line.month[-1] else np.inf
    for low, high, width, alpha in ((0.0, first_pale, 1.8, 1.0), (first_pale, np.inf, 1.0, 0.45)):
        kept = _between(time, value, low, high)
        if kept is not None:
            axes.step(*kept, where="post", color=colour, linestyle=style, linewidth=width, alpha=alpha)
    known = ~np.isnan(line.lower)
    if known.any():
        band: dict[str, Any] = {"step": "post", "color": colour, "alpha": 0.13, "linewidth": 0, "hatch": HATCHES[place % 7]}
        axes.fill_between(line.month[known], line.lower[known], line.upper[known], **band)
    censored = line.n_censored > 0
    axes.plot(line.month[censored], line.value[censored], "|", color=colour, markersize=8, markeredgewidth=1.1)


def _between(time: Numbers, value: Numbers, low: float, high: float) -> tuple[Numbers, Numbers] | None:
    """The part of a step curve between two times, cut there; None where it has none."""
    if low >= time[-1]:
        return None
    high = min(high, float(time[-1]))
    inside = (time > low) & (time < high)
    ends = [value[np.searchsorted(time, when, side="right") - 1] for when in (low, high)]
    return np.concatenate([[low], time[inside], [high]]), np.concatenate([[ends[0]], value[inside], [ends[1]]])


def _risk_table(axes: Axes, lines: Sequence[Line], ticks: Sequence[float], limits: tuple[float, float], canvas: Canvas) -> None:
    axes.set_xlim(limits)
    axes.set_ylim(len(lines) - 0.4, -1.0)
    axes.axis("off")
    groups = {line.key[0] for line in lines}
    axes.text(limits[0], -0.75, canvas.words("figure_survival_at_risk"), fontsize=9, fontweight="bold", va="center", ha="left")
    for row, line in enumerate(lines if len(groups) > 1 else lines[:1]):
        if len(groups) > 1:
            axes.annotate(
                line.label, (0, row), xycoords=("axes fraction", "data"), xytext=(-12, 0), textcoords="offset points",
                ha="right", va="center", fontsize=8.5, color=PALETTE[row % 7], annotation_clip=False,
            )  # fmt: skip
        for tick in ticks:
            axes.text(tick, row, str(line.at_risk(tick)), ha="center", va="center", fontsize=9)


def _described(rows: Sequence[Statistic], line: Line, endpoint: TimeToEvent, language: Language) -> str:
    """The words of the legend: name, numbers, and the median with its interval."""

    def fits(one: Statistic, where: Mapping[str, object]) -> bool:
        own = one.context.get("group") == line.key[0] and not {"at", "cause"} & set(one.context)
        return own and all(one.context.get(key) == value for key, value in where.items())

    def number(name: str, **where: object) -> Statistic | None:
        return next((one for one in rows if one.name == name and fits(one, where)), None)

    n, events, censored, competing = (_value(number(name)) for name in ("n", "n_event", "n_censored", "n_competing"))
    counts: dict[str, Particular] = {"group": line.label, "n": n, "events": events}
    if line.key[1] and line.key[0] == "all":
        happened = events if line.key[1] == "event" else competing
        return _say("figure_survival_counts_of_kind", language, kind=line.label, happened=happened, n=n)
    if line.key[1]:
        return _say("figure_survival_counts_competing", language, **counts, competing=competing, censored=censored)
    censored = int(line.n_censored.sum()) if censored is None else censored
    moved = _value(number("n_moved"))
    if moved:
        said = _say("figure_survival_counts_moved", language, **counts, moved=moved, censored=censored)
    else:
        said = _say("figure_survival_counts", language, **counts, censored=censored)
    parts = [_in_months(number(name, p=0.5), endpoint, language) for name in ("quantile", "lower", "upper")]
    words = dict(zip(("median", "lower", "upper"), parts, strict=True))
    return said + "\n" + _say("figure_survival_median", language, level=_percent(float(endpoint.level)), **words)


def _value(one: Statistic | None) -> int | None:
    return int(one.value) if one is not None and one.value is not None else None  # type: ignore[arg-type]  # a count, by its name


def _in_months(one: Statistic | None, endpoint: TimeToEvent, language: Language) -> str:
    if one is None or one.value is None:
        reached = one is None or one.reason is None or not one.reason.kind.endswith("not_reached")
        return term("figure_survival_NE" if reached else "figure_survival_NR", language)
    return rounded(float(one.value) / float(endpoint.days_per_month), 1)  # type: ignore[arg-type]  # days, by its name


def _percent(share: float) -> str:
    return rounded(100 * share, 0 if abs(100 * share - round(100 * share)) < 1e-9 else 1)


def p_words(value: float, language: Language) -> str:
    """This will return a p value behind its sign: `= 0.034`, `< 0.001`."""
    text = shown_p(value)
    sign, number = (text[0], text[1:]) if text[0] in "<>" else ("=", text)
    return f"{sign} {number}" if language == "en" else f"{sign}{number}"


def _notes(
    rows: Sequence[Statistic], endpoint: TimeToEvent, language: Language, variant: str, analysis: str, incidence: bool, few: int
) -> list[str]:
    method = "figure_survival_incidence_method" if incidence else "figure_survival_method"
    level, transform = _percent(float(endpoint.level)), f"survival_{endpoint.interval}"
    notes = [_say(method, language, level=level, transform=transform, days=endpoint.days_per_month)]
    if incidence:
        notes.append(term("figure_survival_incidence_note", language))
    notes.append(_say("figure_survival_tail", language, limit=few))
    if words := [one.text for one in endpoint.sensitivity if one.id == variant]:
        notes.append(_say("figure_survival_variant", language, text=words[0]))
    p = next((one.value for one in rows if one.name == "p_value" and one.context.get("of", "event") == "event"), None)
    key = {"landmark": "figure_survival_tests", "time_dependent": "", "": "figure_survival_tests"}[analysis]
    if p is not None and key:
        notes.append(_say("figure_survival_gray" if incidence else key, language, p=p_words(float(p), language)))  # type: ignore[arg-type]
    if analysis == "landmark":
        found = next(one for one in rows if one.name == "ended_before")
        at = length(str(found.context["landmark"]), language)
        notes.append(_say("figure_survival_landmark_note", language, landmark=at, ended=_value(found)))
    if analysis == "time_dependent":
        said = p_words(float(p), language) if p is not None else term("figure_survival_NE", language)  # type: ignore[arg-type]
        notes.append(_say("figure_survival_time_dependent_note", language, p=said))
    return notes


def _say(key: str, language: Language, **particulars: Particular) -> str:
    return say(Reason.of(key, **particulars), language)
