"""What the figures of tumour response show, taken from the responses of a study; nothing is judged here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from protocord.efficacy.sets import analysis_set

if TYPE_CHECKING:
    from protocord.efficacy.endpoints import Course
    from protocord.efficacy.respond import Responses
    from protocord.values import Text


@dataclass(frozen=True, slots=True)
class Shown:
    """One set of scans: days after day 1, change of the whole sum from baseline in percent (None: a target was not assessed)."""

    day: int
    change: float | None
    overall: str
    new_lesion: bool


@dataclass(frozen=True, slots=True)
class Child:
    """One treated child; days after day 1. `confirmed` says that the best response is a confirmed CR or PR."""

    id: str
    best: str
    confirmed: bool
    measurable: bool
    best_change: float | None
    points: tuple[Shown, ...]
    infusions: tuple[int, ...]
    response: int | None
    response_until: int | None
    progression: int | None
    new_therapy: int | None
    death: int | None
    not_followed: bool
    end: int


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate, of all children or of a subgroup; shares of one, None where nobody belongs to it."""

    name: Text
    analysis_set: Text
    group: str
    n: int
    responders: int
    estimate: float | None
    lower: float | None
    upper: float | None
    method: str
    level: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The children and rates of a study, for its figures."""

    study: str
    confirmed: bool
    reader: str
    cut: date | None
    days_per_month: float
    children: tuple[Child, ...]
    rates: tuple[Rate, ...]


def chart(found: Responses) -> Chart:
    """This will gather what the figures show from the responses of a study."""
    efficacy = found.protocol.efficacy
    confirmed = efficacy.response.confirmation.required
    month = next((float(one.days_per_month) for one in efficacy.time_to_event), 30.4375)
    children = tuple(_child(course, confirmed=confirmed) for course in found.courses if course.day_1 is not None)
    return Chart(found.protocol.study.id, confirmed, efficacy.assessments.reader, found.cut, month, children, _rates(found))


def _child(course: Course, *, confirmed: bool) -> Child:
    start = course.day_1
    assert start is not None

    def after(on: date | None) -> int | None:
        return None if on is None else (on - start).days

    best = course.best(confirmed=confirmed)
    subject = course.subject
    first = {kind: subject.first(kind) for kind in ("death", "new_therapy", "lost_to_follow_up", "withdrawal")}
    days = {kind: after(one.on) if one is not None else None for kind, one in first.items()}
    progression = after(course.progression.progression_on) if course.progression is not None else None
    end = days["death"] if days["death"] is not None else after(course.last_known_alive) or 0
    ends = [day for day in (progression, days["death"], days["new_therapy"]) if day is not None]
    # Nothing is known of a response after the last adequate assessment.
    seen = after(course.adequate[-1].on) if course.adequate else None
    return Child(
        id=course.id,
        best=best.response,
        confirmed=best.second is not None,
        measurable=subject.tumour.baseline is not None and bool(subject.tumour.targets),
        best_change=None if course.best_change is None else float(course.best_change),
        points=tuple(
            Shown(
                (one.on - start).days,
                None if one.change_from_baseline is None else float(one.change_from_baseline),
                one.overall,
                bool(one.new),
            )
            for one in course.assessed
        ),
        infusions=tuple(sorted((one.on - start).days for one in subject.happenings if one.kind == "infusion")),
        response=after(course.response.on) if course.response is not None else None,
        response_until=min(ends, default=seen),
        progression=progression,
        new_therapy=days["new_therapy"],
        death=days["death"],
        not_followed=days["lost_to_follow_up"] is not None or days["withdrawal"] is not None,
        end=end,
    )


def _rates(found: Responses) -> tuple[Rate, ...]:
    rates = []
    for rate in found.protocol.efficacy.rates:
        for item in found.results.select(rate.id, "estimate"):
            where = dict(item.context)
            by, group = str(where.get("by", "")), str(where.get("group", ""))

            def value(name: str, group: str = group, rate_id: str = rate.id) -> float | None:
                one = next(item for item in found.results.select(rate_id, name) if str(item.context.get("group", "")) == group)
                return None if one.value is None else float(str(one.value))

            rates.append(
                Rate(
                    name=rate.name,
                    analysis_set=analysis_set(found.protocol, rate.analysis_set).name,
                    group=f"{by} {group}".strip(),
                    n=int(value("n") or 0),
                    responders=int(value("responders") or 0),
                    estimate=value("estimate"),
                    lower=value("lower"),
                    upper=value("upper"),
                    method=rate.interval,
                    level=float(rate.level),
                )
            )
    return tuple(rates)
