"""Numbers that may be several: every value that what is known allows, compared exactly.

A comparison is true (false) only if it is so for every possibility; so a decided answer stands when more becomes known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from protocord.criteria.answers import Evaluation, Truth, UsedFact
from protocord.criteria.tree import Comparison
from protocord.values.quantities import Quantity
from protocord.values.reasons import Particular, Reason
from protocord.values.text import Text

_EXACT = Context(prec=100)  # wide enough for the product of any two reported numbers
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Case:
    """One possibility: a number between `low` and `high` (None: unbounded), each divided by `scale`, which is positive.

    `family` and `particulars` make the reason: a kind `<family>_<relation>`. A case without family is a limit of the rule.
    `unit` is the unit of the limit that this number is compared with, shown with it.
    """

    low: Decimal | None
    high: Decimal | None
    low_strict: bool = False
    high_strict: bool = False
    scale: Decimal = _ONE
    family: str = ""
    particulars: Mapping[str, Particular] | None = None
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The possibilities of a number on one day.

    `absent`: why there may be no number at all (empty: there is one). `doubts`: why there is more than one possibility.
    `reasons`: why these and no others, decided (such as the condition that chose a limit).
    """

    cases: tuple[Case, ...]
    absent: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()
    used: tuple[UsedFact, ...] = ()

    @classmethod
    def exactly(cls, value: Decimal, unit: str = "1") -> Numbers:
        """This will return the one number that a rule writes."""
        return cls((Case(value, value, unit=unit),))


def unique(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """This will return the reasons each once, in the order met."""
    return reasons if len(reasons) < 2 else tuple(dict.fromkeys(reasons))


def each_once(facts: tuple[UsedFact, ...]) -> tuple[UsedFact, ...]:
    """This will return the facts each once, in the order met."""
    return facts if len(facts) < 2 else tuple({fact.id: fact for fact in facts}.values())


def _times(value: Decimal, scale: Decimal) -> Decimal:
    return value if scale is _ONE else _EXACT.multiply(value, scale)


def _always_below(left: Case, right: Case, *, strictly: bool) -> bool:
    """Whether left < right (or <=) for every pair of possible values."""
    if left.high is None or right.low is None:
        return False
    high, low = _times(left.high, right.scale), _times(right.low, left.scale)
    if high == low:
        return not strictly or left.high_strict or right.low_strict
    return high < low


def holds(left: Case, operator: Comparison, right: Case) -> bool | None:
    """This will return whether `left operator right` for every pair of possible values (True), for none (False), or for some (None)."""
    match operator:
        case "<" | "<=":
            if _always_below(left, right, strictly=operator == "<"):
                return True
            return False if _always_below(right, left, strictly=operator == "<=") else None
        case ">" | ">=":
            return holds(right, "<" if operator == ">" else "<=", left)
        case "!=":
            equal = holds(left, "=", right)
            return None if equal is None else not equal
        case _:
            if _always_below(left, right, strictly=True) or _always_below(right, left, strictly=True):
                return False
            return True if _always_below(left, right, strictly=False) and _always_below(right, left, strictly=False) else None


_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_RELATION = {
    (">=", True): "at_or_above", (">=", False): "below", (">", True): "above", (">", False): "at_or_below",
    ("<=", True): "at_or_below", ("<=", False): "above", ("<", True): "below", ("<", False): "at_or_above",
    ("=", True): "equal", ("=", False): "different", ("!=", True): "different", ("!=", False): "equal",
}  # fmt: skip
FAMILIES = ("result", "times_uln", "age", "age_at")
RELATIONS = ("at_or_above", "below", "above", "at_or_below", "equal", "different", "undecided")
_THRESHOLD = {
    ">=": "threshold_at_least", ">": "threshold_above", "<=": "threshold_at_most", "<": "threshold_below",
    "=": "threshold_equal", "!=": "threshold_different",
}  # fmt: skip


def _shown(limit: Case, unit: str) -> Particular:
    if limit.low is None or limit.low != limit.high:
        return limit.particulars.get("value") if limit.particulars else None
    return Quantity(limit.low, unit)


def _reason(found: Case, operator: Comparison, limit: Case, outcome: bool | None) -> Reason:
    relation = "undecided" if outcome is None else _RELATION[operator, outcome]
    particulars = dict(found.particulars or {})
    if found.family == "times_uln" and limit.low is not None:
        particulars["times"] = limit.low
        particulars["limit"] = Quantity(_EXACT.multiply(limit.low, found.scale), found.unit)
    else:
        particulars["limit"] = _shown(limit, found.unit)
    return Reason.of(f"{found.family}_{relation}", **particulars)


def _turn(left: Numbers, operator: Comparison, right: Numbers) -> tuple[Numbers, Comparison, Numbers]:
    """This will put the side that comes from facts on the left."""
    from_facts = any(case.family for case in left.cases) or not any(case.family for case in right.cases)
    return (left, operator, right) if from_facts else (right, _TURNED[operator], left)


def decides(first: Numbers, operator: Comparison, second: Numbers) -> Truth:
    """This will decide a comparison for all possibilities of both sides, without its reasons."""
    if first.absent or second.absent:
        return Truth.UNKNOWN
    outcomes = {holds(case, operator, limit) for case in first.cases for limit in second.cases}
    if len(outcomes) != 1 or None in outcomes:
        return Truth.UNKNOWN
    return Truth.TRUE if True in outcomes else Truth.FALSE


def compare(first: Numbers, written: Comparison, second: Numbers, about: Text) -> Evaluation:
    """This will decide a comparison for all possibilities of both sides, with the reason of each; `about` names what is asked for."""
    truth = decides(first, written, second)
    found, operator, limits = _turn(first, written, second)
    decided: list[Reason] = []
    undecided: list[Reason] = []
    for case in found.cases:
        for limit in limits.cases:
            outcome = holds(case, operator, limit)
            if case.family:
                (undecided if outcome is None else decided).append(_reason(case, operator, limit, outcome))
    asked = tuple(_threshold(found, operator, limit, about) for limit in limits.cases if not limit.family)
    used = found.used + limits.used
    if truth is not Truth.UNKNOWN:
        return Evaluation(truth, (*found.reasons, *limits.reasons, *decided), used, (), asked)
    why = (*found.absent, *limits.absent, *undecided, *found.doubts, *limits.doubts)
    return Evaluation(truth, why, used, why, asked)


def _threshold(found: Numbers, operator: Comparison, limit: Case, about: Text) -> Reason:
    unit = found.cases[0].unit if found.cases and found.cases[0].family != "times_uln" else limit.unit
    return Reason.of(_THRESHOLD[operator], about=about, limit=_shown(limit, unit))
