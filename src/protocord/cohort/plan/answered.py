"""Every person's answer to every criterion: what an engine gives, whichever it was, and all that counts and lists are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.engines import Engine
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.planes import planes
from protocord.cohort.plan.program import Program
from protocord.cohort.plan.truths import Deciding
from protocord.concepts import Concepts


@dataclass(frozen=True)
class Answered:
    """The answers of a program: `persons` in ascending order, and `codes[column, person]`: MET, NOT_MET, UNKNOWN or REVIEW.

    `planes` gives the planes (see `planes.planes`) of the persons at these places, for what asks about single leaves.
    """

    program: Program
    persons: npt.NDArray[np.int64]
    codes: npt.NDArray[np.uint8]
    planes: Callable[[npt.NDArray[np.intp]], pl.DataFrame]


def answered_by_sql(engine: Engine, relations: Relations, concepts: Concepts, program: Program) -> Answered:
    """This will answer a program for every person of a source, in one pass over its facts on the engine that holds them."""
    rows = planes(engine, program, concepts, relations)
    deciding = Deciding(program, rows)
    codes = np.empty((len(program.columns), rows.height), np.uint8)
    for place, column in enumerate(program.columns):
        codes[place] = deciding.answer(column)
    return Answered(program, rows["person"].to_numpy(), codes, lambda places: rows[places])
