"""Rules for dose levels as data."""

from __future__ import annotations

from collections.abc import Sequence

from protocord.design.dose_finding.boin import Boin, boin_table
from protocord.design.dose_finding.courses import DoseCharacteristics
from protocord.design.results.rows import Value, bound_row, results, rows
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.values import Reason


def _course_rows(at: DoseCharacteristics, names: Sequence[str], conventions: tuple[str, ...]) -> list[Statistic]:
    found: list[Statistic] = []
    for index, rate in enumerate(at.rates):
        values: dict[str, Value] = {
            "true_toxicity": rate,
            "chosen": at.chosen[index],
            "expected_n": at.subjects[index],
            "expected_toxicities": at.toxicities[index],
        }
        found += rows("levels", {"level_name": names[index]}, values, method="exact", conventions=conventions)
    total: dict[str, Value] = {"no_level_chosen": at.none, "expected_n": at.expected_n, "states_followed": at.states}
    found += rows("escalation", {}, total, method="exact", conventions=conventions)
    for size, chance in at.sizes.items():
        found += rows("total_size", {"n": size}, {"chance": chance}, method="exact")
    return found


def three_plus_three_results(at: DoseCharacteristics, names: Sequence[str], *, expand: bool, start: str) -> Results:
    """This will return the exact characteristics of 3+3, level by level."""
    kept = ("three_plus_three_expand",)
    about: dict[str, Scalar | None] = {"rule": "three_plus_three", "expand": expand, "start": start}
    about |= {f"true_{name}": rate for name, rate in zip(names, at.rates, strict=True)}
    return results(_course_rows(at, names, kept), about)


def boin_results(rule: Boin, most: int, at: DoseCharacteristics | None, names: Sequence[str]) -> Results:
    """This will return BOIN's boundaries and decision table, and characteristics where true rates were given."""
    kept = ("boin_defaults",)
    values: dict[str, Value] = {"lambda_e": rule.escalate, "lambda_d": rule.de_escalate, "low": rule.low, "high": rule.high}
    found = rows("boin", {}, values, method="closed_form", conventions=kept)
    none = Reason.of("design_no_count_eliminates")
    for row in boin_table(rule, most):
        table: dict[str, Value] = {
            "escalate_at_most": row.escalate.count,
            "de_escalate_at_least": row.de_escalate.count,
            "eliminate_at_least": none if row.eliminate is None else row.eliminate.count,
        }
        found += rows("boin_table", {"treated": row.treated}, table, method="closed_form", conventions=kept)
    for shown in (3, 6):
        for row in boin_table(rule, most)[shown - 1 : shown]:
            where: dict[str, Scalar] = {"design": "boin"}
            found.append(bound_row(where, row.escalate, "escalate", shown))
            found.append(bound_row(where, row.de_escalate, "de_escalate", shown))
            if row.eliminate is not None:
                found.append(bound_row(where, row.eliminate, "eliminate", shown))
    if at is not None:
        found += _course_rows(at, names, ("boin_defaults", "boin_selection"))
    about: dict[str, Scalar | None] = {"rule": "boin", "target": rule.target, "certainty": rule.eliminate_above}
    if at is not None:
        about |= {f"true_{name}": rate for name, rate in zip(names, at.rates, strict=True)}
    return results(found, about)
