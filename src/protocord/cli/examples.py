"""Run the worked examples that travel with a study, and say where one does not come out as it claims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocord.eligibility import Screening, screen
from protocord.errors import Place, Problem
from protocord.protocol import Protocol
from protocord.protocol.document import Example
from protocord.protocol.subjects import subject_from_data
from protocord.values.facts import SubjectRecord

FILE = "examples.yaml"


def mismatches(protocol: Protocol) -> Iterator[Problem]:
    """This will yield a problem for each answer, outcome or reason that an example expects and screening does not give."""
    for example in protocol.examples.examples:
        place = Place(FILE, item=example.id)
        record, unreadable = subject_of(protocol, example)
        yield from unreadable
        chosen = protocol
        for criterion, reading in example.readings.items():
            chosen = chosen.with_reading(criterion, reading)
        given = screen(chosen, record, on=example.on, planned_infusion=example.planned_infusion)
        yield from (Problem(place, what) for what in differences(example, given))


def subject_of(protocol: Protocol, example: Example) -> tuple[SubjectRecord, tuple[Problem, ...]]:
    """This will return the example's subject: its base, less the concepts it goes without, plus its own facts."""
    base = protocol.examples.base.get(example.base) if example.base else None
    parts: dict[str, Any] = {"subject": example.id}
    for name in ("facts", "histories"):
        kept = [entry for entry in getattr(base, name, ()) if entry.concept not in example.without]
        parts[name] = [entry.model_dump(mode="json", exclude_unset=True) for entry in (*kept, *getattr(example, name))]
    return subject_from_data(parts, concepts=protocol.concepts, place=Place(FILE, item=example.id))


def differences(example: Example, given: Screening) -> Iterator[str]:
    """This will yield what differs between what an example expects and what screening gave, one sentence each."""
    answers = {finding.criterion_id: finding for finding in given.findings}
    for criterion, expected in example.expect.items():
        if answers[criterion].answer != expected:
            yield f"{criterion} is {answers[criterion].answer}, not {expected} as the example says."
    for criterion, kinds in example.reasons.items():
        said = {reason.kind for reason in (*answers[criterion].reasons, *answers[criterion].missing)}
        for kind in kinds:
            if kind not in said:
                yield f"{criterion} gives no reason {kind}; it gives {', '.join(sorted(said)) or 'none'}."
    if example.outcome is not None and given.outcome != example.outcome:
        yield f"the outcome is {given.outcome}, not {example.outcome} as the example says."
