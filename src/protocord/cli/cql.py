"""Export a study's criteria as CQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from protocord.cli.door import study_argument

_VERSIONS = "elm-versions.json"


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
    "--base",
    metavar="URL",
    default="urn:protocord",
    show_default=True,
    help="Begins the canonical address of every Library, ValueSet and EvidenceVariable: the sponsor's own.",
)
@click.option(
    "--elm",
    "modules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write ELM too, by the official translator (Node.js) in FOLDER/node_modules.",
)
def cql(study: Path, out: Path, mapping_file: Path | None, base: str, modules: Path | None) -> None:
    """Write a study's criteria as CQL over FHIR 4.0.1.

    One define a criterion, with its text and id, true when it is met and null while that is not known;
    beside it a define that says whether a person must judge. A rule that CQL cannot repeat exactly is
    refused by name. The codes of each concept are value sets, declared by their canonical address.

    resources.json is a FHIR R4 Bundle of all: the Libraries, every ValueSet, an EvidenceVariable and a
    Group. A FHIR server takes it as one transaction.

    \b
    With --elm there are, too:
      *.elm.json         each library as ELM, for engines that do not translate; in the FHIR Libraries too
      elm-versions.json  the translator, the model and the protocol that made it

    ELM is made by the official translator, which Protocord does not bring along:
    npm install @cqframework/cql@5.3.0 cql-exec-fhir@2.2.0 in a folder, then name that folder. Everything
    else is written without Node.js.

    \b
    Example:
      protocord export cql nct06848582 --out cql/
      protocord export cql nct06848582 --mapping hospital.yaml --elm tools/ --out cql/

    Exits 3 when the study, the mapping or a rule cannot be written, 6 when the translator cannot run.
    """
    from protocord.exchange.cql.elm import translated
    from protocord.exchange.cql.library import HELPERS, helper_library, library_name, study_library
    from protocord.exchange.cql.resources import resources
    from protocord.exchange.mapping import read_mapping
    from protocord.protocol import load

    protocol = load(study)
    mapping = None if mapping_file is None else read_mapping(mapping_file, protocol.concepts)
    name = library_name(protocol.study.id)
    texts = {HELPERS: helper_library(), name: study_library(protocol, mapping, base)}
    compiled = None if modules is None else translated(texts, modules)
    elm = {} if compiled is None else compiled.elm
    written = {f"{one}.cql": text for one, text in texts.items()} | {f"{one}.elm.json": text for one, text in elm.items()}
    written["resources.json"] = _json(resources(protocol, texts[name], elm, base))
    if compiled is not None:
        from protocord import __version__

        by = {"protocord": __version__, "protocol": {"id": protocol.study.id, "version": protocol.version, "hash": protocol.hash}}
        written[_VERSIONS] = _json(by | {"cql": "1.5", "fhir": "4.0.1", **compiled.versions})
        for line in (*compiled.warnings, *compiled.untested):
            click.echo(line, err=True)
    out.mkdir(parents=True, exist_ok=True)
    for file in {*(f"{one}.elm.json" for one in texts), _VERSIONS} - set(written):
        (out / file).unlink(missing_ok=True)  # ELM of an earlier export beside a new text would be another study's answers
    for file, text in written.items():
        (out / file).write_text(text, encoding="utf-8", newline="\n")
        click.echo(str(out / file))


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
