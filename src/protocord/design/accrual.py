"""When will the last subject be in? Poisson enrolment with a gamma rate per site (Anisimov & Fedorov, Stat Med 2007;26:4958).

A site's rate is gamma distributed; given the rate, subjects arrive as a Poisson process from the day the site opens. What a
site has enrolled so far updates its rate, so the number still to come is negative binomial, and the sum over sites an exact
convolution. Nothing is simulated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from scipy.stats import nbinom

Array = npt.NDArray[np.float64]

DAYS_PER_MONTH = 365.25 / 12
_FARTHEST = 200 * 366  # days; a forecast beyond two centuries says "never"


@dataclass(frozen=True, slots=True)
class GammaRate:
    """A gamma distributed rate, subjects per site and month: mean `shape` / `rate`."""

    shape: float
    rate: float

    def __post_init__(self) -> None:
        if not (self.shape > 0 and self.rate > 0):
            message = f"shape and rate of a gamma distribution must exceed 0; got {self.shape:g} and {self.rate:g}"
            raise ValueError(message)

    @property
    def mean(self) -> float:
        """The mean."""
        return self.shape / self.rate

    def after(self, enrolled: int, months: float) -> GammaRate:
        """This will return the rate after `enrolled` subjects in `months` open."""
        return replace(self, shape=self.shape + enrolled, rate=self.rate + months)


@dataclass(frozen=True, slots=True)
class SiteAccrual:
    """A site: the day it opens (or opened), what it has enrolled by the data cut, and the day it closes, if any."""

    site: str
    opened: date
    enrolled: int = 0
    closed: date | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The sites' rates after the data so far, and what they say of the days to come."""

    target: int
    cut: date
    enrolled: int
    """Enrolled by the cut."""
    rates: tuple[tuple[SiteAccrual, GammaRate], ...]

    @property
    def still(self) -> int:
        """Subjects still to enrol."""
        return max(0, self.target - self.enrolled)

    def chance_by(self, day: date) -> float:
        """This will return P(the target is reached by the end of `day`)."""
        if self.still == 0:
            return 1.0
        return float(max(0.0, 1.0 - self._still_to_come(day, self.still - 1).sum()))

    def day_reached(self, chance: float) -> date | None:
        """This will return the first day by which the target is reached with at least that probability; None: not ever.

        None where sites close or do not open so that the chance is not reached within two centuries.
        """
        if self.still == 0:
            return self.cut
        low, high = 0, 1
        while self.chance_by(self.cut + timedelta(days=high)) < chance:
            if high >= _FARTHEST:
                return None
            low, high = high, min(2 * high, _FARTHEST)
        while high - low > 1:
            middle = (low + high) // 2
            if self.chance_by(self.cut + timedelta(days=middle)) >= chance:
                high = middle
            else:
                low = middle
        return self.cut + timedelta(days=high)

    def mean_by(self, day: date) -> float:
        """This will return the expected number enrolled by the end of `day`, past the target if none stops it."""
        return self.enrolled + sum(rate.mean * _months(site, self.cut, day) for site, rate in self.rates)

    def quantiles_by(self, day: date, chances: Sequence[float]) -> tuple[int, ...]:
        """This will return quantiles of the number enrolled by the end of `day`: the smallest count with P(N <= count) >= chance."""
        most = int(10 * (self.mean_by(day) - self.enrolled) + 50)
        while True:
            reached = np.cumsum(self._still_to_come(day, most))
            if reached[-1] >= max(chances):
                return tuple(self.enrolled + int(np.argmax(reached >= chance)) for chance in chances)
            most *= 2

    def _still_to_come(self, day: date, most: int) -> Array:
        """P(exactly 0..most more by `day`): sites with one exposure and one rate add their shapes, the rest are convolved."""
        shapes: dict[tuple[float, float], float] = defaultdict(float)
        for site, rate in self.rates:
            months = _months(site, self.cut, day)
            if months > 0:
                shapes[(rate.rate, months)] += rate.shape
        total: Array = np.zeros(most + 1)
        total[0] = 1.0
        for (exposed, ahead), shape in shapes.items():
            step = nbinom.pmf(np.arange(most + 1), shape, exposed / (exposed + ahead))
            total = np.convolve(total, step)[: most + 1]
        return total


def forecast(sites: Iterable[SiteAccrual], prior: GammaRate, *, target: int, cut: date) -> Forecast:
    """This will return the forecast at the data cut: each site's rate updated by its own enrolment since it opened.

    `prior`: rate per site and month before any data; `target`: subjects in all. A site that opens after the cut keeps the
    prior. Raises ValueError where a site enrolled before it opened, or twice the same site.
    """
    rates = []
    seen: set[str] = set()
    for site in sites:
        if site.site in seen:
            message = f"site {site.site} stands twice"
            raise ValueError(message)
        seen.add(site.site)
        if site.enrolled < 0 or (site.enrolled and site.opened > cut):
            message = f"site {site.site} cannot have enrolled {site.enrolled} by {cut} when it opens on {site.opened}"
            raise ValueError(message)
        if site.closed is not None and site.closed < site.opened:
            message = f"site {site.site} closes on {site.closed}, before it opens on {site.opened}"
            raise ValueError(message)
        until = cut if site.closed is None else min(cut, site.closed)
        months = max(0, (until - site.opened).days) / DAYS_PER_MONTH
        rates.append((site, prior.after(site.enrolled, months)))
    if not rates:
        message = "a forecast needs at least one site"
        raise ValueError(message)
    return Forecast(target, cut, sum(site.enrolled for site, _ in rates), tuple(rates))


def _months(site: SiteAccrual, cut: date, day: date) -> float:
    """Months from the cut (or the opening, if later) to `day` (or the closing, if earlier)."""
    until = day if site.closed is None else min(day, site.closed)
    return max(0, (until - max(site.opened, cut)).days) / DAYS_PER_MONTH
