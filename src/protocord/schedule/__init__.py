"""The schedule: visits laid on a subject's calendar, and laid again when reality differs. Pure: no clock, nothing of one study."""

from protocord.schedule.calendar import ActualVisit, Calendar, PlannedVisit, VisitStatus
from protocord.schedule.planning import plan

__all__ = ["ActualVisit", "Calendar", "PlannedVisit", "VisitStatus", "plan"]
