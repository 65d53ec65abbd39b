"""How long does it take to explain one child: every criterion with its reasons, and every day on which an answer changes?

Limit: 5 ms (median) for one complete child of the shipped study, screening and timeline together. Peer, in the same run: the
same answers found by deciding every criterion on every day of two years, as others do. Run: python benchmarks/bench_explain.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta

import protocord
from protocord.criteria import FactIndex
from protocord.eligibility import screen, timeline
from protocord.eligibility.deciding import deciding
from protocord.protocol import Protocol
from protocord.protocol.subjects import subject_from_data
from protocord.values import SubjectRecord

LIMIT_MS = 5.0
ON, INFUSION, DAYS = date(2025, 6, 10), date(2025, 6, 30), 730

CHILD = {
    "subject": "complete",
    "facts": [
        {"concept": "Birth date", "date": "2019-03-14"},
        {"concept": "Sex", "code": "male", "date": "2025-06-01"},
        {"concept": "Informed consent", "value": "yes", "date": "2025-06-02"},
        {"concept": "Guardian consent", "value": "yes", "date": "2025-06-02"},
        {"concept": "Approved consent version", "value": "yes", "date": "2025-06-02"},
        {"concept": "First protocol procedure", "date": "2025-06-03"},
        {"concept": "Able to comply", "value": "yes", "date": "2025-06-02"},
        {"concept": "Guardian understands", "value": "yes", "date": "2025-06-02"},
        {"concept": "Lansky", "value": "80", "date": "2025-06-08"},
        {"concept": "Life expectancy", "value": "26", "unit": "wk", "date": "2025-06-08"},
        {"concept": "Histology", "code": "8910/3", "date": "2024-01-05"},
        {"concept": "Primary site", "code": "C49.2", "date": "2024-01-05"},
        {"concept": "Disease status", "code": "relapsed", "date": "2025-05-20"},
        {"concept": "Clinically confirmed diagnosis", "value": "yes", "date": "2025-05-20"},
        {"concept": "Histology report", "date": "2024-01-09"},
        {"concept": "Cancer surgery", "date": "2024-02-01"},
        {"concept": "Vincristine", "start": "2024-02-10", "end": "2024-09-01"},
        {"concept": "Cyclophosphamide", "start": "2025-05-01", "end": "2025-06-05"},
        {"concept": "Lomustine", "date": "2025-04-20"},
        {"concept": "Filgrastim", "start": "2025-06-01", "end": "2025-06-04"},
        {"concept": "Small-port palliative radiotherapy", "start": "2025-05-01", "end": "2025-05-10"},
        {"concept": "Weight loss", "value": "1", "start": "2025-05-15", "ongoing": "yes"},
        {"concept": "Bone marrow involvement", "value": "no", "date": "2025-06-05"},
        {"concept": "Liver metastasis", "value": "no", "date": "2025-06-05"},
        {"concept": "ANC", "value": "1.2", "unit": "10*9/L", "date": "2025-06-08"},
        {"concept": "Platelet count", "value": "110", "unit": "10*9/L", "date": "2025-06-08"},
        {"concept": "Haemoglobin", "value": "98", "unit": "g/L", "date": "2025-06-08"},
        *(
            {"concept": name, "value": value, "unit": unit, "date": "2025-06-08", "range": {"high": high, "age": ["6", "12"]}}
            for name, value, unit, high in (
                ("Total bilirubin", "12", "umol/L", "20.5"),
                ("Creatinine", "35", "umol/L", "66"),
                ("ALT", "30", "U/L", "40"),
                ("AST", "28", "U/L", "40"),
            )
        ),
        {"concept": "Height", "value": "110", "unit": "cm", "date": "2025-06-08"},
        {"concept": "Weight", "value": "18.5", "unit": "kg", "date": "2025-06-08"},
    ],
    "histories": [
        {"concept": name}
        for name in (
            "Chemotherapy", "Non-chemotherapy anticancer therapy", "Investigational drug", "Haematopoietic growth factor", "Radiotherapy",
            "Stem cell transplantation", "Platelet transfusion", "Cancer surgery", "Systemic GvHD treatment",
            "Acute non-haematological toxicity", "Peripheral neuropathy", "Tolerated residual toxicity",
        )
    ],
}  # fmt: skip


def median_ms(work: Callable[[], object], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    taken = []
    for _ in range(times):
        begun = clock()
        work()
        taken.append(1000 * (clock() - begun))
    return statistics.median(taken)


def every_day(protocol: Protocol, child: SubjectRecord) -> list[list[str]]:
    """The peer: every criterion on each of `DAYS` days."""
    index = FactIndex(child, protocol.concepts)
    criteria = list(deciding(protocol, (INFUSION - ON).days))
    return [[one.answer(index, ON + timedelta(days=day), ON) for one in criteria] for day in range(DAYS)]


def main() -> None:
    protocol = protocord.load(protocord.STUDIES / "nct06848582")
    child, problems = subject_from_data(CHILD, concepts=protocol.concepts)
    assert not problems, problems
    screening = screen(protocol, child, on=ON, planned_infusion=INFUSION)
    line = timeline(protocol, child, on=ON, planned_infusion=INFUSION, until=ON + timedelta(days=DAYS - 1))
    told = every_day(protocol, child)
    for segment in line.segments:
        for day in range((segment.start - ON).days, ((segment.end or ON) - ON).days + 1):
            assert told[day] == list(segment.answers.values()), segment.start
    one = median_ms(lambda: screen(protocol, child, on=ON, planned_infusion=INFUSION), 300)
    days = median_ms(lambda: timeline(protocol, child, on=ON, planned_infusion=INFUSION), 300)

    def explain() -> object:
        return screen(protocol, child, on=ON, planned_infusion=INFUSION), timeline(
            protocol, child, on=ON, planned_infusion=INFUSION
        )

    both = median_ms(explain, 300)
    processor = median_ms(explain, 300, time.process_time)
    scan = median_ms(lambda: every_day(protocol, child), 3)
    print(
        f"outcome on {ON}: {screening.outcome}; {len(screening.findings)} criteria, {len(child.facts)} facts, {len(line.segments)} segments"
    )
    print(f"screen {one:.2f} ms, timeline {days:.2f} ms, both {both:.2f} ms; limit {LIMIT_MS} ms: {both / LIMIT_MS:.2f} of it")
    print(f"both in processor time, which a busy machine moves less: {processor:.2f} ms: {processor / LIMIT_MS:.2f} of the limit")
    print(f"every one of {DAYS} days {scan:.1f} ms, the same answers on each day: breakpoints are {scan / days:.0f} times faster")


if __name__ == "__main__":
    main()
