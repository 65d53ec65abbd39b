"""The FHIR resources that carry a study's criteria: Library, EvidenceVariable, Group, and the Bundle of all."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from protocord.exchange.cql.library import HELPERS, helper_library, library_name

if TYPE_CHECKING:
    from protocord.protocol import Protocol

BASE = "urn:protocord"


def _library(name: str, version: str, title: str, cql: str, elm: str | None, depends: str | None = None) -> dict[str, Any]:
    contents = [{"contentType": "text/cql", "data": _base64(cql)}]
    if elm is not None:
        contents.append({"contentType": "application/elm+json", "data": _base64(elm)})
    related = [] if depends is None else [{"type": "depends-on", "resource": depends}]
    found: dict[str, Any] = {
        "resourceType": "Library",
        "id": name.replace("_", "-"),
        "url": f"{BASE}:Library:{name}",
        "version": version,
        "name": name,
        "title": title,
        "status": "active",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "logic-library"}]},
        "content": contents,
    }
    return found | ({"relatedArtifact": related} if related else {})


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def resources(protocol: Protocol, cql: str, elm: Mapping[str, str] | None = None) -> dict[str, Any]:
    """This will return a FHIR R4 Bundle: the two Libraries, an EvidenceVariable, and a Group that says whom the study admits.

    The EvidenceVariable has one characteristic a criterion, decided by the define of that name and, where that is null, left open; the
    Group is definitional, its one characteristic being the define `Eligible`. `elm` is the ELM of each library by name, where there is any.
    """
    name, compiled = library_name(protocol.study.id), elm or {}
    helpers = _library(HELPERS, "1.0.0", "What the rules of a Protocord study ask", helper_library(), compiled.get(HELPERS))
    title = protocol.study.title.brief.en
    depends = f"{helpers['url']}|{helpers['version']}"
    library = _library(name, protocol.version, f"Eligibility: {title}", cql, compiled.get(name), depends)
    canonical = f"{library['url']}|{protocol.version}"
    variable = {
        "resourceType": "EvidenceVariable",
        "id": f"{library['id']}-eligibility",
        "url": f"{BASE}:EvidenceVariable:{name}",
        "version": protocol.version,
        "name": f"{name}_eligibility",
        "title": f"Eligibility: {title}",
        "status": "active",
        "relatedArtifact": [{"type": "depends-on", "resource": canonical}],
        "type": "dichotomous",
        "characteristic": [
            {
                "description": f"{one.id}: {one.text.en}",
                "definitionExpression": {"language": "text/cql", "expression": f'"{one.id}"', "reference": canonical},
                # The define says whether the criterion is met, an exclusion criterion when its condition is absent.
                "exclude": False,
            }
            for one in protocol.eligibility.criteria
        ],
    }
    group = {
        "resourceType": "Group",
        "id": f"{library['id']}-eligible",
        "type": "person",
        "actual": False,
        "name": f"Eligible for {protocol.study.id}",
        "characteristic": [
            {
                "code": {"text": "Meets every criterion"},
                "valueBoolean": True,
                "exclude": False,
                "extension": [
                    {
                        "url": "http://hl7.org/fhir/StructureDefinition/cqf-expression",
                        "valueExpression": {"language": "text/cql", "expression": '"Eligible"', "reference": canonical},
                    }
                ],
            }
        ],
    }
    entries = (helpers, library, variable, group)
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]}
