"""How long does the account of a large safety database take, against plain Python loops over the same events?

100,000 events of 10,000 subjects in 200 terms, made up. Ours: which are treatment-emergent, and subjects, events and worst grades for all
events, each class and each term (`emergent`, `incidence`), with exact intervals. The peer: the same subjects, events and worst grades by
loops and dictionaries, dates already parsed, without intervals. Same process, taking turns; both must agree. Limit: 1 of the peer's time.

Run: python benchmarks/bench_adverse_events.py
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from protocord.safety.event_columns import EVENTS, FOLLOWED, INFUSIONS
from protocord.safety.events import EmergentRule, emergent, incidence, on_treatment
from protocord.statistics import Results
from protocord.tables import read

LIMIT, EVENTS_MADE, SUBJECTS, TERMS, ROUNDS = 1.0, 100_000, 10_000, 200, 3
START, CUT = date(2020, 1, 1), date(2024, 12, 31)
RULE = EmergentRule("first_infusion", 30, frozenset({"possible", "probable", "definite"}))
LEVELS = ["unrelated", "unlikely", "possible", "probable", "definite"]


def main() -> None:
    """This will print the times and their ratio."""
    events, infusions, followed = made()
    ours, found = timed(lambda: count(events, infusions, followed))
    rows = parsed(events, infusions)
    peer, expected = timed(lambda: loops(rows))
    results = Results(found)
    for term, (subjects, number) in expected["term"].items():
        assert results.value("ae_incidence", "subjects", of="term", term=term, subset="any") == subjects
        assert results.value("ae_incidence", "events", of="term", term=term, subset="any") == number
    print(f"{EVENTS_MADE:,} events of {SUBJECTS:,} subjects, {TERMS} terms")
    print(f"  ours   {ours:6.2f} CPU s   {EVENTS_MADE / ours:>12,.0f} events/s")
    print(f"  loops  {peer:6.2f} CPU s   {EVENTS_MADE / peer:>12,.0f} events/s")
    print(f"  ratio  {ours / peer:6.2f}   limit {LIMIT}")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    best, found = float("inf"), None
    for _ in range(ROUNDS):
        begun = time.process_time()
        found = work()
        best = min(best, time.process_time() - begun)
    return best, found


def made() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    draw = np.random.default_rng(1)
    days = np.array([str(START + timedelta(days=int(day))) for day in range(1500)])
    names = np.array([f"S{number:05d}" for number in range(SUBJECTS)])
    term = draw.integers(0, TERMS, EVENTS_MADE)
    first = draw.integers(100, 1000, SUBJECTS)
    subject = draw.integers(0, SUBJECTS, EVENTS_MADE)
    onset = np.clip(first[subject] + draw.integers(-40, 120, EVENTS_MADE), 0, 1499)
    events = pl.DataFrame(
        {
            "subject": names[subject],
            "event": [str(number) for number in range(EVENTS_MADE)],
            "term": [f"Term {number:03d}" for number in term],
            "soc": [f"Class {number % 20:02d}" for number in term],
            "grade": draw.integers(1, 5, EVENTS_MADE),
            "grade_before": draw.integers(0, 3, EVENTS_MADE),
            "onset": days[onset],
            "serious": np.where(draw.random(EVENTS_MADE) < 0.1, "yes", "no"),
            "cause_product": np.array(LEVELS)[draw.integers(0, 5, EVENTS_MADE)],
        }
    )
    infusions = pl.DataFrame({"subject": names, "infusion": [1] * SUBJECTS, "started": days[first]})
    followed = pl.DataFrame({"subject": names, "until": [str(CUT)] * SUBJECTS})
    return read(EVENTS, events), read(INFUSIONS, infusions), read(FOLLOWED, followed)


def count(events: pl.DataFrame, infusions: pl.DataFrame, followed: pl.DataFrame) -> Any:
    treatment = on_treatment(infusions, followed, RULE, CUT)
    return incidence(emergent(events, treatment, RULE, CUT), treatment)


def parsed(events: pl.DataFrame, infusions: pl.DataFrame) -> list[tuple[Any, ...]]:
    first = {row[0]: date.fromisoformat(row[1]) for row in infusions.select("subject", "started").iter_rows()}
    rows = events.select("subject", "soc", "term", "grade", "grade_before", "onset", "serious", "cause_product").iter_rows()
    return [(*row[:5], date.fromisoformat(row[5]), *row[6:], first[row[0]]) for row in rows]


def loops(rows: list[tuple[Any, ...]]) -> dict[str, dict[str, tuple[int, int]]]:
    """The same counts, subset by subset and group by group, as one would write them without columns."""
    subsets: tuple[Callable[[Any], bool], ...] = (
        lambda _: True,
        lambda event: event[3] >= 3,
        lambda event: event[7] in RULE.related,
        lambda event: event[7] in RULE.related and event[3] >= 3,
        lambda event: event[6],
        lambda event: event[7] in RULE.related and event[6],
        lambda event: event[3] == 5,
    )
    who: list[dict[Any, set[str]]] = [defaultdict(set) for _ in subsets]
    number: list[dict[Any, int]] = [defaultdict(int) for _ in subsets]
    worst: dict[Any, int] = defaultdict(int)
    for row in rows:
        subject, soc, term, grade, before, onset, _, _, first = row
        if onset > first + timedelta(days=30) or (onset < first and grade <= before):
            continue
        for key in (("all", ""), ("soc", soc), ("term", term)):
            worst[key, subject] = max(worst[key, subject], grade)
            for place, holds in enumerate(subsets):
                if holds(row):
                    who[place][key].add(subject)
                    number[place][key] += 1
    by_grade: dict[Any, int] = defaultdict(int)
    for (key, _), grade in worst.items():
        by_grade[key, grade] += 1
    return {"term": {key[1]: (len(found), number[0][key]) for key, found in who[0].items() if key[0] == "term"}}


if __name__ == "__main__":
    main()
