"""The design commands that a study drives, and the rules for dose levels: why, accrual, boin, three-plus-three."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.design_options import RATE, Pair, Rates, refused
from protocord.cli.door import Day, study_argument
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver
from protocord.errors import DocumentProblems, Place, Problem
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.design.accrual import GammaRate, SiteAccrual
    from protocord.protocol import Protocol
    from protocord.statistics.results import Statistic
    from protocord.tables import Table


@click.command(short_help="Why this many subjects?")
@study_argument
@answer_options
def why(study: Path, out: Path | None, language: Language, form: str) -> None:
    """Why this many subjects? What the number that STUDY plans buys, in every usual way.

    Exact tests against several null rates, Simon designs of about that size, intervals, rare events,
    losses by the study's own assumption, and whether the arguments that the protocol states hold.

    \b
    Example:
      protocord design why nct06848582 --out why
    """
    from protocord.cli.design_text import lines
    from protocord.design.justification import why_study
    from protocord.design.results import why_results
    from protocord.protocol import load
    from protocord.report.figures.design import precision_curve
    from protocord.words import term

    protocol = load(study)
    answer = why_study(protocol)
    about = {"study": protocol.study.id, "protocol_version": protocol.version, "protocol_hash": protocol.hash}
    results = why_results(answer, about)
    heading = term("design_study_line", language)
    told = [heading.format(study=protocol.study.id, version=protocol.version, planned=answer.n), ""]
    figures = {"precision": lambda: precision_curve(results, language)}
    body = lines(results, language, shows=_why_brief)
    deliver(results, figures=figures, out=out, form=form, language=language, lines=[*told, *body])


def _why_brief(item: Statistic) -> bool:
    """In a terminal: every fourth count of the limits, widths at tenths, and of the near designs those at either end."""
    if item.analysis == "limits":
        return int(str(item.context["responses"])) % 4 == 0
    if item.analysis == "width":
        return round(float(str(item.context["true_rate"])) * 100) % 10 == 0
    if item.analysis == "near":
        return item.context["design_kind"] != "admissible" and item.name == "expected_n_null"
    return True


def _site_tables() -> tuple[Table, ...]:
    from protocord.design.columns import TABLES

    return TABLES


@click.command(cls=TableCommand, tables=_site_tables, short_help="When will the last subject be in?")
@study_argument
@click.option("--sites", "table", type=TABLE, help="Table of sites; without it every site of the study opens at --start.")
@click.option("--start", type=Day(), help="Day on which the sites open.  [default: the study's start date]")
@click.option("--cut", type=Day(), help="Data cut: enrolment is known to this day.  [default: --start]")
@click.option("--target", type=click.IntRange(1), help="Subjects in all.  [default: the number planned]")
@click.option("--prior", type=Pair(), help="Gamma prior of a site's monthly rate: shape,rate.  [default: the study's assumption]")
@click.option("--by", type=Day(), multiple=True, help="A day for which the chance to be complete is wanted; may be repeated.")
@answer_options
def accrual(
    study: Path,
    table: Path | None,
    start: date | None,
    cut: date | None,
    target: int | None,
    prior: tuple[float, float] | None,
    by: tuple[date, ...],
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """When will the last subject be in? A forecast site by site (Anisimov & Fedorov 2007), in closed form.

    Each site enrols at its own gamma distributed rate from the day it opens; what it has enrolled by the
    data cut updates its rate. Nothing is simulated.

    \b
    Example:
      protocord design accrual nct06848582 --start 2025-06-01 --by 2028-01-01
      protocord design accrual nct06848582 --sites sites.csv --cut 2026-06-30
    """
    from protocord.cli.design_text import lines
    from protocord.design.accrual import forecast
    from protocord.design.results import accrual_results
    from protocord.protocol import load
    from protocord.report.figures.design import accrual_forecast

    protocol = load(study)
    rate = _rate(protocol, prior)
    sites, known = _sites(protocol, table, start, cut)
    with refused():
        answer = forecast(sites, rate, target=target or protocol.study.design.planned_subjects, cut=known)
    results = accrual_results(answer, rate, by)
    figures = {"accrual": lambda: accrual_forecast(results, language)}
    body = lines(results, language, shows=lambda item: item.analysis != "curve")
    deliver(results, figures=figures, out=out, form=form, language=language, lines=body)


def _rate(protocol: Protocol, prior: tuple[float, float] | None) -> GammaRate:
    from protocord.design.accrual import GammaRate

    if prior is not None:
        return GammaRate(*prior)
    for item in protocol.assumptions.assumptions:
        if item.area == "accrual" and item.distribution.kind == "gamma" and item.unit == "/mo":
            return GammaRate(float(item.distribution.shape), float(item.distribution.rate))
    place = Place("assumptions.yaml", item="accrual")
    raise DocumentProblems(
        [Problem(place, "No gamma distributed accrual per site and month is assumed.", "Say --prior shape,rate.")]
    )


def _sites(protocol: Protocol, table: Path | None, start: date | None, cut: date | None) -> tuple[list[SiteAccrual], date]:
    from protocord.design.accrual import SiteAccrual
    from protocord.design.columns import SITES
    from protocord.tables import read

    if table is not None:
        if cut is None:
            message = "A table of enrolment needs --cut, the day to which it is known."
            raise click.UsageError(message)
        frame = read(SITES, table)
        rows = [SiteAccrual(row["site"], row["opened"], row["enrolled"], row["closed"]) for row in frame.to_dicts()]
        return rows, cut
    first = start or protocol.study.registry.start
    if first is None:
        message = "The study states no start date: say --start."
        raise click.UsageError(message)
    return [SiteAccrual(site.code, first) for site in protocol.study.sites], cut or first


@click.command(short_help="BOIN for a lead-in with dose levels.")
@click.option("--target", type=RATE, default=0.3, show_default=True, help="Target rate of dose-limiting toxicity.")
@click.option("--low", type=RATE, help="Rate that asks for a higher dose.  [default: 0.6 target]")
@click.option("--high", type=RATE, help="Rate that asks for a lower dose.  [default: 1.4 target]")
@click.option("--certainty", type=RATE, default=0.95, show_default=True, help="Posterior chance beyond which a level is dropped.")
@click.option("--most", type=click.IntRange(1, 60), default=12, show_default=True, help="Subjects at one level in the table.")
@click.option("--rates", type=Rates(), help="True toxicity rates, lowest level first: adds exact characteristics.")
@click.option("--cohort", type=click.IntRange(1, 12), default=3, show_default=True, help="Subjects in a cohort.")
@click.option("--cohorts", type=click.IntRange(1, 20), default=10, show_default=True, help="Most cohorts.")
@click.option("--stop-at", type=click.IntRange(1), help="Stop where the next dose already has this many subjects.")
@answer_options
def boin(
    target: float,
    low: float | None,
    high: float | None,
    certainty: float,
    most: int,
    rates: tuple[float, ...] | None,
    cohort: int,
    cohorts: int,
    stop_at: int | None,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """BOIN for a lead-in with dose levels (Liu & Yuan 2015): boundaries, decision table, exact characteristics.

    \b
    Example:
      protocord design boin --target 0.3 --rates 0.05,0.1,0.2
    """
    from protocord.cli.design_text import lines
    from protocord.design.dose_finding import Boin, follow_boin
    from protocord.design.results import boin_results

    with refused():
        rule = Boin(target, low or 0.6 * target, high or 1.4 * target, certainty)
        at = None if rates is None else follow_boin(rule, rates, cohort=cohort, cohorts=cohorts, stop_at=stop_at)
    results = boin_results(rule, most, at, _level_names(rates or ()))
    deliver(results, out=out, form=form, language=language, lines=lines(results, language))


@click.command("three-plus-three", short_help="3+3 for a lead-in with dose levels.")
@click.option("--rates", type=Rates(), required=True, help="True toxicity rates, lowest level first.")
@click.option("--start", type=click.IntRange(1), default=1, show_default=True, help="First level, 1 the lowest.")
@click.option("--no-expansion", is_flag=True, help="Choose the level below the first too toxic one without treating six there.")
@answer_options
def three_plus_three(
    rates: tuple[float, ...], start: int, no_expansion: bool, out: Path | None, language: Language, form: str
) -> None:
    """3+3 for a lead-in with dose levels: what each level's chance to be chosen is, by following every course.

    \b
    Example:
      protocord design three-plus-three --rates 0.05,0.1,0.2
    """
    from protocord.cli.design_text import lines
    from protocord.design.dose_finding import follow_three_plus_three
    from protocord.design.results import three_plus_three_results

    names = _level_names(rates)
    with refused():
        at = follow_three_plus_three(rates, start=start - 1, expand=not no_expansion)
    results = three_plus_three_results(at, names, expand=not no_expansion, start=names[start - 1])
    deliver(results, out=out, form=form, language=language, lines=lines(results, language))


def _level_names(rates: tuple[float, ...] | Any) -> list[str]:
    return [str(index) for index in range(1, len(rates) + 1)]
