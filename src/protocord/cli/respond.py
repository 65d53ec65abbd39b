"""The command that assesses tumours: RECIST 1.1 and iRECIST, best responses, rates, and times to events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocord.cli.door import Day, study_argument
from protocord.cli.outcome import TableCommand, answer_options, deliver
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.efficacy.respond import Responses
    from protocord.report.canvas import Canvas
    from protocord.tables import Table


def _tables() -> tuple[Table, ...]:
    from protocord.efficacy.columns import INPUTS

    return INPUTS


@click.command(cls=TableCommand, tables=_tables)
@study_argument
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--cut", type=Day(), help="Day of the data cut: what is dated after it does not count.  [default: none]")
@click.option(
    "--partial-dates",
    type=click.Choice(["refuse", "earliest", "latest"]),
    default="refuse",
    show_default=True,
    help="What to do with a partly known date of an event: nothing is guessed, but either end can be asked for.",
)
@click.option("--allow-selection", is_flag=True, help="Use lesions chosen at baseline against the rules; they are listed.")
@click.option("--by", metavar="COLUMN", help="A column of subjects to give the rates by, such as sex.")
@answer_options
def respond(
    study: Path,
    data: tuple[Path, ...],
    cut: date | None,
    partial_dates: str,
    allow_selection: bool,
    by: str | None,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Assess tumours: every response, the best one, rates and times.

    DATA is a folder with subjects.csv, events.csv, lesions.csv, measurements.csv, assessments.csv and, where
    there are any, new_lesions.csv (.tsv and .parquet too), or those files themselves. The rules are those
    of the study's efficacy.yaml; every answer carries the measurements and the rule that gave it. All
    problems in the tables are named by file, row and column, and then nothing is computed.

    With --out the folder holds assessments.csv, best.csv, times.csv (what `protocord survive` reads),
    excluded.csv, the results, and the figures waterfall, spider, swimmer and forest.

    \b
    Example:
      protocord respond nct06848582 docs/tutorials/data/response --cut 2026-06-30 --out response

    Exits 3 when the study's documents, 4 when the tables cannot be used.
    """
    from protocord.cli.outcome import progress
    from protocord.efficacy.inputs import read_inputs
    from protocord.efficacy.listings import assessment_frame, best_frame, excluded_frame, times_frame
    from protocord.efficacy.respond import respond as assess
    from protocord.protocol import load

    protocol = load(study)
    inputs = read_inputs(_source(data))
    found = assess(
        protocol,
        inputs,
        cut=cut,
        partial_dates=partial_dates,  # type: ignore[arg-type]
        allow_selection=allow_selection,
        by=by,
        progress=lambda records: progress(records, "children"),
    )
    tables = {
        "assessments": assessment_frame(found, language),
        "best": best_frame(found, language),
        "times": times_frame(found, language),
        "excluded": excluded_frame(found, language),
    }
    deliver(
        found.results,
        figures=_figures(found, language),
        tables=tables,
        out=out,
        form=form,
        language=language,
        lines=_lines(found, language),
    )


def _source(data: tuple[Path, ...]) -> Path | dict[str, Path]:
    if len(data) == 1 and data[0].is_dir():
        return data[0]
    folders = [path for path in data if path.is_dir()]
    if folders:
        message = f"{folders[0]} is a folder; give one folder, or files only."
        raise click.BadParameter(message, param_hint="DATA")
    return {path.stem: path for path in data}


def _figures(found: Responses, language: Language) -> dict[str, Callable[[], Canvas]]:
    def drawing(name: str) -> Callable[[], Canvas]:
        def draw() -> Canvas:
            from protocord.report.figures import response

            drawn: Canvas = getattr(response, name)(response.chart(found), language)
            return drawn

        return draw

    return {name: drawing(name) for name in ("waterfall", "spider", "swimmer", "forest")}


def _lines(found: Responses, language: Language) -> Iterator[str]:
    from protocord.words import say, term
    from protocord.words.layout import hanging

    def said(key: str, **slots: object) -> str:
        return term(key, language).format(**slots)

    protocol = found.protocol
    yield said("respond_title", study=protocol.study.id, version=protocol.version)
    treated = sum(course.day_1 is not None for course in found.courses)
    yield said("respond_children", n=len(found.courses), treated=treated)
    yield from _best_lines(found, language)
    yield from _rate_lines(found, language)
    yield from _time_lines(found, language)
    if found.notes or found.selection:
        yield ""
        yield term("respond_notes", language)
        for note in found.notes:
            yield from hanging(say(note, language), first="  ")
    if found.selection:
        yield from hanging(said("respond_selection", count=len(found.selection)), first="  ")
        for problem in found.selection:
            yield from hanging(str(problem), first="    ")


def _best_lines(found: Responses, language: Language) -> Iterator[str]:
    from protocord.efficacy.recist.best_response import ORDER
    from protocord.efficacy.sets import analysis_set
    from protocord.words import term
    from protocord.words.layout import table

    results = found.results.select("best_response", "n")
    sets = dict.fromkeys(str(item.context["analysis_set"]) for item in results)
    for name in sets:
        yield ""
        inside = analysis_set(found.protocol, name).name.say(language)
        yield f"{term('respond_best', language)} ({term('respond_set', language)}: {inside})"
        rows = [["", term("respond_confirmed", language), term("respond_unconfirmed", language)]]
        for response in ORDER:
            counts = [results.value(analysis_set=name, response=response, confirmed=kind) for kind in ("yes", "no")]
            if any(counts):
                rows.append([term(f"response_{response}", language), *(str(count) for count in counts)])
        yield from (f"  {line}" for line in table(rows))


def _rate_lines(found: Responses, language: Language) -> Iterator[str]:
    from protocord.statistics.rounding import percent
    from protocord.words import say, term
    from protocord.words.layout import table

    rows = []
    for rate in found.protocol.efficacy.rates:
        groups = dict.fromkeys(str(item.context.get("group", "")) for item in found.results.select(rate.id, "estimate"))
        for group in groups:
            chosen = [item for item in found.results.select(rate.id) if str(item.context.get("group", "")) == group]
            one = {item.name: item for item in chosen}
            name = rate.name.say(language) + (f", {one['n'].context['by']} {group}" if group else "")
            if (
                rate.by_visit
            ):  # a response after that visit does not count, so the rate may be lower than the best responses suggest
                name += term("respond_by_visit", language).format(visit=rate.by_visit)
            of = term("respond_of", language).format(responders=one["responders"].value, n=one["n"].value)
            estimate = one["estimate"]
            if estimate.reason is not None:
                rows.append([name, of, say(estimate.reason, language)])
                continue
            limits = {
                "level": percent(rate.level, 0),
                "lower": percent(float(str(one["lower"].value))),
                "upper": percent(float(str(one["upper"].value))),
                "method": term(f"respond_method_{rate.interval}", language),
            }
            rows.append([name, of, percent(float(str(estimate.value))), term("respond_interval", language).format(**limits)])
    if rows:
        yield ""
        yield term("respond_rates", language)
        yield from (f"  {line}" for line in table(rows))


def _time_lines(found: Responses, language: Language) -> Iterator[str]:
    from protocord.words import term
    from protocord.words.layout import table

    rows = [["", *(term(f"respond_{status}", language) for status in ("event", "censored", "competing"))]]
    for endpoint in found.protocol.efficacy.time_to_event:
        names = {"main": endpoint.name.say(language), **{one.id: f"- {one.text.say(language)}" for one in endpoint.sensitivity}}
        for variant, name in names.items():
            chosen = [time for time in found.times if (time.endpoint, time.variant) == (endpoint.id, variant)]
            rows.append(
                [name, *(str(sum(time.status == status for time in chosen)) for status in ("event", "censored", "competing"))]
            )
    if len(rows) > 1:
        yield ""
        yield term("respond_times", language)
        yield from (f"  {line}" for line in table(rows))
