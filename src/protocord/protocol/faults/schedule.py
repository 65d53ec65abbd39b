"""Impossible calendars: anchors that lead in a circle, visits out of order, windows that cross, infusions misnumbered."""

from __future__ import annotations

from collections.abc import Mapping

from protocord.errors import Problem
from protocord.protocol.document import Schedule, Study, Visit
from protocord.protocol.reading import Source


def schedule_faults(source: Source, schedule: Schedule, study: Study | None, problems: list[Problem]) -> None:
    """This will note every visit that cannot be laid on a calendar."""
    before = len(problems)
    for index, visit in enumerate(schedule.visits):
        _target(source, index, visit, problems)
    _circles(source, schedule, problems)
    if len(problems) == before:
        days = nominal_days(schedule)
        _order(source, schedule, days, problems)
        _infusions(source, schedule, days, problems)
        if study is not None:
            _epochs(source, schedule, study, problems)


def nominal_days(schedule: Schedule) -> Mapping[str, int]:
    """This will return each visit's day counted from day 1 = 0 as if every anchor fell on its target; day -1 is -1.

    Visits whose anchor is unknown or circular are left out.
    """
    by_id = {visit.id: visit for visit in schedule.visits}
    days: dict[str, int] = {}

    def place(visit: Visit, seen: frozenset[str]) -> int | None:
        if visit.day is not None:
            return visit.day - 1 if visit.day > 0 else visit.day
        anchor = by_id.get(visit.anchor)
        if anchor is None or visit.id in seen or visit.offset is None:
            return None
        start = place(anchor, seen | {visit.id})
        return None if start is None else start + visit.offset

    for visit in schedule.visits:
        day = place(visit, frozenset())
        if day is not None:
            days[visit.id] = day
    return days


def _target(source: Source, index: int, visit: Visit, problems: list[Problem]) -> None:
    at = ("visits", index)
    if visit.anchor == "day_1":
        if visit.offset is not None:
            what = "the visit counts from day 1 and has an offset."
            problems.append(
                Problem(source.place((*at, "offset")), what, "Write `day`, or name the visit it counts from in `anchor`.")
            )
        if visit.day is None:
            problems.append(
                Problem(source.place(at), "the visit has no day.", "Write `day` (study day), or `anchor` and `offset`.")
            )
    else:
        if visit.day is not None:
            what = f"the visit counts from {visit.anchor} and has a study day."
            problems.append(
                Problem(source.place((*at, "day")), what, "Write `offset` (days after the anchor), or take the anchor away.")
            )
        if visit.offset is None:
            problems.append(Problem(source.place(at), "the visit has no offset.", f"Write `offset`: days after {visit.anchor}."))
    if visit.day == 0:
        problems.append(Problem(source.place((*at, "day")), "there is no study day 0.", "The day before day 1 is day -1."))
    elif visit.day is not None and visit.day < 0 <= visit.day + visit.window.after:
        what = f"the window of a visit before day 1 reaches past it: day {visit.day} and {visit.window.after} days after."
        problems.append(Problem(source.place((*at, "window")), what, f"Write `after: {-1 - visit.day}` at most."))


def _circles(source: Source, schedule: Schedule, problems: list[Problem]) -> None:
    by_id = {visit.id: visit for visit in schedule.visits}
    told: set[str] = set()
    for index, visit in enumerate(schedule.visits):
        path = [visit.id]
        while (following := by_id.get(path[-1])) is not None and following.anchor in by_id and following.anchor not in path:
            path.append(following.anchor)
        if following is not None and following.anchor == visit.id and visit.id not in told:
            told.update(path)
            circle = " > ".join([*path, visit.id])
            problems.append(
                Problem(
                    source.place(("visits", index, "anchor")),
                    f"the anchors lead in a circle: {circle}.",
                    "Anchor one of them to day 1.",
                )
            )


def _order(source: Source, schedule: Schedule, days: Mapping[str, int], problems: list[Problem]) -> None:
    previous: Visit | None = None
    for index, visit in enumerate(schedule.visits):
        if visit.id not in days:
            continue
        if previous is not None:
            gap = days[visit.id] - days[previous.id]
            if gap < 0:
                what = f"its target lies {-gap} days before that of {previous.id}, which stands above it."
                problems.append(Problem(source.place(("visits", index)), what, "List the visits in order of time."))
            elif gap > 0 and _crosses(previous, visit, gap):
                what = f"its window crosses that of {previous.id}: in one way of using them the later visit is over first."
                problems.append(Problem(source.place(("visits", index, "window")), what, "Narrow one of the two windows."))
        previous = visit


def _crosses(earlier: Visit, later: Visit, gap: int) -> bool:
    # Before day 1 the visits of screening share their time on purpose; there a window may enclose another.
    if later.day is not None and later.day < 0:
        return False
    return earlier.window.after > gap + later.window.after or later.window.before > gap + earlier.window.before


def _infusions(source: Source, schedule: Schedule, days: Mapping[str, int], problems: list[Problem]) -> None:
    expected = 1
    for index, visit in enumerate(schedule.visits):
        if visit.infusion is None:
            continue
        place = source.place(("visits", index, "infusion"))
        if visit.infusion != expected:
            problems.append(
                Problem(
                    place,
                    f"infusion {visit.infusion} stands where infusion {expected} should.",
                    "Number them 1, 2, 3 … in order of time.",
                )
            )
        if expected == 1 and visit.infusion == 1 and days.get(visit.id) != 0:
            problems.append(
                Problem(place, "the first infusion does not fall on day 1.", "Day 1 is the day of the first infusion.")
            )
        expected = visit.infusion + 1


def _epochs(source: Source, schedule: Schedule, study: Study, problems: list[Problem]) -> None:
    order = {epoch.id: number for number, epoch in enumerate(study.epochs)}
    latest = -1
    for index, visit in enumerate(schedule.visits):
        number = order.get(visit.epoch)
        if number is None:
            continue
        if number < latest:
            what = f"a visit of the epoch {visit.epoch!r} stands after one of {study.epochs[latest].id!r}."
            problems.append(
                Problem(source.place(("visits", index, "epoch")), what, "Epochs follow one another in the order of study.yaml.")
            )
        latest = max(latest, number)
