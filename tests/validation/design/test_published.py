"""Designs against what their authors printed. Every row names its table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from protocord.design.dose_finding import Boin, boin_table
from protocord.design.inference import after_two_stages
from protocord.design.one_stage import Question, fleming, single_stage
from protocord.design.stages import gehan
from protocord.design.two_stage import simon
from protocord.design.widths import excluded_by_none, rate_seen

with (Path(__file__).parent / "simon_1989.csv").open(encoding="utf-8") as file:
    SIMON = list(csv.DictReader(file))


@pytest.mark.parametrize("row", SIMON, ids=lambda row: f"{row['p0']}-{row['p1']}-{row['alpha']}-{row['beta']}")
def test_designs_are_those_of_simon_1989(row: dict[str, str]) -> None:
    """Simon 1989, Controlled Clinical Trials 10:1, tables 1 and 2: r1/n1, r/n and E(N | p0) to one decimal."""
    search = simon(Question(float(row["p0"]), float(row["p1"]), float(row["alpha"]), 1 - float(row["beta"])))
    for name, found in (("opt", search.optimal), ("mm", search.minimax)):
        assert found.numbers == tuple(int(row[f"{name}_{part}"]) for part in ("r1", "n1", "r", "n"))
        if row[f"{name}_en"]:
            assert found.expected_n == pytest.approx(float(row[f"{name}_en"]), abs=0.0501)
    assert search.proven


# A'Hern 2001, Stat Med 20:859, tables of exact single-stage designs (one-sided 5 %): p0, p1, power -> reject at >=, n
AHERN = [
    (0.05, 0.20, 0.8, 4, 27),
    (0.05, 0.20, 0.9, 5, 38),
    (0.10, 0.30, 0.8, 6, 25),
    (0.10, 0.30, 0.9, 7, 33),
    (0.20, 0.40, 0.8, 12, 35),
    (0.20, 0.40, 0.9, 15, 47),
    (0.30, 0.50, 0.8, 17, 39),
]


@pytest.mark.parametrize(("p0", "p1", "power", "reject_at", "n"), AHERN)
def test_single_stage_designs_are_those_of_ahern_2001(p0: float, p1: float, power: float, reject_at: int, n: int) -> None:
    found = single_stage(Question(p0, p1, 0.05, power)).smallest
    assert (found.reject_at, found.n) == (reject_at, n)


# Gehan 1961, J Chronic Dis 13:346, table 1: size of the first stage, by effectiveness and rejection error
GEHAN_5 = {0.05: 59, 0.10: 29, 0.15: 19, 0.20: 14, 0.25: 11, 0.30: 9, 0.35: 7, 0.40: 6, 0.45: 6, 0.50: 5}
GEHAN_10 = {0.05: 45, 0.10: 22, 0.15: 15, 0.20: 11, 0.25: 9, 0.30: 7, 0.35: 6, 0.40: 5, 0.45: 4, 0.50: 4}


@pytest.mark.parametrize(("table", "error"), [(GEHAN_5, 0.05), (GEHAN_10, 0.10)])
def test_first_stages_are_those_of_gehan_1961(table: dict[float, int], error: float) -> None:
    assert {rate: gehan(rate, error, 0.1).n1 for rate in table} == table


def test_gehans_example_has_fourteen_and_then_one_six_nine_eleven_more() -> None:
    """Gehan 1961, the example of effectiveness 20 %, rejection error 5 %, standard error 10 %."""
    assert gehan(0.2, 0.05, 0.1).second[:5] == (1, 6, 9, 11, 11)


@pytest.mark.parametrize(("second_n", "p"), [(30, 0.0268), (27, 0.0157)])
def test_p_values_are_those_of_koyama_and_chen(second_n: int, p: float) -> None:
    """Koyama & Chen 2008, Stat Med 27:3145: design 3/13 12/43, p0 = 0.2, 5 and 9 responses; 30 planned, 27 attained."""
    found = after_two_stages((3, 13, 12, 43), 5, 9, second_n, p0=0.2, alpha=0.05)
    assert round(found.p_value, 4) == p


def test_boin_boundaries_are_those_of_liu_and_yuan_2015() -> None:
    """Liu & Yuan 2015, JRSS C 64:507: lambda_e = 0.236, lambda_d = 0.358 at target 0.3; Yuan 2016 prints 0.236 and 0.359."""
    rule = Boin.of(0.3)
    assert round(rule.escalate, 3) == 0.236
    assert 0.358 < rule.de_escalate < 0.359


def test_the_boin_table_is_that_of_the_authors_package() -> None:
    """R package BOIN, get.boundary(target = 0.30, ncohort = 10, cohortsize = 3), printed at
    rstudio-pubs-static.s3.amazonaws.com/1437814_79ba5accbdfc4c6aaed63b046a781eab.html, treated 1 to 20."""
    table = boin_table(Boin.of(0.3), 20)
    assert [row.escalate.count for row in table] == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]
    assert [row.de_escalate.count for row in table] == [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 7, 8]
    dropped = [row.eliminate.count if row.eliminate else None for row in table]
    assert dropped == [None, None, 3, 3, 4, 4, 5, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 9, 9, 10]
    full = boin_table(Boin.of(0.3), 30)
    assert [full[n - 1].eliminate.count for n in (21, 24, 27, 30)] == [10, 11, 12, 14]  # type: ignore[union-attr]


def test_flemings_formula_gives_its_own_number_by_hand() -> None:
    """Closed form, p0 = 0.2, p1 = 0.4, alpha 0.05, power 0.8: (0.8416 x 0.48990 + 1.6449 x 0.4)^2 / 0.04 = 28.6 -> 29."""
    found = fleming(Question(0.2, 0.4, 0.05, 0.8))
    assert (found.n, found.reject_at) == (29, 10)
    assert found.power < 0.8  # the approximation misses what was asked, and its exact errors show it


def test_the_rule_of_three_is_exact() -> None:
    """Closed form 1 - 0.05^(1/n): 0 of 40 excludes 7.216 % one-sided, 8.810 % two-sided (1 - 0.025^(1/40))."""
    assert excluded_by_none(40, 0.95, sides=1) == pytest.approx(0.0721575, abs=1e-7)
    assert excluded_by_none(40, 0.95, sides=2) == pytest.approx(0.0880973, abs=1e-7)
    assert rate_seen(40, 0.95) == pytest.approx(1 - 0.05 ** (1 / 40), rel=1e-12)
