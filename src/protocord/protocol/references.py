"""Names that one document uses and another (or the concepts) must define: each is looked up, and none leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocord.concepts import Concepts
from protocord.concepts.documents import did_you_mean
from protocord.errors import Problem
from protocord.protocol.reading import Loc, Source, Sources, keys, scalar

# What defines the names of a kind: document and pattern. Forms and value sets are files, concepts come from outside.
_DEFINED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "objective": (("study", "objectives.*.id"),),
    "endpoint": (("study", "endpoints.*.id"),),
    "epoch": (("study", "epochs.*.id"),),
    "dose level": (("study", "design.dose_levels.*.id"),),
    "analysis set": (("study", "design.analysis_sets.*.id"),),
    "activity": (("schedule", "activities.*.id"),),
    "visit": (("schedule", "visits.*.id"),),
    "course": (("dosing", "infusions.courses.*.id"),),
    "medicine": (("dosing", "premedication.*.id"), ("dosing", "lymphodepletion.medicines.*.id")),
    "event type": (("safety", "event_types.*.id"), ("efficacy", "rates.*.id")),
    "derivation": (
        ("efficacy", "rates.*.id"),
        ("efficacy", "time_to_event.*.id"),
        ("kinetics", "parameters.*.id"),
        ("kinetics", "dynamics.*.id"),
        ("safety", "limits.*.id"),
        ("safety", "event_types.*.id"),
    ),
    "analyte": (("kinetics", "analytes.*.id"),),
    "panel": (("kinetics", "panels.*.id"),),
    "interval": (("kinetics", "intervals.*.id"),),
    "criterion": (("eligibility", "criteria.*.id"),),
}
# Names that need no definition.
_GIVEN: Mapping[str, tuple[str, ...]] = {"event type": ("dlt",), "derivation": ("dlt",)}

# Where names are used: document (`forms` stands for each form), pattern, kind. A pattern that ends in `@` means the keys of a mapping.
_USED: tuple[tuple[str, str, str], ...] = (
    ("study", "endpoints.*.objective", "objective"),
    ("study", "endpoints.*.derived_by.*", "derivation"),
    ("study", "design.escalation.start", "dose level"),
    ("study", "design.sample_size.*.endpoint", "endpoint"),
    ("study", "design.estimands.*.endpoint", "endpoint"),
    ("study", "design.estimands.*.analysis_set", "analysis set"),
    ("study", "design.interim.*.counts", "event type"),
    ("schedule", "visits.*.epoch", "epoch"),
    ("schedule", "visits.*.activities.*", "activity"),
    ("schedule", "visits.*.forms.*", "form"),
    ("schedule", "running_forms.*.form", "form"),
    ("schedule", "running_forms.*.first", "visit"),
    ("schedule", "running_forms.*.last", "visit"),
    ("dosing", "premedication.*.alternative_to", "medicine"),
    ("dosing", "premedication.*.concept", "concept"),
    ("dosing", "lymphodepletion.medicines.*.alternative_to", "medicine"),
    ("dosing", "lymphodepletion.medicines.*.concept", "concept"),
    ("dosing", "observation.signs.*", "concept"),
    ("safety", "event_types.*.concept", "concept"),
    ("safety", "dlt.events.*.any_of.*.concept", "concept"),
    ("safety", "dlt.events.*.unless.*.concept", "concept"),
    ("safety", "limits.*.counts", "event type"),
    ("efficacy", "assessments.visits.*", "visit"),
    ("efficacy", "rates.*.by_visit", "visit"),
    ("efficacy", "rates.*.analysis_set", "analysis set"),
    ("efficacy", "time_to_event.*.analysis_set", "analysis set"),
    ("kinetics", "analytes.*.concept", "concept"),
    ("kinetics", "panels.*.analytes.*", "analyte"),
    ("kinetics", "samples.*.visit", "visit"),
    ("kinetics", "samples.*.panels.*", "panel"),
    ("kinetics", "blood_volume_guard.routine.*.visits.*", "visit"),
    ("kinetics", "blood_volume_guard.trim_order.*", "panel"),
    ("kinetics", "intervals.*.course", "course"),
    ("kinetics", "parameters.*.analytes.*", "analyte"),
    ("kinetics", "parameters.*.intervals.*", "interval"),
    ("kinetics", "dynamics.*.analytes.*", "analyte"),
    ("kinetics", "dynamics.*.interval", "interval"),
    ("forms", "sections.*.items.*.concept", "concept"),
    ("forms", "sections.*.items.*.value_set", "value set"),
    ("forms", "sections.*.items.*.choices.*.concept", "concept"),
    ("forms", "sections.*.facts.*.concept", "concept"),
    ("forms", "sections.*.history.concept", "concept"),
    ("forms", "sections.*.history.*.concept", "concept"),
    ("examples", "base.*.facts.*.concept", "concept"),
    ("examples", "base.*.histories.*.concept", "concept"),
    ("examples", "examples.*.without.*", "concept"),
    ("examples", "examples.*.facts.*.concept", "concept"),
    ("examples", "examples.*.histories.*.concept", "concept"),
    ("examples", "examples.*.expect.@", "criterion"),
    ("examples", "examples.*.reasons.@", "criterion"),
)


@dataclass(frozen=True)
class Names:
    """The names that are defined, by kind; a kind whose document could not be read is absent, and not looked up."""

    defined: Mapping[str, frozenset[str]]
    concepts: Concepts | None

    def fault(self, kind: str, name: str) -> tuple[str, str] | None:
        """This will return what is wrong with a name, and the likely remedy; None when it is defined (or nobody can tell)."""
        if kind == "concept":
            if self.concepts is None or name in self.concepts:
                return None
            remedy = self.concepts.suggest(name) or "Add it to the study's concepts.yaml, or use a shipped concept."
            return f"there is no concept {name!r}.", remedy
        known = self.defined.get(kind)
        if known is None or name in known:
            return None
        listed = ", ".join(sorted(known)[:12]) + (", …" if len(known) > 12 else "")
        remedy = did_you_mean(name, known) or (f"There are: {listed}." if known else f"No {kind} is defined.")
        return f"there is no {kind} {name!r}.", remedy


def names(sources: Sources, forms: frozenset[str], value_sets: frozenset[str], concepts: Concepts | None) -> Names:
    """This will return every name that the documents define."""
    defined: dict[str, frozenset[str]] = {"form": forms, "value set": value_sets}
    for kind, places in _DEFINED.items():
        if all(document in sources.documents and sources.documents[document].root is not None for document, _ in places):
            found = {scalar(node) for document, pattern in places for _, node in sources.documents[document].find(pattern)}
            defined[kind] = frozenset({name for name in found if name} | set(_GIVEN.get(kind, ())))
    return Names(defined, concepts)


def dangling(sources: Sources, known: Names, problems: list[Problem]) -> None:
    """This will note every name that leads nowhere, with the nearest one that exists."""
    for document, pattern, kind in _USED:
        for name, source in sources.documents.items():
            if name == document or (document == "forms" and name.startswith("forms/")):
                _look_up(source, pattern, kind, known, problems)
    _anchors(sources, known, problems)
    _readings(sources, problems)
    _bases(sources, problems)


def _look_up(source: Source, pattern: str, kind: str, known: Names, problems: list[Problem]) -> None:
    used: list[tuple[Loc, str | None]]
    if pattern.endswith(".@"):
        used = [((*loc, key), key) for loc, node in source.find(pattern[:-2]) for key in keys(node)]
    else:
        used = [(loc, scalar(node)) for loc, node in source.find(pattern)]
    for loc, name in used:
        fault = known.fault(kind, name) if name else None
        if fault:
            problems.append(Problem(source.place(loc), *fault))


def _anchors(sources: Sources, known: Names, problems: list[Problem]) -> None:
    source = sources.documents.get("schedule")
    if source is None:
        return
    for loc, node in source.find("visits.*.anchor"):
        name = scalar(node)
        fault = known.fault("visit", name) if name and name != "day_1" else None
        if fault:
            problems.append(
                Problem(source.place(loc), fault[0], f"{fault[1]} A visit is anchored to `day_1` or to another visit.")
            )


def _readings(sources: Sources, problems: list[Problem]) -> None:
    source = sources.documents.get("eligibility")
    if source is None or source.root is None:
        return
    offered: dict[str, set[str]] = {scalar(node) or "": {"default"} for _, node in source.find("criteria.*.id")}
    by_index = {loc[1]: scalar(node) or "" for loc, node in source.find("criteria.*.id")}
    for loc, node in source.find("criteria.*.readings.*.id"):
        offered.setdefault(by_index.get(loc[1], ""), {"default"}).add(scalar(node) or "")
    chosen = [(source, loc, node) for loc, node in source.find("chosen_readings.*")]
    examples = sources.documents.get("examples")
    if examples is not None:
        chosen += [(examples, loc, node) for loc, node in examples.find("examples.*.readings.*")]
    for where, loc, node in chosen:
        criterion, reading = str(loc[-1]), scalar(node) or ""
        if criterion not in offered:
            hint = did_you_mean(criterion, offered) or f"There are: {', '.join(offered)}."
            problems.append(Problem(where.place(loc), f"there is no criterion {criterion!r}.", hint))
        elif reading not in offered[criterion]:
            hint = did_you_mean(reading, offered[criterion]) or f"Its readings are: {', '.join(sorted(offered[criterion]))}."
            problems.append(Problem(where.place(loc), f"{criterion} has no reading {reading!r}.", hint))


def _bases(sources: Sources, problems: list[Problem]) -> None:
    source = sources.documents.get("examples")
    if source is None:
        return
    known = {str(loc[-1]) for loc, _ in source.find("base.*")}
    for loc, node in source.find("examples.*.base"):
        name = scalar(node)
        if name and name not in known:
            hint = did_you_mean(name, known) or f"There are: {', '.join(sorted(known))}."
            problems.append(Problem(source.place(loc), f"there is no base {name!r}.", hint))
