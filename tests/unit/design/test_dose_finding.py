"""3+3 and BOIN: closed forms, every course, and what each tally leads to."""

from __future__ import annotations

from itertools import product
from math import comb

import pytest

from protocord.design.dose_finding import Boin, boin_table, choose_dose, follow_boin, follow_three_plus_three
from protocord.design.dose_finding.courses import End, Next, TooManyStates, follow
from protocord.design.dose_finding.three_plus_three import three_plus_three

RULE = Boin.of(0.3)


def up(rate: float) -> float:
    """P(escalate): none of 3, or one of 3 and none of the next 3."""
    q = 1 - rate
    return q**3 + 3 * rate * q**2 * q**3


@pytest.mark.parametrize("rates", [(0.1, 0.25, 0.4), (0.05, 0.5), (0.3,)])
def test_three_plus_three_without_expansion_has_its_closed_form(rates: tuple[float, ...]) -> None:
    """Lin & Shih 2001, Biostatistics 2:203: P(level i chosen) = product of P(up) to i, times 1 - P(up) at i + 1."""
    found = follow_three_plus_three(rates, expand=False)
    before = 1.0
    assert found.none == pytest.approx(1 - up(rates[0]))
    for index, rate in enumerate(rates):
        before *= up(rate)
        stays = 1 - up(rates[index + 1]) if index + 1 < len(rates) else 1.0
        assert found.chosen[index] == pytest.approx(before * stays)
        q = 1 - rate
        reached = before / up(rate)
        assert found.subjects[index] == pytest.approx(reached * (3 + 3 * 3 * rate * q**2))
        assert found.toxicities[index] == pytest.approx(rate * found.subjects[index])


def test_three_plus_three_with_expansion_on_one_level() -> None:
    """Chosen where at most one of six has a toxicity: the first three and the next three, summed."""
    p, q = 0.2, 0.8
    expected = sum(
        comb(3, a) * p**a * q ** (3 - a) * comb(3, b) * p**b * q ** (3 - b) for a, b in product(range(4), repeat=2) if a + b <= 1
    )
    found = follow_three_plus_three([p])
    assert found.chosen[0] == pytest.approx(expected)
    assert found.none == pytest.approx(1 - expected)


@pytest.mark.parametrize(
    ("tally", "level", "answer"),
    [
        (((3, 0), (0, 0)), 0, Next(1, 3)),
        (((3, 1), (0, 0)), 0, Next(0, 3)),
        (((3, 2), (0, 0)), 0, End(None)),
        (((6, 1), (0, 0)), 0, Next(1, 3)),
        (((6, 2), (0, 0)), 0, End(None)),
        (((3, 0), (3, 2)), 1, Next(0, 3)),
        (((6, 1), (3, 2)), 1, End(0)),
        (((6, 1), (6, 2)), 1, End(0)),
        (((6, 0), (3, 2)), 0, End(0)),
        (((6, 2), (3, 2)), 0, End(None)),
        (((3, 0), (3, 0)), 1, Next(1, 3)),
        (((3, 0), (6, 1)), 1, End(1)),
    ],
)
def test_each_tally_leads_where_the_rule_says(tally: tuple[tuple[int, int], ...], level: int, answer: Next | End) -> None:
    assert three_plus_three(tally, level, expand=True) == answer


def test_expected_toxicities_are_the_rate_times_the_subjects_and_chances_add_up() -> None:
    rates = (0.05, 0.15, 0.3, 0.5)
    for found in (follow_three_plus_three(rates), follow_three_plus_three(rates, start=2), follow_boin(RULE, rates, cohorts=6)):
        assert sum(found.chosen) + found.none == pytest.approx(1)
        assert sum(found.sizes.values()) == pytest.approx(1)
        assert sum(size * chance for size, chance in found.sizes.items()) == pytest.approx(found.expected_n)
        for rate, subjects, toxicities in zip(rates, found.subjects, found.toxicities, strict=True):
            assert toxicities == pytest.approx(rate * subjects)


def boin_by_hand(rates: tuple[float, ...], cohorts: int) -> list[float]:
    """Every sequence of cohort outcomes, one by one, with the decision table as printed: P(each level), P(none)."""
    table = {row.treated: row for row in boin_table(RULE, 3 * cohorts)}
    chosen = [0.0] * (len(rates) + 1)
    for sequence in product(range(4), repeat=cohorts):
        tally = [[0, 0] for _ in rates]
        level, chance, over = 0, 1.0, False
        for outcome in sequence:
            if over:
                chance *= (outcome == 0) * 1.0  # the rest of the sequence does not happen: count it once
                continue
            rate = rates[level]
            chance *= comb(3, outcome) * rate**outcome * (1 - rate) ** (3 - outcome)
            tally[level][0] += 3
            tally[level][1] += outcome
            row = table[tally[level][0]]
            out = [bool(n) and table[n].eliminate is not None and table[n].eliminate.crosses(x) for n, x in tally]  # type: ignore[union-attr]
            if out[0]:
                over = True
            elif row.de_escalate.crosses(tally[level][1]) or out[level]:
                level = max(level - 1, 0)
            elif row.escalate.crosses(tally[level][1]) and level + 1 < len(rates) and not any(out[: level + 2]):
                level += 1
        picked = choose_dose(RULE, tuple((n, x) for n, x in tally)) if not over else None
        chosen[-1 if picked is None else picked] += chance
    return chosen


@pytest.mark.parametrize("rates", [(0.1, 0.3), (0.3, 0.5, 0.6), (0.05, 0.1, 0.2)])
def test_boin_equals_every_sequence_of_cohorts(rates: tuple[float, ...]) -> None:
    found = follow_boin(RULE, rates, cohorts=5)
    assert [*found.chosen, found.none] == pytest.approx(boin_by_hand(rates, 5), abs=1e-12)


@pytest.mark.parametrize(
    ("tally", "level"),
    [
        (((6, 1), (6, 2), (3, 2)), 1),
        (((3, 0), (0, 0), (0, 0)), 0),
        (((3, 3), (0, 0), (0, 0)), None),
        (((6, 2), (6, 1), (6, 5)), 1),  # pooled to 1.5 of 6 at both: the higher of equals below the target
        (((6, 3), (6, 2), (6, 5)), 0),  # pooled above the target: the lower of equals
        (((3, 0), (3, 3), (3, 0)), 0),  # a level eliminated takes those above with it
    ],
)
def test_the_dose_chosen_is_nearest_the_target(tally: tuple[tuple[int, int], ...], level: int | None) -> None:
    assert choose_dose(RULE, tally) == level


def test_elimination_needs_three_subjects_and_certainty() -> None:
    assert not RULE.eliminates(2, 2)
    assert RULE.eliminates(3, 3)
    assert not RULE.eliminates(3, 2)


def test_stopping_where_the_next_dose_has_enough_ends_sooner() -> None:
    rates = (0.1, 0.3)
    assert follow_boin(RULE, rates, stop_at=6).expected_n < follow_boin(RULE, rates).expected_n


def test_what_cannot_be_followed_is_refused() -> None:
    with pytest.raises(TooManyStates, match="more than 10 states"):
        follow(lambda tally, level: Next(level, 3) if tally[0][0] < 60 else End(0), Next(0, 3), [0.3], most_states=10)
    with pytest.raises(ValueError, match="no level 3"):
        follow_three_plus_three([0.1, 0.2, 0.3], start=3)
    with pytest.raises(ValueError, match="come down"):
        follow_three_plus_three([0.1, 0.2, 0.3], start=1, expand=False)
    with pytest.raises(ValueError, match="one of the levels"):
        follow_boin(RULE, [0.1, 0.2], start=2)
    with pytest.raises(ValueError, match="one a level"):
        follow_three_plus_three([1.2])
    with pytest.raises(ValueError, match="low < target < high"):
        Boin(0.3, 0.4, 0.5)
