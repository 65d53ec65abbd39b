"""The manual page of the command line, made from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator

import click

from protocord import errors

_KINDS = (errors.ProblemsFound, errors.DocumentProblems, errors.SubjectProblems, errors.LedgerProblems, errors.Refused)


def page(program: click.Group) -> str:
    """This will return docs/reference/cli.md."""
    parts = [
        "# The command line",
        "<!-- Made by `make generate` from the commands' help. Change the help, not this page. -->",
        "Problems meant for a person are printed one a line on the error stream, without a traceback; a traceback is a bug of ours.",
        "| exit code | meaning |\n| --- | --- |\n"
        "| 0 | done; whatever the answer is, it is an answer |\n"
        "| 1 | a bug, or generated files that are not current |\n"
        "| 2 | the command line itself was not understood |\n" + "\n".join(_exit_codes()),
        "`NO_COLOR` or a pipe takes the colours away; nothing is said by colour alone. `PROTOCORD_LANGUAGE` sets the language of the answers.",
        *_sections(program, "protocord"),
    ]
    return "\n\n".join(parts) + "\n"


def _exit_codes() -> Iterator[str]:
    for kind in _KINDS[1:]:
        yield f"| {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0]} |"


def _sections(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    settings = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    told = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {context.command_path}\n\n```text\n{told}\n```"
    if isinstance(command, click.Group):
        for inner_name, inner in command.commands.items():
            yield from _sections(inner, inner_name, context)
