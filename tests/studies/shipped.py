"""What the tests of the shipped studies share: the studies, their examples, and the demo's children as subjects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from protocord import forms
from protocord.concepts import Concepts
from protocord.forms import ItemAnswer, NullFlavour
from protocord.protocol import STUDIES, Protocol, load
from protocord.values.dates import anniversary
from protocord.values.facts import SubjectRecord

SHIPPED = tuple(sorted(path.name for path in STUDIES.iterdir() if (path / "study.yaml").is_file()))
REFERENCE, SIBLING = "nct06848582", "nct06631391"
DEMO_DAY = date(2026, 11, 22)

_RELATIVE = re.compile(r"today((?:[+-]\d+y?)*)(T\d\d:\d\d)?")
_STEP = re.compile(r"([+-]\d+)(y?)")


@cache
def study(name: str) -> Protocol:
    return load(STUDIES / name)


def folder(name: str) -> Path:
    return STUDIES / name


def relative(text: Any, today: date) -> Any:
    """`today-14-6y` as the date it means, as text; anything else unchanged."""
    found = _RELATIVE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return text
    day = today
    for number, years in _STEP.findall(found[1]):
        day = anniversary(day, int(number)) if years else day + timedelta(days=int(number))
    return day.isoformat() + (found[2] or "")


@dataclass(frozen=True)
class Child:
    """A child of demo.yaml on the day of the demo."""

    hint: str
    data: Mapping[str, Any]
    today: date
    answers: Mapping[tuple[str, str], Mapping[str, ItemAnswer]]

    def day(self, text: str) -> date:
        return date.fromisoformat(relative(text, self.today))


@cache
def demo(name: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = yaml.safe_load((folder(name) / "demo.yaml").read_text("utf-8"))
    return data


def children(name: str) -> Iterator[Child]:
    for data in demo(name)["children"]:
        today = DEMO_DAY + timedelta(days=data.get("day", 0))
        yield Child(data["id_hint"], data, today, _answers(demo(name), data, today))


def _answers(whole: Mapping[str, Any], child: Mapping[str, Any], today: date) -> dict[tuple[str, str], dict[str, ItemAnswer]]:
    layers = [whole.get("bases", {}).get(child.get("base"), {}), child.get("forms", {})]
    found: dict[tuple[str, str], dict[str, ItemAnswer]] = {}
    for layer in layers:
        for visit, by_form in layer.items():
            for form, items in by_form.items():
                kept = found.setdefault((visit, form), {})
                for key, given in items.items():
                    if given is None:
                        kept.pop(key, None)
                    else:
                        kept[key] = _answer(given, today)
    return found


def _answer(given: Any, today: date) -> ItemAnswer:
    if not isinstance(given, dict):
        return ItemAnswer(relative(given, today))
    missing = given.get("missing")
    why = NullFlavour(missing) if missing else None
    return ItemAnswer(relative(given.get("value"), today), given.get("unit"), why, given.get("note", ""))


def record(protocol: Protocol, child: Child, concepts: Concepts) -> SubjectRecord:
    """The child's facts, by way of the forms, as the record of conduct would hold them."""
    facts, histories = [], []
    for (visit, form_id), answers in child.answers.items():
        form = protocol.form(form_id)
        stored, problems = forms.normalise(form, answers, today=DEMO_DAY)
        assert not problems, (child.hint, form_id, problems)
        found, said = forms.facts(form, stored, visit=visit, concepts=concepts, value_sets=protocol.value_sets)
        facts += found
        histories += said
    return SubjectRecord(child.hint, tuple(facts), tuple(histories))
