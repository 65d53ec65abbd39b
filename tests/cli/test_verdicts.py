"""Every worked child of every shipped study can be said, in both languages, within a hundred columns."""

from __future__ import annotations

from datetime import date, timedelta

import click
import pytest

from protocord.cli.door import shipped_studies
from protocord.cli.examples import subject_of
from protocord.cli.verdicts import MARKS, Spoken
from protocord.eligibility import Outcome, Segment, Timeline, screen, timeline
from protocord.protocol import Protocol, load
from protocord.protocol.document import Example
from protocord.values.text import LANGUAGES, Language
from protocord.words.layout import WIDTH, width


def said(protocol: Protocol, example: Example, language: Language) -> list[str]:
    for criterion, reading in example.readings.items():
        protocol = protocol.with_reading(criterion, reading)
    record, _ = subject_of(protocol, example)
    days = {"on": example.on, "planned_infusion": example.planned_infusion}
    lines = Spoken(protocol, screen(protocol, record, **days), timeline(protocol, record, **days), language).lines()
    return [click.unstyle(line) for line in lines]


def wrong(protocol: Protocol, examples: tuple[Example, ...]) -> list[tuple[str, str]]:
    found = []
    for example in examples:
        for language in LANGUAGES:
            lines = said(protocol, example, language)
            found += [(example.id, line) for line in lines if width(line) > WIDTH or line != line.rstrip()]
            for criterion, answer in example.expect.items():
                if not any(line.startswith(MARKS[answer]) and f"  {criterion} " in line for line in lines):  # type: ignore[index]
                    found.append((example.id, criterion))
    return found


@pytest.mark.parametrize("study", sorted(shipped_studies()))
def test_a_worked_child_is_said_with_the_mark_of_each_answer_and_no_line_too_wide(study: str) -> None:
    protocol = load(shipped_studies()[study])

    assert wrong(protocol, protocol.examples.examples[::12]) == []


@pytest.mark.slow
@pytest.mark.parametrize("study", sorted(shipped_studies()))
def test_every_worked_child_is_said_with_the_mark_of_each_answer_and_no_line_too_wide(study: str) -> None:
    protocol = load(shipped_studies()[study])

    assert wrong(protocol, protocol.examples.examples) == []


def test_a_reading_that_the_sponsor_chose_is_named_and_said() -> None:
    protocol = load(shipped_studies()["nct06848582"])
    example = next(one for one in protocol.examples.examples if one.readings.get("I02") == "through_birthday")

    lines = said(protocol, example, "en")

    assert any(line.strip().startswith("reading  through_birthday: ") for line in lines)


def test_a_case_for_a_persons_judgement_has_its_own_mark_and_word() -> None:
    protocol = load(shipped_studies()["nct06848582"])
    example = next(one for one in protocol.examples.examples if "review" in one.expect.values())

    assert any(line.startswith("! review ") for line in said(protocol, example, "en"))
    assert any(line.startswith("! 需判断") for line in said(protocol, example, "zh"))


def test_days_between_two_stretches_are_not_called_eligible() -> None:
    day = date(2025, 6, 1)
    segments = tuple(
        Segment(day + timedelta(days=first), day + timedelta(days=last), outcome, {}, ())
        for first, last, outcome in (
            (0, 1, Outcome.ELIGIBLE),
            (2, 3, Outcome.ELIGIBLE),
            (4, 5, Outcome.INELIGIBLE),
            (6, 9, Outcome.ELIGIBLE),
        )
    )
    line = Timeline(day, None, day, None, segments, {}, day, segments[-1].end, day, segments[-1].end)
    protocol = load(shipped_studies()["nct06848582"])
    record, _ = subject_of(protocol, protocol.examples.examples[0])

    told = [click.unstyle(one).strip() for one in Spoken(protocol, screen(protocol, record, on=day), line, "en").days()]

    assert told[1:3] == ["Eligible from 2025-06-01 to 2025-06-04.", "Eligible from 2025-06-07 to 2025-06-10."]
