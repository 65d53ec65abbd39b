"""The overall response at each set of scans, with the measurements and the rules that gave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.efficacy.recist.lesions import TimePoint, Tumour
from protocord.efficacy.recist.new_lesions import NewLesion, new_lesions
from protocord.efficacy.recist.non_target import NonTargetFinding, NonTargetResponse, non_target_response
from protocord.efficacy.recist.sums import Sum, nadir, percent_change, sum_of_diameters
from protocord.efficacy.recist.target import TargetFinding, TargetResponse, target_response
from protocord.protocol.document.efficacy import TumourResponse
from protocord.values import Reason

Overall = Literal["CR", "PR", "SD", "NON_CR_NON_PD", "NED", "PD", "NE"]


@dataclass(frozen=True, slots=True)
class Assessed:
    """One set of scans, assessed. Sums in mm, changes in percent.

    `on` is the day of the response, `progression_on` that of a progression, which may be an earlier scan of the set. `baseline`
    and `nadir` are sums; `total` is that of the targets assessed, the whole sum where `complete`. `queries` are what a reader
    should look at again; they change nothing.
    """

    subject: str
    visit: str
    on: date
    overall: Overall
    rule: Reason
    target: TargetFinding | None
    non_target: NonTargetFinding | None
    new: tuple[NewLesion, ...]
    sums: Sum | None
    baseline: Decimal | None
    nadir: Decimal | None
    progression_on: date | None = None
    queries: tuple[Reason, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why: the rule of each part, then the row of the table that joins them."""
        parts = [part.reason for part in (self.target, self.non_target) if part is not None]
        return (*parts, *(lesion.reason for lesion in self.new), self.rule)

    @property
    def change_from_baseline(self) -> Decimal | None:
        """The change of the whole sum from baseline, in percent; None where not every target was assessed."""
        if self.sums is None or not self.sums.complete or self.baseline is None:
            return None
        return percent_change(self.sums.total, self.baseline)

    @property
    def change_from_nadir(self) -> Decimal | None:
        """The change of the whole sum from the nadir, in percent; None where not every target was assessed, or from 0."""
        if self.sums is None or not self.sums.complete or self.nadir is None:
            return None
        return percent_change(self.sums.total, self.nadir)


def overall_response(
    target: TargetResponse | None, non_target: NonTargetResponse | None, *, new: bool, evaluable: bool = True
) -> tuple[Overall, str]:
    """This will return the overall response and the word key of the rule that gave it (Eisenhauer 2009, tables 1 and 2).

    None stands for no such lesions at baseline. Without any lesion at baseline the answers are no disease, PD and NE.
    """
    if new:
        return "PD", "recist_overall_new_lesion"
    if target == "PD":
        return "PD", "recist_overall_target_progressed"
    if non_target == "PD":
        return "PD", "recist_overall_nontarget_progressed"
    if target is None:
        return _without_targets(non_target, evaluable=evaluable)
    if target == "CR":
        if non_target is None:
            return "CR", "recist_overall_target_gone"
        if non_target == "CR":
            return "CR", "recist_overall_all_gone"
        return "PR", "recist_overall_nontarget_remains" if non_target == "NON_CR_NON_PD" else "recist_overall_nontarget_unread"
    kinds = {"PR": "recist_overall_partial", "SD": "recist_overall_stable", "NE": "recist_overall_not_evaluable"}
    return target, kinds[target]


def _without_targets(non_target: NonTargetResponse | None, *, evaluable: bool) -> tuple[Overall, str]:
    if non_target is None:
        return ("NED", "recist_overall_no_disease") if evaluable else ("NE", "recist_overall_not_evaluable")
    kinds = {
        "CR": "recist_overall_nontarget_gone",
        "NON_CR_NON_PD": "recist_overall_neither",
        "NE": "recist_overall_not_evaluable",
    }
    return non_target, kinds[non_target]


def assess(tumour: Tumour, rules: TumourResponse) -> tuple[Assessed, ...]:
    """This will assess every set of scans after baseline, in order (RECIST 1.1, Eisenhauer 2009).

    Without a baseline nothing can be compared: the answer is empty.
    """
    return tuple(_assessed(tumour, rules)) if tumour.baseline is not None else ()


def _assessed(tumour: Tumour, rules: TumourResponse) -> Iterator[Assessed]:
    assert tumour.baseline is not None
    targets, non_targets = tumour.targets, tumour.non_targets
    first = sum_of_diameters(targets, tumour.baseline, rules)
    sums, new, complete_at = [first], _by_visit(new_lesions(tumour.later)), False
    vanished: frozenset[str] = frozenset()
    for point in tumour.later:
        now = sum_of_diameters(targets, point, rules)
        lowest = nadir(sums)
        on = now.days[-1] if now.days else point.on
        target = None
        if targets:
            assert lowest is not None  # the baseline is complete: `inputs` refuses a target without its measurement
            target = target_response(now, first.total, lowest, rules, on=on, vanished=vanished, earliest_scan=point.days[0])
        other = non_target_response(non_targets, point, rules, after_complete_response=complete_at) if non_targets else None
        seen = new.get(point.visit, ())
        overall, kind = overall_response(
            target.response if target else None,
            other.response if other else None,
            new=bool(seen),
            evaluable=point.evaluable,
        )
        days = [part.progression_on for part in (target, other) if part is not None] + [lesion.on for lesion in seen]
        yield Assessed(
            tumour.subject,
            point.visit,
            on,
            overall,
            Reason.of(kind),
            target,
            other,
            seen,
            now if targets else None,
            first.total if targets else None,
            lowest if targets else None,
            min((day for day in days if day is not None), default=None) if overall == "PD" else None,
            _queries(point, overall, other, complete_at=complete_at),
        )
        sums.append(now)
        if overall == "CR":
            complete_at = True
            vanished = frozenset(lesion.id for lesion in targets if not lesion.nodal)


def _by_visit(found: Sequence[NewLesion]) -> Mapping[str, tuple[NewLesion, ...]]:
    by_visit: dict[str, tuple[NewLesion, ...]] = {}
    for lesion in found:
        by_visit[lesion.visit] = (*by_visit.get(lesion.visit, ()), lesion)
    return by_visit


def _queries(point: TimePoint, overall: Overall, other: NonTargetFinding | None, *, complete_at: bool) -> tuple[Reason, ...]:
    queries = []
    if complete_at and overall in {"PR", "SD", "NON_CR_NON_PD"}:
        queries.append(Reason.of("recist_query_disease_after_complete", visit=point.visit, response=f"response_{overall}"))
    if other is not None and point.non_target_progression is None:
        queries.append(Reason.of("recist_query_progression_not_stated", visit=point.visit))
    return tuple(queries)


def first_progression(assessed: Sequence[Assessed]) -> Assessed | None:
    """This will return the first set that shows progression, None where there is none."""
    return next((one for one in assessed if one.overall == "PD"), None)
