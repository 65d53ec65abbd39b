"""Facts: what the answers to a form say of the subject, as rules see it."""

from __future__ import annotations

from collections.abc import Mapping

from protocord.concepts import Concepts
from protocord.forms.answers import Answers
from protocord.protocol.document import Form, ValueSet
from protocord.values import Fact, History


def facts(
    form: Form,
    answers: Answers,
    *,
    visit: str,
    record_id: str = "",
    concepts: Concepts | None = None,
    value_sets: Mapping[str, ValueSet] | None = None,
) -> tuple[tuple[Fact, ...], tuple[History, ...]]:
    """This will return the facts and histories that normalised answers state.

    `record_id` names the record (default `visit/form`); a fact's id is the record's and the key of the item that gives its value, so
    it stays the same when the answer is corrected.
    """
    raise NotImplementedError
