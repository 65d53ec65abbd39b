"""Times to events, by the document: a child's course, the plan of assessments, and the engine that ends each time with its reason."""

from protocord.efficacy.endpoints.courses import Course, make_course
from protocord.efficacy.endpoints.engine import MAIN, Time, time_to_event, times
from protocord.efficacy.endpoints.gaps import Plan, assessment_plan

__all__ = ["MAIN", "Course", "Plan", "Time", "assessment_plan", "make_course", "time_to_event", "times"]
