"""Commands about a study's documents: check, describe, examples."""

from __future__ import annotations

import json
from pathlib import Path

import click

from protocord.cli.door import format_option, language_option, study_argument
from protocord.values.text import Language


@click.command()
@study_argument
@format_option
def check(study: Path, form: str) -> None:
    """Check a study, and list what its sponsor must confirm.

    Names every problem in one go by file and line, then design slips that types cannot see (a form
    nobody asks for, a criterion no form can answer), then everything whose source is a convention,
    a sibling study, or was not retrieved.

    \b
    Example:
      protocord check nct06848582
      protocord check my-study/ --format json

    Exits 3 when something is wrong. Open confirmations are no error.
    """
    raise NotImplementedError


@click.command()
@study_argument
@language_option
def describe(study: Path, language: Language) -> None:
    """Describe a study: synopsis, schedule, criteria.

    \b
    Example:
      protocord describe nct06848582
      protocord describe nct06848582 --language zh

    Exits 3 when the study's documents do not make a protocol.
    """
    from protocord.protocol import load
    from protocord.protocol.describe import describe as tell

    click.echo(tell(load(study), language))


@click.command()
@study_argument
def examples(study: Path) -> None:
    """Run the worked examples that travel with a study.

    Prints each mismatch: the example, the criterion, the answer expected and the answer given.

    \b
    Example:
      protocord examples nct06848582

    Exits 3 when an example does not come out as it says.
    """
    raise NotImplementedError
