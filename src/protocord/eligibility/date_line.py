"""From which day, until when, and what blocks each stretch: exactly, without scanning days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from protocord.criteria import FactIndex
from protocord.eligibility.deciding import Deciding, deciding, outcome
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

    @property
    def eligible(self) -> tuple[tuple[date, date | None], ...]:
        """The first and last day of each unbroken stretch of eligible days; a last day of None is without end.

        Say these, not `first_eligible` to `last_eligible`: between two stretches the child could not enter.
        """
        found: list[tuple[date, date | None]] = []
        for segment in self.segments:
            if segment.outcome is not Outcome.ELIGIBLE:
                continue
            before = found[-1][1] if found else None
            if before is not None and before + timedelta(days=1) == segment.start:
                found[-1] = (found[-1][0], segment.end)
            else:
                found.append((segment.start, segment.end))
        return tuple(found)

    def as_data(self) -> dict[str, Any]:
        """This will return the timeline as plain JSON data."""
        return {
            "on": self.on.isoformat(),
            "planned_infusion": _iso(self.planned_infusion),
            "since": self.since.isoformat(),
            "until": _iso(self.until),
            "first_eligible": _iso(self.first_eligible),
            "last_eligible": _iso(self.last_eligible),
            "first_possible": _iso(self.first_possible),
            "last_possible": _iso(self.last_possible),
            "segments": [
                {
                    "start": segment.start.isoformat(),
                    "end": _iso(segment.end),
                    "outcome": segment.outcome.value,
                    "answers": {name: answer.value for name, answer in segment.answers.items()},
                    "blocking": list(segment.blocking),
                }
                for segment in self.segments
            ],
            "by_criterion": {
                name: [{"start": one.start.isoformat(), "end": _iso(one.end), "answer": one.answer.value} for one in stretches]
                for name, stretches in self.by_criterion.items()
            },
        }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


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
    Each criterion is decided once at each day on which its answer may change, and at no other.
    """
    index = FactIndex(subject, protocol.concepts)
    first = since or on
    lead = (planned_infusion - on).days if planned_infusion else 0
    steps = {one.criterion.id: _steps(one, index, on, first, until) for one in deciding(protocol, lead)}
    segments = tuple(_segments(steps, until))
    eligible = [segment for segment in segments if segment.outcome is Outcome.ELIGIBLE]
    possible = [segment for segment in segments if segment.outcome is not Outcome.INELIGIBLE]
    return Timeline(
        on=on,
        planned_infusion=planned_infusion,
        since=first,
        until=until,
        segments=segments,
        by_criterion={name: tuple(_stretches(found, until)) for name, found in steps.items()},
        first_eligible=eligible[0].start if eligible else None,
        last_eligible=eligible[-1].end if eligible else None,
        first_possible=possible[0].start if possible else None,
        last_possible=possible[-1].end if possible else None,
    )


Steps = list[tuple[date, Answer]]
_LAST_DAY = date.max - timedelta(days=366 * 100)  # beyond it, the reference date itself could leave the calendar


def _steps(one: Deciding, index: FactIndex, on: date, since: date, until: date | None) -> Steps:
    """The days on which the answer changes, from `since` on, each with the answer from then on."""
    last = until or _LAST_DAY
    days = [since, *sorted(day for day in one.breakpoints(index, on) if since < day <= last)]
    steps: Steps = []
    for day in days:
        answer = one.answer(index, day, on)
        if not steps or steps[-1][1] is not answer:
            steps.append((day, answer))
    return steps


def _ends(starts: list[date], until: date | None) -> list[date | None]:
    return [*(start - timedelta(days=1) for start in starts[1:]), until]


def _stretches(steps: Steps, until: date | None) -> Iterator[Stretch]:
    ends = _ends([day for day, _ in steps], until)
    for (start, answer), end in zip(steps, ends, strict=True):
        yield Stretch(start, end, answer)


def _segments(steps: Mapping[str, Steps], until: date | None) -> Iterator[Segment]:
    """The stretches of all criteria laid over one another."""
    changes: dict[date, dict[str, Answer]] = {}
    for name, found in steps.items():
        for day, answer in found:
            changes.setdefault(day, {})[name] = answer
    starts = sorted(changes)
    answers: dict[str, Answer] = {}
    for start, end in zip(starts, _ends(starts, until), strict=True):
        answers |= changes[start]
        ordered = {name: answers[name] for name in steps}
        blocking = tuple(name for name, answer in ordered.items() if answer is not Answer.MET)
        yield Segment(start, end, outcome(set(ordered.values())), ordered, blocking)
