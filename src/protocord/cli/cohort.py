"""The commands that screen a whole source: what it can answer, who may enter, why one may or may not, and what would change it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.cohort_ingest import ingest
from protocord.cli.cohort_source import (
    FILE,
    Given,
    about,
    assessed,
    cohort_out,
    on_options,
    screened,
    source_arguments,
    under_way,
    watched,
)
from protocord.cli.cohort_what_if import what_if
from protocord.cli.door import Day, format_option, language_option, show_problems, today
from protocord.errors import SubjectProblems
from protocord.values.text import Language

if TYPE_CHECKING:
    import polars as pl

    from protocord.cohort.answers.listing import Listing
    from protocord.cohort.answers.unexplained import Unexplained
    from protocord.protocol import Protocol
    from protocord.statistics import Results
    from protocord.statistics.results import Scalar


@click.group()
def cohort() -> None:
    """Screen a whole hospital by the same rules as one child.

    SOURCE is a folder of Parquet files (person.parquet, measurement.parquet, …; a folder of parts for a
    table will do) or a DuckDB file, with the tables of the OMOP Common Data Model 5.4; or a fact store. It
    is read in place and never written to. Absence counts only within a person's observation periods.
    A PostgreSQL database is named postgresql://user@host:5432/database; its password belongs into PGPASSWORD
    or .pgpass, and is never printed or kept.

    What a code means comes from the source's own vocabulary tables and from a mapping file: a YAML file
    with lines such as `omop|2000000109: Lansky` under `codes`, `omop|8848: 10*9/L` under `units`, and
    `ranges_are_age_specific: true` where the laboratory states the child's own reference range.
    """


cohort.add_command(ingest)
cohort.add_command(what_if)


@cohort.command()
@source_arguments
@click.option("--on", type=Day(), help="The day against which dates are checked.  [default: today]")
@click.option("--top", type=click.IntRange(min=0), default=20, show_default=True, help="How many unmapped codes to name.")
@cohort_out
@language_option
@format_option
def inspect(
    given: Given,
    on: date | None,
    top: int,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """What a source can and cannot answer for a study, before anybody is screened.

    Criterion by criterion the concepts asked, how many of the source's codes mean them, and how many rows
    there are; rows that cannot decide (no unit, a unit that nobody explains, a range that is not the
    child's), days that cannot be, codes that mean nothing to the study, persons whose history nobody declares.

    \b
    Example:
      protocord cohort inspect data/omop nct06848582 --mapping data/cohort_mapping.yaml

    Exits 3 when the study or the mapping, 4 when the source cannot be read.
    """
    from protocord.cli.cohort_lines import readiness_lines
    from protocord.cli.outcome import deliver, free
    from protocord.cohort.answers.readiness import Readiness
    from protocord.words import term

    free(out)

    with (
        given.opened(language) as (protocol, opened),
        under_way(term("cohort_doing_look", language), opened.engine.share_done),
    ):
        told, inputs = about(given, protocol, opened)
        results = Readiness(opened, protocol, on or today()).results(inputs, told, top=top)
    deliver(results, out=out, form=form, language=language, lines=readiness_lines(results, language))


@cohort.command()
@source_arguments
@on_options
@click.option("--limit", type=click.IntRange(min=0), default=200, show_default=True, help="How many near misses are followed day by day, and how many candidates asked what they lack.")  # fmt: skip
@click.option(
    "--order", metavar="IDS", help="Criteria that the attrition takes first, such as I04,I07.  [default: the protocol's order]"
)
@click.option("--identifiers", type=click.Path(dir_okay=False, path_type=Path), help="Write who is who to this new file, apart from the results.")  # fmt: skip
@cohort_out
@language_option
@format_option
def screen(
    given: Given,
    on: date | None,
    planned_infusion: date | None,
    limit: int,
    order: str | None,
    identifiers: Path | None,
    out: Path | None,
    language: Language,
    form: str,
) -> None:
    """Screen every person of a source: attrition, candidates, near misses, and what is missing.

    One pass over the facts answers every criterion for everybody. Persons go by running numbers; who is
    who is written only with --identifiers. Near misses are ranked by the first day on which they would be
    eligible if nothing new were learned. Why answers are unknown is counted for everybody, criterion by
    criterion, and what to look up to decide how many. Washouts do not see drugs, procedures and devices whose
    codes mean nothing to the study; how many there are is said, and which candidates have one.

    With --out the folder holds results (CSV, JSON, Parquet), candidates, near_misses and work_list (CSV and
    Parquet), the charts, what-if among them, and run.json: what was run on what.

    \b
    Example:
      protocord cohort screen data/omop nct06848582 --mapping data/cohort_mapping.yaml --on 2025-06-25 --out run

    Exits 3 when the study or the mapping, 4 when the source cannot be read.
    """
    day = assessed(on, planned_infusion)
    _refuse(out, identifiers)
    answers = _answers(given, day, planned_infusion, limit, order, language, named=identifiers is not None)
    _deliver(answers, limit, out, form, language)
    if identifiers is not None:
        _write_key(identifiers, answers.key, language, form)


@dataclass(frozen=True)
class _Answers:
    """All that one screening found. `key` says who is who, by the source's own ids where they were asked for."""

    protocol: Protocol
    told: Mapping[str, Scalar]
    results: Results
    changes: Results
    why: Results
    unseen: Unexplained
    people: Listing
    key: pl.DataFrame


def _refuse(out: Path | None, identifiers: Path | None) -> None:
    """Refuse what must not be written over, before any work is done."""
    from protocord.cli.outcome import free

    free(out)
    if identifiers is not None and identifiers.exists():
        message = f"{identifiers} exists; a key is never written over another. Name a new file."
        raise click.BadParameter(message, param_hint="--identifiers")


def _answers(
    given: Given, day: date, infusion: date | None, limit: int, order: str | None, language: Language, *, named: bool
) -> _Answers:
    """Open the source, screen everybody and count; `named` asks for the source's own ids."""
    from protocord.cohort.answers.listing import listing
    from protocord.cohort.answers.mending import mendable
    from protocord.cohort.answers.unexplained import unexplained
    from protocord.cohort.answers.unknowns import unknowns
    from protocord.cohort.answers.what_if import what_if as changed
    from protocord.statistics import Results
    from protocord.words import term

    with given.opened(language) as (protocol, opened):
        first = _first(order, [one.id for one in protocol.eligibility.criteria])
        found = screened(protocol, opened, day, infusion, language)
        share = opened.engine.share_done
        with under_way(term("cohort_doing_count", language), share):
            told, inputs = about(given, protocol, opened, on=day, infusion=infusion)
            told |= {"order": ",".join(first)} if order else {}
            results, changes = found.results(inputs, told, order=first), changed(found, inputs, told)
        with under_way(term("cohort_doing_soonest", language), share):
            may = mendable(found, opened.dates() if limit else None)
        with under_way(term("cohort_doing_reasons", language), share):
            why = unknowns(found, opened.engine, opened.relations(), inputs, told)
        watch = watched(term("cohort_doing_persons", language))
        try:
            people = listing(found, opened.records, may, limit=limit, language=language, watched=watch)
        except SubjectProblems as unread:  # a store's warehouse is gone: all that is counted stands
            show_problems(unread.problems)
            people = listing(found, opened.records, may, limit=0)
        with under_way(term("cohort_doing_unexplained", language), share):
            unseen, people = unexplained(found, opened, people)
        key = people.key.with_columns(person=opened.identifiers(people.key["person"])) if named else people.key
    results = Results((*results, *unseen.statistics()), inputs, told)
    return _Answers(protocol, told, results, changes, why, unseen, people, key)


def _deliver(answers: _Answers, limit: int, out: Path | None, form: str, language: Language) -> None:
    """Say what a screening found, and write it."""
    from protocord.cli.cohort_lines import screening_lines
    from protocord.cli.cohort_unknowns import unknown_lines
    from protocord.cli.outcome import deliver
    from protocord.report.figures import cohort as figures
    from protocord.report.figures.cohort_unknowns import unknowns as of_unknowns
    from protocord.statistics.results import joined

    results, people, why = answers.results, answers.people, answers.why
    names = {name: concept.name for name, concept in answers.protocol.concepts.items()}
    lists = {"candidates": people.candidates, "near_misses": people.near_misses, "work_list": people.work_list}
    files = {f"{name}.parquet": _parquet(frame) for name, frame in lists.items()} if out else {}
    files["run.json"] = _record(answers, limit)
    deliver(
        joined([results, answers.changes, why]) if out or form == "json" else results,
        figures={
            "attrition": lambda: figures.attrition(results, language),
            "what_if": lambda: figures.what_if(answers.changes, language),
            "unknowns": lambda: of_unknowns(why, names, language),
        },
        tables=lists,
        files=files,
        out=out,
        form=form,
        language=language,
        lines=chain(screening_lines(results, people, answers.unseen, language), unknown_lines(why, answers.protocol, language)),
    )


@cohort.command()
@source_arguments
@click.argument("person")
@on_options
@click.option("--identifiers", type=FILE, help="The key that `screen` wrote, where PERSON is a running number of its list.")
@language_option
@format_option
def explain(
    given: Given,
    person: str,
    on: date | None,
    planned_infusion: date | None,
    identifiers: Path | None,
    language: Language,
    form: str,
) -> None:
    """Explain one person: every criterion with its reasons, and the table and row that each fact stands in.

    PERSON is the source's own number (person_id), or with --identifiers a running number of a screening.

    \b
    Example:
      protocord cohort explain data/omop nct06848582 17 --mapping data/cohort_mapping.yaml --on 2025-06-25

    Exits 3 when the study or the mapping, 4 when the source cannot be read.
    """
    from protocord.cli.verdicts import Spoken
    from protocord.eligibility import screen as decide
    from protocord.eligibility import timeline
    from protocord.words import term

    day = assessed(on, planned_infusion)
    said = _identified(person, identifiers)
    with (
        given.opened(language) as (protocol, opened),
        under_way(term("cohort_doing_read", language), opened.engine.share_done),
    ):
        number = opened.person(said)
        record = opened.records([number]).get(number) if number is not None else None
    if record is None:
        message = f"The source has no person {said!r}. A running number of a screening needs its key: --identifiers FILE."
        raise click.BadParameter(message, param_hint="PERSON")
    screening = decide(protocol, record, on=day, planned_infusion=planned_infusion)
    days = timeline(protocol, record, on=day, planned_infusion=planned_infusion)
    if form == "json":
        answer = {"screening": screening.as_data(), "content_hash": screening.content_hash, "timeline": days.as_data()}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    click.echo("\n".join(Spoken(protocol, screening, days, language).lines()))


def _record(answers: _Answers, limit: int) -> bytes:
    """The run record: what was run on what, when, and what was counted."""
    results, people = answers.results, answers.people
    when = datetime.now(UTC).isoformat(timespec="seconds")
    run: dict[str, Any] = {**answers.told, "inputs": results.inputs, "run_at": when, "limit": limit}
    run |= {str(one.context["outcome"]): one.value or 0 for one in results.select("cohort", "outcome")}
    for name in ("candidates", "near_misses", "work_list"):
        run[name] = getattr(people, name).height
    run |= {"near_misses_followed": people.looked_at, "near_misses_possible": people.may_pass, **answers.unseen.told()}
    return (json.dumps(run, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _first(order: str | None, criteria: Sequence[str]) -> list[str]:
    """The criteria in the order asked for; those that it leaves out follow in the protocol's order."""
    asked = list(dict.fromkeys(name.strip() for name in (order or "").split(",") if name.strip()))
    wrong = [name for name in asked if name not in criteria]
    if wrong:
        message = f"The protocol has no criterion {', '.join(wrong)}. It has: {', '.join(criteria)}."
        raise click.BadParameter(message, param_hint="--order")
    return [*asked, *(name for name in criteria if name not in asked)]


def _parquet(frame: Any) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _write_key(file: Path, key: pl.DataFrame, language: Language, form: str) -> None:
    """The key may be read by its owner alone."""
    from protocord.words import term

    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(key.write_csv(), encoding="utf-8")
    if form == "text":
        click.echo(term("cohort_key_written", language).format(file=file))


def _identified(person: str, identifiers: Path | None) -> str:
    """The source's own id of a person who is named by it, or by a running number of a screening with its key."""
    if identifiers is None:
        return person
    try:
        with identifiers.open(encoding="utf-8", newline="") as written:
            key = {row.get("name"): row.get("person") for row in csv.DictReader(written)}
    except (UnicodeDecodeError, csv.Error):
        message = f"{identifiers} is no key that `screen` wrote."
        raise click.BadParameter(message, param_hint="--identifiers") from None
    if person not in key:
        message = f"{identifiers} has no {person!r}."
        raise click.BadParameter(message, param_hint="PERSON")
    return str(key[person])
