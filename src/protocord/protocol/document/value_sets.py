"""value_sets/<id>.csv: the codes that an answer or a rule may name."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from protocord.protocol.document.elements import Origin, Sourced
from protocord.values.text import Text


class ValueSetRow(Sourced):
    """A row of a value set."""

    code: str = Field(min_length=1, description="The code.")
    system: str = Field(min_length=1, description="Its system: loinc, ncit, snomed, icd_o_3, icd_10, atc, rxnorm or local.")
    name_en: str = Field(description="Name in English.")
    name_zh: str = Field(description="Name in Chinese.")
    concept: str = Field(default="", description="The concept that the code names, if any.")


@dataclass(frozen=True, slots=True)
class Member:
    """A code of a value set."""

    code: str
    system: str
    name: Text
    source: Origin
    citation: str = ""
    concept: str = ""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The codes that an answer or a rule may name."""

    id: str
    members: tuple[Member, ...]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(member.code for member in self.members)

    def get(self, code: str) -> Member | None:
        """This will return the member with `code`, or None."""
        return next((member for member in self.members if member.code == code), None)
