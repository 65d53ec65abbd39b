"""What the design commands are asked with: rates, errors, designs written as r/n, priors, and how a wrong one is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from protocord.design.one_stage import Question
    from protocord.design.staged import StagedDesign

Command = TypeVar("Command", bound=Callable[..., Any])

RATE = click.FloatRange(0, 1, min_open=True, max_open=True)

_STAGE = re.compile(r"(?P<low>\d*)(?:-(?P<high>\d+))?/(?P<n>\d+)")


@contextmanager
def refused() -> Iterator[None]:
    """This will turn a request that the core refuses (ValueError, LookupError) into a usage error with its words."""
    try:
        yield
    except (ValueError, LookupError) as wrong:
        words = str(wrong.args[0])
        message = f"{words[:1].upper()}{words[1:]}."
        raise click.UsageError(message) from wrong


def question_options(command: Command) -> Command:
    """This will give a command the options of a hypothesis: --p0, --p1, --alpha, --power, --strict."""
    for option in (
        click.option("--strict", is_flag=True, help="Ask type I < alpha instead of <= alpha."),
        click.option("--power", type=RATE, default=0.8, show_default=True, help="Least power at p1."),
        click.option("--alpha", type=RATE, default=0.05, show_default=True, help="Largest type I error, one-sided."),
        click.option("--p1", type=RATE, required=True, help="Rate worth pursuing."),
        click.option("--p0", type=RATE, required=True, help="Rate not worth pursuing."),
    ):
        command = option(command)
    return command


def question(p0: float, p1: float, alpha: float, power: float, strict: bool) -> Question:
    """This will return the question. Raises a usage error where its numbers contradict one another."""
    from protocord.design.one_stage import Question

    with refused():
        return Question(p0, p1, alpha, power, strict)


class Stages(click.ParamType[Any]):
    """A design written as the literature does: `3/17 10/37`, or with a stop for efficacy `3-8/17 10/37`."""

    name = "r/n ..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """This will return the design of the text."""
        from protocord.design.staged import Stage, StagedDesign

        if isinstance(value, StagedDesign):
            return value
        stages = []
        parts = str(value).split()
        for index, part in enumerate(parts):
            found = _STAGE.fullmatch(part)
            if found is None:
                message = f"{part!r} is not a stage. Write it as r/n (stop when responses <= r of n) or r-e/n (or >= e)."
                raise click.BadParameter(message, ctx, param)
            low = int(found["low"]) if found["low"] else None
            high = int(found["high"]) if found["high"] else None
            if index == len(parts) - 1 and low is not None and high is None:
                high = low + 1
            stages.append(Stage(int(found["n"]), low, high))
        try:
            return StagedDesign(tuple(stages))
        except ValueError as wrong:
            message = f"{value!r}: {wrong}."
            raise click.BadParameter(message, ctx, param) from None


class Seen(click.ParamType[Any]):
    """What one stage saw: responses/subjects of that stage alone."""

    name = "x/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """This will return (responses, subjects)."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d+)/(\d+)", str(value))
        if found is None or int(found[1]) > int(found[2]) or int(found[2]) == 0:
            message = f"{value!r} is not a stage's outcome. Write responses/subjects of that stage alone, such as 5/13."
            raise click.BadParameter(message, ctx, param)
        return int(found[1]), int(found[2])


class Pair(click.ParamType[Any]):
    """Two positive numbers, such as the shapes of a beta prior: `0.5,0.5`."""

    name = "a,b"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """This will return the two numbers."""
        if isinstance(value, tuple):
            return value
        try:
            first, second = (float(part) for part in str(value).split(","))
        except ValueError:
            first = second = 0.0
        if not (first > 0 and second > 0):
            message = f"{value!r} is not a pair of positive numbers. Write it as 1,1."
            raise click.BadParameter(message, ctx, param)
        return first, second


class Rates(click.ParamType[Any]):
    """Probabilities with commas between: `0.05,0.1,0.2`."""

    name = "p,p,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """This will return the probabilities."""
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            found = ()
        if not found or not all(0 <= rate <= 1 for rate in found):
            message = f"{value!r} is not a row of probabilities. Write it as 0.05,0.1,0.2."
            raise click.BadParameter(message, ctx, param)
        return found


def written(design: StagedDesign) -> str:
    """This will write a design as `Stages` reads it."""
    parts = []
    for index, stage in enumerate(design.stages):
        low = "" if stage.futility is None else str(stage.futility)
        last = index == len(design.stages) - 1
        high = "" if stage.efficacy is None or last else f"-{stage.efficacy}"
        parts.append(f"{low}{high}/{stage.n}")
    return " ".join(parts)
