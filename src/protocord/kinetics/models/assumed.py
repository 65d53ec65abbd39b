"""What a simulation assumes: a shipped scenario, overlaid with the study's own assumptions, every number with where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from math import exp, log
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from protocord.errors import DocumentProblems, Place, Problem
from protocord.protocol.document.assumptions import (
    Assumption,
    Assumptions,
    Beta,
    Distribution,
    Fixed,
    Gamma,
    Normal,
    Uniform,
    Weibull,
)
from protocord.statistics.streams import Streams

Scenario = Literal["s0", "s1", "s2"]
SCENARIOS: tuple[Scenario, ...] = ("s0", "s1", "s2")
Origin = Literal["study", "base", "scenario", "caller"]
FOLDER = Path(__file__).parent / "scenarios"
AREAS = ("dosing", "kinetics", "data", "baseline")


@dataclass(frozen=True, slots=True)
class Assumed:
    """One assumption and whose it is: the study's, the base scenario's, what the chosen scenario changes, or the caller's."""

    assumption: Assumption
    origin: Origin


@dataclass(frozen=True, slots=True)
class Setting:
    """All that a simulation assumes, by id."""

    scenario: Scenario
    values: Mapping[str, Assumed]

    def distribution(self, name: str) -> Distribution:
        """This will return how an assumption is distributed. Raises KeyError."""
        return self.values[name].assumption.distribution

    def typical(self, name: str) -> float:
        """This will return an assumption's typical value: its median where it is a transformed normal, else its mean."""
        return typical(self.distribution(name))

    def with_values(self, **fixed: float) -> Setting:
        """This will return the setting with some typical values replaced; what they are spread by stays.

        Raises KeyError for a name nobody knows, ValueError for a distribution that has no typical value to move.
        """
        changed = dict(self.values)
        for name, value in fixed.items():
            old = changed[name].assumption
            moved = old.model_copy(update={"distribution": _moved(name, old.distribution, value)})
            changed[name] = Assumed(moved, "caller")
        return replace(self, values=MappingProxyType(changed))

    def without_spread(self, *names: str) -> Setting:
        """This will return the setting with the named assumptions (all: none named) fixed at their typical values."""
        changed = dict(self.values)
        for name in names or tuple(changed):
            old = changed[name].assumption
            fixed = Fixed(kind="fixed", value=Decimal(repr(typical(old.distribution))))
            changed[name] = Assumed(old.model_copy(update={"distribution": fixed}), "caller")
        return replace(self, values=MappingProxyType(changed))

    def varied(self, seed: int, number: int) -> Setting:
        """This will return the setting with each typical value drawn from its plausible range, log-uniformly (uniformly from 0).

        `number` counts the trials of a design study: trial 7 has the same draw however many there are. The ranges say how little is
        known; a design that is fine only at the typical values is not fine.
        """
        streams = Streams(seed).child("plausible")
        drawn = {}
        for name, held in self.values.items():
            band = held.assumption.plausible
            if band is None or band.low is None or band.high is None or held.assumption.distribution.kind == "beta":
                continue
            low, high = float(band.low), float(band.high)
            share = streams.child(name).generator(number).random()
            drawn[name] = exp(log(low) + share * log(high / low)) if low > 0 else low + share * (high - low)
        return self.with_values(**drawn)


@cache
def _shipped(name: str) -> tuple[Assumption, ...]:
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    return Assumptions.model_validate(yaml.load(text, Loader=yaml.CSafeLoader)).assumptions


def setting(study: Iterable[Assumption] = (), scenario: Scenario = "s0") -> Setting:
    """This will return what to assume: the base scenario, over it the study's assumptions, over these what the scenario changes.

    `study` is `protocol.assumptions.assumptions`; those of other areas of the simulation are passed by. Raises ValueError for a
    scenario that does not ship.
    """
    if scenario not in SCENARIOS:
        message = f"{scenario!r} is no scenario; there are {', '.join(SCENARIOS)}"
        raise ValueError(message)
    found = {item.id: Assumed(item, "base") for item in _shipped("base")}
    for item in study:
        if item.id in found and item.area in AREAS:
            found[item.id] = Assumed(item, "study")
    if scenario != "s0":
        found |= {item.id: Assumed(item, "scenario") for item in _shipped(scenario)}
    return Setting(scenario, MappingProxyType(found))


def typical(distribution: Distribution) -> float:
    """This will return the typical value of a distribution. Raises ValueError for named outcomes."""
    match distribution:
        case Fixed():
            return float(distribution.value)
        case Normal():
            return float(distribution.typical)
        case Uniform():
            return float(distribution.low + distribution.high) / 2
        case Beta():
            return float(distribution.a / (distribution.a + distribution.b))
        case Gamma():
            return float(distribution.shape / distribution.rate)
        case Weibull():
            return float(distribution.scale * Decimal(log(2)) ** (1 / distribution.shape))
        case _:
            message = "named outcomes have no typical number"
            raise ValueError(message)


def drawn(distribution: Distribution, generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """This will return numbers of that distribution, of that shape. Raises DocumentProblems for named outcomes."""
    match distribution:
        case Fixed():
            return np.full(shape, float(distribution.value))
        case Uniform():
            return generator.uniform(float(distribution.low), float(distribution.high), shape)
        case Normal():
            spread = float(distribution.sd) * generator.standard_normal(shape)
            centre = float(distribution.typical)
            if distribution.kind == "normal":
                return centre + spread
            if distribution.kind == "lognormal":
                return centre * np.exp(spread)
            return 1 / (1 + np.exp(-(log(centre / (1 - centre)) + spread)))
        case Beta():
            return generator.beta(float(distribution.a), float(distribution.b), shape)
        case Gamma():
            return generator.gamma(float(distribution.shape), 1 / float(distribution.rate), shape)
        case Weibull():
            return float(distribution.scale) * generator.weibull(float(distribution.shape), shape)
        case _:
            what = "a simulation of kinetics needs numbers, not named outcomes."
            raise DocumentProblems([Problem(Place("assumptions.yaml"), what, "Give another distribution.")])


def _moved(name: str, distribution: Distribution, value: float) -> Distribution:
    exact = Decimal(repr(value))
    if isinstance(distribution, Fixed):
        return Fixed(kind="fixed", value=exact)
    if isinstance(distribution, Normal):
        return distribution.model_copy(update={"typical": exact})
    message = f"{name} is {distribution.kind}: it has no typical value to move; give it a fixed one with `without_spread`"
    raise ValueError(message)
