"""Acute graft-versus-host disease by MAGIC (Harris 2016, BBMT 22:4): stage by organ, overall grade, confidence of the diagnosis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from protocord.safety.scales.grades import Number, RowGrade, ScaleGrade, exact, not_recorded
from protocord.safety.scales.rows import Gap, Row, grade_table, raw_table
from protocord.values import Reason

__all__ = ["ORGANS", "AgvhdFindings", "Confidence", "agvhd", "agvhd_stages", "confidence"]

ORGANS = ("skin", "liver", "upper_gut", "lower_gut")
Confidence = Literal["confirmed", "probable", "possible", "negative"]
Biopsy = Literal["gvhd", "equivocal", "negative", "other_diagnosis", "not_done"]

_CHILD_UP_TO = Decimal(50)  # kg; MAGIC reads stool by body weight up to here
_MIXED = Decimal("0.5")  # the share of stool in stool mixed with urine
_DAYS = 3  # days over which stool is averaged
_BILIRUBIN = {"mg/dL": "bilirubin_mg_dl", "umol/L": "bilirubin_umol_l"}


@dataclass(frozen=True, slots=True)
class AgvhdFindings:
    """What acute graft-versus-host disease is staged from; None is unknown, never no or zero.

    `skin` is the share of body surface with active erythema in %, `desquamation` with desquamation in %; `bilirubin` in
    `bilirubin_unit` (mg/dL or umol/L). `upper_gut` is none, intermittent or persistent. `stool_volumes` in mL/day and
    `stool_counts` per day hold one value a day over three days; `mixed_with_urine` halves the volumes; `weight` in kg.
    Severe pain is one for which opioids were begun or raised and which lowered the performance status, both.
    """

    skin: Number | None = None
    bullae: bool | None = None
    desquamation: Number | None = None
    bilirubin: Number | None = None
    bilirubin_unit: str | None = None
    upper_gut: str | None = None
    stool_volumes: Sequence[Number | None] = ()
    stool_counts: Sequence[Number | None] = ()
    mixed_with_urine: bool | None = None
    weight: Number | None = None
    pain_opioid: bool | None = None
    pain_performance: bool | None = None
    bloody_stool: bool | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage of an organ, or the least and the greatest that the findings leave possible, with the row and what is missing."""

    organ: str
    low: int
    high: int
    rows: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()


def agvhd_stages(
    findings: AgvhdFindings, *, gap: Gap = "round", stool: Literal["volume_first", "worst"] = "volume_first"
) -> Mapping[str, Stage]:
    """This will return the stage of each organ of `ORGANS`.

    `gap` says how a value between two printed intervals is read, such as 3.05 mg/dL (convention `agvhd_gap`); `stool` whether
    counts enter only where volumes are missing (convention `agvhd_stool`). Raises ValueError for a value that cannot be.
    """
    return {
        "skin": _skin(findings, gap),
        "liver": _liver(findings, gap),
        "upper_gut": _upper(findings),
        "lower_gut": _lower(findings, gap, stool),
    }


def agvhd(findings: AgvhdFindings, *, gap: Gap = "round", stool: Literal["volume_first", "worst"] = "volume_first") -> ScaleGrade:
    """This will return the overall grade, 0 to 4, or the least and the greatest that the findings leave possible.

    It is the highest of the grades that the organs' stages give; `gap` and `stool` as for `agvhd_stages`.
    """
    table, overall = grade_table("agvhd"), raw_table("agvhd")["overall"]
    stages = agvhd_stages(findings, gap=gap, stool=stool)
    rows: list[RowGrade] = []
    for organ, stage in stages.items():
        low, high = int(overall[organ][stage.low]), int(overall[organ][stage.high])
        rows += [RowGrade(row, low, high) for row in stage.rows or (f"agvhd_{organ}_open",)]
    low, high = max(row.low for row in rows), max(row.high for row in rows)
    reasons = [reason for stage in stages.values() if _open(stage, overall, low) for reason in stage.reasons]
    remarks = [remark for stage in stages.values() for remark in stage.remarks]
    seen = tuple(sorted(rows, key=lambda row: (-row.low, -row.high)))
    return ScaleGrade(
        table.scale, table.version, low, high, seen, tuple(dict.fromkeys(reasons)) if low != high else (), tuple(remarks)
    )


def confidence(biopsy: Biopsy | None, *, suspected: bool | None, treated: bool | None) -> Confidence | None:
    """This will return how sure the diagnosis is (Harris 2016, table 2); None where what is missing could decide.

    `suspected`: the clinician holds graft-versus-host disease for a possible cause; `treated`: treatment for it is given. A
    biopsy without signs of it proves nothing else, so it does not make the diagnosis negative; another diagnosis does.
    """
    if biopsy == "gvhd":
        return "confirmed"
    if biopsy == "other_diagnosis" and not treated:
        return "negative" if treated is False else None
    if biopsy is None or suspected is None or treated is None:
        return None
    if treated:
        return "probable"
    return "possible" if suspected else "negative"


def _open(stage: Stage, overall: Mapping[str, Sequence[str]], certain: int) -> bool:
    """Whether what is missing of an organ can still raise the overall grade."""
    return int(overall[stage.organ][stage.high]) > certain


def _skin(findings: AgvhdFindings, gap: Gap) -> Stage:
    table = grade_table("agvhd")
    if findings.skin is None:
        return Stage("skin", 0, 4, reasons=(not_recorded("scale_item_skin"),))
    row = table.number("skin", exact(findings.skin), gap)
    if row.grade < 3:
        return Stage("skin", row.grade, row.grade, (row.id,))
    share = None if findings.desquamation is None else table.number("desquamation", exact(findings.desquamation))
    peeling = None if share is None else share.id == "agvhd_desquamation"
    severe = _all((findings.bullae, peeling))
    if severe is None:
        missing = [not_recorded("scale_item_bullae")] if findings.bullae is None else []
        missing += [not_recorded("scale_item_desquamation")] if peeling is None else []
        return Stage("skin", 3, 4, (row.id,), tuple(missing))
    return Stage("skin", 4, 4, ("agvhd_skin_4",)) if severe else Stage("skin", 3, 3, (row.id,))


def _liver(findings: AgvhdFindings, gap: Gap) -> Stage:
    if findings.bilirubin is None:
        return Stage("liver", 0, 4, reasons=(not_recorded("scale_item_bilirubin"),))
    if findings.bilirubin_unit is None:
        return Stage("liver", 0, 4, reasons=(not_recorded("scale_item_bilirubin_unit"),))
    if findings.bilirubin_unit not in _BILIRUBIN:
        message = f"{findings.bilirubin_unit!r} is no unit of bilirubin here; write one of: {', '.join(_BILIRUBIN)}"
        raise ValueError(message)
    row = _read(_BILIRUBIN[findings.bilirubin_unit], exact(findings.bilirubin), gap)
    return Stage("liver", row.grade, row.grade, (row.id,))


def _upper(findings: AgvhdFindings) -> Stage:
    if findings.upper_gut is None:
        return Stage("upper_gut", 0, 1, reasons=(not_recorded("scale_item_upper_gut"),))
    row = grade_table("agvhd").word("upper_gut", findings.upper_gut)
    return Stage("upper_gut", row.grade, row.grade, (row.id,))


def _lower(findings: AgvhdFindings, gap: Gap, stool: str) -> Stage:
    severe = _any((_all((findings.pain_opioid, findings.pain_performance)), findings.bloody_stool))
    if severe:
        return Stage("lower_gut", 4, 4, ("agvhd_lower_pain_or_blood",))
    amount = _stool(findings, gap, stool)
    if severe is False:
        return amount
    missing = [not_recorded("scale_item_bloody_stool")] if findings.bloody_stool is None else []
    if _all((findings.pain_opioid, findings.pain_performance)) is None:
        missing.append(not_recorded("scale_item_severe_pain"))
    return Stage("lower_gut", amount.low, 4, amount.rows, (*amount.reasons, *missing), amount.remarks)


def _stool(findings: AgvhdFindings, gap: Gap, stool: str) -> Stage:
    """The stage by the amount of stool: by volume, or by count where there is no volume (or by the worse of the two)."""
    by_volume = _by_volume(findings, gap)
    by_count = _by_count(findings, gap)
    if by_volume is None and by_count is None:
        some = any(value is not None for value in (*findings.stool_volumes, *findings.stool_counts))
        kind = "scale_item_stool_days" if some else "scale_item_stool"
        return Stage("lower_gut", 0, 3, reasons=(not_recorded(kind),))
    if by_volume is None or by_count is None:
        return by_volume or by_count  # type: ignore[return-value]  # one of them is a stage
    if stool == "volume_first":
        return by_volume
    rows = by_volume.rows if by_volume.high >= by_count.high else by_count.rows
    low, high = max(by_volume.low, by_count.low), max(by_volume.high, by_count.high)
    return Stage("lower_gut", low, high, rows, (*by_volume.reasons, *by_count.reasons))


def _by_volume(findings: AgvhdFindings, gap: Gap) -> Stage | None:
    mean = _mean(findings.stool_volumes, "a volume of stool")
    if mean is None:
        return None
    missing = []
    if findings.mixed_with_urine is None:
        missing.append(not_recorded("scale_item_mixed_with_urine"))
    if findings.weight is None:
        missing.append(not_recorded("scale_item_weight"))
    least = mean if findings.mixed_with_urine is False else mean * _MIXED
    most = mean * _MIXED if findings.mixed_with_urine else mean
    if findings.weight is None:
        # A child so light that any volume is much, or an adult: only no stool at all is certain.
        return Stage("lower_gut", 0, 3 if most else 0, (), tuple(missing))
    weight = _weight(findings.weight)
    domain = "stool_per_weight" if weight <= _CHILD_UP_TO else "stool_volume"
    over = weight if weight <= _CHILD_UP_TO else Decimal(1)
    low, high = _read(domain, least / over, gap), _read(domain, most / over, gap)
    return Stage("lower_gut", low.grade, high.grade, (high.id,), tuple(missing))


def _by_count(findings: AgvhdFindings, gap: Gap) -> Stage | None:
    mean = _mean(findings.stool_counts, "a number of stools")
    if mean is None:
        return None
    if findings.weight is None:
        child, grown = _read("stools_child", mean, gap), _read("stools_adult", mean, gap)
        missing = (not_recorded("scale_item_weight"),)
        return Stage("lower_gut", min(child.grade, grown.grade), max(child.grade, grown.grade), (grown.id,), missing)
    domain = "stools_child" if _weight(findings.weight) <= _CHILD_UP_TO else "stools_adult"
    row = _read(domain, mean, gap)
    return Stage("lower_gut", row.grade, row.grade, (row.id,))


def _mean(values: Sequence[Number | None], what: str) -> Decimal | None:
    """The mean of three days; None where fewer are known."""
    if len(values) > _DAYS:
        message = f"stool is averaged over {_DAYS} days, not {len(values)}"
        raise ValueError(message)
    known = [exact(value) for value in values if value is not None]
    if any(value < 0 for value in known):
        message = f"{min(known)} is not {what}"
        raise ValueError(message)
    return sum(known, Decimal(0)) / _DAYS if len(known) == _DAYS else None


def _weight(weight: Number) -> Decimal:
    kilograms = exact(weight)
    if kilograms <= 0:
        message = f"{weight} kg is no body weight"
        raise ValueError(message)
    return kilograms


def _read(domain: str, value: Decimal, gap: Gap) -> Row:
    return grade_table("agvhd").number(domain, value, gap)


def _all(answers: Iterable[bool | None]) -> bool | None:
    given = tuple(answers)
    return False if False in given else None if None in given else True


def _any(answers: Iterable[bool | None]) -> bool | None:
    given = tuple(answers)
    return True if True in given else None if None in given else False
