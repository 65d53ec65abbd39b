"""The parts of dose-limiting toxicity at their edges: values beyond a limit, runs, stretches, exceptions, three-valued answers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from protocord import concepts as shipped
from protocord.protocol.document.elements import Span
from protocord.protocol.document.safety import DltException
from protocord.safety.dlt import LabValue, State, Toxicity
from protocord.safety.dlt.answers import NO, YES, all_of, any_of, missing, no, pending, yes
from protocord.safety.dlt.course import lasting, reached, recovered_late, unresponsive
from protocord.safety.dlt.exceptions import excused_run, excused_toxicity
from protocord.safety.dlt.laboratory import Run, beyond, lasting_runs, runs
from protocord.safety.moments import Moment
from protocord.values import Quantity, Reason, Text

FIRST, CLOSES = date(2025, 3, 1), date(2025, 3, 28)
CONCEPTS = shipped.load()


def at(text: str) -> Moment:
    return Moment.parse(text)


def on(day: int) -> date:
    return FIRST + timedelta(days=day - 1)


@pytest.mark.parametrize(
    ("text", "below", "above"),
    [
        ("0.4", True, False),
        ("0.5", False, False),
        ("0.6", False, True),
        ("<0.5", True, False),
        ("<0.4", True, False),
        ("<0.6", None, None),
        ("<=0.5", None, False),
        ("<=0.4", True, False),
        (">0.5", False, True),
        (">0.6", False, True),
        (">0.4", None, None),
        (">=0.5", False, None),
        (">=0.6", False, True),
        (">=0.4", None, None),
    ],
)
def test_a_value_lies_beyond_a_limit_of_a_half_or_not(text: str, below: bool | None, above: bool | None) -> None:
    value = Quantity.parse(text, "10*9/L")
    assert beyond(value, Decimal("0.5"), None) is below
    assert beyond(value, None, Decimal("0.5")) is above


def values(**days: str) -> list[LabValue]:
    return [LabValue("ANC", on(int(day[1:])), Quantity.parse(text) if text != "?" else None) for day, text in days.items()]


def low_runs(**days: str) -> list[tuple[int, int, int | None, int | None]]:
    def number(day: date | None) -> int | None:
        return None if day is None else (day - FIRST).days + 1

    found = runs(values(**days), Decimal("0.5"), None)
    return [(number(run.first), number(run.last), number(run.before), number(run.after)) for run in found]  # type: ignore[misc]


def test_runs_are_values_in_a_row_beyond_the_limit() -> None:
    assert low_runs(d1="2", d5="0.1", d9="0.2", d12="3") == [(5, 9, 1, 12)]
    assert low_runs(d5="0.1", d9="0.2") == [(5, 9, None, None)]
    assert low_runs(d5="0.1", d7="1", d9="0.2", d11="1") == [(5, 5, None, 7), (9, 9, 7, 11)]
    assert low_runs(d1="2", d5="3") == []
    assert low_runs(d9="0.2", d1="2", d5="0.1") == [(5, 9, 1, None)]


def test_an_open_value_neither_begins_nor_ends_a_run() -> None:
    assert low_runs(d1="?", d5="0.1", d7="<0.9", d9="0.2", d12="1") == [(5, 9, None, 12)]
    assert low_runs(d1="2", d4="<0.9", d5="0.1", d8="?", d12="1") == [(5, 5, 1, 12)]


def test_a_day_counts_as_beyond_where_one_of_its_values_is() -> None:
    both = [*values(d1="2", d5="0.1"), *values(d5="1.5", d9="0.2")]
    assert [(run.first, run.last) for run in runs(both, Decimal("0.5"), None)] == [(on(5), on(9))]


def lasted(run: Run, as_of: int = 100, left: bool | None = None, days: int = 28) -> list[tuple[bool | None, bool]]:
    found = lasting_runs([run], timedelta(days=days), (FIRST, CLOSES), on(as_of), left)
    return [(answer.truth, answer.waits) for _, answer in found]


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (Run(on(5), on(33), on(1), on(40)), [(None, False)]),
        (Run(on(5), on(34), on(1), on(40)), [(True, False)]),
        (Run(on(5), on(10), on(1), on(29)), [(False, False)]),
        (Run(on(5), on(10), on(1), on(30)), [(None, False)]),
        (Run(on(28), on(60), on(27), on(61)), [(True, False)]),
        (Run(on(29), on(60), on(28), on(61)), []),
        (Run(on(-9), on(0), None, on(1)), []),
        (Run(on(-9), on(0), None, on(2)), []),
        (Run(on(-9), on(1), None, on(2)), [(False, False)]),
        (Run(on(-9), on(29), None, on(31)), [(None, False)]),
        (Run(on(-9), on(30), on(-20), on(31)), [(True, False)]),
        (Run(on(-9), on(20), on(-20), on(29)), [(False, False)]),
    ],
)
def test_a_run_counts_between_its_least_and_its_most(run: Run, expected: list[tuple[bool | None, bool]]) -> None:
    assert lasted(run) == expected


@pytest.mark.parametrize(
    ("as_of", "left", "waits"), [(30, None, True), (40, None, True), (41, None, False), (30, True, False), (30, False, True)]
)
def test_a_run_without_an_end_waits_until_a_value_is_overdue(as_of: int, left: bool | None, waits: bool) -> None:
    assert lasted(Run(on(5), on(20), on(1), None), as_of=as_of, left=left) == [(None, waits)]


def toxicity(*course: tuple[str, int], **about: object) -> Toxicity:
    given = {"grade": 3, "onset": at("2025-03-05T08:00"), "ongoing": None} | about
    return Toxicity("E", "other", course=tuple((at(text), grade) for text, grade in course), **given)  # type: ignore[arg-type]


LATER = at("2025-05-01")
H72, H24 = timedelta(hours=72), timedelta(hours=24)


def test_an_end_counts_from_the_first_minute_known_to_precede_the_cut() -> None:
    event = toxicity(("2025-03-05T08:00", 3), end=at("2025-03-20T23:59"))
    assert lasting(event, 3, timedelta(days=15), at("2025-03-20")).truth is True
    assert lasting(event, 3, timedelta(days=16), at("2025-03-20")).truth is False
    assert lasting(event, 3, timedelta(days=16), at("2025-03-19")).waits is True


@pytest.mark.parametrize(("grade", "truth"), [(None, True), (1, True), (2, None)])
def test_only_at_any_grade_is_the_whole_event_the_answer(grade: int | None, truth: bool | None) -> None:
    event = toxicity(end=at("2025-03-09T08:00"))
    assert lasting(event, grade, H72, LATER).truth is truth


def test_the_reasons_count_hours() -> None:
    event = toxicity(end=at("2025-03-09T08:00"))
    assert lasting(event, None, H72, LATER).reasons[0].particulars["limit"] == 72


def test_a_grade_is_reached_when_the_course_comes_to_it() -> None:
    event = toxicity(("2025-03-05T08:00", 2), ("2025-03-06T08:00", 3), end=at("2025-03-09"))
    assert reached(event, 2) == at("2025-03-05T08:00")
    assert reached(event, 3) == at("2025-03-06T08:00")
    assert reached(event, 4) == event.onset
    assert reached(event, 5) == event.end


def test_recovery_counts_after_the_grade_was_reached() -> None:
    event = toxicity(("2025-03-05T08:00", 1), ("2025-03-05T20:00", 3), ("2025-03-06T09:00", 1))
    assert recovered_late(event, 3, 1, H24, LATER).truth is True
    quick = toxicity(("2025-03-05T08:00", 1), ("2025-03-05T20:00", 3), ("2025-03-06T07:00", 1))
    assert recovered_late(quick, 3, 1, H24, LATER).truth is False
    same = toxicity(("2025-03-05T08:00", 3), ("2025-03-05T08:00", 1), ("2025-03-07T08:00", 0))
    assert recovered_late(same, 3, 1, H24, LATER).truth is True


def test_recovery_to_nothing_is_the_end_of_the_event() -> None:
    event = toxicity(end=at("2025-03-07T08:00"))
    assert recovered_late(event, 3, 0, H24, LATER).truth is True
    assert recovered_late(event, 3, 1, H24, LATER).truth is None


def test_a_response_is_any_fall_below_the_grade_at_the_start_of_treatment() -> None:
    given = {"treated": at("2025-03-06T08:00")}
    course = (("2025-03-05T08:00", 3), ("2025-03-05T20:00", 2))
    for grade, truth in ((2, True), (1, False), (3, True)):
        event = toxicity(*course, ("2025-03-10T08:00", grade), **given, ongoing=True)
        assert unresponsive(event, timedelta(days=14), LATER).truth is truth
    late = toxicity(*course, ("2025-03-20T08:01", 1), **given)
    assert unresponsive(late, timedelta(days=14), LATER).truth is True
    at_once = toxicity(("2025-03-06T08:00", 2), ("2025-03-06T08:00", 1), **given, ongoing=True)
    assert unresponsive(at_once, timedelta(days=14), LATER).truth is True


MARROW = DltException(id="m", text=Text("a", "b"), concept="Bone marrow involvement", source="convention")  # type: ignore[arg-type]
WORDS = DltException(id="w", text=Text("a", "b"), source="convention")  # type: ignore[arg-type]
SHORT = DltException(id="s", text=Text("a", "b"), shorter_than=Span(48, "hour"), source="convention")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("start", "end", "truth"),
    [
        ("2025-03-10", "2025-03-12", True),
        ("2025-03-20", None, True),
        ("2025-03-21", None, False),
        (None, "2025-03-01", True),
        (None, "2025-02-28", False),
        (None, None, True),
        ("2025-03-20T23:00", None, True),
        ("2025-03", "2025-12", None),
        ("2025-01", "2025-03", None),
        ("2025-03", "2025-02-20", False),
    ],
)
def test_a_state_excuses_a_run_that_it_meets(start: str | None, end: str | None, truth: bool | None) -> None:
    state = State("Bone marrow involvement", True, at(start) if start else None, at(end) if end else None)
    assert excused_run([MARROW], [state], CONCEPTS, FIRST, date(2025, 3, 20)).truth is truth


def test_a_state_excuses_a_toxicity_until_its_end() -> None:
    state = State("Bone marrow involvement", True, at("2025-03-12"), None)
    for end, truth in (("2025-03-11", False), ("2025-03-12", True), (None, True)):
        event = toxicity(end=at(end) if end else None)
        assert excused_toxicity([MARROW], event, [state], CONCEPTS, FIRST, LATER).truth is truth


def test_another_state_says_nothing_of_this_one() -> None:
    other = State("Liver metastasis", True, at("2025-03-02"), None)
    assert excused_run([MARROW], [other], CONCEPTS, FIRST, CLOSES).truth is None


def test_words_alone_excuse_nobody_and_are_remarked() -> None:
    found = excused_run([WORDS], [], CONCEPTS, FIRST, CLOSES)
    assert (found.truth, [remark.kind for remark in found.remarks]) == (False, ["dlt_exception_to_judge"])
    assert excused_run([], [], CONCEPTS, FIRST, CLOSES) == NO


@pytest.mark.parametrize(("end", "truth"), [("2025-03-07T07:59", True), ("2025-03-07T08:01", False), (None, None)])
def test_a_length_alone_is_computed(end: str | None, truth: bool | None) -> None:
    event = toxicity(end=at(end) if end else None)
    assert excused_toxicity([SHORT], event, [], CONCEPTS, FIRST, LATER).truth is truth


ONE, TWO = Reason.of("dlt_not_treated"), Reason.of("dlt_criterion_open")


def test_all_of_is_false_by_one_and_open_by_one() -> None:
    assert all_of([]).truth is True
    assert all_of([yes(ONE), yes(TWO)]).reasons == (ONE, TWO)
    assert all_of([YES, no(ONE), missing(TWO)]) == no(ONE)
    assert all_of([YES, missing(ONE)]) == missing(ONE)
    assert all_of([YES, pending(ONE)]) == pending(ONE)
    assert all_of([missing(ONE), pending(TWO)]).waits is True


def test_any_of_is_true_by_one_and_waits_only_where_all_wait() -> None:
    assert any_of([]).truth is False
    assert any_of([no(ONE), yes(TWO), missing(ONE)]).reasons == (TWO,)
    assert any_of([no(TWO), missing(ONE)]) == missing(ONE)
    assert any_of([pending(ONE), pending(TWO)]).waits is True
    assert any_of([missing(ONE), pending(TWO)]).waits is False


def test_moments_move_and_touch() -> None:
    assert at("2025-03-01") + timedelta(hours=2) == Moment(at("2025-03-01T02:00").earliest, at("2025-03-02T01:59").latest)
    touching = Moment(at("2025-03-01T08:00").earliest, at("2025-03-01T10:00").latest)
    assert touching.at_or_after(at("2025-03-01T10:00")) is None
    assert touching.at_or_after(at("2025-03-01T10:01")) is False
