"""Say a screened source in lines of text: attrition, candidates, what is missing, what if, and what a source can answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from protocord.statistics import Results
from protocord.values import Language, Reason
from protocord.words import say, term
from protocord.words.layout import hanging, table, width

if TYPE_CHECKING:
    import polars as pl

    from protocord.cohort.answers.listing import Listing

_MARKS = {"eligible": "✓", "review": "!", "incomplete": "?", "ineligible": "✗"}
_WAYS = {"not_met": "✗", "unknown": "?", "review": "!"}
_SHOWN = 10  # persons or lines shown of a long list; the files have all
_STATES = {"mapped_and_found": "✓", "mapped_no_rows": "?", "not_mapped": "✗"}


def head(results: Results, language: Language) -> Iterator[str]:
    """This will yield which protocol, which source, and which days."""
    about = results.about
    told = {"study": str(about["study"]), "version": str(about["protocol_version"]), "hash": str(about["protocol_hash"])[:12]}
    yield say(Reason.of("cli_protocol", **told), language)
    source = {"kind": str(about["source"]), "path": str(about["path"]), "fingerprint": str(about["source_fingerprint"])[:12]}
    yield say(Reason.of("cohort_source", **source, persons=f"{int(str(about['persons'])):,}"), language)
    if "on" in about:
        yield say(Reason.of("cli_assessed", on=str(about["on"]), infusion=str(about["planned_infusion"])), language)


def screening_lines(results: Results, found: Listing, language: Language) -> Iterator[str]:
    """This will yield the whole answer of a screening."""
    yield from head(results, language)
    yield ""
    counts = [
        (f"{_MARKS[str(item.context['outcome'])]} {item.value:,}", term(f"cohort_outcome_{item.context['outcome']}", language))
        for item in results.select("cohort", "outcome")
    ]
    yield from table(_right(counts, [0]), indent="  ")
    yield from _counts(
        results, "criterion", "cohort_answers", ["met", "not_met", "unknown", "review", "passes_if_good"], language
    )
    yield from hanging(term("cohort_answers_note", language), first="  ")
    names = ["lost", "left", "surely_met", "all_but_this", "lost_to_this_alone"]
    yield from _counts(results, "attrition", "cohort_attrition", names, language)
    yield from hanging(term("cohort_attrition_note", language), first="  ")
    criteria = [str(item.context["criterion"]) for item in results.select("attrition", "left")]
    for key, frame in (("cohort_candidates", found.candidates), ("cohort_near_misses", found.near_misses)):
        yield from _title(say(Reason.of(key, count=f"{frame.height:,}"), language))
        yield from _people(frame, criteria, language)
    near = Reason.of("cohort_near_note", looked=f"{found.looked_at:,}", count=f"{found.may_pass:,}")
    yield from hanging(say(near, language), first="  ")
    listed = Reason.of("cohort_work_list", listed=f"{found.listed_missing:,}", count=f"{found.incomplete:,}")
    yield from _title(say(listed, language))
    yield from _work(found.work_list, language)


def readiness_lines(results: Results, language: Language) -> Iterator[str]:
    """This will yield what a source has for a study, and what it lacks."""
    yield from head(results, language)
    yield from _title(term("cohort_tables", language))
    counted = {str(item.context["table"]): f"{item.value:,}" for item in results.select("table", "rows")}
    present = [(str(item.context["table"]), item.value) for item in results.select("table", "present")]
    absent = term("cohort_absent", language)
    yield from table(_right([(name, counted.get(name, "✓" if there else absent)) for name, there in present], [1]), indent="  ")
    counts = {item.name: f"{item.value:,}" for item in results.select("persons")}
    yield from hanging(say(Reason.of("cohort_persons", **counts), language), first="  ")
    yield from _title(term("cohort_can_answer", language))
    yield from table(_asked(results, language), indent="  ")
    needing = [str(item.context["criterion"]) for item in results.select("criterion", "needs_coverage") if item.value]
    yield from hanging(say(Reason.of("cohort_needs_coverage", criteria=", ".join(needing)), language), first="  ")
    yield from _lost(results, language)
    yield from _unmapped(results, language)


def _asked(results: Results, language: Language) -> list[list[str]]:
    rows = [["", *(term(f"cohort_{key}", language) for key in ("criterion", "concept", "codes", "rows"))]]
    for state in results.select("concept", "state"):
        where = dict(state.context)
        codes, found = (results.value("concept", name, **where) for name in ("codes", "rows"))
        said = term(f"cohort_state_{state.value}", language)
        mark = f"{_STATES[str(state.value)]} {said}"
        rows.append([mark, str(where["criterion"]), str(where["concept"]), f"{codes:,}", f"{found:,}"])
    return _right(rows, [3, 4])


def _lost(results: Results, language: Language) -> Iterator[str]:
    rows = [
        [
            str(item.context["concept"]),
            term(f"cohort_lost_{item.context['what']}", language),
            term(f"cohort_why_{item.context['why']}", language),
            f"{item.value:,}",
        ]
        for item in results.select("lost", "rows")
    ]
    dates = [
        [str(item.context["table"]), term(f"cohort_why_{item.name}", language), f"{item.value:,}"]
        for item in results.select("dates")
        if item.value
    ]
    header = [term(f"cohort_{key}", language) for key in ("concept", "what", "why", "rows")]
    yield from _title(term("cohort_lost_rows", language))
    yield from table(_right([header, *rows], [3]) if rows else [[term("cohort_none", language)]], indent="  ")
    yield from _title(term("cohort_dates", language))
    header = [term(f"cohort_{key}", language) for key in ("table", "why", "rows")]
    yield from table(_right([header, *dates], [2]) if dates else [[term("cohort_none", language)]], indent="  ")


def _unmapped(results: Results, language: Language) -> Iterator[str]:
    import polars as pl

    totals = results.frame().filter(pl.col("analysis") == "unmapped").group_by("statistic").agg(pl.col("value").sum())
    counted = {name: int(value) for name, value in totals.select("statistic", "value").iter_rows()}
    codes, rows, none = (counted.get(name, 0) for name in ("codes", "rows", "without_concept"))
    yield from _title(say(Reason.of("cohort_unmapped", codes=f"{codes:,}", rows=f"{rows:,}"), language))
    header = [term(f"cohort_{key}", language) for key in ("table", "code", "code_name", "rows")]
    named = [
        [str(item.context[key]) for key in ("table", "code", "label")] + [f"{item.value:,}"]
        for item in results.select("unmapped_code")
    ]
    yield from table(_right([header, *named], [3]) if named else [[term("cohort_none", language)]], indent="  ")
    yield "  " + say(Reason.of("cohort_without_concept", rows=f"{none:,}"), language)
    for key, analysis in (("cohort_unmapped_units", "unmapped_unit"), ("cohort_clashes", "clash")):
        found = results.select(analysis)
        if len(found):
            yield from _title(term(key, language))
            cells = [
                [
                    str(item.context.get("code", item.value)),
                    str(item.context["label"]),
                    f"{item.value:,}" if analysis != "clash" else "",
                ]
                for item in found
            ]
            yield from table(_right(cells, [2]), indent="  ")


def _counts(results: Results, analysis: str, title: str, names: Sequence[str], language: Language) -> Iterator[str]:
    """A table with a row a criterion and a column a count."""
    yield from _title(term(title, language))
    rows = [[term("cohort_criterion", language), *(term(_column(name), language) for name in names)]]
    for first in results.select(analysis, names[0]):
        criterion = str(first.context["criterion"])
        rows.append([criterion, *(f"{results.value(analysis, name, criterion=criterion):,}" for name in names)])
    yield from table(_right(rows, range(1, len(names) + 1)), indent="  ")


def _column(name: str) -> str:
    return "cohort_lost_alone" if name == "lost_to_this_alone" else f"cohort_{name}"


def _people(frame: pl.DataFrame, criteria: Sequence[str], language: Language) -> Iterator[str]:
    if frame.is_empty():
        yield "  " + term("cohort_none", language)
        return
    keys = ("name", "outcome", "first_eligible", "first_possible", "in_the_way")
    rows = [[term(f"cohort_{key}", language) for key in keys]]
    for row in frame.head(_SHOWN).iter_rows(named=True):
        days = ["–" if row[key] is None else row[key].isoformat() for key in ("first_eligible", "first_possible")]
        rows.append([row["name"], _MARKS[row["outcome"]], *days, _in_the_way(row, criteria)])
    yield from table(rows, indent="  ")
    yield from _more(frame.height, language)


def _in_the_way(row: dict[str, Any], criteria: Sequence[str]) -> str:
    groups = [(mark, [one for one in criteria if row[one] == way]) for way, mark in _WAYS.items()]
    return " · ".join(f"{mark} {' '.join(named)}" for mark, named in groups if named)


def _work(frame: pl.DataFrame, language: Language) -> Iterator[str]:
    if frame.is_empty():
        yield "  " + term("cohort_none", language)
        return
    rows = [[term(f"cohort_{key}", language) for key in ("name", "criterion", "missing")]]
    rows += [list(row) for row in frame.head(_SHOWN).iter_rows()]
    yield from table(rows, indent="  ")
    yield from _more(frame.height, language)


def _more(count: int, language: Language) -> Iterator[str]:
    if count > _SHOWN:
        yield "  " + say(Reason.of("cohort_more", count=f"{count - _SHOWN:,}"), language)


def _title(text: str) -> Iterator[str]:
    yield ""
    yield click.style(text, bold=True)


def _right(rows: Sequence[Sequence[str]], columns: Sequence[int] | range) -> list[list[str]]:
    """The rows with these columns set flush right, as numbers are read."""
    wide = {column: max(width(row[column]) for row in rows) for column in columns} if rows else {}
    return [
        [" " * (wide[place] - width(cell)) + cell if place in wide else cell for place, cell in enumerate(row)] for row in rows
    ]
