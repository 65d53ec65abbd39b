"""One fact's outcome, compiled: a number against a limit, an age, and whether an upper limit is the child's own.

The same as `protocord.cohort.plan.pieces` and `results` say it of columns, and `protocord.criteria.numbers.holds` of decimals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from protocord.cohort.kernel.marks import FIRST_DAY, LAST_DAY, NO_BAND
from protocord.cohort.kinds import CLOSE, FALSE, TRUE, UNKNOWN, Operator
from protocord.statistics.compiled import compiled

_AT_LEAST, _ABOVE, _AT_MOST, _BELOW = (int(Operator.AT_LEAST), int(Operator.ABOVE), int(Operator.AT_MOST), int(Operator.BELOW))
_EQUAL = int(Operator.EQUAL)
NO_AGE = -(10**6)


@compiled
def outcome(operator: Any, low: Any, high: Any, strict: Any, limit: Any) -> Any:
    """This will compare a number between `low` and `high` (not a number: unbounded) with a limit: TRUE, FALSE or UNKNOWN."""
    at_low, at_high = abs(low - limit) <= CLOSE * abs(limit), abs(high - limit) <= CLOSE * abs(limit)
    low_strict, high_strict = strict % 2 == 1, strict >= 2
    above = (low > limit and not at_low) or (at_low and low_strict)
    below = (high < limit and not at_high) or (at_high and high_strict)
    true, false = False, False
    if operator == _AT_LEAST:
        true, false = above or at_low, below
    elif operator == _ABOVE:
        true, false = above, below or at_high
    elif operator == _AT_MOST:
        true, false = below or at_high, above
    elif operator == _BELOW:
        true, false = below, above or at_low
    else:
        equal, different = at_low and at_high and not low_strict and not high_strict, above or below
        true, false = (equal, different) if operator == _EQUAL else (different, equal)
    if true:
        return TRUE
    return FALSE if false else UNKNOWN


@compiled
def outcomes(low: Any, high: Any, strict: Any, operator: Any, limit: Any) -> Any:
    """This will return the outcome of each of many numbers."""
    found = np.empty(low.size, np.uint8)
    for place in range(low.size):
        found[place] = outcome(operator, low[place], high[place], strict[place], limit)
    return found


@compiled
def written(day: Any) -> Any:
    """This will return an ordinal as year x 10,000 + month x 100 + day; NO_AGE for a day that ages are not reckoned from or to.

    Years are counted from 1 March, so that a leap day is the last day of one; 400 of them make one era of days.
    """
    if day < FIRST_DAY or day > LAST_DAY:
        return NO_AGE
    from_march = day + 305  # days since 1 March of the year 0
    era = from_march // 146097
    of_era = from_march - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    of_month = of_year - (153 * month + 2) // 5 + 1
    after_winter = month >= 10
    return (era * 400 + year + (1 if after_winter else 0)) * 10000 + (month - 9 if after_winter else month + 3) * 100 + of_month


@compiled
def completed_years(birth: Any, day: Any) -> Any:
    """This will return the age in completed years on a day, both as `written`; NO_AGE where one is not known.

    Born on 29 February, its birthday in a common year is 28 February.
    """
    if birth == NO_AGE or day == NO_AGE:
        return NO_AGE
    year = day // 10000
    common = year % 4 != 0 or (year % 100 == 0 and year % 400 != 0)
    early = common and birth % 10000 == 229 and day % 10000 == 228
    return (day - birth) // 10000 + (1 if early else 0)


@compiled
def is_the_childs(youngest: Any, oldest: Any, band_low: Any, band_high: Any, adult: Any) -> Any:
    """This will tell whether an upper limit of an age band (NO_BAND: no end) holds for somebody of these ages.

    Of a range that nobody declared to be the child's own: without a band it is an adult's, and so is a band that goes on beyond childhood.
    """
    if youngest == NO_AGE or oldest == NO_AGE:
        return False
    has_low, has_high = band_low != NO_BAND, band_high != NO_BAND
    if not has_low and not has_high:
        return youngest >= adult
    adults = (not has_low or band_low < adult) and (not has_high or band_high > adult)
    inside = (not has_low or youngest >= band_low) and (not has_high or oldest <= band_high)
    return inside and not (youngest < adult and adults)


@compiled
def age_outcome(operator: Any, youngest: Any, oldest: Any, limit: Any) -> Any:
    """This will compare an age, which counts from birth on and may be open upwards, with a limit."""
    low = float(max(youngest, 0)) if youngest != NO_AGE else 0.0
    return outcome(operator, low, float(oldest) if oldest != NO_AGE else np.nan, 0, limit)
