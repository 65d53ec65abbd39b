"""kinetics.yaml: what is measured in blood and when, how much blood it takes, and which parameters follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from protocord.protocol.document.elements import ConceptName, Document, Identifier, Length, Named, Number, Said, Sourced, YesNo

Millilitres = Annotated[Number, Field(ge=Decimal(0))]


class Analyte(Named):
    """Something that is measured."""

    concept: ConceptName | None = Field(default=None, description="Concept of its results.")
    role: Literal["kinetics", "dynamics", "immunogenicity", "safety"] = Field(description="What it is measured for.")
    matrix: Literal["blood", "plasma", "serum", "marrow", "tumour", "product"] = Field(description="In what.")
    assay: str = Field(description="Assay.")
    unit: str = Field(description="UCUM unit of its results.")
    lloq: Number | None = Field(default=None, description="Usual lower limit of quantification; each sample may carry its own.")
    lod: Number | None = Field(default=None, description="Limit of detection.")
    uloq: Number | None = Field(default=None, description="Upper limit of quantification.")
    by_donor: YesNo = Field(default=False, description="Whether results are kept by donor and lot.")
    hgr_class: Literal["material", "gene_information", "none"] = Field(
        default="none", description="Class under China's rules on human genetic resources."
    )


class Panel(Named):
    """Analytes taken together in one tube."""

    analytes: tuple[Identifier, ...] = Field(min_length=1, description="Its analytes.")
    tube: str = Field(default="", description="Kind of tube.")
    volume_ml: Millilitres = Field(description="Blood for it, in millilitres.")


class Sample(Sourced):
    """A planned draw."""

    id: Identifier = Field(description="Identifier.")
    visit: Identifier | None = Field(default=None, description="The visit at which it is taken.")
    day: int | None = Field(default=None, description="Study day, for a draw between visits.")
    timing: Literal["before_infusion", "after_start", "after_end", "any"] = Field(
        default="any", description="Relative to the visit's infusion."
    )
    after: Length | None = Field(default=None, description="This long after the start or the end of the infusion.")
    tolerance: Length | None = Field(default=None, description="How far the draw may stray, either way.")
    panels: tuple[Identifier, ...] = Field(min_length=1, description="The panels taken.")
    until: Literal["always", "two_negative"] = Field(
        default="always", description="`two_negative`: no longer after two consecutive results below the LLOQ."
    )


class BloodVolume(Document):
    """Total blood by weight, up to an age."""

    below_years: int | None = Field(default=None, gt=0, description="For children younger than this; left out: all others.")
    ml_per_kg: Number = Field(gt=Decimal(0), description="Millilitres of blood per kilogram.")


class SmallestChild(Document):
    """The smallest child that the study may plausibly include."""

    age_months: int = Field(ge=0, description="Age in completed months.")
    weight_kg: Number = Field(gt=Decimal(0), description="Weight.")


class RoutineDraw(Sourced):
    """Blood taken for other reasons of the trial, such as safety laboratory."""

    id: Identifier = Field(description="Identifier.")
    visits: tuple[Identifier, ...] = Field(min_length=1, description="At these visits.")
    volume_ml: Millilitres = Field(description="Blood, in millilitres.")


class BloodGuard(Sourced):
    """How much blood the trial may take from a child."""

    per_occasion_percent: Number = Field(
        gt=Decimal(0), description="Per occasion (one day), percent of total blood volume, at most."
    )
    per_period_percent: Number = Field(gt=Decimal(0), description="Per period, percent of total blood volume, at most.")
    period_days: int = Field(gt=0, description="Length of the period in days; any such stretch counts.")
    blood_volume: tuple[BloodVolume, ...] = Field(min_length=1, description="Total blood volume, youngest first.")
    smallest_child: SmallestChild = Field(description="The child for whom the plan is checked.")
    routine: tuple[RoutineDraw, ...] = Field(default=(), description="Other blood of the trial, counted with it.")
    on_breach: Literal["trim", "refuse"] = Field(
        description="Leave out panels in the order of `trim_order`, or refuse the whole draw."
    )
    trim_order: tuple[Identifier, ...] = Field(default=(), description="Panels in the order in which they are left out.")


class LambdaZ(Document):
    """How the terminal slope is found."""

    min_points: int = Field(default=3, ge=3, description="Points, at least.")
    adjusted_r2_margin: Number = Field(
        default=Decimal("0.0001"), description="Most points win among fits within this of the best adjusted R squared."
    )
    min_r2: Number = Field(default=Decimal("0.9"), description="Flag below this adjusted R squared.")
    min_span: Number = Field(default=Decimal(2), description="Flag when the points span fewer half-lives.")
    max_extrapolated_percent: Number = Field(default=Decimal(20), description="Flag when more of the area is extrapolated.")
    include_peak: YesNo = Field(default=False, description="Whether the peak may be a point.")


class BelowLimit(Document):
    """What a result below the limit of quantification becomes."""

    before_first: Literal["zero", "missing"] = Field(default="zero", description="Before the first quantifiable result.")
    between: Literal["zero", "missing"] = Field(default="missing", description="Between quantifiable results.")
    after_last: Literal["zero", "missing"] = Field(default="missing", description="After the last quantifiable result.")


class KineticsRules(Sourced):
    """Conventions of the non-compartmental analysis."""

    trapezoid: Literal["linear", "linear_up_log_down", "linear_log"] = Field(
        default="linear_up_log_down", description="Trapezoids."
    )
    below_limit: BelowLimit = Field(default_factory=BelowLimit, description="Results below the limit of quantification.")
    lambda_z: LambdaZ = Field(default_factory=LambdaZ, description="Terminal slope.")
    carry_over: Literal["none", "labelled_sensitivity"] = Field(
        default="none", description="Whether the residual of earlier doses is subtracted."
    )
    negatives_to_end: int = Field(default=2, gt=0, description="Consecutive negatives that end persistence.")


class Interval(Named):
    """A stretch over which parameters are computed."""

    infusion: int | None = Field(default=None, gt=0, description="The infusion at whose start time is zero.")
    course: Identifier | None = Field(default=None, description="A course of dosing.yaml, from its first infusion.")
    start: Length = Field(description="From this long after time zero.")
    end: Length | None = Field(
        default=None, description="Until this long after time zero; left out: the next infusion, or the last sample."
    )


class KineticsParameter(Named):
    """A parameter that is reported."""

    parameter: Literal[
        "cmax", "tmax", "clast", "tlast", "auc_last", "auc_all", "auc_interval", "auc_tau", "auc_inf", "lambda_z", "half_life",
        "c_trough", "c_average", "accumulation", "fold_expansion", "persistence", "observed_to_superposition",
    ] = Field(description="What is computed.")  # fmt: skip
    code: str = Field(default="", description="CDISC PPTESTCD, where there is one.")
    analytes: tuple[Identifier, ...] = Field(min_length=1, description="From which analytes.")
    intervals: tuple[Identifier, ...] = Field(min_length=1, description="Over which intervals.")


class DynamicsSummary(Named):
    """A summary of an effect."""

    analytes: tuple[Identifier, ...] = Field(min_length=1, description="Of which analytes.")
    statistics: tuple[Literal["baseline", "peak", "time_of_peak", "fold_change", "auec", "auec_net", "time_above"], ...] = Field(
        min_length=1, description="What is reported."
    )
    threshold: Number | None = Field(default=None, description="Threshold of `time_above`, in the analyte's unit.")
    interval: Identifier | None = Field(default=None, description="Over which interval.")


class Kinetics(Document):
    """kinetics.yaml: analytes, panels, samples, the blood-volume guard, parameters."""

    analytes: tuple[Analyte, ...] = Field(default=(), description="What is measured.")
    panels: tuple[Panel, ...] = Field(default=(), description="What is taken together.")
    samples: tuple[Sample, ...] = Field(default=(), description="When it is taken.")
    blood_volume_guard: BloodGuard | None = Field(default=None, description="How much blood the trial may take.")
    rules: KineticsRules = Field(description="Conventions of the analysis.")
    intervals: tuple[Interval, ...] = Field(default=(), description="Stretches over which parameters are computed.")
    parameters: tuple[KineticsParameter, ...] = Field(default=(), description="Parameters reported.")
    dynamics: tuple[DynamicsSummary, ...] = Field(default=(), description="Summaries of effects.")
    exposure_response: tuple[Said, ...] = Field(
        default=(), description="Planned exposure-response analyses, each with its landmark."
    )
