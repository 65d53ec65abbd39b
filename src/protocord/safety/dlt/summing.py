"""The findings of dose-limiting toxicity as results: the verdict on each subject, and how many stand where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import get_args

import polars as pl

from protocord.errors import Place, Problem, ProblemsFound
from protocord.protocol import Protocol
from protocord.safety.dlt.evaluating import DltFinding, Verdict, evaluate
from protocord.safety.dlt.reading import DltData, subjects
from protocord.statistics import Results, Statistic
from protocord.statistics.intervals import binomial
from protocord.statistics.results import Scalar
from protocord.tables import fingerprint
from protocord.values import Reason

__all__ = ["dlt_results", "evaluate_study", "for_monitoring"]

_CONVENTIONS = ("dlt_onset_in_window", "dlt_course", "dlt_unjudged_exception")


def evaluate_study(protocol: Protocol, data: DltData, *, cut_off: date) -> tuple[tuple[DltFinding, ...], Results]:
    """This will return the finding of every subject followed, and the results made of them.

    Raises TableProblems with all that is wrong in the tables, and ProblemsFound where the protocol defines no dose-limiting toxicity.
    """
    if protocol.safety.dlt is None:
        remedy = "Write its `dlt` section."
        raise ProblemsFound([Problem(Place("safety.yaml"), "the study defines no dose-limiting toxicity.", remedy)])
    people = subjects(data, protocol.concepts)
    findings = tuple(evaluate(protocol.safety.dlt, person, protocol.concepts, cut_off=cut_off) for person in people)
    given = (data.events, data.infusions, data.followed, data.course, data.states, data.results)
    about: dict[str, Scalar] = {"study": protocol.study.id, "protocol_version": protocol.version, "cut_off": cut_off}
    return findings, Results(dlt_results(findings), fingerprint(*(table for table in given if table is not None)), about)


def for_monitoring(findings: Iterable[DltFinding]) -> pl.DataFrame:
    """This will return the table that limits are watched with: subject, limit (dlt), evaluable (yes, no, pending), event (yes, no, unknown).

    Whoever is undecided, or whose window is open, is pending with an unknown event: neither an event nor a non-event.
    """
    rows = []
    for finding in findings:
        evaluable = {"dlt": "yes", "no_dlt": "yes", "not_evaluable": "no"}.get(finding.verdict, "pending")
        event = {"dlt": "yes", "no_dlt": "no"}.get(finding.verdict, "unknown")
        rows.append((finding.subject, "dlt", evaluable, event))
    return pl.DataFrame(rows, schema=dict.fromkeys(("subject", "limit", "evaluable", "event"), pl.String), orient="row")


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
