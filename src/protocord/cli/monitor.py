"""Watch a study against its limits, and design rules to watch with: `protocord monitor …`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.door import study_argument
from protocord.cli.monitor_options import RATE, TRUE_RATE, answer, asked
from protocord.cli.monitor_rules import RULES
from protocord.cli.outcome import TABLE, TableCommand, deliver
from protocord.values import Language

if TYPE_CHECKING:
    from protocord.design.monitoring import Boundary
    from protocord.tables import Table


def _tables() -> tuple[Table, ...]:
    from protocord.monitor import TABLES

    return TABLES


@click.group()
def monitor() -> None:
    """Watch a study against its limits, and design such limits.

    The first three commands read the limits of a study's protocol. The others need no study. All chances are
    exact (dynamic programming); only `simulate` draws random numbers, where time decides.

    \b
    Try:
      protocord monitor bounds nct06848582
      protocord monitor ocs nct06848582 --rate 0.1 --rate 0.25 --rate 0.4
      protocord monitor boundary pocock --rate 0.2 --alpha 0.05 --looks 1:40
    """


@monitor.command()
@study_argument
@answer
def bounds(study: Path, language: Language, form: str, out: Path | None) -> None:
    """Print the bounds of each limit, and whether they follow from its rule.

    Each bound stands from its number of evaluable subjects on, with its direction said in words. A look at
    which no count can stop says so; it is never written as 0. A printed bound that does not follow from the
    limit's rule is named.

    \b
    Example:
      protocord monitor bounds nct06848582
      protocord monitor bounds nct06848582 --language zh --out bounds
    """
    from protocord.cli.monitoring_lines import limit_lines
    from protocord.monitor import bounds_results, study_limits
    from protocord.protocol import load
    from protocord.report.figures.monitoring import boundary_plot

    limits = study_limits(load(study))
    results = bounds_results(limits, about={"study": study.name})
    figures = {
        f"boundary_{one.id}": lambda one=one: boundary_plot(one.boundary, title=one.limit.text, language=language)
        for one in limits
        if not one.every_event
    }
    deliver(results, figures=figures, out=out, form=form, language=language, lines=limit_lines(limits, language))


@monitor.command(cls=TableCommand, tables=_tables)
@study_argument
@click.argument("events", type=TABLE)
@answer
def position(study: Path, events: Path, language: Language, form: str, out: Path | None) -> None:
    """Say where each limit stands today, from a table of subjects.

    A subject who is pending, or whose event is unknown, is neither an event nor a non-event: the answer shows
    the fewest and the most events that remain possible, and whether the limit may or will be crossed.

    \b
    Example:
      protocord monitor position nct06848582 docs/tutorials/data/monitoring_events.csv

    Exits 4 when the table has problems, each named by row and column.
    """
    from protocord.cli.monitoring_lines import position_lines
    from protocord.monitor import count_events, position_results, positions, study_limits
    from protocord.monitor.columns import EVENTS
    from protocord.protocol import load
    from protocord.report.figures.monitoring import Point, boundary_plot
    from protocord.tables import fingerprint, read

    limits = study_limits(load(study))
    frame = read(EVENTS, events)
    counts = count_events(frame, limits, file=events.name)
    found = positions(limits, counts)
    results = position_results(found, inputs=fingerprint(frame), about={"study": study.name})
    figures = {
        f"position_{one.limit.id}": lambda one=one: boundary_plot(
            one.limit.boundary,
            title=one.limit.limit.text,
            language=language,
            point=Point(one.count.evaluable, one.count.events, one.count.pending),
            status=one.said()[0],
        )
        for one in found
        if not one.limit.every_event and one.status != "unknown"
    }
    deliver(results, figures=figures, out=out, form=form, language=language, lines=position_lines(found, language))


@monitor.command()
@study_argument
@click.option("--rate", "rates", type=TRUE_RATE, multiple=True, required=True, help="A true rate; give as many as you want.")
@click.option(
    "--pending",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Subjects enrolled but not evaluable whenever it stops.",
)
@answer
def ocs(study: Path, rates: tuple[float, ...], pending: int, language: Language, form: str, out: Path | None) -> None:
    """Print what each limit does at true rates: chance of stopping, expected subjects and events. Exact.

    \b
    Example:
      protocord monitor ocs nct06848582 --rate 0.1 --rate 0.25 --rate 0.4
    """
    from protocord.cli.monitoring_lines import characteristic_lines, overrun_lines
    from protocord.design.monitoring import characteristics, rates_grid
    from protocord.monitor import limit_characteristics, study_limits
    from protocord.protocol import load
    from protocord.report.figures.monitoring import characteristics_plot, stopping_plot

    limits = [one for one in study_limits(load(study)) if not one.every_event]
    results = limit_characteristics(limits, rates, pending=pending, about={"study": study.name})
    lines: list[str] = []
    figures: dict[str, Any] = {}
    for one in limits:
        found = characteristics(one.boundary, rates)
        lines += [*([""] if lines else []), one.limit.text.say(language), *characteristic_lines(found, language)]
        lines += overrun_lines(results.select("monitoring_overrun", limit=one.id), pending, language)
        curve = characteristics(one.boundary, rates_grid(0.0, 1.0, 0.01))
        figures[f"ocs_{one.id}"] = lambda one=one, curve=curve: characteristics_plot(
            curve, title=one.limit.text, language=language
        )
        figures[f"stopping_{one.id}"] = lambda one=one, found=found: stopping_plot(found, title=one.limit.text, language=language)
    deliver(results, figures=figures, out=out, form=form, language=language, lines=lines)


@monitor.command()
@study_argument
@click.option("--toxicity", type=TRUE_RATE, required=True, help="True chance of toxicity within the window.")
@click.option("--response", type=TRUE_RATE, default=0.3, show_default=True, help="True response rate.")
@click.option("--survival", type=RATE, default=0.6, show_default=True, help="True one-year survival.")
@click.option(
    "--per-month", type=click.FloatRange(0, min_open=True), default=2.0, show_default=True, help="Subjects a month, on average."
)
@click.option(
    "--dropout", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True, help="Yearly chance of being lost."
)
@click.option(
    "--lateness",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="1: toxicities uniform over the window; above 1: late.",
)
@click.option(
    "--pending",
    type=click.Choice(["complete", "as_known", "wait", "weighted"]),
    default="complete",
    show_default=True,
    help="How subjects inside their window count at a look.",
)
@click.option("--limit", "limit_id", help="Id of the limit on toxicity; left out: the protocol's first on DLT.")
@click.option("--trials", type=click.IntRange(1), default=10_000, show_default=True, help="Simulated trials.")
@click.option(
    "--seed", type=click.IntRange(0), required=True, help="Seed; the same seed gives the same numbers on any number of workers."
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Threads.")
@answer
def simulate(
    study: Path,
    limit_id: str | None,
    trials: int,
    seed: int,
    workers: int,
    pending: Any,
    language: Language,
    form: str,
    out: Path | None,
    **world: float,
) -> None:
    """Simulate the study where time decides: late toxicity, pending subjects, accrual, survival at one year.

    What the limit does when every subject is known at each look is exact in `ocs`; this adds calendar time.
    Each number has its Monte Carlo standard error.

    \b
    Example:
      protocord monitor simulate nct06848582 --toxicity 0.25 --trials 10000 --seed 1
    """
    from protocord.cli.monitoring_lines import simulation_lines
    from protocord.design.trials import Scenario, TrialPlan, estimate_statistics
    from protocord.design.trials import simulate as run_trials
    from protocord.protocol import load
    from protocord.statistics import Results

    protocol = load(study)
    boundary_ = _toxicity_limit(protocol, limit_id)
    dlt = protocol.safety.dlt
    window = float(dlt.window.last_day - dlt.window.first_day + 1) if dlt is not None else 28.0
    with asked():
        plan = TrialPlan(protocol.study.design.planned_subjects, boundary_, pending=pending, window_days=window)
        scenario = Scenario(**world)
    with click.progressbar(length=trials, label="trials", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def watch(done: int) -> None:
            bar.update(done - bar.pos)

        found = run_trials(plan, scenario, trials=trials, seed=seed, workers=workers, watch=watch)
    results = Results(tuple(estimate_statistics(found)), about={"study": study.name, "trials": trials, **found.about, **world})
    deliver(results, out=out, form=form, language=language, lines=simulation_lines(found, language))


def _toxicity_limit(protocol: Any, limit_id: str | None) -> Boundary:
    from protocord.monitor import study_limits

    limits = [one for one in study_limits(protocol) if one.limit.purpose == "safety" and not one.every_event]
    chosen = [one for one in limits if (one.id == limit_id if limit_id else one.limit.counts == "dlt")]
    if not chosen:
        names = ", ".join(one.id for one in limits) or "none"
        message = f"The protocol has no such limit on toxicity; it has: {names}."
        raise click.BadParameter(message, param_hint="--limit")
    return chosen[0].boundary


for rule in RULES:
    monitor.add_command(rule)
