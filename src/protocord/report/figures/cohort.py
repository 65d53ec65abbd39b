"""Figures of a screened source, drawn from its results: attrition, and how many more one change would admit."""

from __future__ import annotations

from protocord.report.canvas import GREY, HATCHES, LINES, MARKERS, PALETTE, Canvas
from protocord.report.changes import KINDS, Gain, change_in_words, gains, limit_in_words, limit_unit, telling
from protocord.statistics import Results
from protocord.statistics.results import Statistic
from protocord.values import Language, Reason
from protocord.words import say, term
from protocord.words.layout import wrap

_ROW = 0.27  # inches of a row of bars
_MOST = 24  # changes drawn
_LABEL = 64  # columns of a change's label


def attrition(results: Results, language: Language) -> Canvas:
    """This will draw how many persons are left after each criterion, and how many each alone keeps out.

    `results` are those of a screening: `attrition` (left, surely_met, lost_to_this_alone by criterion) and `cohort.persons`.
    """
    criteria = [str(item.context["criterion"]) for item in results.select("attrition", "left")]
    persons = int(results.value("cohort", "persons"))
    labels = [term("figure_attrition_all", language), *criteria]
    height = 2.3 + _ROW * len(labels)
    canvas = Canvas(
        term("figure_attrition_order" if "order" in results.about else "figure_attrition", language),
        language=language,
        width=10,
        height=height,
        columns=2,
        width_ratios=[3, 1.5],
        share_y=True,
    )
    bars, alone = canvas.axes
    places = list(range(len(labels)))
    left = [persons, *_values(results, "left", criteria)]
    met = [persons, *_values(results, "surely_met", criteria)]
    bars.barh(
        places,
        left,
        height=0.72,
        color="white",
        edgecolor=PALETTE[0],
        hatch=HATCHES[1],
        label=canvas.words("figure_attrition_left"),
    )
    bars.barh(places, met, height=0.42, color=PALETTE[0], label=canvas.words("figure_attrition_met"))
    for place, count, sure in zip(places, left, met, strict=True):
        text = f"{count:,}" if count == sure else f"{count:,} / {sure:,}"
        bars.annotate(text, (count, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    bars.set_yticks(places, labels)
    bars.set_ylim(len(labels) - 0.4, -0.6)
    bars.set_xlim(0, max(persons, 1) * 1.14)
    bars.set_xlabel(canvas.words("figure_cohort_persons"))
    lost = _values(results, "lost_to_this_alone", criteria)
    alone.barh(places[1:], lost, height=0.6, color=PALETTE[1], edgecolor=PALETTE[1])
    for place, count in zip(places[1:], lost, strict=True):
        alone.annotate(f"{count:,}", (count, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    alone.set_xlim(0, max([*lost, 1]) * 1.25)
    alone.set_xlabel(canvas.words("figure_attrition_alone"))
    for axes in (bars, alone):
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
    bars.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    note = Reason.of("figure_attrition_note", persons=persons, on=str(results.about["on"]))
    canvas.footnotes([canvas.say(note), canvas.words("figure_attrition_alone_note")])
    return canvas


def what_if(results: Results, language: Language) -> Canvas:
    """This will draw the changes that admit most: how many more would meet every criterion, and how many more would fail none.

    `results` are those of the question what if: `what_if` (eligible_more, possible_more, incomplete_more by change).
    """
    every = [gain for gain in gains(results) if gain.where["criterion"] != "all"]
    admitting = telling(every)
    rows = _rows_by_kind(admitting[:_MOST], language)
    lines = sum(label.count("\n") + 1 for label, _ in rows)
    canvas = Canvas(
        term("figure_what_if", language), language=language, width=11, height=2.4 + _ROW * max(lines, 4),
        columns=2, width_ratios=[1, 1], share_y=True,
    )  # fmt: skip
    places = [place for place, (_, gain) in enumerate(rows) if gain]
    shown = [gain for _, gain in rows if gain]
    for axes, name, style in zip(canvas.axes, ("eligible", "possible"), (0, 1), strict=True):
        values = [getattr(gain, name) for gain in shown]
        filled = "white" if style else PALETTE[0]
        axes.barh(places, values, height=0.62, color=filled, edgecolor=PALETTE[0], hatch=HATCHES[style])
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:+,}" if value else "0", (value, place), xytext=(4 if value >= 0 else -4, 0),
                textcoords="offset points", va="center", ha="left" if value >= 0 else "right", fontsize=8,
            )  # fmt: skip
        axes.axvline(0, color=GREY, linewidth=0.8)
        low, high = min([*values, 0]), max([*values, 1])
        room = 0.16 * (high - low)
        axes.set_xlim(low - room if low < 0 else 0, high + room)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=6)
        axes.set_title(canvas.words(f"figure_what_if_{name}"), fontsize=10.5)
        axes.set_xlabel(canvas.words("figure_what_if_more"))
    first = canvas.axes[0]
    first.set_yticks(range(len(rows)), [label for label, _ in rows], fontsize=8.5)
    for tick, (_, gain) in zip(first.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("normal" if gain else "bold")
    for axes in canvas.axes:
        axes.tick_params(axis="y", length=0)
    first.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    if not rows:
        first.annotate(canvas.words("figure_what_if_nothing"), (0.5, 0.5), xycoords="axes fraction", ha="center")
    counts = {name: int(results.value("what_if", name, change="as_written")) for name in ("eligible", "possible", "incomplete")}
    note = Reason.of("figure_what_if_note", persons=int(str(results.about["persons"])), on=str(results.about["on"]), **counts)
    rest = Reason.of("figure_what_if_rest", shown=len(shown), count=len(admitting), tried=len(every))
    all_good = int(results.value("what_if", "eligible_more", change="unknown_good", criterion="all"))
    good = Reason.of("figure_what_if_all_good", eligible=f"{all_good:+,}")
    canvas.footnotes([canvas.say(note), canvas.say(rest), canvas.say(good)])
    return canvas


def _rows_by_kind(shown: list[Gain], language: Language) -> list[tuple[str, Gain | None]]:
    """Labels with their changes, kind by kind, each kind under its heading (a label without a change)."""
    rows: list[tuple[str, Gain | None]] = []
    for kind in KINDS:
        of_kind = [gain for gain in shown if gain.where["change"] == kind]
        if of_kind:
            rows.append((term(f"figure_what_if_{kind}", language), None))
            rows += [("\n".join(wrap(change_in_words(gain.where, language), _LABEL)), gain) for gain in of_kind]
    return rows


def curve(results: Results, number: int, language: Language) -> Canvas:
    """This will draw how many are eligible, and how many not kept out, along one limit: where is the knee?

    `results` hold `curve` (eligible, possible, incomplete by `at`, the limit), `number` is the curve's among them.
    """
    points = results.select("curve", "eligible", curve=number)
    where = points.statistics[0].context
    at = [float(str(item.context["at"])) for item in points]
    limit = limit_in_words(where, language, moved=False)
    title = say(Reason.of("figure_curve", limit=f"{where['criterion']} {limit}"), language)
    canvas = Canvas(title, language=language, width=9, height=6.6, rows=2, share_x=True, height_ratios=[1, 1])
    series = {
        name: [_whole(item) for item in results.select("curve", name, curve=number)]
        for name in ("eligible", "possible", "incomplete")
    }
    upper, lower = canvas.axes
    drawn = (("eligible", upper, LINES[0]), ("possible", lower, LINES[0]), ("incomplete", lower, LINES[1]))
    for place, (name, panel, line) in enumerate(drawn):
        told = canvas.words(f"figure_curve_{name}")
        panel.plot(at, series[name], marker=MARKERS[place], linestyle=line, color=PALETTE[place], label=told)
    written = next((one for one, item in zip(at, points, strict=True) if item.context["direction"] == 0), None)
    for axes in (upper, lower):
        if written is not None:
            label = canvas.say(Reason.of("figure_curve_written", limit=limit)) if axes is upper else None
            axes.axvline(written, color=GREY, linewidth=1, linestyle=LINES[2], label=label)
        axes.set_ylim(0, 1.12 * max([*series["eligible" if axes is upper else "possible"], 1]))
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel(canvas.words("figure_cohort_persons"))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    unit = limit_unit(where, language)
    lower.set_xlabel(canvas.say(Reason.of("figure_curve_axis", unit=unit)) if unit else canvas.words("figure_curve_axis_bare"))
    note = Reason.of("figure_curve_note", persons=int(str(results.about["persons"])), on=str(results.about["on"]))
    canvas.footnotes([canvas.say(note)])
    return canvas


def _values(results: Results, name: str, criteria: list[str]) -> list[int]:
    return [int(results.value("attrition", name, criterion=criterion)) for criterion in criteria]


def _whole(item: Statistic) -> int:
    assert isinstance(item.value, int)
    return item.value
