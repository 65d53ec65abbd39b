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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from protocord.cohort.kernel.marks import BLOCK, EVERYTHING
from protocord.cohort.kernel.soundness import ALTERED, checksum, is_sealed, mapped, size_wrong
from protocord.errors import Place, Problem, SubjectProblems

Array = npt.NDArray[Any]

FOLDER, HEAD = "compact", "compact.json"
FORMAT = 3


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


_EITHER = "uint16|uint32"
_TYPES: Mapping[str, tuple[str, ...]] = {
    "facts": ("uint16", "int16", _EITHER, _EITHER, "uint32", _EITHER),
    "segments": ("int64", "int32", "int64", "int64", "int64", "int64"),
    "forms": ("int64", "bool", "bool", "bool", "int8"),
    "values": ("int8", "float64", "float64", "int8", "int32"),
    "limits": ("float64", "int8", "int16", "int16", "int8", "bool"),
    "histories": ("int64", "int32", "int64", "int64", "uint16", "int32", "int32"),
    "persons": ("int64", "int32", "int32", "int8"),
}
_FOREIGN = "is no array of this format."
_WIDTHS: Mapping[str, int] = {"segments.at": 4, "segments.step": 4, "forms.days": 8}


def open_compact(folder: Path) -> Compact:
    """This will open the compact arrays of a fact store, or of a folder that holds them alone.

    Every byte is read and held against the checksums that were written with it, and the arrays against each other: types, lengths,
    that starts and blocks are in order, counts. What is not noticed: a store made with intent to deceive, and an array that is
    altered while it is in use. Raises SubjectProblems, naming each file that is wrong and the remedy, also where there are no arrays
    or an earlier version wrote them.
    """
    place = folder / FOLDER if (folder / FOLDER / HEAD).is_file() else folder
    try:
        head = json.loads((place / HEAD).read_text(encoding="utf-8"))
    except OSError:
        raise _problems({folder: "there are no compact arrays here."}) from None
    except ValueError:
        raise _problems({place / HEAD: ALTERED}) from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        made = head.get("format") if isinstance(head, dict) else None
        raise _problems({folder: f"the compact arrays have format {made}, not {FORMAT}."})
    if not is_sealed(head):
        raise _problems({place / HEAD: ALTERED})
    arrays: dict[str, Array] = {}
    wrong: dict[Path, str] = {}
    for name in (f"{part}.{one}" for part, kind in PARTS.items() for one in kind._fields):
        path = place / f"{name}.npy"
        try:
            arrays[name] = _array(path, head["arrays"][name])
        except (OSError, ValueError) as why:
            wrong[path] = why.strerror or str(why) if isinstance(why, OSError) else str(why)
    if wrong:
        raise _problems(wrong)
    parts = {name: part(*(arrays[f"{name}.{one}"] for one in part._fields)) for name, part in PARTS.items()}
    compact = Compact(place, **parts, codes=tuple(head["codes"]))
    flaws = dict(_misshapen(compact)) or dict(_disordered(compact, head))
    if flaws:
        raise _problems({place / f"{name}.npy": what for name, what in flaws.items()})
    return compact


def _problems(wrong: Mapping[Path, str]) -> SubjectProblems:
    remedy = "Make the store anew: protocord cohort ingest SOURCE STUDY --out STORE."
    return SubjectProblems([Problem(Place(str(path)), what, remedy) for path, what in sorted(wrong.items())])


def _array(path: Path, told: Mapping[str, Any]) -> Array:
    """An array on disk as a plain array that nobody can write to. Raises ValueError, in words, where it is not what was written."""
    if wrong := size_wrong(path, told):
        raise ValueError(wrong)
    content = mapped(path)
    if checksum(content) != told["checksum"]:
        raise ValueError(ALTERED)
    with path.open("rb") as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(_FOREIGN)
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
        offset = file.tell()
    if by_columns or dtype.hasobject or content.size - offset != int(np.prod(shape)) * dtype.itemsize:
        raise ValueError(_FOREIGN)
    found: Array = content[offset:].view(dtype).reshape(shape)
    found.flags.writeable = False
    return found


def _misshapen(compact: Compact) -> Iterator[tuple[str, str]]:
    """Arrays of another type or width than the kernel reads, and columns of one table that differ in length."""
    for name, part in PARTS.items():
        columns = getattr(compact, name)
        for one, kinds, array in zip(part._fields, _TYPES[name], columns, strict=True):
            wide = _WIDTHS.get(f"{name}.{one}")
            if array.dtype.name not in kinds.split("|") or array.shape[1:] != ((wide,) if wide else ()):
                yield f"{name}.{one}", f"holds {array.dtype.name} of shape {array.shape}, not {kinds.replace('|', ' or ')}."
    facts, histories, segments = compact.facts, compact.histories, compact.segments
    tables = {
        "facts.last": [facts.local, facts.last], "segments.concept": segments[1:], "histories.concept": histories[1:4],
        "histories.local": histories[4:], "forms.days": compact.forms, "values.kind": compact.values, "limits.upper": compact.limits,
        "persons.person": compact.persons,
    }  # fmt: skip
    for name, columns in tables.items():
        if len({len(column) for column in columns}) > 1:
            yield name, "is longer or shorter than the columns beside it."


def _disordered(compact: Compact, head: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where arrays of the right types and lengths do not fit one another."""
    persons, segments, facts = compact.persons.person, compact.segments, compact.facts
    if persons.size != head["persons"] or not (persons[1:] > persons[:-1]).all():
        yield "persons.person", f"does not hold {head['persons']} persons in order."
    if facts.local.size != head["facts"]:
        yield "facts.local", f"holds {facts.local.size} facts, not {head['facts']}."
    for name, rows in (("segments", facts.local.size), ("histories", compact.histories.local.size)):
        part = getattr(compact, name)
        blocks = part.blocks
        ends = blocks.size == -(-persons.size // BLOCK) + 1 and blocks[0] == 0 and blocks[-1] == part.concept.size
        if not ends or not (blocks[1:] >= blocks[:-1]).all():
            yield f"{name}.blocks", "does not cover all persons in order."
        if not (part.concept >= EVERYTHING).all():
            yield f"{name}.concept", "holds a number that is no concept's."
        after = np.cumsum(part.length)
        if (
            not (part.length > 0).all()
            or not (part.start == after - part.length).all()
            or (after[-1] if after.size else 0) != rows
        ):
            yield f"{name}.start", "does not cover all rows in order."
    for k, name in enumerate(("rank", "form", "value", "limit")):
        at, step = segments.at[:, k], segments.step[:, k]
        beyond = at + step * (segments.length - 1) >= getattr(facts, name).size
        if (at < 0).any() or ((step != 0) & (step != 1)).any() or beyond.any():
            yield "segments.at", f"leads outside facts.{name}."
    if not ((compact.values.code >= -1) & (compact.values.code < len(compact.codes))).all():
        yield "values.code", "leads outside the list of codes."
