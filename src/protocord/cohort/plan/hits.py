"""From facts to bits: for each kind of leaf, the rows that have a say and what they say, as expressions that any engine runs.

Every function here returns a relation (person, leaf, plane, bits) … the planes of a leaf mean:

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

from protocord.cohort.plan.ages import ages
from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.conditions import conditions
from protocord.cohort.plan.exposures import exposures, ordered, recorded
from protocord.cohort.plan.facts import Asking, Relations
from protocord.cohort.plan.results import latest
from protocord.cohort.plan.toxicities import recovered

__all__ = ["Relations", "hits"]


def hits(classes: Classes, relations: Relations) -> list[ir.Table]:
    """This will return every relation of bits: person, leaf, a, b, c (yes or no for each plane)."""
    asking = Asking(classes, relations)
    parts = [part(asking) for part in (exposures, recorded, latest, ages, conditions, recovered, ordered)]
    return [part for part in parts if part is not None]
