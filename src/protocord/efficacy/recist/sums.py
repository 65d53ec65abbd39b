"""The sum of the diameters of the target lesions at one set of scans, and what each lesion adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from protocord.efficacy.recist.lesions import Lesion, Measurement, TimePoint
from protocord.protocol.document.efficacy import TumourResponse

Standing = Literal["measured", "absent", "too_small", "merged", "not_evaluable", "no_record"]
NOT_ASSESSED: frozenset[Standing] = frozenset({"not_evaluable", "no_record"})


@dataclass(frozen=True, slots=True)
class Share:
    """What one target adds to the sum: its value in mm (None when not assessed), and why it has that value.

    `gone` says that it meets complete response: absent, or a node below the normal limit. `present` says the contrary of a target that
    was assessed.
    """

    lesion: str
    mm: Decimal | None
    standing: Standing
    gone: bool
    present: bool
    fragments: int = 1
    on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of diameters in mm over the targets that were assessed. `total` is the whole sum only where `complete`."""

    shares: tuple[Share, ...]

    @property
    def total(self) -> Decimal:
        """The sum over the targets assessed, in mm."""
        return sum((share.mm for share in self.shares if share.mm is not None), Decimal(0))

    @property
    def complete(self) -> bool:
        """Whether every target was assessed."""
        return all(share.standing not in NOT_ASSESSED for share in self.shares)

    @property
    def missing(self) -> tuple[str, ...]:
        """The targets that were not assessed."""
        return tuple(share.lesion for share in self.shares if share.standing in NOT_ASSESSED)

    @property
    def gone(self) -> bool:
        """Whether every target is absent or, as a node, normal."""
        return all(share.gone for share in self.shares)

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which targets were scanned, in order."""
        return tuple(sorted({share.on for share in self.shares if share.on is not None}))


def sum_of_diameters(targets: Iterable[Lesion], point: TimePoint, rules: TumourResponse) -> Sum:
    """This will return what each target adds to the sum at one set of scans (Eisenhauer 2009, sections 4.3.1 and 4.3.2).

    A lesion too small to measure counts the document's default unless the reader gave its size; fragments of a lesion that has
    split add up; a lesion that has merged into another adds nothing of its own, since the other's row holds the mass; a node
    keeps its real short axis.
    """
    by_lesion: dict[str, list[Measurement]] = {}
    for measured in point.measurements:
        by_lesion.setdefault(measured.lesion, []).append(measured)
    shares: dict[str, Share] = {}
    chosen = tuple(targets)
    for lesion in chosen:
        shares[lesion.id] = _share(lesion, by_lesion.get(lesion.id, []), point, rules)
    return Sum(tuple(_with_host(shares[lesion.id], by_lesion, shares) for lesion in chosen))


def _share(lesion: Lesion, found: list[Measurement], point: TimePoint, rules: TumourResponse) -> Share:
    if not found:
        return Share(lesion.id, None, "no_record", gone=False, present=False)
    on = max(measured.on for measured in found)
    unread = next((measured for measured in found if measured.state == "not_evaluable"), None)
    if unread is not None or not point.evaluable:
        reason = unread.reason if unread is not None else None
        return Share(lesion.id, None, "not_evaluable", gone=False, present=False, fragments=len(found), on=on, reason=reason)
    if all(measured.state == "merged" for measured in found):
        return Share(lesion.id, Decimal(0), "merged", gone=False, present=True, on=on)
    values = [_value(measured, rules.thresholds.too_small_mm) for measured in found]
    total = sum(values, Decimal(0))
    # A fragment that merged into another lesion leaves the lesion's other fragments to count.
    absent = all(measured.state == "absent" for measured in found)
    small = any(measured.state == "too_small" for measured in found)
    standing: Standing = "absent" if absent else "too_small" if small else "measured"
    gone = total < rules.measurable.node_normal_below_mm if lesion.nodal else absent or total == 0
    return Share(lesion.id, total, standing, gone=gone, present=not gone, fragments=len(found), on=on)


def _value(measured: Measurement, too_small: Decimal) -> Decimal:
    if measured.state in {"absent", "merged"}:
        return Decimal(0)
    if measured.mm is not None:
        return measured.mm
    if measured.state == "too_small":
        return too_small
    message = f"lesion {measured.lesion} on {measured.on} is {measured.state} without a size"
    raise ValueError(message)


def _with_host(share: Share, by_lesion: Mapping[str, list[Measurement]], shares: Mapping[str, Share]) -> Share:
    """A merged lesion follows the one that it merged into: gone when that is gone, not assessed when that is not."""
    if share.standing != "merged":
        return share
    host, seen = share, {share.lesion}
    while host.standing == "merged":
        into = next(measured.into for measured in by_lesion[host.lesion] if measured.state == "merged")
        if into is None or into in seen or into not in shares:
            message = f"lesion {host.lesion} is merged into {into!r}, which is no other target"
            raise ValueError(message)
        seen.add(into)
        host = shares[into]
    if host.standing in NOT_ASSESSED:
        return Share(share.lesion, None, host.standing, gone=False, present=False, on=share.on, reason=host.reason)
    return Share(share.lesion, Decimal(0), "merged", gone=host.gone, present=host.present, on=share.on)


def nadir(sums: Iterable[Sum]) -> Decimal | None:
    """This will return the smallest sum among those in which every target was assessed; None where there is none."""
    return min((found.total for found in sums if found.complete), default=None)


def percent_change(now: Decimal, before: Decimal) -> Decimal | None:
    """This will return the change from `before` in percent; None from 0, of which no percentage exists."""
    return None if before == 0 else (now - before) * 100 / before
