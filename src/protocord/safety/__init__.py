"""Safety: laboratory grading by CTCAE, adverse events, dose-limiting toxicity, reporting clocks."""

from protocord.safety.grading import Grade, Graded, GradedTable, grade, grade_table, grade_test

__all__ = ["Grade", "Graded", "GradedTable", "grade", "grade_table", "grade_test"]
