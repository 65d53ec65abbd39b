"""The response of the non-target lesions at one set of scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.efficacy.recist.lesions import Lesion, Measurement, TimePoint
from protocord.protocol.document.efficacy import TumourResponse
from protocord.values import Reason

NonTargetResponse = Literal["CR", "NON_CR_NON_PD", "PD", "NE"]


@dataclass(frozen=True, slots=True)
class NonTargetFinding:
    """The response of the non-target lesions, the rule that gave it, the lesions not assessed, those that can be seen."""

    response: NonTargetResponse
    reason: Reason
    progression_on: date | None = None
    present: tuple[str, ...] = ()


def non_target_response(
    lesions: Sequence[Lesion], point: TimePoint, rules: TumourResponse, *, after_complete_response: bool = False
) -> NonTargetFinding:
    """This will return the response of the non-target lesions (Eisenhauer 2009, section 4.3.3), with the rule that gave it.

    Progression is the reader's judgement of the whole burden (`point.non_target_progression`), never one lesion's. A lesion
    that is no node and is seen again after an overall complete response is a progression. Markers that were raised at baseline
    must be normal for a complete response; not measured, they leave it not evaluable.
    """
    by_lesion: dict[str, list[Measurement]] = {}
    for measured in point.measurements:
        by_lesion.setdefault(measured.lesion, []).append(measured)
    standings = {lesion.id: _standing(lesion, by_lesion.get(lesion.id, []), point, rules) for lesion in lesions}
    present = tuple(name for name, standing in standings.items() if standing == "present")
    unread = tuple(name for name, standing in standings.items() if standing == "unread")
    if point.non_target_progression:
        last = max((measured.on for lesion in lesions for measured in by_lesion.get(lesion.id, [])), default=point.on)
        return NonTargetFinding("PD", Reason.of("recist_nontarget_progressed", date=last), last, present)
    back = [lesion.id for lesion in lesions if lesion.id in present and not lesion.nodal] if after_complete_response else []
    if back:
        first = min(measured.on for name in back for measured in by_lesion[name])
        return NonTargetFinding(
            "PD", Reason.of("recist_nontarget_reappeared", lesions=", ".join(back), date=first), first, present
        )
    if unread:
        return NonTargetFinding("NE", Reason.of("recist_nontarget_not_evaluated", lesions=", ".join(unread)), None, present)
    if present:
        return NonTargetFinding(
            "NON_CR_NON_PD", Reason.of("recist_nontarget_persists", lesions=", ".join(present)), None, present
        )
    if point.markers == "raised":
        return NonTargetFinding("NON_CR_NON_PD", Reason.of("recist_nontarget_marker_raised"))
    if point.markers == "not_done":
        return NonTargetFinding("NE", Reason.of("recist_nontarget_marker_missing"))
    return NonTargetFinding("CR", Reason.of("recist_nontarget_gone"))


def _standing(lesion: Lesion, found: list[Measurement], point: TimePoint, rules: TumourResponse) -> str:
    if not found or not point.evaluable or any(measured.state == "not_evaluable" for measured in found):
        return "unread"
    if all(measured.state == "absent" for measured in found):
        return "gone"
    # A node too small to measure is a normal one; a lesion that is no node persists however small it is.
    sizes = [_size(measured, rules.thresholds.too_small_mm) for measured in found]
    known = [size for size in sizes if size is not None]
    if lesion.nodal and len(known) == len(found) and sum(known) < rules.measurable.node_normal_below_mm:
        return "gone"
    return "present"


def _size(measured: Measurement, too_small: Decimal) -> Decimal | None:
    if measured.mm is not None:
        return measured.mm
    return {"absent": Decimal(0), "too_small": too_small}.get(measured.state)
