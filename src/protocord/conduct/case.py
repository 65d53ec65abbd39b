"""The case: everything that one decision is made from, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from protocord.conduct.decisions import Decision, Refusal, RefusalKind
from protocord.conduct.state import StudyState, SubjectState
from protocord.ledger import Body, By, Draft, ProtocolStamp
from protocord.protocol import Protocol
from protocord.values import Particular, Reason


@dataclass(frozen=True, slots=True)
class Case:
    """A wish's circumstances: the protocol, the subject and the study as they stand, who asks, when (UTC), why, by which door."""

    protocol: Protocol
    state: SubjectState
    study: StudyState
    actor: By
    at: datetime
    reason: str
    source: str

    @property
    def today(self) -> date:
        """The calendar day at the subject's site."""
        return local_date(self.protocol, self.state.site, self.at)

    def draft(self, body: Body) -> Draft:
        """This will return the draft of an entry in the subject's chain."""
        return Draft(
            study=self.state.study,
            subject=self.state.id,
            body=body,
            protocol=stamp(self.protocol),
            by=self.actor,
            at=self.at,
            reason=self.reason,
            source=self.source,
        )

    def not_future(self, on: date) -> tuple[Refusal, ...]:
        """This will refuse a day after today: what has not happened cannot be recorded."""
        return () if on <= self.today else (no("conduct_date_future", date=on, today=self.today),)


def stamp(protocol: Protocol) -> ProtocolStamp:
    """This will return what an entry says of the protocol that it was made under."""
    return ProtocolStamp(protocol.study.id, protocol.version, protocol.hash)


def no(kind: str, /, **particulars: Particular) -> Refusal:
    """This will return a refusal because of how things stand."""
    return Refusal(Reason.of(kind, **particulars), level=RefusalKind.STATE)


def refused(*refusals: Refusal) -> Decision:
    """This will return the decision that these stand against a wish."""
    return Decision(refusals=refusals)


def local_date(protocol: Protocol, site: str, at: datetime) -> date:
    """This will return the calendar day at a site (its id) at a moment; a site without a time zone keeps UTC. Raises KeyError."""
    zone = protocol.site(site).time_zone
    return at.astimezone(ZoneInfo(zone or "UTC")).date()
