"""`protocord.cohort.kernel.patterns`: thousands of persons share a pattern of answers."""

from __future__ import annotations

import numpy as np
import pytest

from protocord.cohort.kernel.patterns import patterns


@pytest.mark.parametrize(
    ("columns", "persons", "kinds"), [(3, 10, 4), (35, 9000, 5000), (32, 4097, 60), (70, 500, 90), (0, 5, 1)]
)
def test_the_pattern_of_a_person_has_her_answers_and_every_pattern_stands_once(columns: int, persons: int, kinds: int) -> None:
    random = np.random.default_rng(columns)
    drawn = random.integers(0, 4, (columns, kinds)).astype(np.uint8)
    codes = drawn[:, random.integers(0, kinds, persons)]
    index, distinct = patterns(codes)
    assert (codes == distinct[:, index]).all()
    assert distinct.shape[1] == len({tuple(column) for column in distinct.T}) == index.max() + 1
    assert (np.diff(np.unique(index, return_index=True)[1]) > 0).all()  # numbered as persons first show them


def test_nobody_has_no_pattern() -> None:
    index, distinct = patterns(np.zeros((2, 0), np.uint8))
    assert index.size == 0
    assert distinct.shape == (2, 0)


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="an answer is 0 to 3"):
        patterns(np.full((1, 1), 4, np.uint8))
