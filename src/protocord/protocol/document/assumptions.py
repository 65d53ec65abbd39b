"""assumptions.yaml: what the simulator assumes, each with its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from protocord.protocol.document.elements import Band, Document, FrozenMap, Number, Said


class Fixed(Document):
    """One number."""

    kind: Literal["fixed"] = Field(description="A fixed number.")
    value: Number = Field(description="The number.")


class Uniform(Document):
    """Every number between two is equally likely."""

    kind: Literal["uniform"] = Field(description="Uniform distribution.")
    low: Number = Field(description="Lowest.")
    high: Number = Field(description="Highest.")


class Normal(Document):
    """A normal distribution, on the scale named by `kind`."""

    kind: Literal["normal", "lognormal", "logit_normal"] = Field(description="Scale on which it is normal.")
    typical: Number = Field(description="Median, on the natural scale.")
    sd: Number = Field(description="Standard deviation on the transformed scale.")


class Beta(Document):
    """A beta distribution of a proportion."""

    kind: Literal["beta"] = Field(description="Beta distribution.")
    a: Number = Field(description="First shape.")
    b: Number = Field(description="Second shape.")


class Gamma(Document):
    """A gamma distribution, such as of a site's accrual rate."""

    kind: Literal["gamma"] = Field(description="Gamma distribution.")
    shape: Number = Field(description="Shape.")
    rate: Number = Field(description="Rate.")


class Weibull(Document):
    """A Weibull distribution of a time; shape 1 is exponential."""

    kind: Literal["weibull"] = Field(description="Weibull distribution.")
    shape: Number = Field(description="Shape.")
    scale: Number = Field(description="Scale, in the assumption's unit.")


class Categories(Document):
    """Weights of named outcomes."""

    kind: Literal["categories"] = Field(description="Named outcomes with weights.")
    weights: FrozenMap[str, Number] = Field(description="Outcome -> weight; weights sum to 1.")


Distribution = Annotated[Fixed | Uniform | Normal | Beta | Gamma | Weibull | Categories, Field(discriminator="kind")]


class Assumption(Said):
    """Something the simulator assumes."""

    area: Literal[
        "baseline", "accrual", "dosing", "safety", "response", "survival", "kinetics", "dynamics", "dropout", "data"
    ] = Field(description="What part of the simulation uses it.")
    unit: str = Field(default="1", description="UCUM unit.")
    distribution: Distribution = Field(description="The value or its distribution between subjects.")
    plausible: Band | None = Field(default=None, description="Range within which the typical value is believed to lie.")


class Assumptions(Document):
    """assumptions.yaml: what the simulator assumes."""

    assumptions: tuple[Assumption, ...] = Field(default=(), description="The assumptions.")
