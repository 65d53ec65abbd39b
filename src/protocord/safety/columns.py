"""The tables that safety reads: laboratory results, the reference ranges of laboratories, and what is known of the subjects."""

from __future__ import annotations

from protocord.safety.event_columns import TABLES as EVENT_TABLES
from protocord.safety.scales.columns import TABLES as SCALE_TABLES
from protocord.tables import Column, Table

_SAID = "; empty: not known"


def _asked(name: str, about: str) -> Column:
    return Column(name, "yes_no", about + _SAID, required=False, empty=True)


RESULTS = Table(
    "laboratory results",
    "One row a result, as the laboratory reported it. Other columns are carried along.",
    (
        Column("subject", "text", "The subject's number"),
        Column("date", "date", "Day of the sample"),
        Column("test", "text", "What was measured: a concept (ANC), its CDISC test code (NEUT) or its LOINC code (751-8)"),
        Column("value", "text", "The number, as reported: 1.49, or <0.1 below a limit of detection", empty=True),
        Column("unit", "text", "The unit, in UCUM: 10*9/L, mg/dL", empty=True),
        Column("low", "number", "Lower limit of normal, in the result's unit", required=False, empty=True),
        Column("high", "number", "Upper limit of normal, in the result's unit", required=False, empty=True),
        Column("laboratory", "text", "Which laboratory; finds the range where the row has none", required=False, empty=True),
        Column("time", "text", "Time of the sample, 07:30; orders the results of one day", required=False, empty=True),
        Column("sex", "choice", "Sex", required=False, empty=True, choices=("female", "male")),
        Column("birth_date", "date", "Birth date", required=False, empty=True),
        Column("first_treatment", "date", "Day of the subject's first study treatment", required=False, empty=True),
        _asked("before_treatment", "On the day of first treatment: whether the sample was taken before it"),
        _asked("baseline", "Whether this result is a baseline; where any is yes for a test, only those are"),
        _asked("symptoms", "Whether the finding causes signs or symptoms"),
        _asked("consequences", "Whether it has physiologic consequences"),
        _asked("anticoagulated", "Whether the subject is on anticoagulation"),
        _asked("fasting", "Whether the sample was taken fasting"),
        _asked("intervention", "Whether an intervention was begun or a dose adjusted for it"),
        _asked("transfusion", "Whether a transfusion is indicated"),
        _asked("bleeding", "Whether there is bleeding"),
        _asked("hospitalisation", "Whether admission is indicated because of it"),
        _asked("life_threatening", "Whether it threatens life"),
    ),
    open=True,
)
RANGES = Table(
    "reference ranges",
    "What is normal at a laboratory, for a test, a sex, an age and a time. Bands of one test must not overlap.",
    (
        Column("laboratory", "text", "Which laboratory"),
        Column("test", "text", "The test, named as in the results"),
        Column("sex", "choice", "For whom", choices=("female", "male", "any")),
        Column("age_low", "number", "From this age", unit="years", low=0, high=150),
        Column("age_high", "number", "To below this age", unit="years", low=0, high=150),
        Column("valid_from", "date", "First day on which it holds; empty: since ever", required=False, empty=True),
        Column("valid_to", "date", "Last day on which it holds; empty: still", required=False, empty=True),
        Column("low", "number", "Lower limit of normal; empty: none is stated", empty=True),
        Column("high", "number", "Upper limit of normal; empty: none is stated", empty=True),
        Column("unit", "text", "Unit of the limits, in UCUM"),
    ),
)
SUBJECTS = Table(
    "subjects",
    "One row a subject: what chooses the baseline and the reference ranges.",
    (
        Column("subject", "text", "The subject's number"),
        Column("first_treatment", "date", "Day of first study treatment; empty: not treated", empty=True),
        Column("sex", "choice", "Sex", required=False, empty=True, choices=("female", "male")),
        Column("birth_date", "date", "Birth date", required=False, empty=True),
    ),
    key=("subject",),
)

TABLES: tuple[Table, ...] = (RESULTS, RANGES, SUBJECTS, *EVENT_TABLES, *SCALE_TABLES)
