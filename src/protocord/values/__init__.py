"""Small frozen values that everything else speaks in. Standard library only."""

from protocord.values.codes import CodeSystem, Coding
from protocord.values.dates import (
    PartialDate,
    Window,
    age_range,
    anniversary,
    completed_years,
    date_of_study_day,
    days_between,
    study_day,
)
from protocord.values.facts import Fact, FactStatus, History, ReferenceRange, Source, SubjectRecord
from protocord.values.quantities import Bounds, Comparator, Quantity, UnreadableQuantity
from protocord.values.reasons import Particular, Reason
from protocord.values.text import LANGUAGES, Language, Text

__all__ = [
    "LANGUAGES",
    "Bounds",
    "CodeSystem",
    "Coding",
    "Comparator",
    "Fact",
    "FactStatus",
    "History",
    "Language",
    "PartialDate",
    "Particular",
    "Quantity",
    "Reason",
    "ReferenceRange",
    "Source",
    "SubjectRecord",
    "Text",
    "UnreadableQuantity",
    "Window",
    "age_range",
    "anniversary",
    "completed_years",
    "date_of_study_day",
    "days_between",
    "study_day",
]
