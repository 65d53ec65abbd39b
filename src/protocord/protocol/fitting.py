"""Make a document its typed model, or say where it does not fit."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from protocord.errors import Problem
from protocord.protocol.reading import Source, plain
from protocord.protocol.wording import reworded

Model = TypeVar("Model", bound=BaseModel)


def typed(source: Source, model: type[Model], problems: list[Problem]) -> Model | None:
    """This will return the document as its model; None, with every problem, where it does not fit."""
    if source.root is None:
        return None
    before = len(problems)
    content = plain(source, problems)
    try:
        made = model.model_validate(content)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False, include_context=True):
            # A list whose items are wrong is reported as too short as well, for none of them counts: the items are said already.
            if not (error["type"] == "too_short" and getattr(source.node(error["loc"]), "value", None)):
                problems.append(reworded(dict(error), source, model))
        return None
    return made if len(problems) == before else None
