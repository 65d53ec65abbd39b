"""`protocord kinetics`: simulate cells in blood, fit them, hold draws against a child's blood, summarise effects, relate exposure to outcome."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.door import study_argument
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver, result_lines
from protocord.values import Language

if TYPE_CHECKING:
    from protocord.tables import Table


def _sample_tables() -> Iterable[Table]:
    from protocord.kinetics.columns import CONCENTRATIONS, DOSES

    return (CONCENTRATIONS, DOSES)


def _exposure_tables() -> Iterable[Table]:
    from protocord.kinetics.columns import EXPOSURES

    return (EXPOSURES,)


@click.group()
def kinetics() -> None:
    """Model cells in blood over several infusions, and their effects.

    \b
    simulate   what the study's own assumptions would give, and what the assay would see of it
    fit        half-lives and their spread between children, samples below the limit included
    blood      whether the planned draws take too much blood from a child, and what is left out
    dynamics   baseline, peak, fold change and area of cytokines and cell counts
    exposure   response or survival by exposure, with a landmark

    Areas and slopes sample by sample, without a model, are those of `protocord nca`.
    """


@kinetics.command()
@study_argument
@click.option("--children", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Virtual children.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed; the same one gives the same children.")
@click.option("--scenario", type=click.Choice(["s0", "s1", "s2"]), default="s0", show_default=True, help="See below.")
@click.option("--analyte", help="Sample when this analyte of kinetics.yaml is planned; left out: the first kept for kinetics.")
@click.option("--cells", is_flag=True, help="Report cells/uL by counting instead of copies/ug DNA; needs --lloq.")
@click.option("--lloq", type=click.FloatRange(0, min_open=True), help="Limit of quantification, in the unit reported.")
@click.option("--cap", type=click.FloatRange(0, min_open=True), help="Most cells of one infusion, whatever the weight.")
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Threads; the result does not depend on them."
)
@answer_options
def simulate(
    study: Path, children: int, seed: int, scenario: str, analyte: str | None, cells: bool, lloq: float | None, cap: float | None,
    workers: int, out: Path | None, form: str, language: Language,
) -> None:  # fmt: skip
    """Simulate donor cells in blood at the study's planned samples.

    The study's assumptions.yaml (areas dosing, kinetics, data, baseline) goes before a shipped base
    scenario, item by item, and the scenario's own changes before both; every number is printed with
    where it comes from. None is measured in the product: read them as assumptions.

    \b
    s0   unarmoured cells, no lymphodepletion
    s1   lymphodepletion and interleukin-2
    s2   cells armoured with interleukin-15

    With --out, concentrations.csv and doses.csv are the tables that `fit` and `protocord nca` read.

    \b
    Example:
      protocord kinetics simulate nct06848582 --children 40 --seed 7 --out simulated
    """
    from protocord.cli.kinetics_lines import simulation_lines
    from protocord.kinetics.models import observe, planned_regimen, sampling_times, setting
    from protocord.kinetics.models import simulate as run
    from protocord.kinetics.models.planned import blood_bands, simulated_tables, simulation_results
    from protocord.protocol import load
    from protocord.report.figures.kinetics_models import simulated_bands

    if cells and lloq is None:
        message = "Counting in cells/uL needs its limit."
        raise click.BadParameter(message, param_hint="--lloq")
    protocol = load(study)
    assumed = setting(protocol.assumptions.assumptions, scenario)  # type: ignore[arg-type]  # click admits the scenarios only
    regimen = planned_regimen(protocol, assumed, cap=cap)
    named = analyte or next(item.id for item in protocol.kinetics.analytes if item.role == "kinetics")
    draws = sampling_times(protocol, named, regimen)
    times = sorted({draw.time for draw in draws})
    made = run(assumed, regimen, times, children=children, seed=seed, blood=blood_bands(protocol), workers=workers)
    seen = observe(made, unit="/uL" if cells else "{copies}/ug", lloq=lloq)
    results = simulation_results(protocol, made, seen)
    deliver(
        results,
        figures={"bands": lambda: simulated_bands(results, language)},
        tables=simulated_tables(named, regimen, made, seen),
        out=out,
        form=form,
        language=language,
        lines=simulation_lines(results, language),
    )


@kinetics.command(cls=TableCommand, tables=_sample_tables)
@study_argument
@click.argument("concentrations", type=TABLE)
@click.option("--doses", type=TABLE, required=True, help="The table of infusions.")
@click.option("--analyte", required=True, help="The analyte of kinetics.yaml to fit.")
@click.option("--cells", is_flag=True, help="Convert every sample to cells/uL first.")
@click.option(
    "--method", type=click.Choice(["m3", "m1", "half_lloq"]), default="m3", show_default=True,
    help="Samples below their limit: by their probability (m3), dropped (m1), or as half the limit. The last two are biased.",
)  # fmt: skip
@click.option("--starts", type=click.IntRange(1, 50), default=3, show_default=True, help="Starting points; all ends are shown.")
@click.option(
    "--replicates", type=click.IntRange(0, 10_000), default=500, show_default=True, help="Trials of the predictive check."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Seed of starts and check.")
@answer_options
def fit(
    study: Path, concentrations: Path, doses: Path, analyte: str, cells: bool, method: str, starts: int, replicates: int, seed: int,
    out: Path | None, form: str, language: Language,
) -> None:  # fmt: skip
    """Fit a biexponential model with random effects to all children at once.

    What is estimated: C0 of a bolus of the median dose, the fraction that leaves fast, the fast and
    the slow half-life, how each varies between children, and the residual error, each with its
    standard error; and every child's own values. The fast rate exceeds the slow one by construction.
    A sample below its limit says just that (M3); dropping such samples makes cells seem to live longer.

    Look at the objective values of all starts: where they differ, other solutions are near.

    \b
    Example:
      protocord kinetics fit nct06848582 docs/tutorials/data/kinetic-models_concentrations.csv \\
          --doses docs/tutorials/data/kinetic-models_doses.csv --analyte donor_dna --out fitted

    Exits 4 when a table has problems; each is named by row and column.
    """
    from protocord.cli.kinetics_lines import fit_lines
    from protocord.kinetics.intake import take
    from protocord.kinetics.models import fit as run
    from protocord.kinetics.models import individual_fits, observations, summary, visual_check
    from protocord.protocol import load
    from protocord.report.figures.kinetics_models import fitted_children, predictive_check
    from protocord.statistics.results import Results

    protocol = load(study)
    analytes = {item.id: item for item in protocol.kinetics.analytes}
    if analyte not in analytes:
        message = f"{analyte!r} is no analyte of the study; there are {', '.join(analytes)}."
        raise click.BadParameter(message, param_hint="--analyte")
    taken = take(concentrations, doses, analytes, dose_unit=protocol.dosing.dose.unit, cells=cells)
    found = run(observations(taken, analyte, method=method), starts=starts, seed=seed)  # type: ignore[arg-type]  # click's choices
    said = summary(found)
    residuals, curves = individual_fits(found)
    figures: dict[str, Any] = {"fits": lambda: fitted_children(said, residuals, curves, found.data, language)}
    parts = [*said, *residuals]
    if method == "m3" and replicates:
        check = visual_check(found, replicates=replicates, seed=seed)
        parts += check
        figures["vpc"] = lambda: predictive_check(check, language)
    about = {**said.about, "study": protocol.study.id, "analyte": analyte, "seed": seed}
    results = Results(tuple(parts), said.inputs, about)
    lines = fit_lines(said, language)
    deliver(results, figures=figures, out=out, form=form, language=language, lines=lines)


@kinetics.command()
@study_argument
@click.option("--weight", type=click.FloatRange(0, min_open=True), help="Weight in kg; left out: the study's smallest child.")
@click.option("--age", type=click.FloatRange(0), help="Age in years; left out: the study's smallest child.")
@click.option("--drawn", multiple=True, metavar="DAY:ML", help="Blood taken already, by study day, such as 8:3.5. Repeatable.")
@answer_options
def blood(
    study: Path, weight: float | None, age: float | None, drawn: tuple[str, ...], out: Path | None, form: str, language: Language
) -> None:
    """Hold the planned draws against the blood a child can spare.

    Limits per day and per rolling period, and blood volume by age and weight, are those of
    blood_volume_guard in kinetics.yaml. Routine blood of the trial is set aside first, then panels are
    admitted in the reverse of trim_order; what is left out is named with its reason.

    \b
    Example:
      protocord kinetics blood nct06848582 --weight 12.4 --age 2
    """
    from decimal import Decimal

    from protocord.cli.kinetics_lines import blood_lines
    from protocord.kinetics.sampling import blood_plan
    from protocord.protocol import load
    from protocord.report.figures.kinetics_models import blood_budget

    plan = blood_plan(
        load(study),
        weight_kg=None if weight is None else Decimal(repr(weight)),
        age_months=None if age is None else int(age * 12),
        drawn=dict(_drawn(item) for item in drawn),
    )
    results = plan.results()
    figures = {"blood": lambda: blood_budget(results, language)}
    deliver(results, figures=figures, out=out, form=form, language=language, lines=blood_lines(plan, language))


@kinetics.command(cls=TableCommand, tables=_sample_tables)
@study_argument
@click.argument("concentrations", type=TABLE)
@click.option("--doses", type=TABLE, required=True, help="The table of infusions.")
@answer_options
def dynamics(study: Path, concentrations: Path, doses: Path, out: Path | None, form: str, language: Language) -> None:
    """Summarise effects: cytokines, cell counts, phenotype.

    What is summarised, of which analytes and over which interval stands under `dynamics` in
    kinetics.yaml. The baseline is the last result at or before the infusion. A result beyond a limit
    counts with both of its bounds, so a statistic may be `lowest` and `highest` instead of `exact`.
    Percentages change on the logit scale.

    \b
    Example:
      protocord kinetics dynamics nct06848582 docs/tutorials/data/kinetic-models_cytokines.csv \\
          --doses docs/tutorials/data/kinetic-models_doses.csv
    """
    from protocord.kinetics.dynamics import effects
    from protocord.kinetics.intake import take
    from protocord.protocol import load
    from protocord.report.figures.kinetics_models import fold_change_map

    protocol = load(study)
    analytes = {item.id: item for item in protocol.kinetics.analytes}
    results = effects(protocol, take(concentrations, doses, analytes, dose_unit=protocol.dosing.dose.unit))
    figures = {"fold_change": lambda: fold_change_map(results, protocol, language)}
    lines = result_lines(results.select("kinetics_effect_group"), language)  # child by child with --out, or as JSON
    deliver(results, figures=figures, out=out, form=form, language=language, lines=lines)


@kinetics.command(cls=TableCommand, tables=_exposure_tables)
@study_argument
@click.argument("exposures", type=TABLE)
@click.option("--metric", required=True, help="What the exposure is, such as `auc_0_28d`; it stands on every result.")
@click.option("--outcome", type=click.Choice(["response", "survival"]), default="response", show_default=True, help="By what.")
@click.option("--landmark", type=click.FloatRange(0), help="Day from the first infusion from which survival is counted.")
@click.option("--time-varying", is_flag=True, help="Survival by exposure as it accumulates: several rows a child, by `until`.")
@click.option("--scale", type=click.Choice(["log2", "linear"]), default="log2", show_default=True, help="A doubling, or a unit.")
@answer_options
def exposure(
    study: Path, exposures: Path, metric: str, outcome: str, landmark: float | None, time_varying: bool, scale: str, out: Path | None,
    form: str, language: Language,
) -> None:  # fmt: skip
    """Relate exposure to response or survival.

    Response: Firth's logistic regression, finite also where exposure parts responders from the rest,
    and response rates by quarter of exposure with exact intervals.

    Survival needs --landmark or --time-varying. Exposure that takes time to accumulate is refused
    without them: a child must live, and not progress, to be exposed for longer, so more exposure would
    look like benefit (immortal-time bias).

    \b
    Example:
      protocord kinetics exposure nct06848582 docs/tutorials/data/kinetic-models_exposures.csv \\
          --metric auc_0_28d
      protocord kinetics exposure nct06848582 docs/tutorials/data/kinetic-models_exposures.csv \\
          --metric auc_0_28d --outcome survival --landmark 28

    Exits 4 when the table has problems, 6 when the analysis is refused.
    """
    from protocord.kinetics.columns import EXPOSURES
    from protocord.kinetics.exposure import response_by_exposure, survival_by_accumulation, survival_by_exposure
    from protocord.kinetics.exposure_tables import exposed_children, stretches_of
    from protocord.protocol import load
    from protocord.report.figures.kinetics_models import exposure_response
    from protocord.statistics.results import Results
    from protocord.tables import fingerprint, read

    protocol = load(study)
    frame = read(EXPOSURES, exposures)
    figures: dict[str, Any] = {}
    if time_varying:
        made = survival_by_accumulation(stretches_of(frame, exposures.name), metric=metric)
    else:
        children = exposed_children(frame, exposures.name)
        if outcome == "survival":
            made = survival_by_exposure(children, metric=metric, landmark=landmark, scale=scale)  # type: ignore[arg-type]
        else:
            made = response_by_exposure(children, metric=metric, scale=scale)  # type: ignore[arg-type]  # click's choices
            figures["exposure_response"] = lambda: exposure_response(made, language)
    results = Results(made.statistics, fingerprint(frame), {"study": protocol.study.id, "protocol": protocol.version})
    deliver(results, figures=figures, out=out, form=form, language=language)


def _drawn(text: str) -> tuple[int, Any]:
    from decimal import Decimal, InvalidOperation

    day, _, volume = text.partition(":")
    try:
        found = int(day), Decimal(volume)
    except (ValueError, InvalidOperation):
        found = (0, Decimal(0))
    if found[0] == 0 or not found[1].is_finite() or found[1] < 0:
        message = f"{text!r} is not a study day and millilitres. Write it as 8:3.5; there is no day 0."
        raise click.BadParameter(message, param_hint="--drawn")
    return found
