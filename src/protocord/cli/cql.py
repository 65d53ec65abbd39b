"""Export a study's criteria as CQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from protocord.cli.door import study_argument


@click.command()
@study_argument
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to; made if need be."
)
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The hospital's own codes and units, as for a FHIR import.",
)
@click.option(
    "--elm",
    "modules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write ELM too, by the official translator (Node.js) in FOLDER/node_modules.",
)
def cql(study: Path, out: Path, mapping_file: Path | None, modules: Path | None) -> None:
    """Write a study's criteria as CQL over FHIR 4.0.1.

    One define a criterion, with its text and id, true when it is met and null while that is not known;
    beside it a define that says whether a person must judge. A rule that CQL cannot repeat exactly is
    refused by name. FHIR resources (Library, EvidenceVariable, Group) carry the same text.

    ELM is made by the official translator, which Protocord does not bring along:
    npm install @cqframework/cql@5.3.0 cql-exec-fhir@2.2.0 in a folder, then name that folder.

    \b
    Example:
      protocord export cql nct06848582 --out cql/
      protocord export cql nct06848582 --mapping hospital.yaml --elm tools/ --out cql/
    """
    from protocord.exchange.cql.elm import translated
    from protocord.exchange.cql.library import HELPERS, helper_library, library_name, study_library
    from protocord.exchange.cql.resources import resources
    from protocord.exchange.mapping import read_mapping
    from protocord.protocol import load

    protocol = load(study)
    mapping = None if mapping_file is None else read_mapping(mapping_file, protocol.concepts)
    texts = {HELPERS: helper_library(), library_name(protocol.study.id): study_library(protocol, mapping)}
    elm = None if modules is None else translated(texts, modules)
    bundle = resources(protocol, texts[library_name(protocol.study.id)], elm)
    written = {f"{name}.cql": text for name, text in texts.items()} | {f"{name}.json": text for name, text in (elm or {}).items()}
    written["resources.json"] = json.dumps(bundle, ensure_ascii=False, indent=2) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
        click.echo(str(out / name))


class Export(click.Command):
    """A command whose first argument `cql` names another command: a study's ledger, or its criteria."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """This will hand over to `cql` where that word comes first."""
        if args[:1] == ["cql"]:
            return cql.make_context(f"{info_name} cql", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)
