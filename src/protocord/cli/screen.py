"""The command that screens one child: outcome, every criterion with its reasons, and the days on which the child could enter."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from protocord.cli.door import Day, format_option, language_option, study_argument, today
from protocord.values.text import Language

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@study_argument
@click.argument("subject", type=FILE)
@click.option("--on", type=Day(), help="The day of the assessment.  [default: today]")
@click.option(
    "--planned-infusion", type=Day(), help="The day planned for the first infusion.  [default: the day of the assessment]"
)
@language_option
@format_option
@click.option("--mapping", type=FILE, help="A hospital's own codes, for a FHIR Bundle: which concept each stands for.")
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
    from protocord.cli.subject import read
    from protocord.cli.verdicts import Spoken, unmapped_lines
    from protocord.eligibility import screen as decide
    from protocord.eligibility import timeline
    from protocord.protocol import load

    protocol = load(study)
    day = on or today()
    if planned_infusion is not None and planned_infusion < day:
        message = f"The planned infusion {planned_infusion} lies before the assessment {day}."
        raise click.BadParameter(message, param_hint="--planned-infusion")
    given = read(subject, protocol, mapping)
    screening = decide(protocol, given.record, on=day, planned_infusion=planned_infusion)
    days = timeline(protocol, given.record, on=day, planned_infusion=planned_infusion)
    if form == "json":
        answer = {
            "screening": screening.as_data(),
            "content_hash": screening.content_hash,
            "timeline": days.as_data(),
            "unmapped": [item.as_data() for item in given.unmapped],
        }
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    lines = [*Spoken(protocol, screening, days, language).lines(), *unmapped_lines(given.unmapped, language)]
    click.echo("\n".join(lines))
