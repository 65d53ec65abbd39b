"""The general shape of a leaf: a row for each fact and leaf that it has a say in, whatever is not known of its days and its concept.

Used where no shorter shape will do: for conditions, toxicities and the order of two events, and for the latest fact where days are
partial or a record may be of something else. The planes of a leaf mean, in every shape:

| leaf | A | B | C |
| --- | --- | --- | --- |
| Washout, RecoveredTo | surely violated | left open | a history covers |
| Ever | surely begun | may have begun | a history covers |
| Has | surely present | may be present | surely absent |
| Recorded | surely recorded | may be recorded | |
| AgeInYearsAt | a candidate is not true | a candidate is not false | one surely is the latest |
| OnOrBefore | true (with B: true if covered) | false | a history covers |
| the others | true | false | |

The meaning stands in `protocord.criteria.functions`; the trick that makes one pass enough is in `results.latest`.
"""

from __future__ import annotations

import ibis.expr.types as ir
import polars as pl

from protocord.cohort.plan.ages import ages
from protocord.cohort.plan.conditions import conditions
from protocord.cohort.plan.facts import Asking
from protocord.cohort.plan.framed import Framed
from protocord.cohort.plan.order import ordered
from protocord.cohort.plan.results import latest
from protocord.cohort.plan.toxicities import recovered

LATEST = ("Latest", "TimesULN", "Attested", "CodeIn", "AgeInYearsAt")
FEW = ("Has", "RecoveredTo", "OnOrBefore")
_RESULTS = {"Latest", "TimesULN"}
# What a column of a fact serves; one that is not here serves every function.
OWN: dict[str, set[str]] = {
    "why": set(), "low": _RESULTS | {"RecoveredTo"}, "high": _RESULTS | {"RecoveredTo"}, "strict": _RESULTS | {"RecoveredTo"},
    **{name: {"TimesULN"} for name in ("upper", "upper_why", "band_low", "band_high", "range_sex", "child")}, "code": {"CodeIn"},
}  # fmt: skip


def hits_of_latest(asking: Asking) -> list[ir.Table]:
    """This will return the hits of leaves that the latest fact decides, as expressions: person, leaf, a, b, c (yes or no for each plane)."""
    return [part for part in (latest(asking), ages(asking)) if part is not None]


def hits_of_few(framed: Framed) -> list[pl.DataFrame]:
    """This will return the hits of conditions, toxicities and the order of events, likewise."""
    return [part for part in (conditions(framed), recovered(framed), ordered(framed)) if part is not None]
