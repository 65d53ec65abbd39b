"""A protocol: a study's documents, checked as a whole, with the rules of the readings chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from typing import Protocol as TypingProtocol

from protocord.errors import DocumentProblems, Place, Problem
from protocord.protocol.document import (
    Assumptions,
    Criterion,
    Dosing,
    Efficacy,
    Eligibility,
    Examples,
    Form,
    Item,
    Kinetics,
    Safety,
    Schedule,
    Site,
    Study,
    ValueSet,
    Visit,
)

if TYPE_CHECKING:
    from protocord.concepts import Concepts
    from protocord.criteria import CheckedRule
    from protocord.protocol.reading import Sources
    from protocord.values.text import Text

DEFAULT_READING = "default"


@dataclass(frozen=True, slots=True)
class AdvisoryRule:
    """A remark that stands beside an answer while `when` is true, and never changes it."""

    id: str
    when: CheckedRule
    text: Text


@dataclass(frozen=True, slots=True)
class CriterionRules:
    """The checked rules of one reading of a criterion; `reading_id` is `default` for the criterion's own."""

    rule: CheckedRule
    review_when: CheckedRule | None
    advisories: tuple[AdvisoryRule, ...]
    reading_id: str = DEFAULT_READING


@dataclass(frozen=True)
class Protocol:
    """A study's protocol. Made by `load`; frozen; `version` and `hash` stand on everything computed from it."""

    study: Study
    eligibility: Eligibility
    schedule: Schedule
    dosing: Dosing
    safety: Safety
    efficacy: Efficacy
    kinetics: Kinetics
    assumptions: Assumptions
    forms: tuple[Form, ...]
    examples: Examples
    value_sets: Mapping[str, ValueSet]
    concepts: Concepts = field(compare=False, repr=False)
    readings: Mapping[str, Mapping[str, CriterionRules]] = field(compare=False, repr=False)
    """The checked rules of every reading: criterion -> reading (`default` among them) -> rules."""
    hold_rules: Mapping[str, CheckedRule] = field(compare=False, repr=False)
    """The checked rules of the hold criteria that have one, by id."""
    extra_content: Mapping[str, str] = field(repr=False, default_factory=lambda: MappingProxyType({}))
    """What else belongs to the content: the study's own concepts and the registry's text, by file name."""
    sources: Sources | None = field(default=None, compare=False, repr=False)
    """Where each part of the documents stands in its file; used to name places."""

    @property
    def version(self) -> str:
        """The version that study.yaml states."""
        return self.study.version

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the content of all documents in canonical form, as 64 hexadecimal digits.

        Comments, order of keys and layout do not change it; a chosen reading does.
        """
        return hashlib.sha256(self.canonical()).hexdigest()

    @cached_property
    def rules(self) -> Mapping[str, CriterionRules]:
        """The rules of the readings chosen, by criterion."""
        chosen = self.eligibility.chosen_readings
        return MappingProxyType({name: readings[chosen.get(name, DEFAULT_READING)] for name, readings in self.readings.items()})

    def canonical(self) -> bytes:
        """This will return the content of all documents as canonical JSON (sorted keys, no spaces, UTF-8)."""
        documents = {name: getattr(self, name) for name in DOCUMENTS}
        content: dict[str, Any] = {name: document.model_dump(mode="json", by_alias=True) for name, document in documents.items()}
        content["forms"] = [form.model_dump(mode="json", by_alias=True) for form in sorted(self.forms, key=lambda form: form.id)]
        content["value_sets"] = {
            name: [[m.code, m.system, m.name.en, m.name.zh, m.source, m.citation, m.concept] for m in value_set.members]
            for name, value_set in self.value_sets.items()
        }
        content["extra"] = dict(self.extra_content)
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def with_reading(self, criterion: str, reading: str) -> Protocol:
        """This will return the protocol with another reading of a criterion chosen (`default` for the criterion's own).

        Raises DocumentProblems when there is no such criterion or reading; the message lists those there are.
        """
        if criterion not in self.readings:
            what = f"there is no criterion {criterion!r}."
            raise DocumentProblems([Problem(Place(self.study.id), what, f"The criteria are: {', '.join(self.readings)}.")])
        if reading not in self.readings[criterion]:
            what = f"criterion {criterion} has no reading {reading!r}."
            raise DocumentProblems(
                [Problem(Place(self.study.id), what, f"Its readings are: {', '.join(self.readings[criterion])}.")]
            )
        chosen = {**self.eligibility.chosen_readings, criterion: reading}
        if reading == DEFAULT_READING:
            del chosen[criterion]
        eligibility = self.eligibility.model_copy(update={"chosen_readings": MappingProxyType(chosen)})
        return replace(self, eligibility=eligibility)

    def visit(self, visit_id: str) -> Visit:
        """This will return a visit. Raises KeyError."""
        return _one(self.schedule.visits, visit_id)

    def form(self, form_id: str) -> Form:
        """This will return a form. Raises KeyError."""
        return _one(self.forms, form_id)

    def item(self, form_id: str, section_id: str, item_id: str) -> Item:
        """This will return an item of a form's section. Raises KeyError."""
        return _one(_one(self.form(form_id).sections, section_id).items, item_id)

    def site(self, site_id: str) -> Site:
        """This will return a site. Raises KeyError."""
        return _one(self.study.sites, site_id)

    def criterion(self, criterion_id: str) -> Criterion:
        """This will return a criterion. Raises KeyError."""
        return _one(self.eligibility.criteria, criterion_id)


DOCUMENTS = ("study", "eligibility", "schedule", "dosing", "safety", "efficacy", "kinetics", "assumptions", "examples")


class _Identified(TypingProtocol):
    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=_Identified)


def _one(things: tuple[Thing, ...], wanted: str) -> Thing:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise KeyError(wanted)
