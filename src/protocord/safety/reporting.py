"""Reporting clocks: which reports an event starts, when each is due, and whether it was sent in time.

Calendar days; the day of first knowledge is day 0. A clock in hours runs from the moment of knowledge; one in days ends with the
local day of the site (convention `clock_days`). All times in and out are aware of their zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

from protocord.protocol import Protocol
from protocord.protocol.document.elements import Span
from protocord.protocol.document.safety import Clock
from protocord.safety.lengths import span_of
from protocord.values import Reason

__all__ = ["Case", "Due", "ProfileClock", "Report", "Status", "clocks_of", "due_at", "looser_than_profile", "profile_clocks"]

Status = Literal["open", "half_time", "nearly_due", "overdue", "in_time", "late", "unknown"]
_FATAL = "fatal_or_life_threatening_susar"
_ESCALATE = (("nearly_due", 0.8), ("half_time", 0.5))  # clinical.md 7.2: escalate at 50 % and 80 % of the time


@dataclass(frozen=True, slots=True)
class Case:
    """What was known of an event from `aware_at` on (aware of its zone; None: nobody recorded when). None is unknown.

    `related` holds where the investigator or the sponsor cannot exclude that the product caused it. `kind` is event, pregnancy
    or positive_culture (growth in the culture of an infused bag).
    """

    aware_at: datetime | None
    serious: bool | None = None
    fatal_or_life_threatening: bool | None = None
    related: bool | None = None
    expected: bool | None = None
    dlt: bool | None = None
    special_interest: bool | None = None
    kind: str = "event"

    def starts(self, event: str) -> bool | None:
        """This will tell whether the case starts the clocks of `event`; None where what is missing could start them."""
        susar = _all(self.serious, self.related, None if self.expected is None else not self.expected)
        match event:
            case "susar":
                return susar
            case "fatal_or_life_threatening_susar":
                return _all(susar, self.fatal_or_life_threatening)
            case "pregnancy" | "positive_culture":
                return self.kind == event
            case "serious" | "dlt" | "special_interest":
                return bool(value) if (value := getattr(self, event)) is not None else None
            case _:
                message = f"no clock is started by {event!r}"
                raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was sent: to which clock it belongs, whether it is the first or the completed one, and when."""

    clock: str
    kind: Literal["initial", "follow_up"]
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """One report of one event: since when its clock runs, when it is due, when it was sent, and how that stands.

    `share` is the part of the time that has run on the day asked about, without a report. Where the start of the clock, or
    whether it runs at all, is not known, the status is `unknown` with its reasons.
    """

    clock: str
    kind: Literal["initial", "follow_up"]
    status: Status
    since: datetime | None = None
    due: datetime | None = None
    sent: datetime | None = None
    share: float | None = None
    reasons: tuple[Reason, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """This will return the report as JSON data."""
        times = {name: getattr(self, name) for name in ("since", "due", "sent")}
        return {
            "clock": self.clock,
            "kind": self.kind,
            "status": self.status,
            **{name: at.isoformat() if at else None for name, at in times.items()},
            "share": self.share,
            "reasons": [reason.as_data() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class ProfileClock:
    """A clock that a regulation sets, with its source; `origin` says whether it is the regulation's or our reading of it."""

    event: str
    sender: str
    receiver: str
    within: timedelta
    follow_up_within: timedelta | None
    origin: str
    source: str


def due_at(since: datetime, within: Span) -> datetime:
    """This will return when a report is due. Raises ValueError for a time without a zone, or a length in months or years.

    Hours run on the clock of the world, whatever a site does to its own in spring and autumn. Days and weeks end with the
    site's day: 23:59:59 of the day so many days after that of `since`.
    """
    if since.tzinfo is None or since.utcoffset() is None:
        message = f"{since} has no time zone: a clock needs one"
        raise ValueError(message)
    span = span_of(within)
    if within.unit in {"minute", "hour"}:
        return _plus(since, span)
    return datetime.combine(since.date() + span, time(23, 59, 59), tzinfo=since.tzinfo)


def clocks_of(clocks: Sequence[Clock], cases: Sequence[Case], reports: Sequence[Report], *, at: datetime) -> tuple[Due, ...]:
    """This will return every report that an event's cases start, the first and the completed one, as things stood at `at`.

    A clock starts with the first case, in order of knowledge, that is of its class: what arrives later and changes the class
    starts the clocks of the new class when it arrives. Cases known and reports sent after `at` do not count.
    """
    fatal_apart = any(clock.event == _FATAL for clock in clocks)
    known = sorted((case for case in cases if case.aware_at is not None and case.aware_at <= at), key=_aware)
    undated = [case for case in cases if case.aware_at is None]
    sent = [report for report in reports if report.sent_at <= at]
    found: list[Due] = []
    for clock in clocks:
        own = [report for report in sent if report.clock == clock.id]
        # A fatal case has its own, shorter clock where the study has one. One of which nobody knows runs on the longer meanwhile.
        apart = fatal_apart and clock.event == "susar"
        dated, others = ([case for case in some if not (apart and case.fatal_or_life_threatening)] for some in (known, undated))
        # What was not known of a case at first is settled by what arrived later; only what is still open leaves a clock open.
        still = [case for case in (*known[-1:], *undated) if case in dated or case in others]
        found += _of_clock(clock, dated, others, still, own, at)
    return tuple(found)


def _of_clock(
    clock: Clock,
    known: Sequence[Case],
    undated: Sequence[Case],
    latest: Sequence[Case],
    reports: Sequence[Report],
    at: datetime,
) -> Iterator[Due]:
    first = _first(reports, "initial")
    starting = next((case for case in known if case.starts(clock.event)), None)
    if any(case.starts(clock.event) for case in undated):
        # A case of that class of unknown date may be older than the one dated.
        yield Due(clock.id, "initial", "unknown", sent=first, reasons=(Reason.of("clock_awareness_missing"),))
        return
    if starting is None:
        if any(case.starts(clock.event) is None for case in latest):
            yield Due(clock.id, "initial", "unknown", sent=first, reasons=(Reason.of("clock_class_open", event=clock.event),))
        return
    since = _aware(starting)
    due = due_at(since, clock.within)
    yield _judged(clock.id, "initial", since, due, first, at)
    if clock.follow_up_within is None:
        return
    # The completed report counts from the first one as it was sent, or while it is not, as it is due (convention `clock_follow_up`).
    begun = first or due
    completed = _first([report for report in reports if report.sent_at >= begun], "follow_up") if first else None
    yield _judged(clock.id, "follow_up", begun, due_at(begun, clock.follow_up_within), completed, at)


def _judged(
    clock: str, kind: Literal["initial", "follow_up"], since: datetime, due: datetime, sent: datetime | None, at: datetime
) -> Due:
    if sent is not None:
        return Due(clock, kind, "in_time" if sent <= due else "late", since, due, sent)
    if at > due:
        return Due(clock, kind, "overdue", since, due, share=1.0)
    share = max((at - since) / (due - since), 0.0)
    status = next((name for name, least in _ESCALATE if share >= least), "open")
    return Due(clock, kind, status, since, due, share=share)  # type: ignore[arg-type]  # the names are those of Status


def _first(reports: Sequence[Report], kind: str) -> datetime | None:
    return min((report.sent_at for report in reports if report.kind == kind), default=None)


def _aware(case: Case) -> datetime:
    assert case.aware_at is not None
    return case.aware_at


def _plus(at: datetime, span: timedelta) -> datetime:
    """The time that much later on the world's clock, in the same zone."""
    return (at.astimezone(UTC) + span).astimezone(at.tzinfo)


def _all(*answers: bool | None) -> bool | None:
    return False if False in answers else None if None in answers else True


@cache
def profile_clocks() -> Mapping[str, tuple[ProfileClock, ...]]:
    """This will return the clocks of every regulation profile, by its name."""
    data = yaml.safe_load((Path(__file__).parent / "profiles.yaml").read_text("utf-8"))
    return MappingProxyType({name: tuple(map(_profile_clock, rows)) for name, rows in data.items()})


def looser_than_profile(protocol: Protocol) -> tuple[Reason, ...]:
    """This will return what the study's clocks allow beyond its regulation: reports that are missing, later, or not as its `study.yaml` says."""
    found: list[Reason] = []
    own = protocol.safety.reporting
    for required in profile_clocks()[protocol.study.regulation.profile]:
        alike = [
            clock for clock in own
            if (clock.event, clock.sender, clock.receiver) == (required.event, required.sender, required.receiver)
        ]  # fmt: skip
        about = {"event": required.event, "receiver": required.receiver, "source": required.source}
        if not alike:
            found.append(Reason.of("clock_not_in_protocol", **about))
        elif min(span_of(clock.within) for clock in alike) > required.within:
            found.append(Reason.of("clock_later_than_profile", clock=alike[0].id, within=str(alike[0].within), **about))
    hours = timedelta(hours=protocol.study.regulation.sae_report_hours)
    for clock in own:
        if (clock.event, clock.sender, clock.receiver) == ("serious", "investigator", "sponsor") and span_of(
            clock.within
        ) != hours:
            stated = protocol.study.regulation.sae_report_hours
            found.append(Reason.of("clock_not_as_stated", clock=clock.id, within=str(clock.within), stated=stated))
    return tuple(found)


def _profile_clock(row: Mapping[str, Any]) -> ProfileClock:
    within = timedelta(hours=row["hours"]) if "hours" in row else timedelta(days=row["days"])
    after = timedelta(days=row["follow_up_days"]) if "follow_up_days" in row else None
    return ProfileClock(row["event"], row["sender"], row["receiver"], within, after, row["origin"], row["source"])
