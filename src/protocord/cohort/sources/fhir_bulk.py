"""Make a fact store of a FHIR R4 bulk export: a folder of NDJSON files with one resource a line, in any order.

DuckDB gathers each patient's lines: it reads of a line only its type, its id and whom it is about, and sorts on disk where memory does
not suffice. Each patient's lines then go, as the Bundle that they make, through the same reader as a single child's Bundle, so that a
Bundle and an export mean the same. Memory is bounded by `memory` for DuckDB, by the lines of `batch` patients,
and by the facts of one block of the compact arrays.

An observation whose codes no concept and no mapping knows cannot become a fact; it is counted without being read further. In most
hospitals that is nearly all of them.

An event that names no patient may be anybody's: while an export holds one, no declared history in it is believed, so that no washout
passes on what is not in a child's own resources. An event of a patient who is not in the export is that other person's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from protocord.cohort.normal import Normal
from protocord.cohort.sources.making import LISTED, Making, Progress, Tally, hash_of
from protocord.cohort.sources.store import RECORDS, SUBJECTS
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.fhir import Imported, from_bundle
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol
from protocord.values import SubjectRecord

EVENTS = ("Observation", "Procedure", "MedicationAdministration", "MedicationStatement", "Condition")
READ = ("Patient", *EVENTS, "Consent", "List")
_LONGEST = 32_000_000  # bytes of one line


def ingest(
    folder: Path,
    store: Path,
    protocol: Protocol,
    mapping: SiteMapping | None = None,
    *,
    batch: int = 1000,
    memory: str = "1GB",
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """This will make the fact store `store` of the NDJSON files in `folder` and return its manifest.

    `batch` patients are in memory at a time; `progress` is told how many patients of all are done. A patient with a malformed resource
    is kept without any fact, so that every criterion is unknown, and listed. The store appears only when it is whole. Raises
    SubjectProblems for a line that is no JSON, no Patient, or a `store` that exists.
    """
    files = sorted(path for path in folder.glob("*") if path.name.endswith((".ndjson", ".ndjson.gz")))
    if not files:
        raise _problem(folder, "no .ndjson files here.", "Give the folder of a FHIR bulk export.")
    mapping = mapping or SiteMapping()
    with Making(store) as made, duckdb.connect(str(made.scratch / "work.duckdb")) as work:
        work.execute("SET memory_limit = '{}'".format(memory.replace("'", "''")))
        work.execute("SET preserve_insertion_order = false")
        _gather(work, files, protocol.concepts, mapping)
        _count(work, made.tally, folder)
        _write(work, made, protocol, mapping, batch, progress)
        told = {"source": "FHIR R4 bulk export", "files": {path.name: hash_of(path) for path in files}}
        return made.finish(protocol, mapping, told)


def _problem(path: Path, what: str, remedy: str, line: int = 0) -> SubjectProblems:
    return SubjectProblems([Problem(Place(str(path), line), what, remedy)])


# ---- gathering


def _gather(work: duckdb.DuckDBPyConnection, files: list[Path], concepts: Concepts, mapping: SiteMapping) -> None:
    """Every line with its type, its id, whom it is about and which Medication it names."""
    codes = pl.DataFrame({"code": sorted(_known_codes(concepts, mapping))}, schema={"code": pl.String})
    work.register("known_codes", codes.to_arrow())
    names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    # A JSON text holds no control character: with one as delimiter a line is one column.
    lines = (
        f"read_csv([{names}], columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', header = false, "
        f"auto_detect = false, max_line_size = {_LONGEST}, comment = '')"
    )
    paths = (
        "['$.resourceType', '$.id', '$.subject.reference', '$.patient.reference', '$.medicationReference.reference', "
        "'$.code.coding', '$.component']"
    )
    statement = f"""
        CREATE TABLE resources AS
        WITH parts AS (
            SELECT line, json_extract_string(line, {paths}) AS part, json_extract_string(line, '$.code.coding[*].code') AS codes
            FROM {lines} WHERE trim(line) <> ''
        ), known AS MATERIALIZED (SELECT list(code) AS codes FROM known_codes),
        named AS (
            SELECT line, coalesce(part[1], '') AS kind, part[2] AS id, part[6] AS codings,
                regexp_extract(CASE WHEN part[1] = 'Patient' THEN 'Patient/' || part[2] WHEN part[1] = 'Consent' THEN part[4]
                    ELSE part[3] END, '(?:^|/)Patient/([^/]+)$', 1) AS subject,
                regexp_extract(part[5], '(?:^|/)Medication/([^/]+)$', 1) AS medication,
                part[1] = 'Observation' AND part[7] IS NULL AND NOT list_has_any(parts.codes, known.codes) AS foreign_code
            FROM parts, known
        )
        SELECT kind, id, subject, medication, foreign_code,
            CASE WHEN foreign_code THEN codings END AS codings,
            CASE WHEN kind IN {(*READ, "Medication")} AND NOT foreign_code THEN line END AS line
        FROM named
    """
    try:
        work.execute(statement)
    except duckdb.InvalidInputException as wrong:
        raise _malformed(files, wrong) from None
    work.execute(
        "CREATE TABLE patients AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS person "
        "FROM (SELECT DISTINCT id FROM resources WHERE kind = 'Patient' AND id IS NOT NULL)"
    )
    work.execute(
        "CREATE TABLE medications AS SELECT id, min(line) AS line FROM resources WHERE kind = 'Medication' AND id IS NOT NULL GROUP BY id"
    )


def _known_codes(concepts: Concepts, mapping: SiteMapping) -> set[str]:
    """Every code that may come to mean something; its system is looked at when the resource is read."""
    own = {coding.code for concept in concepts.values() for coding in concept.codes}
    return own | {key.partition("|")[2] for key in (*mapping.codes, *mapping.coverage)}


def _malformed(files: list[Path], wrong: duckdb.Error) -> SubjectProblems:
    """The first line that is no JSON, by file and number."""
    import gzip

    for path in files:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    json.loads(line or "{}")
                except ValueError as found:
                    if line.strip():
                        return _problem(
                            path, f"this line is not well-formed JSON: {found}.", "Export again: it is cut off.", number
                        )
    return _problem(files[0].parent, f"these files cannot be read: {str(wrong).splitlines()[0]}", "Export again.")


def _count(work: duckdb.DuckDBPyConnection, tally: Tally, folder: Path) -> None:
    """Count what never reaches the reader."""
    kinds = work.execute("SELECT kind, count(*) FROM resources GROUP BY kind ORDER BY kind").fetchall()
    tally.counts.update({f"resources {kind}": count for kind, count in kinds})
    for kind, count in kinds:
        if kind not in (*READ, "Medication"):
            tally.leave(kind or "no resourceType", "", "fhir_resource_unread", count)
    foreign = work.execute("SELECT codings, count(*) FROM resources WHERE foreign_code GROUP BY codings").fetchall()
    for codings, count in foreign:
        tally.leave("Observation", _spelled(codings), "fhir_code_unknown", count)
    nobody = work.execute(
        f"SELECT kind, coalesce(subject, '') = '' AS unsaid, count(*) FROM resources r WHERE kind IN {READ} AND NOT foreign_code "
        "AND NOT EXISTS (SELECT 1 FROM patients p WHERE p.id = r.subject) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for kind, unsaid, count in nobody:
        tally.leave(kind, "", "no_subject" if unsaid else "no_such_patient", count)
        tally.counts["events of nobody"] += count if unsaid and kind in EVENTS else 0
    links = work.execute(
        "SELECT DISTINCT regexp_extract(other, '(?:^|/)Patient/([^/]+)$', 1) FROM "
        "(SELECT unnest(json_extract_string(line, '$.link[*].other.reference')) AS other FROM resources WHERE kind = 'Patient')"
    ).fetchall()
    tally.linked.update(other for (other,) in links)
    persons = work.execute("SELECT count(*) FROM patients").fetchone()
    assert persons
    tally.counts["persons"] = persons[0]
    if not persons[0]:
        raise _problem(folder, "the export holds no Patient.", "Export the type Patient too.")


def _spelled(codings: str | None) -> str:
    try:
        found = json.loads(codings or "[]")
        return "; ".join(f"{one.get('system', '')}|{one.get('code', '')}" for one in found) or "no code"
    except (ValueError, AttributeError, TypeError):
        return "no code"


# ---- converting


def _write(
    work: duckdb.DuckDBPyConnection, made: Making, protocol: Protocol, mapping: SiteMapping, batch: int, progress: Progress | None
) -> None:
    people = _people(work)
    base = 0
    while chunk := list(islice(people, batch)):
        records = [_read(subject, lines, protocol.concepts, mapping, made.tally) for subject, lines in chunk]
        normal = Normal.of_records(records, protocol)
        written = [json.dumps(record.as_data(), ensure_ascii=False, separators=(",", ":")) for record in records]
        numbers = range(base, base + len(records))
        frames = {
            "persons": normal.persons.with_columns(pl.col("person") + base),
            "facts": normal.facts.with_columns(pl.col("person") + base),
            "histories": normal.histories.with_columns(pl.col("person") + base),
            "subjects": pl.DataFrame({"person": numbers, "subject": normal.subjects}, schema=dict(SUBJECTS)),
            "records": pl.DataFrame({"person": numbers, "record": written}, schema=dict(RECORDS)),
        }
        made.add(frames, protocol.concepts)
        base += len(records)
        if progress:
            progress(base, made.tally.counts["persons"])


def _people(work: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, list[tuple[str, str | None, str | None]]]]:
    """Each patient's id and lines (resource, id of the Medication it names, that Medication), patients in the order of their ids."""
    rows = work.execute(
        "SELECT p.id, r.line, m.id, m.line FROM resources r JOIN patients p ON p.id = r.subject LEFT JOIN medications m "
        f"ON m.id = r.medication WHERE r.kind IN {READ} AND NOT r.foreign_code ORDER BY p.person, r.kind, r.id, hash(r.line)"
    )

    def each() -> Iterator[tuple[str, str, str | None, str | None]]:
        while found := rows.fetchmany(5000):
            yield from found

    for subject, group in groupby(each(), key=lambda row: row[0]):
        yield subject, [(line, medication, content) for _, line, medication, content in group]


def _read(
    subject: str, lines: list[tuple[str, str | None, str | None]], concepts: Concepts, mapping: SiteMapping, tally: Tally
) -> SubjectRecord:
    """One patient's record, by the reader of Bundles."""
    entries: list[dict[str, Any]] = []
    medications: dict[str, str] = {}
    for line, medication, content in lines:
        resource = json.loads(line, parse_float=Decimal)
        entries.append({"resource": resource})
        if medication is not None and content is not None:
            medications[resource["medicationReference"]["reference"]] = content
    for reference, content in medications.items():
        entries.append({"fullUrl": reference, "resource": json.loads(content, parse_float=Decimal)})
    try:
        imported: Imported = from_bundle({"resourceType": "Bundle", "entry": entries}, concepts=concepts, mapping=mapping)
    except SubjectProblems as wrong:
        tally.counts["unreadable persons"] += 1
        if len(tally.unreadable) < LISTED:
            tally.unreadable.append({"subject": subject, "problem": str(wrong.problems[0])})
        return SubjectRecord(subject)
    for item in imported.unmapped:
        tally.leave(item.resource.partition("/")[0], item.code, item.reason.kind)
    if not imported.record.histories or not (tally.counts["events of nobody"] or subject in tally.linked):
        return imported.record
    why = "history_withheld" if tally.counts["events of nobody"] else "fhir_patient_linked"
    tally.leave("history", "", why, len(imported.record.histories))
    return replace(imported.record, histories=())
