"""The tables of adverse events, counted again child by child with plain loops: the same numbers from a second implementation."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocord.safety.event_columns import EVENTS, FOLLOWED, INFUSIONS
from protocord.safety.events import EmergentRule, emergent, incidence, on_treatment, per_infusion, rates
from protocord.statistics import Results, Statistic
from protocord.tables import read

pytestmark = pytest.mark.slow

RULE = EmergentRule("first_infusion", 10, frozenset({"possible", "probable"}))
START, CUT = date(2025, 1, 10), date(2025, 4, 1)
TERMS = {"Nausea": "Gut", "Fever": "General", "Fatigue": "General"}


def day(offset: int) -> date:
    return START + timedelta(days=offset)


@st.composite
def studies(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    infusions, followed, events = [], [], []
    for number in range(draw(st.integers(1, 5))):
        subject = f"S{number}"
        days = sorted(draw(st.sets(st.integers(0, 30), max_size=4)))
        infusions += [{"subject": subject, "infusion": place + 1, "started": f"{day(at)}T10:00"} for place, at in enumerate(days)]
        last = days[-1] if days else 0
        until = draw(st.none() | st.integers(last, 60))
        died = draw(st.none() | st.just(until)) if until is not None else None
        followed.append(
            {
                "subject": subject,
                "until": None if until is None else str(day(until)),
                "died": None if died is None else str(day(died)),
            }
        )
        for place in range(draw(st.integers(0, 5))):
            term = draw(st.sampled_from(sorted(TERMS)))
            onset = draw(st.integers(-5, 60))
            events.append(
                {
                    "subject": subject,
                    "event": str(place),
                    "term": term,
                    "soc": TERMS[term],
                    "category": "other",
                    "grade": draw(st.none() | st.integers(1, 5)),
                    "grade_before": draw(st.none() | st.integers(0, 3)),
                    "onset": draw(st.sampled_from([str(day(onset)), f"{day(onset)}T09:00", f"{day(onset)}T11:00"])),
                    "serious": draw(st.sampled_from(["yes", "no", None])),
                    "cause_product": draw(st.sampled_from(["unrelated", "possible", None])),
                }
            )
    return {"infusions": infusions, "followed": followed, "events": events}


def frames(study: dict[str, list[dict[str, Any]]]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    found = []
    for table, name in ((INFUSIONS, "infusions"), (FOLLOWED, "followed"), (EVENTS, "events")):
        schema = {column.name: pl.String for column in table.columns}
        rows = [{key: None if value is None else str(value) for key, value in row.items()} for row in study[name]]
        found.append(read(table, pl.DataFrame(rows, schema=schema, orient="row")))
    return found[0], found[1], found[2]


def counted_events(study: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The counted events by plain reading of the rule, with `at` (day of onset) and `risk` (days at risk of the subject)."""
    starts: dict[str, list[datetime]] = defaultdict(list)
    for row in study["infusions"]:
        starts[row["subject"]].append(datetime.fromisoformat(row["started"]))
    found = []
    for event in study["events"]:
        given_at = sorted(starts[event["subject"]])
        if not given_at:
            continue
        text = event["onset"]
        timed = "T" in text
        onset = datetime.fromisoformat(text)
        latest = onset if timed else onset + timedelta(hours=23, minutes=59)
        end = given_at[-1].date() + timedelta(days=RULE.days_after_last)
        if onset.date() > CUT or onset.date() > end:
            continue
        if latest < given_at[0]:
            grade, before = event["grade"], event["grade_before"]
            if grade is not None and before is not None and grade <= before:
                continue
        found.append({**event, "day": onset.date(), "latest": latest})
    return found


def risk(study: dict[str, list[dict[str, Any]]]) -> dict[str, tuple[date, int]]:
    """The day of the first infusion and the days at risk of each treated subject."""
    found = {}
    for row in study["followed"]:
        days = [date.fromisoformat(one["started"][:10]) for one in study["infusions"] if one["subject"] == row["subject"]]
        if days:
            ends = [max(days) + timedelta(days=RULE.days_after_last), CUT]
            ends += [date.fromisoformat(row[name]) for name in ("until", "died") if row[name]]
            found[row["subject"]] = (min(days), (min(ends) - min(days)).days + 1)
    return found


SUBSETS = {
    "any": lambda event: bool(event),
    "grade_3_or_more": lambda event: event["grade"] is not None and event["grade"] >= 3,
    "related": lambda event: event["cause_product"] != "unrelated",
    "serious": lambda event: event["serious"] == "yes",
}


def rows_of(event: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [("all", "", ""), ("soc", event["soc"], ""), ("term", event["soc"], event["term"])]


def at(results: Results, analysis: str, name: str, row: tuple[str, str, str], **context: object) -> Any:
    wanted = {"of": row[0], **({"soc": row[1]} if row[1] else {}), **({"term": row[2]} if row[2] else {}), **context}
    return next(item.value for item in results.select(analysis, name, of=row[0]) if dict(item.context) == wanted)


def computed(study: dict[str, list[dict[str, Any]]], *parts: str) -> Results:
    infusions, followed, raw = frames(study)
    treatment = on_treatment(infusions, followed, RULE, CUT)
    events = emergent(raw, treatment, RULE, CUT)
    found: tuple[Statistic, ...] = ()
    if "incidence" in parts:
        found += incidence(events, treatment)
    if "rates" in parts:
        found += rates(events, treatment)
    if "infusions" in parts:
        found += per_infusion(events, treatment, infusions)
    return Results(found)


@settings(max_examples=20, deadline=None)
@given(studies())
def test_subjects_and_worst_grades(study: dict[str, list[dict[str, Any]]]) -> None:
    results, events = computed(study, "incidence"), counted_events(study)
    rows = {row for event in events for row in rows_of(event)} | {("all", "", "")}
    for row in rows:
        own = [event for event in events if row in rows_of(event)]
        for subset, holds in SUBSETS.items():
            chosen = [event for event in own if holds(event)]
            assert at(results, "ae_incidence", "subjects", row, subset=subset) == len({event["subject"] for event in chosen})
            assert at(results, "ae_incidence", "events", row, subset=subset) == len(chosen)
        worst: dict[str, int] = defaultdict(int)
        for event in own:
            worst[event["subject"]] = max(worst[event["subject"]], event["grade"] or 0)
        for grade in range(6):
            expected = sum(one == grade for one in worst.values())
            assert at(results, "ae_worst_grade", "subjects", row, worst_grade=grade) == expected
    assert results.value("ae_incidence", "n", of="all", subset="any") == len(risk(study))


@settings(max_examples=20, deadline=None)
@given(studies())
def test_time_at_risk_until_the_first_event(study: dict[str, list[dict[str, Any]]]) -> None:
    results, events, days = computed(study, "rates"), counted_events(study), risk(study)
    for row in {row for event in events for row in rows_of(event)} | {("all", "", "")}:
        for subset, holds in SUBSETS.items():
            total, subjects = 0, 0
            for subject, (first, length) in days.items():
                own = [event["day"] for event in events if event["subject"] == subject and row in rows_of(event) and holds(event)]
                subjects += bool(own)
                total += max(min((min(own) - first).days + 1, length), 1) if own else length
            assert at(results, "ae_first_rate", "events", row, subset=subset) == subjects
            years = at(results, "ae_first_rate", "person_years", row, subset=subset)
            assert abs(years * 365.25 - total) < 1e-6


@settings(max_examples=20, deadline=None)
@given(studies())
def test_events_belong_to_the_infusion_before_them(study: dict[str, list[dict[str, Any]]]) -> None:
    if not study["infusions"]:
        return
    results, events = computed(study, "infusions"), counted_events(study)
    by_number: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for event in events:
        own = [one for one in study["infusions"] if one["subject"] == event["subject"]]
        before = [one for one in own if datetime.fromisoformat(one["started"]) <= event["latest"]]
        if before:
            last = max(before, key=lambda one: one["started"])
            by_number[last["infusion"]].append((event["subject"], last["infusion"]))
    for number in {one["infusion"] for one in study["infusions"]}:
        context = {"of": "all", "subset": "any", "infusion": number}
        given_at_all = sum(one["infusion"] == number for one in study["infusions"])
        assert results.value("ae_per_infusion", "infusions", **context) == given_at_all
        assert results.value("ae_per_infusion", "events", **context) == len(by_number[number])
        assert results.value("ae_per_infusion", "with_event", **context) == len(set(by_number[number]))
