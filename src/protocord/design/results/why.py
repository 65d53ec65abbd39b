"""Why this many subjects, as data."""

from __future__ import annotations

from collections.abc import Mapping

from protocord.design.justification import StatedArgument, Why
from protocord.design.results.precision import event_rows, precision_rows
from protocord.design.results.rows import Value, results, rows
from protocord.design.results.sizes import loss_rows
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.values import Reason

EVENT_RATES = (0.01, 0.02, 0.05, 0.1, 0.2)


def why_results(answer: Why, about: Mapping[str, Scalar] | None = None) -> Results:
    """This will return everything that a number of subjects buys; `about` names the study and its protocol's version."""
    found: list[Statistic] = []
    for one in answer.buys:
        values: dict[str, Value] = {"reject_at": one.test.reject_at, "type_one": one.test.type_one}
        for rate, power in one.powers:
            values[f"power_at_plus_{round(100 * (rate - one.p0)):02d}"] = power
        kept = ("type_one_not_strict", "why_grid")
        found += rows("buys", {"n": answer.n, "p0": one.p0}, values, method="exact_binomial", conventions=kept)
    found += event_rows(answer.n, EVENT_RATES, level=answer.level)
    for near in answer.near:
        where: dict[str, Scalar] = {"design": str(near.design), "p0": near.question.p0, "p1": near.question.p1}
        where |= {"alpha": near.question.alpha, "power_asked": near.question.power, "design_kind": near.kind}
        told: dict[str, Value] = {
            "expected_n_null": near.design.expected_n,
            "type_one": near.design.type_one,
            "power": near.design.power,
        }
        found += rows("near", where, told, method="exact", conventions=("simon_largest_r", "why_grid"))
    found += precision_rows(answer.clopper_pearson) + precision_rows(answer.wilson)
    if answer.evaluable is not None:
        found += loss_rows(answer.evaluable)
        for count, chance in answer.chance_evaluable:
            found += rows("evaluable", {"n": answer.n, "at_least": count}, {"chance": chance}, method="exact_binomial")
    for argument in answer.arguments:
        found += _argument_rows(argument, answer.n)
    return results(found, {"planned": answer.n, "alpha": answer.alpha, "interval_level": answer.level, **(about or {})})


def _argument_rows(argument: StatedArgument, n: int) -> list[Statistic]:
    computed: Value = argument.computed
    if computed is None:
        computed = Reason.of("design_argument_incomplete", missing=", ".join(argument.missing))
        if not argument.missing:
            computed = Reason.of("design_argument_has_no_size")
    stated: Value = Reason.of("design_not_stated") if argument.stated is None else argument.stated
    agrees: Value = argument.computed == argument.stated if argument.computed is not None else computed
    values: dict[str, Value] = {"argument_method": argument.method, "stated": stated, "computed": computed, "agrees": agrees}
    return rows("arguments", {"argument": argument.id, "planned_n": n}, values)
