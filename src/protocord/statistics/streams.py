"""Random numbers that do not depend on how work is divided.

One tree of seeds: a run has one seed; each named stream of it, and each block of a stream, is a child of that seed by name and
number (NumPy's SeedSequence with a spawn key). Work is cut into blocks of a fixed size, whoever computes them, in whatever order:
the numbers of block 7 are those of block 7. A shorter run is the beginning of a longer one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

GENERATOR = "PCG64DXSM"


@dataclass(frozen=True, slots=True)
class Streams:
    """The random streams of one run.

    `seed` is a whole number from 0, kept with the results; `path` leads from it to this part of the tree.

    >>> Streams(1).child("accrual").generator(0).integers(10) == Streams(1).child("accrual").generator(0).integers(10)
    np.True_
    """

    seed: int
    path: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.seed < 0:
            message = f"a seed is a whole number from 0, not {self.seed}"
            raise ValueError(message)

    def child(self, name: str | int) -> Streams:
        """This will return the part of the tree of that name or number."""
        key = name if isinstance(name, int) else zlib.crc32(name.encode())
        return Streams(self.seed, (*self.path, key))

    def generator(self, block: int) -> np.random.Generator:
        """This will return the generator of a block, in its first state."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(*self.path, block))
        return np.random.Generator(np.random.PCG64DXSM(sequence))

    def about(self) -> dict[str, str | int]:
        """This will return what a result must say of its random numbers: seed, generator, and NumPy's version."""
        return {"seed": self.seed, "generator": GENERATOR, "numpy": np.__version__}


def blocks(total: int, size: int) -> Iterator[tuple[int, int]]:
    """This will yield the number of each block and how many of its units are wanted: all, but in the last one the rest."""
    for block in range((total + size - 1) // size):
        yield block, min(size, total - block * size)
