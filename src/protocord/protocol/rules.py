"""Parse and check every rule of the documents; a slip in a rule is a problem at its own line of the file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import yaml

from protocord.concepts import Concepts
from protocord.criteria import CheckedRule, RuleProblem, check, parse
from protocord.criteria.tree import Constant
from protocord.errors import Place, Problem
from protocord.protocol.document import Criterion
from protocord.protocol.model import DEFAULT_READING, AdvisoryRule, CriterionRules
from protocord.protocol.reading import Loc, Source, Sources, keys, line_in_scalar, scalar

_RULES = (
    ("eligibility", "criteria.*.rule"),
    ("eligibility", "criteria.*.review_when"),
    ("eligibility", "criteria.*.advisories.*.when"),
    ("eligibility", "criteria.*.readings.*.rule"),
    ("eligibility", "criteria.*.readings.*.review_when"),
    ("dosing", "hold_criteria.*.rule"),
)

Checked = Mapping[tuple[str, Loc], CheckedRule]


def check_rules(sources: Sources, concepts: Concepts, codes: Mapping[str, Collection[str]], problems: list[Problem]) -> Checked:
    """This will return every rule of the documents, checked, by document and loc; every slip goes to `problems`.

    `codes` are those of each value set. Rules are left alone while the document that holds their parameters cannot be read.
    """
    checked: dict[tuple[str, Loc], CheckedRule] = {}
    eligibility = sources.documents.get("eligibility")
    if eligibility is None or eligibility.root is None:
        return checked
    parameters = _parameters(eligibility, problems)
    for document, pattern in _RULES:
        source = sources.documents.get(document)
        if source is None:
            continue
        for loc, node in source.find(pattern):
            if not isinstance(node, yaml.ScalarNode) or scalar(node) is None:
                continue
            rule = _checked(source, loc, node, concepts, parameters, codes, problems)
            if rule is not None:
                checked[document, loc] = rule
    return checked


def _checked(
    source: Source,
    loc: Loc,
    node: yaml.ScalarNode,
    concepts: Concepts,
    parameters: Mapping[str, str],
    codes: Mapping[str, Collection[str]],
    problems: list[Problem],
) -> CheckedRule | None:
    try:
        return check(parse(node.value), concepts=concepts, parameters=parameters, value_sets=codes)
    except RuleProblem as wrong:
        for slip in wrong.slips:
            line = line_in_scalar(source, node, slip.line, slip.column)
            problems.append(Problem(Place(source.file, line, source.item(loc)), slip.what, slip.remedy))
        return None


def _parameters(source: Source, problems: list[Problem]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for loc, node in source.find("parameters.*"):
        parts = keys(node)
        name, value = scalar(parts.get("id")), scalar(parts.get("value"))
        if name and value:
            try:
                constant = isinstance(parse(value), Constant)
            except RuleProblem:
                constant = False
            if not constant:
                what = f"{value!r} is not a value of the rule language."
                problems.append(
                    Problem(source.place((*loc, "value")), what, "Write a literal: `18`, `7 days`, `0.5 '10*9/L'`, `true`.")
                )
            else:
                found[name] = value
    return found


def criterion_rules(index: int, criterion: Criterion, checked: Checked) -> Mapping[str, CriterionRules]:
    """This will return the checked rules of every reading of a criterion, its own (`default`) first.

    A reading that states no `review_when` has none: a reading says all there is to say about when a person must judge.
    """
    at = ("criteria", index)
    advisories = tuple(
        AdvisoryRule(advisory.id, checked["eligibility", (*at, "advisories", number, "when")], advisory.text)
        for number, advisory in enumerate(criterion.advisories)
    )
    readings = {
        DEFAULT_READING: CriterionRules(
            checked["eligibility", (*at, "rule")], checked.get(("eligibility", (*at, "review_when"))), advisories
        )
    }
    for number, reading in enumerate(criterion.readings):
        here = (*at, "readings", number)
        readings[reading.id] = CriterionRules(
            checked["eligibility", (*here, "rule")], checked.get(("eligibility", (*here, "review_when"))), advisories, reading.id
        )
    return MappingProxyType(readings)
