"""The command that makes a fact store of a FHIR bulk export or an OMOP warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocord.cli.cohort_source import FILE, SourcePlace, under_way
from protocord.cli.door import format_option, language_option, study_argument
from protocord.values.text import Language

if TYPE_CHECKING:
    from protocord.cohort.sources.warehouses import Address

_SHOWN = 10  # unmapped codes that are named; the store's unmapped.csv has all
_LEAST = 64  # megabytes


class Memory(click.ParamType[Any]):
    """An amount of memory: a number and its unit, MB, GB or TB (of thousands) or MiB, GiB, TiB; at least 64 MB."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """This will return the amount as DuckDB reads it."""
        said = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,3})?)\s*([MGT])(I?)B\s*", str(value), re.IGNORECASE | re.ASCII)
        if said is None:
            message = f"{value!r} is no amount of memory: write it as 512MB or 4GB."
            raise click.BadParameter(message, ctx, param)
        number, unit, binary = said[1], said[2].upper(), "i" if said[3] else ""
        if Decimal(number) * (1, 1_000, 1_000_000)["MGT".index(unit)] < _LEAST:
            message = f"{value!r} is too little: at least {_LEAST}MB are needed."
            raise click.BadParameter(message, ctx, param)
        return f"{number}{unit}{binary}B"


@click.command()
@click.argument("source", type=SourcePlace())
@study_argument
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The fact store to make: a folder that does not exist yet."
)
@click.option("--mapping", type=FILE, help="What the hospital's own codes and units mean.")
@click.option("--schema", default="", help="The schema of a database that holds the patients' tables, where several do.")
@click.option("--vocabulary-schema", default="", help="The schema that holds the vocabulary tables, where it is another.")
@click.option(
    "--memory",
    type=Memory(),
    default="1GB",
    show_default=True,
    help="Memory for gathering, as 512MB or 4GB; more is sorted on disk, beside OUT.",
)
@language_option
@format_option
def ingest(
    source: Path | Address,
    study: Path,
    out: Path,
    mapping: Path | None,
    schema: str,
    vocabulary_schema: str,
    memory: str,
    language: Language,
    form: str,
) -> None:
    """Make a fact store, to screen from it day after day.

    SOURCE is a folder with the NDJSON files (.ndjson or .ndjson.gz) of a FHIR R4 bulk export, whatever their
    names; or an OMOP warehouse: a folder of Parquet files, a DuckDB file, a PostgreSQL database. The store
    holds the facts of this study's concepts as the study has them now, as Parquet files and as the compact
    arrays from which millions of persons are screened in seconds. What becomes no fact is counted, by code,
    in the store's unmapped.csv.

    Each FHIR patient's resources are read as `protocord screen` reads a Bundle. One with a malformed resource
    keeps none of it, so that every criterion is unknown, and is listed. Of a warehouse the records are not
    copied: they are read there when one is asked for, as long as it is what it was.

    \b
    Example:
      protocord cohort ingest export nct06848582 --out store --mapping hospital.yaml
      protocord cohort ingest data/omop nct06848582 --out store --mapping data/cohort_mapping.yaml
      protocord cohort screen store nct06848582 --on 2025-06-25

    Exits 3 when the study or the mapping, 4 when the source cannot be read.
    """
    from protocord.cohort.sources.fhir_bulk import ingest as ingest_fhir
    from protocord.cohort.sources.omop_ingest import ingest_omop
    from protocord.cohort.sources.warehouses import Schemas
    from protocord.exchange.mapping import read_mapping
    from protocord.protocol import load
    from protocord.words import term

    protocol = load(study)
    own = read_mapping(mapping, protocol.concepts) if mapping else None
    done = [0, 0]

    def told(so_far: int, of: int) -> None:
        done[:] = so_far, of

    with under_way(term("cohort_ingest_doing", language), lambda: done[0] / done[1] if done[1] else None):
        if isinstance(source, Path) and source.is_dir() and any(source.glob("*.ndjson*")):
            manifest = ingest_fhir(source, out, protocol, own, memory=memory, progress=told)
        else:
            schemas = Schemas(schema, vocabulary_schema)
            manifest = ingest_omop(source, out, protocol, own, schemas=schemas, memory=memory, progress=told)
    if form == "json":
        data = {name: value for name, value in manifest.items() if name not in ("concepts", "written", "checksum")}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(manifest, out, language)))


def _lines(manifest: Mapping[str, Any], out: Path, language: Language) -> Iterator[str]:
    """What became of the source, in a reader's language."""
    from protocord.cli.cohort_lines import left_out
    from protocord.values import Reason
    from protocord.words import say, term
    from protocord.words.layout import table

    counts = manifest["counts"]
    made = {name: f"{counts.get(name, 0):,}" for name in ("persons", "facts", "histories")}
    yield say(Reason.of("cohort_ingest_made", store=str(out), **made), language)
    if "origin" in manifest:
        yield say(Reason.of("cohort_ingest_records", origin=manifest["origin"]["place"]), language)
    read = {name.removeprefix("resources "): count for name, count in counts.items() if name.startswith("resources ")}
    none = term("cohort_ingest_no_type", language)
    yield from _listed(term("cohort_ingest_read", language), [(count, kind or none) for kind, count in read.items()])
    reasons = [(count, left_out(reason, language)) for reason, count in manifest["unmapped"].items()]
    yield from _listed(term("cohort_ingest_not_used", language), reasons)
    unknown = [one for one in manifest["unmapped_most"] if one["reason"] in ("fhir_code_unknown", "omop_code_unknown")]
    title = say(Reason.of("cohort_ingest_codes", file=str(out / "unmapped.csv")), language)
    yield from _listed(title, [(one["count"], f"{one['resource']} {one['code']}") for one in unknown[:_SHOWN]])
    if manifest["unusable"]:
        yield ""
        yield click.style(term("cohort_ingest_unusable", language), bold=True)
        parts = {"value": term("cohort_ingest_value", language), "upper limit": term("cohort_lost_upper_limit", language)}
        rows = [
            [f"{one['count']:>12,}", one["concept"], parts[one["part"]], term(f"cohort_why_{one['reason']}", language)]
            for one in manifest["unusable"]
        ]
        yield from table(rows, indent="")
    if manifest["unreadable"]:
        yield ""
        yield say(Reason.of("cohort_ingest_unreadable", count=f"{counts['unreadable persons']:,}"), language)
        yield from (f"  {one['subject']}: {one['problem']}" for one in manifest["unreadable"][:_SHOWN])


def _listed(title: str, rows: list[tuple[int, str]]) -> Iterator[str]:
    if rows:
        yield ""
        yield click.style(title, bold=True)
        yield from (f"{count:>12,}  {what}" for count, what in rows)
