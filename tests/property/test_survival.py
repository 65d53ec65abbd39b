"""What must hold for any times to events: identities between estimators, and indifference to order and to the unit of time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocord.statistics.intervals import binomial
from protocord.statistics.survival import (
    TRANSFORMS,
    aalen_johansen,
    cox,
    gray_test,
    kaplan_meier,
    landmark,
    log_rank,
    reverse_kaplan_meier,
    stretches,
)

DAYS = st.integers(1, 60)
SUBJECTS = st.lists(st.tuples(DAYS, st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=40)


def arrays(subjects: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time, cause, group = np.array(subjects).T
    return time.astype(float), cause, group


def close(one: object, other: object) -> None:
    np.testing.assert_allclose(np.asarray(one, float), np.asarray(other, float), rtol=1e-9, atol=1e-12, equal_nan=True)


@given(st.lists(DAYS, min_size=1, max_size=40))
def test_without_censoring_the_curve_is_the_share_still_alive(days: list[int]) -> None:
    curve = kaplan_meier(days, np.ones(len(days)))
    close(curve.survival, [np.mean(np.array(days) > when) for when in curve.time])
    close(curve.std_error[:-1], np.sqrt(curve.survival * (1 - curve.survival) / len(days))[:-1])
    close(curve.rmst().estimate, np.mean(days))


@given(SUBJECTS, st.randoms(use_true_random=False))
def test_the_order_of_subjects_does_not_count(subjects: list[tuple[int, int, int]], random: object) -> None:
    mixed = list(subjects)
    random.shuffle(mixed)
    for ours, theirs in [(arrays(subjects), arrays(mixed))]:
        one, other = kaplan_meier(ours[0], ours[1] > 0), kaplan_meier(theirs[0], theirs[1] > 0)
        assert np.array_equal(one.survival, other.survival)
        assert np.array_equal(one.lower, other.lower, equal_nan=True)
        assert one.quantile() == other.quantile() or np.isnan([one.quantile().time, one.quantile().upper]).any()


@given(SUBJECTS, st.sampled_from([1 / 30.4375, 1 / 365.25, 7.0, 1 / 3]), st.sampled_from(TRANSFORMS))
def test_months_give_the_same_curve_as_days(subjects: list[tuple[int, int, int]], unit: float, transform: str) -> None:
    time, cause, _ = arrays(subjects)
    days = kaplan_meier(time, cause > 0, transform=transform)
    months = kaplan_meier(time * unit, cause > 0, transform=transform)
    close(months.time, days.time * unit)
    close(months.survival, days.survival)
    close(months.upper, days.upper)
    for p in (0.25, 0.5):
        close(months.quantile(p).time, days.quantile(p).time * unit)
    close(months.rmst().std_error, days.rmst().std_error * unit)


@given(SUBJECTS)
def test_whole_days_and_times_a_little_off_whole_give_one_curve(subjects: list[tuple[int, int, int]]) -> None:
    time, cause, _ = arrays(subjects)
    noise = np.linspace(0, 1e-10, len(time))
    one, other = kaplan_meier(time, cause > 0), kaplan_meier(time + noise, cause > 0)
    assert np.array_equal(one.survival, other.survival)
    assert np.array_equal(one.n_risk, other.n_risk)


@given(SUBJECTS)
def test_everyone_late_at_the_start_is_nobody_late(subjects: list[tuple[int, int, int]]) -> None:
    time, cause, _ = arrays(subjects)
    plain, late = kaplan_meier(time, cause > 0), kaplan_meier(time, cause > 0, entry=np.zeros(len(time)))
    assert np.array_equal(plain.survival, late.survival)
    assert np.array_equal(plain.n_risk_at(np.arange(62)), late.n_risk_at(np.arange(62)))


@given(SUBJECTS)
def test_numbers_at_risk_are_those_with_a_time_not_before(subjects: list[tuple[int, int, int]]) -> None:
    time, cause, _ = arrays(subjects)
    when = np.arange(0, 63)
    close(kaplan_meier(time, cause > 0).n_risk_at(when), [(time >= day).sum() for day in when])


@given(SUBJECTS)
def test_survival_times_the_turned_curve_is_the_share_left_where_events_and_censorings_do_not_tie(
    subjects: list[tuple[int, int, int]],
) -> None:
    time, cause, _ = arrays(subjects)
    time = np.where(cause > 0, time, time + 0.5)
    one, turned = kaplan_meier(time, cause > 0), reverse_kaplan_meier(time, cause > 0)
    close(one.time, turned.time)
    close(one.survival * turned.survival, [(time > when).mean() for when in one.time])


@given(SUBJECTS)
def test_incidences_of_all_causes_and_survival_make_one(subjects: list[tuple[int, int, int]]) -> None:
    time, cause, _ = arrays(subjects)
    causes = aalen_johansen(time, cause)
    close(sum(found.incidence for found in causes) + kaplan_meier(time, cause > 0).survival, np.ones(len(causes[0].time)))


@given(SUBJECTS)
def test_the_incidence_of_the_only_cause_is_one_minus_survival_with_greenwoods_error(
    subjects: list[tuple[int, int, int]],
) -> None:
    time, cause, _ = arrays(subjects)
    only, curve = aalen_johansen(time, cause > 0, causes=1)[0], kaplan_meier(time, cause > 0)
    close(only.incidence, 1 - curve.survival)
    some = curve.survival > 0
    np.testing.assert_allclose(only.std_error[some], curve.std_error[some], rtol=1e-6, atol=1e-9)


@given(SUBJECTS)
def test_log_rank_and_gray_do_not_mind_which_group_is_first_and_gray_with_one_cause_weighs_the_same_events(
    subjects: list[tuple[int, int, int]],
) -> None:
    time, cause, group = arrays(subjects)
    one, other = log_rank(time, cause > 0, group), log_rank(time, cause > 0, 1 - group)
    close(one.chi_square, other.chi_square)
    close(one.observed.sum(), one.expected.sum())
    first, second = gray_test(time, cause, group), gray_test(time, cause, 1 - group)
    close(first.chi_square, second.chi_square)
    close(first.score.sum(), 0.0)


@settings(max_examples=50)
@given(SUBJECTS)
def test_without_tied_events_the_score_test_of_cox_is_the_log_rank_test(subjects: list[tuple[int, int, int]]) -> None:
    time, cause, group = arrays(subjects)
    _, place = np.unique(time, return_index=True)
    time, event, group = time[place], cause[place] > 0, group[place]
    assume(event.any() and len(set(group)) == 2)
    test, fit = log_rank(time, event, group), cox(time, event, group)
    assume(not test.why and fit.why != "no_information")
    np.testing.assert_allclose(fit.score_test.chi_square, test.chi_square, rtol=1e-7)


@given(SUBJECTS, st.integers(0, 59))
def test_a_landmark_keeps_those_after_it_and_a_cut_loses_no_time(subjects: list[tuple[int, int, int]], at: int) -> None:
    time, cause, _ = arrays(subjects)
    responses = np.where(cause == 2, time / 2, np.nan)
    cut = stretches(time, cause == 1, responses)
    close((cut.time - cut.entry).sum(), time.sum())
    assert cut.event.sum() == (cause == 1).sum()
    if (time > at).any():
        kept = landmark(time, cause == 1, responses, at)
        assert len(kept.time) + kept.ended_before == len(time)
        assert (kept.time > 0).all()
    else:
        with pytest.raises(ValueError, match="nobody is under observation"):
            landmark(time, cause == 1, responses, at)


@settings(max_examples=60)
@given(st.integers(1, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_blaker_and_mid_p_lie_inside_clopper_pearson_and_higher_levels_hold_lower_ones(
    count: tuple[int, int], level: float
) -> None:
    x, n = count
    outer = binomial(x, n, level=level)
    for method in ("blaker", "mid_p"):
        inner = binomial(x, n, level=level, method=method)
        assert outer.lower - 1e-12 <= inner.lower <= inner.upper <= outer.upper + 1e-12
    for method in ("clopper_pearson", "blaker", "mid_p", "wilson", "jeffreys"):
        wide, narrow = binomial(x, n, level=0.99, method=method), binomial(x, n, level=0.8, method=method)
        assert wide.lower <= narrow.lower + 1e-12
        assert narrow.upper <= wide.upper + 1e-12
