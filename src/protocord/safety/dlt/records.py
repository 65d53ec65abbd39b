"""What dose-limiting toxicity is judged from: the toxicities of a subject, laboratory values, states, infusions, observation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from protocord.protocol.document.safety import Attribution
from protocord.safety.moments import Moment
from protocord.values import Quantity

__all__ = ["LabValue", "State", "Subject", "Toxicity"]


@dataclass(frozen=True, slots=True)
class Toxicity:
    """One adverse event. None is unknown throughout.

    `grade` is the worst, `grade_before` that just before treatment; `course` the grades from their times on, in order, 0 for
    recovered. `excepted` holds the exceptions that a person judged to apply (empty: none does; None: nobody has judged).
    """

    id: str
    category: str
    grade: int | None = None
    onset: Moment | None = None
    end: Moment | None = None
    ongoing: bool | None = None
    attribution: Attribution | None = None
    fatal: bool | None = None
    concept: str | None = None
    grade_before: int | None = None
    treated: Moment | None = None
    excepted: frozenset[str] | None = None
    course: tuple[tuple[Moment, int], ...] = ()

    @property
    def worst(self) -> int | None:
        """The worst grade; 5 where it was fatal."""
        if self.fatal:
            return 5
        known = [grade for _, grade in self.course]
        return max([*known, self.grade]) if self.grade is not None else None


@dataclass(frozen=True, slots=True)
class LabValue:
    """A laboratory value on a day, in its concept's standard unit; `value` None where it cannot be read or converted."""

    concept: str
    on: date
    value: Quantity | None


@dataclass(frozen=True, slots=True)
class State:
    """A condition that was or was not there, or a treatment that was or was not given, over a stretch of time."""

    concept: str
    present: bool
    start: Moment | None = None
    end: Moment | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject as known on a data cut.

    `infusions` are the times of those given, in order. `observed_until` is the last day on which toxicity was asked about;
    None: up to the data cut. `left` says that observation has ended for good.
    """

    id: str
    infusions: tuple[Moment, ...] = ()
    observed_until: date | None = None
    left: bool | None = None
    toxicities: tuple[Toxicity, ...] = ()
    values: tuple[LabValue, ...] = ()
    states: tuple[State, ...] = ()
