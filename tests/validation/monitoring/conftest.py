"""A second way to the same numbers: every outcome path of a small trial, one by one, in exact fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import pytest

Bounds = Sequence[int | None]


class Walked(NamedTuple):
    """What came of walking all paths: chances of crossing by look, expected subjects and events."""

    high: list[Fraction]
    low: list[Fraction]
    passes: Fraction
    subjects: Fraction
    events: Fraction


def walk(looks: Sequence[int], low: Bounds, high: Bounds, rate: Fraction) -> Walked:
    """Walk each of the 2^n sequences of outcomes until it crosses, and add up their probabilities as fractions."""
    found_high, found_low = [Fraction(0)] * len(looks), [Fraction(0)] * len(looks)
    passes = subjects = events = Fraction(0)
    for path in product((0, 1), repeat=looks[-1]):
        chance = Fraction(1)
        for outcome in path:
            chance *= rate if outcome else 1 - rate
        for place, look in enumerate(looks):
            count = sum(path[:look])
            over, under = high[place], low[place]
            if over is not None and count >= over:
                found_high[place] += chance
            elif under is not None and count <= under:
                found_low[place] += chance
            else:
                continue
            subjects += chance * look
            events += chance * count
            break
        else:
            passes += chance
            subjects += chance * looks[-1]
            events += chance * sum(path)
    return Walked(found_high, found_low, passes, subjects, events)


@pytest.fixture
def walk_all_paths() -> Callable[[Sequence[int], Bounds, Bounds, Fraction], Walked]:
    """The walker."""
    return walk
