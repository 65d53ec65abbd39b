"""Design a rule to watch with, without a study: the commands of `protocord monitor` on boundaries, BOP2, and surfaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.monitor_options import PAIR, RATE, TRUE_RATE, Looks, answer, asked, looks_option
from protocord.cli.outcome import deliver
from protocord.values import Language, Reason
from protocord.words import say
from protocord.words.layout import WIDTH, wrap

if TYPE_CHECKING:
    from protocord.design.monitoring import Boundary


KINDS = ("pocock", "obrien-fleming", "wang-tsiatis", "beta-binomial", "posterior", "sprt", "max-sprt")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--rate", type=RATE, required=True, help="The acceptable rate (for `posterior`: the rate not to be exceeded).")
@looks_option
@click.option("--alpha", type=RATE, default=0.05, show_default=True, help="Greatest chance of crossing at the acceptable rate.")
@click.option("--delta", type=float, help="Shape of a Wang-Tsiatis boundary: 0.5 Pocock, 0 O'Brien-Fleming.")
@click.option("--prior", **PAIR, help="Shapes of the beta prior (beta-binomial, posterior).")
@click.option("--certainty", type=RATE, help="Posterior probability that must be exceeded (posterior).")
@click.option("--alternative", type=RATE, help="Unacceptable rate (sprt).")
@click.option("--beta", type=RATE, default=0.2, show_default=True, help="Type II error of Wald's thresholds (sprt).")
@click.option("--low", is_flag=True, help="Watch for too few events instead of too many.")
@click.option("--true-rate", "true_rates", type=TRUE_RATE, multiple=True, help="True rates for the characteristics.")
@answer
def boundary(
    kind: str,
    looks: tuple[int, ...],
    true_rates: tuple[float, ...],
    language: Language,
    form: str,
    out: Path | None,
    **given: Any,
) -> None:
    """Compute a boundary and what it does, exactly.

    The error is that of the printed, rounded parameter. `sprt` gives Wald's two boundaries, truncated at the
    last look.

    \b
    Example:
      protocord monitor boundary pocock --rate 0.2 --alpha 0.05 --looks 1:40
      protocord monitor boundary beta-binomial --rate 0.1 --prior 1 4 --looks 1:30
      protocord monitor boundary posterior --rate 0.25 --prior 0.5 1.5 --certainty 0.9 --looks 3:40
    """
    with asked():
        found = _boundaries(kind, looks, given)
    at = true_rates or _around(given["rate"])
    _deliver_boundaries(found, at, language, form, out)


def _boundaries(kind: str, looks: tuple[int, ...], given: dict[str, Any]) -> tuple[Boundary, ...]:
    from protocord.design import monitoring as rules

    def need(name: str) -> Any:
        if given[name] is None:
            message = f"{kind} needs --{name}"
            raise click.UsageError(message)
        return given[name]

    rate, alpha = given["rate"], given["alpha"]
    side: Any = "<=" if given["low"] else ">="
    match kind:
        case "pocock":
            return (rules.pocock(rate, alpha, looks, direction=side),)
        case "obrien-fleming":
            return (rules.obrien_fleming(rate, alpha, looks, direction=side),)
        case "wang-tsiatis":
            return (rules.wang_tsiatis(rate, alpha, looks, need("delta"), direction=side),)
        case "beta-binomial":
            return (rules.beta_binomial(rate, alpha, looks, need("prior"), direction=side),)
        case "posterior":
            return (rules.posterior(rate, need("certainty"), looks, need("prior"), direction=side),)
        case "max-sprt":
            return (rules.max_sprt(rate, alpha, looks),)
        case _:
            return rules.sprt(rate, need("alternative"), alpha, given["beta"], looks)


def _around(rate: float) -> tuple[float, ...]:
    found = (rate / 2, rate, rate + 0.05, rate + 0.1, rate + 0.2)
    return tuple(round(one, 4) for one in found if one < 1)


def _deliver_boundaries(
    found: tuple[Boundary, ...],
    rates: tuple[float, ...],
    language: Language,
    form: str,
    out: Path | None,
    lines: tuple[str, ...] = (),
) -> None:
    from protocord.cli.monitoring_lines import boundary_lines, characteristic_lines
    from protocord.design.monitoring import characteristics, rates_grid
    from protocord.design.monitoring.results import bound_statistics, characteristic_statistics
    from protocord.report.figures.monitoring import boundary_plot, characteristics_plot
    from protocord.statistics import Results

    with asked():
        does = characteristics(found, rates)
    results = Results((*(one for each in found for one in bound_statistics(each)), *characteristic_statistics(does)))
    said = [
        *lines,
        *(line for each in found for line in (*boundary_lines(each, language), "")),
        *characteristic_lines(does, language),
    ]
    figures = {
        "boundary": lambda: boundary_plot(*found, language=language),
        "characteristics": lambda: characteristics_plot(characteristics(found, rates_grid(0.0, 1.0, 0.01)), language=language),
    }
    deliver(results, figures=figures, out=out, form=form, language=language, lines=said)


@click.command()
@click.option("--rate", type=RATE, required=True, help="Rate that counts as success.")
@click.option("--certainty", type=RATE, required=True, help="Posterior probability asked at the last look.")
@click.option("--threshold", type=RATE, default=0.05, show_default=True, help="Stop when the predictive probability is below.")
@click.option("--efficacy", type=RATE, help="Stop early for success when it is above.")
@click.option("--prior", **PAIR, required=True, help="Shapes of the beta prior.")
@looks_option
@click.option("--true-rate", "true_rates", type=TRUE_RATE, multiple=True, help="True rates for the characteristics.")
@answer
def predictive(
    rate: float, certainty: float, threshold: float, efficacy: float | None, prior: tuple[float, float], looks: tuple[int, ...],
    true_rates: tuple[float, ...], language: Language, form: str, out: Path | None,
) -> None:  # fmt: skip
    """Compute futility bounds by predictive probability (Lee and Liu); the last look is the final test.

    \b
    Example:
      protocord monitor predictive --rate 0.2 --certainty 0.9 --threshold 0.001 --prior 0.2 0.8 --looks 10:36
    """
    from protocord.design.monitoring import Predictive, predictive_boundary

    final = Predictive(rate, certainty, *prior, looks[-1])
    found = [predictive_boundary(final, threshold, looks)]
    if efficacy is not None and len(looks) > 1:
        found.append(predictive_boundary(final, efficacy, looks[:-1], direction=">="))
    _deliver_boundaries(tuple(found), true_rates or _around(rate), language, form, out)


@click.command(name="predictive-design")
@click.option("--null", type=RATE, required=True, help="Rate not worth pursuing.")
@click.option("--alternative", type=RATE, required=True, help="Rate worth pursuing.")
@click.option("--alpha", type=RATE, default=0.1, show_default=True, help="Greatest type I error.")
@click.option("--beta", type=RATE, default=0.1, show_default=True, help="Greatest type II error.")
@click.option("--prior", **PAIR, required=True, help="Shapes of the beta prior.")
@click.option("--first", type=click.IntRange(1), default=10, show_default=True, help="Evaluable subjects at the first look.")
@click.option("--sizes", type=Looks(), required=True, help="Sizes tried, smallest first: 20:60.")
@answer
def predictive_design(
    null: float, alternative: float, alpha: float, beta: float, prior: tuple[float, float], first: int, sizes: tuple[int, ...],
    language: Language, form: str, out: Path | None,
) -> None:  # fmt: skip
    """Find the smallest trial that a predictive-probability rule can run within both errors (Lee and Liu).

    \b
    Example:
      protocord monitor predictive-design --null 0.2 --alternative 0.4 --prior 0.2 0.8 --sizes 25:50
    """
    from protocord.design import monitoring as rules
    from protocord.errors import Place, Problem, Refused
    from protocord.statistics.rounding import shown

    with asked():
        found = rules.predictive_design(null, alternative, alpha, beta, prior, sizes, first=first)
    if found is None:
        raise Refused([Problem(Place("--sizes"), "No size among them holds both errors.", "Try larger ones.")])
    sized = Reason.of(
        "monitoring_predictive_design",
        last=found.last,
        success=found.success,
        low=shown(found.certainty[0], 3),
        high=shown(found.certainty[1], 3),
        threshold=f"{found.threshold:g}",
        type_i=shown(found.type_i_error, 4),
        power=shown(found.power, 4),
    )
    _deliver_boundaries((found.boundary,), (null, alternative), language, form, out, (*wrap(say(sized, language), WIDTH), ""))


@click.command(name="thall-simon")
@click.option("--standard", **PAIR, required=True, help="Beta shapes of the standard treatment's rate.")
@click.option("--prior", **PAIR, required=True, help="Beta shapes of the prior of the experimental rate.")
@click.option("--margin", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True, help="Improvement wanted.")
@click.option("--promising", type=RATE, default=0.95, show_default=True, help="Promising at or above this probability.")
@click.option("--unpromising", type=RATE, default=0.05, show_default=True, help="Not promising at or below this probability.")
@looks_option
@click.option("--true-rate", "true_rates", type=TRUE_RATE, multiple=True, help="True rates for the characteristics.")
@answer
def thall_simon(
    standard: tuple[float, float], prior: tuple[float, float], margin: float, promising: float, unpromising: float,
    looks: tuple[int, ...], true_rates: tuple[float, ...], language: Language, form: str, out: Path | None,
) -> None:  # fmt: skip
    """Compute the bounds of Thall and Simon against a standard whose rate is itself uncertain.

    \b
    Example:
      protocord monitor thall-simon --standard 15 35 --prior 0.6 1.4 --looks 5:40:5
    """
    from protocord.design import monitoring as rules

    found = rules.thall_simon(standard, prior, looks, promising=promising, unpromising=unpromising, margin=margin)
    mean = standard[0] / sum(standard)
    _deliver_boundaries(found, true_rates or _around(mean), language, form, out)


@click.command()
@click.option("--null", type=RATE, required=True, help="Rate not worth pursuing.")
@click.option("--alternative", type=RATE, required=True, help="Rate worth pursuing.")
@click.option("--alpha", type=RATE, default=0.1, show_default=True, help="Greatest type I error.")
@looks_option
@click.option("--efficacy-stop", is_flag=True, help="Add an early stop for efficacy (BOP2-FE).")
@click.option("--grid", type=click.IntRange(2, 1001), default=101, show_default=True, help="Values of lambda and of gamma tried.")
@click.option("--eta-grid", type=click.IntRange(2, 1001), default=301, show_default=True, help="Values of eta in 0 to 3 tried.")
@answer
def bop2(
    null: float, alternative: float, alpha: float, looks: tuple[int, ...], efficacy_stop: bool, grid: int, eta_grid: int,
    language: Language, form: str, out: Path | None,
) -> None:  # fmt: skip
    """Find the BOP2 rule with the greatest exact power within the type I error.

    \b
    Example:
      protocord monitor bop2 --null 0.2 --alternative 0.4 --alpha 0.1 --looks 10:40:5
      protocord monitor bop2 --null 0.2 --alternative 0.4 --alpha 0.1 --looks 10:40:5 --efficacy-stop
    """
    from protocord.cli.monitoring_lines import optimum_lines
    from protocord.design import monitoring as rules
    from protocord.errors import Place, Problem, Refused

    tried = rules.Grid.even(grid, grid, eta_grid if efficacy_stop else 0)
    try:
        with asked():
            found = rules.bop2(null, alternative, alpha, looks, grid=tried)
    except rules.NoRule as none:
        raise Refused([Problem(Place("--alpha"), f"{none}.")]) from None
    _deliver_boundaries(found.boundaries, (null, alternative), language, form, out, tuple(optimum_lines(found, language)))


@click.command()
@click.option("--response-rate", type=RATE, default=0.2, show_default=True, help="Response rate not worth pursuing.")
@click.option(
    "--response-certainty", type=RATE, default=0.9, show_default=True, help="Stop when it is not exceeded with this certainty."
)
@click.option("--response-prior", **PAIR, default=(0.2, 0.8), show_default=True, help="Its beta prior.")
@click.option("--toxicity-rate", type=RATE, default=0.25, show_default=True, help="Toxicity rate not to be exceeded.")
@click.option(
    "--toxicity-certainty", type=RATE, default=0.9, show_default=True, help="Stop when it is exceeded with this certainty."
)
@click.option("--toxicity-prior", **PAIR, default=(0.5, 1.5), show_default=True, help="Its beta prior.")
@click.option(
    "--odds-ratio", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True, help="Of response and toxicity."
)
@click.option("--grid", type=click.IntRange(2, 400), default=100, show_default=True, help="True rates along each side.")
@looks_option
@answer
def surface(
    response_rate: float, response_certainty: float, response_prior: tuple[float, float], toxicity_rate: float, toxicity_certainty: float,
    toxicity_prior: tuple[float, float], odds_ratio: float, grid: int, looks: tuple[int, ...], language: Language, form: str, out: Path | None,
) -> None:  # fmt: skip
    """Compute what a joint rule on response and toxicity does at every pair of true rates, exactly.

    Prints the corners of interest; the whole grid is in the results of --out, and drawn.

    \b
    Example:
      protocord monitor surface --looks 5:40:5 --out surface
    """
    import numpy as np

    from protocord.cli.monitoring_lines import surface_lines
    from protocord.design import monitoring as rules
    from protocord.design.monitoring.results import surface_statistics
    from protocord.report.figures.monitoring import surface_plot
    from protocord.statistics import Results

    few = rules.posterior(response_rate, response_certainty, looks, response_prior, direction="<=", counts="responses")
    many = rules.posterior(toxicity_rate, toxicity_certainty, looks, toxicity_prior, counts="toxicities")
    rates = np.linspace(0, 1, grid + 2)[1:-1]
    found = rules.surface(rules.joint_rule([few], [many]), rates, rates, odds_ratio=odds_ratio)
    shown = rules.surface(
        rules.joint_rule([few], [many]),
        [response_rate, min(response_rate + 0.2, 0.95)],
        [toxicity_rate / 2, toxicity_rate, min(toxicity_rate + 0.15, 0.95)],
        odds_ratio=odds_ratio,
    )
    results = Results(tuple(surface_statistics(found if out is not None else shown)), about={"odds_ratio": odds_ratio})
    note = say(Reason.of("monitor_figure_odds_ratio", odds_ratio=f"{odds_ratio:g}"), language)
    figures = {"surface": lambda: surface_plot(found, language=language, note=note)}
    deliver(results, figures=figures, out=out, form=form, language=language, lines=surface_lines(few, many, shown, language))


RULES = (boundary, predictive, predictive_design, thall_simon, bop2, surface)
