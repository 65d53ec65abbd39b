"""Describe a protocol to people: synopsis, schedule, criteria in words; as data, and as Markdown."""

from protocord.protocol.describe.criteria import CriterionWords
from protocord.protocol.describe.markdown import describe
from protocord.protocol.describe.schedule import ScheduleTable, VisitRow
from protocord.protocol.describe.synopsis import Description, SynopsisLine, synopsis_data

__all__ = ["CriterionWords", "Description", "ScheduleTable", "SynopsisLine", "VisitRow", "describe", "synopsis_data"]
