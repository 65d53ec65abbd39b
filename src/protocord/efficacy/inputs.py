"""Read the tables of tumours and events, and hold them against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from protocord.efficacy.columns import INPUTS, STOPS
from protocord.errors import Problem
from protocord.tables import TableProblems, problem, read
from protocord.values import PartialDate

Row = dict[str, Any]

ENDINGS = (".csv", ".tsv", ".parquet")
OPTIONAL = frozenset({"new_lesions"})


@dataclass(frozen=True, slots=True)
class Inputs:
    """The tables as read, by name. `files` names each in problems."""

    frames: Mapping[str, pl.DataFrame]
    files: Mapping[str, str]

    def rows(self, table: str) -> list[Row]:
        """This will return a table's rows."""
        return self.frames[table].to_dicts()


def read_inputs(source: Path | Mapping[str, Path | pl.DataFrame]) -> Inputs:
    """This will read the tables of `columns.INPUTS` from a folder (subjects.csv, …) or from paths or frames by table name.

    Raises TableProblems with all problems of all tables: within each as `tables.read` finds them, and between them a child,
    lesion or set of scans that another table lacks, and cells that contradict one another. `new_lesions` may be left out.
    """
    given = _in_folder(source) if isinstance(source, Path) else dict(source)
    names = [table.name for table in INPUTS]
    problems = [
        problem(name, None, "", "is no table of tumour response.", f"The tables: {', '.join(names)}.")
        for name in given
        if name not in names
    ]
    frames: dict[str, pl.DataFrame] = {}
    files: dict[str, str] = {}
    for table in INPUTS:
        found = given.get(table.name)
        files[table.name] = found.name if isinstance(found, Path) else table.name
        if found is None and table.name in OPTIONAL:
            found = pl.DataFrame(schema=dict.fromkeys(table.names, pl.String))
        if found is None:
            problems.append(problem(table.name, None, "", "There is no such table.", f"Give {table.name}.csv. {table.about}"))
            continue
        try:
            frames[table.name] = read(table, found, file=files[table.name])
        except TableProblems as wrong:
            problems.extend(wrong.problems)
    if problems:
        raise TableProblems(problems)
    inputs = Inputs(frames, files)
    problems = [*_links_wrong(inputs), *_cells_wrong(inputs)]
    if problems:
        raise TableProblems(sorted(problems, key=lambda found: (found.place.file, _row_of(found))))
    return inputs


def _row_of(found: Problem) -> int:
    words = found.place.item.split(",")[0].split()
    return int(words[1]) if len(words) == 2 and words[1].isdigit() else 0


def _in_folder(folder: Path) -> dict[str, Path | pl.DataFrame]:
    found: dict[str, Path | pl.DataFrame] = {}
    for table in INPUTS:
        path = next(
            (folder / f"{table.name}{ending}" for ending in ENDINGS if (folder / f"{table.name}{ending}").is_file()), None
        )
        if path is not None:
            found[table.name] = path
    return found


def _links_wrong(inputs: Inputs) -> Iterator[Problem]:
    subjects = set(inputs.frames["subjects"]["subject"])
    lesions = set(inputs.frames["lesions"].select("subject", "lesion").iter_rows())
    sets = set(inputs.frames["assessments"].select("subject", "visit").iter_rows())
    for table in ("events", "lesions", "measurements", "assessments", "new_lesions"):
        for row in inputs.rows(table):
            if row["subject"] not in subjects:
                yield problem(
                    inputs.files[table], row["row"], "subject", f"{row['subject']!r} is not in subjects.", "Add the child there."
                )
            elif table in {"measurements", "new_lesions"} and (row["subject"], row["visit"]) not in sets:
                what = f"{row['subject']} has no assessment {row['visit']!r}."
                yield problem(inputs.files[table], row["row"], "visit", what, "Add its row to assessments.")
    for row in inputs.rows("measurements"):
        if row["subject"] in subjects and (row["subject"], row["lesion"]) not in lesions:
            what = f"{row['subject']} has no lesion {row['lesion']!r}."
            yield problem(
                inputs.files["measurements"], row["row"], "lesion", what, "Add it to lesions; a new lesion goes to new_lesions."
            )


def _cells_wrong(inputs: Inputs) -> Iterator[Problem]:
    lesions = {(row["subject"], row["lesion"]): row for row in inputs.rows("lesions")}
    file = inputs.files["measurements"]
    by_set: dict[tuple[str, str, str], list[Row]] = {}
    for row in inputs.rows("measurements"):
        lesion = lesions.get((row["subject"], row["lesion"]))
        by_set.setdefault((row["subject"], row["visit"], row["lesion"]), []).append(row)
        if lesion is not None:
            yield from _measurement_wrong(row, lesion, file)
    for rows in by_set.values():
        yield from _fragments_wrong(rows, file)
    yield from _merged_wrong(by_set, lesions, file)
    for row in inputs.rows("events"):
        yield from _event_wrong(row, inputs.files["events"])
    for row in inputs.rows("new_lesions"):
        pet = row["method"] == "fdg_pet"
        if pet != (row["pet_baseline"] is not None):
            what = "FDG-PET needs what that site showed at baseline." if pet else "belongs to FDG-PET alone."
            yield problem(
                inputs.files["new_lesions"],
                row["row"],
                "pet_baseline",
                what,
                "Write negative, positive or not_done." if pet else "Leave it empty.",
            )
    with_non_targets = {row["subject"] for row in inputs.rows("lesions") if row["class"] == "non_target"}
    for row in inputs.rows("assessments"):
        if row["non_target_progression"] and row["subject"] not in with_non_targets:
            what = f"{row['subject']} has no non-target lesion that could progress."
            yield problem(inputs.files["assessments"], row["row"], "non_target_progression", what, "Write no, or add the lesion.")


def _measurement_wrong(row: Row, lesion: Row, file: str) -> Iterator[Problem]:
    state, at = row["state"], row["row"]
    if state == "measured" and row["mm"] is None:
        yield problem(file, at, "mm", "is empty, but the lesion is measured.", "Enter its size, or another state.")
    if state in {"absent", "present", "merged", "not_evaluable"} and row["mm"] is not None:
        yield problem(file, at, "mm", f"has a size, but the lesion is {state}.", "Leave it empty, or write measured.")
    if state == "present" and lesion["class"] == "target":
        yield problem(
            file, at, "state", "a target is measured, not only present.", "Write measured, too_small, absent or not_evaluable."
        )
    if (state == "merged") != (row["into"] is not None):
        what = "is empty, but the lesion is merged." if state == "merged" else f"names a lesion, but the state is {state}."
        yield problem(file, at, "into", what, "Name the lesion whose row holds the mass, and write merged.")
    if state == "not_evaluable" and not row["reason"]:
        yield problem(file, at, "reason", "is empty, but the lesion is not evaluable.", "Say why.")


def _fragments_wrong(rows: list[Row], file: str) -> Iterator[Problem]:
    if len(rows) > 1:
        for row in rows:
            if row["fragment"] is None:
                yield problem(
                    file, row["row"], "fragment", "is empty, but the lesion has several rows at this visit.", "Number them."
                )


def _merged_wrong(
    by_set: Mapping[tuple[str, str, str], list[Row]], lesions: Mapping[tuple[str, str], Row], file: str
) -> Iterator[Problem]:
    for (subject, visit, lesion), rows in by_set.items():
        for row in rows:
            host, seen = row, [lesion]
            while host["state"] == "merged" and host["into"] is not None:
                into = host["into"]
                whole = by_set.get((subject, visit, into))
                if into in seen or whole is None or lesions[(subject, into)]["class"] != lesions[(subject, lesion)]["class"]:
                    what = f"{into!r} has no row of its own at {visit}, is of the other class, or merges back."
                    yield problem(file, row["row"], "into", what, "Name a lesion that is measured at this visit.")
                    break
                seen.append(into)
                host = next((one for one in whole if one["state"] != "merged"), whole[0])


def _event_wrong(row: Row, file: str) -> Iterator[Problem]:
    try:
        PartialDate.parse(row["date"])
    except ValueError as wrong:
        yield problem(file, row["row"], "date", f"{wrong}.")
    if (row["event"] == "treatment_stopped") != (row["reason"] is not None):
        what = (
            "is empty, but treatment stopped." if row["event"] == "treatment_stopped" else "belongs to treatment_stopped alone."
        )
        yield problem(file, row["row"], "reason", what, f"One of: {', '.join(STOPS)}.")
