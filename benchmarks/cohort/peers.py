"""The hand-written peers of a screening: fourteen criteria in the SQL that people write, and the tables of codes that they join.

The tables say which of the hospital's ids belong to which class, since a person writing SQL is given code lists too; they are made once,
outside the time measured. A class that may be meant by a wider id (chemotherapy, not said which) is marked as possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.engines import DuckDB
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import Protocol

ON, INFUSION = date(2025, 6, 25), date(2025, 6, 30)
# The criteria that a hospital's records can answer, each under its chosen reading: all but I01 and I13, the trial's own signatures.
CRITERIA = ("I02", "I03", "I04", "I05", "I06", "I07", "I08", "I09", "I10", "I11", "I12a", "I12b", "I12c", "I12d")
HERE = Path(__file__).parent
PEERS = {"expert": "bit_planes.sql", "obvious": "criterion_by_criterion.sql"}
GAPS = (1, 3, 14, 21, 28, 42, 56)
POSSIBLY = 20  # bit i + 20 of `exposed`: possibly

# Bit, concept, and the days that it must be over before the infusion; None: ever, by the infusion or (from bit 16) by today.
EXPOSURES = (
    (0, "Myelosuppressive chemotherapy", 21), (1, "Nitrosourea", 42), (2, "Investigational drug", 28),
    (3, "Non-chemotherapy anticancer therapy", 28), (4, "Long-acting growth factor", 14), (5, "Short-acting growth factor", 3),
    (6, "Small-port palliative radiotherapy", 14), (7, "Substantial marrow irradiation", 42), (8, "Other local radiotherapy", 14),
    (9, "Other local radiotherapy", 42), (10, "Stem cell transplantation without TBI", 56), (11, "Systemic GvHD treatment", 1),
    (12, "Investigational drug", None), (13, "Non-chemotherapy anticancer therapy", None), (14, "Allogeneic stem cell transplantation", None),
    (15, "Stem cell transplantation with TBI", None), (16, "Cancer surgery", None), (17, "Chemotherapy", None), (18, "Radiotherapy", None),
    (19, "Stem cell transplantation", None),
)  # fmt: skip
# Concept, bit of `stated` (plus 64: of `days`), how to read it, its bound, the day that it counts on, and for how many days before.
STATEMENTS: tuple[tuple[str, int, str, float | None, date, int | None], ...] = (
    ("Clinically confirmed diagnosis", 0, "answer", None, ON, None), ("Recovered from prior therapy", 2, "answer", None, INFUSION, 28),
    ("Histology", 4, "code", None, ON, None), ("Primary site", 6, "code", None, ON, None), ("Disease status", 8, "code", None, ON, None),
    ("Histology report", 10, "record", None, ON, None), ("Karnofsky", 11, "at least", 50, ON, 7), ("Lansky", 14, "at least", 50, ON, 7),
    ("Life expectancy", 17, "at least", 12, ON, 28), ("Graft versus host disease", 21, "answer", None, INFUSION, 28),
    ("Bone marrow involvement", 24, "answer", None, ON, 28), ("Liver metastasis", 27, "answer", None, ON, 28),
    ("Informed consent", 64 + 15, "record", None, ON, None), ("Karnofsky", 64 + 30, "record", None, ON, None),
    ("Lansky", 64 + 30, "record", None, ON, None),
)  # fmt: skip
CODES = {
    "Histology": (("soft_tissue_sarcoma", 1), ("sarcoma_for_review", 2)),
    "Primary site": (("bone_site", 1),),
    "Disease status": (("high_risk_relapsed_or_refractory", 1), ("status_for_review", 2)),
}
# Concept, bit of `stated`, whether its limits are counts, both limits (else multiples of the upper limit), and whether a record counts.
TESTS = (
    ("ANC", 30, True, 1.0, 0.5, 0), ("Platelet count", 34, True, 75, 20, 0), ("Total bilirubin", 38, False, 1.5, None, 0),
    ("Creatinine", 40, False, 1.5, None, 0), ("Direct bilirubin", 42, False, 1, None, 4), ("ALT", 45, False, 3, 5, 0),
    ("AST", 49, False, 3, 5, 0),
)  # fmt: skip


@dataclass(frozen=True)
class Lists:
    """The code lists of one study in one hospital."""

    protocol: Protocol
    site: SiteMapping

    def ids(self, concept: str, kind: int | None = None) -> Iterator[int]:
        """This will yield the hospital's ids of a concept; with `kind` only those from kind to kind + 9,999."""
        for key, name in self.site.codes.items():
            number = int(key.partition("|")[2])
            if name == concept and (kind is None or kind <= number < kind + 10_000):
                yield number

    def exposures(self) -> pl.DataFrame:
        """This will return exposure_class: for each id the bits that an exposure sets that ended less than so many days before."""
        rows: dict[int, dict[str, int]] = {}
        for bit, asked, gap in EXPOSURES:
            concepts = self.protocol.concepts
            certain = concepts.descendants(asked) | {asked}
            for name in certain | concepts.possible(asked):
                for number in self.ids(name):
                    row = rows.setdefault(
                        number, dict.fromkeys((*(f"within_{one}" for one in GAPS), "left_open", "ever", "ever_today"), 0)
                    )
                    mask, open_ = 1 << (bit if name in certain else bit + POSSIBLY), 1 << (bit + POSSIBLY)
                    if gap is None:
                        row["ever" if bit < 16 else "ever_today"] |= mask
                        continue
                    row["left_open"] |= open_
                    for one in GAPS:
                        row[f"within_{one}"] |= mask if gap >= one else 0
        return pl.DataFrame([{"concept_id": number} | row for number, row in sorted(rows.items())])

    def conditions(self) -> pl.DataFrame:
        """This will return condition_class: the days that count, the bits of a condition that goes on and of one that ended."""
        rows = []
        for asked, what, _, _, day, back in STATEMENTS:
            if what in (21, 24, 27):
                for name in sorted(self.protocol.concepts.descendants(asked) | {asked}):
                    window = {"opens": day - timedelta(days=back or 0), "closes": day}
                    bits = {"what": what, "ended": what + 2, "counts_ended": int(name == asked)}
                    rows += [{"concept_id": number, **window, **bits} for number in self.ids(name, 10_000)]
        return pl.DataFrame(rows)

    def statements(self) -> pl.DataFrame:
        """This will return statement_class: the days that count, where the answer goes, and how it is read."""
        concepts = self.protocol.concepts
        rows: list[dict[str, Any]] = []
        toxicities: list[tuple[str, int, str, float | None, date, int | None]] = []
        for asked, grade in (("Acute non-haematological toxicity", 1), ("Peripheral neuropathy", 2)):
            names = sorted(concepts.descendants(asked))
            toxicities += [
                (name, 20 + 128 * (len(toxicities) + at + 1), "at most", grade, ON, None) for at, name in enumerate(names)
            ]
        for name, what, kind, bound, day, back in (*STATEMENTS, *toxicities):
            opens = date(1900, 1, 1) if back is None else day - timedelta(days=back)
            pattern = concepts[name].code_pattern
            said = {
                "pattern": pattern.pattern if pattern else ".*",
                "kind": kind,
                "bound": None if bound is None else float(bound),
            }
            rows += [
                {"concept_id": number, "what": what, "opens": opens, "closes": day, **said} for number in self.ids(name, 50_000)
            ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def codes(self) -> pl.DataFrame:
        """This will return code_class: what each code of the study's lists means."""
        rows = [
            {"concept_id": number, "code": code, "said": said}
            for name, listed in CODES.items()
            for number in self.ids(name)
            for value_set, said in listed
            for code in sorted(self.protocol.value_sets[value_set].codes)
        ]
        return pl.DataFrame(rows)

    def tests(self) -> pl.DataFrame:
        """This will return test_class: the limits of each test in each unit that it is reported in; none where the unit is not usable."""
        units = {0: "", 7: ""} | {int(key.partition("|")[2]): unit for key, unit in self.site.units.items()}
        rows = []
        for name, what, counted, first, second, recorded in TESTS:
            concept = self.protocol.concepts[name]
            for unit_id, unit in sorted(units.items()):
                factor = float(concept.units[unit]) if unit in concept.units else None
                scale = factor if counted else 1.0
                bounds = [None if one is None or factor is None else one / (scale or 1.0) for one in (first, second)]
                plausible = [
                    float(one) / factor if one is not None and factor else None
                    for one in (concept.plausible.low, concept.plausible.high)
                ]
                names = (
                    "concept_id",
                    "unit_id",
                    "what",
                    "turn",
                    "bound_1",
                    "bound_2",
                    "plausible_low",
                    "plausible_high",
                    "recorded",
                )
                rows += [
                    dict(zip(names, (number, unit_id, what, 1 if counted else -1, *bounds, *plausible, recorded), strict=True))
                    for number in self.ids(name)
                ]
        return pl.DataFrame(rows, infer_schema_length=None)

    def by_name(self) -> dict[str, pl.DataFrame]:
        """This will return what an analyst keeps: lists of ids by name, factors of units, plausible limits, value sets, toxicities."""
        concepts = self.protocol.concepts
        said = {name: {name: True} for name, *_ in (*STATEMENTS, *TESTS)} | {"GvHD itself": {"Graft versus host disease": True}}
        said["Graft versus host disease"] |= dict.fromkeys(concepts.descendants("Graft versus host disease"), True)
        for _, asked, _ in EXPOSURES:
            said[asked] = dict.fromkeys(concepts.possible(asked), False) | dict.fromkeys(
                concepts.descendants(asked) | {asked}, True
            )
        lists = [
            (name, number, sure)
            for name, listed in said.items()
            for one, sure in sorted(listed.items())
            for number in self.ids(one)
        ]
        tests = [concepts[name] for name, *_ in TESTS]
        units = {int(key.partition("|")[2]): unit for key, unit in self.site.units.items()}
        factors = [
            (one.id, number, float(one.units[unit])) for one in tests for number, unit in units.items() if unit in one.units
        ]
        limits = [(one.id, _float(one.plausible.low), _float(one.plausible.high)) for one in tests]
        sets = [
            (name, code)
            for listed in CODES.values()
            for name, _ in listed
            for code in sorted(self.protocol.value_sets[name].codes)
        ]
        graded = self.statements().filter(kind="at most").select("concept_id", grade="bound")
        return {
            "codelist": pl.DataFrame(lists, schema=("list", "concept_id", "sure"), orient="row"),
            "unit_factor": pl.DataFrame(factors, schema=("list", "unit_id", "factor"), orient="row"),
            "plausible": pl.DataFrame(limits, schema=("list", "low", "high"), orient="row"),
            "value_set": pl.DataFrame(sets, schema=("list", "code"), orient="row"), "toxicity": graded,
        }  # fmt: skip


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)


def bring(engine: DuckDB, protocol: Protocol, site: SiteMapping) -> None:
    """This will give the engine the tables of codes."""
    lists = Lists(protocol, site)
    tables: Mapping[str, pl.DataFrame] = {
        "exposure_class": lists.exposures(), "condition_class": lists.conditions(), "statement_class": lists.statements(),
        "code_class": lists.codes(), "test_class": lists.tests(),
        **lists.by_name(),
    }  # fmt: skip
    for name, frame in tables.items():
        engine.bring(name, frame)


def answers(engine: DuckDB, peer: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """This will run a peer's SQL and return the persons and their answers, criteria by persons, in the order that they came."""
    found = engine.run((HERE / PEERS[peer]).read_text(encoding="utf-8"))
    return found["person_id"].to_numpy(), np.stack([found[name].to_numpy() for name in CRITERIA])
