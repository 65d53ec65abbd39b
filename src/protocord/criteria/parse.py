"""Text to rule; refuses what the language lacks, and says where."""

from __future__ import annotations

from protocord.criteria.tree import Expression


def parse(text: str) -> Expression:
    """This will return the rule as a tree. Raises RuleProblem with line, column, what was expected and a likely remedy."""
    raise NotImplementedError
