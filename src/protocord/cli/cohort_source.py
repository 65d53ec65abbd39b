"""What the cohort commands share: how a source is named and opened, what a run record says of it, and a line that tells what is under way."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from protocord.cli.door import Day, study_argument, today
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.cohort.answers.opened import Opened
    from protocord.cohort.answers.screened import Screened
    from protocord.cohort.plan.loosened import Move
    from protocord.cohort.sources.warehouses import Address
    from protocord.protocol import Protocol
    from protocord.statistics.results import Scalar

Command = TypeVar("Command", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ENGINES = ("duckdb", "spark", "postgres", "kernel")  # as `cohort.sources.places` has them, which loads the engines
_TICK = 0.5  # seconds
_ADDRESS = re.compile(r"\s*postgres[\w.+-]*:", re.IGNORECASE)  # with one slash or three it is one as well, written wrong


class SourcePlace(click.ParamType[Any]):
    """A source: a file or folder that exists, or the address of a PostgreSQL database."""

    name = "source"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | Address:
        """This will return the path or the address."""
        if isinstance(value, str) and _ADDRESS.match(value):
            from protocord.cohort.sources.warehouses import Address

            return Address(value)
        path = Path(value)
        if not path.exists():
            named = f"{value.split('://')[0]}://…" if "://" in str(value) else value  # an address may hold a password
            message = (
                f"There is no file or folder {named!r}. A PostgreSQL database is named postgresql://user@host:5432/database."
            )
            raise click.BadParameter(message, ctx, param)
        return path


@dataclass(frozen=True)
class Given:
    """The source, the study and how to read the one for the other, as a command was given them."""

    source: Path | Address
    study: Path
    mapping: Path | None = None
    engine: str = ""
    schema: str = ""
    vocabulary_schema: str = ""
    threads: int | None = None

    @contextmanager
    def opened(self, language: Language = "en") -> Iterator[tuple[Protocol, Opened]]:
        """This will load the study and open the source, and give it back at the end."""
        from protocord.words import term

        with ExitStack() as stack:
            with under_way(term("cohort_doing_open", language)):
                from protocord.cohort.answers.opened import opened
                from protocord.cohort.sources.warehouses import Schemas
                from protocord.exchange.mapping import read_mapping
                from protocord.protocol import load

                protocol = load(self.study)
                own_codes = read_mapping(self.mapping, protocol.concepts) if self.mapping else None
                schemas = Schemas(self.schema, self.vocabulary_schema)
                source = opened(
                    self.source, protocol.concepts, own_codes, engine=self.engine, schemas=schemas, threads=self.threads
                )
                found = stack.enter_context(source)
            yield protocol, found


def source_arguments(command: Command) -> Command:
    """This will give a command SOURCE and STUDY and how to read the one for the other; they come as one argument, `given`."""

    @wraps(command)
    def gathered(**rest: Any) -> Any:
        given = {name: rest.pop(name) or default for name, default in _DEFAULTS.items()}
        return command(given=Given(**given), **rest)

    threads = click.option("--threads", type=click.IntRange(min=1), help="Threads of the engine.  [default: all cores]")
    engine = click.option("--engine", type=click.Choice(_ENGINES), help="What reads the source.  [default: what suits it best]")
    schema = click.option("--schema", help="The schema of a database that holds the patients' tables, where several do.")
    words = click.option("--vocabulary-schema", help="The schema that holds the vocabulary tables, where it is another.")
    mapping = click.option("--mapping", type=FILE, help="What the hospital's own ids and units mean.")
    source = click.argument("source", type=SourcePlace())
    made: Any = gathered
    for one in (threads, words, schema, engine, mapping, study_argument, source):
        made = one(made)
    return cast("Command", made)


_DEFAULTS: Mapping[str, Any] = {
    "source": None, "study": None, "mapping": None, "engine": "", "schema": "", "vocabulary_schema": "", "threads": None,
}  # fmt: skip


def on_options(command: Command) -> Command:
    """This will give a command the day of the assessment and the planned infusion."""
    infusion = "The day planned for the first infusion.  [default: the day of the assessment]"
    command = click.option("--planned-infusion", type=Day(), help=infusion)(command)
    return click.option("--on", type=Day(), help="The day of the assessment.  [default: today]")(command)


def cohort_out(command: Command) -> Command:
    """This will give a command the option `--out`."""
    about = "Folder for results, lists, charts and the run record; written whole or not at all."
    return click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=about)(command)


def assessed(on: date | None, planned_infusion: date | None) -> date:
    """This will return the day of the assessment, by default today. Raises BadParameter for an infusion that is planned before it."""
    day = on or today()
    if planned_infusion is not None and planned_infusion < day:
        message = f"The planned infusion {planned_infusion} lies before the assessment {day}."
        raise click.BadParameter(message, param_hint="--planned-infusion")
    return day


def about(
    given: Given, protocol: Protocol, opened: Opened, *, on: date | None = None, infusion: date | None = None
) -> tuple[dict[str, Scalar], str]:
    """This will return what was run on what and by which engine, and one fingerprint of study, source, mapping and days."""
    decides: dict[str, Scalar] = {
        "study": protocol.study.id,
        "protocol_version": protocol.version,
        "protocol_hash": protocol.hash,
        "source": opened.kind,
        "source_fingerprint": opened.fingerprint,
        "fingerprint_of": opened.fingerprint_of,
        "mapping_fingerprint": hashlib.sha256(given.mapping.read_bytes()).hexdigest() if given.mapping else "",
        "persons": opened.persons,
    }
    if on is not None:
        decides |= {"on": on.isoformat(), "planned_infusion": (infusion or on).isoformat()}
    told = "\0".join(f"{name}={value}" for name, value in sorted(decides.items()))
    place = {"path": str(given.source)} | ({"schema": given.schema} if given.schema else {})
    return {**decides, **place, **opened.versions}, hashlib.sha256(told.encode()).hexdigest()


def screened(
    protocol: Protocol, opened: Opened, on: date, planned_infusion: date | None, language: Language, moves: Sequence[Move] = ()
) -> Screened:
    """This will answer every criterion for every person, under all readings and moved limits, and say that it is under way."""
    from protocord.cohort.answers.screened import Screened
    from protocord.cohort.plan.program import program
    from protocord.words import term

    asked = program(protocol, on, planned_infusion, moves)
    with under_way(term("cohort_doing_answer", language), opened.engine.share_done):
        return Screened(protocol, opened.answered(asked), on, planned_infusion)


@contextmanager
def under_way(what: str, share: Callable[[], float | None] = lambda: None) -> Iterator[None]:
    """This will say on the error stream what is under way, for how many seconds, and what `share` of it is done, where somebody watches."""
    if not sys.stderr.isatty():
        yield
        return
    started, ended = monotonic(), Event()

    def tell() -> None:
        while not ended.wait(_TICK):
            done = share()
            percent = "" if done is None else f"  {done:.0%}"
            click.echo(f"\r\x1b[K… {what}  {monotonic() - started:.0f} s{percent}", err=True, nl=False)

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
        click.echo("\r\x1b[K", err=True, nl=False)
    click.echo(f"… {what}  {monotonic() - started:.1f} s", err=True)


def watched(what: str) -> Callable[[Iterable[int]], Iterable[int]]:
    """This will return what shows a bar while persons are read one by one."""
    from protocord.cli.outcome import progress

    def watch(persons: Iterable[int]) -> Iterable[int]:
        listed = list(persons)
        return progress(listed, what, len(listed)) if listed else listed

    return watch
