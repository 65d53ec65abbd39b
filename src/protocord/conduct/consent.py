"""Consent: whether a subject's data may be recorded and the subject be enrolled.

Read from the facts that the protocol's own forms make, so that what a consent form looks like stays the protocol's matter.
A statement is asked for only where some form of the protocol can make it.
"""

from __future__ import annotations

from datetime import date

from protocord.protocol import Protocol
from protocord.values import Fact, FactStatus, PartialDate, Reason, SubjectRecord, age_range

INFORMED = "Informed consent"
GUARDIAN = "Guardian consent"
PARTICIPANT = "Participant consent"
ASSENT = "Child assent"
ABLE = "Child able to assent"
OVERRIDE = "Life-threat override"
VERSION = "Approved consent version"
BIRTH = "Birth date"


def consent_problems(protocol: Protocol, record: SubjectRecord, on: date) -> tuple[Reason, ...]:
    """This will return why there is no valid consent on a day; () when there is one.

    The consent is signed on or before `on`, in the approved version. At an age of majority (the protocol's regulation profile) the
    participant has signed, below it a guardian; from the age of assent the child agreed, or was found not able to, or the
    documented override for a threat to life stands (clinical.md 2.1 I01).
    """
    asked = _stated_by_forms(protocol)
    signed = _latest(record, INFORMED, on)
    if signed is None or signed.value is not True or signed.start is None:
        return (Reason.of("conduct_consent_missing"),)
    problems = [] if VERSION not in asked or _yes(record, VERSION, on) else [Reason.of("conduct_consent_version")]
    regulation = protocol.study.regulation
    birth = _birth(record)
    # Until the age is known it may be any; then either signature will do, and nothing is asked of the child.
    low, high = age_range(birth, signed.start) if birth is not None else (0, regulation.majority_age)
    accepted = (
        [GUARDIAN]
        if high < regulation.majority_age
        else [PARTICIPANT]
        if low >= regulation.majority_age
        else [GUARDIAN, PARTICIPANT]
    )
    if any(who in asked for who in accepted) and not any(_yes(record, who, on) for who in accepted):
        kind = "conduct_consent_own_missing" if accepted == [PARTICIPANT] else "conduct_consent_guardian_missing"
        problems.append(Reason.of(kind, majority=regulation.majority_age))
    if birth is not None and regulation.assent_age <= high < regulation.majority_age and ASSENT in asked:
        problems += _assent_problems(record, on, regulation.assent_age)
    return tuple(problems)


def own_consent_due(protocol: Protocol, record: SubjectRecord, on: date) -> bool:
    """This will tell whether a subject has come of age since a guardian signed, and has not yet signed alone."""
    birth = _birth(record)
    if birth is None or PARTICIPANT not in _stated_by_forms(protocol) or _latest(record, INFORMED, on) is None:
        return False
    of_age = age_range(birth, PartialDate.of(on))[0] >= protocol.study.regulation.majority_age
    return of_age and not _yes(record, PARTICIPANT, on)


def _birth(record: SubjectRecord) -> PartialDate | None:
    return next((fact.start for fact in record.facts if fact.concept == BIRTH and fact.start is not None), None)


def _assent_problems(record: SubjectRecord, on: date, age: int) -> tuple[Reason, ...]:
    given, able = _latest(record, ASSENT, on), _latest(record, ABLE, on)
    if (given is not None and given.value is True) or (able is not None and able.value is False):
        return ()
    if given is None:
        return (Reason.of("conduct_assent_missing", age=age),)
    return () if _yes(record, OVERRIDE, on) else (Reason.of("conduct_assent_refused"),)


def _stated_by_forms(protocol: Protocol) -> frozenset[str]:
    return frozenset(
        fact.concept for form in protocol.forms for section in form.sections for fact in section.facts if fact.concept
    )


def _latest(record: SubjectRecord, concept: str, on: date) -> Fact | None:
    """The latest statement that was surely made by `on`."""
    made = [
        fact
        for fact in record.facts
        if fact.concept == concept and fact.status is FactStatus.RECORDED and fact.start is not None and fact.start.latest <= on
    ]
    return max(made, key=lambda fact: (fact.start.latest if fact.start else date.min, fact.id), default=None)


def _yes(record: SubjectRecord, concept: str, on: date) -> bool:
    latest = _latest(record, concept, on)
    return latest is not None and latest.value is True
