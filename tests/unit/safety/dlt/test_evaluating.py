"""protocord.safety.dlt: the verdict on each kind of child, criterion by criterion, by the shipped study's definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from protocord import concepts as shipped
from protocord.protocol import STUDIES, load
from protocord.protocol.document.elements import Span
from protocord.protocol.document.safety import Dlt, DltCondition, DltWindow, Evaluable
from protocord.safety.dlt import DltFinding, LabValue, State, Subject, Toxicity, evaluate
from protocord.safety.moments import Moment
from protocord.values import LANGUAGES, Quantity
from protocord.words import say

_FOUND = load(STUDIES / "nct06848582").safety.dlt
assert _FOUND is not None
DLT: Dlt = _FOUND
CONCEPTS = shipped.load()
FIRST = date(2025, 3, 1)
CLOSES = date(2025, 3, 28)
LATER = date(2025, 8, 1)


def at(text: str) -> Moment:
    return Moment.parse(text)


def lab(on: date, value: str, concept: str = "ANC") -> LabValue:
    comparator, number = (value[0], value[1:]) if value[0] in "<>" else ("", value)
    return LabValue(concept, on, Quantity(Decimal(number), "10*9/L", comparator))  # type: ignore[arg-type]


NORMAL = tuple(
    lab(FIRST + timedelta(days=day), number, concept)
    for day in (0, 14, 27)
    for concept, number in (("ANC", "2.0"), ("Platelet count", "200"))
)
STATES = (State("Bone marrow involvement", present=False), State("Chemotherapy", present=False))
WELL = Subject("A", infusions=(at("2025-03-01T10:00"),), values=NORMAL, states=STATES)


def judged(*toxicities: Toxicity, cut_off: date = LATER, dlt: Dlt = DLT, **about: object) -> DltFinding:
    return evaluate(dlt, replace(WELL, toxicities=toxicities, **about), CONCEPTS, cut_off=cut_off)  # type: ignore[arg-type]


def kinds(finding: DltFinding) -> set[str]:
    return {reason.kind for reason in finding.reasons}


def toxicity(category: str, grade: int | None, onset: str | None = "2025-03-05T08:00", **about: object) -> Toxicity:
    given = {
        "end": at("2025-03-06T08:00"),
        "attribution": "possible",
        "fatal": False,
        "excepted": frozenset(),
        "concept": "Headache",
    } | about
    return Toxicity("E1", category, grade, at(onset) if onset else None, **given)  # type: ignore[arg-type]


def test_a_child_watched_through_the_window_without_toxicity_has_none() -> None:
    found = judged()
    assert found.verdict == "no_dlt"
    assert found.window == (FIRST, CLOSES)
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("cut_off", "verdict"),
    [(date(2025, 3, 27), "not_yet_evaluable"), (CLOSES, "no_dlt"), (date(2025, 3, 2), "not_yet_evaluable")],
)
def test_the_window_must_have_closed(cut_off: date, verdict: str) -> None:
    assert judged(cut_off=cut_off).verdict == verdict


def test_a_child_who_left_early_without_toxicity_is_not_evaluable() -> None:
    found = judged(observed_until=date(2025, 3, 27), left=True)
    assert found.verdict == "not_evaluable"
    assert kinds(found) == {"dlt_left"}
    assert judged(observed_until=CLOSES, left=True).verdict == "no_dlt"


def test_a_child_who_left_early_with_a_toxicity_had_one() -> None:
    assert judged(toxicity("icans", 2), observed_until=date(2025, 3, 10), left=True).verdict == "dlt"


def test_observation_that_stops_short_without_a_word_is_undecided() -> None:
    found = judged(observed_until=date(2025, 3, 20), left=None)
    assert found.verdict == "undecided"
    assert kinds(found) == {"dlt_observation_incomplete"}
    assert judged(observed_until=date(2025, 3, 20), left=False).verdict == "not_yet_evaluable"


def test_without_an_infusion_there_is_nothing_to_judge() -> None:
    assert judged(infusions=()).verdict == "not_yet_evaluable"
    assert judged(infusions=(), left=True).verdict == "not_evaluable"
    assert judged(infusions=(), left=True).window is None
    assert judged(cut_off=date(2025, 2, 28)).verdict == "not_yet_evaluable"


def test_too_few_infusions_in_the_window_make_a_child_not_evaluable() -> None:
    two = DLT.model_copy(update={"evaluable": Evaluable(infusions=2, text=DLT.evaluable.text)})
    assert judged(dlt=two).verdict == "not_evaluable"
    both = (at("2025-03-01T10:00"), at("2025-03-28T10:00"))
    late = (at("2025-03-01T10:00"), at("2025-03-29T10:00"))
    assert judged(dlt=two, infusions=both).verdict == "no_dlt"
    assert kinds(judged(dlt=two, infusions=late)) == {"dlt_too_few_infusions"}


@pytest.mark.parametrize(
    ("onset", "verdict"),
    [
        ("2025-03-01T09:59", "undecided"),
        ("2025-03-01T10:00", "dlt"),
        ("2025-03-01", "dlt"),
        ("2025-03-28T23:59", "dlt"),
        ("2025-03-28", "dlt"),
        ("2025-03-29", "no_dlt"),
        ("2025-03", "dlt"),
        ("2025-04", "no_dlt"),
        ("2025", "undecided"),
        (None, "undecided"),
    ],
)
def test_a_toxicity_counts_from_the_first_infusion_to_the_last_day(onset: str | None, verdict: str) -> None:
    expected = "undecided" if onset == "2025-03" else verdict
    assert judged(toxicity("icans", 2, onset, end=None, ongoing=True)).verdict == expected


def test_what_was_there_before_counts_only_where_it_became_worse() -> None:
    before = "2025-02-20"
    assert judged(toxicity("icans", 3, before, grade_before=2)).verdict == "no_dlt"
    assert kinds(judged(toxicity("icans", 3, before, grade_before=1))) == {"dlt_worsening_date"}
    assert kinds(judged(toxicity("icans", 3, before))) == {"dlt_before_treatment"}
    course = ((at("2025-02-20"), 1), (at("2025-03-04"), 3))
    assert judged(toxicity("icans", 3, before, course=course)).verdict == "dlt"
    early = ((at("2025-02-20"), 3),)
    assert judged(toxicity("icans", 3, before, course=early)).verdict == "no_dlt"


@pytest.mark.parametrize(
    ("attribution", "verdict"),
    [
        ("unrelated", "no_dlt"),
        ("unlikely", "no_dlt"),
        ("possible", "dlt"),
        ("probable", "dlt"),
        ("definite", "dlt"),
        (None, "undecided"),
    ],
)
def test_the_attribution_decides_and_a_missing_one_leaves_it_open(attribution: str | None, verdict: str) -> None:
    found = judged(toxicity("icans", 2, attribution=attribution))
    assert found.verdict == verdict
    if attribution is None:
        assert kinds(found) == {"dlt_attribution_missing"}


@pytest.mark.parametrize(
    ("category", "grade", "verdict"),
    [
        ("icans", 1, "no_dlt"),
        ("icans", 2, "dlt"),
        ("crs", 2, "no_dlt"),
        ("crs", 3, "dlt"),
        ("crs", 4, "dlt"),
        ("agvhd", 1, "no_dlt"),
        ("agvhd", 3, "dlt"),
        ("autoimmunity", 3, "no_dlt"),
        ("autoimmunity", 4, "dlt"),
        ("non_haematological", 3, "no_dlt"),
        ("other", 4, "no_dlt"),
        ("haematological", 4, "no_dlt"),
        ("infusion_reaction", 2, "no_dlt"),
        ("icans", None, "undecided"),
    ],
)
def test_each_category_has_its_grade(category: str, grade: int | None, verdict: str) -> None:
    # A day long: too short for the criteria that ask for a length.
    assert judged(toxicity(category, grade)).verdict == verdict


@pytest.mark.parametrize(
    ("grade", "fatal", "end", "attribution", "verdict"),
    [
        (5, True, "2025-03-20", "possible", "dlt"),
        (5, None, "2025-03-20", "possible", "dlt"),
        (4, True, "2025-03-28", "possible", "dlt"),
        (5, True, "2025-03-20", "unrelated", "no_dlt"),
        (5, True, "2025-03-20", None, "undecided"),
        (None, True, "2025-03-20", "possible", "dlt"),
        (None, None, "2025-03-20", "possible", "undecided"),
        (5, True, None, "possible", "dlt"),
    ],
)
def test_a_death_in_the_window_counts(
    grade: int | None, fatal: bool | None, end: str | None, attribution: str | None, verdict: str
) -> None:
    found = judged(toxicity("haematological", grade, end=at(end) if end else None, fatal=fatal, attribution=attribution))
    assert found.verdict == verdict


def test_a_death_counts_by_its_own_day() -> None:
    assert judged(toxicity("haematological", 5, "2025-02-20", end=at("2025-03-10"), fatal=True)).verdict == "dlt"
    assert judged(toxicity("haematological", 5, "2025-03-20", end=at("2025-04-10"), fatal=True)).verdict == "no_dlt"


@pytest.mark.parametrize(
    ("end", "verdict"),
    [("2025-03-08T08:00", "no_dlt"), ("2025-03-08T08:01", "dlt"), ("2025-03-08", "undecided"), ("2025-03-09", "dlt")],
)
def test_crs_of_grade_2_counts_after_72_hours_at_that_grade(end: str, verdict: str) -> None:
    course = ((at("2025-03-05T08:00"), 2),)
    assert judged(toxicity("crs", 2, course=course, end=at(end))).verdict == verdict


def test_a_fall_below_the_grade_ends_the_stretch_and_a_return_begins_another() -> None:
    course = (
        (at("2025-03-05T08:00"), 2),
        (at("2025-03-07T08:00"), 1),
        (at("2025-03-08T08:00"), 2),
        (at("2025-03-10T08:00"), 0),
    )
    assert judged(toxicity("crs", 2, course=course, end=None)).verdict == "no_dlt"
    longer = (*course[:3], (at("2025-03-11T08:01"), 0))
    assert judged(toxicity("crs", 2, course=longer, end=None)).verdict == "dlt"


def test_a_higher_grade_within_the_stretch_does_not_break_it() -> None:
    course = ((at("2025-03-05T08:00"), 3), (at("2025-03-06T08:00"), 4), (at("2025-03-07T08:00"), 3), (at("2025-03-08T09:00"), 2))
    assert judged(toxicity("non_haematological", 4, course=course, end=None, ongoing=True)).verdict == "dlt"


def test_without_a_course_a_long_event_is_open_and_a_short_one_is_not() -> None:
    found = judged(toxicity("non_haematological", 3, end=at("2025-03-09T08:00")))
    assert found.verdict == "undecided"
    assert kinds(found) == {"dlt_course_missing"}
    assert judged(toxicity("non_haematological", 3, end=at("2025-03-08T08:00"))).verdict == "no_dlt"


def test_an_event_that_goes_on_waits_and_then_counts() -> None:
    course = ((at("2025-03-27T08:00"), 3),)
    going = toxicity("non_haematological", 3, "2025-03-27T08:00", course=course, end=None, ongoing=True)
    found = judged(going, cut_off=date(2025, 3, 29))
    assert found.verdict == "not_yet_evaluable"
    assert kinds(found) == {"dlt_still_open"}
    assert judged(going, cut_off=date(2025, 3, 31)).verdict == "dlt"


def test_an_event_that_waits_in_a_child_who_left_stays_open() -> None:
    course = ((at("2025-03-27T08:00"), 3),)
    going = toxicity("non_haematological", 3, "2025-03-27T08:00", course=course, end=None, ongoing=True)
    assert judged(going, observed_until=date(2025, 3, 29), left=True).verdict == "undecided"
    assert judged(going, observed_until=date(2025, 3, 27), left=True).verdict == "undecided"


def test_an_end_that_nobody_recorded_is_missing_data() -> None:
    course = ((at("2025-03-05T08:00"), 3),)
    found = judged(toxicity("non_haematological", 3, course=course, end=None, ongoing=None))
    assert found.verdict == "undecided"
    assert kinds(found) == {"dlt_end_missing"}


def test_an_end_after_the_cut_is_not_known_yet() -> None:
    course = ((at("2025-03-27T08:00"), 3),)
    event = toxicity("non_haematological", 3, "2025-03-27T08:00", course=course, end=at("2025-04-10T08:00"))
    assert judged(event, cut_off=date(2025, 3, 28)).verdict == "not_yet_evaluable"


@pytest.mark.parametrize(
    ("end", "verdict"),
    [("2025-03-06T08:00", "no_dlt"), ("2025-03-06T08:01", "undecided"), ("2025-03-06", "no_dlt"), ("2025-03-07", "undecided")],
)
def test_an_infusion_reaction_without_a_course(end: str, verdict: str) -> None:
    # The end is recovery to nothing; when it came to grade 1 before that nobody wrote.
    moment = at(end)
    onset = "2025-03-05T08:00" if "T" in end else "2025-03-06" if end == "2025-03-06" else "2025-03-05"
    assert judged(toxicity("infusion_reaction", 3, onset, end=moment)).verdict == verdict


@pytest.mark.parametrize(
    ("back", "grade", "verdict"),
    [
        ("2025-03-06T08:00", 1, "no_dlt"),
        ("2025-03-06T08:01", 1, "dlt"),
        ("2025-03-05T12:00", 2, "dlt"),
        ("2025-03-05T12:00", 0, "no_dlt"),
    ],
)
def test_an_infusion_reaction_counts_when_not_back_to_grade_1_within_24_hours(back: str, grade: int, verdict: str) -> None:
    course = ((at("2025-03-05T08:00"), 3), (at(back), grade))
    assert judged(toxicity("infusion_reaction", 3, course=course, end=at("2025-03-09T08:00"))).verdict == verdict


@pytest.mark.parametrize(
    ("about", "verdict"),
    [
        ({"end": at("2025-03-19T08:00")}, "no_dlt"),
        ({"end": at("2025-03-24T08:00")}, "undecided"),
        ({"treated": None}, "undecided"),
        ({"course": ((at("2025-03-05T08:00"), 2), (at("2025-03-20T08:00"), 1)), "end": None}, "no_dlt"),
        ({"course": ((at("2025-03-05T08:00"), 2), (at("2025-03-20T08:01"), 1)), "end": None}, "dlt"),
        ({"course": ((at("2025-03-05T08:00"), 2),), "end": None, "ongoing": True}, "dlt"),
    ],
)
def test_gvhd_of_grade_2_counts_without_response_in_14_days_of_treatment(about: dict[str, object], verdict: str) -> None:
    given = {"treated": at("2025-03-06T08:00")} | about
    assert judged(toxicity("agvhd", 2, **given)).verdict == verdict


def test_gvhd_under_treatment_waits() -> None:
    course = ((at("2025-03-20T08:00"), 2),)
    going = toxicity("agvhd", 2, "2025-03-20T08:00", course=course, treated=at("2025-03-21T08:00"), end=None, ongoing=True)
    assert judged(going, cut_off=date(2025, 3, 30)).verdict == "not_yet_evaluable"
    assert judged(going, cut_off=date(2025, 4, 5)).verdict == "dlt"


LONG = ((Moment.parse("2025-03-05T08:00"), 3), (Moment.parse("2025-03-09T08:00"), 0))


def test_an_exception_in_words_alone_excuses_nobody_until_a_person_says_so() -> None:
    event = toxicity("non_haematological", 3, course=LONG, end=None, concept="Nausea", excepted=None)
    found = judged(event)
    assert found.verdict == "dlt"
    remarks = {remark.kind for one in found.criteria for remark in one.answer.remarks}
    assert remarks == {"dlt_exception_to_judge"}
    assert judged(replace(event, excepted=frozenset({"nausea"}))).verdict == "no_dlt"
    assert judged(replace(event, excepted=frozenset({"laboratory"}))).verdict == "no_dlt"
    judged_none = judged(replace(event, excepted=frozenset()))
    assert judged_none.verdict == "dlt"
    assert not {remark.kind for one in judged_none.criteria for remark in one.answer.remarks}


def short_fever(length: Span, **about: object) -> DltFinding:
    """A study that counts any fever of grade 3 but excepts one shorter than `length`."""
    events = []
    for event in DLT.events:
        if event.id == "non_haematological":
            unless = tuple(one.model_copy(update={"shorter_than": length}) if one.id == "fever" else one for one in event.unless)
            event = event.model_copy(update={"any_of": (DltCondition(grade_at_least=3),), "unless": unless})
        events.append(event)
    return judged(toxicity("non_haematological", 3, **about), dlt=DLT.model_copy(update={"events": tuple(events)}))


@pytest.mark.parametrize(
    ("concept", "end", "verdict"),
    [
        ("Fever", "2025-03-07T07:59", "no_dlt"),
        ("Fever", "2025-03-07T08:01", "dlt"),
        ("Fever", None, "undecided"),
        ("Headache", "2025-03-06T08:00", "dlt"),
        (None, "2025-03-06T08:00", "undecided"),
        (None, "2025-03-07T08:01", "dlt"),
    ],
)
def test_an_exception_with_a_length_is_computed(concept: str | None, end: str | None, verdict: str) -> None:
    assert short_fever(Span(48, "hour"), concept=concept, end=at(end) if end else None).verdict == verdict


def low(*days: int, value: str = "0.4", normal: tuple[int, ...] = (), concept: str = "ANC") -> tuple[LabValue, ...]:
    other = tuple(one for one in NORMAL if one.concept != concept)
    fine = "2.0" if concept == "ANC" else "200"
    beyond = [lab(FIRST + timedelta(days=day - 1), value, concept) for day in days]
    return (*other, *beyond, *(lab(FIRST + timedelta(days=day - 1), fine, concept) for day in normal))


CYTOPENIA = toxicity("haematological", 4, "2025-03-05", end=at("2025-04-20"))


@pytest.mark.parametrize(
    ("days", "normal", "verdict"),
    [
        ((5, 20, 33), (1, 35), "undecided"),  # 28 days seen low, at most 34
        ((5, 20, 34), (1, 35), "dlt"),  # 29 days
        ((5, 20, 28), (1, 29), "no_dlt"),  # at most 28 days, from the normal day 1 to the normal day 29
        ((5, 20, 28), (1, 30), "undecided"),
        ((5, 20), (1, 12, 28), "no_dlt"),  # two runs
        ((1, 15, 29), (30,), "undecided"),
        ((1, 15, 30), (31,), "dlt"),
        ((29, 40, 60), (1, 28, 61), "no_dlt"),  # begins after the window
        ((28, 40, 57), (1, 27, 61), "dlt"),  # begins in it and lasts beyond
    ],
)
def test_neutrophils_below_half_for_more_than_28_days(days: tuple[int, ...], normal: tuple[int, ...], verdict: str) -> None:
    assert judged(CYTOPENIA, values=low(*days, normal=normal)).verdict == verdict


def test_a_run_that_was_there_before_counts_from_the_first_day_of_the_window() -> None:
    early = lab(FIRST - timedelta(days=20), "0.3")
    assert judged(CYTOPENIA, values=(early, *low(2, 15, 28, normal=(29,)))).verdict == "no_dlt"
    assert judged(CYTOPENIA, values=(early, *low(1, 15, 30, normal=(31,)))).verdict == "dlt"
    gone = (early, *low(normal=(1, 15, 28)))
    assert judged(CYTOPENIA, values=gone).verdict == "no_dlt"


def test_the_limit_itself_and_a_comparator() -> None:
    assert judged(CYTOPENIA, values=low(5, 20, 34, value="0.5", normal=(1, 35))).verdict == "no_dlt"
    assert judged(CYTOPENIA, values=low(5, 20, 34, value="<0.1", normal=(1, 35))).verdict == "dlt"
    assert judged(CYTOPENIA, values=low(5, 20, 34, value="<0.5", normal=(1, 35))).verdict == "dlt"


def test_platelets_have_their_own_limit() -> None:
    assert judged(CYTOPENIA, values=low(5, 20, 34, value="19", normal=(1, 35), concept="Platelet count")).verdict == "dlt"
    assert judged(CYTOPENIA, values=low(5, 20, 34, value="20", normal=(1, 35), concept="Platelet count")).verdict == "no_dlt"


def test_a_run_that_goes_on_waits_until_values_are_overdue() -> None:
    values = low(20, 25, normal=(1, 15))
    found = judged(CYTOPENIA, values=values, cut_off=date(2025, 4, 10))
    assert found.verdict == "not_yet_evaluable"
    assert kinds(found) == {"dlt_values_open"}
    overdue = judged(CYTOPENIA, values=values, cut_off=date(2025, 5, 10))
    assert overdue.verdict == "undecided"
    assert kinds(overdue) == {"dlt_values_end"}


def test_without_values_in_the_window_nobody_can_say_there_was_no_cytopenia() -> None:
    found = judged(values=())
    assert found.verdict == "undecided"
    assert kinds(found) == {"dlt_no_values"}
    assert judged(values=(), cut_off=date(2025, 3, 20)).verdict == "not_yet_evaluable"
    unread = tuple(replace(value, value=None) for value in NORMAL)
    assert judged(values=unread).verdict == "undecided"


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ((State("Bone marrow involvement", present=True), STATES[1]), "no_dlt"),
        ((STATES[0], State("Cyclophosphamide", True, at("2025-03-03"), at("2025-03-04"))), "no_dlt"),
        ((STATES[0], State("Cyclophosphamide", True, at("2025-02-03"), at("2025-02-04"))), "undecided"),
        ((*STATES, State("Cyclophosphamide", True, at("2025-02-03"), at("2025-02-04"))), "dlt"),
        ((*STATES, State("Cyclophosphamide", True, at("2025-02"), at("2025-03"))), "undecided"),
        ((*STATES, State("Cyclophosphamide", True, at("2025-05-01"), None)), "dlt"),
        ((STATES[0],), "undecided"),
        ((STATES[1],), "undecided"),
        (STATES, "dlt"),
    ],
)
def test_marrow_disease_or_chemotherapy_at_the_time_excuses_a_cytopenia(states: tuple[State, ...], verdict: str) -> None:
    assert judged(CYTOPENIA, values=low(5, 20, 34, normal=(1, 35)), states=states).verdict == verdict


def test_a_cytopenia_is_attributed_by_the_events_of_the_same_days() -> None:
    values = low(5, 20, 34, normal=(1, 35))
    assert judged(replace(CYTOPENIA, attribution="unrelated"), values=values).verdict == "no_dlt"
    assert kinds(judged(values=values)) == {"dlt_run_attribution"}
    elsewhere = replace(CYTOPENIA, onset=at("2025-06-01"), end=at("2025-06-09"))
    assert kinds(judged(elsewhere, values=values)) == {"dlt_run_attribution"}


def test_one_toxicity_decides_although_another_is_open() -> None:
    open_one = replace(toxicity("icans", 2, attribution=None), id="E2")
    found = judged(toxicity("crs", 3, "2025-03-07"), open_one)
    assert found.verdict == "dlt"
    assert found.on == date(2025, 3, 7)


def test_the_first_day_of_several_counts() -> None:
    assert judged(toxicity("crs", 3, "2025-03-07"), replace(toxicity("icans", 2, "2025-03-04"), id="E2")).on == date(2025, 3, 4)


def test_another_window_begins_on_its_own_day() -> None:
    later = DLT.model_copy(update={"window": DltWindow(first_day=8, last_day=35)})
    assert judged(toxicity("icans", 2, "2025-03-07"), dlt=later, cut_off=LATER).verdict in {"no_dlt", "undecided"}
    assert judged(toxicity("icans", 2, "2025-03-08"), dlt=later).verdict == "dlt"


def test_every_reason_can_be_said_in_both_languages() -> None:
    found = [
        judged(toxicity("icans", None, None, attribution=None)),
        judged(toxicity("non_haematological", 3, course=LONG, end=None, concept="Nausea", excepted=None)),
        judged(CYTOPENIA, values=low(5, 20, 34, normal=(1, 35)), states=()),
        judged(CYTOPENIA, values=low(5, 20, 34, normal=(1, 35))),
        judged(values=()),
        judged(observed_until=date(2025, 3, 20)),
        judged(observed_until=date(2025, 3, 20), left=True),
    ]
    for finding in found:
        for one in finding.criteria:
            for reason in (*finding.reasons, *one.answer.reasons, *one.answer.remarks):
                for language in LANGUAGES:
                    assert say(reason, language)


def test_a_finding_is_data() -> None:
    data = judged(toxicity("icans", 2)).as_data()
    assert (data["verdict"], data["window"], data["on"]) == ("dlt", ["2025-03-01", "2025-03-28"], "2025-03-05")
    met = [one for one in data["criteria"] if one["truth"]]
    assert [(one["criterion"], one["looked_at"], one["on"]) for one in met] == [("icans", "E1", "2025-03-05")]
