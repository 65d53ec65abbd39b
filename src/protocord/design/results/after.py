"""Inference after stopping as data, the plain estimate beside."""

from __future__ import annotations

from collections.abc import Mapping

from protocord.design.inference import AfterStopping
from protocord.design.results.rows import Value, design_rows, results, rows
from protocord.design.staged import StagedDesign
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.values import Reason


def after_results(answer: AfterStopping, design: StagedDesign, told: Mapping[str, Scalar | None], *, deviated: bool) -> Results:
    """This will return the estimates, p value and interval, the plain ones beside, and whether sizes deviated from the plan."""
    level = answer.interval.level
    first_only = Reason.of("design_first_stage_only")
    kept = ("stage_wise_order", "interval_one_minus_two_alpha")
    if answer.method == "koyama_chen":
        kept = ("koyama_chen_second_stage", "interval_one_minus_two_alpha")
    ends = {"lower": level, "upper": level}
    trial: dict[str, Value] = {
        "responses": answer.responses,
        "subjects": answer.subjects,
        "decision": answer.decision,
        "p_value": answer.p_value,
        "p_below_alpha": answer.rejects,
        "sizes_as_planned": not deviated,
    }
    found: list[Statistic] = rows("after", {"stage": answer.stage}, trial, method=answer.method, conventions=kept)
    exact: dict[str, Value] = {"lower": answer.interval.lower, "upper": answer.interval.upper}
    estimates: tuple[tuple[str, Value, str, tuple[str, ...]], ...] = (
        ("umvue", answer.umvue, "jung_kim", ()),
        ("median_unbiased", answer.median_unbiased, answer.method, ("median_unbiased_half",)),
        ("bias_adjusted", answer.bias_adjusted, "whitehead", ()),
        ("umvcue", first_only if answer.umvcue is None else answer.umvcue, "pepe", ()),
        ("naive", answer.naive, "observed_rate", ()),
    )
    for name, value, method, conventions in estimates:
        found += rows("estimates", {"estimate_kind": name}, {"estimate": value}, method=method, conventions=conventions)
    found += rows("interval", {"interval": answer.method}, exact, method=answer.method, conventions=kept, levels=ends)
    naive: dict[str, Value] = {"lower": answer.naive_interval.lower, "upper": answer.naive_interval.upper}
    found += rows("interval", {"interval": "naive"}, naive, method="clopper_pearson", levels=ends)
    found += design_rows(design, {"design": "in_force"})
    return results(found, told)
