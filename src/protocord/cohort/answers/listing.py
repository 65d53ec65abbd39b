"""Whom to look at first: candidates, near misses with the day on which they would pass, and what to look up to decide the rest.

Persons go by running numbers in the order of the list, which tell nothing about them: whom the list holds equal stand in an order
made of the protocol and the days, not in that of their ids. Who is who stands in `key`, and leaves this process only where somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.answers.mending import Mendable
from protocord.cohort.answers.screened import ELIGIBLE, INELIGIBLE, OUTCOMES, Screened
from protocord.cohort.plan.truths import ANSWERS
from protocord.eligibility import Answer, Stretch, screen, timeline
from protocord.values import Language, SubjectRecord
from protocord.words import say

Records = Callable[[Sequence[int]], Mapping[int, SubjectRecord]]
Watched = Callable[[Iterable[int]], Iterable[int]]
Places = npt.NDArray[np.intp]  # of persons

_BATCH = 500  # records read with one query a table


@dataclass(frozen=True)
class Listing:
    """Who comes next.

    `candidates` and `near_misses` have the columns name, outcome, first_eligible, first_possible, not_met, unknown, review and one a
    criterion; `work_list` name, criterion, and what is missing. `key` has the columns name and person. `looked_at` of `may_pass`
    persons whom time may let in were followed day by day; `listed_missing` of `incomplete` were asked what is missing.
    """

    candidates: pl.DataFrame
    near_misses: pl.DataFrame
    work_list: pl.DataFrame
    key: pl.DataFrame
    looked_at: int
    may_pass: int
    listed_missing: int
    incomplete: int


def listing(
    found: Screened,
    records: Records,
    may: Mendable,
    *,
    limit: int,
    language: Language = "en",
    watched: Watched = iter,
) -> Listing:
    """This will return who comes next; `limit` is how many near misses are followed, and how many candidates asked what they lack.

    Candidates stand in the order eligible, review, incomplete, those with fewest unknown criteria first. Near misses are the persons
    who miss nothing but what is met on a later day: followed are those of `may` who may pass soonest, and they are ranked by the first
    eligible day, then by the first day on which nothing keeps them out. Among equals the order is one of the protocol
    and the days, whichever engine answered; a number tells nothing of an id. `watched` sees the persons that are read one by one (a progress bar).
    """
    candidates = _in_order(found, found.patterns.places(found.pattern_outcomes != INELIGIBLE))
    followed = _soonest(found, may)[:limit]
    near = sorted(_near_misses(found, records, watched, followed), key=lambda one: one[1:])
    names = _names(len(candidates) + len(near))
    incomplete = candidates[found.tally.unknown[found.patterns.of[candidates]] > 0]
    asked = incomplete[:limit]
    missing = pl.DataFrame(
        _missing(found, records, watched, asked, language),
        schema={"person": pl.Int64, "criterion": pl.String, "missing": pl.String},
        orient="row",
    )
    persons = found.answered.persons
    near_places = np.searchsorted(persons, np.array([person for person, *_ in near], np.int64))
    key = pl.DataFrame({"name": names, "person": np.concatenate([persons[candidates], persons[near_places]])})
    return Listing(
        _table(found, candidates, names.head(len(candidates)), None),
        _table(found, near_places, names.tail(len(near)), near),
        missing.join(key, "person", how="left", maintain_order="left").select("name", "criterion", "missing"),
        key,
        len(followed),
        len(may.places),
        len(asked),
        len(incomplete),
    )


Near = tuple[int, date, date]  # person, first eligible day, first possible day; date.max where there is none


def _names(count: int) -> pl.Series:
    """P00001, P00002, …"""
    numbers = pl.int_range(1, count + 1, eager=True).alias("name")
    return numbers.to_frame().select(pl.format("P{}", pl.col("name").cast(pl.String).str.zfill(5)).alias("name"))["name"]


def _rank(found: Screened, places: Places) -> npt.NDArray[np.int64]:
    """A number that orders persons by outcome, then those with fewest criteria in the way."""
    rank = found.pattern_outcomes.astype(np.int64)
    for count in (found.tally.not_met, found.tally.unknown, found.tally.review):
        rank = rank * (len(found.criteria) + 1) + count
    return rank[found.patterns.of[places]]


def _in_order(found: Screened, places: Places) -> Places:
    """Persons by their rank."""
    return places[np.lexsort((_shuffled(found, found.answered.persons[places]), _rank(found, places)))]


def _soonest(found: Screened, may: Mendable) -> Places:
    """Whom time may let in, the earliest possible day first, then by rank."""
    equals = _shuffled(found, found.answered.persons[may.places])
    return may.places[np.lexsort((equals, _rank(found, may.places), may.days))]


def _shuffled(found: Screened, persons: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """A number for each person's id, different for each, in an order that depends on the protocol and the days and not on that of the ids.

    Each step turns the 64 bits one to one, as SplitMix64 does (Steele, Lea and Flood 2014), with keys from a hash of these.
    """
    mixed = persons.astype(np.uint64)
    asked = f"{found.protocol.hash} {found.on} {found.planned_infusion}"
    for key in np.frombuffer(sha256(asked.encode()).digest(), "<u8"):
        mixed = mixed ^ key
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed


def _near_misses(found: Screened, records: Records, watched: Watched, places: Places) -> Iterator[Near]:
    for person, record in _read(found, records, watched, places):
        line = timeline(found.protocol, record, on=found.on, planned_infusion=found.planned_infusion)
        if line.first_possible is not None and all(_is_mended(stretches) for stretches in line.by_criterion.values()):
            yield person, line.first_eligible or date.max, line.first_possible


def _is_mended(stretches: Sequence[Stretch]) -> bool:
    """Whether a criterion that is not met today is met some day; a bad result that merely grows too old to count mends nothing."""
    return stretches[0].answer is not Answer.NOT_MET or any(one.answer in (Answer.MET, Answer.REVIEW) for one in stretches)


def _missing(
    found: Screened, records: Records, watched: Watched, places: Places, language: Language
) -> Iterator[tuple[int, str, str]]:
    for person, record in _read(found, records, watched, places):
        for finding in screen(found.protocol, record, on=found.on, planned_infusion=found.planned_infusion).findings:
            if finding.answer is Answer.UNKNOWN:
                said = dict.fromkeys(say(reason, language) for reason in finding.missing or finding.reasons)
                for sentence in said:
                    yield person, finding.criterion_id, sentence


def _read(found: Screened, records: Records, watched: Watched, places: Places) -> Iterator[tuple[int, SubjectRecord]]:
    persons = [int(person) for person in found.answered.persons[places]]
    kept: Mapping[int, SubjectRecord] = {}
    for place, person in enumerate(watched(persons)):
        if place % _BATCH == 0:
            kept = records(persons[place : place + _BATCH])
        yield person, kept[person]


def _table(found: Screened, places: Places, names: pl.Series, near: Sequence[Near] | None) -> pl.DataFrame:
    """One row a person; of a candidate the first eligible day is that of the assessment, or open while something is missing."""
    of = found.patterns.of[places]
    outcomes = found.pattern_outcomes[of]
    if near is None:
        days = pl.select(eligible=pl.when(pl.Series(outcomes == ELIGIBLE)).then(pl.lit(found.on)), possible=pl.lit(found.on))
    else:
        told = [(None if day == date.max else day, possible) for _, day, possible in near]
        days = pl.DataFrame(told, schema={"eligible": pl.Date, "possible": pl.Date}, orient="row")
    counts = {name: pl.Series(getattr(found.tally, name)[of]) for name in ("not_met", "unknown", "review")}
    answers = {criterion: _words(found.by_pattern(criterion)[of], ANSWERS) for criterion in found.criteria}
    first = {
        "name": names,
        "outcome": _words(outcomes, OUTCOMES),
        "first_eligible": days["eligible"],
        "first_possible": days["possible"],
    }
    return pl.DataFrame({**first, **counts, **answers})


def _words(codes: npt.NDArray[np.uint8], words: Sequence[str]) -> pl.Series:
    return pl.Series(words, dtype=pl.String).gather(codes)
