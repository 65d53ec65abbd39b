"""Why a question is open, for every person at once: the kinds of reasons that the row evaluator gives, made of the facts as columns.

Each function of the language names these kinds (in brackets the concept: a = asked for, f = of the fact) while its answer is open:

| function | reasons |
| --- | --- |
| Washout | each exposure begun that may or may not violate: agent_not_stated (a), exposure_dates_missing (f), end_missing (f), exposure_date_partial (f); days not covered: history_missing, history_not_covering (a). While it is false, too |
| Ever | each exposure that may have begun: agent_not_stated (a), exposure_dates_missing (f), exposure_date_partial (f); history_missing, history_not_since_birth (a) |
| Latest | none in the look-back: no_record_in_lookback (a), record_not_done, record_excluded (f). Each that could be the latest: value_missing (f), unit_missing, unit_unknown, unit_not_measured (a), implausible (f); of several, or where none is sure: concept_not_stated (a), date_missing, date_partial (f). Each on both sides of the limit: result_undecided (f) |
| TimesULN | as Latest; no_upper_limit, sex_missing, range_for_other_sex, range_age_not_known, range_for_other_age, range_age_not_stated, range_age_uncertain (f); times_uln_undecided (f) |
| Attested | none: no_record or no_record_in_lookback (a), record_not_done, record_excluded (f); else value_missing (f), concept_not_stated (a), date_missing, date_partial (f) |
| Recorded | concept_not_stated (a), date_missing, date_partial (f) |
| CodeIn | as Attested without a look-back; code_not_readable (f) |
| Has | each presence that may hold: concept_not_stated (a), date_missing, date_partial, value_missing, end_partial (f), else statements_disagree (f); without any, each denial that may hold: concept_not_stated (a), date_missing, date_partial (f); else condition_not_stated or no_record_in_lookback (a), record_not_done, record_excluded (f) |
| RecoveredTo | each toxicity that may be above the grade: unit_missing … (a), implausible (f), grade_missing, toxicity_end_missing, toxicity_end_partial (f), concept_not_stated (a), date_missing, date_partial, toxicity_may_be_superseded (f); history_missing, history_not_covering (a). While it is false, too |
| OnOrBefore | no first: attested_no (f), else no_record (a), record_not_done, record_excluded (f). First not sure, or several: value_missing, concept_not_stated (a), date_missing, date_partial; no second: history_missing, history_not_since_birth (second); both: concept_not_stated (second), date_missing, date_partial (f), else order_unknown (a) |
| AgeInYears | birth_date_missing (Birth date), not_born, age_undecided (no concept) |
| AgeInYearsAt | none sure: no_record (a); concept_not_stated (a), date_missing, date_partial (f); birth_date_missing, not_born, age_at_undecided (a) |
| a rule's `null` | left_open (no concept) |

Which of them count for a criterion is said in `lacking`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.engines import Engine
from protocord.cohort.kinds import Status
from protocord.cohort.plan.classes import covered
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.lacking import Item, Items, term
from protocord.cohort.plan.program import Leaf
from protocord.cohort.plan.reason_cases import NO_CONCEPT, Ages, Cases, Said, cases_undecided
from protocord.cohort.plan.reason_facts import EVERYTHING, Open, Terms, facts, histories, sexes
from protocord.cohort.plan.reason_kinds import said_of
from protocord.cohort.plan.truths import Deciding, Flags
from protocord.concepts import Concepts
from protocord.criteria.lengths import LONG_AGO, Length

Rows = npt.NDArray[np.intp]
Key = tuple[int, str, int]  # place of a term, kind of reason, number of a concept


@dataclass(frozen=True, slots=True, order=True)
class Why:
    """One reason: its kind, a key of the word tables, and what it is about: the id of a concept, empty where it is about none."""

    kind: str
    concept: str


LEFT_OPEN = Why("left_open", "")

# Every kind that there is.
KINDS = (
    "no_record", "no_record_in_lookback", "record_not_done", "record_excluded", "condition_not_stated", "attested_no",
    "value_missing", "grade_missing", "unit_missing", "unit_unknown", "unit_not_measured", "implausible", "code_not_readable",
    "no_upper_limit", "sex_missing", "range_for_other_sex", "range_age_not_known", "range_for_other_age", "range_age_not_stated",
    "range_age_uncertain", "birth_date_missing", "not_born", "date_missing", "date_partial", "end_missing", "end_partial",
    "exposure_dates_missing", "exposure_date_partial", "toxicity_end_missing", "toxicity_end_partial", "toxicity_may_be_superseded",
    "concept_not_stated", "agent_not_stated", "statements_disagree", "order_unknown", "history_missing", "history_not_covering",
    "history_not_since_birth", "result_undecided", "times_uln_undecided", "age_undecided", "age_at_undecided", "left_open",
)  # fmt: skip


@dataclass(frozen=True)
class Reasons:
    """For each thing that may be missing: why, and for which rows."""

    by_item: Mapping[Item, Mapping[Why, Rows]]
    count: int

    def of(self, items: Items) -> dict[Why, Rows]:
        """This will return every reason that a column's rows lack, each with the rows, in ascending order and once each."""
        found: dict[Why, list[Rows]] = defaultdict(list)
        for item, flags in items.items():
            if item is None:
                found[LEFT_OPEN].append(np.flatnonzero(flags))
                continue
            for why, rows in self.by_item.get(item, {}).items():
                found[why].append(rows[flags[rows]])
        return {
            why: rows
            for why, parts in sorted(found.items())
            if (rows := parts[0] if len(parts) == 1 else once(parts, self.count)).size
        }


def reasons(
    engine: Engine,
    relations: Relations,
    concepts: Concepts,
    deciding: Deciding,
    persons: npt.NDArray[np.int64],
    asked: Iterable[Items],
) -> Reasons:
    """This will look up why all that `asked` (by column) lacks is open, with one query for the facts behind it.

    `persons` are those of the rows of `deciding`, in ascending order.
    """
    wanted: dict[Leaf, Flags] = {}
    limits: dict[Leaf, Flags] = {}
    for items in asked:
        for item, flags in items.items():
            if item is not None:
                into = wanted if item.operator is None else limits
                into[item] = flags if item not in into else into[item] | flags
    terms = Terms(tuple(one for one, flags in wanted.items() if flags.any()), concepts)
    open_ = Open(terms, persons, {place: wanted[one] for place, one in enumerate(terms.terms)})
    return _Asking(engine, relations, deciding, open_).reasons({one: flags for one, flags in limits.items() if flags.any()})


@dataclass(frozen=True)
class _Asking:
    engine: Engine
    relations: Relations
    deciding: Deciding
    open_: Open

    def reasons(self, limits: Mapping[Leaf, Flags]) -> Reasons:
        terms = self.open_.terms
        told = facts(self.engine, self.relations, self.open_)
        said = said_of(told, self.open_, self._ages())
        found: dict[Item, dict[Why, Rows]] = defaultdict(dict)
        for (place, kind, concept), rows in self._once(
            [*self._told_of(said.parts), *self._absent(said, told), *self._uncovered(said)]
        ):
            found[terms.terms[place]][self._why(kind, concept)] = rows
        for leaf in limits:
            place = terms.numbers[term(leaf)]
            for kind, concept, rows in cases_undecided(leaf, said.cases.get(place, Cases.none())):
                found[leaf][self._why(kind, concept)] = rows
        return Reasons(found, self.open_.persons.size)

    def _once(self, parts: Iterable[tuple[Key, Rows]]) -> Iterator[tuple[Key, Rows]]:
        """Each reason of each term with its rows, once each and in ascending order."""
        gathered: dict[Key, list[Rows]] = defaultdict(list)
        for key, rows in parts:
            if rows.size:
                gathered[key].append(rows)
        for key, several in gathered.items():
            yield key, several[0] if len(several) == 1 else once(several, self.open_.persons.size)

    def _told_of(self, parts: Iterable[pl.DataFrame]) -> Iterator[tuple[Key, Rows]]:
        for part in parts:
            keyed = part.partition_by("term", "kind", "concept", as_dict=True, include_key=False)
            for (place, kind, concept), rows in keyed.items():
                yield (place, kind, concept), once([rows["row"].to_numpy()], self.open_.persons.size)

    def _ages(self) -> Ages:
        births = (self.deciding.rows[name] for name in ("birth_first", "birth_last"))
        first, last = (one.fill_null(0).to_numpy().astype(np.int64) for one in births)
        known = self.deciding.rows["birth_first"].is_not_null().to_numpy()
        by_sex = any(one.function == "TimesULN" for one in self.open_.terms.terms)
        sex = sexes(self.engine, self.relations, self.open_) if by_sex else np.zeros(known.size, np.int8)
        return Ages(known, first, last, sex)

    def _why(self, kind: str, concept: int) -> Why:
        return Why(kind, "" if concept == NO_CONCEPT else self.open_.terms.classes.numbering.ids[concept])

    def _absent(self, said: Said, told: pl.DataFrame) -> Iterator[tuple[Key, Rows]]:
        """Where nothing at all speaks for a term: that nothing is on record, and what was set aside."""
        none: dict[int, Flags] = {}
        for place, flags in self.open_.flags.items():
            leaf = self.open_.terms.terms[place]
            kind = _nothing(leaf)
            if kind is None:
                continue
            left = flags.copy()
            if place in said.present:
                left[said.present[place]] = False
            rows = np.flatnonzero(left)
            asked = self.open_.terms.number(leaf.arguments[0])
            yield (place, kind, asked), rows
            if leaf.function != "AgeInYearsAt":
                none[place] = left
        aside = told.filter((pl.col("status") != Status.RECORDED) & ~pl.col("second"))
        not_done = pl.col("status") == Status.NOT_DONE
        kind_aside = pl.when(not_done).then(pl.lit("record_not_done")).otherwise(pl.lit("record_excluded"))
        for key, rows in self._told_of([aside.select("row", "term", kind_aside.alias("kind"), "concept")]):
            if key[0] in none:
                yield key, rows[none[key[0]][rows]]

    def _uncovered(self, said: Said) -> Iterator[tuple[Key, Rows]]:
        """Where no history covers the days that absence must be told of."""
        needs: dict[int, tuple[int, str, Rows]] = {}
        classes = self.open_.terms.classes
        for place, flags in self.open_.flags.items():
            leaf = self.open_.terms.terms[place]
            need = covered(leaf)
            if need is None or leaf.function == "Has":
                continue
            if leaf.function == "OnOrBefore":
                rows = said.second_absent.get(place, np.empty(0, np.intp))
            else:
                rows = np.flatnonzero(flags & ~self.deciding.covered(leaf))
            name, first, _ = need
            needs[place] = (
                classes.numbering.numbers[name],
                "history_not_since_birth" if first == LONG_AGO else "history_not_covering",
                rows,
            )
        if not any(rows.size for *_, rows in needs.values()):
            return
        above = {place: {number for one, names, *_ in classes.needs() if one == place for number in names} for place in needs}
        had = histories(self.engine, self.relations, self.open_, set().union(*above.values()))
        by_concept = {int(key[0]): part["row"].to_numpy() for key, part in had.partition_by("concept", as_dict=True).items()}
        for place, (asked, kind, rows) in needs.items():
            some = np.zeros(self.open_.persons.size, np.bool_)
            for concept in (*above[place], EVERYTHING):
                if concept in by_concept:
                    some[by_concept[concept]] = True
            yield (place, "history_missing", asked), rows[~some[rows]]
            yield (place, kind, asked), rows[some[rows]]


def _nothing(leaf: Leaf) -> str | None:
    """What a function says where nothing is on record; None where it says nothing of that."""
    lookback = len(leaf.arguments) > 1 and isinstance(leaf.arguments[1], Length)
    match leaf.function:
        case "Latest" | "TimesULN":
            return "no_record_in_lookback"
        case "Attested":
            return "no_record_in_lookback" if lookback else "no_record"
        case "Has":
            return "no_record_in_lookback" if lookback else "condition_not_stated"
        case "CodeIn" | "OnOrBefore" | "AgeInYearsAt":
            return "no_record"
        case _:
            return None


def once(parts: list[Rows], size: int) -> Rows:
    """This will return the rows of several parts, of so many rows at most, once each and in ascending order."""
    if sum(part.size for part in parts) * 16 < size:
        return np.unique(np.concatenate(parts)).astype(np.intp)
    flags = np.zeros(size, np.bool_)
    for part in parts:
        flags[part] = True
    return np.flatnonzero(flags)
