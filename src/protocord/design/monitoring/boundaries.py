"""A monitoring boundary as data: at which looks, which count crosses, in which direction, and from which criterion it follows.

A look at which no count can cross has the bound None, never 0: "stop at 0 responses" and "cannot stop" are different rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from protocord.values import Reason

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Direction = Literal[">=", "<="]

# Values of a criterion this near to its critical value are taken as equal to it: the difference is rounding.
TIE = 1e-11


class Criterion(Protocol):
    """What a boundary follows from: a value for every count, and the critical value at which a count crosses."""

    @property
    def kind(self) -> str:
        """Name of the rule, a key of the words."""
        ...

    @property
    def strict(self) -> bool:
        """Whether the value must exceed the critical value, or may equal it."""
        ...

    def bound(self, subjects: int) -> int | None:
        """This will return the count that crosses at so many evaluable subjects; None where none can."""
        ...


@dataclass(frozen=True, slots=True)
class Boundary:
    """Integer bounds of a count at its looks.

    `looks` are numbers of evaluable subjects, strictly increasing; `bounds` the counts that cross there, read with `direction`
    (">=": the bound or more, "<=": the bound or fewer), None where no count can cross. `counts` and `kind` are keys of the
    words. `parameters` say what the bounds follow from, as printed; `criterion`, where there is one, gives the bound at any
    other number of subjects too. Raises ValueError where looks do not increase or a bound is not a possible count.
    """

    kind: str
    looks: tuple[int, ...]
    bounds: tuple[int | None, ...]
    direction: Direction
    counts: str = "events"
    strict: bool | None = None
    parameters: Mapping[str, float | int | str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    criterion: Criterion | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.looks or len(self.looks) != len(self.bounds):
            message = "a boundary needs looks, and a bound (or None) for each of them"
            raise ValueError(message)
        check_looks(self.looks)
        for look, bound in zip(self.looks, self.bounds, strict=True):
            if bound is not None and not 0 <= bound <= look:
                message = f"a count of {bound} is not possible among {look} subjects; a look that cannot stop has the bound None"
                raise ValueError(message)

    def crossed(self, look: int, count: int) -> bool:
        """This will tell whether `count` crosses at the planned look of `look` subjects. Raises KeyError for no such look."""
        return crosses(self.at(look), count, self.direction)

    def at(self, look: int) -> int | None:
        """This will return the bound at the planned look of `look` subjects. Raises KeyError for no such look."""
        return dict(zip(self.looks, self.bounds, strict=True))[look]

    def attained(self, looks: Sequence[int]) -> Boundary:
        """This will return the same rule at the looks that were really taken, its bounds recomputed there.

        Raises ValueError where the boundary is a bare list of bounds, from which nothing follows for another number of subjects.
        """
        if self.criterion is None:
            message = f"the bounds of this {self.kind} boundary are a list; no bound follows for other looks than {self.looks}"
            raise ValueError(message)
        bounds = tuple(self.criterion.bound(look) for look in looks)
        return replace(self, looks=tuple(looks), bounds=bounds)

    def said(self) -> tuple[Reason, ...]:
        """This will return the boundary in words: one reason for the rule's direction, then one for every look."""
        how = Reason.of(
            "boundary_direction_high" if self.direction == ">=" else "boundary_direction_low", counts=f"counted_{self.counts}"
        )
        return (how, *(look_said(look, bound, self) for look, bound in zip(self.looks, self.bounds, strict=True)))

    def changes(self) -> tuple[tuple[int, int | None], ...]:
        """This will return the looks at which the bound becomes another one, with that bound, first look first."""
        found: list[tuple[int, int | None]] = []
        for look, bound in zip(self.looks, self.bounds, strict=True):
            if not found or found[-1][1] != bound:
                found.append((look, bound))
        return tuple(found)


def look_said(look: int, bound: int | None, boundary: Boundary) -> Reason:
    """This will return one look of a boundary in words."""
    if bound is None:
        return Reason.of("boundary_cannot_stop", look=look)
    kind = "boundary_stop_at_least" if boundary.direction == ">=" else "boundary_stop_at_most"
    return Reason.of(kind, look=look, bound=bound, counts=f"counted_{boundary.counts}")


def crosses(bound: int | None, count: int, direction: Direction) -> bool:
    """This will tell whether a count crosses a bound; where there is none, nothing crosses."""
    if bound is None:
        return False
    return count >= bound if direction == ">=" else count <= bound


def check_looks(looks: Sequence[int]) -> None:
    """This will raise ValueError where looks are not positive, strictly increasing whole numbers."""
    if not all(int(look) == look and look > 0 for look in looks):
        message = f"looks are numbers of evaluable subjects from 1: {list(looks)}"
        raise ValueError(message)
    if any(later <= earlier for earlier, later in pairwise(looks)):
        message = f"looks must increase: {list(looks)}"
        raise ValueError(message)


def check_rate(rate: float, what: str = "rate") -> None:
    """This will raise ValueError where a rate does not lie strictly between 0 and 1."""
    if not 0 < rate < 1:
        message = f"{what} must lie strictly between 0 and 1, not at {rate}"
        raise ValueError(message)


def exceeds(values: Floats, critical: float, *, strict: bool) -> npt.NDArray[np.bool_]:
    """This will tell which values exceed the critical one (with `strict` False: reach it); what differs by rounding is equal."""
    margin = TIE * max(1.0, abs(critical))
    found: npt.NDArray[np.bool_] = values > critical + margin if strict else values >= critical - margin
    return found


def least(crossed: npt.NDArray[np.bool_]) -> int | None:
    """This will return the least count that crosses; None where no count does."""
    return int(np.argmax(crossed)) if crossed.any() else None


def greatest(crossed: npt.NDArray[np.bool_]) -> int | None:
    """This will return the greatest count that crosses; None where no count does."""
    return int(crossed.size - 1 - np.argmax(crossed[::-1])) if crossed.any() else None
