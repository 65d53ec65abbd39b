"""The fact store: the normal form on disk, persons in order, and the compact arrays that a screening reads.

```
store/
  manifest.json           what it was made of and with, and of each file below but the last how long it is and a checksum
  persons/*.parquet       the relations of `protocord.cohort.normal`, one file a batch of persons, sorted by person
  facts/*.parquet
  histories/*.parquet
  subjects/*.parquet      person, subject: the id in the source
  records/*.parquet       person, record: the facts as read (values, units, sources), as JSON
  compact/                the same relations as `protocord.cohort.kernel.compact` keeps them
  unmapped.csv            what became no fact: type of resource or table, code, reason, how many
```

A store that is not whole is refused, as one whose study has other concepts now is. Opening it holds the manifest, the head of the compact
arrays, the names and lengths of all files and the numbers of rows of the relations against what was written; the compact arrays
are checked byte for byte when they are opened, persons, facts and histories when they are to be read as `relations`. So no answer comes
from a file that changed. Not noticed: a change inside a file of subjects or records that leaves its length and what Parquet itself checks,
and a store that somebody forged as a whole.

A store of an OMOP warehouse has no subjects and no records: a person's number is her id there, and her record is read there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from protocord.cohort.engines import DuckDB
from protocord.cohort.kernel.compact import FOLDER, HEAD
from protocord.cohort.kernel.soundness import ALTERED, content_wrong, is_sealed, size_wrong
from protocord.cohort.normal import FACTS, HISTORIES, PERSONS, Numbering
from protocord.cohort.plan.facts import Relations
from protocord.cohort.sources.memory import standing
from protocord.cohort.sources.origin import Origin
from protocord.cohort.sources.warehouses import reading
from protocord.concepts import Concept, Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.values import SubjectRecord

MANIFEST = "manifest.json"
FORMAT = 3
SUBJECTS: Mapping[str, Any] = {"person": pl.Int64, "subject": pl.String}
RECORDS: Mapping[str, Any] = {"person": pl.Int64, "record": pl.String}
RELATIONS: Mapping[str, Mapping[str, Any]] = {
    "persons": PERSONS, "facts": FACTS, "histories": HISTORIES, "subjects": SUBJECTS, "records": RECORDS,
}  # fmt: skip


@dataclass
class FactStore:
    """A fact store on an engine, opened for one study. Use `open_store`."""

    engine: DuckDB
    folder: Path
    concepts: Concepts
    manifest: Mapping[str, Any]

    @cached_property
    def numbering(self) -> Numbering:
        """The study's concepts as numbers, which are the store's."""
        return Numbering(self.concepts)

    @property
    def fingerprint(self) -> str:
        """What the store holds, as a hash over the manifest: sources, study, counts. Two stores made alike of one source share it."""
        return _digest({name: value for name, value in self.manifest.items() if name not in _OF_FILES})

    def relations(self) -> Relations:
        """This will return the store's relations as expressions over its files. Raises SubjectProblems where one has changed."""
        files = self.manifest["written"]
        of = [name for name in files if name.partition("/")[0] in ("persons", "facts", "histories")]
        _refuse(self.folder, {name: content_wrong(self.folder / name, files[name]) for name in of})
        with reading(self.folder, self.engine):
            return standing(self.engine)

    def subject(self, person: int) -> str:
        """This will return a person's id in the source. Raises KeyError for a person that the store does not hold."""
        return str(self._one("subject", "subjects", "person = ?", person))

    def person(self, subject: str) -> int:
        """This will return the number of the person with this id in the source. Raises KeyError where there is none."""
        return int(self._one("person", "subjects", "subject = ?", subject))

    def record(self, person: int) -> SubjectRecord:
        """This will return all that was read of one person, for the row evaluator. Raises KeyError for a person it does not hold.

        Raises SubjectProblems where it was made of a warehouse that is gone or has changed.
        """
        return self.records([person])[person]

    def records(self, persons: Sequence[int]) -> Mapping[int, SubjectRecord]:
        """This will return all that was read of these persons; one that it does not hold is left out. Raises as `record`."""
        if "origin" in self.manifest:
            return Origin(self.folder, self.manifest["origin"], self.concepts).records(persons)
        self.engine.bring("asked_persons", pl.DataFrame({"person": persons}, schema={"person": pl.Int64}))
        with reading(self.folder, self.engine):
            told = self.engine.run("SELECT r.person, r.record FROM records r JOIN asked_persons a ON r.person = a.person")
        return {person: SubjectRecord.from_data(json.loads(record)) for person, record in told.iter_rows()}

    def _one(self, column: str, table: str, condition: str, value: object) -> Any:
        with reading(self.folder, self.engine):
            found = self.engine.connection.execute(f"SELECT {column} FROM {table} WHERE {condition} LIMIT 1", [value]).fetchall()
        if not found:
            raise KeyError(value)
        return found[0][0]


def is_store(folder: Path) -> bool:
    """This will tell whether a folder is a fact store."""
    return (folder / MANIFEST).is_file()


def open_store(folder: Path, concepts: Concepts, mapping: SiteMapping | None = None, *, threads: int | None = None) -> FactStore:
    """This will open a fact store for a study's concepts. `mapping`, where given, must be the one that it was made with.

    Raises SubjectProblems where it was made by another version, or with other concepts or another mapping (the concepts are named), and
    where files are missing, of another length, or too many (each is named).
    """
    manifest = _manifest(folder)
    problems = _differences(folder, manifest["concepts"], concept_hashes(concepts))
    if mapping is not None and manifest["mapping"] != mapping_hash(mapping):
        problems.append(Problem(Place(str(folder)), "this fact store was made with another mapping file.", _AGAIN))
    if problems:
        raise SubjectProblems(problems)
    _check_files(folder, manifest)
    engine = DuckDB(threads=threads)
    engine.remedy = _AGAIN
    try:
        with reading(folder, engine):
            _views(engine, folder, manifest)
    except BaseException:
        engine.close()
        raise
    return FactStore(engine, folder, concepts, manifest)


def _manifest(folder: Path) -> dict[str, Any]:
    """What a store says of itself. Raises SubjectProblems where it is of another format or was altered."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        made, _ = manifest["format"], manifest["concepts"]
    except (OSError, ValueError, KeyError, TypeError):
        raise SubjectProblems([Problem(Place(str(folder)), f"{MANIFEST} is not that of a fact store.", _AGAIN)]) from None
    if made != FORMAT:
        raise SubjectProblems([Problem(Place(str(folder)), f"this fact store has format {made}, not {FORMAT}.", _AGAIN)])
    if not is_sealed(manifest):
        _refuse(folder, {MANIFEST: ALTERED})
    return dict(manifest)


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise SubjectProblems for each file that is missing, of another length, or was not written with the store."""
    files = manifest["written"]
    wrong = {name: size_wrong(folder / name, told) for name, told in files.items()}
    head = f"{FOLDER}/{HEAD}"
    wrong[head] = content_wrong(folder / head, files[head])
    for relation in RELATIONS:
        there = (f"{relation}/{path.name}" for path in (folder / relation).glob("*.parquet"))
        wrong |= {name: "was not written with the store." for name in there if name not in files}
    _refuse(folder, wrong)


def _refuse(folder: Path, wrong: Mapping[str, str]) -> None:
    """Raise SubjectProblems for the files with which something is wrong; `wrong` says what, or nothing."""
    if problems := [Problem(Place(str(folder / name)), what, _AGAIN) for name, what in sorted(wrong.items()) if what]:
        raise SubjectProblems(problems)


def _views(engine: DuckDB, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make each relation a view of its files, whose numbers of rows are looked at."""
    wrong: dict[str, str] = {}
    for name in RELATIONS:
        own = {file: told["rows"] for file, told in manifest["written"].items() if file.startswith(f"{name}/")}
        if "origin" in manifest and name in ("subjects", "records"):
            if name == "subjects":
                engine.connection.execute(
                    "CREATE VIEW subjects AS SELECT person, CAST(person AS VARCHAR) AS subject FROM persons"
                )
            continue
        files = ", ".join("'" + str(folder / file).replace("'", "''") + "'" for file in own)
        engine.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{files}])")
        rows = engine.connection.execute(f"SELECT file_name, num_rows FROM parquet_file_metadata([{files}])").fetchall()
        found = {f"{name}/{Path(file).name}": count for file, count in rows}
        wrong |= {file: f"has {found.get(file)} rows instead of {told}." for file, told in own.items() if found.get(file) != told}
    _refuse(folder, wrong)


_OF_FILES = ("written", "checksum")  # in a manifest, of the files as they were written this time
_AGAIN = "Make it anew: protocord cohort ingest SOURCE STUDY --out STORE."


def _differences(folder: Path, made: Mapping[str, str], now: Mapping[str, str]) -> list[Problem]:
    """What a store's numbers mean stands in the concepts: any other id, unit, factor, code or limit would make them lie."""
    said = [
        (sorted(now.keys() - made.keys()), "the study has {}, which the fact store does not know."),
        (sorted(made.keys() - now.keys()), "the fact store was made with {}, which the study does not have."),
        (sorted(name for name in made.keys() & now.keys() if made[name] != now[name]), "{} changed since the fact store was made."),
    ]  # fmt: skip
    return [Problem(Place(str(folder)), what.format(_some(names)), _AGAIN) for names, what in said if names]


def _some(names: list[str], most: int = 3) -> str:
    shown = ", ".join(f"{name!r}" for name in names[:most])
    rest = len(names) - most
    return f"{'the concept' if len(names) == 1 else 'the concepts'} {shown}" + (f" and {rest} more" if rest > 0 else "")


def concept_hashes(concepts: Concepts) -> dict[str, str]:
    """This will return a hash of each concept: of all that decides what a code or a number of a source becomes."""
    return {name: _digest(_meaning(concepts[name]))[:16] for name in sorted(concepts)}


def _meaning(concept: Concept) -> dict[str, Any]:
    return {
        "kind": concept.kind.value,
        "is_a": sorted(concept.is_a),
        "unit": concept.unit,
        "units": {unit: str(factor) for unit, factor in concept.units.items()},
        "codes": sorted(f"{coding.system}|{coding.code}" for coding in concept.codes),
        "plausible": [str(concept.plausible.low), str(concept.plausible.high)],
        "values": sorted(concept.values),
        "pattern": concept.code_pattern.pattern if concept.code_pattern else None,
    }


def mapping_hash(mapping: SiteMapping) -> str:
    """This will return a hash of a site mapping."""
    parts = {name: dict(getattr(mapping, name)) for name in ("codes", "units", "values", "coverage")}
    return _digest(parts | {"ranges": mapping.ranges_are_age_specific, "laboratory": mapping.laboratory})


def _digest(data: Mapping[str, Any]) -> str:
    written = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
