"""From which day, until when, and what blocks each stretch."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from typing import Any

import pytest

import protocord
from protocord.criteria import FactIndex
from protocord.eligibility import Answer, Outcome, Timeline, screen, timeline
from protocord.eligibility.deciding import deciding
from protocord.protocol import Protocol
from protocord.protocol.subjects import subject_from_data
from protocord.values import SubjectRecord


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return protocord.load(protocord.STUDIES / "nct06848582")


def record(protocol: Protocol, name: str = "E00a", *facts: dict[str, Any]) -> tuple[SubjectRecord, date]:
    """The child of an example of the study, and the day it is about."""
    from protocord.cli.examples import subject_of

    example = next(one for one in protocol.examples.examples if one.id == name)
    known, problems = subject_of(protocol, example)
    more, wrong = subject_from_data({"subject": "1", "facts": list(facts)}, concepts=protocol.concepts)
    assert not problems
    assert not wrong
    numbered = tuple(
        type(fact)(**{**{key: getattr(fact, key) for key in fact.__slots__}, "id": f"z{number}"})
        for number, fact in enumerate(more.facts)
    )
    return SubjectRecord(known.id, (*known.facts, *numbered), known.histories), example.on


def line(protocol: Protocol, *facts: dict[str, Any], **more: Any) -> tuple[Timeline, date]:
    child, on = record(protocol, "E00a", *facts)
    return timeline(protocol, child, on=on, **more), on


def test_a_complete_child_is_eligible_until_the_first_result_expires(protocol: Protocol) -> None:
    told, on = line(protocol)
    assert told.first_eligible == on
    assert told.segments[0].outcome is Outcome.ELIGIBLE
    assert told.last_eligible == told.segments[0].end
    expired = told.segments[1]
    assert expired.outcome is Outcome.INCOMPLETE
    assert set(expired.blocking) == {name for name, answer in expired.answers.items() if answer is Answer.UNKNOWN}


def test_a_washout_names_the_first_day_on_which_the_child_is_not_excluded(protocol: Protocol) -> None:
    _, on = line(protocol)
    last_dose = on - timedelta(days=2)
    told, _ = line(protocol, {"concept": "Vincristine", "date": last_dose.isoformat()})
    assert told.segments[0].outcome is Outcome.INELIGIBLE
    assert told.segments[0].blocking == ("I07",)
    assert told.first_possible == last_dose + timedelta(days=21)
    assert told.by_criterion["I07"][0].end == last_dose + timedelta(days=20)


def test_the_planned_infusion_walks_with_the_assessment(protocol: Protocol) -> None:
    _, on = line(protocol)
    dose = {"concept": "Vincristine", "date": (on - timedelta(days=2)).isoformat()}
    near, _ = line(protocol, dose, planned_infusion=on)
    far, _ = line(protocol, dose, planned_infusion=on + timedelta(days=5))
    assert near.first_possible is not None
    assert far.first_possible == near.first_possible - timedelta(days=5)


def test_segments_cover_the_days_asked_without_gap_and_differ_from_their_neighbours(protocol: Protocol) -> None:
    until = date(2045, 1, 1)
    told, _ = line(protocol, since=date(2025, 1, 1), until=until)
    assert told.segments[0].start == date(2025, 1, 1)
    assert told.segments[-1].end == until
    for before, after in itertools.pairwise(told.segments):
        assert before.end is not None
        assert after.start == before.end + timedelta(days=1)
        assert before.answers != after.answers
    for stretches in told.by_criterion.values():
        assert all(one.answer is not other.answer for one, other in itertools.pairwise(stretches))


def test_without_an_end_the_last_segment_is_open(protocol: Protocol) -> None:
    told, _ = line(protocol)
    assert told.segments[-1].end is None
    assert told.by_criterion["I02"][-1].end is None


def test_the_day_of_assessment_says_what_the_screening_says(protocol: Protocol) -> None:
    for example in protocol.examples.examples[::9]:
        child, on = record(protocol, example.id)
        told = timeline(protocol, child, on=on, planned_infusion=example.planned_infusion)
        given = screen(protocol, child, on=on, planned_infusion=example.planned_infusion)
        assert told.segments[0].answers == {finding.criterion_id: finding.answer for finding in given.findings}, example.id
        assert told.segments[0].outcome is given.outcome


def test_every_day_answers_as_its_segment(protocol: Protocol) -> None:
    for example in protocol.examples.examples[::23]:
        child, on = record(protocol, example.id)
        told = timeline(
            protocol,
            child,
            on=on,
            planned_infusion=example.planned_infusion,
            since=on - timedelta(days=40),
            until=on + timedelta(days=80),
        )
        index = FactIndex(child, protocol.concepts)
        lead = (example.planned_infusion - on).days if example.planned_infusion else 0
        criteria = list(deciding(protocol, lead))
        for segment in told.segments:
            assert segment.end is not None
            for day in range(segment.start.toordinal(), segment.end.toordinal() + 1):
                answers = {one.criterion.id: one.answer(index, date.fromordinal(day), on) for one in criteria}
                assert answers == segment.answers, (example.id, date.fromordinal(day))


def test_a_timeline_is_json(protocol: Protocol) -> None:
    told, _ = line(protocol)
    data = told.as_data()
    assert json.loads(json.dumps(data)) == data
    assert data["segments"][-1]["end"] is None
