"""The commands on adverse events: `protocord events …`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from protocord.cli.door import Day, format_option, language_option, study_argument, today
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver, out_option
from protocord.values import Language

if TYPE_CHECKING:
    from protocord.tables import Table

Command = TypeVar("Command", bound=Callable[..., Any])


def _columns(*names: str) -> Callable[[], tuple[Table, ...]]:
    def asked() -> tuple[Table, ...]:
        from protocord.safety import columns as laboratory
        from protocord.safety import event_columns as columns

        return tuple(getattr(columns, name, None) or getattr(laboratory, name) for name in names)

    return asked


def _answered(command: Command) -> Command:
    """This will give a command the data cut and the options of every answer."""
    about = "Day of the data cut: what began later does not count.  [default: today]"
    cut = click.option("--cut-off", type=Day(), help=about)
    return cut(language_option(format_option(out_option(command))))


@click.group()
def events() -> None:
    """Count adverse events, judge DLT, watch the reporting clocks.

    The study's safety.yaml says what is treatment-emergent, related, dose-limiting, and when a report is due.
    Denominators are named; what is missing is shown and never taken for a no.

    \b
    Try, in docs/tutorials/data:
      protocord events count nct06848582 adverse-events_events.csv adverse-events_infusions.csv \\
        adverse-events_followed.csv --cut-off 2026-06-30
    """


@events.command(cls=TableCommand, tables=_columns("EVENTS", "INFUSIONS", "FOLLOWED"))
@study_argument
@click.argument("events", type=TABLE)
@click.argument("infusions", type=TABLE)
@click.argument("followed", type=TABLE)
@click.option("--level", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True, help="Level of the intervals.")
@_answered
def count(
    study: Path,
    events: Path,
    infusions: Path,
    followed: Path,
    level: float,
    cut_off: date | None,
    language: Language,
    form: str,
    out: Path | None,
) -> None:
    """Count treatment-emergent events: by subject, by worst grade, per time at risk, per infusion.

    With --out also the grid of subjects and terms, the bars, and the time to the first event.

    \b
    Example: in docs/tutorials/data
      protocord events count nct06848582 adverse-events_events.csv adverse-events_infusions.csv \\
        adverse-events_followed.csv --cut-off 2026-06-30 --out events

    Exits 4 when a table has problems, each named by row and column.
    """
    from protocord.cli.events_text import count_lines
    from protocord.protocol import load
    from protocord.report.figures.events import ae_bars, ae_first_event, ae_grid
    from protocord.safety.event_columns import EVENTS, FOLLOWED, INFUSIONS
    from protocord.safety.events import EventData, adverse_events
    from protocord.tables import read

    data = EventData(read(EVENTS, events), read(INFUSIONS, infusions), read(FOLLOWED, followed))
    results = adverse_events(load(study), data, cut_off=cut_off or today(), level=level)
    figures = {
        "ae_grid": lambda: ae_grid(results, language),
        "ae_incidence": lambda: ae_bars(results, language),
        "ae_first_event": lambda: ae_first_event(results, language),
    }
    deliver(results, figures=figures, out=out, form=form, language=language, lines=count_lines(results, language))


@events.command(cls=TableCommand, tables=_columns("RESULTS", "INFUSIONS", "FOLLOWED"))
@study_argument
@click.argument("results", type=TABLE)
@click.argument("infusions", type=TABLE)
@click.argument("followed", type=TABLE)
@click.option("--ranges", type=TABLE, help="Reference ranges of the laboratories, for results that carry none.")
@_answered
def shift(
    study: Path,
    results: Path,
    infusions: Path,
    followed: Path,
    ranges: Path | None,
    cut_off: date | None,
    language: Language,
    form: str,
    out: Path | None,
) -> None:
    """Grade laboratory results by the study's CTCAE, and table the shifts from baseline to worst.

    Also screens the liver: ALT or AST above 3 x ULN with bilirubin above 2 x ULN. A screen, not a diagnosis.

    \b
    Example: in docs/tutorials/data
      protocord events shift nct06848582 adverse-events_results.csv adverse-events_infusions.csv \\
        adverse-events_followed.csv --cut-off 2026-06-30
    """
    from protocord.cli.events_text import shift_lines
    from protocord.protocol import load
    from protocord.safety.event_columns import FOLLOWED, INFUSIONS
    from protocord.safety.events import laboratory_shifts
    from protocord.tables import read

    found = laboratory_shifts(
        load(study), results, read(INFUSIONS, infusions), read(FOLLOWED, followed), cut_off=cut_off or today(), ranges=ranges
    )
    deliver(found, out=out, form=form, language=language, lines=shift_lines(found, language))


@events.command(cls=TableCommand, tables=_columns("EVENTS", "COURSE", "INFUSIONS", "FOLLOWED", "STATES", "RESULTS"))
@study_argument
@click.argument("events", type=TABLE)
@click.argument("infusions", type=TABLE)
@click.argument("followed", type=TABLE)
@click.option("--course", type=TABLE, help="How the grades of events went; without it long events stay undecided.")
@click.option("--results", type=TABLE, help="Laboratory results, for criteria on values.")
@click.option("--states", type=TABLE, help="Marrow disease, chemotherapy: what exceptions ask for.")
@_answered
def dlt(
    study: Path,
    events: Path,
    infusions: Path,
    followed: Path,
    course: Path | None,
    results: Path | None,
    states: Path | None,
    cut_off: date | None,
    language: Language,
    form: str,
    out: Path | None,
) -> None:
    """Judge dose-limiting toxicity by the protocol: who had one, who had none, who is still open and why.

    With --out, monitoring_events.csv goes on to `protocord monitor position`.

    \b
    Example: in docs/tutorials/data
      protocord events dlt nct06848582 adverse-events_events.csv adverse-events_infusions.csv \\
        adverse-events_followed.csv --course adverse-events_course.csv --results adverse-events_results.csv \\
        --states adverse-events_states.csv --cut-off 2026-06-30
    """
    from protocord.cli.events_text import dlt_lines
    from protocord.protocol import load
    from protocord.safety.columns import RESULTS
    from protocord.safety.dlt import DltData, evaluate_study
    from protocord.safety.dlt.summing import for_monitoring
    from protocord.safety.event_columns import COURSE, EVENTS, FOLLOWED, INFUSIONS, STATES
    from protocord.tables import read

    data = DltData(
        read(EVENTS, events),
        read(INFUSIONS, infusions),
        read(FOLLOWED, followed),
        read(COURSE, course) if course else None,
        read(STATES, states) if states else None,
        read(RESULTS, results) if results else None,
    )
    findings, found = evaluate_study(load(study), data, cut_off=cut_off or today())
    tables = {"monitoring_events": for_monitoring(findings)}
    deliver(found, tables=tables, out=out, form=form, language=language, lines=dlt_lines(findings, language))


class Time(click.ParamType[Any]):
    """A time in the sites' own zone, as ISO 8601 writes it."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """This will return the time of `2026-06-30T09:15`."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            message = f"{value!r} is not a time. Write it as 2026-06-30T09:15."
            raise click.BadParameter(message, ctx, param) from None


@events.command(cls=TableCommand, tables=_columns("CASES", "REPORTS"))
@study_argument
@click.argument("cases", type=TABLE)
@click.option("--reports", type=TABLE, help="Reports sent.")
@click.option("--at", type=Time(), help="The moment asked about, in each site's time.  [default: now]")
@answer_options
def clocks(
    study: Path, cases: Path, reports: Path | None, at: datetime | None, language: Language, form: str, out: Path | None
) -> None:
    """Say which reports are due, when, and whether they were sent in time.

    The clocks are the study's own (safety.yaml, reporting); what they allow beyond its regulation profile is said.
    Calendar days, the day of first knowledge is day 0, in the time zone of the site.

    \b
    Example: in docs/tutorials/data
      protocord events clocks nct06848582 adverse-events_cases.csv --reports adverse-events_reports.csv \\
        --at 2026-03-10T09:00
    """
    from protocord.cli.events_text import clock_lines
    from protocord.protocol import load
    from protocord.safety.event_columns import CASES, REPORTS
    from protocord.safety.reporting_tables import reporting
    from protocord.tables import read

    moment = at or datetime.now().astimezone()
    sent = read(REPORTS, reports) if reports else None
    found = reporting(load(study), read(CASES, cases), sent, at=moment)
    deliver(found, out=out, form=form, language=language, lines=clock_lines(found, language))
