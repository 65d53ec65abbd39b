"""iRECIST beside RECIST 1.1: a progression is unconfirmed until a later set of scans confirms it (Seymour 2017, Lancet Oncol 18:e143)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.efficacy.recist.lesions import TimePoint, Tumour
from protocord.efficacy.recist.overall import Assessed
from protocord.values import Reason

ImmuneResponse = Literal["iCR", "iPR", "iSD", "NON_iCR_NON_iUPD", "NED", "iUPD", "iCPD", "NE"]

CONFIRM_FROM_DAYS, CONFIRM_TO_DAYS = 28, 56
GROWTH_MM = Decimal(5)
_CALM: Mapping[str, ImmuneResponse] = {
    "CR": "iCR",
    "PR": "iPR",
    "SD": "iSD",
    "NON_CR_NON_PD": "NON_iCR_NON_iUPD",
    "NED": "NED",
    "NE": "NE",
}
_ORDER: tuple[ImmuneResponse, ...] = ("iCR", "iPR", "iSD", "NON_iCR_NON_iUPD", "NED", "iUPD", "iCPD", "NE")


@dataclass(frozen=True, slots=True)
class Immune:
    """The response at one set of scans by iRECIST, and the rule that gave it. `progression_on` is the day of an iUPD or iCPD."""

    visit: str
    on: date
    response: ImmuneResponse
    reason: Reason
    progression_on: date | None = None
    opens: bool = False


@dataclass(frozen=True, slots=True)
class ImmuneProgression:
    """The day of progression by iRECIST: the first unconfirmed one of the block that was confirmed, or that stayed open."""

    on: date
    reason: Reason


@dataclass(slots=True)
class _Block:
    """An unconfirmed progression that is open: since when, what progressed, and how large it was then."""

    on: date
    scanned: date
    total: Decimal | None
    by_target: bool
    by_non_target: bool
    new: dict[str, Decimal | None] = field(default_factory=dict)


def immune_responses(tumour: Tumour, assessed: Sequence[Assessed]) -> tuple[Immune, ...]:
    """This will return the iRECIST response at each set of scans that `assess` assessed.

    Until the first progression it is that of RECIST 1.1. Progression opens a block as iUPD. A later set, at least four weeks
    after, confirms it (iCPD) by growth in what had progressed (sum of targets at least 5 mm above that of the block's first
    iUPD, any growth of non-target disease, new lesions at least 5 mm larger or grown or more), or by progression of a kind not
    there before. Neither that nor a response: it stays iUPD. A response against baseline with no new lesion left closes the block.
    """
    points = {point.visit: point for point in tumour.later}
    found: list[Immune] = []
    block: _Block | None = None
    confirmed = False
    for one in assessed:
        point = points[one.visit]
        if confirmed:
            found.append(Immune(one.visit, one.on, "iCPD", Reason.of("irecist_after_confirmation"), found[-1].progression_on))
            continue
        if block is None:
            answer, block = _unopened(one, point)
        else:
            answer, block = _reassessed(one, point, block)
        confirmed = answer.response == "iCPD"
        found.append(answer)
    return tuple(found)


def _unopened(one: Assessed, point: TimePoint) -> tuple[Immune, _Block | None]:
    if one.overall != "PD":
        return Immune(
            one.visit, one.on, _CALM[one.overall], Reason.of("irecist_as_recist", response=f"response_{one.overall}")
        ), None
    on = one.progression_on or one.on
    block = _Block(
        on,
        one.on,
        one.sums.total if one.sums is not None and one.sums.complete else None,
        one.target is not None and one.target.response == "PD",
        one.non_target is not None and one.non_target.response == "PD",
        _sizes(point, {lesion.lesion for lesion in one.new}),
    )
    return Immune(one.visit, one.on, "iUPD", Reason.of("irecist_opened", date=on), on, opens=True), block


def _sizes(point: TimePoint, lesions: set[str]) -> dict[str, Decimal | None]:
    return {seen.lesion: seen.mm for seen in point.sightings if seen.lesion in lesions}


def _reassessed(one: Assessed, point: TimePoint, block: _Block) -> tuple[Immune, _Block | None]:
    growth = _growth(one, point, block)
    days = (one.on - block.scanned).days
    if growth is not None and days >= CONFIRM_FROM_DAYS:
        late = days > CONFIRM_TO_DAYS
        kind = "irecist_confirmed_late" if late else "irecist_confirmed"
        reason = Reason.of(kind, growth=growth, days=days, date=block.on)
        return Immune(one.visit, one.on, "iCPD", reason, block.on), block
    if growth is not None:
        reason = Reason.of("irecist_too_early", growth=growth, days=days, least=CONFIRM_FROM_DAYS)
        return Immune(one.visit, one.on, "iUPD", reason, block.on), _widened(one, point, block)
    if one.overall == "NE" and not any(seen.certainty == "unequivocal" for seen in point.sightings):
        return Immune(one.visit, one.on, "NE", Reason.of("irecist_not_evaluable", date=block.on)), block
    if one.overall not in {"PD", "NE"} and not _new_left(point, block):
        calm = _CALM[one.overall]
        return Immune(one.visit, one.on, calm, Reason.of("irecist_reset", response=f"response_{calm}", date=block.on)), None
    # A new lesion that was not measured when it appeared is held against its first measurement.
    sizes = _sizes(point, set(block.new))
    block.new = {name: sizes.get(name) if before is None else before for name, before in block.new.items()}
    return Immune(one.visit, one.on, "iUPD", Reason.of("irecist_unchanged", days=days, date=block.on), block.on), block


def _growth(one: Assessed, point: TimePoint, block: _Block) -> str | None:
    """The word key of what confirms: growth where it had progressed, or progression where it had not."""
    target_now = one.target is not None and one.target.response == "PD"
    if block.by_target:
        if block.total is not None and one.sums is not None and one.sums.total - block.total >= GROWTH_MM:
            return "irecist_growth_target"
    elif target_now:
        return "irecist_growth_target_first"
    if block.by_non_target:
        if point.non_target_growth or point.non_target_progression:
            return "irecist_growth_non_target"
    elif one.non_target is not None and one.non_target.response == "PD":
        return "irecist_growth_non_target_first"
    if {lesion.lesion for lesion in one.new} - set(block.new):
        return "irecist_growth_another_new"
    if any(seen.grown for seen in point.sightings if seen.lesion in block.new):
        return "irecist_growth_new"
    now = _sizes(point, set(block.new))
    pairs = [(before, now[name]) for name, before in block.new.items() if before is not None and now.get(name) is not None]
    larger = sum((after - before for before, after in pairs if after is not None), Decimal(0))
    return "irecist_growth_new" if pairs and larger >= GROWTH_MM else None


def _widened(one: Assessed, point: TimePoint, block: _Block) -> _Block:
    """Growth that came too early to confirm: what is new in it belongs to the block from now on."""
    block.new |= _sizes(point, {lesion.lesion for lesion in one.new})
    block.by_target = block.by_target or (one.target is not None and one.target.response == "PD")
    block.by_non_target = block.by_non_target or (one.non_target is not None and one.non_target.response == "PD")
    if block.total is None and one.sums is not None and one.sums.complete:
        block.total = one.sums.total
    return block


def _new_left(point: TimePoint, block: _Block) -> bool:
    """Whether a new lesion of the block is not recorded as gone: what nobody said is not taken to be gone."""
    return bool(set(block.new) - {seen.lesion for seen in point.sightings if seen.certainty in {"gone", "not_new"}})


def immune_progression(responses: Sequence[Immune]) -> ImmuneProgression | None:
    """This will return the day of progression by iRECIST; None where every unconfirmed progression was taken back by a response.

    It is the first iUPD of the block that was confirmed, or of the block that is open when the assessments end (Seymour 2017, table 3).
    """
    confirmed = next((one for one in responses if one.response == "iCPD"), None)
    if confirmed is not None and confirmed.progression_on is not None:
        return ImmuneProgression(confirmed.progression_on, Reason.of("irecist_progression_confirmed", date=confirmed.on))
    last_open: Immune | None = None
    again = 0
    for one in responses:
        if one.opens:
            last_open, again = one, 0
        elif one.response == "iUPD":
            again += 1
        elif one.response != "NE":
            last_open = None
    if last_open is None or last_open.progression_on is None:
        return None
    kind = "irecist_progression_open" if again else "irecist_progression_not_reassessed"
    return ImmuneProgression(last_open.progression_on, Reason.of(kind, visit=last_open.visit))


def immune_best(responses: Sequence[Immune]) -> ImmuneResponse:
    """This will return the best response by iRECIST over all the sets, an unconfirmed progression in between notwithstanding."""
    return min((one.response for one in responses), key=_ORDER.index, default="NE")
