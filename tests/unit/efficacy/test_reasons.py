"""The rule that gave an answer, as data and in words, with its numbers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from protocord.efficacy.recist import Lesion, Measurement, TimePoint, Tumour, assess, sum_of_diameters
from protocord.efficacy.recist.sums import percent_change
from protocord.protocol.document.efficacy import TumourResponse
from protocord.words import say

DAY_1 = date(2025, 1, 1)
PLAIN, NODE = (Lesion("T1"), Lesion("T2")), (Lesion("T1"), Lesion("T2", nodal=True))


def measured(lesion: str, day: int, what: Any, **more: Any) -> Measurement:
    on = DAY_1 + timedelta(days=day)
    state = what if isinstance(what, str) else "measured"
    return Measurement(lesion, on, state, None if isinstance(what, str) else Decimal(str(what)), **more)


def scan(day: int, *sizes: Any) -> TimePoint:
    found = tuple(measured(f"T{at}", day, size) for at, size in enumerate(sizes, start=1))
    return TimePoint(f"D{day}", DAY_1 + timedelta(days=day), found)


@pytest.mark.parametrize(
    ("lesions", "then", "said"),
    [
        (PLAIN, [("absent", "absent")], "All target lesions have disappeared (sum 0 mm)."),
        (PLAIN, [(0, "absent")], "All target lesions have disappeared (sum 0 mm)."),
        (NODE, [("absent", 9)], "All target lesions have disappeared and all target nodes are below 10 mm (sum 9 mm)."),
        (NODE, [("absent", 1)], "All target lesions have disappeared and all target nodes are below 10 mm (sum 1 mm)."),
        (PLAIN, [(12, 9)], "Sum of diameters 21 mm: -40.0 % from the baseline of 35 mm (at least 30 % smaller)."),
        (PLAIN, [(20, 10), (20, 13)], "Sum of diameters 33 mm: -5.7 % from the baseline of 35 mm, 3 mm from the nadir of 30 mm."),
        (PLAIN, [(20, 10), (25, 12)], "Sum of diameters 37 mm: 7 mm (23.3 %) above the nadir of 30 mm."),
        (PLAIN, [(45, "not_evaluable")], "The lesions assessed alone sum to 45 mm: 10 mm (28.6 %) above the nadir of 35 mm, though T2 was not assessed."),
        (PLAIN, [("absent", "absent"), (4, "absent")], "Target lesions seen again after complete response (T1, 2025-03-22)."),
        (PLAIN, [("absent", "absent"), (4, "too_small")], "Target lesions seen again after complete response (T1, T2, 2025-03-22)."),
        (PLAIN, [("absent", "absent"), ("not_evaluable", "absent")], "Target lesions not assessed: T1."),
    ],
)  # fmt: skip
def test_the_targets_say_their_measurements_and_the_rule(
    lesions: tuple[Lesion, ...], then: list[tuple[Any, ...]], said: str, rules: TumourResponse
) -> None:
    points = tuple(scan(40 * at, *sizes) for at, sizes in enumerate(then, start=1))

    last = assess(Tumour("01", lesions, scan(-3, 20, 15), points), rules)[-1]

    assert last.target is not None
    assert say(last.target.reason, "en") == said
    assert say(last.target.reason, "zh")


def test_what_was_seen_again_on_several_days_is_dated_by_the_first(rules: TumourResponse) -> None:
    again = TimePoint("V2", DAY_1 + timedelta(days=80), (measured("T1", 83, 4), measured("T2", 81, 4)))

    last = assess(Tumour("01", PLAIN, scan(-3, 20, 15), (scan(40, "absent", "absent"), again)), rules)[-1]

    assert last.progression_on == DAY_1 + timedelta(days=81)


def test_a_node_seen_again_after_complete_response_is_not_a_reappearance(rules: TumourResponse) -> None:
    points = (scan(40, "absent", 8), scan(80, "absent", 11))

    assert [one.overall for one in assess(Tumour("01", NODE, scan(-3, 20, 15), points), rules)] == ["CR", "PR"]


@pytest.mark.parametrize("into", [None, "T1", "T9"])
def test_a_lesion_cannot_merge_into_itself_or_into_none(into: str | None, rules: TumourResponse) -> None:
    point = TimePoint("V1", DAY_1, (measured("T1", 0, "merged", into=into),))

    with pytest.raises(ValueError, match="which is no other target"):
        sum_of_diameters([Lesion("T1")], point, rules)


def test_two_lesions_cannot_merge_into_each_other(rules: TumourResponse) -> None:
    point = TimePoint("V1", DAY_1, (measured("T1", 0, "merged", into="T2"), measured("T2", 0, "merged", into="T1")))

    with pytest.raises(ValueError, match="which is no other target"):
        sum_of_diameters(PLAIN, point, rules)


def test_a_merged_lesion_says_so_and_why_it_was_not_assessed(rules: TumourResponse) -> None:
    whole = TimePoint("V1", DAY_1, (measured("T1", 0, "merged", into="T2"), measured("T2", 0, 30)))
    unread = TimePoint("V1", DAY_1, (measured("T1", 0, "merged", into="T2"), measured("T2", 0, "not_evaluable", reason="motion")))

    assert [(share.standing, share.mm, share.gone) for share in sum_of_diameters(PLAIN, whole, rules).shares] == [
        ("merged", 0, False),
        ("measured", 30, False),
    ]
    assert [(share.standing, share.mm, share.reason) for share in sum_of_diameters(PLAIN, unread, rules).shares] == [
        ("not_evaluable", None, "motion"),
        ("not_evaluable", None, "motion"),
    ]


def test_a_size_without_a_number_is_a_fault_of_the_program(rules: TumourResponse) -> None:
    with pytest.raises(ValueError, match="lesion T1 on 2025-01-01 is measured without a size"):
        sum_of_diameters([Lesion("T1")], TimePoint("V1", DAY_1, (Measurement("T1", DAY_1, "measured"),)), rules)


def test_each_target_has_its_standing(rules: TumourResponse) -> None:
    point = scan(0, "absent", "too_small")

    assert [
        (share.standing, share.mm, share.present) for share in sum_of_diameters((*PLAIN, Lesion("T3")), point, rules).shares
    ] == [
        ("absent", 0, False),
        ("too_small", 5, True),
        ("no_record", None, False),
    ]


def test_a_change_from_nothing_has_no_percentage() -> None:
    assert percent_change(Decimal(2), Decimal(1)) == 100
    assert percent_change(Decimal(2), Decimal(0)) is None


BONE, NODES = Lesion("N1", target=False), Lesion("N2", target=False, nodal=True)


def others(day: int, *found: Measurement, **more: Any) -> TimePoint:
    return TimePoint(f"D{day}", DAY_1 + timedelta(days=day), found, **{"non_target_progression": False, **more})


NON_TARGET = [
    ([("N1", "absent"), ("N2", 9.9)], {}, "CR", "All non-target lesions have disappeared."),
    ([("N1", "absent"), ("N2", "too_small")], {}, "CR", "All non-target lesions have disappeared."),
    ([("N1", "absent"), ("N2", "absent")], {}, "CR", "All non-target lesions have disappeared."),
    ([("N1", "too_small"), ("N2", "absent")], {}, "NON_CR_NON_PD", "Non-target lesions persist: N1."),
    ([("N1", 4), ("N2", "absent")], {}, "NON_CR_NON_PD", "Non-target lesions persist: N1."),
    ([("N1", "present"), ("N2", "present")], {}, "NON_CR_NON_PD", "Non-target lesions persist: N1, N2."),
    ([("N1", "absent"), ("N1", "present"), ("N2", "absent")], {}, "NON_CR_NON_PD", "Non-target lesions persist: N1."),
    ([("N1", "absent"), ("N2", 6), ("N2", 3.9)], {}, "CR", "All non-target lesions have disappeared."),
    ([("N1", "absent"), ("N2", 6), ("N2", 4)], {}, "NON_CR_NON_PD", "Non-target lesions persist: N2."),
    ([("N1", "absent"), ("N2", 6), ("N2", "present")], {}, "NON_CR_NON_PD", "Non-target lesions persist: N2."),
    ([("N1", "present")], {}, "NE", "Non-target lesions not assessed: N2."),
    ([("N1", "present"), ("N1", "not_evaluable"), ("N2", 5)], {}, "NE", "Non-target lesions not assessed: N1."),
    ([("N1", "absent"), ("N2", 5)], {"markers": "raised"}, "NON_CR_NON_PD", "Non-target lesions have disappeared, tumour markers are still raised."),
    ([("N1", "absent"), ("N2", 5)], {"markers": "not_done"}, "NE", "Non-target lesions have disappeared, tumour markers were not measured."),
    ([("N1", "present")], {"non_target_progression": True}, "PD", "Non-target disease as a whole has unequivocally progressed (2025-02-10)."),
]  # fmt: skip


@pytest.mark.parametrize(("found", "more", "response", "said"), NON_TARGET)
def test_non_target_disease_says_its_rule(
    found: list[tuple[str, Any]], more: dict[str, Any], response: str, said: str, rules: TumourResponse
) -> None:
    point = others(40, *(measured(lesion, 40, what) for lesion, what in found), **more)

    (one,) = assess(Tumour("01", (BONE, NODES), others(-3), (point,)), rules)

    assert one.non_target is not None
    assert (one.non_target.response, one.overall, say(one.non_target.reason, "en")) == (response, response, said)
    assert say(one.non_target.reason, "zh")


def test_non_target_disease_seen_again_is_dated_by_the_first_scan_that_shows_it_and_nodes_are_not(rules: TumourResponse) -> None:
    two = (BONE, Lesion("N3", target=False), NODES)
    gone = others(40, *(measured(name, 40, "absent") for name in ("N1", "N2", "N3")))
    again = others(80, measured("N1", 84, "present"), measured("N3", 82, "present"), measured("N2", 80, 14))
    node = others(80, measured("N1", 80, "absent"), measured("N3", 80, "absent"), measured("N2", 80, 14))

    progressed = assess(Tumour("01", two, others(-3), (gone, again)), rules)[-1]
    swollen = assess(Tumour("01", two, others(-3), (gone, node)), rules)[-1]

    assert progressed.progression_on == DAY_1 + timedelta(days=82)
    assert progressed.non_target is not None
    assert (
        say(progressed.non_target.reason, "en") == "Non-target lesions seen again after complete response (N1, N3, 2025-03-24)."
    )
    assert swollen.overall == "NON_CR_NON_PD"


def test_progression_of_several_non_target_lesions_is_dated_by_the_last_scan(rules: TumourResponse) -> None:
    point = others(40, measured("N1", 43, "present"), measured("N2", 41, 14), non_target_progression=True)
    without = others(40, non_target_progression=True)

    assert assess(Tumour("01", (BONE, NODES), others(-3), (point,)), rules)[0].progression_on == DAY_1 + timedelta(days=43)
    assert assess(Tumour("01", (BONE, NODES), others(-3), (without,)), rules)[0].progression_on == DAY_1 + timedelta(days=40)


def test_without_non_target_disease_nobody_has_to_say_whether_it_progressed(rules: TumourResponse) -> None:
    assert assess(Tumour("01", PLAIN, scan(-3, 20, 15), (scan(40, 20, 15),)), rules)[0].queries == ()


def test_a_new_lesion_that_goes_and_comes_back_is_dated_by_its_first_appearance(rules: TumourResponse) -> None:
    from protocord.efficacy.recist import Sighting

    def seen(day: int, certainty: Any) -> TimePoint:
        on = DAY_1 + timedelta(days=day)
        return TimePoint(f"D{day}", on, scan(day, 20, 15).measurements, (Sighting("X1", on, certainty),))

    points = (seen(40, "unequivocal"), seen(80, "gone"), seen(120, "unequivocal"))

    found = assess(Tumour("01", PLAIN, scan(-3, 20, 15), points), rules)

    assert [one.overall for one in found] == ["PD", "SD", "SD"]
    assert say(found[0].new[0].reason, "en") == "New lesion X1, first seen on 2025-02-10."


OVERALL = [
    ("PD", "PD", True, "recist_overall_new_lesion"),
    ("PD", "PD", False, "recist_overall_target_progressed"),
    ("SD", "PD", False, "recist_overall_nontarget_progressed"),
    ("CR", None, False, "recist_overall_target_gone"),
    ("CR", "CR", False, "recist_overall_all_gone"),
    ("CR", "NON_CR_NON_PD", False, "recist_overall_nontarget_remains"),
    ("CR", "NE", False, "recist_overall_nontarget_unread"),
    ("PR", "NE", False, "recist_overall_partial"),
    ("SD", "NE", False, "recist_overall_stable"),
    ("NE", "CR", False, "recist_overall_not_evaluable"),
    (None, None, False, "recist_overall_no_disease"),
    (None, "CR", False, "recist_overall_nontarget_gone"),
    (None, "NON_CR_NON_PD", False, "recist_overall_neither"),
    (None, "NE", False, "recist_overall_not_evaluable"),
]


@pytest.mark.parametrize(("target", "non_target", "new", "kind"), OVERALL)
def test_the_overall_response_names_its_row_of_the_table(target: Any, non_target: Any, new: bool, kind: str) -> None:
    from protocord.efficacy.recist import overall_response
    from protocord.values import Reason

    found = overall_response(target, non_target, new=new)[1]

    assert found == kind
    assert say(Reason.of(found), "en")
    assert say(Reason.of(found), "zh")
