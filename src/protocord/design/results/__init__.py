"""The answers of `protocord.design` as data: one row a statistic. Each `analysis` is one table: its contexts are the rows."""

from __future__ import annotations

from protocord.design.results.accrual import accrual_results
from protocord.design.results.after import after_results
from protocord.design.results.dose import boin_results, three_plus_three_results
from protocord.design.results.precision import assurance_results, precision_results
from protocord.design.results.rows import characteristics_rows, design_rows
from protocord.design.results.sizes import (
    admissible_results,
    attained_results,
    bryant_day_results,
    gehan_results,
    loss_rows,
    simon_results,
    single_results,
    staged_results,
)
from protocord.design.results.why import why_results

__all__ = [
    "accrual_results",
    "admissible_results",
    "after_results",
    "assurance_results",
    "attained_results",
    "boin_results",
    "bryant_day_results",
    "characteristics_rows",
    "design_rows",
    "gehan_results",
    "loss_rows",
    "precision_results",
    "simon_results",
    "single_results",
    "staged_results",
    "three_plus_three_results",
    "why_results",
]
