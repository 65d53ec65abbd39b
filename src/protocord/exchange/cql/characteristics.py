"""A study's criteria as the characteristics of FHIR: of an EvidenceVariable, each by its define; of a Group, by a code where there is one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from protocord.concepts import Concept, Concepts
from protocord.criteria import plan as rows
from protocord.criteria.tree import Comparison
from protocord.exchange.cql.canonical import translated_element
from protocord.exchange.cql.literals import named
from protocord.values import CodeSystem, Text

if TYPE_CHECKING:
    from protocord.protocol import Protocol
    from protocord.protocol.document import Criterion

_EXPRESSION = "http://hl7.org/fhir/StructureDefinition/cqf-expression"
_AGE = {"system": CodeSystem.LOINC.value, "code": "30525-0", "display": "Age"}
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
Asked = tuple[list[dict[str, str]], dict[str, Any]]
_YES: Asked = ([], {"valueBoolean": True})


def of_variable(protocol: Protocol, library: str) -> list[dict[str, Any]]:
    """This will return the characteristics of an EvidenceVariable: text, the define that decides, and whether it keeps out."""
    return [
        {
            "id": _element_id(one.id),
            "description": f"{one.id}: {one.text.en}",
            **translated_element("description", Text(f"{one.id}: {one.text.en}", f"{one.id}: {one.text.zh}")),
            "definitionExpression": _expression(one, library),
            "exclude": one.type == "exclusion",
        }
        for one in protocol.eligibility.criteria
    ]


def of_group(protocol: Protocol, library: str) -> list[dict[str, Any]]:
    """This will return the characteristics of a Group: each criterion in words, with its code and limit where one code and one limit say it.

    The define of the criterion decides in any case; it is named in an extension, since a Group of R4 has no place for it.
    """
    found = []
    for one in protocol.eligibility.criteria:
        coding, value = codable(protocol.rules[one.id].rule.plan, protocol.concepts)
        code: dict[str, Any] = {"coding": coding} if coding else {}
        found.append(
            {
                "id": _element_id(one.id),
                "extension": [{"url": _EXPRESSION, "valueExpression": _expression(one, library)}],
                "code": code | {"text": f"{one.id}: {one.text.en}"},
                **value,
                "exclude": one.type == "exclusion",
            }
        )
    return found


def codable(plan: rows.Plan, concepts: Concepts) -> Asked:
    """This will return the codings and the value of a rule that asks one thing of the child; no codings for any other."""
    match plan:
        case rows.Comparing(operator=operator, left=rows.Asked() as asked, right=rows.Written(value=Decimal() as limit)):
            return _limited(asked, operator, limit, concepts)
        case rows.Comparing(operator=operator, left=rows.Written(value=Decimal() as limit), right=rows.Asked() as asked):
            return _limited(asked, _TURNED.get(operator, operator), limit, concepts)
        case rows.Asked(function=function, arguments=(str(name), *_)) if function.name in ("Has", "Ever", "Attested"):
            return _codings(concepts[name]), {"valueBoolean": True}
    return _YES


def _limited(asked: rows.Asked, operator: Comparison, limit: Decimal, concepts: Concepts) -> Asked:
    if operator == "!=":
        return _YES
    if asked.function.name == "AgeInYears":
        return [_AGE], {"valueQuantity": _quantity(operator, limit, "a")}
    if asked.function.name == "Latest":
        concept = concepts[asked.arguments[0]]
        return _codings(concept), {"valueQuantity": _quantity(operator, limit, concept.unit or "1")}
    return _YES


def _quantity(operator: Comparison, limit: Decimal, unit: str) -> dict[str, Any]:
    number = int(limit) if limit == limit.to_integral_value() else float(limit)
    comparator = {} if operator == "=" else {"comparator": operator}
    return {"value": number, **comparator, "unit": unit, "system": CodeSystem.UCUM.value, "code": unit}


def _codings(concept: Concept) -> list[dict[str, str]]:
    return [{"system": one.system, "code": one.code} | ({"display": one.display} if one.display else {}) for one in concept.codes]


def _expression(criterion: Criterion, library: str) -> dict[str, str]:
    """The define that holds of a child with this characteristic: of one that keeps out, that the condition is there."""
    name = f"{criterion.id} excludes" if criterion.type == "exclusion" else criterion.id
    return {"language": "text/cql", "expression": named(name), "reference": library}


def _element_id(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)[:64]
