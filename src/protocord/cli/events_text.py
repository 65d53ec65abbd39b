"""What the commands on adverse events print: tables of results, in a reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from protocord.safety.dlt import DltFinding
from protocord.statistics import Results, shown
from protocord.values import Language
from protocord.words import say, term
from protocord.words.layout import hanging, table

_SUBSETS = ("any", "grade_3_or_more", "related", "serious")
_COUNTED = ("emergent", "worsened", "unknown")


def count_lines(results: Results, language: Language) -> Iterator[str]:
    """This will yield the account of adverse events: a line a term below its class, with subjects, share and rate."""
    exposure = {item.name: item.value for item in results.select("ae_exposure")}
    counted = sum(exposure[f"events_{name}"] for name in _COUNTED)  # type: ignore[misc]
    yield from hanging(
        term("ae_head", language).format(
            n=exposure["treated"], infusions=exposure["infusions"], events=exposure["events"], counted=counted
        ),
        first="",
    )
    yield ""
    rows = [["", *(term(f"ae_table_{key}", language) for key in ("any", "severe", "related", "serious", "rate"))]]
    values = {(item.analysis, item.name, frozenset(item.context.items())): item.value for item in results}
    rows += [_count_row(values, context, label) for context, label in _terms(results, language)]
    yield from table(rows, widest=(31,))
    yield ""
    yield from hanging(term("ae_foot", language), first="")
    opened = {item.name: item.value for item in results.select("ae_open")}
    yield from hanging(
        term("ae_foot_open", language).format(
            dates=opened["events_with_open_dates"],
            related=opened["events_assumed_related"],
            grade=opened["events_without_grade"],
        ),
        first="",
    )


def _terms(results: Results, language: Language) -> Iterator[tuple[Mapping[str, str], str]]:
    """The rows of the table: all events, then each class with its terms, commonest first."""
    yield {"of": "all"}, term("ae_all_events", language)
    counts: dict[tuple[str, str, str], int] = {}
    for item in results.select("ae_incidence", "subjects", subset="any"):
        of, soc, name = (str(item.context.get(key, "")) for key in ("of", "soc", "term"))
        if of in {"soc", "term"} and isinstance(item.value, int):
            counts[of, soc, name] = item.value
    ordered = sorted(
        counts, key=lambda key: (-counts.get(("soc", key[1], ""), 0), key[1] == "", key[1], key[0], -counts[key], key[2])
    )
    for of, soc, name in ordered:
        context = {"of": of} | ({"soc": soc} if soc else {}) | ({"term": name} if name else {})
        yield context, f"  {name}" if name and soc else name or soc


Values = Mapping[tuple[str, str, frozenset[Any]], Any]


def _count_row(values: Values, context: Mapping[str, Any], label: str) -> list[str]:
    def of(analysis: str, name: str, subset: str) -> Any:
        return values.get((analysis, name, frozenset({**context, "subset": subset}.items())))

    cells = [label]
    for subset in _SUBSETS:
        subjects, share = of("ae_incidence", "subjects", subset), of("ae_incidence", "proportion", subset)
        cells.append("–" if subjects is None else f"{subjects} ({shown(100 * share, 1) if share is not None else '–'})")
    rate, lower, upper = (of("ae_first_rate", name, "any") for name in ("rate", "lower", "upper"))
    cells.append("–" if rate is None else f"{shown(rate, 2)} ({shown(lower, 2)}–{shown(upper, 2)})")
    return cells


def shift_lines(results: Results, language: Language) -> Iterator[str]:
    """This will yield each shift table of grades, and the outcome of the liver screen."""
    missing = term("shift_missing_class", language)
    for total in results.select("ae_shift_grade", "n"):
        name = str(total.context["term"])
        cells = {
            (str(item.context["from_grade"]), str(item.context["to_grade"])): item.value
            for item in results.select("ae_shift_grade", "subjects", term=name)
        }
        used = [grade for grade in ("0", "1", "2", "3", "4", "5", "missing") if any(grade in pair for pair in cells)]
        yield from hanging(term("shift_head", language).format(term=name, n=total.value), first="")
        rows = [["", *(missing if grade == "missing" else grade for grade in used)]]
        rows += [
            [missing if source == "missing" else source, *(str(cells.get((source, target), 0)) for target in used)]
            for source in used
        ]
        yield from table([[*row, ""] for row in rows], indent="  ")
        yield ""
    liver = {item.name: item.value for item in results.select("hys_law") if not item.context}
    counts = {"positive": liver["subjects_positive"], "screened": liver["subjects_screened"], "n": liver["n"]}
    counts["unscreened"] = int(str(liver["n"])) - int(str(liver["subjects_screened"]))
    yield from hanging(term("hys_head", language).format(**counts), first="")
    if liver["without_limit"]:
        yield from hanging(term("hys_left_out", language).format(count=liver["without_limit"]), first="")


def dlt_lines(findings: Iterable[DltFinding], language: Language) -> Iterator[str]:
    """This will yield one block a subject: verdict, window, and why; then how many stand where."""
    given = tuple(findings)
    rows = [[term(key, language) for key in ("scale_subject", "dlt_table_verdict", "dlt_table_window", "dlt_table_why")]]
    for finding in given:
        window = "–".join(day.isoformat() for day in finding.window) if finding.window else ""
        why = [say(reason, language) for reason in finding.reasons]
        if finding.verdict == "dlt":
            remarks = {remark: None for one in finding.criteria if one.answer.truth for remark in one.answer.remarks}
            why += [say(remark, language) for remark in remarks]
        rows.append([finding.subject, term(f"verdict_{finding.verdict}", language), window, "; ".join(why)])
    yield from table(rows, widest=(12, 26, 21))
    counts = {verdict: sum(one.verdict == verdict for one in given) for verdict in {one.verdict for one in given}}
    had = counts.get("dlt", 0)
    yield ""
    yield from hanging(
        term("dlt_summary", language).format(
            dlt=had,
            evaluable=had + counts.get("no_dlt", 0),
            waiting=counts.get("not_yet_evaluable", 0),
            undecided=counts.get("undecided", 0),
            out=counts.get("not_evaluable", 0),
        ),
        first="",
    )


def clock_lines(results: Results, language: Language) -> Iterator[str]:
    """This will yield one line a report: since when, due, sent, and how it stands; then what the clocks allow beyond the regulation."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for item in results.select("reporting"):
        if "report" in item.context:
            key = tuple(str(item.context[name]) for name in ("subject", "event", "report", "kind"))
            rows.setdefault(key, {"why": []})[item.name] = item.value
            if item.reason:
                rows[key]["why"].append(say(item.reason, language))
    if not rows:
        yield term("clock_none", language)
    else:
        keys = (
            "scale_subject",
            "clock_table_event",
            "clock_table_report",
            "clock_table_due",
            "clock_table_sent",
            "clock_table_status",
        )
        lines = [[term(key, language) for key in keys]]
        for (subject, event, report, kind), found in rows.items():
            status = "; ".join([term(f"clock_{found['status']}", language), *found["why"]])
            named = f"{report} ({term(f'clock_{kind}', language)})"
            lines.append([subject, event, named, found.get("due") or "–", found.get("sent") or "–", status])
        yield from table(lines, widest=(10, 10, 30, 22, 22))
    for item in results.select("reporting", "compared_with_profile"):
        if item.reason:
            yield from hanging(say(item.reason, language), first="! ")
