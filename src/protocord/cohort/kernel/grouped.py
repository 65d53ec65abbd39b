"""Leaves that look at all of one person's facts together: conditions and their denials, toxicities, and which of two came first."""

from __future__ import annotations

from typing import Any

import numpy as np

from protocord.cohort.kernel.machine import day_of, key, since
from protocord.cohort.kernel.marks import ABOVE, ASKED, BY_YES, HAS, RECOVERED, SECOND, SKIPPED, WHOLE
from protocord.cohort.kinds import FALSE, TRUE, UNKNOWN, Kind, Status
from protocord.criteria.lengths import NEVER
from protocord.statistics.compiled import compiled

_YES, _NO = int(Kind.YES), int(Kind.NO)
_RECORDED, _NOT_DONE = int(Status.RECORDED), int(Status.NOT_DONE)
# Columns of the facts gathered for one leaf.
_PERSON, _ENTRY, _DAY_FIRST, _DAY_LAST, _OVER_FIRST, _OVER_LAST, _RANK, _KIND, _STATUS, _ENDED, _SAID = range(11)
_NOWHERE = NEVER + 1


@compiled
def grouped(
    facts: Any, segments: Any, forms: Any, kinds: Any, asked: Any, said: Any, at: Any, heads: Any, a: Any, b: Any, c: Any
) -> None:
    """This will fill the planes of Has, RecoveredTo and OnOrBefore in one block. `heads` has room for each person, -1 before and after."""
    for leaf_at in range(asked.leaf.size):
        rows = _gathered(facts, segments, forms, kinds, asked, said, leaf_at, at)
        following = np.empty(rows.shape[0], np.int64)
        for k in range(rows.shape[0]):  # a chain of rows for each person
            person = rows[k, _PERSON]
            following[k] = heads[person]
            heads[person] = k
        leaf, kind = asked.leaf[leaf_at], asked.kind[leaf_at]
        for k in range(rows.shape[0]):
            person = rows[k, _PERSON]
            if heads[person] < 0:
                continue
            own = _chain(rows, following, heads[person])
            heads[person] = -1
            if kind == HAS:
                bits = _has(own, asked, leaf_at)
            elif kind == RECOVERED:
                bits = _recovered(own, asked, leaf_at)
            else:
                bits = _in_order(own, asked, leaf_at)
            word, bit = person >> 6, np.uint64(1) << np.uint64(person & 63)
            if bits & 1:
                a[leaf, word] |= bit
            if bits & 2:
                b[leaf, word] |= bit
            if bits & 4:
                c[leaf, word] |= bit


@compiled
def _chain(rows: Any, following: Any, head: Any) -> Any:
    """One person's rows."""
    size, k = 0, head
    while k >= 0:
        size, k = size + 1, following[k]
    own = np.empty((size, rows.shape[1]), np.int64)
    k = head
    for place in range(size):
        for column in range(rows.shape[1]):
            own[place, column] = rows[k, column]
        k = following[k]
    return own


@compiled
def _gathered(facts: Any, segments: Any, forms: Any, kinds: Any, asked: Any, said: Any, leaf_at: Any, at: Any) -> Any:
    """The facts that a leaf looks at, one row each."""
    opens, day, kind_of_leaf = asked.opens[leaf_at], asked.day[leaf_at], asked.kind[leaf_at]
    most = 0
    for entry in range(asked.entry_at[leaf_at], asked.entry_at[leaf_at + 1]):
        segment = at[asked.concept[entry]]
        if segment >= 0:
            start, count = segments.start[segment], segments.length[segment]
            most += count - since(facts.last, start, count, opens)
    rows = np.empty((most, 11), np.int64)
    found = 0
    for entry in range(asked.entry_at[leaf_at], asked.entry_at[leaf_at + 1]):
        segment = at[asked.concept[entry]]
        if segment < 0:
            continue
        start, count = segments.start[segment], segments.length[segment]
        for i in range(since(facts.last, start, count, opens), count):
            form = facts.form[segments.at[segment, 1] + i * segments.step[segment, 1]]
            status, scaled = forms.status[form], np.int64(facts.last[start + i])
            first, last = day_of(forms.days, form, 0, scaled), day_of(forms.days, form, 2, scaled)
            value = facts.value[segments.at[segment, 2] + i * segments.step[segment, 2]]
            outcome = np.uint8(0)
            if kind_of_leaf in (HAS, RECOVERED):
                if status != _RECORDED or first > day or last < opens:
                    continue
                if kind_of_leaf == RECOVERED:
                    outcome = said[asked.row[leaf_at], value]
                    if outcome == SKIPPED:
                        continue
            rows[found, _PERSON], rows[found, _ENTRY] = facts.local[start + i], entry - asked.entry_at[leaf_at]
            rows[found, _DAY_FIRST], rows[found, _DAY_LAST] = first, last
            rows[found, _OVER_FIRST] = day_of(forms.days, form, 4, scaled)
            rows[found, _OVER_LAST] = day_of(forms.days, form, 6, scaled)
            rows[found, _RANK] = facts.rank[segments.at[segment, 0] + i * segments.step[segment, 0]]
            rows[found, _KIND], rows[found, _STATUS], rows[found, _ENDED], rows[found, _SAID] = (
                kinds[value],
                status,
                forms.ended[form],
                outcome,
            )
            found += 1
    return rows[:found]


@compiled
def _has(rows: Any, asked: Any, leaf_at: Any) -> Any:
    """A statement of presence holds unless it ended, or a later statement denies it or a condition above it."""
    opens, day, entries = asked.opens[leaf_at], asked.day[leaf_at], asked.entry_at[leaf_at]
    size = asked.entry_at[leaf_at + 1] - entries
    bits = 0
    for one in rows:
        entry = entries + one[_ENTRY]
        sure = one[_DAY_FIRST] >= opens and one[_DAY_LAST] <= day
        ended = one[_ENDED] != 0 and one[_OVER_LAST] <= day
        if sure and one[_KIND] == _NO and asked.marks[entry] & ABOVE:
            bits |= 4
        if sure and ended and one[_KIND] == _YES and asked.marks[entry] & ASKED:
            bits |= 4
        if one[_KIND] == _NO or ended:
            continue
        may_have_ended = one[_ENDED] != 0 and one[_OVER_FIRST] <= day
        own_last, own_first = key(one[_DAY_LAST], one[_RANK]), key(one[_DAY_FIRST], one[_RANK])
        denied, doubted = False, False
        for other in rows:
            if other[_KIND] == _YES or not asked.related[asked.related_at[leaf_at] + one[_ENTRY] * size + other[_ENTRY]]:
                continue
            surely = other[_KIND] == _NO and other[_DAY_FIRST] >= opens and other[_DAY_LAST] <= day
            denied = denied or (surely and key(other[_DAY_FIRST], other[_RANK]) > own_last)
            doubted = doubted or key(other[_DAY_LAST], other[_RANK]) > own_first
        if denied:
            continue
        active = sure and asked.certain[entry] != 0 and one[_KIND] == _YES and not may_have_ended and not doubted
        bits |= 1 if active else 2
    return bits


@compiled
def _recovered(rows: Any, asked: Any, leaf_at: Any) -> Any:
    """The latest record of each toxicity; one of a whole class stands for itself."""
    day, entries = asked.day[leaf_at], asked.entry_at[leaf_at]
    size = asked.entry_at[leaf_at + 1] - entries
    bits = 0
    for at in range(rows.shape[0]):
        one = rows[at]
        whole = asked.marks[entries + one[_ENTRY]] & WHOLE != 0
        first_of_group = True
        floor, top, sure = np.int64(0), np.int64(0), False
        for other_at in range(rows.shape[0]):
            other = rows[other_at]
            if not _same(one, other, whole):
                continue
            if other_at < at:
                first_of_group = False
                break
            low = key(other[_DAY_FIRST], other[_RANK])
            top = max(top, low)
            if asked.certain[entries + other[_ENTRY]] != 0 and other[_DAY_LAST] <= day:
                floor, sure = max(floor, low), True
        if not first_of_group:
            continue
        any_true, any_false, any_unknown = False, False, False
        for other in rows:
            if _same(one, other, whole) and key(min(other[_DAY_LAST], day), other[_RANK]) >= floor:
                truth = _toxicity(other, day)
                any_true, any_false = any_true or truth == TRUE, any_false or truth == FALSE
                any_unknown = any_unknown or truth == UNKNOWN
        above = sure and any_false and not any_true and not any_unknown
        fine = any_true and not any_false and not any_unknown
        superseded = False
        if above:
            for other in rows:
                overlaps = asked.related[asked.related_at[leaf_at] + one[_ENTRY] * size + other[_ENTRY]]
                if overlaps and not _same(one, other, whole) and key(other[_DAY_LAST], other[_RANK]) > top:
                    superseded = True
        if above and not superseded:
            bits |= 1
        if (above and superseded) or (not above and not fine):
            bits |= 2
    return bits


@compiled
def _same(one: Any, other: Any, whole: bool) -> bool:
    """Whether two records are of the same toxicity."""
    return one[_ENTRY] == other[_ENTRY] and (not whole or one[_RANK] == other[_RANK])


@compiled
def _toxicity(one: Any, day: Any) -> Any:
    ended = one[_ENDED] != 0
    if ended and one[_OVER_LAST] <= day:
        return TRUE
    if one[_SAID] == TRUE:
        return TRUE
    goes_on = one[_OVER_FIRST] == NEVER or (ended and one[_OVER_FIRST] > day)
    return FALSE if one[_SAID] == FALSE and goes_on else UNKNOWN


@compiled
def _in_order(rows: Any, asked: Any, leaf_at: Any) -> Any:
    """Whether the earliest fact of the first concept is not later than the earliest of the second."""
    day, entries = asked.day[leaf_at], asked.entry_at[leaf_at]
    earliest, surely, other, other_surely = _NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE
    not_done = False
    for one in rows:
        entry = entries + one[_ENTRY]
        certain, marks = asked.certain[entry] != 0, asked.marks[entry]
        usable = one[_STATUS] == _RECORDED
        if marks & SECOND:
            not_done = not_done or (certain and one[_STATUS] == _NOT_DONE)
            if usable:
                other = min(other, one[_DAY_FIRST])
                if certain:
                    other_surely = min(other_surely, one[_DAY_LAST])
        elif usable and one[_KIND] != _NO and one[_DAY_FIRST] <= day:
            earliest = min(earliest, one[_DAY_FIRST])
            if one[_DAY_LAST] <= day and certain and (marks & BY_YES == 0 or one[_KIND] == _YES):
                surely = min(surely, one[_DAY_LAST])
    if surely == _NOWHERE:
        return 0
    if other == _NOWHERE:
        return 1 if not_done else 3
    if surely <= other:
        return 1
    return 2 if other_surely != _NOWHERE and earliest > other_surely else 0
