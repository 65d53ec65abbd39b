"""Numbers shown beside a criterion; they never decide it. Formulas and vectors: clinical.md 4.6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from protocord.criteria import FactIndex, UsedFact
from protocord.criteria.functions import Ask
from protocord.criteria.functions.ages import age_between
from protocord.criteria.functions.results import numeric
from protocord.criteria.functions.selection import doubts, latest
from protocord.criteria.index import BIRTH_DATE, SEX
from protocord.eligibility.findings import Calculation
from protocord.values.quantities import Quantity
from protocord.values.reasons import Reason

CREATININE, HEIGHT, WEIGHT = "Creatinine", "Height", "Weight"
MG_DL = Decimal("88.4")  # µmol/L of creatinine in 1 mg/dL
FEMALE = Decimal("0.85")


@dataclass(slots=True)
class _Inputs:
    """The latest values on or before a day, gathered for one calculation, with what is missing."""

    index: FactIndex
    on: date
    used: list[UsedFact]
    missing: list[Reason]

    def number(self, concept: str) -> Decimal:
        """The latest result in the concept's unit; 1 with a missing reason where it is not known exactly."""
        ask = Ask(self.index, self.on.toordinal(), self.on.toordinal())
        events, sure = latest(numeric(self.index, concept), ask.day, None)
        if len(events) == 1 and sure:
            self.used.append(self.index.used(events[0].fact))
            standard = self.index.standard(events[0].fact, concept)
            if isinstance(standard, Quantity) and not standard.comparator and standard.value > 0:
                return standard.value
            unusable = Reason.of("calculation_input_unusable", concept=self.index.name(concept), date=events[0].fact.start)
            self.missing.append(standard if isinstance(standard, Reason) else unusable)
            return Decimal(1)
        missing = Reason.of("calculation_input_missing", concept=self.index.name(concept))
        self.missing.extend(doubts(ask, events, concept) or (missing,))
        return Decimal(1)

    def age(self) -> int | None:
        """The age in completed years, if it is known."""
        self.used.extend(self.index.used(event.fact) for event in self.index.events(BIRTH_DATE))
        ages = age_between(self.index, self.on.toordinal(), self.on.toordinal())
        if ages is None or ages[0] != ages[1]:
            self.missing.append(Reason.of("calculation_input_missing", concept=self.index.name(BIRTH_DATE)))
            return None
        return ages[0]

    def is_female(self) -> bool:
        """Whether the subject is female; a missing reason where it is not known."""
        self.used.extend(self.index.used(event.fact) for event in self.index.events(SEX))
        if self.index.sex not in ("female", "male"):
            self.missing.append(Reason.of("calculation_input_missing", concept=self.index.name(SEX)))
        return self.index.sex == "female"


def _tenths(value: Decimal, unit: str) -> Quantity:
    return Quantity(value.quantize(Decimal("0.1"), ROUND_HALF_UP), unit)


def _bedside_schwartz(inputs: _Inputs) -> Quantity:
    """36.5 × height in cm / creatinine in µmol/L, mL/min/1.73 m², from 1 to under 18 years (clinical.md 4.6)."""
    age = inputs.age()
    height, creatinine = inputs.number(HEIGHT), inputs.number(CREATININE)
    if age is not None and not 1 <= age < 18:
        inputs.missing.append(Reason.of("calculation_age_outside", age=age, low=1, high=18))
    return _tenths(Decimal("36.5") * height / creatinine, "mL/min/{1.73_m2}")


def _cockcroft_gault(inputs: _Inputs) -> Quantity:
    """(140 − age) × kg / (72 × creatinine in mg/dL), × 0.85 if female; mL/min, not indexed to body surface.

    The exact mg/dL form (mg/dL = µmol/L / 88.4), not the rounded SI factors 1.23 and 1.04. Derived in adults (clinical.md 4.6).
    """
    age = inputs.age()
    weight, creatinine, female = inputs.number(WEIGHT), inputs.number(CREATININE), inputs.is_female()
    clearance = (140 - (age or 0)) * weight * MG_DL / (72 * creatinine)
    return _tenths(clearance * FEMALE if female else clearance, "mL/min")


_CALCULATIONS: Mapping[str, Callable[[_Inputs], Quantity]] = {
    "bedside_schwartz": _bedside_schwartz,
    "cockcroft_gault": _cockcroft_gault,
}


def calculate(name: str, index: FactIndex, on: date) -> Calculation:
    """This will return the calculation from the latest values on or before `on`, or what it lacks. Raises KeyError for another name."""
    inputs = _Inputs(index, on, [], [])
    value = _CALCULATIONS[name](inputs)
    used = tuple({fact.id: fact for fact in inputs.used}.values())
    label = Reason.of(f"calculation_{name}")
    return Calculation(name, None if inputs.missing else value, label, used, tuple(inputs.missing))
