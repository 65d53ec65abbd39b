"""How many persons of a warehouse are screened in a second of processor time, by columns, against the row evaluator?

    python benchmarks/cohort/bench_screen.py [PERSONS]

Every criterion of the shipped study under every reading, on a made-up OMOP hospital (see `synthetic`). The same run compares the
answers of a sample of persons, and repeats the plan on half of the hospital: its cost should be half.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import ibis
import synthetic

import protocord
from protocord.cohort.engines import DuckDB
from protocord.cohort.plan.planes import planes
from protocord.cohort.plan.program import program
from protocord.cohort.plan.truths import answers
from protocord.cohort.sources.omop import Omop
from protocord.cohort.sources.omop_record import OmopRecords
from protocord.eligibility import screen
from protocord.exchange.mapping import SiteMapping

STUDY = "nct06848582"
INFUSION = date(2025, 6, 30)
SAMPLE = 200


def source(folder: Path, protocol: protocord.protocol.Protocol) -> Omop:
    engine = DuckDB()
    engine.read_parquet_folder(folder)
    units = {f"omop|{number}": unit for number, unit in synthetic.UNITS.items() if unit != "no such unit"}
    return Omop(engine, engine.tables(), protocol.concepts, SiteMapping(codes=synthetic.mapping(STUDY), units=units))


def main() -> None:
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    protocol = protocord.load(protocord.STUDIES / STUDY)
    asked = program(protocol, synthetic.TODAY, INFUSION)
    cost = {}
    with tempfile.TemporaryDirectory() as place:
        for count in (persons // 2, persons):
            folder = Path(place) / str(count)
            synthetic.write(folder, count)
            omop = source(folder, protocol)
            sql = ibis.to_sql(planes(asked, protocol.concepts, omop.relations()), dialect="duckdb")
            started = time.process_time()
            found = answers(asked, omop.engine.run(sql))
            cost[count] = time.process_time() - started
        rows = {row["person"]: row for row in found.head(SAMPLE).iter_rows(named=True)}
        records = OmopRecords(omop).records(list(rows))
        started = time.process_time()
        screened = {
            person: screen(protocol, record, on=synthetic.TODAY, planned_infusion=INFUSION) for person, record in records.items()
        }
        by_row = (time.process_time() - started) / len(records)
    cells = [
        (rows[person][f"{finding.criterion_id}/{finding.reading_id}"], str(finding.answer))
        for person, screening in screened.items()
        for finding in screening.findings
    ]
    by_column = cost[persons] / persons
    print(f"{persons:,} persons, {len(asked.columns)} criteria and readings, {len(asked.leaves)} questions")
    print(
        f"by columns: {1 / by_column:,.0f} persons a second of processor time; by rows: {1 / by_row:,.0f}; ratio {by_row / by_column:,.0f}"
    )
    print(f"twice the persons cost {cost[persons] / cost[persons // 2]:.2f} times as much (limit 2.2)")
    print(f"{sum(one == other for one, other in cells):,} of {len(cells):,} answers of {SAMPLE} persons equal")


if __name__ == "__main__":
    main()
