"""Figures of a screened source, drawn from its results: attrition, and how many more one change would admit."""

from __future__ import annotations

from protocord.report.canvas import GREY, HATCHES, PALETTE, Canvas
from protocord.statistics import Results
from protocord.statistics.results import Statistic
from protocord.values import Language, Reason
from protocord.words import say, term

_ROW = 0.27  # inches of a row of bars


def attrition(results: Results, language: Language) -> Canvas:
    """This will draw how many persons are left after each criterion, and how many each alone keeps out.

    `results` are those of a screening: `attrition` (left, surely_met, lost_to_this_alone by criterion) and `cohort.persons`.
    """
    criteria = [str(item.context["criterion"]) for item in results.select("attrition", "left")]
    persons = int(results.value("cohort", "persons"))
    labels = [term("figure_attrition_all", language), *criteria]
    height = 2.3 + _ROW * len(labels)
    canvas = Canvas(
        term("figure_attrition", language),
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
    """This will draw, for each change that makes a difference, how many more would meet every criterion, or fail none.

    `results` are those of the question what if: `what_if` (eligible_more, possible_more by change, criterion, reading).
    """
    changes = [
        (_label(item, language), _whole(item), _beside(results, item)) for item in results.select("what_if", "eligible_more")
    ]
    changes = [one for one in changes if one[1] or one[2]]
    height = 2.3 + 1.4 * _ROW * max(len(changes), 2)
    canvas = Canvas(term("figure_what_if", language), language=language, width=9.5, height=height)
    axes = canvas.axes
    places = list(range(len(changes)))
    series = (
        ("figure_what_if_possible", [more for *_, more in changes], -0.2, 1),
        ("figure_what_if_eligible", [more for _, more, _ in changes], 0.2, 0),
    )
    for key, values, offset, style in series:
        filled = "white" if style else PALETTE[0]
        axes.barh(
            [place + offset for place in places], values, height=0.36, color=filled, edgecolor=PALETTE[0], hatch=HATCHES[style],
            label=canvas.words(key),
        )  # fmt: skip
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                f"{value:+,}" if value else "0", (value, place + offset), xytext=(4 if value >= 0 else -4, 0),
                textcoords="offset points", va="center", ha="left" if value >= 0 else "right", fontsize=8,
            )  # fmt: skip
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_yticks(places, [label for label, *_ in changes])
    axes.set_ylim(max(len(changes), 1) - 0.4, -0.6)
    reach = max([abs(value) for _, values, *_ in series for value in values] + [1])
    lowest = min([value for _, values, *_ in series for value in values] + [0])
    room = 0.1 * (reach - lowest)
    axes.set_xlim(lowest - room if lowest < 0 else 0, reach + room)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(canvas.words("figure_what_if_more"))
    if changes:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    else:
        axes.annotate(canvas.words("figure_what_if_nothing"), (0.5, 0.5), xycoords="axes fraction", ha="center")
    counts = {name: int(results.value("what_if", name, change="as_written")) for name in ("eligible", "possible")}
    about = results.about
    note = Reason.of("figure_what_if_note", persons=int(str(about["persons"])), on=str(about["on"]), **counts)
    canvas.footnotes([canvas.say(note)])
    return canvas


def _values(results: Results, name: str, criteria: list[str]) -> list[int]:
    return [int(results.value("attrition", name, criterion=criterion)) for criterion in criteria]


def _beside(results: Results, item: Statistic) -> int:
    """The other count of the same change."""
    return next(_whole(one) for one in results.select("what_if", "possible_more") if one.context == item.context)


def _label(item: Statistic, language: Language) -> str:
    change, criterion = str(item.context["change"]), str(item.context["criterion"])
    if change == "unknown_good" and criterion == "all":
        return term("figure_cohort_unknown_good_all", language)
    return say(Reason.of(f"figure_cohort_{change}", criterion=criterion, reading=str(item.context.get("reading", ""))), language)


def _whole(item: Statistic) -> int:
    assert isinstance(item.value, int)
    return item.value
