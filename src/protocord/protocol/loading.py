"""Load a study folder: every document read, typed, and checked against the others; all problems in one go."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from protocord import concepts as concept_records
from protocord.concepts import Concepts
from protocord.concepts.documents import did_you_mean, read_text
from protocord.errors import DocumentProblems, Place, Problem
from protocord.protocol.document import (
    Assumptions,
    Dosing,
    Efficacy,
    Eligibility,
    Examples,
    Form,
    Kinetics,
    Safety,
    Schedule,
    Study,
    ValueSet,
)
from protocord.protocol.faults.forms import form_faults
from protocord.protocol.faults.schedule import schedule_faults
from protocord.protocol.faults.sections import (
    assumption_faults,
    dosing_faults,
    kinetics_faults,
    safety_faults,
    study_faults,
    turned_ranges,
)
from protocord.protocol.faults.units import unit_faults
from protocord.protocol.fitting import typed
from protocord.protocol.model import Protocol
from protocord.protocol.reading import Sources, duplicate_ids, plain, read_document
from protocord.protocol.references import dangling, names
from protocord.protocol.rules import check_rules, criterion_rules
from protocord.protocol.tables import read_value_set

STUDIES = Path(__file__).parent.parent / "studies"

MODELS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "study": Study,
        "eligibility": Eligibility,
        "schedule": Schedule,
        "dosing": Dosing,
        "safety": Safety,
        "efficacy": Efficacy,
        "kinetics": Kinetics,
        "assumptions": Assumptions,
        "examples": Examples,
    }
)
_OPTIONAL = frozenset({"assumptions", "examples"})
_OTHERS = (
    "concepts",
    "demo",
)  # read by others: the concepts' own loader, and the demonstration, which is no part of the protocol


@dataclass
class _Loaded:
    """What has been read so far."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)
    sources: Sources = field(default_factory=Sources)
    models: dict[str, Any] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    form_names: frozenset[str] = frozenset()
    value_sets: dict[str, ValueSet] = field(default_factory=dict)
    concepts: Concepts | None = None
    extra: dict[str, str] = field(default_factory=dict)


def load(path: Path | str) -> Protocol:
    """This will return the protocol that a study folder holds.

    Raises DocumentProblems with everything that is wrong in any of its files: what cannot be read, unknown and missing keys,
    wrong types, names that lead nowhere, units that a concept does not accept, impossible windows, rules that make no sense.
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "this is a file, not a study folder." if folder.exists() else "there is no such study folder."
        near = did_you_mean(folder.name, [other.name for other in folder.parent.iterdir()]) if folder.parent.is_dir() else ""
        raise DocumentProblems([Problem(Place(str(folder)), what, near or "Name the folder that holds study.yaml.")])
    with _collector_paused():
        return _load(folder)


@contextmanager
def _collector_paused() -> Iterator[None]:
    # Reading makes a few hundred thousand nodes that all stay: the cyclic collector finds nothing and takes half of the time.
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _load(folder: Path) -> Protocol:
    loaded = _Loaded(folder, sources=Sources(str(folder)))
    _read_concepts(loaded)
    _read_documents(loaded)
    _read_value_sets(loaded)
    _read_forms(loaded)
    _unknown_files(loaded)
    value_sets = _stems(folder / "value_sets", ".csv")
    known = names(loaded.sources, loaded.form_names, frozenset(value_sets), loaded.concepts)
    dangling(loaded.sources, known, loaded.problems)
    unit_faults(loaded.sources, _known_units(loaded.concepts), loaded.problems)
    _find_faults(loaded)
    # A value set that could not be read exists all the same: the rules that name it are right.
    codes = {name: loaded.value_sets[name].codes if name in loaded.value_sets else frozenset({"?"}) for name in value_sets}
    checked = {} if loaded.concepts is None else check_rules(loaded.sources, loaded.concepts, codes, loaded.problems)
    if loaded.problems:
        raise DocumentProblems(sorted(set(loaded.problems)))
    assert loaded.concepts is not None  # without concepts there is a problem
    eligibility: Eligibility = loaded.models["eligibility"]
    readings = {one.id: criterion_rules(index, one, checked) for index, one in enumerate(eligibility.criteria)}
    holds = {
        one.id: checked["dosing", ("hold_criteria", index, "rule")]
        for index, one in enumerate(loaded.models["dosing"].hold_criteria)
        if one.rule
    }
    return Protocol(
        **loaded.models,
        forms=tuple(loaded.forms.values()),
        value_sets=MappingProxyType(loaded.value_sets),
        concepts=loaded.concepts,
        readings=MappingProxyType(readings),
        hold_rules=MappingProxyType(holds),
        extra_content=MappingProxyType(loaded.extra),
        sources=loaded.sources,
    )


def _read_concepts(loaded: _Loaded) -> None:
    own = loaded.folder / "concepts.yaml"
    try:
        loaded.concepts = concept_records.load(own if own.exists() else None)
    except DocumentProblems as wrong:
        loaded.problems.extend(wrong.problems)
    if own.exists():
        source = read_document(own, [])  # its problems are among those of the concepts
        loaded.sources.documents["concepts"] = source
        loaded.extra["concepts.yaml"] = json.dumps(plain(source, []), ensure_ascii=False, sort_keys=True)


def _read_documents(loaded: _Loaded) -> None:
    for name, model in MODELS.items():
        path = loaded.folder / f"{name}.yaml"
        if name in _OPTIONAL and not path.exists():
            loaded.models[name] = model()
            continue
        source = read_document(path, loaded.problems)
        loaded.sources.documents[name] = source
        duplicate_ids(source, loaded.problems)
        turned_ranges(source, loaded.problems)
        made = typed(source, model, loaded.problems)
        if made is not None:
            loaded.models[name] = made
    study = loaded.models.get("study")
    if study is not None and study.registry.text_file:
        text = read_text(loaded.folder / study.registry.text_file, loaded.problems)
        if text is not None:
            loaded.extra[study.registry.text_file] = text


def _read_value_sets(loaded: _Loaded) -> None:
    for name in _stems(loaded.folder / "value_sets", ".csv"):
        found = read_value_set(loaded.folder / "value_sets" / f"{name}.csv", loaded.concepts, loaded.problems)
        if found is not None:
            loaded.value_sets[name] = found


def _read_forms(loaded: _Loaded) -> None:
    loaded.form_names = frozenset(_stems(loaded.folder / "forms", ".yaml"))
    for name in sorted(loaded.form_names):
        source = read_document(loaded.folder / "forms" / f"{name}.yaml", loaded.problems)
        loaded.sources.documents[f"forms/{name}"] = source
        duplicate_ids(source, loaded.problems)
        form = typed(source, Form, loaded.problems)
        if form is None:
            continue
        if form.id != name:
            place = source.place(("id",))
            loaded.problems.append(
                Problem(place, f"the form's id {form.id!r} is not the name of its file.", f"Write `id: {name}`.")
            )
        loaded.forms[name] = form
        form_faults(source, form, loaded.concepts, loaded.value_sets, loaded.problems)


def _unknown_files(loaded: _Loaded) -> None:
    # demo.yaml holds invented children for a demonstration: it travels with the study and is no part of its content.
    known = {f"{name}.yaml" for name in (*MODELS, "concepts", "demo")}
    for path in sorted(loaded.folder.iterdir()):
        if path.suffix in (".yaml", ".yml", ".csv") and path.name not in known:
            hint = did_you_mean(path.name, known) or "Forms stand in forms/, value sets in value_sets/."
            loaded.problems.append(Problem(Place(str(path)), "no document of a study has this name.", hint))


def _find_faults(loaded: _Loaded) -> None:
    documents, models, problems = loaded.sources.documents, loaded.models, loaded.problems
    study = models.get("study")
    if study is not None:
        study_faults(documents["study"], study, problems)
    if "schedule" in models:
        schedule_faults(documents["schedule"], models["schedule"], study, problems)
    if "safety" in models:
        safety_faults(documents["safety"], models["safety"], study, loaded.concepts, problems)
    if "dosing" in models:
        dosing_faults(documents["dosing"], models["dosing"], problems)
    if "kinetics" in models:
        kinetics_faults(documents["kinetics"], models["kinetics"], loaded.concepts, problems)
    if "assumptions" in documents and "assumptions" in models:
        assumption_faults(documents["assumptions"], models["assumptions"], problems)


def _known_units(concepts: Concepts | None) -> frozenset[str]:
    return frozenset() if concepts is None else frozenset(unit for concept in concepts.values() for unit in concept.units)


def _stems(folder: Path, suffix: str) -> list[str]:
    return sorted(path.stem for path in folder.iterdir() if path.suffix == suffix) if folder.is_dir() else []
