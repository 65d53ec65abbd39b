"""The distinct patterns of answers and how many persons have each: counts over millions of persons become counts over a few thousand rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from protocord.cohort.kernel.patterns import patterns
from protocord.cohort.plan.truths import Flags

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Patterns:
    """`codes[column, pattern]` are the distinct columns of `codes[column, person]`; `of[person]` is the pattern of each person."""

    codes: Codes
    of: npt.NDArray[np.int64]

    @classmethod
    def among(cls, codes: Codes) -> Patterns:
        """This will find the patterns in `codes[column, person]`."""
        of, distinct = patterns(codes)
        return cls(distinct, of)

    @cached_property
    def persons(self) -> npt.NDArray[np.int64]:
        """How many persons have each pattern."""
        return np.bincount(self.of, minlength=self.codes.shape[1]).astype(np.int64)

    def count(self, chosen: Flags) -> int:
        """This will return how many persons have one of the chosen patterns."""
        return int(self.persons[chosen].sum())

    def places(self, chosen: Flags) -> npt.NDArray[np.intp]:
        """This will return the places of the persons who have one of the chosen patterns, in ascending order."""
        return np.flatnonzero(chosen[self.of])
