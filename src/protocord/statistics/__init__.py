"""What every analysis shares: results as data, conventions by name, rounding at display, and the estimators that several need."""

from protocord.statistics.conventions import Convention, convention, conventions
from protocord.statistics.results import Results, Statistic
from protocord.statistics.rounding import half_up, p_value, percent, shown, significant

__all__ = [
    "Convention",
    "Results",
    "Statistic",
    "convention",
    "conventions",
    "half_up",
    "p_value",
    "percent",
    "shown",
    "significant",
]
