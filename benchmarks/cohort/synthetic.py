"""A made-up hospital in the OMOP Common Data Model, seeded, written chunk by chunk so that memory does not grow with it.

    python benchmarks/cohort/synthetic.py FOLDER [PERSONS] [SEED]

writes FOLDER/TABLE/0000.parquet …, FOLDER/mapping.yaml, which says what the hospital's ids mean, and FOLDER/hospital.duckdb, and says
how large they are and how fast they were written.

A person has on average one observation period, 6 conditions (of 500), 10 drug exposures (of 800), 3 procedures (of 300), 20
measurements (of 60 tests) and 3 observations. Of exposures 2 % have no end; of results 5 % have no number, 5 % an unknown unit, 10 % no
upper limit, 2 % a comparator, and two in a thousand a slip of the unit; counts are half in 10^9/L and half in /uL, other tests in two
units, too; one person in ten is not covered, and one in thirty has a break in the record. One person in twenty-five is known to the
cancer ward, which states histology, status, performance, consent and toxicities as observations, and measures often.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
from yaml import safe_dump

import protocord
from protocord.cohort.sources.omop import ABOVE, AT_LEAST, AT_MOST, BELOW, FEMALE, MALE, NO, YES
from protocord.concepts import ConceptKind
from protocord.exchange.mapping import SiteMapping

Ints = npt.NDArray[np.int64]

CHUNK = 100_000
STUDY = "nct06848582"
TODAY = date(2025, 6, 25)
WARD = 0.04
_NOW = (TODAY - date(1970, 1, 1)).days
KINDS = {"condition": (500, 6), "drug": (800, 10), "procedure": (300, 3), "measurement": (60, 20)}
NO_UNIT, UNKNOWN_UNIT = 0, 7
UNITS = {
    1: "10*9/L", 2: "/uL", 3: "g/L", 4: "umol/L", 5: "U/L", 6: "{score}", UNKNOWN_UNIT: "no such unit", 8: "wk", 9: "mg/dL", 10: "g/dL",
    11: "ukat/L", 12: "{grade}", 13: "mL/min/{1.73_m2}", 14: "mmol/L", 15: "kg",
}  # fmt: skip


@dataclass(frozen=True)
class Test:
    """A laboratory test: its median, spread (of the logarithm) and upper limit in its first unit, and what that unit holds of its second."""

    name: str
    unit: int
    median: float
    spread: float
    upper: float
    digits: int
    other: int = 0
    times: float = 1.0
    other_digits: int = 0


# The study's own tests come first: they are ordered most often. Tests without a name are none of the study's.
TESTS = (
    Test("ANC", 1, 2.4, 0.9, 7.5, 2, 2, 1000, 0), Test("Platelet count", 1, 190, 0.7, 400, 0, 2, 1000, 0),
    Test("Haemoglobin", 3, 112, 0.16, 150, 0, 10, 0.1, 1), Test("Total bilirubin", 4, 9, 0.7, 21, 1, 9, 1 / 17.1, 2),
    Test("Creatinine", 4, 42, 0.4, 62, 1, 9, 1 / 88.4, 2), Test("ALT", 5, 28, 0.9, 40, 0, 11, 1 / 60, 2),
    Test("AST", 5, 31, 0.8, 40, 0, 11, 1 / 60, 2), Test("Direct bilirubin", 4, 3, 0.7, 7, 1, 9, 1 / 17.1, 2),
    Test("eGFR by bedside Schwartz", 13, 105, 0.3, 150, 0), Test("White cell count", 1, 5, 0.7, 12, 2, 2, 1000, 0),
    Test("Lymphocyte count", 1, 1.6, 0.7, 4, 2, 2, 1000, 0), Test("Albumin", 3, 40, 0.12, 52, 0, 10, 0.1, 1),
    Test("Sodium", 14, 139, 0.03, 146, 0), Test("Potassium", 14, 4.2, 0.12, 5.2, 1), Test("Urea", 14, 4, 0.4, 7, 1),
    Test("Glucose", 14, 5, 0.3, 6, 1), Test("Weight", 15, 32, 0.6, 120, 1), Test("Urate", 4, 230, 0.4, 360, 0),
    *(Test("", 14, 10.0, 0.6, 25, 1) for _ in range(42)),
)  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """What the ward writes down: of how many of its patients, how long ago at most, and how often the answer is yes or one of `said`."""

    name: str
    share: float
    back: int
    yes: float = 0.9
    said: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    unit: int = NO_UNIT


_TOXICITIES = (
    "Nausea", "Vomiting", "Fatigue", "Fever", "Mucositis oral", "Diarrhea", "Febrile neutropenia", "Headache", "Rash maculo-papular",
    "Peripheral sensory neuropathy", "Peripheral motor neuropathy", "Alopecia", "Anemia",
)  # fmt: skip
_SCORES = (30, 40, 50, 60, 70, 80, 90, 90, 100, 100)
STATEMENTS = (
    Statement("Informed consent", 0.4, 40), Statement("Guardian consent", 0.38, 38), Statement("Participant consent", 0.1, 38),
    Statement("Child assent", 0.3, 38, 0.95), Statement("Child able to assent", 0.3, 38), Statement("Approved consent version", 0.4, 40, 0.97),
    Statement("Life-threat override", 0.01, 30, 0.5), Statement("Able to comply", 0.6, 32, 0.95), Statement("Guardian understands", 0.6, 32, 0.97),
    Statement("Recovered from prior therapy", 0.7, 25, 0.85), Statement("Clinically confirmed diagnosis", 0.9, 900, 0.95),
    Statement("Bone marrow involvement", 0.8, 32, 0.15), Statement("Liver metastasis", 0.8, 32, 0.1), Statement("Graft versus host disease", 0.7, 32, 0.1),
    Statement("Histology", 0.95, 1000, said=("8910/3", "8920/3", "9040/3", "8963/3", "8900/3", "9260/3", "8821/1", "9500/3", "9180/3", "8910")),
    Statement("Primary site", 0.9, 1000, said=("C49.2", "C49.5", "C49.0", "C69.6", "C48.0", "C40.2", "C41.0", "C49")),
    Statement("Disease status", 0.9, 200, said=("high_risk", "relapsed", "refractory", "relapsed", "high_risk_remission", "remission", "other")),
    Statement("Risk group", 0.8, 900, said=("high", "intermediate", "low", "cns_invasion")), Statement("Histology report", 0.9, 1000),
    Statement("Lansky", 0.9, 9, numbers=_SCORES, unit=6), Statement("Karnofsky", 0.9, 9, numbers=_SCORES, unit=6),
    Statement("Life expectancy", 0.8, 30, numbers=(6, 8, 12, 26, 26, 52, 52, 104, 260), unit=8),
    *(Statement(name, 0.15, 200, numbers=(0, 0, 1, 1, 1, 1, 2, 3), unit=12) for name in _TOXICITIES),
)  # fmt: skip
_OTHER_OBSERVATIONS = (2.0, 500)  # a person, and how many kinds of them


def asked(study: str) -> dict[str, list[str]]:
    """This will return, for each kind of OMOP table, the concepts of a study that the hospital knows, in the order of its ids."""
    concepts = protocord.load(protocord.STUDIES / study).concepts
    kinds = {
        "condition": (ConceptKind.CONDITION,), "drug": (ConceptKind.EXPOSURE,), "procedure": (ConceptKind.PROCEDURE,),
    }  # fmt: skip
    named = {name: sorted(one.id for one in concepts.values() if one.kind in wanted) for name, wanted in kinds.items()}
    return named | {"measurement": [test.name for test in TESTS if test.name], "observation": [one.name for one in STATEMENTS]}


def first_id(kind: str) -> int:
    """This will return the first OMOP concept id of a kind."""
    return ([*KINDS, "observation"].index(kind) + 1) * 10_000


def mapping(study: str) -> dict[str, str]:
    """This will return the hospital's mapping of its ids to the study's concepts, as a mapping file holds it under `codes`.

    The study's drugs, conditions and procedures stand at even distances among the hospital's, some common and some rare.
    """
    steps = {
        kind: max(1, KINDS[kind][0] // len(names))
        for kind, names in asked(study).items()
        if kind in ("condition", "drug", "procedure")
    }
    return {
        f"omop|{first_id(kind) + place * steps.get(kind, 1)}": name
        for kind, names in asked(study).items()
        for place, name in enumerate(names)
    }


def site(study: str = STUDY) -> SiteMapping:
    """This will return the hospital's mapping file; its laboratory prints each child's own reference range."""
    units = {f"omop|{number}": unit for number, unit in UNITS.items() if number != UNKNOWN_UNIT}
    return SiteMapping(codes=mapping(study), units=units, ranges_are_age_specific=True)


def write(folder: Path, persons: int, seed: int = 1) -> None:
    """This will write the hospital into a folder of Parquet files, one folder a table, one file a chunk of persons, and its mapping."""
    root = np.random.SeedSequence(seed)
    starts = range(0, persons, CHUNK)
    folder.mkdir(parents=True, exist_ok=True)
    said = site()
    written = {"codes": dict(said.codes), "units": dict(said.units), "ranges_are_age_specific": True}
    (folder / "mapping.yaml").write_text(safe_dump(written, sort_keys=False), encoding="utf-8")
    for part, (start, stream) in enumerate(zip(starts, root.spawn(len(starts)), strict=True)):
        for name, frame in chunk(np.random.default_rng(stream), start + 1, min(CHUNK, persons - start)):
            (folder / name).mkdir(exist_ok=True)
            frame.write_parquet(folder / name / f"{part:04d}.parquet")


def to_duckdb(folder: Path, memory: str = "2GB") -> Path:
    """This will copy the Parquet files of `write` into FOLDER/hospital.duckdb, a table each, and return its path."""
    target = folder / "hospital.duckdb"
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"SET memory_limit = '{memory}'")
        for path in sorted(one for one in folder.iterdir() if one.is_dir()):
            connection.execute(f"CREATE TABLE {path.name} AS SELECT * FROM read_parquet('{path}/*.parquet')")
    return target


def chunk(random: np.random.Generator, first: int, persons: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """This will yield the tables of some persons with numbers from `first` on, one after another."""
    ids = np.arange(first, first + persons)
    ward = random.random(persons) < WARD
    born = _NOW - np.where(ward, random.integers(30, 20 * 365, persons), random.integers(0, 25 * 365, persons))
    birth = days(born)
    yield "person", pl.DataFrame(
        {
            "person_id": ids, "gender_concept_id": random.choice([MALE, FEMALE, 0], persons, p=[0.5, 0.48, 0.02]),
            "year_of_birth": birth.dt.year(), "month_of_birth": birth.dt.month().cast(pl.Int32), "day_of_birth": birth.dt.day().cast(pl.Int32),
        }
    )  # fmt: skip
    yield "observation_period", periods(random, ids, born)
    # Two in three of the ward are between two treatments: nothing was given for some weeks.
    rest = np.where(ward & (random.random(persons) < 0.65), random.integers(15, 90, persons), 0)
    for kind, (concepts, mean) in KINDS.items():
        count = random.poisson(mean, persons)
        who = np.repeat(np.arange(persons), count)
        if kind == "measurement":
            yield kind, measurements(random, ids, who, ward)
            continue
        what = first_id(kind) + np.minimum(random.geometric(3 / concepts, who.size) - 1, concepts - 1)
        start = np.maximum(_NOW - random.exponential(400, who.size).astype(np.int64) - rest[who], born[who])
        start = np.where(random.random(who.size) < 0.005, _NOW + random.integers(1, 20, who.size), start)
        yield event_table(random, kind, ids, who, what, start)
    yield "observation", observations(random, ids, ward, born)


def periods(random: np.random.Generator, ids: Ints, born: Ints) -> pl.DataFrame:
    """This will return observation periods of nine persons of ten, from birth or a later day on; some in two parts that meet, or do not."""
    covered = random.random(ids.size) < 0.9
    who, since = ids[covered], np.where(random.random(ids.size) < 0.7, born, np.minimum(born + 1000, _NOW - 30))[covered]
    broken = (random.random(who.size) < 0.033) & (since < _NOW - 20)
    breaks = np.maximum(_NOW - 10 - random.integers(0, 300, who.size), since + 2)
    gap = np.where(random.random(who.size) < 0.5, 0, 5)
    starts = np.concatenate([np.where(broken, breaks, since), since[broken]])
    ends = np.concatenate([np.full(who.size, _NOW + 1), (breaks - gap - 1)[broken]])
    made = pl.DataFrame(
        {
            "person_id": np.concatenate([who, who[broken]]), "observation_period_start_date": days(starts),
            "observation_period_end_date": days(np.maximum(ends, starts)),
        }
    ).sort("person_id", "observation_period_start_date")  # fmt: skip
    return made.select((pl.int_range(pl.len()) + 2 * ids[0]).alias("observation_period_id"), pl.all())


def days(ordinals: Ints) -> pl.Series:
    """This will return days since 1970 as dates."""
    return pl.Series(ordinals.astype(np.int32)).cast(pl.Date)


def event_table(
    random: np.random.Generator, kind: str, ids: Ints, who: Ints, what: Ints, start: Ints
) -> tuple[str, pl.DataFrame]:
    """This will return the table of conditions, exposures or procedures, and its name."""
    size = who.size
    # One end in a thousand lies before the start.
    end = days(start + random.integers(0, 30, size) - np.where(random.random(size) < 0.001, 40, 0))
    end = end.set(pl.Series(random.random(size) < (0.7 if kind == "condition" else 0.02)), None)
    suffix = "exposure" if kind == "drug" else "occurrence"
    dates = {
        "condition": ("condition_start_date", "condition_end_date"), "drug": ("drug_exposure_start_date", "drug_exposure_end_date"),
        "procedure": ("procedure_date", "procedure_end_date"),
    }[kind]  # fmt: skip
    table = f"{kind}_{suffix}"
    made = {
        f"{table}_id": np.arange(size) + ids[0] * 100,
        "person_id": ids[who],
        f"{kind}_concept_id": what,
        dates[0]: days(start),
    }
    return table, pl.DataFrame(made | {dates[1]: days(start) if kind == "procedure" else end})


def measurements(random: np.random.Generator, ids: Ints, who: Ints, ward: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """This will return results in the digits and units of their tests; the ward measures the study's tests in the last days."""
    often = np.repeat(np.flatnonzero(ward), 9)
    own = np.tile(np.arange(9), ward.sum())
    what = np.concatenate([np.minimum(random.geometric(3 / len(TESTS), who.size) - 1, len(TESTS) - 1), own])
    day = _NOW - np.concatenate([random.exponential(60, who.size).astype(np.int64), random.integers(0, 9, own.size)])
    who = np.concatenate([who, often])
    order = np.argsort(who, kind="stable")
    who, what, day = who[order], what[order], day[order]
    size = who.size
    made = _results(random, what)
    day = np.where(random.random(size) < 0.002, _NOW + random.integers(1, 10, size), day)
    sign = np.where(random.random(size) < 0.02, random.choice([BELOW, AT_MOST, AT_LEAST, ABOVE], size), 4172703)
    return pl.DataFrame(
        {
            "measurement_id": np.arange(size) + ids[0] * 100, "person_id": ids[who], "measurement_concept_id": first_id("measurement") + what,
            "measurement_date": days(day), "operator_concept_id": pl.Series(sign).set(pl.Series(random.random(size) < 0.1), None),
            "value_as_number": made["value"].set(pl.Series(random.random(size) < 0.05), None), "unit_concept_id": made["unit"],
            "range_high": made["upper"].set(pl.Series(random.random(size) < 0.1), None),
        }
    )  # fmt: skip


def _results(random: np.random.Generator, what: Ints) -> pl.DataFrame:
    """Value, unit and upper limit of tests, as a laboratory prints them."""
    size = what.size

    def of(name: str) -> npt.NDArray[np.float64]:
        return np.array([float(getattr(test, name)) for test in TESTS])[what]

    second = (of("other") > 0) & (random.random(size) < np.where(of("unit") == 1, 0.5, 0.3))
    scale, digits = np.where(second, of("times"), 1.0), 10.0 ** np.where(second, of("other_digits"), of("digits"))
    value = of("median") * np.exp(of("spread") * random.standard_normal(size))
    upper = of("upper") * random.choice([0.9, 1.0, 1.0, 1.1], size)
    slip = np.where(random.random(size) < 0.002, 1000.0, 1.0)
    value, upper = (np.rint(one * scale * digits * slip) / digits for one in (value, upper))
    unit = np.where(second, of("other"), of("unit")).astype(np.int64)
    unit = np.where(random.random(size) < 0.05, UNKNOWN_UNIT, unit)
    return pl.DataFrame({"value": value, "upper": upper, "unit": np.where(random.random(size) < 0.01, NO_UNIT, unit)})


def observations(random: np.random.Generator, ids: Ints, ward: npt.NDArray[np.bool_], born: Ints) -> pl.DataFrame:
    """This will return the ward's statements, and observations of the whole hospital that no rule asks about."""
    patients = np.flatnonzero(ward)
    parts = [_other_observations(random, ids.size)]
    for place, one in enumerate(STATEMENTS):
        share = np.full(patients.size, one.share)
        if one.name in ("Lansky", "Karnofsky"):  # the scale of the age, but for a few slips
            old = (_NOW - born[patients]) >= 16 * 365.25
            share = np.where(old == (one.name == "Karnofsky"), one.share, 0.03)
        for again in (1.0, 0.3):
            who = patients[random.random(patients.size) < share * again]
            parts.append(_stated(random, one, place, who))
    made = pl.concat(parts).sort("person_id", maintain_order=True)
    made = made.with_columns(pl.Series("person_id", ids[made["person_id"].to_numpy()]))
    return made.select((pl.int_range(pl.len()) + ids[0] * 100).alias("observation_id"), pl.all())


def _observed(random: np.random.Generator, who: Ints, what: Ints, back: int) -> pl.DataFrame:
    day = _NOW - random.integers(0, back, who.size)
    return pl.DataFrame({"person_id": who, "observation_concept_id": what, "observation_date": days(day)})


def _other_observations(random: np.random.Generator, persons: int) -> pl.DataFrame:
    mean, kinds = _OTHER_OBSERVATIONS
    who = np.repeat(np.arange(persons), random.poisson(mean, persons))
    made = _observed(random, who, first_id("observation") + 1000 + random.integers(0, kinds, who.size), 1500)
    answers = pl.Series(random.choice([YES, NO], who.size))
    return made.with_columns(**_ANSWER).with_columns(value_as_concept_id=answers)


_ANSWER = {
    "value_as_number": pl.lit(None, pl.Float64), "value_as_string": pl.lit(None, pl.String), "value_as_concept_id": pl.lit(None, pl.Int64),
    "unit_concept_id": pl.lit(None, pl.Int64),
}  # fmt: skip


def _stated(random: np.random.Generator, one: Statement, place: int, who: Ints) -> pl.DataFrame:
    size = who.size
    made = _observed(random, who, np.full(size, first_id("observation") + place), one.back).with_columns(**_ANSWER)
    if one.said:
        return made.with_columns(value_as_string=pl.Series(random.choice(list(one.said), size), dtype=pl.String))
    if one.numbers:
        number = pl.Series(random.choice(list(one.numbers), size), dtype=pl.Float64).set(
            pl.Series(random.random(size) < 0.03), None
        )
        # Scores and grades are often written without a unit.
        unit = pl.Series(np.where((random.random(size) < 0.3) & (one.unit != 8), NO_UNIT, one.unit))
        return made.with_columns(value_as_number=number, unit_concept_id=unit)
    if one.name == "Histology report":
        return made
    answer = pl.Series(np.where(random.random(size) < one.yes, YES, NO))
    if one.name not in ("Bone marrow involvement", "Liver metastasis", "Graft versus host disease"):
        answer = answer.set(pl.Series(random.random(size) < 0.02), None)  # asked, and not answered
    return made.with_columns(value_as_concept_id=answer)


def _megabytes(folder: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in folder.rglob(pattern)) / 1e6


def main() -> None:
    """Write the hospital and say how large it is and how fast that went."""
    folder, persons = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    before = time.process_time()
    write(folder, persons, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    spent = time.process_time() - before
    print(
        f"{persons:,} persons: {_megabytes(folder, '*.parquet'):.0f} MB of Parquet, {persons / spent:,.0f} persons a processor second"
    )
    before = time.process_time()
    to_duckdb(folder)
    spent = time.process_time() - before
    print(f"DuckDB file: {_megabytes(folder, '*.duckdb'):.0f} MB, {persons / spent:,.0f} persons a processor second")


if __name__ == "__main__":
    main()
