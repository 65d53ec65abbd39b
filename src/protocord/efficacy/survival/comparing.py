"""Compare groups: log-rank or Gray's test, and the hazard ratio of each group to the first with the check of its proportionality."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import numpy as np

from protocord.efficacy.survival.samples import Group
from protocord.efficacy.survival.telling import Told
from protocord.statistics import Statistic
from protocord.statistics.survival import Cox, cox, gray_test, log_rank, proportional_hazards
from protocord.statistics.survival.sample import Floats, Integers
from protocord.values import Reason


def compare(whole: Group, groups: tuple[Group, ...]) -> Iterator[Statistic]:
    """This will yield the tests between the groups; with competing events Gray's for each cause, else log-rank and hazard ratios.

    Groups are those of one column, in the order of their names; hazard ratios are to the first.
    """
    told = Told(
        whole.endpoint.id, {"variant": whole.variant, "by": groups[0].by, "comparison": " / ".join(one.name for one in groups)}
    )
    labels = np.concatenate([np.full(len(one.time), place) for place, one in enumerate(groups)])
    time, status = np.concatenate([one.time for one in groups]), np.concatenate([one.status for one in groups])
    if (whole.status == 2).any():
        for code, kind in ((1, "event"), (2, "competing")):
            test = gray_test(time, status, labels, of=code)
            why = Reason.of("survival_no_comparison") if test.why else None
            yield told.number("chi_square", test.chi_square, {"of": kind}, why=why, method="gray", conventions=("survival_gray",))
            yield told.number("p_value", test.p_value, {"of": kind}, why=why, method="gray", conventions=("survival_gray",))
        return
    found = log_rank(time, status, labels)
    why = Reason.of("survival_no_comparison") if found.why else None
    for place, one in enumerate(groups):
        yield told.number("observed", float(found.observed[place]), {"group": one.name}, method="log_rank")
        yield told.number("expected", float(found.expected[place]), {"group": one.name}, method="log_rank")
    yield told.number("chi_square", found.chi_square, {"df": found.df}, why=why, method="log_rank")
    yield told.number("p_value", found.p_value, {"df": found.df}, why=why, method="log_rank")
    if len(groups) > 1:
        covariates = (labels[:, None] == np.arange(1, len(groups))).astype(np.float64)
        names = tuple(one.name for one in groups[1:])
        yield from hazard_ratios(told, time, status, covariates, names, groups[0].name, float(whole.endpoint.level))


def hazard_ratios(
    told: Told,
    time: Floats,
    status: Integers,
    covariates: Floats,
    names: tuple[str, ...],
    reference: str,
    level: float,
    entry: Floats | None = None,
) -> Iterator[Statistic]:
    """This will yield each group's hazard ratio to the reference, its limits and p-value, and the check that it is constant."""
    conventions = ("survival_cox_ties",)
    nan = float("nan")
    fit: Cox | None = None
    if (status == 1).any():
        fit = cox(time, status, covariates, names=names, entry=entry, level=level)
    why = Reason.of("survival_no_event") if fit is None else Reason.of(f"survival_{fit.why}") if fit.why else None
    checks = proportional_hazards(fit)[0] if fit is not None and not fit.why else None
    for place, name in enumerate(names):
        where, method = {"group": name, "reference": reference}, "cox/efron"
        ratio = float(fit.hazard_ratio[place]) if fit else nan
        lower, upper = (float(limit[place]) for limit in fit.limits) if fit else (nan, nan)
        p_value = float(fit.p_value[place]) if fit else nan
        yield told.number("hazard_ratio", ratio, where, why=why, method=method, conventions=conventions)
        yield from told.limits(lower, upper, where, why=(why, why), method=method, conventions=conventions, level=level)
        yield told.number("hazard_ratio_p", p_value, where, why=why, method=method, conventions=conventions)
        check, method = checks[place].p_value if checks else nan, "schoenfeld_score/km"
        unchecked = why or (Reason.of("survival_one_event_time") if isnan(check) else None)
        conventions_of_check = ("survival_proportional_hazards",)
        yield told.number("proportional_hazards_p", check, where, why=unchecked, method=method, conventions=conventions_of_check)
