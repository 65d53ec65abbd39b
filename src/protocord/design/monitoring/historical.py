"""Against a standard whose rate is itself uncertain: Thall & Simon 1994 (Biometrics 50:337).

The experimental rate has a Beta prior, the standard rate a Beta distribution that history gave and the trial does not change. The
treatment is promising when P(p_E > p_S | data) is at least `promising`, not promising when P(p_E > p_S + margin | data) is at
most `unpromising`; the paper's comparisons, not strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from scipy import special

from protocord.design.monitoring.boundaries import Boundary, Direction, Floats, check_looks, check_rate

# Absolute error of the quadrature is below this, so a probability this near to a cut-off is taken as equal to it.
_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class AgainstHistory:
    """The posterior probability that the experimental rate exceeds the standard rate by more than `margin`."""

    standard: tuple[float, float]
    prior: tuple[float, float]
    margin: float = 0.0

    def __post_init__(self) -> None:
        if min(*self.standard, *self.prior) <= 0 or not 0 <= self.margin < 1:
            message = "beta shapes are positive, and the margin lies from 0 to below 1"
            raise ValueError(message)

    def probability(self, count: int, subjects: int) -> float:
        """This will return P(p_E > p_S + margin | count events among subjects), to about ten digits.

        Double exponential quadrature (Takahasi & Mori 1974): exact to rounding also where the density is unbounded at its ends.
        """
        rates, weights = _standard_rule(self.standard, self.margin)
        above = special.betaincc(self.prior[0] + count, self.prior[1] + subjects - count, rates + self.margin)
        return float(min(max(float(above @ weights), 0.0), 1.0))


@cache
def _standard_rule(standard: tuple[float, float], margin: float) -> tuple[Floats, Floats]:
    """Nodes in 0 … 1 - margin and weights that hold the standard's density; built once for each standard."""
    a, b = standard
    step = 1 / 64
    t = np.arange(-4.5, 4.5 + step / 2, step)
    lean = np.pi / 2 * np.sinh(t)
    top = 1.0 - margin
    # Distances from both ends without cancellation: the density needs them to full precision where its shapes are below 1.
    rates, left = top * special.expit(2 * lean), top * special.expit(-2 * lean)
    slope = top * 2 * special.expit(2 * lean) * special.expit(-2 * lean) * np.pi / 2 * np.cosh(t)
    density = np.exp((a - 1) * np.log(rates) + (b - 1) * np.log(left + margin) - special.betaln(a, b))
    return rates, density * slope * step


@dataclass(frozen=True, slots=True)
class HistoricalThreshold:
    """`AgainstHistory` with its cut-off: promising at or above it (">="), not promising at or below ("<=")."""

    measure: AgainstHistory
    cutoff: float
    direction: Direction
    strict: bool = False

    @property
    def kind(self) -> str:
        """Its name."""
        return "thall_simon"

    def bound(self, subjects: int) -> int | None:
        """This will return the count that crosses among so many subjects; None where none does.

        The probability grows with the count, so the bound is found by halving.
        """
        low, high = 0, subjects + 1  # the least count whose probability lies beyond the cut-off is in low … high
        margin = _NEAR if self.direction == "<=" else -_NEAR
        while low < high:
            middle = (low + high) // 2
            value = self.measure.probability(middle, subjects)
            beyond = value > self.cutoff + margin if self.direction == "<=" else value >= self.cutoff + margin
            low, high = (low, middle) if beyond else (middle + 1, high)
        if self.direction == ">=":
            return low if low <= subjects else None
        return low - 1 if low > 0 else None


def thall_simon(
    standard: tuple[float, float],
    prior: tuple[float, float],
    looks: Sequence[int],
    *,
    promising: float | None = 0.95,
    unpromising: float | None = 0.05,
    margin: float = 0.0,
    counts: str = "responses",
) -> tuple[Boundary, ...]:
    """This will return the upper boundary (promising) and the lower one (not promising), leaving out one whose cut-off is None.

    `standard` and `prior` are beta shapes; `margin` is the improvement that a promising treatment should have, used by the lower
    boundary only.
    """
    check_looks(looks)
    found = []
    for cutoff, direction, gap in ((promising, ">=", 0.0), (unpromising, "<=", margin)):
        if cutoff is None:
            continue
        check_rate(cutoff, "cut-off")
        criterion = HistoricalThreshold(AgainstHistory(standard, prior, gap), cutoff, ">=" if direction == ">=" else "<=")
        parameters: dict[str, float | int | str] = {
            "standard_a": standard[0],
            "standard_b": standard[1],
            "prior_a": prior[0],
            "prior_b": prior[1],
            "margin": gap,
            "cutoff": cutoff,
        }
        bounds = tuple(criterion.bound(look) for look in looks)
        found.append(
            Boundary(
                "thall_simon", tuple(looks), bounds, criterion.direction, counts, False, MappingProxyType(parameters), criterion
            )
        )
    return tuple(found)
