"""The command that screens one child: outcome, every criterion with its reasons, and the days on which the child could enter."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from protocord.cli.door import Day, format_option, language_option, study_argument
from protocord.values.text import Language


@click.command()
@study_argument
@click.argument("subject", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--on", type=Day(), help="The day of the assessment.  [default: today]")
@click.option(
    "--planned-infusion", type=Day(), help="The day planned for the first infusion.  [default: the day of the assessment]"
)
@language_option
@format_option
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A hospital's own codes, for a FHIR Bundle: which concept each stands for.",
)
def screen(
    study: Path,
    subject: Path,
    on: date | None,
    planned_infusion: date | None,
    language: Language,
    form: str,
    mapping: Path | None,
) -> None:
    """Screen one child: may she enter, why, and from which day.

    SUBJECT is a facts file (YAML or JSON) or a FHIR R4 Bundle (JSON). Missing data is never a yes or a
    no: the criterion is unknown, and the answer says what to enter. A screening that does not end in
    "eligible" is an answer, not an error.

    \b
    Example:
      protocord screen nct06848582 girl.yaml --on 2025-06-10 --planned-infusion 2025-06-30
      protocord screen nct06848582 bundle.json --mapping hospital.yaml --language zh

    Exits 3 when the study's documents, 4 when the subject's facts cannot be read.
    """
    raise NotImplementedError
