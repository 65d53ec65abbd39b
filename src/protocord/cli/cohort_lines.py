"""Say a screened source in lines of text: attrition, candidates, what is missing, what if, and what a source can answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from protocord.values import Language, Reason
from protocord.words import say, term
from protocord.words.layout import hanging, table, width

if TYPE_CHECKING:
    import polars as pl

    from protocord.cohort.answers.listing import Listing
    from protocord.cohort.answers.unexplained import Unexplained
    from protocord.statistics import Results

_MARKS = {"eligible": "✓", "review": "!", "incomplete": "?", "ineligible": "✗"}
_WAYS = {"not_met": "✗", "unknown": "?", "review": "!"}
_UNMAPPED = ("codes", "rows", "without_concept")
_SHOWN = 10  # persons or lines shown of a long list; the files have all
_STATES = {"mapped_and_found": "✓", "mapped_no_rows": "?", "not_mapped": "✗", "no_rows": "✗"}


def head(results: Results, language: Language) -> Iterator[str]:
    """This will yield which protocol, which source, and which days."""
    about = results.about
    told = {"study": str(about["study"]), "version": str(about["protocol_version"]), "hash": str(about["protocol_hash"])[:12]}
    yield say(Reason.of("cli_protocol", **told), language)
    source = {"kind": str(about["source"]), "path": str(about["path"]), "fingerprint": str(about["source_fingerprint"])[:12]}
    source["kind"] = term(f"cohort_kind_{source['kind'].replace('-', '_')}", language)
    source["engine"] = " ".join(str(about[name]) for name in ("engine", "engine_version"))
    yield say(Reason.of("cohort_source", **source, persons=f"{int(str(about['persons'])):,}"), language)
    if "on" in about:
        yield say(Reason.of("cli_assessed", on=str(about["on"]), infusion=str(about["planned_infusion"])), language)


def screening_lines(results: Results, found: Listing, unseen: Unexplained, language: Language) -> Iterator[str]:
    """This will yield the whole answer of a screening."""
    yield from head(results, language)
    yield ""
    counts = [
        (f"{_MARKS[str(item.context['outcome'])]} {item.value:,}", term(f"cohort_outcome_{item.context['outcome']}", language))
        for item in results.select("cohort", "outcome")
    ]
    yield from table(right(counts, [0]), indent="  ")
    yield from _counts(
        results, "criterion", "cohort_answers", ["met", "not_met", "unknown", "review", "passes_if_good"], language
    )
    yield from hanging(term("cohort_answers_note", language), first="  ")
    names = ["lost", "left", "surely_met", "all_but_this", "lost_to_this_alone"]
    title = "cohort_attrition_order" if "order" in results.about else "cohort_attrition"
    yield from _counts(results, "attrition", title, names, language)
    yield from hanging(term("cohort_attrition_note", language), first="  ")
    criteria = [str(item.context["criterion"]) for item in results.select("attrition", "left")]
    for key, frame in (("cohort_candidates", found.candidates), ("cohort_near_misses", found.near_misses)):
        yield from heading(say(Reason.of(key, count=f"{frame.height:,}"), language))
        yield from _people(frame, criteria, language)
        if key == "cohort_candidates":
            yield from hanging(_unseen(unseen, frame.height, language), first="  ")
    near = Reason.of("cohort_near_note", looked=f"{found.looked_at:,}", count=f"{found.may_pass:,}")
    yield from hanging(say(near, language), first="  ")
    listed = Reason.of("cohort_work_list", listed=f"{found.listed_missing:,}", count=f"{found.incomplete:,}")
    yield from heading(say(listed, language))
    yield from _work(found.work_list, language)


def _unseen(unseen: Unexplained, candidates: int, language: Language) -> str:
    """What washouts do not see, and whom it concerns."""
    if not unseen.rows:
        return term("cohort_unseen_none", language)
    if unseen.codes is None:
        return say(Reason.of("cohort_unseen_store", rows=f"{unseen.rows:,}"), language)
    said = [say(Reason.of("cohort_unseen", rows=f"{unseen.rows:,}", codes=f"{unseen.codes:,}"), language)]
    if unseen.window is not None:
        since, until = (day.isoformat() for day in unseen.window)
        counts = {"having": f"{unseen.candidates:,}", "count": f"{candidates:,}"}
        said.append(say(Reason.of("cohort_unseen_candidates", since=since, until=until, **counts), language))
    said.append(term("cohort_unseen_remedy", language))
    return ("" if language == "zh" else " ").join(said)


def readiness_lines(results: Results, language: Language) -> Iterator[str]:
    """This will yield what a source has for a study, and what it lacks."""
    yield from head(results, language)
    yield from heading(term("cohort_tables", language))
    counted = {str(item.context["table"]): f"{item.value:,}" for item in results.select("table", "rows")}
    present = [(str(item.context["table"]), item.value) for item in results.select("table", "present")]
    absent = term("cohort_absent", language)
    yield from table(right([(name, counted.get(name, "✓" if there else absent)) for name, there in present], [1]), indent="  ")
    counts = {item.name: f"{item.value:,}" for item in results.select("persons")}
    unreadable = counts.pop("unreadable", "0")
    yield from hanging(say(Reason.of("cohort_persons", **counts), language), first="  ")
    if unreadable != "0":
        yield from hanging(say(Reason.of("cohort_unreadable", persons=unreadable), language), first="  ")
    yield from heading(term("cohort_can_answer", language))
    yield from table(_asked(results, language), indent="  ")
    needing = [str(item.context["criterion"]) for item in results.select("criterion", "needs_coverage") if item.value]
    yield from hanging(say(Reason.of("cohort_needs_coverage", criteria=", ".join(needing)), language), first="  ")
    yield from _lost(results, language)
    yield from _unmapped(results, language)


def _asked(results: Results, language: Language) -> list[list[str]]:
    """A row for each concept that a criterion asks; a fact store has no codes any more."""
    told = ("codes", "rows", "declared") if len(results.select("concept", "codes")) else ("rows", "declared")
    counts = {
        name: {tuple(sorted(item.context.items())): f"{item.value:,}" for item in results.select("concept", name)}
        for name in told
    }
    rows = [["", *(term(f"cohort_{key}", language) for key in ("criterion", "concept", *told))]]
    for state in results.select("concept", "state"):
        key = tuple(sorted(state.context.items()))
        mark = f"{_STATES[str(state.value)]} {term(f'cohort_state_{state.value}', language)}"
        where = [str(state.context[name]) for name in ("criterion", "concept")]
        rows.append([mark, *where, *(counts[name].get(key, "") for name in told)])
    return right(rows, range(3, 3 + len(told)))


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
    yield from heading(term("cohort_lost_rows", language))
    yield from table(right([header, *rows], [3]) if rows else [[term("cohort_none", language)]], indent="  ")
    yield from heading(term("cohort_dates", language))
    header = [term(f"cohort_{key}", language) for key in ("table", "why", "rows")]
    yield from table(right([header, *dates], [2]) if dates else [[term("cohort_none", language)]], indent="  ")


def _unmapped(results: Results, language: Language) -> Iterator[str]:
    left = [[left_out(str(item.context["why"]), language), f"{item.value:,}"] for item in results.select("left_out", "resources")]
    named = [
        [str(item.context[key]) for key in ("table", "code", "label")] + [f"{item.value:,}"]
        for item in results.select("unmapped_code")
    ]
    none = [[term("cohort_none", language)]]
    header = [term(f"cohort_{key}", language) for key in ("table", "code", "code_name", "rows")]
    if results.about["source"] == "fact-store":
        yield from heading(term("cohort_left_out", language))
        yield from table(right(left, [1]) or none, indent="  ")
        if named:
            yield from heading(term("cohort_left_out_codes", language))
            yield from table(right([[row[0], row[1], row[3]] for row in (header, *named)], [2]), indent="  ")
        return
    totals = {name: sum(int(str(item.value)) for item in results.select("unmapped", name)) for name in _UNMAPPED}
    codes, rows = f"{totals['codes']:,}", f"{totals['rows']:,}"
    yield from heading(say(Reason.of("cohort_unmapped", codes=codes, rows=rows), language))
    yield from table(right([header, *named], [3]) if named else none, indent="  ")
    yield "  " + say(Reason.of("cohort_without_concept", rows=f"{totals['without_concept']:,}"), language)
    for key, analysis in (("cohort_unmapped_units", "unmapped_unit"), ("cohort_clashes", "clash")):
        found = results.select(analysis)
        if len(found):
            yield from heading(term(key, language))
            cells = [
                [
                    str(item.context.get("code", item.value)),
                    str(item.context["label"]),
                    f"{item.value:,}" if analysis != "clash" else "",
                ]
                for item in found
            ]
            yield from table(right(cells, [2]), indent="  ")


def left_out(reason: str, language: Language) -> str:
    """This will say why rows became no fact when a store was made."""
    try:
        return term(f"cohort_left_{reason}", language)
    except KeyError:  # a store of a later version may know more
        return reason.replace("_", " ")


def _counts(results: Results, analysis: str, title: str, names: Sequence[str], language: Language) -> Iterator[str]:
    """A table with a row a criterion and a column a count."""
    yield from heading(term(title, language))
    rows = [[term("cohort_criterion", language), *(term(_column(name), language) for name in names)]]
    for first in results.select(analysis, names[0]):
        criterion = str(first.context["criterion"])
        rows.append([criterion, *(f"{results.value(analysis, name, criterion=criterion):,}" for name in names)])
    yield from table(right(rows, range(1, len(names) + 1)), indent="  ")


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


def heading(text: str) -> Iterator[str]:
    """This will yield the heading of a part."""
    yield ""
    yield click.style(text, bold=True)


def right(rows: Sequence[Sequence[str]], columns: Sequence[int] | range) -> list[list[str]]:
    """This will return the rows with these columns set flush right, as numbers are read."""
    wide = {column: max(width(row[column]) for row in rows) for column in columns} if rows else {}
    return [
        [" " * (wide[place] - width(cell)) + cell if place in wide else cell for place, cell in enumerate(row)] for row in rows
    ]
