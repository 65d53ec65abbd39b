"""The response of the target lesions at one set of scans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.efficacy.recist.sums import Sum, percent_change
from protocord.protocol.document.efficacy import TumourResponse
from protocord.values import Reason

TargetResponse = Literal["CR", "PR", "SD", "PD", "NE"]


@dataclass(frozen=True, slots=True)
class TargetFinding:
    """The response of the targets, the rule that gave it, and for a progression the day that it is dated by."""

    response: TargetResponse
    reason: Reason
    progression_on: date | None = None


def target_response(
    now: Sum,
    baseline: Decimal,
    nadir: Decimal,
    rules: TumourResponse,
    *,
    on: date,
    vanished: frozenset[str] = frozenset(),
    earliest_scan: date | None = None,
) -> TargetFinding:
    """This will return the response of the targets (Eisenhauer 2009, section 4.3.1), with the rule that gave it.

    `baseline` and `nadir` are sums in mm; `nadir` is the smallest before `now`, baseline included. `vanished` holds the
    non-nodal targets that were absent at an overall complete response: one seen again is a progression. `on` is the day of the
    last target scan of the set, `earliest_scan` the first scan of the set, for the document that dates by it.

    Rules in order: reappearance; progression by size, which the assessed lesions alone can establish; not evaluable; complete;
    partial; stable.
    """
    back = [share for share in now.shares if share.lesion in vanished and share.present]
    if back:
        first = min(share.on or on for share in back)
        lesions = ", ".join(share.lesion for share in back)
        return TargetFinding("PD", Reason.of("recist_target_reappeared", lesions=lesions, date=first), first)
    if progressed(now.total, nadir, rules):
        return TargetFinding("PD", _size_reason(now, nadir), _dated(now, on, earliest_scan, rules))
    if not now.complete:
        return TargetFinding("NE", Reason.of("recist_target_not_evaluated", lesions=", ".join(now.missing)))
    if now.gone:
        kind = "recist_target_gone" if now.total == 0 else "recist_target_gone_nodes"
        normal = rules.measurable.node_normal_below_mm
        return TargetFinding("CR", Reason.of(kind, sum=now.total, normal=normal))
    limit = rules.thresholds.partial_response_percent
    change = _shown(percent_change(now.total, baseline))
    if now.total * 100 <= baseline * (100 - limit):
        return TargetFinding(
            "PR", Reason.of("recist_target_partial", sum=now.total, baseline=baseline, change=change, limit=limit)
        )
    particulars = {"sum": now.total, "baseline": baseline, "change": change, "nadir": nadir, "growth": now.total - nadir}
    return TargetFinding("SD", Reason.of("recist_target_stable", **particulars))


def progressed(total: Decimal, nadir: Decimal, rules: TumourResponse) -> bool:
    """This will return whether a sum has grown from its nadir by both the percentage and the millimetres of the document.

    From a nadir of 0 no percentage exists, and the millimetres alone decide. All in decimals: 63.0 is 70 % of 90.0.
    """
    thresholds = rules.thresholds
    enough_percent = total * 100 >= nadir * (100 + thresholds.progression_percent)
    return enough_percent and total - nadir >= thresholds.progression_mm


def _size_reason(now: Sum, nadir: Decimal) -> Reason:
    growth = now.total - nadir
    if nadir == 0:
        return Reason.of("recist_target_grown_from_zero", sum=now.total)
    change = _shown(percent_change(now.total, nadir))
    if now.complete:
        return Reason.of("recist_target_grown", sum=now.total, nadir=nadir, growth=growth, change=change)
    missing = ", ".join(now.missing)
    return Reason.of(
        "recist_target_grown_partly_assessed", sum=now.total, nadir=nadir, growth=growth, change=change, lesions=missing
    )


def _dated(now: Sum, on: date, earliest: date | None, rules: TumourResponse) -> date:
    if rules.progression_date == "earliest_scan":
        return min([*now.days, earliest or on])
    return on


def _shown(value: Decimal | None) -> Decimal | None:
    """A percentage to one digit, for a sentence; the results keep all digits. Halves go away from zero."""
    from protocord.statistics.rounding import half_up

    return None if value is None else half_up(value, 1)
