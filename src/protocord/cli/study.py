"""Commands about a study's documents: check, describe, examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.door import format_option, language_option, study_argument
from protocord.errors import DocumentProblems, Place, Problem
from protocord.values.reasons import Reason
from protocord.values.text import Language
from protocord.words import say
from protocord.words.layout import table

if TYPE_CHECKING:
    from protocord.protocol.check import ToConfirm


@click.command()
@study_argument
@language_option
@format_option
@click.pass_context
def check(context: click.Context, study: Path, language: Language, form: str) -> None:
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
    from protocord.protocol import load
    from protocord.protocol.check import check_design, to_confirm

    problems: tuple[Problem, ...] = ()
    confirm: tuple[ToConfirm, ...] = ()
    try:
        protocol = load(study)
    except DocumentProblems as found:
        problems = found.problems
    else:
        problems, confirm = check_design(protocol), to_confirm(protocol)
    if form == "json":
        click.echo(json.dumps(_as_data(problems, confirm, language), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_as_lines(study, problems, confirm, language)))
    if problems:
        context.exit(DocumentProblems.exit_code)


def _as_data(problems: Sequence[Problem], confirm: Sequence[ToConfirm], language: Language) -> dict[str, Any]:
    return {
        "problems": [{**_place(problem.place), "what": problem.what, "remedy": problem.remedy} for problem in problems],
        "to_confirm": [
            {**_place(item.place), "source": str(item.source), "text": item.text.say(language), "citation": item.citation}
            for item in confirm
        ],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "item": place.item}


def _as_lines(study: Path, problems: Sequence[Problem], confirm: Sequence[ToConfirm], language: Language) -> list[str]:
    """The problems first; then what is open, grouped by where it comes from, by file and line."""
    lines = [str(problem) for problem in problems]
    lines.append(f"{study.name}: " + (f"{len(problems)} problem{'s' if len(problems) > 1 else ''}" if problems else "no problem"))
    for source in dict.fromkeys(item.source for item in confirm):
        group = [item for item in confirm if item.source == source]
        lines += ["", say(Reason.of(f"cli_confirm_{source}", count=len(group)), language)]
        for file in dict.fromkeys(item.place.file for item in group):
            rows = [(str(item.place.line or ""), item.text.say(language)) for item in group if item.place.file == file]
            lines.append(f"  {file.removeprefix(str(study)).lstrip('/')}")
            lines += table([(line.rjust(4), said) for line, said in rows], indent="  ")
    return lines


@click.command()
@study_argument
@language_option
def describe(study: Path, language: Language) -> None:
    """Describe a study: synopsis, schedule, criteria.

    The answer is Markdown: it reads well as it is, and renders as a document.

    \b
    Example:
      protocord describe nct06848582
      protocord describe nct06848582 --language zh > synopsis.md

    Exits 3 when the study's documents do not make a protocol.
    """
    from protocord.protocol import load
    from protocord.protocol.describe import describe as tell

    click.echo(tell(load(study), language), nl=False)


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
    from protocord.cli.examples import mismatches
    from protocord.protocol import load

    protocol = load(study)
    found = tuple(mismatches(protocol))
    if found:
        raise DocumentProblems(found)
    click.echo(f"{len(protocol.examples.examples)} examples of {protocol.study.id}: each comes out as it says.")
