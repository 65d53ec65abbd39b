"""iRECIST: unconfirmed progression, confirmation, taking back, and the day of progression (Seymour 2017, Lancet Oncol 18:e143)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from protocord.efficacy.recist import (
    Immune,
    Lesion,
    Measurement,
    Sighting,
    TimePoint,
    Tumour,
    assess,
    immune_best,
    immune_progression,
    immune_responses,
)
from protocord.protocol.document.efficacy import TumourResponse
from protocord.words import say

DAY_1 = date(2025, 1, 1)
TARGET = (Lesion("T1"),)
BOTH = (Lesion("T1"), Lesion("N1", target=False))


def on(day: int) -> date:
    return DAY_1 + timedelta(days=day)


def new(
    day: int, name: str = "X1", certainty: str = "unequivocal", mm: float | None = None, *, grown: bool | None = None
) -> Sighting:
    return Sighting(name, on(day), certainty, mm=None if mm is None else Decimal(str(mm)), grown=grown)  # type: ignore[arg-type]


def scans(day: int, size: Any, *sightings: Sighting, non_target: bool = False, **more: Any) -> TimePoint:
    state = size if isinstance(size, str) else "measured"
    found = [Measurement("T1", on(day), state, None if isinstance(size, str) else Decimal(str(size)))]
    if non_target:
        found.append(Measurement("N1", on(day), "present"))
    return TimePoint(f"D{day}", on(day), tuple(found), sightings, **{"non_target_progression": False, **more})


def immune(rules: TumourResponse, *points: TimePoint, lesions: tuple[Lesion, ...] = TARGET) -> tuple[Immune, ...]:
    tumour = Tumour("01", lesions, points[0], points[1:])
    return immune_responses(tumour, assess(tumour, rules))


def by(found: tuple[Immune, ...]) -> list[str]:
    return [one.response for one in found]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        # (day, sum) from a baseline of 100; nadir, growth from it, and growth from the first iUPD decide
        ([(40, 60), (80, 80), (115, 85)], ["iPR", "iUPD", "iCPD"]),
        ([(40, 60), (80, 80), (115, 84.9)], ["iPR", "iUPD", "iUPD"]),
        ([(40, 60), (80, 80), (115, 80)], ["iPR", "iUPD", "iUPD"]),
        ([(40, 60), (80, 80), (115, 83), (150, 85)], ["iPR", "iUPD", "iUPD", "iCPD"]),
        ([(40, 60), (80, 80), (115, 71)], ["iPR", "iUPD", "iSD"]),
        ([(40, 60), (80, 80), (115, 70)], ["iPR", "iUPD", "iPR"]),
        ([(40, 60), (80, 80), (115, "absent")], ["iPR", "iUPD", "iCR"]),
        ([(40, 60), (80, 80), (115, 70), (150, 75)], ["iPR", "iUPD", "iPR", "iUPD"]),
        ([(40, 60), (80, 80), (115, 70), (150, 75), (190, 80)], ["iPR", "iUPD", "iPR", "iUPD", "iCPD"]),
        ([(40, 120), (80, "not_evaluable"), (115, 125)], ["iUPD", "NE", "iCPD"]),
        ([(40, 120), (80, 130), (115, 50)], ["iUPD", "iCPD", "iCPD"]),
        ([(40, 90), (80, 85)], ["iSD", "iSD"]),
    ],
    ids=str,
)
def test_target_lesions_open_confirm_and_take_back(
    sizes: list[tuple[int, Any]], expected: list[str], rules: TumourResponse
) -> None:
    assert by(immune(rules, scans(-3, 100), *(scans(day, size) for day, size in sizes))) == expected


def test_growth_before_four_weeks_does_not_confirm_and_after_eight_weeks_says_so(rules: TumourResponse) -> None:
    early = immune(rules, scans(-3, 100), scans(40, 120), scans(67, 130))
    in_time = immune(rules, scans(-3, 100), scans(40, 120), scans(68, 130))
    last = immune(rules, scans(-3, 100), scans(40, 120), scans(96, 130))
    late = immune(rules, scans(-3, 100), scans(40, 120), scans(97, 130))

    assert by(early) == ["iUPD", "iUPD"]
    assert early[1].reason.kind == "irecist_too_early"
    assert [one[1].reason.kind for one in (in_time, last, late)] == [
        "irecist_confirmed",
        "irecist_confirmed",
        "irecist_confirmed_late",
    ]


def test_a_new_lesion_is_confirmed_by_growth_or_by_another_one(rules: TumourResponse) -> None:
    base = (scans(-3, 100), scans(40, 90, new(40, mm=10)))

    assert by(immune(rules, *base, scans(80, 90, new(80, mm=15)))) == ["iUPD", "iCPD"]
    assert by(immune(rules, *base, scans(80, 90, new(80, mm=14.9)))) == ["iUPD", "iUPD"]
    assert by(immune(rules, *base, scans(80, 90, new(80, grown=True)))) == ["iUPD", "iCPD"]
    assert by(immune(rules, *base, scans(80, 90, new(80, grown=False)))) == ["iUPD", "iUPD"]
    assert by(immune(rules, *base, scans(80, 90, new(80, mm=10), new(80, "X2")))) == ["iUPD", "iCPD"]


def test_targets_that_respond_leave_it_unconfirmed_while_the_new_lesion_is_not_gone(rules: TumourResponse) -> None:
    base = (scans(-3, 100), scans(40, 90, new(40, mm=10)))

    assert by(immune(rules, *base, scans(80, 50))) == ["iUPD", "iUPD"]
    assert by(immune(rules, *base, scans(80, 50, new(80, certainty="gone")))) == ["iUPD", "iPR"]


def test_progression_of_a_kind_not_there_before_confirms(rules: TumourResponse) -> None:
    by_target = (scans(-3, 100), scans(40, 120))
    by_new = (scans(-3, 100), scans(40, 90, new(40)))

    assert by(immune(rules, *by_target, scans(80, 120, new(80)))) == ["iUPD", "iCPD"]
    assert by(immune(rules, *by_new, scans(80, 108, new(80)))) == ["iUPD", "iCPD"]


def test_non_target_disease_confirms_by_any_growth_once_it_has_progressed(rules: TumourResponse) -> None:
    start = scans(-3, 100, non_target=True)
    opened = scans(40, 90, non_target=True, non_target_progression=True)
    same = scans(80, 90, non_target=True)
    grown = scans(80, 90, non_target=True, non_target_growth=True)
    only_target = scans(40, 120, non_target=True)

    assert by(immune(rules, start, opened, same, lesions=BOTH)) == ["iUPD", "iSD"]
    assert by(immune(rules, start, opened, grown, lesions=BOTH)) == ["iUPD", "iCPD"]
    still = scans(80, 120, non_target=True, non_target_growth=True)
    assert by(immune(rules, start, only_target, still, lesions=BOTH)) == ["iUPD", "iUPD"]
    progressed = scans(80, 120, non_target=True, non_target_progression=True)
    assert by(immune(rules, start, only_target, progressed, lesions=BOTH)) == ["iUPD", "iCPD"]


def test_growth_that_came_too_early_widens_what_must_grow_further(rules: TumourResponse) -> None:
    found = immune(rules, scans(-3, 100), scans(40, 120), scans(60, 120, new(60, mm=10)), scans(90, 120, new(90, mm=10)))

    assert by(found) == ["iUPD", "iUPD", "iUPD"]


def test_targets_that_progress_too_early_to_confirm_must_grow_from_there(rules: TumourResponse) -> None:
    """The block was opened by a new lesion while a target could not be read; the targets' progression came too early."""
    base = (scans(-3, 100), scans(40, "not_evaluable", new(40)), scans(60, 125, new(60)))

    assert by(immune(rules, *base, scans(90, 129.9, new(90)), lesions=TARGET)) == ["iUPD", "iUPD", "iUPD"]
    assert by(immune(rules, *base, scans(90, 130, new(90)), lesions=TARGET)) == ["iUPD", "iUPD", "iCPD"]


def test_new_lesions_are_never_added_to_the_sum(rules: TumourResponse) -> None:
    tumour = Tumour("01", TARGET, scans(-3, 100), (scans(40, 90, new(40, mm=60)),))

    (found,) = assess(tumour, rules)

    assert found.sums is not None
    assert found.sums.total == 90


def test_the_day_of_progression_is_the_first_of_the_block_that_was_confirmed_or_stayed_open(rules: TumourResponse) -> None:
    def day(*sizes: tuple[int, Any]) -> tuple[int, str] | None:
        found = immune_progression(immune(rules, scans(-3, 100), *(scans(at, size) for at, size in sizes)))
        return None if found is None else ((found.on - DAY_1).days, found.reason.kind)

    assert day((40, 120), (80, 122), (115, 125)) == (40, "irecist_progression_confirmed")
    assert day((40, 120), (80, 60), (115, 80), (150, 86)) == (115, "irecist_progression_confirmed")
    assert day((40, 120), (80, 60)) is None
    assert day((40, 120)) == (40, "irecist_progression_not_reassessed")
    assert day((40, 120), (80, "not_evaluable")) == (40, "irecist_progression_not_reassessed")
    assert day((40, 120), (80, 121)) == (40, "irecist_progression_open")
    assert day((40, 120), (80, 60), (115, 80)) == (115, "irecist_progression_not_reassessed")
    assert day((40, 90)) is None


def test_the_day_of_a_new_lesion_is_that_of_its_first_appearance(rules: TumourResponse) -> None:
    shown = TimePoint("D40", on(44), scans(44, 90).measurements, (new(41),), non_target_progression=False)

    found = immune_progression(immune(rules, scans(-3, 100), shown))

    assert found is not None
    assert found.on == on(41)


def test_the_best_response_looks_past_an_unconfirmed_progression(rules: TumourResponse) -> None:
    assert immune_best(immune(rules, scans(-3, 100), scans(40, 120), scans(80, 60))) == "iPR"
    assert immune_best(immune(rules, scans(-3, 100), scans(40, 120), scans(80, 130))) == "iUPD"
    assert immune_best(()) == "NE"


def test_every_answer_can_be_said_in_both_languages(rules: TumourResponse) -> None:
    found = immune(
        rules,
        scans(-3, 100),
        scans(40, 120),
        scans(60, 130),
        scans(80, "not_evaluable"),
        scans(120, 60),
        scans(160, 90),
        scans(200, 97),
    )

    assert by(found) == ["iUPD", "iUPD", "NE", "iPR", "iUPD", "iCPD"]
    assert all(say(one.reason, "en") and say(one.reason, "zh") for one in found)


def test_before_any_progression_the_answers_are_those_of_recist(rules: TumourResponse) -> None:
    start, later = scans(-3, "absent", non_target=True), scans(40, "absent", non_target=True)
    unread = TimePoint("D80", on(80), (), (), evaluable=False, non_target_progression=False)

    assert by(immune(rules, start, later, unread, lesions=(Lesion("N1", target=False),))) == ["NON_iCR_NON_iUPD", "NE"]
    assert by(immune(rules, start, later, unread, lesions=())) == ["NED", "NE"]


def test_a_later_response_without_targets_takes_the_progression_back(rules: TumourResponse) -> None:
    start = scans(-3, "absent", non_target=True)
    opened = scans(40, "absent", new(40), non_target=True)
    gone = scans(80, "absent", new(80, certainty="gone"), non_target=True)
    ruled_out = scans(80, "absent", new(80, certainty="not_new"), non_target=True)

    for closed in (gone, ruled_out):
        assert by(immune(rules, start, opened, closed, lesions=(Lesion("N1", target=False),))) == ["iUPD", "NON_iCR_NON_iUPD"]
        assert by(immune(rules, start, opened, closed, lesions=())) == ["iUPD", "NED"]


ORDER = ["iCR", "iPR", "iSD", "NON_iCR_NON_iUPD", "NED", "iUPD", "iCPD", "NE"]


@pytest.mark.parametrize(("better", "worse"), [(ORDER[at], ORDER[at + 1]) for at in range(len(ORDER) - 1)])
def test_the_best_response_is_the_best_in_order(better: Any, worse: Any) -> None:
    from protocord.values import Reason

    both = [Immune("V", on(1), response, Reason.of("irecist_unchanged")) for response in (worse, better)]

    assert immune_best(both) == better
    assert immune_best(list(reversed(both))) == better


def growth(*points: TimePoint, rules: TumourResponse, lesions: tuple[Lesion, ...] = TARGET) -> object:
    last = immune(rules, *points, lesions=lesions)[-1]
    assert last.response == "iCPD"
    return last.reason.particulars["growth"]


def test_a_confirmation_says_what_grew(rules: TumourResponse) -> None:
    start, target = scans(-3, 100, non_target=True), scans(40, 120, non_target=True)
    by_non_target = scans(40, 90, non_target=True, non_target_progression=True)
    by_new = scans(40, 90, new(40, mm=10), non_target=True)

    def said(*points: TimePoint) -> object:
        return growth(start, *points, rules=rules, lesions=BOTH)

    assert said(target, scans(80, 125, non_target=True)) == "irecist_growth_target"
    assert said(by_non_target, scans(80, 108, non_target=True)) == "irecist_growth_target_first"
    assert said(by_non_target, scans(80, 90, non_target=True, non_target_growth=True)) == "irecist_growth_non_target"
    assert said(by_non_target, scans(80, 90, non_target=True, non_target_progression=True)) == "irecist_growth_non_target"
    assert said(target, scans(80, 120, non_target=True, non_target_progression=True)) == "irecist_growth_non_target_first"
    assert said(by_new, scans(80, 90, new(80, mm=15), non_target=True)) == "irecist_growth_new"
    assert said(by_new, scans(80, 90, new(80, grown=True), non_target=True)) == "irecist_growth_new"
    assert said(by_new, scans(80, 90, new(80, mm=10), new(80, "X2"), non_target=True)) == "irecist_growth_another_new"


def test_early_progression_of_non_target_disease_must_then_only_grow(rules: TumourResponse) -> None:
    base = (scans(-3, 100, non_target=True), scans(40, 120, non_target=True))
    early = scans(60, 120, non_target=True, non_target_progression=True)
    calm = scans(60, 120, non_target=True)
    later = scans(90, 120, non_target=True, non_target_growth=True)

    assert by(immune(rules, *base, early, later, lesions=BOTH)) == ["iUPD", "iUPD", "iCPD"]
    assert by(immune(rules, *base, calm, later, lesions=BOTH)) == ["iUPD", "iUPD", "iUPD"]


def test_growth_is_held_against_the_first_of_the_block(rules: TumourResponse) -> None:
    assert by(immune(rules, scans(-3, 100), scans(40, 120), scans(60, 126), scans(90, 125))) == ["iUPD", "iUPD", "iCPD"]
    unmeasured = (scans(-3, 100), scans(40, 90, new(40)), scans(80, 90, new(80, mm=11)))
    assert by(immune(rules, *unmeasured, scans(120, 90, new(120, mm=16)))) == ["iUPD", "iUPD", "iCPD"]
    assert by(immune(rules, *unmeasured, scans(120, 90, new(120, mm=15.9)))) == ["iUPD", "iUPD", "iUPD"]
    measured = (scans(-3, 100), scans(40, 90, new(40, mm=10)), scans(80, 90, new(80, mm=13)))
    assert by(immune(rules, *measured, scans(120, 90, new(120, mm=15)))) == ["iUPD", "iUPD", "iCPD"]


def test_an_open_block_counts_only_its_own_later_sets(rules: TumourResponse) -> None:
    sizes = [(40, 120), (80, 121), (120, 60), (160, 80)]

    found = immune_progression(immune(rules, scans(-3, 100), *(scans(day, size) for day, size in sizes)))

    assert found is not None
    assert (found.on, found.reason.kind) == (on(160), "irecist_progression_not_reassessed")


def test_a_set_that_cannot_be_read_shows_a_new_lesion_all_the_same(rules: TumourResponse) -> None:
    base = (scans(-3, 100), scans(40, 90, new(40)))

    assert by(immune(rules, *base, scans(80, "not_evaluable", new(80)))) == ["iUPD", "iUPD"]
    assert by(immune(rules, *base, scans(80, "not_evaluable"))) == ["iUPD", "NE"]
    assert by(immune(rules, *base, scans(80, "not_evaluable", new(80, certainty="equivocal")))) == ["iUPD", "NE"]


def test_each_step_names_its_rule(rules: TumourResponse) -> None:
    found = immune(
        rules,
        scans(-3, 100),
        scans(20, 90),
        scans(40, 120),
        scans(80, 121),
        scans(120, "not_evaluable"),
        scans(160, 126),
        scans(200, 50),
    )

    assert [(one.response, one.reason.kind) for one in found] == [
        ("iSD", "irecist_as_recist"),
        ("iUPD", "irecist_opened"),
        ("iUPD", "irecist_unchanged"),
        ("NE", "irecist_not_evaluable"),
        ("iCPD", "irecist_confirmed_late"),
        ("iCPD", "irecist_after_confirmation"),
    ]
    assert [one.progression_on for one in found] == [None, on(40), on(40), None, on(40), on(40)]
    assert say(found[0].reason, "en") == "As RECIST 1.1: SD."
    reset = immune(rules, scans(-3, 100), scans(40, 120), scans(80, 60))[1]
    assert say(reset.reason, "en") == "iPR: the unconfirmed progression of 2025-02-10 is taken back."


def test_the_block_of_a_later_set_keeps_the_day_when_confirmed_twice_over(rules: TumourResponse) -> None:
    found = immune(rules, scans(-3, 100), scans(40, 60), scans(80, 80), scans(120, 85), scans(160, 90), scans(200, 95))

    assert [one.progression_on for one in found] == [None, on(80), on(80), on(80), on(80)]


def test_early_growth_without_targets_widens_the_block_too(rules: TumourResponse) -> None:
    bone = (Lesion("N1", target=False),)
    start, opened = scans(-3, "absent", non_target=True), scans(40, "absent", new(40), non_target=True)
    early = scans(60, "absent", new(60), new(60, "X2"), non_target=True)
    same = scans(90, "absent", new(90), new(90, "X2"), non_target=True)
    third = scans(90, "absent", new(90), new(90, "X2"), new(90, "X3"), non_target=True)

    assert by(immune(rules, start, opened, early, same, lesions=bone)) == ["iUPD", "iUPD", "iUPD"]
    assert by(immune(rules, start, opened, early, third, lesions=bone)) == ["iUPD", "iUPD", "iCPD"]


def test_new_lesions_that_together_grow_by_five_millimetres_confirm(rules: TumourResponse) -> None:
    base = (scans(-3, 100), scans(40, 90, new(40, mm=10), new(40, "X2", mm=12)))

    assert by(immune(rules, *base, scans(80, 90, new(80, mm=12), new(80, "X2", mm=15)))) == ["iUPD", "iCPD"]
    assert by(immune(rules, *base, scans(80, 90, new(80, mm=18), new(80, "X2", mm=8)))) == ["iUPD", "iUPD"]
