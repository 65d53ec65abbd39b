"""Safety: laboratory grading by CTCAE, adverse events, dose-limiting toxicity, reporting clocks."""

from protocord.safety.grading import Grade, Graded, GradedTable, grade, grade_table, grade_test
from protocord.safety.scales import (
    AgvhdFindings,
    CrsFindings,
    IcansFindings,
    ScaleGrade,
    agvhd,
    capd_score,
    crs,
    hypotension,
    icans,
    ice_score,
)

__all__ = [
    "AgvhdFindings",
    "CrsFindings",
    "Grade",
    "Graded",
    "GradedTable",
    "IcansFindings",
    "ScaleGrade",
    "agvhd",
    "capd_score",
    "crs",
    "grade",
    "grade_table",
    "grade_test",
    "hypotension",
    "icans",
    "ice_score",
]
