"""Cytokine release syndrome by the ASTCT consensus (Lee 2019, BBMT 25:625, table 2)."""

from __future__ import annotations

from dataclasses import dataclass

from protocord.safety.scales.grades import Number, RowGrade, ScaleGrade, exact, not_recorded, worst
from protocord.safety.scales.rows import grade_table
from protocord.values import Reason

__all__ = ["OXYGEN", "CrsFindings", "crs"]

OXYGEN = (
    "none",
    "nasal_cannula",
    "high_flow_cannula",
    "blow_by",
    "face_mask",
    "non_rebreather",
    "venturi_mask",
    "cpap",
    "bipap",
    "ventilation",
)
"""Ways of giving oxygen. Of a cannula the flow decides, whatever it is called."""


@dataclass(frozen=True, slots=True)
class CrsFindings:
    """What CRS is graded from at one time; None is unknown, never no.

    `temperature` in degrees Celsius, the highest. `fever_explained` says that another cause explains the fever, so that it is
    no CRS. `treated` says that an antipyretic, tocilizumab or a corticosteroid was given since this CRS began: fever is then no
    longer asked for; premedication before it does not count. `hypotension` is no only where nothing holds the pressure up;
    see `hypotension` for the limit by age. `vasopressors` is the number running, vasopressin left out. `oxygen` is one of `OXYGEN`, `flow` in L/min through a cannula. `airway_only` says
    that ventilation protects the airway and treats no hypoxia. `died` means of CRS, with no other principal cause.
    """

    temperature: Number | None = None
    fever_explained: bool | None = None
    treated: bool | None = None
    hypotension: bool | None = None
    vasopressors: int | None = None
    vasopressin: bool | None = None
    oxygen: str | None = None
    flow: Number | None = None
    airway_only: bool | None = None
    died: bool | None = None


def crs(findings: CrsFindings) -> ScaleGrade:
    """This will return the grade of CRS, 0 to 5, or the least and the greatest that the findings leave possible.

    Organ toxicities have no say in it. Raises ValueError for a word that is no way of giving oxygen or a count below 0.
    """
    table = grade_table("crs")
    reasons: list[Reason] = []
    fever = _fever(findings, reasons)
    pressure = _pressure(findings, reasons)
    oxygen = _oxygen(findings, reasons)
    begun = _has_crs(findings, fever, reasons)
    if findings.treated and fever.high and findings.fever_explained is not False:
        # CRS goes on without fever, and a new fever of another cause is none of it.
        fever = RowGrade(fever.row, 0, 0 if findings.fever_explained else fever.high)
        reasons += [] if findings.fever_explained else [not_recorded("scale_item_fever_explained")]
    if begun is False:
        remark = "crs_fever_explained" if findings.fever_explained else "crs_without_fever"
        living = worst(table.scale, table.version, [], [], [Reason.of(remark)])
    else:
        least = 0 if begun is None else 1
        rows = [RowGrade(row.row, row.low * least, row.high) for row in (fever, pressure, oxygen)]
        living = worst(table.scale, table.version, rows, reasons)
    return with_death(living, findings.died, "crs_death")


def with_death(living: ScaleGrade, died: bool | None, row: str) -> ScaleGrade:
    """This will return the grade of somebody who died of it (5), did not (as it is), or of whom nobody says."""
    if died is False:
        return living
    low = 5 if died else 0
    rows = (*living.rows, RowGrade(row, low, 5))
    missing = () if died else (*living.reasons, not_recorded("scale_item_death"))
    return worst(living.scale, living.version, rows, missing, () if died else living.remarks)


def _fever(findings: CrsFindings, reasons: list[Reason]) -> RowGrade:
    if findings.temperature is None:
        reasons.append(not_recorded("scale_item_temperature"))
        return RowGrade("crs_fever", 0, 1)
    return RowGrade.of(grade_table("crs").number("temperature", exact(findings.temperature)))


def _has_crs(findings: CrsFindings, fever: RowGrade, reasons: list[Reason]) -> bool | None:
    """Whether there is a CRS to grade: fever that nothing else explains, or a CRS already treated."""
    if findings.treated:
        return True
    if findings.fever_explained:
        if findings.treated is None:
            reasons.append(not_recorded("scale_item_treated"))
            return None
        return False
    if fever.high == 0:
        if findings.treated is None:
            reasons.append(not_recorded("scale_item_treated"))
            return None
        return False
    if findings.fever_explained is None:
        reasons.append(not_recorded("scale_item_fever_explained"))
        return None
    return True if fever.low else None


def _pressure(findings: CrsFindings, reasons: list[Reason]) -> RowGrade:
    table = grade_table("crs")
    count, vasopressin = findings.vasopressors, findings.vasopressin
    if count is not None and count < 0:
        message = f"{count} is no number of vasopressors"
        raise ValueError(message)
    if count is not None and count > 1:
        return RowGrade.of(table.word("hypotension", "several_vasopressors"))
    # A vasopressor counts whether or not the pressure has come back under it; vasopressin alone is one (convention).
    if count == 1 or (count == 0 and vasopressin):
        return RowGrade.of(table.word("hypotension", "one_vasopressor"))
    if findings.hypotension is False and not vasopressin:
        return RowGrade.of(table.word("hypotension", "none"))
    least = 3 if vasopressin else 2 if findings.hypotension else 0
    if findings.hypotension is None and not vasopressin:
        reasons.append(not_recorded("scale_item_hypotension"))
    if count is None:
        reasons.append(not_recorded("scale_item_vasopressors"))
        return RowGrade("crs_several_vasopressors", least, 4)
    if vasopressin is None:
        reasons.append(not_recorded("scale_item_vasopressin"))
        return RowGrade("crs_one_vasopressor", least, 3)
    if findings.hypotension is None:
        return RowGrade("crs_hypotension_without_vasopressor", 0, 2)
    return RowGrade.of(table.word("hypotension", "no_vasopressor"))


def _oxygen(findings: CrsFindings, reasons: list[Reason]) -> RowGrade:
    table = grade_table("crs")
    way = findings.oxygen
    if way is None:
        reasons.append(not_recorded("scale_item_oxygen"))
        return RowGrade("crs_ventilation", 0, 4)
    if way not in OXYGEN:
        message = f"{way!r} is no way of giving oxygen; write one of: {', '.join(OXYGEN)}"
        raise ValueError(message)
    if way in {"nasal_cannula", "high_flow_cannula"}:
        return _cannula(findings, reasons)
    row = table.word("oxygen", way)
    if way == "ventilation" and findings.airway_only is not False:
        if findings.airway_only:
            return RowGrade("crs_airway_only", 0, 0)
        reasons.append(not_recorded("scale_item_airway_only"))
        return RowGrade(row.id, 0, row.grade)
    return RowGrade.of(row)


def _cannula(findings: CrsFindings, reasons: list[Reason]) -> RowGrade:
    table = grade_table("crs")
    if findings.flow is None:
        reasons.append(not_recorded("scale_item_flow"))
        return RowGrade("crs_high_flow", table.row("crs_low_flow").grade, table.row("crs_high_flow").grade)
    flow = exact(findings.flow)
    if flow <= 0:
        message = f"{findings.flow} L/min is no flow of oxygen"
        raise ValueError(message)
    return RowGrade.of(table.number("flow", flow))
