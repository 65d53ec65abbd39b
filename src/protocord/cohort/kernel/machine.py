"""The machine: it fills the planes of one block's leaves from the facts, each kind of leaf in a loop of its own.

It is compiled once; what is asked stands in `Tables`. All loops go over the facts of one concept in one block, which stand together, and
write bits of persons: 64 to a word. What the planes of each leaf mean is said in `protocord.cohort.plan.hits`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from protocord.cohort.kernel.marks import AND, BASE, EARLIEST, LATEST, OR, WORDS
from protocord.cohort.kinds import Kind, Status
from protocord.criteria.lengths import LONG_AGO
from protocord.statistics.compiled import compiled

_NO = int(Kind.NO)
_RECORDED = int(Status.RECORDED)
_TILE = 128  # words of a row that are combined at a time
_KEY = 1 << 32  # ranks lie below it
FIRST, LAST, OVER_FIRST, OVER_LAST = 0, 2, 4, 6  # columns of a form's days


@compiled
def day_of(days: Any, form: Any, which: Any, scaled: Any) -> Any:
    """This will return one of a fact's days as an ordinal."""
    return days[form, which] + days[form, which + 1] * (BASE + scaled)


@compiled
def key(day: Any, rank: Any) -> Any:
    """This will return a number that orders facts by day and then by record; it is positive."""
    return (day - LONG_AGO + 1) * _KEY + rank


@compiled
def find(segments: Any, block: Any, at: Any) -> None:
    """This will write to `at` the segment of each concept in a block, -1 where it has none."""
    for concept in range(at.size):
        at[concept] = -1
    for segment in range(segments.blocks[block], segments.blocks[block + 1]):
        at[segments.concept[segment]] = segment


@compiled
def since(last: Any, start: Any, count: Any, opens: Any) -> Any:
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
def presence(facts: Any, segments: Any, forms: Any, kinds: Any, asked: Any, at: Any, a: Any, b: Any) -> None:
    """This will fill the planes of Ever and Recorded: whose facts surely, or possibly, lie in a window. `kinds` are those of values."""
    surely, maybe = np.empty(WORDS, np.uint64), np.empty(WORDS, np.uint64)
    for k in range(asked.concept.size):
        segment = at[asked.concept[k]]
        if segment < 0:
            continue
        start, count = segments.start[segment], segments.length[segment]
        form_at, form_step = segments.at[segment, 1], segments.step[segment, 1]
        value_at, value_step = segments.at[segment, 2], segments.step[segment, 2]
        for window in range(asked.window_at[k], asked.window_at[k + 1]):
            for word in range(WORDS):
                surely[word], maybe[word] = 0, 0
            opens, day, unless_no = asked.opens[window], asked.day[window], asked.unless_no[window] != 0
            for i in range(since(facts.last, start, count, opens), count):
                form = facts.form[form_at + i * form_step]
                if forms.status[form] != _RECORDED:
                    continue
                if unless_no and kinds[facts.value[value_at + i * value_step]] == _NO:
                    continue
                scaled = np.int64(facts.last[start + i])
                first, last = day_of(forms.days, form, FIRST, scaled), day_of(forms.days, form, LAST, scaled)
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
def washouts(facts: Any, segments: Any, forms: Any, kinds: Any, asked: Any, at: Any, a: Any, b: Any) -> None:
    """This will fill the planes of Washout: who surely, or possibly, had something too late."""
    for k in range(asked.concept.size):
        segment = at[asked.concept[k]]
        if segment < 0:
            continue
        start, least = segments.start[segment], asked.least[k]
        form_at, form_step = segments.at[segment, 1], segments.step[segment, 1]
        value_at, value_step = segments.at[segment, 2], segments.step[segment, 2]
        for i in range(segments.length[segment]):
            form = facts.form[form_at + i * form_step]
            scaled = np.int64(facts.last[start + i])
            over_last = day_of(forms.days, form, OVER_LAST, scaled)
            if over_last <= least or forms.status[form] != _RECORDED:
                continue
            if kinds[facts.value[value_at + i * value_step]] == _NO:
                continue
            first, last = day_of(forms.days, form, FIRST, scaled), day_of(forms.days, form, LAST, scaled)
            over_first = day_of(forms.days, form, OVER_FIRST, scaled)
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
def covered(histories: Any, needs: Any, block: Any, at: Any, reached: Any, c: Any) -> None:
    """This will fill plane c of leaves whose days histories cover: one stretch alone, or stretches of several concepts together."""
    for concept in range(at.size):
        at[concept] = -1
    windows = np.empty((needs.opens.size, WORDS), np.uint64)
    for segment in range(histories.blocks[block], histories.blocks[block + 1]):
        concept = histories.concept[segment]
        at[concept] = segment  # that of everything, -1, is the last place
        _covered_windows(histories, needs, segment, windows)
        for need in range(needs.window.size):
            for k in range(needs.concept_at[need], needs.concept_at[need + 1]):
                if needs.concept[k] == concept:
                    for word in range(WORDS):
                        c[needs.leaf[need], word] |= windows[needs.window[need], word]
    for need in range(needs.window.size):
        together = 0
        for k in range(needs.concept_at[need], needs.concept_at[need + 1]):
            together += at[needs.concept[k]] >= 0
        if together > 1:
            _covered_together(histories, needs, need, at, reached, c)


@compiled
def _covered_windows(histories: Any, needs: Any, segment: Any, windows: Any) -> None:
    """Whose stretches of one concept hold each window alone. Windows that end on one day stand together, the longest first."""
    for window in range(windows.shape[0]):
        for word in range(WORDS):
            windows[window, word] = 0
    start = histories.start[segment]
    for group in range(needs.closes.size):
        first, beyond, closes = needs.group_at[group], needs.group_at[group + 1], needs.closes[group]
        for i in range(start, start + histories.length[segment]):
            if histories.until[i] < closes:
                continue
            since_day, window = histories.since[i], first
            while window < beyond and needs.opens[window] < since_day:
                window += 1
            if window < beyond:
                person = histories.local[i]
                windows[window, person >> 6] |= np.uint64(1) << np.uint64(person & 63)
        for window in range(first + 1, beyond):  # who holds a longer one holds this one
            for word in range(WORDS):
                windows[window, word] |= windows[window - 1, word]


@compiled
def _covered_together(histories: Any, needs: Any, need: Any, at: Any, reached: Any, c: Any) -> None:
    """Stretches of different concepts that meet: the day reached so far goes on until nothing moves it."""
    first, last, leaf = needs.opens[needs.window[need]], needs.last[need], needs.leaf[need]
    for person in range(reached.size):
        reached[person] = first - 1
    moved = True
    while moved:
        moved = False
        for k in range(needs.concept_at[need], needs.concept_at[need + 1]):
            segment = at[needs.concept[k]]
            if segment < 0:
                continue
            start = histories.start[segment]
            for i in range(start, start + histories.length[segment]):
                person, until = histories.local[i], histories.until[i]
                if histories.since[i] <= reached[person] + 1 and until > reached[person]:
                    moved = moved or reached[person] < last
                    reached[person] = until
                    if until >= last:
                        c[leaf, person >> 6] |= np.uint64(1) << np.uint64(person & 63)


@compiled
def births(born: Any, thresholds: Any, rows: Any) -> None:
    """This will fill a row of bits for each threshold: whose earliest (0) or latest (1) day of birth is not after it."""
    size = born.sex.size
    for k in range(thresholds.shape[0]):
        column, day, row = born.birth_first if thresholds[k, 0] == 0 else born.birth_last, thresholds[k, 1], rows[k]
        row[size >> 6] = 0
        for word in range(size // 64):
            bits = np.uint64(0)
            for place in range(64):
                bits |= np.uint64(column[word * 64 + place] <= day) << np.uint64(place)
            row[word] = bits
        for place in range(size - size % 64, size):
            row[place >> 6] |= np.uint64(column[place] <= day) << np.uint64(place & 63)


@compiled
def combine(rows: Any, gates: Any, first: Any) -> None:
    """This will compute gates, the rows from `first` on; a part of all rows at a time, so that it stays in the processor's cache."""
    for low in range(0, WORDS, _TILE):
        for k in range(gates.shape[0]):
            operation, made = gates[k, 0], rows[first + k]
            one, other = rows[gates[k, 1]], rows[gates[k, 2]]
            if operation == AND:
                for word in range(low, low + _TILE):
                    made[word] = one[word] & other[word]
            elif operation == OR:
                for word in range(low, low + _TILE):
                    made[word] = one[word] | other[word]
            else:
                for word in range(low, low + _TILE):
                    made[word] = one[word] & ~other[word]


@compiled
def spell(rows: Any, outputs: Any, spread: Any, eights: Any, bytes_of_eights: Any, codes: Any) -> None:
    """This will write the answers of a block's persons, a byte each.

    `rows` are the rows of bits seen as bytes; `spread` gives each bit of a byte a byte of its own; `eights` is scratch space, eight
    answers a number, and `bytes_of_eights` the same seen as bytes.
    """
    size = codes.shape[1]
    for column in range(outputs.shape[0]):
        low, decided = outputs[column, 0], outputs[column, 1]
        for byte in range((size + 7) // 8):
            eights[byte] = spread[rows[low, byte]] | (spread[255 - rows[decided, byte]] << np.uint64(1))
        for person in range(size):
            codes[column, person] = bytes_of_eights[person]


@compiled
def words_of(rows: Any, leaves: Any, persons: Any, bits: Any, found: Any) -> None:
    """This will write the planes of some persons of a block as words of so many bits, a row a person."""
    count = found.shape[1] // 3
    for k in range(persons.size):
        person = persons[k]
        for plane in range(3):
            for leaf in range(leaves):
                bit = np.int64((rows[plane * leaves + leaf, person >> 6] >> np.uint64(person & 63)) & np.uint64(1))
                found[k, plane * count + leaf // bits] |= bit << np.int64(leaf % bits)
