"""The command that asks what would change who may enter: criteria off, other readings, limits moved, and curves along a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocord.cli.cohort_lines import head, heading, right
from protocord.cli.cohort_source import Given, about, assessed, cohort_out, on_options, screened, source_arguments, under_way
from protocord.cli.door import format_option, language_option
from protocord.values import Language, Reason
from protocord.words import say, term
from protocord.words.layout import hanging, table

if TYPE_CHECKING:
    from protocord.cohort.plan.loosened import Move
    from protocord.report.changes import Gain
    from protocord.statistics import Results


@click.command("what-if")
@source_arguments
@on_options
@click.option("--limit", "limits", multiple=True, metavar="WHICH", help="Another limit, or a curve along one, as below; may be given several times.")  # fmt: skip
@click.option(
    "--days", "lengths", multiple=True, metavar="WHICH", help="The same for a length of time, in days: 'I07: 21 -> 14'."
)
@click.option("--all", "everything", is_flag=True, help="Show every change that was tried, also those that admit nobody.")
@click.option("--top", type=click.IntRange(min=1), default=15, show_default=True, help="How many changes of a kind to show.")
@cohort_out
@language_option
@format_option
def what_if(
    given: Given,
    on: date | None,
    planned_infusion: date | None,
    limits: Sequence[str],
    lengths: Sequence[str],
    everything: bool,
    top: int,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """How many more children one change would admit: a limit moved, a criterion off, another reading.

    All from one pass over the facts. Every limit that the chosen rules write (a number, a multiple of the
    upper limit, an age, a grade, a look-back, a washout) is tried at the steps of a ladder, both ways; for
    each change it is told how many more would be eligible, how many more not kept out, and how many of
    these are undecided. Then which changes together admit most.

    With --limit or --days only what is asked is tried, beside criteria off and other readings. WHICH names
    a criterion, or a parameter of the study, and a limit that it writes:

    \b
      'I12a: 1.0 -> 0.75'                another limit (several after commas)
      'I12a: 1.0 -> 0.5..1.5 by 0.1'     a curve over a range
      'I12a: 1.0'                        a curve over the usual range
      'I12d: "ALT" 3 -> 5'               only that of ALT, where others have the same
      'lab_window: 7 days -> 14 days'    a parameter, in every criterion that uses it

    With --out the folder holds every number, also of the changes not shown, and the charts.

    \b
    Example:
      protocord cohort what-if data/omop nct06848582 --mapping data/cohort_mapping.yaml --on 2025-06-25 \\
          --limit 'I12a: 1.0 -> 0.75, 0.5' --days 'I07: 21'

    Exits 2 when a criterion writes no such limit, 3 when the study or the mapping, 4 when the source cannot be read.
    """
    from protocord.cli.outcome import deliver, free
    from protocord.cohort.answers.what_if import what_if as counted
    from protocord.cohort.plan.loosened import ladder_moves
    from protocord.cohort.plan.wished import wished
    from protocord.report.figures import cohort as figures

    day = assessed(on, planned_infusion)
    free(out)
    with given.opened(language) as (protocol, opened):
        wishes = [wished(protocol, text) for text in limits] + [wished(protocol, text, days=True) for text in lengths]
        tried = () if wishes else ladder_moves(protocol)
        asked = tuple(_once(move for wish in wishes if not wish.curve for move in wish.moves))
        curves = [wish.moves for wish in wishes if wish.curve]
        moves = tuple(_once([*tried, *asked, *(move for curve in curves for move in curve)]))
        found = screened(protocol, opened, day, planned_infusion, language, moves)
        with under_way(term("cohort_doing_count", language), opened.engine.share_done):
            told, inputs = about(given, protocol, opened, on=day, infusion=planned_infusion)
            results = counted(found, inputs, told, tried=tried, asked=asked, curves=curves)
    charts = {"what_if": partial(figures.what_if, results, language)}
    charts |= {f"curve_{place}": partial(figures.curve, results, place, language) for place, _ in enumerate(curves, 1)}
    lines = what_if_lines(results, language, top=None if everything else top)
    deliver(results, figures=charts, out=out, form=form, language=language, lines=lines)


def _once(moves: Iterable[Move]) -> Iterable[Move]:
    return {move.name: move for move in moves}.values()


def what_if_lines(results: Results, language: Language, *, top: int | None) -> Iterator[str]:
    """This will yield the changes of each kind and what they would admit, the changes together, and the curves; `top` None shows all."""
    from protocord.report.changes import KINDS, gains, telling

    yield from head(results, language)
    yield from heading(term("cohort_what_if", language))
    counts = {name: f"{results.value('what_if', name, change='as_written'):,}" for name in ("eligible", "possible", "incomplete")}
    yield "  " + say(Reason.of("cohort_what_if_as_written", **counts), language)
    every = gains(results)
    shown = every if top is None else telling(every)
    for kind in KINDS:
        of_kind = [gain for gain in every if gain.where["change"] == kind]
        if of_kind:
            yield from _kind(kind, of_kind, [gain for gain in shown if gain.where["change"] == kind][:top], language)
    yield ""
    yield from hanging(term("cohort_what_if_note", language), first="  ")
    yield from _together(results, language)
    for number in sorted({int(str(item.context["curve"])) for item in results.select("curve", "eligible")}):
        yield from _curve(results, number, language)


def _kind(kind: str, tried: Sequence[Gain], shown: Sequence[Gain], language: Language) -> Iterator[str]:
    from protocord.report.changes import change_in_words

    counted = Reason.of(f"cohort_what_if_{kind}", shown=len(shown), count=len(tried))
    yield from heading(say(counted, language))
    if not shown:
        yield "  " + term("cohort_what_if_none", language)
        return
    rows = [[*map(_signed, gain.more), change_in_words(gain.where, language)] for gain in shown]
    yield from table(right([_header(language), *rows], range(3)), indent="  ")


def _header(language: Language) -> list[str]:
    return [term(f"cohort_{key}", language) for key in ("eligible", "possible", "incomplete", "change")]


def _together(results: Results, language: Language) -> Iterator[str]:
    from protocord.report.changes import change_in_words

    if not results.select("what_if", "eligible", change="limit"):
        return
    for aim in ("eligible", "possible"):
        yield from heading(term(f"cohort_together_{aim}", language))
        steps = results.select("together", "eligible", aim=aim)
        if not len(steps):
            yield "  " + term("cohort_together_none", language)
            continue
        rows = [_header(language)]
        for item in steps:
            where = dict(item.context)
            more = [results.value("together", f"{name}_more", **where) for name in ("eligible", "possible", "incomplete")]
            added = change_in_words(where, language)
            rows.append([*map(_signed, more), added if where["step"] == 1 else f"+ {added}"])
        yield from table(right(rows, range(3)), indent="  ")
    yield from hanging(term("cohort_together_note", language), first="  ")


def _curve(results: Results, number: int, language: Language) -> Iterator[str]:
    from protocord.report.changes import limit_at, limit_in_words

    points = results.select("curve", curve=number)
    first = points.select(name="eligible").statistics[0].context
    limit = f"{first['criterion']} {limit_in_words(first, language, moved=False)}"
    yield from heading(say(Reason.of("cohort_curve", limit=limit), language))
    names = ("eligible", "possible", "incomplete")
    rows = [[*(term(f"cohort_{key}", language) for key in ("curve_limit", *names)), ""]]
    for item in points.select(name="eligible"):
        counts = [f"{points.value(name=name, at=item.context['at']):,}" for name in names]
        written = term("cohort_curve_written", language) if item.context["direction"] == 0 else ""
        rows.append([limit_at(item.context, language), *counts, written])
    yield from table(right(rows, range(4)), indent="  ")


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"
