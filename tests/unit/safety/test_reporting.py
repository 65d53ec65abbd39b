"""protocord.safety.reporting: when a report is due, in hours and in days, and how it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from protocord.protocol import STUDIES, load
from protocord.protocol.document.elements import Span
from protocord.protocol.document.safety import Clock
from protocord.safety.event_columns import CASES, REPORTS
from protocord.safety.reporting import Case, Due, Report, clocks_of, due_at, looser_than_profile, profile_clocks
from protocord.safety.reporting_tables import reporting
from protocord.statistics import Results
from protocord.tables import TableProblems, read
from protocord.values import LANGUAGES, Text
from protocord.words import say, term

CHINA, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
STUDY = load(STUDIES / "nct06848582")
AWARE = datetime(2026, 3, 2, 16, 20, tzinfo=CHINA)
SUSAR = Case(
    AWARE, serious=True, fatal_or_life_threatening=False, related=True, expected=False, dlt=False, special_interest=False
)


def clock(name: str, event: str, within: str, follow_up: str | None = None) -> Clock:
    given = {"id": name, "text": Text("a", "b"), "event": event, "sender": "sponsor", "receiver": "authority", "within": within}
    return Clock.model_validate({**given, "follow_up_within": follow_up, "source": "convention"})


DAYS_15, DAYS_7 = clock("late", "susar", "15 days"), clock("early", "fatal_or_life_threatening_susar", "7 days", "8 days")
HOURS = clock("sae", "serious", "24 hours")


def one(found: tuple[Due, ...], name: str, kind: str = "initial") -> Due:
    return next(due for due in found if due.clock == name and due.kind == kind)


@pytest.mark.parametrize(
    ("since", "within", "due"),
    [
        (AWARE, Span(24, "hour"), datetime(2026, 3, 3, 16, 20, tzinfo=CHINA)),
        (AWARE, Span(7, "day"), datetime(2026, 3, 9, 23, 59, 59, tzinfo=CHINA)),
        (AWARE, Span(2, "week"), datetime(2026, 3, 16, 23, 59, 59, tzinfo=CHINA)),
        (datetime(2026, 3, 2, 0, 0, tzinfo=CHINA), Span(7, "day"), datetime(2026, 3, 9, 23, 59, 59, tzinfo=CHINA)),
        (datetime(2026, 3, 2, 23, 59, tzinfo=CHINA), Span(7, "day"), datetime(2026, 3, 9, 23, 59, 59, tzinfo=CHINA)),
        (datetime(2024, 2, 22, 9, 0, tzinfo=CHINA), Span(7, "day"), datetime(2024, 2, 29, 23, 59, 59, tzinfo=CHINA)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN), Span(24, "hour"), datetime(2026, 3, 29, 13, 0, tzinfo=BERLIN)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN), Span(1, "day"), datetime(2026, 3, 29, 23, 59, 59, tzinfo=BERLIN)),
    ],
)
def test_hours_run_and_days_end_with_the_sites_day(since: datetime, within: Span, due: datetime) -> None:
    found = due_at(since, within)
    assert found == due
    assert found.astimezone(UTC) == due.astimezone(UTC)


def test_a_clock_needs_a_zone_and_a_fixed_length() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        due_at(AWARE.replace(tzinfo=None), Span(24, "hour"))
    with pytest.raises(ValueError, match="no fixed length"):
        due_at(AWARE, Span(1, "month"))


@pytest.mark.parametrize(
    ("hours", "status"),
    [
        (0, "open"),
        (11.9, "open"),
        (12, "half_time"),
        (19.1, "half_time"),
        (19.2, "nearly_due"),
        (24, "nearly_due"),
        (24.01, "overdue"),
    ],
)
def test_a_clock_escalates_at_half_and_at_four_fifths(hours: float, status: str) -> None:
    found = one(clocks_of([HOURS], [SUSAR], [], at=AWARE + timedelta(hours=hours)), "sae")
    assert found.status == status
    assert found.share == pytest.approx(min(hours / 24, 1.0))


def test_a_report_is_in_time_until_the_moment_it_is_due() -> None:
    for minutes, status in ((0, "in_time"), (1, "late")):
        sent = AWARE + timedelta(hours=24, minutes=minutes)
        found = one(clocks_of([HOURS], [SUSAR], [Report("sae", "initial", sent)], at=AWARE + timedelta(days=9)), "sae")
        assert (found.status, found.sent, found.share) == (status, sent, None)


def test_a_report_sent_after_the_moment_asked_about_is_not_known() -> None:
    sent = Report("sae", "initial", AWARE + timedelta(hours=10))
    assert one(clocks_of([HOURS], [SUSAR], [sent], at=AWARE + timedelta(hours=5)), "sae").status == "open"


def test_the_first_of_several_reports_counts() -> None:
    sent = [Report("sae", "initial", AWARE + timedelta(hours=hours)) for hours in (30, 10)]
    assert one(clocks_of([HOURS], [SUSAR], sent, at=AWARE + timedelta(days=9)), "sae").status == "in_time"


def test_a_case_not_yet_known_starts_nothing() -> None:
    assert clocks_of([HOURS], [SUSAR], [], at=AWARE - timedelta(minutes=1)) == ()


@pytest.mark.parametrize(
    ("changed", "susar", "fatal"),
    [
        ({}, True, False),
        ({"fatal_or_life_threatening": True}, True, True),
        ({"fatal_or_life_threatening": None}, True, None),
        ({"expected": True}, False, False),
        ({"expected": None}, None, False),
        ({"expected": None, "fatal_or_life_threatening": True}, None, None),
        ({"related": False}, False, False),
        ({"related": None}, None, False),
        ({"related": None, "expected": True}, False, False),
        ({"serious": False}, False, False),
    ],
)
def test_a_susar_is_serious_related_and_unexpected(changed: dict[str, object], susar: bool | None, fatal: bool | None) -> None:
    case = replace(SUSAR, **changed)  # type: ignore[arg-type]
    assert case.starts("susar") is susar
    assert case.starts("fatal_or_life_threatening_susar") is fatal


def test_kinds_of_case_start_their_own_clocks() -> None:
    assert Case(AWARE, kind="pregnancy").starts("pregnancy") is True
    assert SUSAR.starts("pregnancy") is False
    assert replace(SUSAR, dlt=None).starts("dlt") is None
    assert replace(SUSAR, special_interest=True).starts("special_interest") is True
    with pytest.raises(ValueError, match="no clock"):
        SUSAR.starts("rain")


def test_a_fatal_susar_runs_on_its_own_clock_alone() -> None:
    fatal = replace(SUSAR, fatal_or_life_threatening=True)
    found = clocks_of([DAYS_15, DAYS_7], [fatal], [], at=AWARE)
    assert {due.clock for due in found} == {"early"}
    assert {due.clock for due in clocks_of([DAYS_15], [fatal], [], at=AWARE)} == {"late"}


def test_one_of_which_nobody_knows_whether_it_is_fatal_runs_on_the_longer_and_asks() -> None:
    found = clocks_of([DAYS_15, DAYS_7], [replace(SUSAR, fatal_or_life_threatening=None)], [], at=AWARE)
    assert one(found, "late").status == "open"
    assert one(found, "early").status == "unknown"
    assert one(found, "early").reasons[0].kind == "clock_class_open"


def test_what_arrives_later_starts_the_clock_of_its_class_when_it_arrives() -> None:
    later = replace(SUSAR, aware_at=AWARE + timedelta(days=3), fatal_or_life_threatening=True)
    found = clocks_of([DAYS_15, DAYS_7], [later, SUSAR], [], at=AWARE + timedelta(days=4))
    assert one(found, "late").since == AWARE
    assert one(found, "early").since == later.aware_at
    before = clocks_of([DAYS_15, DAYS_7], [later, SUSAR], [], at=AWARE + timedelta(days=1))
    assert {due.clock for due in before} == {"late"}


def test_what_arrives_later_settles_what_was_open() -> None:
    first = replace(SUSAR, expected=None)
    listed = replace(SUSAR, aware_at=AWARE + timedelta(days=1), expected=True)
    assert clocks_of([DAYS_15], [first, listed], [], at=AWARE + timedelta(days=2)) == ()
    assert one(clocks_of([DAYS_15], [first, listed], [], at=AWARE), "late").status == "unknown"


def test_an_unknown_awareness_is_never_guessed() -> None:
    found = one(clocks_of([HOURS], [replace(SUSAR, aware_at=None), SUSAR], [], at=AWARE), "sae")
    assert (found.status, found.due) == ("unknown", None)
    assert found.reasons[0].kind == "clock_awareness_missing"
    harmless = replace(SUSAR, aware_at=None, serious=False)
    assert one(clocks_of([HOURS], [harmless, SUSAR], [], at=AWARE), "sae").status == "open"


def test_the_completed_report_counts_from_the_first_as_sent_or_as_due() -> None:
    fatal = replace(SUSAR, fatal_or_life_threatening=True)
    unsent = one(clocks_of([DAYS_7], [fatal], [], at=AWARE), "early", "follow_up")
    assert unsent.due == datetime(2026, 3, 17, 23, 59, 59, tzinfo=CHINA)
    sent = datetime(2026, 3, 5, 9, 0, tzinfo=CHINA)
    reports = [Report("early", "initial", sent), Report("early", "follow_up", datetime(2026, 3, 13, 23, 59, tzinfo=CHINA))]
    found = one(clocks_of([DAYS_7], [fatal], reports, at=AWARE + timedelta(days=30)), "early", "follow_up")
    assert (found.since, found.due, found.status) == (sent, datetime(2026, 3, 13, 23, 59, 59, tzinfo=CHINA), "in_time")
    early = [Report("early", "initial", sent), Report("early", "follow_up", sent - timedelta(hours=1))]
    assert one(clocks_of([DAYS_7], [fatal], early, at=AWARE + timedelta(days=30)), "early", "follow_up").status == "overdue"


def test_a_due_report_is_data() -> None:
    data = one(clocks_of([HOURS], [SUSAR], [], at=AWARE), "sae").as_data()
    assert (data["status"], data["due"], data["sent"]) == ("open", "2026-03-03T16:20:00+08:00", None)


def test_every_profile_has_clocks_and_each_its_source() -> None:
    assert set(profile_clocks()) == {"cn_iit_cell", "cn_ind", "us_ind", "eu_ctr"}
    for rows in profile_clocks().values():
        assert any(row.event == "serious" and row.sender == "investigator" for row in rows)
        assert all(row.source and row.origin in {"standard", "convention"} for row in rows)
    eu = {row.event: row for row in profile_clocks()["eu_ctr"]}
    assert eu["fatal_or_life_threatening_susar"].within == timedelta(days=7)
    assert eu["fatal_or_life_threatening_susar"].follow_up_within == timedelta(days=8)
    assert eu["susar"].within == timedelta(days=15)


def test_the_shipped_study_is_as_tight_as_its_regulation() -> None:
    assert looser_than_profile(STUDY) == ()


def test_clocks_that_are_missing_late_or_not_as_stated_are_named() -> None:
    own = STUDY.safety.reporting
    late = tuple(one.model_copy(update={"within": Span(48, "hour")}) if one.id == "sae_to_sponsor" else one for one in own)
    looser = replace(STUDY, safety=STUDY.safety.model_copy(update={"reporting": late}))
    assert {reason.kind for reason in looser_than_profile(looser)} == {"clock_later_than_profile", "clock_not_as_stated"}
    fewer = replace(STUDY, safety=STUDY.safety.model_copy(update={"reporting": own[1:]}))
    assert [reason.kind for reason in looser_than_profile(fewer)] == ["clock_not_in_protocol"]
    for reason in (*looser_than_profile(looser), *looser_than_profile(fewer)):
        for language in LANGUAGES:
            assert say(reason, language)


def table(*cases: dict[str, object], reports: tuple[dict[str, object], ...] = (), at: datetime = AWARE) -> Results:
    frame = pl.DataFrame([{"subject": "A", "event": "1", "site": "01", "aware_at": "2026-03-02T16:20"} | case for case in cases])
    sent = read(REPORTS, pl.DataFrame([{"subject": "A", "event": "1", **report} for report in reports])) if reports else None
    return reporting(STUDY, read(CASES, frame), sent, at=at)


def test_a_table_of_cases_runs_in_the_sites_zone() -> None:
    found = table(
        {"serious": "yes", "special_interest": "no", "dlt": "no"},
        reports=({"clock": "sae_to_sponsor", "kind": "initial", "sent_at": "2026-03-03T16:21"},),
        at=datetime(2026, 3, 20, 9, 0),  # noqa: DTZ001  # in the time of each site
    )
    assert found.value("reporting", "due", report="sae_to_sponsor", kind="initial") == "2026-03-03T16:20+08:00"
    assert found.value("reporting", "status", report="sae_to_sponsor", kind="initial") == "late"
    assert found.value("reporting", "status", report="sae_to_ethics", kind="initial") == "overdue"
    assert found.value("reporting", "status", report="other_susar", kind="initial") == "unknown"


@pytest.mark.parametrize(
    ("investigator", "sponsor", "status"),
    [
        ("possible", "unrelated", "open"),
        ("unrelated", "possible", "open"),
        ("unrelated", "unrelated", None),
        ("unrelated", None, "unknown"),
        (None, None, "unknown"),
        ("possible", None, "open"),
    ],
)
def test_either_of_investigator_and_sponsor_suffices(investigator: str | None, sponsor: str | None, status: str | None) -> None:
    case = {"serious": "yes", "expected": "no", "fatal_or_life_threatening": "no"}
    found = table({**case, "cause_investigator": investigator, "cause_sponsor": sponsor})
    statuses = [item.value for item in found.select("reporting", "status", report="other_susar")]
    assert statuses == ([status] if status else [])


def test_problems_of_the_tables_are_named() -> None:
    with pytest.raises(TableProblems, match="there is no site '77'"):
        table({"site": "77"})
    with pytest.raises(TableProblems, match="no report 'fax'") as found:
        table({}, reports=({"clock": "fax", "kind": "initial", "sent_at": "2026-03-03T16:21", "event": "9"},))
    assert "there is no case 9 of A" in str(found.value)


def test_every_status_has_words() -> None:
    for status in ("open", "half_time", "nearly_due", "overdue", "in_time", "late", "unknown", "initial", "follow_up"):
        for language in LANGUAGES:
            assert term(f"clock_{status}", language)
