"""dosing.yaml: the product, the dose, the infusions, and when an infusion must wait."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from protocord.protocol.document.elements import (
    Band,
    ConceptName,
    Document,
    Identifier,
    Length,
    Named,
    Number,
    QuantityBand,
    Rule,
    Said,
    Sourced,
    Text,
    YesNo,
)

Percent = Annotated[Number, Field(ge=Decimal(0))]
TraceItem = Literal[
    "lot",
    "donor_unit",
    "expansion_day",
    "state",
    "expiry",
    "viability",
    "viable_concentration",
    "cells_infused",
    "volume_infused",
]


class Product(Named):
    """What is infused."""

    kind: Literal["allogeneic_nk_cells", "autologous_nk_cells", "car_nk_cells", "other"] = Field(description="Kind of product.")
    origin: Literal["cord_blood", "peripheral_blood", "cell_line", "ipsc", "other"] = Field(
        description="Where the cells come from."
    )
    active_cells: Text = Field(description="The cells that are counted as the dose.")
    genetically_modified: YesNo = Field(description="Whether the cells are genetically modified; decides long-term follow-up.")
    state: Literal["fresh", "frozen", "either"] = Field(description="Whether it is given fresh or thawed.")
    donors: Literal["one", "several"] = Field(
        default="several", description="Whether the infusions of a subject may come from several donors."
    )
    traceability: tuple[TraceItem, ...] = Field(description="What is recorded of every infused bag.")
    conditional_release: YesNo = Field(
        description="Whether a bag may be given before a late result (sterility culture) is known."
    )


class DoseRange(Sourced):
    """How much is given at a time."""

    unit: str = Field(description="UCUM unit, per kilogram where `basis` is a weight: `10*7/kg`.")
    basis: Literal["actual_body_weight", "fixed", "body_surface_area"] = Field(description="What the dose is scaled by.")
    target: Number = Field(gt=Decimal(0), description="Target dose.")
    low: Number | None = Field(default=None, gt=Decimal(0), description="Lowest plausible dose.")
    high: Number | None = Field(default=None, gt=Decimal(0), description="Highest plausible dose.")


class Course(Named):
    """A group of infusions."""

    infusions: tuple[int, ...] = Field(min_length=1, description="Numbers of its infusions.")


class Infusions(Sourced):
    """How many, how far apart, and what happens to a late one."""

    planned: int = Field(gt=0, description="Planned number of infusions; a skipped one still counts as planned.")
    min_gap_days: int = Field(ge=0, description="Least days between two infusions.")
    skip_if_delayed_days: int | None = Field(
        default=None, ge=0, description="An infusion more than this many days late is skipped, not moved."
    )
    tolerance_percent: Band = Field(
        description="Infused dose as a percentage of the target that is accepted; outside it, a deviation."
    )
    courses: tuple[Course, ...] = Field(default=(), description="Courses; every infusion belongs to one at most.")


class Volume(Sourced):
    """Limits of the infused volume."""

    min_concentration: QuantityBand | None = Field(default=None, description="Viable cells per volume; below `low`, a warning.")
    max_per_weight: QuantityBand | None = Field(default=None, description="Volume per body weight; above `high`, a warning.")


class Weight(Sourced):
    """Which body weight a dose is computed from."""

    max_age_days: int = Field(ge=0, description="Oldest weight, in days before the infusion.")
    recalculate_percent: Percent = Field(
        description="Recalculate when the weight differs by at least this from the last one used."
    )


class ReleaseTest(Named):
    """A test that a bag must pass."""

    method: str = Field(default="", description="Method.")
    limit: QuantityBand | None = Field(default=None, description="Accepted values.")
    low_excluded: YesNo = Field(default=False, description="True: a value equal to the lower limit fails.")
    high_excluded: YesNo = Field(default=False, description="True: a value equal to the upper limit fails.")
    expected: Literal["negative", "no_growth", "no_organism", "match", ""] = Field(
        default="", description="Expected result of a test without a number."
    )
    state: Literal["fresh", "thawed", "any"] = Field(default="any", description="In which state of the product it applies.")
    known: Literal["before_infusion", "after_infusion"] = Field(
        default="before_infusion", description="When the result is known; a late bad result raises an alert."
    )


class Screened(Named):
    """An infection for which donors are screened."""


class Medicine(Named):
    """A medicine given before an infusion, or for lymphodepletion."""

    concept: ConceptName | None = Field(default=None, description="Concept of the medicine.")
    dose: QuantityBand | None = Field(default=None, description="Dose.")
    at_most: Number | None = Field(default=None, description="Largest single dose, in the unit before the slash of `dose`.")
    at_most_unit: str | None = Field(default=None, description="UCUM unit of `at_most`.")
    earliest: Length | None = Field(default=None, description="At the earliest this long before the infusion.")
    latest: Length | None = Field(default=None, description="At the latest this long before the infusion.")
    days: tuple[int, ...] = Field(
        default=(), description="Days relative to the infusion (-5 is five days before), where given on days."
    )
    alternative_to: Identifier | None = Field(default=None, description="The medicine that it may replace.")


class Administration(Sourced):
    """How a bag is given."""

    route: Literal["intravenous", "intra_arterial", "intratumoral", "other"] = Field(description="Route.")
    shortest: Length = Field(description="Shortest infusion.")
    longest: Length = Field(description="Longest infusion.")
    text: Text = Field(description="Instructions, such as the filter that must not be used.")


class Observation(Sourced):
    """What is watched after an infusion."""

    signs: tuple[ConceptName, ...] = Field(description="Concepts of the signs that are measured.")
    minutes: tuple[int, ...] = Field(description="Minutes after the start of the infusion; a negative number lies before it.")
    reaction_window: Length = Field(description="A reaction counts as an infusion reaction up to this long after the end.")
    contact_after: Length | None = Field(default=None, description="Contact with the family after this time.")
    inpatient: tuple[int, ...] = Field(default=(), description="Numbers of the infusions after which the child stays overnight.")


class HoldCriterion(Said):
    """A finding that makes an infusion wait."""

    rule: Rule | None = Field(default=None, description="Rule: true holds the infusion. Left out where a person judges.")


class Lymphodepletion(Sourced):
    """Chemotherapy that makes room for the cells."""

    used: YesNo = Field(description="Whether it is given.")
    text: Text = Field(description="What is given, or why nothing.")
    medicines: tuple[Medicine, ...] = Field(default=(), description="The medicines, also of an optional template.")


class Dosing(Document):
    """dosing.yaml: product, dose, infusions, release, premedication, observation, holds."""

    product: Product = Field(description="What is infused.")
    dose: DoseRange = Field(description="How much.")
    infusions: Infusions = Field(description="How many and how far apart.")
    weight: Weight = Field(description="Which weight.")
    volume: Volume | None = Field(default=None, description="Limits of the volume.")
    release_tests: tuple[ReleaseTest, ...] = Field(default=(), description="Tests that a bag must pass.")
    donor_screening: tuple[Screened, ...] = Field(default=(), description="Infections for which donors are screened.")
    premedication: tuple[Medicine, ...] = Field(default=(), description="Medicines before an infusion.")
    avoid: tuple[Said, ...] = Field(default=(), description="What must not be given.")
    administration: Administration = Field(description="How a bag is given.")
    observation: Observation = Field(description="What is watched afterwards.")
    hold_criteria: tuple[HoldCriterion, ...] = Field(default=(), description="Findings that make an infusion wait.")
    discontinue: tuple[Said, ...] = Field(default=(), description="Findings that end treatment.")
    lymphodepletion: Lymphodepletion = Field(description="Lymphodepletion, or that there is none.")
    combined_with: tuple[Said, ...] = Field(default=(), description="Other treatment that belongs to the arm.")
