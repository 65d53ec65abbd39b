"""A small made-up hospital in the OMOP Common Data Model, from a seed: the tutorial's data, and the population of the tests.

Every id is a hospital's own (above 2,000,000,000, the range that OMOP leaves to sites) but those of answers and signs, which the
reader itself names. `python tests/cohort_children.py FOLDER` writes the tables of the tutorial as Parquet, and the mapping beside.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ON = date(2025, 6, 25)
SITE = 2_000_000_000

# id: concept, name, vocabulary, code. What a vocabulary explains needs no line in the mapping.
MEASURED = {
    101: ("ANC", "Neutrophils, absolute", "LOINC", "751-8"),
    102: ("Platelet count", "Platelets", "LOINC", "777-3"),
    103: ("Haemoglobin", "Haemoglobin", "LOINC", "718-7"),
    104: ("ALT", "Alanine aminotransferase", "LOINC", "1742-6"),
    105: ("AST", "Aspartate aminotransferase", "LOINC", "1920-8"),
    106: ("Total bilirubin", "Bilirubin, total", "LOINC", "1975-2"),
    107: ("Direct bilirubin", "Bilirubin, direct", "LOINC", "1968-7"),
    108: ("Creatinine", "Creatinine", "LOINC", "2160-0"),
    109: ("Lansky", "Lansky play performance", "Hospital", "LANSKY"),
    110: ("Life expectancy", "Expected survival", "Hospital", "SURV"),
    111: ("Karnofsky", "Karnofsky performance", "LOINC", "89243-0"),
}
STATED = {
    201: "Informed consent", 202: "Guardian consent", 203: "Child able to assent", 204: "Approved consent version",
    205: "First protocol procedure", 206: "Histology", 207: "Histology report", 208: "Primary site", 209: "Clinically confirmed diagnosis",
    210: "Disease status", 211: "Risk group", 212: "Bone marrow involvement", 213: "Liver metastasis", 214: "Able to comply",
    215: "Guardian understands", 216: "Recovered from prior therapy", 217: "Child assent",
}  # fmt: skip
GIVEN = {
    301: ("Vincristine", "RxNorm", "11202"), 302: ("Ifosfamide", "RxNorm", "5657"), 303: ("Carmustine", "RxNorm", "2105"),
    304: ("Filgrastim", "RxNorm", "68442"), 305: ("Pegfilgrastim", "RxNorm", "338036"), 306: ("Temozolomide", "RxNorm", "37776"),
    307: ("Pazopanib", "RxNorm", "714438"),
}  # fmt: skip
DONE = {401: "Other local radiotherapy", 402: "Primary tumour resection", 403: "Platelet transfusion"}
FOUND = {501: "Rhabdomyosarcoma", 502: "Peripheral neuropathy"}
STRANGE = {
    601: ("measurement", "Ferritin, second laboratory"),
    602: ("drug_exposure", "Paracetamol"),
    603: ("drug_exposure", "Study drug XK-7"),
}
UNITS = {
    901: "10*9/L", 902: "/uL", 903: "g/L", 904: "g/dL", 905: "U/L", 906: "umol/L", 907: "mg/dL", 908: "{score}", 909: "wk", 910: "[arb'U]",
}  # fmt: skip
# concept: unit, usual value, spread, upper limit; and another unit with the factor that turns the first into it
LABORATORY: dict[str, tuple[int, float, float, float | None, int, float]] = {
    "ANC": (901, 2.6, 1.1, None, 902, 1000.0),
    "Platelet count": (901, 190.0, 80.0, None, 902, 1000.0),
    "Haemoglobin": (903, 112.0, 16.0, None, 904, 0.1),
    "ALT": (905, 28.0, 30.0, 39.0, 910, 1.0),
    "AST": (905, 31.0, 25.0, 48.0, 910, 1.0),
    "Total bilirubin": (906, 9.0, 6.0, 17.0, 907, 0.05848),
    "Creatinine": (906, 33.0, 12.0, 53.0, 907, 0.01131),
}
YES, NO = 4188539, 4188540
SIGNS = (4171756, 4171754, 4171755, 4172704)

Tables = dict[str, pl.DataFrame]

_SCHEMAS: dict[str, dict[str, Any]] = {
    "person": {"person_id": pl.Int64, "gender_concept_id": pl.Int64, "year_of_birth": pl.Int32, "month_of_birth": pl.Int32, "day_of_birth": pl.Int32},
    "observation_period": {"person_id": pl.Int64, "observation_period_start_date": pl.Date, "observation_period_end_date": pl.Date},
    "condition_occurrence": {
        "condition_occurrence_id": pl.Int64, "person_id": pl.Int64, "condition_concept_id": pl.Int64, "condition_start_date": pl.Date,
        "condition_end_date": pl.Date,
    },
    "drug_exposure": {
        "drug_exposure_id": pl.Int64, "person_id": pl.Int64, "drug_concept_id": pl.Int64, "drug_exposure_start_date": pl.Date,
        "drug_exposure_end_date": pl.Date,
    },
    "procedure_occurrence": {
        "procedure_occurrence_id": pl.Int64, "person_id": pl.Int64, "procedure_concept_id": pl.Int64, "procedure_date": pl.Date,
    },
    "measurement": {
        "measurement_id": pl.Int64, "person_id": pl.Int64, "measurement_concept_id": pl.Int64, "measurement_date": pl.Date,
        "operator_concept_id": pl.Int64, "value_as_number": pl.Float64, "unit_concept_id": pl.Int64, "range_high": pl.Float64,
    },
    "observation": {
        "observation_id": pl.Int64, "person_id": pl.Int64, "observation_concept_id": pl.Int64, "observation_date": pl.Date,
        "value_as_number": pl.Float64, "value_as_string": pl.String, "value_as_concept_id": pl.Int64, "unit_concept_id": pl.Int64,
    },
}  # fmt: skip


class Hospital:
    """The rows of a hospital while they are made up. `untidy` is the share of what a real warehouse gets wrong or leaves out."""

    def __init__(self, seed: int, untidy: float) -> None:
        self.chance = np.random.default_rng(seed)
        self.untidy = untidy
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _SCHEMAS}
        self.by_name = {entry[0]: number for number, entry in (MEASURED | GIVEN).items()}
        self.by_name |= {name: number for table in (STATED, DONE, FOUND) for number, name in table.items()}

    def happens(self, share: float) -> bool:
        return bool(self.chance.random() < share)

    def add(self, table: str, *row: Any) -> None:
        numbered = table not in ("person", "observation_period")
        self.rows[table].append((len(self.rows[table]) + 1, *row) if numbered else row)

    def days_ago(self, low: int, high: int) -> date:
        return ON - timedelta(days=int(self.chance.integers(low, high + 1)))

    def state(self, person: int, concept: str, day: date, said: bool | str | None) -> None:
        answer = {True: YES, False: NO}.get(said) if isinstance(said, bool) else None
        text = said if isinstance(said, str) else None
        self.add("observation", person, SITE + self.by_name[concept], day, None, text, answer, None)

    def measure(
        self, person: int, concept: str, day: date, value: float, unit: int, high: float | None, *, sign: int | None = None
    ) -> None:
        untidy = self.untidy
        used: int | None = SITE + unit
        if self.happens(untidy):
            used = [None, 0, SITE + 910, SITE + 999][int(self.chance.integers(4))]
        if self.happens(untidy / 3):
            value *= 1000
        if self.happens(untidy):
            high = None
        if self.happens(untidy):
            sign = SIGNS[int(self.chance.integers(4))]
        self.add("measurement", person, SITE + self.by_name[concept], day, sign, round(value, 3), used, high)

    def laboratory(self, person: int, back: int) -> None:
        for concept, (unit, usual, spread, high, other, factor) in LABORATORY.items():
            if self.happens(self.untidy / 2):
                continue
            for _ in range(2 if self.happens(0.4) else 1):
                value = max(usual * 0.2, self.chance.normal(usual, spread))
                day = self.days_ago(1, back)
                if self.happens(0.25) and other != 910:
                    self.measure(person, concept, day, value * factor, other, None if high is None else round(high * factor, 3))
                else:
                    self.measure(person, concept, day, value, unit, high)

    def given(self, person: int, concept: str, start: date, days: int) -> None:
        end: date | None = start + timedelta(days=days)
        if self.happens(self.untidy):
            end = None
        elif self.happens(self.untidy / 3):
            end = start - timedelta(days=2)
        self.add("drug_exposure", person, SITE + self.by_name[concept], start, end)

    def child(self, person: int) -> None:
        """One child: birth, how completely she is known, and what was done; a third have the tumour of the study."""
        birth = self.days_ago(300, 365 * 21)
        part = int(self.chance.integers(3)) if self.happens(self.untidy) else 2
        month, day = (birth.month, birth.day) if part == 2 else (birth.month, None) if part == 1 else (None, None)
        sex = [8507, 8532][int(self.chance.integers(2))] if not self.happens(self.untidy / 3) else 0
        self.add("person", person, sex, birth.year, month, day)
        if not self.happens(self.untidy):
            since = birth if self.happens(0.8) else self.days_ago(100, 900)
            since = max(since, birth)
            if self.happens(0.2):  # two periods, sometimes with a gap
                middle = since + (ON - since) // 2
                self.add("observation_period", person, since, middle)
                since = middle + timedelta(days=1 if self.happens(0.6) else 40)
            self.add("observation_period", person, since, ON + timedelta(days=10))
        if self.happens(0.35):
            self.patient(person, max(birth, ON - timedelta(days=700)))
        else:
            self.laboratory(person, 60)
            self.add("drug_exposure", person, SITE + 602, self.days_ago(5, 300), None)

    def patient(self, person: int, since: date) -> None:
        """A child with a soft tissue sarcoma, on the way into the study or not."""
        told = self.days_ago(5, 20)
        self.add("condition_occurrence", person, SITE + self.by_name["Rhabdomyosarcoma"], since, None)
        self.state(person, "Histology", since, "8910/3" if self.happens(0.85) else "9364/3")
        self.state(person, "Histology report", since, None)
        self.state(person, "Primary site", since, "C49.5")
        self.state(person, "Clinically confirmed diagnosis", told, True)
        self.state(
            person, "Disease status", told, ["relapsed", "refractory", "high_risk_remission"][int(self.chance.integers(3))]
        )
        self.state(person, "Risk group", told, "high")
        self.therapy(person, since)
        recent = self.happens(0.2)  # a course that ended some days too late for the planned infusion
        if recent:
            self.add("drug_exposure", person, SITE + 301, (day := self.days_ago(11, 15)), day)
        self.laboratory(person, 2 if recent else 6 if self.happens(0.8) else 20)
        if self.happens(0.9):
            self.measure(
                person,
                "Lansky" if self.happens(0.8) else "Karnofsky",
                self.days_ago(1, 6),
                float(self.chance.integers(4, 11) * 10),
                908,
                None,
            )
        if self.happens(0.85):
            self.measure(person, "Life expectancy", self.days_ago(1, 20), float(self.chance.integers(8, 60)), 909, None)
        for concept in ("Bone marrow involvement", "Liver metastasis"):
            if self.happens(0.85):
                self.state(person, concept, told, self.happens(0.1))
        if self.happens(0.7):
            for concept in ("Informed consent", "Guardian consent", "Child assent", "Approved consent version"):
                self.state(person, concept, told, True)
            self.state(person, "Child able to assent", told, True)
            self.state(person, "First protocol procedure", told + timedelta(days=2), None)
            for concept in ("Able to comply", "Guardian understands", "Recovered from prior therapy"):
                self.state(person, concept, told, True)

    def therapy(self, person: int, since: date) -> None:
        drugs = ["Vincristine", "Ifosfamide", "Temozolomide", "Carmustine", "Pazopanib"]
        for drug in drugs[: int(self.chance.integers(1, 4))] + (["Carmustine"] if self.happens(0.08) else []):
            start = self.days_ago(12, 400)
            self.given(person, drug, max(start, since), int(self.chance.integers(0, 6)))
        if self.happens(0.3):
            self.given(person, "Filgrastim" if self.happens(0.7) else "Pegfilgrastim", self.days_ago(1, 60), 3)
        if self.happens(0.5):
            self.add("procedure_occurrence", person, SITE + 401, self.days_ago(8, 300))
        if self.happens(0.7):
            self.add("procedure_occurrence", person, SITE + 402, self.days_ago(100, 400))
        if self.happens(0.15):
            self.add("procedure_occurrence", person, SITE + 403, self.days_ago(1, 40))
        if self.happens(0.05):
            self.add("drug_exposure", person, SITE + 603, self.days_ago(5, 60), None)

    def tables(self) -> Tables:
        found = {name: pl.DataFrame(self.rows[name], schema=schema, orient="row") for name, schema in _SCHEMAS.items()}
        for name in ("measurement", "observation", "drug_exposure"):
            column = f"{name}_id"
            # Rows are not in the order of their persons or days in a warehouse, and ids break ties.
            found[name] = found[name].with_columns(pl.Series(column, self.chance.permutation(found[name].height) + 1))
        return found


def children(count: int = 400, seed: int = 20250625, untidy: float = 0.03) -> Tables:
    """This will return the tables of a hospital with so many made-up children."""
    hospital = Hospital(seed, untidy)
    for person in range(1, count + 1):
        hospital.child(person)
    named = [(SITE + number, name, vocabulary, code) for number, (_, name, vocabulary, code) in MEASURED.items()]
    named += [(SITE + number, name, vocabulary, code) for number, (name, vocabulary, code) in GIVEN.items()]
    named += [
        (SITE + number, name, "Hospital", f"H{number}") for table in (STATED, DONE, FOUND) for number, name in table.items()
    ]
    named += [(SITE + number, name, "Hospital", f"H{number}") for number, (_, name) in STRANGE.items()]
    named += [(SITE + number, unit, "UCUM", unit) for number, unit in UNITS.items()]
    schema = {"concept_id": pl.Int64, "concept_name": pl.String, "vocabulary_id": pl.String, "concept_code": pl.String}
    return hospital.tables() | {"concept": pl.DataFrame(named, schema=schema, orient="row")}


def mapping() -> str:
    """This will return the hospital's mapping file: what no vocabulary explains."""
    by_hand = {number: name for number, (name, _, vocabulary, _) in MEASURED.items() if vocabulary == "Hospital"}
    by_hand |= {number: name for table in (STATED, DONE, FOUND) for number, name in table.items()}
    lines = [f"  omop|{SITE + number}: {name}" for number, name in sorted(by_hand.items())]
    return "\n".join(["# The hospital's own ids, and what each means.", "codes:", *lines, "ranges_are_age_specific: true", ""])


def write(folder: Path, tables: Tables) -> None:
    """This will write each table as a Parquet file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", statistics=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]), children())
    Path(sys.argv[1]).with_name("cohort_mapping.yaml").write_text(mapping(), "utf-8")
