"""Write a compact fact store from the normal form, batch by batch, in bounded memory.

Forms, values and limits are numbered as they are met, so their numbers depend on the order of batches; no answer does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import polars as pl

from protocord.cohort.kernel.compact import FORMAT, HEAD, PARTS, Array
from protocord.cohort.kernel.marks import BASE, BLOCK, EARLIEST, LATEST, NO_BAND, NO_DAY
from protocord.cohort.kernel.soundness import kept, sealed
from protocord.cohort.normal import FACTS, HISTORIES, PERSONS
from protocord.criteria.lengths import LONG_AGO, NEVER

_AT_ONCE = 1  # blocks that are arranged together
_SPARED = ("rank", "form", "value", "limit")  # columns kept once where a concept's facts of a block have the same
_TWO_BYTES = ("rank", "form", "limit")  # where the store's numbers allow
_COPIED = 1 << 20
_PLACES = 1 << 16  # more than concepts, days of the scale, or persons of a block
_DAYS = ("first", "last", "over_first", "over_last")


class Growing:
    """An array on disk that grows by rows, and becomes an .npy file at the end."""

    def __init__(self, path: Path, dtype: Any, width: int = 0) -> None:
        self.path, self.dtype, self.width = path, np.dtype(dtype), width
        self.rows, self.greatest = 0, 0
        self._raw = path.with_suffix(".raw")
        self._file = self._raw.open("wb")

    def add(self, rows: Array) -> None:
        """This will add rows at the end."""
        rows = np.ascontiguousarray(rows, self.dtype)
        self.rows += rows.shape[0]
        if rows.size and self.dtype.kind == "u":
            self.greatest = max(self.greatest, int(rows.max()))
        self._file.write(rows.tobytes())

    def close(self, dtype: Any = None) -> None:
        """This will write the .npy file, with numbers of another type if told."""
        self._file.close()
        kind = np.dtype(dtype or self.dtype)
        shape = (self.rows, self.width) if self.width else (self.rows,)
        with self.path.open("wb") as made, self._raw.open("rb") as raw:
            np.lib.format.write_array_header_1_0(
                made, {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
            )
            while part := raw.read(_COPIED * self.dtype.itemsize):
                made.write(np.frombuffer(part, self.dtype).astype(kind, copy=False).tobytes())
        self._raw.unlink()

    def abandon(self) -> None:
        """This will close the file without making an array of it."""
        self._file.close()


@dataclass
class _Numbered:
    """Distinct rows over some columns, each with its number."""

    columns: tuple[str, ...]
    known: pl.DataFrame = field(default_factory=pl.DataFrame)

    def numbers(self, frame: pl.DataFrame) -> pl.Series:
        """The number of each row's distinct row; new ones are numbered on."""
        names = list(self.columns)
        met = frame.select(names).unique(maintain_order=True)
        if self.known.is_empty():
            self.known = met.with_row_index("number")
        else:
            new = met.join(self.known, on=names, how="anti", nulls_equal=True, maintain_order="left")
            self.known = pl.concat([self.known, new.with_row_index("number", self.known.height)])
        found = frame.select(names).join(self.known, on=names, how="left", nulls_equal=True, maintain_order="left")
        return found["number"]

    def array(self, column: str, dtype: Any, null: Any = None) -> Array:
        if self.known.is_empty():
            return np.empty(0, dtype)
        series = self.known[column]
        return (series if null is None else series.fill_null(null)).to_numpy().astype(dtype)


class Compacting:
    """Takes the normal form in batches, persons in order and each person's rows in one batch; `finish` makes the store whole.

    A context manager: what it has open is closed when something goes wrong. Facts and histories of persons who are not among the
    persons are left out.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.persons = 0
        wide = dict.fromkeys(_SPARED, np.uint32)
        self._columns = {
            **{f"facts.{name}": Growing(folder / f"facts.{name}.npy", kind) for name, kind in {"local": np.uint16, "last": np.int16, **wide}.items()},
            **{f"segments.{name}": Growing(folder / f"segments.{name}.npy", kind, width) for name, kind, width in (
                ("concept", np.int32, 0), ("start", np.int64, 0), ("length", np.int64, 0), ("at", np.int64, 4), ("step", np.int64, 4))},
            **{f"histories.{name}": Growing(folder / f"histories.{name}.npy", kind) for name, kind in (
                ("concept", np.int32), ("start", np.int64), ("length", np.int64), ("local", np.uint16), ("since", np.int32), ("until", np.int32))},
            **{f"persons.{name}": Growing(folder / f"persons.{name}.npy", kind) for name, kind in (
                ("person", np.int64), ("birth_first", np.int32), ("birth_last", np.int32), ("sex", np.int8))},
        }  # fmt: skip
        self._blocks: dict[str, list[int]] = {"segments": [0], "histories": [0]}
        self._forms = _Numbered(
            (*tuple(f"{name}_{part}" for name in _DAYS for part in ("off", "rel")), "undated", "ended", "ongoing", "status")
        )
        self._values = _Numbered(("kind", "low", "high", "strict", "code"))
        self._limits = _Numbered(("upper", "upper_why", "band_low", "band_high", "range_sex", "child"))
        self._waiting: list[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]] = []
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """This will close every file, finished or not."""
        for column in self._columns.values():
            column.abandon()

    def add(self, persons: pl.DataFrame, facts: pl.DataFrame, histories: pl.DataFrame) -> None:
        """This will add a batch of the relations of `protocord.cohort.normal`; its persons come after those of earlier batches."""
        self._waiting.append(
            (persons.select(list(PERSONS)).sort("person"), facts.select(list(FACTS)), histories.select(list(HISTORIES)))
        )
        self._held += persons.height
        if self._held >= BLOCK * _AT_ONCE:
            self._arrange(self._held - self._held % BLOCK)

    def finish(self) -> None:
        """This will write what is left and make the arrays whole."""
        if self._held:
            self._arrange(self._held)
        wide = any(self._columns[f"facts.{name}"].greatest > np.iinfo(np.uint16).max for name in _TWO_BYTES)
        for name, column in self._columns.items():
            column.close(np.uint16 if name.removeprefix("facts.") in _TWO_BYTES and not wide else None)
        self._small()
        codes = self._codes()
        head = {"format": FORMAT, "persons": self.persons, "facts": self._columns["facts.local"].rows, "codes": codes}
        head["arrays"] = {path.stem: kept(path) for path in sorted(self.folder.glob("*.npy"))}
        (self.folder / HEAD).write_text(json.dumps(sealed(head), ensure_ascii=False) + "\n", encoding="utf-8")

    def _codes(self) -> list[str]:
        known = self._values.known
        return [] if known.is_empty() else known["code"].drop_nulls().unique(maintain_order=True).to_list()

    def _small(self) -> None:
        forms, values, limits = self._forms, self._values, self._limits
        days = [forms.array(name, np.int64) for name in forms.columns[:8]]
        codes = {code: place for place, code in enumerate(self._codes())}
        coded = [] if values.known.is_empty() else [codes.get(code, -1) for code in values.known["code"]]
        arrays = {
            "segments.blocks": np.array(self._blocks["segments"], np.int64),
            "histories.blocks": np.array(self._blocks["histories"], np.int64),
            "forms.days": np.stack(days, axis=1).reshape(-1, 8),
            **{f"forms.{name}": forms.array(name, np.bool_) for name in ("undated", "ended", "ongoing")},
            "forms.status": forms.array("status", np.int8),
            "values.kind": values.array("kind", np.int8),
            "values.low": values.array("low", np.float64, np.nan),
            "values.high": values.array("high", np.float64, np.nan),
            "values.strict": values.array("strict", np.int8),
            "values.code": np.array(coded, np.int32),
            "limits.upper": limits.array("upper", np.float64, np.nan),
            "limits.upper_why": limits.array("upper_why", np.int8),
            "limits.band_low": limits.array("band_low", np.int16, NO_BAND),
            "limits.band_high": limits.array("band_high", np.int16, NO_BAND),
            "limits.range_sex": limits.array("range_sex", np.int8),
            "limits.child": limits.array("child", np.bool_),
        }
        for name, array in arrays.items():
            np.save(self.folder / f"{name}.npy", array)
        assert {path.stem for path in self.folder.glob("*.npy")} == {
            f"{part}.{one}" for part, kind in PARTS.items() for one in kind._fields
        }

    # ---- arranging

    def _arrange(self, count: int) -> None:
        """Write the next `count` persons: whole blocks, but for the last ones of all."""
        persons, facts, histories = (pl.concat(part) for part in zip(*self._waiting, strict=True))
        later = persons[count:]
        persons = persons[:count]
        self._waiting, self._held = [], later.height
        if later.height:
            rest = later.select("person")
            self._waiting = [(later, facts.join(rest, on="person", how="semi"), histories.join(rest, on="person", how="semi"))]
        places = persons.select("person", place=pl.int_range(count, dtype=pl.Int64))
        for name, null in (("person", None), ("birth_first", NO_DAY), ("birth_last", NO_DAY), ("sex", None)):
            column = persons[name] if null is None else persons[name].fill_null(null)
            self._columns[f"persons.{name}"].add(column.to_numpy())
        self._facts(facts.join(places, on="person"), -(-count // BLOCK))
        self._histories(histories.join(places, on="person"), -(-count // BLOCK))
        self.persons += count

    def _facts(self, facts: pl.DataFrame, blocks: int) -> None:
        facts = facts.with_columns(
            rank=(pl.col("record").rank("dense").over("person") - 1).cast(pl.UInt32), scale=_scale(), **_as_forms()
        )
        numbered = {
            "form": self._forms.numbers(facts), "value": self._values.numbers(facts), "limit": self._limits.numbers(facts),
        }  # fmt: skip
        facts = facts.select("rank", "scale", local=pl.col("place") % BLOCK, segment=_segment()).with_columns(**numbered)
        # One number orders them all: segment, last day, person.
        order = (pl.col("segment") * _PLACES + (pl.col("scale").cast(pl.Int64) - EARLIEST)) * _PLACES + pl.col("local")
        facts = facts[facts.select(order).to_series().arg_sort()]
        segment, begins, counts = _runs(facts["segment"].to_numpy())
        self._columns["segments.start"].add(begins + self._columns["facts.local"].rows)
        at, step = np.empty((counts.size, 4), np.int64), np.empty((counts.size, 4), np.int64)
        first = np.zeros(facts.height, np.bool_)
        first[begins] = True
        for k, name in enumerate(_SPARED):
            values, column = facts[name].to_numpy(), self._columns[f"facts.{name}"]
            same = values == np.repeat(values[begins], counts)
            varies = ~np.logical_and.reduceat(same, begins) if begins.size else np.zeros(0, np.bool_)
            kept = np.where(varies, counts, 1)
            at[:, k], step[:, k] = np.cumsum(kept) - kept + column.rows, varies
            column.add(values[np.repeat(varies, counts) | first])
        for name, rows in (("concept", segment % _PLACES - 1), ("length", counts), ("at", at), ("step", step)):
            self._columns[f"segments.{name}"].add(rows)
        self._columns["facts.local"].add(facts["local"].to_numpy())
        self._columns["facts.last"].add(facts["scale"].to_numpy())
        self._end_blocks("segments", segment // _PLACES, blocks)

    def _histories(self, histories: pl.DataFrame, blocks: int) -> None:
        kept = histories.filter(pl.col("since") <= pl.col("until")).with_columns(segment=_segment())
        kept = kept.sort("segment", "place", "since")
        place, since, until = (kept[name].to_numpy().astype(np.int64) for name in ("place", "since", "until"))
        segments = kept["segment"].to_numpy()
        # Stretches of one person and concept that meet or overlap become one. Each person and concept lies on a stretch of its own of one
        # long line, so that the furthest day so far is that of her own stretches.
        own = np.cumsum(np.diff(segments, prepend=-1).astype(bool) | np.diff(place, prepend=-1).astype(bool)) * (4 * NEVER)
        reached = np.maximum.accumulate(own + until)
        begins = np.flatnonzero(np.append(True, own[1:] + since[1:] > reached[:-1] + 1)[: place.size])
        ends = (np.append(begins[1:], place.size) - 1)[: begins.size]
        segment, starts, counts = _runs(segments[begins])
        starts = starts + self._columns["histories.local"].rows
        for name, rows in (("concept", segment % _PLACES - 1), ("length", counts), ("start", starts)):
            self._columns[f"histories.{name}"].add(rows)
        self._columns["histories.local"].add(place[begins] % BLOCK)
        self._columns["histories.since"].add(since[begins])
        self._columns["histories.until"].add(reached[ends] - own[ends])
        self._end_blocks("histories", segment // _PLACES, blocks)

    def _end_blocks(self, part: str, block: Array, blocks: int) -> None:
        before = self._blocks[part][-1]
        self._blocks[part] += (before + np.searchsorted(block, np.arange(blocks), side="right")).tolist()


def _is_on_scale() -> pl.Expr:
    return pl.col("last").is_between(BASE + EARLIEST + 1, BASE + LATEST - 2)


def _scale() -> pl.Expr:
    """`last` on the scale of two bytes."""
    return (
        pl.when(_is_on_scale())
        .then(pl.col("last") - BASE)
        .when(pl.col("last") < BASE)
        .then(EARLIEST)
        .otherwise(LATEST)
        .cast(pl.Int16)
    )


def _as_forms() -> dict[str, pl.Expr]:
    """Each day as its distance from `last`, or as it is where that, or the day, is open."""
    made = {}
    for name in _DAYS:
        day = pl.col(name)
        relative = _is_on_scale() & (day > LONG_AGO) & (day < NEVER)
        made[f"{name}_rel"] = relative.cast(pl.Int32)
        made[f"{name}_off"] = pl.when(relative).then(day - pl.col("last")).otherwise(day)
    return made


def _segment() -> pl.Expr:
    """One number for block and concept, of which the least is -1."""
    return pl.col("place") // BLOCK * _PLACES + pl.col("concept").cast(pl.Int64) + 1


def _runs(segments: Array) -> tuple[Array, Array, Array]:
    """The distinct numbers of a sorted column, where each begins, and how often it stands there."""
    begins = np.flatnonzero(np.diff(segments, prepend=-1))
    return segments[begins], begins, np.diff(begins, append=segments.size)
