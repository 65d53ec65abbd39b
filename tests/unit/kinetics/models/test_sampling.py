"""The blood-volume guard, against sums done by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocord.errors import DocumentProblems
from protocord.kinetics.sampling import BloodPlan, blood_plan, blood_volume
from protocord.protocol import STUDIES, Protocol, load


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load(STUDIES / "nct06848582")


def guarded(protocol: Protocol, **changes: object) -> Protocol:
    from dataclasses import replace

    assert protocol.kinetics.blood_volume_guard is not None
    guard = protocol.kinetics.blood_volume_guard.model_copy(update=changes)
    return replace(protocol, kinetics=protocol.kinetics.model_copy(update={"blood_volume_guard": guard}))


def taken(plan: BloodPlan, day: int) -> set[tuple[str, str]]:
    return {(t.draw, t.panel) for o in plan.occasions if o.day == day for t in o.tubes if t.taken}


@pytest.mark.parametrize(
    ("months", "weight", "volume"),
    [(11, "8.5", "680"), (12, "8.5", "637.5"), (0, "3", "240"), (216, "60", "4500")],  # 80 mL/kg below one year, 75 from then on
)
def test_a_child_has_80_or_75_ml_a_kilogram(protocol: Protocol, months: int, weight: str, volume: str) -> None:
    guard = protocol.kinetics.blood_volume_guard
    assert guard is not None
    assert blood_volume(guard, Decimal(weight), months) == Decimal(volume)


def test_the_smallest_child_of_the_study_may_give_one_percent_a_day_and_three_in_four_weeks(protocol: Protocol) -> None:
    """8.5 kg at 12 months: 637.5 mL; 6.375 mL a day; 19.125 mL in 28 days."""
    plan = blood_plan(protocol)
    assert (plan.total_volume, plan.per_occasion, plan.per_period) == (Decimal("637.5"), Decimal("6.375"), Decimal("19.125"))
    assert all(occasion.within for occasion in plan.occasions)


def test_on_day_1_the_smallest_child_gives_its_donor_cells_and_nothing_else(protocol: Protocol) -> None:
    """Three draws of 2 mL make 6 mL of 6.375: the rest of the 12 mL asked (3 phenotype, 1 subsets, 2 cytokines) is left out."""
    plan = blood_plan(protocol)
    assert taken(plan, 1) == {("C1D1-PRE", "donor_cells"), ("C1D1-1H", "donor_cells"), ("C1D1-4H", "donor_cells")}
    day = next(occasion for occasion in plan.occasions if occasion.day == 1)
    assert (day.planned, day.taken) == (Decimal(12), Decimal(6))
    lost = next(tube for tube in day.tubes if tube.draw == "C1D1-4H" and not tube.taken)
    assert lost.reason is not None
    assert lost.reason.kind == "kinetics_blood_trim_occasion"
    assert dict(lost.reason.particulars) == {"asked": "1", "left": "0.375"}


def test_routine_blood_of_later_days_keeps_its_room(protocol: Protocol) -> None:
    """The 28 days up to day 22 hold 2 (screening laboratory) + 3 x 2 of routine; research may take 11.125 mL of them, not more."""
    plan = blood_plan(protocol)
    upto = [occasion for occasion in plan.occasions if -6 <= occasion.day <= 22]
    assert sum(occasion.routine for occasion in upto) == 8
    assert sum(occasion.taken - occasion.routine for occasion in upto) == 11
    assert next(occasion for occasion in plan.occasions if occasion.day == 22).period == 19


def test_every_stretch_holds_by_adding_up_again(protocol: Protocol) -> None:
    for weight in ("8.5", "12", "20"):
        plan = blood_plan(protocol, weight_kg=Decimal(weight), age_months=30)
        by_day = {occasion.day - (occasion.day > 0): occasion.taken for occasion in plan.occasions}
        for end in range(-14, 1200):
            assert sum(volume for day, volume in by_day.items() if end - 28 < day <= end) <= plan.per_period
        assert max(by_day.values()) <= plan.per_occasion


def test_a_big_child_gives_all_that_is_planned(protocol: Protocol) -> None:
    plan = blood_plan(protocol, weight_kg=Decimal(40), age_months=150)
    assert plan.left_out == ()
    assert max(occasion.period for occasion in plan.occasions) <= Decimal(90)


def test_a_guard_that_refuses_takes_whole_draws_or_none(protocol: Protocol) -> None:
    plan = blood_plan(guarded(protocol, on_breach="refuse"))
    first = next(occasion for occasion in plan.occasions if occasion.day == 1)
    assert taken(plan, 1) == {("C1D1-1H", "donor_cells"), ("C1D1-4H", "donor_cells"), ("C1D1-4H", "cytokines")}
    lost = [tube for tube in first.tubes if tube.draw == "C1D1-PRE"]
    assert {tube.reason.kind for tube in lost if tube.reason} == {"kinetics_blood_refuse_occasion"}


def test_blood_taken_before_counts_and_may_break_the_guard_by_itself(protocol: Protocol) -> None:
    plan = blood_plan(protocol, drawn={-3: Decimal(30)})
    broken = [occasion.day for occasion in plan.occasions if not occasion.within]
    assert broken == [1, 2, 4, 8, 9, 15, 16, 22, 23]  # day -3 leaves the 28 days with day 26
    assert taken(plan, 1) == set()
    assert taken(plan, 29) != set()


def test_a_visit_on_the_childs_own_day_moves_its_draws(protocol: Protocol) -> None:
    plan = blood_plan(protocol, weight_kg=Decimal(40), age_months=150, days={"C1D8": 9})
    assert {draw for o in plan.occasions if o.day == 9 for draw in o.draws} == {"C1D8-PRE", "C1D8-EOI"}
    assert {draw for o in plan.occasions if o.day == 10 for draw in o.draws} == {"C1D8-24H"}


def test_two_negatives_end_the_draws_that_wait_for_them(protocol: Protocol) -> None:
    plan = blood_plan(protocol, weight_kg=Decimal(40), age_months=150, stop_after=300)
    assert [occasion.day for occasion in plan.occasions][-2:] == [183, 274]


def test_a_study_without_a_guard_or_a_band_is_told_so(protocol: Protocol) -> None:
    from dataclasses import replace

    bare = replace(protocol, kinetics=protocol.kinetics.model_copy(update={"blood_volume_guard": None}))
    with pytest.raises(DocumentProblems, match="no blood-volume guard"):
        blood_plan(bare)
    assert protocol.kinetics.blood_volume_guard is not None
    young = guarded(protocol, blood_volume=protocol.kinetics.blood_volume_guard.blood_volume[:1])
    with pytest.raises(DocumentProblems, match="no blood volume is stated for the age of 12 months"):
        blood_plan(young)


def test_the_plan_as_results_names_every_tube(protocol: Protocol) -> None:
    results = blood_plan(protocol).results()
    tubes = list(results.select("blood_volume", "tube"))
    assert len(tubes) == sum(len(sample.panels) for sample in protocol.kinetics.samples)
    assert all(tube.reason is not None for tube in tubes if tube.value is None)
    assert results.value("blood_volume", "limit_period") == 19.125
