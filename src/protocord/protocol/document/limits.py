"""Limits that stop or pause a study: what is counted, against which bound, in which direction, looked at when."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from protocord.protocol.document.elements import Document, Identifier, Number, Said, Text, YesNo

Rate = Annotated[Number, Field(gt=Decimal(0), lt=Decimal(1))]


class Looks(Document):
    """At which numbers of evaluable subjects the count is compared with the bound."""

    first: int = Field(gt=0, description="Evaluable subjects at the first look.")
    every: int = Field(default=1, gt=0, description="Subjects between two looks.")
    last: int = Field(gt=0, description="Evaluable subjects at the last look.")
    at: tuple[int, ...] = Field(
        default=(), description="The looks one by one, where they are not evenly spaced; overrides `every`."
    )


class Bound(Document):
    """The bound from a number of evaluable subjects on, until the next bound begins."""

    subjects: int = Field(gt=0, description="From this many evaluable subjects on.")
    events: int = Field(ge=0, description="The count that crosses, read with the limit's direction.")


class BetaPrior(Document):
    """A beta prior of a rate."""

    a: Number = Field(gt=Decimal(0), description="First shape: prior events.")
    b: Number = Field(gt=Decimal(0), description="Second shape: prior non-events.")


class PosteriorRule(Document):
    """Cross when the posterior probability that the rate lies beyond `rate` exceeds `certainty`."""

    kind: Literal["posterior"] = Field(description="Posterior probability under a beta prior.")
    prior: BetaPrior = Field(description="Prior of the rate.")
    rate: Rate = Field(description="The rate that must not be exceeded (or, for futility, must be reached).")
    certainty: Rate = Field(description="Posterior probability beyond which the limit is crossed, strictly greater.")


class PredictiveRule(Document):
    """Cross when the predictive probability of success at the last look falls below `threshold` (Lee-Liu)."""

    kind: Literal["predictive"] = Field(description="Predictive probability under a beta prior.")
    prior: BetaPrior = Field(description="Prior of the rate.")
    rate: Rate = Field(description="Rate that counts as success.")
    certainty: Rate = Field(description="Posterior probability asked at the last look.")
    threshold: Rate = Field(description="Predictive probability below which to stop, strictly less.")


class SequentialRule(Document):
    """A group-sequential boundary with a given chance of crossing when the rate is `rate`."""

    kind: Literal["pocock", "obrien_fleming", "wang_tsiatis"] = Field(description="Shape of the boundary.")
    rate: Rate = Field(description="The acceptable rate.")
    alpha: Rate = Field(description="Probability of ever crossing at the acceptable rate, at most.")
    delta: Number | None = Field(default=None, description="Shape parameter of a Wang-Tsiatis boundary.")


class RatioRule(Document):
    """A truncated sequential probability ratio test."""

    kind: Literal["sprt"] = Field(description="Sequential probability ratio test.")
    null_rate: Rate = Field(description="Acceptable rate.")
    alternative_rate: Rate = Field(description="Unacceptable rate.")
    alpha: Rate = Field(description="Type I error.")
    beta: Rate = Field(description="Type II error.")


class StageRule(Document):
    """A two-stage or multi-stage design whose bounds are listed."""

    kind: Literal["stages"] = Field(description="Bounds at each stage, as listed in `bounds`.")
    null_rate: Rate = Field(description="Rate not worth pursuing.")
    alternative_rate: Rate = Field(description="Rate worth pursuing.")


class EachEventRule(Document):
    """Every single event crosses."""

    kind: Literal["each_event"] = Field(description="Every event crosses.")


LimitRule = Annotated[
    PosteriorRule | PredictiveRule | SequentialRule | RatioRule | StageRule | EachEventRule, Field(discriminator="kind")
]


class Limit(Said):
    """A bound on a count, with its direction, its rule and what happens when it is crossed."""

    purpose: Literal["safety", "futility", "efficacy"] = Field(description="What the limit protects.")
    counts: Identifier = Field(
        description="What is counted: `dlt`, an id of safety.yaml's `event_types`, or an id of efficacy.yaml's `rates`."
    )
    unit: Literal["subjects", "infusions"] = Field(default="subjects", description="What the events are counted over.")
    direction: Literal["at_least", "more_than", "at_most", "fewer_than"] = Field(
        description="How the count crosses: with `at_least`, a count equal to the bound crosses."
    )
    rule: LimitRule = Field(description="The rule from which the bounds follow.")
    looks: Looks | None = Field(default=None, description="When the count is looked at; left out only where each event crosses.")
    bounds: tuple[Bound, ...] = Field(
        default=(), description="The bounds as printed in the protocol; the software recomputes them."
    )
    action: Literal["stop", "pause", "review", "de_escalate"] = Field(description="What happens when it is crossed.")
    binding: YesNo = Field(default=True, description="Whether the committee is bound by it.")
    in_words: Text = Field(description="The bound and its direction said in words.")
