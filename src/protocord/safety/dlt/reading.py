"""From tables to the subjects that dose-limiting toxicity is judged in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import polars as pl

from protocord.concepts import Concepts
from protocord.errors import Problem
from protocord.safety.dlt.records import LabValue, State, Subject, Toxicity
from protocord.safety.grading.measured import concept_of, read_value, standardised
from protocord.safety.moments import Moment
from protocord.tables import TableProblems, problem
from protocord.values import Quantity

__all__ = ["DltData", "subjects"]

_LEFT = {"no": False, "completed": True, "died": True, "withdrawn": True, "lost": True, "other": True, None: None}


@dataclass(frozen=True, slots=True)
class DltData:
    """The tables of one data cut, as `protocord.tables.read` returns them (columns in `protocord.safety.event_columns`).

    `results` are laboratory results as the laboratory reported them; `course` and `states` may be left out where there are none.
    """

    events: pl.DataFrame
    infusions: pl.DataFrame
    followed: pl.DataFrame
    course: pl.DataFrame | None = None
    states: pl.DataFrame | None = None
    results: pl.DataFrame | None = None


def subjects(data: DltData, concepts: Concepts) -> tuple[Subject, ...]:
    """This will return one subject for each row of the followed, in their order.

    Raises TableProblems with all that is wrong: unreadable times, events of unknown subjects, unknown concepts, an end before
    its onset, a category left out, a course that is not in order or does not reach the event's worst grade.
    """
    reader = _Reader(concepts, frozenset(data.followed["subject"].to_list()))
    infusions = reader.infusions(data.infusions)
    courses = reader.courses(data.course)
    toxicities = reader.toxicities(data.events, courses)
    states = reader.states(data.states)
    values = reader.values(data.results)
    if reader.problems:
        raise TableProblems(reader.problems)
    return tuple(
        Subject(
            id=row["subject"],
            infusions=tuple(sorted(infusions[row["subject"]], key=lambda given: given.earliest)),
            observed_until=row["until"],
            left=True if row["died"] is not None else _LEFT[row["left"]],
            toxicities=tuple(toxicities[row["subject"]]),
            values=tuple(values[row["subject"]]),
            states=tuple(states[row["subject"]]),
        )
        for row in data.followed.iter_rows(named=True)
    )


class _Reader:
    """Reads the tables and collects what is wrong with them."""

    def __init__(self, concepts: Concepts, known: frozenset[str]) -> None:
        self.concepts, self.known = concepts, known
        self.problems: list[Problem] = []

    def rows(self, frame: pl.DataFrame | None, file: str) -> list[dict[str, Any]]:
        found = [] if frame is None else list(frame.iter_rows(named=True))
        for row in found:
            if row["subject"] not in self.known:
                self.wrong(file, row, "subject", f"{row['subject']} is not in the table of subjects.")
        return found

    def wrong(self, file: str, row: dict[str, Any], column: str, what: str, remedy: str = "") -> None:
        self.problems.append(problem(file, row["row"], column, what, remedy))

    def moment(self, file: str, row: dict[str, Any], column: str) -> Moment | None:
        if row[column] is None:
            return None
        try:
            return Moment.parse(row[column])
        except ValueError as error:
            self.wrong(file, row, column, f"{error}.")
            return None

    def concept(self, file: str, row: dict[str, Any]) -> str | None:
        name: str | None = row["concept"]
        if name is None or name in self.concepts:
            return name
        self.wrong(file, row, "concept", f"there is no concept {name!r}.", self.concepts.suggest(name))
        return None

    def infusions(self, frame: pl.DataFrame) -> dict[str, list[Moment]]:
        found: dict[str, list[Moment]] = defaultdict(list)
        for row in self.rows(frame, "infusions"):
            started = self.moment("infusions", row, "started")
            if started is not None and started.day is None:
                self.wrong("infusions", row, "started", "leaves the day of the infusion open.", "Give the day.")
            elif started is not None:
                found[row["subject"]].append(started)
        return found

    def courses(self, frame: pl.DataFrame | None) -> dict[tuple[str, str], list[tuple[Moment, int]]]:
        found: dict[tuple[str, str], list[tuple[Moment, int]]] = defaultdict(list)
        for row in self.rows(frame, "course of grades"):
            at = self.moment("course of grades", row, "at")
            course = found[row["subject"], row["event"]]
            if at is not None and course and at.latest < course[-1][0].earliest:
                self.wrong("course of grades", row, "at", "lies before the grade above it.", "Put the grades in order.")
            elif at is not None:
                course.append((at, row["grade"]))
        return found

    def toxicities(
        self, frame: pl.DataFrame, courses: dict[tuple[str, str], list[tuple[Moment, int]]]
    ) -> dict[str, list[Toxicity]]:
        file = "adverse events"
        found: dict[str, list[Toxicity]] = defaultdict(list)
        for row in self.rows(frame, file):
            onset, end = self.moment(file, row, "onset"), self.moment(file, row, "end")
            course = tuple(courses.pop((row["subject"], row["event"]), ()))
            if row["category"] is None:
                self.wrong(file, row, "category", "is empty.", "Dose-limiting toxicity asks for the kind of event.")
            if onset and end and end.latest < onset.earliest:
                self.wrong(file, row, "end", "lies before the onset.")
            if end and row["ongoing"]:
                self.wrong(file, row, "ongoing", "is yes, and the event has an end.", "Take one of them out.")
            if course and row["grade"] is not None and max(grade for _, grade in course) != row["grade"]:
                self.wrong(file, row, "grade", "is not the worst grade of the event's course.", "Mend one of them.")
            said = row["excepted"]
            judged = None if said is None else frozenset(one.strip() for one in said.split(";")) - {"none", ""}
            found[row["subject"]].append(
                Toxicity(
                    id=row["event"],
                    category=row["category"] or "other",
                    grade=row["grade"],
                    onset=onset,
                    end=end,
                    ongoing=row["ongoing"],
                    attribution=row["cause_product"],
                    fatal=row["fatal"],
                    concept=self.concept(file, row),
                    grade_before=row["grade_before"],
                    treated=self.moment(file, row, "treated"),
                    excepted=judged,
                    course=course,
                )
            )
        for subject, event in courses:
            what = f"there is no event {event} of {subject}."
            self.problems.append(problem("course of grades", None, "event", what))
        return found

    def states(self, frame: pl.DataFrame | None) -> dict[str, list[State]]:
        file = "states and exposures"
        found: dict[str, list[State]] = defaultdict(list)
        for row in self.rows(frame, file):
            concept = self.concept(file, row)
            if concept is not None:
                start, end = self.moment(file, row, "start"), self.moment(file, row, "end")
                found[row["subject"]].append(State(concept, row["present"], start, end))
        return found

    def values(self, frame: pl.DataFrame | None) -> dict[str, list[LabValue]]:
        found: dict[str, list[LabValue]] = defaultdict(list)
        rows = [] if frame is None else frame.iter_rows(named=True)
        for row in rows:
            concept = concept_of(row["test"], self.concepts)
            if concept is None or row["subject"] not in self.known:
                continue  # a table of results holds more than we ask for
            read = None if row["value"] is None else read_value(row["value"], row["unit"])
            value = standardised(concept, read, self.concepts) if isinstance(read, Quantity) else None
            found[row["subject"]].append(LabValue(concept, row["date"], value if isinstance(value, Quantity) else None))
        return found
