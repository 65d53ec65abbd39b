"""study.yaml: who runs the study, what it asks, in whom, where, and how it is designed."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from protocord.protocol.document.elements import (
    Age,
    Day,
    Document,
    FromRegistry,
    Identifier,
    Length,
    Named,
    Number,
    Said,
    Sourced,
    Text,
    YesNo,
)
from protocord.protocol.document.limits import Limit

Level = Literal["primary", "secondary", "exploratory"]


class Titles(Document):
    """The study's titles."""

    brief: Text = Field(description="Short title.")
    official: Text = Field(description="Official title, word for word in the registry's language.")


class RegistryRecord(FromRegistry):
    """The public record, as far as it was read."""

    id: str = Field(description="Registry number.")
    name: str = Field(description="Name of the registry.")
    retrieved: Day | None = Field(default=None, description="Day on which the record was read, if known.")
    status: str = Field(description="Recruitment status, as the registry words it.")
    phase: str = Field(description="Phase, as the registry words it.")
    start: Day | None = Field(default=None, description="Start date.")
    completion: Day | None = Field(default=None, description="Estimated completion date. Follow-up is never derived from it.")
    last_update: Day | None = Field(default=None, description="Last update seen.")
    text_file: str | None = Field(default=None, description="File of the study folder that holds the registry's text.")
    notes: tuple[Text, ...] = Field(default=(), description="What is inconsistent in the record, for the reader.")


class Sponsor(FromRegistry):
    """Who answers for the study."""

    name: Text = Field(description="Name of the sponsor.")
    sponsor_class: Literal["academic", "industry", "government", "network", "other"] = Field(
        alias="class", description="Kind of sponsor."
    )


class Population(FromRegistry):
    """In whom the study is done."""

    condition: Text = Field(description="The condition studied.")
    sex: Literal["all", "female", "male"] = Field(description="Which sexes may take part.")
    age_min: Age | None = Field(default=None, description="Youngest age, e.g. `1 day`; leave out where the registry states none.")
    age_max: Age | None = Field(default=None, description="Oldest age, in completed years (`18`) or with a unit.")
    healthy_volunteers: YesNo = Field(description="Whether healthy volunteers may take part.")
    enrolment: int = Field(gt=0, description="Number of subjects planned.")


class Objective(Said):
    """What the study wants to find out."""

    level: Level = Field(description="Rank of the objective.")


class Endpoint(Said):
    """What is measured to answer an objective."""

    objective: Identifier = Field(description="The objective it answers.")
    level: Level = Field(description="Rank of the endpoint.")
    time_frame: Text = Field(description="Over which time it is measured.")
    derivation: str = Field(default="", description="How it is derived, in words.")
    derived_by: tuple[Identifier, ...] = Field(
        default=(),
        description="The rules that derive it: ids of rates, times to events, parameters, summaries, limits, or `dlt`.",
    )


class Arm(Named):
    """A group of subjects and what they receive."""

    type: Literal["experimental", "active_comparator", "placebo_comparator", "no_intervention", "other"] = Field(
        description="Kind of arm."
    )
    description: Text = Field(description="What its subjects receive.")


class Site(Named):
    """A hospital that takes part."""

    code: str = Field(pattern=r"^[A-Za-z0-9]+$", description="Short code, part of subject identifiers.")
    city: Text = Field(description="City.")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="Country, ISO 3166-1 two-letter code.")
    time_zone: str = Field(default="", description="IANA time zone; safety clocks and calendars run in it.")


class Epoch(Named):
    """A stretch of the study, such as screening."""


class DoseLevel(Named):
    """One level of a dose escalation."""

    value: Number = Field(gt=Decimal(0), description="Dose in the unit of dosing.yaml.")


class Escalation(Sourced):
    """How the dose goes up."""

    rule: Literal["three_plus_three", "boin", "crm", "none"] = Field(description="The escalation rule.")
    start: Identifier = Field(description="Dose level of the first cohort.")
    cohort: int = Field(default=3, gt=0, description="Subjects in a cohort.")
    at_most: int = Field(default=6, gt=0, description="Most subjects at one level.")
    target_rate: Number | None = Field(default=None, description="Target rate of dose-limiting toxicity (BOIN, CRM).")
    stagger: Length | None = Field(
        default=None, description="Least time between the first infusions of two subjects of a cohort."
    )
    text: Text = Field(description="The rule in words.")


class SampleSize(Said):
    """Why this many subjects."""

    method: Literal[
        "precision", "single_stage_exact", "simon_optimal", "simon_minimax", "admissible", "bryant_day", "assurance"
    ] = Field(description="How the number was reached.")
    endpoint: Identifier | None = Field(default=None, description="The endpoint it rests on.")
    null_rate: Number | None = Field(default=None, description="Rate not worth pursuing (p0).")
    alternative_rate: Number | None = Field(default=None, description="Rate worth pursuing (p1).")
    alpha: Number | None = Field(default=None, description="Type I error, on the stated number of sides.")
    sides: int | None = Field(default=None, ge=1, le=2, description="Sides of the test or interval.")
    power: Number | None = Field(default=None, description="Power at the alternative rate.")
    confidence: Number | None = Field(default=None, description="Level of the interval, for a precision argument.")
    evaluable: int | None = Field(default=None, gt=0, description="Evaluable subjects needed.")


class AnalysisSet(Named):
    """Whom an analysis counts."""

    definition: Text = Field(description="Who belongs to it, in words.")
    requires: tuple[
        Literal[
            "consented", "enrolled", "treated", "measurable_baseline", "post_baseline_assessment", "dlt_evaluable", "sampled"
        ],
        ...,
    ] = Field(description="What a subject must have to belong to it; all of them.")


class IntercurrentEvent(Document):
    """Something that happens after the start of treatment and changes what is measured."""

    event: Text = Field(description="The event.")
    strategy: Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"] = Field(
        description="How it is handled (ICH E9(R1))."
    )


class Estimand(Said):
    """What exactly an endpoint estimates (ICH E9(R1))."""

    endpoint: Identifier = Field(description="The endpoint.")
    analysis_set: Identifier = Field(description="The analysis set.")
    variable: Text = Field(description="The variable measured for each subject.")
    summary: Text = Field(description="The population-level summary.")
    intercurrent_events: tuple[IntercurrentEvent, ...] = Field(default=(), description="Events and how they are handled.")


class Design(Sourced):
    """How the study is built."""

    allocation: Literal["na", "randomized", "non_randomized"] = Field(description="Allocation to arms.")
    model: Literal["single_group", "parallel", "sequential", "crossover", "factorial"] = Field(description="Intervention model.")
    masking: Literal["none", "single", "double", "triple", "quadruple"] = Field(description="Masking.")
    purpose: Literal["treatment", "prevention", "diagnostic", "supportive_care", "basic_science", "other"] = Field(
        description="Primary purpose."
    )
    planned_subjects: int = Field(gt=0, description="Subjects to be treated.")
    follow_up: Length | None = Field(default=None, description="Length of follow-up after the end of treatment.")
    dose_levels: tuple[DoseLevel, ...] = Field(default=(), description="Dose levels, lowest first.")
    escalation: Escalation | None = Field(default=None, description="Dose escalation, if any.")
    sample_size: tuple[SampleSize, ...] = Field(default=(), description="Arguments for the number of subjects.")
    analysis_sets: tuple[AnalysisSet, ...] = Field(default=(), description="Whom the analyses count.")
    estimands: tuple[Estimand, ...] = Field(default=(), description="Estimands.")
    interim: tuple[Limit, ...] = Field(default=(), description="Looks at efficacy: futility or early success.")


class Regulation(Sourced):
    """Under which rules the study runs."""

    profile: Literal["cn_iit_cell", "cn_ind", "us_ind", "eu_ctr"] = Field(description="Regulation profile.")
    sae_report_hours: int = Field(gt=0, description="Hours from awareness within which the investigator reports a serious event.")
    retention_years: int = Field(gt=0, description="Years for which records are kept.")
    ctcae: Literal["5.0", "6.0"] = Field(description="CTCAE version; stands on every grade.")
    cdisc_ct: Day = Field(description="Date of the CDISC controlled terminology package.")
    assent_age: int = Field(ge=0, description="Completed years from which a child's own assent is asked.")
    majority_age: int = Field(gt=0, description="Completed years from which the subject signs alone.")


class NotRetrieved(Document):
    """A public fact that nobody could read."""

    id: Identifier = Field(description="Identifier.")
    what: Text = Field(description="What is missing.")


class OpenQuestion(Document):
    """A question for the sponsor."""

    id: Identifier = Field(description="Identifier.")
    text: Text = Field(description="The question.")


class Study(Document):
    """study.yaml: identity, registry record, objectives, endpoints, arms, sites, epochs, design, regulation."""

    id: Identifier = Field(description="Identifier of the study; the name of its folder.")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="Version of this protocol document, three numbers.")
    date: Day = Field(description="Date of this version.")
    title: Titles = Field(description="Titles.")
    registry: RegistryRecord = Field(description="The public record.")
    sponsor: Sponsor = Field(description="Sponsor.")
    population: Population = Field(description="In whom.")
    objectives: tuple[Objective, ...] = Field(min_length=1, description="Objectives.")
    endpoints: tuple[Endpoint, ...] = Field(default=(), description="Endpoints.")
    arms: tuple[Arm, ...] = Field(min_length=1, description="Arms.")
    sites: tuple[Site, ...] = Field(min_length=1, description="Sites.")
    epochs: tuple[Epoch, ...] = Field(min_length=1, description="Epochs, in order.")
    design: Design = Field(description="Design.")
    regulation: Regulation = Field(description="Regulation profile and what follows from it.")
    not_retrieved: tuple[NotRetrieved, ...] = Field(default=(), description="Public facts that nobody could read.")
    open_questions: tuple[OpenQuestion, ...] = Field(default=(), description="Questions for the sponsor.")
