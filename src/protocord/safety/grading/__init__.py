"""Grade laboratory results by CTCAE v5.0 and v6.0: tables as data, one result exactly, many results by columns, the same answer."""

from protocord.safety.grading.grades import Grade, Graded
from protocord.safety.grading.single import grade, grade_test
from protocord.safety.grading.standard import VERSIONS, Rule, Standard, Term, standard
from protocord.safety.grading.table import GradedTable, grade_table

__all__ = [
    "VERSIONS",
    "Grade",
    "Graded",
    "GradedTable",
    "Rule",
    "Standard",
    "Term",
    "grade",
    "grade_table",
    "grade_test",
    "standard",
]
