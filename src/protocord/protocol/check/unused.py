"""What is defined and never used."""

from __future__ import annotations

from collections.abc import Iterator

from protocord.criteria import CheckedRule
from protocord.errors import Place, Problem
from protocord.protocol.check.registry import check, place
from protocord.protocol.model import Protocol


def all_rules(protocol: Protocol) -> Iterator[CheckedRule]:
    """This will return every rule of every reading, with its review and advisory rules, and the rules of hold criteria."""
    for readings in protocol.readings.values():
        for rules in readings.values():
            yield rules.rule
            if rules.review_when is not None:
                yield rules.review_when
            yield from (advisory.when for advisory in rules.advisories)
    yield from protocol.hold_rules.values()


def names_in_rules(protocol: Protocol) -> frozenset[str]:
    """This will return the concepts and value sets that any rule names."""
    return frozenset(name for rule in all_rules(protocol) for name in rule.concepts | rule.value_sets)


def concepts_in_forms(protocol: Protocol, forms: frozenset[str] | None = None) -> frozenset[str]:
    """This will return the concepts of which the forms (or some of them) make facts."""
    found: set[str] = set()
    for form in protocol.forms:
        if forms is not None and form.id not in forms:
            continue
        for section in form.sections:
            for fact in section.facts:
                if fact.concept:
                    found.add(fact.concept)
                if fact.concept_from:
                    items = {item.id: item for item in section.items}
                    item = items.get(fact.concept_from.rpartition(".")[2])
                    if item is not None:
                        found.update(choice.concept for choice in item.choices if choice.concept)
                        if item.value_set:
                            found.update(
                                member.concept for member in protocol.value_sets[item.value_set].members if member.concept
                            )
    return frozenset(found)


def used_concepts(protocol: Protocol) -> frozenset[str]:
    """This will return every concept that a rule, form, value set or other document names."""
    found = set(names_in_rules(protocol)) | set(concepts_in_forms(protocol))
    for form in protocol.forms:
        for section in form.sections:
            found.update(item.concept for item in section.items if item.concept)
            found.update(history.concept for history in section.history)
    found.update(analyte.concept for analyte in protocol.kinetics.analytes if analyte.concept)
    found.update(event.concept for event in protocol.safety.event_types if event.concept)
    if protocol.safety.dlt is not None:
        for toxicity in protocol.safety.dlt.events:
            found.update(condition.concept for condition in toxicity.any_of if condition.concept)
            found.update(exception.concept for exception in toxicity.unless if exception.concept)
    found.update(protocol.dosing.observation.signs)
    medicines = (*protocol.dosing.premedication, *protocol.dosing.lymphodepletion.medicines)
    found.update(medicine.concept for medicine in medicines if medicine.concept)
    return frozenset(found)


@check
def unused_form(protocol: Protocol) -> Iterator[Problem]:
    """A form that no visit asks for and that does not run between visits."""
    asked = {form for visit in protocol.schedule.visits for form in visit.forms}
    asked |= {running.form for running in protocol.schedule.running_forms}
    for form in protocol.forms:
        if form.id not in asked:
            what = "the form is asked at no visit."
            yield Problem(place(protocol, f"forms/{form.id}"), what, "Add it to a visit or to `running_forms`, or take it away.")


@check
def unused_concept(protocol: Protocol) -> Iterator[Problem]:
    """A concept of the study's own that nothing names, neither itself nor through a parent or child."""
    own = [concept for concept in protocol.concepts.values() if concept.place.file.endswith("concepts.yaml")]
    folder = protocol.sources.folder if protocol.sources is not None else ""
    used = used_concepts(protocol)
    for concept in own:
        family = {concept.id} | protocol.concepts.ancestors(concept.id) | protocol.concepts.descendants(concept.id)
        if concept.place.file.startswith(folder) and not family & used:
            yield Problem(concept.place, "no rule, form or document uses the concept.", "Use it, or take it away.")


@check
def unused_value_set(protocol: Protocol) -> Iterator[Problem]:
    """A value set that no item offers and no rule asks about."""
    used = set(names_in_rules(protocol))
    used |= {item.value_set for form in protocol.forms for section in form.sections for item in section.items if item.value_set}
    used |= {protocol.concepts[name].value_set or "" for name in used_concepts(protocol) if name in protocol.concepts}
    for name in protocol.value_sets:
        if name not in used:
            file = f"{protocol.sources.folder}/value_sets/{name}.csv" if protocol.sources is not None else name
            yield Problem(Place(file), "no item and no rule uses the value set.", "Use it, or take it away.")


@check
def unused_parameter(protocol: Protocol) -> Iterator[Problem]:
    """A parameter that no rule uses."""
    used = {name for rule in all_rules(protocol) for name in rule.parameters}
    for parameter in protocol.eligibility.parameters:
        if parameter.id not in used:
            where = place(protocol, "eligibility", "parameters", parameter.id)
            yield Problem(where, "no rule uses the parameter.", "Use it, or take it away.")


@check
def unused_activity(protocol: Protocol) -> Iterator[Problem]:
    """An activity that is done at no visit."""
    used = {activity for visit in protocol.schedule.visits for activity in visit.activities}
    for activity in protocol.schedule.activities:
        if activity.id not in used:
            where = place(protocol, "schedule", "activities", activity.id)
            yield Problem(where, "the activity is done at no visit.", "Add it to a visit, or take it away.")


@check
def unused_analyte(protocol: Protocol) -> Iterator[Problem]:
    """An analyte that is in no panel, or a panel that is never drawn."""
    kinetics = protocol.kinetics
    in_panels = {analyte for panel in kinetics.panels for analyte in panel.analytes}
    for analyte in kinetics.analytes:
        if analyte.id not in in_panels and analyte.matrix not in ("tumour", "product"):
            where = place(protocol, "kinetics", "analytes", analyte.id)
            yield Problem(where, "the analyte is in no panel, so it is never measured.", "Add it to a panel, or take it away.")
    drawn = {panel for sample in kinetics.samples for panel in sample.panels}
    for panel in kinetics.panels:
        if panel.id not in drawn:
            where = place(protocol, "kinetics", "panels", panel.id)
            yield Problem(where, "the panel is never drawn.", "Add it to a sample, or take it away.")


@check
def unmeasured_objective(protocol: Protocol) -> Iterator[Problem]:
    """An objective that no endpoint answers."""
    answered = {endpoint.objective for endpoint in protocol.study.endpoints}
    for objective in protocol.study.objectives:
        if objective.id not in answered:
            where = place(protocol, "study", "objectives", objective.id)
            yield Problem(where, "no endpoint answers the objective.", "Add an endpoint, or take it away.")


@check
def choice_with_one_answer(protocol: Protocol) -> Iterator[Problem]:
    """A choice that offers a single answer and so asks nothing."""
    for form in protocol.forms:
        for section in form.sections:
            for item in section.items:
                if len(item.choices) == 1:
                    where = place(protocol, f"forms/{form.id}", "sections", section.id, "items", item.id)
                    yield Problem(where, "the choice has one answer only.", "Add answers, or make it a yes/no item.")
