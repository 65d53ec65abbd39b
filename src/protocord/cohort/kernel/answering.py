"""Answer a program from a compact fact store: planes, gates and answers, block by block, on one or two threads.

Each block is answered alone, so no answer depends on blocks or threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.kernel.circuits import Circuits, circuits
from protocord.cohort.kernel.compact import Array, Compact, Persons
from protocord.cohort.kernel.grouped import grouped
from protocord.cohort.kernel.latest import decide, floors, judged
from protocord.cohort.kernel.machine import births, combine, covered, find, presence, spell, washouts, words_of
from protocord.cohort.kernel.marks import AGES, BLOCK, NO_DAY, WORDS
from protocord.cohort.kernel.tables import Tables, tables
from protocord.cohort.plan.answered import Answered
from protocord.cohort.plan.classes import BITS, words
from protocord.cohort.plan.planes import PLANES
from protocord.cohort.plan.program import Program
from protocord.concepts import Concepts
from protocord.criteria.functions.results import ADULT

THREADS = 2
_ROW = WORDS + 8  # words from row to row: rows that lie a power of two apart would drive one another out of the cache
_SPREAD = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").view(np.uint64).ravel()


def answered_by_kernel(compact: Compact, program: Program, concepts: Concepts, *, threads: int = THREADS) -> Answered:
    """This will answer a program for every person of a compact fact store, whose concepts these are.

    The same answers, and for chosen persons the same planes, as `answered_by_sql` gives over the same facts.
    """
    asked, gates = tables(program, concepts, compact), circuits(program)
    codes = np.empty((len(program.columns), compact.persons.person.size), np.uint8)

    def part(blocks: range) -> None:
        machine = _Machine(compact, asked, gates.rows)
        for block in blocks:
            machine.answer(block, gates, codes[:, block * BLOCK : (block + 1) * BLOCK])

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(part, range(first, compact.blocks, threads)) for first in range(threads)]:
            done.result()
    return Answered(program, compact.persons.person, codes, lambda places: _planes_of(compact, asked, places))


class _Machine:
    """The machine on one thread: its rows of bits and its scratch space."""

    def __init__(self, compact: Compact, asked: Tables, rows: int) -> None:
        self.compact, self.asked = compact, asked
        self.rows = np.zeros((rows, _ROW), np.uint64)
        self.at = np.empty(asked.concepts + 1, np.int64)
        self.floor = np.full(BLOCK, -1, np.int64)
        self.found = np.empty((3 * max([0, *np.diff(asked.judged.leaf_at)]), WORDS), np.uint64)
        self.places = np.empty(BLOCK, np.int64)
        self.heads = np.full(BLOCK, -1, np.int64)
        self.eights = np.empty(BLOCK // 8, np.uint64)

    def fill(self, block: int) -> Persons:
        """Fill the planes of all leaves for one block, and return its persons."""
        facts, segments, forms, values = self.compact.facts, self.compact.segments, self.compact.forms, self.compact.values
        asked, leaves, at = self.asked, self.asked.leaves, self.at
        born = Persons(*(column[block * BLOCK : (block + 1) * BLOCK] for column in self.compact.persons))
        self.rows[: 3 * leaves] = 0
        a, b, c = (self.rows[plane * leaves : (plane + 1) * leaves] for plane in range(3))
        covered(self.compact.histories, asked.needs, block, at, self.places, c)
        find(segments, block, at)
        presence(facts, segments, forms, values.kind, asked.presence, at, a, b)
        washouts(facts, segments, forms, values.kind, asked.washouts, at, a, b)
        self._latest(born, a, b, c)
        grouped(facts, segments, forms, values.kind, asked.grouped, asked.judged.said, at, self.heads, a, b, c)
        return born

    def _latest(self, born: Persons, a: Array, b: Array, c: Array) -> None:
        facts, segments, forms, values = self.compact.facts, self.compact.segments, self.compact.forms, self.compact.values
        asked = self.asked.judged
        for group in range(asked.takes.size):
            met = floors(facts, segments, forms, values.kind, asked, group, self.at, self.floor, self.places)
            if met or asked.takes[group] == AGES:
                judged(
                    facts, segments, forms, values, self.compact.limits, born, asked, group, self.at, self.floor, self.found, ADULT
                )  # fmt: skip
                decide(asked, group, self.floor, self.places, met, self.found, a, b, c)

    def answer(self, block: int, gates: Circuits, codes: Array) -> None:
        """Answer every column for one block."""
        born = self.fill(block)
        first = 3 * self.asked.leaves
        self.rows[first], self.rows[first + 1] = 0, ~np.uint64(0)
        births(born, gates.births, self.rows[first + 2 :])
        combine(self.rows, gates.gates, first + 2 + gates.births.shape[0])
        spell(self.rows.view(np.uint8), gates.outputs, _SPREAD, self.eights, self.eights.view(np.uint8), codes)


def _planes_of(compact: Compact, asked: Tables, places: npt.NDArray[np.intp]) -> pl.DataFrame:
    """The planes of the persons at these places, as `protocord.cohort.plan.planes` gives them."""
    count = words(asked.leaves)
    found = np.zeros((places.size, 3 * count), np.int64)
    machine = _Machine(compact, asked, 3 * asked.leaves)
    for block in np.unique(places // BLOCK):
        machine.fill(int(block))
        chosen = np.flatnonzero(places // BLOCK == block)
        own = np.zeros((chosen.size, 3 * count), np.int64)
        words_of(machine.rows, asked.leaves, places[chosen] % BLOCK, BITS, own)
        found[chosen] = own
    births_of = {
        name: pl.Series(getattr(compact.persons, name)[places]).replace(NO_DAY, None) for name in ("birth_first", "birth_last")
    }
    names = [f"{plane}_{word}" for plane in PLANES for word in range(count)]
    columns = {name: found[:, place] for place, name in enumerate(names)}
    return pl.DataFrame({"person": compact.persons.person[places], **births_of, **columns})
