"""The FHIR R4 resources that carry a study's criteria: Library, EvidenceVariable, Group, ValueSet, and the Bundle of all."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from protocord.exchange.cql.canonical import BASE, canonical, full_url, translated_element
from protocord.exchange.cql.characteristics import of_group, of_variable
from protocord.exchange.cql.library import HELPERS, HELPERS_VERSION, RETRIEVED, helper_library, library_name, study_code_sets
from protocord.values import Text

if TYPE_CHECKING:
    from protocord.protocol import Protocol

Resource = dict[str, Any]
_LOGIC = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/library-type", "code": "logic-library"}]}


def _library(url: str, name: str, version: str, title: Text, cql: str, elm: str | None) -> Resource:
    contents = [{"contentType": "text/cql", "data": _base64(cql)}]
    if elm is not None:
        contents.append({"contentType": "application/elm+json", "data": _base64(elm)})
    return {
        "resourceType": "Library",
        "id": name.replace("_", "-"),
        "url": url,
        "version": version,
        "name": name,
        "title": title.en,
        **translated_element("title", title),
        "status": "active",
        "type": _LOGIC,
        "content": contents,
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _parameters(protocol: Protocol) -> list[Resource]:
    """What the study's library is given, and the truths that it gives."""
    days = (
        ("Reference Date", "The day of the assessment."),
        ("Planned Infusion", "The day of the first infusion as planned, or null."),
    )
    given = [
        {"name": name, "use": "in", "min": number, "max": "1", "documentation": about, "type": "date"}
        for number, (name, about) in zip((1, 0), days, strict=True)
    ]
    truths = [*(one.id for one in protocol.eligibility.criteria), "Eligible"]
    return [*given, *({"name": name, "use": "out", "min": 0, "max": "1", "type": "boolean"} for name in truths)]


def resources(protocol: Protocol, cql: str, elm: Mapping[str, str] | None = None, base: str = BASE) -> Resource:
    """This will return a FHIR R4 Bundle that a server takes as one transaction: the two Libraries, an EvidenceVariable, a Group that
    says whom the study admits, and every ValueSet that the text declares.

    EvidenceVariable and Group have one characteristic a criterion, decided by the define that is named there; where that is null, it is
    left open. `elm` is the ELM of each library by name, where there is any; `base` begins every canonical address, as in the text.
    """
    name, version, compiled = library_name(protocol.study.id), protocol.version, elm or {}
    asking = Text("What the rules of a Protocord study ask", "Protocord研究规则所用的函数")
    helpers = _library(
        canonical(base, "Library", HELPERS), HELPERS, HELPERS_VERSION, asking, helper_library(), compiled.get(HELPERS)
    )
    sets = study_code_sets(protocol, base).resources(version)
    brief = protocol.study.title.brief
    title = Text(f"Eligibility: {brief.en}", f"入选标准：{brief.zh}")
    library = _library(canonical(base, "Library", name), name, version, title, cql, compiled.get(name))
    library |= {
        "relatedArtifact": [_depends(_versioned(one)) for one in (helpers, *sets)],
        "parameter": _parameters(protocol),
        "dataRequirement": [{"type": kind} for kind in RETRIEVED],
    }
    logic = _versioned(library)
    variable = {
        "resourceType": "EvidenceVariable",
        "id": f"{library['id']}-eligibility",
        "url": canonical(base, "EvidenceVariable", name),
        "version": version,
        "name": f"{name}_eligibility",
        "title": title.en,
        **translated_element("title", title),
        "status": "active",
        "relatedArtifact": [_depends(logic)],
        "type": "dichotomous",
        "characteristic": of_variable(protocol, logic),
    }
    group = {
        "resourceType": "Group",
        "id": f"{library['id']}-eligible",
        "type": "person",
        "actual": False,
        "name": f"Eligible for {protocol.study.id}",
        "characteristic": of_group(protocol, logic),
    }
    entries = [
        _entry(one, one.get("url") or canonical(base, "Group", name)) for one in (helpers, library, variable, group, *sets)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(resource: Resource, url: str) -> Resource:
    kind = resource["resourceType"]
    return {
        "fullUrl": full_url(url),
        "resource": resource,
        "request": {"method": "PUT", "url": f"{kind}/{resource['id']}"},
    }


def _depends(versioned: str) -> Resource:
    return {"type": "depends-on", "resource": versioned}


def _versioned(resource: Resource) -> str:
    return f"{resource['url']}|{resource['version']}"
