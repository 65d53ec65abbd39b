"""The rule in a reader's own words, and the manual's page."""

from __future__ import annotations

from protocord.concepts import Concepts
from protocord.criteria.tree import Expression
from protocord.values.text import Language


def in_words(expression: Expression, concepts: Concepts, language: Language) -> str:
    """This will return the rule as a phrase in `language`, concepts by their names."""
    raise NotImplementedError


def reference() -> str:
    """This will return the reference page of the rule language in Markdown, made from the function registry."""
    raise NotImplementedError
