"""Reporting clocks over tables of cases and reports, in the time zones of the sites, as results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from protocord.errors import Problem
from protocord.protocol import Protocol
from protocord.safety.event_columns import CASES, REPORTS
from protocord.safety.events.emergent import EmergentRule
from protocord.safety.reporting import Case, Due, Report, clocks_of, looser_than_profile
from protocord.statistics import Results, Statistic
from protocord.tables import TableProblems, fingerprint, problem

__all__ = ["reporting"]

_CONVENTIONS = ("clock_days", "clock_follow_up")
_ANSWERS = (
    "serious", "fatal_or_life_threatening", "expected", "dlt", "special_interest",
)  # fmt: skip


def reporting(protocol: Protocol, cases: pl.DataFrame, reports: pl.DataFrame | None, *, at: datetime) -> Results:
    """This will return every report that the cases start, when it is due and how it stands at `at` (aware, or each site's time).

    `cases` and `reports` are tables `CASES` and `REPORTS` as `protocord.tables.read` returns them; their times are local to the
    case's site. For each report (context subject, event, report, kind): status, since, due, sent, share; times as text in
    ISO 8601 with their offset. `compared_with_profile` holds what the study's clocks allow beyond its regulation. Raises
    TableProblems for an unknown site, a site that no row of several names, an unknown clock, a report of no case.
    """
    related = EmergentRule.of(protocol.safety.adverse_events).related
    problems: list[Problem] = []
    zones = _zones(protocol)
    known: dict[tuple[str, str], list[Case]] = defaultdict(list)
    zone_of: dict[tuple[str, str], ZoneInfo] = {}
    for row in cases.iter_rows(named=True):
        key = (row["subject"], row["event"])
        zone = zones.get(row["site"] or (protocol.study.sites[0].id if len(protocol.study.sites) == 1 else ""))
        if zone is None:
            said = f"there is no site {row['site']!r} with a time zone." if row["site"] else "is empty."
            problems.append(problem(CASES.name, row["row"], "site", said, f"Sites: {', '.join(zones)}."))
            continue
        zone_of.setdefault(key, zone)
        known[key].append(_case(row, zone, related))
    sent = _sent(protocol, reports, zone_of, problems)
    if problems:
        raise TableProblems(problems)
    found = [item for key in known for item in _of_event(protocol, key, known[key], sent[key], zone_of[key], at)]
    for number, reason in enumerate(looser_than_profile(protocol), 1):
        about = {"number": number, "profile": protocol.study.regulation.profile}
        found.append(Statistic("reporting", "compared_with_profile", None, context=about, reason=reason))
    inputs = [cases] if reports is None else [cases, reports]
    about_run = {"study": protocol.study.id, "protocol_version": protocol.version, "at": at.isoformat(timespec="minutes")}
    return Results(tuple(found), fingerprint(*inputs), about_run)


def _of_event(
    protocol: Protocol, key: tuple[str, str], cases: Sequence[Case], reports: Sequence[Report], zone: ZoneInfo, at: datetime
) -> list[Statistic]:
    moment = at if at.tzinfo else at.replace(tzinfo=zone)
    found = []
    for due in clocks_of(protocol.safety.reporting, cases, reports, at=moment):
        context = {"subject": key[0], "event": key[1], "report": due.clock, "kind": due.kind}
        found += _statistics(due, context)
    return found


def _statistics(due: Due, context: Mapping[str, str]) -> list[Statistic]:
    found = [Statistic("reporting", "status", due.status, context=context, conventions=_CONVENTIONS)]
    for name in ("since", "due", "sent"):
        moment: datetime | None = getattr(due, name)
        if moment is not None:
            value = moment.isoformat(timespec="minutes")
            found.append(Statistic("reporting", name, value, context=context, conventions=_CONVENTIONS))
    if due.share is not None:
        found.append(Statistic("reporting", "share", due.share, unit="1", context=context))
    found += [Statistic("reporting", "reason", None, context=context, reason=reason) for reason in due.reasons]
    return found


def _zones(protocol: Protocol) -> dict[str, ZoneInfo]:
    zones: dict[str, ZoneInfo] = {}
    for site in protocol.study.sites:
        if site.time_zone:
            zones |= {site.id: ZoneInfo(site.time_zone), site.code: ZoneInfo(site.time_zone)}
    return zones


def _case(row: Mapping[str, Any], zone: ZoneInfo, related: frozenset[str]) -> Case:
    aware: datetime | None = row["aware_at"]
    causes = [row["cause_investigator"], row["cause_sponsor"]]
    # Either of them suffices, so a no of one stays open until the other has spoken.
    either = True if any(cause in related for cause in causes) else None if None in causes else False
    answers = {name: row[name] for name in _ANSWERS}
    return Case(None if aware is None else aware.replace(tzinfo=zone), related=either, kind=row["kind"] or "event", **answers)


def _sent(
    protocol: Protocol, reports: pl.DataFrame | None, zone_of: Mapping[tuple[str, str], ZoneInfo], problems: list[Problem]
) -> Mapping[tuple[str, str], list[Report]]:
    found: dict[tuple[str, str], list[Report]] = defaultdict(list)
    clocks = [clock.id for clock in protocol.safety.reporting]
    for row in [] if reports is None else reports.iter_rows(named=True):
        key = (row["subject"], row["event"])
        if row["clock"] not in clocks:
            what = f"the study has no report {row['clock']!r}."
            problems.append(problem(REPORTS.name, row["row"], "clock", what, f"Its reports: {', '.join(clocks)}."))
        if key not in zone_of:
            problems.append(problem(REPORTS.name, row["row"], "event", f"there is no case {key[1]} of {key[0]}."))
        else:
            found[key].append(Report(row["clock"], row["kind"], row["sent_at"].replace(tzinfo=zone_of[key])))
    return found
