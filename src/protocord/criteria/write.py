"""Rule to text, with no parenthesis more than the meaning needs."""

from __future__ import annotations

from protocord.criteria.tree import Expression


def to_text(expression: Expression) -> str:
    """This will return the rule's text on one line; `parse` makes the same tree of it again."""
    raise NotImplementedError
