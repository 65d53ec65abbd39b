"""The command that makes a fact store of a FHIR bulk export."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from protocord.cli.door import format_option, study_argument

_SHOWN = 10  # unmapped codes that are named; the store's unmapped.csv has all


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@study_argument
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The fact store to make: a folder that does not exist yet."
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the hospital's own codes and units mean.",
)
@click.option(
    "--memory", default="1GB", show_default=True, help="Memory for gathering; more than that is sorted on disk, inside OUT."
)
@format_option
def ingest(folder: Path, study: Path, out: Path, mapping: Path | None, memory: str, form: str) -> None:
    """Make a fact store of a FHIR R4 bulk export, to screen from it.

    FOLDER holds the export's NDJSON files (.ndjson or .ndjson.gz), whatever their names. Each patient's
    resources are read as `protocord screen` reads a Bundle. What becomes no fact is counted, by code, in
    the store's unmapped.csv. A patient with a malformed resource keeps none of it, so that every criterion
    is unknown, and is listed. The store holds the facts of this study's concepts as the study has them now.

    \b
    Example:
      protocord cohort ingest export nct06848582 --out store --mapping hospital.yaml
      protocord cohort screen store nct06848582 --on 2025-06-25

    Exits 3 when the study or the mapping, 4 when the export cannot be read.
    """
    from protocord.cohort.sources.fhir_bulk import ingest as make
    from protocord.exchange.mapping import read_mapping
    from protocord.protocol import load

    protocol = load(study)
    own = read_mapping(mapping, protocol.concepts) if mapping else None
    manifest = make(folder, out, protocol, own, memory=memory, progress=_tell if sys.stderr.isatty() else None)
    if form == "json":
        click.echo(
            json.dumps({name: value for name, value in manifest.items() if name != "concepts"}, ensure_ascii=False, indent=2)
        )
    else:
        click.echo("\n".join(_lines(manifest, out)))


def _tell(done: int, of: int) -> None:
    click.echo(f"\r{done} of {of} patients", err=True, nl=done >= of)


def _lines(manifest: Mapping[str, Any], out: Path) -> list[str]:
    counts = manifest["counts"]
    lines = [
        f"{out}: {counts['persons']} patients, {counts.get('facts', 0)} facts, {counts.get('histories', 0)} declared histories"
    ]
    resources = {name.removeprefix("resources "): count for name, count in counts.items() if name.startswith("resources ")}
    lines.append("read: " + ", ".join(f"{count} {kind or 'without a type'}" for kind, count in resources.items()))
    if manifest["unmapped"]:
        lines.append("not used:")
        lines += [f"  {count:>9}  {_REASONS.get(reason, reason)}" for reason, count in manifest["unmapped"].items()]
    unknown = [one for one in manifest["unmapped_most"] if one["reason"] == "fhir_code_unknown"]
    if unknown:
        lines.append(f"codes that no concept has, most frequent first (all: {out / 'unmapped.csv'}):")
        lines += [f"  {one['count']:>9}  {one['resource']} {one['code']}" for one in unknown[:_SHOWN]]
    if manifest["unusable"]:
        lines.append("numbers that cannot be used:")
        said = "  {count:>9}  {concept}: {part}, {why}"
        lines += [said.format(why=one["reason"].replace("_", " "), **one) for one in manifest["unusable"]]
    if manifest["unreadable"]:
        lines.append(f"patients with a malformed resource, kept without facts: {counts['unreadable persons']}")
        lines += [f"  {one['subject']}: {one['problem']}" for one in manifest["unreadable"][:_SHOWN]]
    return lines


_REASONS = {
    "fhir_code_unknown": "no concept has the code",
    "fhir_code_ambiguous": "its codes mean different concepts",
    "fhir_coverage_denied": "says that a list is not complete",
    "fhir_coverage_undated": "declares a list complete without a date",
    "fhir_consent_not_research": "a consent that is not to research",
    "fhir_kind_unfit": "its code means a concept of another kind",
    "fhir_not_begun": "has not begun",
    "fhir_other_subject": "is about another patient",
    "fhir_over_undated": "is over, and nobody says since when",
    "fhir_patient_linked": "has records under another number: no declared history is taken as whole",
    "fhir_range_age_undecided": "a range whose age cannot be decided",
    "fhir_range_is_text": "a range in words",
    "fhir_resource_unread": "a type of resource that is not read",
    "fhir_several_ranges": "several ranges at once",
    "fhir_value_unread": "its value cannot be read",
    "history_withheld": "a declared history that is not believed, since events name no patient",
    "no_subject": "names no patient",
    "no_such_patient": "is about a patient who is not in the export",
}
