"""The reference page of the documents, made from the models: every key, its type and its meaning."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from protocord.protocol.document import Form, Span
from protocord.protocol.loading import MODELS
from protocord.protocol.tables import COLUMNS, SYSTEMS
from protocord.values.text import Text

_HEAD = """\
# The documents of a study

Made from the models by `protocord generate`; do not edit.

A study is a folder. Each document below is one file; `forms/` holds one file a form and `value_sets/` one CSV file a value set.
`concepts.yaml`, where there is one, adds the study's own concepts. Files are UTF-8. A value is kept as it was written until the
type of its key says what it is, so `1.10` stays a decimal number of two digits and `no` may be a code. A key that nobody
defined is refused; so is a key that stands twice. `source` says where an item comes from: `registry`, `sibling`, `standard`, `convention` or `not_retrieved`.

A key marked * is needed. An editor with the YAML language server checks a file while it is written when its first line names the
schema shipped for it: `# yaml-language-server: $schema=PATH/study.schema.json` (the folder `schemas` of `protocord/protocol`;
`form.schema.json` for forms). What a schema cannot know (names between documents, units, rules, windows) `protocord check` finds.
"""
_SIMPLE: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    bool: "yes or no",
    Decimal: "number",
    date: "date",
    Text: "words (`en`, `zh`)",
    Span: "length of time",
}


def reference_page() -> str:
    """This will return the page in Markdown."""
    parts = [_HEAD]
    told: set[type[BaseModel]] = set()
    models: dict[str, type[BaseModel]] = {**MODELS, "forms/<id>": Form}
    for name, model in models.items():
        parts.append(f"## {name}.yaml\n")
        for part in _family(model):
            if part not in told:
                told.add(part)
                parts.append(_table(part, heading="" if part is model else f"### {_title(part)}\n\n"))
    parts.append(
        "## value_sets/<id>.csv\n\n"
        f"Columns: {', '.join(f'`{column}`' for column in COLUMNS)}; the last two may be left out or empty.\n"
        f"`system` is one of {', '.join(f'`{system}`' for system in SYSTEMS)}.\n"
    )
    return "\n".join(parts)


def _family(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model, and every model inside it, each once, in reading order."""
    seen: list[type[BaseModel]] = []

    def visit(one: type[BaseModel]) -> None:
        if one in seen:
            return
        seen.append(one)
        for field in one.model_fields.values():
            for inner in _models(field.annotation):
                visit(inner)

    visit(model)
    return iter(seen)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models(inner)


def _table(model: type[BaseModel], heading: str) -> str:
    lines = [heading + " ".join((model.__doc__ or "").split()), "", "| key | type | meaning |", "| --- | --- | --- |"]
    for name, field in model.model_fields.items():
        key = f"`{field.alias or name}`" + (" *" if field.is_required() else "")
        lines.append(f"| {key} | {_cell(_type(field.annotation, field))} | {_cell(field.description or '')}{_default(field)} |")
    return "\n".join(lines) + "\n"


def _type(kind: Any, field: FieldInfo | None = None) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if field is not None and any(getattr(one, "pattern", None) for one in field.metadata) and kind is str:
        return "text"
    if origin is Annotated:
        return _type(arguments[0])
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{value}`" for value in kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{_title(kind)}](#{_anchor(_title(kind))})"
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin in (Union, types.UnionType):
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"mapping of {_type(arguments[0])} to {_type(arguments[1])}"
    return "text"


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required() or default in (None, (), "") or field.default_factory is not None:
        return ""
    said = {True: "yes", False: "no"}.get(default, default) if isinstance(default, bool) else default
    return f" Left out: `{said}`."


def _title(model: type[BaseModel]) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).split()
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _cell(said: str) -> str:
    return said.replace("|", "\\|")
