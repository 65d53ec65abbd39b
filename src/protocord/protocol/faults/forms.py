"""Forms that cannot be asked or cannot become facts: units, choices, references between items, kinds of answer and of concept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.concepts.documents import did_you_mean
from protocord.errors import Problem
from protocord.protocol.document import Form, FormFact, Item, Section, ShowWhen, ValueSet
from protocord.protocol.reading import Loc, Source

_DATES = frozenset({"date", "partial_date", "datetime"})
_NUMBERS = frozenset({"number", "integer"})
# Keys of an item that make sense for some types of answer only.
_ONLY: Mapping[str, frozenset[str]] = {
    "units": _NUMBERS,
    "low": _NUMBERS,
    "high": _NUMBERS,
    "decimals": frozenset({"number"}),
    "allowed": frozenset({"integer"}),
    "choices": frozenset({"choice"}),
    "value_set": frozenset({"choice"}),
    "not_future": _DATES,
    "not_before": _DATES,
    "not_after": _DATES,
    "max_length": frozenset({"text"}),
}
# Keys of a fact and the types of answer that they may name.
_FACT_KEYS: Mapping[str, frozenset[str]] = {
    "date": _DATES,
    "start": _DATES,
    "end": _DATES,
    "ongoing": frozenset({"yes_no"}),
    "low": _NUMBERS,
    "high": _NUMBERS,
    "range_for_child": frozenset({"yes_no"}),
    "laboratory": frozenset({"text", "choice"}),
    "sex": frozenset({"choice"}),
    "concept_from": frozenset({"choice"}),
}
_YES_NO = (ConceptKind.CONDITION, ConceptKind.ATTESTATION)
_VALUES: Mapping[ConceptKind, frozenset[str]] = {
    ConceptKind.MEASUREMENT: _NUMBERS,
    ConceptKind.SCORE: _NUMBERS,
    ConceptKind.TOXICITY: _NUMBERS | {"choice"},
    ConceptKind.CONDITION: frozenset({"yes_no", "choice"}),
    ConceptKind.ATTESTATION: frozenset({"yes_no", "choice"}),
    ConceptKind.CODED: frozenset({"choice", "text"}),
}


@dataclass(frozen=True)
class _Form:
    """What the checks of one form share."""

    source: Source
    form: Form
    concepts: Concepts | None
    value_sets: Mapping[str, ValueSet]
    problems: list[Problem]

    def problem(self, loc: Loc, what: str, remedy: str) -> None:
        self.problems.append(Problem(self.source.place(loc), what, remedy))

    def item(self, section: Section, reference: str) -> Item | None:
        """This will return the item that a reference from a section names: one of its own, or `section.item` of one that has no rows."""
        if "." in reference:
            name, _, reference = reference.partition(".")
            found = next(
                (other for other in self.form.sections if other.id == name and (not other.repeating or other is section)), None
            )
            if found is None:
                return None
            section = found
        return next((item for item in section.items if item.id == reference), None)

    def refer(self, loc: Loc, section: Section, reference: str, types: frozenset[str] | None = None) -> Item | None:
        """This will return the item that is named; where there is none, or its answer is of the wrong kind, that is a problem."""
        item = self.item(section, reference)
        if item is None:
            known = [one.id for one in section.items]
            hint = did_you_mean(reference, known) or f"The items here are: {', '.join(known)}."
            self.problem(loc, f"there is no item {reference!r}.", hint)
        elif types is not None and item.type not in types:
            self.problem(loc, f"item {reference!r} is of type {item.type}.", f"Needed: {' or '.join(sorted(types))}.")
            return None
        return item

    def concept(self, name: str | None) -> Concept | None:
        return self.concepts.get(name) if self.concepts is not None and name else None


def form_faults(
    source: Source, form: Form, concepts: Concepts | None, value_sets: Mapping[str, ValueSet], problems: list[Problem]
) -> None:
    """This will note everything in a form that cannot be asked, checked or made a fact."""
    here = _Form(source, form, concepts, value_sets, problems)
    for number, section in enumerate(form.sections):
        at: Loc = ("sections", number)
        if not section.repeating and (section.min_rows or section.max_rows):
            here.problem(at, "a section without rows has a number of rows.", "Write `repeating: true`, or take the number away.")
        if section.show_when is not None:
            _condition(here, (*at, "show_when"), section, section.show_when)
        for place, item in enumerate(section.items):
            _item(here, (*at, "items", place), section, item)
        for place, fact in enumerate(section.facts):
            _fact(here, (*at, "facts", place), section, fact)
        for place, history in enumerate(section.history):
            where = (*at, "history", place)
            here.refer((*where, "complete"), section, history.complete, frozenset({"yes_no"}))
            for key in ("since", "until"):
                reference = getattr(history, key)
                if reference:
                    here.refer((*where, key), section, reference, _DATES)


def _item(here: _Form, at: Loc, section: Section, item: Item) -> None:
    for key, types in _ONLY.items():
        if getattr(item, key) and item.type not in types:
            here.problem((*at, key), f"an item of type {item.type} has no {key}.", f"It goes with: {', '.join(sorted(types))}.")
    if item.type == "choice" and bool(item.choices) == bool(item.value_set):
        what = "a choice has both choices and a value set." if item.choices else "a choice has no answers."
        here.problem(at, what, "Give it `choices`, or a `value_set`.")
    if item.low is not None and item.high is not None and item.low > item.high:
        here.problem((*at, "low"), f"the limits are contradictory: {item.low} is above {item.high}.", "Exchange them.")
    for key in ("not_before", "not_after"):
        reference = getattr(item, key)
        if reference:
            here.refer((*at, key), section, reference, _DATES)
    if item.show_when is not None:
        _condition(here, (*at, "show_when"), section, item.show_when)
        if item.show_when.item == item.id:
            here.problem((*at, "show_when"), "the item is asked depending on its own answer.", "Name another item.")
    _units(here, at, item)


def _units(here: _Form, at: Loc, item: Item) -> None:
    concept = here.concept(item.concept)
    if concept is None or item.type not in _NUMBERS:
        return
    if not concept.kind.is_numeric:
        here.problem(
            (*at, "concept"),
            f"{concept.id!r} is of kind {concept.kind}, which holds no number.",
            "Name a measurement, score or toxicity.",
        )
        return
    for number, unit in enumerate(item.units):
        if unit not in concept.units:
            accepted = ", ".join(concept.units)
            hint = did_you_mean(unit, concept.units) or "UCUM minds letter case; a further unit needs its factor in the concept."
            here.problem(
                (*at, "units", number), f"{concept.id!r} does not accept the unit {unit!r}; it accepts: {accepted}.", hint
            )
    if not item.units and not concept.is_pure_number:
        here.problem(at, "the number has no units.", f"Write `units`: {', '.join(concept.units)}.")


def _condition(here: _Form, at: Loc, section: Section, condition: ShowWhen) -> None:
    item = here.refer((*at, "item"), section, condition.item)
    if item is None:
        return
    answers = _answers(here, item)
    for number, answer in enumerate(condition.equals):
        if answers is not None and answer not in answers:
            hint = did_you_mean(answer, answers) or f"Its answers are: {', '.join(sorted(answers))}."
            here.problem((*at, "is", number), f"{answer!r} is no answer of {condition.item!r}.", hint)


def _answers(here: _Form, item: Item) -> frozenset[str] | None:
    if item.type == "yes_no":
        return frozenset({"yes", "no"})
    if item.choices:
        return frozenset(choice.code for choice in item.choices)
    value_set = here.value_sets.get(item.value_set or "")
    return None if value_set is None else value_set.codes


def _fact(here: _Form, at: Loc, section: Section, fact: FormFact) -> None:
    if bool(fact.concept) == bool(fact.concept_from):
        what = "the fact names its concept twice." if fact.concept else "the fact names no concept."
        here.problem(at, what, "Write `concept`, or `concept_from` (a choice whose answer names it).")
    items = {"value": here.refer((*at, "value"), section, fact.value)} if fact.value else {}
    for key, types in _FACT_KEYS.items():
        reference = getattr(fact, key)
        if reference:
            items[key] = here.refer((*at, key), section, reference, types)
    for key in ("excluded_when", "when"):
        condition = getattr(fact, key)
        if condition is not None:
            _condition(here, (*at, key), section, condition)
    source = items.get("concept_from")
    if source is not None and not _names_concepts(here, source):
        here.problem((*at, "concept_from"), f"no answer of {source.id!r} names a concept.", "Give its choices a `concept`.")
    _value(here, at, fact, items)


def _names_concepts(here: _Form, item: Item) -> bool:
    value_set = here.value_sets.get(item.value_set or "")
    if value_set is not None:
        return any(member.concept for member in value_set.members)
    return any(choice.concept for choice in item.choices)


def _value(here: _Form, at: Loc, fact: FormFact, items: Mapping[str, Item | None]) -> None:
    concept = here.concept(fact.concept)
    value = items.get("value")
    if fact.true_when or fact.false_when:
        answers = _answers(here, value) if value is not None else None
        for key in ("true_when", "false_when"):
            for number, answer in enumerate(getattr(fact, key)):
                if answers is not None and answer not in answers:
                    hint = did_you_mean(answer, answers) or f"Its answers are: {', '.join(sorted(answers))}."
                    here.problem((*at, key, number), f"{answer!r} is no answer of {fact.value!r}.", hint)
    if concept is None:
        return
    wanted = _VALUES.get(concept.kind)
    if wanted is None:
        if fact.value:
            here.problem(
                (*at, "value"),
                f"{concept.id!r} is of kind {concept.kind}, which holds no value.",
                "Write `date`, or `start` and `end`.",
            )
        if not (fact.date or fact.start):
            here.problem(at, f"nothing dates the {concept.kind} {concept.id!r}.", "Write `date`, or `start` and `end`.")
    elif not fact.value:
        here.problem(
            at,
            f"the fact has no value; {concept.id!r} is of kind {concept.kind}.",
            f"Name an item in `value`: {' or '.join(sorted(wanted))}.",
        )
    elif value is not None and value.type not in wanted:
        what = f"{concept.id!r} is of kind {concept.kind}, and item {fact.value!r} is of type {value.type}."
        here.problem((*at, "value"), what, f"Needed: {' or '.join(sorted(wanted))}.")
    elif value is not None and value.type == "choice" and concept.kind in _YES_NO and not (fact.true_when or fact.false_when):
        what = f"nothing says which answers of {fact.value!r} mean yes."
        here.problem(at, what, "Write `true_when` and `false_when`.")
