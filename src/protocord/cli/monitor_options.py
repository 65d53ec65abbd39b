"""What the commands of `protocord monitor` share: how looks and rates are given, and how a refused question ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import click

from protocord.cli.door import format_option, language_option
from protocord.cli.outcome import out_option


class Looks(click.ParamType[Any]):
    """Looks: `10,20,30`, or `from:to` and `from:to:by`."""

    name = "looks"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """This will return the looks of `3:40`, `10:40:5` or `10,20,35`, increasing whole numbers from 1."""
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(_looks(str(value)))
        except ValueError:
            found = ()
        if not found or found[0] < 1 or any(later <= earlier for earlier, later in pairwise(found)):
            message = f"{value!r} are no looks. Write increasing numbers of subjects, as 10,20,30 or 3:40 or 10:40:5."
            raise click.BadParameter(message, ctx, param)
        return found


def _looks(text: str) -> Iterable[int]:
    if ":" not in text:
        return [int(part) for part in text.split(",")]
    first, last, *step = (int(part) for part in text.split(":"))
    by = step[0] if step else 1
    if len(step) > 1 or by < 1:
        raise ValueError(text)
    return range(first, last + 1, by)


@contextmanager
def asked() -> Iterator[None]:
    """What a rule refuses (an alternative below the null, looks out of range) is a slip of the question, not a bug."""
    try:
        yield
    except ValueError as refused:
        said = str(refused)
        raise click.UsageError(said[:1].upper() + said[1:] + ".") from None


RATE = click.FloatRange(0, 1, min_open=True, max_open=True)
TRUE_RATE = click.FloatRange(0, 1)
PAIR: dict[str, Any] = {"type": click.FloatRange(0, min_open=True), "nargs": 2, "metavar": "A B"}
looks_option = click.option(
    "--looks", type=Looks(), required=True, help="Numbers of evaluable subjects at the looks: 10,20,30 or 3:40 or 10:40:5."
)


def answer(command: Callable[..., Any]) -> Callable[..., Any]:
    """This will give a command the options that every answer has: `--language`, `--format`, `--out`."""
    return language_option(format_option(out_option(command)))
