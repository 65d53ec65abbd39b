"""A form written in the test, and the shipped concepts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import yaml

from protocord import concepts as shipped
from protocord.concepts import Concepts
from protocord.forms import Answers, FormProblem, ItemAnswer, check, normalise
from protocord.protocol.document import Form

TODAY = date(2026, 11, 22)


def form_of(text: str) -> Form:
    """This will read a form whose labels are plain words."""
    document = yaml.load(text, yaml.BaseLoader)
    for section in document["sections"]:
        section.setdefault("title", {"en": section["id"], "zh": section["id"]})
        for item in section["items"]:
            item.setdefault("label", {"en": item["id"], "zh": item["id"]})
            for choice in item.get("choices", ()):
                choice.setdefault("label", {"en": choice["code"].title(), "zh": choice["code"]})
    titled = {"title": {"en": document["id"], "zh": document["id"]}, "version": 1, "source": "convention"}
    return Form.model_validate({**titled, **document})


@pytest.fixture(scope="session")
def concepts() -> Concepts:
    return shipped.load(None)


@pytest.fixture
def fill(concepts: Concepts) -> Callable[..., tuple[Answers, list[FormProblem]]]:
    """Type answers into a form: what is stored, and every problem of reading and checking."""

    def filled(form: Form, /, **typed: str | ItemAnswer) -> tuple[Answers, list[FormProblem]]:
        given = {key.replace("__", "."): a if isinstance(a, ItemAnswer) else ItemAnswer(a) for key, a in typed.items()}
        stored, unreadable = normalise(form, given, today=TODAY)
        unread = {problem.item for problem in unreadable}
        checked = check(form, stored, on=TODAY, concepts=concepts)
        return stored, [*unreadable, *(problem for problem in checked if problem.item not in unread)]

    return filled
