"""Adverse events: which are treatment-emergent, how many subjects had which, how often, and how laboratory grades moved."""

from protocord.safety.events.analysis import EventData, adverse_events
from protocord.safety.events.emergent import EmergentRule, emergent, on_treatment
from protocord.safety.events.hys_law import hys_law
from protocord.safety.events.incidence import incidence, subject_grades
from protocord.safety.events.laboratory import laboratory_shifts
from protocord.safety.events.rates import first_event, per_infusion, rates
from protocord.safety.events.shift import shifts

__all__ = [
    "EmergentRule",
    "EventData",
    "adverse_events",
    "emergent",
    "first_event",
    "hys_law",
    "incidence",
    "laboratory_shifts",
    "on_treatment",
    "per_infusion",
    "rates",
    "shifts",
    "subject_grades",
]
