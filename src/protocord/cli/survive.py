"""The command that analyses times to events: `protocord survive`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.door import study_argument
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver
from protocord.values import Language

if TYPE_CHECKING:
    from protocord.efficacy.survival import Null
    from protocord.protocol import Protocol
    from protocord.protocol.document.elements import Span
    from protocord.report.canvas import Canvas
    from protocord.statistics import Results
    from protocord.tables import Table


class Length(click.ParamType[Any]):
    """A length of time as the study's documents write it: `6 months`."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Span:
        """This will return the length of `6 months`."""
        import re

        from protocord.protocol.document.elements import Span

        match = re.fullmatch(r"\s*(\d+) *(day|week|month|year)s?\s*", str(value))
        if match is None or int(match[1]) == 0:
            message = f"{value!r} is not a length of time. Write it as '6 months'."
            raise click.BadParameter(message, ctx, param)
        return Span(int(match[1]), match[2])  # type: ignore[arg-type]  # the pattern admits the units of SpanUnit only


class AtNull(click.ParamType[Any]):
    """Survival that a single arm is held against: `12 months=0.30`."""

    name = "length=share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Null:
        """This will return the null of `12 months=0.30`."""
        from protocord.efficacy.survival import Null

        at, _, share = str(value).partition("=")
        try:
            probability = float(share)
        except ValueError:
            probability = 0.0
        if not 0 < probability < 1:
            message = f"{value!r} is no survival at a time. Write it as '12 months=0.30'."
            raise click.BadParameter(message, ctx, param)
        return Null(Length().convert(at, param, ctx), probability)


def _tables() -> tuple[Table, ...]:
    from protocord.efficacy.columns import TIMES

    return (TIMES,)


@click.command(cls=TableCommand, tables=_tables)
@study_argument
@click.argument("times", type=TABLE)
@click.option("--endpoint", "endpoints", multiple=True, help="Id of a time to event; may be repeated.  [default: all in TIMES]")
@click.option("--by", default="", metavar="COLUMN", help="Column of TIMES whose groups are compared.")
@click.option("--null", type=AtNull(), help="What a single arm is held against, as '12 months=0.30'.")
@click.option(
    "--response", default="", metavar="NAME", help="Endpoint or column with the day of response; needs one of the next two."
)
@click.option("--landmark", type=Length(), help="Compare by response up to this time, among those under observation then.")
@click.option("--time-dependent", is_flag=True, help="Compare with response as time-dependent (Mantel-Byar, Simon-Makuch).")
@answer_options
def survive(
    study: Path,
    times: Path,
    endpoints: tuple[str, ...],
    by: str,
    null: Null | None,
    response: str,
    landmark: Span | None,
    time_dependent: bool,
    language: Language,
    form: str,
    out: Path | None,
) -> None:
    """Analyse times to events as the study declares them.

    The declarations stand in its efficacy.yaml.

    TIMES is the table that `protocord respond` writes. Each endpoint's origin, interval, level, landmarks
    and days in a month come from the document: Kaplan-Meier with medians and quartiles, survival and numbers
    at risk at the landmarks, reverse Kaplan-Meier follow-up, restricted mean; cumulative incidences where
    events compete. --by adds the log-rank test (or Gray's) and Cox's hazard ratios to the first group, with
    the check that they are constant. "NR" is not reached, "NE" not estimable; the reason stands below.

    Survival by response from time zero is refused: it is immortal-time bias. Ask with --response and
    --landmark, or --time-dependent.

    \b
    Example:
      protocord survive nct06848582 survival_times.csv --endpoint pfs --by histology --out pfs
      protocord survive nct06848582 survival_times.csv --endpoint os --response response_day --landmark "4 months"

    Exits 3 when the study's documents, 4 when the table cannot be read, 6 when an analysis is refused.
    """
    from protocord.cli.survival_lines import survival_lines
    from protocord.efficacy.survival import read_times, response_and_survival
    from protocord.efficacy.survival import survive as analyse
    from protocord.protocol import load

    protocol = load(study)
    given = read_times(protocol, times)
    if (landmark or time_dependent) and not response:
        message = "It needs --response: the endpoint or column that holds the day of response."
        raise click.BadParameter(message, param_hint="--landmark" if landmark else "--time-dependent")
    if response:
        if by or null or len(endpoints) != 1:
            message = "With --response name one --endpoint, and neither --by nor --null."
            raise click.BadParameter(message, param_hint="--response")
        results = response_and_survival(protocol, given, endpoints[0], response, at=landmark, time_dependent=time_dependent)
    else:
        results = analyse(protocol, given, endpoints=endpoints, by=by, null=null)
    figures = _figures(results, protocol, language)
    deliver(results, figures=figures, out=out, form=form, language=language, lines=survival_lines(results, protocol, language))


def _figures(results: Results, protocol: Protocol, language: Language) -> dict[str, Callable[[], Canvas]]:
    """The curves of each endpoint and variant, and forests where groups were compared; drawn when they are written."""
    from protocord.report.figures.survival import survival_curves
    from protocord.report.figures.survival_forest import hazard_ratio_forest, landmark_forest

    found: dict[str, Callable[[], Canvas]] = {}
    for endpoint in protocol.efficacy.time_to_event:
        rows = results.select(endpoint.id)
        for variant in dict.fromkeys(str(one.context["variant"]) for one in rows):
            here = [one for one in rows if one.context["variant"] == variant]
            name = endpoint.id if variant == "main" else f"{endpoint.id}_{variant}"
            kind = next((str(one.context["analysis_of"]) for one in here if "analysis_of" in one.context), "")
            found[f"{name}_{kind}" if kind else name] = lambda e=endpoint, v=variant, k=kind: survival_curves(  # type: ignore[misc]
                results, e, language, variant=v, analysis=k
            )
            if kind:
                continue
            if any(one.name == "hazard_ratio" for one in here):
                found[f"{name}_hazard_ratios"] = lambda e=endpoint, v=variant: hazard_ratio_forest(
                    results, e, language, variant=v
                )  # type: ignore[misc]
                marks = dict.fromkeys(
                    str(one.context["landmark"]) for one in here if one.name == "survival" and "landmark" in one.context
                )
                for mark in marks:
                    place = f"{name}_at_{mark.replace(' ', '_')}"
                    found[place] = lambda e=endpoint, v=variant, m=mark: landmark_forest(
                        results, e, language, landmark=m, variant=v
                    )  # type: ignore[misc]
    return found
