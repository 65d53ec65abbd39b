"""Precision and assurance as data."""

from __future__ import annotations

from collections.abc import Sequence

from protocord.design.assured import Assurance, BetaPrior
from protocord.design.results.rows import Value, characteristics_rows, design_rows, results, rows
from protocord.design.staged import StagedDesign
from protocord.design.widths import Precision, chance_of_any, excluded_by_none, precision, rate_seen
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.values import Reason


def precision_rows(answer: Precision) -> list[Statistic]:
    """This will return the limits at each count, and expected width and coverage at each true rate."""
    found: list[Statistic] = []
    kept = ("precision_interval",)
    for count in range(answer.n + 1):
        lower, upper = float(answer.lower[count]), float(answer.upper[count])
        values: dict[str, Value] = {"estimate": count / answer.n, "lower": lower, "upper": upper, "width": upper - lower}
        where: dict[str, Scalar] = {"n": answer.n, "interval": answer.method, "responses": count}
        levels = {"lower": answer.level, "upper": answer.level, "width": answer.level}
        found += rows("limits", where, values, method=answer.method, conventions=kept, levels=levels)
    for index, rate in enumerate(answer.rates.tolist()):
        where = {"n": answer.n, "interval": answer.method, "true_rate": rate}
        wide: dict[str, Value] = {
            "expected_width": float(answer.expected_width[index]),
            "coverage": float(answer.coverage[index]),
        }
        levels = dict.fromkeys(wide, answer.level)
        found += rows("width", where, wide, method=answer.method, conventions=kept, levels=levels)
    return found


def event_rows(n: int, event_rates: Sequence[float], *, level: float) -> list[Statistic]:
    """This will return the chance to see an event, the rate seen with 95 %, and what no event excludes."""
    found: list[Statistic] = []
    for rate in event_rates:
        found += rows("at_least_one", {"n": n, "event_rate": float(rate)}, {"chance": chance_of_any(n, rate)}, method="exact")
    values: dict[str, Value] = {
        "rate_seen_95": rate_seen(n, 0.95),
        "excluded_one_sided": excluded_by_none(n, level, sides=1),
        "excluded_two_sided": excluded_by_none(n, level, sides=2),
    }
    levels = {"excluded_one_sided": level, "excluded_two_sided": level}
    found += rows("no_event", {"n": n}, values, method="exact", conventions=("rule_of_three_exact",), levels=levels)
    return found


def precision_results(
    sizes: Sequence[int], rates: Sequence[float], event_rates: Sequence[float], *, level: float, methods: Sequence[str]
) -> Results:
    """This will return limits, widths and event chances for each number of subjects and each method of interval."""
    found: list[Statistic] = []
    for n in sizes:
        for method in methods:
            found += precision_rows(precision(n, list(rates), level=level, method=method))  # type: ignore[arg-type]
        found += event_rows(n, event_rates, level=level)
    return results(found, {"sizes": " ".join(str(n) for n in sizes), "interval_level": level})


def assurance_results(design: StagedDesign, answer: Assurance, threshold: float | None) -> Results:
    """This will return the assurance of a design beside its bounds and characteristics at the prior's mean."""
    prior: BetaPrior = answer.prior
    unasked = Reason.of("design_no_threshold")
    values: dict[str, Value] = {
        "conclude": answer.conclude,
        "expected_n": answer.expected_n,
        "prior_mean": prior.mean,
        "above_threshold": unasked if answer.above_threshold is None else answer.above_threshold,
        "false_positive": unasked if answer.false_positive is None else answer.false_positive,
        "true_positive": answer.true_positive
        if answer.true_positive is not None
        else (unasked if threshold is None else Reason.of("design_never_concludes")),
    }
    found = rows("assurance", {"design": "given"}, values, method="beta_binomial")
    found += design_rows(design, {"design": "given"})
    found += characteristics_rows(design, [prior.mean], {"design": "given"})
    return results(found, {"prior_a": prior.a, "prior_b": prior.b, "threshold": threshold})
