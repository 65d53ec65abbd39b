"""Whom to look at first: candidates, near misses with the day on which they would pass, and what to look up to decide the rest.

Persons go by running numbers in the order of the list, which tell nothing about them; who is who stands in `key`, and leaves this
process only where somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from protocord.cohort.answers.mending import mendable
from protocord.cohort.answers.screened import ELIGIBLE, INELIGIBLE, OUTCOMES, Screened
from protocord.cohort.plan.truths import ANSWERS, Flags
from protocord.eligibility import Answer, Stretch, screen, timeline
from protocord.values import Language, SubjectRecord
from protocord.words import say

Records = Callable[[Sequence[int]], Mapping[int, SubjectRecord]]
Watched = Callable[[Iterable[int]], Iterable[int]]

_BATCH = 500  # records read with one query a table


@dataclass(frozen=True)
class Listing:
    """Who comes next.

    `candidates` and `near_misses` have the columns name, outcome, first_eligible, first_possible, not_met, unknown, review and one a
    criterion; `work_list` name, criterion, and what is missing. `key` maps name to person. `looked_at` of `may_pass` persons whom
    time may let in were followed day by day; `decided_missing` of `incomplete` were asked what is missing.
    """

    candidates: pl.DataFrame
    near_misses: pl.DataFrame
    work_list: pl.DataFrame
    key: Mapping[str, int]
    looked_at: int
    may_pass: int
    listed_missing: int
    incomplete: int


def listing(
    found: Screened,
    records: Records,
    *,
    limit: int,
    language: Language = "en",
    watched: Watched = iter,
) -> Listing:
    """This will return who comes next; `limit` is how many near misses are followed, and how many candidates asked what they lack.

    Candidates stand in the order eligible, review, incomplete, those with fewest unknown criteria first. Near misses are the persons
    who miss nothing but what is met on a later day: followed are those who miss fewest criteria, and they are ranked by the first
    eligible day, then by the first day on which nothing keeps them out. `watched` sees the persons that are read one by one (a progress bar).
    """
    candidates = _ordered(found, found.outcomes != INELIGIBLE)
    may = _ordered(found, mendable(found))
    followed = may[:limit]
    near = sorted(_near_misses(found, records, watched, followed), key=lambda one: one[1:])
    candidate_names = {int(found.rows["person"][row]): f"P{place:05d}" for place, row in enumerate(candidates, 1)}
    first = len(candidates) + 1
    near_names = {person: f"P{place:05d}" for place, (person, *_) in enumerate(near, first)}
    incomplete = [row for row in candidates if (found.tally.unknown[row] > 0)]
    asked = [int(found.rows["person"][row]) for row in incomplete[:limit]]
    missing = [
        (candidate_names[person], criterion, said)
        for person, criterion, said in _missing(found, records, watched, asked, language)
    ]
    return Listing(
        _table(found, candidates, list(candidate_names.values()), None),
        _table(found, [int(found.rows["person"].search_sorted(person)) for person, *_ in near], list(near_names.values()), near),
        pl.DataFrame(missing, schema={"name": pl.String, "criterion": pl.String, "missing": pl.String}, orient="row"),
        {name: person for person, name in (candidate_names | near_names).items()},
        len(followed),
        len(may),
        len(asked),
        len(incomplete),
    )


Near = tuple[int, date, date]  # person, first eligible day, first possible day; date.max where there is none


def _ordered(found: Screened, chosen: Flags) -> list[int]:
    """The rows chosen: by outcome, then those with fewest criteria in the way, then by person."""
    rows = np.flatnonzero(chosen)
    tally = found.tally
    keys = (rows, tally.review[rows], tally.unknown[rows], tally.not_met[rows], found.outcomes[rows])
    return [int(row) for row in rows[np.lexsort(keys)]]


def _near_misses(found: Screened, records: Records, watched: Watched, rows: Sequence[int]) -> Iterator[Near]:
    persons = [int(found.rows["person"][row]) for row in rows]
    for person, record in _read(records, watched, persons):
        line = timeline(found.protocol, record, on=found.on, planned_infusion=found.planned_infusion)
        if line.first_possible is not None and all(_is_mended(stretches) for stretches in line.by_criterion.values()):
            yield person, line.first_eligible or date.max, line.first_possible


def _is_mended(stretches: Sequence[Stretch]) -> bool:
    """Whether a criterion that is not met today is met some day; a bad result that merely grows too old to count mends nothing."""
    return stretches[0].answer is not Answer.NOT_MET or any(one.answer in (Answer.MET, Answer.REVIEW) for one in stretches)


def _missing(
    found: Screened, records: Records, watched: Watched, persons: Sequence[int], language: Language
) -> Iterator[tuple[int, str, str]]:
    for person, record in _read(records, watched, persons):
        for finding in screen(found.protocol, record, on=found.on, planned_infusion=found.planned_infusion).findings:
            if finding.answer is Answer.UNKNOWN:
                said = dict.fromkeys(say(reason, language) for reason in finding.missing or finding.reasons)
                for sentence in said:
                    yield person, finding.criterion_id, sentence


def _read(records: Records, watched: Watched, persons: Sequence[int]) -> Iterator[tuple[int, SubjectRecord]]:
    kept: Mapping[int, SubjectRecord] = {}
    for place, person in enumerate(watched(persons)):
        if place % _BATCH == 0:
            kept = records(persons[place : place + _BATCH])
        yield person, kept[person]


def _table(found: Screened, rows: Sequence[int], names: Sequence[str], near: Sequence[Near] | None) -> pl.DataFrame:
    """One row a person; of a candidate the first eligible day is that of the assessment, or open while something is missing."""
    outcomes = found.outcomes[list(rows)] if rows else np.empty(0, np.uint8)
    if near is None:
        eligible: list[date | None] = [found.on if outcome == ELIGIBLE else None for outcome in outcomes]
        possible: list[date | None] = [found.on] * len(rows)
    else:
        eligible = [None if day == date.max else day for _, day, _ in near]
        possible = [day for *_, day in near]
    counts = {
        name: pl.Series(getattr(found.tally, name)[list(rows)] if rows else [], dtype=pl.Int16)
        for name in ("not_met", "unknown", "review")
    }
    answers = {
        criterion: pl.Series([ANSWERS[code] for code in found.answers(criterion)[list(rows)]] if rows else [], dtype=pl.String)
        for criterion in found.criteria
    }
    return pl.DataFrame(
        {
            "name": pl.Series(names, dtype=pl.String),
            "outcome": pl.Series([OUTCOMES[outcome] for outcome in outcomes], dtype=pl.String),
            "first_eligible": pl.Series(eligible, dtype=pl.Date),
            "first_possible": pl.Series(possible, dtype=pl.Date),
            **counts,
            **answers,
        }
    )
