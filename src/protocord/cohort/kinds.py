"""The small numbers that stand for kinds in columns: what a value is, whether a fact may be used, how a comparison ends.

Nothing is imported here: compiled code that uses these is compiled anew only when one of them changes.
"""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Whether a fact may be used, as `FactStatus` says it."""

    RECORDED = 0
    NOT_DONE = 1
    EXCLUDED = 2


class Kind(IntEnum):
    """What a fact's value is."""

    NONE = 0
    YES = 1
    NO = 2
    NUMBER = 3
    UNUSABLE = 4  # a number, but no unit, an unknown one, or one that cannot be true: `why` says which
    CODE = 5


class Why(IntEnum):
    """Why a number, or the upper limit beside it, must not be used; the names are kinds of reasons."""

    FINE = 0
    UNIT_MISSING = 1
    UNIT_UNKNOWN = 2
    UNIT_NOT_MEASURED = 3
    IMPLAUSIBLE = 4
    NO_UPPER_LIMIT = 5


class Sex(IntEnum):
    """A person's sex, or the sex that a reference range is for; 0 where nothing is said."""

    NOT_SAID = 0
    MALE = 1
    FEMALE = 2
    OTHER = 3


class Operator(IntEnum):
    """A comparison as a number."""

    EQUAL = 0
    DIFFERENT = 1
    BELOW = 2
    AT_MOST = 3
    ABOVE = 4
    AT_LEAST = 5


TRUE, FALSE, UNKNOWN = 1, 2, 0  # outcomes of one fact

# Results are doubles, and a product of a result and a factor, or of a limit and a multiple, may end one unit in the last place beside
# the decimal that it stands for. Numbers closer than this are the same: results have far fewer digits than eleven.
CLOSE = 1e-12
