"""A bound on a count, with its direction: never a bare number.

Simon's r is the last count that fails; others print the first that passes. So a bound here always says how a count crosses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protocord.values import Reason

Direction = Literal["at_most", "at_least"]
Action = Literal[
    "stop_futility", "stop_efficacy", "reject", "accept", "stop_toxicity", "too_toxic", "escalate", "de_escalate", "eliminate"
]


@dataclass(frozen=True, slots=True)
class Bound:
    """A count that decides. `at_most`: a count <= `count` crosses; `at_least`: a count >= `count` crosses."""

    count: int
    direction: Direction

    def crosses(self, count: int) -> bool:
        """This will say whether `count` crosses the bound; a count equal to it does."""
        return count <= self.count if self.direction == "at_most" else count >= self.count

    @property
    def sign(self) -> str:
        """The bound as a sign and a number: `<= 3` or `>= 11`."""
        return f"{'<=' if self.direction == 'at_most' else '>='} {self.count}"

    def said(self, action: Action, *, subjects: int) -> Reason:
        """This will return the bound in words: what happens after how many subjects at which count."""
        return Reason.of(f"design_{action}_{self.direction}", count=self.count, subjects=subjects)
