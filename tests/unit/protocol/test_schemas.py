"""The JSON Schemas and the reference page: current, and true of the shipped studies."""

import json
import re
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from protocord.protocol import STUDIES, generate, generated_files, json_schemas
from protocord.protocol.check.confirm import _snake
from protocord.protocol.document.elements import Sourced
from protocord.protocol.loading import MODELS
from protocord.words import term

ROOT = Path(__file__).parents[3]
SCHEMAS = json_schemas()
DOCUMENTS = sorted(
    path.relative_to(STUDIES) for path in STUDIES.rglob("*.yaml") if path.stem in SCHEMAS or path.parent.name == "forms"
)


def as_editors_read(text):
    """YAML 1.2 as editors read it: only true and false are yes/no, no dates, `0123` and `1.10` numbers."""

    def build(node):
        if isinstance(node, yaml.SequenceNode):
            return [build(child) for child in node.value]
        if isinstance(node, yaml.MappingNode):
            return {key.value: build(child) for key, child in node.value}
        if node.style:
            return node.value
        if node.value in ("", "~", "null"):
            return None
        if node.value in ("true", "false"):
            return node.value == "true"
        if re.fullmatch(r"[-+]?\d+", node.value):
            return int(node.value)
        return float(node.value) if re.fullmatch(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", node.value) else node.value

    return build(yaml.compose(text, Loader=yaml.CBaseLoader))


def test_the_generated_files_are_current():
    stale = generate(ROOT, write=False)

    assert stale == (), "run `protocord generate`"


def test_generating_writes_what_is_not_current_and_nothing_else(tmp_path):
    assert len(generate(tmp_path)) == len(generated_files())
    (tmp_path / "docs/reference/protocol.md").write_text("old", "utf-8")

    assert generate(tmp_path) == (tmp_path / "docs/reference/protocol.md",)
    assert generate(tmp_path) == ()


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_a_schema_that_refuses_unknown_keys_and_describes_every_key(name):
    schema = SCHEMAS[name]

    jsonschema.Draft202012Validator.check_schema(schema)
    for part in (schema, *schema["$defs"].values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            if part.get("description", "").startswith("The same words"):
                continue
            for key, value in part["properties"].items():
                referred = schema["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})  # said once where both say the same
                assert value.get("description") or referred.get("description"), f"{name}: {key}"
    json.dumps(schema)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_the_shipped_documents_fit_their_schemas(document):
    schema = SCHEMAS["form" if document.parent.name == "forms" else document.stem]
    content = as_editors_read((STUDIES / document).read_text("utf-8"))

    errors = [
        f"{error.json_path}: {error.message[:200]}" for error in jsonschema.Draft202012Validator(schema).iter_errors(content)
    ]

    assert errors == []


def test_a_misspelt_key_does_not_fit():
    content = as_editors_read((STUDIES / "nct06848582" / "schedule.yaml").read_text("utf-8"))
    content["visits"][0]["epcoh"] = content["visits"][0].pop("epoch")

    errors = list(jsonschema.Draft202012Validator(SCHEMAS["schedule"]).iter_errors(content))

    assert len(errors) == 2


def models(kind):
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for inner in get_args(kind):
        yield from models(inner)


def test_the_reference_names_every_key_of_every_document():
    page = generated_files()["docs/reference/protocol.md"]

    for model in {model for root in MODELS.values() for model in models(root)}:
        for name, field in model.model_fields.items():
            assert f"| `{field.alias or name}`" in page, f"{model.__name__}.{name}"
            assert field.description, f"{model.__name__}.{name}"


def test_the_links_of_the_reference_lead_to_its_headings():
    page = generated_files()["docs/reference/protocol.md"]

    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in page.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def test_every_item_that_a_sponsor_confirms_has_words():
    for model in {model for root in MODELS.values() for model in models(root)}:
        if issubclass(model, Sourced) and not {"text", "name", "title"} & set(model.model_fields):
            for language in ("en", "zh"):
                assert term(f"protocol_item_{_snake(model.__name__)}", language)
