"""Hypotension of a child: the systolic pressure below which it begins, by age (AHA Paediatric Advanced Life Support)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from protocord.safety.scales.grades import Number, exact
from protocord.safety.scales.rows import raw_table
from protocord.values import PartialDate, anniversary, completed_years

__all__ = ["HypotensionLimit", "hypotension", "hypotension_limit"]

AgeCount = Literal["completed_years", "exact_years"]


@dataclass(frozen=True, slots=True)
class HypotensionLimit:
    """The systolic pressure in mmHg below which (strictly) a child of that age is hypotensive, and the band that says so."""

    below: Decimal
    band: str


def hypotension_limit(birth: date, on: date, *, age: AgeCount = "completed_years") -> HypotensionLimit:
    """This will return the limit on the day `on` for a child born on `birth`.

    From 1 to 10 years it is 70 + 2 x age in years mmHg. `age` says which age enters: the completed years, as at the bedside
    (convention `hypotension_age`), or the exact years with the fraction of the running one. Raises ValueError before birth.

    >>> hypotension_limit(date(2018, 5, 1), date(2025, 4, 30)).below
    Decimal('82')
    """
    days = (on - birth).days
    if days < 0:
        message = f"the child is not born on {on}"
        raise ValueError(message)
    years = completed_years(birth, on)
    for band in raw_table("hypotension")["bands"]:
        until_days, until_years = band.get("to_days"), band.get("to_years")
        if (until_days is not None and days <= int(until_days)) or (until_years is not None and years < int(until_years)):
            break
        if until_days is None and until_years is None:
            break
    counted = Decimal(years) if age == "completed_years" else _exact_years(birth, on, years)
    return HypotensionLimit(Decimal(band["at"]) + Decimal(band["per_year"]) * counted, band["id"])


def hypotension(
    systolic: Number | None, birth: PartialDate | date | None, on: date, *, age: AgeCount = "completed_years"
) -> bool | None:
    """This will tell whether a systolic pressure in mmHg is hypotension for the child's age on the day `on`.

    None where the pressure or the birth date is missing, or where the known part of the birth date leaves both answers open.
    Raises ValueError before birth, or for a pressure that is not positive.
    """
    if systolic is None:
        return None
    pressure = exact(systolic)
    if pressure <= 0:
        message = f"{systolic} mmHg is no systolic pressure"
        raise ValueError(message)
    if birth is None:
        return None
    born = PartialDate.of(birth) if isinstance(birth, date) else birth
    # The limit never falls with age, so the youngest and the oldest the child may be bracket it.
    youngest = hypotension_limit(min(born.latest, max(on, born.earliest)), on, age=age)
    oldest = hypotension_limit(born.earliest, on, age=age)
    if pressure < youngest.below:
        return True
    return False if pressure >= oldest.below else None


def _exact_years(birth: date, on: date, years: int) -> Decimal:
    begun, ends = anniversary(birth, years), anniversary(birth, years + 1)
    return years + Decimal((on - begun) / timedelta(days=1)) / (ends - begun).days
