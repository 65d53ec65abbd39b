"""Write a fact store: the relations as Parquet files and the compact arrays, batch by batch, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl

import protocord
from protocord.cohort.kernel.compact import FOLDER, HEAD
from protocord.cohort.kernel.compacting import Compacting
from protocord.cohort.kernel.soundness import kept, sealed
from protocord.cohort.kinds import Kind, Why
from protocord.cohort.sources.store import FORMAT, MANIFEST, RELATIONS, concept_hashes, mapping_hash
from protocord.concepts import Concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

LISTED = 100  # of the patients that could not be read, and of the codes that mean nothing, the manifest names so many
_MOST_CODES = 100_000  # distinct unmapped codes that are counted apart; the rest is counted together

Progress = Callable[[int, int], None]


@dataclass
class Tally:
    """What became of a source's rows: everything that is not a fact is counted here."""

    unmapped: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # type of resource or table, code, kind of reason
    unreadable: list[dict[str, str]] = field(default_factory=list)
    unusable: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # value or upper limit, concept, why
    counts: Counter[str] = field(default_factory=Counter)
    linked: set[str] = field(default_factory=set)  # patients whom another Patient links to

    def leave(self, kind: str, code: str, reason: str, count: int = 1) -> None:
        """This will count rows that became no fact."""
        key = (kind, code, reason)
        if key not in self.unmapped and len(self.unmapped) >= _MOST_CODES:
            key = (kind, "other codes", reason)
        self.unmapped[key] += count

    def facts(self, facts: pl.DataFrame, concepts: Concepts) -> None:
        """This will count facts, and those whose number or upper limit must not be used, by concept and reason."""
        names = sorted(concepts)
        self.counts["facts"] += facts.height
        self.counts["undated facts"] += int(facts["undated"].sum())
        values = facts.filter(pl.col("kind") == int(Kind.UNUSABLE)).group_by("concept", "why").len()
        limits = (
            facts.filter(~pl.col("upper_why").is_in([int(Why.FINE), int(Why.NO_UPPER_LIMIT)]))
            .group_by("concept", "upper_why")
            .len()
        )
        for part, rows in (("value", values), ("upper limit", limits)):
            for concept, why, count in rows.rows():
                self.unusable[part, names[concept], Why(why).name.lower()] += count


class Making:
    """A fact store while it is made, in a new folder beside its place: `with Making(store) as made`, `add` batches, `finish`.

    `folder` becomes the store; `scratch`, around it, is for what nobody needs afterwards. Raises SubjectProblems where something stands at
    the store's place already, or nothing can be made there. What is not finished leaves nothing behind.
    """

    def __init__(self, store: Path) -> None:
        if os.path.lexists(store):
            raise _taken(store)
        self.store = store
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            self.scratch = Path(tempfile.mkdtemp(prefix=f".{store.name}.", dir=store.parent))
        except OSError as wrong:
            what = f"cannot be made: {wrong.strerror}."
            raise SubjectProblems([Problem(Place(str(store)), what, "Name a folder that you may write to.")]) from None
        try:
            self.folder = self.scratch / "store"
            self.folder.mkdir()
            self.tally = Tally()
            self._files: dict[str, dict[str, Any]] = {}
            self._compacting = Compacting(self.folder / FOLDER)
        except BaseException:
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None) -> None:
        self._compacting.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def add(self, frames: Mapping[str, pl.DataFrame], concepts: Concepts) -> None:
        """This will add the relations of a batch of persons, whose numbers are greater than those of earlier batches."""
        first = int(frames["persons"]["person"].min() or 0)  # type: ignore[arg-type]
        for name, frame in frames.items():
            (self.folder / name).mkdir(exist_ok=True)
            file = f"{name}/{first:020d}.parquet"
            frame.select(list(RELATIONS[name])).write_parquet(self.folder / file)
            self._files[file] = {**kept(self.folder / file), "rows": frame.height}
        self._compacting.add(frames["persons"], frames["facts"], frames["histories"])
        self.tally.facts(frames["facts"], concepts)
        self.tally.counts["histories"] += frames["histories"].height

    def finish(self, protocol: Protocol, mapping: SiteMapping, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """This will write what is said of the store, move it to its place and return its manifest; `told` says of what it was made.

        Raises SubjectProblems where something has come to stand at its place meanwhile.
        """
        self._compacting.finish()
        self._files[f"{FOLDER}/{HEAD}"] = kept(self.folder / FOLDER / HEAD)
        manifest = sealed(self._manifest(protocol, mapping, told))
        rows = sorted(((*key, count) for key, count in self.tally.unmapped.items()), key=lambda row: (-row[3], row[:3]))
        schema = {"resource": pl.String, "code": pl.String, "reason": pl.String, "count": pl.Int64}
        pl.DataFrame(rows, schema=schema, orient="row").write_csv(self.folder / "unmapped.csv")
        (self.folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if os.path.lexists(self.store):
            raise _taken(self.store)
        try:
            self.folder.rename(self.store)
        except OSError as wrong:
            raise _taken(self.store) if os.path.lexists(self.store) else wrong from None
        return manifest

    def _manifest(self, protocol: Protocol, mapping: SiteMapping, told: Mapping[str, Any]) -> dict[str, Any]:
        tally = self.tally
        reasons: Counter[str] = Counter()
        for (_, _, reason), count in tally.unmapped.items():
            reasons[reason] += count
        return {
            "format": FORMAT,
            "protocord": protocord.__version__,
            **told,
            "study": protocol.hash,
            "mapping": mapping_hash(mapping),
            "counts": dict(sorted(tally.counts.items())),
            "unmapped": dict(sorted(reasons.items())),
            "unmapped_most": [
                {"resource": kind, "code": code, "reason": reason, "count": count}
                for (kind, code, reason), count in sorted(tally.unmapped.items(), key=lambda item: (-item[1], item[0]))[:LISTED]
            ],
            "unusable": [
                {"part": part, "concept": concept, "reason": why, "count": count}
                for (part, concept, why), count in sorted(tally.unusable.items())
            ],
            "unreadable": tally.unreadable,
            "concepts": concept_hashes(protocol.concepts),
            "written": dict(sorted(self._files.items())),
        }


def _taken(store: Path) -> SubjectProblems:
    return SubjectProblems([Problem(Place(str(store)), "exists already.", "Name a new folder, or remove the old one.")])


def hash_of(path: Path) -> str:
    """This will return the SHA-256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
