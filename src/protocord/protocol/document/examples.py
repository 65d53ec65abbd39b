"""examples.yaml: worked subjects and the answers expected for them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from protocord.protocol.document.elements import Day, Document, FrozenMap, Identifier, Scalar
from protocord.protocol.document.facts import FactEntry, HistoryEntry

Answer = Literal["met", "not_met", "unknown", "review"]


class Base(Document):
    """Facts that several examples share."""

    facts: tuple[FactEntry, ...] = Field(default=(), description="Facts.")
    histories: tuple[HistoryEntry, ...] = Field(default=(), description="Histories.")


class Example(Document):
    """A worked subject: the base, less some concepts, plus some facts; and what screening must answer."""

    id: Identifier = Field(description="Identifier.")
    text: Scalar = Field(description="What it shows.")
    vector: int | None = Field(default=None, description="Number of the reference vector it encodes.")
    base: Identifier | None = Field(default=None, description="The base it starts from.")
    on: Day = Field(description="Day of the assessment.")
    planned_infusion: Day | None = Field(
        default=None, description="Planned day of the first infusion; left out: the day of the assessment."
    )
    without: tuple[str, ...] = Field(default=(), description="Concepts whose facts and histories the base loses.")
    facts: tuple[FactEntry, ...] = Field(default=(), description="Facts added.")
    histories: tuple[HistoryEntry, ...] = Field(default=(), description="Histories added.")
    readings: FrozenMap[str, str] = Field(
        default_factory=dict, validate_default=True, description="Readings chosen for this example: criterion -> reading."
    )
    expect: FrozenMap[str, Answer] = Field(
        default_factory=dict,
        validate_default=True,
        description="Expected answers: criterion -> answer. Others are not looked at.",
    )
    outcome: Literal["eligible", "ineligible", "incomplete", "review"] | None = Field(
        default=None, description="Expected outcome."
    )
    reasons: FrozenMap[str, tuple[str, ...]] = Field(
        default_factory=dict,
        validate_default=True,
        description="Kinds of reason that must be among those given: criterion -> kinds.",
    )


class Examples(Document):
    """examples.yaml: bases and examples."""

    base: FrozenMap[str, Base] = Field(
        default_factory=dict, validate_default=True, description="Facts that several examples share, by name."
    )
    examples: tuple[Example, ...] = Field(default=(), description="The examples.")
