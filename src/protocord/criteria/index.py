"""One subject's facts, arranged for rules to ask."""

from __future__ import annotations

from protocord.concepts import Concepts
from protocord.values.facts import SubjectRecord


class FactIndex:
    """One subject's facts by concept; build once, ask for many rules and days."""

    def __init__(self, record: SubjectRecord, concepts: Concepts) -> None:
        self.record = record
        self.concepts = concepts
