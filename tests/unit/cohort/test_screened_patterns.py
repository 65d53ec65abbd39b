"""Counts over patterns of answers are the counts over persons."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from protocord.cohort.answers.patterns import Patterns
from protocord.cohort.plan.truths import ANSWERS

CODES = st.tuples(st.integers(1, 6), st.integers(1, 40)).flatmap(
    lambda shape: arrays.arrays(np.uint8, shape, elements=st.integers(0, len(ANSWERS) - 1))
)


@given(CODES)
def test_every_person_has_her_pattern_and_every_count_is_that_of_persons(codes: np.ndarray) -> None:
    found = Patterns.among(codes)

    assert (found.codes[:, found.of] == codes).all()
    assert len(np.unique(found.codes, axis=1).T) == found.codes.shape[1]
    assert found.persons.sum() == codes.shape[1]
    for code in range(len(ANSWERS)):
        chosen = found.codes[0] == code
        assert found.count(chosen) == int((codes[0] == code).sum())
        assert found.places(chosen).tolist() == np.flatnonzero(codes[0] == code).tolist()


def test_of_nobody_there_is_no_pattern() -> None:
    found = Patterns.among(np.empty((3, 0), np.uint8))

    assert found.codes.shape == (3, 0)
    assert found.persons.tolist() == []
