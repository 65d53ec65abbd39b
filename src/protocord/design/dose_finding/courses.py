"""Every course that a dose escalation can take, followed at once: states that meet are merged, so the sums stay exact and short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

Array = npt.NDArray[np.float64]

Tally = tuple[tuple[int, int], ...]
"""For each level, lowest first: subjects treated and toxicities among them."""


@dataclass(frozen=True, slots=True)
class Next:
    """Treat `size` more subjects at `level` (0 the lowest)."""

    level: int
    size: int


@dataclass(frozen=True, slots=True)
class End:
    """The escalation is over; `level` is the dose chosen, None where none is tolerable."""

    level: int | None


Rule = Callable[[Tally, int], Next | End]
"""From the tally and the level treated last to what comes next."""


@dataclass(frozen=True, slots=True)
class DoseCharacteristics:
    """Exact characteristics of an escalation at true toxicity rates, lowest level first."""

    rates: tuple[float, ...]
    chosen: tuple[float, ...]
    """Probability that each level is chosen."""
    none: float
    """Probability that no level is chosen."""
    subjects: tuple[float, ...]
    """Expected subjects at each level."""
    toxicities: tuple[float, ...]
    """Expected toxicities at each level."""
    sizes: Mapping[int, float]
    """Distribution of the total number of subjects."""
    states: int
    """How many different states were followed."""

    @property
    def expected_n(self) -> float:
        """Expected number of subjects."""
        return sum(self.subjects)


class TooManyStates(ValueError):
    """The courses cannot be followed exactly within the limit given."""


def follow(rule: Rule, first: Next, rates: Sequence[float], *, most_states: int = 500_000) -> DoseCharacteristics:
    """This will follow every course of `rule` from the first cohort on, at true toxicity `rates` (lowest level first).

    Raises TooManyStates beyond `most_states` different states; ValueError for rates outside 0..1.
    """
    if not rates or not all(0 <= rate <= 1 for rate in rates):
        message = "rates must be probabilities, one a level"
        raise ValueError(message)
    empty: Tally = tuple((0, 0) for _ in rates)
    going: dict[tuple[Tally, Next], float] = {(empty, first): 1.0}
    chosen = np.zeros(len(rates) + 1)
    subjects, toxicities = np.zeros(len(rates)), np.zeros(len(rates))
    sizes: dict[int, float] = defaultdict(float)
    mass = {size: [binom.pmf(np.arange(size + 1), size, rate) for rate in rates] for size in range(1, 13)}
    states = 0
    while going:
        after: dict[tuple[Tally, Next], float] = defaultdict(float)
        for (tally, step), chance in going.items():
            for more, share in enumerate(mass[step.size][step.level]):
                if share == 0.0:
                    continue
                here = chance * float(share)
                treated, toxic = tally[step.level]
                now = (*tally[: step.level], (treated + step.size, toxic + more), *tally[step.level + 1 :])
                answer = rule(now, step.level)
                if isinstance(answer, Next):
                    after[(now, answer)] += here
                    continue
                chosen[-1 if answer.level is None else answer.level] += here
                for level, (number, events) in enumerate(now):
                    subjects[level] += here * number
                    toxicities[level] += here * events
                sizes[sum(number for number, _ in now)] += here
        going = after
        states += len(going)
        if states > most_states:
            message = f"more than {most_states} states: fewer levels or subjects are needed to follow every course"
            raise TooManyStates(message)
    return DoseCharacteristics(
        tuple(rates),
        tuple(chosen[:-1].tolist()),
        float(chosen[-1]),
        tuple(subjects.tolist()),
        tuple(toxicities.tolist()),
        dict(sorted(sizes.items())),
        states,
    )
