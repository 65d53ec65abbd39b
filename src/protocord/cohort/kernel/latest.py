"""Leaves that the latest fact decides, or all that could be it: results, statements, codes, and the age on the day of a fact.

Leaves that look at the same facts on the same day are answered together: which facts could be the latest does not depend on what is
asked of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from protocord.cohort.kernel.machine import FIRST, LAST, day_of, key, since
from protocord.cohort.kernel.marks import AGES, BY_AGE, BY_VALUE, NO_BAND, RESULTS, WORDS
from protocord.cohort.kernel.outcomes import age_outcome, completed_years, is_the_childs, outcome, written
from protocord.cohort.kinds import FALSE, TRUE, UNKNOWN, Kind, Status, Why
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.statistics.compiled import compiled

_YES, _NO, _CODE, _NUMBER = int(Kind.YES), int(Kind.NO), int(Kind.CODE), int(Kind.NUMBER)
_RECORDED, _FINE = int(Status.RECORDED), int(Why.FINE)


@compiled
def floors(facts: Any, segments: Any, forms: Any, kinds: Any, asked: Any, group: Any, at: Any, floor: Any, touched: Any) -> Any:
    """This will write for each person the first possible moment of her last fact that surely counts, and return how many have one.

    These persons stand in `touched`. A fact before the floor cannot be the latest.
    """
    met = 0
    day, opens, results = asked.day[group], asked.opens[group], asked.takes[group] == RESULTS
    for entry in range(asked.entry_at[group], asked.entry_at[group + 1]):
        segment = at[asked.concept[entry]]
        if segment < 0 or not asked.certain[entry]:
            continue
        start, count = segments.start[segment], segments.length[segment]
        rank_at, rank_step = segments.at[segment, 0], segments.step[segment, 0]
        form_at, form_step = segments.at[segment, 1], segments.step[segment, 1]
        value_at, value_step = segments.at[segment, 2], segments.step[segment, 2]
        only = facts.form[form_at]
        if form_step == 0 and (forms.status[only] != _RECORDED or forms.days[only, LAST] >= NEVER):
            continue  # none of them has a day
        for i in range(since(facts.last, start, count, opens), count):
            form = facts.form[form_at + i * form_step]
            scaled = np.int64(facts.last[start + i])
            first, last = day_of(forms.days, form, FIRST, scaled), day_of(forms.days, form, LAST, scaled)
            if first < opens or last > day or forms.status[form] != _RECORDED:
                continue
            if results:
                kind = kinds[facts.value[value_at + i * value_step]]
                if kind in (_YES, _NO, _CODE):
                    continue
            person = np.int64(facts.local[start + i])
            moment = key(first, np.int64(facts.rank[rank_at + i * rank_step]))
            if floor[person] < 0:
                touched[met] = person
                met += 1
            floor[person] = max(floor[person], moment)
    return met


@compiled
def judged(
    facts: Any, segments: Any, forms: Any, values: Any, limits: Any, born: Any, asked: Any, group: Any, at: Any,
    floor: Any, found: Any, adult: Any,
) -> None:  # fmt: skip
    """This will write what the facts say that could be the latest: three rows of bits a leaf, one an outcome.

    `born` are the block's persons, `floor` is that of `floors`, `adult` the age from which a range without an age is one's own.
    """
    day, opens, results = asked.day[group], asked.opens[group], asked.takes[group] == RESULTS
    leaves, first_leaf = asked.leaf_at[group + 1] - asked.leaf_at[group], asked.leaf_at[group]
    for k in range(3 * leaves):
        for place in range(WORDS):
            found[k, place] = 0
    for entry in range(asked.entry_at[group], asked.entry_at[group + 1]):
        segment = at[asked.concept[entry]]
        if segment < 0:
            continue
        start, count = segments.start[segment], segments.length[segment]
        rank_at, rank_step = segments.at[segment, 0], segments.step[segment, 0]
        form_at, form_step = segments.at[segment, 1], segments.step[segment, 1]
        value_at, value_step = segments.at[segment, 2], segments.step[segment, 2]
        limit_at, limit_step = segments.at[segment, 3], segments.step[segment, 3]
        for i in range(since(facts.last, start, count, opens), count):
            form = facts.form[form_at + i * form_step]
            scaled = np.int64(facts.last[start + i])
            first, last = day_of(forms.days, form, FIRST, scaled), day_of(forms.days, form, LAST, scaled)
            if first > day or last < opens or forms.status[form] != _RECORDED:
                continue
            person = np.int64(facts.local[start + i])
            if key(min(last, day), np.int64(facts.rank[rank_at + i * rank_step])) < floor[person]:
                continue
            value = facts.value[value_at + i * value_step]
            kind = values.kind[value]
            if results and kind in (_YES, _NO, _CODE):
                continue
            limit = facts.limit[limit_at + i * limit_step]
            sex = limits.range_sex[limit]
            usable = limits.upper_why[limit] == _FINE and (sex == 0 or sex == born.sex[person])
            if usable and not (limits.child[limit] and limits.band_low[limit] == NO_BAND and limits.band_high[limit] == NO_BAND):
                youngest = completed_years(written(np.int64(born.birth_last[person])), written(first))
                oldest = completed_years(written(np.int64(born.birth_first[person])), written(last))
                usable = is_the_childs(youngest, oldest, limits.band_low[limit], limits.band_high[limit], adult)
            word, bit = person >> 6, np.uint64(1) << np.uint64(person & 63)
            for k in range(leaves):
                leaf = first_leaf + k
                said: Any = np.int64(UNKNOWN)
                if asked.mode[leaf] == BY_VALUE:
                    said = np.int64(
                        asked.said[asked.row[asked.row_at[group] + (entry - asked.entry_at[group]) * leaves + k], value]
                    )
                elif asked.mode[leaf] == BY_AGE:
                    said = _age_said(
                        np.int64(born.birth_first[person]), np.int64(born.birth_last[person]), asked.operator[leaf], asked.bound[leaf],
                        asked.back[leaf], first, min(last, day),
                    )  # fmt: skip
                elif kind == _NUMBER and usable:
                    times = asked.bound[leaf] * limits.upper[limit]
                    said = outcome(asked.operator[leaf], values.low[value], values.high[value], values.strict[value], times)
                found[3 * k + said, word] |= bit


@compiled
def decide(asked: Any, group: Any, floor: Any, touched: Any, met: Any, found: Any, a: Any, b: Any, c: Any) -> None:
    """This will fill the planes of a group's leaves from what the facts say, and make `floor` ready for the next group."""
    sure = np.zeros(WORDS, np.uint64)
    for k in range(met):
        person = touched[k]
        sure[person >> 6] |= np.uint64(1) << np.uint64(person & 63)
        floor[person] = -1
    for k in range(asked.leaf_at[group + 1] - asked.leaf_at[group]):
        leaf = asked.leaf[asked.leaf_at[group] + k]
        true, false, unknown = found[3 * k + TRUE], found[3 * k + FALSE], found[3 * k + UNKNOWN]
        if asked.takes[group] == AGES:
            for word in range(WORDS):
                a[leaf, word] = false[word] | unknown[word]
                b[leaf, word] = true[word] | unknown[word]
                c[leaf, word] = sure[word]
        else:
            for word in range(WORDS):
                settled = sure[word] & ~unknown[word]
                a[leaf, word] = settled & true[word] & ~false[word]
                b[leaf, word] = settled & false[word] & ~true[word]


@compiled
def _age_said(birth_first: Any, birth_last: Any, operator: Any, bound: Any, back: Any, first: Any, last: Any) -> Any:
    """What a fact between two days says of the age on its day, or so long before, of somebody born between two days."""
    from_day = first if first <= LONG_AGO or first >= NEVER else first - back
    to_day = last if last <= LONG_AGO or last >= NEVER else last - back
    if to_day < birth_last:
        return UNKNOWN
    youngest = completed_years(written(birth_last), written(from_day))
    oldest = completed_years(written(birth_first), written(to_day))
    return age_outcome(operator, youngest, oldest, bound)
