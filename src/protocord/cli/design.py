"""`protocord design`: sample size and designs in stages. The analysis, dose and planning commands join from their own modules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.design_options import RATE, Rates, Stages, question, question_options, refused
from protocord.cli.design_running import after, attained, characteristics
from protocord.cli.design_study import accrual, boin, three_plus_three, why
from protocord.cli.door import Door
from protocord.cli.outcome import answer_options, deliver
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.statistics import Results
    from protocord.statistics.results import Statistic


@click.group(cls=Door)
def design() -> None:
    """Design a single-arm trial, by exact probabilities.

    Sizes, stages, precision, dose levels, accrual, and estimates after a trial that may have stopped.

    Every count bound is told with its direction ("stop when responses <= 3"), every probability is an
    exact sum, and every answer names its conventions (see the reference of conventions).

    \b
    Try:
      protocord design why nct06848582
      protocord design simon --p0 0.2 --p1 0.4 --alpha 0.1 --power 0.9
      protocord design after --design "3/13 12/43" --p0 0.2 --seen 5/13 --seen 9/27
    """


def _question_line(results: Results, language: Language) -> list[str]:
    from protocord.words import term

    about = results.about
    numbers = {name: f"{float(str(about[name])):g}" for name in ("p0", "p1", "alpha")}
    power = f"{float(str(about['power_asked'])):g}"
    return [term("design_question", language).format(rule=about["type_one_rule"], power=power, **numbers), ""]


def _brief(results: Results) -> Any:
    """In a terminal: characteristics at p0 and p1 only, a part of the saw-tooth, no list of the best of each size."""
    rates = {results.about.get("p0"), results.about.get("p1")}
    smallest = [item.value for item in results.select("single_stage", "n")]

    def shows(item: Statistic) -> bool:
        if item.analysis == "characteristics":
            return item.context["true_rate"] in rates
        if item.analysis == "saw_tooth":
            low, high = min(smallest) - 3, max(smallest) + 3  # type: ignore[type-var,operator]
            return low <= item.context["n"] <= high  # type: ignore[operator]
        return item.analysis != "best_of_size"

    return shows


def _deliver(results: Results, figures: dict[str, Any], out: Path | None, form: str, language: Language) -> None:
    from protocord.cli.design_text import lines

    told = [*_question_line(results, language), *lines(results, language, shows=_brief(results))]
    deliver(results, figures=figures, out=out, form=form, language=language, lines=told)


def _with_loss(results: Results, n: int, loss: float | None) -> Results:
    from dataclasses import replace

    from protocord.design.deviation import inflated
    from protocord.design.results import loss_rows

    if loss is None:
        return results
    return replace(results, statistics=(*results.statistics, *loss_rows(inflated(n, loss))))


LOSS = click.option("--loss", type=RATE, help="Share of subjects that cannot be evaluated: says how many to enrol.")


@design.command(short_help="One stage, exact, with the saw-tooth.")
@question_options
@LOSS
@answer_options
def single(
    p0: float,
    p1: float,
    alpha: float,
    power: float,
    strict: bool,
    loss: float | None,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """One stage, exact (A'Hern 2001), with the saw-tooth.

    Power falls whenever a subject is added without the critical count rising, so some numbers work, the
    next does not. Two sizes are told: the smallest that works, and the one from which on every number
    works (proven, not tried up to a ceiling). Fleming's 1982 size stands beside, labelled as the normal
    approximation it is, with its exact errors.

    \b
    Example:
      protocord design single --p0 0.1 --p1 0.3 --power 0.9 --out one-stage
    """
    from protocord.design.one_stage import single_stage
    from protocord.design.results import single_results
    from protocord.report.figures.design import operating_curve, saw_tooth

    search = single_stage(question(p0, p1, alpha, power, strict))
    results = _with_loss(single_results(search), search.smallest.n, loss)
    figures = {
        "saw_tooth": lambda: saw_tooth(results, language),
        "characteristics": lambda: operating_curve(results, language),
    }
    _deliver(results, figures, out, form, language)


@design.command(short_help="Simon's optimal and minimax two-stage designs.")
@question_options
@click.option("--at-most", type=click.IntRange(2), help="Ceiling on n; without it the search ends where a proof ends it.")
@LOSS
@answer_options
def simon(
    p0: float,
    p1: float,
    alpha: float,
    power: float,
    strict: bool,
    at_most: int | None,
    loss: float | None,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Simon's optimal and minimax two-stage designs (1989).

    Optimal: least expected size at p0. Minimax: smallest n. `proven: yes` says that no larger trial can
    have a smaller expected size; with --at-most it may be "no".

    \b
    Example:
      protocord design simon --p0 0.2 --p1 0.4 --alpha 0.1 --power 0.9
    """
    from protocord.design.results import simon_results
    from protocord.design.two_stage import simon as find
    from protocord.report.figures.design import operating_curve

    with refused():
        search = find(question(p0, p1, alpha, power, strict), at_most=at_most)
    results = _with_loss(simon_results(search), search.optimal.n, loss)
    _deliver(results, {"characteristics": lambda: operating_curve(results, language)}, out, form, language)


@design.command(short_help="Admissible two-stage designs, with their weights.")
@question_options
@answer_options
def admissible(
    p0: float, p1: float, alpha: float, power: float, strict: bool, out: Path | None, language: Language, form: str
) -> None:
    """Admissible two-stage designs, each with the weights that choose it (Jung, Lee, Kim & George 2004).

    A design is admissible when it minimises q n + (1 - q) E(N | p0) for some weight q. Between the
    optimal (q = 0) and the minimax (q = 1) design there is often one that costs little of either.

    \b
    Example:
      protocord design admissible --p0 0.5 --p1 0.65 --power 0.9 --out admissible
    """
    from protocord.design.results import admissible_results
    from protocord.design.two_stage import simon as find
    from protocord.report.figures.design import admissible_weights, operating_curve

    results = admissible_results(find(question(p0, p1, alpha, power, strict)))
    figures = {
        "admissible": lambda: admissible_weights(results, language),
        "characteristics": lambda: operating_curve(results, language),
    }
    _deliver(results, figures, out, form, language)


@design.command(short_help="Efficacy stop, three stages, curtailment.")
@question_options
@click.option(
    "--kind",
    type=click.Choice(["efficacy", "chen", "ensign"]),
    default="efficacy",
    show_default=True,
    help="Two stages that may stop for efficacy (Mander & Thompson), or three stages (Chen; Ensign: first stops at 0).",
)
@click.option(
    "--criterion",
    type=click.Choice(["optimal", "alternative", "minimax"]),
    default="optimal",
    show_default=True,
    help="Least E(N) at p0, at p1 (efficacy only), or smallest n.",
)
@click.option("--curtail", is_flag=True, help="Show the same design stopping as soon as its end is decided.")
@click.option(
    "--curtail-below",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="With --curtail: stop where P(conclude | p1) is at most this.  [default: 0, changes no error]",
)
@answer_options
def stages(
    p0: float,
    p1: float,
    alpha: float,
    power: float,
    strict: bool,
    kind: str,
    criterion: str,
    curtail: bool,
    curtail_below: float,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Designs with an efficacy stop or three stages; optionally curtailed.

    \b
    Example:
      protocord design stages --p0 0.1 --p1 0.3 --kind efficacy --criterion alternative
      protocord design stages --p0 0.05 --p1 0.25 --alpha 0.1 --power 0.9 --kind chen --curtail
    """
    from protocord.design.results import staged_results
    from protocord.design.stages import curtailed, three_stage, with_efficacy_stop
    from protocord.report.figures.design import operating_curve

    asked = question(p0, p1, alpha, power, strict)
    if kind == "efficacy":
        goals = {"optimal": "null_optimal", "alternative": "alternative_optimal", "minimax": "minimax"}
        name = goals[criterion]
        conventions: tuple[str, ...] = ("efficacy_stop_criteria",)
        found = with_efficacy_stop(asked, name)  # type: ignore[arg-type]
    else:
        if criterion == "alternative":
            message = "Least E(N) at p1 asks for a stop for efficacy: --kind efficacy."
            raise click.UsageError(message)
        name, conventions = kind, ("three_stage_kinds",)
        found = three_stage(asked, kind, criterion)  # type: ignore[arg-type]
    also = []
    if curtail:
        also.append(("curtailed", curtailed(found.design, p1, below=curtail_below, efficacy=kind == "efficacy")))
        conventions = (*conventions, "curtailed")
    results = staged_results(asked, name, found, also, conventions=conventions)
    _deliver(results, {"characteristics": lambda: operating_curve(results, language)}, out, form, language)


@design.command(short_help="Gehan's two stages (1961).")
@click.option("--p1", type=RATE, required=True, help="Rate worth pursuing.")
@click.option("--error", type=RATE, default=0.05, show_default=True, help="Largest P(no response in the first stage | p1).")
@click.option("--standard-error", type=RATE, default=0.1, show_default=True, help="Standard error wanted at the end.")
@click.option(
    "--limit", type=RATE, default=0.75, show_default=True, help="Level of the upper limit assumed for the second stage."
)
@answer_options
def gehan(p1: float, error: float, standard_error: float, limit: float, out: Path | None, language: Language, form: str) -> None:
    """Gehan's two stages (1961): stop at no response, else enough for a standard error.

    \b
    Example:
      protocord design gehan --p1 0.2 --error 0.05 --standard-error 0.1
    """
    from protocord.cli.design_text import lines
    from protocord.design.results import gehan_results
    from protocord.design.stages import gehan as find

    found = find(p1, error, standard_error, confidence=limit)
    results = gehan_results(found, p1=p1, error=error, standard_error=standard_error, confidence=limit)
    deliver(results, out=out, form=form, language=language, lines=lines(results, language))


@design.command("bryant-day", short_help="Two stages for response and tolerance at once.")
@click.option("--p0", type=RATE, required=True, help="Response rate not worth pursuing.")
@click.option("--p1", type=RATE, required=True, help="Response rate worth pursuing.")
@click.option("--toxic", type=RATE, required=True, help="Toxicity rate that is too high.")
@click.option("--tolerable", type=RATE, required=True, help="Toxicity rate that is acceptable.")
@click.option("--alpha-response", type=RATE, default=0.1, show_default=True, help="P(conclude | p0, tolerable) at most.")
@click.option("--alpha-toxicity", type=RATE, default=0.1, show_default=True, help="P(conclude | p1, toxic) at most.")
@click.option("--power", type=RATE, default=0.85, show_default=True, help="P(conclude | p1, tolerable) at least.")
@click.option("--odds-ratio", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True,
              help="Odds ratio of response and toxicity in one subject.")  # fmt: skip
@click.option("--criterion", type=click.Choice(["optimal", "minimax"]), default="optimal", show_default=True,
              help="Least of the larger expected sizes of the two null scenarios, or smallest n.")  # fmt: skip
@answer_options
def bryant_day(
    p0: float,
    p1: float,
    toxic: float,
    tolerable: float,
    alpha_response: float,
    alpha_toxicity: float,
    power: float,
    odds_ratio: float,
    criterion: str,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Two stages that ask for response and tolerance at once (Bryant & Day 1995).

    The answer is exact under the odds ratio given, and shows what other associations would change.

    \b
    Example:
      protocord design bryant-day --p0 0.1 --p1 0.3 --toxic 0.4 --tolerable 0.2
    """
    from protocord.cli.design_text import lines
    from protocord.design.response_and_toxicity import JointQuestion
    from protocord.design.response_and_toxicity import bryant_day as find
    from protocord.design.results import bryant_day_results

    with refused():
        asked = JointQuestion(p0, p1, toxic, tolerable, alpha_response, alpha_toxicity, power, odds_ratio)
    results = bryant_day_results(find(asked, criterion))  # type: ignore[arg-type]
    deliver(results, out=out, form=form, language=language, lines=lines(results, language))


@design.command(short_help="What a number of subjects says of a rate.")
@click.option("--n", "sizes", type=click.IntRange(1), multiple=True, required=True, help="Number of subjects; may be repeated.")
@click.option(
    "--rates", type=Rates(), default=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5), help="True rates.  [default: 0.05,0.1,0.2,...,0.5]"
)
@click.option("--event-rates", type=Rates(), default=(0.01, 0.02, 0.05, 0.1, 0.2), help="True rates of a rare event.")
@click.option("--level", type=RATE, default=0.95, show_default=True, help="Level of the two-sided interval.")
@answer_options
def precision(
    sizes: tuple[int, ...],
    rates: tuple[float, ...],
    event_rates: tuple[float, ...],
    level: float,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """What a number of subjects says of a rate: limits at each count, expected width, rare events.

    \b
    Example:
      protocord design precision --n 40 --n 60 --out precision
    """
    from protocord.cli.design_text import lines
    from protocord.design.results import precision_results
    from protocord.report.figures.design import precision_curve

    results = precision_results(sizes, rates, event_rates, level=level, methods=("clopper_pearson", "wilson"))
    figures = {"precision": lambda: precision_curve(results, language)}
    deliver(results, figures=figures, out=out, form=form, language=language, lines=lines(results, language))


@design.command(short_help="Power averaged over what is believed of the rate.")
@click.option("--design", "given", type=Stages(), required=True, help='The design, such as "3/17 10/37" or one stage "7/40".')
@click.option("--prior", type=(float, float), required=True, help="Beta prior of the rate: events and non-events, such as 2 5.")
@click.option("--threshold", type=RATE, help="Rate above which the treatment is worth pursuing.")
@answer_options
def assurance(
    given: Any, prior: tuple[float, float], threshold: float | None, out: Path | None, language: Language, form: str
) -> None:
    """The chance that a design concludes, averaged over what is believed of the rate; exact beta-binomial.

    \b
    Example:
      protocord design assurance --design "3/17 10/37" --prior 2 4 --threshold 0.2
    """
    from protocord.cli.design_text import lines
    from protocord.design.assured import BetaPrior
    from protocord.design.assured import assurance as average
    from protocord.design.results import assurance_results

    with refused():
        answer = average(given, BetaPrior(*prior), threshold=threshold)
    results = assurance_results(given, answer, threshold)
    deliver(results, out=out, form=form, language=language, lines=lines(results, language))


for joined in (characteristics, after, attained, boin, three_plus_three, accrual, why):
    design.add_command(joined)
