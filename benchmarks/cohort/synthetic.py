"""A made-up hospital in the OMOP Common Data Model, seeded, written chunk by chunk so that memory does not grow with it.

    python benchmarks/cohort/synthetic.py FOLDER [PERSONS] [SEED]

A person has on average one observation period, 6 conditions (of 500), 10 drug exposures (of 800), 3 procedures (of 300) and 20
measurements (of 60 tests). Of exposures 2 % have no end, of results 5 % no number, 5 % an unknown unit and 10 % no upper limit, counts
are half in 10^9/L and half in /uL, and one person in ten is not covered. The ids below 100 of each kind stand for concepts that the
shipped study asks for, through the vocabulary written beside the data.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

import protocord
from protocord.concepts import ConceptKind

CHUNK = 100_000
TODAY = date(2025, 6, 25)
_EPOCH = date(1970, 1, 1)
_NOW = (TODAY - _EPOCH).days
KINDS = {"condition": (500, 6), "drug": (800, 10), "procedure": (300, 3), "measurement": (60, 20)}
UNITS = {1: "10*9/L", 2: "/uL", 3: "g/L", 4: "umol/L", 5: "U/L", 6: "{score}", 7: "no such unit"}


def asked(study: str) -> dict[str, list[str]]:
    """This will return, for each kind of OMOP table, the concepts of a study whose facts stand there, in order of their names."""
    concepts = protocord.load(protocord.STUDIES / study).concepts
    kinds = {
        "condition": (ConceptKind.CONDITION,), "drug": (ConceptKind.EXPOSURE,), "procedure": (ConceptKind.PROCEDURE,),
        "measurement": (ConceptKind.MEASUREMENT, ConceptKind.SCORE),
    }  # fmt: skip
    return {name: sorted(one.id for one in concepts.values() if one.kind in wanted) for name, wanted in kinds.items()}


def first_id(kind: str) -> int:
    """This will return the first OMOP concept id of a kind."""
    return (list(KINDS).index(kind) + 1) * 10_000


def mapping(study: str) -> dict[str, str]:
    """This will return the hospital's mapping of its ids to the study's concepts, as a mapping file holds it under `codes`."""
    return {
        f"omop|{first_id(kind) + place}": name
        for kind, names in asked(study).items()
        for place, name in enumerate(names[: KINDS[kind][0]])
    }


def write(folder: Path, persons: int, seed: int = 1) -> None:
    """This will write the hospital into a folder of Parquet files, one folder a table, one file a chunk of persons."""
    root = np.random.SeedSequence(seed)
    starts = range(0, persons, CHUNK)
    for part, (start, stream) in enumerate(zip(starts, root.spawn(len(starts)), strict=True)):
        made = chunk(np.random.default_rng(stream), start + 1, min(CHUNK, persons - start))
        for name, frame in made.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            frame.write_parquet(folder / name / f"{part:04d}.parquet")


def chunk(random: np.random.Generator, first: int, persons: int) -> dict[str, pl.DataFrame]:
    """This will return the tables of some persons with numbers from `first` on."""
    ids = np.arange(first, first + persons)
    born = _NOW - random.integers(0, 25 * 365, persons)
    birth = pl.Series(born.astype(np.int32)).cast(pl.Date)
    tables = {
        "person": pl.DataFrame(
            {
                "person_id": ids, "gender_concept_id": random.choice([8507, 8532], persons), "year_of_birth": birth.dt.year(),
                "month_of_birth": birth.dt.month(), "day_of_birth": birth.dt.day(),
            }
        ),
        "observation_period": periods(random, ids, born),
    }  # fmt: skip
    for kind, (concepts, mean) in KINDS.items():
        who = np.repeat(ids, random.poisson(mean, persons))
        what = first_id(kind) + np.minimum(random.geometric(3 / concepts, who.size) - 1, concepts - 1)
        start = _NOW - (random.exponential(400, who.size)).astype(np.int64)
        row = np.arange(who.size) + first * 100
        tables |= events(random, kind, row, who, what, start)
    return tables


def periods(random: np.random.Generator, ids: np.ndarray, born: np.ndarray) -> pl.DataFrame:
    """This will return observation periods: from birth or a later day on, for nine persons of ten."""
    covered = random.random(ids.size) < 0.9
    since = np.where(random.random(ids.size) < 0.5, born, np.minimum(born + 1000, _NOW - 30))
    return pl.DataFrame(
        {
            "observation_period_id": ids[covered], "person_id": ids[covered], "observation_period_start_date": days(since[covered]),
            "observation_period_end_date": days(np.full(covered.sum(), _NOW + 1)),
        }
    )  # fmt: skip


def days(ordinals: np.ndarray) -> pl.Series:
    """This will return days since 1970 as dates."""
    return pl.Series(ordinals.astype(np.int32)).cast(pl.Date)


def events(
    random: np.random.Generator, kind: str, row: np.ndarray, who: np.ndarray, what: np.ndarray, start: np.ndarray
) -> dict[str, pl.DataFrame]:
    """This will return one clinical table."""
    size = who.size
    if kind == "measurement":
        return {"measurement": measurements(random, row, who, what, start)}
    length = random.integers(0, 60, size)
    end = days(start + length).set(pl.Series(random.random(size) < 0.02), None)
    if kind == "condition":
        ended = end.set(pl.Series(random.random(size) < 0.7), None)
        names = ("condition_occurrence_id", "condition_concept_id", "condition_start_date", "condition_end_date")
        return {"condition_occurrence": _table(names, row, who, what, days(start), ended)}
    if kind == "drug":
        names = ("drug_exposure_id", "drug_concept_id", "drug_exposure_start_date", "drug_exposure_end_date")
        return {"drug_exposure": _table(names, row, who, what, days(start), end)}
    names = ("procedure_occurrence_id", "procedure_concept_id", "procedure_date", "procedure_end_date")
    return {"procedure_occurrence": _table(names, row, who, what, days(start), days(start))}


def _table(
    names: tuple[str, str, str, str], row: np.ndarray, who: np.ndarray, what: np.ndarray, start: pl.Series, end: pl.Series
) -> pl.DataFrame:
    return pl.DataFrame({names[0]: row, "person_id": who, names[1]: what, names[2]: start, names[3]: end})


def measurements(
    random: np.random.Generator, row: np.ndarray, who: np.ndarray, what: np.ndarray, start: np.ndarray
) -> pl.DataFrame:
    """This will return results: numbers in two units, some without a number, a known unit or an upper limit."""
    size = who.size
    recent = _NOW - (random.exponential(60, size)).astype(np.int64)
    unit = random.choice([1, 2, 3, 4, 5, 6], size)
    value = np.round(random.lognormal(1.5, 1.2, size) * np.where(unit == 2, 1000, 1), 1)
    unit = np.where(random.random(size) < 0.05, 7, unit)
    number = pl.Series(value).set(pl.Series(random.random(size) < 0.05), None)
    high = pl.Series(np.round(random.lognormal(2, 0.5, size) * np.where(unit == 2, 1000, 1), 1))
    return pl.DataFrame(
        {
            "measurement_id": row, "person_id": who, "measurement_concept_id": what, "measurement_date": days(np.maximum(recent, start)),
            "operator_concept_id": pl.Series(np.full(size, 4172703)), "value_as_number": number, "unit_concept_id": unit,
            "range_high": high.set(pl.Series(random.random(size) < 0.1), None),
        }
    )  # fmt: skip


if __name__ == "__main__":
    target, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    write(target, count, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    print(f"{count:,} persons in {target}")
