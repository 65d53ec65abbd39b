"""protocord.safety.events.emergent: how long subjects were treated and watched, and which events are treatment-emergent."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from protocord.protocol import STUDIES, load
from protocord.safety.event_columns import EVENTS, FOLLOWED, INFUSIONS
from protocord.safety.events import EmergentRule, emergent, on_treatment
from protocord.tables import TableProblems, read

RULE = EmergentRule("first_infusion", 30, frozenset({"possible", "probable", "definite"}))
CUT = date(2025, 12, 31)


def treated(started: tuple[str, ...] = ("2025-03-10T10:00", "2025-03-17"), **about: object) -> pl.DataFrame:
    infusions = read(
        INFUSIONS,
        pl.DataFrame({"subject": ["A"] * len(started), "infusion": list(range(1, len(started) + 1)), "started": list(started)}),
    )
    row = {"subject": "A", "until": None} | about
    followed = read(FOLLOWED, pl.DataFrame({name: [value] for name, value in row.items()}))
    return on_treatment(infusions, followed, RULE, CUT)


def judged(**about: object) -> dict[str, object]:
    row = {"subject": "A", "event": "1", "term": "Nausea", "grade": 2} | about
    events = read(EVENTS, pl.DataFrame({name: [value] for name, value in row.items()}))
    frame = emergent(events, treated(), RULE, CUT)
    return frame.row(0, named=True) if frame.height else {}


def test_the_rule_of_the_shipped_study() -> None:
    rule = EmergentRule.of(load(STUDIES / "nct06848582").safety.adverse_events)
    assert rule == RULE


def test_a_subject_is_at_risk_until_30_days_after_the_last_infusion() -> None:
    row = treated().row(0, named=True)
    assert (row["first"], row["last"], row["infusions"]) == (date(2025, 3, 10), date(2025, 3, 17), 2)
    assert row["risk_end"] == date(2025, 4, 16)
    assert row["risk_days"] == 38


@pytest.mark.parametrize(
    ("about", "end"),
    [
        ({"until": "2025-03-20"}, date(2025, 3, 20)),
        ({"died": "2025-03-25"}, date(2025, 3, 25)),
        ({"until": "2025-03-30", "died": "2025-03-25"}, date(2025, 3, 25)),
        ({"until": "2025-09-01"}, date(2025, 4, 16)),
    ],
)
def test_time_at_risk_ends_with_observation_or_death(about: dict[str, object], end: date) -> None:
    assert treated(**about)["risk_end"].item() == end


def test_infusions_after_the_data_cut_do_not_count() -> None:
    row = treated(("2025-12-20", "2026-01-02")).row(0, named=True)
    assert (row["infusions"], row["last"], row["risk_end"]) == (1, date(2025, 12, 20), CUT)


def test_a_death_after_the_data_cut_is_not_known() -> None:
    assert treated(died="2026-02-01")["died"].item() is None


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        ("2025-03-09", "before"),
        ("2025-03-10T09:59", "before"),
        ("2025-03-10T10:00", "emergent"),
        ("2025-03-10", "emergent"),
        ("2025-04-16", "emergent"),
        ("2025-04-17", "after"),
        ("2025-03", "unknown"),
        ("2025-04", "unknown"),
        ("2025-05", "after"),
        ("2025-02", "before"),
        ("2025", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_event_is_emergent_by_its_onset(onset: str | None, expected: str) -> None:
    assert judged(onset=onset, grade_before=2)["emergence"] == expected


@pytest.mark.parametrize(
    ("grade", "before", "end", "expected"),
    [
        (3, 2, None, "worsened"),
        (2, 2, None, "before"),
        (1, 2, None, "before"),
        (3, None, None, "unknown"),
        (None, 1, None, "unknown"),
        (3, 1, "2025-03-09", "before"),
        (3, None, "2025-02", "before"),
        (3, 1, "2025-03-10", "worsened"),
    ],
)
def test_an_event_from_before_counts_where_it_worsened(
    grade: int | None, before: int | None, end: str | None, expected: str
) -> None:
    assert judged(onset="2025-02-01", grade=grade, grade_before=before, end=end)["emergence"] == expected


def test_an_event_of_unknown_onset_that_ended_before_treatment_is_not_emergent() -> None:
    assert judged(onset=None, end="2025-03-01")["emergence"] == "before"


def test_open_events_are_counted_and_sure_ones_not() -> None:
    assert judged(onset="2025-03")["counted"] is True
    assert judged(onset="2025-04-17")["counted"] is False
    assert judged(onset="2025-02-01", grade=3, grade_before=1)["counted"] is True


def test_what_began_after_the_cut_is_not_there() -> None:
    assert judged(onset="2026-01-01") == {}
    assert judged(onset="2025-12-31")["emergence"] == "after"


@pytest.mark.parametrize(
    ("cause", "expected"), [("unrelated", False), ("unlikely", False), ("possible", True), ("definite", True), (None, None)]
)
def test_related_begins_at_the_protocols_answer(cause: str | None, expected: bool | None) -> None:
    assert judged(onset="2025-03-11", cause_product=cause)["related"] is expected


@pytest.mark.parametrize(
    ("grade", "fatal", "expected"), [(5, None, True), (4, True, True), (4, None, False), (None, None, False)]
)
def test_grade_5_is_fatal(grade: int | None, fatal: bool | None, expected: bool) -> None:
    assert judged(onset="2025-03-11", grade=grade, fatal=fatal)["fatal"] is expected


def test_a_subject_without_infusion_has_no_emergent_event() -> None:
    infusions = read(INFUSIONS, pl.DataFrame({"subject": ["B"], "infusion": [1], "started": ["2025-03-10"]}))
    followed = read(FOLLOWED, pl.DataFrame({"subject": ["A", "B"], "until": [None, None]}, schema_overrides={"until": pl.String}))
    treatment = on_treatment(infusions, followed, RULE, CUT)
    events = read(
        EVENTS, pl.DataFrame({"subject": ["A"], "event": ["1"], "term": ["Rash"], "grade": [1], "onset": ["2025-03-11"]})
    )
    assert emergent(events, treatment, RULE, CUT)["emergence"].to_list() == ["not_treated"]


def test_the_class_of_a_term_is_filled_in_and_may_not_differ() -> None:
    frame = pl.DataFrame(
        {
            "subject": ["A"] * 2,
            "event": ["1", "2"],
            "term": ["Rash"] * 2,
            "soc": ["Skin", None],
            "grade": [1, 1],
            "onset": ["2025-03-11"] * 2,
        }
    )
    assert emergent(read(EVENTS, frame), treated(), RULE, CUT)["soc"].to_list() == ["Skin", "Skin"]
    torn = frame.with_columns(pl.Series("soc", ["Skin", "General"]))
    with pytest.raises(TableProblems, match=r"row 2, column soc: Rash"):
        emergent(read(EVENTS, torn), treated(), RULE, CUT)


def test_every_problem_is_named_at_once() -> None:
    frame = pl.DataFrame(
        {
            "subject": ["A", "Z", "A"],
            "event": ["1", "2", "3"],
            "term": ["Rash"] * 3,
            "grade": [1] * 3,
            "onset": ["11.3.2025", "2025-03-11", "2025-03-12"],
            "end": [None, None, "2025-03-11"],
        }
    )
    with pytest.raises(TableProblems) as found:
        emergent(read(EVENTS, frame), treated(), RULE, CUT)
    said = [str(one) for one in found.value.problems]
    assert len(said) == 3
    assert "row 1, column onset" in said[0]
    assert "row 2, column subject: Z is not in the table of subjects." in said[1]
    assert "row 3, column end: lies before the onset." in said[2]


def test_infusions_need_a_day_and_a_known_subject() -> None:
    with pytest.raises(TableProblems, match="leaves the day of the infusion open"):
        treated(("2025-03",))
    with pytest.raises(TableProblems, match="observation ends before the first infusion"):
        treated(until="2025-03-01")
    infusions = read(INFUSIONS, pl.DataFrame({"subject": ["Q"], "infusion": [1], "started": ["2025-03-10"]}))
    followed = read(FOLLOWED, pl.DataFrame({"subject": ["A"], "until": ["2025-04-01"]}))
    with pytest.raises(TableProblems, match="Q is not in the table of subjects"):
        on_treatment(infusions, followed, RULE, CUT)


def test_another_moment_may_begin_the_emergent_period() -> None:
    rule = EmergentRule("consent", 30, RULE.related)
    treatment = treated(consented="2025-03-01")
    events = read(
        EVENTS, pl.DataFrame({"subject": ["A"], "event": ["1"], "term": ["Rash"], "grade": [1], "onset": ["2025-03-02"]})
    )
    assert emergent(events, treatment, rule, CUT)["emergence"].to_list() == ["emergent"]


def test_a_rule_in_months_is_refused() -> None:
    document = load(STUDIES / "nct06848582").safety.adverse_events
    changed = document.model_copy(update={"emergent_until": type(document.emergent_until)(1, "month")})
    with pytest.raises(ValueError, match="no fixed number of days"):
        EmergentRule.of(changed)


def test_the_period_after_the_last_infusion_is_counted_in_days() -> None:
    last = date(2025, 3, 17)
    for days, expected in ((30, "emergent"), (31, "after")):
        assert judged(onset=(last + timedelta(days=days)).isoformat())["emergence"] == expected
