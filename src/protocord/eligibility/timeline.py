"""From which day, until when, and what blocks each stretch: exactly, without scanning days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from protocord.eligibility.findings import Answer, Outcome
from protocord.values.facts import SubjectRecord

if TYPE_CHECKING:
    from protocord.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Stretch:
    """The answer of one criterion from `start` to `end`, both inclusive; `end` None is without end."""

    start: date
    end: date | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class Segment:
    """Days, both inclusive (`end` None: without end), with one outcome; `blocking` are the criteria that keep it from eligible."""

    start: date
    end: date | None
    outcome: Outcome
    answers: Mapping[str, Answer]
    blocking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a screening would answer on every day from `since` to `until`, if nothing new were learned after `on`.

    `first_eligible`/`last_eligible`: first and last day with outcome eligible (last is None when there is none, or no end).
    `first_possible`/`last_possible`: the same for days that are not ineligible, that is, if all that is missing turns out well.
    """

    on: date
    planned_infusion: date | None
    since: date
    until: date | None
    segments: tuple[Segment, ...]
    by_criterion: Mapping[str, tuple[Stretch, ...]]
    first_eligible: date | None
    last_eligible: date | None
    first_possible: date | None
    last_possible: date | None

    def as_data(self) -> dict[str, Any]:
        """This will return the timeline as plain JSON data."""
        raise NotImplementedError


def timeline(
    protocol: Protocol,
    subject: SubjectRecord,
    *,
    on: date,
    planned_infusion: date | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Timeline:
    """This will return the answers on every day from `since` (default `on`) to `until` (default: without end).

    The assessment day walks, and the planned infusion with it, at the same distance as between `on` and `planned_infusion`.
    """
    raise NotImplementedError
