"""Screen one child on one day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from protocord.eligibility.findings import Screening
from protocord.values.facts import SubjectRecord

if TYPE_CHECKING:
    from protocord.protocol import Protocol


def screen(protocol: Protocol, subject: SubjectRecord, *, on: date, planned_infusion: date | None = None) -> Screening:
    """This will decide every criterion of the protocol for `subject` on `on`; criteria as of the planned infusion on that day (default `on`)."""
    raise NotImplementedError
