"""Each set of scans assessed: split, merged and missing lesions, dates of progression, new lesions, reappearance, reasons."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from protocord.efficacy.recist import Assessed, Lesion, Measurement, Sighting, TimePoint, Tumour, assess
from protocord.protocol.document.efficacy import TumourResponse
from protocord.words import say

DAY_1 = date(2025, 1, 1)


def on(day: int) -> date:
    return DAY_1 + timedelta(days=day)


def measured(lesion: str, day: int, what: Any, *, into: str | None = None) -> Measurement:
    if isinstance(what, str):
        return Measurement(lesion, on(day), what, into=into, reason="motion" if what == "not_evaluable" else None)  # type: ignore[arg-type]
    return Measurement(lesion, on(day), "measured", Decimal(str(what)))


def point(visit: str, day: int, *found: Measurement, **more: Any) -> TimePoint:
    return TimePoint(visit, on(day), found, **{"non_target_progression": False, **more})


def simple(visit: str, day: int, *values: Any, **more: Any) -> TimePoint:
    """Targets T1, T2, … in order, all scanned on the day of the set."""
    return point(visit, day, *(measured(f"T{at}", day, value) for at, value in enumerate(values, start=1)), **more)


def assessed(rules: TumourResponse, lesions: tuple[Lesion, ...], *points: TimePoint) -> tuple[Assessed, ...]:
    return assess(Tumour("01", lesions, points[0], points[1:]), rules)


ONE = (Lesion("T1"),)
TWO = (Lesion("T1"), Lesion("T2"))
WITH_NON_TARGET = (Lesion("T1"), Lesion("N1", target=False))


def test_the_fragments_of_a_split_lesion_add_up(rules: TumourResponse) -> None:
    split = point("V1", 40, measured("T1", 40, 12), measured("T1", 40, 9.5))

    (found,) = assessed(rules, ONE, simple("BL", -3, 30), split)

    assert found.sums is not None
    assert found.sums.total == Decimal("21.5")
    assert found.sums.shares[0].fragments == 2
    assert found.overall == "SD"


def test_a_fragment_that_vanished_leaves_the_lesion_and_all_of_them_gone_are_a_complete_response(rules: TumourResponse) -> None:
    one_left = point("V1", 40, measured("T1", 40, "absent"), measured("T1", 40, "too_small"))
    none_left = point("V2", 80, measured("T1", 80, "absent"), measured("T1", 80, "absent"))

    first, second = assessed(rules, ONE, simple("BL", -3, 30), one_left, none_left)

    assert (first.overall, first.sums and first.sums.total) == ("PR", 5)
    assert second.overall == "CR"


def test_fragments_scanned_on_several_days_date_the_lesion_by_the_last(rules: TumourResponse) -> None:
    split = point("V1", 40, measured("T1", 44, 20), measured("T1", 41, 20))

    (found,) = assessed(rules, ONE, simple("BL", -3, 30), split)

    assert (found.on, found.progression_on) == (on(44), on(44))


def test_one_fragment_may_be_too_small_or_merge_and_the_others_still_count(rules: TumourResponse) -> None:
    small = point("V1", 40, measured("T1", 40, 12), measured("T1", 40, "too_small"), measured("T2", 40, 15))
    merged = point("V2", 80, measured("T1", 80, 11), measured("T1", 80, "merged", into="T2"), measured("T2", 80, 16))

    first, second = assessed(rules, TWO, simple("BL", -3, 20, 15), small, merged)

    assert first.sums is not None
    assert [(share.standing, share.mm) for share in first.sums.shares] == [("too_small", 17), ("measured", 15)]
    assert second.sums is not None
    assert [(share.standing, share.mm) for share in second.sums.shares] == [("measured", 11), ("measured", 16)]
    assert first.sums.shares[1].fragments == 1


def test_merged_lesions_count_the_mass_once(rules: TumourResponse) -> None:
    merged = point("V1", 40, measured("T1", 40, 34), measured("T2", 40, "merged", into="T1"))

    (found,) = assessed(rules, TWO, simple("BL", -3, 20, 15), merged)

    assert found.sums is not None
    assert (found.sums.total, found.sums.complete, found.overall) == (34, True, "SD")


@pytest.mark.parametrize(("host", "overall"), [("absent", "CR"), ("not_evaluable", "NE"), (8, "PR")])
def test_a_merged_lesion_follows_the_one_it_merged_into(host: Any, overall: str, rules: TumourResponse) -> None:
    merged = point("V1", 40, measured("T1", 40, host), measured("T2", 40, "merged", into="T1"))

    (found,) = assessed(rules, TWO, simple("BL", -3, 20, 15), merged)

    assert found.overall == overall


def test_three_lesions_that_merge_one_into_the_next_count_once(rules: TumourResponse) -> None:
    chain = point(
        "V1", 40, measured("T1", 40, "merged", into="T2"), measured("T2", 40, "merged", into="T3"), measured("T3", 40, 41)
    )

    (found,) = assessed(rules, (*TWO, Lesion("T3")), simple("BL", -3, 20, 15, 11), chain)

    assert found.sums is not None
    assert found.sums.total == 41


def test_a_small_size_that_the_reader_gave_counts_instead_of_the_default(rules: TumourResponse) -> None:
    given = TimePoint("V1", on(40), (Measurement("T1", on(40), "too_small", Decimal(3)),))

    (found,) = assessed(rules, ONE, simple("BL", -3, 30), given)

    assert found.sums is not None
    assert found.sums.total == 3


def test_the_nadir_takes_only_sets_in_which_every_target_was_assessed(rules: TumourResponse) -> None:
    _, second = assessed(rules, TWO, simple("BL", -3, 30, 30), simple("V1", 40, 15, "not_evaluable"), simple("V2", 80, 30, 30))

    assert (second.nadir, second.overall) == (60, "SD")


def test_the_nadir_is_the_smallest_sum_before_and_baseline_counts(rules: TumourResponse) -> None:
    first, second, third = assessed(
        rules, ONE, simple("BL", -3, 50), simple("V1", 40, 30), simple("V2", 80, 33), simple("V3", 120, 36)
    )

    assert [one.nadir for one in (first, second, third)] == [50, 30, 30]
    assert [one.overall for one in (first, second, third)] == ["PR", "PR", "PD"]
    assert third.change_from_nadir == 20
    assert third.change_from_baseline == -28


def test_a_lesion_without_a_record_is_missing_and_no_change_is_given(rules: TumourResponse) -> None:
    (found,) = assessed(rules, TWO, simple("BL", -3, 20, 20), simple("V1", 40, 10))

    assert found.overall == "NE"
    assert found.sums is not None
    assert found.sums.missing == ("T2",)
    assert found.change_from_baseline is None
    assert found.change_from_nadir is None


def test_progression_by_size_is_dated_by_the_last_target_scan_or_by_the_earliest_of_the_set(rules: TumourResponse) -> None:
    baseline = simple("BL", -3, 20, 20)
    spread = point("V1", 38, measured("T1", 40, 30), measured("T2", 44, 30))
    earliest = rules.model_copy(update={"progression_date": "earliest_scan"})

    assert assessed(rules, TWO, baseline, spread)[0].progression_on == on(44)
    assert assessed(earliest, TWO, baseline, spread)[0].progression_on == on(38)


def test_a_new_lesion_dates_the_progression_by_the_scan_that_showed_it_first(rules: TumourResponse) -> None:
    with_new = point("V1", 40, measured("T1", 44, 30), sightings=(Sighting("X1", on(41), "unequivocal"),))

    (found,) = assessed(rules, ONE, simple("BL", -3, 20), with_new)

    assert (found.overall, found.rule.kind) == ("PD", "recist_overall_new_lesion")
    assert found.on == on(44)
    assert found.progression_on == on(41)


def test_the_earliest_of_what_shows_a_progression_dates_it(rules: TumourResponse) -> None:
    later_new = point("V1", 40, measured("T1", 41, 30), sightings=(Sighting("X1", on(46), "unequivocal"),))

    assert assessed(rules, ONE, simple("BL", -3, 20), later_new)[0].progression_on == on(41)


def test_an_equivocal_lesion_that_is_confirmed_later_dates_back_to_its_first_appearance(rules: TumourResponse) -> None:
    first, second = assessed(
        rules,
        ONE,
        simple("BL", -3, 20),
        simple("V1", 40, 20, sightings=(Sighting("X1", on(40), "equivocal"),)),
        simple("V2", 80, 20, sightings=(Sighting("X1", on(80), "unequivocal"),)),
    )

    assert (first.overall, first.progression_on) == ("PD", on(40))
    assert first.new[0].reason.kind == "recist_new_confirmed_later"
    assert second.overall == "SD"


@pytest.mark.parametrize("then", ["equivocal", "not_new", "gone"])
def test_an_equivocal_lesion_alone_changes_nothing(then: Any, rules: TumourResponse) -> None:
    found = assessed(
        rules,
        ONE,
        simple("BL", -3, 20),
        simple("V1", 40, 20, sightings=(Sighting("X1", on(40), "equivocal"),)),
        simple("V2", 80, 20, sightings=(Sighting("X1", on(80), then),)),
    )

    assert [one.overall for one in found] == ["SD", "SD"]


@pytest.mark.parametrize("between", ["not_new", "gone"])
def test_a_lesion_that_was_ruled_out_starts_again_when_it_returns(between: Any, rules: TumourResponse) -> None:
    found = assessed(
        rules,
        ONE,
        simple("BL", -3, 20),
        simple("V1", 40, 20, sightings=(Sighting("X1", on(40), "equivocal"),)),
        simple("V2", 80, 20, sightings=(Sighting("X1", on(80), between),)),
        simple("V3", 120, 20, sightings=(Sighting("X1", on(120), "unequivocal"),)),
    )

    assert [one.overall for one in found] == ["SD", "SD", "PD"]
    assert found[-1].progression_on == on(120)


def pet(day: int, certainty: str, baseline: str, on_ct: str | None = None) -> Sighting:
    return Sighting("X1", on(day), certainty, "fdg_pet", baseline, on_ct)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sighting", "overall", "kind"),
    [
        (pet(40, "unequivocal", "negative"), "PD", "recist_new_pet_negative_before"),
        (pet(40, "unequivocal", "negative", "known_site"), "PD", "recist_new_pet_negative_before"),
        (pet(40, "equivocal", "negative"), "SD", None),
        (pet(40, "unequivocal", "not_done", "new_site"), "PD", "recist_new_pet_new_site"),
        (pet(40, "equivocal", "not_done", "new_site"), "SD", None),
        (pet(40, "unequivocal", "not_done", "nothing"), "SD", None),
        (pet(40, "unequivocal", "not_done", "known_site"), "SD", None),
        (pet(40, "unequivocal", "positive", "not_done"), "SD", None),
        (pet(40, "unequivocal", "positive", "new_site"), "PD", "recist_new_pet_new_site"),
    ],
)
def test_fdg_pet_shows_a_new_lesion_by_its_own_rule(
    sighting: Sighting, overall: str, kind: str | None, rules: TumourResponse
) -> None:
    (found,) = assessed(rules, ONE, simple("BL", -3, 20), simple("V1", 40, 20, sightings=(sighting,)))

    assert found.overall == overall
    assert [lesion.reason.kind for lesion in found.new] == ([kind] if kind else [])


def test_uptake_that_a_later_ct_proves_dates_by_the_first_positive_pet(rules: TumourResponse) -> None:
    found = assessed(
        rules,
        ONE,
        simple("BL", -3, 20),
        simple("V1", 40, 20, sightings=(pet(41, "unequivocal", "not_done", "nothing"),)),
        simple("V2", 80, 20, sightings=(Sighting("X1", on(80), "unequivocal", "ct"),)),
    )

    assert (found[0].overall, found[0].progression_on) == ("PD", on(41))


def test_uptake_at_a_known_site_does_not_date_a_lesion_that_ct_shows_later(rules: TumourResponse) -> None:
    found = assessed(
        rules,
        ONE,
        simple("BL", -3, 20),
        simple("V1", 40, 20, sightings=(pet(41, "unequivocal", "not_done", "known_site"),)),
        simple("V2", 80, 20, sightings=(Sighting("X1", on(80), "unequivocal", "ct"),)),
    )

    assert [one.overall for one in found] == ["SD", "PD"]


def test_a_target_seen_again_after_an_overall_complete_response_is_a_progression_at_any_size(rules: TumourResponse) -> None:
    found = assessed(rules, ONE, simple("BL", -3, 20), simple("V1", 40, "absent"), simple("V2", 80, 2))

    assert [one.overall for one in found] == ["CR", "PD"]
    assert found[1].target is not None
    assert found[1].target.reason.kind == "recist_target_reappeared"
    assert found[1].progression_on == on(80)


def test_a_target_seen_again_while_disease_remained_adds_its_diameter(rules: TumourResponse) -> None:
    found = assessed(
        rules,
        WITH_NON_TARGET,
        point("BL", -3, measured("T1", -3, 20), measured("N1", -3, "present")),
        point("V1", 40, measured("T1", 40, "absent"), measured("N1", 40, "present")),
        point("V2", 80, measured("T1", 80, 4), measured("N1", 80, "present")),
        point("V3", 120, measured("T1", 120, 5), measured("N1", 120, "present")),
    )

    assert [one.overall for one in found] == ["PR", "PR", "PD"]
    assert found[2].target is not None
    assert found[2].target.reason.kind == "recist_target_grown_from_zero"


def test_a_node_that_swells_after_complete_response_is_judged_by_growth_and_queried(rules: TumourResponse) -> None:
    node = (Lesion("T1", nodal=True),)
    found = assessed(rules, node, simple("BL", -3, 20), simple("V1", 40, 9), simple("V2", 80, 12))

    assert [one.overall for one in found] == ["CR", "PR"]
    assert [query.kind for query in found[1].queries] == ["recist_query_disease_after_complete"]
    assert found[0].target is not None
    assert found[0].target.reason.kind == "recist_target_gone_nodes"


@pytest.mark.parametrize(
    ("state", "markers", "overall", "kind"),
    [
        ("absent", None, "CR", "recist_nontarget_gone"),
        ("absent", "normal", "CR", "recist_nontarget_gone"),
        ("absent", "raised", "PR", "recist_nontarget_marker_raised"),
        ("absent", "not_done", "PR", "recist_nontarget_marker_missing"),
        ("present", "raised", "PR", "recist_nontarget_persists"),
        ("not_evaluable", None, "PR", "recist_nontarget_not_evaluated"),
    ],
)
def test_non_target_lesions_and_markers_decide_between_complete_and_partial(
    state: str, markers: str | None, overall: str, kind: str, rules: TumourResponse
) -> None:
    (found,) = assessed(
        rules,
        WITH_NON_TARGET,
        point("BL", -3, measured("T1", -3, 20), measured("N1", -3, "present")),
        point("V1", 40, measured("T1", 40, "absent"), measured("N1", 40, state), markers=markers),
    )

    assert found.overall == overall
    assert found.non_target is not None
    assert found.non_target.reason.kind == kind


@pytest.mark.parametrize(("short_axis", "expected"), [(9.9, "CR"), (10, "NON_CR_NON_PD")])
def test_a_non_target_node_is_gone_below_the_normal_limit(short_axis: float, expected: str, rules: TumourResponse) -> None:
    node = (Lesion("N1", target=False, nodal=True),)
    (found,) = assessed(rules, node, point("BL", -3, measured("N1", -3, 12)), point("V1", 40, measured("N1", 40, short_axis)))

    assert found.overall == expected


def test_unequivocal_progression_of_non_target_disease_is_dated_by_its_last_scan(rules: TumourResponse) -> None:
    (found,) = assessed(
        rules,
        WITH_NON_TARGET,
        point("BL", -3, measured("T1", -3, 20), measured("N1", -3, "present")),
        point("V1", 40, measured("T1", 40, 10), measured("N1", 42, "present"), non_target_progression=True),
    )

    assert (found.overall, found.progression_on) == ("PD", on(42))
    assert found.rule.kind == "recist_overall_nontarget_progressed"


def test_a_non_target_lesion_seen_again_after_complete_response_is_a_progression(rules: TumourResponse) -> None:
    found = assessed(
        rules,
        WITH_NON_TARGET,
        point("BL", -3, measured("T1", -3, 20), measured("N1", -3, "present")),
        point("V1", 40, measured("T1", 40, "absent"), measured("N1", 40, "absent")),
        point("V2", 80, measured("T1", 80, "absent"), measured("N1", 80, "present")),
    )

    assert [one.overall for one in found] == ["CR", "PD"]
    assert found[1].progression_on == on(80)


def test_what_nobody_said_of_non_target_disease_is_queried(rules: TumourResponse) -> None:
    (found,) = assessed(
        rules,
        WITH_NON_TARGET,
        point("BL", -3, measured("T1", -3, 20), measured("N1", -3, "present")),
        point("V1", 40, measured("T1", 40, 20), measured("N1", 40, "present"), non_target_progression=None),
    )

    assert [query.kind for query in found.queries] == ["recist_query_progression_not_stated"]


def test_without_disease_at_baseline_there_is_none_until_a_new_lesion(rules: TumourResponse) -> None:
    found = assessed(
        rules,
        (),
        point("BL", -3),
        point("V1", 40),
        point("V2", 80, evaluable=False),
        point("V3", 120, sightings=(Sighting("X1", on(120), "unequivocal"),)),
    )

    assert [one.overall for one in found] == ["NED", "NE", "PD"]


def test_a_set_that_could_not_be_read_is_not_evaluable_whatever_it_holds(rules: TumourResponse) -> None:
    (found,) = assessed(rules, ONE, simple("BL", -3, 20), simple("V1", 40, 5, evaluable=False))

    assert found.overall == "NE"


def test_without_a_baseline_nothing_is_assessed(rules: TumourResponse) -> None:
    assert assess(Tumour("01", ONE, None, (simple("V1", 40, 20),)), rules) == ()


def test_an_answer_says_its_measurements_and_its_rule_in_both_languages(rules: TumourResponse) -> None:
    (found,) = assessed(rules, TWO, simple("BL", -3, 30, 30), simple("V1", 40, 40, "not_evaluable"))
    (grown,) = assessed(rules, TWO, simple("BL", -3, 30, 30), simple("V1", 40, 75, "not_evaluable"))

    assert [say(reason, "en") for reason in found.reasons] == [
        "Target lesions not assessed: T2.",
        "Overall NE: not enough was assessed.",
    ]
    assert say(grown.reasons[0], "en") == (
        "The lesions assessed alone sum to 75 mm: 15 mm (25.0 %) above the nadir of 60 mm, though T2 was not assessed."
    )
    assert all(say(reason, "zh") for reason in (*found.reasons, *grown.reasons))
