"""Decide whether a subject may enter, criterion by criterion; from which day, until when, and what blocks each stretch."""

from protocord.eligibility.date_line import Segment, Stretch, Timeline, timeline
from protocord.eligibility.findings import Answer, Calculation, Finding, Outcome, Screening
from protocord.eligibility.screening import screen

__all__ = ["Answer", "Calculation", "Finding", "Outcome", "Screening", "Segment", "Stretch", "Timeline", "screen", "timeline"]
