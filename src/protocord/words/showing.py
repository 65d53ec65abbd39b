"""Show one value as a clinician writes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from protocord.values import Language, PartialDate, Particular, Quantity, Text

_COMPARATORS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "": ""}

# UCUM as people write it. What is not listed is shown as UCUM, which is readable for most units.
_UNITS = {
    "10*9/L": "×10⁹/L",
    "10^9/L": "×10⁹/L",
    "10*3/uL": "×10³/µL",
    "10^3/uL": "×10³/µL",
    "10*3/mm3": "×10³/mm³",
    "10*6/L": "×10⁶/L",
    "{cells}/uL": "/µL",
    "/mm3": "/mm³",
    "10*7/kg": "×10⁷/kg",
    "10*6/kg": "×10⁶/kg",
    "umol/L": "µmol/L",
    "ug/L": "µg/L",
    "ug/mL": "µg/mL",
    "ug/L{FEU}": "µg/L FEU",
    "mg/L{FEU}": "mg/L FEU",
    "ng/mL{FEU}": "ng/mL FEU",
    "ug/mL{FEU}": "µg/mL FEU",
    "ukat/L": "µkat/L",
    "[IU]/L": "IU/L",
    "/uL": "/µL",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "m2": "m²",
    "cm2": "cm²",
    "meq/L": "mEq/L",
    "[lb_av]": "lb",
    "[in_i]": "in",
}
_DURATIONS: dict[str, dict[Language, tuple[str, str]]] = {
    "d": {"en": ("day", "days"), "zh": ("天", "天")},
    "wk": {"en": ("week", "weeks"), "zh": ("周", "周")},
    "mo": {"en": ("month", "months"), "zh": ("个月", "个月")},
    "a": {"en": ("year", "years"), "zh": ("年", "年")},
    "h": {"en": ("hour", "hours"), "zh": ("小时", "小时")},
    "min": {"en": ("minute", "minutes"), "zh": ("分钟", "分钟")},
}
_YES_NO: dict[bool, dict[Language, str]] = {True: {"en": "yes", "zh": "是"}, False: {"en": "no", "zh": "否"}}
_UNKNOWN: dict[Language, str] = {"en": "unknown", "zh": "不详"}


def shown(value: Particular, language: Language) -> str:
    """This will return a value as people write it: dates ISO at their precision, numbers with all their digits, units as in the clinic.

    >>> shown(Quantity(Decimal("0.50"), "10*9/L", "<="), "en")
    '≤0.50 ×10⁹/L'
    """
    match value:
        case None:
            return _UNKNOWN[language]
        case bool():
            return _YES_NO[value][language]
        case Text():
            return value.say(language)
        case Quantity():
            return _quantity(value, language)
        case Decimal():
            return format(value, "f")
        case date() | PartialDate():
            return value.isoformat()
        case _:
            return str(value)


def shown_unit(unit: str | None, language: Language, number: Decimal = Decimal(2)) -> str:
    """This will return a UCUM unit as people write it beside `number`; nothing for a pure number, a score or a grade."""
    if unit is None or unit == "1" or (unit.startswith("{") and unit.endswith("}") and unit.count("{") == 1):
        return ""
    if unit in _DURATIONS:
        one, many = _DURATIONS[unit][language]
        return one if number == 1 else many
    return _UNITS.get(unit, unit)


def _quantity(quantity: Quantity, language: Language) -> str:
    number = _COMPARATORS[quantity.comparator] + format(quantity.value, "f")
    unit = shown_unit(quantity.unit, language, quantity.value)
    if not unit:
        return number
    close_up = unit.startswith("/") or unit in ("%", "°C") or (quantity.unit in _DURATIONS and language == "zh")
    return f"{number}{unit}" if close_up else f"{number} {unit}"
