"""What histories of everything cover, person by person: the stretches that meet count as one, in whatever order they come."""

from __future__ import annotations

import numpy as np

from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.coverage import covered_by_periods
from protocord.cohort.plan.masks import Layout
from protocord.cohort.plan.program import Leaf, Program
from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.criteria.lengths import Length
from protocord.values import Text

DAY, PERSONS, ROWS = 1000, 400, 900
GAPS = range(12)
CONCEPTS = Concepts([Concept("Drug", ConceptKind.EXPOSURE, Text("drug", "药"))])
CLASSES = Classes(Program(tuple(Leaf("Washout", ("Drug", Length(days=gap)), DAY, DAY) for gap in GAPS), ()), CONCEPTS)


def test_each_day_of_the_gap_must_lie_in_a_history() -> None:
    random = np.random.default_rng(3)
    at = random.integers(0, PERSONS, ROWS)
    since = DAY - random.integers(-2, 15, ROWS)
    until = since + random.integers(0, 9, ROWS)
    held = [set[int]() for _ in range(PERSONS)]
    for person, first, last in zip(at, since, until, strict=True):
        held[person] |= set(range(first, last + 1))

    ((word, places, bits),) = covered_by_periods(CLASSES, Layout(1), at, since, until)

    assert word == 0
    assert len(set(places)) == len(places)
    found = dict(zip(places.tolist(), bits.tolist(), strict=True))
    expected = [[set(range(DAY - gap, DAY + 1)) <= days for gap in GAPS] for days in held]
    assert [[bool(found.get(person, 0) >> gap & 1) for gap in GAPS] for person in range(PERSONS)] == expected
    assert 0.05 < np.mean(expected) < 0.95


def test_without_histories_nothing_is_covered() -> None:
    empty = np.empty(0, np.int64)
    assert not list(covered_by_periods(CLASSES, Layout(1), empty, empty, empty))
