"""eligibility.yaml: the criteria word for word, each with its rule, our reading, and the readings a sponsor may choose."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from protocord.protocol.document.elements import Document, FrozenMap, Identifier, Rule, Said, Scalar, Sourced, Text


class Parameter(Said):
    """A named value that rules use."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="The name that rules use.")
    value: Scalar = Field(description="The value as a literal of the rule language: `7 days`, `1.5`, `0.5 '10*9/L'`.")


class Advisory(Said):
    """A remark that stands beside an answer and never changes it."""

    when: Rule = Field(description="Rule: the remark is shown when it is true.")


class Reading(Said):
    """Another defensible reading of a criterion, for the sponsor to choose."""

    as_of: Literal["assessment", "planned_infusion"] | None = Field(
        default=None, description="Under this reading, the date measured against; left out: that of the criterion."
    )
    rule: Rule = Field(description="The rule under this reading.")
    review_when: Rule | None = Field(default=None, description="Under this reading, when a person must judge.")


class Criterion(Sourced):
    """One criterion of the protocol's text and its rule."""

    id: Identifier = Field(description="Identifier: I01, I12a, E03.")
    type: Literal["inclusion", "exclusion"] = Field(description="Whether a true rule admits or keeps out.")
    under: Text | None = Field(
        default=None, description="The heading of the registry's list under which the criterion stands, word for word."
    )
    text: Text = Field(description="The criterion word for word in the registry's language, with its translation.")
    translation: Literal["ours", "registry"] = Field(default="ours", description="Whose translation it is.")
    as_of: Literal["assessment", "planned_infusion"] = Field(
        default="assessment", description="The date against which look-backs and washouts are measured."
    )
    rule: Rule = Field(description="The rule under the default reading.")
    reading: Text = Field(description="How we read the text.")
    review_when: Rule | None = Field(default=None, description="Rule: when it is true, a person must judge.")
    advisories: tuple[Advisory, ...] = Field(default=(), description="Remarks shown beside the answer.")
    readings: tuple[Reading, ...] = Field(default=(), description="Other defensible readings.")
    calculations: tuple[Literal["bedside_schwartz", "cockcroft_gault"], ...] = Field(
        default=(), description="Calculations shown beside the answer, for information."
    )


class Eligibility(Document):
    """eligibility.yaml: parameters, the readings chosen, and the criteria."""

    parameters: tuple[Parameter, ...] = Field(default=(), description="Named values that rules use.")
    chosen_readings: FrozenMap[str, str] = Field(
        default_factory=dict,
        validate_default=True,
        description="The one place where a sponsor selects a reading: criterion -> reading. A criterion that is not named keeps its default.",
    )
    exclusion_status: Literal["listed", "not_retrieved"] = Field(
        description="`not_retrieved` when the exclusion criteria could not be read: every screening then says so."
    )
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="The criteria, in the order of the protocol's text.")
