"""The compact fact store: the normal form as a few arrays on disk that a screening reads in place, a dozen bytes a fact.

Persons stand in order, in blocks of BLOCK. Within a block the facts stand by concept, and of a concept by their last possible day, so
that a rule that asks about the last week reads the facts of the last week. A fact is six small numbers:

| column | of a fact |
| --- | --- |
| local | the person's place in the block |
| last | the last day it may have begun on, from BASE on; the ends of the scale where that is not known or far off |
| rank | its place among the person's facts, which orders facts of one day |
| form | which row of `forms`: its other days, as far from `last` as they are, status, and whether it is dated, ended or goes on |
| value | which row of `values`: what it says |
| limit | which row of `limits`: the upper limit beside it, and whose it is |

A column that is the same in all facts of a concept in a block is kept once. Forms, values and limits are few: durations, and numbers of
few digits, come again and again. Nothing here depends on the day of a screening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from protocord.errors import Place, Problem, SubjectProblems

Array = npt.NDArray[Any]

FOLDER, HEAD = "compact", "compact.json"
FORMAT = 2


class Facts(NamedTuple):
    """The columns of all facts."""

    local: Array  # uint16
    last: Array  # int16
    rank: Array  # uint16; uint32 in a store that needs it, as `form` and `limit`
    form: Array
    value: Array  # uint32
    limit: Array


class Segments(NamedTuple):
    """The facts of each concept in each block: those of block b stand from blocks[b] to blocks[b + 1], `length` facts from `start` on.

    Column k of rank, form, value, limit of fact i of a segment stands at at[k] + i * step[k].
    """

    blocks: Array  # int64
    concept: Array  # int32
    start: Array  # int64
    length: Array  # int64
    at: Array  # int64, segments x 4
    step: Array  # int64, segments x 4


class Forms(NamedTuple):
    """Distinct forms: for first, last, over_first and over_last an offset and whether (1) the fact's `last` is added to it; flags."""

    days: Array  # int64, forms x 8
    undated: Array  # bool
    ended: Array  # bool
    ongoing: Array  # bool
    status: Array  # int8


class Values(NamedTuple):
    """Distinct values; `low` and `high` are not a number where there is none; `code` counts in the store's list of codes, -1 for none."""

    kind: Array  # int8
    low: Array  # float64
    high: Array  # float64
    strict: Array  # int8
    code: Array  # int32


class Limits(NamedTuple):
    """Distinct upper limits, with whom they hold for."""

    upper: Array  # float64
    upper_why: Array  # int8
    band_low: Array  # int16, NO_BAND for none
    band_high: Array  # int16
    range_sex: Array  # int8
    child: Array  # bool


class Histories(NamedTuple):
    """The stretches of each concept (-1: of everything) in each block, as in `Segments`; of one person and concept no two touch."""

    blocks: Array  # int64
    concept: Array  # int32
    start: Array  # int64
    length: Array  # int64
    local: Array  # uint16
    since: Array  # int32
    until: Array  # int32


class Persons(NamedTuple):
    """Every person: number in the source, the days that the birth may lie between (NO_DAY: not known), sex."""

    person: Array  # int64
    birth_first: Array  # int32
    birth_last: Array  # int32
    sex: Array  # int8


PARTS: Mapping[str, Any] = {
    "facts": Facts, "segments": Segments, "forms": Forms, "values": Values, "limits": Limits, "histories": Histories, "persons": Persons,
}  # fmt: skip


@dataclass(frozen=True)
class Compact:
    """A compact fact store, its arrays mapped into memory for reading. Use `open_compact`."""

    folder: Path
    facts: Facts
    segments: Segments
    forms: Forms
    values: Values
    limits: Limits
    histories: Histories
    persons: Persons
    codes: tuple[str, ...]

    @property
    def blocks(self) -> int:
        """How many blocks of persons there are."""
        return int(self.segments.blocks.size - 1)

    @property
    def size(self) -> int:
        """How many bytes all arrays hold."""
        return sum(array.nbytes for name in PARTS for array in getattr(self, name))


def open_compact(folder: Path) -> Compact:
    """This will open the compact arrays of a fact store, or of a folder that holds them alone.

    Raises SubjectProblems, with the remedy, where there are none or an earlier version wrote them.
    """
    place = folder / FOLDER if (folder / FOLDER / HEAD).is_file() else folder
    try:
        head = json.loads((place / HEAD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _problem(folder, "there are no compact arrays here.") from None
    if head.get("format") != FORMAT:
        raise _problem(folder, f"the compact arrays have format {head.get('format')}, not {FORMAT}.")
    parts = {name: part(*(_mapped(place / f"{name}.{one}.npy") for one in part._fields)) for name, part in PARTS.items()}
    return Compact(place, **parts, codes=tuple(head["codes"]))


def _problem(folder: Path, what: str) -> SubjectProblems:
    return SubjectProblems(
        [Problem(Place(str(folder)), what, "Make the store anew: protocord cohort ingest SOURCE STUDY --out STORE.")]
    )


def _mapped(path: Path) -> Array:
    """An array on disk as a plain array that nobody can write to; an empty one cannot be mapped."""
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        assert version == (1, 0)
        offset = file.tell()
    found: Array = np.empty(shape, dtype) if 0 in shape else np.asarray(np.memmap(path, dtype, "r", offset, shape))
    found.flags.writeable = False
    return found
