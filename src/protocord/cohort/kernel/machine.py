"""The machine: it fills the planes of one block's leaves from the facts, each kind of leaf in a loop of its own.

It is compiled once; what is asked stands in `Tables`. All loops go over the facts of one concept in one block, which stand together, and
write bits of persons: 64 to a word. What the planes of each leaf mean is said in `protocord.cohort.plan.hits`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from protocord.cohort.kernel.compact import BASE, BLOCK, EARLIEST, LATEST, WORDS
from protocord.cohort.kernel.outcomes import age_outcome, completed_years, is_the_childs, outcome
from protocord.cohort.kernel.tables import BY_AGE, BY_VALUE, SKIPPED
from protocord.cohort.normal import Kind, Status
from protocord.cohort.plan.pieces import FALSE, TRUE, UNKNOWN
from protocord.criteria.lengths import LONG_AGO, NEVER
from protocord.statistics.compiled import compiled

_NO, _NONE, _NUMBER, _UNUSABLE = int(Kind.NO), int(Kind.NONE), int(Kind.NUMBER), int(Kind.UNUSABLE)
_RECORDED = int(Status.RECORDED)
_KEY = 1 << 32  # ranks lie below it
_FIRST, _LAST, _OVER_FIRST, _OVER_LAST = 0, 2, 4, 6  # columns of a form's days


@compiled
def day_of(days: Any, form: int, which: int, scaled: int) -> int:
    """This will return one of a fact's days as an ordinal."""
    return days[form, which] + days[form, which + 1] * (BASE + scaled)


@compiled
def key(day: int, rank: int) -> int:
    """This will return a number that orders facts by day and then by record; it is positive."""
    return (day - LONG_AGO + 1) * _KEY + rank


@compiled
def find(segments: Any, block: int, at: Any) -> None:
    """This will write to `at` the segment of each concept in a block, -1 where it has none."""
    at[:] = -1
    for segment in range(segments.blocks[block], segments.blocks[block + 1]):
        at[segments.concept[segment]] = segment


@compiled
def since(last: Any, start: int, count: int, opens: int) -> int:
    """This will return the first of a segment's facts that can lie on `opens` or later."""
    scaled = min(max(opens - BASE, EARLIEST), LATEST)
    low, high = start, start + count
    while low < high:
        middle = (low + high) // 2
        if last[middle] < scaled:
            low = middle + 1
        else:
            high = middle
    return low - start


@compiled
def presence(store: Any, asked: Any, at: Any, a: Any, b: Any) -> None:
    """This will fill the planes of Ever and Recorded: whose facts surely, or possibly, lie in a window."""
    facts, segments, forms, values = store[0], store[1], store[2], store[3]
    surely, maybe = np.empty(WORDS, np.uint64), np.empty(WORDS, np.uint64)
    for k in range(asked.concept.size):
        segment = at[asked.concept[k]]
        if segment < 0:
            continue
        start, count = segments.start[segment], segments.count[segment]
        form_at, form_step = segments.at[segment, 1], segments.step[segment, 1]
        value_at, value_step = segments.at[segment, 2], segments.step[segment, 2]
        for window in range(asked.window_at[k], asked.window_at[k + 1]):
            surely[:] = 0
            maybe[:] = 0
            opens, day, unless_no = asked.opens[window], asked.day[window], asked.unless_no[window] != 0
            for i in range(since(facts.last, start, count, opens), count):
                form = facts.form[form_at + i * form_step]
                if forms.status[form] != _RECORDED:
                    continue
                if unless_no and values.kind[facts.value[value_at + i * value_step]] == _NO:
                    continue
                scaled = np.int64(facts.last[start + i])
                first, last = day_of(forms.days, form, _FIRST, scaled), day_of(forms.days, form, _LAST, scaled)
                if first <= day and last >= opens:
                    person = facts.local[start + i]
                    bit = np.uint64(1) << np.uint64(person & 63)
                    maybe[person >> 6] |= bit
                    if first >= opens and last <= day:
                        surely[person >> 6] |= bit
            for entry in range(asked.entry_at[window], asked.entry_at[window + 1]):
                leaf = asked.leaf[entry]
                for word in range(WORDS):
                    b[leaf, word] |= maybe[word]
                if asked.certain[entry]:
                    for word in range(WORDS):
                        a[leaf, word] |= surely[word]


@compiled
def washouts(store: Any, asked: Any, at: Any, a: Any, b: Any) -> None:
    """This will fill the planes of Washout: who surely, or possibly, had something too late."""
    facts, segments, forms, values = store[0], store[1], store[2], store[3]
    for k in range(asked.concept.size):
        segment = at[asked.concept[k]]
        if segment < 0:
            continue
        start, least = segments.start[segment], asked.least[k]
        form_at, form_step = segments.at[segment, 1], segments.step[segment, 1]
        value_at, value_step = segments.at[segment, 2], segments.step[segment, 2]
        for i in range(segments.count[segment]):
            form = facts.form[form_at + i * form_step]
            scaled = np.int64(facts.last[start + i])
            over_last = day_of(forms.days, form, _OVER_LAST, scaled)
            if over_last <= least or forms.status[form] != _RECORDED:
                continue
            if values.kind[facts.value[value_at + i * value_step]] == _NO:
                continue
            first, last = day_of(forms.days, form, _FIRST, scaled), day_of(forms.days, form, _LAST, scaled)
            over_first = day_of(forms.days, form, _OVER_FIRST, scaled)
            goes_on = forms.undated[form] and forms.ongoing[form]
            person = facts.local[start + i]
            word, bit = person >> 6, np.uint64(1) << np.uint64(person & 63)
            for entry in range(asked.entry_at[k], asked.entry_at[k + 1]):
                day, until, leaf = asked.day[entry], asked.until[entry], asked.leaf[entry]
                if first > day or over_last <= until:
                    continue
                began_last = asked.known[entry] if goes_on else last
                if began_last > day or over_first <= until or not asked.certain[entry]:
                    b[leaf, word] |= bit
                else:
                    a[leaf, word] |= bit


@compiled
def judged(store: Any, asked: Any, calendar: Any, block: int, at: Any, a: Any, b: Any, c: Any) -> None:
    """This will fill the planes of leaves that the latest fact decides, or all that could be it.

    Of each person the greatest moment of a fact that surely counts (the floor), and of the facts with each outcome: an outcome that
    reaches the floor is possible.
    """
    facts, segments, forms, values = store[0], store[1], store[2], store[3]
    greatest = np.full((BLOCK, 4), -1, np.int64)  # by outcome, and the floor last
    touched = np.empty(BLOCK, np.int64)
    for leaf_at in range(asked.leaf.size):
        met = 0
        day, opens, mode = asked.day[leaf_at], asked.opens[leaf_at], asked.mode[leaf_at]
        for entry in range(asked.entry_at[leaf_at], asked.entry_at[leaf_at + 1]):
            segment = at[asked.concept[entry]]
            if segment < 0:
                continue
            start, count = segments.start[segment], segments.count[segment]
            rank_at, form_at, value_at = segments.at[segment, 0], segments.at[segment, 1], segments.at[segment, 2]
            rank_step, form_step, value_step = segments.step[segment, 0], segments.step[segment, 1], segments.step[segment, 2]
            certain, row = asked.certain[entry] != 0, asked.row[entry]
            for i in range(since(facts.last, start, count, opens), count):
                form = facts.form[form_at + i * form_step]
                if forms.status[form] != _RECORDED:
                    continue
                scaled = np.int64(facts.last[start + i])
                first, last = day_of(forms.days, form, _FIRST, scaled), day_of(forms.days, form, _LAST, scaled)
                if first > day or last < opens:
                    continue
                value, person = facts.value[value_at + i * value_step], np.int64(facts.local[start + i])
                if mode == BY_VALUE:
                    said = np.int64(asked.said[row, value])
                elif mode == BY_AGE:
                    said = _age_said(store, asked, calendar, leaf_at, block * BLOCK + person, first, min(last, day))
                else:
                    limit = facts.limit[segments.at[segment, 3] + i * segments.step[segment, 3]]
                    said = _times_said(store, asked, calendar, leaf_at, block * BLOCK + person, first, last, value, limit)
                if said == SKIPPED:
                    continue
                row_of = greatest[person]
                if row_of[0] < 0 and row_of[1] < 0 and row_of[2] < 0:
                    touched[met] = person
                    met += 1
                rank = np.int64(facts.rank[rank_at + i * rank_step])
                row_of[said] = max(row_of[said], key(min(last, day), rank))
                if certain and first >= opens and last <= day:
                    row_of[3] = max(row_of[3], key(first, rank))
        leaf, aged = asked.leaf[leaf_at], mode == BY_AGE
        for place in range(met):
            person = touched[place]
            row_of = greatest[person]
            floor, sure = max(row_of[3], 0), row_of[3] >= 0
            true, false, unknown = row_of[TRUE] >= floor, row_of[FALSE] >= floor, row_of[UNKNOWN] >= floor
            word, bit = person >> 6, np.uint64(1) << np.uint64(person & 63)
            if (aged and (false or unknown)) or (not aged and sure and true and not false and not unknown):
                a[leaf, word] |= bit
            if (aged and (true or unknown)) or (not aged and sure and false and not true and not unknown):
                b[leaf, word] |= bit
            if aged and sure:
                c[leaf, word] |= bit
            row_of[:] = -1


@compiled
def _age_said(store: Any, asked: Any, calendar: Any, leaf_at: int, person: int, first: int, last: int) -> int:
    """What a fact between two days says of the age on its day, or so long before."""
    persons = store[6]
    back = asked.back[leaf_at]
    from_day = first if first <= LONG_AGO or first >= NEVER else first - back
    to_day = last if last <= LONG_AGO or last >= NEVER else last - back
    birth_first, birth_last = np.int64(persons.birth_first[person]), np.int64(persons.birth_last[person])
    if to_day < birth_last:
        return UNKNOWN
    youngest = completed_years(birth_last, from_day, calendar.start, calendar.written, calendar.common)
    oldest = completed_years(birth_first, to_day, calendar.start, calendar.written, calendar.common)
    return age_outcome(asked.operator[leaf_at], youngest, oldest, asked.bound[leaf_at])


@compiled
def _times_said(
    store: Any, asked: Any, calendar: Any, leaf_at: int, person: int, first: int, last: int, value: int, limit: int
) -> int:
    """What a result says of its multiple of the upper limit."""
    values, limits, persons = store[3], store[4], store[6]
    kind = values.kind[value]
    if kind != _NUMBER:
        return UNKNOWN if kind in (_NONE, _UNUSABLE) else SKIPPED
    birth_first, birth_last = np.int64(persons.birth_first[person]), np.int64(persons.birth_last[person])
    youngest = completed_years(birth_last, first, calendar.start, calendar.written, calendar.common)
    oldest = completed_years(birth_first, last, calendar.start, calendar.written, calendar.common)
    if not is_the_childs(
        youngest, oldest, persons.sex[person], limits.upper_why[limit], limits.band_low[limit], limits.band_high[limit],
        limits.range_sex[limit], limits.child[limit],
    ):  # fmt: skip
        return UNKNOWN
    bound = asked.bound[leaf_at] * limits.upper[limit]
    return outcome(asked.operator[leaf_at], values.low[value], values.high[value], values.strict[value], bound)


@compiled
def covered(store: Any, needs: Any, block: int, at: Any, c: Any) -> None:
    """This will fill plane c of leaves whose days histories cover: one stretch alone, or stretches of several concepts together."""
    histories = store[5]
    at[:] = -1
    for segment in range(histories.blocks[block], histories.blocks[block + 1]):
        at[histories.concept[segment]] = segment  # that of everything, -1, is the last place
    found = np.empty(WORDS, np.uint64)
    reached = np.empty(BLOCK, np.int64)
    for need in range(needs.first.size):
        first, last = needs.first[need], needs.last[need]
        found[:] = 0
        segments = 0
        for k in range(needs.concept_at[need], needs.concept_at[need + 1]):
            segment = at[needs.concept[k]]
            if segment < 0:
                continue
            segments += 1
            start = histories.start[segment]
            for i in range(start, start + histories.count[segment]):
                if histories.since[i] <= first and histories.until[i] >= last:
                    person = histories.local[i]
                    found[person >> 6] |= np.uint64(1) << np.uint64(person & 63)
        if segments > 1:
            _covered_together(histories, needs, need, at, reached, found)
        for entry in range(needs.leaf_at[need], needs.leaf_at[need + 1]):
            leaf = needs.leaf[entry]
            for word in range(WORDS):
                c[leaf, word] |= found[word]


@compiled
def _covered_together(histories: Any, needs: Any, need: int, at: Any, reached: Any, found: Any) -> None:
    """Stretches of different concepts that meet: the day reached so far goes on until nothing moves it."""
    first, last = needs.first[need], needs.last[need]
    reached[:] = first - 1
    moved = True
    while moved:
        moved = False
        for k in range(needs.concept_at[need], needs.concept_at[need + 1]):
            segment = at[needs.concept[k]]
            if segment < 0:
                continue
            start = histories.start[segment]
            for i in range(start, start + histories.count[segment]):
                person, until = histories.local[i], histories.until[i]
                if histories.since[i] <= reached[person] + 1 and until > reached[person]:
                    moved = moved or reached[person] < last
                    reached[person] = until
                    if until >= last:
                        found[person >> 6] |= np.uint64(1) << np.uint64(person & 63)


@compiled
def births(store: Any, thresholds: Any, block: int, size: int, rows: Any) -> None:
    """This will fill a row of bits for each threshold: whose earliest (0) or latest (1) day of birth is not after it."""
    persons = store[6]
    rows[:] = 0
    for k in range(thresholds.shape[0]):
        column = persons.birth_first if thresholds[k, 0] == 0 else persons.birth_last
        born, day, row = column[block * BLOCK : block * BLOCK + size], thresholds[k, 1], rows[k]
        for word in range(size // 64):
            bits = np.uint64(0)
            for place in range(64):
                bits |= np.uint64(born[word * 64 + place] <= day) << np.uint64(place)
            row[word] = bits
        for place in range(size - size % 64, size):
            row[place >> 6] |= np.uint64(born[place] <= day) << np.uint64(place & 63)
