"""Answer a program from a compact fact store: planes, gates and answers, block by block, on one or two threads.

Each block is answered alone, so no answer depends on blocks or threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.kernel.circuits import AND, OR, Circuits, circuits
from protocord.cohort.kernel.compact import BLOCK, NO_DAY, PARTS, WORDS, Compact
from protocord.cohort.kernel.grouped import grouped
from protocord.cohort.kernel.machine import births, covered, find, judged, presence, washouts
from protocord.cohort.kernel.tables import Tables, tables
from protocord.cohort.plan.answered import Answered
from protocord.cohort.plan.classes import BITS, words
from protocord.cohort.plan.planes import PLANES
from protocord.cohort.plan.program import Program
from protocord.concepts import Concepts
from protocord.statistics.compiled import compiled

THREADS = 2


def answered_by_kernel(compact: Compact, program: Program, concepts: Concepts, *, threads: int = THREADS) -> Answered:
    """This will answer a program for every person of a compact fact store, whose concepts these are.

    The same answers, and for chosen persons the same planes, as `answered_by_sql` gives over the same facts.
    """
    asked, gates = tables(program, concepts, compact), circuits(program)
    store = _store(compact)
    persons = compact.persons.person.size
    codes = np.empty((len(program.columns), persons), np.uint8)
    edges = np.linspace(0, compact.blocks, min(threads, compact.blocks or 1) + 1).astype(int)

    def part(first: int, beyond: int) -> None:
        _answer(store, asked, gates, first, beyond, codes)

    with ThreadPoolExecutor(max(1, edges.size - 1)) as pool:
        for done in [pool.submit(part, int(first), int(beyond)) for first, beyond in zip(edges, edges[1:], strict=False)]:
            done.result()
    return Answered(program, compact.persons.person, codes, lambda places: _planes_of(compact, asked, places))


def _store(compact: Compact) -> tuple[Any, ...]:
    return tuple(getattr(compact, name) for name in PARTS)


def _planes_of(compact: Compact, asked: Tables, places: npt.NDArray[np.intp]) -> pl.DataFrame:
    """The planes of the persons at these places, as `protocord.cohort.plan.planes` gives them."""
    order = np.argsort(places, kind="stable")
    count = words(asked.leaves)
    found = np.zeros((places.size, 3 * count), np.int64)
    _planes(_store(compact), asked, places[order], order, count, found)
    births_of = {
        name: pl.Series(getattr(compact.persons, name)[places]).replace(NO_DAY, None) for name in ("birth_first", "birth_last")
    }
    names = [f"{plane}_{word}" for plane in PLANES for word in range(count)]
    columns = {name: found[:, place] for place, name in enumerate(names)}
    return pl.DataFrame({"person": compact.persons.person[places], **births_of, **columns})


@compiled
def _fill(store: Any, asked: Any, block: int, at: Any, rows: Any) -> None:
    """Fill the planes of all leaves for one block: the first rows of `rows`."""
    leaves = asked.leaves
    rows[: 3 * leaves] = 0
    a, b, c = rows[:leaves], rows[leaves : 2 * leaves], rows[2 * leaves : 3 * leaves]
    covered(store, asked.needs, block, at, c)
    find(store[1], block, at)
    presence(store, asked.presence, at, a, b)
    washouts(store, asked.washouts, at, a, b)
    judged(store, asked.judged, asked.calendar, block, at, a, b, c)
    grouped(store, asked.grouped, asked.judged.said, at, a, b, c)


@compiled
def _answer(store: Any, asked: Any, gates: Any, first: int, beyond: int, codes: Any) -> None:
    """Answer every column for the persons of some blocks."""
    persons = store[6].person.size
    at = np.empty(asked.concepts + 1, np.int64)
    rows = np.zeros((gates.rows, WORDS), np.uint64)
    leaves, thresholds, many = asked.leaves, gates.births.shape[0], gates.gates.shape[0]
    rows[3 * leaves + 1] = ~np.uint64(0)
    spread = np.zeros(256, np.uint64)
    for byte in range(256):
        for bit in range(8):
            spread[byte] |= np.uint64((byte >> bit) & 1) << np.uint64(8 * bit)
    eights = np.empty(BLOCK // 8, np.uint64)
    for block in range(first, beyond):
        size = min(BLOCK, persons - block * BLOCK)
        _fill(store, asked, block, at, rows)
        born = 3 * leaves + 2
        births(store, gates.births, block, size, rows[born : born + thresholds])
        for k in range(many):
            operation = gates.gates[k, 0]
            one, other, made = rows[gates.gates[k, 1]], rows[gates.gates[k, 2]], rows[born + thresholds + k]
            if operation == AND:
                for word in range(WORDS):
                    made[word] = one[word] & other[word]
            elif operation == OR:
                for word in range(WORDS):
                    made[word] = one[word] | other[word]
            else:
                for word in range(WORDS):
                    made[word] = one[word] & ~other[word]
        for column in range(gates.outputs.shape[0]):
            low, decided = rows[gates.outputs[column, 0]].view(np.uint8), rows[gates.outputs[column, 1]].view(np.uint8)
            for byte in range(BLOCK // 8):
                eights[byte] = spread[low[byte]] | (spread[np.uint8(~decided[byte])] << np.uint64(1))
            codes[column, block * BLOCK : block * BLOCK + size] = eights.view(np.uint8)[:size]


@compiled
def _planes(store: Any, asked: Any, places: Any, order: Any, count: int, found: Any) -> None:
    """Write the words of the persons at `places`, which ascend, to the rows `order` of `found`."""
    at = np.empty(asked.concepts + 1, np.int64)
    rows = np.zeros((3 * asked.leaves, WORDS), np.uint64)
    filled = -1
    for k in range(places.size):
        block, person = places[k] // BLOCK, places[k] % BLOCK
        if block != filled:
            _fill(store, asked, block, at, rows)
            filled = block
        for plane in range(3):
            for leaf in range(asked.leaves):
                bit = np.int64((rows[plane * asked.leaves + leaf, person >> 6] >> np.uint64(person & 63)) & np.uint64(1))
                found[order[k], plane * count + leaf // BITS] |= bit << np.int64(leaf % BITS)


__all__ = ["Circuits", "answered_by_kernel"]
