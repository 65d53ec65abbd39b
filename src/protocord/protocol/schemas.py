"""JSON Schemas of the documents, for editors; and the writing of all files that are made from the models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from protocord.protocol.document import Form
from protocord.protocol.loading import MODELS
from protocord.protocol.reference import reference_page

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, dict[str, Any]]:
    """This will return a JSON Schema for each kind of document: `study`, …, `form`.

    A schema is for the editor: it knows keys, types and allowed values. Names between documents, units and rules are checked by `load`.
    """
    models: dict[str, type[BaseModel]] = {**MODELS, "form": Form}
    schemas: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        schema = model.model_json_schema(by_alias=True, mode="validation")
        schemas[name] = {"$schema": _DIALECT, "$id": f"{name}.schema.json", **_without_titles(schema)}
    return schemas


def _without_titles(schema: Any) -> Any:
    # pydantic repeats each key as a title, which editors then show in place of the description.
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_titles(part) for key, part in schema.items() if not (key == "title" and isinstance(part, str))}


def generated_files() -> Mapping[str, str]:
    """This will return the content of every file made from the models, by its path below the repository's root."""
    files = {
        f"src/protocord/protocol/schemas/{name}.schema.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for name, schema in json_schemas().items()
    }
    files["docs/reference/protocol.md"] = reference_page()
    return files


def generate(root: Path, *, write: bool = True) -> tuple[Path, ...]:
    """This will return the generated files below `root` that are not current, and write them unless `write` is false."""
    stale: list[Path] = []
    for name, content in generated_files().items():
        path = root / name
        if not path.exists() or path.read_text("utf-8") != content:
            stale.append(path)
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, "utf-8")
    return tuple(stale)
