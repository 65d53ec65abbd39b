"""Say in lines of text why the answers of a whole source are unknown, and what to look up first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING

from protocord.cli.cohort_lines import heading, right
from protocord.report.lacking import kinds_of, lacks
from protocord.values import Language, Reason, Text
from protocord.words import say, term
from protocord.words.layout import hanging, table

if TYPE_CHECKING:
    from protocord.protocol import Protocol
    from protocord.statistics import Results
    from protocord.statistics.results import Statistic

_EACH, _LOOKED_UP = 3, 10  # reasons shown of a criterion, things to look up shown


def unknown_lines(results: Results, protocol: Protocol, language: Language) -> Iterator[str]:
    """This will yield, for each criterion, its most frequent reasons for unknown, and then what to look up for the most children."""
    names = {name: concept.name for name, concept in protocol.concepts.items()}
    chosen = {criterion: rules.reading_id for criterion, rules in protocol.rules.items()}
    counted = [
        item for item in results.select("unknown", "persons") if chosen[str(item.context["criterion"])] == item.context["reading"]
    ]
    rows = [[term(f"cohort_{key}", language) for key in ("criterion", "persons_count", "alone", "not_kept_out", "missing")]]
    for criterion, items in groupby(counted, key=lambda item: str(item.context["criterion"])):
        for place, item in enumerate(islice(items, _EACH)):
            rows.append(
                ["" if place else criterion, *_counts(results, item, "alone", "not_kept_out"), _said(item, names, language)]
            )
    yield from heading(term("cohort_unknowns", language))
    yield from _table(rows, [1, 2, 3], language)
    if counted:
        yield from hanging(say(Reason.of("cohort_unknowns_note", count=str(_EACH)), language), first="  ")
    kinds = kinds_of(results)
    looked_up = list(results.select("look_up_concept", "candidates"))
    rows = [[term(f"cohort_{key}", language) for key in ("candidates_count", "decides", "decides_so_far", "missing")]]
    for item in looked_up[:_LOOKED_UP]:
        concept = str(item.context["concept"])
        rows.append([*_counts(results, item, "decides", "decides_so_far"), lacks(concept, kinds[concept], names, language)])
    yield from heading(term("cohort_look_up", language))
    yield from _table(rows, [0, 1, 2], language)
    if len(looked_up) > _LOOKED_UP:
        yield "  " + say(Reason.of("cohort_more", count=f"{len(looked_up) - _LOOKED_UP:,}"), language)
    if looked_up:
        yield from hanging(term("cohort_look_up_note", language), first="  ")


def _said(item: Statistic, names: Mapping[str, Text], language: Language) -> str:
    return lacks(str(item.context["concept"]), [str(item.context["missing"])], names, language)


def _counts(results: Results, item: Statistic, *names: str) -> list[str]:
    """The persons of an item, and other counts of the same thing."""
    return [f"{item.value:,}", *(f"{results.value(item.analysis, name, **item.context):,}" for name in names)]


def _table(rows: list[list[str]], numbers: Sequence[int], language: Language) -> Iterator[str]:
    if len(rows) == 1:
        yield "  " + term("cohort_none", language)
        return
    yield from table(right(rows, numbers), indent="  ")
