"""Checks: what is wrong or unusual in the answers to a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from protocord.concepts import Concepts
from protocord.forms.answers import Answers, FormProblem
from protocord.protocol.document import Form, ValueSet


def check(
    form: Form, answers: Answers, *, on: date, concepts: Concepts, value_sets: Mapping[str, ValueSet] | None = None
) -> tuple[FormProblem, ...]:
    """This will return every problem of normalised answers, in reading order. `on` is the day of entry at the site.

    `value_sets` are the protocol's; without them the codes of a choice from a value set are not checked.
    """
    raise NotImplementedError
