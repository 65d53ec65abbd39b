"""A figure of what is missing in a screened source: how many persons lack it, and how many candidates it would decide."""

from __future__ import annotations

from collections.abc import Mapping

from protocord.report.canvas import GREY, HATCHES, PALETTE, Canvas
from protocord.report.lacking import kinds_of, lacks
from protocord.statistics import Results
from protocord.statistics.results import Statistic
from protocord.values import Language, Reason, Text
from protocord.words import term
from protocord.words.layout import wrap

_ROW = 0.38  # inches of a row of bars
_SHOWN = 15
_LABEL = 52  # columns of a label's line


def unknowns(results: Results, names: Mapping[str, Text], language: Language) -> Canvas:
    """This will draw of which concepts most candidates lack something, and how many are decided by all looked up so far.

    `results` are those of `unknowns`: `look_up_concept` (candidates, persons, decides_so_far by concept), `look_up`; `names` the names
    of the concepts.
    """
    every = list(results.select("look_up_concept", "candidates"))
    items, kinds = every[:_SHOWN], kinds_of(results)
    labels = [
        lacks(concept, kinds[concept], names, language, most=1) for concept in (str(item.context["concept"]) for item in items)
    ]
    canvas = Canvas(
        term("figure_unknowns", language),
        language=language,
        width=11,
        height=2.4 + _ROW * max(len(items), 3),
        columns=2,
        width_ratios=[1, 1],
        share_y=True,
    )
    everybody, free = canvas.axes
    places = list(range(len(items)))
    persons = [_beside(results, item, "persons") for item in items]
    candidates = [_whole(item) for item in items]
    decides = [_beside(results, item, "decides_so_far") for item in items]
    everybody.barh(places, persons, height=0.62, color=GREY, label=canvas.words("figure_unknowns_persons"))
    free.barh(
        places, candidates, height=0.72, color="white", edgecolor=PALETTE[0], hatch=HATCHES[1],
        label=canvas.words("figure_unknowns_candidates"),
    )  # fmt: skip
    free.barh(places, decides, height=0.4, color=PALETTE[0], label=canvas.words("figure_unknowns_decides"))
    for place, all_, some, few in zip(places, persons, candidates, decides, strict=True):
        everybody.annotate(f"{all_:,}", (all_, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
        text = f"{some:,}" if not few else f"{some:,} / {few:,}"
        free.annotate(text, (max(some, few), place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
    everybody.set_yticks(places, ["\n".join(wrap(label, _LABEL)) for label in labels], fontsize=8.5)
    everybody.set_ylim(max(len(items), 1) - 0.4, -0.6)
    for axes, most, key in (
        (everybody, persons, "figure_unknowns_everybody"),
        (free, candidates + decides, "figure_unknowns_free"),
    ):
        axes.set_xlim(0, max([*most, 1]) * 1.22)
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=5)
        axes.set_xlabel(canvas.words(key))
        if items:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=1)
    if not items:
        everybody.annotate(canvas.words("figure_unknowns_nothing"), (0.5, 0.5), xycoords="axes fraction", ha="center")
    note = Reason.of(
        "figure_unknowns_note",
        persons=int(str(results.about["persons"])),
        on=str(results.about["on"]),
        shown=len(items),
        count=len(every),
    )
    canvas.footnotes([canvas.say(note), canvas.words("figure_unknowns_note_free")])
    return canvas


def _beside(results: Results, item: Statistic, name: str) -> int:
    """Another count of the same thing."""
    return _whole(results.one("look_up_concept", name, **item.context))


def _whole(item: Statistic) -> int:
    assert isinstance(item.value, int)
    return item.value
