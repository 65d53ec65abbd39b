"""Three-valued answers of dose-limiting toxicity: true, false, or open, and whether an open one waits for time or for data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from protocord.values import Reason

__all__ = ["NO", "YES", "Answer", "all_of", "any_of", "missing", "no", "pending", "yes"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether something holds.

    `truth` is None where that is open: `waits` says that only time must pass, else `reasons` name what is missing. Of a decided
    answer the reasons say why. `remarks` are for the person who reviews it.
    """

    truth: bool | None
    waits: bool = False
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()


YES, NO = Answer(True), Answer(False)


def yes(*reasons: Reason) -> Answer:
    """This will return an answer that holds."""
    return Answer(True, reasons=reasons)


def no(*reasons: Reason) -> Answer:
    """This will return an answer that does not hold."""
    return Answer(False, reasons=reasons)


def missing(*reasons: Reason) -> Answer:
    """This will return an open answer for want of data."""
    return Answer(None, reasons=reasons)


def pending(*reasons: Reason) -> Answer:
    """This will return an open answer that time will decide."""
    return Answer(None, waits=True, reasons=reasons)


def all_of(answers: Iterable[Answer]) -> Answer:
    """This will return whether all hold: one that does not decides; else one that is open leaves it open."""
    return _joined(tuple(answers), deciding=False)


def any_of(answers: Iterable[Answer]) -> Answer:
    """This will return whether one holds: one that does decides; else one that is open leaves it open."""
    return _joined(tuple(answers), deciding=True)


def _joined(answers: tuple[Answer, ...], *, deciding: bool) -> Answer:
    remarks = tuple(dict.fromkeys(remark for answer in answers for remark in answer.remarks))
    decisive = [answer for answer in answers if answer.truth is deciding]
    if decisive:
        # Remarks on a criterion that is met travel with it; those on one that is not are of no use to anybody.
        return replace(decisive[0], remarks=remarks if deciding else ())
    opened = [answer for answer in answers if answer.truth is None]
    reasons = tuple(dict.fromkeys(reason for answer in (opened or answers) for reason in answer.reasons))
    if opened:
        # Of several that must all hold, time may yet refute one; of several of which one suffices, all must wait for time alone.
        waiting = [answer.waits for answer in opened]
        return Answer(None, all(waiting) if deciding else any(waiting), reasons, remarks)
    return Answer(not deciding, reasons=reasons, remarks=remarks)
