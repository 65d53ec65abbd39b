"""Whether an early reaction is coded as an infusion reaction or as CRS: the protocol's reaction window after the infusion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from protocord.safety.moments import Moment
from protocord.values import Reason

__all__ = ["ReactionCoding", "reaction_coding"]

Coding = Literal["infusion_reaction", "crs", "before_infusion", "later"]


@dataclass(frozen=True, slots=True)
class ReactionCoding:
    """How a reaction is coded; None with reasons where the times known leave it open."""

    coding: Coding | None
    reasons: tuple[Reason, ...] = ()


def reaction_coding(
    onset: Moment | None,
    infusion_start: Moment | None,
    infusion_end: Moment | None,
    window: timedelta,
    *,
    crs_after_window: bool | None,
    crs_criteria: bool | None = None,
) -> ReactionCoding:
    """This will return how a reaction that began at `onset` is coded, by the window of dosing.yaml's `observation.reaction_window`.

    From the start of the infusion until `window` after its end (that moment included) it is an infusion reaction, unless it
    meets the criteria of CRS beyond the window (`crs_after_window`; clinical.md 1.6.4). After the window it is CRS where the
    criteria hold at all (`crs_criteria`, by default `crs_after_window`), else `later`: an event like any other.
    """
    reasons = []
    for item, moment in (("onset", onset), ("infusion_start", infusion_start), ("infusion_end", infusion_end)):
        if moment is None:
            reasons.append(Reason.of("scale_not_recorded", what=f"scale_item_{item}"))
    if onset is None or infusion_start is None or infusion_end is None:
        return ReactionCoding(None, tuple(reasons))
    begun = onset.at_or_after(infusion_start)
    within = onset.at_or_before(infusion_end + window)
    if begun is False:
        return ReactionCoding("before_infusion")
    beyond = crs_after_window if within is not False or crs_criteria is None else crs_criteria
    if begun and within is False:
        if beyond is None:
            return ReactionCoding(None, (Reason.of("scale_not_recorded", what="scale_item_crs_criteria"),))
        return ReactionCoding("crs" if beyond else "later")
    if begun and beyond:
        return ReactionCoding("crs")  # whichever side of the window it began on
    if begun is None or within is None:
        return ReactionCoding(None, (Reason.of("reaction_time_too_coarse"),))
    if beyond is None:
        return ReactionCoding(None, (Reason.of("scale_not_recorded", what="scale_item_crs_after_window"),))
    return ReactionCoding("infusion_reaction")
