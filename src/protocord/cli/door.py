"""What every command shares: how a problem ends it, and how a study, a language and a date are named."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from protocord.errors import Place, Problem, ProblemsFound
from protocord.values.text import LANGUAGES

Command = TypeVar("Command", bound=Callable[..., Any])


class Door(click.Group):
    """A group of commands in which a person's problem ends the run with its exit code, and a bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """This will run the command; problems meant for a person go to the error stream, one a line, without traceback."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except ProblemsFound as found:
            show_problems(found.problems)
            ctx.exit(found.exit_code)
        except OSError as found:
            if not found.filename:
                raise
            # A file or folder that a person named and the machine would not open or write: theirs to mend, not a bug.
            show_problems((Problem(Place(str(found.filename)), f"{found.strerror}."),))
            ctx.exit(ProblemsFound.exit_code)

    def main(self, *args: Any, **extra: Any) -> Any:
        """This will run the command line; a terminal that lacks a sign shows another in its place instead of stopping."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        return super().main(*args, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """This will list the commands in the order in which a newcomer meets them, not by alphabet."""
        del ctx
        return list(self.commands)


def show_problems(problems: tuple[Problem, ...], *, err: bool = True) -> None:
    """This will print each problem on its line, and their number below."""
    for problem in problems:
        click.echo(str(problem), err=err)
    if len(problems) > 1:
        click.echo(f"{len(problems)} problems", err=err)


class StudyFolder(click.ParamType[Any]):
    """A study: the path of its folder, or the name of one that Protocord ships."""

    name = "study"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """This will return the study's folder."""
        folder = Path(value)
        if folder.is_dir():
            return folder
        shipped = shipped_studies()
        if value in shipped:
            return shipped[value]
        alike = get_close_matches(value, shipped, n=1)
        hint = f"Did you mean {alike[0]}?" if alike else f"Shipped studies: {', '.join(sorted(shipped))}."
        message = f"There is no study folder {value!r}, and no shipped study of that name. {hint}"
        raise click.BadParameter(message, ctx, param)


def shipped_studies() -> dict[str, Path]:
    """This will return the folders of the studies in the package, by name."""
    from protocord.protocol import STUDIES

    return {folder.name: folder for folder in sorted(STUDIES.iterdir()) if (folder / "study.yaml").is_file()}


class Day(click.ParamType[Any]):
    """A day, as ISO 8601 writes it."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """This will return the date of `2025-06-30`."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            message = f"{value!r} is not a day. Write it as 2025-06-30."
            raise click.BadParameter(message, ctx, param) from None


def today() -> date:
    """This will return today where this machine stands; only the shell may ask."""
    return datetime.now().astimezone().date()


def study_argument(command: Command) -> Command:
    """This will give a command its argument STUDY."""
    return click.argument("study", type=StudyFolder())(command)


def language_option(command: Command) -> Command:
    """This will give a command the option `--language`; PROTOCORD_LANGUAGE sets another default."""
    return click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        default="en",
        show_default=True,
        envvar="PROTOCORD_LANGUAGE",
        help="Language of the answer.",
    )(command)


def format_option(command: Command) -> Command:
    """This will give a command the option `--format`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)
