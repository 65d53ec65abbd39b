"""Against a standard whose rate is itself uncertain: Thall & Simon 1994 (Biometrics 50:337).

The experimental rate has a Beta prior, the standard rate a Beta distribution that history gave and the trial does not change. The
treatment is promising when P(p_E > p_S | data) is at least `promising`, not promising when P(p_E > p_S + margin | data) is at
most `unpromising`; the paper's comparisons, not strict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import integrate, special

from protocord.design.monitoring.boundaries import Boundary, Direction, check_looks, check_rate

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
        """This will return P(p_E > p_S + margin | count events among subjects), to about nine digits.

        The integral over the standard rate, with the ends of its density taken exactly (QUADPACK's algebraic weights).
        """
        a, b = self.standard
        shape, other = self.prior[0] + count, self.prior[1] + subjects - count
        scale = special.betaln(a, b)
        top = 1.0 - self.margin

        def above(rate: float) -> float:
            # (1 - rate)^(b - 1) has its end at 1, not at 1 - margin: only with margin 0 may the weight take it.
            rest = 0.0 if self.margin == 0 else (b - 1) * np.log1p(-rate)
            return float(special.betaincc(shape, other, rate + self.margin) * np.exp(rest - scale))

        end = b - 1 if self.margin == 0 else 0.0
        value, _ = integrate.quad(above, 0.0, top, weight="alg", wvar=(a - 1, end), epsabs=1e-11, epsrel=1e-11, limit=400)
        return float(min(max(value, 0.0), 1.0))


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
