"""safety.yaml: how events are collected and graded, what is dose-limiting, and what stops the study."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from protocord.protocol.document.elements import ConceptName, Document, Length, Named, Number, Said, Sourced, Text, YesNo
from protocord.protocol.document.limits import Limit

Grade = Annotated[int, Field(ge=0, le=5)]
Moment = Literal["consent", "first_infusion", "last_infusion", "end_of_treatment", "end_of_follow_up"]
Attribution = Literal["unrelated", "unlikely", "possible", "probable", "definite"]


class Scale(Sourced):
    """A grading scale in use, with its version."""

    scale: Literal["ctcae", "astct_crs", "astct_icans", "magic_agvhd", "paediatric_hypotension"] = Field(description="The scale.")
    version: str = Field(description="Its version or year; stands on every grade.")


class Grading(Sourced):
    """How findings become grades."""

    scales: tuple[Scale, ...] = Field(min_length=1, description="The scales in use.")
    baseline: Literal["last_before_first_treatment", "last_before_each_infusion", "screening"] = Field(
        description="Which value is a subject's baseline."
    )
    abnormal_baseline: Literal["above_upper_limit", "outside_limits"] = Field(
        default="above_upper_limit", description="What counts as an abnormal baseline."
    )
    undecided: Literal["ask", "worst", "best"] = Field(
        default="ask", description="What to do where a clinical qualifier decides between two grades."
    )


class CollectionWindow(Said):
    """Which adverse events are collected over which time."""

    what: Literal["all", "related", "serious", "related_serious", "procedure_related", "special_interest"] = Field(
        description="Which events."
    )
    start: Moment = Field(description="From.")
    start_after: Length | None = Field(default=None, description="This long after `start`.")
    end: Moment = Field(description="Until.")
    end_after: Length | None = Field(default=None, description="This long after `end`.")


class EventType(Named):
    """A kind of event that limits, clocks or tables single out."""

    concept: ConceptName | None = Field(default=None, description="Concept of its facts.")
    special_interest: YesNo = Field(default=False, description="Whether it is an event of special interest.")
    scale: Literal["ctcae", "astct_crs", "astct_icans", "magic_agvhd"] | None = Field(
        default=None, description="Scale that grades it."
    )
    grade_at_least: Grade | None = Field(default=None, description="Only events of at least this grade.")
    related: YesNo = Field(default=False, description="Only events attributed to the product.")
    fatal: YesNo = Field(default=False, description="Only events that end in death.")


class Serious(Sourced):
    """What makes an event serious, beyond the six criteria of ICH E2A."""

    criteria: tuple[
        Literal["death", "life_threatening", "hospitalisation", "disability", "congenital_anomaly", "other_important"], ...
    ] = Field(description="The criteria in use.")
    progression: YesNo = Field(description="Whether progression of the disease alone is serious.")
    planned_admission: YesNo = Field(description="Whether a planned admission alone is serious.")


class Causes(Sourced):
    """What an event may be attributed to, and from when it counts as related."""

    causes: tuple[Literal["product", "concurrent_therapy", "disease", "procedure", "other"], ...] = Field(
        description="What is asked, each with its own attribution."
    )
    levels: tuple[Attribution, ...] = Field(description="The answers, weakest first.")
    related_from: Attribution = Field(description="From this answer on an event counts as related.")


class Clock(Said):
    """A report and the time within which it is due."""

    event: Literal[
        "serious", "fatal_or_life_threatening_susar", "susar", "dlt", "special_interest", "pregnancy", "positive_culture"
    ] = Field(description="What starts the clock, at the moment somebody knows of it.")
    sender: Literal["investigator", "sponsor"] = Field(description="Who reports.")
    receiver: Literal["sponsor", "ethics_committee", "authority", "investigators", "safety_board"] = Field(description="To whom.")
    within: Length = Field(description="Within this time.")
    follow_up_within: Length | None = Field(default=None, description="The completed report within this time after the first.")


class AdverseEvents(Sourced):
    """How adverse events are collected."""

    collection: tuple[CollectionWindow, ...] = Field(min_length=1, description="Which events, over which time.")
    emergent_from: Moment = Field(default="first_infusion", description="Treatment-emergent from.")
    emergent_until: Length = Field(description="Treatment-emergent until this long after the last infusion.")
    serious: Serious = Field(description="What makes an event serious.")
    causes: Causes = Field(description="Attribution.")


class DltWindow(Document):
    """When toxicity counts as dose-limiting."""

    first_day: int = Field(description="First study day.")
    last_day: int = Field(description="Last study day.")


class Evaluable(Document):
    """Who is evaluable for dose-limiting toxicity."""

    infusions: int = Field(default=1, ge=0, description="Infusions that must have been given in the window.")
    text: Text = Field(description="The rule in words, and who is replaced.")


class DltCondition(Document):
    """One way in which an event is dose-limiting; all that is stated must hold."""

    grade_at_least: Grade | None = Field(default=None, description="Worst grade, at least.")
    lasting_more_than: Length | None = Field(default=None, description="Lasts longer than this at that grade or above.")
    not_recovered_to: Grade | None = Field(default=None, description="Has not come back to this grade or below …")
    within: Length | None = Field(default=None, description="… within this time of onset.")
    not_responding_after: Length | None = Field(default=None, description="No response after this time of treatment.")
    concept: ConceptName | None = Field(default=None, description="A laboratory concept, for a condition on values.")
    below: Number | None = Field(default=None, description="Value below this …")
    above: Number | None = Field(default=None, description="Value above this …")
    unit: str | None = Field(default=None, description="… in this UCUM unit.")


class DltException(Said):
    """What does not count although a condition holds."""

    shorter_than: Length | None = Field(default=None, description="Only when it lasts shorter than this.")
    concept: ConceptName | None = Field(default=None, description="Concept of the excepted event or state.")


class DltEvent(Said):
    """A toxicity that is dose-limiting."""

    category: Literal[
        "death", "infusion_reaction", "crs", "icans", "agvhd", "non_haematological", "haematological", "autoimmunity", "other"
    ] = Field(description="Which events it looks at.")
    any_of: tuple[DltCondition, ...] = Field(min_length=1, description="It is dose-limiting when one of these holds.")
    unless: tuple[DltException, ...] = Field(default=(), description="Exceptions.")
    attribution_needed: YesNo = Field(default=True, description="Whether it must be attributed to the product.")


class Dlt(Sourced):
    """Dose-limiting toxicity."""

    window: DltWindow = Field(description="When.")
    attribution: tuple[Attribution, ...] = Field(description="Attributions to the product that count.")
    evaluable: Evaluable = Field(description="Who is evaluable.")
    events: tuple[DltEvent, ...] = Field(min_length=1, description="What is dose-limiting.")


class Stagger(Sourced):
    """Waiting between the first infusions of the first subjects."""

    subjects: int = Field(gt=0, description="For the first so many subjects.")
    wait: Length = Field(description="Least time between their first infusions.")


class Safety(Document):
    """safety.yaml: grading, adverse events, reporting clocks, dose-limiting toxicity, limits."""

    grading: Grading = Field(description="How findings become grades.")
    adverse_events: AdverseEvents = Field(description="How adverse events are collected.")
    event_types: tuple[EventType, ...] = Field(
        default=(), description="Kinds of event that limits, clocks and tables single out."
    )
    reporting: tuple[Clock, ...] = Field(default=(), description="Reports and when they are due.")
    dlt: Dlt | None = Field(default=None, description="Dose-limiting toxicity.")
    limits: tuple[Limit, ...] = Field(default=(), description="Limits that stop or pause the study.")
    stagger: Stagger | None = Field(default=None, description="Waiting between the first subjects.")
