"""`protocord design after` and `attained`: a trial that ended, or whose numbers are not those planned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.design_options import RATE, Rates, Seen, Stages, question, question_options, refused, written
from protocord.cli.outcome import answer_options, deliver
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.design.inference import AfterStopping
    from protocord.design.staged import StagedDesign

_RULES = ["keep_errors", "green_dahlberg"]


@click.command(short_help="Exact characteristics of any design at any rate.")
@click.option(
    "--design", "given", type=Stages(), multiple=True, required=True, help='A design, such as "3/17 10/37"; may be repeated.'
)
@click.option(
    "--rates",
    type=Rates(),
    default=tuple(round(0.05 * step, 2) for step in range(1, 13)),
    help="True rates.  [default: 0.05,0.1,...,0.6]",
)
@answer_options
def characteristics(given: tuple[Any, ...], rates: tuple[float, ...], out: Path | None, language: Language, form: str) -> None:
    """The chance to conclude, to stop early, and the expected size of any design at any true rate, exactly.

    A stage is r/n (stop when responses <= r of n) or r-e/n (or when responses >= e); numbers are cumulative,
    and the last stage concludes for efficacy when responses > r.

    \b
    Example:
      protocord design characteristics --design "3/17 10/37"
      protocord design characteristics --design "0/9 1/18 2/26" --design "2/20" --rates 0.05,0.25
    """
    from protocord.cli.design_text import lines
    from protocord.design.results.rows import characteristics_rows, design_rows
    from protocord.design.results.rows import results as gathered
    from protocord.report.figures.design import operating_curve

    found = []
    for design in dict.fromkeys(given):
        where = {"design": written(design)}
        found += [*design_rows(design, where), *characteristics_rows(design, list(rates), where)]
    results = gathered(
        found, {"designs": "; ".join(written(one) for one in given), "rates": ",".join(f"{rate:g}" for rate in rates)}
    )
    figures = {"characteristics": lambda: operating_curve(results, language)}
    deliver(results, figures=figures, out=out, form=form, language=language, lines=lines(results, language))


@click.command(short_help="Estimate, p value, interval after stopping.")
@click.option("--design", "planned", type=Stages(), required=True, help='The planned design, such as "3/13 12/43".')
@click.option("--seen", type=Seen(), multiple=True, required=True, help="Responses/subjects of each stage alone, in order.")
@click.option("--p0", type=RATE, required=True, help="Rate not worth pursuing.")
@click.option("--alpha", type=RATE, default=0.05, show_default=True, help="One-sided; the interval has level 1 - 2 alpha.")
@click.option("--p1", type=RATE, help="Rate worth pursuing; needed where the first stage was not as planned.")
@click.option("--power", type=RATE, default=0.8, show_default=True, help="Power planned; used with --p1 alone.")
@click.option("--rule", type=click.Choice(_RULES), default="keep_errors", show_default=True,
              help="How bounds follow from a first stage that was not as planned.")  # fmt: skip
@answer_options
def after(
    planned: Any,
    seen: tuple[tuple[int, int], ...],
    p0: float,
    alpha: float,
    p1: float | None,
    power: float,
    rule: str,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Estimate, p value and interval after a trial that may have stopped early.

    The plain rate and its interval ignore that the trial could stop, and are shown for comparison only.
    Where the last of two stages was not as planned, p value and interval are Koyama and Chen's; where the
    first was not, its bounds are computed anew (say --p1), and the answer says so.

    \b
    Example:
      protocord design after --design "3/13 12/43" --p0 0.2 --seen 5/13 --seen 9/27
      protocord design after --design "3/13 12/43" --p0 0.2 --seen 2/13
    """
    from protocord.cli.design_text import lines
    from protocord.design.results import after_results
    from protocord.words import term

    in_force = planned
    told: list[str] = []
    if seen[0][1] != planned.stages[0].n:
        in_force = _first_stage_anew(planned, seen[0][1], p0, p1, alpha, power, rule)
        done = " ".join(f"{responses}/{subjects}" for responses, subjects in seen)
        told = [term("design_deviation", language).format(planned=written(planned), done=done, rule=rule)]
    with refused():
        answer, deviated = _inference(in_force, seen, p0, alpha)
    if answer.method == "koyama_chen":
        numbers = {"done": seen[1][1], "planned": in_force.n - in_force.stages[0].n}
        told.append(term("design_second_stage_deviation", language).format(**numbers))
    about: dict[str, Any] = {"planned": written(planned), "in_force": written(in_force), "p0": p0, "alpha": alpha}
    about |= {f"seen_{index}": f"{responses}/{n}" for index, (responses, n) in enumerate(seen, start=1)}
    results = after_results(answer, in_force, about, deviated=deviated or in_force is not planned)
    deliver(results, out=out, form=form, language=language, lines=[*told, *([""] if told else []), *lines(results, language)])


def _first_stage_anew(
    planned: StagedDesign, n1: int, p0: float, p1: float | None, alpha: float, power: float, rule: str
) -> StagedDesign:
    from protocord.design.deviation import attained as recompute

    first, last = planned.stages[0], planned.last
    if len(planned.stages) != 2 or first.efficacy is not None or first.futility is None or last.futility is None:
        message = "Bounds for another first stage are offered for two stages that stop for futility alone."
        raise click.UsageError(message)
    if p1 is None:
        message = f"The first stage had {n1} subjects, not {first.n}: its bounds must be computed anew, which needs --p1."
        raise click.UsageError(message)
    asked = question(p0, p1, alpha, power, strict=False)
    with refused():
        numbers = (first.futility, first.n, last.futility, last.n)
        return recompute(asked, numbers, n1, last.n, rule).design  # type: ignore[arg-type]


def _inference(design: StagedDesign, seen: tuple[tuple[int, int], ...], p0: float, alpha: float) -> tuple[AfterStopping, bool]:
    """The inference, and whether the last stage deviated from the design. Raises ValueError where it could not end so."""
    from protocord.design.inference import after as infer
    from protocord.design.inference import after_two_stages

    if len(seen) > len(design.stages):
        message = f"the design has {len(design.stages)} stages, and {len(seen)} were seen"
        raise ValueError(message)
    before = 0
    for index, (_, subjects) in enumerate(seen):
        before += subjects
        if index and sum(responses for responses, _ in seen[:index]) not in _going(design, index - 1):
            message = (
                f"by the design the trial had to end at stage {index} with {sum(r for r, _ in seen[:index])} responses, and it went "
                "on: no p value or interval of the design holds. Give that stage alone; what followed is outside the design"
            )
            raise ValueError(message)
        if before != design.stages[index].n and (index, len(seen), len(design.stages)) != (1, 2, 2):
            message = f"stage {index + 1} ended at {before} subjects, the design has {design.stages[index].n}"
            raise ValueError(message)
    if before != design.stages[len(seen) - 1].n:
        first, last = design.stages[0], design.last
        if first.efficacy is not None or first.futility is None or last.futility is None:
            message = "another second stage is offered for designs that stop for futility alone"
            raise ValueError(message)
        numbers = (first.futility, first.n, last.futility, last.n)
        return after_two_stages(numbers, seen[0][0], seen[1][0], seen[1][1], p0=p0, alpha=alpha), True
    return infer(design, len(seen), sum(responses for responses, _ in seen), p0=p0, alpha=alpha), False


def _going(design: StagedDesign, stage: int) -> set[int]:
    """The counts with which the trial goes on past a stage, 0 the first."""
    return {count for count in range(design.stages[stage].n + 1) if design.outcome(stage, count) == "continue"}


@click.command(short_help="Bounds for the numbers attained.")
@question_options
@click.option("--design", "planned", type=Stages(), required=True, help='The planned two-stage design, such as "3/17 10/37".')
@click.option("--n1", type=click.IntRange(1), required=True, help="Subjects of the first stage as attained.")
@click.option("--n", type=click.IntRange(2), required=True, help="Subjects in all as attained.")
@click.option("--rule", type=click.Choice(_RULES), default="keep_errors", show_default=True, help="How the bounds follow.")
@answer_options
def attained(
    p0: float,
    p1: float,
    alpha: float,
    power: float,
    strict: bool,
    planned: Any,
    n1: int,
    n: int,
    rule: str,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Bounds for the numbers attained where they are not the numbers planned.

    \b
    Example:
      protocord design attained --p0 0.2 --p1 0.4 --alpha 0.1 --power 0.9 --design "3/17 10/37" --n1 19 --n 40
    """
    from protocord.cli.design_text import lines
    from protocord.design.deviation import attained as recompute
    from protocord.design.results import attained_results

    asked = question(p0, p1, alpha, power, strict)
    if len(planned.stages) != 2 or planned.stages[0].efficacy is not None or planned.stages[0].futility is None:
        message = "Attained numbers are offered for two stages that stop for futility alone, such as 3/17 10/37."
        raise click.UsageError(message)
    numbers = (planned.stages[0].futility, planned.stages[0].n, planned.last.futility, planned.n)
    with refused():
        answer = recompute(asked, numbers, n1, n, rule)  # type: ignore[arg-type]
    results = attained_results(asked, answer)
    deliver(results, out=out, form=form, language=language, lines=lines(results, language))
