"""A boundary as data: no bound is no bound, directions are said, rules can be taken to other looks.

Documents under test: protocord.design.monitoring.boundaries, criteria, sequential, wording, results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from protocord.design import monitoring as rules
from protocord.design.monitoring.boundaries import exceeds, greatest, least
from protocord.design.monitoring.results import bound_statistics, characteristic_statistics, surface_statistics
from protocord.design.monitoring.wording import rule_in_words, strictness_in_words
from protocord.words import say


def test_a_look_without_bound_says_that_it_cannot_stop_in_each_language() -> None:
    boundary = rules.listed((5, 10), (None, 0), direction="<=", counts="responses")
    english, chinese = ([say(reason, language) for reason in boundary.said()] for language in ("en", "zh"))
    assert english == [
        "The count crosses when it is equal to or below the bound.",
        "At 5 evaluable no count can stop.",
        "At 10 evaluable: stop at 0 or fewer responses.",
    ]
    assert chinese == ["例数等于或低于界值即越界。", "可评价5例时，任何例数都不能停止。", "可评价10例时：缓解仅0例及以下即停止。"]


def test_a_bound_of_none_is_never_crossed_and_a_bound_of_zero_is() -> None:
    boundary = rules.listed((5, 10), (None, 0), direction="<=")
    assert not boundary.crossed(5, 0)
    assert boundary.crossed(10, 0)
    assert not boundary.crossed(10, 1)
    upper = rules.listed((5, 10), (None, 4), direction=">=")
    assert not upper.crossed(5, 5)
    assert [upper.crossed(10, count) for count in (3, 4, 5)] == [False, True, True]


@pytest.mark.parametrize(
    ("looks", "bounds", "what"),
    [
        ((), (), "needs looks"),
        ((3,), (1, 2), "needs looks"),
        ((3, 3), (1, 2), "must increase"),
        ((5, 3), (1, 2), "must increase"),
        ((0, 3), (0, 2), "from 1"),
        ((3,), (4,), "is not possible"),
        ((3,), (-1,), "is not possible"),
    ],
)
def test_impossible_bounds_are_refused(looks: Any, bounds: Any, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        rules.listed(looks, bounds, direction=">=")


def test_a_count_equal_to_the_number_of_subjects_is_possible() -> None:
    assert rules.listed((3,), (3,), direction=">=").at(3) == 3
    assert rules.listed((3,), (0,), direction="<=").at(3) == 0


def test_a_bare_list_of_bounds_says_nothing_about_other_looks() -> None:
    with pytest.raises(ValueError, match="no bound follows for other looks"):
        rules.listed((5,), (3,), direction=">=").attained([6])


def test_a_rule_is_taken_to_the_looks_that_were_really_taken() -> None:
    planned = rules.posterior(0.25, 0.9, (10, 20, 30), (0.5, 1.5))
    attained = planned.attained((9, 21, 30))
    assert attained.looks == (9, 21, 30)
    assert attained.bounds == rules.posterior(0.25, 0.9, (9, 21, 30), (0.5, 1.5)).bounds == (5, 9, 11)
    calibrated = rules.pocock(0.2, 0.05, (10, 20, 30)).attained((12, 20, 30))
    # The nominal level stays that of the plan; the bound at 12 is the least count with a tail at or below it.
    assert calibrated.bounds[0] == 6
    assert calibrated.parameters == rules.pocock(0.2, 0.05, (10, 20, 30)).parameters


def test_changes_name_the_first_look_of_each_bound() -> None:
    assert rules.listed((1, 2, 3, 4), (None, 2, 2, 3), direction=">=").changes() == ((1, None), (2, 2), (4, 3))


def test_equal_up_to_rounding_is_equal() -> None:
    values = np.array([0.9 - 1e-13, 0.9, 0.9 + 1e-13, 0.91])
    assert exceeds(values, 0.9, strict=True).tolist() == [False, False, False, True]
    assert exceeds(values, 0.9, strict=False).tolist() == [True, True, True, True]
    assert (least(values > 1), greatest(values > 1)) == (None, None)
    assert (least(values > 0.9001), greatest(values < 0.9001)) == (3, 2)


def test_a_strict_rule_does_not_cross_at_the_certainty_itself() -> None:
    # With a uniform prior and 1 event among 1, P(p > 0.5) is exactly 0.75.
    assert rules.posterior(0.5, 0.75, (1,), (1, 1)).bounds == (None,)
    assert rules.posterior(0.5, 0.75, (1,), (1, 1), strict=False).bounds == (1,)
    assert rules.posterior(0.5, 0.75, (1,), (1, 1), direction="<=").bounds == (None,)
    assert rules.posterior(0.5, 0.75, (1,), (1, 1), direction="<=", strict=False).bounds == (0,)


@pytest.mark.parametrize("rate", [0.1, 0.35, 0.6])
def test_a_rule_for_too_few_is_the_rule_for_too_many_on_the_others(rate: float) -> None:
    looks = (5, 9, 14, 20)
    few = rules.pocock(rate, 0.1, looks, direction="<=")
    many = rules.pocock(round(1 - rate, 10), 0.1, looks)
    assert few.bounds == tuple(None if bound is None else look - bound for look, bound in zip(looks, many.bounds, strict=True))
    assert few.parameters["rate"] == rate
    assert few.parameters["type_i_error"] == pytest.approx(float(rules.characteristics(few, [rate]).low[0]), abs=1e-13)


def test_a_beta_binomial_rule_for_too_few_has_its_prior_turned_over() -> None:
    few = rules.beta_binomial(0.4, 0.1, (10, 20), (2, 3), direction="<=")
    many = rules.beta_binomial(0.6, 0.1, (10, 20), (3, 2))
    assert few.bounds == tuple(look - (bound or 0) for look, bound in zip((10, 20), many.bounds, strict=True))


@pytest.mark.parametrize(
    "made",
    [
        lambda alpha: rules.pocock(0.2, alpha, range(1, 41)),
        lambda alpha: rules.obrien_fleming(0.2, alpha, range(5, 41, 5)),
        lambda alpha: rules.obrien_fleming(0.2, alpha, range(5, 41, 5), scale="score"),
        lambda alpha: rules.wang_tsiatis(0.3, alpha, (10, 20, 25), 0.25),
        lambda alpha: rules.beta_binomial(0.1, alpha, range(1, 31), (1, 4)),
        lambda alpha: rules.max_sprt(0.3, alpha, range(1, 21)),
        lambda alpha: rules.calibrated_sprt(0.1, 0.3, alpha, range(2, 31)),
    ],
)
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_the_printed_parameter_gives_the_bounds_and_an_error_within_alpha(made: Any, alpha: float) -> None:
    found = made(alpha)
    criterion = found.criterion
    printed = rules.Threshold(criterion.measure, criterion.measure.critical(found.parameters["parameter"]), strict=False)
    assert tuple(printed.bound(look) for look in found.looks) == found.bounds
    strictly = rules.Threshold(criterion.measure, printed.critical, strict=True)
    assert tuple(strictly.bound(look) for look in found.looks) == found.bounds, "no count has the printed value itself"
    error = float(rules.characteristics(found, [found.parameters["rate"]]).high[0])
    assert error == pytest.approx(found.parameters["type_i_error"], abs=1e-13)
    assert error <= alpha


def test_where_even_the_most_extreme_count_is_too_likely_no_look_can_stop() -> None:
    found = rules.pocock(0.5, 0.001, (1, 2))
    assert found.bounds == (None, None)
    assert found.parameters["type_i_error"] == 0
    assert "parameter" not in found.parameters


def test_an_error_equal_to_alpha_is_allowed() -> None:
    # 2 of 2 at 0.5 happens with probability 0.25 exactly.
    assert rules.pocock(0.5, 0.25, (2,)).bounds == (2,)
    assert rules.pocock(0.5, 0.2499, (2,)).bounds == (None,)


def test_shapes_go_from_pocock_to_obrien_fleming() -> None:
    looks = (10, 20, 30, 40)
    early = [rules.wang_tsiatis(0.2, 0.05, looks, delta).bounds[0] or 99 for delta in (0.5, 0.25, 0.0)]
    late = [rules.wang_tsiatis(0.2, 0.05, looks, delta).bounds[-1] or 99 for delta in (0.5, 0.25, 0.0)]
    assert early == sorted(early)
    assert early[0] < early[-1]
    assert late == sorted(late, reverse=True)
    assert rules.wang_tsiatis(0.2, 0.05, looks, 0.5) == rules.pocock(0.2, 0.05, looks)
    assert rules.wang_tsiatis(0.2, 0.05, looks, 0.25).kind == "wang_tsiatis"


def test_walds_test_has_his_thresholds_and_nearly_his_errors() -> None:
    above, below = rules.sprt(0.1, 0.3, 0.05, 0.2, range(1, 201))
    assert above.parameters["threshold"] == pytest.approx(np.log(0.8 / 0.05))
    assert below.parameters["threshold"] == pytest.approx(np.log(0.2 / 0.95))
    # By hand: each event is worth log 3, each non-event log(7/9); after 7 without event 7 log(7/9) = -1.76 <= -1.56, after 6 not.
    assert (below.at(6), below.at(7)) == (None, 0)
    assert (above.at(2), above.at(3)) == (None, 3)
    found = rules.characteristics([above, below], [0.1, 0.3])
    assert found.high[0] <= 0.05
    assert found.low[1] <= 0.2


@pytest.mark.parametrize(
    "asked",
    [
        lambda: rules.pocock(0.0, 0.05, (5,)),
        lambda: rules.pocock(0.2, 1.0, (5,)),
        lambda: rules.posterior(1.0, 0.9, (5,), (1, 1)),
        lambda: rules.posterior(0.2, 0.9, (5,), (0, 1)),
        lambda: rules.sprt(0.3, 0.1, 0.05, 0.2, (5,)),
        lambda: rules.sprt(0.1, 0.3, 0.6, 0.5, (5,)),
        lambda: rules.characteristics(rules.pocock(0.2, 0.05, (5,)), [1.5]),
        lambda: rules.characteristics([], [0.5]),
        lambda: rules.characteristics(
            [rules.listed((5,), (1,), direction=">=", counts=one) for one in ("events", "responses")], [0.5]
        ),
        lambda: rules.characteristics(
            [rules.listed((5,), (2,), direction="<="), rules.listed((5,), (2,), direction=">=")], [0.5]
        ),
    ],
)
def test_what_makes_no_rule_is_refused(asked: Any) -> None:
    with pytest.raises(ValueError, match=r"rate|alpha|beta|certainty|prior|boundaries|cross"):
        asked()


def test_statistics_of_a_boundary_give_a_reason_where_no_count_can_stop() -> None:
    boundary = rules.pocock(0.2, 0.05, range(1, 6))
    rows = [one for one in bound_statistics(boundary, limit="a") if one.name == "bound"]
    assert [one.value for one in rows] == [None, None, 3, 3, 4]
    assert [one.reason.kind if one.reason else None for one in rows][:3] == ["boundary_cannot_stop", "boundary_cannot_stop", None]
    assert {one.context["direction"] for one in rows} == {">="}
    assert [one.context["look"] for one in rows] == [1, 2, 3, 4, 5]


def test_statistics_of_characteristics_are_those_numbers() -> None:
    found = rules.characteristics(rules.pocock(0.2, 0.05, (5, 10)), [0.2, 0.4])
    rows = {(one.name, one.context["rate"], one.context.get("look")): one.value for one in characteristic_statistics(found)}
    assert rows["stops_high", 0.4, None] == found.high[1]
    assert rows["expected_events", 0.2, None] == found.events[0]
    assert rows["stops_high_at_look", 0.4, 10] == found.stops_high[1, 1]
    assert rows["stops_low_at_look", 0.4, 10] == 0
    assert len(rows) == 2 * (5 + 2 * 2)
    assert len(list(characteristic_statistics(found, by_look=False))) == 10


def test_statistics_of_a_surface_are_those_numbers() -> None:
    rule = rules.joint_rule([rules.listed((4,), (0,), direction="<=")], [rules.listed((4,), (3,), direction=">=")])
    found = rules.surface(rule, [0.2, 0.4], [0.1])
    rows = {(one.name, one.context["response_rate"]): one.value for one in surface_statistics(found)}
    assert rows["stops_for_futility", 0.4] == found.stopped("futility")[1, 0]
    assert rows["passes", 0.2] == found.passes[0, 0]
    assert rows["expected_subjects", 0.2] == pytest.approx(4)


def test_a_rule_is_named_with_its_parameters_in_each_language() -> None:
    found = rules.posterior(0.25, 0.9, (3,), (0.5, 1.5))
    assert rule_in_words(found, "en") == "Posterior probability: rate 0.25, prior a 0.5, prior b 1.5, certainty 0.9"
    assert rule_in_words(found, "zh") == "后验概率：率 0.25，先验a 0.5，先验b 1.5，把握度 0.9"
    assert strictness_in_words(found, "en") == "Crosses only when strictly beyond the critical value."
    assert strictness_in_words(rules.listed((3,), (1,), direction=">="), "en") == ""
    assert "exact tail" in rule_in_words(rules.pocock(0.2, 0.05, (5,)), "en")


def test_log_ratios_are_those_of_their_formulas() -> None:
    """Closed form: x log(p / p0) + (n - x) log((1 - p) / (1 - p0)), p the observed or the alternative rate."""
    found = rules.MaximisedRatio(0.3).values(10)
    assert found[5] == pytest.approx(5 * np.log(0.5 / 0.3) + 5 * np.log(0.5 / 0.7), abs=1e-14)
    assert found[10] == pytest.approx(10 * np.log(1 / 0.3), abs=1e-14)
    assert found[:4] == pytest.approx([0, 0, 0, 0], abs=1e-14)
    fixed = rules.LikelihoodRatio(0.1, 0.3).values(4)
    assert fixed == pytest.approx([x * np.log(3) + (4 - x) * np.log(7 / 9) for x in range(5)], abs=1e-14)


def test_scores_are_those_of_their_formulas() -> None:
    """Closed form: (x - n p) / sqrt(n p (1 - p)), and the normal quantile of the exact tail, times (n / N)^(1/2 - delta)."""
    score = rules.WangTsiatis(0.2, 40, 0.0, "score").values(10)
    assert score[5] == pytest.approx((5 - 2) / np.sqrt(1.6) * np.sqrt(0.25), abs=1e-14)
    tail = rules.WangTsiatis(0.5, 40, 0.25).values(2)
    assert tail[2] == pytest.approx(0.6744897501960817 * (2 / 40) ** 0.25, abs=1e-12)  # P(2 of 2) = 1/4
    assert tail[0] == -np.inf
