"""Choose the reference range of an Observation that holds for this child, and say for whom it holds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from protocord.exchange.fhir.elements import Entry, Reader, Resource
from protocord.values import CodeSystem, Coding, PartialDate, Quantity, ReferenceRange, age_range, days_between

_SEXES = {
    ("http://hl7.org/fhir/administrative-gender", "male"): "male",
    ("http://hl7.org/fhir/administrative-gender", "female"): "female",
    (CodeSystem.SNOMED.value, "248153007"): "male",
    (CodeSystem.SNOMED.value, "248152002"): "female",
}
# The longest and shortest that so many of a unit can be in days, so that a child surely within a band is told from one at its edge.
_DAYS = {"a": (365, 366), "mo": (28, 31), "wk": (7, 7), "d": (1, 1)}
_YEARS = ("a", "year", "years", "yr")
_ADULT = 18  # completed years; a range that goes on beyond them is an adult's, also where it begins in childhood


def range_of(
    reader: Reader, entry: Entry, parent: Resource, path: str, unit: str | None, on: PartialDate | None
) -> ReferenceRange | None:
    """This will return the one range that holds for this child on that day; None, with the matter listed, where several may."""
    fitting = []
    for at, written in reader.children(parent, "referenceRange", path):
        if _is_normal(reader, written, at):
            limits = _one(reader, entry, written, at, unit, on)
            if limits is not None:
                fitting.append(limits)
    if len(fitting) > 1:
        banded = [
            limits for limits in fitting if limits.age_specific or limits.age_low is not None or limits.age_high is not None
        ]
        fitting = [limits for limits in banded if _surely(reader, limits, on)] or fitting
    if len(fitting) > 1:
        reader.leave(entry, "referenceRange", "fhir_several_ranges")
        return None
    return fitting[0] if fitting else None


def _is_normal(reader: Reader, written: Resource, path: str) -> bool:
    codings = reader.codings(reader.child(written, "type", path), f"{path}.type")
    return not codings or any(coding.code == "normal" for coding in codings)


def _one(
    reader: Reader, entry: Entry, written: Resource, path: str, unit: str | None, on: PartialDate | None
) -> ReferenceRange | None:
    low = _limit(reader, written, "low", path, unit)
    high = _limit(reader, written, "high", path, unit)
    if low is None and high is None:
        reader.leave(entry, reader.text(written, "text", path) or "referenceRange", "fhir_range_is_text")
        return None
    sexes = [_sex(coding) for at, group in reader.children(written, "appliesTo", path) for coding in reader.codings(group, at)]
    sex = next((sex for sex in sexes if sex), None)
    if sex is not None and reader.sex is not None and sex != reader.sex:
        return None
    age = reader.child(written, "age", path)
    ends = {key: _age_end(reader, age, key, f"{path}.age") for key in ("low", "high")}
    laboratory = reader.mapping.laboratory
    if not age:
        return ReferenceRange(low, high, None, None, reader.mapping.ranges_are_age_specific, sex, laboratory)
    if all(end is None or end[1] in _YEARS for end in ends.values()):
        years = {key: None if end is None else int(end[0]) for key, end in ends.items()}
        limits = ReferenceRange(low, high, years["low"], years["high"], False, sex, laboratory)
        return None if _surely_not(reader, limits, on) else limits
    fits = _fits(reader, ends["low"], ends["high"], on)
    if fits is not False and _reaches_adults(ends["low"], ends["high"]):
        return ReferenceRange(low, high, None, None, False, sex, laboratory)
    if fits is None:
        reader.leave(entry, "referenceRange.age", "fhir_range_age_undecided")
    return ReferenceRange(low, high, None, None, True, sex, laboratory) if fits else None


def _limit(reader: Reader, written: Resource, key: str, path: str, unit: str | None) -> Quantity | None:
    limit = reader.quantity(reader.child(written, key, path), f"{path}.{key}")
    # FHIR lets a limit leave out its unit, which is then that of the result it stands beside.
    return Quantity(limit.value, unit) if limit is not None and limit.unit is None else limit


def _sex(coding: Coding) -> str | None:
    return _SEXES.get((coding.system, coding.code))


def _age_end(reader: Reader, age: Resource, key: str, path: str) -> tuple[Decimal, str] | None:
    end = reader.quantity(reader.child(age, key, path), f"{path}.{key}")
    if end is None:
        return None
    if end.unit not in (*_DAYS, *_YEARS):
        reader.fault(f"{path}.{key}", f"the unit of an age is a, mo, wk or d, not {end.unit!r}.")
    if end.unit in _YEARS and end.value != int(end.value):
        return end.value * 12, "mo"
    return end.value, end.unit or ""


def _completed(reader: Reader, on: PartialDate | None) -> tuple[int, int] | None:
    return age_range(reader.birth, on) if reader.birth and on else None


def _surely(reader: Reader, limits: ReferenceRange, on: PartialDate | None) -> bool:
    if limits.age_specific:
        return True
    age = _completed(reader, on)
    if age is not None and age[0] < _ADULT and (limits.age_high is None or limits.age_high > _ADULT):
        return False
    return age is not None and (limits.age_low or 0) <= age[0] and (limits.age_high is None or age[1] <= limits.age_high)


def _surely_not(reader: Reader, limits: ReferenceRange, on: PartialDate | None) -> bool:
    age = _completed(reader, on)
    if age is None:
        return False
    return (limits.age_low is not None and age[1] < limits.age_low) or (limits.age_high is not None and age[0] > limits.age_high)


def _reaches_adults(low: tuple[Decimal, str] | None, high: tuple[Decimal, str] | None) -> bool:
    """Whether a band that is not in whole years begins in childhood and surely goes on into the years of adults."""
    youngest, oldest = _in_days(low, Decimal(0))[0], _in_days(high, Decimal(10**6))[1]
    return youngest < _ADULT * 365 and oldest > (_ADULT + 1) * 366


def _fits(
    reader: Reader, low: tuple[Decimal, str] | None, high: tuple[Decimal, str] | None, on: PartialDate | None
) -> bool | None:
    """Whether the child's age in days lies in a band that is not in whole years; None where the dates or the units leave it open."""
    if reader.birth is None or on is None:
        return None
    youngest, oldest = days_between(reader.birth, on)
    low_days, high_days = _in_days(low, Decimal(0)), _in_days(high, Decimal(10**6))
    if youngest >= low_days[1] and oldest <= high_days[0]:
        return True
    if oldest < low_days[0] or youngest > high_days[1]:
        return False
    return None


def _in_days(end: tuple[Decimal, str] | None, otherwise: Decimal) -> Sequence[Decimal]:
    if end is None:
        return otherwise, otherwise
    shortest, longest = _DAYS.get(end[1], (365, 366))
    return end[0] * shortest, end[0] * longest
