"""The tables that the clinical scales are computed from: one row a child and a time; an empty cell is unknown, never no."""

from __future__ import annotations

from protocord.safety.scales.crs import OXYGEN
from protocord.safety.scales.rows import grade_table
from protocord.safety.scales.scores import CAPD_ANSWERS
from protocord.tables import Column, Table

__all__ = ["AGVHD", "CRS", "ICANS", "REACTIONS", "TABLES"]


def _yes_no(name: str, about: str) -> Column:
    return Column(name, "yes_no", about, required=False, empty=True)


def _number(name: str, about: str, unit: str = "", low: float | None = None, high: float | None = None) -> Column:
    return Column(name, "number", about, required=False, empty=True, unit=unit, low=low, high=high)


def _whole(name: str, about: str, low: int = 0, high: int | None = None) -> Column:
    return Column(name, "integer", about, required=False, empty=True, low=low, high=high)


def _choice(name: str, about: str, choices: tuple[str, ...]) -> Column:
    return Column(name, "choice", about, required=False, empty=True, choices=choices)


def _words(scale: str, domain: str) -> tuple[str, ...]:
    return tuple(row.word for row in grade_table(scale).of(domain) if row.word)


_SUBJECT = Column("subject", "text", "The subject's number")
_DATE = Column("date", "date", "Day of the assessment")
_BIRTH = Column("birth_date", "date", "Birth date; decides the limits of age", required=False, empty=True)

CRS = Table(
    "CRS assessments",
    "One row a child and a time. An empty cell is unknown: the answer then is a span of grades, and what to record.",
    (
        _SUBJECT,
        _DATE,
        _BIRTH,
        _number("temperature", "Highest temperature", "Cel", 30, 45),
        _yes_no("fever_explained", "Whether another cause explains the fever"),
        _yes_no(
            "treated",
            "Whether an antipyretic, tocilizumab or corticosteroid was given since CRS began; premedication does not count",
        ),
        _yes_no("hypotension", "Whether there is hypotension; no only where nothing holds the pressure up"),
        _number("systolic", "Systolic pressure, where `hypotension` is empty; judged by age", "mm[Hg]", 20, 300),
        _whole("vasopressors", "Vasopressors running, vasopressin left out", high=10),
        _yes_no("vasopressin", "Whether vasopressin runs"),
        _choice("oxygen", "How oxygen is given", OXYGEN),
        _number("flow", "Flow through a cannula", "L/min", 0.01, 100),
        _yes_no("airway_only", "Whether ventilation only protects the airway"),
        _yes_no("died", "Whether the child died of CRS"),
    ),
)
ICANS = Table(
    "ICANS assessments",
    "One row a child and a time. ICE from 12 years on, CAPD below and with delayed development; totals, or the items.",
    (
        _SUBJECT,
        _DATE,
        _BIRTH,
        _yes_no("delayed", "Whether development is delayed"),
        _whole("ice", "ICE score; empty where the items are given", high=10),
        _yes_no("ice_year", "Orientated to the year"),
        _yes_no("ice_month", "Orientated to the month"),
        _yes_no("ice_city", "Orientated to the city"),
        _yes_no("ice_hospital", "Orientated to the hospital"),
        _whole("ice_objects", "Objects named, of three", high=3),
        _yes_no("ice_command", "Follows a command"),
        _yes_no("ice_writing", "Writes a sentence"),
        _yes_no("ice_attention", "Counts from 100 down by tens"),
        _whole("capd", "CAPD score; empty where the items are given", high=32),
        *(_choice(f"capd_{number}", f"CAPD item {number}", CAPD_ANSWERS) for number in range(1, 9)),
        _yes_no("capd_unable", "Whether the CAPD cannot be performed"),
        _whole("capd_baseline", "CAPD score before treatment", high=32),
        _choice("consciousness", "How the child wakes", _words("icans", "consciousness")),
        _choice("seizure", "Seizures", _words("icans", "seizure")),
        _choice("motor", "Weakness", _words("icans", "motor")),
        _choice("oedema", "Cerebral oedema", _words("icans", "oedema")),
        _yes_no("died", "Whether the child died of ICANS"),
    ),
)
AGVHD = Table(
    "acute GvHD assessments",
    "One row a child and a time. Stool over three days: volumes, or counts.",
    (
        _SUBJECT,
        _DATE,
        _number("skin", "Body surface with active erythema", "%", 0, 100),
        _yes_no("bullae", "Whether there are bullae"),
        _number("desquamation", "Body surface with desquamation", "%", 0, 100),
        _number("bilirubin", "Total bilirubin", low=0),
        _choice("bilirubin_unit", "Unit of bilirubin", ("mg/dL", "umol/L")),
        _choice("upper_gut", "Nausea, vomiting, anorexia", _words("agvhd", "upper_gut")),
        *(_number(f"volume_{day}", f"Volume of stool on day {day} of three", "mL", 0) for day in (1, 2, 3)),
        *(_number(f"stools_{day}", f"Number of stools on day {day} of three", low=0) for day in (1, 2, 3)),
        _yes_no("mixed_with_urine", "Whether the volumes hold urine; half of them then counts"),
        _number("weight", "Body weight", "kg", 1, 250),
        _yes_no("pain_opioid", "Whether opioids were begun or raised for abdominal pain"),
        _yes_no("pain_performance", "Whether the pain lowered the performance status"),
        _yes_no("bloody_stool", "Whether the stool is grossly bloody"),
        _choice("biopsy", "What the biopsy showed", ("gvhd", "equivocal", "negative", "other_diagnosis", "not_done")),
        _yes_no("suspected", "Whether the clinician holds GvHD for a possible cause"),
        _yes_no("treated", "Whether GvHD is treated"),
    ),
)
REACTIONS = Table(
    "early reactions",
    "One row a reaction: was it an infusion reaction or CRS? Times as 2025-06-09T14:30, or the day alone.",
    (
        _SUBJECT,
        Column("onset", "text", "When the reaction began", empty=True),
        Column("infusion_start", "text", "When the infusion began", empty=True),
        Column("infusion_end", "text", "When the infusion ended", empty=True),
        _yes_no("crs_after_window", "Whether it met the criteria of CRS beyond the window"),
        _yes_no("crs_criteria", "Whether a reaction after the window meets the criteria of CRS"),
    ),
)

TABLES: tuple[Table, ...] = (CRS, ICANS, AGVHD, REACTIONS)
