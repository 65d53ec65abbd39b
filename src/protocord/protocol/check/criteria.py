"""Criteria that nobody can answer, that contradict one another, or that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from protocord.criteria import CheckedRule, to_text
from protocord.criteria.tree import And, Call, Compare, Expression, Measure, Named, Number, walk
from protocord.errors import Problem
from protocord.protocol.check.registry import check, place
from protocord.protocol.check.unused import concepts_in_forms
from protocord.protocol.faults.schedule import nominal_days
from protocord.protocol.model import DEFAULT_READING, Protocol

# Functions that answer from the absence of a record, and so need a history that covers it.
_NEED_HISTORY = frozenset({"Ever", "Washout", "RecoveredTo"})
_AGE = frozenset({"AgeInYears", "AgeInYearsAt"})


def screening_forms(protocol: Protocol) -> frozenset[str]:
    """This will return the forms asked at visits before day 1 or on it, and those that run from then."""
    days = nominal_days(protocol.schedule)
    early = {visit.id for visit in protocol.schedule.visits if days.get(visit.id, 1) <= 0}
    asked = {form for visit in protocol.schedule.visits if visit.id in early for form in visit.forms}
    running = {one.form for one in protocol.schedule.running_forms if one.first in early}
    return frozenset(asked | running)


def asked_concepts(rule: CheckedRule) -> frozenset[str]:
    """This will return the concepts that a rule asks of the facts; an age asks for the birth date."""
    by_age = any(isinstance(node, Call) and node.function in _AGE for node in walk(rule.expression))
    return rule.concepts | ({"Birth date"} if by_age else set())


@check
def criterion_that_no_form_can_answer(protocol: Protocol) -> Iterator[Problem]:
    """A rule that asks for a concept of which no form up to day 1 makes a fact."""
    forms = screening_forms(protocol)
    made = concepts_in_forms(protocol, forms)
    for criterion, readings in protocol.readings.items():
        for name, rules in readings.items():
            for concept in sorted(asked_concepts(rules.rule)):
                family = {concept} | protocol.concepts.descendants(concept)
                if not family & made:
                    loc = (
                        ("criteria", criterion, "rule")
                        if name == DEFAULT_READING
                        else ("criteria", criterion, "readings", name, "rule")
                    )
                    what = f"no form up to day 1 asks for {concept!r}, so the answer would always be unknown."
                    yield Problem(place(protocol, "eligibility", *loc), what, "Add an item and a fact to a form of screening.")


@check
def criterion_without_a_history(protocol: Protocol) -> Iterator[Problem]:
    """A washout, recovery or `Ever` for which no form can state that the list is complete."""
    forms = screening_forms(protocol)
    stated = {
        history.concept for form in protocol.forms if form.id in forms for section in form.sections for history in section.history
    }
    for criterion, readings in protocol.readings.items():
        for node in walk(readings[DEFAULT_READING].rule.expression):
            if not isinstance(node, Call) or node.function not in _NEED_HISTORY or not isinstance(node.arguments[0], Named):
                continue
            concept = node.arguments[0].name
            family = {concept} | protocol.concepts.ancestors(concept)
            if not family & stated:
                what = f"no form up to day 1 can state that the list of {concept!r} is complete, so a child without any would be unknown."
                yield Problem(
                    place(protocol, "eligibility", "criteria", criterion, "rule"), what, "Add a `history` to the form's section."
                )


@check
def ratio_without_an_upper_limit(protocol: Protocol) -> Iterator[Problem]:
    """A rule that compares with the upper limit of normal, which no form up to day 1 asks for."""
    forms = screening_forms(protocol)
    limited = {
        fact.concept
        for form in protocol.forms
        if form.id in forms
        for section in form.sections
        for fact in section.facts
        if fact.concept and fact.high
    }
    for criterion, rules in protocol.rules.items():
        for node in walk(rules.rule.expression):
            if isinstance(node, Call) and node.function == "TimesULN" and isinstance(node.arguments[0], Named):
                concept = node.arguments[0].name
                if not ({concept} | protocol.concepts.descendants(concept)) & limited:
                    what = f"no form up to day 1 asks for the upper limit of normal of {concept!r}, so the answer would always be unknown."
                    where = place(protocol, "eligibility", "criteria", criterion, "rule")
                    yield Problem(where, what, "Add an item for the limit, and `high` to the fact.")


@check
def contradictory_limits(protocol: Protocol) -> Iterator[Problem]:
    """Two inclusion criteria that no child can meet together, because their limits on the same value exclude one another."""
    seen: dict[tuple[str, str], tuple[str, Compare]] = {}
    for criterion in protocol.eligibility.criteria:
        if criterion.type != "inclusion":
            continue
        for limit in _limits(protocol.rules[criterion.id].rule.expression):
            value, unit = _constant(limit.right)
            for operator in _OPPOSITE.get(limit.operator, ()):
                other = seen.get((f"{to_text(limit.left)} {unit}", operator))
                if other is None:
                    continue
                bound, _ = _constant(other[1].right)
                low, high = (value, bound) if limit.operator in (">", ">=") else (bound, value)
                if low > high or (low == high and not (limit.operator.endswith("=") and operator.endswith("="))):
                    what = f"no child can meet this and {other[0]}: {to_text(limit)} here, {to_text(other[1])} there."
                    yield Problem(
                        place(protocol, "eligibility", "criteria", criterion.id, "rule"), what, "Mend one of the two limits."
                    )
            seen.setdefault((f"{to_text(limit.left)} {unit}", limit.operator), (criterion.id, limit))


_OPPOSITE: Mapping[str, tuple[str, ...]] = {">": ("<", "<="), ">=": ("<", "<="), "<": (">", ">="), "<=": (">", ">=")}


def _limits(expression: Expression) -> Iterator[Compare]:
    """Comparisons with a constant that must all hold for the expression to be true."""
    if isinstance(expression, And):
        yield from _limits(expression.left)
        yield from _limits(expression.right)
    elif isinstance(expression, Compare) and isinstance(expression.right, Number | Measure):
        yield expression


def _constant(expression: Expression) -> tuple[Decimal, str]:
    if isinstance(expression, Measure):
        return expression.value, expression.unit
    return (expression.value, "") if isinstance(expression, Number) else (Decimal(0), "")


@check
def rule_said_twice(protocol: Protocol) -> Iterator[Problem]:
    """Two criteria with the same rule, or a reading that says what the default says."""
    first: dict[tuple[str, Expression], str] = {}
    for criterion in protocol.eligibility.criteria:
        readings = protocol.readings[criterion.id]
        default = readings[DEFAULT_READING]
        key = (criterion.type, default.rule.expression)
        if key in first:
            what = f"the rule is that of {first[key]}."
            yield Problem(
                place(protocol, "eligibility", "criteria", criterion.id, "rule"), what, "Mend it, or take one of the two away."
            )
        first.setdefault(key, criterion.id)
        moved = {reading.id for reading in criterion.readings if (reading.as_of or criterion.as_of) != criterion.as_of}
        for name, rules in readings.items():
            same_review = (rules.review_when and rules.review_when.expression) == (
                default.review_when and default.review_when.expression
            )
            if name not in {DEFAULT_READING, *moved} and rules.rule.expression == default.rule.expression and same_review:
                where = place(protocol, "eligibility", "criteria", criterion.id, "readings", name, "rule")
                yield Problem(where, "the reading says what the default reading says.", "Mend its rule, or take it away.")


@check
def exclusion_status_against_the_list(protocol: Protocol) -> Iterator[Problem]:
    """A list of exclusion criteria that is empty, or exclusion criteria that are said not to have been retrieved."""
    listed = [criterion for criterion in protocol.eligibility.criteria if criterion.type == "exclusion"]
    where = place(protocol, "eligibility", "exclusion_status")
    if protocol.eligibility.exclusion_status == "listed" and not listed:
        yield Problem(
            where, "the exclusion criteria are said to be listed, and there is none.", "List them, or write `not_retrieved`."
        )
    if protocol.eligibility.exclusion_status == "not_retrieved" and any(criterion.source == "registry" for criterion in listed):
        what = "the exclusion criteria are said not to have been retrieved, and one comes from the registry."
        yield Problem(where, what, "Write `listed`, or mend the criterion's source.")
