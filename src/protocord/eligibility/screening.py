"""Screen one child on one day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from protocord.criteria import FactIndex
from protocord.eligibility.deciding import deciding, outcome
from protocord.eligibility.findings import Screening
from protocord.values.facts import SubjectRecord
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason

if TYPE_CHECKING:
    from protocord.protocol import Protocol


def screen(protocol: Protocol, subject: SubjectRecord, *, on: date, planned_infusion: date | None = None) -> Screening:
    """This will decide every criterion of the protocol for `subject` on `on`; criteria as of the planned infusion on that day (default `on`).

    Raises ValueError where the planned infusion lies before `on`: nobody is assessed after she was treated.
    """
    if planned_infusion is not None and planned_infusion < on:
        message = f"the planned infusion {planned_infusion} lies before the assessment {on}"
        raise ValueError(message)
    index = FactIndex(subject, protocol.concepts)
    lead = (planned_infusion - on).days if planned_infusion else 0
    findings = tuple(one.finding(index, on) for one in deciding(protocol, lead))
    return Screening(
        study=protocol.study.id,
        protocol_version=protocol.version,
        protocol_hash=protocol.hash,
        subject=subject.id,
        on=on,
        planned_infusion=planned_infusion,
        outcome=outcome({finding.answer for finding in findings}),
        findings=findings,
        notices=tuple(_notices(protocol, on, planned_infusion)),
    )


def _notices(protocol: Protocol, on: date, planned_infusion: date | None) -> Iterator[Reason]:
    if protocol.eligibility.exclusion_status == "not_retrieved":
        yield Reason.of("exclusion_criteria_not_retrieved")
    from_infusion = ", ".join(one.criterion.id for one in deciding(protocol, 1) if one.lead)
    if not from_infusion:
        return
    if planned_infusion is None:
        yield Reason.of("planned_infusion_not_stated", date=on, criteria=from_infusion)
    else:
        yield Reason.of(
            "counted_to_planned_infusion",
            date=planned_infusion,
            days=Quantity(Decimal((planned_infusion - on).days), "d"),
            criteria=from_infusion,
        )
