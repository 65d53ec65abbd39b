"""Times to events by the document: each situation of the endpoint guidance, each sensitivity variant, gaps, ties, cuts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from protocord.efficacy.endpoints import Course, Time, assessment_plan, make_course, time_to_event, times
from protocord.efficacy.recist import Lesion, Measurement, Sighting, TimePoint, Tumour
from protocord.efficacy.records import Happening, Subject
from protocord.protocol import Protocol
from protocord.protocol.document.efficacy import TimeToEvent
from protocord.words import say

DAY_1 = date(2025, 1, 1)
SOURCE = "FDA 2007, Clinical trial endpoints for the approval of cancer drugs, appendix C; clinical.md 4.5"


def on(day: int) -> date:
    """Days after day 1."""
    return DAY_1 + timedelta(days=day)


def scan(visit: str, day: int, size: Any, *sightings: Sighting) -> TimePoint:
    state = size if isinstance(size, str) else "measured"
    found = Measurement("T1", on(day), state, None if isinstance(size, str) else Decimal(str(size)))
    return TimePoint(visit, on(day), (found,), sightings, non_target_progression=False)


def happened(*events: tuple[Any, ...]) -> tuple[Happening, ...]:
    return tuple(Happening(kind, on(day), *rest) for kind, day, *rest in events)


def course(
    protocol: Protocol,
    points: Iterable[TimePoint],
    *events: tuple[Any, ...],
    baseline: bool = True,
    cut: date | None = None,
    **more: Any,
) -> Course:
    first = scan("SCR", -5, 100) if baseline else None
    subject = Subject("01", on(-7), DAY_1, Tumour("01", (Lesion("T1"),), first, tuple(points)), happened(*events))
    return make_course(subject, protocol.efficacy.response, cut=cut, **more)


def endpoint(protocol: Protocol, name: str) -> TimeToEvent:
    return next(one for one in protocol.efficacy.time_to_event if one.id == name)


def found(protocol: Protocol, name: str, one: Course, variant: str | None = None) -> Time:
    document = endpoint(protocol, name)
    chosen = next((each for each in document.sensitivity if each.id == variant), None)
    assert variant is None or chosen is not None
    return time_to_event(document, one, assessment_plan(protocol), chosen)


def short(time: Time) -> tuple[str | None, str, int | None]:
    """How it ended, by what, and after how many days from the origin."""
    return time.status, time.cause, None if time.on is None or time.origin is None else (time.on - time.origin).days


STABLE = (scan("RA1", 38, 90), scan("EOT", 91, 90))
GROWN = scan("FU3", 182, 120)

PFS = [
    ("no baseline, alive", (), [("contact", 200)], {"baseline": False}, ("censored", "no_baseline", 0)),
    ("no post-baseline assessment, alive", (), [("contact", 200)], {}, ("censored", "no_assessment", 0)),
    ("only assessments that cannot be read", (scan("RA1", 38, "not_evaluable"),), [], {}, ("censored", "no_assessment", 0)),
    ("PD by new lesion, first seen two days before the target scan", (*STABLE, scan("FU3", 182, 90, Sighting("X", on(180), "unequivocal"))), [], {}, ("event", "progression", 180)),
    ("PD by size, dated by the last target scan", (*STABLE, GROWN), [], {}, ("event", "progression", 182)),
    ("death before the first assessment", (), [("death", 60)], {}, ("event", "death", 60)),
    ("death without a baseline", (), [("death", 60)], {"baseline": False}, ("event", "death", 60)),
    ("death between adequate assessments", STABLE, [("death", 150)], {}, ("event", "death", 150)),
    ("no PD, alive", STABLE, [("contact", 400)], {}, ("censored", "alive_without_event", 91)),
    ("PD after two missed assessments", (*STABLE, scan("FU9", 380, 130)), [], {}, ("censored", "missed_assessments", 91)),
    ("death after two missed assessments", STABLE, [("death", 380)], {}, ("censored", "missed_assessments", 91)),
    ("death after two missed assessments, none ever made", (), [("death", 300)], {}, ("censored", "missed_assessments", 0)),
    ("new therapy before PD", (*STABLE, GROWN), [("new_therapy", 120)], {}, ("censored", "new_therapy", 91)),
    ("new therapy, no PD", STABLE, [("new_therapy", 120)], {}, ("censored", "new_therapy", 91)),
    ("new therapy on the day of PD", (*STABLE, GROWN), [("new_therapy", 182)], {}, ("event", "progression", 182)),
    ("new therapy after PD", (*STABLE, GROWN), [("new_therapy", 183)], {}, ("event", "progression", 182)),
    ("new therapy on the day of an assessment", STABLE, [("new_therapy", 91)], {}, ("censored", "new_therapy", 91)),
    ("new therapy before any assessment", STABLE, [("new_therapy", 20)], {}, ("censored", "new_therapy", 0)),
    ("stopped for toxicity", STABLE, [("treatment_stopped", 60, "toxicity")], {}, ("censored", "stopped_for_toxicity", 91)),
    ("stopped for another reason", STABLE, [("treatment_stopped", 60, "decision")], {}, ("censored", "alive_without_event", 91)),
    ("stopped for toxicity, PD shown later", (*STABLE, GROWN), [("treatment_stopped", 60, "toxicity")], {}, ("event", "progression", 182)),
    ("clinical progression, not shown", STABLE, [("clinical_progression", 120)], {}, ("censored", "clinical_progression", 91)),
    ("stopped for clinical progression", STABLE, [("treatment_stopped", 120, "clinical_progression")], {}, ("censored", "clinical_progression", 91)),
    ("lost", STABLE, [("lost_to_follow_up", 150)], {}, ("censored", "lost_or_withdrawn", 91)),
    ("withdrew", STABLE, [("withdrawal", 150)], {}, ("censored", "lost_or_withdrawn", 91)),
    ("death on the day of PD", (*STABLE, GROWN), [("death", 182)], {}, ("event", "progression", 182)),
    ("an assessment that cannot be read does not stop the gap", (*STABLE, scan("FU3", 182, "not_evaluable"), scan("FU9", 380, 130)), [], {}, ("censored", "missed_assessments", 91)),
    ("a gap that an adequate assessment closed", (scan("RA1", 38, 90), scan("FU9", 370, 90), scan("FU12", 460, 130)), [], {}, ("event", "progression", 460)),
]  # fmt: skip


@pytest.mark.parametrize(("points", "events", "more", "expected"), [row[1:] for row in PFS], ids=[row[0] for row in PFS])
def test_progression_free_survival_ends_as_the_guidance_says(
    points: tuple[TimePoint, ...],
    events: list[tuple[Any, ...]],
    more: dict[str, Any],
    expected: tuple[Any, ...],
    protocol: Protocol,
) -> None:
    """Source: FDA 2007, Clinical trial endpoints for the approval of cancer drugs, appendix C, table A; clinical.md 4.5."""
    time = found(protocol, "pfs", course(protocol, points, *events, **more))

    assert short(time) == expected
    assert time.days == expected[2] + 1, "an event on day 1 has the value 1"
    assert say(time.reason, "en")
    assert say(time.reason, "zh")


@pytest.mark.parametrize(
    ("variant", "points", "events", "expected"),
    [
        ("new_therapy_event", (*STABLE, GROWN), [("new_therapy", 120)], ("event", "new_therapy", 120)),
        ("new_therapy_event", (*STABLE, GROWN), [], ("event", "progression", 182)),
        ("no_gap_censoring", (*STABLE, scan("FU9", 380, 130)), [], ("event", "progression", 380)),
        ("no_gap_censoring", STABLE, [("death", 380)], ("event", "death", 380)),
        ("no_gap_censoring", (*STABLE, GROWN), [("new_therapy", 120)], ("censored", "new_therapy", 91)),
        ("clinical_event", STABLE, [("clinical_progression", 120)], ("event", "clinical_progression", 120)),
        ("clinical_event", STABLE, [("treatment_stopped", 120, "clinical_progression")], ("event", "clinical_progression", 120)),
        ("treatment_policy", (*STABLE, GROWN), [("new_therapy", 120)], ("event", "progression", 182)),
        ("treatment_policy", STABLE, [("new_therapy", 60)], ("censored", "alive_without_event", 91)),
        ("treatment_policy", (*STABLE, scan("FU9", 380, 130)), [("new_therapy", 120)], ("censored", "missed_assessments", 91)),
    ],
)
def test_each_sensitivity_variant_changes_what_it_names(
    variant: str, points: tuple[TimePoint, ...], events: list[tuple[Any, ...]], expected: tuple[Any, ...], protocol: Protocol
) -> None:
    """Source: clinical.md 4.5, S1 to S4."""
    time = found(protocol, "pfs", course(protocol, points, *events), variant)

    assert short(time) == expected
    assert time.variant == variant


@pytest.mark.parametrize(
    ("visit", "day", "last_day"),
    [
        # last adequate assessment, its day after day 1, last day of the second planned assessment after it (window included)
        (None, 0, 98),  # RA1 and EOT missed: EOT on day 91 after day 1, 7 late
        ("RA1", 38, 196),  # EOT and FU3 missed: FU3 on 91 + 91 = 182, 14 late
        ("RA1", 41, 199),  # three days late itself: the gap counts from its actual day
        ("EOT", 91, 287),  # FU3 and FU6: 91 + 182 = 273, 14 late
        ("FU6", 273, 470),  # FU9 and FU12: 91 + 365 = 456, 14 late
        ("FU12", 456, 851),  # FU18 and FU24: 91 + 730 = 821, 30 late
    ],
)
def test_the_gap_reaches_to_the_last_day_of_the_second_planned_assessment(
    visit: str | None, day: int, last_day: int, protocol: Protocol
) -> None:
    """Source: closed form, from the days and windows of schedule.yaml."""
    points = (scan(visit, day, 90),) if visit else ()

    assert short(found(protocol, "pfs", course(protocol, points, ("death", last_day))))[:2] == ("event", "death")
    assert short(found(protocol, "pfs", course(protocol, points, ("death", last_day + 1))))[:2] == (
        "censored",
        "missed_assessments",
    )


def test_an_unscheduled_assessment_counts_the_planned_ones_after_its_day(protocol: Protocol) -> None:
    points = (scan("UNS", 120, 90),)  # FU3 on 182 and FU6 on 273 + 14 come next

    assert short(found(protocol, "pfs", course(protocol, points, ("death", 287)))) == ("event", "death", 287)
    assert short(found(protocol, "pfs", course(protocol, points, ("death", 288)))) == ("censored", "missed_assessments", 120)


def test_after_the_last_planned_assessments_no_gap_is_too_long(protocol: Protocol) -> None:
    points = (scan("FU30", 1004, 90),)

    assert short(found(protocol, "pfs", course(protocol, points, ("death", 3000)))) == ("event", "death", 3000)


def test_a_twelve_week_interval_with_fourteen_days_of_window_gives_182_days(protocol: Protocol) -> None:
    """Source: clinical.md 4.5: 12-week scans, more than 182 days."""
    from protocord.efficacy.endpoints import Plan

    plan = Plan(("A", "B", "C", "D"), (84, 168, 252, 336), (14, 14, 14, 14))

    assert plan.limit("A", 84, 2) == 182
    assert plan.limit("A", 90, 2) == 182
    assert plan.limit(None, 0, 2) == 182
    assert plan.limit("C", 252, 2) is None
    assert plan.limit("C", 252, 1) == 98


OS = [
    ("death", [("contact", 90), ("death", 150)], None, False, ("event", "death", 150)),
    ("alive, last contact", [("contact", 300), ("contact", 200)], None, False, ("censored", "alive_without_event", 300)),
    ("the last of visits, scans and contacts", [("contact", 50)], None, False, ("censored", "alive_without_event", 91)),
    ("lost", [("contact", 200), ("lost_to_follow_up", 250)], None, False, ("censored", "lost_or_withdrawn", 200)),
    ("withdrew", [("contact", 200), ("withdrawal", 250)], None, False, ("censored", "lost_or_withdrawn", 250)),
    ("alive at the cut, known later", [("contact", 200)], 365, True, ("censored", "data_cut", 365)),
    ("alive on the day of the cut", [("contact", 365)], 365, False, ("censored", "data_cut", 365)),
    ("nothing known on the day of the cut", [("contact", 200)], 365, False, ("censored", "alive_without_event", 200)),
    ("new therapy does not touch it", [("new_therapy", 100), ("death", 500)], None, False, ("event", "death", 500)),
]  # fmt: skip


@pytest.mark.parametrize(("events", "cut", "later", "expected"), [row[1:] for row in OS], ids=[row[0] for row in OS])
def test_overall_survival_ends_with_death_or_the_last_day_known_alive(
    events: list[tuple[Any, ...]], cut: int | None, later: bool, expected: tuple[Any, ...], protocol: Protocol
) -> None:
    one = course(protocol, STABLE, *events, cut=None if cut is None else on(cut), known_later=later)

    assert short(found(protocol, "os", one)) == expected


RESPONSE = (scan("RA1", 38, 60), scan("EOT", 91, 60))


def test_duration_of_response_begins_at_the_first_of_the_confirmed_pair(protocol: Protocol) -> None:
    one = course(protocol, (*RESPONSE, scan("FU3", 182, 60), scan("FU6", 270, 90)))

    time = found(protocol, "dor", one)

    assert (time.origin, short(time), time.days) == (on(38), ("event", "progression", 232), 233)


def test_duration_of_response_is_censored_like_progression_free_survival(protocol: Protocol) -> None:
    therapy = course(protocol, (*RESPONSE, scan("FU3", 182, 90)), ("new_therapy", 150))
    gap = course(protocol, RESPONSE, ("death", 400))

    assert short(found(protocol, "dor", therapy)) == ("censored", "new_therapy", 53)
    assert short(found(protocol, "dor", gap)) == ("censored", "missed_assessments", 53)


def test_who_has_no_confirmed_response_has_no_duration(protocol: Protocol) -> None:
    time = found(protocol, "dor", course(protocol, (scan("RA1", 38, 60), scan("EOT", 91, 80))))

    assert (time.status, time.days, time.reason.kind) == (None, None, "time_no_response")


def test_event_free_survival_ends_with_the_first_of_its_events(protocol: Protocol) -> None:
    malignancy = course(protocol, (*STABLE, GROWN), ("second_malignancy", 130))
    relapse = course(protocol, STABLE, ("relapse", 120), ("death", 400))
    gap = course(protocol, (*STABLE, scan("FU9", 380, 130)))

    assert short(found(protocol, "efs", malignancy)) == ("event", "second_malignancy", 130)
    assert short(found(protocol, "efs", relapse)) == ("event", "relapse", 120)
    assert short(found(protocol, "efs", gap)) == ("event", "progression", 380), "its document has no rule for gaps"


@pytest.mark.parametrize(
    ("points", "events", "expected"),
    [
        (RESPONSE, [], ("event", "response", 38)),
        ((*STABLE, GROWN), [], ("competing", "progression", 182)),
        (STABLE, [("death", 120)], ("competing", "death", 120)),
        (STABLE, [], ("censored", "alive_without_event", 91)),
    ],
)
def test_time_to_response_has_progression_and_death_as_competing_events(
    points: tuple[TimePoint, ...], events: list[tuple[Any, ...]], expected: tuple[Any, ...], protocol: Protocol
) -> None:
    assert short(found(protocol, "ttr", course(protocol, points, *events))) == expected


def test_an_event_goes_before_a_competing_one_on_the_same_day(protocol: Protocol) -> None:
    one = course(protocol, RESPONSE, ("death", 38))

    assert short(found(protocol, "ttr", one)) == ("event", "response", 38)


def test_a_time_from_enrolment_or_the_last_infusion_counts_from_there(protocol: Protocol) -> None:
    one = course(protocol, STABLE, ("infusion", 0), ("infusion", 63), ("death", 100))
    document, plan = endpoint(protocol, "os"), assessment_plan(protocol)

    enrolment = time_to_event(document.model_copy(update={"origin": "enrolment"}), one, plan)
    last = time_to_event(document.model_copy(update={"origin": "last_infusion", "day_one": 0}), one, plan)

    assert (enrolment.origin, enrolment.days) == (on(-7), 108)
    assert (last.origin, last.days) == (on(63), 37)


@pytest.mark.parametrize(
    ("origin", "kind"),
    [("first_infusion", "time_not_treated"), ("enrolment", "time_not_enrolled"), ("last_infusion", "time_last_infusion_unknown")],
)
def test_without_its_origin_there_is_no_time(origin: str, kind: str, protocol: Protocol) -> None:
    nobody = make_course(Subject("01", None, None, Tumour("01", (), None)), protocol.efficacy.response)

    time = time_to_event(endpoint(protocol, "os").model_copy(update={"origin": origin}), nobody, assessment_plan(protocol))

    assert (time.status, time.days, time.reason.kind) == (None, None, kind)


def test_where_no_rule_of_the_document_fits_there_is_no_time(protocol: Protocol) -> None:
    document = endpoint(protocol, "os").model_copy(update={"censoring": ()})

    time = time_to_event(document, course(protocol, STABLE), assessment_plan(protocol))

    assert (time.status, time.reason.kind) == (None, "time_no_rule")


def test_the_order_of_the_document_decides_between_situations(protocol: Protocol) -> None:
    both = course(protocol, STABLE, ("treatment_stopped", 60, "toxicity"), ("withdrawal", 120))
    document = endpoint(protocol, "pfs")
    turned = document.model_copy(update={"censoring": tuple(reversed(document.censoring))})

    assert time_to_event(document, both, assessment_plan(protocol)).cause == "stopped_for_toxicity"
    assert time_to_event(turned, both, assessment_plan(protocol)).cause == "lost_or_withdrawn"


def test_a_time_says_when_its_day_is_only_one_end_of_a_partly_known_date(protocol: Protocol) -> None:
    time = found(protocol, "os", course(protocol, STABLE, ("death", 150, None, "2025-05")))

    assert time.partial == "2025-05"


def test_what_happened_before_the_origin_ends_nothing(protocol: Protocol) -> None:
    one = course(protocol, STABLE, ("second_malignancy", -100), ("new_therapy", -30))

    assert short(found(protocol, "efs", one)) == ("censored", "alive_without_event", 91)
    assert short(found(protocol, "pfs", one)) == ("censored", "alive_without_event", 91)


def test_times_gives_everyone_the_endpoint_and_each_of_its_variants(protocol: Protocol) -> None:
    one = course(protocol, STABLE)
    document = endpoint(protocol, "pfs")

    both = list(times(document, [one, one], assessment_plan(protocol)))
    main = list(times(document, [one, one], assessment_plan(protocol), variants=False))

    assert [time.variant for time in both] == ["main"] * 2 + [name for each in document.sensitivity for name in (each.id,) * 2]
    assert [time.variant for time in main] == ["main"] * 2


def test_of_several_events_of_a_kind_the_first_counts(protocol: Protocol) -> None:
    malignancies = course(protocol, STABLE, ("second_malignancy", 200), ("second_malignancy", 130))
    therapies = course(protocol, (*STABLE, GROWN), ("new_therapy", 170), ("new_therapy", 60))

    assert short(found(protocol, "efs", malignancies)) == ("event", "second_malignancy", 130)
    assert short(found(protocol, "pfs", therapies)) == ("censored", "new_therapy", 38)
    assert found(protocol, "pfs", therapies).reason.particulars["date"] == on(60)


def test_a_relapse_after_a_gap_is_censored_and_a_second_malignancy_is_not(protocol: Protocol) -> None:
    events = ("relapse", "second_malignancy")
    document = endpoint(protocol, "pfs").model_copy(update={"events": events})
    plan = assessment_plan(protocol)

    relapse = time_to_event(document, course(protocol, STABLE, ("relapse", 380)), plan)
    malignancy = time_to_event(document, course(protocol, STABLE, ("second_malignancy", 380)), plan)

    assert short(relapse) == ("censored", "missed_assessments", 91)
    assert short(malignancy) == ("event", "second_malignancy", 380)


def test_without_a_cut_nobody_is_censored_at_one(protocol: Protocol) -> None:
    one = course(protocol, STABLE, ("contact", 200), known_later=True)

    assert short(found(protocol, "os", one)) == ("censored", "alive_without_event", 200)


def test_death_before_the_cut_is_no_cut(protocol: Protocol) -> None:
    one = course(protocol, STABLE, ("death", 150), cut=on(365), known_later=True)

    assert short(found(protocol, "os", one)) == ("event", "death", 150)


def test_an_unscheduled_assessment_on_a_planned_day_stands_for_it(protocol: Protocol) -> None:
    points = (scan("UNS", 91, 90),)

    assert short(found(protocol, "pfs", course(protocol, points, ("death", 287))))[:2] == ("event", "death")
    assert short(found(protocol, "pfs", course(protocol, points, ("death", 288))))[:2] == ("censored", "missed_assessments")


def test_a_gap_without_any_assessment_counts_from_day_1_also_for_a_later_origin(protocol: Protocol) -> None:
    document = endpoint(protocol, "pfs").model_copy(update={"origin": "last_infusion"})
    plan = assessment_plan(protocol)

    def at(day: int) -> Time:
        return time_to_event(document, course(protocol, (), ("infusion", 60), ("death", day)), plan)

    assert short(at(98)) == ("event", "death", 38)
    assert short(at(99)) == ("censored", "missed_assessments", 0)


def test_an_adequate_assessment_on_the_day_of_death_closes_the_gap(protocol: Protocol) -> None:
    points = (scan("RA1", 38, 90), scan("FU6", 273, 90))

    assert short(found(protocol, "pfs", course(protocol, points, ("death", 273)))) == ("event", "death", 273)


def test_an_event_on_the_origin_has_the_value_of_day_one(protocol: Protocol) -> None:
    one = course(protocol, (), ("death", 0))
    document, plan = endpoint(protocol, "os"), assessment_plan(protocol)

    assert time_to_event(document, one, plan).days == 1
    assert time_to_event(document.model_copy(update={"day_one": 0}), one, plan).days == 0


@pytest.mark.parametrize(
    ("name", "events", "cut", "said"),
    [
        ("os", [("contact", 365)], 365, "Alive on the day of the data cut, 2026-01-01."),
        ("os", [("lost_to_follow_up", 150), ("lost_to_follow_up", 120)], None, "Lost to follow-up on 2025-05-01, no event."),
        ("os", [("withdrawal", 150), ("withdrawal", 120)], None, "Withdrew on 2025-05-01, no event."),
        ("os", [("death", 150)], None, "Death on 2025-05-31."),
        ("os", [], None, "Alive without event."),
        ("pfs", [("treatment_stopped", 120, "toxicity")], None, "Treatment stopped for toxicity on 2025-05-01, no event."),
        ("pfs", [("clinical_progression", 120)], None, "Clinical progression on 2025-05-01, not shown by imaging."),
        ("pfs", [("new_therapy", 120)], None, "New anticancer therapy on 2025-05-01, before any event."),
        ("pfs", [("death", 380)], None, "Death on 2026-01-16, after 289 days without an adequate assessment (more than 196)."),
        ("dor", [], None, "No response, confirmed where the protocol demands it."),
        ("efs", [("second_malignancy", 120)], None, "Second malignancy on 2025-05-01."),
        ("efs", [("relapse", 120)], None, "Relapse on 2025-05-01."),
    ],
)
def test_a_time_says_why_it_ended(
    name: str, events: list[tuple[Any, ...]], cut: int | None, said: str, protocol: Protocol
) -> None:
    reason = found(protocol, name, course(protocol, STABLE, *events, cut=None if cut is None else on(cut))).reason

    assert say(reason, "en") == said
    assert say(reason, "zh")


def test_an_assessment_after_the_event_does_not_reach_back_over_the_gap(protocol: Protocol) -> None:
    document = endpoint(protocol, "pfs").model_copy(update={"events": ("relapse",)})
    one = course(protocol, (*STABLE, scan("FU12", 456, 90)), ("relapse", 380))

    assert short(time_to_event(document, one, assessment_plan(protocol))) == ("censored", "missed_assessments", 91)


def test_new_therapy_on_day_1_censors_there(protocol: Protocol) -> None:
    assert short(found(protocol, "pfs", course(protocol, STABLE, ("new_therapy", 0)))) == ("censored", "new_therapy", 0)
