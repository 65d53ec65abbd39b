"""The command that analyses cells in blood: parameters per infusion and course, by donor, with tables, figures and footnotes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from protocord.cli.door import study_argument
from protocord.cli.outcome import TABLE, TableCommand, answer_options, deliver
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.tables import Table


def _tables() -> tuple[Table, ...]:
    from protocord.kinetics.columns import CONCENTRATIONS, DOSES

    return DOSES, CONCENTRATIONS


@click.command(cls=TableCommand, tables=_tables)
@study_argument
@click.argument("concentrations", type=TABLE)
@click.option("--doses", type=TABLE, required=True, help="The infusions that were given.")
@click.option(
    "--every-infusion", is_flag=True, help="Analyse each infusion to the next too: accumulation, superposition, terminal slopes."
)
@click.option("--cells", is_flag=True, help="Turn % of a population or copies/ug DNA into cells/uL, sample by sample.")
@answer_options
def nca(
    study: Path,
    concentrations: Path,
    doses: Path,
    every_infusion: bool,
    cells: bool,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Analyse cells in blood without a model, by the study's rules.

    What is computed, and by which conventions, stands in the study's kinetics.yaml.

    CONCENTRATIONS holds one row a sample, analyte and donor; --doses one row an infusion (CSV or Parquet).
    Rules, intervals and parameters are the protocol's. Each donor's cells are analysed apart. A result below
    the limit of quantification is censored, with the limit of its own sample; it is never 0. A parameter that
    cannot be computed has its reason instead.

    \b
    Example:
      protocord nca nct06848582 kinetics_concentrations.csv --doses kinetics_doses.csv
      protocord nca nct06848582 kinetics_concentrations.csv --doses kinetics_doses.csv \\
          --every-infusion --cells --out kinetics

    Exits 3 when the study's documents, 4 when a table cannot be used.
    """
    from protocord.errors import Place, Problem, Refused
    from protocord.kinetics.intake import take
    from protocord.kinetics.nca.study import nca as analyse
    from protocord.kinetics.nca.summary import summarise
    from protocord.protocol import load
    from protocord.report.kinetics import figures, lines, tables
    from protocord.statistics.results import joined

    protocol = load(study)
    analytes = {analyte.id: analyte for analyte in protocol.kinetics.analytes if analyte.role == "kinetics"}
    if not analytes:
        raise Refused([Problem(Place(protocol.study.id), "measures no kinetics.", "Add analytes to its kinetics.yaml.")])
    taken = take(concentrations, doses, analytes, dose_unit=protocol.dosing.dose.unit, cells=cells)
    analysis = analyse(protocol, taken, infusions=every_infusion)
    summary = summarise(analysis.results)
    deliver(
        joined([analysis.results, summary]),
        figures=figures(protocol, analysis, summary, language),
        tables=tables(analysis),
        out=out,
        form=form,
        language=language,
        lines=lines(protocol, analysis, summary, language),
    )
