"""The findings of dose-limiting toxicity as results: the verdict on each subject, and how many stand where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from protocord.safety.dlt.evaluating import DltFinding, Verdict
from protocord.statistics import Statistic
from protocord.statistics.intervals import binomial
from protocord.values import Reason

__all__ = ["dlt_results"]

_CONVENTIONS = ("dlt_onset_in_window", "dlt_course", "dlt_unjudged_exception")


def dlt_results(findings: Iterable[DltFinding], *, level: float = 0.95) -> tuple[Statistic, ...]:
    """This will return each subject's verdict, each criterion met or open, the count of each verdict, and the rate.

    The rate is over the evaluable (dlt and no_dlt), with its Clopper-Pearson interval. While subjects are still open the rate is
    pulled upwards, since a toxicity is known before its window closes and its absence is not (convention `dlt_denominator`).
    """
    given = tuple(findings)
    found: list[Statistic] = []
    for finding in given:
        context = {"subject": finding.subject}
        found.append(Statistic("dlt", "verdict", finding.verdict, context=context, conventions=_CONVENTIONS))
        if finding.window:
            found.append(Statistic("dlt", "window_first", finding.window[0], context=context))
            found.append(Statistic("dlt", "window_last", finding.window[1], context=context))
        if finding.on:
            found.append(Statistic("dlt", "onset", finding.on, context=context))
        for criterion in finding.criteria:
            if criterion.answer.truth is not False:
                about = {**context, "criterion": criterion.criterion, "looked_at": criterion.looked_at}
                reasons = criterion.answer.reasons or (Reason.of("dlt_criterion_open"),)
                truth = criterion.answer.truth
                found.append(Statistic("dlt", "criterion", truth, context=about, reason=reasons[0] if truth is None else None))
    counts = {verdict: sum(finding.verdict == verdict for finding in given) for verdict in get_args(Verdict)}
    for verdict, count in counts.items():
        found.append(Statistic("dlt", "subjects", count, context={"verdict": verdict}, conventions=_CONVENTIONS))
    evaluable = counts["dlt"] + counts["no_dlt"]
    found.append(Statistic("dlt", "evaluable", evaluable, conventions=("dlt_denominator",)))
    if evaluable:
        rate = binomial(counts["dlt"], evaluable, level=level)
        about_rate = {"unit": "1", "method": rate.method, "conventions": ("dlt_denominator",)}
        found.append(Statistic("dlt", "rate", rate.estimate, **about_rate))  # type: ignore[arg-type]
        found.append(Statistic("dlt", "lower", rate.lower, level=level, **about_rate))  # type: ignore[arg-type]
        found.append(Statistic("dlt", "upper", rate.upper, level=level, **about_rate))  # type: ignore[arg-type]
    else:
        found.append(Statistic("dlt", "rate", None, unit="1", reason=Reason.of("dlt_nobody_evaluable")))
    return tuple(found)
