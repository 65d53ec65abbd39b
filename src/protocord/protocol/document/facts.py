"""Facts as a person writes them: in a subject's facts file, and in a study's examples."""

from __future__ import annotations

from pydantic import Field

from protocord.protocol.document.elements import ConceptName, Document, Number, Scalar, YesNo


class RangeEntry(Document):
    """A laboratory's limits of normal, in the unit of the result unless `unit` says otherwise."""

    low: Number | None = Field(default=None, description="Lower limit of normal.")
    high: Number | None = Field(default=None, description="Upper limit of normal.")
    unit: str | None = Field(default=None, description="UCUM unit of the limits; left out: that of the result.")
    age: tuple[int, int] | None = Field(default=None, description="Completed years for which it holds, both included.")
    for_child: YesNo | None = Field(
        default=None, description="The laboratory says that it is the range of this child's age and sex."
    )
    sex: str | None = Field(default=None, description="Sex for which it holds.")
    laboratory: str = Field(default="", description="The laboratory.")


class FactEntry(Document):
    """One fact."""

    id: str | None = Field(default=None, description="Identifier; left out: its place in the list.")
    concept: ConceptName = Field(description="What it is about.")
    value: Scalar | None = Field(default=None, description="A number (`<5` for a bound), `yes` or `no`.")
    unit: str | None = Field(default=None, description="UCUM unit.")
    code: Scalar | None = Field(default=None, description="The code, for a coded concept.")
    date: Scalar | None = Field(
        default=None, description="Day of a result, signature or event; `2025-06` or `2025` when no more is known."
    )
    start: Scalar | None = Field(default=None, description="First day.")
    end: Scalar | None = Field(default=None, description="Last day.")
    ongoing: YesNo = Field(default=False, description="Not ended yet.")
    status: str = Field(default="recorded", description="`recorded`, `not_done` or `excluded`.")
    range: RangeEntry | None = Field(default=None, description="Limits of normal.")


class HistoryEntry(Document):
    """A statement that every event of a concept is on record over a time."""

    concept: ConceptName = Field(description="What it is about.")
    since: Scalar | None = Field(default=None, description="From this day; `birth` or left out: since birth.")
    until: Scalar | None = Field(default=None, description="Up to this day; left out: kept up.")
