"""efficacy.yaml: how tumours are assessed, and how responses, rates and times to events follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from protocord.protocol.document.elements import Document, Identifier, Length, Named, Number, Said, Sourced, Text, YesNo

Response = Literal["CR", "PR", "SD", "NON_CR_NON_PD", "PD", "NE"]
Level = Annotated[Number, Field(gt=Decimal(0), lt=Decimal(1))]


class Measurable(Document):
    """What is measurable at baseline (RECIST 1.1), in millimetres."""

    longest_mm: Number = Field(default=Decimal(10), description="Longest diameter of a lesion that is no node, on CT or MRI.")
    slice_mm: Number = Field(default=Decimal(5), description="Thickest slice for which that holds; else twice the slice.")
    calliper_mm: Number = Field(default=Decimal(10), description="Longest diameter by calliper.")
    chest_xray_mm: Number = Field(default=Decimal(20), description="Longest diameter on chest X-ray.")
    node_short_axis_mm: Number = Field(default=Decimal(15), description="Short axis of a target node.")
    node_normal_below_mm: Number = Field(default=Decimal(10), description="A node with a shorter axis is normal.")


class Targets(Document):
    """How many target lesions."""

    at_most: int = Field(default=5, gt=0, description="In all.")
    per_organ: int = Field(default=2, gt=0, description="In one organ; paired organs, and all nodes, count as one.")


class Thresholds(Document):
    """When a change of the sum of diameters counts."""

    partial_response_percent: Number = Field(default=Decimal(30), description="Decrease from baseline, at least.")
    progression_percent: Number = Field(default=Decimal(20), description="Increase from the nadir, at least …")
    progression_mm: Number = Field(default=Decimal(5), description="… and at least this much.")
    too_small_mm: Number = Field(default=Decimal(5), description="Value of a lesion too small to measure.")


class Confirmation(Document):
    """Whether and how a response is confirmed."""

    required: YesNo = Field(description="Whether a response needs a second assessment.")
    at_least_days: int = Field(default=28, ge=0, description="Least days between the two.")
    not_evaluable_between: int = Field(default=1, ge=0, description="Assessments that may be not evaluable in between.")
    stable_between: YesNo = Field(default=False, description="Whether stable disease may lie in between.")


class Assessments(Sourced):
    """When tumours are assessed."""

    baseline_days: int = Field(gt=0, description="Oldest baseline imaging, in days before day 1.")
    visits: tuple[Identifier, ...] = Field(min_length=1, description="Visits with a tumour assessment, in order.")
    until: Literal["progression", "new_therapy", "end_of_study"] = Field(default="progression", description="How long.")
    reader: Literal["investigator", "central", "both"] = Field(default="investigator", description="Who reads the images.")


class TumourResponse(Sourced):
    """How response is judged."""

    criteria: Literal["RECIST 1.1"] = Field(description="Primary criteria.")
    secondary: tuple[Literal["iRECIST"], ...] = Field(default=(), description="Criteria shown beside them.")
    measurable: Measurable = Field(default_factory=Measurable, description="What is measurable at baseline.")
    targets: Targets = Field(default_factory=Targets, description="How many targets.")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="Thresholds.")
    confirmation: Confirmation = Field(description="Confirmation of a response.")
    stable_min_days: int = Field(gt=0, description="Stable disease needs an assessment at least this many days after day 1.")
    progression_date: Literal["last_target_scan", "earliest_scan"] = Field(
        default="last_target_scan", description="Which scan dates a progression by size."
    )
    stops_at_new_therapy: YesNo = Field(
        default=True, description="Whether best response ignores assessments after new anticancer therapy."
    )


class ResponseRate(Named):
    """A proportion of subjects."""

    counts: tuple[Response, ...] = Field(min_length=1, description="Best responses that count.")
    confirmed: YesNo = Field(description="Whether they must be confirmed.")
    by_visit: Identifier | None = Field(default=None, description="Counts responses up to this visit; left out: any time.")
    analysis_set: Identifier = Field(description="The denominator: an analysis set of study.yaml.")
    not_evaluable: Literal["non_responder", "excluded"] = Field(
        default="non_responder", description="How a subject without an evaluable assessment counts."
    )
    interval: Literal["clopper_pearson", "wilson", "jeffreys", "blaker", "mid_p"] = Field(
        default="clopper_pearson", description="Kind of interval."
    )
    level: Level = Field(default=Decimal("0.95"), description="Level of the interval, two-sided.")


EventKind = Literal[
    "progression",
    "death",
    "relapse",
    "second_malignancy",
    "new_therapy",
    "clinical_progression",
    "two_negative_samples",
    "response",
]
CensorWhen = Literal[
    "no_baseline",
    "no_assessment",
    "alive_without_event",
    "missed_assessments",
    "new_therapy",
    "stopped_for_toxicity",
    "clinical_progression",
    "lost_or_withdrawn",
    "data_cut",
]
CensorAt = Literal[
    "time_zero",
    "last_adequate_assessment",
    "last_adequate_before_gap",
    "last_adequate_before_therapy",
    "last_known_alive",
    "data_cut",
]


class Censoring(Document):
    """A situation without an event, and the date at which time ends."""

    when: CensorWhen = Field(description="The situation.")
    at: CensorAt = Field(description="The date.")


class MissedAssessments(Document):
    """From when a gap between assessments is too long for an event after it to count."""

    count: int = Field(default=2, gt=0, description="Consecutive scheduled assessments missed.")
    text: Text = Field(description="How the gap is computed.")


class Sensitivity(Said):
    """A variant of a time-to-event rule."""

    add_events: tuple[EventKind, ...] = Field(default=(), description="Situations that become events.")
    drop_censoring: tuple[CensorWhen, ...] = Field(default=(), description="Situations that no longer censor.")


class TimeToEvent(Named):
    """A time from an origin to the first of some events."""

    abbreviation: str = Field(pattern=r"^[A-Za-z]+$", description="Abbreviation: PFS, OS, DoR.")
    origin: Literal["first_infusion", "enrolment", "first_response", "last_infusion"] = Field(description="Time zero.")
    analysis_set: Identifier = Field(description="Whom it counts.")
    responders_only: YesNo = Field(default=False, description="Only confirmed responders (duration of response).")
    events: tuple[EventKind, ...] = Field(min_length=1, description="What ends the time.")
    competing: tuple[EventKind, ...] = Field(default=(), description="Events that compete with them.")
    censoring: tuple[Censoring, ...] = Field(min_length=1, description="Situations without an event, in order of precedence.")
    missed: MissedAssessments | None = Field(default=None, description="Gaps between assessments.")
    sensitivity: tuple[Sensitivity, ...] = Field(default=(), description="Variants.")
    interval: Literal["log_log", "plain", "log", "logit", "arcsine"] = Field(
        default="log_log", description="Transform of the interval."
    )
    level: Level = Field(default=Decimal("0.95"), description="Level of the interval, two-sided.")
    days_per_month: Number = Field(default=Decimal("30.4375"), description="Days in a month, for display.")
    day_one: int = Field(default=1, ge=0, le=1, description="Value of a time whose event falls on the origin.")
    landmarks: tuple[Length, ...] = Field(default=(), description="Times at which the probability is reported.")


class Efficacy(Document):
    """efficacy.yaml: assessments, response, rates, times to events."""

    assessments: Assessments = Field(description="When tumours are assessed.")
    response: TumourResponse = Field(description="How response is judged.")
    rates: tuple[ResponseRate, ...] = Field(default=(), description="Proportions.")
    time_to_event: tuple[TimeToEvent, ...] = Field(default=(), description="Times to events.")
