"""What a count is measured by at a look: tails, scores, posterior probabilities, likelihood ratios.

Each measure gives a value to every count 0 … n among n subjects, growing with the count; a count crosses when its value reaches
(or, strictly, exceeds) the critical one. Rules that watch for too few events are the same rules on the non-events, so every
measure is written once, for too many.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal, Protocol

import numpy as np
from scipy import special, stats

from protocord.design.monitoring.boundaries import Direction, Floats, check_rate, exceeds, least


class Measure(Protocol):
    """A family of rules: one value for every count, the larger the stronger the sign of too many events."""

    @property
    def kind(self) -> str:
        """Name of the family, a key of the words."""
        ...

    def values(self, subjects: int) -> Floats:
        """This will return the value of each count 0 … subjects, not decreasing."""
        ...

    def parameter(self, critical: float) -> float:
        """This will return the critical value as people print it: a nominal level, a posterior probability, a log ratio."""
        ...

    def critical(self, parameter: float) -> float:
        """This will return the critical value of a printed parameter."""
        ...

    def printed(self) -> dict[str, float | int | str]:
        """This will return what else the family is defined by, by name."""
        ...


@dataclass(frozen=True, slots=True)
class Threshold:
    """A measure with its critical value: gives the bound at any number of subjects.

    `direction` "<=" watches the non-events with the same measure, so the bound is on too few events.
    """

    measure: Measure
    critical: float
    strict: bool
    direction: Direction = ">="

    @property
    def kind(self) -> str:
        """Name of the rule."""
        return self.measure.kind

    def bound(self, subjects: int) -> int | None:
        """This will return the count that crosses among so many subjects; None where none does."""
        count = least(exceeds(self.measure.values(subjects), self.critical, strict=self.strict))
        if count is None or self.direction == ">=":
            return count
        return subjects - count


@dataclass(frozen=True, slots=True)
class WangTsiatis:
    """The exact binomial tail at the acceptable rate, on the normal scale, weighted by the share of subjects seen.

    A count x among n crosses when P(X >= x | n, rate) <= 1 - Phi(C (n / last)^(delta - 1/2)). Delta 1/2 asks the same nominal
    level at each look (Pocock's shape; continuously it is the boundary of Ivanova, Qaqish & Schell 2005, Biometrics 61:540);
    delta 0 is O'Brien & Fleming's shape. With `scale` "score" the tail is replaced by the standardised count
    (x - n rate) / sqrt(n rate (1 - rate)), the normal theory's own shape (Wang & Tsiatis 1987, Biometrics 43:193); the error is
    exact with either.
    """

    rate: float
    last: int
    delta: float
    scale: Literal["tail", "score"] = "tail"

    def __post_init__(self) -> None:
        check_rate(self.rate)

    @property
    def kind(self) -> str:
        """Pocock and O'Brien-Fleming by their names, others by the family's."""
        return {0.5: "pocock", 0.0: "obrien_fleming"}.get(self.delta, "wang_tsiatis")

    def values(self, subjects: int) -> Floats:
        """This will return the weighted normal score of each count."""
        counts = np.arange(subjects + 1)
        if self.scale == "score":
            score = (counts - subjects * self.rate) / sqrt(subjects * self.rate * (1 - self.rate))
        else:
            # No event is no evidence of too many: its tail is 1, its score minus infinity.
            score = stats.norm.isf(stats.binom.sf(counts - 1, subjects, self.rate))
        return np.asarray(score * (subjects / self.last) ** (0.5 - self.delta), dtype=np.float64)

    def parameter(self, critical: float) -> float:
        """This will return the nominal one-sided level of Pocock's shape, else the constant C."""
        return float(stats.norm.sf(critical)) if self.kind == "pocock" and self.scale == "tail" else critical

    def critical(self, parameter: float) -> float:
        """This will return C."""
        return float(stats.norm.isf(parameter)) if self.kind == "pocock" and self.scale == "tail" else parameter

    def printed(self) -> dict[str, float | int | str]:
        """This will return rate, shape and scale."""
        return {"rate": self.rate, "delta": self.delta, "scale": self.scale, "last": self.last}


@dataclass(frozen=True, slots=True)
class Posterior:
    """The posterior probability that the rate lies above `rate`, under a Beta(a, b) prior."""

    rate: float
    a: float
    b: float
    named: str = "posterior"

    def __post_init__(self) -> None:
        check_rate(self.rate)
        if not (self.a > 0 and self.b > 0):
            message = f"the shapes of a beta prior are positive, not {self.a} and {self.b}"
            raise ValueError(message)

    @property
    def kind(self) -> str:
        """Its name."""
        return self.named

    def values(self, subjects: int) -> Floats:
        """This will return P(p > rate | count, subjects) for each count."""
        counts = np.arange(subjects + 1)
        return np.asarray(special.betaincc(self.a + counts, self.b + subjects - counts, self.rate), dtype=np.float64)

    def parameter(self, critical: float) -> float:
        """This will return the posterior probability itself."""
        return critical

    def critical(self, parameter: float) -> float:
        """This will return the posterior probability itself."""
        return parameter

    def printed(self) -> dict[str, float | int | str]:
        """This will return rate and prior."""
        return {"rate": self.rate, "prior_a": self.a, "prior_b": self.b}


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """The log likelihood ratio of an unacceptable rate against the acceptable one (Wald 1945)."""

    rate: float
    alternative: float

    def __post_init__(self) -> None:
        check_rate(self.rate)
        check_rate(self.alternative, "alternative")
        if self.alternative <= self.rate:
            message = f"the alternative rate {self.alternative} must lie above the rate {self.rate}"
            raise ValueError(message)

    @property
    def kind(self) -> str:
        """Its name."""
        return "sprt"

    def values(self, subjects: int) -> Floats:
        """This will return the log likelihood ratio of each count."""
        counts = np.arange(subjects + 1)
        gain = np.log(self.alternative / self.rate)
        loss = np.log1p(-self.alternative) - np.log1p(-self.rate)
        return np.asarray(counts * gain + (subjects - counts) * loss, dtype=np.float64)

    def parameter(self, critical: float) -> float:
        """This will return the log ratio itself."""
        return critical

    def critical(self, parameter: float) -> float:
        """This will return the log ratio itself."""
        return parameter

    def printed(self) -> dict[str, float | int | str]:
        """This will return both rates."""
        return {"rate": self.rate, "alternative_rate": self.alternative}


@dataclass(frozen=True, slots=True)
class MaximisedRatio:
    """The log of the largest likelihood ratio of any higher rate against the acceptable one (Kulldorff 2011, Seq Anal 30:58)."""

    rate: float

    def __post_init__(self) -> None:
        check_rate(self.rate)

    @property
    def kind(self) -> str:
        """Its name."""
        return "max_sprt"

    def values(self, subjects: int) -> Floats:
        """This will return the log ratio at the observed rate; 0 where that does not exceed the acceptable one."""
        counts = np.arange(subjects + 1)
        seen = np.maximum(counts / subjects, self.rate)
        ratio = special.xlogy(counts, seen / self.rate) + special.xlog1py(subjects - counts, -seen)
        return np.asarray(ratio - (subjects - counts) * np.log1p(-self.rate), dtype=np.float64)

    def parameter(self, critical: float) -> float:
        """This will return the log ratio itself."""
        return critical

    def critical(self, parameter: float) -> float:
        """This will return the log ratio itself."""
        return parameter

    def printed(self) -> dict[str, float | int | str]:
        """This will return the acceptable rate."""
        return {"rate": self.rate}
