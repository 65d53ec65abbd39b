"""What is wrong with a rule, and where in its text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Slip:
    """One thing wrong in a rule. `line` and `column` count from 1 inside the rule's own text; `remedy` may be empty."""

    line: int
    column: int
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"line {self.line}, column {self.column}: {self.what}"
        return f"{said} {self.remedy}" if self.remedy else said


class RuleProblem(Exception):
    """A rule cannot be read (one slip) or does not make sense (all its slips at once)."""

    def __init__(self, *slips: Slip) -> None:
        self.slips = tuple(sorted(slips))
        super().__init__("\n".join(str(slip) for slip in self.slips))

    @classmethod
    def at_start(cls, what: str, remedy: str = "") -> RuleProblem:
        """This will return the problem of a text as a whole."""
        return cls(Slip(1, 1, what, remedy))
